/* SPDX-License-Identifier: Apache-2.0 */
/* ping_pong: two actors, n messages between them, one at a time. */
#include "bench.h"

struct ping {
    uint64_t number;
};
struct pong {
    uint64_t number;
};
GR_MESSAGE(ping, GR_FIELD(ping, number));
GR_MESSAGE(pong, GR_FIELD(pong, number));

struct pinger_start {
    gr_ref root;
    gr_ref ponger;
    uint64_t rounds;
};
GR_MESSAGE(pinger_start, GR_FIELD(pinger_start, root), GR_FIELD(pinger_start, ponger),
           GR_FIELD(pinger_start, rounds));

struct pinger {
    gr_ref root;     /* waits for the end */
    gr_ref ponger;   /* the other actor */
    uint64_t rounds; /* to do in all */
    uint64_t number; /* of the round under way, from 1 */
};

struct ponger {
    uint64_t answered; /* pings so far */
};

static int pinger_begin(gr_actor *self, struct pinger *p, const struct pinger_start *m)
{
    p->root = m->root;
    p->ponger = m->ponger;
    p->rounds = m->rounds;
    return 0;
}

static void on_begin(gr_actor *self, struct pinger *p, const struct bench_turn *m)
{
    p->number = 1;
    bench_must(self, gr_send(self, p->ponger, ping, .number = 1));
}

static void on_pong(gr_actor *self, struct pinger *p, const struct pong *m)
{
    bench_check_equal("the number of a pong", m->number, p->number);
    if (p->number < p->rounds) {
        p->number++;
        bench_must(self, gr_send(self, p->ponger, ping, .number = p->number));
    } else {
        bench_must(self,
                   gr_send(self, p->root, bench_finished, .end_ns = bench_now(), .count = 2 * p->rounds));
    }
}

static int ponger_begin(gr_actor *self, struct ponger *p, const struct gr_nothing *m)
{
    return 0;
}

static void on_ping(gr_actor *self, struct ponger *p, const struct ping *m)
{
    bench_check_equal("the number of a ping", m->number, ++p->answered);
    bench_must(self, gr_send(self, gr_sender(self), pong, .number = m->number));
}

GR_ACTOR(pinger, struct pinger, pinger_start, pinger_begin, GR_ON(bench_turn, on_begin),
         GR_ON(pong, on_pong));
GR_ACTOR(ponger, struct ponger, gr_nothing, ponger_begin, GR_ON(ping, on_ping));

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    uint64_t rounds = run->n < 2 ? 1 : run->n / 2;
    gr_ref other = bench_spawned(self, gr_spawn_with(self, ponger, BENCH_PLACED(run)));
    gr_ref first = bench_spawned(self, gr_spawn_with(self, pinger, BENCH_PLACED(run), .root = gr_self(self),
                                                     .ponger = other, .rounds = rounds));
    int64_t begin_ns = bench_now();
    bench_must(self, gr_send(self, first, bench_turn));
    struct bench_finished end = bench_wait(self);
    bench_report(
        run, (struct bench_result){
                 .name = "ping_pong", .count = end.count, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_ping_pong = {"ping_pong", "messages/s", 10000000, root};
