/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what a program prints before it dies of a fault or of abort, each in a child process. */
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

Test(faults, the_actor_whose_stack_overflows_is_named_on_every_loop)
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

Test(faults, the_root_is_named_too)
{
    child_run(&child, run_deep_root, NULL);
    check_report("root");
}

/* ---- other faults ---- */

static void fault_with(int number)
{
    volatile int zero = 0;
    switch (number) {
    case SIGSEGV:
        *(volatile int *)(intptr_t)(zero + 16) = 1;
        break;
    case SIGABRT:
        abort();
    default:
        raise(number);
    }
}

struct fault {
    int64_t number; /* the signal */
};
GR_MESSAGE(fault, GR_FIELD(fault, number));

static int victim_start(gr_actor *self, int *state, const struct fault *m)
{
    if (m->number != 0) fault_with((int)m->number);
    return 0;
}

static void victim_fault(gr_actor *self, int *state, const struct fault *m)
{
    fault_with((int)m->number);
}

GR_ACTOR(victim, int, fault, victim_start, GR_ON(fault, victim_fault));

static int number_of_fault, loop_of_fault;

static int sends_fault(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, victim, (.loop = loop_of_fault), .number = 0);
    CHECK_EQ(gr_send(self, ref, fault, .number = number_of_fault), 0);
    return gr_sleep(self, gr_seconds(60));
}

static int starts_fault(gr_actor *self, void *argument)
{
    (void)!gr_spawn(self, victim, .number = number_of_fault).slot;
    return gr_sleep(self, gr_seconds(60));
}

static int faults_itself(gr_actor *self, void *argument)
{
    fault_with(number_of_fault);
    return 0;
}

static int job_with_fault(void *argument)
{
    fault_with(number_of_fault);
    return 0;
}

static int faults_in_a_job(gr_actor *self, void *argument)
{
    return gr_await(self, gr_blocking(self, job_with_fault, NULL), GR_FOREVER);
}

static void run_two_loops(void *root)
{
    _exit(gr_run_with((root_function)root, NULL, (.loops = 2)));
}

static void run_two_simulated(void *root)
{
    _exit(gr_run_with((root_function)root, NULL, (.loops = 2, .seed = 5)));
}

static bool is_sanitized(void)
{
    return strstr(child.output, "Sanitizer") != NULL;
}

/* Died of the signal, having said what `first` and `second` begin with. */
static void check_words(int number, const char *first, const char *second)
{
    cr_assert(is_sanitized() || (WIFSIGNALED(child.status) && WTERMSIG(child.status) == number),
              "status %d: %s", child.status, child.output);
    cr_assert(strncmp(child.output, first, strlen(first)) == 0, "%s, not %s", child.output, first);
    const char *end = strchr(child.output, '\n');
    cr_assert_not_null(end);
    cr_assert(strncmp(end + 1, second, strlen(second)) == 0, "%s, not %s", child.output, second);
    if (!is_sanitized()) cr_assert(*second != '\0' || end[1] == '\0', "%s", child.output);
}

static const struct {
    int number;       /* the signal */
    const char *text; /* how the line begins */
} table[] = {{SIGSEGV, "greenroom: SIGSEGV at address 0x10 in actor "},
             {SIGBUS, "greenroom: SIGBUS in actor "},
             {SIGFPE, "greenroom: SIGFPE in actor "},
             {SIGILL, "greenroom: SIGILL in actor "},
             {SIGABRT, "greenroom: SIGABRT in actor "}};
#define TABLE_SIZE (sizeof table / sizeof table[0])

