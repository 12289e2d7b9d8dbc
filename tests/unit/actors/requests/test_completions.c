/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of futures in the order in which they are done. */
#include "tests/unit/actors/tasks/tasks.h"

static int in_order(gr_actor *self, void *argument)
{
    static const int sleeps[] = {3, 1, 4, 2, 5};
    gr_future *tasks[5];
    for (int i = 0; i < 5; i++) tasks[i] = START(self, .value = sleeps[i], .sleep = gr_seconds(sleeps[i]));
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(2500)), 0); /* two are done before it begins */
    gr_completions *completions = gr_as_completed(self, tasks, 5);
    gr_future *future;
    for (int i = 1; i <= 5; i++) {
        CHECK_EQ(gr_next_done(self, completions, &future, GR_FOREVER), 0);
        CHECK_EQ(gr_task_value(future, work)->value, i);
        CHECK_EQ(ms_since(self, begin), i <= 2 ? 2500 : 1000 * i);
    }
    CHECK_EQ(gr_next_done(self, completions, &future, GR_FOREVER), GR_ENOTFOUND);
    CHECK(future == NULL);
    gr_completions_release(completions);
    gr_completions_release(NULL);
    for (int i = 0; i < 5; i++) gr_future_release(tasks[i]);
    return 0;
}

Case(completions, come_in_the_order_of_their_ends_not_of_their_starts)
{
    run_seeds(1, 3, in_order);
    run_seeds(2, 5, in_order);
}

static int released_meanwhile(gr_actor *self, void *argument)
{
    gr_future *tasks[] = {START(self, .value = 0), START(self, .value = 1, .sleep = gr_seconds(1)),
                          START(self, .value = 2, .sleep = gr_seconds(2)), NULL};
    gr_completions *completions = gr_as_completed(self, tasks, 4);
    gr_completions *same = gr_as_completed(self, tasks, 3);
    gr_future *future;
    CHECK_EQ(gr_next_done(self, completions, &future, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_next_done(self, completions, &future, gr_milliseconds(1500)), 0);
    CHECK(future == tasks[0]);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1200)), 0);
    gr_future_release(tasks[1]); /* done, but not taken */
    CHECK_EQ(gr_next_done(self, completions, &future, gr_milliseconds(100)), GR_ETIMEOUT);
    gr_future_release(tasks[2]); /* pending */
    CHECK_EQ(gr_next_done(self, completions, &future, GR_FOREVER), GR_ENOTFOUND);
    CHECK_EQ(gr_next_done(self, same, &future, -1), GR_EINVALID);
    CHECK_EQ(gr_next_done(self, same, &future, GR_FOREVER), 0);
    CHECK(future == tasks[0]);
    gr_completions_release(completions);
    CHECK(same != NULL); /* it ends with the actor */
    return 0;
}

Case(completions, pass_over_what_is_released_before)
{
    run_seeds(1, 3, released_meanwhile);
    run_seeds(2, 5, released_meanwhile);
}

static void release_completions(gr_actor *self, gr_future *future, void *context)
{
    gr_completions **completions = context;
    gr_completions_release(*completions);
    *completions = gr_as_completed(self, &future, 1); /* takes the place of what was freed too early */
}

static int released_in_its_wait(gr_actor *self, void *argument)
{
    gr_future *future, *tasks[3];
    for (int i = 0; i < 3; i++) tasks[i] = START(self, .value = i, .sleep = gr_seconds(1 + i));
    gr_promise promise;
    gr_future *signal = gr_promise_create(self, number, &promise);
    gr_completions *completions = gr_as_completed(self, tasks, 3);
    /* The first future's own callback releases it; that one is done, but nothing is given any more. */
    CHECK_EQ(gr_future_on_done(self, tasks[0], release_completions, &completions), 0);
    CHECK_EQ(gr_next_done(self, completions, &future, gr_seconds(10)), GR_ENOTFOUND);
    CHECK(future == NULL);
    CHECK_TEXT(gr_last_error(self), "gr_next_done: a callback released what it takes from");
    CHECK_EQ(gr_next_done(self, completions, &future, 0), 0); /* the new one */
    CHECK(future == tasks[0]);
    gr_completions_release(completions);
    /* That of another one, which is due when the wait begins. */
    completions = gr_as_completed(self, tasks + 1, 2);
    CHECK_EQ(gr_future_on_done(self, signal, release_completions, &completions), 0);
    gr_fulfil(self, promise, number, .value = 1);
    CHECK_EQ(gr_next_done(self, completions, &future, gr_seconds(10)), GR_ENOTFOUND);
    CHECK(future == NULL);
    gr_completions_release(completions);
    gr_future_release(signal);
    for (int i = 0; i < 3; i++) gr_future_release(tasks[i]);
    return 0;
}

Case(completions, may_be_released_by_a_callback_while_their_owner_waits_for_the_next)
{
    run_seeds(1, 3, released_in_its_wait);
    run_seeds(2, 20, released_in_its_wait);
}

static int twice(gr_actor *self, void *argument)
{
    gr_future *done = START(self, .value = 1), *pending = START(self, .value = 2, .sleep = gr_seconds(1));
    CHECK_EQ(gr_sleep(self, gr_milliseconds(10)), 0);
    gr_future *array[] = {pending, done, NULL, done, pending, done};
    gr_completions *first = gr_as_completed(self, array, 6);
    gr_completions *other = gr_as_completed(self, array, 6); /* its own: both are given here too */
    gr_future *future;
    CHECK_EQ(gr_next_done(self, first, &future, GR_FOREVER), 0);
    CHECK(future == done);
    CHECK_EQ(gr_next_done(self, first, &future, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_next_done(self, first, &future, GR_FOREVER), 0);
    CHECK(future == pending);
    CHECK_EQ(gr_next_done(self, first, &future, GR_FOREVER), GR_ENOTFOUND);
    gr_future_release(done);
    CHECK_EQ(gr_next_done(self, other, &future, GR_FOREVER), 0);
    CHECK(future == pending);
    CHECK_EQ(gr_next_done(self, other, &future, GR_FOREVER), GR_ENOTFOUND);
    gr_completions_release(first);
    gr_completions_release(other);
    gr_future_release(pending);
    return 0;
}

Case(completions, give_a_future_once_that_is_in_the_array_twice)
{
    run_seeds(1, 3, twice);
    run_seeds(2, 5, twice);
}

static int nothing_to_take(gr_actor *self, void *argument)
{
    gr_future *future = NULL;
    CHECK(gr_as_completed(self, NULL, 1) == NULL);
    CHECK_TEXT(gr_last_error(self), "gr_as_completed: there is no array of futures");
    gr_completions *none = gr_as_completed(self, NULL, 0);
    CHECK_EQ(gr_next_done(self, none, &future, GR_FOREVER), GR_ENOTFOUND);
    CHECK_EQ(gr_next_done(self, NULL, &future, GR_FOREVER), GR_EINVALID);
    gr_completions_release(none);
    return 0;
}

Case(completions, of_no_array_are_refused)
{
    run_seeds(1, 1, nothing_to_take);
}

Case(completions, without_an_actor_there_are_none)
{
    gr_future *none[1] = {NULL};
    CHECK(gr_as_completed(NULL, none, 1) == NULL);
    CHECK_TEXT(gr_last_error(NULL), "gr_as_completed: only an actor can wait for several futures");
    CHECK(gr_as_completed(NULL, NULL, 0) == NULL);
}
