/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain threads that send, ask, call, spawn, stop and kill while the system runs, stops, starts again and is destroyed:
 * each call returns with a fitting error, each request ends once, nothing hangs, and no memory is left.
 */
#include "base/atomic.h"
#include "base/memory.h"
#include "base/platform.h"
#include "base/random.h"
#include "runtime/runtime.h"
#include "tests/support/share.h"
#include "tests/support/world/world.h"

#include <sched.h>

#define THREADS 3
#define ACTORS  8
#define ROUNDS  3

static gr_system *system_now;
static gr_ref refs[ROUNDS][ACTORS];   /* of each round, written before `round_now` says so */
static gri_atomic_u32 round_now;      /* which actors there are */
static gri_atomic_u32 is_over;        /* 1: the threads end */
static gri_atomic_u64 calls, answers; /* by all threads */

static bool fits(int error)
{
    return error == 0 || error == GR_ESTALE || error == GR_ESYSTEM || error == GR_EFULL ||
           error == GR_ESTOPPED || error == GR_EDOWN || error == GR_ETIMEOUT || error == GR_EUNANSWERED;
}

static void ask_and_leave(gr_ref to, struct gri_random *random)
{
    gr_future *future = gr_ask(NULL, to, (gr_time)gri_random_below(random, 2000000), get_words, .value = 1);
    if (!CHECK(future != NULL)) return;
    if (gri_random_below(random, 2))
        CHECK(fits(gr_await(NULL, future, (gr_time)gri_random_below(random, 1000000))));
    CHECK(gr_future_error(future) == GR_EBUSY || fits(gr_future_error(future)));
    gr_future_release(future);
}

static void call(gr_ref to)
{
    struct words out;
    int error = gr_call(NULL, to, &out, gr_seconds(60), get_words, .value = 3);
    CHECK(fits(error) && error != GR_ETIMEOUT);
    gri_fetch_add(&calls, 1, GRI_RELAXED);
    if (error != 0) sched_yield(); /* the others may know more */
    if (error != 0) return;
    gri_fetch_add(&answers, 1, GRI_RELAXED);
    CHECK_EQ(gr_string_compare(out.text, gr_string_static("number 3")), 0);
    gr_string_release(out.text);
}

static void *outsider(void *argument)
{
    struct gri_random random;
    gri_random_seed(&random, (uint64_t)(uintptr_t)argument);
    while (gri_load(&is_over, GRI_ACQUIRE) == 0) {
        gr_ref to = refs[gri_load(&round_now, GRI_ACQUIRE)][gri_random_below(&random, ACTORS)];
        gr_string text;
        switch (gri_random_below(&random, 8)) {
        case 0:
            ask_and_leave(to, &random);
            break;
        case 1:
        case 2:
            call(to);
            break;
        case 3:
            CHECK_EQ(gr_string_format(NULL, &text, "%d", 5), 0);
            CHECK(fits(gr_send(NULL, to, words, .text = text)));
            break;
        case 4:
            if (gri_random_below(&random, 2000) == 0) CHECK(fits(gr_kill(NULL, to)));
            break;
        default:
            CHECK(fits(gr_send(NULL, to, number, .value = 1)));
            break;
        }
    }
    return NULL;
}

/* One that also spawns; it must be over before the system is destroyed. */
static gri_atomic_u32 spawner_is_over;

static void *spawner(void *argument)
{
    while (gri_load(&spawner_is_over, GRI_ACQUIRE) == 0) {
        gr_ref ref = gr_system_spawn(system_now, server, (.loop = GR_SPREAD), .value = 1);
        if (gr_ref_is_null(ref)) continue;
        CHECK(fits(gr_send(NULL, ref, number, .value = 1)));
        CHECK(fits(gr_stop(NULL, ref, 0)));
    }
    return NULL;
}

static void *run_main(void *argument)
{
    CHECK_EQ(gr_system_run(argument), 0);
    return NULL;
}

static void spawn_crew(uint32_t round)
{
    for (int i = 0; i < ACTORS; i++) {
        refs[round][i] = gr_system_spawn(system_now, server,
                                         (.loop = GR_SPREAD, .mailbox = {.messages = 100}), .value = 0);
        CHECK(!gr_ref_is_null(refs[round][i]));
    }
    gri_store(&round_now, round, GRI_RELEASE);
}

static void one_life(int loops, uint64_t number)
{
    struct gri_memory_account account;
    gri_memory_account_init(&account, gri_memory_default(), 0);
    struct gr_system_options options = {.size = sizeof options, .loops = loops};
    gri_thread threads[THREADS], spawns, runs;
    if (!CHECK_EQ(gri_runtime_create(&options, &(struct gri_seams){.memory = &account.memory}, &system_now),
                  0))
        return;
    spawn_crew(0);
    gri_store(&is_over, 0, GRI_RELAXED);
    gri_store(&spawner_is_over, 0, GRI_RELAXED);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(gri_thread_create(&threads[i], outsider, (void *)(uintptr_t)(number * THREADS + i + 1),
                                   "outsider"),
                 0);
    CHECK_EQ(gri_thread_create(&spawns, spawner, NULL, "spawner"), 0);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        if (round > 0) spawn_crew(round);
        CHECK_EQ(gri_thread_create(&runs, run_main, system_now, "runs"), 0);
        uint64_t enough = gri_load(&answers, GRI_RELAXED) + 10;
        while (gri_load(&answers, GRI_RELAXED) < enough) sched_yield();
        CHECK_EQ(gr_system_stop(system_now, gr_seconds(60), NULL, 0, NULL), 0);
        gri_thread_join(runs);
    }
    gri_store(&spawner_is_over, 1, GRI_RELEASE);
    gri_thread_join(spawns);
    gr_system_destroy(system_now); /* the outsiders go on, with references to nobody */
    gri_store(&is_over, 1, GRI_RELEASE);
    for (int i = 0; i < THREADS; i++) gri_thread_join(threads[i]);
    CHECK_EQ(gri_memory_used(&account.memory), 0);
}

int main(void)
{
    int passed = 0, failed = 0;
    uint64_t lives = test_share(12);
    for (int loops = 1; loops <= 3; loops++) {
        int before = failures();
        for (uint64_t i = 0; i < lives; i++) one_life(loops, i);
        bool ok = failures() == before;
        printf("outsiders on %d loops: %llu lives, %s\n", loops, (unsigned long long)lives,
               ok ? "ok" : "failed");
        passed += ok;
        failed += !ok;
    }
    printf("%llu calls, %llu answered\n", (unsigned long long)gri_load(&calls, GRI_RELAXED),
           (unsigned long long)gri_load(&answers, GRI_RELAXED));
    printf("stress_outsiders: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
