/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of Future, retold: the states of a future that is set by hand, and who may do what in each. */
#include "tests/unit/actors/asyncio/tale.h"

/* A done future takes nothing more: the promise is used up, and a cancel comes too late. */
static void refuses_everything(gr_actor *self, gr_future *f, gr_promise promise)
{
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 5), GR_ENOTFOUND);
    CHECK_EQ(gr_promise_fail(self, promise, GR_EFULL, "again"), GR_ENOTFOUND);
    CHECK_EQ(gr_future_cancel(self, f), GR_EBUSY);
}

Tale(asyncio_futures, a_promise_begins_pending_and_a_cancel_ends_it)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_state(f), GR_FUTURE_PENDING);
    CHECK(!gr_future_done(f));
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_future_state(f), GR_FUTURE_CANCELLED);
    CHECK(gr_future_done(f));
    gr_future_release(f);
    return 0;
}

Tale(asyncio_futures, a_cancelled_future_has_no_value_and_takes_none)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_future_error(f), GR_ECANCELLED);
    CHECK_EQ(gr_await(self, f, 0), GR_ECANCELLED);
    CHECK_EQ(value_of(f), -1);
    refuses_everything(self, f, promise);
    CHECK_EQ(gr_future_state(f), GR_FUTURE_CANCELLED);
    expect_error(f, GR_ECANCELLED);
    return 0;
}

Tale(asyncio_futures, a_value_stays_and_nothing_can_be_set_after_it)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_error(f), GR_EBUSY);
    CHECK_EQ(value_of(f), -1);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 42), 0);
    CHECK_EQ(gr_future_state(f), GR_FUTURE_FINISHED);
    CHECK_EQ(gr_await(self, f, 0), 0);
    refuses_everything(self, f, promise);
    expect_value(f, 42);
    return 0;
}

Tale(asyncio_futures, an_error_stays_with_its_text_and_nothing_can_be_set_after_it)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_error(f), GR_EBUSY);
    CHECK_EQ(gr_promise_fail(self, promise, 0, "no error"), GR_EINVALID); /* 0 is none */
    CHECK(!gr_future_done(f));
    CHECK_EQ(gr_promise_fail(self, promise, 77, "the pump is dry"), 0);
    CHECK_EQ(gr_future_state(f), GR_FUTURE_FINISHED);
    CHECK_EQ(gr_await(self, f, 0), 77);
    CHECK_TEXT(gr_future_text(f), "the pump is dry");
    refuses_everything(self, f, promise);
    CHECK_TEXT(gr_future_text(f), "the pump is dry");
    expect_error(f, 77);
    return 0;
}

Tale(asyncio_futures, an_error_without_a_text_has_that_of_the_table)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_promise_fail(self, promise, GR_EFULL, NULL), 0);
    CHECK_TEXT(gr_future_text(f), gr_error_text(GR_EFULL));
    expect_error(f, GR_EFULL);
    return 0;
}

static void fulfil_it(gr_actor *self, gr_future *future, void *context)
{
    CHECK_EQ(gr_fulfil(self, *(gr_promise *)context, number, .value = 42), 0);
}

Tale(asyncio_futures, a_future_may_be_awaited_more_than_once)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    gr_future *later = start(self, nap, .time = MS(10));
    CHECK_EQ(gr_future_on_done(self, later, fulfil_it, &promise), 0);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(10));
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0); /* does not wait again */
    CHECK_SINCE(begin, MS(10));
    expect_value(f, 42);
    gr_future_release(later);
    return 0;
}

/* ---- one future's outcome handed to another ---- */

static void copy(gr_actor *self, gr_future *from, void *context)
{
    gr_promise to = *(gr_promise *)context;
    int error = gr_future_error(from);
    if (error == 0)
        CHECK_EQ(gr_fulfil(self, to, number, .value = value_of(from)), 0);
    else
        CHECK_EQ(gr_promise_fail(self, to, error, gr_future_text(from)), 0);
}

Tale(asyncio_futures, a_callback_may_hand_any_outcome_on_to_another_promise)
{
    gr_promise from[3], to[3];
    gr_future *first[3], *second[3];
    for (int i = 0; i < 3; i++) {
        first[i] = gr_promise_create(self, number, &from[i]);
        second[i] = gr_promise_create(self, number, &to[i]);
        CHECK_EQ(gr_future_on_done(self, first[i], copy, &to[i]), 0);
    }
    CHECK_EQ(gr_fulfil(self, from[0], number, .value = 10), 0);
    CHECK_EQ(gr_promise_fail(self, from[1], 77, "dry"), 0);
    CHECK_EQ(gr_future_cancel(self, first[2]), 0);
    CHECK_EQ(gr_wait(self, second, 3, GR_WAIT_ALL, NULL, GR_FOREVER), 0);
    expect_value(second[0], 10);
    CHECK_TEXT(gr_future_text(second[1]), "dry");
    expect_error(second[1], 77);
    expect_error(second[2], GR_ECANCELLED);
    for (int i = 0; i < 3; i++) gr_future_release(first[i]);
    return 0;
}

/* ---- whose a future is ---- */

static gr_ref callback_ran_in;
static int callback_ran_on;

