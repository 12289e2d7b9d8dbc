/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of coroutine actors: receiving with deadlines, sleeping, stopping, killing, fairness, stacks. */
#include "tests/support/world/case.h"

static int receive(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_receive(self, &mail, gr_milliseconds(3)), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, gr_milliseconds(3));
    CHECK(mail.type == NULL && mail.signal == NULL);
    CHECK_EQ(gr_receive(self, &mail, -1), GR_EINVALID);
    CHECK_EQ(gr_receive(self, &mail, INT64_MIN), GR_EINVALID);
    gr_send(self, gr_self(self), number, .value = 5);
    CHECK_EQ(gr_receive(self, &mail, 0), 0);
    CHECK(gr_mail_as(&mail, number) != NULL && gr_mail_as(&mail, ping) == NULL);
    CHECK(gr_ref_equal(gr_sender(self), gr_self(self)));
    CHECK(!mail.is_request);
    return 0;
}

Case(coroutine_actor, g14_receive_waits_exactly_as_long_as_it_should)
{
    run_seeds(1, 3, receive);
    run_seeds(2, 3, receive);
}

static int void_signals(gr_actor *self, void *argument)
{
    /* A down that was taken back wakes the receiver for nothing; the deadline holds. */
    gr_ref ref = gr_spawn(self, sleeper, .value = gr_milliseconds(2));
    uint64_t monitor = watch(self, ref);
    gr_ref other = gr_spawn(self, sleeper, .value = gr_milliseconds(2));
    watch(self, other);
    CHECK_EQ(gr_demonitor(self, monitor), 0);
    gr_time begin = gr_now(self);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, gr_milliseconds(10)), 0);
    CHECK(mail.signal != NULL && mail.signal->reason == 7 && gr_ref_equal(mail.signal->actor, other));
    CHECK_EQ(gr_receive(self, &mail, gr_milliseconds(10)), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, gr_milliseconds(12));
    return 0;
}

Case(coroutine_actor, g6_a_void_signal_does_not_end_a_receive)
{
    run_seeds(1, 10, void_signals);
}

static int sleeping(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_sleep(self, gr_seconds(3600)), 0);
    CHECK_EQ(gr_now(self) - begin, gr_seconds(3600));
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK_EQ(gr_now(self) - begin, gr_seconds(3600) + 1);
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(gr_now(self) - begin, gr_seconds(3600) + 1);
    CHECK_EQ(gr_sleep(self, -1), GR_EINVALID);
    /* Mail does not wake a sleeper. */
    CHECK_EQ(gr_send_after(self, gr_self(self), 500, NULL, ping), 0);
    CHECK_EQ(gr_sleep(self, 1000), 0);
    CHECK_EQ(gr_now(self) - begin, gr_seconds(3600) + 1001);
    CHECK_EQ(next_mail(self).type->id, ping_gr_type.id);
    return 0;
}

Case(coroutine_actor, g14_sleep_lasts_exactly_as_long_in_virtual_time)
{
    run_seeds(1, 3, sleeping);
}

static int real_sleep(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    for (int i = 0; i < 20; i++) {
        gr_time before = gr_now(self);
        CHECK_EQ(gr_sleep(self, gr_microseconds(300)), 0);
        CHECK(gr_now(self) - before >= gr_microseconds(300));
    }
    CHECK(gr_now(self) - begin >= gr_milliseconds(6));
    return 0;
}

Case(coroutine_actor, g14_a_real_sleep_is_never_early)
{
    run_real(1, real_sleep);
}

/* ---- handler actors may not ---- */

static int impatient_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ECONTEXT);
    CHECK_EQ(gr_sleep(self, 0), GR_ECONTEXT);
    CHECK_EQ(gr_sleep(self, 1), GR_ECONTEXT);
    return 5;
}

static void impatient_ping(gr_actor *self, char *state, const struct ping *m)
{
}

GR_ACTOR(impatient, char, gr_nothing, impatient_start, GR_ON(ping, impatient_ping));

