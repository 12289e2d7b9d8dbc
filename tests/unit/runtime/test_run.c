/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of gr_run, each in a child process: exit codes, what it prints, who holds the exit, and what is left behind. */
#include "base/atomic.h"
#include "tests/support/world/case.h"
#include "tests/unit/base/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

/* The address sanitizer needs more address space than there is. */
#if !defined __SANITIZE_ADDRESS__ && !defined __clang__
#define RLIMIT_AS_WORKS
#endif

static struct child child;

/* Never returns, and needs no processor for it; signals are handled meanwhile. */
static void hang_for_ever(void)
{
    for (;;) pause();
}

/* Runs a root in a child, which exits with gr_run's code; checks that. */
static void run(root_function root, int code)
{
    child_run(&child, (void (*)(void *))(uintptr_t)root, NULL);
    cr_assert(WIFEXITED(child.status), "status %d: %s", child.status, child.output);
    cr_assert_eq(WEXITSTATUS(child.status), code, "exit code %d: %s", WEXITSTATUS(child.status),
                 child.output);
}

/* Children run these: a program whose root is the function. */
#define PROGRAM(name, options)                                                                               \
    static void name##_program(void *argument)                                                               \
    {                                                                                                        \
        int code = gr_run_with(name, NULL, options);                                                         \
        _exit(failures() ? 99 : code);                                                                       \
    }
#define RUN(name, code) run((root_function)(uintptr_t)(name##_program), code)

static int succeeds(gr_actor *self, void *argument)
{
    return 0;
}
PROGRAM(succeeds, (.loops = 2))

static int fails(gr_actor *self, void *argument)
{
    gr_ref null = {0, 0, 0};
    CHECK_EQ(gr_send(self, null, ping), GR_ESTALE);
    return GR_ELIMIT;
}
PROGRAM(fails, (.loops = 2))

static int fails_with_number(gr_actor *self, void *argument)
{
    return 42;
}
PROGRAM(fails_with_number, (.loops = 1))

Case(run, g16_the_exit_code_is_0_if_the_root_returned_0)
{
    RUN(succeeds, 0);
    CHECK_TEXT(child.output, "");
}

Case(run, g16_the_exit_code_is_1_with_the_error_on_stderr_if_the_root_failed)
{
    RUN(fails, 1);
    CHECK(strstr(child.output, "GR_ELIMIT") != NULL &&
          strstr(child.output, gr_error_text(GR_ELIMIT)) != NULL);
    CHECK(strstr(child.output, "ping") != NULL); /* the last error's text */
    RUN(fails_with_number, 1);
    CHECK(strstr(child.output, "42") != NULL);
}

static int fails_unknown(gr_actor *self, void *argument)
{
    return -4711;
}
PROGRAM(fails_unknown, (.loops = 1))

static int kills_itself(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_kill(self, gr_self(self)), 0);
    return gr_sleep(self, 1);
}
PROGRAM(kills_itself, (.loops = 1))

static int is_deaf(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_kill(self, gr_self(self)), 0);
    while (gr_sleep(self, 1) != 1) {
    }
    return 0;
}
PROGRAM(is_deaf, (.loops = 1))

#ifdef RLIMIT_AS_WORKS
/* Not even its stack fits into the address space. */
static void has_no_stack_program(void *argument)
{
    struct rlimit limit = {256 << 20, 256 << 20};
    setrlimit(RLIMIT_AS, &limit);
    _exit(gr_run_with(succeeds, NULL, (.loops = 1, .stack_size = 1 << 30)));
}
#endif

static void has_no_descriptor_program(void *argument)
{
    struct rlimit limit = {4, 4};
    setrlimit(RLIMIT_NOFILE, &limit);
    _exit(gr_run_with(succeeds, NULL, (.loops = 2)));
}

/* Run in a child with exit code 1, it says why, in a line that begins so and holds the words. */
static void check_line(void (*program)(void *), const char *begin, const char *words)
{
    run((root_function)(uintptr_t)program, 1);
    const char *last = child.output; /* a warning may come before */
    for (const char *at = last; (at = strchr(at, '\n')) != NULL && at[1] != '\0'; at++) last = at + 1;
    CHECK(strncmp(last, begin, strlen(begin)) == 0);
    if (!CHECK(strstr(last, words) != NULL && strchr(last, '\n') != NULL))
        fprintf(stderr, "%s", child.output);
}

Case(run, g16_exit_code_1_always_comes_with_a_line_that_says_why)
{
    check_line(fails_program, "root actor: GR_ELIMIT: ", gr_error_text(GR_ELIMIT));
    check_line(fails_with_number_program, "root actor: ", "reason of its own: 42");
    check_line(fails_unknown_program, "root actor: ", "-4711");
    check_line(kills_itself_program, "root actor: GR_EKILLED: ", "killed");
    check_line(is_deaf_program, "root actor: GR_EKILLED: ", "did not return");
#ifdef RLIMIT_AS_WORKS
    check_line(has_no_stack_program, "root actor: GR_ENOMEM: ", "no memory");
#endif
    check_line(has_no_descriptor_program, "greenroom: GR_ESYS: ", "last error: ");
}

