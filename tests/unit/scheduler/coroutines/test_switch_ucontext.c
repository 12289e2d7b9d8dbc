/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the switch by ucontext, which is built everywhere but used only where there is no assembly. The one in
 * assembly is tested by the same cases, and by those of coroutines. */
#include "base/platform.h"
#include "scheduler/coroutines/switch.h"
#include "tests/unit/scheduler/rounding.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

#define STACK_BYTES ((size_t)128 << 10)

typedef void switch_function(void **other);
typedef void *prepare_function(char *low, char *high, void (*entry)(void *argument), void *argument);

/* One of the two, with what it needs. */
struct subject {
    switch_function *change;   /* the switch */
    prepare_function *prepare; /* makes a side */
    void *other;               /* the side that does not run */
    char *stack;               /* of the second side */
    int steps[16];             /* noted by both sides */
    int step_count;            /* of these */
};

static void note(struct subject *s, int step)
{
    s->steps[s->step_count++] = step;
}

static bool all_round(unsigned direction)
{
    bool all = true;
    for (int unit = 0; unit < ROUNDING_UNITS; unit++) all &= rounding_get(unit) == direction;
    return all;
}

static void second_side(void *argument)
{
    struct subject *s = argument;
    char *here = __builtin_frame_address(0);
    note(s, here > s->stack && here < s->stack + STACK_BYTES ? 2 : -1);
    for (int unit = 0; unit < ROUNDING_UNITS; unit++) rounding_set(unit, 2);
    s->change(&s->other);
    note(s, all_round(2) ? 4 : -1);
    for (;;) s->change(&s->other);
}

static void run(switch_function *change, prepare_function *prepare)
{
    struct subject s = {.change = change, .prepare = prepare, .stack = aligned_alloc(4096, STACK_BYTES)};
    cr_assert_not_null(s.stack);
    s.other = prepare(s.stack, s.stack + STACK_BYTES, second_side, &s);
    note(&s, 1);
    change(&s.other);
    note(&s, all_round(0) ? 3 : -1);
    change(&s.other);
    note(&s, all_round(0) ? 5 : -1);
    for (int i = 0; i < 1000; i++) change(&s.other);
    cr_assert_eq(s.step_count, 5);
    for (int i = 0; i < 5; i++) cr_assert_eq(s.steps[i], i + 1, "step %d is %d", i + 1, s.steps[i]);
    free(s.stack);
}

Test(switch_ucontext, goes_there_and_back_and_keeps_the_modes)
{
    run(gri_switch_ucontext, gri_switch_ucontext_prepare);
}

#ifndef GRI_SWITCH_UCONTEXT
Test(switch_assembly, goes_there_and_back_and_keeps_the_modes)
{
    run(gri_switch_assembly, gri_switch_assembly_prepare);
}
#endif
