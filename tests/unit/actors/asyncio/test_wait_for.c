/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of wait_for, retold: a wait whose deadline cancels what it waits for, and sees it end. */
#include "tests/unit/actors/asyncio/tale.h"

Tale(asyncio_wait_for, a_value_in_time_is_returned_and_the_deadline_costs_nothing)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, nap, .time = MS(100), .value = 6);
    CHECK_EQ(gr_wait_for(self, f, MS(200)), 0);
    CHECK_SINCE(begin, MS(100));
    expect_value(f, 6);
    return 0;
}

Tale(asyncio_wait_for, without_a_limit_it_waits_as_long_as_it_takes)
{
    gr_future *f = start(self, at_once, .value = 6),
              *g = start(self, nap, .time = gr_seconds(9000), .error = 77);
    CHECK_EQ(gr_wait_for(self, f, GR_FOREVER), 0);
    CHECK_EQ(gr_wait_for(self, g, GR_FOREVER), 77);
    expect_value(f, 6);
    expect_error(g, 77);
    return 0;
}

Tale(asyncio_wait_for, one_that_is_done_is_returned_even_without_any_time)
{
    gr_promise promise;
    gr_time begin = gr_now(self);
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 6), 0);
    CHECK_EQ(gr_wait_for(self, f, 0), 0);
    CHECK_SINCE(begin, 0);
    expect_value(f, 6);
    return 0;
}

Tale(asyncio_wait_for, without_any_time_a_task_that_has_not_begun_never_does)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, tidy, .time = gr_seconds(10));
    CHECK_EQ(gr_wait_for(self, f, 0), GR_ETIMEOUT);
    CHECK_SINCE(begin, 0);
    expect_error(f, GR_ECANCELLED);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_TEXT(notes(), "");
    return 0;
}

Tale(asyncio_wait_for, without_any_time_a_task_that_runs_is_cancelled)
{
    gr_future *f = start(self, nap, .time = gr_seconds(10));
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_wait_for(self, f, -1), GR_EINVALID); /* less than none is a mistake, and cancels nothing */
    CHECK(!gr_future_done(f));
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_wait_for(self, f, 0), GR_ETIMEOUT);
    CHECK_SINCE(begin, 0);
    expect_error(f, GR_ECANCELLED);
    CHECK_TEXT(notes(), "cut");
    return 0;
}

Tale(asyncio_wait_for, at_the_deadline_the_task_is_cancelled)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, nap, .time = gr_seconds(10));
    CHECK_EQ(gr_wait_for(self, f, MS(100)), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(100));
    expect_error(f, GR_ECANCELLED);
    CHECK_TEXT(notes(), "cut");
    return 0;
}

Tale(asyncio_wait_for, a_task_that_does_not_heed_its_cancel_is_waited_for_all_the_same)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, stubborn, .time = MS(200), .value = 6);
    CHECK_EQ(gr_wait_for(self, f, MS(100)), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(200));
    CHECK_TEXT(notes(), "kept on");
    expect_value(f, 6);
    return 0;
}

static int gives_one_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), GR_ECANCELLED);
    result->value = 1;
    return 0;
}

GR_TASK(gives_one, plan, number, gives_one_run);

/* In Python the value wins here; ours says that the time was up, and the future has the value. */
Tale(asyncio_wait_for, a_task_that_answers_its_cancel_with_a_value_leaves_it_in_the_future)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, gives_one, .value = 0);
    CHECK_EQ(gr_wait_for(self, f, MS(10)), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(10));
    expect_value(f, 1);
    return 0;
}

Tale(asyncio_wait_for, it_waits_until_the_task_has_cleaned_up)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, tidy, .time = gr_seconds(10), .value = MS(7));
    CHECK_EQ(gr_wait_for(self, f, MS(3)), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(10));
    CHECK_TEXT(notes(), "cleaning clean");
    expect_error(f, GR_ECANCELLED);
    return 0;
}

Tale(asyncio_wait_for, without_any_time_it_waits_for_the_cleaning_up_too)
{
    gr_future *f = start(self, tidy, .time = gr_seconds(10), .value = MS(7));
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_wait_for(self, f, 0), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(7));
    CHECK_TEXT(notes(), "cleaning clean");
    expect_error(f, GR_ECANCELLED);
    return 0;
}

/* In Python wait_for raises that error; here it is in the future. */
Tale(asyncio_wait_for, an_error_of_the_cleaning_up_is_in_the_future)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, tidy, .time = MS(200), .error = 77);
    CHECK_EQ(gr_wait_for(self, f, 1), GR_ETIMEOUT);
    CHECK_SINCE(begin, 1);
    expect_error(f, 77);
    return 0;
}

/* ---- who waits is cancelled ---- */

static gr_time inner_ended;

static int twice_held_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    for (int i = 0; i < 3; i++) {
        int error = gr_sleep(self, MS(300));
        note("%d", error);
        if (error == 0) break;
    }
    inner_ended = gr_now(self);
    result->value = 42;
    return 0;
}

GR_TASK(twice_held, plan, number, twice_held_run);

/* Cancelled in the second wait, the one for the cleaning up, it leaves the task alone: here it waits on. */
static int comes_back_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, twice_held, .value = 0);
    int error = gr_wait_for(self, inner, plan->time);
    CHECK_EQ(error, GR_ECANCELLED);
    CHECK(!gr_future_done(inner));
    CHECK_EQ(gr_await(self, inner, GR_FOREVER), 0);
    CHECK_EQ(value_of(inner), 42);
    gr_future_release(inner);
    return error;
}

GR_TASK(comes_back_late, plan, number, comes_back_run);

static int waits_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = plan->value == 0 ? start(self, stubborn, .time = MS(200), .value = 1)
                                        : start(self, nap, .time = gr_seconds(9000), .value = 1);
    int error = gr_wait_for(self, inner, plan->time);
    CHECK(gr_future_done(inner));
    note("inner %d", gr_future_error(inner));
    gr_future_release(inner);
    return error;
}

GR_TASK(waits, plan, number, waits_run);

Tale(asyncio_wait_for, cancelled_itself_it_waits_for_a_task_that_does_not_heed)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, waits, .time = MS(400), .value = 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(200));
    CHECK_TEXT(notes(), "kept on inner 0");
    gr_future_release(f);
    return 0;
}

Tale(asyncio_wait_for, it_can_be_cancelled_while_it_waits_for_the_cleaning_up)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, comes_back_late, .time = MS(100));
    CHECK_EQ(gr_sleep(self, MS(200)), 0); /* since 100 ms the inner one cleans up */
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, gr_seconds(5)), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(400));
    CHECK_EQ(inner_ended, gr_now(self));
    CHECK_TEXT(notes(), "-7 0");
    gr_future_release(f);
    return 0;
}

Tale(asyncio_wait_for, cancelled_without_a_limit_it_cancels_what_it_waits_for)
{
    gr_future *f = start(self, waits, .time = GR_FOREVER, .value = 1);
    CHECK_EQ(gr_sleep(self, MS(1)), 0); /* both have begun */
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, gr_seconds(1)), GR_ECANCELLED);
    CHECK_TEXT(notes(), "cut inner -7");
    gr_future_release(f);
    return 0;
}

Tale(asyncio_wait_for, cancelled_before_its_deadline_it_cancels_what_it_waits_for)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, waits, .time = gr_seconds(60), .value = 1);
    CHECK_EQ(gr_sleep(self, MS(2)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(2));
    CHECK_TEXT(notes(), "cut inner -7");
    gr_future_release(f);
    return 0;
}
