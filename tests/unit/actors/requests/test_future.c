/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of futures: their states, texts and cancelling, whatever they are about. */
#include "tests/support/world/log.h"
#include "tests/unit/actors/tasks/tasks.h"
#include "tests/unit/base/child.h"

#include <stdatomic.h>

static int states(gr_actor *self, void *argument)
{
    gr_ref server_ref = gr_spawn_with(self, server, (.loop = far(self)), .value = 7);
    gr_future *value = gr_ask(self, server_ref, gr_seconds(5), get_sum);
    gr_future *failed = gr_ask(self, server_ref, gr_seconds(5), fail_with, .error = GR_ELIMIT);
    CHECK_EQ(gr_future_state(value), GR_FUTURE_PENDING);
    CHECK_TEXT(gr_future_state_name(gr_future_state(value)), "pending");
    CHECK_TEXT(gr_future_text(value), "no outcome yet");
    CHECK_EQ(gr_await(self, value, GR_FOREVER), 0);
    CHECK_EQ(gr_await(self, failed, GR_FOREVER), GR_ELIMIT);
    CHECK_EQ(gr_future_state(value), GR_FUTURE_FINISHED);
    CHECK_EQ(gr_future_state(failed), GR_FUTURE_FINISHED);
    CHECK_EQ(gr_future_as(value, number)->value, 7);
    CHECK(gr_future_as(value, words) == NULL);
    CHECK_TEXT(gr_future_text(value), gr_error_text(0));
    CHECK_TEXT(gr_future_text(failed), gr_error_text(GR_ELIMIT));
    CHECK_EQ(gr_future_cancel(self, value), GR_EBUSY);
    CHECK_EQ(gr_future_cancel(self, NULL), GR_EBUSY);
    CHECK_EQ(gr_future_cancel(NULL, value), GR_ECONTEXT);
    gr_future_release(value);
    gr_future_release(failed);
    gr_future_release(NULL);
    return 0;
}

Case(future, goes_from_pending_to_finished_with_a_value_or_an_error)
{
    run_everywhere(states);
}

Case(future, each_state_has_a_name)
{
    CHECK_TEXT(gr_future_state_name(GR_FUTURE_PENDING), "pending");
    CHECK_TEXT(gr_future_state_name(GR_FUTURE_RUNNING), "running");
    CHECK_TEXT(gr_future_state_name(GR_FUTURE_CANCELLED), "cancelled");
    CHECK_TEXT(gr_future_state_name(GR_FUTURE_FINISHED), "finished");
    CHECK_TEXT(gr_future_state_name((enum gr_future_state)4), "unknown");
    CHECK_TEXT(gr_future_state_name((enum gr_future_state) - 1), "unknown");
}

static int cancel_request(gr_actor *self, void *argument)
{
    gr_ref server_ref = gr_spawn_with(self, server, (.loop = far(self)), .value = 7);
    gr_future *future = gr_ask(self, server_ref, gr_seconds(5), get_words, .value = 1);
    CHECK_EQ(gr_future_cancel(self, future), 0);
    CHECK_EQ(gr_future_state(future), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_await(self, future, 0), GR_ECANCELLED);
    CHECK_EQ(gr_future_cancel(self, future), GR_EBUSY);
    struct number out;
    CHECK_EQ(gr_call(self, server_ref, &out, gr_seconds(5), get_sum), 0); /* the other answer came before */
    CHECK_EQ(gr_future_error(future), GR_ECANCELLED);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 1);
    gr_future_release(future);
    return 0;
}

Case(future, g9_a_cancelled_request_ends_at_once_and_its_answer_is_late)
{
    run_everywhere(cancel_request);
}

static atomic_int jobs_run;

static int run_job(void *argument)
{
    atomic_fetch_add(&jobs_run, 1);
    return 0;
}

static int cancel_job(gr_actor *self, void *argument)
{
    for (int i = 0; i < 20; i++) {
        gr_future *future = gr_blocking(self, run_job, NULL);
        CHECK_EQ(gr_future_cancel(self, future), 0);
        CHECK_EQ(gr_future_state(future), GR_FUTURE_CANCELLED);
        gr_future_release(future);
        gr_future *other = gr_blocking(self, run_job, NULL);
        CHECK_EQ(gr_await(self, other, GR_FOREVER), 0);
        gr_future_release(other);
    }
    CHECK(atomic_load(&jobs_run) >= 20);
    return 0;
}

