/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of stopping: in order, from anywhere, and with what does not end. */
#include "actors/actor.h"
#include "base/atomic.h"
#include "base/platform.h"
#include "runtime/runtime.h"
#include "tests/support/world/case.h"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

/* ---- a system that a thread of its own runs ---- */

/* Runs until somebody stops it. The result is gr_system_run's. */
static void *run_main(void *system)
{
    return (void *)(intptr_t)gr_system_run(system);
}

static gri_thread run_apart(gr_system *system)
{
    gri_thread thread;
    CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0);
    return thread;
}

static int join(gri_thread thread)
{
    return (int)(intptr_t)gri_thread_join(thread);
}

static void wait_until_it_runs(gr_system *system)
{
    while (gri_load(&gri_runtime_of(system)->driver, GRI_RELAXED) % GRI_DRIVER_NEXT != GRI_DRIVER_RUN)
        sched_yield();
}

/* Waits until a server has handled what was sent to it. */
static int64_t sum_of(gr_ref ref)
{
    struct number sum = {-1};
    CHECK_EQ(gr_call(NULL, ref, &sum, GR_FOREVER, get_sum), 0);
    return sum.value;
}

/* ---- in order ---- */

struct ending {
    int64_t handled; /* messages */
};

static int ending_start(gr_actor *self, struct ending *state, const struct number *m)
{
    return 0;
}

static void ending_number(gr_actor *self, struct ending *state, const struct number *m)
{
    CHECK_EQ(m->value, state->handled);
    state->handled++;
}

static void ending_end(gr_actor *self, struct ending *state, const int *reason)
{
    note("%lld:%d", (long long)state->handled, *reason);
}

GR_ACTOR(ending, struct ending, number, ending_start, GR_ON(number, ending_number), GR_ON_END(ending_end));

static void stop_in_order(int loops, uint64_t seed)
{
    gr_system *system;
    notes_clear();
    CHECK_EQ(gr_system_create(&system, .loops = loops, .seed = seed), 0);
    gr_ref ref = gr_system_spawn(system, ending, (.loop = GR_LOOP(loops - 1)), .value = 0);
    for (int i = 0; i < 100; i++) CHECK_EQ(gr_send(NULL, ref, number, .value = i), 0);
    size_t count = 99;
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, &count), 0);
    CHECK_EQ(count, 0);
    struct gr_system_counts counts;
    gr_system_count(system, &counts);
    CHECK_EQ(counts.ended, 1);
    CHECK_EQ(counts.handled + counts.dead_letters[GR_DEAD_DOWN] + counts.dead_letters[GR_DEAD_STALE], 100);
    bool told = strstr(notes(), ":-12") != NULL && strchr(notes(), ' ') == NULL; /* once, and not killed */
    if (!CHECK(told || (notes()[0] == '\0' && counts.handled == 0))) fprintf(stderr, "%s\n", notes());
    gr_system_destroy(system);
}

Case(stop, g16_a_system_that_nobody_runs_stops_on_the_callers_thread)
{
    for (int loops = 1; loops <= 3; loops++)
        for (uint64_t seed = 0; seed < 5; seed++) stop_in_order(loops, seed);
}

Case(stop, a_deadline_of_zero_is_enough_where_nothing_lives)
{
    for (uint64_t seed = 0; seed < 3; seed++) {
        gr_system *system;
        size_t count = 99;
        CHECK_EQ(gr_system_create(&system, .loops = 2, .seed = seed), 0);
        CHECK_EQ(gr_system_stop(system, 0, NULL, 0, &count), 0);
        CHECK_EQ(count, 0);
        CHECK(!gr_ref_is_null(gr_system_spawn(system, listener, (.loop = GR_LOOP(1)))));
        CHECK_EQ(gr_system_stop(system, 0, NULL, 0, &count), 0); /* it is killed, and ends on this thread */
        CHECK_EQ(count, 0);
        gr_system_destroy(system);
    }
}

