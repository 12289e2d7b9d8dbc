/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a pool as its owner uses it: classes, chunks, running out of memory, bypass. Threads: test_pool_return.c. */
#include "base/pool.h"

#include <greenroom/error.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SMALL (GRI_POOL_CHUNK_FIRST / 64 - 1) /* blocks of 64 bytes in the first chunk, beside its head */

static struct gri_memory_account account; /* counts what the pool takes */
static struct gri_memory_fault fault;     /* counts how often, and may fail */
static struct gri_pool pool;              /* the tested one */

static void start(uint64_t limit_bytes, uint64_t nth, bool bypass)
{
    gri_memory_account_init(&account, gri_memory_default(), limit_bytes);
    gri_memory_fault_init(&fault, &account.memory, nth);
    cr_assert_eq(gri_pool_init(&pool, &fault.memory, bypass), 0);
}

/* Ends the pool and checks that nothing is left. */
static void end(void)
{
    gri_pool_fini(&pool);
    cr_assert_eq(gri_memory_used(&fault.memory), 0);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

Test(pool, a_class_is_the_smallest_that_holds_the_size)
{
    for (size_t size = 0; size <= GRI_POOL_LARGEST; size++) {
        unsigned class = gri_pool_class(size);
        cr_assert_lt(class, GRI_POOL_CLASSES);
        cr_assert_leq(size, gri_pool_class_size(class), "size %zu", size);
        if (class > 0) cr_assert_gt(size, gri_pool_class_size(class - 1), "size %zu", size);
    }
    cr_assert_eq(gri_pool_class(GRI_POOL_LARGEST + 1), GRI_POOL_LARGE);
    cr_assert_eq(gri_pool_class(SIZE_MAX), GRI_POOL_LARGE);
}

Test(pool, class_sizes_are_those_of_the_design)
{
    static const size_t sizes[] = {64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096};
    for (unsigned i = 0; i < GRI_POOL_CLASSES; i++) cr_assert_eq(gri_pool_class_size(i), sizes[i]);
}

Test(pool, a_pool_needs_a_memory)
{
    cr_assert_eq(gri_pool_init(&pool, NULL, false), GR_EINVALID);
}

Test(pool, a_new_pool_has_taken_nothing)
{
    start(0, 0, false);
    cr_assert_eq(gri_memory_fault_count(&fault), 0);
    end();
}

/* Takes `count` blocks, classes in turn, writes each full of its number, and checks all of them at the end. */
static void take_and_check(int count)
{
    unsigned char *blocks[1000];
    for (int i = 0; i < count; i++) {
        unsigned class = (unsigned)i % GRI_POOL_CLASSES;
        blocks[i] = gri_pool_take(&pool, class);
        cr_assert_not_null(blocks[i]);
        cr_assert_eq((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], i & 0xff, gri_pool_class_size(class));
    }
    for (int i = 0; i < count; i++) {
        unsigned class = (unsigned)i % GRI_POOL_CLASSES;
        for (size_t j = 0; j < gri_pool_class_size(class); j++) cr_assert_eq(blocks[i][j], i & 0xff);
        gri_pool_give(&pool, blocks[i], class);
    }
}

Test(pool, blocks_of_all_classes_are_aligned_and_do_not_overlap)
{
    start(0, 0, false);
    take_and_check(1000);
    uint64_t taken = gri_memory_used(&account.memory);
    take_and_check(1000);
    cr_assert_eq(gri_memory_used(&account.memory), taken, "blocks given back were not used again");
    end();
}

Test(pool, the_block_given_last_is_taken_first)
{
    start(0, 0, false);
    void *a = gri_pool_take(&pool, 3), *b = gri_pool_take(&pool, 3);
    gri_pool_give(&pool, a, 3);
    gri_pool_give(&pool, b, 3);
    cr_assert_eq(gri_pool_take(&pool, 3), b);
    cr_assert_eq(gri_pool_take(&pool, 3), a);
    end();
}

#define MANY 5000 /* blocks: far more than a shelf holds */

static int by_address(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    return (x > y) - (x < y);
}

Test(pool, what_a_shelf_cannot_hold_is_put_away_and_comes_back_whole)
{
    static void *given[MANY], *taken[MANY];
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++) {
        start(0, 0, false);
        for (int i = 0; i < MANY; i++) cr_assert_not_null(given[i] = gri_pool_take(&pool, class));
        uint64_t used = gri_memory_used(&account.memory);
        for (int i = 0; i < MANY; i++) gri_pool_give(&pool, given[i], class);
        for (int i = 0; i < MANY; i++) {
            cr_assert_not_null(taken[i] = gri_pool_take(&pool, class));
            memset(taken[i], 0xee, gri_pool_class_size(class));
            if (i < GRI_POOL_SHELF / 2) cr_assert_eq(taken[i], given[MANY - 1 - i], "the newest first");
        }
        cr_assert_eq(gri_memory_used(&account.memory), used, "class %u: nothing is taken anew", class);
        qsort(given, MANY, sizeof *given, by_address);
        qsort(taken, MANY, sizeof *taken, by_address);
        cr_assert_arr_eq(given, taken, sizeof given);
        end();
    }
}

