/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on what comes home to a pool (base/pool.h): every block that other threads return is taken again
 * exactly once, and not while whoever returned it still uses it.
 */
#include "base/pool.h"

#include "tests/support/explorer/explorer.h"

#define BLOCKS 4
#define CLASS  0u

static _Alignas(64) char chunk[GRI_POOL_CHUNK_FIRST];
static struct gri_pool pool;
static uint64_t *blocks[BLOCKS]; /* their second word is what is done with them */
static int taken_again;          /* by the owner's thread */

/* The memory seam: one chunk. */
void *gri_memory_allocate(struct gri_memory *memory, size_t size)
{
    return size == sizeof chunk ? chunk : NULL;
}

void gri_memory_release(struct gri_memory *memory, void *p, size_t size)
{
    GRI_EXPLORER_CHECK(p == chunk);
}

/* Takes the blocks; what is left of the pool's memory is out of reach. */
static void setup(void)
{
    static struct gri_memory memory;
    taken_again = 0;
    gri_memory_unpoison(chunk, sizeof chunk); /* as fresh memory is */
    int result = gri_pool_init(&pool, &memory, false);
    GRI_EXPLORER_CHECK(result == 0);
    gri_store(&pool.returned, NULL, GRI_RELAXED);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = gri_pool_take(&pool, CLASS);
        blocks[i][0] = 0;
    }
    pool.shelves[CLASS].top = pool.shelves[CLASS].base;
}

/* Another thread's last use of a block, then its way home. */
static void add_used(struct gri_pool_batch *batch, int i)
{
    GRI_PLAIN_WRITE(blocks[i][1], 77);
    gri_pool_batch_add(batch, blocks[i], CLASS);
}

static void return_from(int from, int count)
{
    struct gri_pool_batch batch = {0};
    for (int i = from; i < from + count; i++) add_used(&batch, i);
    gri_pool_batch_flush(&batch, &pool);
}

static void return_singly(void)
{
    for (int i = 0; i < BLOCKS; i++) return_from(i, 1);
}

static void return_pair_and_one(void)
{
    return_from(0, 2);
    return_from(2, 1);
}

static void return_last(void)
{
    return_from(3, 1);
}

/* Collects, and uses what came. */
static void collect(int times)
{
    for (int i = 0; i < times; i++) {
        gri_pool_collect(&pool);
        for (; gri_pool_is_ready(&pool, CLASS); taken_again++) {
            uint64_t *block = gri_pool_take(&pool, CLASS);
            GRI_PLAIN_WRITE(block[1], 99);
        }
    }
}

static void collect_four_times(void)
{
    collect(4);
}

static void collect_twice(void)
{
    collect(2);
}

static void finish(void)
{
    gri_explorer_outcome((uint64_t)taken_again);
    collect(1);
    GRI_EXPLORER_CHECK(taken_again == BLOCKS);
    for (int i = 0; i < BLOCKS; i++) GRI_EXPLORER_CHECK(GRI_PLAIN_READ(blocks[i][1]) == 99);
}

static const struct gri_explorer_scenario scenarios[] = {
    {"four", setup, {return_singly, collect_four_times}, finish, GRI_EXPLORER_SET(0, 1, 2, 3, 4)},
    {"three",
     setup,
     {return_pair_and_one, return_last, collect_twice},
     finish,
     GRI_EXPLORER_SET(0, 1, 2, 3, 4)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"base/pool.h", "base/pool.c", NULL};
    static const struct gri_explorer_program program = {"pool", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
