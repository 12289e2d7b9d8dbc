/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of messages that are sent later. */
#include "runtime/runtime.h"
#include "tests/support/world/case.h"

static int exact(gr_actor *self, void *argument)
{
    static const gr_time delays[] = {5000, 0, 1, 999999937, 60000000000, 3600000000000, 1000};
    gr_time begin = gr_now(self);
    for (int i = 0; i < 7; i++)
        CHECK_EQ(gr_send_after(self, gr_self(self), delays[i], NULL, number, .value = delays[i]), 0);
    gr_time last = -1;
    for (int i = 0; i < 7; i++) {
        struct gr_mail mail;
        CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
        const struct number *m = gr_mail_as(&mail, number);
        if (!CHECK(m != NULL)) return 1;
        CHECK_EQ(gr_now(self) - begin, m->value);
        CHECK(m->value > last);
        CHECK(gr_ref_equal(mail.sender, gr_self(self)));
        last = m->value;
    }
    return 0;
}

Case(delayed, g14_messages_are_sent_exactly_when_due_in_virtual_time)
{
    run_seeds(1, 3, exact);
}

static int never_early(gr_actor *self, void *argument)
{
    for (int i = 0; i < 30; i++) {
        gr_time begin = gr_now(self);
        CHECK_EQ(gr_send_after(self, gr_self(self), gr_microseconds(100 * i), NULL, ping), 0);
        next_mail(self);
        CHECK(gr_now(self) - begin >= gr_microseconds(100 * i));
    }
    return 0;
}

Case(delayed, g14_messages_are_never_early_in_real_time)
{
    run_real(1, never_early);
    run_real(2, never_early);
}

static int cancelled(gr_actor *self, void *argument)
{
    uint64_t timers[10];
    for (int i = 0; i < 10; i++)
        CHECK_EQ(gr_send_after(self, gr_self(self), 1000 + i, &timers[i], number, .value = i), 0);
    for (int i = 0; i < 10; i += 2) CHECK_EQ(gr_timer_cancel(self, timers[i]), 0);
    CHECK_EQ(gr_timer_cancel(self, timers[0]), GR_ENOTFOUND);
    for (int i = 1; i < 10; i += 2) CHECK_EQ(next_number(self), i);
    no_mail(self, 100000);
    for (int i = 0; i < 10; i++) CHECK_EQ(gr_timer_cancel(self, timers[i]), GR_ENOTFOUND);
    for (uint64_t guess = 0; guess < 100; guess++) CHECK_EQ(gr_timer_cancel(self, guess), GR_ENOTFOUND);
    CHECK_EQ(gr_timer_cancel(self, UINT64_MAX), GR_ENOTFOUND);
    return 0;
}

Case(delayed, g14_after_a_cancel_nothing_is_sent)
{
    run_everywhere(cancelled);
}

struct middling {
    uint8_t bytes[3990]; /* fits into a block of a pool, but not with a timer */
};
GR_MESSAGE(middling, GR_ARRAY(middling, bytes));

struct pair {
    int64_t a, b; /* any */
};
GR_MESSAGE(pair, GR_FIELD(pair, a), GR_FIELD(pair, b));

/* Sends a message of each size, to whom the timers may end before; returns how many. */
static int send_sizes(gr_actor *self, gr_ref to, uint64_t *timers)
{
    static struct middling middling;
    static struct large large;
    gr_string text;
    memset(middling.bytes, 7, sizeof middling.bytes);
    memset(large.bytes, 9, sizeof large.bytes);
    CHECK_EQ(gr_string_copy(self, "a text that is kept elsewhere", 29, &text), 0);
    CHECK_EQ(gri_send_after(self, to, 10, &timers[0], &ping_gr_type, NULL), 0);
    CHECK_EQ(gr_send_after(self, to, 20, &timers[1], pair, .a = 1, .b = 2), 0);
    CHECK_EQ(gr_send_after(self, to, 30, &timers[2], words, .text = text), 0);
    CHECK_EQ(gri_send_after(self, to, 40, &timers[3], &middling_gr_type, &middling), 0);
    CHECK_EQ(gri_send_after(self, to, 50, &timers[4], &large_gr_type, &large), 0);
    return 5;
}

static int sizes(gr_actor *self, void *argument)
{
    uint64_t timers[5];
    struct gr_mail mail;
    int n = send_sizes(self, gr_self(self), timers);
    for (int i = 0; i < n; i++) {
        CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
        const struct pair *p = gr_mail_as(&mail, pair);
        const struct words *w = gr_mail_as(&mail, words);
        const struct middling *m = gr_mail_as(&mail, middling);
        const struct large *l = gr_mail_as(&mail, large);
        CHECK_EQ((p != NULL) + 2 * (w != NULL) + 3 * (m != NULL) + 4 * (l != NULL), i);
        if (p != NULL) CHECK(p->a == 1 && p->b == 2);
        if (m != NULL) CHECK(m->bytes[0] == 7 && m->bytes[3989] == 7);
        if (l != NULL) CHECK(l->bytes[0] == 9 && l->bytes[59999] == 9);
        CHECK_EQ(gr_timer_cancel(self, timers[i]), GR_ENOTFOUND);
    }
    n = send_sizes(self, gr_self(self), timers);
    for (int i = n; i-- > 0;) CHECK_EQ(gr_timer_cancel(self, timers[i]), 0);
    no_mail(self, 1000);
    send_sizes(self, gr_self(self), timers); /* end with the actor */
    return 0;
}