static int only_coroutines(gr_actor *self, void *argument)
{
    CHECK_EQ(wait_down(self, gr_spawn(self, impatient)), 5);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(NULL, &mail, 0), GR_ECONTEXT);
    CHECK_EQ(gr_sleep(NULL, 0), GR_ECONTEXT);
    return 0;
}

Case(coroutine_actor, only_coroutines_may_wait)
{
    run_seeds(1, 1, only_coroutines);
}

/* ---- stop and kill ---- */

static int stubborn_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    int error = gr_receive(self, &mail, GR_FOREVER);
    note("receive %d", error);
    for (int i = 0; i < 2; i++) note("again %d", gr_receive(self, &mail, GR_FOREVER));
    note("sleep %d", gr_sleep(self, gr_seconds(1)));
    return 4;
}

GR_COROUTINE(stubborn, gr_nothing, stubborn_main);

static int told(gr_actor *self, bool kill, int wanted)
{
    gr_ref ref = gr_spawn_with(self, stubborn, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(kill ? gr_kill(self, ref) : gr_stop(self, ref, 9), 0);
    CHECK_EQ(wait_for(self, monitor), wanted);
    return 0;
}

static int stop_receiving(gr_actor *self, void *argument)
{
    told(self, false, 4); /* what its function returned counts */
    CHECK_TEXT(notes(), "receive -12 again -12 again -12 sleep -12");
    return 0;
}

Case(coroutine_actor, a_stop_ends_receives_and_sleeps_and_the_actor_may_finish)
{
    run_everywhere(stop_receiving);
}

static int kill_receiving(gr_actor *self, void *argument)
{
    told(self, true, GR_EKILLED);
    CHECK_TEXT(notes(), "receive -11 again -11 again -11 sleep -11");
    return 0;
}

Case(coroutine_actor, a_kill_ends_every_wait_and_is_the_reason)
{
    run_everywhere(kill_receiving);
}

static int stop_reason(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, listener, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    CHECK_EQ(gr_stop(self, ref, 9), 0);
    CHECK_EQ(wait_for(self, monitor), 9); /* its function returns 0 */
    return 0;
}

Case(coroutine_actor, the_reason_of_a_stop_counts_if_the_function_returns_0)
{
    run_everywhere(stop_reason);
}

static int interrupt_sleep(gr_actor *self, void *argument)
{
    for (int kill = 0; kill < 2; kill++) {
        gr_ref ref = gr_spawn_with(self, sleeper, (.loop = GR_SPREAD), .value = gr_seconds(100000));
        uint64_t monitor = watch(self, ref);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        gr_time begin = gr_now(self);
        CHECK_EQ(kill ? gr_kill(self, ref) : gr_stop(self, ref, 9), 0);
        CHECK_EQ(wait_for(self, monitor), kill ? GR_EKILLED : 9);
        CHECK(gr_now(self) - begin < gr_seconds(10));
    }
    return 0;
}

Case(coroutine_actor, a_sleeping_actor_can_be_stopped_and_killed)
{
    run_everywhere(interrupt_sleep);
}

static int killed_early(gr_actor *self, void *argument)
{
    /* Before it ran for the first time. */
    gr_ref ref = gr_spawn(self, stubborn);
    kill_and_wait(self, ref);
    CHECK_TEXT(notes(), "");
    return 0;
}

Case(coroutine_actor, one_that_is_killed_before_its_first_turn_never_runs)
{
    run_seeds(1, 5, killed_early);
}

static int exits_main(gr_actor *self, const struct number *m)
{
    gr_exit(self, 3);
    note("goes on");
    return (int)m->value;
}

GR_COROUTINE(exits, number, exits_main);

static int exit_reasons(gr_actor *self, void *argument)
{
    uint64_t first = watch(self, gr_spawn(self, exits, .value = 0));
    CHECK_EQ(wait_for(self, first), 3);
    uint64_t second = watch(self, gr_spawn(self, exits, .value = 8));
    CHECK_EQ(wait_for(self, second), 8);
    CHECK_TEXT(notes(), "goes on goes on");
    return 0;
}

Case(coroutine_actor, gr_exit_only_notes_the_reason_for_a_function_that_returns_0)
{
    run_everywhere(exit_reasons);
}

/* ---- fairness ---- */

static int greedy_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    for (;;) {
        gr_send(self, gr_self(self), ping);
        if (gr_receive(self, &mail, GR_FOREVER) != 0) return 0;
        if (gr_mail_as(&mail, quit) != NULL) return 1;
    }
}

