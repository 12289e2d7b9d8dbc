/* SPDX-License-Identifier: Apache-2.0 */
/* The slow half of pools: chunks, blocks that come home, bypass. The fast half and the invariants are in pool.h. */
#include "base/pool.h"

#include <greenroom/error.h>

#include <string.h>

/* The head of a chunk; its blocks follow. */
struct gri_pool_chunk {
    _Alignas(GRI_MEMORY_ALIGNMENT) struct gri_pool_chunk *next; /* the one allocated before it */
    size_t size;                                                /* of the whole chunk */
};

/* Bytes of blocks that one refill cuts at most: few enough to stay in the nearest cache, and for a shelf. */
#define REFILL_BYTES 4096

_Static_assert(REFILL_BYTES / 64 <= GRI_POOL_SHELF, "a refill fits on its shelf");
_Static_assert(sizeof(struct gri_pool_crate) <= 64, "the smallest block can be a crate");
_Static_assert(sizeof(struct gri_pool_page) <= 64, "or one of its pages");
_Static_assert(sizeof(struct gri_pool_parcel) <= 64, "or a parcel");
_Static_assert(GRI_POOL_CLASSES <= GRI_MEMORY_ALIGNMENT, "the low bits of a block's address hold a class");
_Static_assert(GRI_POOL_CRATE == 1 + GRI_POOL_PAGES * (1 + 8) + 4, "a crate names all its blocks");
_Static_assert(GRI_POOL_SHELF % (2 * GRI_POOL_CRATE) == 0 && GRI_POOL_SHELF_FIRST % (2 * GRI_POOL_CRATE) == 0,
               "half a shelf is put away");

int gri_pool_init(struct gri_pool *pool, struct gri_memory *memory, bool bypass)
{
    if (memory == NULL) return GR_EINVALID;
    *pool = (struct gri_pool){.bypass = bypass, .memory = memory, .chunk_size = GRI_POOL_CHUNK_FIRST};
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++) {
        struct gri_pool_shelf *shelf = &pool->shelves[class];
        size_t holds = class == 0 ? GRI_POOL_SHELF_FIRST : GRI_POOL_SHELF;
        shelf->base = shelf->top = class == 0 ? pool->first : pool->others[class - 1];
        shelf->end = shelf->base + (bypass ? 0 : holds);
    }
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

/* Puts what is left of the newest chunk onto the shelves, the largest blocks first. */
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

/* Cuts blocks of a class from the newest chunk: one to return, more for the shelf, in order of address. */
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

/* Packs a crate's worth of blocks. The last of them becomes the crate. */
static void pack(struct gri_pool_shelf *shelf, void *const *blocks)
{
    struct gri_pool_crate *crate = blocks[GRI_POOL_CRATE - 1];
    gri_memory_unpoison(crate, sizeof *crate);
    for (unsigned i = 0; i < GRI_POOL_PAGES; i++) {
        crate->pages[i] = blocks[GRI_POOL_CRATE - 2 - i];
        gri_memory_unpoison(crate->pages[i], sizeof *crate->pages[i]);
        memcpy(crate->pages[i]->blocks, &blocks[8 * i], sizeof crate->pages[i]->blocks);
    }
    memcpy(crate->blocks, &blocks[8 * GRI_POOL_PAGES], sizeof crate->blocks);
    crate->next = shelf->crates;
    shelf->crates = crate;
    for (unsigned i = 0; i <= GRI_POOL_PAGES; i++)
        gri_memory_poison(blocks[GRI_POOL_CRATE - 1 - i], sizeof *crate);
}

/* Puts the older half of a full shelf away. */
static void put_away(struct gri_pool_shelf *shelf)
{
    size_t half = (size_t)(shelf->end - shelf->base) / 2;
    for (size_t i = 0; i < half; i += GRI_POOL_CRATE) pack(shelf, shelf->base + i);
    memcpy(shelf->base, shelf->base + half, half * sizeof *shelf->base);
    shelf->top -= half;
}

/* Fills an empty shelf from a crate, as it was. The blocks are fetched into the cache meanwhile, and what will be read of
 * the next two crates, so that whoever takes many waits for few. */
