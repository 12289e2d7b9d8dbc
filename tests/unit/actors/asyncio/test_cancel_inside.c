/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of how a cancel travels, retold: to what a task awaits, from it, and within the task itself. */
#include "tests/unit/actors/asyncio/tale.h"

static void cancel_it(gr_actor *self, gr_future *future, void *context)
{
    CHECK_EQ(gr_future_cancel(self, context), 0);
}

static int owner_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, nap, .time = gr_seconds(100));
    int error = gr_await(self, inner, GR_FOREVER);
    note("outer %d", error);
    return error; /* its tasks are cancelled with it */
}

GR_TASK(owner, plan, number, owner_run);

/* ---- what it awaits is cancelled ---- */

static int inner_cut_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_promise promise;
    gr_future *inner = gr_promise_create(self, number, &promise);
    gr_future *timer = start(self, nap, .time = MS(10));
    CHECK_EQ(gr_future_on_done(self, timer, cancel_it, inner), 0);
    int error = gr_await(self, inner, GR_FOREVER);
    if (!gr_future_done(inner)) CHECK_EQ(gr_future_cancel(self, inner), 0); /* its own cancel was faster */
    CHECK_EQ(gr_future_state(inner), GR_FUTURE_CANCELLED);
    gr_future_release(inner);
    gr_future_release(timer);
    note("told %d", gr_is_cancelled(self));
    return error;
}

GR_TASK(inner_cut, plan, number, inner_cut_run);

Tale(asyncio_cancel_inside, a_task_that_hands_on_the_cancel_of_what_it_awaited_is_cancelled_too)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, inner_cut, .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(10));
    expect_error(f, GR_ECANCELLED);
    CHECK_TEXT(notes(), "told 0"); /* nobody had cancelled the task itself */
    return 0;
}

/* Its inner future is cancelled by a callback of its own, after 10 ms. */
Tale(asyncio_cancel_inside, a_task_and_what_it_awaits_may_both_be_cancelled)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, inner_cut, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(10)), 0);
    int error = gr_future_cancel(self, f);
    CHECK(error == 0 || error == GR_EBUSY); /* it was faster, and is cancelled already */
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(10));
    expect_error(f, GR_ECANCELLED);
    return 0;
}

Tale(asyncio_cancel_inside, a_task_that_is_killed_and_cancelled_ends_killed_and_its_tasks_with_it)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, owner, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(10)), 0);
    CHECK_EQ(gr_kill(self, gr_future_task(f)), 0); /* which cancels its tasks */
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_EKILLED); /* once, and the harder end wins */
    CHECK_SINCE(begin, MS(10));
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK_EQ(living(self, "nap"), 0);
    gr_future_release(f);
    return 0;
}

static int converts_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, nap, .time = gr_seconds(10));
    gr_future *timer = start(self, nap, .time = MS(5));
    CHECK_EQ(gr_future_on_done(self, timer, cancel_it, inner), 0);
    int error = gr_await(self, inner, GR_FOREVER);
    CHECK_EQ(error, GR_ECANCELLED);
    gr_future_release(inner);
    gr_future_release(timer);
    return gr_fail(self, 77, "after %s", gr_error_name(error));
}

GR_TASK(converts, plan, number, converts_run);

Tale(asyncio_cancel_inside, who_awaited_a_cancelled_task_may_fail_with_an_error_of_its_own)
{
    gr_future *f = start(self, converts, .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    CHECK_TEXT(gr_future_text(f), "after GR_ECANCELLED");
    expect_error(f, 77);
    return 0;
}

/* ---- it is cancelled, and what it awaits goes with it ---- */

Tale(asyncio_cancel_inside, the_tasks_of_a_cancelled_task_are_cancelled_when_it_ends)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, owner, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(3)), 0);
    CHECK_EQ(living(self, "nap"), 1);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(living(self, "nap"), 0);
    CHECK_SINCE(begin, MS(4));
    CHECK_TEXT(notes(), "outer -7 cut");
    gr_future_release(f);
    return 0;
}

static int swallows_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, owner, .value = 0);
    CHECK_EQ(gr_wait_for(self, inner, GR_FOREVER), GR_ECANCELLED); /* cancels it likewise, and waits for it */
    CHECK_EQ(gr_future_state(inner), GR_FUTURE_CANCELLED);
    gr_future_release(inner);
    note("took it");
    result->value = 101;
    return 0;
}

GR_TASK(swallows, plan, number, swallows_run);

