/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for futures. A coroutine waits for one set of futures at a time: each is flagged as watched, and one that is
 * done counts the set down, so waking costs the same however many there are.
 */
#include "actors/requests/requests.h"

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

/* Those that callbacks have released stay watched, and so in place. */
static void unwatch(struct gr_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gr_future *future = at(futures, count, i);
        if (future != NULL && !(future->flags & GRI_FUTURE_RELEASED))
            future->flags &= (uint8_t)~GRI_FUTURE_WATCHED;
    }
}

/* Ends the watch of the given futures: those that callbacks have released are gone then. */
static void end_watch(struct gr_actor *self, struct gr_future *const *futures, size_t count)
{
    unwatch(futures, count);
    if (self->extra->has_released) sweep(self);
}

/* Waits for one future of this actor, which is pending. It stays watched, and so in place, until end_watch. */
static int watch_one(struct gr_actor *self, struct gr_future *future, gr_time deadline)
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
    if (!gri_future_is_done(future)) return error;
    future->flags |= GRI_FUTURE_READ;
    return error == GR_EKILLED ? error : future->error;
}

/* Whether the future, which is done or not, is one for this actor or thread to wait for. `what` waits. */
static int may_await(struct gr_actor *self, const struct gr_future *future, gr_time deadline,
                     const char *what)
{
    if (deadline < 0) return gri_fail(self, GR_EINVALID, "%s: a negative deadline", what);
    if (future == NULL) return gri_fail(self, GR_ENOMEM, "%s: there was no memory for the future", what);
    if (future->is_foreign != (self == NULL) || (self != NULL && future->owner != self))
        return gri_fail(self, GR_ECONTEXT, "%s: the future belongs to somebody else", what);
    return 0;
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
    int error = may_await(self, future, deadline, "gr_await");
    if (error != 0) return error;
    if (self == NULL) return gri_foreign_await(future, deadline);
    if (gri_future_is_done(future)) {
        future->flags |= GRI_FUTURE_READ;
        return gri_future_told(self, future, future->error);
    }
    error = gri_may_wait(self, deadline, "gr_await");
    if (error != 0) return error;
    if (deadline == 0) return gri_told(self, GR_ETIMEOUT);
    error = gri_future_told(self, future, watch_one(self, future, deadline));
    end_watch(self, &future, 1);
    return error;
}

/* Cancels a future whose wait ended with `error` before it was done, and waits until it is. */
static int cancel_and_wait(struct gr_actor *self, struct gr_future *future, int error)
{
    /* It may be watched still: one that is done at once counts that down, and nobody waits. */
    int refused = gr_future_cancel(self, future);
    if (gri_future_is_done(future)) return error;
    if (refused != 0) return refused;
    /* A scope that is cancelled does not keep it from waiting for the end; being cancelled once more does. */
    uint8_t shield = self->extra->shield;
    self->extra->shield = GRI_SHIELD_SCOPES;
    int last = watch_one(self, future, GR_FOREVER);
    self->extra->shield = shield;
    if (last == GR_EKILLED && (self->control & GRI_CONTROL_DOOMED)) return last;
    if (last == GR_ECANCELLED && !gri_future_is_done(future)) return last; /* told once: it may not be lost */
    return error;
}

