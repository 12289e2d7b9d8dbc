/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what a program prints before it dies of a coroutine's stack overflow, each in a child process. */
#include "runtime/runtime.h"
#include "tests/support/world/case.h"
#include "tests/unit/base/child.h"

static struct child child;

/* Uses the stack up. */
__attribute__((noinline)) static int recurse(volatile int *depth)
{
    volatile char frame[200];
    frame[0] = (char)++*depth;
    if (*depth > 10000000) return 0;
    return recurse(depth) + frame[0];
}

static int deep_main(gr_actor *self, const struct gr_nothing *m)
{
    volatile int depth = 0;
    return recurse(&depth);
}

GR_COROUTINE(deep, gr_nothing, deep_main);

/* Spawns it where the argument says, and waits for its end, which never comes. */
static int spawns_deep(gr_actor *self, void *argument)
{
    int loop = (int)(intptr_t)argument;
    gr_ref ref = gr_spawn_with(self, deep, (.loop = loop, .stack_size = 32 << 10));
    return wait_down(self, ref);
}

static void run_deep(void *loop)
{
    _exit(gr_run_with(spawns_deep, loop, (.loops = 2)));
}

static void run_deep_simulated(void *loop)
{
    _exit(gr_run_with(spawns_deep, loop, (.loops = 2, .seed = 4)));
}

/* Died of the fault, or of a sanitizer's report of it. */
static void check_death(void)
{
    bool sanitized = strstr(child.output, "Sanitizer") != NULL;
    cr_assert(sanitized || (WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGSEGV), "status %d: %s",
              child.status, child.output);
    if (!sanitized) cr_assert_leq(child.writes, 1, "%s", child.output);
}

static void check_report(const char *name)
{
    char begin[64];
    check_death();
    snprintf(begin, sizeof begin, "greenroom: the stack of actor %s ", name);
    cr_assert(strncmp(child.output, begin, strlen(begin)) == 0, "%s", child.output);
    unsigned seat, slot;
    unsigned long long generation, bytes;
    int fields = sscanf(child.output + strlen(begin), "%u:%u:%llu overflowed its %llu bytes", &seat, &slot,
                        &generation, &bytes);
    cr_assert_eq(fields, 4, "%s", child.output);
    cr_assert(seat == 1 && generation != 0 && bytes > (16 << 10) && bytes <= (32 << 10), "%s", child.output);
    cr_assert(strstr(child.output, ".stack_size") != NULL && strstr(child.output, "GR_STACK_SIZE") != NULL);
}

Test(overflow, the_actor_whose_stack_overflows_is_named_on_every_loop)
{
    for (int loop = 1; loop <= 2; loop++) {
        child_run(&child, run_deep, (void *)(intptr_t)loop);
        check_report("deep");
        child_run(&child, run_deep_simulated, (void *)(intptr_t)loop);
        check_report("deep");
    }
}

static int deep_root(gr_actor *self, void *argument)
{
    return deep_main(self, NULL);
}

static void run_deep_root(void *argument)
{
    _exit(gr_run_with(deep_root, NULL, (.loops = 1, .stack_size = 32 << 10)));
}

Test(overflow, the_root_is_named_too)
{
    child_run(&child, run_deep_root, NULL);
    check_report("root");
}

static int faults(gr_actor *self, void *argument)
{
    int *volatile nowhere = NULL;
    *(volatile int *)nowhere = 1;
    return 0;
}

static void run_faults(void *argument)
{
    _exit(gr_run_with(faults, NULL, (.loops = 1)));
}

static int is_sent(gr_actor *self, void *argument)
{
    kill(getpid(), SIGSEGV);
    return gr_sleep(self, gr_seconds(60));
}

static void run_is_sent(void *argument)
{
    _exit(gr_run_with(is_sent, NULL, (.loops = 1)));
}

Test(overflow, other_faults_and_signals_that_are_sent_kill_as_ever_without_a_word_of_a_stack)
{
    child_run(&child, run_faults, NULL);
    check_death();
    cr_assert_null(strstr(child.output, "stack of actor"), "%s", child.output);
    child_run(&child, run_is_sent, NULL);
    check_death();
    cr_assert_null(strstr(child.output, "stack of actor"), "%s", child.output);
}

