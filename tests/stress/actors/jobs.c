/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking jobs of actors on several loops, awaited, let go of, or left behind by actors that end or are killed: work
 * runs at most once, what was awaited ran exactly once, and the result is the work's (G8).
 */
#include "base/atomic.h"
#include "tests/support/share.h"
#include "tests/support/world/world.h"

#include <greenroom/blocking.h>

#define JOBS 16 /* under way at once, of each actor */

static uint64_t rounds;
static gri_atomic_u64 submitted;
static gri_atomic_u64 run_count;

/* What a job works on. It outlives every actor. */
struct job {
    gri_atomic_u32 runs; /* how often it ran */
    int result;          /* what it returns */
};

static struct job jobs[1 << 16];

static int work(void *argument)
{
    struct job *job = argument;
    gri_fetch_add(&job->runs, 1, GRI_RELAXED);
    gri_fetch_add(&run_count, 1, GRI_RELAXED);
    return job->result;
}

/* Submits a job of its own, or NULL when there are no more. */
static gr_future *submit(gr_actor *self, struct job **job)
{
    uint64_t number = gri_fetch_add(&submitted, 1, GRI_RELAXED);
    if (number >= sizeof jobs / sizeof jobs[0]) return NULL;
    *job = &jobs[number];
    (*job)->result = (int)(number % 100);
    gr_future *future = gr_blocking(self, work, *job);
    CHECK(future != NULL);
    return future;
}

/* Submits some, lets go of every third, awaits the others; half of the time it leaves the last ones behind. */
static int worker_main(gr_actor *self, const struct number *m)
{
    gr_future *futures[JOBS];
    struct job *mine[JOBS];
    for (int i = 0; i < JOBS; i++) futures[i] = submit(self, &mine[i]);
    int left = gr_random(self) % 2 == 0 ? JOBS / 2 : JOBS;
    for (int i = 0; i < left; i++) {
        if (futures[i] == NULL) continue;
        if (i % 3 != 0) {
            int error = gr_await(self, futures[i], GR_FOREVER);
            if (error == GR_EKILLED) return error;
            CHECK_EQ(error, mine[i]->result);
            CHECK_EQ(gri_load(&mine[i]->runs, GRI_RELAXED), 1);
        }
        gr_future_release(futures[i]);
    }
    return 0;
}

GR_COROUTINE(worker, number, worker_main);

static int jobs_root(gr_actor *self, void *argument)
{
    for (uint64_t i = 0; i < rounds; i++) {
        gr_ref refs[8];
        for (int k = 0; k < 8; k++) {
            refs[k] = gr_spawn_with(self, worker, (.loop = GR_SPREAD), .value = k);
            CHECK(watch(self, refs[k]) != 0);
        }
        for (int k = 0; k < 8; k += 3) CHECK_EQ(gr_kill(self, refs[k]), 0);
        (void)wait_downs(self, 8);
    }
    return 0;
}

static bool run_jobs(int loops)
{
    int before = failures();
    gri_store(&submitted, 0, GRI_RELAXED);
    gri_store(&run_count, 0, GRI_RELAXED);
    memset(jobs, 0, sizeof jobs);
    CHECK_EQ(gr_run_with(jobs_root, NULL, (.loops = loops, .blocking_threads = 4)), 0);
    uint64_t total = 0;
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        uint32_t runs = gri_load(&jobs[i].runs, GRI_RELAXED);
        if (!CHECK(runs <= 1)) break;
        total += runs;
    }
    CHECK_EQ(total, gri_load(&run_count, GRI_RELAXED));
    CHECK(total > 0);
    printf("jobs on %d loops: %llu submitted, %llu ran\n", loops,
           (unsigned long long)gri_load(&submitted, GRI_RELAXED), (unsigned long long)total);
    return failures() == before;
}

int main(void)
{
    int passed = 0;
    int failed = 0;
    rounds = test_share(400);
    for (int loops = 1; loops <= 4; loops++) run_jobs(loops) ? passed++ : failed++;
    printf("stress_jobs: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
