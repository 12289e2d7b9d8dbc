/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futures: outcomes that are on their way - of requests (ask.h), tasks (task.h), blocking work (blocking.h) and promises
 * (promise.h). Each is pending until it has exactly one outcome: a value, or an error.
 *
 * A future belongs to the actor that got it, or with `self` NULL to the thread; only its owner may use it. An actor's
 * futures are released at its end. A failure that is released before anybody looked at it (by awaiting the future, by
 * reading its error, text or value, in a callback, by gr_gather or gr_race) is logged as a warning that names the task and
 * the error, unless it is GR_ECANCELLED or the actor failed; so is that of a task whose future was released before it
 * failed, unless the system stops.
 *
 * NULL, which is what there is instead of a future when there was no memory for it, counts everywhere as one that failed
 * with GR_ENOMEM: it may be awaited, read and released. So it is enough to look at the outcome.
 *
 * What waits here needs a coroutine actor, and is GR_ECONTEXT elsewhere, in callbacks, and for a future of somebody else;
 * handler actors use gr_then. A negative deadline is GR_EINVALID. A wait is ended by GR_EKILLED when the actor is killed;
 * by GR_ECANCELLED, once, when its task is cancelled, and always while one of its scopes is cancelled (scope.h). A callback
 * that runs meanwhile may release what is waited for: the wait goes on all the same.
 *
 * A stop does not end these waits: gr_stop, and that of a system, keep their place in the mailbox, and are told by
 * gr_receive and gr_sleep. Mostly what is waited for is stopped too, and so done. Where it may not be, give the wait a
 * deadline, or receive, and have a callback note the outcome; else a system that stops kills the waiting actor when half
 * of the stop's time is over, and gr_stop alone waits for ever.
 *
 * Deadlocks (ask.h) are found through gr_await and gr_wait_for of one request with GR_FOREVER, not through waits for
 * several: gr_wait, gr_gather, gr_race and gr_next_done need a deadline where requests could go in a circle.
 */
#ifndef GREENROOM_FUTURE_H
#define GREENROOM_FUTURE_H

#include <greenroom/actor.h>

typedef struct gr_future gr_future;

enum gr_future_state {
    GR_FUTURE_PENDING,   /* no outcome yet */
    GR_FUTURE_RUNNING,   /* no outcome yet, and its task has begun; known of tasks on the owner's loop only */
    GR_FUTURE_CANCELLED, /* the outcome is GR_ECANCELLED */
    GR_FUTURE_FINISHED   /* the outcome is a value or any other error */
};

/* When gr_wait returns. */
enum gr_wait_until {
    GR_WAIT_ALL = 1,    /* when all are done */
    GR_WAIT_FIRST,      /* when at least one is done */
    GR_WAIT_FIRST_ERROR /* when one has failed, or all are done */
};

/* What gr_gather does about failures. */
enum gr_gather_flags {
    GR_GATHER_FIRST_ERROR = 0, /* returns the first one, in time, as soon as it is there */
    GR_GATHER_ALL = 1          /* waits for all and returns 0: each future tells its own outcome */
};

/* Told that a future is done; `context` is the caller's. */
typedef void (*gr_future_callback)(gr_actor *self, gr_future *future, void *context);

/* As gr_then stores its function. */
typedef void (*gri_then_function)(gr_actor *self, void *state, gr_future *future);

/* Futures in the order in which they are done; see gr_as_completed. */
typedef struct gr_completions gr_completions;

GRI_BEGIN_C

/* ---- one future ---- */

/*
 * Waits until the future has its outcome. Returns 0 with a value, the outcome's error, or GR_ETIMEOUT when `deadline`
 * passed first, which leaves it pending. A coroutine waits without blocking its loop; with `self` NULL the thread
 * blocks. Others get GR_ECONTEXT: a handler actor, a loop's own thread with NULL, a thread outside of a simulation, who
 * does not own it. One that is done already may be awaited anywhere by its owner.
 */
