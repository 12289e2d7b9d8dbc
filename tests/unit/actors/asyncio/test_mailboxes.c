/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of Queue, retold where a mailbox is one: it has one reader, who sends may wait for room, and either may
 * be cancelled meanwhile. Where it counts how many are in it at a time, all are on one loop. */
#include "tests/unit/actors/asyncio/tale.h"

/* Sleeps for `time`, receives `value` numbers and notes them, sleeps on so that what comes later is no dead letter, and ends
 * with how many there were in all. */
static int reads_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    struct gr_mail mail;
    CHECK_EQ(gr_sleep(self, plan->time), 0);
    for (; result->value < plan->value; result->value++) {
        if (!CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0)) return 1;
        if (CHECK(gr_mail_as(&mail, number) != NULL))
            note("got %lld", (long long)gr_mail_as(&mail, number)->value);
    }
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
    while (gr_receive(self, &mail, 0) == 0) result->value++;
    return 0;
}

GR_TASK(reads, plan, number, reads_run);

/* Sends `value` to `who`, and notes that. */
static int puts_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    int error = gr_send(self, plan->who, number, .value = plan->value);
    if (error == 0) note("put %lld", (long long)plan->value);
    result->value = plan->value;
    return error;
}

GR_TASK(puts, plan, number, puts_run);

/* Sends 0, 1, ... to `who`, `value` in all, and notes each. */
static int pours_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    for (; result->value < plan->value; result->value++) {
        int error = gr_send(self, plan->who, number, .value = result->value);
        if (error != 0) return error;
        note("put %lld", (long long)result->value);
    }
    return 0;
}

GR_TASK(pours, plan, number, pours_run);

/* A reader with a bound; who sends beyond it waits. */
static gr_future *start_reader(gr_actor *self, uint32_t bound, gr_time time, int64_t count)
{
    return gr_start_with(self, reads, (.mailbox = {.messages = bound, .policy = GR_POLICY_WAIT}),
                         .time = time, .value = count);
}

static gr_future *start_put(gr_actor *self, gr_ref to, int64_t value)
{
    return gr_start(self, puts, .value = value, .who = to);
}

/* The messages that wait at an actor. */
static uint32_t depth(gr_actor *self, gr_ref ref)
{
    struct gr_actor_info list[64];
    size_t count = gr_system_actors(gr_actor_system(self), list, 64);
    for (size_t i = 0; i < count && i < 64; i++)
        if (gr_ref_equal(list[i].ref, ref)) return list[i].mailbox;
    return UINT32_MAX;
}

/* ---- taking ---- */

Tale(asyncio_mailboxes, it_is_empty_until_something_is_sent_and_when_that_is_taken)
{
    CHECK_EQ(depth(self, gr_self(self)), 0);
    CHECK_EQ(gr_send(self, gr_self(self), number, .value = 1), 0);
    CHECK_EQ(depth(self, gr_self(self)), 1);
    CHECK_EQ(next_number(self), 1);
    CHECK_EQ(depth(self, gr_self(self)), 0);
    return 0;
}

Tale(asyncio_mailboxes, what_is_there_is_taken_without_waiting)
{
    gr_time begin = gr_now(self);
    struct gr_mail mail;
    CHECK_EQ(gr_try_send(self, gr_self(self), number, .value = 1), 0);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK_EQ(gr_mail_as(&mail, number)->value, 1);
    CHECK_EQ(gr_try_send(self, gr_self(self), number, .value = 2), 0);
    CHECK_EQ(gr_receive(self, &mail, 0), 0);
    CHECK_EQ(gr_mail_as(&mail, number)->value, 2);
    CHECK_SINCE(begin, 0);
    return 0;
}

Tale(asyncio_mailboxes, without_any_time_a_receive_of_nothing_returns_at_once)
{
    gr_time begin = gr_now(self);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    CHECK_SINCE(begin, 0);
    return 0;
}

Tale(asyncio_mailboxes, a_receive_waits_for_what_comes_later)
{
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_send_after(self, gr_self(self), MS(10), NULL, number, .value = 1), 0);
    CHECK_EQ(next_number(self), 1);
    CHECK_SINCE(begin, MS(10));
    return 0;
}

