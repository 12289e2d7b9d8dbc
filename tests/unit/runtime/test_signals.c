/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of signals: who is told, what is put back, and what the program keeps. Exit codes are in test_run.c. */
#include "runtime/runtime.h"
#include "tests/support/world/case.h"
#include "tests/unit/base/child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static void own_handler(int number)
{
}

static void install_own(void)
{
    struct sigaction own = {.sa_handler = own_handler, .sa_flags = SA_NODEFER};
    sigemptyset(&own.sa_mask);
    sigaddset(&own.sa_mask, SIGUSR2);
    CHECK_EQ(sigaction(SIGINT, &own, NULL), 0);
    CHECK_EQ(sigaction(SIGTERM, &own, NULL), 0);
    CHECK_EQ(sigaction(SIGPIPE, &own, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR1, &own, NULL), 0);
}

/* Whether a signal has the handler that install_own gave it, with all that belongs to it. */
static bool is_own(int number)
{
    struct sigaction now;
    CHECK_EQ(sigaction(number, NULL, &now), 0);
    return now.sa_handler == own_handler && (now.sa_flags & SA_NODEFER) &&
           sigismember(&now.sa_mask, SIGUSR2) == 1;
}

static int sees_others(gr_actor *self, void *argument)
{
    CHECK(!is_own(SIGINT) && !is_own(SIGTERM) && !is_own(SIGPIPE) && !is_own(SIGUSR1));
    return 0;
}

static int sees_own(gr_actor *self, void *argument)
{
    CHECK(is_own(SIGINT) && is_own(SIGTERM) && is_own(SIGPIPE) && is_own(SIGUSR1));
    CHECK_EQ(raise(SIGINT), 0);
    CHECK_EQ(gr_sleep(self, 0), 0); /* it is no stop */
    return 0;
}

Case(signals, what_was_there_before_a_run_is_there_again_after_it)
{
    install_own();
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_run_with(sees_others, NULL, (.loops = 1 + i % 2)), 0);
        CHECK(is_own(SIGINT) && is_own(SIGTERM) && is_own(SIGPIPE) && is_own(SIGUSR1));
    }
}

Case(signals, with_keep_signals_the_programs_own_handlers_stay)
{
    install_own();
    CHECK_EQ(gr_run_with(sees_own, NULL, (.loops = 2, .keep_signals = true)), 0);
    CHECK(is_own(SIGINT) && is_own(SIGTERM) && is_own(SIGPIPE) && is_own(SIGUSR1));
}

static int gets(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    CHECK_EQ(raise(*(int *)argument), 0);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    return 0;
}

Case(signals, g16_a_process_that_was_stopped_by_a_signal_can_run_again)
{
    install_own();
    for (int i = 0; i < 6; i++) {
        int number = i % 2 ? SIGINT : SIGTERM;
        CHECK_EQ(gr_run_with(gets, &number, (.loops = 1 + i % 3)), 128 + number);
        CHECK(is_own(SIGINT) && is_own(SIGTERM) && is_own(SIGPIPE) && is_own(SIGUSR1));
        CHECK_EQ(gr_run_with(sees_others, NULL, (.loops = 1)), 0); /* the signal is not remembered */
    }
}

static int send_term(void *argument)
{
    return kill(getpid(), SIGTERM);
}

/* Every loop sleeps when the signal comes: it is sent by a thread of the pool, which takes no signals itself. */
static int is_idle(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_future *future = gr_blocking(self, send_term, NULL);
    CHECK(future != NULL);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    return 0;
}

Case(signals, g16_a_signal_wakes_a_program_that_sleeps)
{
    for (int i = 0; i < 20; i++) CHECK_EQ(gr_run_with(is_idle, NULL, (.loops = 1 + i % 3)), 128 + SIGTERM);
}

static int ended_count(gr_actor *self, void *argument)
{
    int number = SIGINT;
    for (int i = 0; i < 4; i++)
        CHECK(!gr_ref_is_null(gr_spawn_with(self, listener, (.loop = GR_SPREAD, .holds_exit = true))));
    return gets(self, &number);
}