GR_COROUTINE(greedy, address, greedy_main);

static int fair(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, greedy, .ref = gr_self(self));
    uint64_t monitor = watch(self, ref);
    for (int i = 0; i < 10; i++) CHECK_EQ(gr_sleep(self, 0), 0); /* others of the loop run */
    gr_send(self, ref, quit, .reason = 0);
    CHECK_EQ(wait_for(self, monitor), 1);
    return 0;
}

Case(coroutine_actor, g19_a_coroutine_that_always_has_mail_lets_others_run)
{
    run_seeds(1, 5, fair);
    run_real(1, fair);
}

/* ---- stacks ---- */

static int deep(int depth)
{
    volatile char frame[1024];
    frame[0] = (char)depth;
    frame[1023] = depth > 0 ? (char)deep(depth - 1) : 0;
    return frame[0] + frame[1023];
}

static int digger_main(gr_actor *self, const struct number *m)
{
    volatile int result = deep((int)m->value);
    (void)result;
    return 6;
}

GR_COROUTINE(digger, number, digger_main);

static int stacks(gr_actor *self, void *argument)
{
    uint64_t monitor = watch(self, gr_spawn_with(self, digger, (.stack_size = 1 << 20), .value = 900));
    CHECK_EQ(wait_for(self, monitor), 6);
    monitor = watch(self, gr_spawn(self, digger, .value = 30));
    CHECK_EQ(wait_for(self, monitor), 6);
    /* No such stack can be had: the actor ends with the reason. */
    monitor = watch(self, gr_spawn_with(self, digger, (.stack_size = UINT32_MAX), .value = 1));
    CHECK(wait_for(self, monitor) < 0);
    return 0;
}

Case(coroutine_actor, a_stack_is_as_large_as_was_asked_for)
{
    run_seeds(1, 1, stacks);
    run_real(2, stacks);
}

static int many(gr_actor *self, void *argument)
{
    static gr_ref refs[5000];
    for (int i = 0; i < 5000; i++) {
        refs[i] = gr_spawn_with(self, listener, (.loop = GR_SPREAD));
        watch(self, refs[i]);
    }
    for (int i = 0; i < 5000; i++) CHECK_EQ(gr_stop(self, refs[i], 0), 0);
    CHECK_EQ(wait_downs(self, 5000), 0);
    return 0;
}

Case(coroutine_actor, five_thousand_coroutines_live_and_end)
{
    run_seeds(2, 1, many);
    run_real(2, many);
}

static int unanswered_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
        CHECK(mail.is_request);
    }
    CHECK_EQ(gr_reply(self, get_sum, .value = 2), 0);
    return 0;
}

GR_COROUTINE(unanswered, gr_nothing, unanswered_main);

static int next_receive(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, unanswered);
    gr_future *first = gr_ask(self, ref, GR_FOREVER, get_sum),
              *second = gr_ask(self, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_await(self, first, GR_FOREVER), GR_EUNANSWERED);
    CHECK_EQ(gr_await(self, second, GR_FOREVER), 0);
    return 0;
}

Case(coroutine_actor, g8_the_next_receive_ends_an_unanswered_request)
{
    run_everywhere(next_receive);
}

/* ---- deaf ones ---- */

#define NEVER 4711 /* no wait returns that */

