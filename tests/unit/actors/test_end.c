/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the end of an actor: in order, once, and nothing of it is left. */
#include "tests/support/world/case.h"
#include "tests/support/world/log.h"

struct mortal {
    gr_ref tell; /* the spawner */
};

static int mortal_start(gr_actor *self, struct mortal *state, const struct number *m)
{
    state->tell = gr_sender(self);
    note("start");
    return (int)m->value;
}

static void mortal_ping(gr_actor *self, struct mortal *state, const struct ping *m)
{
    note("ping");
    gr_exit(self, 3);
    gr_exit(self, 4);
    note("after");
}

static void mortal_number(gr_actor *self, struct mortal *state, const struct number *m)
{
    note("number");
}

static void mortal_get_sum(gr_actor *self, struct mortal *state, const struct get_sum *m)
{
    note("get_sum");
}

static void mortal_end(gr_actor *self, struct mortal *state, const int *reason)
{
    note("end:%d", *reason);
    gr_send(self, state->tell, number, .value = 8);
    gr_send(self, gr_self(self), number, .value = 9); /* becomes a dead letter */
    CHECK(gr_ref_is_null(gr_spawn(self, refuser, .value = 1)) == false);
}

GR_ACTOR(mortal, struct mortal, number, mortal_start, GR_ON(ping, mortal_ping), GR_ON(number, mortal_number),
         GR_ON(get_sum, mortal_get_sum), GR_ON_END(mortal_end));

static gr_ref spawn_mortal(gr_actor *self, int64_t start)
{
    return gr_spawn_with(self, mortal, (.loop = GR_LOOP(gr_system_loops(gr_actor_system(self)) - 1)),
                         .value = start);
}

static int ends_once(gr_actor *self, void *argument)
{
    gr_ref ref = spawn_mortal(self, 0);
    uint64_t monitor = watch(self, ref);
    gr_future *before = gr_ask(self, ref, GR_FOREVER, get_sum);
    gr_send(self, ref, ping);
    gr_future *after = gr_ask(self, ref, GR_FOREVER, get_sum);
    for (int i = 0; i < 5; i++) gr_send(self, ref, number, .value = i);
    CHECK_EQ(next_number(self), 8);
    CHECK_EQ(wait_for(self, monitor), 3); /* the first reason counts */
    CHECK_TEXT(notes(), "start get_sum ping after end:3");
    CHECK_EQ(gr_await(self, before, GR_FOREVER), GR_EUNANSWERED);
    int error = gr_await(self, after, GR_FOREVER);
    CHECK(error == GR_EDOWN || error == GR_ESTALE); /* it arrived before or after the end */
    uint64_t dead = dead_letters(self, GR_DEAD_DOWN) + dead_letters(self, GR_DEAD_STALE);
    CHECK_EQ(dead, 5 + 1 + 1);
    gr_future_release(before);
    gr_future_release(after);
    return 0;
}

Case(end, g11_the_end_drains_the_mailbox_once_and_in_order)
{
    run_everywhere(ends_once);
}

static int refused_start(gr_actor *self, void *argument)
{
    gr_ref ref = spawn_mortal(self, 5);
    uint64_t monitor = watch(self, ref);
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_sum);
    int reason = wait_for(self, monitor);
    CHECK(reason == 5 || reason == GR_ESTALE); /* on another loop it may end before the monitor gets there */
    int error = gr_await(self, future, GR_FOREVER);
    CHECK(error == GR_EDOWN || error == GR_ESTALE);
    CHECK_TEXT(notes(), "start"); /* no end handler: nothing had begun */
    return 0;
}

Case(end, g7_a_start_that_refuses_ends_the_actor_and_its_requests)
{
    run_everywhere(refused_start);
}

static int killed(gr_actor *self, void *argument)
{
    gr_ref ref = spawn_mortal(self, 0);
    gr_send(self, ref, number, .value = 1);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(10)), 0);
    kill_and_wait(self, ref);
    CHECK_TEXT(notes(), "start number end:-11");
    return 0;
}

Case(end, a_killed_actor_has_its_end_too)
{
    run_seeds(1, 3, killed);
    run_seeds(2, 5, killed);
}

/* ---- slots ---- */

static int reuse(gr_actor *self, void *argument)
{
    gr_ref last = {0, 0, 0};
    for (int i = 0; i < 3000; i++) {
        gr_ref ref = gr_spawn(self, server, .value = i);
        if (!CHECK(!gr_ref_is_null(ref)) || !CHECK(!gr_ref_equal(ref, last))) return 1;
        if (i > 0) CHECK_EQ(gr_try_send(self, last, number, .value = 1), GR_ESTALE);
        struct number sum;
        CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
        if (!CHECK_EQ(sum.value, i)) return 1; /* another life would show */
        kill_and_wait(self, ref);
        last = ref;
    }
    struct gr_system_counts counts;
    gr_system_count(gr_actor_system(self), &counts);
    CHECK_EQ(counts.ended, 3000);
    CHECK_EQ(counts.spawned, 3001);
    return 0;
}

Case(end, g10_a_slots_next_actor_never_gets_what_was_meant_for_the_last)
{
    run_seeds(1, 1, reuse);
    run_real(1, reuse);
}

