/* SPDX-License-Identifier: Apache-2.0 */
/* fan_in: 20 senders, one receiver, n messages together, 1000 a turn. */
#include "sender.h"

#define SENDERS 20

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    uint64_t each = run->n < SENDERS ? 1 : run->n / SENDERS;
    gr_ref counter = bench_spawned(self, gr_spawn_with(self, bench_counter, BENCH_PLACED(run),
                                                       .root = gr_self(self), .senders = SENDERS));
    gr_ref senders[SENDERS];
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i] = bench_spawned(self,
                                   gr_spawn_with(self, bench_sender, BENCH_PLACED(run), .counter = counter,
                                                 .count = each, .amount = i + 1, .turn = 1000));
    }
    int64_t begin_ns = bench_now();
    for (size_t i = 0; i < SENDERS; i++) bench_must(self, gr_send(self, senders[i], bench_turn));
    struct bench_finished end = bench_wait(self);
    bench_check_equal("messages received", end.count, each * SENDERS);
    bench_check_equal("their sum", end.sum, each * (SENDERS * (SENDERS + 1) / 2));
    bench_report(
        run, (struct bench_result){
                 .name = "fan_in", .count = end.count, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_fan_in = {"fan_in", "messages/s", 10000000, root};