Case(future, cancelled_blocking_work_ends_at_once)
{
    run_everywhere(cancel_job);
}

static int owner_elsewhere(gr_actor *self, const struct number *m)
{
    return 0;
}
GR_COROUTINE(owner_elsewhere, number, owner_elsewhere);

static gr_future *others;

static int takes_others(gr_actor *self, const struct gr_nothing *m)
{
    CHECK_EQ(gr_future_cancel(self, others), GR_ECONTEXT);
    CHECK_EQ(gr_wait(self, &others, 1, GR_WAIT_ALL, NULL, 0), GR_ECONTEXT);
    CHECK(gr_as_completed(self, &others, 1) == NULL);
    CHECK_EQ(gr_future_on_done(self, others, NULL, NULL), GR_ECONTEXT);
    gr_promise promise;
    gr_future *own = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_on_done(self, own, NULL, NULL), GR_EINVALID);
    CHECK_EQ(gr_gather(self, &own, 1, 7, 0), GR_EINVALID);
    return 0;
}
GR_COROUTINE(takes_others, gr_nothing, takes_others);

static int ownership(gr_actor *self, void *argument)
{
    gr_promise promise;
    others = gr_promise_create(self, number, &promise);
    CHECK_EQ(wait_down(self, gr_spawn(self, takes_others)), 0);
    CHECK(!gr_future_done(others));
    CHECK(gr_spawn(self, owner_elsewhere).generation != 0);
    return 0;
}

Case(future, is_its_owners_alone)
{
    run_seeds(1, 2, ownership);
}

/* ---- failures that nobody looks at ---- */

static int unread(gr_actor *self, void *argument)
{
    gr_ref server_ref = gr_spawn(self, server, .value = 7);
    gr_future *read = gr_ask(self, server_ref, GR_FOREVER, fail_with, .error = GR_ELIMIT);
    gr_future *dropped = START(self, .value = 3, .error = GR_EEXISTS);
    gr_future *cancelled = gr_ask(self, server_ref, GR_FOREVER, get_sum);
    gr_future *left = gr_ask(self, server_ref, GR_FOREVER, unknown_request);
    CHECK_EQ(gr_future_cancel(self, cancelled), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(10)), 0);
    CHECK_EQ(gr_future_error(read), GR_ELIMIT);
    CHECK(gr_future_done(dropped)); /* that is no look at it */
    gr_future_release(read);
    gr_future_release(dropped);
    gr_future_release(cancelled);
    CHECK(left != NULL); /* until the end */
    return 0;
}

static void unread_program(void *argument)
{
    int code = gr_run_with(unread, NULL, (.loops = 1, .seed = 1));
    _exit(failures() ? 99 : code);
}

Case(future, a_failure_that_nobody_looked_at_is_logged_when_it_is_released)
{
    static struct child child;
    child_run(&child, unread_program, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0, "status %d: %s", child.status,
              child.output);
    CHECK_EQ(occurrences(child.output, "never looked at"), 2);
    CHECK_EQ(occurrences(child.output, "task work, error -15 (GR_EEXISTS): job 3 failed"), 1);
    CHECK_EQ(occurrences(child.output, "error -9 (GR_EUNHANDLED): the receiver has no handler"), 1);
    CHECK_EQ(occurrences(child.output, "a request to "), 1);
}

static int fails_by_itself(void *argument)
{
    return 42;
}

static int unread_others(gr_actor *self, void *argument)
{
    gr_promise promise;
    gr_future *job = gr_blocking(self, fails_by_itself, NULL);
    gr_future *kept = gr_promise_create(self, number, &promise);
    gr_future *loopless = gr_start_with(self, work, (.loop = GR_LOOP(9)), .value = 1);
    CHECK_EQ(gr_promise_fail(self, promise, GR_ELIMIT, NULL), 0);
    while (!gr_future_done(job)) CHECK_EQ(gr_sleep(self, gr_milliseconds(10)), 0);
    gr_future_release(job);
    gr_future_release(kept);
    gr_future_release(loopless);
    return 0;
}

