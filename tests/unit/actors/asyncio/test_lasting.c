/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of shield, retold. Here every wait is a shield: cancelling who waits leaves what it waited for alone,
 * unless it says otherwise (gr_wait_for, scopes). */
#include "tests/unit/actors/asyncio/tale.h"

/* A task that awaits another of its own, and lets that go on when it is cancelled. */
static int shielding_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, nap, .time = plan->time, .value = plan->value, .error = plan->error);
    int error = gr_await(self, inner, GR_FOREVER);
    if (error == 0) result->value = value_of(inner);
    gr_future_release(inner);
    return error;
}

GR_TASK(shielding, plan, number, shielding_run);

Tale(asyncio_lasting, the_value_of_what_is_awaited_comes_through)
{
    gr_future *f = start(self, shielding, .time = MS(5), .value = 42);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, 42);
    gr_promise promise;
    gr_future *ready = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 43), 0);
    CHECK_EQ(gr_await(self, ready, 0), 0); /* one that is done already, without a wait */
    expect_value(ready, 43);
    return 0;
}

Tale(asyncio_lasting, the_error_of_what_is_awaited_comes_through)
{
    gr_future *f = start(self, shielding, .time = MS(5), .error = 77);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    expect_error(f, 77);
    return 0;
}

static void cancel_it(gr_actor *self, gr_future *future, void *context)
{
    CHECK_EQ(gr_future_cancel(self, context), 0);
}

Tale(asyncio_lasting, the_cancel_of_what_is_awaited_comes_through)
{
    gr_promise promise;
    gr_future *inner = gr_promise_create(self, number, &promise), *timer = start(self, nap, .time = MS(2));
    CHECK_EQ(gr_future_on_done(self, timer, cancel_it, inner), 0);
    CHECK_EQ(gr_await(self, inner, GR_FOREVER), GR_ECANCELLED);
    CHECK(!gr_is_cancelled(self));
    gr_future_release(inner);
    gr_future_release(timer);
    return 0;
}

static int proof_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK_EQ(gr_sleep(self, plan->time), 0);
    note("inner");
    return 0;
}

GR_TASK(proof, plan, number, proof_run);

static int lets_go_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, proof, .time = MS(20));
    int error = gr_await(self, inner, GR_FOREVER);
    CHECK(!gr_future_done(inner));
    gr_future_release(inner);
    if (error == 0) note("outer");
    return error;
}

GR_TASK(lets_go, plan, number, lets_go_run);

Tale(asyncio_lasting, cancelling_who_waits_does_not_cancel_what_it_gave_back)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, lets_go, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(5));
    expect_error(f, GR_ECANCELLED);
    CHECK_EQ(gr_sleep(self, MS(20)), 0);
    CHECK_TEXT(notes(), "inner");
    return 0;
}

static int comes_back_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, nap, .time = MS(20), .value = 42);
    CHECK_EQ(gr_await(self, inner, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_future_error(inner), GR_EBUSY); /* nothing of that wait is left on it */
    CHECK_EQ(gr_await(self, inner, GR_FOREVER), 0);
    result->value = value_of(inner);
    gr_future_release(inner);
    return 0;
}

GR_TASK(comes_back, plan, number, comes_back_run);

Tale(asyncio_lasting, after_a_cancelled_wait_the_same_future_can_be_awaited_again)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, comes_back, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(20));
    expect_value(f, 42);
    return 0;
}

static int gathers_twice_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *list[2] = {start(self, nap, .time = MS(20), .value = 1),
                          start(self, nap, .time = MS(30), .value = 2)};
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_ECANCELLED);
    for (int i = 0; i < 2; i++) CHECK_EQ(gr_future_error(list[i]), GR_EBUSY);
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    for (int i = 0; i < 2; i++) result->value = result->value * 10 + value_of(list[i]);
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

GR_TASK(gathers_twice, plan, number, gathers_twice_run);

Tale(asyncio_lasting, a_cancelled_gather_leaves_its_futures_alone)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, gathers_twice, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(30));
    expect_value(f, 12);
    CHECK_TEXT(notes(), "");
    return 0;
}

static int inner_shields_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *list[2] = {start(self, lets_go, .value = 0), start(self, lets_go, .value = 0)};
    int error = gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(gr_future_cancel(self, list[i]), 0);
        CHECK_EQ(gr_await(self, list[i], GR_FOREVER), GR_ECANCELLED);
        gr_future_release(list[i]);
    }
    return error;
}

GR_TASK(inner_shields, plan, number, inner_shields_run);

Tale(asyncio_lasting, cancelling_two_that_shield_cancels_them_and_not_what_they_shield)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, inner_shields, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(5));
    gr_future_release(f);
    CHECK_EQ(gr_sleep(self, MS(20)), 0);
    CHECK_TEXT(notes(), "inner inner");
    return 0;
}
