/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of reports of dead letters: what they say, who gets them, and that a report never causes one. */
#include "base/platform.h"
#include "tests/support/world/case.h"

struct a_message_whose_name_is_longer_than_thirty_one_bytes {
    int32_t value; /* any */
};
GR_MESSAGE(a_message_whose_name_is_longer_than_thirty_one_bytes,
           GR_FIELD(a_message_whose_name_is_longer_than_thirty_one_bytes, value));

/* Waits for a report and checks it; other mail is a failure. */
static void next_report(gr_actor *self, gr_ref from, gr_ref to, enum gr_dead_letter cause, const char *type)
{
    struct gr_mail mail = next_mail(self);
    const struct gr_dead_letter_report *report = gr_mail_as(&mail, gr_dead_letter_report);
    if (!CHECK(report != NULL)) return;
    CHECK(gr_ref_equal(report->from, from));
    CHECK(gr_ref_equal(report->to, to));
    CHECK_EQ(report->cause, cause);
    CHECK_TEXT(report->type, type);
    CHECK(gr_ref_is_null(mail.sender));
}

static const gr_ref nobody = {0, 0, 0};

static int causes(gr_actor *self, void *argument)
{
    gr_ref me = gr_self(self);
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0);
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0); /* is no second one */
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 0);
    gr_ref other = {me.seat + 1, ref.slot, ref.generation};
    gr_send(self, ref, unknown);
    next_report(self, me, ref, GR_DEAD_UNHANDLED, "unknown");
    kill_and_wait(self, ref);
    gr_send(self, ref, number, .value = 1);
    next_report(self, me, ref, GR_DEAD_STALE, "number");
    gr_send(self, other, ping);
    next_report(self, me, other, GR_DEAD_SYSTEM, "ping");
    gr_send(self, nobody, ping);
    next_report(self, me, nobody, GR_DEAD_STALE, "ping");
    gr_send(self, nobody, a_message_whose_name_is_longer_than_thirty_one_bytes);
    next_report(self, me, nobody, GR_DEAD_STALE, "a_message_whose_name_is_longer_");
    no_mail(self, gr_milliseconds(2));
    CHECK_EQ(gr_subscribe_dead_letters(self, false), 0);
    CHECK_EQ(gr_subscribe_dead_letters(self, false), 0);
    gr_send(self, nobody, ping);
    no_mail(self, gr_milliseconds(2));
    return 0;
}

Case(letters, g3_a_report_tells_who_sent_what_to_whom_and_why)
{
    run_everywhere(causes);
}

static int in_the_mailbox(gr_actor *self, void *argument)
{
    gr_ref me = gr_self(self);
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0);
    gr_ref ref = gr_spawn_with(self, sleeper, (.loop = GR_SPREAD), .value = gr_milliseconds(1));
    gr_send(self, ref, ping);
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_sum);
    next_report(self, me, ref, GR_DEAD_DOWN, "ping");
    next_report(self, me, ref, GR_DEAD_DOWN, "get_sum");
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_EDOWN);
    gr_future_release(future);
    return 0;
}

Case(letters, g3_mail_that_an_actor_leaves_is_reported)
{
    run_everywhere(in_the_mailbox);
}

/* Answers get_sum after a while. */
static int late_one_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    gr_reply(self, get_sum, .value = 1);
    return 0;
}

GR_COROUTINE(late_one, gr_nothing, late_one_main);

static int late(gr_actor *self, void *argument)
{
    struct number number;
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0);
    gr_ref ref = gr_spawn_with(self, late_one, (.loop = GR_SPREAD));
    CHECK_EQ(gr_call(self, ref, &number, gr_milliseconds(1), get_sum), GR_ETIMEOUT);
    next_report(self, nobody, gr_self(self), GR_DEAD_LATE_REPLY, "number");
    return 0;
}

Case(letters, g9_late_replies_are_reported)
{
    run_seeds(1, 4, late);
    run_seeds(2, 4, late);
    run_real(2, late);
}

/* ---- reports cause no reports ---- */

struct deaf {
    int64_t pings; /* handled so far */
};

static int deaf_start(gr_actor *self, struct deaf *deaf, const struct gr_nothing *m)
{
    return gr_subscribe_dead_letters(self, true);
}

static void deaf_ping(gr_actor *self, struct deaf *deaf, const struct ping *m)
{
    deaf->pings++;
}

static void deaf_get_sum(gr_actor *self, struct deaf *deaf, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = deaf->pings);
}

GR_ACTOR(deaf, struct deaf, gr_nothing, deaf_start, GR_ON(ping, deaf_ping), GR_ON(get_sum, deaf_get_sum));

static int unhandled(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, deaf, (.loop = GR_SPREAD));
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0);
    for (int i = 0; i < 10; i++) gr_send(self, nobody, ping);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_UNHANDLED), 10); /* the other one's reports, which nobody hears of */
    for (int i = 0; i < 10; i++) next_report(self, gr_self(self), nobody, GR_DEAD_STALE, "ping");
    no_mail(self, gr_milliseconds(5));
    /* Reports on their way to somebody who has ended, too. */
    gr_send(self, nobody, ping);
    CHECK_EQ(gr_kill(self, ref), 0);
    next_report(self, gr_self(self), nobody, GR_DEAD_STALE, "ping");
    no_mail(self, gr_milliseconds(5));
    return 0;
}

