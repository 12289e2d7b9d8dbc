/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fault handler that names the actor whose stack overflowed, before the process dies of it (D10). What it does not
 * explain, and the death itself, it leaves to what was there before: it chains to that.
 */
#include "actors/actor.h"
#include "runtime/runtime.h"

#include <signal.h>

static const int faults[] = {SIGSEGV, SIGBUS};
#define FAULT_COUNT (sizeof faults / sizeof faults[0])

/* What was there before, and for how many runs ours is there; under the lock. */
static struct sigaction before[FAULT_COUNT];
static unsigned installed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Does what would have been done without this handler. */
static void chain(const struct sigaction *old, int number, siginfo_t *info, void *context)
{
    if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
        /* A fault comes again as soon as this returns; a signal that was sent does not. */
        sigaction(number, old, NULL);
        if (info->si_code <= 0) raise(number);
    } else if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(number, info, context);
    } else {
        old->sa_handler(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    const struct gri_loop *loop = gri_loop_current();
    struct gri_coroutine *coroutine = NULL;
    if (loop != NULL && info->si_code > 0)
        coroutine = gri_coroutine_of_overflow(&loop->stacks, info->si_addr);
    if (coroutine != NULL) gri_report_overflow(coroutine);
    chain(&before[number == faults[0] ? 0 : 1], number, info, context);
}

void gri_overflow_install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < FAULT_COUNT && installed == 0; i++) sigaction(faults[i], &action, &before[i]);
    installed++;
    pthread_mutex_unlock(&lock);
}

void gri_overflow_restore(void)
{
    pthread_mutex_lock(&lock);
    installed--;
    for (size_t i = 0; i < FAULT_COUNT && installed == 0; i++) sigaction(faults[i], &before[i], NULL);
    pthread_mutex_unlock(&lock);
}

void gri_overflow_enter(struct gri_alternate *alternate)
{
    stack_t stack = {.ss_sp = alternate->bytes, .ss_size = sizeof alternate->bytes};
    sigaltstack(NULL, &alternate->before);
    alternate->is_ours = (alternate->before.ss_flags & SS_DISABLE) && sigaltstack(&stack, NULL) == 0;
}

void gri_overflow_leave(struct gri_alternate *alternate)
{
    if (alternate->is_ours) sigaltstack(&alternate->before, NULL);
}
