/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of waiting for futures: one, all, the first, with a deadline; exact in virtual time. */
#include "tests/unit/actors/tasks/tasks.h"

/* Four tasks that sleep 0 to 3 seconds. */
static void start_four(gr_actor *self, gr_future *tasks[4])
{
    for (int i = 0; i < 4; i++) tasks[i] = START(self, .value = i, .sleep = gr_seconds(i));
}

static void release_all(gr_future **futures, size_t count)
{
    for (size_t i = 0; i < count; i++) gr_future_release(futures[i]);
}

static int wait_all(gr_actor *self, void *argument)
{
    gr_future *tasks[4];
    size_t done;
    gr_time begin = gr_now(self);
    start_four(self, tasks);
    CHECK_EQ(gr_wait(self, tasks, 4, GR_WAIT_ALL, &done, GR_FOREVER), 0);
    CHECK_EQ(done, 4);
    CHECK_EQ(ms_since(self, begin), 3000);
    for (int i = 0; i < 4; i++) CHECK_EQ(gr_task_value(tasks[i], work)->value, i);
    CHECK_EQ(gr_wait(self, tasks, 4, GR_WAIT_ALL, &done, 0), 0); /* they are done */
    CHECK_EQ(done, 4);
    CHECK_EQ(gr_wait(self, tasks, 0, GR_WAIT_ALL, &done, GR_FOREVER), 0);
    CHECK_EQ(gr_wait(self, tasks, 4, (enum gr_wait_until)9, &done, GR_FOREVER), GR_EINVALID);
    CHECK_EQ(gr_wait(self, tasks, 4, GR_WAIT_ALL, NULL, -1), GR_EINVALID);
    release_all(tasks, 4);
    return 0;
}

Case(await, all_of_four_take_as_long_as_the_longest)
{
    run_seeds(1, 3, wait_all);
    run_seeds(2, 5, wait_all);
}

static int wait_then_cancel(gr_actor *self, void *argument)
{
    gr_future *tasks[4];
    size_t done;
    start_four(self, tasks);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_wait(self, tasks, 4, GR_WAIT_ALL, &done, gr_milliseconds(1500)), GR_ETIMEOUT);
    CHECK_EQ(ms_since(self, begin), 1500);
    CHECK_EQ(done, 2);
    for (int i = 2; i < 4; i++) CHECK_EQ(gr_future_cancel(self, tasks[i]), 0);
    CHECK_EQ(gr_wait(self, tasks, 4, GR_WAIT_ALL, &done, GR_FOREVER), 0);
    CHECK(ms_since(self, begin) < 1600);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(gr_future_state(tasks[i]), i < 2 ? GR_FUTURE_FINISHED : GR_FUTURE_CANCELLED);
    release_all(tasks, 4);
    return 0;
}

Case(await, at_a_timeout_some_are_done_and_the_others_can_be_cancelled)
{
    run_seeds(1, 3, wait_then_cancel);
    run_seeds(2, 5, wait_then_cancel);
}

static int wait_first(gr_actor *self, void *argument)
{
    size_t done;
    gr_time begin = gr_now(self);
    gr_future *tasks[] = {START(self, .value = 0, .sleep = gr_seconds(3)),
                          START(self, .value = 1, .sleep = gr_seconds(1)),
                          START(self, .value = 2, .sleep = gr_seconds(2), .error = GR_ELIMIT)};
    CHECK_EQ(gr_wait(self, tasks, 3, GR_WAIT_FIRST, &done, GR_FOREVER), 0);
    CHECK_EQ(ms_since(self, begin), 1000);
    CHECK_EQ(done, 1);
    CHECK(gr_future_done(tasks[1]) && !gr_future_done(tasks[0]) && !gr_future_done(tasks[2]));
    CHECK_EQ(gr_wait(self, tasks, 3, GR_WAIT_FIRST_ERROR, &done, GR_FOREVER), 0);
    CHECK_EQ(ms_since(self, begin), 2000);
    CHECK_EQ(done, 2);
    CHECK_EQ(gr_future_error(tasks[2]), GR_ELIMIT);
    CHECK_EQ(gr_wait(self, tasks, 1, GR_WAIT_FIRST_ERROR, &done, GR_FOREVER), 0); /* none fails */
    CHECK_EQ(ms_since(self, begin), 3000);
    release_all(tasks, 3);
    return 0;
}

