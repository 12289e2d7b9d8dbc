/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that run, step, pause, print and stop the same system at once, with and without time to do so: at any time at
 * most one drives it, each stop ends the run that it was meant for, with 0 or with what did not end in time, and
 * nothing hangs.
 */
#include "base/atomic.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/platform.h"
#include "base/random.h"
#include "runtime/runtime.h"
#include "tests/support/share.h"
#include "tests/support/world/world.h"

#include <sched.h>

static gr_system *system_now;
static gri_atomic_u32 is_over;                   /* 1: the threads end */
static gri_atomic_u32 runners_ended;             /* threads that run it and have ended */
static gri_atomic_u64 pauses, answers;           /* likewise */
static gri_atomic_u64 runs, steps, stops, lates; /* that did something, by all threads; stops that gave up */

static void add(gri_atomic_u64 *number)
{
    gri_fetch_add(number, 1, GRI_RELAXED);
}

static void *runner(void *argument)
{
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        int error = gr_system_run(system_now);
        CHECK(error == 0 || error == GR_EBUSY);
        if (error == 0) add(&runs);
        sched_yield();
    }
    gri_fetch_add(&runners_ended, 1, GRI_RELAXED);
    return NULL;
}

/* Steps until a stop; now and then it stops the system itself. */
static void *stepper(void *argument)
{
    struct gri_random random;
    gri_random_seed(&random, (uint64_t)(uintptr_t)argument);
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        bool more;
        int error = gr_system_step(system_now, &more);
        CHECK(error == 0 || error == GR_EBUSY || error == GR_ESTOPPED);
        if (error == 0) add(&steps);
        if (error == 0 && gri_random_below(&random, 50) == 0)
            CHECK_EQ(gr_system_stop(system_now, gr_seconds(60), NULL, 0, NULL), 0);
        if (!more) sched_yield();
    }
    /* Another stop may have ended these steps meanwhile; then this one ends another's. */
    CHECK_EQ(gr_system_stop(system_now, gr_seconds(60), NULL, 0, NULL), 0);
    return NULL;
}

static bool is_driven(void)
{
    return gri_load(&gri_runtime_of(system_now)->driver, GRI_RELAXED) % GRI_DRIVER_NEXT != GRI_DRIVER_NONE;
}

/* Stops with much time or none. */
static void *stopper(void *argument)
{
    struct gri_random random;
    gri_random_seed(&random, (uint64_t)(uintptr_t)argument);
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        struct gr_abandoned list[2] = {{.name = NULL}};
        size_t count = 99;
        for (int i = 0; i < 1000 && !is_driven(); i++) sched_yield();
        gr_time deadline = gri_random_below(&random, 4) != 0 ? gr_seconds(60) : 0;
        int error = gr_system_stop(system_now, deadline, list, 2, &count);
        if (error == 0) CHECK_EQ(count, 0);
        if (error != 0) {
            CHECK_EQ(error, GR_EABANDONED);
            CHECK_EQ(deadline, 0);
            CHECK(count >= 1 && list[0].name != NULL);
            add(&lates);
        }
        add(&stops);
    }
    return NULL;
}

static void *spawner(void *argument)
{
    struct gri_random random;
    gri_random_seed(&random, (uint64_t)(uintptr_t)argument);
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        gr_ref ref = gr_system_spawn(system_now, server, (.loop = GR_SPREAD), .value = 0);
        if (!gr_ref_is_null(ref)) gr_send(NULL, ref, number, .value = 1);
        gr_ref other = gr_system_spawn(system_now, listener, (.loop = GR_SPREAD));
        if (gri_random_below(&random, 2) && !gr_ref_is_null(other)) CHECK_EQ(gr_stop(NULL, other, 0), 0);
        sched_yield();
    }
    return NULL;
}

