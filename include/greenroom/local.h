/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actor-local values: a variable of which each actor has its own, as a thread-local variable is one of each thread. For
 * libraries that need to keep something for whoever calls them. An actor's own state is its struct, or its stack.
 */
#ifndef GREENROOM_LOCAL_H
#define GREENROOM_LOCAL_H

#include <greenroom/actor.h>

/* The most strictly aligned type that a local can have, bytes. */
#define GR_LOCAL_ALIGN_MAX 16

/* What names a local; written by GR_LOCAL. Its address is the name. */
struct gr_local {
    size_t size;         /* bytes of the value */
    const void *initial; /* what it starts as */
};

GRI_BEGIN_C

/* What the macro below calls. */
GR_API void *gri_local(gr_actor *self, const struct gr_local *local);

GRI_END_C

#ifdef __cplusplus
#define GRI_ALIGN_CHECK(T)                                                                                   \
    static_assert(alignof(T) <= GR_LOCAL_ALIGN_MAX, "this local is aligned too strictly")
#else
#define GRI_ALIGN_CHECK(T)                                                                                   \
    _Static_assert(__alignof__(T) <= GR_LOCAL_ALIGN_MAX, "this local is aligned too strictly")
#endif

/*
 * GR_LOCAL(counter, int, 0): a local of this source file, its type, and what it starts as: a constant, or braces. At file
 * scope. It is freed by its bytes: if it holds something, the actor's end is the time to release that.
 */
#define GR_LOCAL(local, T, ...)                                                                              \
    GRI_ALIGN_CHECK(T);                                                                                      \
    typedef T local##_gr_type GRI_UNUSED;                                                                    \
    static local##_gr_type const local##_gr_initial = __VA_ARGS__;                                           \
    static const struct gr_local local##_gr_local GRI_UNUSED = {sizeof(T), &local##_gr_initial}

/*
 * gr_local(self, counter): a pointer to the calling actor's own value, made at its first use and valid until the actor
 * has ended, its end handler included. NULL when there is no memory to make it, or if `self` is NULL.
 */
#define gr_local(self, local) ((local##_gr_type *)gri_local(self, &local##_gr_local))

#endif
