/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Monitors and wishes for room. A watch is a record at the watcher and a notice that waits at the watched actor and
 * becomes the signal, so telling a watcher needs no memory. To end a watch early the record itself travels there.
 *
 * The record's pointer to the notice is only ever followed on the watched actor's loop while that actor lives: the
 * monitor went there before it on the same way, and only the actor's end or this one demonitor removes the notice.
 */
#include "actors/links/links.h"

#include <greenroom/monitor.h>
#include <greenroom/send.h>

/* A notice on its way to the watched actor. NULL when there is no memory. */
static struct gri_message *new_notice(struct gr_actor *self, enum gri_mail_kind kind, gr_ref actor)
{
    struct gri_message *m = gri_loop_new_message(self->loop, sizeof(struct gri_watch_notice));
    if (m == NULL) return NULL;
    m->type = 0; /* traces show it */
    m->kind = (uint8_t)kind;
    m->flags = 0;
    m->reply = NULL;
    m->sender_seat = (uint16_t)gri_loop_system(self->loop)->seat;
    m->sender_slot = self->slot;
    m->sender_generation = gri_load(&self->generation, GRI_RELAXED);
    *gri_notice(m) = (struct gri_watch_notice){.actor = actor};
    return m;
}

/* The ring of notices: without a head of its own, so that it costs an actor one word. */
void gri_notices_add(struct gr_actor *actor, struct gri_list_node *node)
{
    struct gri_list_node *first = actor->notices;
    if (first == NULL) {
        actor->notices = node->prev = node->next = node;
        return;
    }
    node->prev = first->prev;
    node->next = first;
    first->prev->next = node;
    first->prev = node;
}

void gri_notices_remove(struct gr_actor *actor, struct gri_list_node *node)
{
    if (actor->notices == node) actor->notices = node->next == node ? NULL : node->next;
    node->prev->next = node->next;
    node->next->prev = node->prev;
}

/* Takes the record out of the watcher's books. */
static void forget(struct gr_actor *owner, struct gri_watch_record *record)
{
    gri_handles_remove(&owner->extra->handles, record->obligation.handle);
    gri_list_remove(&record->obligation.node);
}

/* Ends a watch early: tells the watched actor's loop. */
static void drop_watch(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct gri_watch_record *record = GRI_CONTAINER_OF(obligation, struct gri_watch_record, obligation);
    forget(owner, record);
    struct gri_message *m = gri_envelope_of(record);
    m->kind = GRI_MAIL_DEMONITOR;
    m->flags = 0;
    m->reply = NULL;
    gri_post(owner->loop, record->actor, m);
}

int gr_monitor(gr_actor *self, gr_ref actor, uint64_t *monitor)
{
    *monitor = 0;
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_monitor: only an actor gets signals");
    struct gri_loop *loop = self->loop;
    struct gri_actor_extra *extra = gri_actor_extra(self);
    struct gri_message *m = gri_loop_new_message(loop, sizeof(struct gri_watch_record));
    struct gri_message *notice = new_notice(self, GRI_MAIL_MONITOR, actor);
    if (extra == NULL || m == NULL || notice == NULL) goto fail;
    struct gri_watch_record *record = (struct gri_watch_record *)m->payload;
    *record = (struct gri_watch_record){.obligation.drop = drop_watch, .actor = actor, .notice = notice};
    record->obligation.handle = gri_handles_add(&extra->handles, &loop->pool, &record->obligation);
    if (record->obligation.handle == 0) goto fail;
    gri_list_push_back(&extra->obligations, &record->obligation.node);
    gri_notice(notice)->handle = *monitor = record->obligation.handle;
    gri_post(loop, actor, notice);
    return 0;

fail:
    if (m != NULL) gri_loop_free_message(loop, m);
    if (notice != NULL) gri_loop_free_message(loop, notice);
    return gri_fail(self, GR_ENOMEM, "gr_monitor: no memory");
}

int gr_demonitor(gr_actor *self, uint64_t monitor)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_demonitor: only an actor gets signals");
    struct gri_obligation *obligation = self->extra == NULL
                                            ? NULL
                                            : gri_handles_find(&self->extra->handles, monitor);
    if (obligation == NULL || obligation->drop != drop_watch)
        return gri_fail(self, GR_ENOTFOUND,
                        "gr_demonitor: its down was delivered, or there is no such watch");
    drop_watch(self, obligation);
    return 0;
}

bool gri_watch_room(struct gr_actor *self, gr_ref actor)
{
    struct gri_message *m = new_notice(self, GRI_MAIL_NOTIFY_ROOM, actor);
    if (m == NULL) return false;
    gri_post(self->loop, actor, m);
    return true;
}

