/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the simulation: the same seed is the same run, time is exact, jobs run at chosen moments. */
#include "runtime/runtime.h"
#include "simulation/simulation.h"
#include "tests/support/world/case.h"
#include "tests/unit/base/child.h"

#include <stdlib.h>

/* ---- alone: jobs and choices, without loops ---- */

/* A job that notes its number. */
struct numbered {
    struct gri_job job; /* what is submitted */
    int number;         /* what is noted */
};

static pthread_t submitter;

static int note_work(void *argument)
{
    struct numbered *job = argument;
    CHECK(pthread_equal(pthread_self(), submitter));
    CHECK_EQ(job->job.state, GRI_JOB_RUNNING);
    note("%d", job->number);
    return job->number;
}

static void check_result(struct gri_job *job)
{
    CHECK_EQ(job->result, GRI_CONTAINER_OF(job, struct numbered, job)->number);
    CHECK_EQ(job->state, GRI_JOB_IDLE);
}

static void submit(struct gri_simulation *simulation, struct numbered *jobs, int count)
{
    submitter = pthread_self();
    for (int i = 0; i < count; i++) {
        jobs[i] = (struct numbered){.job = {.work = note_work, .argument = &jobs[i], .done = check_result},
                                    .number = i};
        CHECK_EQ(simulation->runner.submit(&simulation->runner, &jobs[i].job), 0);
        CHECK_EQ(jobs[i].job.state, GRI_JOB_QUEUED);
    }
}

Case(simulation, without_anything_to_do_nothing_can_ever_happen)
{
    struct gri_simulation simulation;
    gri_simulation_init(&simulation, 1);
    for (int i = 0; i < 10; i++) CHECK(!gri_simulation_step(&simulation));
    CHECK_EQ(gri_clock_now(&simulation.clock), 0);
}

Case(simulation, a_step_runs_one_job_on_the_calling_thread)
{
    struct gri_simulation simulation;
    struct numbered jobs[3];
    gri_simulation_init(&simulation, 1);
    submit(&simulation, jobs, 3);
    CHECK_TEXT(notes(), ""); /* not when it is submitted */
    for (uint32_t left = 3; left > 0; left--) {
        CHECK_EQ(simulation.job_count, left);
        CHECK(gri_simulation_step(&simulation));
        CHECK_EQ(strlen(notes()), (4 - left) * 2 - 1);
    }
    CHECK(!gri_simulation_step(&simulation));
}

/* The order in which five jobs run, as a number. */
static int order_of(uint64_t seed)
{
    struct gri_simulation simulation;
    struct numbered jobs[5];
    notes_clear();
    gri_simulation_init(&simulation, seed);
    submit(&simulation, jobs, 5);
    while (gri_simulation_step(&simulation)) {
    }
    int a, b, c, d, e;
    CHECK_EQ(sscanf(notes(), "%d %d %d %d %d", &a, &b, &c, &d, &e), 5);
    CHECK_EQ(1 << a | 1 << b | 1 << c | 1 << d | 1 << e, 31); /* each once */
    return (((a * 5 + b) * 5 + c) * 5 + d) * 5 + e;
}

Case(simulation, the_seed_chooses_the_order_of_jobs)
{
    bool seen[3125] = {false};
    int different = 0;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        int order = order_of(seed);
        CHECK_EQ(order_of(seed), order);
        different += !seen[order];
        seen[order] = true;
    }
    CHECK_EQ(different, 120); /* every order comes up */
}

static struct gri_simulation *resubmits_in;

static int cancel_itself(void *argument)
{
    struct numbered *job = argument;
    CHECK(!resubmits_in->runner.cancel(&resubmits_in->runner, &job->job)); /* it runs */
    return job->number;
}

static void resubmit(struct gri_job *job)
{
    struct numbered *self = GRI_CONTAINER_OF(job, struct numbered, job);
    note("done%d", self->number);
    if (++self->number < 3) CHECK_EQ(resubmits_in->runner.submit(&resubmits_in->runner, job), 0);
}

Case(simulation, jobs_can_be_cancelled_until_they_run_and_submitted_again_when_they_are_done)
{
    struct gri_simulation simulation;
    struct numbered jobs[3];
    gri_simulation_init(&simulation, 1);
    submit(&simulation, jobs, 3);
    CHECK(simulation.runner.cancel(&simulation.runner, &jobs[0].job));
    CHECK(!simulation.runner.cancel(&simulation.runner, &jobs[0].job));
    CHECK(simulation.runner.cancel(&simulation.runner, &jobs[2].job));
    CHECK(gri_simulation_step(&simulation));
    CHECK(!gri_simulation_step(&simulation));
    CHECK_TEXT(notes(), "1");
    CHECK(!simulation.runner.cancel(&simulation.runner, &jobs[1].job)); /* it is over */

    notes_clear();
    resubmits_in = &simulation;
    struct numbered again = {.job = {.work = cancel_itself, .argument = &again, .done = resubmit}};
    CHECK_EQ(simulation.runner.submit(&simulation.runner, &again.job), 0);
    for (int i = 0; i < 3; i++) CHECK(gri_simulation_step(&simulation));
    CHECK(!gri_simulation_step(&simulation));
    CHECK_TEXT(notes(), "done0 done1 done2");
}

