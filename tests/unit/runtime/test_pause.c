/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of leaving the loops while actors live: pauses, and runs that end with a future. */
#include "base/atomic.h"
#include "base/platform.h"
#include "runtime/runtime.h"
#include "tests/support/world/case.h"

#include <sched.h>

static gr_system *create(int loops, uint64_t seed)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = loops, .seed = seed), 0);
    return system;
}

/* Each for real on one loop and two, and simulated on both. */
static void on_each(void (*scenario)(gr_system *system, int loops))
{
    for (int loops = 1; loops <= 2; loops++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            gr_system *system = create(loops, seed);
            notes_clear();
            scenario(system, loops);
            gr_system_destroy(system);
        }
    }
}

static size_t living(gr_system *system)
{
    return gr_system_actors(system, NULL, 0);
}

/* ---- until a future is done ---- */

static int64_t sum_by_run(gr_system *system, gr_ref ref)
{
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_system_run_until(system, future), 0);
    const struct number *sum = gr_future_value(future, get_sum);
    int64_t value = CHECK(sum != NULL) ? sum->value : -1;
    gr_future_release(future);
    return value;
}

static void ask_twice(gr_system *system, int loops)
{
    gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(loops - 1)), .value = 5);
    CHECK_EQ(sum_by_run(system, ref), 5);
    CHECK_EQ(living(system), 1);
    CHECK_EQ(gr_send(NULL, ref, number, .value = 2), 0);
    CHECK_EQ(sum_by_run(system, ref), 7);
    CHECK_EQ(living(system), 1);
}

Case(pause, a_run_until_a_future_is_done_returns_its_value_and_actors_go_on_with_the_next)
{
    on_each(ask_twice);
}

static void ask_for_errors(gr_system *system, int loops)
{
    gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(loops - 1)), .value = 5);
    gr_future *futures[] = {gr_ask(NULL, ref, GR_FOREVER, fail_with, .error = 42),
                            gr_ask(NULL, ref, GR_FOREVER, get_nothing),
                            gr_ask(NULL, ref, GR_FOREVER, unknown_request)};
    int errors[] = {42, GR_EUNANSWERED, GR_EUNHANDLED};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_system_run_until(system, futures[i]), errors[i]);
        CHECK_EQ(gr_future_error(futures[i]), errors[i]);
        CHECK_EQ(gr_system_run_until(system, futures[i]), errors[i]); /* done already: nothing is run */
        gr_future_release(futures[i]);
    }
    CHECK_EQ(gr_send(NULL, ref, quit, .reason = 0), 0);
    gr_future *late = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    int error = gr_system_run_until(system, late);
    CHECK(error == GR_EDOWN || error == GR_ESTALE);
    gr_future_release(late);
}

Case(pause, a_run_until_a_future_is_done_returns_the_requests_error)
{
    on_each(ask_for_errors);
}

static void keep_request(gr_actor *self, struct number *state, const struct get_sum *m)
{
    gr_forward(self, gr_self(self)); /* again and again: never answered, and the loop never idle */
}

static int keeper_start(gr_actor *self, struct number *state, const struct number *m)
{
    return 0;
}

GR_ACTOR(keeper, struct number, number, keeper_start, GR_ON(get_sum, keep_request));

/* A coroutine that is asked and takes its time. */
static int slow_main(gr_actor *self, const struct number *start)
{
    struct gr_mail mail;
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        if (gr_mail_as(&mail, get_sum) == NULL) continue;
        if (gr_sleep(self, start->value) != 0) return 0;
        gr_reply(self, get_sum, .value = start->value);
    }
    return 0;
}

GR_COROUTINE(slow, number, slow_main);

static void miss_deadline(gr_system *system, int loops)
{
    gr_ref ref = gr_system_spawn(system, slow, (.loop = GR_LOOP(loops - 1)), .value = gr_seconds(3600));
    struct gri_runtime *runtime = gri_runtime_of(system);
    gr_time begin = gri_clock_now(runtime->clock);
    gr_future *future = gr_ask(NULL, ref, gr_milliseconds(20), get_sum);
    CHECK_EQ(gr_system_run_until(system, future), GR_ETIMEOUT);
    gr_time took = gri_clock_now(runtime->clock) - begin;
    CHECK(took >= gr_milliseconds(20));
    if (runtime->simulation != NULL) CHECK(took <= gr_milliseconds(21)); /* virtual: to the wheel's tick */
    gr_future_release(future);
    CHECK_EQ(living(system), 1);
}

Case(pause, a_run_until_a_future_is_done_ends_at_the_futures_deadline)
{
    on_each(miss_deadline);
}

