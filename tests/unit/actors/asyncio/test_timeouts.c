/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of timeout, retold: a scope with a deadline is a block that takes no longer. */
#include "tests/unit/actors/asyncio/tale.h"

#include <time.h>

Tale(asyncio_timeouts, a_block_that_takes_too_long_is_cut_at_its_deadline)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, MS(10));
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(10));
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(10));
    return 0;
}

Tale(asyncio_timeouts, whatever_the_block_waits_for_is_cut)
{
    gr_time begin = gr_now(self);
    gr_promise promise;
    struct gr_mail mail;
    gr_future *never = gr_promise_create(self, number, &promise);
    gr_scope *scope = gr_scope_open(self, MS(10));
    CHECK_EQ(gr_await(self, never, GR_FOREVER), GR_ECANCELLED);
    CHECK(!gr_future_done(never));
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_gather(self, &never, 1, GR_GATHER_ALL, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(10));
    gr_future_release(never);
    return 0;
}

Tale(asyncio_timeouts, of_two_blocks_with_one_deadline_both_are_cut_and_the_outer_one_says_why)
{
    gr_time begin = gr_now(self);
    gr_scope *outer = gr_scope_open(self, MS(10)), *inner = gr_scope_open(self, MS(10));
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    int error = gr_scope_close(self, inner);
    CHECK(error == GR_ETIMEOUT || error == GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, outer), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(10));
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    return 0;
}

Tale(asyncio_timeouts, a_block_in_time_goes_on_at_once_and_is_not_cut_later)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, gr_seconds(10));
    CHECK_EQ(gr_sleep(self, MS(10)), 0);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_SINCE(begin, MS(10));
    CHECK_EQ(gr_sleep(self, gr_seconds(20)), 0);
    return 0;
}

Tale(asyncio_timeouts, a_block_without_a_limit_takes_as_long_as_it_takes)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    CHECK_EQ(gr_sleep(self, gr_seconds(9000)), 0);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    return 0;
}

Tale(asyncio_timeouts, without_any_time_the_first_wait_is_cut)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, 0);
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    CHECK_SINCE(begin, 0);
    return 0;
}

Tale(asyncio_timeouts, without_any_time_even_a_yield_is_cut)
{
    gr_scope *scope = gr_scope_open(self, 0);
    CHECK_EQ(gr_sleep(self, 0), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    return 0;
}

/* In Python that is a timeout too; here a negative time is an invalid argument everywhere. */
Tale(asyncio_timeouts, a_deadline_in_the_past_is_refused)
{
    CHECK(gr_scope_open(self, -1) == NULL);
    CHECK(strlen(gr_last_error(self)) > 0);
    CHECK_EQ(gr_scope_close(self, NULL), GR_EINVALID);
    CHECK_EQ(gr_sleep(self, 0), 0);
    return 0;
}

/* ---- errors and cancels of another kind ---- */

static int fails_inside_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, MS(10));
    int error = gr_sleep(self, plan->time);
    error = error == GR_ECANCELLED ? 78 : 77; /* either way one of its own */
    note("%d", gr_scope_close(self, scope));
    return error;
}

GR_TASK(fails_inside, plan, number, fails_inside_run);

Tale(asyncio_timeouts, an_error_of_the_block_before_its_deadline_is_no_timeout)
{
    gr_future *f = start(self, fails_inside, .time = MS(1));
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    CHECK_TEXT(notes(), "0");
    expect_error(f, 77);
    return 0;
}

Tale(asyncio_timeouts, a_block_that_is_cut_may_end_its_task_with_another_error)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, fails_inside, .time = gr_seconds(1));
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 78);
    CHECK_SINCE(begin, MS(10));
    CHECK_TEXT(notes(), "-6");
    expect_error(f, 78);
    return 0;
}

static int limited_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, plan->time);
    int error = gr_sleep(self, gr_seconds(10));
    note("%d %d", error, gr_scope_close(self, scope));
    result->value = 5;
    return error == GR_ECANCELLED && plan->value == 0 ? error : 0;
}

GR_TASK(limited, plan, number, limited_run);

Tale(asyncio_timeouts, a_cancel_from_outside_before_the_deadline_is_no_timeout)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, limited, .time = gr_seconds(5));
    CHECK_EQ(gr_sleep(self, MS(3)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(3));
    CHECK_TEXT(notes(), "-7 -7");
    gr_future_release(f);
    return 0;
}

