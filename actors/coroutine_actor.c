/* SPDX-License-Identifier: Apache-2.0 */
/* Coroutine actors: their turns, and what only they may do: receive, sleep and wait. */
#include "actors/mail/mail.h"
#include "actors/mail/saved.h"
#include "actors/requests/requests.h"
#include "actors/tasks/task.h"
#include "actors/tracing/tracing.h"
#include "observe/trace.h"

#include <greenroom/coroutine.h>
#include <greenroom/log.h>

/*
 * Whether it was asked to stop, and returns what it was told: then it ends with the stop's reason, as a handler actor
 * would. It may have been told of a stop that it hasn't come to. A task's result is its future's, whatever it is.
 */
static bool was_stopped(struct gr_actor *self)
{
    if (self->control & GRI_CONTROL_STOP) return true;
    if (!(self->flags & GRI_ACTOR_STOPPING)) return false;
    const struct gri_message *m = self->mailbox.head;
    while (m != NULL && m->kind != GRI_MAIL_STOP) m = m->next;
    if (m != NULL) self->reason = m->error;
    return m != NULL;
}

/* What the coroutine runs: the behaviour's function, on its own stack. */
static void coroutine_main(void *argument)
{
    struct gr_actor *self = argument;
    const struct gr_behaviour *behaviour = gri_actor_dispatch(self)->behaviour;
    int result = behaviour->coroutine(self, self->extra->start->payload);
    if (result == 0 || (self->control & GRI_CONTROL_LINK)) return;
    if (result == GR_ESTOPPED && behaviour->task == NULL && was_stopped(self)) return;
    self->reason = result;
}

/* Whether it has begun its first turn. */
static inline bool has_stack(const struct gr_actor *self)
{
    return self->extra != NULL && self->extra->coroutine != NULL;
}

/* Takes the start message and makes the stack, and a task's extra. Returns 0, or why not. */
static int start(struct gr_actor *self)
{
    struct gri_actor_extra *extra = gri_actor_extra(self);
    bool room = false;
    if (extra == NULL) return GR_ENOMEM;
    extra->start = gri_mailbox_pop(&self->mailbox, &room);
    uint32_t size = extra->stack_size ? extra->stack_size : gri_loop_system(self->loop)->stack_size;
    int error = gri_coroutine_create(&self->loop->stacks, size, coroutine_main, self, &extra->coroutine);
    if (error == 0) self->flags |= GRI_ACTOR_STARTED;
    return error;
}

static void wait_timed_out(struct gri_timer *timer, void *context)
{
    struct gri_actor_extra *extra = GRI_CONTAINER_OF(timer, struct gri_actor_extra, timer);
    (void)context;
    extra->timed_out = true;
    gri_actor_wake(extra->owner);
}

/* Runs the coroutine until it waits or ends. */
static inline void resume(struct gr_actor *self)
{
    struct gri_actor_extra *extra = self->extra;
    extra->received = 0;
    extra->wait = GRI_WAIT_NOTHING;
    self->busy = GRI_BUSY_SCHEDULED;
    gri_count(&self->loop->counters, GRI_COUNTER_SWITCHES, 1);
    gri_coroutine_resume(extra->coroutine);
}

/* After it suspended itself: is there already what it waits for? */
static inline void settle(struct gr_actor *self)
{
    enum gri_wait wait = self->extra->wait;
    bool ready = wait == GRI_WAIT_TURN || (wait == GRI_WAIT_MAIL && self->mailbox.head != NULL);
    if (ready)
        gri_loop_schedule(self->loop, &self->work);
    else
        self->busy = wait == GRI_WAIT_MAIL ? 0 : GRI_BUSY_WAITING;
}

/* Whether its last turn is over. */
static inline bool has_ended(const struct gr_actor *self)
{
    return gri_coroutine_ended(self->extra->coroutine) || self->extra->deaf == GRI_DEAF_MAX;
}

/* Starts it if need be, and runs it unless it is to end before it began; returns why it can't be run, or 0. */
static int run_turn(struct gr_actor *self, bool doomed)
{
    int error = 0;
    if (!has_stack(self) && !doomed) error = self->control & GRI_CONTROL_CANCEL ? GR_ECANCELLED : start(self);
    if (error == 0 && !doomed) resume(self);
    return error;
}

static int run_traced_turn(struct gr_actor *self, bool doomed)
{
    gr_time began = gri_trace_turn_begins(self);
    int error = run_turn(self, doomed);
    gri_trace_turn_ends(self, began);
    return error;
}