/* ---- what the program had before ---- */

static void own_fault(int number, siginfo_t *info, void *context)
{
    _exit(info->si_addr != NULL && context != NULL ? 70 + number : 99);
}

static void own_signal(int number)
{
    _exit(40 + number);
}

static void run_with_own_fault(void *run)
{
    struct sigaction action = {.sa_sigaction = own_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    ((void (*)(void *))run)((void *)(intptr_t)2);
}

static void run_with_own_signal(void *run)
{
    struct sigaction action = {.sa_handler = own_signal};
    sigaction(SIGSEGV, &action, NULL);
    ((void (*)(void *))run)((void *)(intptr_t)2);
}

Test(overflow, a_handler_that_the_program_had_is_called_after_the_report)
{
    child_run(&child, run_with_own_fault, (void *)run_deep);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 70 + SIGSEGV, "status %d",
              child.status);
    cr_assert_not_null(strstr(child.output, "stack of actor deep"), "%s", child.output);
    child_run(&child, run_with_own_signal, (void *)run_faults);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 40 + SIGSEGV, "status %d",
              child.status);
    cr_assert_str_eq(child.output, "");
}

static void check_handlers(bool ours)
{
    struct sigaction segv, bus;
    sigaction(SIGSEGV, NULL, &segv);
    sigaction(SIGBUS, NULL, &bus);
    CHECK_EQ(segv.sa_sigaction == own_fault, !ours);
    CHECK_EQ(bus.sa_sigaction == own_fault, !ours);
}

static int sees_ours(gr_actor *self, void *argument)
{
    check_handlers(true);
    /* One more program at the same time takes nothing away. */
    if (argument != NULL) CHECK_EQ(gr_run_with(sees_ours, NULL, (.loops = 1)), 0);
    check_handlers(true);
    return 0;
}

static int sees_own(gr_actor *self, void *argument)
{
    check_handlers(false);
    return 0;
}

Case(overflow, handlers_are_the_programs_again_after_a_run_and_all_the_time_if_it_keeps_its_signals)
{
    struct sigaction own = {.sa_sigaction = own_fault, .sa_flags = SA_SIGINFO}, segv, bus;
    sigaction(SIGSEGV, &own, &segv);
    sigaction(SIGBUS, &own, &bus);
    CHECK_EQ(gr_run_with(sees_ours, &own, (.loops = 1)), 0);
    check_handlers(false);
    CHECK_EQ(gr_run_with(sees_own, NULL, (.loops = 1, .keep_signals = true)), 0);
    check_handlers(false);
    sigaction(SIGSEGV, &segv, NULL);
    sigaction(SIGBUS, &bus, NULL);
}

static int has_alternate(gr_actor *self, void *argument)
{
    stack_t *seen = argument;
    CHECK_EQ(sigaltstack(NULL, seen), 0);
    return 0;
}

Case(overflow, a_thread_that_has_an_alternate_stack_keeps_it_and_one_that_has_none_is_left_without)
{
    static char bytes[64 << 10];
    stack_t own = {.ss_sp = bytes, .ss_size = sizeof bytes}, none = {.ss_flags = SS_DISABLE}, seen, before;
    CHECK_EQ(sigaltstack(&own, &before), 0);
    CHECK_EQ(gr_run_with(has_alternate, &seen, (.loops = 1)), 0);
    CHECK(seen.ss_sp == bytes);
    CHECK_EQ(sigaltstack(&none, NULL), 0);
    CHECK_EQ(gr_run_with(has_alternate, &seen, (.loops = 1)), 0);
    CHECK(!(seen.ss_flags & SS_DISABLE) && seen.ss_size >= (32 << 10));
    CHECK_EQ(sigaltstack(NULL, &seen), 0);
    CHECK(seen.ss_flags & SS_DISABLE);
    CHECK_EQ(sigaltstack(&before, NULL), 0);
}
