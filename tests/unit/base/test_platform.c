/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of threads, locks, futexes and pages. The program is linked so that pthread_create can be made to fail. */
#define _GNU_SOURCE /* pthread_getname_np */
#include "base/clock.h"
#include "base/error.h"
#include "base/platform.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define MILLISECOND 1000000

static bool refuse_threads; /* pthread_create fails while set */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                          void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                          void *argument)
{
    return refuse_threads ? EAGAIN : __real_pthread_create(thread, attributes, main, argument);
}

static void *give_back(void *argument)
{
    return argument;
}

Test(platform, a_thread_gets_its_argument_and_join_its_result)
{
    gri_thread thread;
    int argument;
    cr_assert_eq(gri_thread_create(&thread, give_back, &argument, "test"), 0);
    cr_assert_eq(gri_thread_join(thread), &argument);
}

Test(platform, a_thread_that_can_not_be_made_is_an_error_with_a_text_and_signals_stay)
{
    gri_thread thread;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    refuse_threads = true;
    cr_assert_eq(gri_thread_create(&thread, give_back, NULL, "test"), GR_ESYS);
    refuse_threads = false;
    cr_assert(strstr(gri_thread_error(), "pthread_create: "), "%s", gri_thread_error());
    cr_assert(strstr(gri_thread_error(), strerror(EAGAIN)), "%s", gri_thread_error());
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < SIGRTMIN; signal++)
        cr_assert_eq(sigismember(&before, signal), sigismember(&after, signal), "signal %d", signal);
}

static void *read_mask(void *set)
{
    pthread_sigmask(SIG_SETMASK, NULL, set);
    return NULL;
}

Test(platform, a_thread_blocks_every_signal_but_those_of_faults)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    gri_thread thread;
    sigset_t set, own;
    cr_assert_eq(gri_thread_create(&thread, read_mask, &set, "test"), 0);
    gri_thread_join(thread);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) cr_assert_not(sigismember(&set, faults[i]));
    static const int others[] = {SIGINT,  SIGTERM, SIGHUP,  SIGCHLD, SIGPIPE,
                                 SIGALRM, SIGUSR1, SIGQUIT, SIGPROF};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) cr_assert(sigismember(&set, others[i]));
    cr_assert(sigismember(&set, SIGRTMIN));
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    cr_assert_not(sigismember(&own, SIGUSR1), "the creator's mask was not restored");
}

static gri_atomic_u32 named; /* 1 when the thread may look at its name */

static void *read_name(void *name)
{
    while (gri_load(&named, GRI_ACQUIRE) == 0) gri_futex_wait(&named, 0, GR_FOREVER);
    pthread_getname_np(pthread_self(), name, 16);
    return NULL;
}

Test(platform, a_thread_has_its_name_cut_to_15_bytes)
{
    gri_thread thread;
    char name[16];
    cr_assert_eq(gri_thread_create(&thread, read_name, name, "greenroom blocking pool"), 0);
    gri_store(&named, 1, GRI_RELEASE);
    gri_futex_wake(&named, 1);
    gri_thread_join(thread);
    cr_assert_str_eq(name, "greenroom block");
}

static gri_mutex mutex;
static gri_cond cond;
static long guarded; /* by the mutex */

static void *count_up(void *argument)
{
    for (int i = 0; i < 50000; i++) {
        gri_mutex_lock(&mutex);
        guarded++;
        gri_mutex_unlock(&mutex);
    }
    return NULL;
}

Test(platform, a_mutex_keeps_two_threads_apart)
{
    gri_thread threads[2];
    gri_mutex_init(&mutex);
    for (int i = 0; i < 2; i++) cr_assert_eq(gri_thread_create(&threads[i], count_up, NULL, "test"), 0);
    for (int i = 0; i < 2; i++) gri_thread_join(threads[i]);
    cr_assert_eq(guarded, 100000);
    gri_mutex_fini(&mutex);
}

/* Waits until `guarded` is not 0, takes one off it and returns how the last wait ended. */
static void *wait_for_turn(void *deadline)
{
    intptr_t result = GR_OK;
    gri_mutex_lock(&mutex);
    while (guarded == 0 && result == GR_OK) {
        if (deadline)
            result = gri_cond_wait_until(&cond, &mutex, *(gr_time *)deadline);
        else
            gri_cond_wait(&cond, &mutex);
    }
    if (guarded) guarded--;
    gri_mutex_unlock(&mutex);
    return (void *)result;
}

static void give_turns(int turns, void (*wake)(gri_cond *))
{
    gri_mutex_lock(&mutex);
    guarded += turns;
    wake(&cond);
    gri_mutex_unlock(&mutex);
}

