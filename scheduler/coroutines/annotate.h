/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sanitizers and Valgrind must be told: that a memory range is a stack, which coroutine runs on it, and which
 * functions a library calls. Without them all of this is empty. It switches nothing itself.
 *
 * The functions of a switch are always inlined: ThreadSanitizer counts function entries and exits on each side.
 */
#ifndef GRI_SCHEDULER_ANNOTATE_H
#define GRI_SCHEDULER_ANNOTATE_H

#include "base/memory.h"

/* GRI_ON_x(statements): the statements, in a build that has x. */
#if defined __has_feature
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define GRI_ON_MEMORY_SANITIZER(...) __VA_ARGS__
#define GRI_CALLED_BY_LIBRARY        __attribute__((no_sanitize("memory")))
#endif
#if __has_feature(thread_sanitizer)
#define GRI_THREAD_SANITIZER 1
#endif
#endif
#if defined __SANITIZE_THREAD__ || defined GRI_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#define GRI_ON_THREAD_SANITIZER(...) __VA_ARGS__
#endif
#if GRI_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#define GRI_ON_ADDRESS_SANITIZER(...) __VA_ARGS__
#endif
#if defined __has_include
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define GRI_ON_VALGRIND(...) __VA_ARGS__
#endif
#endif

#ifndef GRI_ON_ADDRESS_SANITIZER
#define GRI_ON_ADDRESS_SANITIZER(...)
#endif
#ifndef GRI_ON_MEMORY_SANITIZER
#define GRI_ON_MEMORY_SANITIZER(...)
#endif
#ifndef GRI_ON_THREAD_SANITIZER
#define GRI_ON_THREAD_SANITIZER(...)
#endif
#ifndef GRI_ON_VALGRIND
#define GRI_ON_VALGRIND(...)
#endif

/* A function that a library calls which MemorySanitizer does not see: its arguments count as initialised. */
#ifndef GRI_CALLED_BY_LIBRARY
#define GRI_CALLED_BY_LIBRARY
#endif

#define GRI_ALWAYS_INLINE static inline __attribute__((always_inline))

/* Whether a suspended coroutine holds something of a sanitizer's that it must itself be resumed to give up. */
#define GRI_FIBER_MUST_LEAVE GRI_ADDRESS_SANITIZER

/* What one coroutine's annotations remember. Small enough to be there in every build. */
struct gri_fiber {
    const void *low;       /* its stack's lowest byte */
    size_t size;           /* of its stack */
    const void *outer_low; /* the resumer's stack while it runs */
    size_t outer_size;     /* of that */
    void *own;   /* AddressSanitizer: its fake stack while suspended; ThreadSanitizer: its context */
    void *outer; /* the same of the resumer, while it runs */
};

/* A range becomes a stack for good; returns the id for unregister. */
static inline unsigned gri_stack_register(const void *low, const void *high)
{
    GRI_ON_VALGRIND(return VALGRIND_STACK_REGISTER(low, (const char *)high - 1);)
    return 0;
}

static inline void gri_stack_unregister(unsigned id)
{
    GRI_ON_VALGRIND(VALGRIND_STACK_DEREGISTER(id);)
}

/* A range is taken into use: its content means nothing, but may be touched. */
static inline void gri_stack_opened(const void *low, size_t size)
{
    GRI_ON_ADDRESS_SANITIZER(gri_memory_unpoison(low, size);)
    GRI_ON_MEMORY_SANITIZER(__msan_unpoison(low, size);)
    GRI_ON_VALGRIND(VALGRIND_MAKE_MEM_UNDEFINED(low, size);)
}

/* A range is free: a pointer to it is stale. */
static inline void gri_stack_closed(const void *low, size_t size)
{
    GRI_ON_ADDRESS_SANITIZER(gri_memory_poison(low, size);)
    GRI_ON_VALGRIND(VALGRIND_MAKE_MEM_NOACCESS(low, size);)
}

static inline void gri_fiber_init(struct gri_fiber *fiber, const void *low, size_t size)
{
    *fiber = (struct gri_fiber){.low = low, .size = size};
    GRI_ON_THREAD_SANITIZER(fiber->own = __tsan_create_fiber(0);)
}

static inline void gri_fiber_fini(struct gri_fiber *fiber)
{
    GRI_ON_THREAD_SANITIZER(__tsan_destroy_fiber(fiber->own);)
}

/* The resumer, just before it switches to the coroutine. */
GRI_ALWAYS_INLINE void gri_fiber_enter(struct gri_fiber *fiber)
{
    GRI_ON_ADDRESS_SANITIZER(__sanitizer_start_switch_fiber(&fiber->outer, fiber->low, fiber->size);)
    GRI_ON_MEMORY_SANITIZER(__msan_start_switch_fiber(fiber->low, fiber->size);)
    GRI_ON_THREAD_SANITIZER(fiber->outer = __tsan_get_current_fiber();)
    GRI_ON_THREAD_SANITIZER(__tsan_switch_to_fiber(fiber->own, 0);)
}

/* The resumer, just after it was switched back to. */
GRI_ALWAYS_INLINE void gri_fiber_entered(struct gri_fiber *fiber)
{
    GRI_ON_ADDRESS_SANITIZER(__sanitizer_finish_switch_fiber(fiber->outer, NULL, NULL);)
    GRI_ON_MEMORY_SANITIZER(__msan_finish_switch_fiber(NULL, NULL);)
}

/* The coroutine, just before it switches back; for_good: it will not run again. */
GRI_ALWAYS_INLINE void gri_fiber_leave(struct gri_fiber *fiber, bool for_good)
{
    GRI_ON_ADDRESS_SANITIZER(
        __sanitizer_start_switch_fiber(for_good ? NULL : &fiber->own, fiber->outer_low, fiber->outer_size);)
    GRI_ON_MEMORY_SANITIZER(__msan_start_switch_fiber(fiber->outer_low, fiber->outer_size);)
    GRI_ON_THREAD_SANITIZER(__tsan_switch_to_fiber(fiber->outer, 0);)
}

/* The coroutine, just after it was switched to, for the first time and later. */
GRI_ALWAYS_INLINE void gri_fiber_left(struct gri_fiber *fiber)
{
    GRI_ON_ADDRESS_SANITIZER(
        __sanitizer_finish_switch_fiber(fiber->own, &fiber->outer_low, &fiber->outer_size);)
    GRI_ON_MEMORY_SANITIZER(__msan_finish_switch_fiber(&fiber->outer_low, &fiber->outer_size);)
}

#endif
