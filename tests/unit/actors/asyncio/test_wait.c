/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of wait, retold: when it returns, and what is done by then. */
#include "tests/unit/actors/asyncio/tale.h"

/* Starts two that end after so long; the first one with an error, if `error` isn't 0. */
static void start_two(gr_actor *self, gr_future **list, gr_time first, int error, gr_time second)
{
    list[0] = start(self, nap, .time = first, .value = 1, .error = error);
    list[1] = start(self, nap, .time = second, .value = 2);
}

static void release_all(gr_future **list, int count)
{
    for (int i = 0; i < count; i++) gr_future_release(list[i]);
}

/* Waits, and checks that it returns `wanted` at that time with so many done. */
static void waits(gr_actor *self, gr_future **list, int count, enum gr_wait_until until, gr_time deadline,
                  int wanted, gr_time time, size_t wanted_done)
{
    gr_time begin = gr_now(self);
    size_t done = 99;
    CHECK_EQ(gr_wait(self, list, count, until, &done, deadline), wanted);
    CHECK_EQ(done, wanted_done);
    CHECK_SINCE(begin, time);
    size_t really = 0;
    for (int i = 0; i < count; i++) really += gr_future_done(list[i]);
    CHECK_EQ(really, done);
}

Tale(asyncio_wait, for_all_it_returns_with_the_last_and_a_second_time_at_once)
{
    gr_future *list[2];
    start_two(self, list, MS(150), 0, MS(100));
    waits(self, list, 2, GR_WAIT_ALL, GR_FOREVER, 0, MS(150), 2);
    waits(self, list, 2, GR_WAIT_ALL, GR_FOREVER, 0, 0, 2);
    CHECK_EQ(value_of(list[0]), 1);
    CHECK_EQ(value_of(list[1]), 2);
    release_all(list, 2);
    return 0;
}

Tale(asyncio_wait, the_same_future_may_be_there_twice)
{
    gr_future *list[3];
    start_two(self, list, MS(5), 0, MS(3));
    list[2] = list[0];
    waits(self, list, 3, GR_WAIT_ALL, GR_FOREVER, 0, MS(5), 3);
    release_all(list, 2);
    return 0;
}

Tale(asyncio_wait, what_makes_no_sense_is_refused)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    size_t done;
    CHECK_EQ(gr_wait(self, &f, 1, (enum gr_wait_until)77, &done, GR_FOREVER), GR_EINVALID);
    CHECK_EQ(gr_wait(self, &f, 1, GR_WAIT_ALL, &done, -1), GR_EINVALID);
    CHECK(!gr_future_done(f));
    gr_future_release(f);
    return 0;
}

