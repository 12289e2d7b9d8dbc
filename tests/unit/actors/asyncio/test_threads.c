/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of run_coroutine_threadsafe and of futures without a running loop, retold: tasks that a plain thread
 * starts in a system that it names. These run for real. */
#include "base/platform.h"
#include "tests/unit/actors/asyncio/tale.h"

#include <sched.h>

/* A system that runs on a thread of its own. */
struct running {
    gr_system *system; /* which */
    gri_thread thread; /* runs it */
};

static void *run_main(void *argument)
{
    CHECK_EQ(gr_system_run(argument), 0);
    return NULL;
}

static struct running run_system(void)
{
    struct running r = {.system = NULL};
    cr_assert_eq(gr_system_create(&r.system, .loops = 2), 0);
    cr_assert_eq(gri_thread_create(&r.thread, run_main, r.system, "runs"), 0);
    return r;
}

static void end(struct running *r)
{
    CHECK_EQ(gr_system_stop(r->system, gr_seconds(20), NULL, 0, NULL), 0);
    gri_thread_join(r->thread);
    gr_system_destroy(r->system);
}

static int sum_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    int error = gr_sleep(self, plan->time);
    if (error != 0) return error;
    if (plan->error != 0) return gr_fail(self, plan->error, "Fail!");
    result->value = plan->value + 2;
    return 0;
}

GR_TASK(sum, plan, number, sum_run);

Case(asyncio_threads, a_plain_thread_starts_a_task_and_gets_its_value)
{
    struct running r = run_system();
    gr_future *f = gr_system_start(r.system, sum, (), .time = MS(50), .value = 1);
    cr_assert_eq(gr_await(NULL, f, gr_seconds(60)), 0);
    cr_assert_eq(gr_task_value(f, sum)->value, 3);
    gr_future_release(f);
    end(&r);
}

Case(asyncio_threads, a_plain_thread_starts_tasks_on_any_loop_and_awaits_each)
{
    struct running r = run_system();
    gr_future *list[10];
    for (int i = 0; i < 10; i++)
        list[i] = gr_system_start(r.system, sum, (.loop = GR_LOOP(i % 2)), .time = i % 3, .value = i);
    for (int i = 9; i >= 0; i--) {
        cr_assert_eq(gr_await(NULL, list[i], gr_seconds(60)), 0);
        cr_assert_eq(value_of(list[i]), i + 2);
        cr_assert_eq(gr_future_state(list[i]), GR_FUTURE_FINISHED);
        gr_future_release(list[i]);
    }
    end(&r);
}

Case(asyncio_threads, a_plain_thread_gets_the_error_of_its_task_with_its_text)
{
    struct running r = run_system();
    gr_future *f = gr_system_start(r.system, sum, (), .time = MS(1), .error = 77);
    cr_assert_eq(gr_await(NULL, f, gr_seconds(60)), 77);
    cr_assert_str_eq(gr_future_text(f), "Fail!");
    gr_future_release(f);
    end(&r);
}

Case(asyncio_threads, a_plain_threads_timeout_leaves_the_task_running_until_it_is_cancelled)
{
    struct running r = run_system();
    gr_future *f = gr_system_start(r.system, sum, (), .time = gr_seconds(1000));
    cr_assert_eq(gr_await(NULL, f, 0), GR_ETIMEOUT);
    cr_assert_eq(gr_await(NULL, f, MS(5)), GR_ETIMEOUT);
    cr_assert_not(gr_future_done(f));
    cr_assert_eq(gr_future_cancel(NULL, f), 0);
    cr_assert_eq(gr_await(NULL, f, gr_seconds(60)), GR_ECANCELLED);
    struct gr_actor_info list[8];
    while (gr_system_actors(r.system, list, 8) != 0)
        sched_yield(); /* it goes just after its future is done */
    gr_future_release(f);
    end(&r);
}

static int gives_up_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_scope_cancel(self, scope);
    int error = gr_sleep(self, 0);
    CHECK_EQ(gr_scope_close(self, scope), GR_ECANCELLED);
    return error;
}