Case(stop, a_negative_deadline_is_refused_and_stops_nothing)
{
    gr_system *system;
    size_t count = 99;
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    gr_ref ref = gr_system_spawn(system, server, (), .value = 5);
    gri_thread thread = run_apart(system);
    CHECK_EQ(gr_system_stop(system, -1, NULL, 0, &count), GR_EINVALID);
    CHECK(strstr(gr_last_error(NULL), "negative") != NULL);
    CHECK_EQ(sum_of(ref), 5);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
    CHECK_EQ(join(thread), 0);
    gr_system_destroy(system);
}

Case(stop, g16_a_running_system_is_stopped_from_another_thread_again_and_again)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 2), 0);
    for (int i = 0; i < 50; i++) {
        gri_thread thread = run_apart(system);
        gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(i % 2)), .value = i);
        gr_ref other = gr_system_spawn(system, listener, (.loop = GR_LOOP(1)));
        CHECK(!gr_ref_is_null(other));
        CHECK_EQ(sum_of(ref), i);
        CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
        CHECK_EQ(join(thread), 0);
        CHECK_EQ(gr_try_send(NULL, ref, number, .value = 1), GR_ESTALE);
        CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
        CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0); /* once more does no harm */
    }
    gr_system_destroy(system);
}

static void *stop_main(void *system)
{
    return (void *)(intptr_t)gr_system_stop(system, gr_seconds(60), NULL, 0, NULL);
}

Case(stop, several_threads_may_stop_at_once)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 2), 0);
    for (int i = 0; i < 50; i++) {
        gri_thread stoppers[3];
        gr_ref ref = gr_system_spawn(system, server, (.loop = GR_SPREAD), .value = i);
        gri_thread thread = run_apart(system);
        CHECK_EQ(sum_of(ref), i);
        for (int j = 0; j < 3; j++) CHECK_EQ(gri_thread_create(&stoppers[j], stop_main, system, "stops"), 0);
        for (int j = 0; j < 3; j++) CHECK_EQ(join(stoppers[j]), 0);
        CHECK_EQ(join(thread), 0);
    }
    gr_system_destroy(system);
}

/* Runs the system again as soon as a run has ended. */
static gri_atomic_u32 runs_end;

static void *run_again_main(void *system)
{
    while (gri_load(&runs_end, GRI_ACQUIRE) == 0) {
        int error = gr_system_run(system);
        CHECK(error == 0 || error == GR_EBUSY);
    }
    return NULL;
}

Case(stop, g16_a_stop_returns_once_its_run_has_ended_though_the_next_began_at_once)
{
    gr_system *system;
    gri_thread thread;
    gri_store(&runs_end, 0, GRI_RELAXED);
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    CHECK_EQ(gri_thread_create(&thread, run_again_main, system, "runs"), 0);
    for (int i = 0; i < 300; i++) {
        wait_until_it_runs(system);
        if (!CHECK_EQ(gr_system_stop(system, gr_seconds(20), NULL, 0, NULL), 0)) break;
    }
    gri_store(&runs_end, 1, GRI_RELEASE);
    CHECK_EQ(gr_system_stop(system, gr_seconds(20), NULL, 0, NULL), 0);
    gri_thread_join(thread);
    gr_system_destroy(system);
}

/* ---- what comes in never ends ---- */

/* An envelope that goes round, with room for its function. */
static uint64_t inflow[sizeof(struct gri_message) / sizeof(uint64_t) + 1];

/* Comes in again as long as plain threads are let in. */
static void comes_again(struct gri_loop *loop, struct gri_message *m)
{
    struct gr_system *system = loop->owner;
    if (!gri_load(&system->closed, GRI_RELAXED)) gri_loop_inject(loop, m);
}

static void begin_inflow(gr_system *system, unsigned loop)
{
    struct gri_message *m = (struct gri_message *)inflow;
    memset(m, 0, sizeof *m);
    m->kind = GRI_MAIL_LOOP;
    m->home = GRI_HOME_MEMORY;
    m->payload[0] = (uintptr_t)comes_again;
    gri_loop_inject(gri_runtime_of(system)->system.loops[loop], m);
}