int gr_wait_for(gr_actor *self, gr_future *future, gr_time deadline)
{
    int error = gri_may_wait(self, deadline, "gr_wait_for");
    if (error == 0) error = may_await(self, future, deadline, "gr_wait_for");
    if (error != 0) return error;
    if (gri_future_is_done(future)) return gr_await(self, future, deadline);
    error = deadline == 0 ? GR_ETIMEOUT : watch_one(self, future, deadline);
    if (!gri_future_is_done(future) && (error == GR_ETIMEOUT || error == GR_ECANCELLED))
        error = cancel_and_wait(self, future, error);
    error = gri_future_told(self, future, error);
    end_watch(self, &future, 1);
    return error;
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

/* A wait for several futures. */
struct wait {
    const char *what;          /* the function that waits, for errors */
    gr_future *const *futures; /* which */
    size_t count;              /* of them */
    enum gr_wait_until until;  /* what for */
    size_t done;               /* how many were done before it */
    bool is_watching;          /* callbacks may have run; the futures stay in place until end_several */
};

/* Watches them all, each once, also those that are done: a callback may release any. Waits for those that are pending. */
static int watch_several(struct gr_actor *self, const struct wait *wait, gr_time deadline)
{
    begin_watch(self, wait->until, deadline);
    for (size_t i = 0; i < wait->count; i++) {
        struct gr_future *future = at(wait->futures, wait->count, i);
        if (future == NULL || (future->flags & GRI_FUTURE_WATCHED)) continue;
        future->flags |= GRI_FUTURE_WATCHED;
        self->extra->watched += !gri_future_is_done(future);
    }
    return wait_watch(self);
}

/* Waits; who then has looked at the futures calls end_several, whatever this returned. */
static int wait_several(struct gr_actor *self, struct wait *wait, gr_time deadline)
{
    int error = gri_may_wait(self, deadline, wait->what);
    if (error != 0) return error;
    if (wait->futures == NULL && wait->count != 0)
        return gri_fail(self, GR_EINVALID, "%s: there is no array of futures", wait->what);
    if (wait->until < GR_WAIT_ALL || wait->until > GR_WAIT_FIRST_ERROR)
        return gri_fail(self, GR_EINVALID, "%s: %d is no way to wait: see enum gr_wait_until", wait->what,
                        (int)wait->until);
    struct state state = look_at(self, wait->futures, wait->count);
    if (!state.are_own)
        return gri_fail(self, GR_ECONTEXT, "%s: one of the futures belongs to somebody else", wait->what);
    wait->done = state.done;
    if (is_satisfied(&state, wait->count, wait->until)) return 0;
    if (deadline == 0) return gri_told(self, GR_ETIMEOUT);
    wait->is_watching = true;
    return gri_told(self, watch_several(self, wait, deadline));
}

static void end_several(struct gr_actor *self, const struct wait *wait)
{
    if (wait->is_watching) end_watch(self, wait->futures, wait->count);
}

int gr_wait(gr_actor *self, gr_future *const *futures, size_t count, enum gr_wait_until until, size_t *done,
            gr_time deadline)
{
    struct wait wait = {.what = "gr_wait", .futures = futures, .count = count, .until = until};
    int error = wait_several(self, &wait, deadline);
    if (done != NULL) *done = wait.is_watching ? count_done(futures, count) : wait.done;
    end_several(self, &wait);
    return error;
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
    bool all = (flags & GR_GATHER_ALL) != 0;
    struct wait wait = {.what = "gr_gather", .futures = futures, .count = count};
    wait.until = all ? GR_WAIT_ALL : GR_WAIT_FIRST_ERROR;
    int error = flags > GR_GATHER_ALL ? gri_fail(self, GR_EINVALID, "gr_gather: there are no such flags")
                                      : wait_several(self, &wait, deadline);
    if (error == 0 && !all) {
        size_t first = read_first(futures, count, true);
        error = first == count ? 0 : told_outcome(self, futures[first]);
    }
    end_several(self, &wait);
    return error;
}

/* Cancels those that are pending and that nobody has released, each once. */
static void cancel_losers(struct gr_actor *self, struct gr_future *const *futures, size_t count)
{
    unwatch(futures, count); /* now it marks who has been told */
    for (size_t i = 0; i < count; i++) {
        struct gr_future *future = at(futures, count, i);
        if (is_done(future) || (future->flags & (GRI_FUTURE_WATCHED | GRI_FUTURE_RELEASED))) continue;
        (void)gr_future_cancel(self, future);
        if (!gri_future_is_done(future)) future->flags |= GRI_FUTURE_WATCHED;
    }
}

int gr_race(gr_actor *self, gr_future *const *futures, size_t count, size_t *first, gr_time deadline)
{
    struct wait wait = {.what = "gr_race", .futures = futures, .count = count, .until = GR_WAIT_FIRST};
    if (first != NULL) *first = count;
    int error = count == 0 ? gri_fail(self, GR_EINVALID, "gr_race: there are no futures")
                           : wait_several(self, &wait, deadline);
    if (error == 0 || error == GR_ETIMEOUT) {
        size_t winner = read_first(futures, count, false);
        if (error == 0) error = told_outcome(self, futures[winner]);
        if (first != NULL) *first = winner;
        cancel_losers(self, futures, count);
        wait.is_watching = true;
    }
    end_several(self, &wait);
    return error;
}
