/* SPDX-License-Identifier: Apache-2.0 */
/* Turns of handler actors: from the run queue to the handler, message by message. */
#include "actors/requests/requests.h"
#include "actors/tracing/tracing.h"
#include "base/text.h"
#include "observe/trace.h"

#include <greenroom/log.h>

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

/*
 * Tells of the first message of a type that a behaviour has no handler for: mostly the program means it for another
 * actor. Who asks is told by its future. Of two types whose ids fall together, one may not be told of.
 */
static void tell_unhandled(const struct gr_actor *self, struct gri_dispatch *dispatch,
                           const struct gri_message *m)
{
    uint32_t bit = UINT32_C(1) << (m->type & 31);
    if (dispatch->unhandled & bit) return;
    dispatch->unhandled |= bit;
    gr_ref from = gri_message_sender(m);
    bool became = dispatch->handlers != dispatch->behaviour;
    char who[GRI_ACTOR_TEXT];
    gr_log(GR_LOG_WARNING,
           "actor %s%s%s has no handler for %s, sent by " GRI_REF_FORMAT
           ": it is a dead letter, as others will be",
           gri_describe_actor(self, who), became ? " as " : "", became ? dispatch->handlers->name : "",
           gri_type_by_id(m->type)->name, GRI_REF_VALUES(from));
}

/* A message without a handler of its own: for the catch-all, else a dead letter. */
static void handle_other(struct gr_actor *self, const struct gri_dispatch *dispatch, struct gri_message *m)
{
    if (dispatch->any == NULL) {
        self->current = NULL;
        if (m->reply == NULL) tell_unhandled(self, (struct gri_dispatch *)dispatch, m);
        gri_dead_letter(self->loop, m, gri_actor_ref(self), GR_DEAD_UNHANDLED);
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
    } else if (!(self->control & GRI_CONTROL_LINK)) {
        self->reason = error;
        self->control |= GRI_CONTROL_EXIT;
    }
}

void gri_actor_take_stop(struct gr_actor *actor, struct gri_message *m)
{
    if (!(actor->control & (GRI_CONTROL_STOP | GRI_CONTROL_EXIT | GRI_CONTROL_LINK)))
        actor->reason = m->error;
    actor->control |= GRI_CONTROL_STOP;
    gri_loop_free_message(actor->loop, m);
}

/* Whatever is no user's message: the start, signals, and a stop. */
static void handle_special(struct gr_actor *self, const struct gri_dispatch *dispatch, struct gri_message *m)
{
    if (m->kind == GRI_MAIL_START) {
        handle_start(self, dispatch, m);
        return;
    }
    struct gr_signal signal;
    self->current = NULL;
    if (m->kind == GRI_MAIL_STOP)
        gri_actor_take_stop(self, m);
    else if (gri_actor_take_signal(self, m, &signal) && dispatch->signal != NULL)
        dispatch->signal(self, self->state, &signal);
}

/* A user's message whose type is not at the first place that its id tells. */
__attribute__((cold, noinline)) static void
handle_searched(struct gr_actor *self, const struct gri_dispatch *dispatch, struct gri_message *m)
{
    uint32_t at = m->type & dispatch->mask;
    while (dispatch->entries[at].type != m->type) {
        if (dispatch->entries[at].type == 0) {
            handle_other(self, dispatch, m);
            return;
        }
        at = (at + 1) & dispatch->mask;
    }
    dispatch->entries[at].handler(self, self->state, m->payload);
}

/* A user's message: by its handler. */
static inline void handle_user(struct gr_actor *self, const struct gri_dispatch *dispatch,
                               struct gri_message *m)
{
    const struct gri_dispatch_entry *entry = &dispatch->entries[m->type & dispatch->mask];
    self->current = m;
    if (__builtin_expect(entry->type == m->type, 1))
        entry->handler(self, self->state, m->payload);
    else
        handle_searched(self, dispatch, m);
}