static void unpack(struct gri_pool_shelf *shelf)
{
    struct gri_pool_crate *crate = shelf->crates;
    void **blocks = shelf->base;
    gri_memory_unpoison(crate, sizeof *crate);
    struct gri_pool_crate *next = crate->next;
    if (next != NULL) gri_memory_unpoison(next, sizeof *next);
    blocks[GRI_POOL_CRATE - 1] = crate;
    memcpy(&blocks[8 * GRI_POOL_PAGES], crate->blocks, sizeof crate->blocks);
    for (unsigned i = 0; i < GRI_POOL_PAGES; i++) {
        blocks[GRI_POOL_CRATE - 2 - i] = crate->pages[i];
        gri_memory_unpoison(crate->pages[i], sizeof *crate->pages[i]);
        memcpy(&blocks[8 * i], crate->pages[i]->blocks, sizeof crate->pages[i]->blocks);
        if (next != NULL) __builtin_prefetch(next->pages[i], 1);
    }
#pragma GCC unroll 4
    for (unsigned i = 8 * GRI_POOL_PAGES + 4; i-- > 0;) __builtin_prefetch(blocks[i], 1);
    if (next != NULL) __builtin_prefetch(next->next, 1);
    for (unsigned i = 0; i <= GRI_POOL_PAGES; i++)
        gri_memory_poison(blocks[GRI_POOL_CRATE - 1 - i], sizeof *crate);
    if (next != NULL) gri_memory_poison(next, sizeof *next);
    shelf->top += GRI_POOL_CRATE;
    shelf->crates = next;
}

void *gri_pool_take_slow(struct gri_pool *pool, unsigned class)
{
    struct gri_pool_shelf *shelf = &pool->shelves[class];
    if (gri_load(&pool->returned, GRI_RELAXED) != NULL) gri_pool_collect(pool);
    if (pool->bypass) return gri_memory_allocate(pool->memory, gri_pool_class_size(class));
    if (shelf->top == shelf->base && shelf->crates != NULL) unpack(shelf);
    return shelf->top != shelf->base ? gri_pool_take_ready(pool, class) : refill(pool, class);
}

void gri_pool_give_slow(struct gri_pool *pool, void *p, unsigned class)
{
    size_t size = gri_pool_class_size(class);
    if (pool->bypass) {
        gri_memory_unpoison(p, size); /* the part that a batch had poisoned */
        gri_memory_release(pool->memory, p, size);
        return;
    }
    put_away(&pool->shelves[class]);
    gri_pool_give(pool, p, class);
}

void gri_pool_return(struct gri_pool *home, struct gri_pool_parcel *first, struct gri_pool_parcel *last)
{
    void *old = gri_load(&home->returned, GRI_RELAXED);
    do {
        GRI_PLAIN_WRITE(last->next, old);
        /* Release: publishes the parcels, and the last use of their blocks, to the owner's exchange in
         * gri_pool_collect. */
    } while (!gri_compare_exchange(&home->returned, &old, first, GRI_RELEASE));
}

/* Gives the blocks of a parcel; it is one of them, so it is read before. Returns the next parcel. */
static struct gri_pool_parcel *open_parcel(struct gri_pool *pool, struct gri_pool_parcel *parcel)
{
    struct gri_pool_parcel *next = GRI_PLAIN_READ(parcel->next);
    uintptr_t blocks[GRI_POOL_PARCEL];
    unsigned count = 0;
    if (next != NULL) __builtin_prefetch(next);
    for (; count < GRI_POOL_PARCEL; count++) {
        blocks[count] = GRI_PLAIN_READ(parcel->blocks[count]);
        if (blocks[count] == 0) break;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned class = (unsigned)(blocks[i] % GRI_MEMORY_ALIGNMENT);
        gri_pool_give(pool, (void *)(blocks[i] - class), class);
    }
    return next;
}

void gri_pool_collect(struct gri_pool *pool)
{
    if (gri_load(&pool->returned, GRI_RELAXED) == NULL) return; /* nothing is read through it */
    /* Acquire: pairs with each push in gri_pool_return; later pushes continue the release sequence of earlier ones. */
    struct gri_pool_parcel *parcel = gri_exchange(&pool->returned, NULL, GRI_ACQUIRE);
    while (parcel != NULL) parcel = open_parcel(pool, parcel);
}

void *gri_pool_take_large(struct gri_pool *pool, size_t size)
{
    return gri_memory_allocate(pool->memory, size);
}

void gri_pool_give_large(struct gri_pool *pool, void *p, size_t size)
{
    gri_memory_release(pool->memory, p, size);
}