Tale(asyncio_wait, a_future_that_there_was_no_memory_for_counts_as_one_that_failed)
{
    gr_future *list[2] = {NULL, start(self, nap, .time = MS(5))};
    size_t done = 9;
    CHECK_EQ(gr_wait(self, list, 2, GR_WAIT_FIRST, &done, GR_FOREVER), 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(gr_wait(self, list, 2, GR_WAIT_FIRST_ERROR, &done, GR_FOREVER), 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(gr_wait(self, list, 2, GR_WAIT_ALL, &done, GR_FOREVER), 0);
    CHECK_EQ(done, 2);
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_ENOMEM);
    gr_future_release(list[1]);
    return 0;
}

Tale(asyncio_wait, for_none_at_all_it_does_not_wait)
{
    gr_time begin = gr_now(self);
    size_t done = 9;
    CHECK_EQ(gr_wait(self, NULL, 0, GR_WAIT_ALL, &done, gr_seconds(5)), 0);
    CHECK_EQ(gr_wait(self, NULL, 0, GR_WAIT_FIRST, &done, gr_seconds(5)), 0);
    CHECK_EQ(done, 0);
    CHECK_SINCE(begin, 0);
    return 0;
}

Tale(asyncio_wait, for_the_first_it_returns_with_that_one_and_leaves_the_other)
{
    gr_future *list[2];
    start_two(self, list, gr_seconds(10), 0, MS(100));
    waits(self, list, 2, GR_WAIT_FIRST, GR_FOREVER, 0, MS(100), 1);
    CHECK(!gr_future_done(list[0]));
    CHECK_EQ(value_of(list[1]), 2);
    waits(self, list, 2, GR_WAIT_ALL, GR_FOREVER, 0, gr_seconds(10) - MS(100), 2);
    release_all(list, 2);
    return 0;
}

static void fulfil_two(gr_actor *self, gr_future *future, void *context)
{
    for (int i = 0; i < 2; i++) CHECK_EQ(gr_fulfil(self, ((gr_promise *)context)[i], number, .value = i), 0);
}

Tale(asyncio_wait, for_the_first_it_counts_all_that_are_done_by_then)
{
    gr_promise promises[3];
    gr_future *list[3], *timer = start(self, nap, .time = MS(5));
    for (int i = 0; i < 3; i++) list[i] = gr_promise_create(self, number, &promises[i]);
    CHECK_EQ(gr_future_on_done(self, timer, fulfil_two, promises), 0);
    waits(self, list, 3, GR_WAIT_FIRST, GR_FOREVER, 0, MS(5), 2); /* the first would have been enough */
    CHECK(gr_future_done(list[0]) && gr_future_done(list[1]));
    waits(self, list, 3, GR_WAIT_FIRST, GR_FOREVER, 0, 0, 2); /* nor does it wait for one more */
    release_all(list, 3);
    gr_future_release(timer);
    return 0;
}

Tale(asyncio_wait, for_an_error_it_returns_at_once_if_there_is_one_already)
{
    gr_promise promise;
    gr_future *list[2] = {gr_promise_create(self, number, &promise),
                          start(self, nap, .time = gr_seconds(10))};
    CHECK_EQ(gr_promise_fail(self, promise, 77, "err"), 0);
    waits(self, list, 2, GR_WAIT_FIRST_ERROR, GR_FOREVER, 0, 0, 1);
    CHECK_EQ(gr_future_error(list[0]), 77);
    release_all(list, 2);
    return 0;
}

Tale(asyncio_wait, for_an_error_it_returns_with_one_that_comes_meanwhile)
{
    gr_future *list[3];
    start_two(self, list, MS(10), 77, gr_seconds(10));
    list[2] = start(self, nap, .time = MS(5), .value = 3); /* a value is no reason to return */
    waits(self, list, 3, GR_WAIT_FIRST_ERROR, GR_FOREVER, 0, MS(10), 2);
    CHECK(!gr_future_done(list[1]));
    CHECK_EQ(gr_future_error(list[0]), 77);
    release_all(list, 3);
    return 0;
}

Tale(asyncio_wait, for_an_error_that_never_comes_it_waits_for_all)
{
    gr_future *list[2];
    start_two(self, list, MS(10), 0, MS(30));
    waits(self, list, 2, GR_WAIT_FIRST_ERROR, GR_FOREVER, 0, MS(30), 2);
    release_all(list, 2);
    return 0;
}

Tale(asyncio_wait, an_error_among_all_is_told_by_its_future_and_not_by_the_wait)
{
    gr_future *list[2];
    start_two(self, list, MS(150), 77, MS(100));
    waits(self, list, 2, GR_WAIT_ALL, GR_FOREVER, 0, MS(150), 2);
    CHECK_EQ(gr_future_error(list[0]), 77);
    CHECK_EQ(gr_future_error(list[1]), 0);
    waits(self, list, 2, GR_WAIT_ALL, GR_FOREVER, 0, 0, 2);
    release_all(list, 2);
    return 0;
}

Tale(asyncio_wait, at_the_deadline_it_tells_what_is_done_and_leaves_the_rest_pending)
{
    gr_future *list[2];
    start_two(self, list, MS(100), 0, MS(150));
    waits(self, list, 2, GR_WAIT_ALL, MS(110), GR_ETIMEOUT, MS(110), 1);
    CHECK(gr_future_done(list[0]) && !gr_future_done(list[1]));
    waits(self, list, 2, GR_WAIT_ALL, 0, GR_ETIMEOUT, 0, 1);
    waits(self, list, 2, GR_WAIT_ALL, GR_FOREVER, 0, MS(40), 2);
    release_all(list, 2);
    return 0;
}

Tale(asyncio_wait, one_that_ends_at_the_very_deadline_may_count_and_later_ones_do_not)
{
    gr_future *list[2];
    start_two(self, list, MS(100), 0, MS(150));
    gr_time begin = gr_now(self);
    size_t done = 99;
    CHECK_EQ(gr_wait(self, list, 2, GR_WAIT_ALL, &done, MS(100)), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(100));
    CHECK_EQ(done, gr_future_done(list[0]));
    CHECK(!gr_future_done(list[1]));
    release_all(list, 2);
    return 0;
}
