/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the event ring: wrap-around, losses, memory from elsewhere, copying out while it is written. */
#include "observe/event_ring.h"

#include <greenroom/error.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY 8

static _Alignas(64) unsigned char memory[64 + CAPACITY * 32];
static struct gri_event_ring *const ring = (struct gri_event_ring *)memory;

static void make_ring(void)
{
    memset(memory, 0xa5, sizeof memory);
    cr_assert_eq(gri_event_ring_init(ring, CAPACITY), 0);
}

TestSuite(event_ring, .init = make_ring);

/* The event at a position: each field tells which it is. */
static struct gri_event event_at(uint64_t position)
{
    return (struct gri_event){
        .time_ns = -(int64_t)position,
        .kind = (uint32_t)position,
        .a = ~(uint32_t)position,
        .b = position,
        .c = ~position,
    };
}

static void write_events(uint64_t from, uint64_t to)
{
    for (uint64_t position = from; position < to; position++) {
        struct gri_event event = event_at(position);
        gri_event_ring_write(ring, &event);
    }
}

static bool is_event_at(const struct gri_event *event, uint64_t position)
{
    struct gri_event expected = event_at(position);
    return event->time_ns == expected.time_ns && event->kind == expected.kind && event->a == expected.a &&
           event->b == expected.b && event->c == expected.c;
}

/* Copies up to `count` and checks them to be the events from `from` on; returns how many there were. */
static size_t copy_and_check(uint64_t *position, size_t count, uint64_t from, uint64_t *lost)
{
    struct gri_event events[4 * CAPACITY];
    size_t copied = gri_event_ring_copy(ring, position, events, count, lost);
    for (size_t i = 0; i < copied; i++) cr_assert(is_event_at(&events[i], from + i), "event %zu", i);
    return copied;
}

Test(event_ring, sizes_are_those_of_the_format_and_other_capacities_are_refused)
{
    cr_assert_eq(sizeof(struct gri_event), 32);
    cr_assert_eq(gri_event_ring_size(CAPACITY), sizeof memory);
    cr_assert_eq(gri_event_ring_size(1), 64 + 32);
    cr_assert_eq(gri_event_ring_size(1 << 24), 64 + ((size_t)32 << 24));
    static const uint32_t bad[] = {0, 3, 12, (1 << 24) + 1, 1 << 25, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(gri_event_ring_size(bad[i]), 0, "%u", bad[i]);
        cr_assert_eq(gri_event_ring_init(ring, bad[i]), GR_EINVALID, "%u", bad[i]);
    }
}

Test(event_ring, a_new_ring_has_no_events)
{
    uint64_t position = 0, lost = 0;
    cr_assert_eq(gri_event_ring_end(ring), 0);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 0, &lost), 0);
    cr_assert_eq(position, 0);
    cr_assert_eq(lost, 0);
}

Test(event_ring, events_come_out_as_they_went_in_and_only_once)
{
    uint64_t position = 0, lost = 0;
    write_events(0, 3);
    cr_assert_eq(gri_event_ring_end(ring), 3);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 0, &lost), 3);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 3, &lost), 0);
    write_events(3, 5);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 3, &lost), 2);
    cr_assert_eq(position, 5);
    cr_assert_eq(lost, 0);
}

Test(event_ring, no_more_are_copied_than_were_asked_for)
{
    uint64_t position = 0, lost = 0;
    write_events(0, 7);
    cr_assert_eq(copy_and_check(&position, 3, 0, &lost), 3);
    cr_assert_eq(copy_and_check(&position, 0, 3, &lost), 0);
    cr_assert_eq(copy_and_check(&position, 3, 3, &lost), 3);
    cr_assert_eq(copy_and_check(&position, 3, 6, &lost), 1);
    cr_assert_eq(lost, 0);
}

Test(event_ring, a_full_ring_holds_all_and_one_more_costs_the_oldest)
{
    uint64_t first = 0, second = 0, lost = 0;
    write_events(0, CAPACITY);
    cr_assert_eq(copy_and_check(&first, CAPACITY, 0, &lost), CAPACITY);
    cr_assert_eq(lost, 0);
    write_events(CAPACITY, CAPACITY + 1);
    cr_assert_eq(copy_and_check(&second, CAPACITY, 1, &lost), CAPACITY);
    cr_assert_eq(lost, 1);
}

Test(event_ring, after_many_rounds_the_newest_are_there_and_the_rest_is_counted_as_lost)
{
    for (uint64_t written = 0; written < 100; written++) {
        make_ring();
        uint64_t position = 0, lost = 0;
        write_events(0, written);
        uint64_t kept = written < CAPACITY ? written : CAPACITY;
        cr_assert_eq(copy_and_check(&position, 4 * CAPACITY, written - kept, &lost), kept);
        cr_assert_eq(lost, written - kept);
        cr_assert_eq(position, written);
    }
}

Test(event_ring, losses_of_several_copies_add_up_and_need_not_be_asked_for)
{
    uint64_t position = 0, lost = 0;
    write_events(0, 20);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 12, NULL), CAPACITY);
    write_events(20, 40);
    cr_assert_eq(copy_and_check(&position, 2, 32, &lost), 2);
    cr_assert_eq(lost, 12);
    write_events(40, 46);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 38, &lost), CAPACITY);
    cr_assert_eq(lost, 16);
}

