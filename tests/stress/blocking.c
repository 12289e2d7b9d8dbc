/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking pool under several submitting threads, which cancel by chance while threads come and go, and a stop in
 * the middle: each accepted job is done exactly once or was cancelled. Jobs write plain memory that `done` hands over.
 */
#include "scheduler/blocking.h"

#include "base/error.h"
#include "base/platform.h"
#include "base/random.h"
#include "tests/support/share.h"

#include <stdio.h>

#define SUBMITTERS 2
#define JOBS       64
#define THREADS    4
#define QUEUE      20
#define NOTHING    UINT64_MAX

/* One job, used again and again. */
struct task {
    struct gri_job job;     /* must be first */
    struct submitter *by;   /* whose */
    uint64_t before;        /* the value at its last accepted submit, or NOTHING */
    uint64_t value;         /* plain: written by the submitter, then by work, then read by the submitter */
    gri_atomic_u32 pending; /* 1 from submit to done; the release in done publishes `value` */
    bool stopped;           /* it was given back by stop; published as value is */
};

/* One thread that submits. */
struct submitter {
    gri_thread thread;              /* itself */
    struct gri_blocking_pool *pool; /* where to */
    uint64_t seed;                  /* of its choices */
    uint64_t accepted, full;        /* submits, by result */
    uint64_t refused;               /* those after the stop */
    uint64_t cancelled, given_back; /* jobs that never ran */
    gri_atomic_u64 worked;          /* calls of work */
    uint64_t wrong;                 /* values and errors that must not be */
    struct task tasks[JOBS];        /* its jobs */
};

static int work(void *argument)
{
    struct task *task = argument;
    task->value = task->value * 3 + 1;
    gri_fetch_add(&task->by->worked, 1, GRI_RELAXED);
    return 5;
}

static void done(struct gri_job *job)
{
    struct task *task = (struct task *)job;
    task->stopped = job->result == GR_ESTOPPED;
    gri_store(&task->pending, 0, GRI_RELEASE);
}

/* Looks at what came of a job that is not pending any more. */
static void check(struct submitter *s, struct task *task)
{
    if (task->before == NOTHING) return;
    s->given_back += task->stopped;
    if (task->value != (task->stopped ? task->before : task->before * 3 + 1)) s->wrong++;
    task->before = NOTHING;
}

static void submit(struct submitter *s, struct task *task, uint64_t value)
{
    task->before = task->value = value;
    task->stopped = false;
    gri_store(&task->pending, 1, GRI_RELAXED);
    int err = gri_blocking_submit(s->pool, &task->job);
    s->accepted += err == 0;
    s->full += err == GR_EFULL;
    s->refused += err == GR_ESTOPPED;
    if (err == 0) return;
    if (err != GR_EFULL && err != GR_ESTOPPED) s->wrong++;
    gri_store(&task->pending, 0, GRI_RELAXED);
    task->before = NOTHING;
}

static void *run_submitter(void *argument)
{
    struct submitter *s = argument;
    struct gri_random random;
    gri_random_seed(&random, s->seed);
    for (uint64_t step = 0; step < test_share(60000); step++) {
        struct task *task = &s->tasks[gri_random_below(&random, JOBS)];
        if (gri_load(&task->pending, GRI_ACQUIRE) == 0) {
            check(s, task);
            submit(s, task, gri_random_next(&random) >> 8);
        } else if (gri_random_below(&random, 2) && gri_blocking_cancel(s->pool, &task->job)) {
            if (task->value != task->before) s->wrong++;
            s->cancelled++;
            task->before = NOTHING;
            gri_store(&task->pending, 0, GRI_RELAXED);
        }
    }
    return NULL;
}

/* After the stop: what is pending now was lost, and the counts must add up. */
static bool add_up(struct submitter *s, const char *name, int number)
{
    uint64_t lost = 0, worked = gri_load(&s->worked, GRI_RELAXED);
    for (int i = 0; i < JOBS; i++) {
        if (gri_load(&s->tasks[i].pending, GRI_ACQUIRE))
            lost++;
        else
            check(s, &s->tasks[i]);
    }
    printf("%s, thread %d: %lu accepted = %lu worked + %lu cancelled + %lu given back; %lu full, %lu after "
           "the stop, "
           "%lu lost, %lu wrong\n",
           name, number, (unsigned long)s->accepted, (unsigned long)worked, (unsigned long)s->cancelled,
           (unsigned long)s->given_back, (unsigned long)s->full, (unsigned long)s->refused,
           (unsigned long)lost, (unsigned long)s->wrong);
    return lost == 0 && s->wrong == 0 && s->accepted == worked + s->cancelled + s->given_back;
}

static bool run(gr_time idle_ns, const char *name)
{
    static struct submitter submitters[SUBMITTERS];
    struct gri_blocking_pool pool;
    bool right = true;
    gri_blocking_init(&pool, gri_memory_default(), THREADS, QUEUE);
    pool.idle_ns = idle_ns;
    for (int i = 0; i < SUBMITTERS; i++) {
        struct submitter *s = &submitters[i];
        *s = (struct submitter){.pool = &pool, .seed = (uint64_t)i};
        for (int k = 0; k < JOBS; k++)
            s->tasks[k] = (struct task){
                .job = {.work = work, .argument = &s->tasks[k], .done = done}, .by = s, .before = NOTHING};
        if (gri_thread_create(&s->thread, run_submitter, s, "submitter")) return false;
    }
    /* The last one is stopped while it still submits. */
    for (int i = 0; i < SUBMITTERS - 1; i++) gri_thread_join(submitters[i].thread);
    if (gri_blocking_stop(&pool, GR_FOREVER)) right = false;
    gri_thread_join(submitters[SUBMITTERS - 1].thread);
    gri_blocking_fini(&pool);
    for (int i = 0; i < SUBMITTERS; i++) right &= add_up(&submitters[i], name, i);
    return right;
}

int main(void)
{
    int failed = 0;
    failed += !run(GRI_BLOCKING_IDLE_NS, "threads that stay");
    failed += !run(0, "threads that end");
    printf("blocking: %d passed, %d failed\n", 2 - failed, failed);
    return failed > 0;
}