Tale(asyncio_mailboxes, who_waits_in_a_receive_gets_what_is_sent)
{
    gr_future *f = start(self, listens, .who = gr_self(self));
    struct gr_mail mail = next_mail(self);
    gr_ref ref = gr_mail_as(&mail, address)->ref;
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK(!gr_future_done(f));
    CHECK_EQ(gr_send(self, ref, number, .value = 42), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, 42);
    return 0;
}

Tale(asyncio_mailboxes, a_receive_that_gave_up_takes_nothing_later)
{
    gr_time begin = gr_now(self);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, MS(100)), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(100));
    CHECK_EQ(gr_send(self, gr_self(self), number, .value = 1), 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(depth(self, gr_self(self)), 1);
    CHECK_EQ(next_number(self), 1);
    return 0;
}

static int retries_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    struct gr_mail mail;
    int error = gr_receive(self, &mail, GR_FOREVER);
    if (error == GR_ECANCELLED) error = gr_receive(self, &mail, GR_FOREVER);
    if (!CHECK_EQ(error, 0)) return error;
    result->value = gr_mail_as(&mail, number)->value;
    return 0;
}

GR_TASK(retries, plan, number, retries_run);

Tale(asyncio_mailboxes, a_receive_that_is_cancelled_as_mail_comes_loses_nothing)
{
    gr_future *f = start(self, retries, .value = 0);
    gr_ref ref = gr_future_task(f);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_send(self, ref, number, .value = 1), 0);
    CHECK_EQ(gr_send(self, ref, number, .value = 2), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, 1); /* 2 would mean that 1 was lost */
    return 0;
}

/* ---- sending ---- */

Tale(asyncio_mailboxes, what_is_sent_comes_in_the_order_sent)
{
    static const int64_t values[] = {1, 3, 2};
    for (int i = 0; i < 3; i++) CHECK_EQ(gr_send(self, gr_self(self), number, .value = values[i]), 0);
    for (int i = 0; i < 3; i++) CHECK_EQ(next_number(self), values[i]);
    return 0;
}

Tale(asyncio_mailboxes, where_there_is_room_a_send_does_not_wait_for_the_reader)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, puts, .value = 1, .who = gr_self(self));
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, 0);
    expect_value(f, 1);
    CHECK_EQ(next_number(self), 1);
    return 0;
}

Tale(asyncio_mailboxes, one_that_refuses_is_full_at_its_bound_and_not_before)
{
    gr_future *f = gr_start_with(self, nap, (.mailbox = {.messages = 1}), .time = MS(1));
    gr_ref ref = gr_future_task(f);
    CHECK_EQ(gr_try_send(self, ref, number, .value = 1), 0);
    CHECK_EQ(gr_try_send(self, ref, number, .value = 2), GR_EFULL);
    CHECK_EQ(depth(self, ref), 1);
    gr_future_release(f);
    f = gr_start(self, nap, .time = MS(1)); /* and without a bound of its own: not after a few */
    for (int i = 0; i < 100; i++) CHECK_EQ(gr_try_send(self, gr_future_task(f), number, .value = i), 0);
    gr_future_release(f);
    return 0;
}

Tale(asyncio_mailboxes, who_sends_beyond_the_bound_waits_until_one_is_taken)
{
    for (uint32_t bound = 1; bound <= 2; bound++) {
        notes_clear();
        gr_time begin = gr_now(self);
        gr_future *reader = start_reader(self, bound, MS(10), bound + 1);
        gr_future *f = gr_start(self, pours, .value = bound + 1, .who = gr_future_task(reader));
        CHECK_EQ(gr_sleep(self, MS(9)), 0);
        CHECK_TEXT(notes(), bound == 1 ? "put 0" : "put 0 put 1");
        CHECK(!gr_future_done(f));
        CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
        CHECK_SINCE(begin, MS(10));
        expect_value(f, bound + 1);
        CHECK_EQ(gr_await(self, reader, GR_FOREVER), 0);
        expect_value(reader, bound + 1);
        CHECK(strstr(notes(), bound == 1 ? "got 1" : "got 2") != NULL);
    }
    return 0;
}

