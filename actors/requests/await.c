/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for futures. A coroutine waits for one set of futures at a time: each is flagged as watched, and one that is
 * done counts the set down, so waking costs the same however many there are.
 */
#include "actors/actor.h"

/* Begins to watch: nothing is in the set yet. */
static void begin_watch(struct gr_actor *self, enum gr_wait_until until, gr_time deadline)
{
    struct gri_actor_extra *extra = self->extra;
    extra->watched = 0;
    extra->watch_until = until;
    extra->watch_is_over = false;
    gri_actor_begin_wait(self, deadline);
}

/* Waits until the set says that it is over. Returns 0, or the error that ended the wait. */
static int wait_watch(struct gr_actor *self)
{
    struct gri_actor_extra *extra = self->extra;
    int error = extra->watch_is_over ? 0 : gri_actor_wait(self, GRI_WAIT_FUTURE);
    while (__builtin_expect(error == 0 && !extra->watch_is_over, 0)) {
        /* Callbacks ran, and may have left unanswered what they could have answered. */
        if (extra->is_blocked) gri_deadlock_blocks(self, extra->awaited);
        if (!extra->watch_is_over) error = gri_actor_wait(self, GRI_WAIT_FUTURE);
    }
    gri_actor_end_wait(self);
    return error == GR_ETIMEOUT && self->extra->watch_is_over ? 0 : error;
}

/* Frees what callbacks released while it was watched. Rare, so it looks through all that the actor has. */
static void sweep(struct gr_actor *self)
{
    struct gri_list *list = &self->extra->obligations;
    struct gri_list_node *node = gri_list_first(list);
    self->extra->has_released = false;
    while (node != NULL) {
        struct gri_list_node *next = gri_list_next(list, node);
        struct gri_obligation *obligation = GRI_CONTAINER_OF(node, struct gri_obligation, node);
        node = next;
        if (obligation->drop != gri_future_drop) continue;
        struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
        if ((~future->flags & (GRI_FUTURE_WATCHED | GRI_FUTURE_RELEASED)) != 0) continue;
        future->flags &= (uint8_t)~GRI_FUTURE_WATCHED;
        if (gri_future_is_done(future) || !(future->flags & GRI_FUTURE_SCOPED)) gri_future_free(future);
    }
}

/* Of many futures most are in no cache: this one asks for one that is looked at soon. */
static inline struct gr_future *at(struct gr_future *const *futures, size_t count, size_t i)
{
    if (i + 12 < count) __builtin_prefetch(futures[i + 12], 1);
    return futures[i];
}

/* Ends the watch of the given futures, which callbacks may have released but not freed. */
static void end_watch(struct gr_actor *self, struct gr_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gr_future *future = at(futures, count, i);
        if (future != NULL && !(future->flags & GRI_FUTURE_RELEASED))
            future->flags &= (uint8_t)~GRI_FUTURE_WATCHED;
    }
    if (self->extra->has_released) sweep(self);
}

/* Waits for one future of this actor, which is pending. */
static int await_one(struct gr_actor *self, struct gr_future *future, gr_time deadline)
{
    begin_watch(self, GR_WAIT_ALL, deadline);
    future->flags |= GRI_FUTURE_WATCHED;
    self->extra->watched = 1;
    self->extra->awaited = future;
    self->extra->is_blocked = deadline == GR_FOREVER;
    self->extra->probed = false;
    if (self->extra->is_blocked) gri_deadlock_blocks(self, future);
    int error = wait_watch(self);
    self->extra->awaited = NULL;
    self->extra->is_blocked = false;
    if (gri_future_is_done(future)) {
        future->flags |= GRI_FUTURE_READ;
        if (error != GR_EKILLED) error = future->error;
    }
    end_watch(self, &future, 1);
    return error;
}