/* A first turn, or one that is traced. */
__attribute__((noinline)) static void turn_special(struct gr_actor *self)
{
    bool doomed = !has_stack(self) && (self->control & GRI_CONTROL_DOOMED);
    int error = self->loop->tracer == NULL ? run_turn(self, doomed) : run_traced_turn(self, doomed);
    if (error != 0)
        gri_actor_end(self, error);
    else if (doomed || has_ended(self))
        gri_actor_end(self, gri_actor_reason(self));
    else
        settle(self);
}

void gri_coroutine_turn(struct gri_loop *loop, struct gri_work *work)
{
    struct gr_actor *self = GRI_CONTAINER_OF(work, struct gr_actor, work);
    bool is_first = !has_stack(self);
    gri_trace(loop->events, loop->now, GRI_TRACE_RESUME, self->slot, is_first ? 0 : self->extra->wait, 0);
    if (__builtin_expect(is_first || loop->tracer != NULL, 0)) {
        turn_special(self);
        return;
    }
    resume(self);
    if (__builtin_expect(has_ended(self), 0))
        gri_actor_end(self, gri_actor_reason(self));
    else
        settle(self);
}

/* Whether the wait is to be cancelled. A cancel is told once, a scope's until that is closed. */
static bool is_cancelled(struct gr_actor *self)
{
    struct gri_actor_extra *extra = self->extra;
    if (self->control & GRI_CONTROL_CANCEL) {
        bool is_for_scopes = gri_scope_cancel_all(self);
        bool is_for_wait = !is_for_scopes && extra->shield != GRI_SHIELD_ALL;
        if (is_for_scopes || is_for_wait) self->control &= (uint8_t)~GRI_CONTROL_CANCEL;
        if (is_for_wait) return true;
    }
    return extra->scope != NULL && extra->shield == GRI_SHIELD_NOTHING &&
           gri_scope_is_cancelled(extra->scope);
}

/* What a wait does before it suspends, if there is anything; `what` may become a turn. True: it is over with *error. */
static bool heed(struct gr_actor *self, enum gri_wait *what, int *error)
{
    *error = 0;
    if (self->control & GRI_CONTROL_CALLBACKS) {
        gri_run_callbacks(self);
        /* They may have brought what it waits for. If more are due at once, others have their turns first. */
        if (*what != GRI_WAIT_TURN && !(self->control & GRI_CONTROL_CALLBACKS)) return true;
        *what = GRI_WAIT_TURN;
    }
    if (is_cancelled(self)) *error = GR_ECANCELLED;
    return *error != 0;
}

/*
 * Whether a coroutine that begins to wait was killed, which is then what its wait returns. One that heeds that no more
 * than anything else would keep its loop busy for ever: its last wait does not return, see gri_coroutine_turn.
 */
__attribute__((noinline)) static bool note_killed(struct gr_actor *self)
{
    struct gri_actor_extra *extra = self->extra;
    if (++extra->deaf < GRI_DEAF_MAX) return true;
    char who[GRI_ACTOR_TEXT];
    gr_log(GR_LOG_WARNING,
           "actor %s goes on waiting though it is killed: it is ended, and what it holds is lost",
           gri_describe_actor(self, who));
    gri_actor_end_wait(self);
    gri_coroutine_suspend(extra->coroutine);
    return true;
}

static inline bool is_killed(struct gr_actor *self)
{
    return __builtin_expect((self->control & GRI_CONTROL_DOOMED) != 0, 0) && note_killed(self);
}

int gri_actor_wait_told(struct gr_actor *self, enum gri_wait what)
{
    struct gri_actor_extra *extra = self->extra;
    int error;
    if (is_killed(self)) return GR_EKILLED;
    if (extra->timed_out) return GR_ETIMEOUT;
    if (heed(self, &what, &error)) return error;
    extra->wait = what;
    gri_coroutine_suspend(extra->coroutine);
    return gri_actor_woken_told(self);
}

int gri_actor_woken_told(struct gr_actor *self)
{
    if (self->control & GRI_CONTROL_DOOMED) return GR_EKILLED;
    if (self->control & GRI_CONTROL_CALLBACKS) gri_run_callbacks(self);
    return self->extra->timed_out ? GR_ETIMEOUT : 0;
}

