/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks: functions that run as coroutine actors of their own, and whose results complete futures.
 *
 * A task has a mailbox and an address like any actor, runs on any loop, and may do whatever a coroutine may. It is cancelled
 * when the owner of its future ends; once that future is released it goes on by itself, and if it then fails that is
 * logged. A task that is killed ends its future with GR_EKILLED, one that can't begin with the error why.
 *
 * Deadlines do not go into tasks: neither that of the request which the starter handles, nor that of a scope, bounds the
 * requests which the task makes. A scope's deadline cancels the task instead, and with it the wait for such a request.
 */
#ifndef GREENROOM_TASK_H
#define GREENROOM_TASK_H

#include <greenroom/future.h>
#include <greenroom/system.h>

GRI_BEGIN_C

/* What the macros below call. */
GR_API GR_MUST_USE gr_future *gri_task_start(gr_actor *self, const struct gr_behaviour *behaviour,
                                             const struct gr_spawn_options *options, const void *start);
GR_API GR_MUST_USE gr_future *gri_task_start_outside(gr_system *system, const struct gr_behaviour *behaviour,
                                                     const struct gr_spawn_options *options,
                                                     const void *start);
GR_API const void *gri_task_value(const gr_future *future, const struct gr_behaviour *behaviour);
GR_API int gri_task_main(gr_actor *self, const void *message);

/* The address of a future's task; the null reference once it is done, or if it has none. */
GR_API gr_ref gr_future_task(const gr_future *future);

/* Whether the actor, a task, has been told to cancel, or a scope that it has open (scope.h): for work that goes on for
 * long without a wait. It learns of it while others have their turns, as in gr_sleep(self, 0). Needs `self`. */
GR_API bool gr_is_cancelled(const gr_actor *self);

/* Notes the sentence that gr_last_error tells and returns `error`. A task that returns that error hands on the sentence:
 * gr_future_text. `self` NULL: this thread's. */
GR_API int gr_fail(gr_actor *self, int error, const char *format, ...) GR_PRINTF(3, 4);

GRI_END_C

/* For a header: says that a task `T` with arguments `M` and a result `R` is defined elsewhere. */
#define GR_TASK_DECLARE(T, M, R)                                                                             \
    GR_ACTOR_DECLARE(T, M);                                                                                  \
    typedef R##_gr_struct T##_gr_result GRI_UNUSED

/*
 * Defines the task `T`: int fn(gr_actor *self, const struct M *arguments, struct R *result). The arguments, a message, are
 * valid until fn returns; *result starts zeroed. 0 makes *result the future's value; anything else is its error, and what
 * *result holds is released. At file scope; one definition per program.
 */
#define GR_TASK(T, M, R, fn)                                                                                 \
    GR_TASK_DECLARE(T, M, R);                                                                                \
    const struct gr_behaviour *T##_gr_behaviour(void)                                                        \
    {                                                                                                        \
        static struct gr_behaviour behaviour = {                                                             \
            #T,                                                                                              \
            0,                                                                                               \
            0,                                                                                               \
            NULL,                                                                                            \
            &M##_gr_type,                                                                                    \
            NULL,                                                                                            \
            gri_task_main,                                                                                   \
            GRI_FUNCTION(gri_task_function, int (*)(gr_actor *, const struct M *, struct R *), fn),          \
            &R##_gr_type,                                                                                    \
            0,                                                                                               \
            NULL};                                                                                           \
        if (behaviour.id == 0) gri_behaviour_register(&behaviour);                                           \
        return &behaviour;                                                                                   \
    }                                                                                                        \
    GRI_CALL_BEFORE_MAIN(T##_gr_actor, T##_gr_behaviour())                                                   \
    GR_TASK_DECLARE(T, M, R)

/*
 * gr_start(self, T, fields of the arguments ...): starts a task on this loop. It begins at its first turn, not before.
 * gr_start_with(self, T, (options ...), fields ...): one with the options of a spawn, as (.loop = GR_SPREAD).
 *
 * Returns its future; a task that can't be started is a future with that error. NULL when there is no memory. Takes the
 * counts of the arguments' strings and buffers. The release of a pending task's future lets the task go on. Needs `self`.
 */
#define gr_start_with(self, T, options, ...)                                                                 \
    gri_task_start(self, T##_gr_behaviour(), GRI_OPTIONS(gri_spawn_options, GRI_OPEN options),               \
                   GRI_LITERAL(T##_gr_start, __VA_ARGS__))
#define gr_start(self, T, ...) gr_start_with(self, T, (), __VA_ARGS__)

/* gr_system_start(system, T, (options ...), fields ...): starts one from outside; the future is the calling thread's.
 * Otherwise as gr_start_with. Any thread that is no loop's. */
#define gr_system_start(system, T, options, ...)                                                             \
    gri_task_start_outside(system, T##_gr_behaviour(), GRI_OPTIONS(gri_spawn_options, GRI_OPEN options),     \
                           GRI_LITERAL(T##_gr_start, __VA_ARGS__))

/* The result of a future of task T, as `const struct R *`, or NULL if it has none. Valid until the release. */
#define gr_task_value(future, T) ((const T##_gr_result *)gri_task_value(future, T##_gr_behaviour()))

#endif
