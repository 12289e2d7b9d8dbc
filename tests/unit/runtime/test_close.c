/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of closing: nothing can be done with a closed system, and nothing crashes. */
#include "base/atomic.h"
#include "base/platform.h"
#include "tests/support/world/case.h"

#include <sched.h>
#include <unistd.h>

static int late_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    note("late");
    return 0;
}

GR_TASK(late, gr_nothing, gr_nothing, late_run);

static gr_system *create(int loops, uint64_t seed)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = loops, .seed = seed, .stop_deadline = gr_milliseconds(200)),
             0);
    return system;
}

/* What is asked or started is done at once, with the error. */
static void misuse_futures(gr_system *system, gr_ref ref)
{
    gr_future *futures[] = {gr_ask(NULL, ref, GR_FOREVER, get_sum), gr_system_start(system, late, ())};
    int errors[] = {GR_ESTALE, GR_ESTOPPED};
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(gr_future_error(futures[i]), errors[i]);
        CHECK_TEXT(gr_future_text(futures[i]), gr_error_text(errors[i]));
        CHECK_EQ(gr_system_run_until(system, futures[i]), errors[i]);
        gr_future_release(futures[i]);
    }
}

/* Everything that a program can call with it. */
static void misuse(gr_system *system, gr_ref ref)
{
    bool more = true;
    size_t count = 1;
    struct gr_system_counts counts;
    CHECK_EQ(gr_system_run(system), GR_ESTOPPED);
    CHECK_TEXT(gr_last_error(NULL), "the system is closed");
    CHECK_EQ(gr_system_step(system, &more), GR_ESTOPPED);
    CHECK_TEXT(gr_last_error(NULL), "the system is closed");
    CHECK(!more);
    CHECK_EQ(gr_system_pause(system), GR_ESTOPPED);
    CHECK_EQ(gr_system_stop(system, gr_seconds(1), NULL, 0, &count), GR_ESTOPPED);
    CHECK_EQ(count, 0);
    CHECK_EQ(gr_system_fd(system), -1);
    CHECK(gr_ref_is_null(gr_system_spawn(system, server, (), .value = 1)));
    CHECK_TEXT(gr_last_error(NULL), "server was not spawned: the system is closed");
    gr_future *task = gr_system_start(system, late, ());
    CHECK_EQ(gr_future_error(task), GR_ESTOPPED);
    CHECK_TEXT(gr_last_error(NULL), "late was not spawned: the system is closed");
    gr_future_release(task);
    CHECK_EQ(gr_send(NULL, ref, ping), GR_ESTALE);
    CHECK(strstr(gr_last_error(NULL), gr_error_text(GR_ESTALE)) != NULL);
    CHECK_EQ(gr_stop(NULL, ref, 0), 0);
    misuse_futures(system, ref);
    CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
    gr_system_count(system, &counts);
    CHECK_EQ(counts.spawned, counts.ended);
    CHECK_EQ(gr_system_close(system), 0);
}

Case(close, after_it_everything_is_an_error_and_nothing_crashes)
{
    for (int loops = 1; loops <= 2; loops++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            gr_system *system = create(loops, seed);
            gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(loops - 1)), .value = 4);
            gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
            CHECK_EQ(gr_system_run_until(system, future), 0);
            gr_future *pending = gr_ask(NULL, ref, GR_FOREVER, get_sum);
            CHECK_EQ(gr_system_close(system), 0);
            CHECK(gr_future_done(pending)); /* everything ended */
            misuse(system, ref);
            gr_future_release(future);
            gr_future_release(pending);
            gr_system_destroy(system);
        }
    }
}

static void *run_main(void *system)
{
    return (void *)(intptr_t)gr_system_run(system);
}

Case(close, from_another_thread_it_ends_a_run_and_lets_none_begin)
{
    for (int round = 0; round < 20; round++) {
        gr_system *system = create(2, 0);
        gri_thread thread;
        gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(1)), .value = 4);
        CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0);
        struct number sum;
        if (round % 2 == 0) CHECK_EQ(gr_call(NULL, ref, &sum, GR_FOREVER, get_sum), 0); /* so it runs */
        CHECK_EQ(gr_system_close(system), 0);
        intptr_t error = (intptr_t)gri_thread_join(thread);
        CHECK(error == 0 || error == GR_ESTOPPED || error == GR_EBUSY); /* it may have come too late */
        if (round % 2 == 0) CHECK_EQ(error, 0);
        misuse(system, ref);
        gr_system_destroy(system);
    }
}

static int closes_own(gr_actor *self, void *argument)
{
    gr_system *system = gr_actor_system(self);
    CHECK_EQ(gr_system_close(system), GR_EBUSY);
    CHECK_EQ(gr_system_pause(system), GR_ECONTEXT); /* it is gr_run's, and not closed: nothing has happened */
    gr_ref ref = gr_spawn(self, server, .value = 3);
    struct number sum = {0};
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
    CHECK_EQ(sum.value, 3);
    return 0;
}

Case(close, an_actor_can_not_close_its_own_system)
{
    run_everywhere(closes_own);
}

static gri_atomic_u32 let_go;

static int holds_up(gr_actor *self, struct number *state, const struct number *m)
{
    note("held");
    while (gri_load(&let_go, GRI_ACQUIRE) == 0) usleep(1000);
    return 0;
}

GR_ACTOR(close_hog, struct number, number, holds_up);

Case(close, what_can_not_be_ended_is_an_error_and_it_may_be_called_again)
{
    gr_system *system = create(2, 0);
    gri_thread thread;
    gr_ref ref = gr_system_spawn(system, close_hog, (.loop = GR_LOOP(1)), .value = 4);
    CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0);
    while (notes()[0] == '\0') sched_yield();
    CHECK_EQ(gr_system_close(system), GR_EABANDONED);
    CHECK_EQ(gr_system_pause(system), GR_ESTOPPED);
    CHECK(gr_ref_is_null(gr_system_spawn(system, server, (), .value = 1)));
    gri_store(&let_go, 1, GRI_RELEASE);
    CHECK_EQ((intptr_t)gri_thread_join(thread), 0);
    CHECK_EQ(gr_system_close(system), 0);
    misuse(system, ref);
    gr_system_destroy(system);
}