Tale(asyncio_cancel_inside, a_cancel_passes_through_every_level_and_an_outer_one_may_take_it)
{
    gr_future *f = start(self, swallows, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(3)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK(strstr(notes(), "outer -7") != NULL && strstr(notes(), "cut") != NULL);
    CHECK(strstr(notes(), "outer -7") < strstr(notes(), "took it"));
    expect_value(f, 101);
    return 0;
}

static int ends_well_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK_EQ(gr_sleep(self, plan->time), 0);
    note("inner ended");
    return 0;
}

GR_TASK(ends_well, plan, number, ends_well_run);

static int leaves_it_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, ends_well, .time = MS(20));
    int error = gr_wait(self, &inner, 1, GR_WAIT_ALL, NULL, GR_FOREVER);
    CHECK(!gr_future_done(inner));
    gr_future_release(inner);
    return error;
}

GR_TASK(leaves_it, plan, number, leaves_it_run);

Tale(asyncio_cancel_inside, a_cancelled_wait_returns_early_and_leaves_what_it_waited_for_alone)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, leaves_it, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(3)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(3));
    gr_future_release(f);
    CHECK_TEXT(notes(), "");
    CHECK_EQ(gr_sleep(self, MS(18)), 0);
    CHECK_TEXT(notes(), "inner ended");
    return 0;
}

/* Whether what it waits for goes with a cancelled task, the task says by how it waits. */
static int takes_along_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_promise promise;
    gr_future *never = gr_promise_create(self, number, &promise);
    int error = plan->value == 0 ? gr_await(self, never, GR_FOREVER) : gr_wait_for(self, never, GR_FOREVER);
    note("%s", gr_future_state_name(gr_future_state(never)));
    gr_future_release(never);
    return error;
}

GR_TASK(takes_along, plan, number, takes_along_run);

Tale(asyncio_cancel_inside, a_future_that_a_cancelled_task_waits_for_goes_with_it_if_the_wait_says_so)
{
    gr_time begin = gr_now(self);
    for (int i = 0; i < 2; i++) {
        gr_future *f = start(self, takes_along, .value = i);
        CHECK_EQ(gr_sleep(self, MS(1)), 0);
        CHECK_EQ(gr_future_cancel(self, f), 0);
        CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
        expect_error(f, GR_ECANCELLED);
    }
    CHECK_SINCE(begin, MS(2));
    CHECK_TEXT(notes(), "pending cancelled");
    return 0;
}

/* ---- a task cancels its own block ---- */

static int self_cancel_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_scope_cancel(self, scope);
    CHECK(gr_is_cancelled(self));
    CHECK_EQ(gr_sleep(self, gr_seconds(100)), GR_ECANCELLED); /* at once */
    int error = gr_scope_close(self, scope);
    CHECK(!gr_is_cancelled(self));
    return error;
}

GR_TASK(self_cancel, plan, number, self_cancel_run);

Tale(asyncio_cancel_inside, a_task_that_cancels_its_own_scope_is_cut_at_its_next_wait)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, self_cancel, .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, 0);
    CHECK_EQ(gr_future_cancel(self, f), GR_EBUSY);
    expect_error(f, GR_ECANCELLED);
    return 0;
}

static int at_end_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    CHECK(!gr_is_cancelled(self));
    CHECK_EQ(gr_scope_cancel(self, scope), 0);
    CHECK(gr_is_cancelled(self));
    result->value = 12;
    return gr_scope_close(self, scope);
}

GR_TASK(at_end, plan, number, at_end_run);

Tale(asyncio_cancel_inside, a_cancel_at_the_very_end_without_a_wait_behind_it_is_not_lost)
{
    gr_future *f = start(self, at_end, .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_future_cancel(self, f), GR_EBUSY);
    expect_error(f, GR_ECANCELLED); /* it has no value */
    return 0;
}

static int cancels_both_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *nested = start_in(self, scope, takes_along, .value = 1);
    CHECK_EQ(gr_sleep(self, MS(1)), 0); /* it has begun, and waits */
    CHECK_EQ(gr_scope_cancel(self, scope), 0);
    CHECK_EQ(gr_await(self, nested, GR_FOREVER), GR_ECANCELLED);
    int error = gr_scope_close(self, scope);
    CHECK_EQ(gr_future_state(nested), GR_FUTURE_CANCELLED);
    gr_future_release(nested);
    return error;
}

GR_TASK(cancels_both, plan, number, cancels_both_run);

Tale(asyncio_cancel_inside, a_task_that_cancels_its_own_scope_and_awaits_another_in_it_takes_that_along)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, cancels_both, .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(1));
    CHECK_TEXT(notes(), "cancelled"); /* what the nested one waited for */
    expect_error(f, GR_ECANCELLED);
    return 0;
}
