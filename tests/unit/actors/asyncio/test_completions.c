/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of as_completed, retold: futures in the order in which they end. */
#include "tests/unit/actors/asyncio/tale.h"

/* The value of the next one, or its error. */
static int64_t next_value(gr_actor *self, gr_completions *completions)
{
    gr_future *f = NULL;
    if (!CHECK_EQ(gr_next_done(self, completions, &f, GR_FOREVER), 0)) return -1;
    CHECK(gr_future_done(f));
    return gr_future_error(f) == 0 ? value_of(f) : gr_future_error(f);
}

static void no_more(gr_actor *self, gr_completions *completions)
{
    gr_future *f = NULL;
    CHECK_EQ(gr_next_done(self, completions, &f, GR_FOREVER), GR_ENOTFOUND);
    gr_completions_release(completions);
}

Tale(asyncio_completions, they_come_in_the_order_in_which_they_end_and_not_of_the_array)
{
    gr_time begin = gr_now(self);
    gr_future *list[3] = {start(self, nap, .time = MS(20), .value = 2),
                          start(self, nap, .time = MS(150), .value = 3, .error = 77),
                          start(self, nap, .time = MS(10), .value = 1)};
    gr_completions *all = gr_as_completed(self, list, 3);
    CHECK_EQ(next_value(self, all), 1);
    CHECK_SINCE(begin, MS(10));
    CHECK_EQ(next_value(self, all), 2);
    CHECK_SINCE(begin, MS(20));
    CHECK_EQ(next_value(self, all), 77);
    CHECK_SINCE(begin, MS(150));
    no_more(self, all);
    for (int i = 0; i < 3; i++) gr_future_release(list[i]);
    return 0;
}

Tale(asyncio_completions, those_that_ended_before_anyone_asked_come_at_once_in_their_order)
{
    gr_future *list[2] = {start(self, nap, .time = MS(10), .value = 1),
                          start(self, nap, .time = MS(5), .value = 2)};
    gr_completions *all = gr_as_completed(self, list, 2);
    CHECK_EQ(gr_sleep(self, MS(50)), 0);
    gr_time begin = gr_now(self);
    CHECK_EQ(next_value(self, all), 2);
    CHECK_EQ(next_value(self, all), 1);
    CHECK_SINCE(begin, 0);
    no_more(self, all);
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

Tale(asyncio_completions, a_deadline_ends_one_wait_and_the_next_one_may_still_get_it)
{
    gr_time begin = gr_now(self);
    gr_future *list[2] = {start(self, nap, .time = MS(100), .value = 1),
                          start(self, nap, .time = MS(150), .value = 2)};
    gr_completions *all = gr_as_completed(self, list, 2);
    gr_future *f = NULL;
    CHECK_EQ(gr_next_done(self, all, &f, MS(120)), 0);
    CHECK(f == list[0]);
    CHECK_EQ(gr_next_done(self, all, &f, MS(20)), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(120));
    CHECK(!gr_future_done(list[1]));
    CHECK_EQ(next_value(self, all), 2);
    CHECK_SINCE(begin, MS(150));
    no_more(self, all);
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

Tale(asyncio_completions, one_limit_for_all_is_a_scope_around_the_waits)
{
    gr_time begin = gr_now(self);
    gr_future *list[2] = {start(self, nap, .time = MS(100), .value = 1),
                          start(self, nap, .time = MS(150), .value = 2)};
    gr_completions *all = gr_as_completed(self, list, 2);
    gr_scope *scope = gr_scope_open(self, MS(120));
    CHECK_EQ(next_value(self, all), 1);
    CHECK_SINCE(begin, MS(100));
    gr_future *f = NULL;
    CHECK_EQ(gr_next_done(self, all, &f, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    CHECK_SINCE(begin, MS(120));
    CHECK(f == NULL && !gr_future_done(list[1]));
    CHECK_EQ(gr_wait(self, list, 2, GR_WAIT_ALL, NULL, GR_FOREVER), 0); /* the late one goes on */
    CHECK_SINCE(begin, MS(150));
    expect_value(list[0], 1);
    expect_value(list[1], 2);
    gr_completions_release(all);
    return 0;
}

Tale(asyncio_completions, a_deadline_that_is_not_needed_costs_nothing)
{
    gr_time begin = gr_now(self);
    gr_future *one = start(self, nap, .time = MS(10), .value = 1), *f = NULL;
    gr_completions *all = gr_as_completed(self, &one, 1);
    CHECK_EQ(gr_next_done(self, all, &f, gr_seconds(1)), 0);
    CHECK(f == one);
    CHECK_SINCE(begin, MS(10));
    no_more(self, all);
    CHECK_SINCE(begin, MS(10));
    gr_future_release(one);
    return 0;
}

Tale(asyncio_completions, two_that_end_at_the_same_moment_are_both_given_once)
{
    gr_time begin = gr_now(self);
    gr_future *list[2] = {start(self, nap, .time = MS(50), .value = 1),
                          start(self, nap, .time = MS(50), .value = 2)};
    gr_completions *all = gr_as_completed(self, list, 2);
    CHECK_EQ(next_value(self, all) + next_value(self, all), 3);
    CHECK_SINCE(begin, MS(50));
    no_more(self, all);
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

Tale(asyncio_completions, a_future_that_is_there_twice_is_given_once)
{
    gr_future *list[3] = {start(self, nap, .time = MS(1), .value = 1), NULL,
                          start(self, nap, .time = MS(2), .value = 2)};
    list[1] = list[0];
    gr_completions *all = gr_as_completed(self, list, 3);
    gr_future *f = NULL;
    int ones = 0, twos = 0, error;
    while ((error = gr_next_done(self, all, &f, GR_FOREVER)) == 0) {
        ones += f == list[0];
        twos += f == list[2];
    }
    CHECK_EQ(error, GR_ENOTFOUND);
    CHECK_EQ(ones, 1);
    CHECK_EQ(twos, 1);
    gr_completions_release(all);
    gr_future_release(list[0]);
    gr_future_release(list[2]);
    return 0;
}

Tale(asyncio_completions, what_makes_no_sense_is_refused)
{
    gr_future *f = NULL;
    CHECK_EQ(gr_next_done(self, NULL, &f, GR_FOREVER), GR_EINVALID);
    gr_completions *none = gr_as_completed(self, NULL, 0);
    CHECK_EQ(gr_next_done(self, none, &f, -1), GR_EINVALID);
    CHECK_EQ(gr_next_done(self, none, &f, GR_FOREVER), GR_ENOTFOUND);
    gr_completions_release(none);
    gr_completions_release(NULL);
    return 0;
}