static void bad_variable_program(void *argument)
{
    setenv("GR_LOOPS", "many", 1);
    _exit(gr_run(succeeds, NULL));
}

static void bad_option_program(void *argument)
{
    _exit(gr_run_with(succeeds, NULL, (.loops = 1000)));
}

Case(run, a_bad_option_or_variable_exits_with_2_and_a_sentence)
{
    run((root_function)(uintptr_t)bad_variable_program, GR_EXIT_OPTIONS);
    CHECK(strstr(child.output, "GR_LOOPS=many") != NULL);
    run((root_function)(uintptr_t)bad_option_program, GR_EXIT_OPTIONS);
    CHECK(strstr(child.output, "loops") != NULL && strstr(child.output, "1000") != NULL);
}

/* ---- who holds the exit ---- */

static int holder_main(gr_actor *self, const struct number *m)
{
    int error = gr_sleep(self, m->value);
    if (error == 0) fprintf(stderr, "held\n");
    return error;
}

GR_COROUTINE(holder, number, holder_main);

static int leaves_holders(gr_actor *self, void *argument)
{
    gr_ref holds = gr_spawn_with(self, holder, (.holds_exit = true, .loop = GR_SPREAD),
                                 .value = gr_milliseconds(30));
    gr_ref other = gr_spawn_with(self, holder, (.loop = GR_SPREAD), .value = gr_seconds(1000));
    CHECK(!gr_ref_is_null(holds) && !gr_ref_is_null(other));
    return 0;
}
PROGRAM(leaves_holders, (.loops = 2))

Case(run, g16_gr_run_returns_when_root_and_holders_have_ended_and_stops_the_rest)
{
    RUN(leaves_holders, 0);
    CHECK_TEXT(child.output, "held\n");
}

static int holder_refused(gr_actor *self, void *argument)
{
    /* Neither one that could not be spawned nor one whose start fails holds the exit for ever. */
    CHECK(gr_ref_is_null(gr_spawn_with(self, holder, (.holds_exit = true, .loop = 50), .value = 1)));
    CHECK(!gr_ref_is_null(gr_spawn_with(self, refuser, (.holds_exit = true, .loop = GR_SPREAD), .value = 1)));
    CHECK(!gr_ref_is_null(gr_spawn_with(self, refuser, (.holds_exit = true, .loop = GR_SPREAD), .value = 1)));
    return 0;
}
PROGRAM(holder_refused, (.loops = 2))

Case(run, g16_a_holder_that_does_not_start_does_not_hold)
{
    RUN(holder_refused, 0);
}

/* ---- signals ---- */

static int gets_signal(gr_actor *self, int number)
{
    struct gr_mail mail;
    kill(getpid(), number);
    int error = gr_receive(self, &mail, gr_seconds(60));
    fprintf(stderr, "told %d\n", error);
    return 0;
}

static int gets_int(gr_actor *self, void *argument)
{
    return gets_signal(self, SIGINT);
}
PROGRAM(gets_int, (.loops = 2))

static int gets_term(gr_actor *self, void *argument)
{
    return gets_signal(self, SIGTERM);
}
PROGRAM(gets_term, (.loops = 1))

static int gets_int_simulated(gr_actor *self, void *argument)
{
    return gets_signal(self, SIGINT);
}
PROGRAM(gets_int_simulated, (.loops = 2, .seed = 3))

Case(run, g16_sigint_and_sigterm_stop_in_order_with_128_and_their_number)
{
    RUN(gets_int, 128 + SIGINT);
    CHECK_TEXT(child.output, "told -12\n");
    RUN(gets_term, 128 + SIGTERM);
    CHECK_TEXT(child.output, "told -12\n");
    RUN(gets_int_simulated, 128 + SIGINT);
    CHECK_TEXT(child.output, "told -12\n");
}

static int ignores_stop(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    kill(getpid(), SIGTERM);
    int error;
    do error = gr_receive(self, &mail, GR_FOREVER);
    while (error == 0);
    gr_time begin = gr_now(self);
    gr_future *never = gr_ask(self, gr_spawn(self, holder, .value = gr_seconds(100)), GR_FOREVER, get_sum);
    CHECK(never != NULL || gr_now(self) >= begin);
    gr_promise unset;
    gr_future *other = gr_promise_create(self, number, &unset);
    fprintf(stderr, "await %d\n", gr_await(self, other, GR_FOREVER));
    return 0;
}
PROGRAM(ignores_stop, (.loops = 1, .stop_deadline = 100000000))

