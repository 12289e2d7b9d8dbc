/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulation: runs all loops of a system on one thread, from one seed, with a virtual clock. It chooses which loop
 * steps, how much it does, what it sees of other loops, and when blocking work runs. Nothing depends on addresses, so
 * the same seed gives the same run. It knows loops and jobs, not actors.
 *
 * Time stands still while anything can happen, then jumps to the next timer: virtual times are exact.
 */
#ifndef GRI_SIMULATION_SIMULATION_H
#define GRI_SIMULATION_SIMULATION_H

#include "base/list.h"
#include "base/random.h"
#include "scheduler/job_runner.h"
#include "scheduler/loop.h"

struct gri_simulation {
    struct gri_clock clock;       /* the virtual clock; loops read it */
    struct gri_job_runner runner; /* takes blocking jobs */
    gr_time now;                  /* virtual nanoseconds */
    struct gri_random random;     /* makes every choice */
    struct gri_loop **loops;      /* all of the system's */
    unsigned loop_count;          /* elements of `loops` */
    struct gri_list jobs;         /* submitted, not yet run */
    uint32_t job_count;           /* elements of `jobs` */
    uint64_t steps;               /* choices made */
    uint64_t hash;                /* of all events so far: equal runs have equal hashes */
    uint64_t seen[GR_LOOPS_MAX];  /* events of each loop that are in the hash */
};

/* Starts a simulation. */
void gri_simulation_init(struct gri_simulation *simulation, uint64_t seed);

/* Tells it the loops, once they are made with its clock and without a poller. Each has an event ring. */
void gri_simulation_attach(struct gri_simulation *simulation, struct gri_loop **loops, unsigned loop_count);

/* Does one thing: a step of some loop, a job, or a jump to the next timer. False: nothing can ever happen any more,
 * unless somebody outside does something. */
bool gri_simulation_step(struct gri_simulation *simulation);

#endif