Case(signals, g16_a_signal_also_ends_those_who_hold_the_exit)
{
    CHECK_EQ(gr_run_with(ended_count, NULL, (.loops = 2)), 128 + SIGINT);
    for (uint64_t seed = 1; seed <= 5; seed++)
        CHECK_EQ(gr_run_with(ended_count, NULL, (.loops = 2, .seed = seed)), 128 + SIGINT);
}

/* ---- several at a time ---- */

static gri_atomic_u32 running; /* how many have begun */

/* Waits for so many, holding up its loop. */
static void wait_for_running(uint32_t count)
{
    gri_fetch_add(&running, 1, GRI_RELAXED);
    gri_futex_wake(&running, INT32_MAX);
    for (uint32_t seen; (seen = gri_load(&running, GRI_RELAXED)) < count;)
        gri_futex_wait(&running, seen, GR_FOREVER);
}

/* Is there when the other has begun, and again when that has ended. */
static int outlives(gr_actor *self, void *argument)
{
    wait_for_running(2);
    wait_for_running(4);
    return sees_others(self, argument);
}

static int begins(gr_actor *self, void *argument)
{
    wait_for_running(2);
    return sees_others(self, argument);
}

static void *runs_longer(void *argument)
{
    CHECK_EQ(gr_run_with(outlives, NULL, (.loops = 1)), 0);
    return NULL;
}

Case(signals, of_two_runs_at_once_the_last_that_ends_puts_back_what_was_there_before_both)
{
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        install_own();
        gri_store(&running, 0, GRI_RELAXED);
        CHECK_EQ(pthread_create(&thread, NULL, runs_longer, NULL), 0);
        CHECK_EQ(gr_run_with(begins, NULL, (.loops = 1)), 0);
        wait_for_running(4);
        pthread_join(thread, NULL);
        CHECK(is_own(SIGINT) && is_own(SIGTERM) && is_own(SIGPIPE) && is_own(SIGUSR1));
    }
}

static int is_stopped(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    wait_for_running(3);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    return 0;
}

static void *runs_until_stopped(void *argument)
{
    CHECK_EQ(gr_run_with(is_stopped, NULL, (.loops = 1)), 128 + SIGINT);
    return NULL;
}

Case(signals, g16_a_signal_stops_all_that_run)
{
    for (int i = 0; i < 10; i++) {
        pthread_t threads[2];
        install_own();
        gri_store(&running, 0, GRI_RELAXED);
        for (int k = 0; k < 2; k++) CHECK_EQ(pthread_create(&threads[k], NULL, runs_until_stopped, NULL), 0);
        wait_for_running(3);
        CHECK_EQ(kill(getpid(), SIGINT), 0);
        for (int k = 0; k < 2; k++) pthread_join(threads[k], NULL);
        CHECK(is_own(SIGINT) && is_own(SIGTERM) && is_own(SIGPIPE) && is_own(SIGUSR1));
    }
}

static int is_begun_while_another_stops(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    CHECK_EQ(raise(SIGTERM), 0);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    if (argument != NULL)
        CHECK_EQ(gr_run_with(is_begun_while_another_stops, NULL, (.loops = 1)), 128 + SIGTERM);
    return 0;
}

Case(signals, g16_one_that_begins_while_another_stops_is_stopped_by_the_same_signal)
{
    int any;
    install_own();
    CHECK_EQ(gr_run_with(is_begun_while_another_stops, &any, (.loops = 1)), 128 + SIGTERM);
    CHECK(is_own(SIGINT) && is_own(SIGTERM) && is_own(SIGPIPE) && is_own(SIGUSR1));
}

/* ---- the second one ---- */

static int stays(gr_actor *self, void *argument)
{
    int number = *(int *)argument;
    CHECK_EQ(gets(self, argument), 0);
    raise(number);
    fprintf(stderr, "still there\n");
    return 0;
}

static void run_stays(void *number)
{
    _exit(gr_run_with(stays, number, (.loops = 2)));
}

