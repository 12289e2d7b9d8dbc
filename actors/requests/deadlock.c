/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlocks: coroutines that are blocked on requests to each other in a cycle, where none will ever answer. A probe
 * follows the requests: from a blocked actor to the one that it has asked, if that is blocked too to the one it has asked,
 * and so on. One that comes back to where it began goes round once more, and looks whether each asked actor holds the
 * request unanswered, be it put aside: then it has found a cycle, and one of its requests ends with GR_EDEADLOCK. So one
 * that was forwarded gives no false alarm; nor does what a callback may yet answer, as those run while their coroutine is
 * blocked. That is looked at last since mailboxes may be long, and most probes end at one who is not blocked.
 *
 * A probe travels behind the request that it follows. To find a cycle it is enough to look when one is completed: when a
 * coroutine that holds requests is blocked, or when a request of one that does, or the first request at all, comes to one
 * that is blocked. Who can't be in a cycle sends no probe. Without memory for a probe
 * nothing is found.
 */
#include "actors/admission.h"
#include "actors/mail/mail.h"
#include "actors/mail/saved.h"
#include "actors/requests/requests.h"

#include <greenroom/log.h>

#include <stdio.h>

#define PROBE_HOPS 24u /* the longest cycle that is found */

/* An actor that is blocked, as a probe has seen it. */
struct hop {
    const char *name;    /* of its behaviour */
    uint64_t generation; /* of the actor */
    uint64_t handle;     /* of the request that it is blocked on */
    uint32_t slot;       /* of the actor */
};

struct probe {
    uint32_t count;  /* hops */
    uint32_t victim; /* once all is known: index of the hop whose request ends */
    uint32_t held;   /* on the second round: of how many hops the request is held by the next one */
    bool is_closed;  /* it has come back to where it began: this is the second round */
    bool is_known;   /* it is a cycle; on the way to the one that the victim has asked */
    bool is_told;    /* on the way to the victim, ahead of its outcome */
    struct hop hops[PROBE_HOPS]; /* each has asked the next one, the last one whom the probe comes to */
};

static struct probe *probe_of(struct gri_message *m)
{
    return (struct probe *)m->payload;
}

/* ---- who holds what ---- */

static bool is_reply_of(const struct gri_message *reply, const struct hop *hop)
{
    return reply != NULL && !(reply->flags & GRI_MAIL_FOREIGN) && reply->handle == hop->handle &&
           reply->to_slot == hop->slot && reply->to_generation == hop->generation;
}

static bool is_of(const struct gri_message *m, const struct hop *hop)
{
    return is_reply_of(m->reply, hop);
}

/* The one of a chain that is of a hop, or NULL. */
static struct gri_message *find_in(struct gri_message *m, const struct hop *hop)
{
    while (m != NULL && !is_of(m, hop)) m = m->next;
    return m;
}

static bool is_saved(const struct gri_saved *saved, const struct hop *hop)
{
    if (saved == NULL) return false;
    const struct gri_list_node *node = gri_list_first(&saved->order);
    for (; node != NULL; node = gri_list_next(&saved->order, node))
        if (is_of(GRI_CONTAINER_OF(node, struct gri_saved_mail, order)->m, hop)) return true;
    return false;
}

/* The request of a hop that was put aside, or NULL. */
static struct gri_obligation *find_deferred(const struct gri_actor_extra *extra, const struct hop *hop)
{
    if (extra->deferred == 0) return NULL;
    struct gri_list_node *node = gri_list_first(&extra->obligations);
    for (; node != NULL; node = gri_list_next(&extra->obligations, node)) {
        struct gri_obligation *obligation = GRI_CONTAINER_OF(node, struct gri_obligation, node);
        if (is_reply_of(gri_deferred_reply(obligation), hop)) return obligation;
    }
    return NULL;
}

