/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of add_done_callback and remove_done_callback, retold. */
#include "tests/unit/actors/asyncio/tale.h"

static const char *const names[] = {"42", "17", "100"};

/* A pending future with so many callbacks, called by `names`. */
static gr_future *with_callbacks(gr_actor *self, gr_promise *promise, int count)
{
    gr_future *f = gr_promise_create(self, number, promise);
    for (int i = 0; i < count; i++) CHECK_EQ(gr_future_on_done(self, f, say, (void *)names[i]), 0);
    return f;
}

/* Takes the callback of that name away; returns how many there were. */
static int take_away(gr_actor *self, gr_future *f, const char *name)
{
    return gr_future_off_done(self, f, say, (void *)name);
}

/* Sets the value, and checks which callbacks that brings. */
static void brings(gr_actor *self, gr_future *f, gr_promise promise, const char *wanted)
{
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_TEXT(notes(), ""); /* nothing before it is done */
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 9), 0);
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_TEXT(notes(), wanted);
    expect_value(f, 9);
}

Tale(asyncio_callbacks, they_run_in_order_once_a_value_is_set)
{
    gr_promise promise;
    gr_future *f = with_callbacks(self, &promise, 2);
    brings(self, f, promise, "42 17");
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_TEXT(notes(), "42 17"); /* once */
    return 0;
}

Tale(asyncio_callbacks, they_run_once_an_error_is_set)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_on_done(self, f, tell, "f"), 0);
    CHECK_EQ(gr_promise_fail(self, promise, 77, "dry"), 0);
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_TEXT(notes(), "f=77");
    expect_error(f, 77);
    return 0;
}

Tale(asyncio_callbacks, they_run_soon_and_not_inside_of_the_call_that_completes_or_adds)
{
    gr_promise promise;
    gr_future *f = with_callbacks(self, &promise, 1);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 1), 0);
    CHECK_TEXT(notes(), "");
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_TEXT(notes(), "42");
    CHECK_EQ(gr_future_on_done(self, f, say, "late"), 0);
    CHECK_TEXT(notes(), "42");
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_TEXT(notes(), "42 late");
    gr_future_release(f);
    return 0;
}

Tale(asyncio_callbacks, the_first_can_be_taken_away)
{
    gr_promise promise;
    gr_future *f = with_callbacks(self, &promise, 3);
    char alike[] = "42";
    CHECK_EQ(take_away(self, f, alike), 0); /* what counts is the pointer */
    CHECK_EQ(take_away(self, f, names[0]), 1);
    CHECK_EQ(take_away(self, f, names[0]), 0);
    brings(self, f, promise, "17 100");
    return 0;
}

Tale(asyncio_callbacks, the_first_and_the_second_can_be_taken_away)
{
    gr_promise promise;
    gr_future *f = with_callbacks(self, &promise, 3);
    CHECK_EQ(take_away(self, f, names[0]), 1);
    CHECK_EQ(take_away(self, f, names[1]), 1);
    CHECK_EQ(take_away(self, f, names[0]), 0);
    brings(self, f, promise, "100");
    return 0;
}

Tale(asyncio_callbacks, the_last_can_be_taken_away)
{
    gr_promise promise;
    gr_future *f = with_callbacks(self, &promise, 3);
    CHECK_EQ(take_away(self, f, names[2]), 1);
    CHECK_EQ(take_away(self, f, names[2]), 0);
    brings(self, f, promise, "42 17");
    return 0;
}

Tale(asyncio_callbacks, taking_away_takes_all_that_are_alike_and_says_how_many)
{
    gr_promise promise;
    gr_future *f = with_callbacks(self, &promise, 2);
    CHECK_EQ(take_away(self, f, names[1]), 1);
    CHECK_EQ(take_away(self, f, names[2]), 0); /* never had it */
    CHECK_EQ(gr_future_on_done(self, f, say, (void *)names[1]), 0);
    for (int i = 0; i < 5; i++) CHECK_EQ(gr_future_on_done(self, f, say, (void *)names[0]), 0);
    CHECK_EQ(take_away(self, f, names[0]), 6);
    brings(self, f, promise, "17");
    return 0;
}

static void take_the_others_away(gr_actor *self, gr_future *future, void *context)
{
    note("first");
    take_away(self, future, names[0]);
}

Tale(asyncio_callbacks, a_callback_may_take_those_behind_it_away)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_on_done(self, f, take_the_others_away, NULL), 0);
    for (int i = 0; i < 2; i++) CHECK_EQ(gr_future_on_done(self, f, say, (void *)names[0]), 0);
    CHECK_EQ(gr_future_on_done(self, f, say, (void *)names[1]), 0);
    brings(self, f, promise, "first 17");
    return 0;
}

static void add_one_more(gr_actor *self, gr_future *future, void *context)
{
    note("first");
    CHECK_EQ(gr_future_on_done(self, future, say, (void *)names[2]), 0);
}

Tale(asyncio_callbacks, a_callback_may_add_another)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_on_done(self, f, add_one_more, NULL), 0);
    CHECK_EQ(gr_future_on_done(self, f, say, (void *)names[0]), 0);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 9), 0);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_TEXT(notes(), "first 42 100");
    gr_future_release(f);
    return 0;
}
