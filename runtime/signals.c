/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals during gr_run: SIGINT and SIGTERM begin a stop of all that run, SIGPIPE does nothing, SIGUSR1 prints the actors to
 * stderr; faults are in faults.c. A second SIGINT or SIGTERM has its default effect, so that a program that hangs can be
 * ended from the keyboard.
 */
#include "runtime/runtime.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

/* What the process had before the first of those that run; under the lock. */
static struct {
    int number;              /* the signal */
    struct sigaction before; /* what was there */
} signals[] = {{.number = SIGINT}, {.number = SIGTERM}, {.number = SIGPIPE}, {.number = SIGUSR1}};
#define SIGNAL_COUNT (sizeof signals / sizeof signals[0])

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The runtimes that signals reach, by `next_signalled`; a handler has no other way to find them. Stored under the lock. */
static gri_atomic_ptr signalled;
static gri_atomic_u32 handling; /* handlers that look at them just now */

static void tell(struct gri_runtime *runtime, int number)
{
    struct gri_loop *first = runtime->system.loops[0];
    gri_atomic_u32 *asked = number == SIGUSR1 ? &runtime->print_asked : &runtime->signal;
    gri_store(asked, (uint32_t)number, GRI_RELAXED); /* looked at after the wake */
    gri_store(&first->asked, 1, GRI_RELAXED);        /* soon, however busy */
    if (first->poller != NULL) gri_poller_wake(first->poller);
}

static void on_signal(int number)
{
    int saved = errno;
    /* Either this sees that a runtime was taken out, or whoever takes it out sees this: one order of all four accesses. */
    gri_fetch_add(&handling, 1, GRI_SEQ_CST);
    struct gri_runtime *runtime = gri_load(&signalled, GRI_SEQ_CST); /* acquires the runtime */
    for (; runtime != NULL; runtime = gri_load(&runtime->next_signalled, GRI_SEQ_CST)) tell(runtime, number);
    gri_fetch_sub(&handling, 1, GRI_RELEASE); /* publishes that this is done with them */
    errno = saved;
}

static struct sigaction action_for(int number)
{
    bool ends = number == SIGINT || number == SIGTERM;
    struct sigaction action = {.sa_handler = number == SIGPIPE ? SIG_IGN : on_signal, .sa_flags = SA_RESTART};
    if (ends) action.sa_flags |= (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    return action;
}

void gri_signals_install(struct gri_runtime *runtime)
{
    pthread_mutex_lock(&lock);
    bool is_first = gri_load(&signalled, GRI_RELAXED) == NULL; /* only stored under the lock */
    gri_store(&runtime->next_signalled, gri_load(&signalled, GRI_RELAXED), GRI_RELAXED);
    gri_store(&signalled, runtime, GRI_SEQ_CST); /* publishes the runtime to the handler */
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        /* Again for each that begins: one before may have been stopped, and the signal be back at its default. */
        struct sigaction action = action_for(signals[i].number);
        sigaction(signals[i].number, &action, is_first ? &signals[i].before : NULL);
    }
    pthread_mutex_unlock(&lock);
    gri_faults_install();
}

void gri_signals_restore(struct gri_runtime *runtime)
{
    gri_faults_restore();
    pthread_mutex_lock(&lock);
    gri_atomic_ptr *at = &signalled;
    struct gri_runtime *other; /* all of them only stored under the lock */
    while ((other = gri_load(at, GRI_RELAXED)) != runtime) at = &other->next_signalled;
    gri_store(at, gri_load(&runtime->next_signalled, GRI_RELAXED), GRI_SEQ_CST);
    bool is_last = gri_load(&signalled, GRI_RELAXED) == NULL;
    for (size_t i = 0; i < SIGNAL_COUNT && is_last; i++)
        sigaction(signals[i].number, &signals[i].before, NULL);
    pthread_mutex_unlock(&lock);
    /* Handlers on other threads may be at this runtime; they don't wait for anything. Acquires what they did. */
    while (gri_load(&handling, GRI_SEQ_CST) != 0) sched_yield();
}