static void where(gr_actor *self, gr_future *future, void *context)
{
    callback_ran_in = gr_self(self);
    callback_ran_on = gr_loop_index(self);
}

Tale(asyncio_futures, a_future_belongs_to_the_actor_that_made_it_and_calls_back_there)
{
    int last = gr_system_loops(gr_actor_system(self)) - 1;
    gr_future *f = gr_start_with(self, nap, (.loop = GR_LOOP(last)), .time = MS(1));
    CHECK_EQ(gr_future_on_done(self, f, where, NULL), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK(gr_ref_equal(callback_ran_in, gr_self(self)));
    CHECK_EQ(callback_ran_on, gr_loop_index(self));
    gr_future_release(f);
    return 0;
}

static gr_future *lent; /* to an actor that it doesn't belong to */

/* Checks an error together with the sentence that tells it. */
#define CHECK_TELLS(call, error, text)                                                                       \
    do {                                                                                                     \
        CHECK_EQ(call, error);                                                                               \
        CHECK_TEXT(gr_last_error(self), text);                                                               \
    } while (0)

static int thief_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK_TELLS(gr_await(self, lent, GR_FOREVER), GR_ECONTEXT,
                "gr_await: the future belongs to somebody else");
    CHECK_TELLS(gr_wait_for(self, lent, GR_FOREVER), GR_ECONTEXT,
                "gr_wait_for: the future belongs to somebody else");
    CHECK_TELLS(gr_future_cancel(self, lent), GR_ECONTEXT,
                "gr_future_cancel: the future belongs to somebody else");
    CHECK_TELLS(gr_future_on_done(self, lent, say, "never"), GR_ECONTEXT,
                "gr_future_on_done: the future belongs to somebody else");
    CHECK_TELLS(gr_future_off_done(self, lent, say, "never"), GR_ECONTEXT,
                "gr_future_off_done: the future belongs to somebody else");
    return 0;
}

GR_TASK(thief, plan, number, thief_run);

/* One of several is its own. */
static int mixes_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_promise promise;
    gr_future *own = gr_promise_create(self, number, &promise), *list[2] = {own, lent};
    size_t done = 9;
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 1), 0); /* it would do for some of them */
    CHECK_TELLS(gr_wait(self, list, 2, GR_WAIT_FIRST, &done, GR_FOREVER), GR_ECONTEXT,
                "gr_wait: one of the futures belongs to somebody else");
    for (int flags = GR_GATHER_FIRST_ERROR; flags <= GR_GATHER_ALL; flags++)
        CHECK_TELLS(gr_gather(self, list, 2, flags, GR_FOREVER), GR_ECONTEXT,
                    "gr_gather: one of the futures belongs to somebody else");
    CHECK_TELLS(gr_race(self, list, 2, &done, GR_FOREVER), GR_ECONTEXT,
                "gr_race: one of the futures belongs to somebody else");
    CHECK_EQ(done, 2); /* none was the first */
    CHECK(gr_as_completed(self, list, 2) == NULL);
    CHECK_TEXT(gr_last_error(self), "gr_as_completed: a future belongs to somebody else");
    gr_future_release(own);
    return 0;
}

GR_TASK(mixes, plan, number, mixes_run);

static void stays_as_it_was(gr_actor *self, gr_future *task)
{
    CHECK_EQ(gr_await(self, task, GR_FOREVER), 0);
    gr_future_release(task);
    CHECK_EQ(gr_future_state(lent), GR_FUTURE_PENDING);
    gr_future_release(lent);
    CHECK_TEXT(notes(), "");
}

Tale(asyncio_futures, another_actors_future_can_be_neither_awaited_nor_cancelled)
{
    gr_promise promise;
    lent = gr_promise_create(self, number, &promise);
    stays_as_it_was(self, start(self, thief, .value = 1));
    return 0;
}

Tale(asyncio_futures, among_several_one_of_another_actor_is_refused)
{
    gr_promise promise;
    lent = gr_promise_create(self, number, &promise);
    stays_as_it_was(self, start(self, mixes, .value = 1));
    return 0;
}

static int itself_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    return gr_await(self, lent, GR_FOREVER);
}

GR_TASK(itself, plan, number, itself_run);

Tale(asyncio_futures, a_task_can_not_await_itself)
{
    lent = start(self, itself, .value = 1);
    CHECK_EQ(gr_await(self, lent, gr_seconds(10)), GR_ECONTEXT);
    CHECK_TEXT(gr_future_text(lent), "gr_await: the future belongs to somebody else"); /* to who started it */
    expect_error(lent, GR_ECONTEXT);
    return 0;
}

Tale(asyncio_futures, a_promise_that_was_never_made_can_not_be_set)
{
    gr_promise none = {0};
    CHECK_EQ(gr_fulfil(self, none, number, .value = 1), GR_ENOTFOUND);
    CHECK_EQ(gr_promise_fail(self, none, 1, NULL), GR_ENOTFOUND);
    gr_future *task = start(self, nap, .time = MS(1),
                            .value = 3); /* a task has no promise: it ends by itself */
    CHECK_EQ(gr_await(self, task, GR_FOREVER), 0);
    expect_value(task, 3);
    return 0;
}