GR_API GR_MUST_USE int gr_await(gr_actor *self, gr_future *future, gr_time deadline);

/*
 * As gr_await, but a future that is not done at the deadline is cancelled, and waited for until its task has cleaned up:
 * GR_ETIMEOUT. Cancelled itself, it cancels the future likewise: GR_ECANCELLED. GR_ENOMEM, which leaves it pending, if it
 * can't be cancelled (see gr_future_cancel). Needs a coroutine.
 */
GR_API GR_MUST_USE int gr_wait_for(gr_actor *self, gr_future *future, gr_time deadline);

/* How far it is; never waits. */
GR_API enum gr_future_state gr_future_state(const gr_future *future);

/* "pending", "running", "cancelled" or "finished"; "unknown" for any other number. Any thread. */
GR_API const char *gr_future_state_name(enum gr_future_state state);

/* Whether the outcome is there; never waits. */
GR_API bool gr_future_done(const gr_future *future);

/* The outcome's error: 0 for a value, GR_EBUSY while pending. */
GR_API int gr_future_error(const gr_future *future);

/* The sentence of the outcome's error: its own if it was given one (gr_promise_fail, a task's gr_fail) and there was
 * memory to bring it, else that of the table. Valid until the release. Never NULL. */
GR_API const char *gr_future_text(const gr_future *future);

/* The value that came, of type `type`, or NULL; see gr_future_as. */
GR_API const void *gri_future_value(const gr_future *future, const struct gr_type *type);

/*
 * Cancels. A request, a promise or blocking work ends at once with GR_ECANCELLED; what comes later is dropped and counted
 * as a late reply, and work that has begun is not stopped. A task is told: its current or next wait returns
 * GR_ECANCELLED, once; its future is done when it has ended, with what it then returns; one that has not begun never
 * does. Errors: GR_EBUSY if it is done already, as NULL is; GR_ECONTEXT if it isn't yours; GR_ENOMEM for a plain thread's
 * task, and for one on another loop that has been told before.
 */
GR_API int gr_future_cancel(gr_actor *self, gr_future *future);

/*
 * Calls fn(self, future, context) soon after the future is done, also if it is already: in a turn of its owner, which for
 * a handler actor is between messages, for a coroutine while it waits. Several are called in order, and futures in the
 * order in which they are done. `fn` may not wait; it may start, cancel and release futures, this one too. It is not
 * called when the future is released before, or the owner ends. Errors: GR_ENOMEM, also for NULL, which is not called
 * for; GR_ECONTEXT if the future isn't yours; GR_EINVALID if `fn` is NULL. Needs `self`.
 */
GR_API GR_MUST_USE int gr_future_on_done(gr_actor *self, gr_future *future, gr_future_callback fn,
                                         void *context);

/* Takes back every call of fn with that context that gr_future_on_done has promised and that has not been made; fn may do
 * so itself. Returns how many there were. Errors: GR_ECONTEXT if the future isn't yours. Needs `self`. */
GR_API int gr_future_off_done(gr_actor *self, gr_future *future, gr_future_callback fn, void *context);

/* Gives the future back; its value is not to be read afterwards. Pending: the answer will be dropped as late, and a task
 * goes on. NULL is fine. By the owner only. */
GR_API void gr_future_release(gr_future *future);

/* What the macro below calls. */
GR_API GR_MUST_USE int gri_then(gr_actor *self, gr_future *future, size_t state_size, gri_then_function fn);

/*
 * ---- several futures: `futures` is an array of `count`, in which NULL is one that failed with GR_ENOMEM ----
 *
 * NULL for the array itself is GR_EINVALID, unless `count` is 0, and one of somebody else's futures in it GR_ECONTEXT. One
 * that is in it twice counts as two that are done at the same time.
 */

