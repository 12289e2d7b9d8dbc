/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of Task.cancel, retold: what a cancelled task sees, and what its future then says. */
#include "tests/unit/actors/asyncio/tale.h"

Tale(asyncio_cancel, a_sleeping_task_ends_at_once_and_can_not_be_cancelled_again)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, nap, .time = gr_seconds(10), .value = 12);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(1));
    CHECK_EQ(gr_future_cancel(self, f), GR_EBUSY);
    expect_error(f, GR_ECANCELLED);
    CHECK_TEXT(notes(), "cut");
    return 0;
}

Tale(asyncio_cancel, a_task_that_has_not_begun_never_does)
{
    gr_future *f = start(self, tidy, .time = gr_seconds(10));
    CHECK_EQ(gr_future_cancel(self, f), 0); /* before its first turn */
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    expect_error(f, GR_ECANCELLED);
    CHECK_TEXT(notes(), "");
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(living(self, "tidy"), 0);
    return 0;
}

static int yields_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    for (int i = 0; i < 1000000; i++) {
        int error = gr_sleep(self, 0);
        if (error != 0) return error;
        if (i == 0) gr_send(self, plan->who, ping);
    }
    CHECK(!"nobody cancelled it");
    return 0;
}

GR_TASK(yields, plan, number, yields_run);

Tale(asyncio_cancel, a_task_that_only_yields_is_cancelled_at_a_yield)
{
    gr_future *f = start(self, yields, .who = gr_self(self));
    next_ping(self);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_future_cancel(self, f), GR_EBUSY);
    expect_error(f, GR_ECANCELLED);
    return 0;
}

Tale(asyncio_cancel, a_cancelled_task_tells_so_in_whatever_way_it_is_asked)
{
    gr_future *f = start(self, nap, .time = gr_seconds(10));
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    size_t done;
    CHECK_EQ(gr_wait(self, &f, 1, GR_WAIT_ALL, &done, GR_FOREVER), 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(gr_future_error(f), GR_ECANCELLED);
    CHECK_EQ(gr_future_state(f), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_await(self, f, 0), GR_ECANCELLED);
    CHECK_TEXT(gr_future_text(f), gr_error_text(GR_ECANCELLED));
    gr_future_release(f);
    return 0;
}

/* ---- a task that answers ---- */

static int catches_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_promise promise;
    gr_future *first = start(self, nap, .time = MS(1)), *second = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_await(self, first, GR_FOREVER), 0);
    CHECK(!gr_is_cancelled(self));
    CHECK_EQ(gr_await(self, second, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_future_state(second), GR_FUTURE_PENDING); /* it was the task that was cancelled, not this */
    gr_future_release(first);
    gr_future_release(second);
    result->value = 42;
    return plan->error;
}

GR_TASK(catches, plan, number, catches_run);

Tale(asyncio_cancel, a_task_may_take_a_cancel_and_give_its_value_all_the_same)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, catches, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(2)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(2));
    expect_value(f, 42);
    return 0;
}

Tale(asyncio_cancel, a_task_may_answer_a_cancel_with_an_error_of_its_own)
{
    gr_future *f = start(self, catches, .error = 77);
    CHECK_EQ(gr_sleep(self, MS(2)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK(!gr_future_done(f)); /* it has to have its say */
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    expect_error(f, 77);
    return 0;
}

static int ignores_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_promise promise;
    gr_future *list[3] = {start(self, nap, .time = MS(1)), gr_promise_create(self, number, &promise),
                          start(self, nap, .time = MS(30), .value = 42)};
    CHECK_EQ(gr_await(self, list[0], GR_FOREVER), 0);
    CHECK_EQ(gr_await(self, list[1], GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_future_state(list[1]), GR_FUTURE_PENDING);
    CHECK_EQ(gr_await(self, list[2], GR_FOREVER), 0); /* the wait behind is whole */
    result->value = value_of(list[2]);
    for (int i = 0; i < 3; i++) gr_future_release(list[i]);
    return 0;
}

GR_TASK(ignores, plan, number, ignores_run);

Tale(asyncio_cancel, a_cancel_ends_one_wait_and_no_later_one)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, ignores, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(2)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(30));
    expect_value(f, 42);
    return 0;
}

static int told_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK(!gr_is_cancelled(self));
    CHECK_EQ(gr_sleep(self, gr_seconds(100)), GR_ECANCELLED);
    CHECK(gr_is_cancelled(self));
    return GR_ECANCELLED;
}

GR_TASK(told, plan, number, told_run);

Tale(asyncio_cancel, cancelling_twice_in_a_row_is_cancelling_once)
{
    gr_future *f = start(self, told, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0); /* not done yet */
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    expect_error(f, GR_ECANCELLED);
    return 0;
}

static int resists_once_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    note("first");
    CHECK(gr_is_cancelled(self)); /* that it was told is not taken back */
    int error = gr_sleep(self, gr_seconds(10));
    note("second");
    return error;
}

GR_TASK(resists_once, plan, number, resists_once_run);

Tale(asyncio_cancel, a_task_that_went_on_after_a_cancel_can_be_cancelled_again)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, resists_once, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(10)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_sleep(self, MS(10)), 0);
    CHECK_TEXT(notes(), "first");
    CHECK(!gr_future_done(f));
    CHECK(gr_future_state(f) != GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(20));
    CHECK_TEXT(notes(), "first second");
    CHECK_EQ(gr_future_cancel(self, f), GR_EBUSY);
    expect_error(f, GR_ECANCELLED);
    return 0;
}

/* ---- from another's callback ---- */

static void cancel_it(gr_actor *self, gr_future *future, void *context)
{
    CHECK_EQ(gr_future_cancel(self, context), 0);
}

Tale(asyncio_cancel, a_sleeping_task_is_cancelled_at_the_time_that_was_set)
{
    gr_time begin = gr_now(self);
    gr_future *timer = start(self, nap, .time = MS(100)), *f = start(self, nap, .time = gr_seconds(5000));
    CHECK_EQ(gr_future_on_done(self, timer, cancel_it, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(100));
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(living(self, "nap"), 0); /* nothing sleeps on */
    gr_future_release(timer);
    gr_future_release(f);
    return 0;
}