Case(await, the_first_that_is_done_or_that_fails_ends_the_wait)
{
    run_seeds(1, 3, wait_first);
    run_seeds(2, 5, wait_first);
}

static int gathers(gr_actor *self, void *argument)
{
    gr_future *tasks[] = {START(self, .value = 0, .sleep = gr_seconds(3)), START(self, .value = 1),
                          START(self, .value = 2, .sleep = gr_seconds(1), .error = GR_EEXISTS),
                          START(self, .value = 3, .sleep = gr_seconds(2), .error = GR_ELIMIT)};
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_gather(self, tasks, 4, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_EEXISTS);
    CHECK_EQ(ms_since(self, begin), 1000);
    CHECK(!gr_future_done(tasks[0]));
    CHECK_EQ(gr_gather(self, tasks, 4, GR_GATHER_ALL, gr_milliseconds(500)), GR_ETIMEOUT);
    CHECK_EQ(gr_gather(self, tasks, 4, GR_GATHER_ALL, GR_FOREVER), 0);
    CHECK_EQ(ms_since(self, begin), 3000);
    CHECK_EQ(gr_task_value(tasks[0], work)->value, 0);
    CHECK_EQ(gr_task_value(tasks[1], work)->value, 1);
    CHECK_EQ(gr_future_error(tasks[2]), GR_EEXISTS);
    CHECK_EQ(gr_future_error(tasks[3]), GR_ELIMIT);
    CHECK_EQ(gr_gather(self, tasks, 4, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_EEXISTS); /* first in time */
    gr_future *turned[] = {tasks[3], tasks[2]};
    CHECK_EQ(gr_gather(self, turned, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_EEXISTS);
    gr_future *with_null[] = {tasks[1], NULL};
    CHECK_EQ(gr_gather(self, with_null, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_ENOMEM);
    gr_future *twice[] = {START(self, .value = 5, .sleep = 1), NULL};
    twice[1] = twice[0];
    CHECK_EQ(gr_gather(self, twice, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    release_all(tasks, 4);
    gr_future_release(twice[0]);
    return 0;
}

Case(await, gather_keeps_the_order_and_tells_the_first_error_or_all)
{
    run_seeds(1, 3, gathers);
    run_seeds(2, 5, gathers);
}

static int waits_for(gr_actor *self, void *argument)
{
    gr_future *quick = START(self, .value = 1, .sleep = gr_seconds(1));
    gr_future *slow = START(self, .value = 2, .sleep = -1, .notes = true, .cleans_up = true);
    CHECK_EQ(gr_wait_for(self, quick, gr_seconds(2)), 0);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_wait_for(self, slow, gr_seconds(2)), GR_ETIMEOUT);
    CHECK_EQ(ms_since(self, begin), 3000); /* with its second of cleaning up */
    CHECK_EQ(gr_future_state(slow), GR_FUTURE_CANCELLED);
    CHECK_TEXT(notes(), "2:begun 2:GR_ECANCELLED 2:clean 2:ended");
    gr_promise promise;
    gr_future *never = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_wait_for(self, never, gr_seconds(1)), GR_ETIMEOUT);
    CHECK_EQ(gr_future_state(never), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_wait_for(self, never, -1), GR_EINVALID);
    gr_future_release(quick);
    gr_future_release(slow);
    gr_future_release(never);
    return 0;
}

Case(await, at_its_deadline_wait_for_cancels_and_waits_until_the_task_has_cleaned_up)
{
    run_seeds(1, 3, waits_for);
    run_seeds(2, 5, waits_for);
}

static int outer_main(gr_actor *self, const struct gr_nothing *m, struct number *result)
{
    gr_future *inner = START(self, .value = 3, .sleep = -1, .notes = true, .cleans_up = true);
    int error = gr_wait_for(self, inner, GR_FOREVER);
    CHECK(gr_future_done(inner));
    return error;
}
GR_TASK(outer, gr_nothing, number, outer_main);

static int cancels_waits_for(gr_actor *self, void *argument)
{
    gr_future *task = gr_start(self, outer);
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
    CHECK_EQ(gr_future_cancel(self, task), 0);
    CHECK_EQ(take_number(self, task), GR_ECANCELLED);
    CHECK_TEXT(notes(), "3:begun 3:GR_ECANCELLED 3:clean 3:ended");
    return 0;
}

Case(await, a_cancelled_wait_for_cancels_what_it_waits_for)
{
    run_seeds(1, 3, cancels_waits_for);
    run_seeds(2, 5, cancels_waits_for);
}

static int races(gr_actor *self, void *argument)
{
    gr_future *tasks[] = {START(self, .value = 1, .sleep = gr_seconds(3), .notes = true),
                          START(self, .value = 2, .sleep = gr_seconds(1))};
    size_t first = 9;
    CHECK_EQ(gr_race(self, tasks, 2, &first, GR_FOREVER), 0);
    CHECK_EQ(first, 1);
    CHECK_EQ(gr_task_value(tasks[1], work)->value, 2);
    CHECK_EQ(gr_await(self, tasks[0], gr_milliseconds(100)), GR_ECANCELLED);
    CHECK_TEXT(notes(), "1:begun 1:GR_ECANCELLED 1:ended");
    gr_promise promise;
    gr_future *never = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_race(self, &never, 1, &first, gr_seconds(1)), GR_ETIMEOUT);
    CHECK_EQ(first, 1);
    CHECK_EQ(gr_future_state(never), GR_FUTURE_CANCELLED);
    first = 9;
    CHECK_EQ(gr_race(self, &never, 0, &first, gr_seconds(1)), GR_EINVALID);
    CHECK_EQ(first, 0);
    first = 9;
    CHECK_EQ(gr_race(self, tasks, 2, &first, -1), GR_EINVALID);
    CHECK_EQ(first, 2); /* none, whatever went wrong */
    release_all(tasks, 2);
    gr_future_release(never);
    return 0;
}

Case(await, the_first_wins_a_race_and_the_others_are_cancelled)
{
    run_seeds(1, 3, races);
    run_seeds(2, 5, races);
}

static int races_with_one_twice(gr_actor *self, void *argument)
{
    gr_future *slow = START(self, .sleep = -1, .cleans_up = true), *quick = START(self, .value = 3);
    gr_future *array[] = {slow, quick, slow, quick};
    size_t first;
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_race(self, array, 4, &first, GR_FOREVER), 0);
    CHECK_EQ(first, 1);
    CHECK_EQ(gr_await(self, slow, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(ms_since(self, begin), 1000); /* told twice, it would not have slept while it cleaned up */
    gr_future_release(slow);
    gr_future_release(quick);
    return 0;
}

Case(await, one_that_is_in_a_race_twice_is_cancelled_once)
{
    run_seeds(1, 3, races_with_one_twice);
    run_seeds(2, 200, races_with_one_twice);
}

/* ---- futures that callbacks release while they are waited for ---- */

static void release_it(gr_actor *self, gr_future *future, void *context)
{
    gr_future_release(context);
    (void)!gr_promise_create(self, number,
                             &(gr_promise){0}); /* takes the place of what was freed too early */
}

/* Two of a second and of three; when the quick one is done, the one of that index is released. */
static void start_two(gr_actor *self, gr_future *tasks[2], int released)
{
    tasks[0] = START(self, .value = 1, .sleep = gr_seconds(1));
    tasks[1] = START(self, .value = 2, .sleep = gr_seconds(3), .notes = true);
    CHECK_EQ(gr_future_on_done(self, tasks[0], release_it, tasks[released]), 0);
    notes_clear();
}

static int releases_what_is_waited_for(gr_actor *self, void *argument)
{
    gr_future *tasks[2];
    start_two(self, tasks, 1);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_wait_for(self, tasks[1], gr_seconds(2)), GR_ETIMEOUT);
    CHECK_EQ(ms_since(self, begin), 2000);
    CHECK_TEXT(notes(), "2:begun 2:GR_ECANCELLED 2:ended");
    gr_future_release(tasks[0]);
    start_two(self, tasks, 0);
    CHECK_EQ(gr_wait_for(self, tasks[0], gr_seconds(2)), 0);
    CHECK_EQ(gr_wait_for(self, tasks[1], gr_seconds(9)), 0);
    gr_future_release(tasks[1]);
    return 0;
}

static int releases_what_is_gathered(gr_actor *self, void *argument)
{
    gr_future *tasks[2];
    for (int released = 0; released < 2; released++) {
        start_two(self, tasks, released);
        CHECK_EQ(gr_gather(self, tasks, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
        CHECK_TEXT(notes(), "2:begun 2:ended");
        gr_future_release(tasks[!released]);
    }
    /* One that is done before the wait begins may be released in it too. */
    start_two(self, tasks, 0);
    gr_future *done = START(self, .value = 5, .error = GR_ELIMIT);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(500)), 0);
    CHECK_EQ(gr_future_error(done), GR_ELIMIT);
    CHECK_EQ(gr_future_on_done(self, tasks[0], release_it, done), 0);
    gr_future *three[] = {tasks[0], tasks[1], done};
    size_t count = 0;
    CHECK_EQ(gr_wait(self, three, 3, GR_WAIT_ALL, &count, GR_FOREVER), 0);
    CHECK_EQ(count, 3);
    gr_future_release(tasks[1]);
    return 0;
}

static int releases_in_a_race(gr_actor *self, void *argument)
{
    gr_future *tasks[2];
    size_t first = 9;
    start_two(self, tasks, 1); /* the loser: it goes on, as any task whose future is released */
    CHECK_EQ(gr_race(self, tasks, 2, &first, GR_FOREVER), 0);
    CHECK_EQ(first, 0);
    gr_future_release(tasks[0]);
    CHECK_EQ(gr_sleep(self, gr_seconds(5)), 0);
    CHECK_TEXT(notes(), "2:begun 2:ended");
    start_two(self, tasks, 0); /* the winner */
    CHECK_EQ(gr_race(self, tasks, 2, &first, GR_FOREVER), 0);
    CHECK_EQ(first, 0);
    CHECK_EQ(gr_await(self, tasks[1], GR_FOREVER), GR_ECANCELLED);
    gr_future_release(tasks[1]);
    return 0;
}

Case(await, what_a_callback_releases_during_the_wait_stays_until_it_is_over)
{
    static int (*const roots[])(gr_actor *, void *) = {releases_what_is_waited_for, releases_what_is_gathered,
                                                       releases_in_a_race};
    for (int i = 0; i < 3; i++) {
        run_seeds(1, 3, roots[i]);
        run_seeds(2, 20, roots[i]);
    }
}

static void nothing_to_do(gr_actor *self, gr_future *future, void *context)
{
}

static int no_memory_for_it(gr_actor *self, void *argument)
{
    gr_future *none = NULL;
    CHECK_EQ(gr_await(self, none, GR_FOREVER), GR_ENOMEM);
    CHECK_EQ(gr_await(self, none, -1), GR_EINVALID);
    CHECK_EQ(gr_wait_for(self, none, 1), GR_ENOMEM);
    CHECK_EQ(gr_future_cancel(self, none), GR_EBUSY); /* it is done */
    CHECK(gr_future_done(none));
    CHECK_EQ(gr_future_state(none), GR_FUTURE_FINISHED);
    CHECK_EQ(gr_future_error(none), GR_ENOMEM);
    CHECK_TEXT(gr_future_text(none), gr_error_text(GR_ENOMEM));
    CHECK(gr_task_value(none, work) == NULL && gr_future_as(none, number) == NULL);
    CHECK(gr_future_value(none, get_sum) == NULL);
    CHECK(gr_ref_is_null(gr_future_task(none)));
    CHECK_EQ(gr_future_on_done(self, none, nothing_to_do, NULL), GR_ENOMEM);
    CHECK_EQ(gr_future_off_done(self, none, nothing_to_do, NULL), 0);
    size_t done = 0;
    CHECK_EQ(gr_wait(self, &none, 1, GR_WAIT_ALL, &done, GR_FOREVER), 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(gr_gather(self, &none, 1, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_ENOMEM);
    CHECK_EQ(gr_race(self, &none, 1, NULL, GR_FOREVER), GR_ENOMEM);
    gr_future_release(none);
    return 0;
}

Case(await, a_future_that_there_was_no_memory_for_has_failed_for_every_reader)
{
    run_seeds(1, 1, no_memory_for_it);
}

/* ---- what is refused ---- */

static int no_array(gr_actor *self, void *argument)
{
    size_t done = 7;
    CHECK_EQ(gr_wait(self, NULL, 1, GR_WAIT_ALL, &done, GR_FOREVER), GR_EINVALID);
    CHECK_EQ(done, 0);
    CHECK_TEXT(gr_last_error(self), "gr_wait: there is no array of futures");
    CHECK_EQ(gr_gather(self, NULL, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), GR_EINVALID);
    CHECK_EQ(gr_gather(self, NULL, 2, GR_GATHER_ALL, 0), GR_EINVALID);
    CHECK_EQ(gr_race(self, NULL, 2, NULL, GR_FOREVER), GR_EINVALID);
    CHECK_EQ(gr_wait(self, NULL, 0, GR_WAIT_ALL, &done, GR_FOREVER), 0); /* all of none are done */
    CHECK_EQ(gr_gather(self, NULL, 0, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    CHECK_EQ(gr_wait(self, NULL, 0, GR_WAIT_FIRST, &done, GR_FOREVER), 0);
    CHECK_EQ(done, 0);
    CHECK_EQ(gr_race(self, NULL, 0, NULL, GR_FOREVER), GR_EINVALID);
    gr_future *foreign = gr_ask(NULL, gr_self(self), GR_FOREVER, get_sum);
    CHECK_EQ(gr_wait(self, &foreign, 1, GR_WAIT_ALL, &done, GR_FOREVER), GR_ECONTEXT);
    CHECK_TEXT(gr_last_error(self), "gr_wait: one of the futures belongs to somebody else");
    CHECK_EQ(gr_gather(self, &foreign, 1, GR_GATHER_ALL, 0), GR_ECONTEXT);
    CHECK_EQ(gr_wait(self, &foreign, 1, (enum gr_wait_until)9, &done, GR_FOREVER), GR_EINVALID);
    CHECK_TEXT(gr_last_error(self), "gr_wait: 9 is no way to wait: see enum gr_wait_until");
    gr_future_release(foreign);
    return 0;
}

Case(await, of_no_array_is_refused)
{
    run_seeds(1, 1, no_array);
}

struct trier {
    gr_future *future; /* pending */
};

static int trier_start(gr_actor *self, struct trier *trier, const struct gr_nothing *m)
{
    gr_promise promise;
    gr_future *future = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_wait(self, &future, 1, GR_WAIT_ALL, NULL, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_gather(self, &future, 1, GR_GATHER_ALL, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_race(self, &future, 1, NULL, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_wait_for(self, future, GR_FOREVER), GR_ECONTEXT);
    CHECK(gr_scope_open(self, GR_FOREVER) == NULL);
    CHECK_EQ(gr_scope_close(self, NULL), GR_ECONTEXT);
    gr_fulfil(self, promise, number, .value = 1);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0); /* that is no wait */
    return 5;
}

static void trier_ping(gr_actor *self, struct trier *trier, const struct ping *m)
{
}
GR_ACTOR(trier, struct trier, gr_nothing, trier_start, GR_ON(ping, trier_ping));

static int handlers_cannot(gr_actor *self, void *argument)
{
    CHECK_EQ(wait_down(self, gr_spawn(self, trier)), 5);
    return 0;
}

Case(await, a_handler_actor_is_told_that_it_cannot_wait)
{
    run_seeds(1, 1, handlers_cannot);
}

static int killed_main(gr_actor *self, const struct number *m, struct number *result)
{
    gr_future *tasks[] = {START(self, .sleep = -1), START(self, .sleep = -1)};
    gr_scope *scope = NULL;
    if (m->value == 2) {
        scope = gr_scope_open(self, GR_FOREVER);
        gr_future_release(gr_scope_start(self, scope, work, .sleep = -1));
    }
    int error = m->value == 0   ? gr_wait(self, tasks, 2, GR_WAIT_ALL, NULL, GR_FOREVER)
                : m->value == 1 ? gr_wait_for(self, tasks[0], GR_FOREVER)
                                : gr_scope_close(self, scope);
    note("%s", gr_error_name(error));
    return 0;
}
GR_TASK(killed, number, number, killed_main);

static int kills(gr_actor *self, void *argument)
{
    for (int i = 0; i < 3; i++) {
        gr_future *task = gr_start_with(self, killed, (.loop = far(self)), .value = i);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
        CHECK_EQ(gr_kill(self, gr_future_task(task)), 0);
        CHECK_EQ(take_number(self, task), GR_EKILLED);
    }
    CHECK_TEXT(notes(), "GR_EKILLED GR_EKILLED GR_EKILLED");
    return 0;
}

Case(await, a_kill_ends_every_wait)
{
    run_seeds(1, 3, kills);
    run_seeds(2, 5, kills);
}
