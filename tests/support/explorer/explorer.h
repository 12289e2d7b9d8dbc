/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer: runs two or three threads of a lock-free structure through every execution that the C11 memory
 * model allows, and checks each. The structure is compiled with -DGRI_EXPLORE, so that the accesses of base/atomic.h,
 * GRI_PLAIN_READ and GRI_PLAIN_WRITE come here; gri_futex_wait and gri_futex_wake are defined here too.
 *
 * A scenario is a setup, up to three threads, and a check of the end. Found are: a failed check or assertion, a
 * data race, an access to freed memory, a deadlock (so a lost wake-up). Then the gate: every order stronger than
 * relaxed is weakened in turn, and the scenarios must fail. How it works, and what it does not cover, is told at
 * the top of model.h and schedule.c.
 *
 * Rules for scenarios: no malloc in threads, no state between executions (setup makes everything anew), no loop
 * that spins without gri_pause, or that does more than load before it; threads share only what the structure shares,
 * and keep what they saw in places of their own for the finish to check.
 */
#ifndef GRI_EXPLORER_H
#define GRI_EXPLORER_H

#include "base/atomic.h"

#include <stddef.h>
#include <stdio.h>

#define GRI_EXPLORER_THREADS_MAX 3

struct gri_explorer_scenario {
    const char *name;                                /* one word, for --replay */
    void (*setup)(void);                             /* runs alone, before the threads */
    void (*threads[GRI_EXPLORER_THREADS_MAX])(void); /* up to three; NULL for none */
    void (*finish)(void);                            /* runs alone, after the threads; NULL for none */
    const uint64_t *outcomes; /* what gri_explorer_outcome must give, ascending; or NULL */
    size_t outcome_count;     /* how many these are */
};

/* The last two members. */
#define GRI_EXPLORER_SET(...)                                                                                \
    (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)

/* A program for the explorer: the scenarios of one structure. */
struct gri_explorer_program {
    const char *name;                              /* the structure */
    const struct gri_explorer_scenario *scenarios; /* what to run */
    size_t scenario_count;                         /* how many */
    const char *const *sources; /* files whose ordered accesses must all be reached; NULL-ended */
};

/* Runs all; prints the results and returns the exit code. Arguments: see `--help`. */
int gri_explorer_main(const struct gri_explorer_program *program, int argc, char **argv);

/* Fails the execution unless `condition` is true. In threads, setup and finish. */
#define GRI_EXPLORER_CHECK(condition)                                                                        \
    ((condition) ? (void)0 : gri_explorer_fail("%s:%d: check failed: %s", __FILE__, __LINE__, #condition))

_Noreturn void gri_explorer_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Notes what an execution came to; of all executions together the set is kept. In finish. */
void gri_explorer_outcome(uint64_t outcome);

/* `size` bytes at `address` are freed: every other access must happen before, none may follow. */
#define gri_explorer_free(address, size) gri_explorer_freed((address), (size), __FILE__, __LINE__)
void gri_explorer_freed(const volatile void *address, size_t size, const char *file, int line);

/*
 * An event that one thread sleeps for, like an eventfd: signals before the wait count as one. It orders nothing: what
 * the waiter may see has to be published by the structure itself.
 */
struct gri_explorer_event {
    bool signalled; /* since the last wait */
};

#define gri_explorer_event_signal(event) gri_explorer_signal((event), __FILE__, __LINE__)
#define gri_explorer_event_wait(event, may_time_out)                                                         \
    gri_explorer_wait((event), (may_time_out), __FILE__, __LINE__)
void gri_explorer_signal(struct gri_explorer_event *event, const char *file, int line);
/* True when it was signalled; false when it timed out, which happens at any time, if it may. */
bool gri_explorer_wait(struct gri_explorer_event *event, bool may_time_out, const char *file, int line);

/* --- For programs that test the explorer itself --- */

struct gri_explorer_result {
    uint64_t executions; /* complete ones */
    uint64_t pruned;     /* given up, as all they could still show was seen before */
    size_t outcomes;     /* how many different outcomes there were */
    bool failed;         /* something was found; the search ends there */
};

/*
 * Explores one scenario. `reduce` false: every interleaving, also those that show nothing new. `seen`, if not NULL,
 * gets a hash of each complete execution: of who read and stored what, in which order.
 */
struct gri_explorer_result gri_explorer_run(const struct gri_explorer_scenario *scenario, bool reduce,
                                            void (*seen)(uint64_t execution));

/* Whether the last search's outcomes are the scenario's; prints them if they are not. */
bool gri_explorer_outcomes_fit(const struct gri_explorer_scenario *scenario);

/* What the last failure was: one line. */
const char *gri_explorer_failure(void);

#endif
