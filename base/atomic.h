/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomics: the only place of the library where they are spelled. Every access names its memory order, so
 * that a reader sees it and the explorer (tests/support/explorer) can weaken it: with -DGRI_EXPLORE each
 * macro becomes a call into the explorer, that picks the next thread and the value that a load sees.
 * docs/memory_order.md lists every site. There are no fences here, on purpose: an order belongs to an access.
 *
 * This is not a set of ready structures: those are mailbox/ring_spsc.h, mailbox/list_mpsc.h,
 * scheduler/doorbell.h and futures/cell.h.
 *
 * Write one access per line: the explorer knows a site by file and line.
 */
#ifndef GRI_BASE_ATOMIC_H
#define GRI_BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

/* Assumed size of a cache line: words of different writers stand at least this far apart. */
#define GRI_CACHE_LINE_BYTES 64

#define GRI_RELAXED __ATOMIC_RELAXED
#define GRI_ACQUIRE __ATOMIC_ACQUIRE
#define GRI_RELEASE __ATOMIC_RELEASE
#define GRI_ACQ_REL __ATOMIC_ACQ_REL
#define GRI_SEQ_CST __ATOMIC_SEQ_CST

/* Structs, so that a plain access by mistake does not compile. `value` is for the macros below only. */
typedef struct gri_atomic_u32 {
    uint32_t value; /* the word */
} gri_atomic_u32;

typedef struct gri_atomic_u64 {
    uint64_t value; /* the word */
} gri_atomic_u64;

typedef struct gri_atomic_ptr {
    void *value; /* the word */
} gri_atomic_ptr;

/* The order of a compare-exchange that fails: it is a load then. */
#define GRI_FAILURE_ORDER(order)                                                                             \
    ((order) == GRI_SEQ_CST                               ? GRI_SEQ_CST                                      \
     : ((order) == GRI_ACQUIRE || (order) == GRI_ACQ_REL) ? GRI_ACQUIRE                                      \
                                                          : GRI_RELAXED)

#ifndef GRI_EXPLORE

/*
 * `a` points to one of the three types. fetch_... return the value before. compare_exchange is strong, and
 * writes the value it saw through `expected` when it fails.
 */
#define gri_load(a, order)         __atomic_load_n(&(a)->value, (order))
#define gri_store(a, v, order)     __atomic_store_n(&(a)->value, (v), (order))
#define gri_exchange(a, v, order)  __atomic_exchange_n(&(a)->value, (v), (order))
#define gri_fetch_add(a, v, order) __atomic_fetch_add(&(a)->value, (v), (order))
#define gri_fetch_sub(a, v, order) __atomic_fetch_sub(&(a)->value, (v), (order))
#define gri_fetch_or(a, v, order)  __atomic_fetch_or(&(a)->value, (v), (order))
#define gri_fetch_and(a, v, order) __atomic_fetch_and(&(a)->value, (v), (order))
#define gri_compare_exchange(a, expected, desired, order)                                                    \
    __atomic_compare_exchange_n(&(a)->value, (expected), (desired), false, (order), GRI_FAILURE_ORDER(order))

/*
 * A plain access to data that an atomic access publishes. Natively just the access; under the explorer it is
 * checked for races, which is how an order that is too weak shows.
 */
#define GRI_PLAIN_READ(lvalue)     (lvalue)
#define GRI_PLAIN_WRITE(lvalue, v) ((lvalue) = (v))

/* Says to the processor that this is a spinning loop. */
static inline void gri_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#else /* GRI_EXPLORE: 64-bit targets only; defined in tests/support/explorer */

uint64_t gri_explorer_load(const volatile void *address, unsigned size, int order, const char *file,
                           int line);
void gri_explorer_store(volatile void *address, unsigned size, uint64_t value, int order, const char *file,
                        int line);
uint64_t gri_explorer_exchange(volatile void *address, unsigned size, uint64_t value, int order,
                               const char *file, int line);
