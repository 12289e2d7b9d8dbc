/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counting_burst: n increments as fast as they can be sent. (a) by a coroutine to a counter of the *wait* policy; (b) by
 * a handler that sends until the counter is full and goes on at its room signal. The mailbox's bound is the default.
 */
#include "sender.h"

struct burst_start {
    gr_ref counter;
    uint64_t count;
};
GR_MESSAGE(burst_start, GR_FIELD(burst_start, counter), GR_FIELD(burst_start, count));

static int burst(gr_actor *self, const struct burst_start *m)
{
    struct gr_mail mail;
    bench_must(self, gr_receive(self, &mail, GR_FOREVER)); /* the bench_turn that says go */
    for (uint64_t i = 0; i < m->count; i++) {
        bench_must(self, gr_send(self, m->counter, increment, .amount = 3));
    }
    return gr_send(self, m->counter, sum_wanted);
}

GR_COROUTINE(burst_sender, burst_start, burst);

static void measure(gr_actor *self, struct bench_run *run, gr_ref producer)
{
    int64_t begin_ns = bench_now();
    bench_must(self, gr_send(self, producer, bench_turn));
    struct bench_finished end = bench_wait(self);
    bench_check_equal("increments received", end.count, run->n);
    bench_check_equal("their sum", end.sum, run->n * 3);
    bench_report(run, (struct bench_result){.name = run->bench->name,
                                            .count = run->n,
                                            .elapsed_ns = end.end_ns - begin_ns,
                                            .cpu_ns = -1});
}

static int root_a(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    gr_ref counter = bench_spawned(self, gr_spawn_with(self, bench_counter,
                                                       (.loop = run->spread ? GR_SPREAD : GR_SAME_LOOP,
                                                        .mailbox = {.policy = GR_POLICY_WAIT}),
                                                       .root = gr_self(self), .senders = 1));
    measure(self, run,
            bench_spawned(self, gr_spawn_with(self, burst_sender, BENCH_PLACED(run), .counter = counter,
                                              .count = run->n)));
    return 0;
}

static int root_b(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    gr_ref counter = bench_spawned(
        self, gr_spawn_with(self, bench_counter, BENCH_PLACED(run), .root = gr_self(self), .senders = 1));
    measure(self, run,
            bench_spawned(self, gr_spawn_with(self, bench_sender, BENCH_PLACED(run), .counter = counter,
                                              .count = run->n, .amount = 3)));
    return 0;
}

const struct bench bench_counting_burst_a = {"counting_burst_a", "messages/s", 20000000, root_a};
const struct bench bench_counting_burst_b = {"counting_burst_b", "messages/s", 20000000, root_b};
