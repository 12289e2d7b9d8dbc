/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fibers for the explorer: ucontext with the sanitizers' annotations. They are slow (a system call a switch) and
 * simple on purpose: the runtime's own coroutines must not be needed to test what they stand on.
 */
#ifndef GRI_EXPLORER_FIBER_H
#define GRI_EXPLORER_FIBER_H

#include <stddef.h>
#include <ucontext.h>

struct fiber {
    ucontext_t context; /* where it goes on */
    void *stack;        /* its stack; NULL for the thread's own */
    size_t stack_bytes; /* size of that */
    void *asan_fake;    /* AddressSanitizer's fake stack while it doesn't run */
    void *tsan;         /* ThreadSanitizer's fiber */
};

/* Makes a fiber of the running thread, to switch back to. */
void fiber_adopt(struct fiber *f);

/* Makes a fiber that starts in `entry`, which must never return. It is never freed. */
void fiber_create(struct fiber *f, void (*entry)(void));

/* Goes on in `to`; returns when something switches to `from` again. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
