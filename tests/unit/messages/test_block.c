/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: counts, and where the memory goes. Slices are tested in test_string.c. */
#include "account.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/platform.h"
#include "messages/block.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

TestSuite(block, .init = use_account, .fini = expect_no_leak);

Test(block, a_new_block_has_one_count_and_aligned_bytes)
{
    for (size_t size = 0; size < 300; size += 7) {
        struct gri_block *block = gri_block_create(size);
        cr_assert_not_null(block);
        cr_assert_eq(gri_load(&block->count, GRI_RELAXED), 1);
        cr_assert_eq(block->size_bytes, size);
        cr_assert_eq((uintptr_t)gri_block_bytes(block) % 32, 0);
        memset(gri_block_bytes(block), 0xa5, size);
        gri_block_release(block);
    }
}

Test(block, the_header_takes_32_bytes)
{
    cr_assert_eq(sizeof(struct gri_block), 32);
}

Test(block, a_held_block_lives_until_its_last_release)
{
    struct gri_block *block = gri_block_create(100);
    cr_assert_not_null(block);
    for (int i = 0; i < 10; i++) gri_block_hold(block);
    for (int i = 0; i < 10; i++) {
        gri_block_release(block);
        cr_assert_eq(gri_load(&block->count, GRI_RELAXED), (uint32_t)(10 - i));
        cr_assert_gt(gri_memory_used(&account.memory), 0);
    }
    gri_block_release(block);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

Test(block, memory_returns_to_where_it_came_from)
{
    struct gri_memory_account other;
    struct gri_block *block = gri_block_create(100);
    cr_assert_not_null(block);
    gri_memory_account_init(&other, gri_memory_default(), 0);
    gri_memory_override(&other.memory);
    gri_block_release(block);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    cr_assert_eq(gri_memory_used(&other.memory), 0);
}

Test(block, sizes_that_no_memory_holds_are_refused)
{
    static const size_t sizes[] = {SIZE_MAX,           SIZE_MAX - 31, SIZE_MAX - 32,           SIZE_MAX - 33,
                                   SIZE_MAX - 64 - 32, SIZE_MAX / 2,  (size_t)PTRDIFF_MAX - 32};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        cr_assert_null(gri_block_create(sizes[i]), "%zu bytes", sizes[i]);
}

Test(block, a_limit_refuses_and_recovers)
{
    struct gri_memory_account small;
    struct gri_block *first;
    gri_memory_account_init(&small, &account.memory, 256);
    gri_memory_override(&small.memory);
    first = gri_block_create(100);
    cr_assert_not_null(first);
    cr_assert_null(gri_block_create(100));
    gri_block_release(first);
    first = gri_block_create(224);
    cr_assert_not_null(first);
    gri_block_release(first);
}

Test(block, no_block_is_fine)
{
    gri_block_hold(NULL);
    gri_block_release(NULL);
}

Test(block_limit, a_count_never_wraps, .signal = SIGABRT)
{
    struct gri_block *block = gri_block_create(1);
    cr_assert_not_null(block);
    gri_store(&block->count, GRI_BLOCK_COUNT_MAX - 1, GRI_RELAXED);
    gri_block_hold(block); /* the last that is allowed */
    if (gri_load(&block->count, GRI_RELAXED) != GRI_BLOCK_COUNT_MAX) return;
    gri_block_hold(block);
}

#define THREAD_COUNT 3
#define ROUNDS       20000

/* What the threads of a round share. */
struct shared {
    struct gri_block *block;       /* one count for each thread; a new one each round */
    const uint8_t *bytes;          /* the block's */
    gri_atomic_u32 arrived;        /* threads that reached a meeting point, over all rounds */
    gri_atomic_u32 wrong_contents; /* times that a thread saw other bytes than were written */
};

/* Waits until all threads and the test itself have come here for the nth time. */
static void meet(struct shared *shared, uint32_t nth)
{
    gri_fetch_add(&shared->arrived, 1, GRI_ACQ_REL);
    while (gri_load(&shared->arrived, GRI_ACQUIRE) < nth * (THREAD_COUNT + 1)) sched_yield();
}

/* Each round: holds and releases the block that it owns a count of, and gives that back. */
static void *hold_and_release(void *context)
{
    struct shared *shared = context;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        meet(shared, 2 * i + 1);
        struct gri_block *block = shared->block;
        const uint8_t *bytes = shared->bytes;
        if (i % 4 == 0) gri_block_hold(block);
        if (bytes[i % 64] != 0x5a) gri_fetch_add(&shared->wrong_contents, 1, GRI_RELAXED);
        if (i % 4 == 0) gri_block_release(block);
        gri_block_release(block);
        meet(shared, 2 * i + 2);
    }
    return NULL;
}

/* A block for all threads, with a count for each; NULL if there is no memory. */
static struct gri_block *create_shared(void)
{
    struct gri_block *block = gri_block_create(64);
    if (!block) return NULL;
    memset(gri_block_bytes(block), 0x5a, 64);
    for (int i = 1; i < THREAD_COUNT; i++) gri_block_hold(block);
    return block;
}

/* The releases of a round meet often enough that each way to be the last is taken. */
Test(block, several_threads_share_one_block_and_the_last_frees_it)
{
    static struct shared shared;
    gri_thread threads[THREAD_COUNT];
    for (int i = 0; i < THREAD_COUNT; i++)
        cr_assert_eq(gri_thread_create(&threads[i], hold_and_release, &shared, "holder"), 0, "%s",
                     gri_thread_error());
    for (uint32_t i = 0; i < ROUNDS; i++) {
        shared.block = create_shared();
        cr_assert_not_null(shared.block);
        shared.bytes = gri_block_bytes(shared.block);
        meet(&shared, 2 * i + 1);
        meet(&shared, 2 * i + 2);
        cr_assert_eq(gri_memory_used(&account.memory), 0, "round %u", (unsigned)i);
    }
    for (int i = 0; i < THREAD_COUNT; i++) gri_thread_join(threads[i]);
    cr_assert_eq(gri_load(&shared.wrong_contents, GRI_RELAXED), 0);
}
