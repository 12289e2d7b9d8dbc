/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the blocking pool. Jobs meet the test at gates, and threads can be refused. */
#define _GNU_SOURCE /* pthread_getname_np */
#include "base/clock.h"
#include "base/error.h"
#include "scheduler/blocking.h"
#include "tests/support/share.h"
#include "tests/unit/base/child.h"

#include <errno.h>

#define SECOND      INT64_C(1000000000)
#define MILLISECOND 1000000

static bool refuse_threads; /* create_thread fails while set */
static unsigned threads_started;

static int create_thread(gri_thread *thread, void *(*main)(void *), void *argument, const char *name)
{
    if (refuse_threads) {
        gri_thread_error_set("pthread_create: %s", strerror(EAGAIN));
        return GR_ESYS;
    }
    threads_started++;
    return gri_thread_create(thread, main, argument, name);
}

static struct gri_blocking_pool pool;
static struct gri_memory_account account;

/* One lock for everything that jobs tell the test. */
static gri_mutex mutex;
static gri_cond changed;

/* A job that waits at a gate, and counts what happens to it. All fields under the mutex. */
struct gated {
    struct gri_job job; /* must be first */
    bool open;          /* the gate: work may return */
    int works, dones;   /* calls so far */
    int result;         /* for work to return */
    int seen_result;    /* by done */
    bool done_on_main;  /* done was called by the test's own thread */
    pthread_t worker;   /* of the last work */
};

static pthread_t main_thread;

static int work_gated(void *argument)
{
    struct gated *g = argument;
    gri_mutex_lock(&mutex);
    g->works++;
    g->worker = pthread_self();
    gri_cond_broadcast(&changed);
    while (!g->open) gri_cond_wait(&changed, &mutex);
    int result = g->result;
    gri_mutex_unlock(&mutex);
    return result;
}

static void done_gated(struct gri_job *job)
{
    struct gated *g = (struct gated *)job;
    gri_mutex_lock(&mutex);
    g->dones++;
    g->seen_result = job->result;
    g->done_on_main = pthread_equal(pthread_self(), main_thread);
    gri_cond_broadcast(&changed);
    gri_mutex_unlock(&mutex);
}

static void init_gated(struct gated *g, bool open)
{
    *g = (struct gated){
        .job = {.work = work_gated, .argument = g, .done = done_gated}, .open = open, .result = 7};
}

static void wait_until_at_least(const int *count, int least)
{
    gri_mutex_lock(&mutex);
    while (*count < least) gri_cond_wait(&changed, &mutex);
    gri_mutex_unlock(&mutex);
}

static void open_gate(struct gated *g)
{
    gri_mutex_lock(&mutex);
    g->open = true;
    gri_cond_broadcast(&changed);
    gri_mutex_unlock(&mutex);
}

static void start(int threads_max, uint32_t queue_max)
{
    main_thread = pthread_self();
    gri_mutex_init(&mutex);
    gri_cond_init(&changed);
    gri_memory_account_init(&account, gri_memory_default(), 0);
    gri_blocking_init(&pool, &account.memory, threads_max, queue_max);
    pool.create_thread = create_thread;
}