static void wait_an_hour(gr_system *system, int loops)
{
    if (!gri_runtime_of(system)->simulation) return;
    gr_ref ref = gr_system_spawn(system, slow, (.loop = GR_LOOP(loops - 1)), .value = gr_seconds(3600));
    CHECK_EQ(sum_by_run(system, ref), gr_seconds(3600));
    gr_time now = gri_clock_now(gri_runtime_of(system)->clock);
    CHECK(now >= gr_seconds(3600) && now < gr_seconds(3601));
}

Case(pause, a_simulated_run_until_a_future_is_done_takes_virtual_time)
{
    on_each(wait_an_hour);
}

static void be_busy(gr_system *system, int loops)
{
    gr_ref busy = gr_system_spawn(system, keeper, (.loop = GR_LOOP(loops - 1)), .value = 0);
    gr_future *never = gr_ask(NULL, busy, GR_FOREVER, get_sum);
    gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(0)), .value = 5);
    for (int i = 0; i < 3; i++) CHECK_EQ(sum_by_run(system, ref), 5);
    CHECK(!gr_future_done(never));
    gr_future_release(never);
}

Case(pause, a_run_ends_with_its_future_though_actors_are_always_busy)
{
    on_each(be_busy);
}

static int asks_own(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, server, .value = 1);
    gr_future *own = gr_ask(self, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_system_run_until(gr_actor_system(self), own), GR_ECONTEXT);
    gr_future *foreign = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_system_run_until(gr_actor_system(self), foreign), GR_EBUSY);
    CHECK(strstr(gr_last_error(NULL), "runs already") != NULL);
    gr_future_release(foreign);
    CHECK_EQ(gr_system_pause(gr_actor_system(self)), GR_ECONTEXT); /* gr_run made it */
    CHECK(strstr(gr_last_error(NULL), "gr_run") != NULL);
    return 0;
}

Case(pause, what_can_not_be_run_until_is_refused)
{
    gr_system *system = create(1, 0), *other = create(1, 0);
    CHECK_EQ(gr_system_run_until(system, NULL), GR_ENOMEM);
    gr_ref ref = gr_system_spawn(other, server, (), .value = 1);
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_system_run_until(system, future), GR_ESYSTEM);
    CHECK_EQ(gr_system_run_until(other, future), 0);
    gr_future_release(future);
    gr_system_destroy(system);
    gr_system_destroy(other);
    run_everywhere(asks_own);
}

/* ---- pauses ---- */

struct pacer {
    int64_t count; /* of steps so far */
};

static int pacer_start(gr_actor *self, struct pacer *state, const struct number *m)
{
    gr_send(self, gr_self(self), ping);
    return 0;
}

/* Goes on for ever by itself, and pauses the system at each thousandth step. */
static void pacer_ping(gr_actor *self, struct pacer *state, const struct ping *m)
{
    gr_send(self, gr_self(self), ping);
    if (++state->count % 1000 == 0) CHECK_EQ(gr_system_pause(gr_actor_system(self)), 0);
}

static void pacer_sum(gr_actor *self, struct pacer *state, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = state->count);
}

GR_ACTOR(pacer, struct pacer, number, pacer_start, GR_ON(ping, pacer_ping), GR_ON(get_sum, pacer_sum));

static void pause_inside(gr_system *system, int loops)
{
    gr_ref ref = gr_system_spawn(system, pacer, (.loop = GR_LOOP(loops - 1)), .value = 0);
    struct gr_system_counts counts = {0};
    for (uint64_t i = 1; i <= 5; i++) {
        uint64_t before = counts.handled;
        CHECK_EQ(gr_system_run(system), 0);
        gr_system_count(system, &counts);
        CHECK(counts.handled >= i * 1000 && counts.handled > before);
        CHECK_EQ(counts.ended, 0);
        CHECK_EQ(living(system), 1);
    }
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    int error;
    while ((error = gr_system_run_until(system, future)) == GR_EBUSY) /* the pacer was faster */
        CHECK(strstr(gr_last_error(NULL), "paused before") != NULL);
    CHECK_EQ(error, 0);
    gr_future_release(future);
    CHECK_EQ(gr_system_pause(system), GR_ECONTEXT);
    CHECK(strstr(gr_last_error(NULL), "nobody runs") != NULL);
}

Case(pause, an_actor_pauses_its_system_and_goes_on_with_the_next_run)
{
    on_each(pause_inside);
}

static void *run_main(void *system)
{
    return (void *)(intptr_t)gr_system_run(system);
}

