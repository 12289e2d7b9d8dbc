/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coroutines: functions with a stack of their own that a loop resumes and that suspend themselves. There is no
 * scheduler here, and no actor: who resumes what, and when, is the loop's business.
 *
 * A coroutine belongs to its pool's thread. Thread-local addresses stay valid across a switch as long as it is
 * resumed on that thread only. A coroutine may resume another one, which then returns to it.
 */
#ifndef GRI_SCHEDULER_COROUTINE_H
#define GRI_SCHEDULER_COROUTINE_H

#include "base/assert.h"
#include "scheduler/coroutines/annotate.h"
#include "scheduler/coroutines/stack.h"
#include "scheduler/coroutines/switch.h"

/* Those that can be resumed come first. */
enum gri_coroutine_state {
    GRI_COROUTINE_READY,
    GRI_COROUTINE_SUSPENDED,
    GRI_COROUTINE_RUNNING, /* also while it has resumed another one */
    GRI_COROUTINE_ENDED
};

/* Open to the switches below, which are inline because every wait goes through them; to nobody else. */
struct gri_coroutine {
    void *other;                    /* the side that does not run; see switch.h */
    struct gri_stack *stack;        /* what it runs on */
    struct gri_stack_pool *pool;    /* where that came from */
    void (*main)(void *);           /* its function */
    void *argument;                 /* of that */
    enum gri_coroutine_state state; /* what may be done with it */
    bool has_canary;                /* the stack has no guard page */
    bool must_leave;                /* being destroyed: suspend is not to return */
    struct gri_fiber fiber;         /* for the sanitizers */
};

/*
 * Creates a coroutine that will run main(argument), on a stack of `stack_size_bytes` (0: the default), which includes
 * guard page and the coroutine's own data. Nothing runs yet. Errors: as gri_stack_take; *out is then NULL.
 */
GR_MUST_USE int gri_coroutine_create(struct gri_stack_pool *pool, size_t stack_size_bytes,
                                     void (*main)(void *argument), void *argument,
                                     struct gri_coroutine **out);

/* Runs a coroutine, from outside of it, until it suspends or ends. It must not have ended, nor be running. */
GRI_ALWAYS_INLINE void gri_coroutine_resume(struct gri_coroutine *coroutine)
{
    GRI_ASSERT(coroutine->state <= GRI_COROUTINE_SUSPENDED);
    coroutine->state = GRI_COROUTINE_RUNNING;
    gri_fiber_enter(&coroutine->fiber);
    gri_switch(&coroutine->other);
    gri_fiber_entered(&coroutine->fiber);
    if (__builtin_expect(coroutine->has_canary, 0) && !gri_stack_is_intact(coroutine->stack))
        gri_stack_overflowed(coroutine->pool, coroutine->stack);
}

/* Leaves the calling coroutine to the side that resumed it; for_good: it will not run again. */
GRI_ALWAYS_INLINE void gri_coroutine_leave(struct gri_coroutine *coroutine, bool for_good)
{
    gri_fiber_leave(&coroutine->fiber, for_good);
    gri_switch(&coroutine->other);
    gri_fiber_left(&coroutine->fiber);
}

/* Suspends the coroutine that calls: returns to who resumed it. Returns when it is resumed again. */
GRI_ALWAYS_INLINE void gri_coroutine_suspend(struct gri_coroutine *coroutine)
{
    GRI_ASSERT(coroutine->state == GRI_COROUTINE_RUNNING);
    coroutine->state = GRI_COROUTINE_SUSPENDED;
    gri_coroutine_leave(coroutine, false);
    if (GRI_FIBER_MUST_LEAVE && coroutine->must_leave) gri_coroutine_leave(coroutine, true);
}

/* Whether its function has returned. */
static inline bool gri_coroutine_ended(const struct gri_coroutine *coroutine)
{
    return coroutine->state == GRI_COROUTINE_ENDED;
}

/*
 * Frees a coroutine; NULL is fine. It must not be running. One that never started, or that ended, has nothing
 * left. One that is suspended may be destroyed too: its stack is just dropped, so what its frames own (memory,
 * locks, counts) is not released. Who destroys it has to know that they own nothing.
 */
void gri_coroutine_destroy(struct gri_coroutine *coroutine);

/* What its function was given. Async-signal-safe. */
void *gri_coroutine_argument(const struct gri_coroutine *coroutine);

/* The stack it runs on; its owner is the coroutine. */
const struct gri_stack *gri_coroutine_stack(const struct gri_coroutine *coroutine);

/*
 * The coroutine whose stack overflowed if `address` is where a fault happened, else NULL. Async-signal-safe, on the
 * pool's own thread.
 */
struct gri_coroutine *gri_coroutine_of_overflow(const struct gri_stack_pool *pool, const void *address);

#endif