Case(stop, g16_a_stop_ends_though_what_comes_in_from_outside_does_not)
{
    for (int i = 0; i < 6; i++) { /* run by a thread, stepped by this one, by nobody */
        gr_system *system;
        gri_thread thread = {0};
        bool more;
        int loops = 1 + i % 2;
        CHECK_EQ(gr_system_create(&system, .loops = loops), 0);
        gr_ref ref = gr_system_spawn(system, listener, (.loop = GR_LOOP(loops - 1)));
        if (i / 2 == 0) thread = run_apart(system);
        if (i / 2 == 0) wait_until_it_runs(system);
        if (i / 2 == 1) CHECK_EQ(gr_system_step(system, &more), 0);
        begin_inflow(system, (unsigned)loops - 1);
        gr_time begin = gri_clock_now(gri_clock_monotonic());
        CHECK_EQ(gr_system_stop(system, gr_seconds(20), NULL, 0, NULL), 0);
        CHECK(gri_clock_now(gri_clock_monotonic()) - begin < gr_seconds(10)); /* it was not killed for it */
        CHECK_EQ(gr_try_send(NULL, ref, number, .value = 1), GR_ESTALE);
        if (i / 2 == 0) CHECK_EQ(join(thread), 0);
        gr_system_destroy(system);
    }
}

/* ---- from inside ---- */

static int stops_own(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    size_t count = 99;
    CHECK_EQ(gr_system_stop(gr_actor_system(self), gr_seconds(60), NULL, 0, &count), GR_EBUSY);
    CHECK_EQ(count, 0);
    CHECK(gr_ref_is_null(gr_spawn(self, server, .value = 1))); /* it goes on, but nothing new begins */
    CHECK(strstr(gr_last_error(self), gr_error_text(GR_ESTOPPED)) != NULL);
    CHECK_EQ(gr_system_stop(gr_actor_system(self), -1, NULL, 0, NULL), GR_EINVALID);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    note("stopped");
    return 0;
}

Case(stop, g16_an_actor_that_stops_its_own_system_goes_on_and_is_then_told)
{
    run_everywhere(stops_own);
    CHECK_TEXT(notes(), "stopped");
}

static int stops_another_first(gr_actor *self, void *argument)
{
    gr_system *other;
    CHECK_EQ(gr_system_create(&other, .loops = 1), 0);
    CHECK(!gr_ref_is_null(gr_system_spawn(other, listener, ())));
    gr_system_destroy(other); /* which steps its loop on this thread */
    return stops_own(self, argument);
}

Case(stop, g16_an_actor_may_bring_another_system_to_its_end_and_is_still_inside_of_its_own)
{
    run_everywhere(stops_another_first);
    CHECK_TEXT(notes(), "stopped");
}

/* ---- killing ---- */

/* Does not heed the stop, but lets others run: it waits for what nobody gives. */
static int stubborn_main(gr_actor *self, const struct gr_nothing *m)
{
    gr_promise unset;
    gr_future *never = gr_promise_create(self, number, &unset);
    note("%d", gr_await(self, never, GR_FOREVER));
    return 0;
}

GR_COROUTINE(stubborn, gr_nothing, stubborn_main);

Case(stop, g16_at_half_of_the_deadline_coroutines_that_ignore_the_stop_are_killed)
{
    for (int i = 0; i < 2; i++) { /* with a thread that runs it, and without */
        gr_system *system;
        notes_clear();
        CHECK_EQ(gr_system_create(&system, .loops = 2), 0);
        gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(1)), .value = 1);
        CHECK(!gr_ref_is_null(gr_system_spawn(system, stubborn, ())));
        CHECK(!gr_ref_is_null(gr_system_spawn(system, stubborn, (.loop = GR_LOOP(1)))));
        gri_thread thread = {0};
        if (i == 0) thread = run_apart(system);
        if (i == 0) CHECK_EQ(sum_of(ref), 1);
        CHECK_EQ(gr_system_stop(system, gr_seconds(1), NULL, 0, NULL), 0);
        if (i == 0) CHECK_EQ(join(thread), 0);
        CHECK_TEXT(notes(), "-11 -11");
        gr_system_destroy(system);
    }
}