void gri_actor_begin_wait(struct gr_actor *self, gr_time timeout)
{
    struct gri_actor_extra *extra = self->extra;
    extra->timer.fire = wait_timed_out;
    if (timeout != GR_FOREVER) gri_loop_arm(self->loop, &extra->timer, timeout);
}

void gri_actor_end_wait(struct gr_actor *self)
{
    gri_loop_disarm(self->loop, &self->extra->timer);
    self->extra->timed_out = false;
}

int gri_may_wait(struct gr_actor *self, gr_time timeout, const char *what)
{
    if (self == NULL || !gri_can_wait(self))
        return gri_fail(self, GR_ECONTEXT, "%s: only a coroutine actor can wait, and no callback", what);
    if (timeout < 0) return gri_fail(self, GR_EINVALID, "%s: a negative time", what);
    return 0;
}

bool gri_actor_present(struct gr_actor *self, struct gri_message *m, struct gr_mail *mail)
{
    gri_trace(self->loop->events, self->loop->now, GRI_TRACE_HANDLE, self->slot, m->type, m->kind);
    if (self->loop->tracer != NULL) gri_trace_received(self, m);
    if (m->kind == GRI_MAIL_STOP) {
        gri_actor_take_stop(self, m);
        return false;
    }
    if (m->kind != GRI_MAIL_USER) {
        if (!gri_actor_take_signal(self, m, &self->extra->signal)) return false;
        *mail = (struct gr_mail){.signal = &self->extra->signal};
        return true;
    }
    gri_count(&self->loop->counters, GRI_COUNTER_HANDLED, 1);
    self->current = m;
    *mail = (struct gr_mail){.type = gri_type_by_id(m->type),
                             .data = m->payload,
                             .sender = gri_message_sender(m),
                             .is_request = m->reply != NULL};
    return true;
}

/* Takes the next piece of mail. Errors: as gri_actor_take_chosen. */
static int take_mail(struct gr_actor *self, struct gr_mail *mail, const struct gri_choice *choice)
{
    if (choice != NULL) return gri_actor_take_chosen(self, choice, mail);
    struct gri_saved *saved = self->extra->saved;
    struct gri_saved_mail *first;
    while (__builtin_expect(saved != NULL, 0) && (first = gri_saved_first(saved)) != NULL)
        if (gri_actor_present(self, gri_actor_take_saved(self, first), mail)) return 0;
    for (;;) {
        bool room = false;
        struct gri_message *m = gri_mailbox_pop(&self->mailbox, &room);
        if (m == NULL) return GR_ENOTFOUND;
        if (room) gri_actor_tell_room(self);
        if (gri_actor_present(self, m, mail)) return 0;
        if (self->control & GRI_CONTROL_STOP) return GR_ESTOPPED;
    }
}

/* Counts a receive; whether the turn has lasted long enough. */
static bool is_over(struct gr_actor *self)
{
    struct gri_actor_extra *extra = self->extra;
    if (++extra->received > self->loop->messages_per_turn) return true;
    return extra->received % GRI_SLICE_MESSAGES == 0 &&
           gri_loop_slice_is_over(self->loop, extra->received == GRI_SLICE_MESSAGES);
}

int gri_actor_pause_turn(struct gr_actor *self)
{
    return is_over(self) ? gri_actor_wait(self, GRI_WAIT_TURN) : 0;
}

/* Waits for mail and takes it; the wait's timer runs. */
static int wait_for_mail(struct gr_actor *self, struct gr_mail *mail, const struct gri_choice *choice)
{
    for (;;) {
        if (is_killed(self)) return GR_EKILLED;
        if (self->control & GRI_CONTROL_STOP) return GR_ESTOPPED;
        if (__builtin_expect(self->control & GRI_CONTROL_CALLBACKS, 0)) gri_run_callbacks(self);
        if ((self->control != 0 || self->extra->scope != NULL) && is_cancelled(self)) return GR_ECANCELLED;
        int error = take_mail(self, mail, choice);
        if (error != GR_ENOTFOUND) return error;
        error = gri_actor_wait(self, GRI_WAIT_MAIL);
        if (error == GR_ECANCELLED || (error == GR_ETIMEOUT && self->mailbox.head == NULL)) return error;
    }
}

