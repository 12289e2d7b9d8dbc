/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of Task, retold: what a task gives, where it runs, who it is, and how it sleeps. */
#include "tests/unit/actors/asyncio/tale.h"

static int adds_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *a = start(self, at_once, .value = 42), *b = start(self, nap, .time = 5, .value = 1000);
    CHECK_EQ(gr_await(self, a, GR_FOREVER), 0);
    CHECK_EQ(gr_await(self, b, GR_FOREVER), 0);
    result->value = value_of(a) + value_of(b);
    gr_future_release(a);
    gr_future_release(b);
    return 0;
}

GR_TASK(adds, plan, number, adds_run);

Tale(asyncio_tasks, a_task_may_start_and_await_others_of_its_own)
{
    gr_future *f = start(self, adds, .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_EQ(gr_task_value(f, adds)->value, 1042);
    expect_value(f, 1042);
    return 0;
}

Tale(asyncio_tasks, a_task_that_never_waits_gives_its_value)
{
    gr_future *f = start(self, at_once, .value = 42);
    CHECK(!gr_future_done(f)); /* it begins at its first turn */
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, 42);
    gr_future *again = start(self, at_once, .value = 43);
    CHECK_EQ(gr_await(self, again, GR_FOREVER), 0);
    expect_value(again, 43);
    return 0;
}

/* ---- where it runs and who it is ---- */

static int where_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_ref me = gr_self(self);
    int loop = gr_loop_index(self);
    CHECK_EQ(gr_sleep(self, plan->time), 0);
    CHECK(gr_ref_equal(gr_self(self), me));
    CHECK_EQ(gr_loop_index(self), loop);
    result->value = loop;
    return 0;
}

GR_TASK(where_am_i, plan, number, where_run);

Tale(asyncio_tasks, a_task_runs_on_the_loop_that_it_was_given)
{
    for (int i = 0; i < gr_system_loops(gr_actor_system(self)); i++) {
        gr_future *f = gr_start_with(self, where_am_i, (.loop = GR_LOOP(i)), .time = MS(1));
        CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
        expect_value(f, i);
    }
    gr_future *f = start(self, where_am_i, .time = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, gr_loop_index(self)); /* the starter's, if nothing else was said */
    return 0;
}

/* Says who it is, each time that it has been given its turn. */
static int turns_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    for (int i = 0; i < 3; i++) {
        next_ping(self);
        note("%lld", (long long)plan->value);
        CHECK_EQ(gr_send(self, plan->who, address, .ref = gr_self(self)), 0);
    }
    return 0;
}

GR_TASK(turns, plan, number, turns_run);

Tale(asyncio_tasks, tasks_that_take_turns_each_stay_themselves)
{
    gr_ref me = gr_self(self), tasks[2];
    gr_future *list[2];
    for (int i = 0; i < 2; i++) {
        list[i] = start(self, turns, .value = i + 1, .who = me);
        tasks[i] = gr_future_task(list[i]);
        CHECK(!gr_ref_is_null(tasks[i]) && !gr_ref_equal(tasks[i], me));
    }
    CHECK(!gr_ref_equal(tasks[0], tasks[1]));
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(gr_send(self, tasks[i % 2], ping), 0);
        struct gr_mail mail = next_mail(self);
        const struct address *said = gr_mail_as(&mail, address);
        CHECK(said != NULL && gr_ref_equal(said->ref, tasks[i % 2]));
        CHECK(gr_ref_equal(gr_self(self), me));
    }
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    CHECK_TEXT(notes(), "1 2 1 2 1 2");
    CHECK(gr_ref_is_null(gr_future_task(list[0]))); /* it has ended */
    CHECK(gr_ref_is_null(gr_self(NULL)));           /* outside of all actors nobody is anybody */
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

