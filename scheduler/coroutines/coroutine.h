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

#include "scheduler/coroutines/stack.h"

struct gri_coroutine;

/*
 * Creates a coroutine that will run main(argument), on a stack of `stack_size_bytes` (0: the default), which includes
 * guard page and the coroutine's own data. Nothing runs yet. Errors: as gri_stack_take; *out is then NULL.
 */
GR_MUST_USE int gri_coroutine_create(struct gri_stack_pool *pool, size_t stack_size_bytes,
                                     void (*main)(void *argument), void *argument,
                                     struct gri_coroutine **out);

/* Runs a coroutine, from outside of it, until it suspends or ends. It must not have ended, nor be running. */
void gri_coroutine_resume(struct gri_coroutine *coroutine);

/* Suspends the coroutine that calls: returns to who resumed it. Returns when it is resumed again. */
void gri_coroutine_suspend(struct gri_coroutine *coroutine);

/* Whether its function has returned. */
bool gri_coroutine_ended(const struct gri_coroutine *coroutine);

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