Case(pause, another_thread_pauses_a_system_busy_or_asleep)
{
    gr_system *system = create(3, 0);
    for (int round = 0; round < 60; round++) {
        if (round == 30) {
            gr_ref busy = gr_system_spawn(system, keeper, (.loop = GR_LOOP(1)), .value = 0);
            gr_future_release(gr_ask(NULL, busy, GR_FOREVER, get_sum));
        }
        gri_thread thread;
        if (!CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0)) break;
        int error;
        while ((error = gr_system_pause(system)) == GR_ECONTEXT) sched_yield(); /* until it runs */
        CHECK_EQ(error, 0);
        CHECK_EQ((intptr_t)gri_thread_join(thread), 0);
        CHECK_EQ(gri_runtime_of(system)->thread_count, 0);
    }
    CHECK_EQ(living(system), 1);
    gr_system_destroy(system);
}

static int begins_both(gr_actor *self, const struct number *order)
{
    gr_system *system = gr_actor_system(self);
    if (order->value == 0) CHECK_EQ(gr_system_pause(system), 0);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), GR_EBUSY);
    if (order->value != 0) CHECK_EQ(gr_system_pause(system), GR_ESTOPPED);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    return 0;
}

GR_COROUTINE(begins, number, begins_both);

static void stop_and_pause(gr_system *system, int loops)
{
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < loops; i++)
            CHECK(!gr_ref_is_null(gr_system_spawn(system, listener, (.loop = GR_LOOP(i)))));
        CHECK(!gr_ref_is_null(gr_system_spawn(system, begins, (.loop = GR_LOOP(loops - 1)), .value = order)));
        CHECK_EQ(gr_system_run(system), 0);
        CHECK_EQ(living(system), 0);
    }
}

Case(pause, a_stop_that_begins_with_a_pause_is_carried_out)
{
    on_each(stop_and_pause);
}

static void wait_for_nothing(gr_system *system, int loops)
{
    gr_ref ref = gr_system_spawn(system, slow, (), .value = gr_seconds(3600));
    gr_ref stopper = gr_system_spawn(system, begins, (.loop = GR_LOOP(loops - 1)), .value = 1);
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    int error = gr_system_run_until(system, future);
    CHECK(error == GR_EDOWN || error == GR_EUNANSWERED); /* the stop ended it */
    CHECK_EQ(living(system), 0);
    CHECK(gr_try_send(NULL, stopper, ping) != 0);
    gr_future_release(future);
}

Case(pause, a_stop_ends_the_future_that_a_run_waits_for)
{
    on_each(wait_for_nothing);
}

static void sleep_across(gr_system *system, int loops)
{
    gr_ref ref = gr_system_spawn(system, slow, (.loop = GR_LOOP(loops - 1)), .value = gr_milliseconds(5));
    gr_ref other = gr_system_spawn(system, server, (), .value = 3);
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(sum_by_run(system, other), 3); /* its timer is armed in one of these */
    CHECK_EQ(gr_system_run_until(system, future), 0);
    gr_future_release(future);
}

Case(pause, timers_are_kept_from_run_to_run)
{
    on_each(sleep_across);
}

/* ---- steps ---- */

static void step_and_pause(gr_system *system, int loops)
{
    bool more;
    gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(loops - 1)), .value = 3);
    for (int round = 0; round < 3; round++) {
        gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
        while (!gr_future_done(future))
            if (CHECK_EQ(gr_system_step(system, &more), 0) && !more) sched_yield();
        gr_future_release(future);
        CHECK_EQ(gr_system_pause(system), 0);
        CHECK_EQ(gr_system_step(system, &more), 0);
        CHECK(!more);
        CHECK_EQ(gri_runtime_of(system)->thread_count, 0);
        CHECK_EQ(sum_by_run(system, ref), 3); /* nobody steps it: it can be run */
    }
    CHECK_EQ(gr_system_step(system, &more), 0);
    CHECK_EQ(gr_system_pause(system), 0);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0); /* with the pause not yet taken */
    CHECK_EQ(living(system), 0);
}

Case(pause, a_stepped_system_pauses_in_its_next_step_and_can_be_run_then)
{
    on_each(step_and_pause);
}

static int runs_another(gr_actor *self, void *argument)
{
    gr_system *other = create(2, 0);
    gr_ref ref = gr_system_spawn(other, slow, (),
                                 .value = gr_milliseconds(2)); /* so its loops sleep meanwhile */
    CHECK_EQ(sum_by_run(other, ref), gr_milliseconds(2));
    CHECK_EQ(gr_system_pause(gr_actor_system(self)),
             GR_ECONTEXT); /* the own system knows that this is gr_run's */
    CHECK_EQ(gr_system_close(gr_actor_system(self)), GR_EBUSY); /* and that this is its actor */
    CHECK_EQ(gr_system_close(other), 0);
    gr_system_destroy(other);
    return 0;
}

Case(pause, an_actor_may_run_another_system_while_its_own_loop_waits)
{
    run_everywhere(runs_another);
}