Test(event_ring, a_position_beyond_the_end_goes_back_to_the_end)
{
    uint64_t position = 100, lost = 0;
    write_events(0, 3);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 0, &lost), 0);
    cr_assert_eq(position, 3);
    cr_assert_eq(lost, 0);
}

Test(event_ring, an_event_whose_writer_died_half_way_costs_the_one_below_it_only)
{
    uint64_t position = 0, lost = 0;
    write_events(0, 10);
    gri_store(&ring->begun, 11, GRI_RELAXED);                 /* event 10 begins to overwrite event 2 ... */
    gri_store(&ring->slots[2].words[1], 0xdead, GRI_RELEASE); /* ... and is never ended */
    cr_assert_eq(copy_and_check(&position, CAPACITY, 3, &lost), 7);
    cr_assert_eq(lost, 3);
    cr_assert_eq(position, 10);
}

Test(event_ring, a_ring_of_one_event_works)
{
    uint64_t position = 0, lost = 0;
    cr_assert_eq(gri_event_ring_init(ring, 1), 0);
    write_events(0, 5);
    cr_assert_eq(copy_and_check(&position, CAPACITY, 4, &lost), 1);
    cr_assert_eq(lost, 4);
}

Test(event_ring, a_ring_can_be_read_in_a_copy_of_its_memory)
{
    static _Alignas(64) unsigned char elsewhere[sizeof memory];
    struct gri_event events[CAPACITY];
    uint64_t position = 0;
    write_events(0, 11);
    memcpy(elsewhere, memory, sizeof memory);
    memset(memory, 0, sizeof memory);
    cr_assert_eq(gri_event_ring_check(elsewhere, sizeof elsewhere), 0);
    size_t copied = gri_event_ring_copy((struct gri_event_ring *)elsewhere, &position, events, CAPACITY,
                                        NULL);
    cr_assert_eq(copied, CAPACITY);
    for (size_t i = 0; i < copied; i++) cr_assert(is_event_at(&events[i], 3 + i));
}

Test(event_ring, memory_that_holds_no_ring_is_refused)
{
    cr_assert_eq(gri_event_ring_check(memory, sizeof memory), 0);
    cr_assert_eq(gri_event_ring_check(memory, sizeof memory - 1), GR_EINVALID);
    cr_assert_eq(gri_event_ring_check(memory, sizeof *ring - 1), GR_EINVALID);
    cr_assert_eq(gri_event_ring_check(memory, 0), GR_EINVALID);
    cr_assert_eq(gri_event_ring_check(memory + 1, sizeof memory - 1), GR_EINVALID);
    static const uint32_t bad[] = {0, 3, CAPACITY * 2, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ring->capacity = bad[i];
        cr_assert_eq(gri_event_ring_check(memory, sizeof memory), GR_EINVALID, "capacity %u", bad[i]);
    }
    ring->capacity = CAPACITY;
    ring->magic++;
    cr_assert_eq(gri_event_ring_check(memory, sizeof memory), GR_EINVALID);
}

#define OVERLAPS 2000     /* copies during which the writer went on */
#define MOST     50000000 /* events, should the two threads hardly ever run at the same time */

static gri_atomic_u32 reader_state; /* 0: not there yet; 1: reads; 2: has seen enough */

static void *write_until_enough(void *argument)
{
    uint64_t position = 0;
    while (gri_load(&reader_state, GRI_ACQUIRE) == 0) gri_pause();
    for (; position < MOST && gri_load(&reader_state, GRI_ACQUIRE) == 1; position++)
        write_events(position, position + 1);
    return (void *)(uintptr_t)position;
}

Test(event_ring, every_event_copied_while_others_are_written_is_whole_in_order_and_counted, .timeout = 60)
{
    struct gri_event events[2 * CAPACITY];
    uint64_t position = 0, lost = 0, copied = 0, torn = 0, overlaps = 0;
    pthread_t thread;
    void *written;
    cr_assert_eq(pthread_create(&thread, NULL, write_until_enough, NULL), 0);
    gri_store(&reader_state, 1, GRI_RELEASE);
    while (position < MOST && overlaps < OVERLAPS) {
        uint64_t before = gri_event_ring_end(ring);
        size_t n = gri_event_ring_copy(ring, &position, events, sizeof events / sizeof *events, &lost);
        overlaps += gri_event_ring_end(ring) != before;
        for (size_t i = 0; i < n; i++) torn += !is_event_at(&events[i], position - n + i);
        copied += n;
    }
    gri_store(&reader_state, 2, GRI_RELEASE);
    cr_assert_eq(pthread_join(thread, &written), 0);
    uint64_t rest = (uintptr_t)written - position < CAPACITY ? position : (uintptr_t)written - CAPACITY;
    copied += copy_and_check(&position, CAPACITY, rest, &lost);
    cr_assert_eq(torn, 0, "%d events were torn", (int)torn);
    cr_assert_eq(copied + lost, (uintptr_t)written);
    cr_assert_gt(copied, 0);
}