Case(delayed, messages_of_all_sizes_come_and_can_be_cancelled)
{
    run_everywhere(sizes);
}

static int invalid(gr_actor *self, void *argument)
{
    uint64_t timer = 5;
    gr_string text;
    CHECK_EQ(gr_string_copy(self, "mine", 4, &text), 0);
    CHECK_EQ(gr_send_after(self, gr_self(self), -1, &timer, words, .text = text), GR_EINVALID);
    CHECK_EQ(timer, 0);
    CHECK_TEXT(gr_last_error(self), "gr_send_after: the delay is negative");
    gr_string_release(text); /* the count was not taken */
    CHECK_EQ(gr_send_after(self, gr_self(self), gr_seconds(0.0 / 0.0), NULL, ping), GR_EINVALID);
    CHECK_EQ(gr_send_after(self, gr_self(self), GR_FOREVER, &timer, ping), 0);
    CHECK(timer != 0);
    no_mail(self, gr_seconds(1e6));
    CHECK_EQ(gr_timer_cancel(self, timer), 0);
    return 0;
}

Case(delayed, a_negative_delay_is_refused_and_for_ever_never_comes)
{
    run_seeds(1, 2, invalid);
}

/* The registration of a type can fail; its id is 0 then. */
static int unregistered(gr_actor *self, void *argument)
{
    struct gr_type type = {.name = "odd"};
    CHECK_EQ(gri_send_after(self, gr_self(self), 1, NULL, &type, NULL), GR_EINVALID);
    CHECK_TEXT(gr_last_error(self), "gr_send_after: the message odd is not registered");
    CHECK_EQ(gri_send_every(self, gr_self(self), 1, NULL, &type, NULL), GR_EINVALID);
    CHECK_TEXT(gr_last_error(self), "gr_send_every: the message odd is not registered");
    return 0;
}

Case(delayed, a_message_that_is_not_registered_is_refused_by_name)
{
    run_seeds(1, 2, unregistered);
}

static int elsewhere(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 0), null = {0, 0, 0};
    gr_ref other = {ref.seat + 1, ref.slot, ref.generation};
    gr_string text;
    CHECK_EQ(gr_string_copy(self, "abc", 3, &text), 0);
    for (int i = 0; i < 10; i++) CHECK_EQ(gr_send_after(self, ref, 1000 * i, NULL, number, .value = 1), 0);
    CHECK_EQ(gr_send_after(self, null, 10, NULL, words, .text = text), 0);
    CHECK_EQ(gr_send_after(self, other, 10, NULL, ping), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    struct number sum;
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
    CHECK_EQ(sum.value, 10);
    CHECK_EQ(dead_letters(self, GR_DEAD_STALE), 1);
    CHECK_EQ(dead_letters(self, GR_DEAD_SYSTEM), 1);
    return 0;
}

Case(delayed, g3_a_delayed_message_to_nobody_is_a_dead_letter)
{
    run_everywhere(elsewhere);
}

static int policies(gr_actor *self, void *argument)
{
    static const enum gr_policy policy[] = {GR_POLICY_REJECT, GR_POLICY_WAIT, GR_POLICY_DROP_NEWEST,
                                            GR_POLICY_DROP_OLDEST};
    static const uint64_t lost[] = {8, 6, 8, 8};
    for (int i = 0; i < 4; i++) {
        uint64_t before = dead_letters(self, GR_DEAD_FULL);
        gr_ref ref = gr_spawn_with(self, sleeper, (.mailbox = {.messages = 2, .policy = policy[i]}),
                                   .value = gr_milliseconds(1));
        for (int j = 0; j < 10; j++) CHECK_EQ(gr_send_after(self, ref, 1000 + j, NULL, ping), 0);
        CHECK_EQ(gr_sleep(self, 10000), 0);
        CHECK_EQ(dead_letters(self, GR_DEAD_FULL) - before,
                 lost[i]); /* a timer can't wait, so up to the hard bound */
        CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    }
    return 0;
}

Case(delayed, g15_a_delayed_message_meets_the_bound_when_it_is_sent)
{
    run_seeds(1, 3, policies);
}

/* ---- periodic ---- */

/* As if a handler or the whole machine took so long. Simulated only. */
static void take_time(gr_actor *self, gr_time time)
{
    gri_runtime_of(gr_actor_system(self))->simulation->now += time;
}

