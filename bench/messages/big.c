/* SPDX-License-Identifier: Apache-2.0 */
/* big: 120 actors ping random others, with one ping outstanding each; n messages together, two a round trip. */
#include "bench.h"

#define ACTORS 120

GR_MESSAGE_EMPTY(big_ping);
GR_MESSAGE_EMPTY(big_pong);

struct big_others {
    gr_buffer refs; /* of all actors, each a gr_ref */
};
struct big_start {
    gr_ref root;
    uint32_t index;
    uint64_t pings;
};
GR_MESSAGE(big_others, GR_FIELD(big_others, refs));
GR_MESSAGE(big_start, GR_FIELD(big_start, root), GR_FIELD(big_start, index), GR_FIELD(big_start, pings));

/* How many pings an actor has answered. */
GR_MESSAGE_EMPTY(big_answered_wanted);
struct big_answered {
    uint64_t pings;
};
GR_MESSAGE(big_answered, GR_FIELD(big_answered, pings));
GR_REQUEST(big_answered_wanted, big_answered);

struct big_actor {
    gr_ref target;     /* of the ping that is out */
    gr_buffer refs;    /* of all actors */
    uint64_t left;     /* pongs to come */
    uint64_t answered; /* pings received */
    uint32_t index;    /* its own in `refs` */
    uint32_t value;    /* of its generator */
    gr_ref root;       /* waits for the end; last, so that all the others are in one cache line */
};

static int big_begin(gr_actor *self, struct big_actor *b, const struct big_start *m)
{
    b->root = m->root;
    b->index = m->index;
    b->value = m->index;
    b->left = m->pings;
    return 0;
}

static void on_others(gr_actor *self, struct big_actor *b, const struct big_others *m)
{
    b->refs = gr_buffer_hold(m->refs);
}

static void send_ping(gr_actor *self, struct big_actor *b)
{
    b->value = (b->value * 1309 + 13849) & 65535;
    uint32_t index = b->value % (ACTORS - 1);
    if (index >= b->index) index++;
    memcpy(&b->target, b->refs.data + index * sizeof b->target, sizeof b->target);
    bench_must(self, gr_send(self, b->target, big_ping));
}

static void on_begin(gr_actor *self, struct big_actor *b, const struct bench_turn *m)
{
    send_ping(self, b);
}

static void on_ping(gr_actor *self, struct big_actor *b, const struct big_ping *m)
{
    b->answered++;
    bench_must(self, gr_send(self, gr_sender(self), big_pong));
}

static void on_pong(gr_actor *self, struct big_actor *b, const struct big_pong *m)
{
    if (!gr_ref_equal(gr_sender(self), b->target))
        bench_fail("wrong result: a pong of an actor that was not asked");
    if (--b->left > 0) {
        send_ping(self, b);
    } else {
        bench_must(self, gr_send(self, b->root, bench_finished, .end_ns = bench_now()));
    }
}

static void on_answered_wanted(gr_actor *self, struct big_actor *b, const struct big_answered_wanted *m)
{
    gr_reply(self, big_answered_wanted, .pings = b->answered);
}

static void on_end(gr_actor *self, struct big_actor *b, const int *reason)
{
    gr_buffer_release(b->refs);
}

GR_ACTOR(big_actor, struct big_actor, big_start, big_begin, GR_ON(big_ping, on_ping),
         GR_ON(big_pong, on_pong), GR_ON(bench_turn, on_begin), GR_ON(big_others, on_others),
         GR_ON(big_answered_wanted, on_answered_wanted), GR_ON_END(on_end));

static void introduce(gr_actor *self, const gr_ref *actors)
{
    gr_buffer refs;
    bench_must(self, gr_buffer_copy(self, actors, ACTORS * sizeof *actors, &refs));
    for (size_t i = 0; i < ACTORS; i++)
        bench_must(self, gr_send(self, actors[i], big_others, .refs = gr_buffer_hold(refs)));
    gr_buffer_release(refs);
}

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    uint64_t pings = run->n < 2 * ACTORS ? 1 : run->n / 2 / ACTORS;
    gr_ref actors[ACTORS];
    for (uint32_t i = 0; i < ACTORS; i++) {
        actors[i] = bench_spawned(self, gr_spawn_with(self, big_actor, BENCH_PLACED(run),
                                                      .root = gr_self(self), .index = i, .pings = pings));
    }
    introduce(self, actors);
    int64_t begin_ns = bench_now();
    int64_t end_ns = begin_ns;
    for (size_t i = 0; i < ACTORS; i++) bench_must(self, gr_send(self, actors[i], bench_turn));
    for (size_t i = 0; i < ACTORS; i++) {
        struct bench_finished end = bench_wait(self);
        if (end.end_ns > end_ns) end_ns = end.end_ns;
    }
    uint64_t answered = 0;
    for (size_t i = 0; i < ACTORS; i++) {
        struct big_answered answer;
        bench_must(self, gr_call(self, actors[i], &answer, gr_seconds(10), big_answered_wanted));
        answered += answer.pings;
    }
    bench_check_equal("pings answered", answered, pings * ACTORS);
    bench_report(run,
                 (struct bench_result){
                     .name = "big", .count = 2 * answered, .elapsed_ns = end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_big = {"big", "messages/s", 4800000, root};
