/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation with an account, and its three sources: the C library, another account, a fault. Pools are in pool.c. */
#include "base/memory.h"

#include "base/assert.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Rounds up to the alignment; 0 for sizes that no address space holds. */
static size_t round_up(size_t size)
{
    if (size > PTRDIFF_MAX - GRI_MEMORY_ALIGNMENT) return 0;
    if (size == 0) size = 1;
    return (size + GRI_MEMORY_ALIGNMENT - 1) & ~(size_t)(GRI_MEMORY_ALIGNMENT - 1);
}

/* Adds to the account unless that passes the limit. An addition that is taken back would fail others meanwhile. */
static bool charge(struct gri_memory *memory, size_t size)
{
    /* Relaxed here and below: a number, that publishes nothing. */
    uint64_t used = gri_load(&memory->used_bytes, GRI_RELAXED);
    do {
        if (memory->limit_bytes && (used > memory->limit_bytes || size > memory->limit_bytes - used))
            return false;
    } while (!gri_compare_exchange(&memory->used_bytes, &used, used + size, GRI_RELAXED));
    return true;
}

static void discharge(struct gri_memory *memory, size_t size)
{
    uint64_t used = gri_fetch_sub(&memory->used_bytes, (uint64_t)size, GRI_RELAXED);
    GRI_ASSERT(used >= size);
}

void *gri_memory_allocate(struct gri_memory *memory, size_t size)
{
    size_t rounded = round_up(size);
    if (rounded == 0 || !charge(memory, rounded)) return NULL;
    void *p = memory->allocate(memory, rounded);
    if (p == NULL) discharge(memory, rounded);
    return p;
}

void *gri_memory_allocate_zeroed(struct gri_memory *memory, size_t size)
{
    void *p = gri_memory_allocate(memory, size);
    if (p != NULL) memset(p, 0, size);
    return p;
}

void gri_memory_release(struct gri_memory *memory, void *p, size_t size)
{
    if (p == NULL) return;
    size_t rounded = round_up(size);
    memory->release(memory, p, rounded);
    discharge(memory, rounded);
}

uint64_t gri_memory_used(const struct gri_memory *memory)
{
    return gri_load(&memory->used_bytes, GRI_RELAXED);
}

static void *library_allocate(struct gri_memory *memory, size_t size)
{
    if (size % GRI_MEMORY_HUGE != 0) return aligned_alloc(GRI_MEMORY_ALIGNMENT, size);
    void *p = aligned_alloc(GRI_MEMORY_HUGE, size);
#ifdef MADV_HUGEPAGE
    if (p != NULL) (void)madvise(p, size, MADV_HUGEPAGE); /* a wish */
#endif
    return p;
}

static void library_release(struct gri_memory *memory, void *p, size_t size)
{
    free(p);
}

static struct gri_memory library_memory = {.allocate = library_allocate, .release = library_release};

static _Thread_local struct gri_memory *thread_memory; /* the override, or NULL */

struct gri_memory *gri_memory_default(void)
{
    return thread_memory ? thread_memory : &library_memory;
}

struct gri_memory *gri_memory_override(struct gri_memory *memory)
{
    struct gri_memory *old = thread_memory;
    thread_memory = memory;
    return old;
}

static void *account_allocate(struct gri_memory *memory, size_t size)
{
    return gri_memory_allocate(GRI_CONTAINER_OF(memory, struct gri_memory_account, memory)->inner, size);
}

static void account_release(struct gri_memory *memory, void *p, size_t size)
{
    gri_memory_release(GRI_CONTAINER_OF(memory, struct gri_memory_account, memory)->inner, p, size);
}

void gri_memory_account_init(struct gri_memory_account *account, struct gri_memory *inner,
                             uint64_t limit_bytes)
{
    *account = (struct gri_memory_account){
        .memory = {.allocate = account_allocate, .release = account_release, .limit_bytes = limit_bytes},
        .inner = inner,
    };
}

static void *fault_allocate(struct gri_memory *memory, size_t size)
{
    struct gri_memory_fault *fault = GRI_CONTAINER_OF(memory, struct gri_memory_fault, memory);
    uint64_t before = gri_fetch_add(&fault->count, 1, GRI_RELAXED); /* only one thread gets each number */
    return before + 1 == fault->nth ? NULL : gri_memory_allocate(fault->inner, size);
}

static void fault_release(struct gri_memory *memory, void *p, size_t size)
{
    gri_memory_release(GRI_CONTAINER_OF(memory, struct gri_memory_fault, memory)->inner, p, size);
}

void gri_memory_fault_init(struct gri_memory_fault *fault, struct gri_memory *inner, uint64_t nth)
{
    *fault = (struct gri_memory_fault){
        .memory = {.allocate = fault_allocate, .release = fault_release},
        .inner = inner,
        .nth = nth,
    };
}

uint64_t gri_memory_fault_count(const struct gri_memory_fault *fault)
{
    return gri_load(&fault->count, GRI_RELAXED);
}