int gri_actor_receive(struct gr_actor *self, struct gr_mail *mail, gr_time deadline,
                      const struct gri_choice *choice, const char *what)
{
    int error = gri_may_wait(self, deadline, what);
    if (error != 0) return error;
    gri_actor_finish_current(self);
    self->extra->has_received = true;
    if (self->loop->tracer != NULL) gri_trace_received_over(self->loop);
    *mail = (struct gr_mail){.type = NULL};
    /* With mail always there it would never suspend: others of the loop get their turn (G19). */
    if (gri_actor_pause_turn(self) == GR_ECANCELLED) return gri_told(self, GR_ECANCELLED);
    if (self->control == 0 && self->extra->scope == NULL) {
        error = take_mail(self, mail, choice);
        if (error == GR_ENOTFOUND && deadline == 0) error = GR_ETIMEOUT;
        if (error != GR_ENOTFOUND) return gri_told(self, error);
    }
    gri_actor_begin_wait(self, deadline);
    error = wait_for_mail(self, mail, choice);
    gri_actor_end_wait(self);
    return gri_told(self, error);
}

/* Whether there is nothing to heed but the mailbox. */
static inline bool is_plain(const struct gr_actor *self)
{
    const struct gri_actor_extra *extra = self->extra;
    return self->control == 0 && extra->scope == NULL && extra->saved == NULL;
}

/* The common case of a receive: nothing but mail to wait for, and that of the common kind. False, with all as it was or
 * the last message done with, if it is another case after all. */
static inline bool receive_common(struct gr_actor *self, struct gr_mail *mail)
{
    struct gri_loop *loop = self->loop;
    struct gri_message *m = self->current;
    if (__builtin_expect(m != NULL, 1)) {
        if (__builtin_expect(m->reply != NULL || !gri_loop_owns_plain(loop, m), 0)) return false;
        self->current = NULL;
        gri_pool_give(&loop->pool, m, m->pool_class);
    } else {
        self->extra->has_received = true; /* the first time; later it is so anyway */
    }
    while ((m = self->mailbox.head) == NULL) {
        self->extra->wait = GRI_WAIT_MAIL;
        gri_coroutine_suspend(self->extra->coroutine);
        loop = self->loop;
        if (__builtin_expect(!is_plain(self), 0)) return false;
    }
    if (__builtin_expect(!gri_loop_owns_plain(loop, m) || gri_mailbox_is_full(&self->mailbox), 0))
        return false;
    uint32_t received = self->extra->received + 1;
    bool lasts = received > loop->messages_per_turn || received % GRI_SLICE_MESSAGES == 0;
    if (__builtin_expect(lasts, 0)) return false;
    self->extra->received = received;
    gri_mailbox_pop_plain(&self->mailbox, m, m->pool_class);
    gri_trace(loop->events, loop->now, GRI_TRACE_HANDLE, self->slot, m->type, m->kind);
    gri_count(&loop->counters, GRI_COUNTER_HANDLED, 1);
    self->current = m;
    *mail = (struct gr_mail){.type = gri_type_by_id(m->type),
                             .data = m->payload,
                             .sender = gri_message_sender(m),
                             .is_request = m->reply != NULL};
    return true;
}

int gr_receive(gr_actor *self, struct gr_mail *mail, gr_time deadline)
{
    bool is_common_case = self != NULL && gri_can_wait(self) && deadline == GR_FOREVER && is_plain(self);
    if (__builtin_expect(is_common_case, 1) && receive_common(self, mail)) return 0;
    return gri_actor_receive(self, mail, deadline, NULL, "gr_receive");
}

/* Whether it was asked to stop, if only behind other mail. One that was killed is told of that. */
static bool is_stopped(const struct gr_actor *self)
{
    if (self->control & GRI_CONTROL_DOOMED) return false;
    return (self->control & GRI_CONTROL_STOP) || (self->flags & GRI_ACTOR_STOPPING);
}

int gr_sleep(gr_actor *self, gr_time duration)
{
    int error = gri_may_wait(self, duration, "gr_sleep");
    if (error != 0) return error;
    if (duration == 0) {
        error = gri_actor_wait(self, GRI_WAIT_TURN); /* also when stopped: who ignores that is no hog */
        return gri_told(self, error == 0 && is_stopped(self) ? GR_ESTOPPED : error);
    }
    gri_actor_begin_wait(self, duration);
    do error = is_stopped(self) ? GR_ESTOPPED : gri_actor_wait(self, GRI_WAIT_TIME);
    while (error == 0);
    gri_actor_end_wait(self);
    return error == GR_ETIMEOUT ? 0 : gri_told(self, error);
}