static void end(void)
{
    cr_assert_eq(gri_blocking_stop(&pool, GR_FOREVER), 0);
    gri_blocking_fini(&pool);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

static void submit(struct gated *g)
{
    int err = gri_blocking_submit(&pool, &g->job);
    cr_assert_eq(err, 0, "%s: %s", gr_error_name(err), gri_thread_error());
}

Test(blocking, a_job_runs_on_another_thread_and_tells_its_result)
{
    struct gated g;
    start(4, 10);
    cr_assert_eq(threads_started, 0, "threads start on demand");
    init_gated(&g, true);
    submit(&g);
    wait_until_at_least(&g.dones, 1);
    cr_assert_eq(g.works, 1);
    cr_assert_eq(g.seen_result, 7);
    cr_assert(!g.done_on_main);
    cr_assert(!pthread_equal(g.worker, main_thread));
    end();
    cr_assert_eq(g.dones, 1);
}

Test(blocking, it_starts_a_thread_for_each_job_up_to_the_limit_and_queues_the_rest_in_order)
{
    struct gated g[6];
    start(3, 10);
    for (int i = 0; i < 6; i++) {
        init_gated(&g[i], false);
        submit(&g[i]);
    }
    for (int i = 0; i < 3; i++) wait_until_at_least(&g[i].works, 1);
    cr_assert_eq(threads_started, 3);
    for (int i = 3; i < 6; i++) {
        cr_assert_eq(g[i].works, 0);
        open_gate(&g[i - 3]);
        wait_until_at_least(&g[i].works, 1);
    }
    for (int i = 3; i < 6; i++) open_gate(&g[i]);
    for (int i = 0; i < 6; i++) wait_until_at_least(&g[i].dones, 1);
    cr_assert_eq(threads_started, 3);
    end();
}

/* Waits until a thread of the pool is idle: it looks at the pool's own list, under its mutex. */
static void wait_until_idle(int count)
{
    for (int idle = -1; idle != count;) {
        idle = 0;
        gri_mutex_lock(&pool.mutex);
        const struct gri_list_node *node = gri_list_first(&pool.idle);
        for (; node; node = gri_list_next(&pool.idle, node)) idle++;
        gri_mutex_unlock(&pool.mutex);
        sched_yield();
    }
}

Test(blocking, the_thread_that_worked_last_works_next)
{
    struct gated g[3], next;
    start(3, 10);
    for (int i = 0; i < 3; i++) {
        init_gated(&g[i], false);
        submit(&g[i]);
        wait_until_at_least(&g[i].works, 1);
    }
    for (int i = 0; i < 3; i++) {
        open_gate(&g[i]);
        wait_until_idle(i + 1);
    }
    for (int i = 0; i < 5; i++) {
        init_gated(&next, true);
        submit(&next);
        wait_until_at_least(&next.dones, 1);
        wait_until_idle(3);
        cr_assert(pthread_equal(next.worker, g[2].worker));
    }
    cr_assert_eq(threads_started, 3);
    end();
}

static int read_name(void *name)
{
    return pthread_getname_np(pthread_self(), name, 16);
}

Test(blocking, its_threads_have_names)
{
    char name[16] = "";
    struct gated g;
    start(1, 1);
    init_gated(&g, true);
    g.job.work = read_name;
    g.job.argument = name;
    submit(&g);
    wait_until_at_least(&g.dones, 1);
    cr_assert_str_eq(name, "gr-block-0");
    end();
}

Test(blocking, a_full_queue_refuses)
{
    struct gated g[4];
    start(1, 2);
    for (int i = 0; i < 4; i++) init_gated(&g[i], false);
    submit(&g[0]);
    wait_until_at_least(&g[0].works, 1);
    submit(&g[1]);
    submit(&g[2]);
    cr_assert_eq(gri_blocking_submit(&pool, &g[3].job), GR_EFULL);
    cr_assert(strstr(gri_thread_error(), "2 blocking jobs wait"), "%s", gri_thread_error());
    cr_assert(gri_blocking_cancel(&pool, &g[2].job));
    submit(&g[3]);
    for (int i = 0; i < 4; i++) open_gate(&g[i]);
    wait_until_at_least(&g[3].dones, 1);
    end();
    cr_assert_eq(g[2].works, 0);
    cr_assert_eq(g[2].dones, 0);
}

Test(blocking, a_job_can_be_cancelled_until_it_starts)
{
    struct gated running, queued, idle;
    start(1, 10);
    init_gated(&running, false);
    init_gated(&queued, true);
    init_gated(&idle, true);
    cr_assert(!gri_blocking_cancel(&pool, &idle.job), "it was never submitted");
    submit(&running);
    wait_until_at_least(&running.works, 1);
    submit(&queued);
    cr_assert(gri_blocking_cancel(&pool, &queued.job));
    cr_assert(!gri_blocking_cancel(&pool, &queued.job));
    cr_assert(!gri_blocking_cancel(&pool, &running.job));
    submit(&queued);
    open_gate(&running);
    wait_until_at_least(&queued.dones, 1);
    cr_assert(!gri_blocking_cancel(&pool, &queued.job));
    end();
    cr_assert_eq(queued.works, 1);
    cr_assert_eq(running.dones, 1);
}

/* A job whose done submits it again. */
struct repeated {
    struct gri_job job; /* must be first */
    int left;           /* times; under the mutex */
    int errors;         /* of submits; under the mutex */
};

static int work_nothing(void *argument)
{
    return 0;
}

static void submit_again(struct gri_job *job)
{
    struct repeated *r = (struct repeated *)job;
    gri_mutex_lock(&mutex);
    bool again = --r->left > 0;
    gri_cond_broadcast(&changed);
    gri_mutex_unlock(&mutex);
    if (again && gri_blocking_submit(&pool, job)) {
        gri_mutex_lock(&mutex);
        r->errors++;
        r->left = 0;
        gri_cond_broadcast(&changed);
        gri_mutex_unlock(&mutex);
    }
}

Test(blocking, done_may_submit_the_job_again)
{
    struct repeated r = {.job = {.work = work_nothing, .done = submit_again}, .left = 1000};
    start(2, 10);
    cr_assert_eq(gri_blocking_submit(&pool, &r.job), 0);
    gri_mutex_lock(&mutex);
    while (r.left > 0) gri_cond_wait(&changed, &mutex);
    gri_mutex_unlock(&mutex);
    cr_assert_eq(r.errors, 0);
    end();
}

static void done_freed(struct gri_job *job)
{
    gri_mutex_lock(&mutex);
    ++*(int *)job->argument;
    gri_cond_broadcast(&changed);
    gri_mutex_unlock(&mutex);
    free(job);
}

Test(blocking, done_may_free_the_job)
{
    int count = 0;
    start(4, 1000);
    for (int i = 0; i < 200; i++) {
        struct gri_job *job = calloc(1, sizeof *job);
        cr_assert_not_null(job);
        *job = (struct gri_job){.work = work_nothing, .argument = &count, .done = done_freed};
        cr_assert_eq(gri_blocking_submit(&pool, job), 0);
    }
    wait_until_at_least(&count, 200);
    end();
}

Test(blocking, idle_threads_end_and_others_start_when_needed)
{
    struct gated g[4];
    start(4, 10);
    pool.idle_ns = MILLISECOND;
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 4; i++) {
            init_gated(&g[i], false);
            submit(&g[i]);
        }
        for (int i = 0; i < 4; i++) {
            wait_until_at_least(&g[i].works, 1);
            open_gate(&g[i]);
        }
        gri_mutex_lock(&pool.mutex);
        while (pool.thread_count > 0) gri_cond_wait(&pool.quiet, &pool.mutex);
        gri_mutex_unlock(&pool.mutex);
        for (int i = 0; i < 4; i++) cr_assert_eq(g[i].dones, 1);
        cr_assert_eq(threads_started, 4u * (unsigned)round);
    }
    end();
}