/* Receives for ever, whatever it is told. */
static int deaf_receiver_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    while (gr_receive(self, &mail, gr_seconds(1000)) != NEVER) {
    }
    return 0;
}

GR_COROUTINE(deaf_receiver, address, deaf_receiver_main);

static int deaf_sleeper_main(gr_actor *self, const struct address *m)
{
    while (gr_sleep(self, gr_seconds(1000)) != NEVER) {
    }
    return 0;
}

GR_COROUTINE(deaf_sleeper, address, deaf_sleeper_main);

/* Waits for an answer that never comes, with a request in hand, one in the mailbox, and a monitor of its own. */
static int deaf_asker_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    gr_future *never = gr_ask(self, gr_self(self), GR_FOREVER, get_sum); /* which it holds itself */
    watch(self, m->ref);
    while (gr_receive(self, &mail, GR_FOREVER) != 0 || !mail.is_request) {
    }
    while (gr_await(self, never, gr_seconds(1000)) != NEVER) {
    }
    return 0;
}

GR_COROUTINE(deaf_asker, address, deaf_asker_main);

/* Asks what never answers: it is ended inside of a gr_call, whose future lies on its stack. The sleeps are most of the waits
 * that it is granted, as each call leaves a request in the other's mailbox. */
static int deaf_caller_main(gr_actor *self, const struct address *m)
{
    struct number number;
    int error = gr_call(self, m->ref, &number, GR_FOREVER, get_sum);
    for (int i = 0; i < 9990; i++) error = gr_sleep(self, gr_seconds(1000));
    while (error != NEVER) error = gr_call(self, m->ref, &number, GR_FOREVER, get_sum);
    return 0;
}

GR_COROUTINE(deaf_caller, address, deaf_caller_main);

static int kills_deaf_callers(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < loops; i++) {
        gr_ref silent = gr_spawn(self, deaf_sleeper, .ref = gr_self(self));
        gr_ref ref = gr_spawn_with(self, deaf_caller, (.loop = GR_LOOP(i)), .ref = silent);
        watch(self, ref);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        CHECK_EQ(gr_kill(self, ref), 0);
        CHECK_EQ(wait_downs(self, 1), GR_EKILLED);
        kill_and_wait(self, silent); /* its mail fails: nobody may look for the calls' futures */
    }
    return 0;
}

Case(coroutine_actor, a_killed_coroutine_that_goes_on_calling_is_ended_inside_of_a_call)
{
    run_everywhere(kills_deaf_callers);
}

static int kills_deaf_ones(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < loops; i++) {
        gr_ref refs[] = {gr_spawn_with(self, deaf_receiver, (.loop = GR_LOOP(i)), .ref = gr_self(self)),
                         gr_spawn_with(self, deaf_sleeper, (.loop = GR_LOOP(i)), .ref = gr_self(self)),
                         gr_spawn_with(self, deaf_asker, (.loop = GR_LOOP(i)), .ref = gr_self(self))};
        gr_future *unanswered = gr_ask(self, refs[2], GR_FOREVER, get_sum);
        for (int j = 0; j < 3; j++) watch(self, refs[j]);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        for (int j = 0; j < 3; j++) CHECK_EQ(gr_kill(self, refs[j]), 0);
        CHECK_EQ(wait_downs(self, 3), 3 * GR_EKILLED);
        CHECK(gr_future_error(unanswered) != 0 && gr_future_error(unanswered) != GR_EBUSY);
        gr_future_release(unanswered);
    }
    return 0;
}

Case(coroutine_actor, a_killed_coroutine_that_goes_on_waiting_is_ended_where_it_stands)
{
    run_everywhere(kills_deaf_ones);
}