/* ---- below a system ---- */

static int job_of_program(void *argument)
{
    note("job");
    return 0;
}

/* Requests across loops, timers, jobs, random numbers and ends. */
static int program(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    gr_ref servers[4];
    for (int i = 0; i < 4; i++)
        servers[i] = gr_spawn_with(self, server, (.loop = GR_LOOP(i % loops)), .value = i);
    for (int i = 0; i < 60; i++) {
        struct number sum;
        gr_send(self, servers[gr_random(self) % 4], number, .value = i);
        gr_send(self, servers[i % 4], words, .text = gr_string_static("unhandled"));
        CHECK_EQ(gr_call(self, servers[gr_random(self) % 4], &sum, GR_FOREVER, get_sum), 0);
        if (i % 8 == 0) CHECK_EQ(gr_sleep(self, gr_microseconds((double)(gr_random(self) % 1000))), 0);
        if (i % 16 != 0) continue;
        gr_future *future = gr_blocking(self, job_of_program, NULL);
        CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
        gr_future_release(future);
    }
    return 0;
}

/* What a run was: its trace, how many choices it took, and what time it was at the end. */
struct trace {
    uint64_t hash;  /* of the events */
    uint64_t steps; /* choices */
    gr_time end;    /* virtual */
};

static int run_program(gr_actor *self, const struct gr_nothing *m)
{
    return program(self, NULL);
}

GR_COROUTINE(runs_program, gr_nothing, run_program);

static struct trace trace_of(uint64_t seed, int loops)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .seed = seed, .loops = loops), 0);
    struct gri_simulation *simulation = gri_runtime_of(system)->simulation;
    gr_ref ref = gr_system_spawn(system, runs_program, ());
    CHECK(!gr_ref_is_null(ref));
    struct gr_system_counts counts = {.ended = 0};
    while (counts.ended == 0 && CHECK(gri_simulation_step(simulation))) gr_system_count(system, &counts);
    struct trace trace = {simulation->hash, simulation->steps, simulation->now};
    gr_system_destroy(system);
    return trace;
}

Case(simulation, the_same_seed_is_the_same_run_wherever_memory_is)
{
    for (int loops = 1; loops <= 3; loops++) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            struct trace first = trace_of(seed, loops);
            void *elsewhere[20];
            for (size_t i = 0; i < 20; i++) elsewhere[i] = malloc((i + 1) * 1000);
            struct trace second = trace_of(seed, loops);
            for (size_t i = 0; i < 20; i++) free(elsewhere[i]);
            CHECK(first.hash == second.hash);
            CHECK_EQ(first.steps, second.steps);
            CHECK_EQ(first.end, second.end);
        }
    }
}

Case(simulation, another_seed_is_another_run)
{
    uint64_t hashes[20];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        hashes[seed - 1] = trace_of(seed, 2).hash;
        for (uint64_t i = 0; i + 1 < seed; i++) CHECK(hashes[i] != hashes[seed - 1]);
    }
}

/* ---- time ---- */

static int exact_time(gr_actor *self, void *argument)
{
    static const gr_time times[] = {1, 999, 1000000, 123456789, 3600000000000, 86400000000000 * 365};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        gr_time begin = gr_now(self);
        CHECK_EQ(gr_sleep(self, times[i]), 0);
        CHECK_EQ(gr_now(self) - begin, times[i]);
        struct gr_mail mail;
        CHECK_EQ(gr_receive(self, &mail, times[i]), GR_ETIMEOUT);
        CHECK_EQ(gr_now(self) - begin, 2 * times[i]);
        CHECK_EQ(gr_send_after(self, gr_self(self), times[i], NULL, number, .value = 4), 0);
        CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
        CHECK_EQ(gr_now(self) - begin, 3 * times[i]);
    }
    return 0;
}

Case(simulation, virtual_times_are_exact)
{
    run_seeds(1, 20, exact_time);
    run_seeds(3, 20, exact_time);
}