int gri_future_told(struct gr_actor *self, const struct gr_future *future, int error)
{
    if (error == 0) return 0;
    /* Whoever found the cycle has noted it as this actor's. */
    if (error == GR_EDEADLOCK && gri_error_text_of(self, error) != NULL) return error;
    bool is_outcome = gri_future_is_done(future) && future->error == error;
    return is_outcome ? gri_fail(self, error, "%s", gri_future_text(future)) : gri_told(self, error);
}

int gr_await(gr_actor *self, gr_future *future, gr_time deadline)
{
    if (future == NULL) return gri_fail(self, GR_EINVALID, "gr_await: there is no future");
    if (deadline < 0) return gri_fail(self, GR_EINVALID, "gr_await: a negative deadline");
    if (future->is_foreign != (self == NULL) || (self != NULL && future->owner != self))
        return gri_fail(self, GR_ECONTEXT, "gr_await: the future belongs to somebody else");
    if (self == NULL) return gri_foreign_await(future, deadline);
    if (gri_future_is_done(future)) {
        future->flags |= GRI_FUTURE_READ;
        return gri_future_told(self, future, future->error);
    }
    int error = gri_may_wait(self, deadline, "gr_await");
    if (error != 0) return error;
    return gri_future_told(self, future, deadline == 0 ? GR_ETIMEOUT : await_one(self, future, deadline));
}

int gr_wait_for(gr_actor *self, gr_future *future, gr_time deadline)
{
    if (future == NULL) return gri_fail(self, GR_EINVALID, "gr_wait_for: there is no future");
    int error = gri_may_wait(self, deadline, "gr_wait_for");
    if (error != 0) return error;
    error = gr_await(self, future, deadline);
    if (gri_future_is_done(future) || (error != GR_ETIMEOUT && error != GR_ECANCELLED)) return error;
    if (gr_future_cancel(self, future) == 0 && !gri_future_is_done(future)) {
        /* A scope that is cancelled does not keep it from waiting for the end; being cancelled once more does. */
        uint8_t shield = self->extra->shield;
        self->extra->shield = GRI_SHIELD_SCOPES;
        int last = await_one(self, future, GR_FOREVER);
        self->extra->shield = shield;
        if (last == GR_EKILLED && (self->control & GRI_CONTROL_DOOMED)) return gri_told(self, last);
        if (last == GR_ECANCELLED && !gri_future_is_done(future))
            return gri_told(self, last); /* told once: it may not be lost */
    }
    return gri_told(self, error);
}

/* ---- several ---- */

static int error_of(const struct gr_future *future)
{
    return future == NULL ? GR_ENOMEM : future->error;
}

static bool is_done(const struct gr_future *future)
{
    return future == NULL || gri_future_is_done(future);
}

/* When it was done; one that there was no memory for was never anything else. */
static uint64_t order_of(const struct gr_future *future)
{
    return future == NULL ? 0 : future->order;
}

/* How many of them are done. */
static size_t count_done(struct gr_future *const *futures, size_t count)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) done += is_done(futures[i]);
    return done;
}

/* What there is before a wait. Of many futures most are in no cache: so they are looked at once. */
struct state {
    size_t done;     /* how many of them are done */
    bool has_failed; /* one of those with an error */
    bool are_own;    /* they are this actor's; else nothing else is said */
};

static struct state look_at(const struct gr_actor *self, struct gr_future *const *futures, size_t count)
{
    struct state state = {.are_own = true};
    for (size_t i = 0; i < count; i++) {
        const struct gr_future *future = at(futures, count, i);
        if (future != NULL && (future->is_foreign || future->owner != self)) {
            state.are_own = false;
            break;
        }
        if (!is_done(future)) continue;
        state.done++;
        state.has_failed |= error_of(future) != 0;
    }
    return state;
}

/* Whether that is what the wait is for. */
static bool is_satisfied(const struct state *state, size_t count, enum gr_wait_until until)
{
    if (state->done == count || (until == GR_WAIT_FIRST && state->done != 0)) return true;
    return until == GR_WAIT_FIRST_ERROR && state->has_failed;
}

