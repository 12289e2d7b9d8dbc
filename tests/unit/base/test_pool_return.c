/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of blocks that come home to their pool from other threads. */
#include "base/pool.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

static struct gri_memory_account account; /* counts what the pool takes */
static struct gri_pool pool;              /* the home of all blocks */

static void start(bool bypass)
{
    gri_memory_account_init(&account, gri_memory_default(), 0);
    cr_assert_eq(gri_pool_init(&pool, &account.memory, bypass), 0);
}

static void end(void)
{
    gri_pool_fini(&pool);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

static unsigned count_free(unsigned class)
{
    unsigned count = (unsigned)(pool.shelves[class].top - pool.shelves[class].base);
    const struct gri_pool_crate *crate = pool.shelves[class].crates;
    for (; crate != NULL; count += GRI_POOL_CRATE) {
        const struct gri_pool_crate *free = crate;
        gri_memory_unpoison(free, sizeof *free);
        crate = free->next;
        gri_memory_poison(free, sizeof *free);
    }
    return count;
}

Test(pool_return, an_empty_batch_sends_nothing)
{
    struct gri_pool_batch batch = {0};
    start(false);
    gri_pool_batch_flush(&batch, &pool);
    cr_assert_null(gri_load(&pool.returned, GRI_RELAXED));
    end();
}

Test(pool_return, a_batch_counts_and_is_empty_after_its_flush)
{
    struct gri_pool_batch batch = {0};
    start(false);
    void *a = gri_pool_take(&pool, 0), *b = gri_pool_take(&pool, 4);
    gri_pool_batch_add(&batch, a, 0);
    gri_pool_batch_add(&batch, b, 4);
    cr_assert_eq(batch.count, 2);
    cr_assert_eq(batch.tail, a, "the first is the parcel");
    cr_assert_eq(batch.head, a);
    gri_pool_batch_flush(&batch, &pool);
    cr_assert_eq(batch.count, 0);
    cr_assert_null(batch.head);
    cr_assert_null(batch.tail);
    end();
}

Test(pool_return, collecting_puts_each_block_into_the_list_of_its_class)
{
    struct gri_pool_batch first = {0}, second = {0};
    void *blocks[GRI_POOL_CLASSES];
    start(false);
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++) blocks[class] = gri_pool_take(&pool, class);
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++)
        gri_pool_batch_add(class % 2 ? &first : &second, blocks[class], class);
    gri_pool_batch_flush(&first, &pool);
    gri_pool_batch_flush(&second, &pool);
    gri_pool_collect(&pool);
    cr_assert_null(gri_load(&pool.returned, GRI_RELAXED));
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++)
        cr_assert_eq(gri_pool_take(&pool, class), blocks[class], "class %u", class);
    end();
}

Test(pool_return, collecting_nothing_does_nothing)
{
    start(false);
    gri_pool_collect(&pool);
    void *p = gri_pool_take(&pool, 0);
    unsigned before = count_free(0);
    gri_pool_collect(&pool);
    cr_assert_eq(count_free(0), before);
    gri_pool_give(&pool, p, 0);
    end();
}

Test(pool_return, only_the_first_block_of_each_parcel_is_written_to)
{
    enum { COUNT = 2 * GRI_POOL_PARCEL + 3 };
    struct gri_pool_batch batch = {0};
    unsigned char *blocks[COUNT], before[64];
    start(false);
    memset(before, 0xa5, sizeof before);
    for (int i = 0; i < COUNT; i++) memcpy(blocks[i] = gri_pool_take(&pool, 1), before, sizeof before);
    for (int i = 0; i < COUNT; i++) gri_pool_batch_add(&batch, blocks[i], 1);
    cr_assert_eq(batch.count, COUNT);
    unsigned free_before = count_free(1);
    gri_pool_batch_flush(&batch, &pool);
    gri_pool_collect(&pool);
    cr_assert_eq(count_free(1), free_before + COUNT);
    for (int i = 0; i < COUNT; i++) {
        gri_memory_unpoison(blocks[i], 64);
        bool is_parcel = i % GRI_POOL_PARCEL == 0;
        cr_assert_eq(memcmp(blocks[i], before, sizeof before) != 0, is_parcel, "block %d", i);
        gri_memory_poison(blocks[i], 64);
    }
    end();
}