/* Makes runs and steps leave the loops; whoever runs it next goes on with the same actors, also with a stop. */
static void *pauser(void *argument)
{
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        for (int i = 0; i < 1000 && !is_driven(); i++) sched_yield();
        int error = gr_system_pause(system_now);
        CHECK(error == 0 || error == GR_ECONTEXT || error == GR_ESTOPPED);
        if (error == 0) add(&pauses);
        for (int i = 0; i < 100; i++) sched_yield();
    }
    return NULL;
}

/* Runs it until an answer is there, where nobody else does. */
static void *asker(void *argument)
{
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        gr_ref ref = gr_system_spawn(system_now, server, (.loop = GR_SPREAD), .value = 7);
        gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
        int error = gr_system_run_until(system_now, future);
        if (error == 0) CHECK_EQ(((const struct number *)gr_future_value(future, get_sum))->value, 7);
        if (error == 0) add(&answers);
        if (error != GR_EBUSY && error != GR_ESTOPPED) CHECK_EQ(gr_future_error(future), error);
        gr_future_release(future);
        sched_yield();
    }
    return NULL;
}

/* Looks at the actors, with the drive while nobody has it. */
static void *printer(void *argument)
{
    FILE *file = fopen("/dev/null", "w");
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        CHECK_EQ(gr_system_print(system_now, file), 0);
        sched_yield();
    }
    fclose(file);
    return NULL;
}

static void one_life(int loops, uint64_t number)
{
    static void *(*const mains[])(void *) = {runner,  stepper, stepper, stopper, stopper,
                                             spawner, pauser,  asker,   printer};
    enum { THREADS = sizeof mains / sizeof mains[0] };
    struct gri_memory_account account;
    gri_memory_account_init(&account, gri_memory_default(), 0);
    struct gr_system_options options = {.size = sizeof options, .loops = loops};
    gri_thread threads[THREADS];
    if (!CHECK_EQ(gri_runtime_create(&options, &(struct gri_seams){.memory = &account.memory}, &system_now),
                  0))
        return;
    gri_store(&is_over, 0, GRI_RELAXED);
    gri_store(&runners_ended, 0, GRI_RELAXED);
    uint64_t enough = gri_load(&stops, GRI_RELAXED) + 300;
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(
            gri_thread_create(&threads[i], mains[i], (void *)(uintptr_t)(number * THREADS + i + 1), "drives"),
            0);
    while (gri_load(&stops, GRI_RELAXED) < enough) sched_yield();
    gri_store(&is_over, 1, GRI_RELEASE);
    for (unsigned i = 1; i < THREADS; i++) gri_thread_join(threads[i]);
    /* A run may begin just now. */
    while (gri_load(&runners_ended, GRI_RELAXED) == 0) {
        CHECK_EQ(gr_system_stop(system_now, gr_seconds(60), NULL, 0, NULL), 0);
        sched_yield();
    }
    gri_thread_join(threads[0]);
    gr_system_destroy(system_now);
    CHECK_EQ(gri_memory_used(&account.memory), 0);
}

int main(void)
{
    int passed = 0, failed = 0;
    uint64_t lives = test_share(10);
    for (int loops = 1; loops <= 3; loops++) {
        int before = failures();
        for (uint64_t i = 0; i < lives; i++) one_life(loops, i);
        bool ok = failures() == before;
        printf("drives on %d loops: %llu lives, %s\n", loops, (unsigned long long)lives,
               ok ? "ok" : "failed");
        passed += ok;
        failed += !ok;
    }
    printf(
        "%llu runs, %llu steps, %llu stops, of which %llu gave up\n",
        (unsigned long long)gri_load(&runs, GRI_RELAXED), (unsigned long long)gri_load(&steps, GRI_RELAXED),
        (unsigned long long)gri_load(&stops, GRI_RELAXED), (unsigned long long)gri_load(&lates, GRI_RELAXED));
    printf("%llu pauses, %llu answers\n", (unsigned long long)gri_load(&pauses, GRI_RELAXED),
           (unsigned long long)gri_load(&answers, GRI_RELAXED));
    printf("stress_drives: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
