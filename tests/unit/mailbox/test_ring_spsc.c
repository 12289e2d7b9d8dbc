/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of mailbox/ring_spsc.h, on one thread; what threads see of it is for the explorer and the stress test. */
#include "mailbox/ring_spsc.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

/* A ring with both its ends. */
struct pipe {
    struct gri_ring *ring;             /* the shared part */
    struct gri_ring_producer producer; /* one end */
    struct gri_ring_consumer consumer; /* the other */
};

static struct pipe open_pipe(uint32_t capacity)
{
    struct pipe pipe;
    pipe.ring = aligned_alloc(GRI_CACHE_LINE_BYTES, gri_ring_size(capacity));
    cr_assert(ne(ptr, pipe.ring, NULL));
    memset(pipe.ring, 0xa5, gri_ring_size(capacity)); /* init must not count on zeroes */
    gri_ring_init(pipe.ring, capacity);
    gri_ring_producer_init(&pipe.producer, pipe.ring);
    gri_ring_consumer_init(&pipe.consumer, pipe.ring);
    return pipe;
}

static void close_pipe(struct pipe *pipe)
{
    free(pipe->ring);
}

/* Pushes `count` words from `from` up, and publishes them. */
static void send(struct pipe *pipe, uint64_t from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) cr_assert(gri_ring_push(&pipe->producer, from + i));
    gri_ring_publish(&pipe->producer);
}

/* Receives exactly `count` words that start at `from`. */
static void receive(struct pipe *pipe, uint64_t from, uint32_t count)
{
    cr_assert(ge(u32, gri_ring_ready(&pipe->consumer), count));
    for (uint32_t i = 0; i < count; i++) cr_assert(eq(u64, gri_ring_at(&pipe->consumer, i), from + i));
    gri_ring_advance(&pipe->consumer, count);
}

Test(ring_spsc, a_size_is_whole_cache_lines_and_holds_the_cells)
{
    for (uint32_t capacity = 1; capacity <= 1u << 30; capacity *= 2) {
        size_t size_bytes = gri_ring_size(capacity);
        cr_assert(ge(sz, size_bytes, sizeof(struct gri_ring) + capacity * sizeof(uint64_t)));
        cr_assert(lt(sz, size_bytes, sizeof(struct gri_ring) + capacity * sizeof(uint64_t) + 64));
        cr_assert(eq(sz, size_bytes % GRI_CACHE_LINE_BYTES, 0));
    }
}

Test(ring_spsc, a_capacity_that_is_no_power_of_two_has_no_size)
{
    static const uint32_t bad[] = {0, 3, 6, 100, (1u << 30) + 1, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) cr_assert(eq(sz, gri_ring_size(bad[i]), 0));
}

Test(ring_spsc, the_two_sides_store_to_different_cache_lines)
{
    size_t tail = offsetof(struct gri_ring, tail) / GRI_CACHE_LINE_BYTES;
    size_t head = offsetof(struct gri_ring, head) / GRI_CACHE_LINE_BYTES;
    size_t words = offsetof(struct gri_ring, words) / GRI_CACHE_LINE_BYTES;
    cr_assert(ne(sz, tail, head));
    cr_assert(ne(sz, tail, words));
    cr_assert(ne(sz, head, words));
    cr_assert(ne(sz, tail, 0));
    cr_assert(ne(sz, head, 0));
}

Test(ring_spsc, a_new_ring_is_empty)
{
    struct pipe pipe = open_pipe(8);
    cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 0));
    cr_assert(eq(u32, gri_ring_space(&pipe.producer), 8));
    cr_assert(eq(u32, gri_ring_unpublished(&pipe.producer), 0));
    close_pipe(&pipe);
}