static void unread_others_program(void *argument)
{
    int code = gr_run_with(unread_others, NULL, (.loops = 1, .seed = 1));
    _exit(failures() ? 99 : code);
}

Case(future, an_unread_failure_is_told_with_what_it_was_of)
{
    static struct child child;
    child_run(&child, unread_others_program, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0, "status %d: %s", child.status,
              child.output);
    CHECK_EQ(occurrences(child.output, "never looked at: "), 3);
    CHECK_EQ(occurrences(child.output, "blocking work, error 42 (its own): ended with a reason of its own"),
             1);
    CHECK_EQ(occurrences(child.output, "a promise, error -17 (GR_ELIMIT): "), 1);
    CHECK_EQ(occurrences(child.output, "task work, error -2 (GR_EINVALID): "), 1);
}

/* ---- failures that nobody could look at ---- */

static int forgets(gr_actor *self, void *argument)
{
    gr_future_release(START(self, .value = 1, .sleep = gr_milliseconds(1), .error = GR_EEXISTS));
    gr_future_release(gr_start(self, work, .value = 2, .sleep = gr_milliseconds(1), .error = 55));
    gr_future_release(START(self, .value = 3, .sleep = gr_milliseconds(1)));
    gr_future *cancelled = START(self, .value = 4, .sleep = gr_milliseconds(5));
    CHECK_EQ(gr_future_cancel(self, cancelled), 0);
    gr_future_release(cancelled);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(10)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 4);
    gr_future_release(START(self, .value = 5, .sleep = -1)); /* until the stop */
    gr_ref server_ref = gr_spawn(self, server, .value = 1);
    gr_future_release(gr_ask(self, server_ref, GR_FOREVER, fail_with, .error = 5)); /* that is no task */
    return gr_sleep(self, gr_milliseconds(10));
}

static void forgets_program(void *argument)
{
    int code = gr_run_with(forgets, NULL, (.loops = 2, .seed = 1));
    _exit(failures() ? 99 : code);
}

Case(future, a_task_whose_future_was_released_is_logged_when_it_fails)
{
    static struct child child;
    child_run(&child, forgets_program, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0, "status %d: %s", child.status,
              child.output);
    CHECK_EQ(occurrences(child.output, "had been released"), 2);
    CHECK_EQ(occurrences(child.output, "task work failed, and its future had been released: error -15 "
                                       "(GR_EEXISTS): job 1 failed"),
             1);
    CHECK_EQ(occurrences(child.output, "released: error 55 (its own): job 2 failed"), 1);
}

static void thread_program(void *argument)
{
    gr_system *system;
    const gr_ref nobody = {0, 0, 0};
    CHECK_EQ(gr_system_create(&system, .loops = 1, .seed = 1), 0);
    gr_future *unread = gr_system_start(system, work, (), .value = 1, .error = GR_EEXISTS);
    gr_future *forgotten = gr_system_start(system, work, (), .value = 2, .sleep = 1, .error = GR_EEXISTS);
    gr_future *read = gr_system_start(system, work, (), .value = 3, .sleep = 5, .error = GR_ELIMIT);
    gr_future *asked = gr_ask(NULL, nobody, GR_FOREVER, get_sum);
    gr_future_release(forgotten);
    CHECK_EQ(gr_system_run_until(system, read), GR_ELIMIT);
    CHECK(gr_future_done(asked));
    gr_future_release(unread);
    gr_future_release(read);
    gr_future_release(asked);
    gr_system_destroy(system);
    _exit(failures() ? 99 : 0);
}

Case(future, a_plain_threads_failure_that_nobody_looked_at_is_logged_too)
{
    static struct child child;
    child_run(&child, thread_program, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0, "status %d: %s", child.status,
              child.output);
    CHECK_EQ(occurrences(child.output, "a plain thread dropped a failure that it never looked at: "), 2);
    CHECK_EQ(occurrences(child.output, "task work, error -15 (GR_EEXISTS): job 1 failed"), 1);
    CHECK_EQ(occurrences(child.output, "a request to 0:0:0, error -3 (GR_ESTALE)"), 1);
    CHECK_EQ(occurrences(child.output, "released: error -15 (GR_EEXISTS): job 2 failed"), 1);
}
