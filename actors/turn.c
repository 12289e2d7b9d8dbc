/* SPDX-License-Identifier: Apache-2.0 */
/* Turns of handler actors: from the run queue to the handler, message by message. */
#include "actors/actor.h"
#include "observe/trace.h"

void gri_actor_wake(struct gr_actor *actor)
{
    if (actor->busy & (GRI_BUSY_SCHEDULED | GRI_BUSY_UNBORN)) return;
    actor->busy |= GRI_BUSY_SCHEDULED;
    gri_loop_schedule(actor->loop, &actor->work);
}

void gri_actor_finish_current(struct gr_actor *actor)
{
    struct gri_message *m = actor->current;
    if (m == NULL) return; /* forwarded */
    actor->current = NULL;
    struct gri_message *reply = m->reply;
    gri_message_dispose(actor->loop, m);
    if (__builtin_expect(reply != NULL, 0)) gri_request_end(actor->loop, reply, GR_EUNANSWERED);
}

/* The handler of a type, or NULL. */
static inline gri_handler find_handler(const struct gri_dispatch *dispatch, uint32_t type)
{
    uint32_t at = type & dispatch->mask;
    while (__builtin_expect(dispatch->entries[at].type != type, 0)) {
        if (dispatch->entries[at].type == 0) return NULL;
        at = (at + 1) & dispatch->mask;
    }
    return dispatch->entries[at].handler;
}

/* A message without a handler of its own: for the catch-all, else a dead letter. */
static void handle_other(struct gr_actor *self, const struct gri_dispatch *dispatch, struct gri_message *m)
{
    if (dispatch->any == NULL) {
        self->current = NULL;
        gri_dead_letter(self->loop, m, GR_DEAD_UNHANDLED);
        return;
    }
    struct gr_mail mail = {.type = gri_type_by_id(m->type),
                           .data = m->payload,
                           .sender = gri_message_sender(m),
                           .is_request = m->reply != NULL};
    dispatch->any(self, self->state, &mail);
}

static void handle_start(struct gr_actor *self, const struct gri_dispatch *dispatch, struct gri_message *m)
{
    int error = dispatch->behaviour->start(self, self->state, m->payload);
    if (error == 0) {
        self->flags |= GRI_ACTOR_STARTED;
    } else {
        self->reason = error;
        self->control |= GRI_CONTROL_EXIT;
    }
}

/* Whatever is no user's message: the start, and signals. */
static void handle_special(struct gr_actor *self, const struct gri_dispatch *dispatch, struct gri_message *m)
{
    if (m->kind == GRI_MAIL_START) {
        handle_start(self, dispatch, m);
        return;
    }
    struct gr_signal signal;
    self->current = NULL;
    if (gri_actor_take_signal(self, m, &signal) && dispatch->signal != NULL)
        dispatch->signal(self, self->state, &signal);
}

/* Ends what is left of the message: mostly, its block just goes back to the pool. */
static inline void finish(struct gr_actor *self, struct gri_loop *loop)
{
    struct gri_message *m = self->current;
    const uint64_t mask = GRI_HEADER_WHAT | GRI_HEADER_HOME;
    bool plain = m != NULL && m->reply == NULL && ((m->header ^ loop->desk.header) & mask) == 0;
    if (__builtin_expect(plain, 1)) {
        self->current = NULL;
        gri_pool_give(&loop->pool, m, 0);
    } else {
        gri_actor_finish_current(self);
    }
}

static inline void handle(struct gr_actor *self, struct gri_loop *loop, const struct gri_dispatch *dispatch,
                          struct gri_message *m)
{
    gri_trace(loop->events, loop->now, GRI_TRACE_HANDLE, self->slot, m->type, m->kind);
    self->current = m;
    if (__builtin_expect(m->kind == GRI_MAIL_USER, 1)) {
        gri_handler handler = find_handler(dispatch, m->type);
        if (__builtin_expect(handler != NULL, 1))
            handler(self, self->state, m->payload);
        else
            handle_other(self, dispatch, m);
    } else {
        handle_special(self, dispatch, m);
    }
    finish(self, loop);
}

/* Why it is to end, by what it was told. */
static int end_reason(const struct gr_actor *actor)
{
    return actor->control & GRI_CONTROL_KILL ? GR_EKILLED : actor->reason;
}

/*
 * How many user messages a turn handles at most: those that are there, so that what an actor sends to itself waits for
 * its next turn, and a backlog is worked off in few turns while its memory is warm.
 */
static uint32_t quota(const struct gr_actor *self, const struct gri_loop *loop)
{
    uint32_t waiting = gri_load(&self->mailbox.count, GRI_RELAXED);
    return waiting < loop->messages_per_turn ? waiting : loop->messages_per_turn;
}

/* Handles mail until the quota is used up, or there is no reason to go on. */
static void handle_mail(struct gr_actor *self, struct gri_loop *loop)
{
    const struct gri_dispatch *dispatch = gri_actor_dispatch(self);
    uint32_t left = quota(self, loop);
    uint32_t handled = 0;
    gr_time began = 0;
    while (self->control == 0 && !(self->busy & GRI_BUSY_RESTING)) {
        struct gri_message *next = self->mailbox.head;
        if (next == NULL || (handled == left && next->kind == GRI_MAIL_USER)) break;
        bool room = false;
        struct gri_message *m = gri_mailbox_pop(&self->mailbox, &room);
        __builtin_prefetch(m->next);
        handled += m->kind == GRI_MAIL_USER;
        if (__builtin_expect(room, 0)) gri_actor_tell_room(self);
        handle(self, loop, dispatch, m);
        if (handled % GRI_SLICE_MESSAGES == GRI_SLICE_MESSAGES - 1 && gri_loop_slice_is_over(loop, &began))
            break;
    }
    gri_count(&loop->counters, GRI_COUNTER_HANDLED, handled);
}

void gri_handler_turn(struct gri_loop *loop, struct gri_work *work)
{
    struct gr_actor *self = GRI_CONTAINER_OF(work, struct gr_actor, work);
    gri_store(&loop->running, (uint64_t)self->slot + 1, GRI_RELAXED); /* for the watchdog; a hint */
    handle_mail(self, loop);
    if (__builtin_expect(self->control != 0, 0))
        gri_actor_end(self, end_reason(self));
    else if (self->mailbox.head != NULL && !(self->busy & GRI_BUSY_RESTING))
        gri_loop_schedule(loop, &self->work);
    else
        self->busy &= (uint8_t)~GRI_BUSY_SCHEDULED;
    gri_store(&loop->running, 0, GRI_RELAXED);
}