Test(blocking, stop_gives_back_what_waits_and_waits_for_what_runs)
{
    struct gated running, queued[3], late;
    start(1, 10);
    init_gated(&running, false);
    submit(&running);
    wait_until_at_least(&running.works, 1);
    for (int i = 0; i < 3; i++) {
        init_gated(&queued[i], true);
        submit(&queued[i]);
    }
    cr_assert_eq(gri_blocking_stop(&pool, 0), GR_EABANDONED);
    cr_assert(strstr(gri_thread_error(), "1 blocking jobs still run"), "%s", gri_thread_error());
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(queued[i].works, 0);
        cr_assert_eq(queued[i].dones, 1);
        cr_assert_eq(queued[i].seen_result, GR_ESTOPPED);
        cr_assert(queued[i].done_on_main);
    }
    init_gated(&late, true);
    cr_assert_eq(gri_blocking_submit(&pool, &late.job), GR_ESTOPPED);
    cr_assert_eq(running.dones, 0);
    open_gate(&running);
    cr_assert_eq(gri_blocking_stop(&pool, GR_FOREVER), 0);
    cr_assert_eq(running.dones, 1);
    cr_assert_eq(running.seen_result, 7);
    cr_assert_eq(gri_blocking_stop(&pool, 0), 0, "stopping again is fine");
    end();
    cr_assert_eq(late.works, 0);
}

Test(blocking, a_stopped_pool_that_is_opened_again_is_as_new)
{
    struct gated g;
    start(1, 10);
    for (int i = 0; i < 3; i++) {
        init_gated(&g, true);
        submit(&g);
        wait_until_at_least(&g.dones, 1);
        cr_assert_eq(gri_blocking_stop(&pool, GR_FOREVER), 0);
        cr_assert_eq(gri_blocking_submit(&pool, &g.job), GR_ESTOPPED);
        gri_blocking_reopen(&pool);
    }
    end();
}

Test(blocking, g16_stop_returns_at_its_deadline)
{
    struct gated running;
    struct gri_clock *clock = gri_clock_monotonic();
    start(1, 10);
    init_gated(&running, false);
    submit(&running);
    wait_until_at_least(&running.works, 1);
    gr_time before = gri_clock_now(clock);
    cr_assert_eq(gri_blocking_stop(&pool, 20 * MILLISECOND), GR_EABANDONED);
    gr_time took = gri_clock_now(clock) - before;
    cr_assert(took >= 20 * MILLISECOND && took < 5 * SECOND, "%ld ns", (long)took);
    open_gate(&running);
    end();
}