Test(platform, a_signal_and_a_broadcast_wake_those_who_wait)
{
    gr_time forever = GR_FOREVER, later = gri_clock_now(gri_clock_monotonic()) + 60000 * (gr_time)MILLISECOND;
    gr_time *deadlines[] = {NULL, &forever, &later};
    gri_mutex_init(&mutex);
    gri_cond_init(&cond);
    for (int i = 0; i < 3; i++) {
        gri_thread threads[2];
        for (int j = 0; j < 2; j++)
            cr_assert_eq(gri_thread_create(&threads[j], wait_for_turn, deadlines[i], "test"), 0);
        give_turns(1, gri_cond_signal);
        give_turns(1, gri_cond_broadcast);
        for (int j = 0; j < 2; j++) cr_assert_eq((intptr_t)gri_thread_join(threads[j]), GR_OK);
        cr_assert_eq(guarded, 0);
    }
    gri_cond_fini(&cond);
    gri_mutex_fini(&mutex);
}

Test(platform, a_wait_with_a_deadline_ends_then_and_not_before)
{
    gri_mutex_init(&mutex);
    gri_cond_init(&cond);
    gr_time deadline = gri_clock_now(gri_clock_monotonic()) + 20 * MILLISECOND;
    cr_assert_eq((intptr_t)wait_for_turn(&deadline), GR_ETIMEOUT);
    cr_assert_geq(gri_clock_now(gri_clock_monotonic()), deadline);
    gr_time past = 1, negative = -5;
    cr_assert_eq((intptr_t)wait_for_turn(&past), GR_ETIMEOUT);
    cr_assert_eq((intptr_t)wait_for_turn(&negative), GR_ETIMEOUT);
    gri_cond_fini(&cond);
    gri_mutex_fini(&mutex);
}

Test(platform, a_futex_with_another_value_does_not_wait)
{
    gri_atomic_u32 word = {5};
    cr_assert_eq(gri_futex_wait(&word, 4, GR_FOREVER), 0);
}

Test(platform, a_futex_wait_ends_with_its_timeout_and_not_before)
{
    gri_atomic_u32 word = {5};
    gr_time start = gri_clock_now(gri_clock_monotonic());
    cr_assert_eq(gri_futex_wait(&word, 5, 20 * MILLISECOND), GR_ETIMEOUT);
    cr_assert_geq(gri_clock_now(gri_clock_monotonic()), start + 20 * MILLISECOND);
    cr_assert_eq(gri_futex_wait(&word, 5, 0), GR_ETIMEOUT);
    cr_assert_eq(gri_futex_wait(&word, 5, -1), GR_ETIMEOUT);
}

Test(platform, a_futex_wait_keeps_errno)
{
    gri_atomic_u32 word = {5};
    errno = EXDEV;
    cr_assert_eq(gri_futex_wait(&word, 4, GR_FOREVER), 0);
    cr_assert_eq(errno, EXDEV);
}

static gri_atomic_u32 ball; /* whose turn it is: 0 or 1 */

static void play(uint32_t side)
{
    for (int i = 0; i < 2000; i++) {
        while (gri_load(&ball, GRI_ACQUIRE) != side) gri_futex_wait(&ball, 1 - side, GR_FOREVER);
        gri_store(&ball, 1 - side, GRI_RELEASE);
        gri_futex_wake(&ball, 1);
    }
}

static void *play_second(void *argument)
{
    play(1);
    return NULL;
}

Test(platform, two_threads_wake_each_other_by_a_futex, .timeout = 60)
{
    gri_thread thread;
    cr_assert_eq(gri_thread_create(&thread, play_second, NULL, "test"), 0);
    play(0);
    gri_thread_join(thread);
}

static void ignore(int signal)
{
}

Test(platform, a_signal_ends_a_futex_wait_without_error, .timeout = 60)
{
    gri_atomic_u32 word = {5};
    struct sigaction action = {.sa_handler = ignore}; /* without SA_RESTART */
    struct itimerval often = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL); /* again and again, as the first may come before the wait */
    int result = gri_futex_wait(&word, 5, GR_FOREVER);
    setitimer(ITIMER_REAL, &off, NULL);
    cr_assert_eq(result, 0);
}

Test(platform, waking_nobody_is_fine)
{
    gri_atomic_u32 word = {0};
    gri_futex_wake(&word, 1);
    gri_futex_wake(&word, INT32_MAX);
}

Test(platform, a_page_is_a_power_of_two_and_the_systems)
{
    size_t size = gri_page_size();
    cr_assert_geq(size, 4096);
    cr_assert_eq(size & (size - 1), 0);
    cr_assert_eq((long)size, sysconf(_SC_PAGE_SIZE));
}