Tale(asyncio_timeouts, a_task_whose_block_was_cut_is_not_cancelled_itself)
{
    gr_future *f = start(self, limited, .time = MS(1), .value = 1);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_TEXT(notes(), "-7 -6");
    expect_value(f, 5);
    return 0;
}

/* ---- blocks within blocks ---- */

Tale(asyncio_timeouts, the_outer_deadline_cuts_an_inner_block_that_has_more_time)
{
    gr_time begin = gr_now(self);
    gr_scope *outer = gr_scope_open(self, MS(2)), *inner = gr_scope_open(self, MS(100));
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, inner), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, outer), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(2));
    return 0;
}

/* For real: a busy coroutine lets no virtual time pass. */
static int busy(gr_actor *self, void *argument)
{
    struct timespec now, begin;
    gr_scope *outer = gr_scope_open(self, MS(20)), *inner = gr_scope_open(self, MS(2));
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000000LL + now.tv_nsec - begin.tv_nsec < MS(30));
    CHECK_EQ(gr_sleep(self, gr_seconds(60)), GR_ECANCELLED);
    int error = gr_scope_close(self, inner);
    CHECK(error == GR_ETIMEOUT || error == GR_ECANCELLED);
    CHECK_EQ(gr_sleep(self, gr_seconds(60)), GR_ECANCELLED); /* by the outer one */
    CHECK_EQ(gr_scope_close(self, outer), GR_ETIMEOUT);
    return 0;
}

Case(asyncio_timeouts, deadlines_that_passed_while_the_block_was_busy_cut_its_next_wait)
{
    run_real(1, busy);
    run_real(2, busy);
}

Tale(asyncio_timeouts, after_a_block_that_was_cut_or_not_the_waits_are_whole_again)
{
    for (int cut = 0; cut < 2; cut++) {
        gr_time begin = gr_now(self);
        gr_scope *scope = gr_scope_open(self, MS(100));
        CHECK_EQ(gr_sleep(self, cut ? gr_seconds(10) : 0), cut ? GR_ECANCELLED : 0);
        CHECK_EQ(gr_is_cancelled(self), cut);
        CHECK_EQ(gr_scope_close(self, scope), cut ? GR_ETIMEOUT : 0);
        CHECK(!gr_is_cancelled(self));
        gr_time end = gr_now(self);
        CHECK_EQ(end - begin, cut ? MS(100) : 0);
        CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
        CHECK_SINCE(end, gr_seconds(1));
    }
    return 0;
}

/* In Python the cleaning up in a block that was cut may wait; here it comes after the close. */
Tale(asyncio_timeouts, a_block_opened_in_one_that_was_cut_is_cut_at_once)
{
    gr_time begin = gr_now(self);
    gr_scope *outer = gr_scope_open(self, MS(10));
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), GR_ECANCELLED);
    gr_scope *inner = gr_scope_open(self, MS(10));
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, inner), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, outer), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(10));
    gr_scope *cleaning = gr_scope_open(self, MS(10));
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, cleaning), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(20));
    return 0;
}

/* ---- a limit that moves ---- */

static void cancel_it(gr_actor *self, gr_future *future, void *context)
{
    CHECK_EQ(gr_future_cancel(self, context), 0);
}

/* Cancels `what` after `time`, until the future is given back. */
static gr_future *limit(gr_actor *self, gr_future *what, gr_time time)
{
    gr_future *timer = start(self, nap, .time = time);
    CHECK_EQ(gr_future_on_done(self, timer, cancel_it, what), 0);
    return timer;
}

Tale(asyncio_timeouts, a_limit_that_is_a_task_of_its_own_can_be_moved_and_taken_away)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, nap, .time = gr_seconds(50), .value = 1);
    gr_future *timer = limit(self, f, gr_seconds(10));
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
    gr_future_release(timer);
    timer = limit(self, f, gr_seconds(29));
    CHECK_EQ(gr_await(self, f, gr_seconds(28)), GR_ETIMEOUT); /* past the first limit */
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, gr_seconds(30));
    gr_future_release(timer);
    gr_future_release(f);
    f = start(self, nap, .time = gr_seconds(5), .value = 2);
    gr_future_release(limit(self, f, gr_seconds(1)));
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    expect_value(f, 2);
    return 0;
}
