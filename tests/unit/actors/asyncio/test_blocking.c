/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of wrap_future, retold: futures of work that plain threads do. */
#include "base/atomic.h"
#include "base/platform.h"
#include "tests/unit/actors/asyncio/tale.h"

#include <pthread.h>
#include <sched.h>

static pthread_t worked_on; /* the thread of `work` */

static int work(void *argument)
{
    worked_on = pthread_self();
    *(int *)argument += 1;
    return *(int *)argument;
}

static int own_thread(gr_actor *self, void *argument)
{
    int counter = 41;
    gr_future *f = gr_blocking(self, work, &counter);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 42);
    CHECK_EQ(counter, 42);
    CHECK(!pthread_equal(worked_on, pthread_self()));
    gr_future_release(f);
    return 0;
}

Case(asyncio_blocking, blocking_work_runs_on_another_thread_and_its_outcome_comes_back)
{
    run_real(1, own_thread);
    run_real(2, own_thread);
}

static pthread_t called_on;

static void where(gr_actor *self, gr_future *future, void *context)
{
    called_on = pthread_self();
    tell(self, future, context);
}

static int called_back(gr_actor *self, void *argument)
{
    int counter = 41;
    pthread_t here = pthread_self();
    gr_future *f = gr_blocking(self, work, &counter);
    CHECK_EQ(gr_future_on_done(self, f, where, "work"), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 42);
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_TEXT(notes(), "work=42");
    CHECK(pthread_equal(called_on, here));
    gr_future_release(f);
    return 0;
}

Case(asyncio_blocking, the_callback_of_blocking_work_runs_on_the_loop_of_who_asked)
{
    run_real(1, called_back);
    run_real(2, called_back);
    run_seeds(2, 4, called_back);
}

/* ---- cancelling ---- */

static gri_atomic_u32 gate_open, began;

static int wait_at_the_gate(void *argument)
{
    gri_fetch_add(&began, 1, GRI_RELAXED);
    while (gri_load(&gate_open, GRI_ACQUIRE) == 0) sched_yield();
    return 42;
}

static int cancel_queued(gr_actor *self, void *argument)
{
    int counter = 0;
    gr_future *first = gr_blocking(self, wait_at_the_gate, NULL);
    gr_future *second = gr_blocking(self, work, &counter);
    gr_future *third = gr_blocking(self, wait_at_the_gate, NULL);
    CHECK_EQ(gr_future_cancel(self, second), 0);
    CHECK_EQ(gr_future_state(second), GR_FUTURE_CANCELLED); /* at once */
    gri_store(&gate_open, 1, GRI_RELEASE);
    CHECK_EQ(gr_await(self, third, GR_FOREVER), 42); /* the one thread has passed the second by now */
    CHECK_EQ(gr_await(self, first, GR_FOREVER), 42);
    CHECK_EQ(counter, 0);
    gr_future_release(first);
    expect_error(second, GR_ECANCELLED);
    gr_future_release(third);
    return 0;
}

Case(asyncio_blocking, cancelled_work_that_has_not_begun_never_does)
{
    cr_assert_eq(gr_run_with(cancel_queued, NULL, (.loops = 1, .blocking_threads = 1)), 0);
}

static uint64_t late_replies(gr_actor *self)
{
    struct gr_system_counts counts;
    gr_system_count(gr_actor_system(self), &counts);
    return counts.dead_letters[GR_DEAD_LATE_REPLY];
}

static int cancel_running(gr_actor *self, void *argument)
{
    gr_future *f = gr_blocking(self, wait_at_the_gate, NULL);
    while (gri_load(&began, GRI_RELAXED) == 0) CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_future_state(f), GR_FUTURE_CANCELLED);
    gri_store(&gate_open, 1, GRI_RELEASE);
    while (late_replies(self) == 0) /* so the outcome has come, and was dropped */
        if (!CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0)) break;
    expect_error(f, GR_ECANCELLED); /* what came later changed nothing */
    return 0;
}

Case(asyncio_blocking, cancelled_work_that_has_begun_ends_by_itself_and_its_outcome_is_dropped)
{
    cr_assert_eq(gr_run_with(cancel_running, NULL, (.loops = 1)), 0);
}
