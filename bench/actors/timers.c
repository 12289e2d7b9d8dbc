/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers: 100 actors arm n timers of 1 to 1000 ms together, 100 a turn, each actor for itself. The rate is that of the
 * arming; the latencies are how late each message came, counted from when its timer was armed. Many actors, so that no
 * mailbox reaches its bound where a machine stands still for a moment.
 */
#include "bench.h"

#include <stdlib.h>

#define ACTORS     100
#define TURN       100
#define BATCH      100 /* timers for one reading of the clock, which takes time */
#define MS_LONGEST 1000

struct timers_due {
    int64_t due_ns;
};
GR_MESSAGE(timers_due, GR_FIELD(timers_due, due_ns));

struct timers_start {
    gr_ref root;
    uint32_t index;
    uint64_t count;
};
GR_MESSAGE(timers_start, GR_FIELD(timers_start, root), GR_FIELD(timers_start, index),
           GR_FIELD(timers_start, count));

/* How late each message was, in nanoseconds; a part for each actor. */
static double *lateness;

struct timers_actor {
    gr_ref root;      /* gets a bench_finished when all is armed, and another when all has come */
    double *lateness; /* its part; `fired` are written */
    uint64_t count;   /* timers */
    uint64_t armed;   /* so far */
    uint64_t fired;   /* so far */
    uint32_t value;   /* of its generator */
};

static int timers_begin(gr_actor *self, struct timers_actor *t, const struct timers_start *m)
{
    t->root = m->root;
    t->lateness = lateness + m->index * m->count;
    t->count = m->count;
    t->value = m->index;
    return 0;
}

static void on_arm(gr_actor *self, struct timers_actor *t, const struct bench_turn *m)
{
    int64_t now_ns = 0;
    for (int i = 0; i < TURN && t->armed < t->count; i++, t->armed++) {
        if (i % BATCH == 0) now_ns = bench_now();
        t->value = (t->value * 1309 + 13849) & 65535;
        gr_time delay = (int64_t)(t->value % MS_LONGEST + 1) * 1000000;
        bench_must(self,
                   gr_send_after(self, gr_self(self), delay, NULL, timers_due, .due_ns = now_ns + delay));
    }
    if (t->armed < t->count) {
        bench_must(self, gr_send(self, gr_self(self), bench_turn));
    } else {
        bench_must(self, gr_send(self, t->root, bench_finished, .end_ns = bench_now(), .count = t->armed));
    }
}

static void on_due(gr_actor *self, struct timers_actor *t, const struct timers_due *m)
{
    int64_t late_ns = bench_now() - m->due_ns;
    if (late_ns < 0) bench_fail("wrong result: a timer fired %lld ns early", -(long long)late_ns);
    if (t->fired == t->count) bench_fail("wrong result: a timer fired twice");
    t->lateness[t->fired++] = (double)late_ns;
    if (t->fired == t->count) bench_must(self, gr_send(self, t->root, bench_finished, .count = t->fired));
}

GR_ACTOR(timers_actor, struct timers_actor, timers_start, timers_begin, GR_ON(bench_turn, on_arm),
         GR_ON(timers_due, on_due));

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    uint64_t each = run->n < ACTORS ? 1 : run->n / ACTORS;
    uint64_t n = each * ACTORS;
    lateness = malloc(n * sizeof *lateness);
    if (lateness == NULL) return GR_ENOMEM;
    memset(lateness, 0xff, n * sizeof *lateness); /* its pages are there before the time is taken */
    gr_ref actors[ACTORS];
    for (uint32_t i = 0; i < ACTORS; i++) {
        actors[i] = bench_spawned(self, gr_spawn_with(self, timers_actor, BENCH_PLACED(run),
                                                      .root = gr_self(self), .index = i, .count = each));
    }
    int64_t begin_ns = bench_now();
    int64_t end_ns = begin_ns;
    for (size_t i = 0; i < ACTORS; i++) bench_must(self, gr_send(self, actors[i], bench_turn));
    uint64_t told = 0;
    for (size_t i = 0; i < 2 * ACTORS; i++) {
        struct bench_finished end = bench_wait(self);
        if (end.end_ns > end_ns) end_ns = end.end_ns;
        told += end.count;
    }
    bench_check_equal("timers armed and fired", told, 2 * n);
    struct bench_result result = {
        .name = "timers", .count = n, .elapsed_ns = end_ns - begin_ns, .cpu_ns = -1};
    bench_percentiles(lateness, n, &result.p50_ns, &result.p99_ns);
    bench_report(run, result);
    free(lateness);
    return 0;
}

const struct bench bench_timers = {"timers", "timers/s", 1000000, root};