/* Whether a callback of an actor that is blocked runs, or may: of a future other than the one that it is blocked on. */
static bool may_call_back(const struct gri_actor_extra *extra)
{
    if (extra->in_callback || !gri_list_is_empty(&extra->callbacks)) return true;
    const struct gri_list_node *node = gri_list_first(&extra->obligations);
    for (; node != NULL; node = gri_list_next(&extra->obligations, node)) {
        const struct gri_obligation *obligation = GRI_CONTAINER_OF(node, struct gri_obligation, node);
        if (obligation->drop != gri_future_drop) continue;
        const struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
        if (future != extra->awaited && gri_future_has_callbacks(future)) return true;
    }
    return false;
}

/* Whether the actor, which is blocked, has the request of a hop, and can't answer it. */
static bool holds(const struct gr_actor *actor, const struct hop *hop)
{
    bool in_hand = actor->current != NULL && is_of(actor->current, hop);
    if (in_hand || find_deferred(actor->extra, hop) != NULL) return !may_call_back(actor->extra);
    return find_in(actor->mailbox.head, hop) != NULL || find_in(actor->extra->stash, hop) != NULL ||
           is_saved(actor->extra->saved, hop);
}

/* Whether it may hold any. */
static bool holds_some(const struct gr_actor *actor)
{
    const struct gri_actor_extra *extra = actor->extra;
    if (actor->current != NULL && actor->current->reply != NULL) return true;
    return actor->mailbox.head != NULL || extra->stash != NULL || extra->deferred != 0 ||
           (extra->saved != NULL && !gri_list_is_empty(&extra->saved->order));
}

/* The request that the actor is blocked on, or NULL. */
static struct gr_future *blocked_on(const struct gr_actor *actor)
{
    const struct gri_actor_extra *extra = actor->extra;
    if (extra == NULL || !extra->is_blocked || extra->awaited == NULL) return NULL;
    struct gr_future *future = extra->awaited;
    bool is_pending = future->error == GRI_FUTURE_PENDING && future->obligation.handle != 0;
    return is_pending && !gr_ref_is_null(future->to) ? future : NULL;
}

static bool is_hop(const struct gr_actor *actor, const struct hop *hop)
{
    return actor->slot == hop->slot && gri_load(&actor->generation, GRI_RELAXED) == hop->generation;
}

/* ---- taking a request back ---- */

/* Takes the request of a hop out of the mailbox, or NULL. */
static struct gri_message *take_waiting(struct gr_actor *actor, const struct hop *hop)
{
    struct gri_mailbox *mailbox = &actor->mailbox;
    struct gri_message **link = &mailbox->head;
    while (*link != NULL && !is_of(*link, hop)) link = &(*link)->next;
    struct gri_message *m = *link;
    if (m == NULL) return NULL;
    *link = m->next;
    if (mailbox->end == &m->next) mailbox->end = link;
    gri_mailbox_count(mailbox, m, -1);
    if (gri_mailbox_is_full(mailbox) && gri_mailbox_check_room(mailbox)) gri_actor_tell_room(actor);
    return m;
}

/* The same for what was passed over. */
static struct gri_message *take_saved(struct gr_actor *actor, const struct hop *hop)
{
    const struct gri_saved *saved = actor->extra->saved;
    struct gri_list_node *node = saved == NULL ? NULL : gri_list_first(&saved->order);
    for (; node != NULL; node = gri_list_next(&saved->order, node)) {
        struct gri_saved_mail *mail = GRI_CONTAINER_OF(node, struct gri_saved_mail, order);
        if (is_of(mail->m, hop)) return gri_actor_take_saved(actor, mail);
    }
    return NULL;
}

/* The answer's envelope of the request of a hop, which is not handled any more if it has not been begun; or NULL. One that
 * was set aside stays there, as a message that was answered. */
