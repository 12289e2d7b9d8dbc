/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the mail lane: order, bounds in messages and bytes, the four policies, the full word. */
#include "mailbox/mailbox.h"
#include "messages/registry.h"

#include <criterion/criterion.h>
#include <string.h>

#define MESSAGES 64
#define BLOCK    64

/* Envelopes of one cache line; `number` tells them apart. */
static _Alignas(64) char blocks[MESSAGES][BLOCK];

static struct gri_message *message(unsigned number, enum gri_mail_kind kind)
{
    struct gri_message *m = (struct gri_message *)blocks[number];
    memset(m, 0, BLOCK);
    m->kind = (uint8_t)kind;
    m->payload[0] = number;
    return m;
}

static struct gri_mailbox mailbox;
static bool room;

static void start(uint32_t messages, uint64_t bytes, enum gr_policy policy)
{
    gri_mailbox_init(&mailbox);
    gri_mailbox_configure(
        &mailbox, &(struct gr_mailbox_options){.messages = messages, .bytes = bytes, .policy = policy});
}

static void push(unsigned number)
{
    gri_mailbox_push(&mailbox, message(number, GRI_MAIL_USER));
}

/* Pops one and returns its number, or -1; `room` says what the pop said. */
static int pop(void)
{
    room = false;
    struct gri_message *m = gri_mailbox_pop(&mailbox, &room);
    return m == NULL ? -1 : (int)m->payload[0];
}

static uint32_t full(void)
{
    return gri_full_read(&mailbox.full);
}

Test(mailbox, g1_messages_come_out_in_the_order_they_went_in)
{
    start(0, 0, GR_POLICY_REJECT);
    cr_assert_eq(pop(), -1);
    for (unsigned i = 0; i < 3; i++) push(i);
    cr_assert_eq(pop(), 0);
    push(3);
    for (int i = 1; i < 4; i++) cr_assert_eq(pop(), i);
    cr_assert_eq(pop(), -1);
    push(5);
    cr_assert_eq(pop(), 5);
}

Test(mailbox, g15_plain_messages_count_the_same_by_either_way)
{
    start(0, 1024, GR_POLICY_REJECT);
    struct gri_message *small = message(0, GRI_MAIL_USER), *larger = message(1, GRI_MAIL_USER);
    larger->pool_class = 6; /* 768 bytes */
    cr_assert_eq(gri_mailbox_count_with_one(&mailbox), 1);
    cr_assert(gri_mailbox_has_room_for(&mailbox, 1, 6));
    gri_mailbox_push_plain(&mailbox, larger, 1, 6);
    cr_assert_eq(gri_mailbox_count_with_one(&mailbox), 2);
    cr_assert_not(gri_mailbox_has_room_for(&mailbox, 2, 6));
    cr_assert(gri_mailbox_has_room_for(&mailbox, 2, 0));
    gri_mailbox_push_plain(&mailbox, small, 2, 0);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 12 + 1);
    cr_assert(gri_mailbox_has_room_for(&mailbox, 3, 1));
    cr_assert_not(gri_mailbox_has_room_for(&mailbox, 3, 2), "192 bytes more would reach the bound");
    cr_assert_eq(pop(), 1);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 1);
    gri_mailbox_push(&mailbox, larger);
    gri_mailbox_pop_plain(&mailbox, small, 0);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 12);
    gri_mailbox_pop_plain(&mailbox, larger, 6);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 0);
    cr_assert_eq(gri_load(&mailbox.count, GRI_RELAXED), 0);
    cr_assert_eq(pop(), -1);
    push(2);
    cr_assert_eq(pop(), 2);
    start(2, 0, GR_POLICY_REJECT);
    cr_assert(gri_mailbox_has_room_for(&mailbox, 1, 0));
    cr_assert_not(gri_mailbox_has_room_for(&mailbox, 2, 0), "two would reach the bound");
}

Test(mailbox, g4_signals_keep_their_place_and_are_not_counted)
{
    start(2, 0, GR_POLICY_REJECT);
    gri_mailbox_push_signal(&mailbox, message(0, GRI_MAIL_DOWN));
    push(1);
    gri_mailbox_push_signal(&mailbox, message(2, GRI_MAIL_ROOM));
    cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_ACCEPT);
    push(3);
    gri_mailbox_push_signal(&mailbox, message(4, GRI_MAIL_DOWN));
    cr_assert_eq(gri_load(&mailbox.count, GRI_RELAXED), 2);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 2);
    for (int i = 0; i < 5; i++) cr_assert_eq(pop(), i);
    cr_assert_eq(gri_load(&mailbox.count, GRI_RELAXED), 0);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 0);
}

Test(mailbox, g7_the_start_message_goes_before_mail_that_came_earlier)
{
    start(0, 0, GR_POLICY_REJECT);
    push(1);
    push(2);
    gri_mailbox_push_start(&mailbox, message(0, GRI_MAIL_START));
    push(3);
    for (int i = 0; i < 4; i++) cr_assert_eq(pop(), i);

    gri_mailbox_push_start(&mailbox, message(0, GRI_MAIL_START));
    push(1);
    cr_assert_eq(pop(), 0);
    cr_assert_eq(pop(), 1);
}