int gr_notify_room(gr_actor *self, gr_ref actor)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_notify_room: only an actor gets signals");
    struct gri_message *m = new_notice(self, GRI_MAIL_NOTIFY_ROOM, actor);
    if (m == NULL) return gri_fail(self, GR_ENOMEM, "gr_notify_room: no memory");
    gri_notice(m)->handle = 1; /* for the program, not for a send that waits */
    gri_post(self->loop, actor, m);
    return 0;
}

/* Sends a room signal from its notice. */
static void send_room(struct gri_loop *loop, struct gri_message *m)
{
    m->kind = GRI_MAIL_ROOM;
    gri_post(loop, gri_message_sender(m), m);
}

void gri_watch_bounced(struct gri_loop *loop, struct gri_message *m)
{
    if (m->kind == GRI_MAIL_NOTIFY_ROOM) {
        send_room(loop, m);
        return;
    }
    bool other = gri_notice(m)->actor.seat != gri_loop_system(loop)->seat &&
                 !gr_ref_is_null(gri_notice(m)->actor);
    m->kind = GRI_MAIL_DOWN;
    gri_notice(m)->reason = other ? GR_ESYSTEM : GR_ESTALE;
    gri_post(loop, gri_message_sender(m), m);
}

/* A policy that never refuses has always room. */
static bool has_room(const struct gr_actor *actor)
{
    enum gr_policy policy = gri_full_policy(gri_full_read(&actor->mailbox.full));
    return !gri_mailbox_is_full(&actor->mailbox) || policy >= GR_POLICY_DROP_NEWEST;
}

void gri_watch_arrived(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    if (m->kind == GRI_MAIL_DEMONITOR) {
        struct gri_watch_record *record = (struct gri_watch_record *)m->payload;
        gri_notices_remove(actor, &gri_notice(record->notice)->node);
        gri_loop_free_message(loop, record->notice);
        gri_loop_free_message(loop, m);
        return;
    }
    if (m->kind == GRI_MAIL_NOTIFY_ROOM && has_room(actor)) {
        send_room(loop, m);
        return;
    }
    gri_notices_add(actor, &gri_notice(m)->node);
}

void gri_actor_tell_room(struct gr_actor *actor)
{
    struct gri_list_node *node = actor->notices;
    if (node == NULL) return;
    struct gri_list_node *last = node->prev;
    for (bool done = false; !done;) {
        struct gri_list_node *next = node->next;
        struct gri_message *m = gri_envelope_of(GRI_CONTAINER_OF(node, struct gri_watch_notice, node));
        done = node == last;
        if (m->kind == GRI_MAIL_NOTIFY_ROOM) {
            gri_notices_remove(actor, node);
            send_room(actor->loop, m);
        }
        node = next;
    }
}

void gri_actor_tell_end(struct gr_actor *actor, int reason)
{
    while (actor->notices != NULL) {
        struct gri_watch_notice *notice = GRI_CONTAINER_OF(actor->notices, struct gri_watch_notice, node);
        struct gri_message *m = gri_envelope_of(notice);
        gri_notices_remove(actor, &notice->node);
        if (m->kind == GRI_MAIL_NOTIFY_ROOM) {
            send_room(actor->loop, m);
            continue;
        }
        if (m->kind == GRI_MAIL_LINK) {
            gri_links_tell(actor, m, reason);
            continue;
        }
        m->kind = GRI_MAIL_DOWN;
        notice->reason = reason;
        gri_post(actor->loop, gri_message_sender(m), m);
    }
}

bool gri_actor_see_signal(const struct gr_actor *actor, const struct gri_message *m, struct gr_signal *signal)
{
    if (m->kind == GRI_MAIL_EXIT) return gri_links_see_exit(actor, m, signal);
    const struct gri_watch_notice *notice = (const struct gri_watch_notice *)m->payload;
    *signal = (struct gr_signal){.kind = m->kind == GRI_MAIL_DOWN ? GR_SIGNAL_DOWN : GR_SIGNAL_ROOM,
                                 .actor = notice->actor,
                                 .reason = notice->reason};
    if (m->kind != GRI_MAIL_DOWN) return true;
    signal->monitor = notice->handle;
    return gri_handles_find(&actor->extra->handles, notice->handle) != NULL;
}

bool gri_actor_take_signal(struct gr_actor *actor, struct gri_message *m, struct gr_signal *signal)
{
    bool valid = gri_actor_see_signal(actor, m, signal);
    if (valid && m->kind == GRI_MAIL_EXIT) gri_links_forget_exit(actor, m);
    if (valid && m->kind == GRI_MAIL_DOWN) {
        struct gri_obligation *obligation = gri_handles_find(&actor->extra->handles, signal->monitor);
        struct gri_watch_record *record = GRI_CONTAINER_OF(obligation, struct gri_watch_record, obligation);
        forget(actor, record);
        gri_loop_free_message(actor->loop, gri_envelope_of(record));
    }
    gri_loop_free_message(actor->loop, m);
    return valid;
}
