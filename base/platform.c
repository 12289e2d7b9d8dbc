/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, locks, futexes, clock and pages on Linux, whatever the processor. Counting processors is in cpu_count.c. */
#define _GNU_SOURCE /* pthread_setname_np */
#include "base/platform.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef __linux__
#error "Greenroom runs on Linux: it needs futexes"
#endif
#include <linux/futex.h>

#define NS_PER_SECOND 1000000000

static struct timespec to_timespec(gr_time ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_SECOND), .tv_nsec = (long)(ns % NS_PER_SECOND)};
}

static gr_time monotonic_now(struct gri_clock *clock)
{
    struct timespec now;
    int err = clock_gettime(CLOCK_MONOTONIC, &now);
    GRI_ASSERT(err == 0);
    return (gr_time)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static struct gri_clock monotonic_clock = {.now = monotonic_now};

struct gri_clock *gri_clock_monotonic(void)
{
    return &monotonic_clock;
}

/* All signals but those by which the processor reports a fault: blocked, they would kill without a crash report. */
static void fill_blocked(sigset_t *set)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(set, faults[i]);
}

int gri_thread_create(gri_thread *thread, void *(*main)(void *), void *argument, const char *name)
{
    char short_name[GRI_THREAD_NAME_SIZE];
    sigset_t blocked, old;
    fill_blocked(&blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, &old); /* the new thread inherits it */
    int err = pthread_create(thread, NULL, main, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (err) {
        gri_thread_error_set("pthread_create: %s", strerror(err));
        return GR_ESYS;
    }
    snprintf(short_name, sizeof short_name, "%s", name);
    pthread_setname_np(*thread, short_name); /* fails if it has ended already, when its name is of no use */
    return GR_OK;
}

void gri_thread_own_name(char name[GRI_THREAD_NAME_SIZE])
{
    name[0] = '\0';
    prctl(PR_GET_NAME, name);
}

void *gri_thread_join(gri_thread thread)
{
    void *result = NULL;
    int err = pthread_join(thread, &result);
    GRI_ASSERT(err == 0);
    return result;
}

/* The calls below fail for wrong use only, which is our own mistake. */
static void must(int err)
{
    GRI_ASSERT(err == 0);
}

void gri_mutex_init(gri_mutex *mutex)
{
    must(pthread_mutex_init(&mutex->handle, NULL));
}

void gri_mutex_fini(gri_mutex *mutex)
{
    must(pthread_mutex_destroy(&mutex->handle));
}

void gri_mutex_lock(gri_mutex *mutex)
{
    must(pthread_mutex_lock(&mutex->handle));
}

void gri_mutex_unlock(gri_mutex *mutex)
{
    must(pthread_mutex_unlock(&mutex->handle));
}

void gri_cond_init(gri_cond *cond)
{
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes));
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    must(pthread_cond_init(&cond->handle, &attributes));
    must(pthread_condattr_destroy(&attributes));
}

void gri_cond_fini(gri_cond *cond)
{
    must(pthread_cond_destroy(&cond->handle));
}

void gri_cond_signal(gri_cond *cond)
{
    must(pthread_cond_signal(&cond->handle));
}

void gri_cond_broadcast(gri_cond *cond)
{
    must(pthread_cond_broadcast(&cond->handle));
}

void gri_cond_wait(gri_cond *cond, gri_mutex *mutex)
{
    must(pthread_cond_wait(&cond->handle, &mutex->handle));
}

int gri_cond_wait_until(gri_cond *cond, gri_mutex *mutex, gr_time deadline)
{
    if (deadline == GR_FOREVER) {
        gri_cond_wait(cond, mutex);
        return GR_OK;
    }
    struct timespec until = to_timespec(deadline > 0 ? deadline : 0);
    int err = pthread_cond_timedwait(&cond->handle, &mutex->handle, &until);
    if (err == ETIMEDOUT) return GR_ETIMEOUT;
    must(err);
    return GR_OK;
}

int gri_futex_wait(gri_atomic_u32 *word, uint32_t expected, gr_time timeout_ns)
{
    struct timespec timeout = to_timespec(timeout_ns > 0 ? timeout_ns : 0);
    struct timespec *limit = timeout_ns == GR_FOREVER ? NULL : &timeout;
    int saved = errno;
    long result = syscall(SYS_futex, &word->value, FUTEX_WAIT_PRIVATE, expected, limit, NULL, 0);
    int err = result == 0 ? 0 : errno;
    errno = saved;
    GRI_ASSERT(err == 0 || err == EAGAIN || err == EINTR || err == ETIMEDOUT);
    return err == ETIMEDOUT ? GR_ETIMEOUT : GR_OK;
}

void gri_futex_wake(gri_atomic_u32 *word, int count)
{
    long woken = syscall(SYS_futex, &word->value, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    GRI_ASSERT(woken >= 0);
}

size_t gri_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}