Test(mailbox, g15_the_default_bound_is_65536_messages_or_64_mib)
{
    start(0, 0, GR_POLICY_REJECT);
    cr_assert_eq(mailbox.bound_messages, 65536);
    cr_assert_eq(mailbox.bound_lines * GRI_LINE_BYTES, 64u << 20);
}

Test(mailbox, g15_the_bound_in_messages_is_exact)
{
    start(3, 0, GR_POLICY_REJECT);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_ACCEPT);
        cr_assert(!gri_mailbox_is_full(&mailbox));
        push(i);
    }
    cr_assert(gri_mailbox_is_full(&mailbox));
    cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_REJECT);
}

Test(mailbox, g15_the_bound_in_bytes_counts_blocks_and_is_rounded_up_to_kib)
{
    start(0, 1025, GR_POLICY_REJECT);
    cr_assert_eq(mailbox.bound_lines * GRI_LINE_BYTES, 2048);
    unsigned pushed = 0;
    for (; gri_mailbox_verdict(&mailbox) == GRI_ACCEPT; pushed++) push(pushed % MESSAGES);
    cr_assert_eq(pushed, 2048 / BLOCK);
    cr_assert(gri_mailbox_is_full(&mailbox));
}

Test(mailbox, g15_a_bound_beyond_what_fits_is_the_largest_that_does)
{
    start(UINT32_MAX, UINT64_MAX, GR_POLICY_REJECT);
    cr_assert_eq(mailbox.bound_messages, UINT32_MAX);
    cr_assert_eq(mailbox.bound_lines, GRI_LINES_MAX, "64 GiB");
    push(0);
    cr_assert(!gri_mailbox_is_full(&mailbox));
}

Test(mailbox, g15_the_full_word_is_cleared_at_three_quarters_and_says_so_once)
{
    start(8, 0, GR_POLICY_REJECT);
    for (unsigned i = 0; i < 8; i++) push(i);
    pop();
    cr_assert(!room && gri_mailbox_is_full(&mailbox), "seven of eight are left");
    pop();
    cr_assert(room && !gri_mailbox_is_full(&mailbox), "six of eight are left");
    pop();
    cr_assert(!room);
}

Test(mailbox, g15_a_bound_of_one_has_room_when_it_is_empty)
{
    start(1, 0, GR_POLICY_REJECT);
    for (int i = 0; i < 3; i++) {
        push(0);
        cr_assert(gri_mailbox_is_full(&mailbox));
        cr_assert_eq(pop(), 0);
        cr_assert(room && !gri_mailbox_is_full(&mailbox));
    }
}

Test(mailbox, g15_bytes_too_have_to_fall_to_three_quarters)
{
    start(0, 1024, GR_POLICY_REJECT);
    for (unsigned i = 0; i < 1024 / BLOCK; i++) push(i);
    unsigned popped = 0;
    while (gri_mailbox_is_full(&mailbox)) cr_assert_eq(pop(), (int)popped++);
    cr_assert_eq(popped, 1024 / BLOCK / 4);
}

Test(mailbox, g15_each_policy_has_its_verdict_at_the_bound)
{
    static const struct {
        enum gr_policy policy;        /* of the receiver */
        enum gri_verdict here, there; /* on its loop, and elsewhere */
    } table[] = {
        {GR_POLICY_REJECT, GRI_REJECT, GRI_REJECT},
        {GR_POLICY_WAIT, GRI_ACCEPT_REST, GRI_ACCEPT_REST},
        {GR_POLICY_DROP_NEWEST, GRI_DROP_NEWEST, GRI_DROP_NEWEST},
        {GR_POLICY_DROP_OLDEST, GRI_ACCEPT_DROP_OLDEST, GRI_ACCEPT},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        start(2, 0, table[i].policy);
        cr_assert_eq(gri_full_verdict(full()), GRI_ACCEPT);
        push(0);
        push(1);
        cr_assert_eq(gri_mailbox_verdict(&mailbox), table[i].here, "policy %d", table[i].policy);
        cr_assert_eq(gri_full_verdict(full()), table[i].there, "policy %d", table[i].policy);
        pop();
        cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_ACCEPT);
    }
}

Test(mailbox, g15_waiting_ends_in_a_hard_bound_at_twice_the_bound)
{
    start(2, 0, GR_POLICY_WAIT);
    for (unsigned i = 0; i < 3; i++) push(i);
    cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_ACCEPT_REST);
    cr_assert_eq(gri_full_verdict(full()), GRI_ACCEPT_REST);
    push(3);
    cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_REJECT);
    cr_assert_eq(gri_full_verdict(full()), GRI_REJECT);
    pop();
    cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_ACCEPT_REST, "the hard bound is exact");
    cr_assert_eq(gri_full_verdict(full()), GRI_ACCEPT_REST);
}