static int stop_and_wait(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < loops; i++)
        CHECK(!gr_ref_is_null(gr_spawn_with(self, stubborn, (.loop = GR_LOOP(i)))));
    return 0;
}

Case(stop, g16_a_simulated_stop_kills_once_nothing_else_can_happen)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        notes_clear();
        CHECK_EQ(gr_run_with(stop_and_wait, NULL, (.seed = seed, .loops = 2)), 0);
        CHECK_TEXT(notes(), "-11 -11");
    }
}

/* ---- what does not end ---- */

/* Two pipes: one tells that it began, one lets it end. */
static int began[2], release[2];

static void make_pipes(void)
{
    CHECK_EQ(pipe(began), 0);
    CHECK_EQ(pipe(release), 0);
}

static gr_time begun_at; /* when that was seen last */

static void wait_until_begun(void)
{
    char byte;
    CHECK_EQ(read(began[0], &byte, 1), 1);
    begun_at = gri_clock_now(gri_clock_monotonic());
}

/* Lets time pass. */
static void wait_until_it_hung_for(gr_time time)
{
    gri_atomic_u32 never = {0};
    CHECK_EQ(gri_futex_wait(&never, 0, time), GR_ETIMEOUT);
}

static int hang(void *argument)
{
    char byte;
    CHECK_EQ(write(began[1], "b", 1), 1);
    CHECK_EQ(read(release[0], &byte, 1), 1);
    return 0;
}

static int stuck_start(gr_actor *self, char *state, const struct number *m)
{
    return 0;
}

static void stuck_ping(gr_actor *self, char *state, const struct ping *m)
{
    hang(NULL);
}

GR_ACTOR(stuck, char, number, stuck_start, GR_ON(ping, stuck_ping));

static int asks_job_main(gr_actor *self, const struct gr_nothing *m)
{
    gr_future *future = gr_blocking(self, hang, NULL);
    return gr_await(self, future, GR_FOREVER);
}

GR_COROUTINE(asks_job, gr_nothing, asks_job_main);

static void check_hanging_handler(gr_system *system, gr_ref ref, gri_thread thread)
{
    struct gr_abandoned list[4];
    size_t count = 0;
    gr_time before = gri_clock_now(gri_clock_monotonic());
    CHECK_EQ(gr_system_stop(system, gr_milliseconds(20), list, 4, &count), GR_EABANDONED);
    CHECK_EQ(count, 1);
    CHECK(gr_ref_equal(list[0].actor, ref));
    CHECK_TEXT(list[0].name, "stuck");
    CHECK_EQ(list[0].thread, 1);
    CHECK(list[0].since >= before - begun_at); /* since it began, not since the stop */
    CHECK(strstr(gr_last_error(NULL), "1 handlers or blocking jobs") != NULL);
    count = 0;
    CHECK_EQ(gr_system_stop(system, gr_milliseconds(1), NULL, 0, &count), GR_EABANDONED);
    CHECK_EQ(count, 1);
    CHECK_EQ(gr_system_stop(system, 0, list, 0, NULL), GR_EABANDONED);
    CHECK_EQ(write(release[1], "r", 1), 1);
    CHECK_EQ(join(thread), 0);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), list, 4, &count), 0);
    CHECK_EQ(count, 0);
}

