/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of links: order, batches, outboxes, weights, memory, and the end. Both loops on one thread; see loops.h. */
#include "messages/registry.h"
#include "tests/unit/scheduler/loops.h"

static void send_numbers(uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) gri_link_send(&loops[0], 1, new_number(&loops[0], first + i));
}

static void check_order(size_t count)
{
    cr_assert_eq(seen[1].count, count);
    for (size_t i = 0; i < count; i++) cr_assert_eq(seen[1].numbers[i % SEEN_MAX], i, "at %zu", i);
}

Test(link, g1_envelopes_arrive_in_the_order_sent)
{
    start_loops(2);
    send_numbers(0, 5);
    step(0);
    step(1);
    check_order(5);
    end_loops(2);
}

Test(link, nothing_is_seen_before_a_flush_but_whole_batches)
{
    start_loops(2);
    send_numbers(0, GRI_LINK_BATCH - 1);
    cr_assert_eq(gri_load(&loops[1].doorbell.word, GRI_RELAXED), 0);
    step(1);
    cr_assert_eq(seen[1].count, 0);
    send_numbers(GRI_LINK_BATCH - 1, 2);
    step(1);
    cr_assert_eq(seen[1].count, GRI_LINK_BATCH);
    cr_assert(!gri_link_flush(&loops[0]));
    cr_assert_eq(loops[0].dirty, 0);
    step(1);
    check_order(GRI_LINK_BATCH + 1);
    end_loops(2);
}

Test(link, a_link_that_was_never_used_is_drained_of_nothing)
{
    start_loops(3);
    cr_assert_eq(gri_link_drain(&loops[1], 0, 100), 0);
    cr_assert_null(gri_link_take_last(&loops[1], 2));
    send_numbers(0, 1);
    step(0);
    cr_assert_eq(gri_link_drain(&loops[1], 0, 100), 1);
    end_loops(3);
}

Test(link, a_loop_without_memory_for_its_rings_is_not_made_and_keeps_none)
{
    for (uint64_t nth = 1;; nth++) {
        gri_memory_fault_init(&fault, gri_memory_default(), nth);
        struct gri_loop_options options = loop_options(0, 3);
        int error = gri_loop_init(&loops[0], &options);
        if (error == 0) gri_loop_fini(&loops[0]);
        cr_assert_eq(gri_memory_used(&fault.memory), 0);
        if (error == 0) break;
        cr_assert_eq(error, GR_ENOMEM);
        cr_assert_leq(nth, 5, "three arrays and two rings");
    }
}

Test(link, g3_what_finds_the_ring_full_waits_in_order)
{
    enum { COUNT = 5 * GRI_LINK_RING };
    start_loops(2);
    for (uint32_t i = 0; i < COUNT / 2; i++) send_numbers(i, 1);
    cr_assert_eq(loops[0].links[1].outbox_count, COUNT / 2 - GRI_LINK_RING);
    for (uint32_t i = COUNT / 2; i < COUNT; i++) {
        send_numbers(i, 1);
        if (i % 7 == 0) {
            gri_link_flush(&loops[0]);
            gri_link_drain(&loops[1], 0, 3);
        }
    }
    for (int i = 0; i < 1000 && seen[1].count < COUNT; i++) {
        step(0);
        step(1);
    }
    check_order(COUNT);
    cr_assert_eq(loops[0].links[1].outbox_count, 0);
    end_loops(2);
}

Test(link, a_producer_whose_outbox_waits_is_rung_when_the_ring_drains)
{
    start_loops(2);
    send_numbers(0, GRI_LINK_RING + 10);
    cr_assert(gri_link_flush(&loops[0]), "the outbox waits");
    cr_assert_eq(gri_load(&loops[0].doorbell.word, GRI_RELAXED), 0);
    cr_assert_eq(gri_link_drain(&loops[1], 0, 1), 1);
    cr_assert_eq(gri_load(&loops[0].doorbell.word, GRI_RELAXED), gri_doorbell_bit(1));
    cr_assert(gri_loop_has_work(&loops[0]));
    while (seen[1].count < GRI_LINK_RING + 10) {
        step(0);
        step(1);
    }
    check_order(GRI_LINK_RING + 10);
    end_loops(2);
}

Test(link, a_drain_takes_no_more_than_it_may)
{
    start_loops(2);
    send_numbers(0, 100);
    step(0);
    cr_assert_eq(gri_link_drain(&loops[1], 0, 30), 30);
    cr_assert_eq(gri_link_drain(&loops[1], 0, 100), 70);
    cr_assert_eq(gri_link_drain(&loops[1], 0, 100), 0);
    check_order(100);
    end_loops(2);
}

