/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: free lists of small blocks by size class, one pool for each loop. Taking and giving are the owner's alone and
 * use no atomics; blocks that another thread frees come home in batches. It is no general allocator: whoever frees a
 * block knows its class and its home.
 *
 * Invariants:
 *   1. A block is in one place: taken, in one free list of its home, in one batch, or in its home's `returned`.
 *   2. A free list's blocks are linked by their first word. In a batch and in `returned` the second word is the class.
 *   3. `returned` is pushed by any thread with a compare-exchange and emptied whole by the owner, so it has no ABA case.
 *   4. Under bypass the free lists stay empty: each block is an allocation of its own.
 */
#ifndef GRI_BASE_POOL_H
#define GRI_BASE_POOL_H

#include "base/atomic.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The classes of blocks, and what gri_pool_class says of a size that is larger than all of them. */
#define GRI_POOL_CLASSES 11
#define GRI_POOL_LARGEST 4096
#define GRI_POOL_LARGE   255u

/* Sizes of the chunks that a pool takes from memory; each is twice the one before, up to the last. */
#define GRI_POOL_CHUNK_FIRST ((size_t)16 << 10)
#define GRI_POOL_CHUNK_LAST  ((size_t)256 << 10)

/* Whether a pool of the runtime had better bypass: AddressSanitizer then sees each block's life, with its stacks. */
#define GRI_POOL_BYPASS_DEFAULT (GRI_ADDRESS_SANITIZER == 1)

/* A block while it is free. */
struct gri_pool_block {
    struct gri_pool_block *next; /* in its list */
    uintptr_t class;             /* its class, in a batch and in `returned` only */
};

struct gri_pool_chunk;

/* The pool of one owner. */
struct gri_pool {
    bool bypass; /* every block is its own allocation */
    struct gri_pool_block
        *free[GRI_POOL_CLASSES];          /* free blocks by class; small ones share a line with bypass */
    struct gri_memory *memory;            /* where chunks and large blocks come from */
    struct gri_pool_chunk *chunks;        /* all chunks, the newest first */
    char *fresh;                          /* the newest chunk's part that was never given out */
    char *fresh_end;                      /* its end */
    size_t chunk_size;                    /* of the next chunk */
    _Alignas(64) gri_atomic_ptr returned; /* chain of blocks that other threads gave back */
};

/* Blocks of one home that another thread frees, gathered until it is worth an atomic operation. All zeroes is empty. */
struct gri_pool_batch {
    struct gri_pool_block *head; /* the last one added */
    struct gri_pool_block *tail; /* the first one added */
    unsigned count;              /* how many */
};

/* Starts an empty pool; it takes no memory yet. Returns 0; GR_EINVALID without memory. */
int gri_pool_init(struct gri_pool *pool, struct gri_memory *memory, bool bypass);

/*
 * Frees all chunks, and so every block that is not large, given back or not; under bypass those that were returned. No
 * other thread may use the pool any more.
 */
void gri_pool_fini(struct gri_pool *pool);

/* The slow ends of take and give. */
void *gri_pool_take_slow(struct gri_pool *pool, unsigned class);
void gri_pool_give_bypass(struct gri_pool *pool, void *p, unsigned class);

/*
 * Gives a chain of blocks back to their home: linked from `first` to `last` by the first word (last's is free), each
 * one's class in its second word. One atomic operation. Any thread, while the pool lives.
 */
void gri_pool_return(struct gri_pool *home, struct gri_pool_block *first, struct gri_pool_block *last);

/* Takes everything that was returned into the free lists; under bypass frees it. The owner; take does it when it must. */
void gri_pool_collect(struct gri_pool *pool);

/* A block of more than GRI_POOL_LARGEST bytes (any size will do), straight from memory; NULL when none. Any thread. */
void *gri_pool_take_large(struct gri_pool *pool, size_t size);

/* Gives it back; the size is that of the take. Any thread. */
void gri_pool_give_large(struct gri_pool *pool, void *p, size_t size);

/* The class for blocks of `size` bytes, or GRI_POOL_LARGE. */
static inline unsigned gri_pool_class(size_t size)
{
    static const uint8_t classes[GRI_POOL_LARGEST / 64 + 1] = {
        0,  0,  1,  2,  3,  4,  4,  5,  5,  6,  6,  6,  6,  7,  7,  7,  7,  8,  8,  8,  8,  8,
        8,  8,  8,  9,  9,  9,  9,  9,  9,  9,  9,  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
        10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
    return size <= GRI_POOL_LARGEST ? classes[(size + 63) / 64] : GRI_POOL_LARGE;
}

/* The bytes of a class's blocks. */
static inline size_t gri_pool_class_size(unsigned class)
{
    static const uint16_t sizes[GRI_POOL_CLASSES] = {64,  128,  192,  256,  384, 512,
                                                     768, 1024, 1536, 2048, 4096};
    return sizes[class];
}

/* A block, aligned to 64 bytes, not cleared; NULL when there is no memory. The owner. */
static inline void *gri_pool_take(struct gri_pool *pool, unsigned class)
{
    struct gri_pool_block *block = pool->free[class];
    if (__builtin_expect(block == NULL, 0)) return gri_pool_take_slow(pool, class);
    gri_memory_unpoison(block, gri_pool_class_size(class));
    pool->free[class] = block->next;
    return block;
}

/* Whether a take of this class needs no call. */
static inline bool gri_pool_is_ready(const struct gri_pool *pool, unsigned class)
{
    return pool->free[class] != NULL;
}

/* A take after gri_pool_is_ready said yes. */
static inline void *gri_pool_take_ready(struct gri_pool *pool, unsigned class)
{
    struct gri_pool_block *block = pool->free[class];
    gri_memory_unpoison(block, gri_pool_class_size(class));
    pool->free[class] = block->next;
    return block;
}

/* Gives a block back to the pool it came from. The owner. */
static inline void gri_pool_give(struct gri_pool *pool, void *p, unsigned class)
{
    struct gri_pool_block *block = p;
    if (__builtin_expect(pool->bypass, 0)) {
        gri_pool_give_bypass(pool, p, class);
        return;
    }
    block->next = pool->free[class];
    pool->free[class] = block;
    gri_memory_poison(block, gri_pool_class_size(class));
}

/* Adds a block of another pool to the batch for its home. */
static inline void gri_pool_batch_add(struct gri_pool_batch *batch, void *p, unsigned class)
{
    struct gri_pool_block *block = p;
    GRI_PLAIN_WRITE(block->next, batch->head);
    GRI_PLAIN_WRITE(block->class, class);
    if (batch->tail == NULL) batch->tail = block;
    batch->head = block;
    batch->count++;
    gri_memory_poison(block + 1, gri_pool_class_size(class) - sizeof *block);
}

/* Sends the batch home and empties it. Nothing happens when it is empty. Any thread that owns the batch. */
static inline void gri_pool_batch_flush(struct gri_pool_batch *batch, struct gri_pool *home)
{
    if (batch->head == NULL) return;
    gri_pool_return(home, batch->head, batch->tail);
    *batch = (struct gri_pool_batch){NULL, NULL, 0};
}

#endif