Case(stop, g16_a_handler_that_hangs_is_listed_and_the_system_ends_once_it_is_let_go)
{
    gr_system *system;
    make_pipes();
    CHECK_EQ(gr_system_create(&system, .loops = 2), 0);
    for (int i = 0; i < 3; i++) {
        gr_ref ref = gr_system_spawn(system, stuck, (.loop = GR_LOOP(1)), .value = 0);
        gri_thread thread = run_apart(system);
        gr_send(NULL, ref, ping);
        wait_until_begun();
        wait_until_it_hung_for(gr_milliseconds(50));
        check_hanging_handler(system, ref, thread);
    }
    gr_system_destroy(system);
}

Case(stop, g16_a_blocking_job_that_hangs_is_listed_and_the_system_ends_once_it_is_let_go)
{
    gr_system *system;
    make_pipes();
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    for (int i = 0; i < 3; i++) {
        CHECK(!gr_ref_is_null(gr_system_spawn(system, asks_job, ())));
        CHECK(!gr_ref_is_null(gr_system_spawn(system, asks_job, ())));
        gri_thread thread = run_apart(system);
        wait_until_begun();
        wait_until_begun();
        struct gr_abandoned list[1];
        size_t count = 0;
        const gr_time deadline = gr_milliseconds(300); /* the loop comes to rest by then: else it is listed */
        CHECK_EQ(gr_system_stop(system, deadline, list, 1, &count), GR_EABANDONED);
        CHECK_EQ(count, 2); /* as many as there are, of which one has room */
        CHECK(gr_ref_is_null(list[0].actor));
        CHECK_TEXT(list[0].name, "blocking job");
        CHECK_EQ(list[0].thread, -1);
        CHECK(list[0].since >= deadline);
        CHECK_EQ(join(thread), GR_EABANDONED);
        CHECK_EQ(write(release[1], "rr", 2), 2);
        CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, &count), 0);
        CHECK_EQ(count, 0);
    }
    gr_ref ref = gr_system_spawn(system, server, (), .value = 3); /* and it is as new */
    gri_thread thread = run_apart(system);
    CHECK_EQ(sum_of(ref), 3);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
    CHECK_EQ(join(thread), 0);
    gr_system_destroy(system);
}

Case(stop, g16_a_destroyed_system_whose_work_was_abandoned_keeps_what_it_may_touch)
{
    gr_system *system;
    make_pipes();
    CHECK_EQ(gr_system_create(&system, .loops = 1, .stop_deadline = gr_milliseconds(20)), 0);
    CHECK(!gr_ref_is_null(gr_system_spawn(system, asks_job, ())));
    gri_thread thread = run_apart(system);
    wait_until_begun();
    CHECK_EQ(gr_system_stop(system, gr_milliseconds(20), NULL, 0, NULL), GR_EABANDONED);
    CHECK_EQ(join(thread), GR_EABANDONED);
    gr_system_destroy(system); /* keeps it: the job still runs */
    size_t count = 99;
    CHECK_EQ(write(release[1], "r", 1), 1);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, &count), 0);
    CHECK_EQ(count, 0);
    gr_system_destroy(system);
}

Case(stop, an_actor_that_has_ended_is_not_listed_among_the_abandoned)
{
    gr_system *system;
    struct gr_abandoned list[1];
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    struct gri_runtime *runtime = gri_runtime_of(system);
    gr_ref ref = gr_system_spawn(system, listener, ());
    struct gri_loop *loop = runtime->system.loops[0];
    struct gr_actor *actor = &gri_slots_chunk(&system->slots, 0)[ref.slot];
    bool more = true;
    while (more) CHECK_EQ(gr_system_step(system, &more), 0);
    gri_store(&loop->running, &actor->work, GRI_RELAXED);
    CHECK_EQ(gri_runtime_abandoned(runtime, list, 1), 1);
    CHECK_TEXT(list[0].name, "listener");
    gri_store(&loop->running, NULL, GRI_RELAXED);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
    gri_store(&loop->running, &actor->work, GRI_RELAXED);
    CHECK_EQ(gri_runtime_abandoned(runtime, list, 1), 0);
    gri_store(&loop->running, NULL, GRI_RELAXED);
    gr_system_destroy(system);
}