/* Watches those that are pending, each once, and waits. */
static int wait_several(struct gr_actor *self, struct gr_future *const *futures, size_t count,
                        enum gr_wait_until until, size_t *done, gr_time deadline)
{
    begin_watch(self, until, deadline);
    for (size_t i = 0; i < count; i++) {
        struct gr_future *future = at(futures, count, i);
        if (is_done(future) || (future->flags & GRI_FUTURE_WATCHED)) continue;
        future->flags |= GRI_FUTURE_WATCHED;
        self->extra->watched++;
    }
    int error = wait_watch(self);
    if (done != NULL) *done = count_done(futures, count);
    end_watch(self, futures, count);
    return error;
}

int gr_wait(gr_actor *self, gr_future *const *futures, size_t count, enum gr_wait_until until, size_t *done,
            gr_time deadline)
{
    if (done != NULL) *done = 0;
    int error = gri_may_wait(self, deadline, "gr_wait");
    if (error != 0) return error;
    if (futures == NULL && count != 0)
        return gri_fail(self, GR_EINVALID, "gr_wait: there is no array of futures");
    struct state state = look_at(self, futures, count);
    if (until < GR_WAIT_ALL || until > GR_WAIT_FIRST_ERROR || !state.are_own)
        return gri_fail(self, GR_EINVALID, "gr_wait: no such way to wait, or a future of somebody else");
    if (done != NULL) *done = state.done;
    if (is_satisfied(&state, count, until)) return 0;
    error = deadline == 0 ? GR_ETIMEOUT : wait_several(self, futures, count, until, done, deadline);
    return gri_told(self, error);
}

/* The outcome of one that is done, as gr_gather and gr_race return it. */
static int told_outcome(struct gr_actor *self, const struct gr_future *future)
{
    return future == NULL ? gri_told(self, GR_ENOMEM) : gri_future_told(self, future, future->error);
}

/*
 * The index of the one that was done first, of all or of those that failed; `count` if there is none. The caller then
 * knows of their outcomes, whatever they are.
 */
static size_t read_first(struct gr_future *const *futures, size_t count, bool failed_only)
{
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        struct gr_future *future = at(futures, count, i);
        if (future != NULL) future->flags |= GRI_FUTURE_READ;
        if (!is_done(future) || (failed_only && error_of(future) == 0)) continue;
        if (first == count || order_of(future) < order_of(futures[first])) first = i;
    }
    return first;
}

int gr_gather(gr_actor *self, gr_future *const *futures, size_t count, enum gr_gather_flags flags,
              gr_time deadline)
{
    enum gr_wait_until until = flags & GR_GATHER_ALL ? GR_WAIT_ALL : GR_WAIT_FIRST_ERROR;
    int error = gr_wait(self, futures, count, until, NULL, deadline);
    if (error != 0 || (flags & GR_GATHER_ALL)) return error;
    size_t first = read_first(futures, count, true);
    return first == count ? 0 : told_outcome(self, futures[first]);
}

int gr_race(gr_actor *self, gr_future *const *futures, size_t count, size_t *first, gr_time deadline)
{
    int error = count == 0 ? gri_fail(self, GR_EINVALID, "gr_race: there are no futures")
                           : gr_wait(self, futures, count, GR_WAIT_FIRST, NULL, deadline);
    if (error != 0 && error != GR_ETIMEOUT) return error;
    size_t winner = read_first(futures, count, false);
    if (error == 0) error = told_outcome(self, futures[winner]);
    for (size_t i = 0; i < count; i++) {
        /* One that is in the array twice is told once. */
        if (is_done(futures[i]) || (futures[i]->flags & GRI_FUTURE_WATCHED)) continue;
        (void)gr_future_cancel(self, futures[i]);
        if (!is_done(futures[i])) futures[i]->flags |= GRI_FUTURE_WATCHED;
    }
    end_watch(self, futures, count);
    if (first != NULL) *first = winner;
    return error;
}