Test(link, g15_a_link_is_full_when_its_outbox_is)
{
    start_loops(2);
    send_numbers(0, GRI_LINK_RING + GRI_LINK_OUTBOX_MAX - 1);
    cr_assert(!gri_link_is_full(&loops[0], 1));
    send_numbers(GRI_LINK_RING + GRI_LINK_OUTBOX_MAX - 1, 1);
    cr_assert(gri_link_is_full(&loops[0], 1));
    while (seen[1].count < GRI_LINK_RING + GRI_LINK_OUTBOX_MAX) {
        step(0);
        step(1);
    }
    cr_assert(!gri_link_is_full(&loops[0], 1));
    end_loops(2);
}

struct heavy {
    uint8_t bytes[1 << 16]; /* as large as may be */
};
GR_MESSAGE(heavy, GR_ARRAY(heavy, bytes));

static struct gri_message *new_heavy(uint32_t number)
{
    struct gri_message *m = gri_loop_new_message(&loops[0], sizeof(struct heavy));
    cr_assert_not_null(m);
    m->type = (uint16_t)heavy_gr_type.id;
    m->flags = GRI_MAIL_HEAVY;
    m->kind = GRI_MAIL_USER;
    m->reply = NULL;
    m->payload[0] = number;
    return m;
}

Test(link, g15_a_link_is_full_when_heavy_messages_on_it_weigh_16_mib)
{
    uint32_t sent = 0;
    start_loops(2);
    while (!gri_link_is_full(&loops[0], 1)) gri_link_send(&loops[0], 1, new_heavy(sent++));
    cr_assert_geq(sent, (GRI_LINK_HEAVY_BYTES >> 16) - 1);
    cr_assert_leq(sent, GRI_LINK_HEAVY_BYTES >> 16);
    step(0);
    cr_assert(gri_link_is_full(&loops[0], 1), "they are on the way still");
    step(1);
    cr_assert(!gri_link_is_full(&loops[0], 1));
    check_order(sent);
    end_loops(2);
}

Test(link, g3_a_first_send_arrives_at_once_while_there_is_no_memory_at_all)
{
    start_loops(2);
    struct gri_message *m = new_number(&loops[0], 0);
    uint64_t before = gri_memory_fault_count(&fault);
    fault.nth = before + 1;
    gri_link_send(&loops[0], 1, m);
    step(0);
    cr_assert_eq(loops[0].dirty, 0, "nothing waits that nobody would wake");
    step(1);
    check_order(1);
    cr_assert_eq(gri_memory_fault_count(&fault), before);
    end_loops(2);
}

Test(link, blocks_go_home_to_the_loop_that_they_came_from)
{
    start_loops(2);
    uint64_t before = gri_memory_used(&fault.memory);
    for (int round = 0; round < 10; round++) {
        send_numbers(0, 100);
        step(0);
        step(1);
        gri_pool_collect(&loops[0].pool);
    }
    gri_pool_collect(&loops[0].pool);
    cr_assert_eq(gri_memory_used(&fault.memory), before);
    end_loops(2);
}

Test(link, g3_at_the_end_everything_can_be_taken_published_or_not)
{
    enum { COUNT = GRI_LINK_RING + 50 };
    start_loops(2);
    send_numbers(0, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct gri_message *m = gri_link_take_last(&loops[1], 0);
        cr_assert_not_null(m);
        cr_assert_eq(m->payload[0], i);
        gri_loop_free_message(&loops[1], m);
    }
    cr_assert_null(gri_link_take_last(&loops[1], 0));
    cr_assert_null(gri_link_take_last(&loops[0], 1));
    /* The link works on afterwards. */
    send_numbers(0, 10);
    step(0);
    step(1);
    check_order(10);
    end_loops(2);
}

Test(link, g15_what_is_taken_at_the_end_weighs_nothing_any_more)
{
    start_loops(2);
    for (uint32_t i = 0; !gri_link_is_full(&loops[0], 1); i++) gri_link_send(&loops[0], 1, new_heavy(i));
    struct gri_message *m;
    while ((m = gri_link_take_last(&loops[1], 0)) != NULL) gri_loop_free_message(&loops[1], m);
    cr_assert(!gri_link_is_full(&loops[0], 1));
    end_loops(2);
}

Test(link, three_loops_send_to_each_other_and_nothing_is_mixed_up)
{
    start_loops(3);
    for (uint32_t i = 0; i < 300; i++) {
        for (unsigned to = 1; to < 3; to++) gri_link_send(&loops[0], to, new_number(&loops[0], i));
        gri_link_send(&loops[1], 0, new_number(&loops[1], i));
    }
    for (int i = 0; i < 3; i++)
        for (unsigned loop = 0; loop < 3; loop++) step(loop);
    for (unsigned loop = 0; loop < 3; loop++) {
        cr_assert_eq(seen[loop].count, 300);
        for (uint32_t i = 0; i < 300; i++) cr_assert_eq(seen[loop].numbers[i], i);
    }
    end_loops(3);
}
