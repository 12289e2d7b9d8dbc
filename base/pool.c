/* SPDX-License-Identifier: Apache-2.0 */
/* The slow half of pools: chunks, blocks that come home, bypass. The fast half and the invariants are in pool.h. */
#include "base/pool.h"

#include <greenroom/error.h>

/* The head of a chunk; its blocks follow. */
struct gri_pool_chunk {
    _Alignas(GRI_MEMORY_ALIGNMENT) struct gri_pool_chunk *next; /* the one allocated before it */
    size_t size;                                                /* of the whole chunk */
};

/* Bytes of blocks that one refill cuts at most: few enough to stay in the nearest cache. */
#define REFILL_BYTES 4096

int gri_pool_init(struct gri_pool *pool, struct gri_memory *memory, bool bypass)
{
    if (memory == NULL) return GR_EINVALID;
    *pool = (struct gri_pool){.bypass = bypass, .memory = memory, .chunk_size = GRI_POOL_CHUNK_FIRST};
    return GR_OK;
}

void gri_pool_fini(struct gri_pool *pool)
{
    gri_pool_collect(pool);
    while (pool->chunks) {
        struct gri_pool_chunk *chunk = pool->chunks;
        pool->chunks = chunk->next;
        gri_memory_unpoison(chunk, chunk->size);
        gri_memory_release(pool->memory, chunk, chunk->size);
    }
    *pool = (struct gri_pool){0};
}

/* Puts what is left of the newest chunk into the free lists, the largest blocks first. */
static void give_rest(struct gri_pool *pool)
{
    for (unsigned class = GRI_POOL_CLASSES; class -- > 0;) {
        size_t size = gri_pool_class_size(class);
        while ((size_t)(pool->fresh_end - pool->fresh) >= size) {
            gri_pool_give(pool, pool->fresh, class);
            pool->fresh += size;
        }
    }
}

static bool add_chunk(struct gri_pool *pool)
{
    size_t size = pool->chunk_size;
    struct gri_pool_chunk *chunk = gri_memory_allocate(pool->memory, size);
    if (chunk == NULL && size > GRI_POOL_CHUNK_FIRST) {
        size = GRI_POOL_CHUNK_FIRST; /* near the limit a small one may still fit */
        chunk = gri_memory_allocate(pool->memory, size);
    }
    if (chunk == NULL) return false;
    give_rest(pool);
    chunk->next = pool->chunks;
    chunk->size = size;
    pool->chunks = chunk;
    pool->fresh = (char *)(chunk + 1);
    pool->fresh_end = (char *)chunk + size;
    if (pool->chunk_size < GRI_POOL_CHUNK_LAST) pool->chunk_size *= 2;
    return true;
}

/* Cuts blocks of a class from the newest chunk: one to return, more for the free list, in order of address. */
static void *refill(struct gri_pool *pool, unsigned class)
{
    size_t size = gri_pool_class_size(class);
    if ((size_t)(pool->fresh_end - pool->fresh) < size && !add_chunk(pool)) return NULL;
    size_t count = (size_t)(pool->fresh_end - pool->fresh) / size;
    size_t most = REFILL_BYTES / size;
    if (count > most) count = most;
    char *first = pool->fresh;
    pool->fresh += count * size;
    for (size_t i = count; i-- > 1;) gri_pool_give(pool, first + i * size, class);
    return first;
}

void *gri_pool_take_slow(struct gri_pool *pool, unsigned class)
{
    gri_pool_collect(pool);
    if (pool->bypass) return gri_memory_allocate(pool->memory, gri_pool_class_size(class));
    if (pool->free[class]) return gri_pool_take(pool, class);
    return refill(pool, class);
}

void gri_pool_give_bypass(struct gri_pool *pool, void *p, unsigned class)
{
    size_t size = gri_pool_class_size(class);
    gri_memory_unpoison(p, size); /* the part that a batch had poisoned */
    gri_memory_release(pool->memory, p, size);
}

void gri_pool_return(struct gri_pool *home, struct gri_pool_block *first, struct gri_pool_block *last)
{
    void *old = gri_load(&home->returned, GRI_RELAXED);
    do {
        GRI_PLAIN_WRITE(last->next, old);
        /* Release: publishes the chain's words to the owner's exchange in gri_pool_collect. */
    } while (!gri_compare_exchange(&home->returned, &old, first, GRI_RELEASE));
}

void gri_pool_collect(struct gri_pool *pool)
{
    if (gri_load(&pool->returned, GRI_RELAXED) == NULL) return; /* nothing is read through it */
    /* Acquire: pairs with each push in gri_pool_return; later pushes continue the release sequence of earlier ones. */
    struct gri_pool_block *block = gri_exchange(&pool->returned, NULL, GRI_ACQUIRE);
    while (block) {
        struct gri_pool_block *next = GRI_PLAIN_READ(block->next);
        unsigned class = (unsigned)GRI_PLAIN_READ(block->class);
        gri_pool_give(pool, block, class);
        block = next;
    }
}

void *gri_pool_take_large(struct gri_pool *pool, size_t size)
{
    return gri_memory_allocate(pool->memory, size);
}

void gri_pool_give_large(struct gri_pool *pool, void *p, size_t size)
{
    gri_memory_release(pool->memory, p, size);
}
