/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the report of a stack overflow, as a broken canary makes it; that of a fault is in runtime/. */
#include "actors/actor.h"
#include "runtime/runtime.h"
#include "tests/support/world/case.h"
#include "tests/unit/base/child.h"

#include <signal.h>

/* Goes to its stack's very end, as a function does that overflows it by one line, and waits. */
static int spoils_main(gr_actor *self, const struct gr_nothing *m)
{
    const struct gri_stack *stack = gri_coroutine_stack(self->extra->coroutine);
    *(volatile char *)stack->low = 1;
    return gr_sleep(self, 1);
}

GR_COROUTINE(spoils, gr_nothing, spoils_main);
GR_COROUTINE(with_a_name_of_more_than_sixty_four_bytes_of_which_the_last_are_not_shown, gr_nothing,
             spoils_main);

/* Runs it on a system whose stacks have no guard pages. */
static void run_without_guards(void *behaviour)
{
    gr_system *system;
    if (gr_system_create(&system, .loops = 1) != 0) _exit(98);
    struct gri_stack_pool *stacks = &gri_runtime_of(system)->system.loops[0]->stacks;
    stacks->guard = stacks->working = GRI_STACK_GUARD_CANARY;
    struct gr_spawn_options options = {.size = sizeof options};
    gr_ref ref = gri_system_spawn(system, behaviour, &options, &(struct gr_nothing){0});
    if (gr_ref_is_null(ref) || gr_system_run(system) != 0) _exit(97);
}

static struct child child;

static void check_report(const struct gr_behaviour *behaviour, const char *name)
{
    child_run(&child, run_without_guards, (void *)behaviour);
    cr_assert(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGABRT, "status %d: %s", child.status,
              child.output);
    char begin[128];
    snprintf(begin, sizeof begin, "greenroom: the stack of actor %s 1:", name);
    cr_assert(strncmp(child.output, begin, strlen(begin)) == 0, "%s", child.output);
    cr_assert_not_null(strstr(child.output, " overflowed its 65536 bytes: raise .stack_size"), "%s",
                       child.output);
    cr_assert_eq(child.output[child.length - 1], '\n');
    if (strstr(child.output, "Sanitizer") == NULL) cr_assert_eq(child.writes, 1, "%s", child.output);
}

Test(overflow, without_guard_pages_the_next_switch_names_the_actor_in_one_line)
{
    check_report(spoils_gr_behaviour(), "spoils");
}

Test(overflow, a_long_name_is_cut_and_leaves_room_for_the_advice)
{
    check_report(with_a_name_of_more_than_sixty_four_bytes_of_which_the_last_are_not_shown_gr_behaviour(),
                 "with_a_name_of_more_than_sixty_four_bytes_of_which_the_last_are_");
}
