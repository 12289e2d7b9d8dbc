/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of gather, retold: the results of many in the order of the arguments, and what errors do to it. */
#include "tests/unit/actors/asyncio/tale.h"

/* So many promises, and a task that gathers nothing: the caller does. */
static void promise_all(gr_actor *self, gr_promise *promises, gr_future **list, int count)
{
    for (int i = 0; i < count; i++) list[i] = gr_promise_create(self, number, &promises[i]);
}

static void release_all(gr_future **list, int count)
{
    for (int i = 0; i < count; i++) gr_future_release(list[i]);
}

/* Gathers, and checks what it returns and when. */
static void gathers(gr_actor *self, gr_future **list, int count, enum gr_gather_flags flags, int wanted,
                    gr_time time)
{
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_gather(self, list, count, flags, GR_FOREVER), wanted);
    CHECK_SINCE(begin, time);
}

Tale(asyncio_gather, values_are_in_the_order_of_the_array_not_of_their_ends)
{
    for (int flags = GR_GATHER_FIRST_ERROR; flags <= GR_GATHER_ALL; flags++) {
        gr_promise promises[3];
        gr_future *list[3];
        promise_all(self, promises, list, 3);
        CHECK_EQ(gr_fulfil(self, promises[1], number, .value = 1), 0);
        CHECK_EQ(gr_fulfil(self, promises[0], number, .value = 2), 0);
        CHECK_EQ(gr_gather(self, list, 3, flags, 0), GR_ETIMEOUT); /* one is missing */
        CHECK_EQ(gr_fulfil(self, promises[2], number, .value = 3), 0);
        gathers(self, list, 3, flags, 0, 0);
        CHECK(value_of(list[0]) == 2 && value_of(list[1]) == 1 && value_of(list[2]) == 3);
        release_all(list, 3);
    }
    return 0;
}

Tale(asyncio_gather, values_of_tasks_are_in_the_order_of_the_array_and_come_with_the_slowest)
{
    for (int flags = GR_GATHER_FIRST_ERROR; flags <= GR_GATHER_ALL; flags++) {
        gr_future *list[3] = {start(self, nap, .time = MS(2), .value = 2),
                              start(self, nap, .time = MS(1), .value = 1),
                              start(self, nap, .time = MS(3), .value = 3)};
        gathers(self, list, 3, flags, 0, MS(3));
        CHECK(value_of(list[0]) == 2 && value_of(list[1]) == 1 && value_of(list[2]) == 3);
        release_all(list, 3);
    }
    return 0;
}

Tale(asyncio_gather, the_first_error_ends_it_and_later_ends_of_the_others_do_nothing)
{
    gr_promise promises[5];
    gr_future *list[5];
    promise_all(self, promises, list, 5);
    CHECK_EQ(gr_fulfil(self, promises[0], number, .value = 1), 0);
    CHECK_EQ(gr_promise_fail(self, promises[1], 77, "b"), 0);
    gathers(self, list, 5, GR_GATHER_FIRST_ERROR, 77, 0);
    CHECK(!gr_future_done(list[2]));
    CHECK_EQ(gr_fulfil(self, promises[2], number, .value = 3), 0);
    CHECK_EQ(gr_future_cancel(self, list[3]), 0);
    CHECK_EQ(gr_promise_fail(self, promises[4], 78, "e"), 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_future_error(list[4]), 78);
    release_all(list, 5);
    return 0;
}

Tale(asyncio_gather, the_first_error_of_a_task_in_time_ends_it_and_the_others_go_on)
{
    gr_future *list[3] = {start(self, nap, .time = MS(30), .error = 78),
                          start(self, nap, .time = MS(10), .error = 77),
                          start(self, nap, .time = MS(20), .value = 3)};
    gathers(self, list, 3, GR_GATHER_FIRST_ERROR, 77, MS(10));
    CHECK(!gr_future_done(list[0]) && !gr_future_done(list[2]));
    gathers(self, list, 3, GR_GATHER_ALL, 0, MS(20)); /* they were not cancelled */
    CHECK_EQ(value_of(list[2]), 3);
    CHECK_EQ(gr_future_error(list[0]), 78);
    release_all(list, 3);
    return 0;
}

