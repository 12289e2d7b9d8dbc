/* SPDX-License-Identifier: Apache-2.0 */
/* Arrival: what a loop does with an envelope from another loop, from a plain thread, or from itself. */
#include "actors/admission.h"
#include "actors/links/links.h"
#include "actors/mail/mail.h"
#include "actors/requests/requests.h"
#include "actors/tasks/task.h"

/* Whom an envelope that came from elsewhere is for. */
static gr_ref receiver_of(const struct gri_loop *loop, const struct gri_message *m)
{
    return (gr_ref){loop->desk.seat, m->to_slot, m->to_generation};
}

/* Envelopes whose receiver has ended, or whose reference belongs to another system. */
static void deliver_stale(struct gri_loop *loop, struct gri_message *m)
{
    switch ((enum gri_mail_kind)m->kind) {
    case GRI_MAIL_USER:
        gri_dead_letter(loop, m, receiver_of(loop, m), GR_DEAD_STALE);
        return;
    case GRI_MAIL_REPLY:
        gri_request_arrived(loop, m);
        return;
    case GRI_MAIL_MONITOR:
    case GRI_MAIL_NOTIFY_ROOM:
        gri_watch_bounced(loop, m);
        return;
    case GRI_MAIL_LINK:
        gri_links_bounced(loop, m);
        return;
    default:
        gri_loop_free_message(loop, m);
        return;
    }
}

static void deliver_user(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    /* Admitted by its sender: only the policy that drops the oldest still acts here. */
    while (__builtin_expect(!gri_mailbox_has_room(&actor->mailbox), 0) &&
           gri_mailbox_verdict_full(&actor->mailbox) == GRI_ACCEPT_DROP_OLDEST) {
        if (gri_is_report(m)) { /* pushes out no other mail */
            gri_dead_letter(loop, m, receiver_of(loop, m), GR_DEAD_FULL);
            return;
        }
        struct gri_message *oldest = gri_actor_drop_oldest(actor);
        if (oldest == NULL) break;
        gri_dead_letter(loop, oldest, gri_actor_ref(actor), GR_DEAD_FULL);
    }
    gri_mailbox_push(&actor->mailbox, m);
    gri_actor_has_mail(actor);
    if (__builtin_expect(m->reply != NULL, 0) && (actor->busy & GRI_BUSY_WAITING))
        gri_deadlock_suspect(actor, m);
}

/* A room signal: for the program, or, without a handle, for a sender that waits or rests. */
static void deliver_room(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    if (gri_notice(m)->handle != 0) {
        gri_mailbox_push_signal(&actor->mailbox, m);
        gri_actor_has_mail(actor);
        return;
    }
    gri_loop_free_message(loop, m);
    if (actor->extra != NULL) actor->extra->has_room = true;
    if (actor->busy & GRI_BUSY_RESTING)
        gri_actor_end_rest(actor);
    else if (actor->extra != NULL && actor->extra->wait == GRI_WAIT_ROOM)
        gri_actor_wake(actor);
}

static void deliver_kill(struct gr_actor *actor, struct gri_message *m)
{
    actor->control |= GRI_CONTROL_KILL;
    gri_loop_free_message(actor->loop, m);
    gri_actor_wake(actor);
}

static void deliver_cancel(struct gr_actor *actor, struct gri_message *m)
{
    gri_loop_free_message(actor->loop, m);
    gri_actor_cancel(actor);
}

/* A stop keeps its place in line, as the mail before it is still to be handled. A sleep it ends at once. */
static void deliver_stop(struct gr_actor *actor, struct gri_message *m)
{
    actor->flags |= GRI_ACTOR_STOPPING;
    gri_mailbox_push_signal(&actor->mailbox, m);
    if (actor->extra != NULL && actor->extra->wait == GRI_WAIT_TIME)
        gri_actor_wake(actor);
    else
        gri_actor_has_mail(actor);
}

static void deliver_to(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    switch ((enum gri_mail_kind)m->kind) {
    case GRI_MAIL_USER:
        deliver_user(loop, actor, m);
        return;
    case GRI_MAIL_START:
        gri_spawn_arrived(loop, actor, m);
        return;
    case GRI_MAIL_DOWN:
        gri_mailbox_push_signal(&actor->mailbox, m);
        gri_actor_has_mail(actor);
        return;
    case GRI_MAIL_ROOM:
        deliver_room(loop, actor, m);
        return;
    case GRI_MAIL_REPLY:
        gri_request_arrived(loop, m);
        return;
    case GRI_MAIL_STOP:
        deliver_stop(actor, m);
        return;
    case GRI_MAIL_KILL:
        deliver_kill(actor, m);
        return;
    case GRI_MAIL_CANCEL:
        deliver_cancel(actor, m);
        return;
    case GRI_MAIL_MONITOR:
    case GRI_MAIL_DEMONITOR:
    case GRI_MAIL_NOTIFY_ROOM:
        gri_watch_arrived(loop, actor, m);
        return;
    case GRI_MAIL_EXIT:
        gri_links_exit_arrived(actor, m);
        return;
    case GRI_MAIL_LINK:
        gri_links_arrived(actor, m);
        return;
    case GRI_MAIL_UNLINK:
        gri_links_unlink_arrived(actor, m);
        return;
    case GRI_MAIL_PROBE:
        gri_deadlock_arrived(loop, actor, m);
        return;
    case GRI_MAIL_LEASE:
    case GRI_MAIL_LOOP:
        break;
    }
    gri_loop_free_message(loop, m);
}

void gri_deliver(struct gri_loop *loop, struct gri_message *m)
{
    if (__builtin_expect(m->kind >= GRI_MAIL_LEASE, 0)) {
        if (m->kind == GRI_MAIL_LOOP)
            ((gri_loop_order)(uintptr_t)m->payload[0])(loop,
                                                       m); /* its sender's memory, perhaps gone after this */
        else
            gri_lease_arrived(loop, m);
        return;
    }
    struct gr_system *system = gri_loop_system(loop);
    struct gr_actor *chunk = gri_slots_chunk(&system->slots, m->to_slot / GRI_SLOTS_PER_CHUNK);
    struct gr_actor *actor = &chunk[m->to_slot % GRI_SLOTS_PER_CHUNK];
    unsigned home = gri_load(&actor->home, GRI_RELAXED); /* changes only on its home loop */
    if (home != loop->index) {
        gri_count(&loop->counters, GRI_COUNTER_FORWARDED, 1);
        gri_link_send(loop, home, m);
    } else if (gri_load(&actor->generation, GRI_RELAXED) != m->to_generation) {
        deliver_stale(loop, m);
    } else {
        actor->loop = loop;
        deliver_to(loop, actor, m);
    }
}

void gri_post(struct gri_loop *loop, gr_ref to, struct gri_message *m)
{
    struct gr_actor *actor = NULL;
    m->to_slot = to.slot;
    m->to_generation = to.generation;
    (void)gri_find(&loop->desk, to, &actor);
    /*
     * Known to have ended or not: the answer comes from its own loop, on the way that its last messages took, so that
     * they come before its down (G4).
     */
    unsigned home = actor == NULL ? loop->index : gri_load(&actor->home, GRI_RELAXED);
    if (home != loop->index)
        gri_link_send(loop, home, m);
    else if (actor == NULL)
        deliver_stale(loop, m);
    else
        gri_deliver(loop, m);
}
