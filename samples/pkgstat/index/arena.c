/* SPDX-License-Identifier: Apache-2.0 */
/* An arena of blocks that grow with it, so that a small one stays small. */
#include "arena.h"

#include <stdlib.h>

#define ALIGN          16
#define BLOCK_SIZE_MIN 4096
#define BLOCK_SIZE_MAX 262144

struct arena_block {
    struct arena_block *next;              /* an older one */
    size_t size;                           /* bytes of `bytes` */
    _Alignas(ALIGN) unsigned char bytes[]; /* filled from the front */
};

void *arena_take(struct arena *arena, size_t size)
{
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (size > arena->left) {
        size_t block_size = arena->bytes / 4;
        if (block_size < BLOCK_SIZE_MIN) block_size = BLOCK_SIZE_MIN;
        if (block_size > BLOCK_SIZE_MAX) block_size = BLOCK_SIZE_MAX;
        if (block_size < size) block_size = size;
        struct arena_block *block = malloc(sizeof *block + block_size);
        if (block == NULL) return NULL;
        block->next = arena->blocks;
        block->size = block_size;
        arena->blocks = block;
        arena->left = block_size;
        arena->bytes += sizeof *block + block_size;
    }
    void *taken = arena->blocks->bytes + (arena->blocks->size - arena->left);
    arena->left -= size;
    return taken;
}

void arena_fini(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct arena){0};
}
