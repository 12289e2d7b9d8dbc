/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tasks that plain threads start, and of futures that they wait for. */
#include "tests/unit/actors/tasks/tasks.h"

#include <pthread.h>
#include <unistd.h>

static void *runs(void *system)
{
    CHECK_EQ(gr_system_run(system), 0);
    return NULL;
}

static void outcomes(gr_system *system)
{
    gr_future *good = gr_system_start(system, work, (.loop = GR_SPREAD), .value = 4,
                                      .sleep = gr_milliseconds(20));
    gr_future *bad = gr_system_start(system, work, (), .value = 5, .error = GR_ELIMIT);
    gr_future *slow = gr_system_start(system, work, (), .sleep = -1);
    CHECK_EQ(gr_future_state(slow), GR_FUTURE_PENDING);
    CHECK_EQ(gr_await(NULL, slow, gr_milliseconds(1)), GR_ETIMEOUT); /* leaves it pending */
    CHECK_EQ(gr_await(NULL, good, gr_seconds(60)), 0);
    CHECK_EQ(gr_task_value(good, work)->value, 4);
    CHECK_EQ(gr_await(NULL, bad, gr_seconds(60)), GR_ELIMIT);
    CHECK_TEXT(gr_future_text(bad), "job 5 failed");
    CHECK(gr_task_value(bad, work) == NULL);
    CHECK(!gr_ref_is_null(gr_future_task(slow)));
    CHECK_EQ(gr_future_cancel(NULL, slow), 0);
    CHECK_EQ(gr_await(NULL, slow, gr_seconds(60)), GR_ECANCELLED);
    CHECK_EQ(gr_future_state(slow), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_future_cancel(NULL, slow), GR_EBUSY);
    gr_future_release(good);
    gr_future_release(bad);
    gr_future_release(slow);
    gr_future_release(gr_system_start(system, speak, (), .value = 1)); /* its result is dropped */
    gr_future *unseen = gr_system_start(system, work, (), .value = 1);
    for (int i = 0; i < 60000 && !gr_ref_is_null(gr_future_task(unseen)); i++) usleep(1000);
    CHECK(gr_ref_is_null(gr_future_task(unseen))); /* it has ended, though nobody has looked */
    gr_future_release(unseen);
    gr_future *none = gr_system_start(system, work, (.loop = 99), .value = 1);
    CHECK_EQ(gr_await(NULL, none, 0), GR_EINVALID);
    gr_future_release(none);
    none = gr_system_start(NULL, work, (), .value = 1);
    CHECK_EQ(gr_await(NULL, none, 0), GR_EINVALID);
    gr_future_release(none);
}

static void requests(gr_system *system)
{
    gr_ref ref = gr_system_spawn(system, sleeper, (), .value = gr_seconds(3600));
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_future_cancel(NULL, future), 0);
    CHECK_EQ(gr_future_state(future), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_await(NULL, future, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_future_cancel(NULL, future), GR_EBUSY);
    gr_future_release(future);
}

Case(outside, g8_a_plain_thread_starts_tasks_waits_for_them_and_cancels_them)
{
    gr_system *system;
    pthread_t thread;
    CHECK_EQ(gr_system_create(&system, .loops = 2), 0);
    CHECK_EQ(pthread_create(&thread, NULL, runs, system), 0);
    outcomes(system);
    requests(system);
    gr_future *left = gr_system_start(system, work, (), .sleep = -1);
    CHECK_EQ(gr_system_stop(system, gr_seconds(10), NULL, 0, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(gr_await(NULL, left, gr_seconds(1)), GR_ESTOPPED); /* it was told to stop */
    gr_future *late = gr_system_start(system, work, (), .value = 1);
    gr_system_destroy(system); /* it would have begun in another run */
    CHECK_EQ(gr_await(NULL, late, 0), GR_ESTOPPED);
    gr_future_release(left);
    gr_future_release(late);
}