static int every(gr_actor *self, void *argument)
{
    uint64_t timer;
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_send_every(self, gr_self(self), 700, &timer, number, .value = 5), 0);
    for (int i = 1; i <= 10; i++) {
        CHECK_EQ(next_number(self), 5);
        CHECK_EQ(gr_now(self) - begin, 700 * i);
    }
    CHECK_EQ(gr_sleep(self, 699), 0);
    CHECK_EQ(gr_timer_cancel(self, timer), 0);
    CHECK_EQ(gr_timer_cancel(self, timer), GR_ENOTFOUND);
    no_mail(self, 100000);
    return 0;
}

Case(delayed, g14_a_periodic_timer_is_exact_until_it_is_cancelled)
{
    run_seeds(1, 3, every);
}

static int drift(gr_actor *self, void *argument)
{
    uint64_t timer;
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_send_every(self, gr_self(self), 1000, &timer, ping), 0);
    for (int i = 1; i <= 20; i++) { /* each is handled 300 late, and yet the next is due when it was */
        next_ping(self);
        CHECK_EQ(gr_now(self) - begin, 1000 * i);
        take_time(self, 300);
    }
    take_time(self, 3500); /* now at 23,800 */
    next_ping(self);       /* one for 21,000, 22,000 and 23,000 */
    CHECK_EQ(gr_now(self) - begin, 23800);
    next_ping(self);
    CHECK_EQ(gr_now(self) - begin, 24000);
    take_time(self, 1000); /* exactly when the next is due */
    next_ping(self);
    CHECK_EQ(gr_now(self) - begin, 25000);
    next_ping(self);
    CHECK_EQ(gr_now(self) - begin, 26000);
    CHECK_EQ(gr_timer_cancel(self, timer), 0);
    return 0;
}

Case(delayed, g14_a_periodic_timer_does_not_drift_and_sends_one_for_those_missed)
{
    run_seeds(1, 3, drift);
}

static int every_real(gr_actor *self, void *argument)
{
    uint64_t timer;
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_send_every(self, gr_self(self), gr_microseconds(200), &timer, ping), 0);
    for (int i = 1; i <= 20; i++) {
        next_ping(self);
        CHECK(gr_now(self) - begin >= gr_microseconds(200 * i));
    }
    CHECK_EQ(gr_timer_cancel(self, timer), 0);
    return 0;
}

Case(delayed, g14_a_periodic_timer_is_never_early_in_real_time)
{
    run_real(1, every_real);
}

static int every_text(gr_actor *self, void *argument)
{
    gr_string text;
    uint64_t timer;
    gr_ref to = gr_spawn_with(self, echo, (.loop = GR_SPREAD));
    CHECK_EQ(gr_string_copy(self, "again", 5, &text), 0);
    CHECK_EQ(gr_send_every(self, to, gr_microseconds(100), &timer, words, .text = text), 0);
    for (int i = 0; i < 5; i++) {
        struct gr_mail mail = next_mail(self);
        if (CHECK(gr_mail_as(&mail, words) != NULL))
            CHECK_EQ(memcmp(gr_mail_as(&mail, words)->text.data, "again", 5), 0);
    }
    kill_and_wait(self, to);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    CHECK_EQ(gr_timer_cancel(self, timer), GR_ENOTFOUND); /* its receiver has ended */
    CHECK(dead_letters(self, GR_DEAD_STALE) >= 1);
    uint64_t stale = dead_letters(self, GR_DEAD_STALE);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_STALE), stale);
    return 0;
}

Case(delayed, a_periodic_timer_sends_strings_and_ends_with_its_receiver)
{
    run_everywhere(every_text);
}

static int ticker_main(gr_actor *self, const struct address *m)
{
    CHECK_EQ(gr_send_every(self, m->ref, 100, NULL, ping), 0);
    return gr_sleep(self, 250);
}

GR_COROUTINE(ticker, address, ticker_main);

static int every_ends(gr_actor *self, void *argument)
{
    uint64_t timer = 5;
    CHECK_EQ(gr_send_every(self, gr_self(self), 0, &timer, ping), GR_EINVALID);
    CHECK_EQ(timer, 0);
    CHECK_TEXT(gr_last_error(self), "gr_send_every: the interval is not positive");
    CHECK_EQ(gr_send_every(self, gr_self(self), -1, NULL, ping), GR_EINVALID);
    CHECK_EQ(gr_send_every(self, gr_self(self), GR_FOREVER, &timer, ping), 0);
    CHECK(!gr_ref_is_null(gr_spawn_with(self, ticker, (.loop = GR_SPREAD), .ref = gr_self(self))));
    next_ping(self);
    next_ping(self);
    no_mail(self, gr_seconds(1e6));
    CHECK_EQ(gr_timer_cancel(self, timer), 0);
    return 0;
}

Case(delayed, g11_a_periodic_timer_ends_with_its_actor)
{
    run_seeds(1, 3, every_ends);
    run_seeds(2, 3, every_ends);
}