Test(blocking, stop_ends_idle_threads_whatever_its_deadline)
{
    struct gated g[3];
    start(3, 10);
    for (int i = 0; i < 3; i++) {
        init_gated(&g[i], false);
        submit(&g[i]);
    }
    for (int i = 0; i < 3; i++) open_gate(&g[i]);
    wait_until_idle(3);
    cr_assert_eq(gri_blocking_stop(&pool, 0), 0);
    gri_blocking_fini(&pool);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

Test(blocking, a_pool_without_threads_stops_at_once)
{
    start(1, 1);
    end();
}

Test(blocking, running_jobs_are_listed_with_the_time_they_began)
{
    struct gated g[3];
    struct gri_blocking_entry list[3];
    struct gri_clock *clock = gri_clock_monotonic();
    gr_time before = gri_clock_now(clock);
    start(2, 10);
    cr_assert_eq(gri_blocking_list(&pool, NULL, 0), 0);
    for (int i = 0; i < 3; i++) {
        init_gated(&g[i], false);
        submit(&g[i]);
        if (i < 2) wait_until_at_least(&g[i].works, 1);
    }
    cr_assert_eq(gri_blocking_list(&pool, NULL, 0), 2);
    cr_assert_eq(gri_blocking_list(&pool, list, 3), 2, "the third waits");
    gr_time after = gri_clock_now(clock);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(list[i].job, &g[i].job, "the longest running first");
        cr_assert_eq(list[i].argument, &g[i]);
        cr_assert(list[i].started_ns >= before && list[i].started_ns <= after);
    }
    cr_assert_leq(list[0].started_ns, list[1].started_ns);
    list[0].job = NULL;
    cr_assert_eq(gri_blocking_list(&pool, list, 1), 2);
    cr_assert_eq(list[0].job, &g[0].job);
    for (int i = 0; i < 3; i++) open_gate(&g[i]);
    for (int i = 0; i < 3; i++) wait_until_at_least(&g[i].dones, 1);
    wait_until_idle(2);
    cr_assert_eq(gri_blocking_list(&pool, NULL, 0), 0);
    end();
}

/* Errors. */

Test(blocking, no_thread_at_all_is_an_error_and_the_job_stays_the_callers)
{
    struct gated g;
    start(4, 10);
    init_gated(&g, true);
    refuse_threads = true;
    cr_assert_eq(gri_blocking_submit(&pool, &g.job), GR_ESYS);
    cr_assert(strstr(gri_thread_error(), "pthread_create"), "%s", gri_thread_error());
    cr_assert(!gri_blocking_cancel(&pool, &g.job));
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    refuse_threads = false;
    submit(&g);
    wait_until_at_least(&g.dones, 1);
    end();
    cr_assert_eq(g.works, 1);
}

Test(blocking, one_thread_is_enough_when_more_can_not_be_started)
{
    struct gated first, second;
    start(4, 10);
    init_gated(&first, false);
    init_gated(&second, true);
    submit(&first);
    wait_until_at_least(&first.works, 1);
    refuse_threads = true;
    submit(&second);
    cr_assert_eq(second.works, 0);
    open_gate(&first);
    wait_until_at_least(&second.dones, 1);
    end();
}

Test(blocking, no_memory_for_a_thread_is_an_error_only_if_there_is_none)
{
    struct gri_memory_fault fault;
    struct gated g[2];
    start(4, 10);
    init_gated(&g[0], true);
    init_gated(&g[1], true);
    gri_memory_fault_init(&fault, &account.memory, 1);
    pool.memory = &fault.memory;
    cr_assert_eq(gri_blocking_submit(&pool, &g[0].job), GR_ENOMEM);
    cr_assert(strstr(gri_thread_error(), "out of memory"), "%s", gri_thread_error());
    submit(&g[0]);
    wait_until_at_least(&g[0].dones, 1);
    end();

    start(4, 10);
    gri_memory_fault_init(&fault, &account.memory, 2);
    pool.memory = &fault.memory;
    init_gated(&g[0], false);
    submit(&g[0]);
    wait_until_at_least(&g[0].works, 1);
    submit(&g[1]);
    open_gate(&g[0]);
    wait_until_at_least(&g[1].dones, 1);
    cr_assert_eq(gri_memory_fault_count(&fault), 2);
    end();
}

static void submit_twice(void *unused)
{
    struct gated g;
    start(1, 10);
    init_gated(&g, false);
    submit(&g);
    submit(&g);
}

static void fini_without_stop(void *unused)
{
    start(1, 10);
    gri_blocking_fini(&pool);
}

Test(blocking, misuse_fails_an_assertion)
{
    child_must_abort(submit_twice, NULL, "job->state == GRI_JOB_IDLE");
    child_must_abort(fini_without_stop, NULL, "pool->stopped");
}