Test(mailbox, g15_dropping_the_oldest_leaves_signals_where_they_are)
{
    start(0, 0, GR_POLICY_DROP_OLDEST);
    cr_assert_null(gri_mailbox_drop_oldest(&mailbox));
    gri_mailbox_push_signal(&mailbox, message(0, GRI_MAIL_DOWN));
    cr_assert_null(gri_mailbox_drop_oldest(&mailbox));
    push(1);
    push(2);
    gri_mailbox_push_signal(&mailbox, message(3, GRI_MAIL_DOWN));
    push(4);
    cr_assert_eq(gri_mailbox_drop_oldest(&mailbox)->payload[0], 1);
    cr_assert_eq(gri_mailbox_drop_oldest(&mailbox)->payload[0], 2);
    cr_assert_eq(gri_mailbox_drop_oldest(&mailbox)->payload[0], 4);
    cr_assert_null(gri_mailbox_drop_oldest(&mailbox));
    push(5);
    cr_assert_eq(pop(), 0);
    cr_assert_eq(pop(), 3);
    cr_assert_eq(pop(), 5);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 0);
}

Test(mailbox, g15_dropping_makes_room_in_the_full_word_too)
{
    start(4, 0, GR_POLICY_DROP_OLDEST);
    for (unsigned i = 0; i < 4; i++) push(i);
    cr_assert(gri_mailbox_is_full(&mailbox));
    gri_mailbox_drop_oldest(&mailbox);
    cr_assert(!gri_mailbox_is_full(&mailbox));
}

Test(mailbox, the_full_word_keeps_the_policy_through_all_changes)
{
    start(1, 0, GR_POLICY_DROP_NEWEST);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(full() >> GRI_FULL_POLICY_SHIFT, GR_POLICY_DROP_NEWEST);
        push(0);
        push(1);
        cr_assert_eq(full() >> GRI_FULL_POLICY_SHIFT, GR_POLICY_DROP_NEWEST);
        pop();
        pop();
    }
}

Test(mailbox, a_bound_that_is_set_over_waiting_mail_counts_it)
{
    gri_mailbox_init(&mailbox);
    for (unsigned i = 0; i < 4; i++) push(i);
    gri_mailbox_configure(&mailbox, &(struct gr_mailbox_options){.messages = 3, .policy = GR_POLICY_WAIT});
    cr_assert(gri_mailbox_is_full(&mailbox));
    cr_assert_eq(gri_mailbox_verdict(&mailbox), GRI_ACCEPT_REST);
    for (int i = 0; i < 4; i++) cr_assert_eq(pop(), i);
}

/* ---- weights ---- */

struct letter {
    gr_string text;  /* counted */
    gr_buffer bytes; /* counted */
};
GR_MESSAGE(letter, GR_FIELD(letter, text), GR_FIELD(letter, bytes));

struct big {
    uint8_t bytes[10000]; /* more than a pool's block */
};
GR_MESSAGE(big, GR_ARRAY(big, bytes));

Test(mailbox, g15_a_message_weighs_its_block_and_what_its_strings_and_buffers_keep_alive)
{
    static _Alignas(64) char block[128];
    struct gri_message *m = (struct gri_message *)block;
    struct letter letter = {.bytes.size = 0};
    uint8_t *bytes;
    cr_assert_eq(gr_string_copy(NULL, "abc", 3, &letter.text), 0);
    cr_assert_eq(gr_buffer_create(NULL, 100000, &letter.bytes, &bytes), 0);
    m->type = (uint16_t)letter_gr_type.id;
    m->flags = GRI_MAIL_HEAVY;
    m->pool_class = (uint8_t)gri_pool_class(sizeof *m + sizeof letter);
    memcpy(m->payload, &letter, sizeof letter);
    uint64_t weight = gri_message_weight(m);
    cr_assert_geq(weight, 100000 + gri_pool_class_size(m->pool_class));
    cr_assert_leq(weight, 101000 + gri_pool_class_size(m->pool_class));
    start(0, 64 << 10, GR_POLICY_REJECT);
    gri_mailbox_push(&mailbox, m);
    cr_assert(gri_mailbox_is_full(&mailbox));
    bool again = false;
    cr_assert_eq(gri_mailbox_pop(&mailbox, &again), m);
    cr_assert(again);
    cr_assert_eq(gri_mailbox_lines(&mailbox), 0);
    gr_message_release(&letter_gr_type, &letter);
}

Test(mailbox, a_large_message_weighs_what_was_allocated_for_it)
{
    struct gri_message m = {
        .type = (uint16_t)big_gr_type.id, .flags = GRI_MAIL_HEAVY, .pool_class = GRI_POOL_LARGE};
    cr_assert_eq(gri_message_block_size(&m), sizeof m + 10000);
    cr_assert_eq(gri_message_weight(&m), sizeof m + 10000);
    m.flags |= GRI_MAIL_ORDERED;
    cr_assert_eq(gri_message_block_size(&m), sizeof m + 10000 + GRI_MAIL_ORDER_BYTES);
}