static struct gri_message *take_back(struct gr_actor *actor, const struct hop *hop)
{
    struct gri_message *m = actor->current, *waiting = NULL;
    struct gri_obligation *deferred = find_deferred(actor->extra, hop);
    if (deferred != NULL) return gri_deferred_take(actor, deferred);
    if (m == NULL || !is_of(m, hop)) m = find_in(actor->extra->stash, hop);
    if (m == NULL) m = waiting = take_waiting(actor, hop);
    if (m == NULL) m = waiting = take_saved(actor, hop);
    if (m == NULL) return NULL;
    struct gri_message *reply = m->reply;
    m->reply = NULL;
    if (waiting != NULL) gri_dead_letter(actor->loop, waiting, gri_actor_ref(actor), GR_DEAD_EXPIRED);
    return reply;
}

/* ---- a cycle ---- */

/* "a 1:2:3 -> b 1:4:5 -> a 1:2:3", as much as there is room for. */
static void describe(const struct probe *probe, struct gr_system *system, char *text, size_t size)
{
    size_t used = 0;
    for (uint32_t i = 0; i <= probe->count && used < size; i++) {
        const struct hop *hop = &probe->hops[(probe->victim + i) % probe->count];
        gr_ref ref = {system->seat, hop->slot, hop->generation};
        char who[GRI_ACTOR_TEXT];
        used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : " -> ",
                                 gri_describe_ref(system, hop->name, ref, who));
    }
}

/* At the victim, whose request is about to end: says why. */
static void explain(struct gr_actor *actor, const struct probe *probe)
{
    const struct gr_future *future = blocked_on(actor);
    const struct hop *hop = &probe->hops[probe->victim];
    if (future == NULL || future->obligation.handle != hop->handle) return;
    char text[GRI_ERROR_TEXT_SIZE * 4];
    describe(probe, gri_loop_system(actor->loop), text, sizeof text);
    gr_log(GR_LOG_WARNING, "deadlock: these wait for each other's answers: %s", text);
    gri_fail(actor, GR_EDEADLOCK, "deadlock: %s", text);
}

/* The probe has come back: all who find this cycle agree on who is to yield. Returns whom that one has asked. */
static gr_ref found(const struct gri_loop *loop, struct probe *probe)
{
    for (uint32_t i = 1; i < probe->count; i++)
        if (probe->hops[i].slot > probe->hops[probe->victim].slot) probe->victim = i;
    probe->is_known = true;
    const struct hop *hop = &probe->hops[(probe->victim + 1) % probe->count];
    return (gr_ref){gri_loop_system(loop)->seat, hop->slot, hop->generation};
}

/* Whether the probe has been here: in a cycle that it did not begin in. */
static bool was_here(const struct probe *probe, const struct gr_actor *actor)
{
    for (uint32_t i = 0; i < probe->count; i++)
        if (is_hop(actor, &probe->hops[i])) return true;
    return false;
}

/* Adds an actor that is blocked. Returns whom it has asked. */
static gr_ref add_hop(struct probe *probe, const struct gr_actor *actor, const struct gr_future *future)
{
    probe->hops[probe->count++] = (struct hop){.name = gri_actor_dispatch(actor)->behaviour->name,
                                               .generation = gri_load(&actor->generation, GRI_RELAXED),
                                               .handle = future->obligation.handle,
                                               .slot = actor->slot};
    return future->to;
}

/* At an actor of the second round, which is blocked: whom the probe goes to next. */
static gr_ref check(const struct gri_loop *loop, const struct gr_actor *actor, const struct gr_future *future,
                    struct probe *probe)
{
    const gr_ref nobody = {0, 0, 0};
    const struct hop *hop = &probe->hops[probe->held];
    const struct hop *before = &probe->hops[(probe->held + probe->count - 1) % probe->count];
    if (!is_hop(actor, hop) || future->obligation.handle != hop->handle || !holds(actor, before))
        return nobody;
    return ++probe->held == probe->count ? found(loop, probe) : future->to;
}