Test(pool_return, full_parcels_and_one_that_is_not_come_home_whole)
{
    start(false);
    for (int count = 1; count <= 3 * GRI_POOL_PARCEL; count++) {
        struct gri_pool_batch batch = {0};
        void *blocks[3 * GRI_POOL_PARCEL];
        for (int i = 0; i < count; i++) blocks[i] = gri_pool_take(&pool, (unsigned)i % 3);
        unsigned before = count_free(0) + count_free(1) + count_free(2);
        for (int i = 0; i < count; i++) gri_pool_batch_add(&batch, blocks[i], (unsigned)i % 3);
        gri_pool_batch_flush(&batch, &pool);
        gri_pool_collect(&pool);
        cr_assert_eq(count_free(0) + count_free(1) + count_free(2), before + (unsigned)count, "%d", count);
    }
    end();
}

Test(pool_return, a_take_collects_before_it_asks_for_memory)
{
    struct gri_pool_batch batch = {0};
    start(false);
    for (size_t i = 0; i < GRI_POOL_CHUNK_FIRST / 64 - 1; i++) /* all of the first chunk */
        gri_pool_batch_add(&batch, gri_pool_take(&pool, 0), 0);
    cr_assert_eq(gri_memory_used(&account.memory), GRI_POOL_CHUNK_FIRST);
    account.memory.limit_bytes = GRI_POOL_CHUNK_FIRST;
    cr_assert_null(gri_pool_take(&pool, 0));
    gri_pool_batch_flush(&batch, &pool);
    cr_assert_not_null(gri_pool_take(&pool, 0));
    end();
}

Test(pool_return, under_bypass_returned_blocks_are_freed_when_the_owner_collects)
{
    struct gri_pool_batch batch = {0};
    start(true);
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++)
        gri_pool_batch_add(&batch, gri_pool_take(&pool, class), class);
    gri_pool_batch_flush(&batch, &pool);
    cr_assert_gt(gri_memory_used(&account.memory), 0);
    gri_pool_collect(&pool);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    end();
}

Test(pool_return, under_bypass_a_take_collects_too)
{
    struct gri_pool_batch batch = {0};
    start(true);
    gri_pool_batch_add(&batch, gri_pool_take(&pool, 3), 3);
    gri_pool_batch_flush(&batch, &pool);
    void *p = gri_pool_take(&pool, 0);
    cr_assert_eq(gri_memory_used(&account.memory), 64);
    gri_pool_give(&pool, p, 0);
    end();
}

Test(pool_return, under_bypass_what_was_returned_is_freed_at_the_end)
{
    struct gri_pool_batch batch = {0};
    start(true);
    for (int i = 0; i < 10; i++) gri_pool_batch_add(&batch, gri_pool_take(&pool, 2), 2);
    gri_pool_batch_flush(&batch, &pool);
    end();
}

#define EXCHANGED 100000 /* blocks that go through the other threads */
#define QUEUE     256    /* blocks on their way to one of them */

/* Blocks on their way from the owner to a thread that frees them. */
struct queue {
    gri_atomic_ptr slots[QUEUE]; /* NULL when empty */
    pthread_t thread;            /* who frees them */
};

/* What a block holds while it is taken. */
struct stamp {
    uint64_t number;  /* which take it was */
    uint64_t inverse; /* of the number's bits */
    unsigned class;   /* its class */
};

