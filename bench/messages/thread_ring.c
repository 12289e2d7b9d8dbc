/* SPDX-License-Identifier: Apache-2.0 */
/* thread_ring: 100 actors in a ring pass one token on; n hops. */
#include "bench.h"

#define ACTORS 100

struct token {
    uint64_t hops; /* still to go */
};
struct ring_next {
    gr_ref next;
};
struct ring_start {
    gr_ref root;
    uint64_t index;
};
GR_MESSAGE(token, GR_FIELD(token, hops));
GR_MESSAGE(ring_next, GR_FIELD(ring_next, next));
GR_MESSAGE(ring_start, GR_FIELD(ring_start, root), GR_FIELD(ring_start, index));

struct ring_actor {
    gr_ref root;    /* waits for the end */
    gr_ref next;    /* gets the token */
    uint64_t index; /* place in the ring, from 0 */
};

static int ring_begin(gr_actor *self, struct ring_actor *r, const struct ring_start *m)
{
    r->root = m->root;
    r->index = m->index;
    return 0;
}

static void on_next(gr_actor *self, struct ring_actor *r, const struct ring_next *m)
{
    r->next = m->next;
}

static void on_token(gr_actor *self, struct ring_actor *r, const struct token *m)
{
    if (m->hops > 0) {
        bench_must(self, gr_send(self, r->next, token, .hops = m->hops - 1));
    } else {
        bench_must(self, gr_send(self, r->root, bench_finished, .end_ns = bench_now(), .count = r->index));
    }
}

GR_ACTOR(ring_actor, struct ring_actor, ring_start, ring_begin, GR_ON(ring_next, on_next),
         GR_ON(token, on_token));

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    gr_ref ring[ACTORS];
    for (size_t i = 0; i < ACTORS; i++) {
        ring[i] = bench_spawned(
            self, gr_spawn_with(self, ring_actor, BENCH_PLACED(run), .root = gr_self(self), .index = i));
    }
    for (size_t i = 0; i < ACTORS; i++)
        bench_must(self, gr_send(self, ring[i], ring_next, .next = ring[(i + 1) % ACTORS]));
    int64_t begin_ns = bench_now();
    bench_must(self, gr_send(self, ring[0], token, .hops = run->n));
    struct bench_finished end = bench_wait(self);
    bench_check_equal("the actor where the token ended", end.count, run->n % ACTORS);
    bench_report(
        run, (struct bench_result){
                 .name = "thread_ring", .count = run->n, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_thread_ring = {"thread_ring", "messages/s", 5000000, root};