Tale(asyncio_gather, asked_for_all_it_leaves_errors_in_their_places)
{
    gr_promise promises[4];
    gr_future *list[4];
    promise_all(self, promises, list, 4);
    CHECK_EQ(gr_fulfil(self, promises[1], number, .value = 1), 0);
    CHECK_EQ(gr_promise_fail(self, promises[2], 77, "c"), 0);
    CHECK_EQ(gr_fulfil(self, promises[0], number, .value = 3), 0);
    CHECK_EQ(gr_gather(self, list, 4, GR_GATHER_ALL, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_promise_fail(self, promises[3], 78, "d"), 0);
    gathers(self, list, 4, GR_GATHER_ALL, 0, 0);
    CHECK(value_of(list[0]) == 3 && value_of(list[1]) == 1);
    CHECK(gr_future_error(list[2]) == 77 && gr_future_error(list[3]) == 78);
    release_all(list, 4);
    return 0;
}

Tale(asyncio_gather, asked_for_all_it_leaves_the_errors_of_tasks_in_their_places)
{
    gr_future *list[3] = {start(self, nap, .time = MS(1), .error = 77), start(self, at_once, .value = 2),
                          start(self, nap, .time = MS(3), .error = 78)};
    gathers(self, list, 3, GR_GATHER_ALL, 0, MS(3));
    CHECK(gr_future_error(list[0]) == 77 && value_of(list[1]) == 2 && gr_future_error(list[2]) == 78);
    release_all(list, 3);
    return 0;
}

Tale(asyncio_gather, of_nothing_it_returns_at_once)
{
    gathers(self, NULL, 0, GR_GATHER_FIRST_ERROR, 0, 0);
    gathers(self, NULL, 0, GR_GATHER_ALL, 0, 0);
    return 0;
}

Tale(asyncio_gather, the_same_futures_may_be_gathered_again_and_by_parts)
{
    gr_future *list[3];
    gr_promise promises[3];
    promise_all(self, promises, list, 3);
    CHECK_EQ(gr_gather(self, list, 3, GR_GATHER_FIRST_ERROR, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_gather(self, list, 3, GR_GATHER_FIRST_ERROR, MS(1)), GR_ETIMEOUT);
    for (int i = 0; i < 3; i++) CHECK_EQ(gr_fulfil(self, promises[i], number, .value = i), 0);
    gathers(self, list, 3, GR_GATHER_FIRST_ERROR, 0, 0);
    gathers(self, list + 1, 2, GR_GATHER_FIRST_ERROR, 0, 0);
    release_all(list, 3);
    return 0;
}

Tale(asyncio_gather, the_same_task_may_be_there_more_than_once)
{
    gr_future *a = start(self, nap, .time = MS(1), .value = 1),
              *b = start(self, nap, .time = MS(2), .value = 2);
    gr_future *list[4] = {a, a, b, a};
    gathers(self, list, 4, GR_GATHER_FIRST_ERROR, 0, MS(2));
    CHECK(value_of(list[0]) == 1 && value_of(list[1]) == 1 && value_of(list[2]) == 2);
    gr_future_release(a);
    gr_future_release(b);
    return 0;
}

Tale(asyncio_gather, one_that_was_cancelled_ends_it_as_an_error_would)
{
    gr_promise promises[5];
    gr_future *list[5];
    promise_all(self, promises, list, 5);
    CHECK_EQ(gr_fulfil(self, promises[0], number, .value = 1), 0);
    CHECK_EQ(gr_future_cancel(self, list[1]), 0);
    gathers(self, list, 5, GR_GATHER_FIRST_ERROR, GR_ECANCELLED, 0);
    CHECK(!gr_is_cancelled(self)); /* the gathering actor was not */
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_fulfil(self, promises[2], number, .value = 3), 0);
    CHECK_EQ(gr_promise_fail(self, promises[4], 78, "e"), 0);
    CHECK_EQ(gr_future_error(list[4]), 78);
    release_all(list, 5);
    return 0;
}

Tale(asyncio_gather, asked_for_all_one_that_was_cancelled_is_in_its_place_too)
{
    gr_promise promises[6];
    gr_future *list[6];
    promise_all(self, promises, list, 6);
    CHECK_EQ(gr_fulfil(self, promises[0], number, .value = 1), 0);
    CHECK_EQ(gr_promise_fail(self, promises[1], 77, "b"), 0);
    CHECK_EQ(gr_future_cancel(self, list[2]), 0);
    CHECK_EQ(gr_gather(self, list, 6, GR_GATHER_ALL, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_fulfil(self, promises[3], number, .value = 3), 0);
    CHECK_EQ(gr_future_cancel(self, list[4]), 0);
    CHECK_EQ(gr_promise_fail(self, promises[5], 78, "f"), 0);
    gathers(self, list, 6, GR_GATHER_ALL, 0, 0);
    static const int wanted[6] = {0, 77, GR_ECANCELLED, 0, GR_ECANCELLED, 78};
    for (int i = 0; i < 6; i++) CHECK_EQ(gr_future_error(list[i]), wanted[i]);
    release_all(list, 6);
    return 0;
}

/* ---- the one who gathers is cancelled ---- */

static int gatherer_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *list[2] = {start_in(self, scope, nap, .time = gr_seconds(9)),
                          start_in(self, scope, nap, .time = gr_seconds(9))};
    int error = gr_gather(self, list, 2, GR_GATHER_ALL, GR_FOREVER);
    note("gather %d", error);
    CHECK_EQ(gr_scope_close(self, scope), GR_ECANCELLED);
    for (int i = 0; i < 2; i++) CHECK_EQ(gr_future_state(list[i]), GR_FUTURE_CANCELLED);
    release_all(list, 2);
    return error;
}

GR_TASK(gatherer, plan, number, gatherer_run);

Tale(asyncio_gather, cancelling_who_gathers_cancels_all_children_of_its_scope)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, gatherer, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(5));
    expect_error(f, GR_ECANCELLED);
    const char *all = notes();
    CHECK(strstr(all, "gather -7") != NULL);
    CHECK(strstr(all, "cut") != NULL && strstr(strstr(all, "cut") + 1, "cut") != NULL);
    return 0;
}