Test(faults, each_signal_is_told_with_the_actor_and_the_message)
{
    char first[128];
    for (size_t i = 0; i < 2 * TABLE_SIZE; i++) {
        number_of_fault = table[i / 2].number;
        loop_of_fault = GR_LOOP((int)(i % 2));
        child_run(&child, i % 3 ? run_two_loops : run_two_simulated, (void *)sends_fault);
        snprintf(first, sizeof first, "%svictim 1:", table[i / 2].text);
        check_words(number_of_fault, first, "greenroom: it was handling the message fault\n");
        snprintf(first, sizeof first, " on loop %d\n", (int)(i % 2));
        cr_assert_not_null(strstr(child.output, first), "%s", child.output);
    }
}

Test(faults, a_start_and_a_coroutine_without_a_message_are_told_as_that)
{
    number_of_fault = SIGABRT;
    child_run(&child, run_two_loops, (void *)starts_fault);
    check_words(SIGABRT, "greenroom: SIGABRT in actor victim 1:",
                "greenroom: it was starting with the message fault\n");
    child_run(&child, run_two_loops, (void *)faults_itself);
    check_words(SIGABRT, "greenroom: SIGABRT in actor root 1:0:", "");
}

Test(faults, of_a_thread_without_a_loop_the_name_is_told)
{
    number_of_fault = SIGABRT;
    child_run(&child, run_two_loops, (void *)faults_in_a_job);
    check_words(SIGABRT, "greenroom: SIGABRT on thread gr-block-0\n", "");
}

static int is_sent(gr_actor *self, void *argument)
{
    kill(getpid(), SIGSEGV);
    return gr_sleep(self, gr_seconds(60));
}

Test(faults, signals_that_are_sent_kill_as_ever_without_a_word)
{
    child_run(&child, run_two_loops, (void *)is_sent);
    check_death();
    cr_assert(is_sanitized() || child.length == 0, "%s", child.output);
}

static int ignores(gr_actor *self, void *argument)
{
    raise(SIGFPE);
    return 0;
}

static void run_ignoring(void *argument)
{
    signal(SIGFPE, SIG_IGN);
    run_two_loops((void *)ignores);
}

Test(faults, what_the_program_ignores_it_survives_without_a_word)
{
    child_run(&child, run_ignoring, NULL);
    cr_assert_eq(child.status, 0, "%s", child.output);
    cr_assert_eq(child.length, 0, "%s", child.output);
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

static void run_faults(void *argument)
{
    run_two_loops((void *)faults_itself);
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

Test(faults, a_handler_that_the_program_had_is_called_after_the_report)
{
    child_run(&child, run_with_own_fault, (void *)run_deep);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 70 + SIGSEGV, "status %d",
              child.status);
    cr_assert_not_null(strstr(child.output, "stack of actor deep"), "%s", child.output);
    number_of_fault = SIGSEGV;
    child_run(&child, run_with_own_signal, (void *)run_faults);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 40 + SIGSEGV, "status %d",
              child.status);
    cr_assert_not_null(strstr(child.output, "SIGSEGV at address 0x10 in actor root"), "%s", child.output);
}

static void returns(int number)
{
}

static int lives_by_faults(gr_actor *self, void *argument)
{
    for (int i = 0; i < 5; i++) raise(SIGILL);
    return 0;
}

static void run_returns(void *root)
{
    signal(SIGABRT, returns);
    signal(SIGILL, returns);
    run_two_loops(root);
}

Test(faults, a_handler_that_returns_is_told_once_and_abort_ends_the_process_all_the_same)
{
    child_run(&child, run_returns, (void *)lives_by_faults);
    cr_assert_eq(child.status, 0, "%s", child.output);
    cr_assert_eq(child.writes, 1, "%s", child.output);
    number_of_fault = SIGABRT;
    child_run(&child, run_returns, (void *)faults_itself);
    check_words(SIGABRT, "greenroom: SIGABRT in actor root 1:0:", "");
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

Case(faults, handlers_are_the_programs_again_after_a_run_and_all_the_time_if_it_keeps_its_signals)
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

Case(faults, a_thread_that_has_an_alternate_stack_keeps_it_and_one_that_has_none_is_left_without)
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