/*
 * Waits as `until` says. Returns 0, GR_ETIMEOUT, GR_ECANCELLED or GR_EKILLED, never the error of a future; *done, which
 * may be NULL, is how many are done: which ones, gr_future_done tells. The outcomes count as unread. Of none it is 0 at
 * once, whatever `until` says, with *done == 0. Needs a coroutine. Errors: GR_EINVALID for another `until`.
 */
GR_API GR_MUST_USE int gr_wait(gr_actor *self, gr_future *const *futures, size_t count,
                               enum gr_wait_until until, size_t *done, gr_time deadline);

/*
 * Waits for the values of all. Returns 0, the first error in time (see the flags), or what ended the wait: GR_ETIMEOUT,
 * GR_ECANCELLED, GR_EKILLED. The others are left as they are, but failures of any, also later ones, count as looked at. The
 * values are in the futures, which are in the order of the array. Of none it is 0. Needs a coroutine. Errors: GR_EINVALID
 * for other flags.
 */
GR_API GR_MUST_USE int gr_gather(gr_actor *self, gr_future *const *futures, size_t count,
                                 enum gr_gather_flags flags, gr_time deadline);

/*
 * Waits for the first one that is done, cancels all others, and returns the first one's error, 0 for a value; *first,
 * which may be NULL, is its index, and `count` if there is none, whatever went wrong. At the deadline it cancels all:
 * GR_ETIMEOUT. A wait that is ended by GR_ECANCELLED or GR_EKILLED cancels none. It does not wait for tasks to clean
 * up, whose failures count as looked at, and leaves alone what a callback released meanwhile. Needs a coroutine.
 * Errors: GR_EINVALID if `count` is 0.
 */
GR_API GR_MUST_USE int gr_race(gr_actor *self, gr_future *const *futures, size_t count, size_t *first,
                               gr_time deadline);

/*
 * Futures in the order in which they are done: take them with gr_next_done. The futures stay the caller's, and one that
 * is released before is passed over, as is NULL; one that is in the array twice is given once. The array is not kept.
 * Returns NULL when there is no memory, there is no array, or a future isn't yours: gr_last_error tells. Needs `self`.
 */
GR_API GR_MUST_USE gr_completions *gr_as_completed(gr_actor *self, gr_future *const *futures, size_t count);

/*
 * Waits for the next one that is done: *future, and 0 whatever its outcome. Each is given once. Errors, with *future NULL:
 * GR_ENOTFOUND when all have been given, or a callback has released the completions during the wait: they are gone then,
 * and nothing more is given; GR_ETIMEOUT, GR_ECANCELLED, GR_EKILLED; GR_EINVALID for NULL or another actor's. A handler
 * actor may call it with a deadline of 0.
 */
GR_API GR_MUST_USE int gr_next_done(gr_actor *self, gr_completions *completions, gr_future **future,
                                    gr_time deadline);

/* Frees it, not its futures; at the latest the owner's end does. NULL is fine. By the owner only, also in a callback
 * while it waits in gr_next_done. */
GR_API void gr_completions_release(gr_completions *completions);

GRI_END_C

/* The value of a future as `const struct R *`, or NULL if it has none, or one of another type. Valid until the release. */
#define gr_future_as(future, R) ((const R##_gr_struct *)gri_future_value(future, &R##_gr_type))

/*
 * gr_then(self, future, S, fn): for a handler actor with state `S`, as its GR_ACTOR names it: calls
 * void fn(gr_actor *self, S *state, gr_future *future) as gr_future_on_done does, and releases the future afterwards.
 * Errors, which leave the future the caller's: GR_ENOMEM, also for a future that is NULL for lack of memory; GR_ECONTEXT
 * in a coroutine; GR_EINVALID if `S` isn't the size of the actor's state.
 */
#define gr_then(self, future, S, fn)                                                                         \
    gri_then(self, future, sizeof(S),                                                                        \
             GRI_FUNCTION(gri_then_function, void (*)(gr_actor *, S *, gr_future *), fn))

#endif
