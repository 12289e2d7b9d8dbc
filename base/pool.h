/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: small blocks by size class, one pool for each loop. Taking and giving are the owner's alone and
 * use no atomics; blocks that another thread frees come home in batches. It is no general allocator: whoever frees a
 * block knows its class and its home.
 *
 * Invariants:
 *   1. A block is in one place: taken, in one shelf or crate of its home, in one batch, or in its home's `returned`.
 *   2. Blocks at hand are named by their shelf, so taking and giving touch no block: a cold one costs nothing until it is
 *      used. What is too much for a shelf is put away in crates, in the first of whose blocks the others are named.
 *      Blocks on their way home are named in parcels, each in the first one of seven: the others stay as they are, for
 *      who writes to a line of memory takes it from the processor that is to use it next.
 *   3. `returned` is pushed by any thread with a compare-exchange and emptied whole by the owner, so it has no ABA case.
 *   4. Under bypass the shelves stay empty: each block is an allocation of its own.
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

/* Sizes of the chunks that a pool takes from memory; each is twice the one before, up to the last, which is a huge page. */
#define GRI_POOL_CHUNK_FIRST ((size_t)16 << 10)
#define GRI_POOL_CHUNK_LAST  GRI_MEMORY_HUGE

/* Whether a pool of the runtime had better bypass: AddressSanitizer then sees each block's life, with its stacks. */
#define GRI_POOL_BYPASS_DEFAULT (GRI_ADDRESS_SANITIZER == 1)

/* Blocks on their way home, in a batch and in `returned`; it lies in the first of them. */
#define GRI_POOL_PARCEL 7
struct gri_pool_parcel {
    struct gri_pool_parcel *next; /* sent home before it, or with it */
    uintptr_t
        blocks[GRI_POOL_PARCEL]; /* itself and others, each with its class in the low bits; 0: no more */
};

/*
 * Free blocks that were put away together, named in the first bytes of some of them: 4 in the first one, 8 in each of its
 * 3 pages. Whoever unpacks a crate waits for the first one's memory, but for that of all others at once.
 */
#define GRI_POOL_CRATE 32
#define GRI_POOL_PAGES 3
struct gri_pool_page {
    void *blocks[8]; /* other blocks */
};
struct gri_pool_crate {
    struct gri_pool_crate *next;                 /* put away before it */
    struct gri_pool_page *pages[GRI_POOL_PAGES]; /* further blocks, which name others */
    void *blocks[4];                             /* other blocks */
};

/* Free blocks of one class. A linked list would do, but where a million actors come and go, walking it block by cold block
 * took more than half of the time of a spawn. */
struct gri_pool_shelf {
    void **top;                    /* behind the block given last; those at hand are below */
    void **base;                   /* where the oldest is */
    void **end;                    /* as far as `top` goes; `base` under bypass */
    struct gri_pool_crate *crates; /* what was put away, the newest first */
};

/* How many blocks a shelf holds: of the smallest, which messages are, as many as are often on their way at once. */
#define GRI_POOL_SHELF_FIRST 1024
#define GRI_POOL_SHELF       64

struct gri_pool_chunk;

/* The pool of one owner. It points into itself, so it stays where it was initialised. */
struct gri_pool {
    bool bypass;                                     /* every block is its own allocation */
    struct gri_pool_shelf shelves[GRI_POOL_CLASSES]; /* free blocks by class */
    struct gri_memory *memory;                       /* where chunks and large blocks come from */
    struct gri_pool_chunk *chunks;                   /* all chunks, the newest first */
    char *fresh;                                     /* the newest chunk's part that was never given out */
    char *fresh_end;                                 /* its end */
    size_t chunk_size;                               /* of the next chunk */
    _Alignas(64) gri_atomic_ptr returned;            /* parcels that other threads sent; alone in its line */
    _Alignas(64) void *first[GRI_POOL_SHELF_FIRST];  /* what the shelf of the smallest class holds */
    void *others[GRI_POOL_CLASSES - 1][GRI_POOL_SHELF]; /* and the others */
};

/* Blocks of one home that another thread frees, gathered until it is worth an atomic operation. All zeroes is empty. */
struct gri_pool_batch {
    struct gri_pool_parcel *head; /* the last parcel, which need not be full */
    struct gri_pool_parcel *tail; /* the first one */
    unsigned count;               /* how many blocks */
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
void gri_pool_give_slow(struct gri_pool *pool, void *p, unsigned class);

/* Gives a chain of parcels back to their home, from `first` to `last`, whose `next` is free. One atomic operation. Any
 * thread, while the pool lives. */
void gri_pool_return(struct gri_pool *home, struct gri_pool_parcel *first, struct gri_pool_parcel *last);

/* Takes everything that was returned onto the shelves; under bypass frees it. The owner; take does it when it must. */
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

/* Whether a take of this class needs no call. */
static inline bool gri_pool_is_ready(const struct gri_pool *pool, unsigned class)
{
    return pool->shelves[class].top != pool->shelves[class].base;
}

/* A take after gri_pool_is_ready said yes. */
static inline void *gri_pool_take_ready(struct gri_pool *pool, unsigned class)
{
    void *block = *--pool->shelves[class].top;
    gri_memory_unpoison(block, gri_pool_class_size(class));
    return block;
}

/* A block, aligned to 64 bytes, not cleared; NULL when there is no memory. The owner. */
static inline void *gri_pool_take(struct gri_pool *pool, unsigned class)
{
    if (__builtin_expect(!gri_pool_is_ready(pool, class), 0)) return gri_pool_take_slow(pool, class);
    return gri_pool_take_ready(pool, class);
}

/* Gives a block back to the pool it came from. The owner. */
static inline void gri_pool_give(struct gri_pool *pool, void *p, unsigned class)
{
    struct gri_pool_shelf *shelf = &pool->shelves[class];
    if (__builtin_expect(shelf->top == shelf->end, 0)) {
        gri_pool_give_slow(pool, p, class);
        return;
    }
    gri_memory_poison(p, gri_pool_class_size(class));
    *shelf->top++ = p;
}

/* Adds a block of another pool to the batch for its home. */
static inline void gri_pool_batch_add(struct gri_pool_batch *batch, void *p, unsigned class)
{
    unsigned at = batch->count++ % GRI_POOL_PARCEL;
    size_t kept = 0;
    if (at == 0) {
        struct gri_pool_parcel *parcel = p;
        GRI_PLAIN_WRITE(parcel->next, batch->head);
        if (batch->tail == NULL) batch->tail = parcel;
        batch->head = parcel;
        kept = sizeof *parcel;
    }
    GRI_PLAIN_WRITE(batch->head->blocks[at], (uintptr_t)p | class);
    gri_memory_poison((char *)p + kept, gri_pool_class_size(class) - kept);
}

/* Sends the batch home and empties it. Nothing happens when it is empty. Any thread that owns the batch. */
static inline void gri_pool_batch_flush(struct gri_pool_batch *batch, struct gri_pool *home)
{
    unsigned last = batch->count % GRI_POOL_PARCEL;
    if (batch->head == NULL) return;
    if (last != 0) GRI_PLAIN_WRITE(batch->head->blocks[last], 0);
    gri_pool_return(home, batch->head, batch->tail);
    *batch = (struct gri_pool_batch){NULL, NULL, 0};
}

#endif