uint64_t gri_explorer_fetch_add(volatile void *address, unsigned size, uint64_t value, int order,
                                const char *file, int line);
uint64_t gri_explorer_fetch_sub(volatile void *address, unsigned size, uint64_t value, int order,
                                const char *file, int line);
uint64_t gri_explorer_fetch_or(volatile void *address, unsigned size, uint64_t value, int order,
                               const char *file, int line);
uint64_t gri_explorer_fetch_and(volatile void *address, unsigned size, uint64_t value, int order,
                                const char *file, int line);
bool gri_explorer_compare_exchange(volatile void *address, unsigned size, void *expected, uint64_t desired,
                                   int order, const char *file, int line);
void gri_explorer_plain_read(const volatile void *address, unsigned long size, const char *file, int line);
void gri_explorer_plain_write(volatile void *address, unsigned long size, const char *file, int line);
void gri_explorer_pause(const char *file, int line);

/* The word's own type without qualifiers, for the casts. */
#define GRI_EXPLORER_TYPE(a)                                                                                 \
    __typeof__(_Generic((a)->value, uint32_t : (uint32_t)0, uint64_t : (uint64_t)0, void * : (void *)0))
/* A statement expression, so that a result may stay unused, as natively. */
#define GRI_EXPLORER_CALL(call, a, v, order)                                                                 \
    ({                                                                                                       \
        uint64_t gri_value_ = call(&(a)->value, sizeof((a)->value), (uint64_t)(v), (order), __FILE__,        \
                                   __LINE__);                                                                \
        (GRI_EXPLORER_TYPE(a)) gri_value_;                                                                   \
    })

#define gri_load(a, order)                                                                                   \
    ((GRI_EXPLORER_TYPE(a))gri_explorer_load(&(a)->value, sizeof((a)->value), (order), __FILE__, __LINE__))
#define gri_store(a, v, order)                                                                               \
    gri_explorer_store(&(a)->value, sizeof((a)->value), (uint64_t)(v), (order), __FILE__, __LINE__)
#define gri_exchange(a, v, order)  GRI_EXPLORER_CALL(gri_explorer_exchange, a, v, order)
#define gri_fetch_add(a, v, order) GRI_EXPLORER_CALL(gri_explorer_fetch_add, a, v, order)
#define gri_fetch_sub(a, v, order) GRI_EXPLORER_CALL(gri_explorer_fetch_sub, a, v, order)
#define gri_fetch_or(a, v, order)  GRI_EXPLORER_CALL(gri_explorer_fetch_or, a, v, order)
#define gri_fetch_and(a, v, order) GRI_EXPLORER_CALL(gri_explorer_fetch_and, a, v, order)
#define gri_compare_exchange(a, expected, desired, order)                                                    \
    gri_explorer_compare_exchange(&(a)->value, sizeof((a)->value), (expected), (uint64_t)(desired), (order), \
                                  __FILE__, __LINE__)

#define GRI_PLAIN_READ(lvalue)                                                                               \
    (*({                                                                                                     \
        __typeof__(lvalue) *gri_plain_ = &(lvalue);                                                          \
        gri_explorer_plain_read(gri_plain_, sizeof(*gri_plain_), __FILE__, __LINE__);                        \
        gri_plain_;                                                                                          \
    }))
#define GRI_PLAIN_WRITE(lvalue, v)                                                                           \
    (*({                                                                                                     \
        __typeof__(lvalue) *gri_plain_ = &(lvalue);                                                          \
        gri_explorer_plain_write(gri_plain_, sizeof(*gri_plain_), __FILE__, __LINE__);                       \
        gri_plain_;                                                                                          \
    }) = (v))

#define gri_pause() gri_explorer_pause(__FILE__, __LINE__)

#endif /* GRI_EXPLORE */

#endif /* GRI_BASE_ATOMIC_H */
