/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: making and freeing them; counting is inline in block.h. */
#include "messages/block.h"

#include "base/memory.h"

struct gri_block *gri_block_create(size_t size)
{
    struct gri_memory *memory = gri_memory_default();
    struct gri_block *block;
    size_t whole;
    if (__builtin_add_overflow(size, sizeof *block, &whole)) return NULL;
    block = gri_memory_allocate(memory, whole);
    if (!block) return NULL;
    gri_store(&block->count, 1, GRI_RELAXED); /* whoever passes the block on publishes it */
    block->size_bytes = size;
    block->memory = memory;
    return block;
}

void gri_block_destroy(struct gri_block *block)
{
    gri_memory_release(block->memory, block, sizeof *block + block->size_bytes);
}