Test(ring_spsc, words_are_not_visible_before_they_are_published)
{
    struct pipe pipe = open_pipe(4);
    cr_assert(gri_ring_push(&pipe.producer, 10));
    cr_assert(gri_ring_push(&pipe.producer, 11));
    cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 0));
    cr_assert(eq(u32, gri_ring_unpublished(&pipe.producer), 2));
    gri_ring_publish(&pipe.producer);
    cr_assert(eq(u32, gri_ring_unpublished(&pipe.producer), 0));
    cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 2));
    receive(&pipe, 10, 2);
    close_pipe(&pipe);
}

Test(ring_spsc, a_full_ring_refuses_a_push)
{
    struct pipe pipe = open_pipe(4);
    send(&pipe, 0, 4);
    cr_assert(not(gri_ring_push(&pipe.producer, 4)));
    cr_assert(eq(u32, gri_ring_space(&pipe.producer), 0));
    receive(&pipe, 0, 4);
    close_pipe(&pipe);
}

Test(ring_spsc, unpublished_words_take_room_too)
{
    struct pipe pipe = open_pipe(2);
    cr_assert(gri_ring_push(&pipe.producer, 0));
    cr_assert(gri_ring_push(&pipe.producer, 1));
    cr_assert(not(gri_ring_push(&pipe.producer, 2)));
    close_pipe(&pipe);
}

Test(ring_spsc, a_cell_is_free_only_after_the_advance)
{
    struct pipe pipe = open_pipe(2);
    send(&pipe, 0, 2);
    cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 2));
    cr_assert(eq(u64, gri_ring_at(&pipe.consumer, 0), 0));
    cr_assert(not(gri_ring_push(&pipe.producer, 2)));
    gri_ring_advance(&pipe.consumer, 1);
    cr_assert(eq(u32, gri_ring_space(&pipe.producer), 1));
    send(&pipe, 2, 1);
    cr_assert(not(gri_ring_push(&pipe.producer, 3)));
    receive(&pipe, 1, 1);
    receive(&pipe, 2, 1);
    close_pipe(&pipe);
}

Test(ring_spsc, advancing_over_nothing_changes_nothing)
{
    struct pipe pipe = open_pipe(2);
    gri_ring_advance(&pipe.consumer, 0);
    send(&pipe, 5, 1);
    receive(&pipe, 5, 1);
    close_pipe(&pipe);
}

Test(ring_spsc, words_keep_their_order_around_the_end_many_times)
{
    static const uint32_t capacities[] = {1, 2, 4, 64};
    for (size_t c = 0; c < sizeof capacities / sizeof capacities[0]; c++) {
        struct pipe pipe = open_pipe(capacities[c]);
        uint64_t sent = 0, received = 0;
        for (uint32_t round = 0; round < 1000; round++) {
            uint32_t count = 1 + round % capacities[c];
            send(&pipe, sent, count);
            sent += count;
            receive(&pipe, received, count);
            received += count;
        }
        cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 0));
        close_pipe(&pipe);
    }
}

Test(ring_spsc, every_64_bit_value_passes)
{
    static const uint64_t values[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(0x0123456789abcdef)};
    struct pipe pipe = open_pipe(8);
    for (size_t i = 0; i < 5; i++) cr_assert(gri_ring_push(&pipe.producer, values[i]));
    gri_ring_publish(&pipe.producer);
    cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 5));
    for (uint32_t i = 0; i < 5; i++) cr_assert(eq(u64, gri_ring_at(&pipe.consumer, i), values[i]));
    close_pipe(&pipe);
}

Test(ring_spsc, a_second_join_goes_on_where_the_first_ended)
{
    struct pipe pipe = open_pipe(4);
    send(&pipe, 0, 3);
    receive(&pipe, 0, 1);
    gri_ring_producer_init(&pipe.producer, pipe.ring);
    gri_ring_consumer_init(&pipe.consumer, pipe.ring);
    cr_assert(eq(u32, gri_ring_space(&pipe.producer), 2));
    receive(&pipe, 1, 2);
    send(&pipe, 3, 4);
    receive(&pipe, 3, 4);
    close_pipe(&pipe);
}

