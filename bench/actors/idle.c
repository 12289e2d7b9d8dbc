/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle: n actors with nothing to do. First the processor time of the whole process over ten seconds; then the latency
 * of events from outside, each after a time without work: a plain thread asks one of the actors, and the handler tells
 * how long ago the question was sent. The rate that is printed is the share of one processor.
 */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define EVENTS_MAX 200

struct outside_event {
    int64_t sent_ns;
};
struct outside_latency {
    int64_t ns;
};
GR_MESSAGE(outside_event, GR_FIELD(outside_event, sent_ns));
GR_MESSAGE(outside_latency, GR_FIELD(outside_latency, ns));
GR_REQUEST(outside_event, outside_latency);

struct idler {
    uint64_t events; /* seen */
};

static int idler_begin(gr_actor *self, struct idler *i, const struct gr_nothing *m)
{
    return 0;
}

static void on_event(gr_actor *self, struct idler *i, const struct outside_event *m)
{
    i->events++;
    gr_reply(self, outside_event, .ns = bench_now() - m->sent_ns);
}

GR_ACTOR(idler, struct idler, gr_nothing, idler_begin, GR_ON(outside_event, on_event));

/* What the plain thread works with; the root actor waits while it does. */
struct outside {
    const struct bench_run *run; /* the options */
    gr_ref root;                 /* is told of the end */
    gr_ref *actors;              /* run->n of them */
    unsigned events;             /* to send */
    int64_t window_ns;           /* of the first part */
    int64_t cpu_ns;              /* processor time of the process in it */
    double latencies[EVENTS_MAX];
};

static void plain_sleep(int64_t ns)
{
    struct timespec left = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    while (nanosleep(&left, &left) != 0) { /* interrupted */
    }
}

static int64_t process_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *outside_main(void *argument)
{
    struct outside *o = argument;
    plain_sleep(1000000000); /* what the spawning left behind ends meanwhile */
    int64_t begin_ns = bench_now();
    int64_t cpu_ns = process_cpu();
    plain_sleep(o->window_ns);
    o->cpu_ns = process_cpu() - cpu_ns;
    o->window_ns = bench_now() - begin_ns;
    for (unsigned i = 0; i < o->events; i++) {
        plain_sleep(o->run->gap);
        struct outside_latency latency;
        gr_ref actor = o->actors[(uint64_t)i * 7919 % o->run->n];
        bench_must(NULL,
                   gr_call(NULL, actor, &latency, gr_seconds(10), outside_event, .sent_ns = bench_now()));
        o->latencies[i] = (double)latency.ns;
    }
    bench_must(NULL, gr_send(NULL, o->root, bench_finished, .end_ns = bench_now(), .count = o->events));
    return NULL;
}

static void spawn_idlers(gr_actor *self, const struct bench_run *run, gr_ref *actors)
{
    for (uint64_t i = 0; i < run->n; i++) {
        actors[i] = bench_spawned(self, gr_spawn_with(self, idler, BENCH_PLACED(run)));
        if (i % 1000 == 999) bench_must(self, gr_sleep(self, 0)); /* lets them start */
    }
    struct outside_latency last;
    int err;
    while ((err = gr_call(self, actors[run->n - 1], &last, gr_seconds(100), outside_event)) == GR_EFULL) {
        bench_must(self, gr_sleep(self, gr_milliseconds(1))); /* the spawns are still on their way */
    }
    bench_must(self, err);
}

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    struct outside *o = calloc(1, sizeof *o);
    gr_ref *actors = malloc(run->n * sizeof *actors);
    if (o == NULL || actors == NULL) return GR_ENOMEM;
    memset(actors, 0xff, run->n * sizeof *actors); /* its pages are not to count as the actors' */
    uint64_t rss_before = bench_memory("VmRSS");
    spawn_idlers(self, run, actors);
    uint64_t rss_bytes = bench_memory("VmRSS");
    o->run = run;
    o->root = gr_self(self);
    o->actors = actors;
    o->events = run->quick ? EVENTS_MAX / 10 : EVENTS_MAX;
    o->window_ns = run->quick ? gr_seconds(2) : gr_seconds(10);
    pthread_t thread;
    if (pthread_create(&thread, NULL, outside_main, o) != 0) bench_fail("no thread could be started");
    struct gr_mail mail;
    do {
        bench_must(self, gr_receive(self, &mail, GR_FOREVER));
    } while (gr_mail_as(&mail, bench_finished) == NULL);
    pthread_join(thread, NULL);
    struct bench_result result = {.name = "idle",
                                  .count = run->n,
                                  .elapsed_ns = o->window_ns,
                                  .rss_bytes = rss_bytes,
                                  .bytes_per_actor = (rss_bytes - rss_before) / run->n,
                                  .cpu_ns = o->cpu_ns};
    bench_percentiles(o->latencies, o->events, &result.p50_ns, &result.p99_ns);
    bench_report(run, result);
    free(actors);
    free(o);
    return 0;
}

const struct bench bench_idle = {"idle", "of a processor", 1000000, root};