Case(signals, the_same_signal_once_more_ends_the_process)
{
    for (int i = 0; i < 2; i++) {
        struct child child;
        int number = i ? SIGINT : SIGTERM;
        child_run(&child, run_stays, &number);
        CHECK(WIFSIGNALED(child.status) && WTERMSIG(child.status) == number);
        CHECK_TEXT(child.output, "");
    }
}

static int both(gr_actor *self, void *argument)
{
    int number = SIGINT;
    CHECK_EQ(gets(self, &number), 0);
    CHECK_EQ(raise(SIGTERM), 0);
    return 0;
}

Case(signals, the_other_signal_during_a_stop_changes_only_the_code)
{
    CHECK_EQ(gr_run_with(both, NULL, (.loops = 1)), 128 + SIGTERM);
}

static int writes_to_nobody(gr_actor *self, void *argument)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    close(ends[0]);
    CHECK_EQ(write(ends[1], "x", 1), -1);
    CHECK_EQ(errno, EPIPE);
    close(ends[1]);
    return 0;
}

Case(signals, writing_to_a_pipe_that_nobody_reads_is_an_error_and_kills_nobody)
{
    signal(SIGPIPE, SIG_DFL);
    CHECK_EQ(gr_run_with(writes_to_nobody, NULL, (.loops = 2)), 0);
}

/* ---- SIGUSR1 ---- */

static int lines[2]; /* stderr */

/* Reads the next line of stderr into `text`, however long it takes. */
static int read_line(void *text)
{
    char *at = text;
    while (at < (char *)text + 255 && read(lines[0], at, 1) == 1 && *at != '\n') at++;
    *at = '\0';
    return 0;
}

static int is_printed(gr_actor *self, void *argument)
{
    static char text[256];
    CHECK(!gr_ref_is_null(gr_spawn(self, listener)));
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(raise(SIGUSR1), 0);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        do {
            gr_future *read = gr_blocking(self, read_line, text);
            CHECK_EQ(gr_await(self, read, GR_FOREVER), 0);
            gr_future_release(read);
            if (strstr(text, "greenroom: ") == text) note("%s;", text);
        } while (strstr(text, "spawned 2") != text);
    }
    return 0;
}

Case(signals, usr1_prints_the_actors_to_stderr_and_everything_goes_on)
{
    int saved = dup(STDERR_FILENO);
    CHECK_EQ(pipe(lines), 0);
    CHECK_EQ(dup2(lines[1], STDERR_FILENO), STDERR_FILENO);
    int codes[3];
    for (int i = 0; i < 3; i++)
        codes[i] = gr_run_with(is_printed, NULL, (.loops = 1 + i % 2, .seed = i == 2 ? 7 : 0));
    dup2(saved, STDERR_FILENO);
    close(saved);
    for (int i = 0; i < 3; i++) CHECK_EQ(codes[i], 0);
    CHECK_TEXT(notes(), "greenroom: 2 actors on 1 loop; greenroom: 2 actors on 1 loop; "
                        "greenroom: 2 actors on 2 loops; greenroom: 2 actors on 2 loops; "
                        "greenroom: 2 actors on 1 loop; greenroom: 2 actors on 1 loop;");
}

static int holds_up_its_loop(gr_actor *self, void *argument)
{
    static char text[256];
    CHECK_EQ(raise(SIGUSR1), 0);
    do read_line(text);
    while (strstr(text, "loop 0: ") != text);
    CHECK(strstr(text, "does not answer: actor root ") != NULL);
    return 0;
}

Case(signals, usr1_prints_though_the_first_loop_is_held_up)
{
    int saved = dup(STDERR_FILENO);
    CHECK_EQ(pipe(lines), 0);
    CHECK_EQ(dup2(lines[1], STDERR_FILENO), STDERR_FILENO);
    int code = gr_run_with(holds_up_its_loop, NULL, (.loops = 2, .hog_after = gr_seconds(3600)));
    dup2(saved, STDERR_FILENO);
    close(saved);
    CHECK_EQ(code, 0);
}