Test(ring_spsc, the_ring_holds_no_address_of_its_own)
{
    struct pipe pipe = open_pipe(4);
    send(&pipe, 7, 3);
    struct gri_ring *moved = aligned_alloc(GRI_CACHE_LINE_BYTES, gri_ring_size(4));
    cr_assert(ne(ptr, moved, NULL));
    memcpy(moved, pipe.ring, gri_ring_size(4));
    memset(pipe.ring, 0, gri_ring_size(4));
    free(pipe.ring);
    pipe.ring = moved;
    gri_ring_consumer_init(&pipe.consumer, moved);
    receive(&pipe, 7, 3);
    close_pipe(&pipe);
}

/* What a hostile producer may store as its tail: each must end in an empty, corrupt ring. */
Test(ring_spsc, an_impossible_tail_makes_the_ring_corrupt_and_empty)
{
    static const uint64_t tails[] = {7, 8, 1000, 1, 0, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 32};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct pipe pipe = open_pipe(4);
        send(&pipe, 0, 2);
        receive(&pipe, 0, 2); /* now 2 to 6 are possible */
        gri_store(&pipe.ring->tail, tails[i], GRI_RELAXED);
        cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 0), "tail %lu", (unsigned long)tails[i]);
        cr_assert(pipe.consumer.corrupt);
        gri_store(&pipe.ring->tail, 3, GRI_RELAXED);
        cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), 0), "corrupt is for good");
        close_pipe(&pipe);
    }
}

Test(ring_spsc, a_possible_tail_is_no_corruption)
{
    for (uint64_t tail = 2; tail <= 6; tail++) {
        struct pipe pipe = open_pipe(4);
        send(&pipe, 0, 2);
        receive(&pipe, 0, 2);
        gri_store(&pipe.ring->tail, tail, GRI_RELAXED);
        cr_assert(eq(u32, gri_ring_ready(&pipe.consumer), (uint32_t)tail - 2));
        cr_assert(not(pipe.consumer.corrupt));
        close_pipe(&pipe);
    }
}

/* What a hostile consumer may store as its head. */
Test(ring_spsc, an_impossible_head_makes_the_ring_corrupt_and_full)
{
    static const uint64_t heads[] = {7, 1000, 1, 0, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 32};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct pipe pipe = open_pipe(4);
        send(&pipe, 0, 2);
        receive(&pipe, 0, 2);
        cr_assert(eq(u32, gri_ring_space(&pipe.producer), 4));
        send(&pipe, 2, 4); /* now 2 to 6 are possible */
        gri_store(&pipe.ring->head, heads[i], GRI_RELAXED);
        cr_assert(not(gri_ring_push(&pipe.producer, 9)), "head %lu", (unsigned long)heads[i]);
        cr_assert(pipe.producer.corrupt);
        gri_store(&pipe.ring->head, 6, GRI_RELAXED);
        cr_assert(not(gri_ring_push(&pipe.producer, 9)), "corrupt is for good");
        cr_assert(eq(u32, gri_ring_space(&pipe.producer), 0));
        close_pipe(&pipe);
    }
}

Test(ring_spsc, a_head_beyond_what_was_published_is_corrupt)
{
    struct pipe pipe = open_pipe(4);
    send(&pipe, 0, 1);
    cr_assert(gri_ring_push(&pipe.producer, 1));
    gri_store(&pipe.ring->head, 2, GRI_RELAXED);
    cr_assert(eq(u32, gri_ring_space(&pipe.producer), 0));
    cr_assert(pipe.producer.corrupt);
    close_pipe(&pipe);
}

Test(ring_spsc, a_capacity_that_the_peer_changed_is_not_believed)
{
    struct pipe pipe = open_pipe(4);
    pipe.ring->capacity = 1u << 20;
    send(&pipe, 0, 4);
    cr_assert(not(gri_ring_push(&pipe.producer, 4)));
    receive(&pipe, 0, 4);
    send(&pipe, 4, 4);
    receive(&pipe, 4, 4);
    close_pipe(&pipe);
}
