/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory seam: where every allocation of the runtime comes from, so that each can be counted, limited and made to
 * fail. It is called for chunks and large blocks, never per message: that is pool.h.
 */
#ifndef GRI_BASE_MEMORY_H
#define GRI_BASE_MEMORY_H

#include "base/atomic.h"

#include <stddef.h>
#include <stdint.h>

/* Every allocation starts at a multiple of this and is counted as a multiple of this. */
#define GRI_MEMORY_ALIGNMENT 64

/* A multiple of this is asked for as huge pages: a fault for each 4 KiB takes longer than most uses of what is in it. */
#define GRI_MEMORY_HUGE ((size_t)2 << 20)

/* A source of memory, with its account. The functions get sizes that are multiples of GRI_MEMORY_ALIGNMENT, not 0. */
struct gri_memory {
    void *(*allocate)(struct gri_memory *memory, size_t size);        /* aligned memory, or NULL */
    void (*release)(struct gri_memory *memory, void *p, size_t size); /* p is not NULL */
    uint64_t limit_bytes;      /* allocations beyond this fail; 0: no limit; set before first use */
    gri_atomic_u64 used_bytes; /* what is allocated now */
};

/* `size` bytes (0 counts as 1), aligned, not cleared; NULL when there is none or the limit would be passed. Any thread. */
void *gri_memory_allocate(struct gri_memory *memory, size_t size);

/* The same, cleared. */
void *gri_memory_allocate_zeroed(struct gri_memory *memory, size_t size);

/* Gives back what was allocated with the same size; NULL is fine. Any thread. */
void gri_memory_release(struct gri_memory *memory, void *p, size_t size);

/* Bytes allocated now, rounded up as they are counted. Any thread. */
uint64_t gri_memory_used(const struct gri_memory *memory);

/* The calling thread's override if there is one, else the process's memory, which is the C library's, without limit. */
struct gri_memory *gri_memory_default(void);

/* Makes `memory` the calling thread's default; NULL ends that. Returns what it replaces, or NULL. */
struct gri_memory *gri_memory_override(struct gri_memory *memory);

/* An account of its own, with its own limit, over another memory. Embed it, and pass &account->memory. */
struct gri_memory_account {
    struct gri_memory memory; /* the account */
    struct gri_memory *inner; /* where its memory comes from */
};

/* Starts an account over `inner`; limit_bytes 0 is no limit. It needs no end, but must outlive its allocations. */
void gri_memory_account_init(struct gri_memory_account *account, struct gri_memory *inner,
                             uint64_t limit_bytes);

/* A memory that fails one allocation, to test what then happens. Pass &fault->memory. */
struct gri_memory_fault {
    struct gri_memory memory; /* what the tested code is given */
    struct gri_memory *inner; /* where its memory comes from */
    uint64_t nth;             /* the allocation that fails, counted from 1; 0: none */
    gri_atomic_u64 count;     /* allocations asked for so far, the failed one included */
};

/* Starts a fault over `inner`: the nth allocation gives NULL, those before and after it are passed on. */
void gri_memory_fault_init(struct gri_memory_fault *fault, struct gri_memory *inner, uint64_t nth);

/* Allocations asked for so far. Any thread. */
uint64_t gri_memory_fault_count(const struct gri_memory_fault *fault);

/* 1 in a build with AddressSanitizer. */
#if defined __SANITIZE_ADDRESS__
#define GRI_ADDRESS_SANITIZER 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define GRI_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef GRI_ADDRESS_SANITIZER
#define GRI_ADDRESS_SANITIZER 0
#endif

/* Poison tells AddressSanitizer that nothing may touch these bytes until they are unpoisoned. Otherwise it is nothing. */
#if GRI_ADDRESS_SANITIZER
void __asan_poison_memory_region(void const volatile *p, size_t size);
void __asan_unpoison_memory_region(void const volatile *p, size_t size);
#define gri_memory_poison(p, size)   __asan_poison_memory_region((p), (size))
#define gri_memory_unpoison(p, size) __asan_unpoison_memory_region((p), (size))
#else
#define gri_memory_poison(p, size)   ((void)(p), (void)(size))
#define gri_memory_unpoison(p, size) ((void)(p), (void)(size))
#endif

#endif
