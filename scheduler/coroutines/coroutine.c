/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coroutines over stack.h and switch.h. A coroutine's own data lies at the top of its stack, so that one that
 * does little costs two pages.
 */
#include "scheduler/coroutines/coroutine.h"

/* What a coroutine begins with, on its own stack. */
static void start(void *argument)
{
    struct gri_coroutine *coroutine = argument;
    gri_fiber_left(&coroutine->fiber);
    coroutine->main(coroutine->argument);
    coroutine->state = GRI_COROUTINE_ENDED;
    gri_coroutine_leave(coroutine, true);
    __builtin_unreachable();
}

int gri_coroutine_create(struct gri_stack_pool *pool, size_t stack_size_bytes, void (*main)(void *argument),
                         void *argument, struct gri_coroutine **out)
{
    struct gri_stack *stack;
    *out = NULL;
    int err = gri_stack_take(pool, stack_size_bytes, &stack);
    if (err) return err;
    char *high = gri_stack_high(stack);
    size_t own = (sizeof(struct gri_coroutine) + 63) & ~(size_t)63;
    struct gri_coroutine *coroutine = (struct gri_coroutine *)(high - own);
    *coroutine = (struct gri_coroutine){
        .stack = stack,
        .pool = pool,
        .main = main,
        .argument = argument,
        .has_canary = stack->guard == GRI_STACK_GUARD_CANARY,
    };
    gri_fiber_init(&coroutine->fiber, stack->low, (size_t)(high - stack->low));
    coroutine->other = gri_switch_prepare(stack->low, (char *)coroutine, start, coroutine);
    stack->owner = coroutine;
    *out = coroutine;
    return 0;
}

void gri_coroutine_destroy(struct gri_coroutine *coroutine)
{
    if (!coroutine) return;
    GRI_ASSERT(coroutine->state != GRI_COROUTINE_RUNNING);
    if (GRI_FIBER_MUST_LEAVE && coroutine->state == GRI_COROUTINE_SUSPENDED) {
        coroutine->must_leave = true;
        gri_coroutine_resume(coroutine);
    }
    gri_fiber_fini(&coroutine->fiber);
    gri_stack_give(coroutine->pool, coroutine->stack);
}

void *gri_coroutine_argument(const struct gri_coroutine *coroutine)
{
    return coroutine->argument;
}

const struct gri_stack *gri_coroutine_stack(const struct gri_coroutine *coroutine)
{
    return coroutine->stack;
}

struct gri_coroutine *gri_coroutine_of_overflow(const struct gri_stack_pool *pool, const void *address)
{
    const struct gri_stack *stack;
    if (gri_stack_pool_find(pool, address, &stack) != GRI_STACK_PART_GUARD) return NULL;
    return stack->owner;
}