Case(letters, a_report_that_becomes_a_dead_letter_is_reported_to_nobody)
{
    run_seeds(1, 4, unhandled);
    run_seeds(2, 4, unhandled);
    run_seeds(3, 4, unhandled);
}

/* Dead letters of a full mailbox whose owner listens to dead letters. */
static int full(gr_actor *self, void *argument)
{
    enum gr_policy policies[] = {GR_POLICY_REJECT, GR_POLICY_DROP_NEWEST, GR_POLICY_DROP_OLDEST};
    for (int i = 0; i < 3; i++) {
        struct number number;
        gr_ref ref = gr_spawn_with(self, deaf,
                                   (.loop = GR_SPREAD, .mailbox = {.messages = 4, .policy = policies[i]}));
        CHECK_EQ(gr_call(self, ref, &number, gr_seconds(60), get_sum), 0);
        uint64_t before = dead_letters(self, GR_DEAD_FULL);
        for (int k = 0; k < 20; k++) gr_send(self, ref, ping);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        CHECK_EQ(gr_call(self, ref, &number, gr_seconds(60), get_sum), 0);
        /* Each ping was handled or dropped for another ping: none for a report. */
        CHECK_EQ((uint64_t)number.value + dead_letters(self, GR_DEAD_FULL) - before, 20);
        if (gr_system_loops(gr_actor_system(self)) == 1) CHECK_EQ(number.value, 4);
        /* Reports of what others lose find the mailbox full, and push out nothing. */
        for (int k = 0; k < 4; k++) gr_send(self, ref, ping);
        for (int k = 0; k < 10; k++) gr_send(self, nobody, ping);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        int64_t handled = number.value;
        CHECK_EQ(gr_call(self, ref, &number, gr_seconds(60), get_sum), 0);
        if (gr_system_loops(gr_actor_system(self)) == 1) CHECK_EQ(number.value, handled + 4);
        kill_and_wait(self, ref);
    }
    return 0;
}

Case(letters, g15_a_report_never_pushes_out_other_mail)
{
    run_seeds(1, 8, full);
    run_seeds(2, 8, full);
    run_seeds(3, 8, full);
}

/* ---- from other loops and threads ---- */

/* Sends in vain, from its own loop. */
static int vain_main(gr_actor *self, const struct number *m)
{
    for (int64_t i = 0; i < m->value; i++) {
        gr_send(self, nobody, ping);
        if (gr_random(self) % 4 == 0) CHECK_EQ(gr_sleep(self, 0), 0);
    }
    return 0;
}

GR_COROUTINE(vain, number, vain_main);

static int several(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0);
    gr_ref refs[3];
    for (int i = 0; i < loops; i++) refs[i] = gr_spawn_with(self, vain, (.loop = GR_LOOP(i)), .value = 50);
    int seen[3] = {0};
    for (int i = 0; i < loops * 50; i++) {
        struct gr_mail mail = next_mail(self);
        const struct gr_dead_letter_report *report = gr_mail_as(&mail, gr_dead_letter_report);
        if (!CHECK(report != NULL)) return 1;
        for (int k = 0; k < loops; k++) seen[k] += gr_ref_equal(report->from, refs[k]);
    }
    for (int i = 0; i < loops; i++) CHECK_EQ(seen[i], 50);
    no_mail(self, gr_milliseconds(2));
    return 0;
}

Case(letters, reports_come_from_all_loops)
{
    run_everywhere(several);
}

static void *vain_thread(void *argument)
{
    const gr_ref *stale = argument;
    for (int i = 0; i < 10; i++) CHECK_EQ(gr_send(NULL, *stale, ping), GR_ESTALE);
    return NULL;
}

static int outside(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 0);
    kill_and_wait(self, ref);
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0);
    gri_thread thread;
    CHECK_EQ(gri_thread_create(&thread, vain_thread, &ref, "in vain"), 0);
    for (int i = 0; i < 10; i++) next_report(self, nobody, ref, GR_DEAD_STALE, "ping");
    gri_thread_join(thread);
    return 0;
}

Case(letters, reports_come_from_plain_threads)
{
    run_real(1, outside);
    run_real(2, outside);
}

/* Subscribers that come and go, and end without a word, while others send in vain. */
static int fickle_main(gr_actor *self, const struct number *m)
{
    for (int64_t i = 0; i < m->value; i++) {
        CHECK_EQ(gr_subscribe_dead_letters(self, gr_random(self) % 3 != 0), 0);
        CHECK_EQ(gr_sleep(self, 0), 0);
        gr_send(self, nobody, ping);
    }
    return 0;
}

GR_COROUTINE(fickle, number, fickle_main);

static int fickle_ones(gr_actor *self, void *argument)
{
    for (int i = 0; i < 6; i++) watch(self, gr_spawn_with(self, fickle, (.loop = GR_SPREAD), .value = 40));
    wait_downs(self, 6);
    CHECK_EQ(gr_subscribe_dead_letters(self, true), 0);
    gr_send(self, nobody, ping);
    next_report(self, gr_self(self), nobody, GR_DEAD_STALE, "ping");
    return 0;
}

Case(letters, subscriptions_end_with_their_actors)
{
    run_everywhere(fickle_ones);
}

Case(letters, each_cause_has_a_name)
{
    CHECK_TEXT(gr_dead_letter_name(GR_DEAD_STALE), "stale");
    CHECK_TEXT(gr_dead_letter_name(GR_DEAD_LATE_REPLY), "late reply");
    CHECK_TEXT(gr_dead_letter_name(GR_DEAD_LETTER_COUNT), "unknown");
}