/* Frees `EXCHANGED` blocks in batches of 1 to 32 blocks; returns how many were damaged. */
static void *free_blocks(void *argument)
{
    struct queue *queue = argument;
    struct gri_pool_batch batch = {0};
    uintptr_t damaged = 0;
    for (unsigned i = 0; i < EXCHANGED; i++) {
        struct stamp *stamp;
        while ((stamp = gri_exchange(&queue->slots[i % QUEUE], NULL, GRI_ACQUIRE)) == NULL) {
            gri_pool_batch_flush(&batch, &pool);
            sched_yield();
        }
        damaged += stamp->number != i || stamp->inverse != ~(uint64_t)i;
        gri_pool_batch_add(&batch, stamp, stamp->class);
        if (batch.count > i % 32) gri_pool_batch_flush(&batch, &pool);
    }
    gri_pool_batch_flush(&batch, &pool);
    return (void *)damaged;
}

static void hand_over(struct queue *queue, unsigned number)
{
    unsigned class = number % 5;
    gri_pool_collect(&pool); /* each time, to meet pushes more often */
    struct stamp *stamp = gri_pool_take(&pool, class);
    cr_assert_not_null(stamp);
    *stamp = (struct stamp){number, ~(uint64_t)number, class};
    while (gri_load(&queue->slots[number % QUEUE], GRI_ACQUIRE)) sched_yield();
    gri_store(&queue->slots[number % QUEUE], stamp, GRI_RELEASE);
}

/* Bytes of all blocks that are in the free lists or were never given out, and of the heads of chunks. */
static uint64_t count_bytes(void)
{
    uint64_t bytes = (uint64_t)(pool.fresh_end - pool.fresh);
    for (unsigned class = 0; class < GRI_POOL_CLASSES; class ++)
        bytes += (uint64_t)count_free(class) * gri_pool_class_size(class);
    for (uint64_t size = 0; size < gri_memory_used(&account.memory);
         bytes += 64) /* chunks double up to a limit */
        size += size + GRI_POOL_CHUNK_FIRST < GRI_POOL_CHUNK_LAST ? size + GRI_POOL_CHUNK_FIRST
                                                                  : GRI_POOL_CHUNK_LAST;
    return bytes;
}

static void exchange(bool bypass)
{
    static struct queue queues[2];
    start(bypass);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&queues[i].thread, NULL, free_blocks, &queues[i]), 0);
    for (unsigned number = 0; number < EXCHANGED; number++)
        for (int i = 0; i < 2; i++) hand_over(&queues[i], number);
    for (int i = 0; i < 2; i++) {
        void *damaged;
        cr_assert_eq(pthread_join(queues[i].thread, &damaged), 0);
        cr_assert_eq((uintptr_t)damaged, 0, "%d blocks were given out twice", (int)(uintptr_t)damaged);
    }
    gri_pool_collect(&pool);
}

Test(pool_return, two_threads_send_blocks_home_while_the_owner_takes_and_none_is_lost_or_doubled)
{
    exchange(false);
    cr_assert_leq(gri_memory_used(&account.memory), 4 << 20, "blocks did not come home");
    cr_assert_eq(count_bytes(), gri_memory_used(&account.memory), "blocks were lost or doubled");
    end();
}

Test(pool_return, two_threads_send_blocks_home_under_bypass)
{
    exchange(true);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    end();
}

static void *use_large(void *argument)
{
    uintptr_t refused = 0;
    for (int i = 0; i < 500; i++) {
        char *p = gri_pool_take_large(&pool, 5000);
        refused += p == NULL;
        if (p) memset(p, i, 5000);
        gri_pool_give_large(&pool, p, 5000);
    }
    return (void *)refused;
}

Test(pool_return, large_blocks_may_be_taken_and_given_by_any_thread)
{
    pthread_t threads[2];
    start(false);
    for (int i = 0; i < 2; i++) cr_assert_eq(pthread_create(&threads[i], NULL, use_large, NULL), 0);
    for (int i = 0; i < 2; i++) {
        void *refused;
        cr_assert_eq(pthread_join(threads[i], &refused), 0);
        cr_assert_eq((uintptr_t)refused, 0);
    }
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    end();
}
