/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of blocking work: its outcome, its errors, and what becomes of it when nobody waits any more. */
#include "base/atomic.h"
#include "tests/support/world/case.h"

#include <pthread.h>

static gri_atomic_u32 ran, gate;

static int quick(void *argument)
{
    gri_fetch_add(&ran, 1, GRI_RELAXED);
    return argument != NULL ? *(int *)argument : 0;
}

static int outcome(gr_actor *self, void *argument)
{
    int five = 5, error = GR_ELIMIT;
    gr_future *futures[3] = {gr_blocking(self, quick, NULL), gr_blocking(self, quick, &five),
                             gr_blocking(self, quick, &error)};
    CHECK_EQ(gr_await(self, futures[0], GR_FOREVER), 0);
    CHECK_EQ(gr_await(self, futures[1], GR_FOREVER), 5);
    CHECK_EQ(gr_await(self, futures[2], GR_FOREVER), GR_ELIMIT);
    CHECK_EQ(gr_future_error(futures[1]), 5);
    CHECK(gri_future_value(futures[0], &number_gr_type) == NULL);
    for (int i = 0; i < 3; i++) gr_future_release(futures[i]);
    return 0;
}

Case(job, what_the_work_returns_is_the_outcome)
{
    run_everywhere(outcome);
}

static pthread_t loop_thread;

static int elsewhere(void *argument)
{
    return pthread_equal(loop_thread, pthread_self()) ? 1 : 2;
}

static int on_a_thread(gr_actor *self, void *argument)
{
    loop_thread = pthread_self();
    for (int i = 0; i < 200; i++) {
        gr_future *future = gr_blocking(self, elsewhere, NULL);
        CHECK_EQ(gr_await(self, future, GR_FOREVER), 2);
        gr_future_release(future);
    }
    return 0;
}

Case(job, real_work_runs_on_another_thread)
{
    run_real(1, on_a_thread);
    run_real(2, on_a_thread);
}

static int calls(void *argument)
{
    struct number sum;
    gr_ref ref = *(gr_ref *)argument;
    CHECK_EQ(gr_send(NULL, ref, number, .value = 1), 0);
    return gr_call(NULL, ref, &sum, GR_FOREVER, get_sum) == 0 ? (int)sum.value : -1;
}

static int jobs_send(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 40);
    gr_future *future = gr_blocking(self, calls, &ref);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 41);
    return 0;
}

Case(job, work_may_send_and_call_as_a_plain_thread)
{
    run_real(1, jobs_send);
    run_real(2, jobs_send);
}

/* ---- nobody waits ---- */

static int waits_for_gate(void *argument)
{
    gri_fetch_add(&ran, 1, GRI_RELAXED);
    while (gri_load(&gate, GRI_ACQUIRE) == 0) {
        struct timespec pause = {.tv_nsec = 100000};
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int abandons_main(gr_actor *self, const struct gr_nothing *m)
{
    for (int i = 0; i < 20; i++) CHECK(gr_blocking(self, waits_for_gate, NULL) != NULL);
    while (gri_load(&ran, GRI_RELAXED) < 2)
        if (gr_sleep(self, gr_microseconds(100)) != 0) return 1;
    return 0;
}

GR_COROUTINE(abandons, gr_nothing, abandons_main);

static int cancelled(gr_actor *self, void *argument)
{
    uint64_t monitor = watch(self, gr_spawn(self, abandons));
    CHECK_EQ(wait_for(self, monitor), 0);
    gri_store(&gate, 1, GRI_RELEASE);
    for (int i = 0; i < 60000 && dead_letters(self, GR_DEAD_LATE_REPLY) < 2; i++)
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 2); /* two ran; their ends came late */
    CHECK_EQ(gri_load(&ran, GRI_RELAXED), 2);            /* the others never did */
    return 0;
}

Case(job, work_that_has_not_started_when_its_actor_ends_never_starts)
{
    CHECK_EQ(gr_run_with(cancelled, NULL, (.loops = 1, .blocking_threads = 2)), 0);
}

static int released(gr_actor *self, void *argument)
{
    gri_store(&ran, 0, GRI_RELAXED);
    for (int i = 0; i < 50; i++) gr_future_release(gr_blocking(self, quick, NULL));
    gr_future *last = gr_blocking(self, quick, NULL);
    CHECK_EQ(gr_await(self, last, GR_FOREVER), 0);
    CHECK(gri_load(&ran, GRI_RELAXED) >= 1 && gri_load(&ran, GRI_RELAXED) <= 51);
    return 0;
}

Case(job, futures_of_work_may_be_released_early)
{
    run_everywhere(released);
}

static int handler_start(gr_actor *self, gr_future **state, const struct gr_nothing *m)
{
    static int seven = 7;
    *state = gr_blocking(self, quick, &seven);
    return *state == NULL;
}

static void handler_get_sum(gr_actor *self, gr_future **state, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = gr_future_error(*state));
}

GR_ACTOR(asks_for_work, gr_future *, gr_nothing, handler_start, GR_ON(get_sum, handler_get_sum));

static int from_handlers(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, asks_for_work, (.loop = GR_SPREAD));
    struct number out = {0};
    for (int i = 0; i < 60000 && out.value != 7; i++) {
        CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_sum), 0);
        CHECK(out.value == 7 || out.value == GR_EBUSY);
        CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0);
    }
    CHECK_EQ(out.value, 7);
    return 0;
}

Case(job, handler_actors_may_ask_for_work_and_look_later)
{
    run_everywhere(from_handlers);
}

static int many(gr_actor *self, void *argument)
{
    static gr_future *futures[2000];
    static int results[2000];
    for (int i = 0; i < 2000; i++) {
        results[i] = i;
        futures[i] = gr_blocking(self, quick, &results[i]);
    }
    for (int i = 0; i < 2000; i++) CHECK_EQ(gr_await(self, futures[i], GR_FOREVER), i);
    return 0;
}

Case(job, two_thousand_jobs_each_have_their_own_outcome)
{
    run_seeds(2, 2, many);
    run_real(2, many);
}

static int too_many(gr_actor *self, void *argument)
{
    int full = 0;
    gri_store(&gate, 0, GRI_RELAXED);
    for (int i = 0; i < 65536 + 100; i++) {
        gr_future *future = gr_blocking(self, waits_for_gate, NULL);
        if (!CHECK(future != NULL)) break;
        full += gr_future_error(future) == GR_EFULL;
    }
    CHECK(full >= 90);
    gri_store(&gate, 1, GRI_RELEASE);
    return 0;
}

Case(job, g15_the_queue_of_work_is_bounded)
{
    CHECK_EQ(gr_run_with(too_many, NULL, (.loops = 1, .blocking_threads = 1)), 0);
}