Tale(asyncio_mailboxes, through_a_bound_of_one_all_come_in_order)
{
    gr_future *reader = start_reader(self, 1, 0, 5);
    gr_future *f = gr_start(self, pours, .value = 5, .who = gr_future_task(reader));
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, 5);
    CHECK_EQ(gr_await(self, reader, GR_FOREVER), 0);
    expect_value(reader, 5);
    const char *place = notes();
    for (int i = 0; i < 5 && place != NULL; i++) {
        char word[16];
        snprintf(word, sizeof word, "got %d", i);
        CHECK((place = strstr(place, word)) != NULL);
    }
    return 0;
}

Tale(asyncio_mailboxes, those_that_wait_to_send_get_room_in_turn)
{
    gr_future *reader = start_reader(self, 1, MS(10), 2);
    gr_future *a = start_put(self, gr_future_task(reader), 1),
              *b = start_put(self, gr_future_task(reader), 2);
    CHECK_EQ(gr_await(self, reader, GR_FOREVER), 0);
    CHECK(strstr(notes(), "got 1") != NULL && strstr(notes(), "got 1") < strstr(notes(), "got 2"));
    expect_value(a, 1);
    expect_value(b, 2);
    expect_value(reader, 2);
    return 0;
}

Tale(asyncio_mailboxes, as_many_that_wait_go_on_as_there_is_room_for)
{
    gr_time begin = gr_now(self);
    gr_future *reader = start_reader(self, 2, MS(10), 2), *list[4];
    for (int i = 0; i < 4; i++) list[i] = start_put(self, gr_future_task(reader), i);
    CHECK_EQ(gr_sleep(self, MS(9)), 0);
    CHECK_TEXT(notes(), "put 0 put 1");
    CHECK_EQ(gr_gather(self, list, 4, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(10));
    for (int i = 0; i < 4; i++) expect_value(list[i], i);
    CHECK_EQ(gr_await(self, reader, GR_FOREVER), 0);
    expect_value(reader, 4);
    return 0;
}

/* ---- sending is cancelled ---- */

Tale(asyncio_mailboxes, a_send_that_is_cancelled_while_it_waits_for_room_is_made_all_the_same)
{
    gr_time begin = gr_now(self);
    gr_future *reader = start_reader(self, 1, MS(10), 3), *list[3];
    for (int i = 0; i < 3; i++) list[i] = start_put(self, gr_future_task(reader), i);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK(gr_future_done(list[0]) && !gr_future_done(list[1]) && !gr_future_done(list[2]));
    CHECK_EQ(gr_future_cancel(self, list[1]), 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK(
        !gr_future_done(list[1])); /* a send may be ignored, so it has nothing to tell: the next wait would */
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_await(self, list[i], GR_FOREVER), 0);
        expect_value(list[i], i);
    }
    CHECK_SINCE(begin, MS(10));
    CHECK_EQ(gr_await(self, reader, GR_FOREVER), 0);
    expect_value(reader, 3);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), 0);
    return 0;
}

/* Makes room in its own mailbox and cancels who waits for that, before the other has had a turn. */
static int owns_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    struct gr_mail mail;
    CHECK_EQ(gr_send(self, gr_self(self), number, .value = 1), 0);
    gr_future *writer = gr_start(self, puts, .value = 2, .who = gr_self(self));
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK(!gr_future_done(writer));
    CHECK_EQ(next_number(self), 1);
    CHECK_EQ(gr_future_cancel(self, writer), 0);
    int error = gr_await(self, writer, GR_FOREVER);
    while (gr_receive(self, &mail, MS(1)) == 0) {
        CHECK_EQ(gr_mail_as(&mail, number)->value, 2);
        result->value++;
    }
    gr_future_release(writer);
    return error;
}

GR_TASK(owns, plan, number, owns_run);

Tale(asyncio_mailboxes, a_send_that_has_got_room_is_done_once_though_it_is_cancelled_then)
{
    gr_future *f = gr_start_with(self, owns, (.mailbox = {.messages = 1, .policy = GR_POLICY_WAIT}));
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, 1);
    CHECK_TEXT(notes(), "put 2");
    return 0;
}