static int late_mail(gr_actor *self, void *argument)
{
    /* Mail to a life that ended, from another loop, with many lives in the slots meanwhile. */
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < 500; i++) {
        gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(i % loops)), .value = 0);
        CHECK_EQ(gr_kill(self, ref), 0);
        for (int j = 0; j < 3; j++) gr_send(self, ref, number, .value = 1);
        gr_ref next = gr_spawn_with(self, server, (.loop = GR_LOOP(i % loops)), .value = 5);
        struct number sum;
        CHECK_EQ(gr_call(self, next, &sum, GR_FOREVER, get_sum), 0);
        if (!CHECK_EQ(sum.value, 5)) return 1;
        CHECK_EQ(gr_kill(self, next), 0);
    }
    CHECK_EQ(gr_sleep(self, gr_milliseconds(20)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN) + dead_letters(self, GR_DEAD_STALE), 1500);
    return 0;
}

Case(end, g3_mail_to_the_dead_is_counted_whenever_it_arrives)
{
    run_seeds(1, 2, late_mail);
    run_seeds(2, 4, late_mail);
    run_seeds(3, 4, late_mail);
}

/* ---- an actor that owes and is owed much ---- */

static int owing_main(gr_actor *self, const struct address *m)
{
    for (int i = 0; i < 20; i++) {
        uint64_t monitor, timer;
        CHECK(gr_ask(self, m->ref, GR_FOREVER, get_words, .value = 1) != NULL);
        CHECK_EQ(gr_monitor(self, m->ref, &monitor), 0);
        CHECK_EQ(
            gr_send_after(self, m->ref, gr_seconds(50), &timer, words, .text = gr_string_static("never")), 0);
    }
    return 2;
}

GR_COROUTINE(owing, address, owing_main);

static int obligations(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 3);
    for (int i = 0; i < 10; i++) {
        uint64_t monitor = watch(self, gr_spawn_with(self, owing, (.loop = GR_SPREAD), .ref = ref));
        int reason = wait_for(self, monitor);
        CHECK(reason == 2 || reason == GR_ESTALE);
    }
    struct number sum;
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
    CHECK_EQ(sum.value, 3);
    CHECK_EQ(gr_sleep(self, gr_seconds(100)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_UNHANDLED), 0); /* its timers ended with it */
    return 0;
}

Case(end, g11_futures_watches_and_timers_end_with_their_actor)
{
    run_seeds(1, 3, obligations);
    run_seeds(2, 5, obligations);
}

/* ---- failures that nobody is told of ---- */

static int diskless_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    return gr_fail(self, 7, "no disk");
}

static void diskless_ping(gr_actor *self, char *state, const struct ping *m)
{
}

GR_ACTOR(diskless, char, gr_nothing, diskless_start, GR_ON(ping, diskless_ping));

static int unwatched(gr_actor *self, void *argument)
{
    gr_ref named = gr_spawn_with(self, diskless, (.name = "store"));
    gr_ref quitting = gr_spawn(self, server, .value = 1);
    gr_send(self, quitting, quit, .reason = GR_EFULL);
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK_EQ(gr_send(self, named, ping), GR_ESTALE);
    for (int i = 0; i < 20; i++) CHECK(!gr_ref_is_null(gr_spawn(self, refuser, .value = 1)));
    CHECK_EQ(gr_sleep(self, 1), 0);
    return 0;
}

static int watched(gr_actor *self, void *argument)
{
    CHECK_EQ(wait_down(self, gr_spawn(self, diskless)), 7); /* monitored */
    gr_trap_exits(self, true);
    CHECK(!gr_ref_is_null(gr_spawn_with(self, diskless, (.link = true))));
    CHECK(next_mail(self).signal != NULL); /* linked */
    gr_ref asked[2] = {gr_spawn(self, server, .value = 1), gr_spawn(self, server, .value = 1)};
    CHECK_EQ(gr_stop(self, asked[0], 5), 0); /* it was meant to */
    CHECK_EQ(gr_kill(self, asked[1]), 0);
    CHECK(!gr_ref_is_null(gr_spawn(self, listener))); /* stopped by the system */
    return gr_sleep(self, 1);
}

Case(end, a_failure_that_nobody_watches_is_logged_and_of_a_crowd_some_are)
{
    log_begin();
    run_seeds(1, 1, unwatched);
    const char *text = log_end();
    fprintf(stderr, "%s", text);
    CHECK_EQ(occurrences(text, "actor diskless \"store\" "), 1);
    CHECK_EQ(occurrences(text, " failed, and nobody watches it: reason 7 (its own): no disk\n"), 1);
    CHECK(strstr(text, "actor server 1:") != NULL);
    CHECK(strstr(text, " failed, and nobody watches it: reason -5 (GR_EFULL): ") != NULL);
    CHECK_EQ(occurrences(text, " failed, and nobody"), 10);
    CHECK_EQ(occurrences(text, "more actors failed"), 1);
    log_begin();
    run_seeds(1, 1, watched);
    CHECK_TEXT(log_end(), "");
}

static int unhandled(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, server, .value = 1);
    struct number out;
    CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, unknown_request), GR_EUNHANDLED); /* it is told */
    for (int i = 0; i < 5; i++) gr_send(self, ref, unknown);
    return gr_sleep(self, 1);
}

Case(end, the_first_message_of_a_type_that_nobody_handles_is_logged)
{
    log_begin();
    run_seeds(1, 1, unhandled);
    const char *text = log_end();
    CHECK_EQ(occurrences(text, "actor server 1:"), 1);
    CHECK_EQ(occurrences(text, " has no handler for unknown, sent by "), 1);
    CHECK_EQ(occurrences(text, "\n"), 1);
}
