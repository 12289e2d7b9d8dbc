/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals during gr_run: SIGINT and SIGTERM begin a stop, SIGPIPE does nothing, SIGUSR1 prints the actors to stderr; faults
 * are in overflow.c. A second SIGINT or SIGTERM has its default effect, so that a program that hangs can be ended from the
 * keyboard.
 */
#include "runtime/runtime.h"

#include <errno.h>
#include <signal.h>

/* The runtime that signals stop; a handler has no other way to find it. */
static gri_atomic_ptr signalled;

/* What was there before. */
static struct sigaction old_int, old_term, old_pipe, old_usr1;

static void on_signal(int number)
{
    int saved = errno;
    struct gri_runtime *runtime = gri_load(&signalled, GRI_ACQUIRE);
    if (runtime != NULL) {
        gri_atomic_u32 *asked = number == SIGUSR1 ? &runtime->print_asked : &runtime->signal;
        gri_store(asked, (uint32_t)number, GRI_RELAXED);             /* looked at after the wake */
        gri_store(&runtime->system.loops[0]->asked, 1, GRI_RELAXED); /* soon, however busy */
        if (runtime->system.loops[0]->poller != NULL) gri_poller_wake(runtime->system.loops[0]->poller);
    }
    errno = saved;
}

void gri_signals_install(struct gri_runtime *runtime)
{
    gri_store(&signalled, runtime, GRI_RELEASE); /* publishes the runtime to the handler */
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    struct sigaction print = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&stop.sa_mask);
    sigemptyset(&print.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &stop, &old_int);
    sigaction(SIGTERM, &stop, &old_term);
    sigaction(SIGPIPE, &ignore, &old_pipe);
    gri_overflow_install();
    sigaction(SIGUSR1, &print, &old_usr1);
}

void gri_signals_restore(struct gri_runtime *runtime)
{
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    sigaction(SIGPIPE, &old_pipe, NULL);
    gri_overflow_restore();
    sigaction(SIGUSR1, &old_usr1, NULL);
    gri_store(&signalled, NULL, GRI_RELEASE);
    (void)runtime;
}
