/* SPDX-License-Identifier: Apache-2.0 */
/* Fibers for the explorer; fiber.h tells what they are not. */
#define _GNU_SOURCE /* pthread_getattr_np */

#include "tests/support/explorer/fiber.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define STACK_BYTES ((size_t)256 << 10)

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define ASAN_LEAVE(from, to)                                                                                 \
    __sanitizer_start_switch_fiber(&(from)->asan_fake, (to)->stack, (to)->stack_bytes)
#define ASAN_ENTER(f) __sanitizer_finish_switch_fiber((f)->asan_fake, NULL, NULL)
#else
#define ASAN_LEAVE(from, to) ((void)0)
#define ASAN_ENTER(f)        ((void)0)
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define TSAN_CURRENT()  __tsan_get_current_fiber()
#define TSAN_CREATE()   __tsan_create_fiber(0)
#define TSAN_SWITCH(to) __tsan_switch_to_fiber((to)->tsan, 0)
#else
#define TSAN_CURRENT()  NULL
#define TSAN_CREATE()   NULL
#define TSAN_SWITCH(to) ((void)0)
#endif

static struct fiber *entered;      /* the fiber that a first switch goes to */
static void (*entered_main)(void); /* and its function */

void fiber_adopt(struct fiber *f)
{
    pthread_attr_t attributes;
    *f = (struct fiber){.tsan = TSAN_CURRENT()};
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) abort();
    pthread_attr_getstack(&attributes, &f->stack, &f->stack_bytes);
    pthread_attr_destroy(&attributes);
}

static void enter(void)
{
    ASAN_ENTER(entered);
    entered_main();
    abort();
}

void fiber_create(struct fiber *f, void (*entry)(void))
{
    *f = (struct fiber){.stack = malloc(STACK_BYTES), .stack_bytes = STACK_BYTES, .tsan = TSAN_CREATE()};
    if (f->stack == NULL || getcontext(&f->context) != 0) {
        perror("explorer: fiber");
        exit(2);
    }
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = f->stack_bytes;
    entered_main = entry; /* all fibers of the explorer have the same */
    makecontext(&f->context, enter, 0);
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
    entered = to;
    ASAN_LEAVE(from, to);
    TSAN_SWITCH(to);
    swapcontext(&from->context, &to->context);
    ASAN_ENTER(from);
}