/* Notes in the event ring, if there is one, that a piece of mail is about to be handled. */
static void note_event(const struct gr_actor *self, const struct gri_message *m)
{
    gri_trace(self->loop->events, self->loop->now, GRI_TRACE_HANDLE, self->slot, m->type, m->kind);
}

/* The next piece of mail, whatever it is. False if the quota forbids. */
__attribute__((noinline)) static bool handle_any(struct gr_actor *self, bool user_allowed)
{
    const struct gri_dispatch *dispatch = gri_actor_dispatch(self);
    bool room = false;
    if (self->mailbox.head->kind == GRI_MAIL_USER && !user_allowed) return false;
    struct gri_message *m = gri_mailbox_pop(&self->mailbox, &room);
    if (room) gri_actor_tell_room(self);
    note_event(self, m);
    struct gri_traced traced;
    bool is_traced = self->loop->tracer != NULL;
    if (is_traced) gri_trace_before(self, m, &traced);
    if (m->kind == GRI_MAIL_USER) {
        handle_user(self, dispatch, m);
    } else {
        self->current = m;
        handle_special(self, dispatch, m);
    }
    gri_actor_finish_current(self);
    if (is_traced) gri_trace_after(self, &traced);
    return true;
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

/* Whether an actor that has the turn is to pause: it was told something, or rests. */
static inline bool must_pause(const struct gr_actor *self)
{
    return __builtin_expect(self->busy != GRI_BUSY_SCHEDULED || self->control != 0, 0);
}

/* The rare part of taking a message: there may be room again that somebody waits for, and events are noted. */
__attribute__((noinline)) static void taken(struct gr_actor *self, const struct gri_message *m)
{
    if (gri_mailbox_is_full(&self->mailbox) && gri_mailbox_check_room(&self->mailbox))
        gri_actor_tell_room(self);
    note_event(self, m);
}

/* Takes the oldest, a plain message of a size class. */
static inline void take_plain(struct gr_actor *self, const struct gri_loop *loop, const struct gri_message *m,
                              unsigned pool_class)
{
    gri_mailbox_pop_plain(&self->mailbox, m, pool_class);
    if (__builtin_expect(gri_mailbox_is_full(&self->mailbox), 0) || __builtin_expect(loop->events != NULL, 0))
        taken(self, m);
}

/* The rare part of having handled one: a request has no answer, or the message was forwarded or set aside. Cold, so that
 * the common part has no jump around it. */
__attribute__((cold, noinline)) static void handled_unusually(struct gr_actor *self)
{
    gri_actor_finish_current(self);
}

/* Handles the oldest message, a plain one of a known size class from this loop's pool, and gives its block back to it. */
__attribute__((always_inline)) static inline void handle_class(struct gr_actor *self, struct gri_loop *loop,
                                                               struct gri_message *m, unsigned pool_class)
{
    take_plain(self, loop, m, pool_class);
    handle_user(self, gri_actor_dispatch(self), m);
    if (__builtin_expect(self->current != m || m->reply != NULL, 0)) {
        handled_unusually(self);
        return;
    }
    self->current = NULL;
    gri_pool_give(&loop->pool, m, pool_class);
}

__attribute__((noinline)) static void handle_larger(struct gr_actor *self, struct gri_loop *loop,
                                                    struct gri_message *m)
{
    handle_class(self, loop, m, m->pool_class);
}

/* The same for any plain message of this loop's pool. */
__attribute__((always_inline)) static inline void handle_plain(struct gr_actor *self, struct gri_loop *loop,
                                                               struct gri_message *m)
{
    if (__builtin_expect(m->pool_class == 0, 1))
        handle_class(self, loop, m, 0);
    else
        handle_larger(self, loop, m);
}

/* Handles a plain message from another loop: its block goes home in a batch. */
__attribute__((noinline)) static void handle_from_away(struct gr_actor *self, struct gri_loop *loop,
                                                       struct gri_message *m)
{
    take_plain(self, loop, m, m->pool_class);
    handle_user(self, gri_actor_dispatch(self), m);
    if (__builtin_expect(self->current != m || m->reply != NULL, 0)) {
        handled_unusually(self);
        return;
    }
    self->current = NULL;
    gri_loop_free_away(loop, m);
}

/* Handles mail until the quota is used up, or there is no reason to go on. */
__attribute__((noinline)) static void handle_mail(struct gr_actor *self, struct gri_loop *loop)
{
    const uint32_t most = quota(self, loop);
    uint32_t handled = 0;
    uint32_t look = GRI_SLICE_MESSAGES - 1; /* when to look at the time */
    uint32_t until = most < look ? most : look;
    struct gri_message *m;
    while ((m = self->mailbox.head) != NULL && !must_pause(self)) {
        if (__builtin_expect(handled != until, 1) && gri_loop_owns_plain(loop, m)) {
            __builtin_prefetch(m->next);
            handled++;
            handle_plain(self, loop, m);
        } else if (handled != until && gri_loop_takes_plain(loop, m)) {
            handled++;
            handle_from_away(self, loop, m);
        } else if (handled == look) {
            if (gri_loop_slice_is_over(loop, handled < GRI_SLICE_MESSAGES)) break;
            look += GRI_SLICE_MESSAGES;
            until = most < look ? most : look;
        } else {
            bool user = m->kind == GRI_MAIL_USER;
            if (!handle_any(self, handled != most)) break;
            handled += user;
        }
    }
    gri_count(&loop->counters, GRI_COUNTER_HANDLED, handled);
}

/* Acts on what it was told. True: it has ended. */
__attribute__((noinline)) static bool heed(struct gr_actor *self)
{
    bool has_callbacks = (self->control & GRI_CONTROL_CALLBACKS) != 0;
    if (has_callbacks && !(self->control & GRI_CONTROL_ENDS)) gri_run_callbacks(self);
    if (!(self->control & GRI_CONTROL_ENDS)) return false;
    gri_actor_end(self, gri_actor_reason(self));
    return true;
}

/* The rare end of a turn: the actor was told something, or rests. */
__attribute__((cold, noinline)) static void end_told(struct gr_actor *self)
{
    if (self->control != 0 && heed(self)) return;
    if ((self->mailbox.head != NULL && !(self->busy & GRI_BUSY_RESTING)) || self->control != 0)
        gri_loop_schedule(self->loop, &self->work);
    else
        self->busy &= (uint8_t)~GRI_BUSY_SCHEDULED;
}

/* Fetches what the next turn will need; the actor itself was fetched when the one before was popped. Always inline: gcc
 * drops calls of functions that do nothing else. */
__attribute__((always_inline)) static inline void fetch_next(const struct gri_loop *loop)
{
    const struct gri_work *work = loop->runnable.head;
    if (gri_work_queue_is_empty(&loop->runnable) || work->run != gri_handler_turn) return;
    const struct gr_actor *next = GRI_CONTAINER_OF(work, const struct gr_actor, work);
    __builtin_prefetch(next->mailbox.head);
    __builtin_prefetch(next->state);
}

void gri_handler_turn(struct gri_loop *loop, struct gri_work *work)
{
    struct gr_actor *self = GRI_CONTAINER_OF(work, struct gr_actor, work);
    fetch_next(loop);
    /* Those who talk to each other by turns mostly have one plain message. */
    struct gri_message *m = self->mailbox.head;
    if (!must_pause(self) && m != NULL && m->next == NULL && gri_loop_owns_plain(loop, m)) {
        handle_plain(self, loop, m);
        gri_count(&loop->counters, GRI_COUNTER_HANDLED, 1);
    } else {
        handle_mail(self, loop);
    }
    if (__builtin_expect(must_pause(self), 0))
        end_told(self);
    else if (self->mailbox.head != NULL)
        gri_loop_schedule(loop, &self->work);
    else
        self->busy = 0;
}