GR_TASK(gives_up, plan, number, gives_up_run);

Case(asyncio_threads, a_plain_thread_learns_that_its_task_cancelled_itself)
{
    struct running r = run_system();
    gr_future *f = gr_system_start(r.system, gives_up, (), .value = 1);
    cr_assert_eq(gr_await(NULL, f, gr_seconds(60)), GR_ECANCELLED);
    cr_assert_eq(gr_future_state(f), GR_FUTURE_CANCELLED);
    gr_future_release(f);
    end(&r);
}

/* More tasks than a system may have actors, before it runs. */
Case(asyncio_threads, a_task_that_can_not_be_started_from_outside_fails_in_its_future)
{
    static gr_future *list[9000];
    struct running r = {.system = NULL};
    int refused = 0;
    cr_assert_eq(gr_system_create(&r.system, .loops = 1, .actors_max = 4096), 0);
    for (int i = 0; i < 9000; i++) {
        list[i] = gr_system_start(r.system, sum, (), .value = i);
        refused += gr_future_error(list[i]) == GR_ELIMIT;
    }
    cr_assert(refused > 0 && refused < 9000);
    cr_assert_eq(gri_thread_create(&r.thread, run_main, r.system, "runs"), 0);
    for (int i = 0; i < 9000; i++) {
        int error = gr_await(NULL, list[i], gr_seconds(60));
        refused -= error == GR_ELIMIT;
        cr_assert(error == 0 || error == GR_ELIMIT);
        gr_future_release(list[i]);
    }
    cr_assert_eq(refused, 0);
    end(&r);
}

Case(asyncio_threads, in_a_system_that_does_not_run_a_task_stays_pending)
{
    gr_system *system;
    cr_assert_eq(gr_system_create(&system, .loops = 1), 0);
    gr_future *f = gr_system_start(system, sum, (), .time = MS(1), .value = 1);
    cr_assert_eq(gr_await(NULL, f, MS(5)), GR_ETIMEOUT);
    cr_assert_eq(gr_future_state(f), GR_FUTURE_PENDING);
    gri_thread thread;
    cr_assert_eq(gri_thread_create(&thread, run_main, system, "runs"), 0);
    cr_assert_eq(gr_await(NULL, f, gr_seconds(60)), 0);
    cr_assert_eq(value_of(f), 3);
    gr_future_release(f);
    cr_assert_eq(gr_system_stop(system, gr_seconds(20), NULL, 0, NULL), 0);
    gri_thread_join(thread);
    gr_system_destroy(system);
}

/* ---- stopping from inside ---- */

static int ticked;

static int ticks_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    while (ticked < 10) {
        int error = gr_sleep(self, MS(100));
        if (error != 0) return error;
        if (++ticked == 2) CHECK_EQ(gr_system_pause(gr_actor_system(self)), 0);
    }
    return 0;
}

GR_TASK(ticks, plan, number, ticks_run);

Case(asyncio_threads, a_run_until_a_task_is_done_ends_when_it_is_stopped_inside_and_can_go_on)
{
    for (uint64_t seed = 0; seed <= 4; seed++) { /* 0: for real */
        gr_system *system;
        ticked = 0;
        cr_assert_eq(gr_system_create(&system, .loops = 1, .seed = seed), 0);
        gr_future *f = gr_system_start(system, ticks, (), .value = 0);
        cr_assert_eq(gr_system_run_until(system, f), GR_EBUSY);
        cr_assert(strstr(gr_last_error(NULL), "paused before") != NULL);
        cr_assert(!gr_future_done(f));
        cr_assert_eq(ticked, 2);
        cr_assert_eq(gr_future_cancel(NULL, f), 0);
        cr_assert_eq(gr_system_run_until(system, f), GR_ECANCELLED);
        cr_assert_eq(ticked, 2);
        gr_future_release(f);
        gr_system_destroy(system);
    }
}
