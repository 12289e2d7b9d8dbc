/* SPDX-License-Identifier: Apache-2.0 */
/* counting: a producer sends n increments, 1000 a turn, to one counter, then asks for the sum. */
#include "sender.h"

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    gr_ref counter = bench_spawned(
        self, gr_spawn_with(self, bench_counter, BENCH_PLACED(run), .root = gr_self(self), .senders = 1));
    gr_ref producer = bench_spawned(self,
                                    gr_spawn_with(self, bench_sender, BENCH_PLACED(run), .counter = counter,
                                                  .count = run->n, .amount = 3, .turn = 1000));
    int64_t begin_ns = bench_now();
    bench_must(self, gr_send(self, producer, bench_turn));
    struct bench_finished end = bench_wait(self);
    bench_check_equal("increments received", end.count, run->n);
    bench_check_equal("their sum", end.sum, run->n * 3);
    bench_report(run,
                 (struct bench_result){
                     .name = "counting", .count = run->n, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_counting = {"counting", "messages/s", 20000000, root};
