/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation's choices; see simulation.h. */
#include "simulation/simulation.h"

#include "base/text.h"

/* One choice in this many is a job, if one waits, while loops have work. */
#define JOB_CHANCE 8u

static gr_time virtual_now(struct gri_clock *clock)
{
    return GRI_CONTAINER_OF(clock, struct gri_simulation, clock)->now;
}

static int submit(struct gri_job_runner *runner, struct gri_job *job)
{
    struct gri_simulation *simulation = GRI_CONTAINER_OF(runner, struct gri_simulation, runner);
    job->state = GRI_JOB_QUEUED;
    gri_list_push_back(&simulation->jobs, &job->node);
    simulation->job_count++;
    return 0;
}

static bool cancel(struct gri_job_runner *runner, struct gri_job *job)
{
    struct gri_simulation *simulation = GRI_CONTAINER_OF(runner, struct gri_simulation, runner);
    if (job->state != GRI_JOB_QUEUED) return false;
    job->state = GRI_JOB_IDLE;
    gri_list_remove(&job->node);
    simulation->job_count--;
    return true;
}

void gri_simulation_init(struct gri_simulation *simulation, uint64_t seed)
{
    *simulation = (struct gri_simulation){.clock.now = virtual_now, .runner = {submit, cancel}, .hash = seed};
    gri_random_seed(&simulation->random, seed);
    gri_list_init(&simulation->jobs);
}

void gri_simulation_attach(struct gri_simulation *simulation, struct gri_loop **loops, unsigned loop_count)
{
    simulation->loops = loops;
    simulation->loop_count = loop_count;
}

/* Runs one of the waiting jobs, any. */
static void run_job(struct gri_simulation *simulation)
{
    uint64_t skip = gri_random_below(&simulation->random, simulation->job_count);
    struct gri_list_node *node = gri_list_first(&simulation->jobs);
    while (skip-- > 0) node = gri_list_next(&simulation->jobs, node);
    struct gri_job *job = GRI_CONTAINER_OF(node, struct gri_job, node);
    cancel(&simulation->runner, job);
    job->state = GRI_JOB_RUNNING;
    job->result = job->work(job->argument);
    job->state = GRI_JOB_IDLE;
    job->done(job);
}

/* Adds what a loop has done to the hash. */
static void hash_events(struct gri_simulation *simulation, unsigned loop)
{
    struct gri_event events[32];
    uint64_t lost = 0;
    size_t count;
    do {
        count = gri_event_ring_copy(simulation->loops[loop]->events, &simulation->seen[loop], events, 32,
                                    &lost);
        simulation->hash = gri_hash(events, count * sizeof events[0], simulation->hash + loop);
    } while (count == 32);
}

/* How much a step does, and what it sees: sometimes as usual, mostly little. */
static struct gri_step_limits choose_limits(struct gri_random *random)
{
    if (gri_random_below(random, 4) == 0) return gri_step_limits_default;
    return (struct gri_step_limits){.turns = (uint32_t)gri_random_below(random, 8),
                                    .messages = 1 + (uint32_t)gri_random_below(random, 8),
                                    .batch = 1 + (uint32_t)gri_random_below(random, 16),
                                    .inbound = gri_random_next(random)};
}

static void step_loop(struct gri_simulation *simulation, unsigned loop)
{
    struct gri_step_limits limits = choose_limits(&simulation->random);
    gri_loop_step(simulation->loops[loop], &limits);
    hash_events(simulation, loop);
}

/* Any loop that has work, or -1. */
static int choose_loop(struct gri_simulation *simulation)
{
    int chosen = -1;
    unsigned found = 0;
    for (unsigned i = 0; i < simulation->loop_count; i++)
        if (gri_loop_has_work(simulation->loops[i]) && gri_random_below(&simulation->random, ++found) == 0)
            chosen = (int)i;
    return chosen;
}

/* Jumps to the earliest timer of all loops and fires what is due. */
static bool jump(struct gri_simulation *simulation)
{
    gr_time next = GR_FOREVER;
    for (unsigned i = 0; i < simulation->loop_count; i++) {
        gr_time due = gri_loop_next_timer(simulation->loops[i]);
        if (due < next) next = due;
    }
    if (next == GR_FOREVER) return false;
    if (next > simulation->now) simulation->now = next;
    for (unsigned i = 0; i < simulation->loop_count; i++) {
        gri_loop_read_clock(simulation->loops[i]);
        hash_events(simulation, i);
    }
    return true;
}

bool gri_simulation_step(struct gri_simulation *simulation)
{
    simulation->steps++;
    int loop = choose_loop(simulation);
    bool job = simulation->job_count != 0 &&
               (loop < 0 || gri_random_below(&simulation->random, JOB_CHANCE) == 0);
    if (job)
        run_job(simulation);
    else if (loop >= 0)
        step_loop(simulation, (unsigned)loop);
    else
        return jump(simulation);
    return true;
}