Test(pool, chunks_start_small_and_double_up_to_the_largest)
{
    static const size_t sizes[] = {16384,  32768,   65536,   131072,  262144,
                                   524288, 1048576, 2097152, 2097152, 2097152};
    uint64_t total = 0;
    start(0, 0, false);
    for (uint64_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        while (gri_memory_fault_count(&fault) == i) cr_assert_not_null(gri_pool_take(&pool, 0));
        total += sizes[i];
        cr_assert_eq(gri_memory_used(&account.memory), total);
    }
    end();
}

Test(pool, a_chunk_is_given_out_to_its_last_byte)
{
    start(GRI_POOL_CHUNK_FIRST, 0, false);
    for (size_t i = 0; i < SMALL; i++) cr_assert_not_null(gri_pool_take(&pool, 0), "block %zu", i);
    cr_assert_null(gri_pool_take(&pool, 0));
    end();
}

Test(pool, what_a_large_class_leaves_of_a_chunk_goes_to_smaller_ones)
{
    start(0, 0, false);
    for (int i = 0; i < 3; i++) cr_assert_not_null(gri_pool_take(&pool, 10)); /* 4032 bytes are left */
    cr_assert_eq(gri_memory_fault_count(&fault), 1);
    cr_assert_not_null(gri_pool_take(&pool, 10));
    cr_assert_eq(gri_memory_fault_count(&fault), 2);
    size_t left = 0;
    for (unsigned class = 0; class < 10; class ++)
        left += (size_t)(pool.shelves[class].top - pool.shelves[class].base) * gri_pool_class_size(class);
    cr_assert_eq(left, 4032);
    end();
}

Test(pool, without_memory_a_take_gives_null_and_later_works_again)
{
    start(0, 1, false);
    cr_assert_null(gri_pool_take(&pool, 0));
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    cr_assert_not_null(gri_pool_take(&pool, 0));
    end();
}

Test(pool, running_out_half_way_keeps_what_there_is)
{
    start(GRI_POOL_CHUNK_FIRST, 0, false);
    void *blocks[SMALL];
    for (size_t i = 0; i < SMALL; i++) {
        blocks[i] = gri_pool_take(&pool, 0);
        memset(blocks[i], (int)i & 0xff, 64);
    }
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++) cr_assert_null(gri_pool_take(&pool, class));
    for (size_t i = 0; i < SMALL; i++)
        for (size_t j = 0; j < 64; j++) cr_assert_eq(((unsigned char *)blocks[i])[j], i & 0xff);
    gri_pool_give(&pool, blocks[5], 0);
    cr_assert_eq(gri_pool_take(&pool, 0), blocks[5]);
    account.memory.limit_bytes = 0;
    cr_assert_not_null(gri_pool_take(&pool, 10));
    end();
}

Test(pool, near_the_limit_a_small_chunk_is_taken_where_a_large_one_does_not_fit)
{
    start(3 * GRI_POOL_CHUNK_FIRST, 0, false);
    size_t blocks = 0;
    while (gri_pool_take(&pool, 0)) blocks++;
    cr_assert_eq(blocks, 3 * GRI_POOL_CHUNK_FIRST / 64 - 2, "%zu blocks", blocks); /* 16 KiB, then 32 KiB */
    end();
    start(4 * GRI_POOL_CHUNK_FIRST, 0, false);
    for (blocks = 0; gri_pool_take(&pool, 0);) blocks++;
    cr_assert_eq(blocks, 4 * GRI_POOL_CHUNK_FIRST / 64 - 3, "%zu blocks",
                 blocks); /* 64 KiB did not fit, 16 did */
    end();
}

/* Takes blocks of all classes three times over; returns how often there was none. */
static int take_all_classes(void *blocks[3 * GRI_POOL_CLASSES])
{
    int refused = 0;
    for (unsigned i = 0; i < 3 * GRI_POOL_CLASSES; i++) {
        blocks[i] = gri_pool_take(&pool, i % GRI_POOL_CLASSES);
        refused += blocks[i] == NULL;
    }
    return refused;
}