/* At an actor that a probe came to: whom it goes to next; the null reference if that is all. */
static gr_ref step(struct gri_loop *loop, struct gr_actor *actor, struct probe *probe)
{
    const gr_ref nobody = {0, 0, 0};
    const struct gr_future *future = blocked_on(actor);
    if (probe->is_told) explain(actor, probe);
    if (probe->is_known) return nobody;
    if (future == NULL) return nobody;
    if (is_hop(actor, &probe->hops[0]) && future->obligation.handle == probe->hops[0].handle)
        probe->is_closed = true;
    if (probe->is_closed) return check(loop, actor, future, probe);
    return probe->count == PROBE_HOPS || was_here(probe, actor) ? nobody : add_hop(probe, actor, future);
}

/* At the one whom the victim has asked: takes the request back, or it would be handled for nobody and could close the same
 * circle again. Its outcome follows the explanation. Takes the probe. */
static void end_request(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    struct probe *probe = probe_of(m);
    const struct hop *hop = &probe->hops[probe->victim];
    const struct gr_future *own = blocked_on(
        actor); /* not if its own request was refused meanwhile, or timed out */
    bool is_blocked = own != NULL &&
                      own->obligation.handle == probe->hops[(probe->victim + 1) % probe->count].handle;
    struct gri_message *reply = is_blocked && holds(actor, hop) ? take_back(actor, hop) : NULL;
    if (reply == NULL) { /* it has gone on */
        gri_loop_free_message(loop, m);
        return;
    }
    probe->is_told = true;
    gri_post(loop, (gr_ref){gri_loop_system(loop)->seat, hop->slot, hop->generation}, m);
    gri_request_end(loop, reply, GR_EDEADLOCK);
}

/* Sends a probe to an actor; takes it. On one loop step by step, as this may be a coroutine's small stack. */
static void send_probe(struct gri_loop *loop, gr_ref to, struct gri_message *m)
{
    struct gr_actor *actor;
    while (!gr_ref_is_null(to)) {
        if (gri_find(&loop->desk, to, &actor) != 0) break;
        if (gri_load(&actor->home, GRI_RELAXED) != loop->index) {
            gri_post(loop, to, m);
            return;
        }
        if (probe_of(m)->is_known && !probe_of(m)->is_told) {
            end_request(loop, actor, m);
            return;
        }
        to = step(loop, actor, probe_of(m));
    }
    gri_loop_free_message(loop, m);
}

void gri_deadlock_arrived(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    if (probe_of(m)->is_known && !probe_of(m)->is_told)
        end_request(loop, actor, m);
    else
        send_probe(loop, step(loop, actor, probe_of(m)), m);
}

/* Looks whether the actor, which is blocked, is in a cycle. */
static void look(struct gr_actor *actor)
{
    const struct gr_future *future = blocked_on(actor);
    if (future == NULL) return;
    struct gri_message *m = gri_loop_new_message(actor->loop, sizeof(struct probe));
    if (m == NULL) return;
    m->type = 0; /* traces show it */
    m->kind = GRI_MAIL_PROBE;
    m->flags = 0;
    m->reply = NULL;
    struct probe *probe = probe_of(m);
    probe->count = probe->victim = probe->held = 0;
    probe->is_closed = probe->is_known = probe->is_told = false;
    send_probe(actor->loop, add_hop(probe, actor, future), m);
}

/* ---- when to look ---- */

void gri_deadlock_asks(const struct gr_actor *self, struct gri_message *reply)
{
    if (gri_actor_is_coroutine(self) && holds_some(self)) reply->flags |= GRI_MAIL_HOLDER;
}

void gri_deadlock_blocks(struct gr_actor *self, struct gr_future *future)
{
    if (!gr_ref_is_null(future->to) && holds_some(self)) look(self);
}

void gri_deadlock_suspect(struct gr_actor *actor, const struct gri_message *m)
{
    if (blocked_on(actor) == NULL) return;
    if (!(m->reply->flags & GRI_MAIL_HOLDER) && actor->extra->probed) return;
    actor->extra->probed = true;
    look(actor);
}