static int gathers_for_ever_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    for (;;) {
        gr_future *f = start(self, nap, .time = MS(50));
        int error = gr_gather(self, &f, 1, GR_GATHER_ALL, GR_FOREVER);
        gr_future_release(f);
        if (error != 0) return error; /* its own cancel is no error of a child, to be left in place */
        result->value++;
        if (!CHECK(result->value < 20)) return 1;
    }
}

GR_TASK(gathers_for_ever, plan, number, gathers_for_ever_run);

Tale(asyncio_gather, errors_left_in_place_do_not_hide_the_cancel_of_who_gathers)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, gathers_for_ever, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(210)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(210));
    expect_error(f, GR_ECANCELLED);
    return 0;
}

static int told_once_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *f = start(self, nap, .time = MS(10), .value = 42);
    int first = gr_gather(self, &f, 1, GR_GATHER_FIRST_ERROR, GR_FOREVER);
    if (first == 0) CHECK_EQ(value_of(f), 42);
    int second = gr_sleep(self, MS(10));
    gr_future_release(f);
    CHECK(first == 0 || first == GR_ECANCELLED);
    CHECK_EQ(first + second, GR_ECANCELLED); /* one of the two waits was told */
    return 0;
}

GR_TASK(told_once, plan, number, told_once_run);

Tale(asyncio_gather, a_cancel_at_the_moment_when_the_children_end_is_not_lost)
{
    gr_future *f = start(self, told_once, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(10)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    gr_future_release(f);
    return 0;
}
