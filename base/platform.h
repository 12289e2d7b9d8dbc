/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operating system gives: threads, locks, futexes, processors, pages. This is the one place that may depend on
 * which system it is. Files, sockets and processes belong elsewhere.
 */
#ifndef GRI_BASE_PLATFORM_H
#define GRI_BASE_PLATFORM_H

#include "base/atomic.h"

#include <greenroom/time.h>

#include <pthread.h>

/* A thread that gri_thread_create started. */
typedef pthread_t gri_thread;

/*
 * Starts a thread with every signal blocked, so that signals stay the program's; only those that report a fault of the
 * thread itself (SIGSEGV and its like) are not. `name` is shown by debuggers, cut to 15 bytes. Returns 0, or GR_ESYS
 * with the thread's error text set.
 */
GR_MUST_USE int gri_thread_create(gri_thread *thread, void *(*main)(void *), void *argument,
                                  const char *name);

/* Bytes of a thread's name, as the kernel holds it, with its NUL. */
#define GRI_THREAD_NAME_SIZE 16

/* Fills in the name of the calling thread. Also in a signal's handler. */
void gri_thread_own_name(char name[GRI_THREAD_NAME_SIZE]);

/* Waits until the thread has ended and returns what its function returned. Once for each thread. */
void *gri_thread_join(gri_thread thread);

/* A lock. */
typedef struct gri_mutex {
    pthread_mutex_t handle; /* of the C library */
} gri_mutex;

/* A condition to wait for, on the monotonic clock. */
typedef struct gri_cond {
    pthread_cond_t handle; /* of the C library */
} gri_cond;

void gri_mutex_init(gri_mutex *mutex);
void gri_mutex_fini(gri_mutex *mutex);
void gri_mutex_lock(gri_mutex *mutex);
void gri_mutex_unlock(gri_mutex *mutex);

void gri_cond_init(gri_cond *cond);
void gri_cond_fini(gri_cond *cond);
void gri_cond_signal(gri_cond *cond);
void gri_cond_broadcast(gri_cond *cond);

/* Waits with the mutex released; it may also return without reason, as pthread_cond_wait does. */
void gri_cond_wait(gri_cond *cond, gri_mutex *mutex);

/* The same until `deadline`, an absolute time of gri_clock_monotonic, or GR_FOREVER. Returns 0 or GR_ETIMEOUT. */
int gri_cond_wait_until(gri_cond *cond, gri_mutex *mutex, gr_time deadline);

/*
 * Sleeps while *word is `expected`, until gri_futex_wake or for timeout_ns from now (GR_FOREVER: no limit). Returns
 * GR_ETIMEOUT when that passed, else 0: woken, or *word is another, or for no reason, so the caller looks again.
 * Threads of one process only.
 */
int gri_futex_wait(gri_atomic_u32 *word, uint32_t expected, gr_time timeout_ns);

/* Wakes up to `count` threads that sleep on `word`. */
void gri_futex_wake(gri_atomic_u32 *word, int count);

/* The processors this process may use: those of its affinity, at most its cgroup's quota (v1 or v2) rounded up; at
 * least 1. It reads files, so call it at the start only. */
int gri_cpu_count(void);

/*
 * The quota alone, rounded up to whole processors; 0 when there is none. `root` is put before the names of the files
 * that are read ("" for the system's): /proc/self/cgroup, /proc/self/mountinfo and what these lead to.
 */
int gri_cpu_quota(const char *root);

/* Bytes of a page of memory. */
size_t gri_page_size(void);

#endif