Case(run, g16_what_does_not_stop_is_killed_at_half_of_the_deadline)
{
    RUN(ignores_stop, 128 + SIGTERM);
    CHECK_TEXT(child.output, "await -11\n");
}

static int second_signal(gr_actor *self, void *argument)
{
    kill(getpid(), SIGINT);
    for (volatile int i = 0; i < 1000; i = i + 1) {
    }
    kill(getpid(), SIGINT);
    hang_for_ever();
    return 0;
}
PROGRAM(second_signal, (.loops = 1))

Case(run, the_same_signal_twice_ends_the_process_at_once)
{
    child_run(&child, second_signal_program, NULL);
    cr_assert(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGINT, "status %d", child.status);
}

static int writes_to_nobody(gr_actor *self, void *argument)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    close(ends[0]);
    CHECK_EQ(write(ends[1], "x", 1), -1);
    CHECK_EQ(errno, EPIPE);
    return 0;
}
PROGRAM(writes_to_nobody, (.loops = 1))

Case(run, sigpipe_never_kills)
{
    RUN(writes_to_nobody, 0);
}

static int keeps_signals(gr_actor *self, void *argument)
{
    struct sigaction action;
    CHECK_EQ(sigaction(SIGINT, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    CHECK_EQ(sigaction(SIGPIPE, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    return 0;
}
PROGRAM(keeps_signals, (.loops = 1, .keep_signals = true))

Case(run, signals_may_be_left_to_the_program)
{
    RUN(keeps_signals, 0);
}

/* ---- what can't be ended ---- */

static gri_atomic_u32 hangs; /* 1: it has begun to */

static int hangs_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    gri_store(&hangs, 1, GRI_RELAXED);
    hang_for_ever();
    return 0;
}

static void hangs_ping(gr_actor *self, char *state, const struct ping *m)
{
}

GR_ACTOR(hanging, char, gr_nothing, hangs_start, GR_ON(ping, hangs_ping));

static int leaves_hanging(gr_actor *self, void *argument)
{
    CHECK(!gr_ref_is_null(gr_spawn_with(self, hanging, (.loop = GR_LOOP(1)))));
    while (gri_load(&hangs, GRI_RELAXED) == 0) CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    return 0;
}
PROGRAM(leaves_hanging, (.loops = 2, .stop_deadline = 100000000))

Case(run, g16_a_handler_that_does_not_end_is_abandoned_with_a_list)
{
    RUN(leaves_hanging, GR_EXIT_ABANDONED);
    CHECK(strstr(child.output, "hanging") != NULL && strstr(child.output, "loop 1") != NULL);
}

static int work_forever(void *argument)
{
    hang_for_ever();
    return 0;
}

static int leaves_job(gr_actor *self, void *argument)
{
    gr_future *future = gr_blocking(self, work_forever, NULL);
    CHECK(future != NULL);
    CHECK_EQ(gr_await(self, future, gr_milliseconds(20)), GR_ETIMEOUT);
    return 0;
}
PROGRAM(leaves_job, (.loops = 1, .stop_deadline = 100000000))

Case(run, g16_a_blocking_job_that_does_not_end_is_abandoned_with_a_list)
{
    RUN(leaves_job, GR_EXIT_ABANDONED);
    CHECK(strstr(child.output, "blocking job") != NULL);
}

static int hangs_itself(gr_actor *self, void *argument)
{
    kill(getpid(), SIGTERM);
    hang_for_ever();
    return 0;
}
PROGRAM(hangs_itself, (.loops = 1, .stop_deadline = 100000000, .hog_after = 50000000))

Case(run, g16_a_signal_ends_a_program_whose_first_loop_hangs)
{
    RUN(hangs_itself, GR_EXIT_ABANDONED);
    CHECK(strstr(child.output, "root") != NULL);
}

/* ---- a simulated program where nothing can happen any more ---- */

static int waits_for_nothing(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    return 0;
}
PROGRAM(waits_for_nothing, (.seed = 5))

Case(run, a_simulated_program_that_would_hang_is_told_so)
{
    RUN(waits_for_nothing, 0);
    CHECK(strstr(child.output, "nothing can happen any more") != NULL);
}

static int no_memory(gr_actor *self, void *argument)
{
    int spawned = 0;
    while (spawned < 100000000 && !gr_ref_is_null(gr_spawn(self, server, .value = 0))) spawned++;
    CHECK(strstr(gr_last_error(self), gr_error_text(GR_ENOMEM)) != NULL);
    CHECK(spawned > 100);
    return 0;
}
PROGRAM(no_memory, (.loops = 1, .memory_max = 16 << 20, .actors_max = 100000))

Case(run, a_memory_limit_is_an_error_not_an_end)
{
    RUN(no_memory, 0);
}