Test(pool, under_bypass_each_of_the_allocations_can_fail_alone)
{
    void *blocks[3 * GRI_POOL_CLASSES];
    for (uint64_t nth = 1; nth <= 3 * GRI_POOL_CLASSES; nth++) {
        start(0, nth, true);
        cr_assert_eq(take_all_classes(blocks), 1);
        cr_assert_null(blocks[nth - 1]);
        for (unsigned i = 0; i < 3 * GRI_POOL_CLASSES; i++)
            if (blocks[i]) gri_pool_give(&pool, blocks[i], i % GRI_POOL_CLASSES);
        end();
    }
}

Test(pool, every_chunk_allocation_can_fail_and_nothing_is_lost)
{
    void *blocks[3 * GRI_POOL_CLASSES];
    start(0, 0, false);
    cr_assert_eq(take_all_classes(blocks), 0);
    uint64_t chunks = gri_memory_fault_count(&fault);
    end();
    cr_assert_gt(chunks, 1);
    for (uint64_t nth = 1; nth <= chunks; nth++) {
        start(0, nth, false);
        int refused = take_all_classes(blocks);
        cr_assert_eq(refused, nth == 1 ? 1 : 0, "nth %d: %d refused", (int)nth,
                     refused); /* others fall back */
        end();
    }
}

Test(pool, under_bypass_every_block_is_an_allocation_of_its_own)
{
    start(0, 0, true);
    void *a = gri_pool_take(&pool, 0), *b = gri_pool_take(&pool, 10);
    cr_assert_eq(gri_memory_fault_count(&fault), 2);
    cr_assert_eq(gri_memory_used(&account.memory), 64 + 4096);
    gri_pool_give(&pool, a, 0);
    cr_assert_eq(gri_memory_used(&account.memory), 4096);
    gri_pool_give(&pool, b, 10);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    a = gri_pool_take(&pool, 0);
    cr_assert_eq(gri_memory_fault_count(&fault), 3);
    gri_pool_give(&pool, a, 0);
    end();
}

Test(pool, large_blocks_come_straight_from_memory)
{
    start(0, 0, false);
    char *p = gri_pool_take_large(&pool, 5000);
    cr_assert_not_null(p);
    cr_assert_eq((uintptr_t)p % 64, 0);
    memset(p, 1, 5000);
    cr_assert_eq(gri_memory_used(&account.memory), 5056);
    gri_pool_give_large(&pool, p, 5000);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    end();
}

Test(pool, a_large_block_beyond_the_limit_is_refused)
{
    start(8192, 0, false);
    cr_assert_null(gri_pool_take_large(&pool, 8193));
    cr_assert_null(gri_pool_take_large(&pool, SIZE_MAX));
    void *p = gri_pool_take_large(&pool, 8192);
    cr_assert_not_null(p);
    gri_pool_give_large(&pool, p, 8192);
    gri_pool_give_large(&pool, NULL, 8192);
    end();
}

#if GRI_ADDRESS_SANITIZER
int __asan_address_is_poisoned(void const volatile *p);

Test(pool, a_free_block_is_poisoned_and_a_taken_one_is_not)
{
    start(0, 0, false);
    char *p = gri_pool_take(&pool, 5);
    for (int i = 0; i < 512; i++) cr_assert_not(__asan_address_is_poisoned(p + i));
    gri_pool_give(&pool, p, 5);
    for (int i = 0; i < 512; i++) cr_assert(__asan_address_is_poisoned(p + i));
    cr_assert_eq(gri_pool_take(&pool, 5), p);
    for (int i = 0; i < 512; i++) cr_assert_not(__asan_address_is_poisoned(p + i));
    end();
}

/* How many bytes of the blocks of a class are poisoned. */
static size_t poisoned(char *const *blocks, unsigned class)
{
    size_t size = gri_pool_class_size(class), count = 0;
    for (int i = 0; i < MANY; i++)
        for (size_t j = 0; j < size; j++) count += __asan_address_is_poisoned(blocks[i] + j) != 0;
    return count;
}

Test(pool, blocks_that_were_put_away_are_poisoned_too)
{
    static char *blocks[MANY];
    for (unsigned class = 0; class <= 2; class += 2) {
        start(0, 0, false);
        size_t size = gri_pool_class_size(class);
        for (int i = 0; i < MANY; i++) blocks[i] = gri_pool_take(&pool, class);
        cr_assert_eq(poisoned(blocks, class), 0);
        for (int i = 0; i < MANY; i++) gri_pool_give(&pool, blocks[i], class);
        cr_assert_eq(poisoned(blocks, class), MANY * size);
        /* Until more than the shelf has is taken again: a crate is opened, and the next one is looked at. */
        for (int i = 0; i <= GRI_POOL_SHELF_FIRST; i++) cr_assert_not_null(gri_pool_take(&pool, class));
        cr_assert_eq(poisoned(blocks, class), (MANY - GRI_POOL_SHELF_FIRST - 1) * size);
        end();
    }
}
#endif
