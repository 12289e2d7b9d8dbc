/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks: the counted memory behind strings and buffers, one allocation with the bytes after a short header. It knows
 * nothing of slices; those are in string.c.
 *
 * The count is one atomic word, not a count per loop with returns in batches. A slice may be held and released by any
 * thread, also by ones that run no loop, and a block is usually made once and released once: with the shortcut below
 * that common life costs no read-modify-write at all, while a count per loop would need an owner, a lookup of the
 * current loop at each hold and a message home for each foreign release. Only blocks that several holders really share
 * pay for the atomic addition.
 *
 * Invariants:
 *   1. `count` is the number of slices that own one; it is never 0 while anyone may touch the block.
 *   2. Only an owner of a count holds or releases: so an owner that reads 1 is alone, and stays so.
 *   3. The bytes don't change once `count` was above 1 or the slice was sent.
 */
#ifndef GRI_MESSAGES_BLOCK_H
#define GRI_MESSAGES_BLOCK_H

#include "base/assert.h"
#include "base/atomic.h"

#include <greenroom/base.h>

struct gri_memory;

/* More counts than this on one block are a leak of ours: stop long before the word wraps. */
#define GRI_BLOCK_COUNT_MAX (UINT32_C(1) << 31)

/* The header of a block, aligned so that the bytes after it are. */
struct gri_block {
    _Alignas(32) gri_atomic_u32 count; /* owners; see the invariants */
    size_t size_bytes;                 /* bytes after the header */
    struct gri_memory *memory;         /* where the block came from and returns to */
};

/* A new block of `size` bytes, not cleared, with one count, from the calling thread's memory. NULL: out of memory. */
struct gri_block *gri_block_create(size_t size);

/* Frees a block that nobody owns; for gri_block_release only. */
void gri_block_destroy(struct gri_block *block);

/* The block's bytes, 32-byte aligned. */
static inline uint8_t *gri_block_bytes(struct gri_block *block)
{
    return (uint8_t *)(block + 1);
}

/* Adds a count; the caller owns one already, so nothing needs to be ordered. NULL is fine. Any thread. */
static inline void gri_block_hold(struct gri_block *block)
{
    if (!block) return;
    uint32_t before = gri_fetch_add(&block->count, 1, GRI_RELAXED);
    GRI_ASSERT(before != 0 && before < GRI_BLOCK_COUNT_MAX);
}

/* Takes one count back, frees the block with the last. NULL is fine. Any thread. */
static inline void gri_block_release(struct gri_block *block)
{
    if (!block) return;
    /*
     * Alone (invariant 2): no addition needed. The acquire pairs with the release of the subtraction below in the
     * owners before us, so that their reads of the bytes are over before the memory is used again.
     */
    if (gri_load(&block->count, GRI_ACQUIRE) == 1) {
        gri_block_destroy(block);
        return;
    }
    uint32_t before = gri_fetch_sub(&block->count, 1, GRI_ACQ_REL);
    GRI_ASSERT(before != 0);
    if (before == 1) gri_block_destroy(block);
}

#endif
