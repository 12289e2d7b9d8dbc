/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benchmarks share: a run, its results, the clock, and the message that ends it. It knows no benchmark's work.
 *
 * A benchmark is the root actor of a system of its own. It spawns its actors, takes the time just before the first
 * message, waits for a bench_finished that carries the time of the last one, checks what was received, and reports.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <greenroom/greenroom.h>

/* One line of output. */
struct bench_result {
    const char *name;         /* of the row, without _spread */
    uint64_t count;           /* what the rate counts */
    int64_t elapsed_ns;       /* from just before the first message to the last */
    uint64_t rss_bytes;       /* 0: the peak of the process when the result is printed */
    uint64_t bytes_per_actor; /* resident memory for each living actor; 0 where it is not measured */
    double p50_ns;            /* latencies; both 0 where they are not measured */
    double p99_ns;            /* see p50_ns */
    int64_t cpu_ns; /* processor time of the process in elapsed_ns, of which the rate is then made; else -1 */
};

#define BENCH_RESULTS_MAX 4

/* One run of one benchmark; the argument of its root actor. */
struct bench_run {
    const struct bench *bench; /* which */
    uint64_t n;                /* how many of what the rate counts */
    int loops;                 /* of the system */
    bool spread;               /* actors are spread over the loops, else all start on one */
    bool quick;                /* shorten what lasts a fixed time */
    gr_time gap;               /* between the outside events of `idle` */
    unsigned result_count;     /* elements of `results` in use */
    struct bench_result results[BENCH_RESULTS_MAX]; /* in the order in which they are printed */
};

/* A benchmark. */
struct bench {
    const char *name;                            /* of the row */
    const char *unit;                            /* of the rate */
    uint64_t n;                                  /* by default */
    int (*root)(gr_actor *self, void *argument); /* gets the struct bench_run */
};

/* The options of a spawn that follows the run's placement: gr_spawn_with(self, A, BENCH_PLACED(run), ...). */
#define BENCH_PLACED(run) (.loop = (run)->spread ? GR_SPREAD : GR_SAME_LOOP)

/* Sent to the root actor by the actor that saw the last message. */
struct bench_finished {
    int64_t end_ns; /* bench_now() at that moment */
    uint64_t count; /* messages received, or what else the benchmark counts */
    uint64_t sum;   /* of what they carried */
};
GR_MESSAGE(bench_finished, GR_FIELD(bench_finished, end_ns), GR_FIELD(bench_finished, count),
           GR_FIELD(bench_finished, sum));

/* Tells an actor to begin, or to go on with its next turn. */
GR_MESSAGE_EMPTY(bench_turn);

/* Nanoseconds of the monotonic clock. */
int64_t bench_now(void);

/* A line of /proc/self/status ("VmRSS", "VmHWM") in bytes; 0 if there is none. */
uint64_t bench_memory(const char *field);

/* Prints what went wrong on stderr and ends the process with 1: a benchmark has no result then. */
_Noreturn void bench_fail(const char *format, ...) GR_PRINTF(1, 2);

/* Waits for a bench_finished, in a coroutine; fails after a while, so that a lost message can't hang a run. */
struct bench_finished bench_wait(gr_actor *self);

/* Adds a result of the run; more than BENCH_RESULTS_MAX fail. */
void bench_report(struct bench_run *run, struct bench_result result);

/* Sorts `samples` and reads the 50th and 99th percentile. */
void bench_percentiles(double *samples, size_t count, double *p50, double *p99);

/* Fails unless `good`: with what was found and what it should be. */
static inline void bench_check(bool good, const char *what, uint64_t found, uint64_t expected)
{
    if (!good) {
        bench_fail("wrong result: %s: %llu, not %llu", what, (unsigned long long)found,
                   (unsigned long long)expected);
    }
}

static inline void bench_check_equal(const char *what, uint64_t found, uint64_t expected)
{
    bench_check(found == expected, what, found, expected);
}

/* Fails if a call that should succeed did not. */
static inline void bench_must(gr_actor *self, int error)
{
    if (error != 0) bench_fail("%s: %s", gr_error_name(error), gr_last_error(self));
}

/* Fails if a spawn gave no actor. */
static inline gr_ref bench_spawned(gr_actor *self, gr_ref actor)
{
    if (gr_ref_is_null(actor)) bench_fail("no actor could be spawned: %s", gr_last_error(self));
    return actor;
}

extern const struct bench bench_ping_pong;
extern const struct bench bench_thread_ring;
extern const struct bench bench_counting;
extern const struct bench bench_counting_burst_a;
extern const struct bench bench_counting_burst_b;
extern const struct bench bench_fan_in;
extern const struct bench bench_spawn;
extern const struct bench bench_tree;
extern const struct bench bench_fork_join;
extern const struct bench bench_chameneos;
extern const struct bench bench_big;
extern const struct bench bench_banking;
extern const struct bench bench_ask;
extern const struct bench bench_ask_deadline;
extern const struct bench bench_timers;
extern const struct bench bench_idle;
extern const struct bench bench_coroutines;
extern const struct bench bench_coroutines_gather;
extern const struct bench bench_coroutines_alive;
extern const struct bench bench_compute;

#endif