/* While it is only asked to stop, it spins, but others of its loop go on. */
static int stops_deaf_one(gr_actor *self, void *argument)
{
    gr_ref deaf = gr_spawn(self, deaf_receiver, .ref = gr_self(self));
    gr_ref other = gr_spawn(self, server, .value = 0);
    uint64_t monitor = watch(self, deaf);
    CHECK_EQ(gr_stop(self, deaf, 0), 0);
    for (int i = 1; i <= 20; i++) {
        struct number sum;
        gr_send(self, other, number, .value = 1);
        CHECK_EQ(gr_call(self, other, &sum, GR_FOREVER, get_sum), 0);
        CHECK_EQ(sum.value, i);
    }
    CHECK_EQ(gr_kill(self, deaf), 0);
    CHECK_EQ(wait_for(self, monitor), GR_EKILLED);
    return 0;
}

Case(coroutine_actor, g19_one_that_ignores_its_stop_leaves_others_their_turns_until_it_is_killed)
{
    run_everywhere(stops_deaf_one);
}

static int leaves_deaf_ones(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < loops; i++)
        CHECK(
            !gr_ref_is_null(gr_spawn_with(self, deaf_receiver, (.loop = GR_LOOP(i)), .ref = gr_self(self))));
    return 0;
}

Case(coroutine_actor, g16_one_that_ignores_its_stop_is_killed_at_half_of_the_deadline_and_ends)
{
    CHECK_EQ(gr_run_with(leaves_deaf_ones, NULL, (.loops = 2, .stop_deadline = gr_milliseconds(1000))), 0);
}

/* Works and lets others run in between, until it is told to end. */
static int cruncher_main(gr_actor *self, const struct gr_nothing *m)
{
    int error;
    while ((error = gr_sleep(self, 0)) == 0) {
    }
    note("%s", gr_error_name(error));
    error = gr_sleep(self, 0);
    note("%s", gr_error_name(error));
    return 0;
}

GR_COROUTINE(cruncher, gr_nothing, cruncher_main);

static int stop_cruncher(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref ref = gr_spawn_with(self, cruncher, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    for (int i = 0; i < 5; i++) CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(gr_stop(self, ref, 3), 0);
    CHECK_EQ(wait_for(self, monitor), 0);
    CHECK_TEXT(notes(), "GR_ESTOPPED GR_ESTOPPED");
    notes_clear();
    ref = gr_spawn(self, cruncher);
    for (int i = 0; i < 5; i++) CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(gr_stop(self, ref, 3), 0);
    kill_and_wait(self, ref);
    CHECK_TEXT(notes(), "GR_EKILLED GR_EKILLED");
    return 0;
}

Case(coroutine_actor, a_sleep_of_no_time_tells_of_a_stop_and_of_a_kill)
{
    run_everywhere(stop_cruncher);
}

/* Ends as most do: with what its last wait returned. */
static int plain_main(gr_actor *self, const struct number *m)
{
    struct gr_mail mail;
    int error = 0;
    while (error == 0) error = m->value == 0 ? gr_receive(self, &mail, GR_FOREVER) : gr_sleep(self, m->value);
    return error;
}

GR_COROUTINE(plain_coroutine, number, plain_main);

static int quiet(gr_actor *self, void *argument)
{
    for (int reason = 0; reason <= 3; reason += 3) {
        for (int sleeps = 0; sleeps < 2; sleeps++) {
            gr_ref ref = gr_spawn_with(self, plain_coroutine, (.loop = GR_SPREAD),
                                       .value = sleeps * gr_seconds(1000));
            uint64_t monitor = watch(self, ref);
            CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
            gr_send(self, ref, ping);
            CHECK_EQ(gr_stop(self, ref, reason), 0);
            CHECK_EQ(wait_for(self, monitor), reason);
        }
    }
    gr_ref ref = gr_spawn(self, plain_coroutine, .value = 0);
    CHECK_EQ(gr_link(self, ref), 0);
    CHECK_EQ(gr_stop(self, ref, 0), 0); /* the end is a normal one: it does not end who is linked */
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    return 0;
}

Case(coroutine_actor, g11_one_that_returns_what_told_it_of_a_stop_ends_with_the_stops_reason)
{
    run_everywhere(quiet);
}