Tale(asyncio_tasks, living_tasks_are_listed_and_ended_ones_are_not)
{
    CHECK_EQ(living(self, "nap"), 0);
    gr_future *f = start(self, nap, .time = MS(10)), *g = start(self, nap, .time = MS(20));
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(living(self, "nap"), 2);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(living(self, "nap"), 1);
    CHECK_EQ(gr_await(self, g, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(living(self, "nap"), 0); /* though their futures are still held */
    gr_future_release(f);
    gr_future_release(g);
    return 0;
}

Tale(asyncio_tasks, a_task_goes_by_the_name_of_its_definition)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future_release(gr_scope_start(self, scope, tidy, .time = MS(1)));
    gr_future *f = gr_start(self, stubborn, .time = MS(1));
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(living(self, "tidy"), 1);
    CHECK_EQ(living(self, "stubborn"), 1);
    CHECK_EQ(living(self, "nap"), 0);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    gr_future_release(f);
    return 0;
}

Tale(asyncio_tasks, a_task_that_is_started_by_a_name_is_found_under_it_until_it_ends)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *list[2] = {gr_start_with(self, nap, (.name = "No-op"), .time = MS(1)),
                          gr_scope_start_with(self, scope, nap, (.name = "yolo"), .time = MS(1))};
    CHECK(gr_ref_equal(gr_whereis(self, "No-op"), gr_future_task(list[0])));
    CHECK(gr_ref_equal(gr_whereis(self, "yolo"), gr_future_task(list[1])));
    struct gr_actor_info all[8];
    size_t count = gr_system_actors(gr_actor_system(self), all, 8), named = 0;
    for (size_t i = 0; i < count && i < 8; i++)
        named += strcmp(all[i].name, "No-op") == 0 || strcmp(all[i].name, "yolo") == 0;
    CHECK_EQ(named, 2);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_EQ(gr_await(self, list[0], GR_FOREVER), 0);
    CHECK(gr_ref_is_null(gr_whereis(self, "No-op")) && gr_ref_is_null(gr_whereis(self, "yolo")));
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

/* ---- waiting for others ---- */

static int relay_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, nap, .time = plan->time, .value = plan->value, .error = plan->error);
    int error = gr_await(self, inner, GR_FOREVER);
    if (error == 0) result->value = value_of(inner) + 1;
    gr_future_release(inner);
    return error;
}

GR_TASK(relay, plan, number, relay_run);

Tale(asyncio_tasks, a_task_that_waits_for_a_future_goes_on_with_its_outcome)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, relay, .time = MS(3), .value = 8);
    gr_future *g = start(self, relay, .time = MS(4), .error = 77);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(3));
    expect_value(f, 9);
    CHECK_EQ(gr_await(self, g, GR_FOREVER), 77);
    CHECK_SINCE(begin, MS(4));
    expect_error(g, 77);
    return 0;
}

Tale(asyncio_tasks, two_halves_of_a_sleep_are_one_sleep)
{
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_sleep(self, MS(50)), 0);
    CHECK_SINCE(begin, MS(50));
    gr_future *f = start(self, nap, .time = MS(50), .value = 6);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(100));
    expect_value(f, 6);
    return 0;
}

static int foo_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    for (int i = 0; i < 2; i++) {
        note("%lld%d", (long long)plan->value, i);
        CHECK_EQ(gr_sleep(self, 0), 0);
    }
    return 0;
}

GR_TASK(foo, plan, number, foo_run);

static int takes_turns(gr_actor *self, void *argument)
{
    gr_future *list[2] = {start(self, foo, .value = 1), start(self, foo, .value = 2)};
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    CHECK_TEXT(notes(), "10 20 11 21");
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

Case(asyncio_tasks, a_sleep_of_nothing_lets_the_others_run_once)
{
    run_seeds(1, 4, takes_turns);
}

/* ---- starting fails ---- */

static int too_many(gr_actor *self, void *argument)
{
    static gr_future *list[9000];
    int started = 0, refused = 0;
    for (int i = 0; i < 9000; i++) {
        list[i] = start(self, nap, .time = MS(1));
        CHECK(list[i] != NULL);
    }
    for (int i = 0; i < 9000; i++) {
        int error = gr_await(self, list[i], GR_FOREVER);
        CHECK(error == 0 || error == GR_ELIMIT);
        started += error == 0;
        refused += error == GR_ELIMIT;
        gr_future_release(list[i]);
    }
    CHECK(started > 0 && refused > 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(living(self, "nap"), 0);
    return 0;
}

Case(asyncio_tasks, a_task_that_can_not_be_started_fails_in_its_future)
{
    for (unsigned seed = 1; seed <= 2; seed++) {
        int code = gr_run_with(too_many, NULL, (.loops = 1, .seed = seed, .actors_max = 4096));
        cr_assert_eq(code, 0);
    }
}