static int idle_time(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    CHECK_EQ(program(self, NULL), 0);
    CHECK(gr_now(self) - begin < gr_microseconds(8 * 1000)); /* its sleeps, and nothing else */
    int loops = gr_system_loops(gr_actor_system(self));
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(loops - 1)), .value = 0);
    begin = gr_now(self);
    CHECK_EQ(gr_send_after(self, gr_self(self), 1, NULL, number, .value = 4), 0);
    for (int i = 0; i < 200; i++) {
        struct number sum;
        CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
        gr_future *future = gr_blocking(self, job_of_program, NULL);
        CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
        gr_future_release(future);
    }
    CHECK_EQ(gr_now(self), begin); /* a nanosecond never passed while there was work */
    CHECK_EQ(next_number(self), 4);
    CHECK_EQ(gr_now(self), begin + 1);
    return 0;
}

Case(simulation, time_stands_still_while_anything_can_happen)
{
    run_seeds(1, 10, idle_time);
    run_seeds(3, 10, idle_time);
}

/* ---- jobs of actors ---- */

static int job_on_this_thread(void *argument)
{
    CHECK(pthread_equal(pthread_self(), submitter));
    note("job");
    return 0;
}

/* How many of 100 moments passed before the job ran. */
static int moments(gr_actor *self, void *argument)
{
    int *passed = argument;
    submitter = pthread_self();
    gr_future *future = gr_blocking(self, job_on_this_thread, NULL);
    CHECK(!gr_future_done(future)); /* never inside of the call */
    CHECK_TEXT(notes(), "");
    for (*passed = 0; *passed < 100 && !gr_future_done(future); ++*passed) CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
    gr_future_release(future);
    return 0;
}

Case(simulation, an_actors_job_runs_on_the_same_thread_at_a_moment_of_the_seeds_choice)
{
    bool seen[101] = {false};
    int different = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        int passed, again;
        notes_clear();
        CHECK_EQ(gr_run_with(moments, &passed, (.seed = seed, .loops = 1)), 0);
        notes_clear();
        CHECK_EQ(gr_run_with(moments, &again, (.seed = seed, .loops = 1)), 0);
        CHECK_EQ(again, passed);
        different += !seen[passed];
        seen[passed] = true;
    }
    CHECK(different > 5);
}

static int asks_and_ends_main(gr_actor *self, const struct gr_nothing *m)
{
    return gr_blocking(self, job_of_program, NULL) == NULL;
}

GR_COROUTINE(asks_and_ends, gr_nothing, asks_and_ends_main);

static int cancelled_jobs(gr_actor *self, void *argument)
{
    for (int i = 0; i < 20; i++) CHECK_EQ(wait_down(self, gr_spawn(self, asks_and_ends)), 0);
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0); /* until nothing else can happen */
    CHECK_TEXT(notes(), "");
    return 0;
}

Case(simulation, a_job_whose_asker_ended_before_it_began_never_begins)
{
    run_seeds(1, 20, cancelled_jobs);
}

/* ---- GR_SEED, and the end of everything ---- */

static int long_sleep(gr_actor *self, void *argument)
{
    gr_time *slept = argument;
    gr_time begin = gr_now(self);
    int error = gr_sleep(self, gr_seconds(1e6));
    *slept = gr_now(self) - begin;
    return error;
}

Case(simulation, gr_seed_in_the_environment_simulates_a_program)
{
    gr_time slept = 0;
    setenv("GR_SEED", "77", 1);
    setenv("GR_LOOPS", "2", 1);
    CHECK_EQ(gr_run(long_sleep, &slept), 0); /* eleven days */
    CHECK_EQ(slept, gr_seconds(1e6));
    gr_system *system;
    CHECK_EQ(gr_system_create(&system), 0);
    CHECK_EQ(gr_system_loops(system), 2);
    CHECK_EQ(gri_runtime_of(system)->options.seed, 77);
    CHECK_EQ(gr_system_fd(system), -1);
    gr_system_destroy(system);
    unsetenv("GR_SEED");
    unsetenv("GR_LOOPS");
}

static void wait_for_nothing(void *argument)
{
    gr_system *system;
    if (gr_system_create(&system, .seed = 9, .loops = 2) != 0) _exit(1);
    if (gr_ref_is_null(gr_system_spawn(system, listener, (.loop = GR_LOOP(1))))) _exit(2);
    int error = gr_system_run(system);
    gr_system_destroy(system);
    _exit(error == 0 ? 0 : 3);
}

Case(simulation, when_nothing_can_happen_any_more_a_run_says_so_and_stops)
{
    struct child child;
    child_run(&child, wait_for_nothing, NULL);
    CHECK_EQ(child.status, 0);
    CHECK(strstr(child.output, "every actor waits, and nothing can happen any more") != NULL);
    CHECK_EQ(child.writes, 1);
}
