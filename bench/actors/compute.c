/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compute: 1000 actors, n messages together, each about a microsecond of arithmetic. An actor sends itself its next
 * message, so that no sender's loop has more to do than the others. Spread, it shows the speed-up of several loops.
 */
#include "bench.h"

#define ACTORS 1000

/* Steps of a linear congruential generator for each message: one waits for the other, four cycles each. */
#define STEPS      875
#define MULTIPLIER 6364136223846793005u
#define INCREMENT  1442695040888963407u

GR_MESSAGE_EMPTY(compute_work);

struct compute_start {
    gr_ref root;
    uint64_t seed;
    uint64_t messages;
};
struct compute_done {
    int64_t end_ns;
    uint64_t seed;
    uint64_t value;
};
GR_MESSAGE(compute_start, GR_FIELD(compute_start, root), GR_FIELD(compute_start, seed),
           GR_FIELD(compute_start, messages));
GR_MESSAGE(compute_done, GR_FIELD(compute_done, end_ns), GR_FIELD(compute_done, seed),
           GR_FIELD(compute_done, value));

struct compute_actor {
    gr_ref root;   /* gets the value */
    uint64_t seed; /* the value at first */
    uint64_t value;
    uint64_t left; /* messages to come */
};

static int compute_begin(gr_actor *self, struct compute_actor *c, const struct compute_start *m)
{
    c->root = m->root;
    c->seed = m->seed;
    c->value = m->seed;
    c->left = m->messages;
    return 0;
}

static void on_work(gr_actor *self, struct compute_actor *c, const struct compute_work *m)
{
    uint64_t value = c->value;
    for (int i = 0; i < STEPS; i++) value = value * MULTIPLIER + INCREMENT;
    c->value = value;
    if (--c->left > 0) {
        bench_must(self, gr_send(self, gr_self(self), compute_work));
    } else {
        bench_must(self, gr_send(self, c->root, compute_done, .end_ns = bench_now(), .seed = c->seed,
                                 .value = value));
    }
}

GR_ACTOR(compute_actor, struct compute_actor, compute_start, compute_begin, GR_ON(compute_work, on_work));

/* What `steps` steps make of `value`: x -> m * x + i, squared again and again. */
static uint64_t after_steps(uint64_t value, uint64_t steps)
{
    uint64_t m = MULTIPLIER;
    uint64_t i = INCREMENT;
    for (; steps > 0; steps >>= 1) {
        if (steps & 1) value = value * m + i;
        i = i * m + i;
        m = m * m;
    }
    return value;
}

static int64_t wait_for_done(gr_actor *self, uint64_t steps)
{
    for (;;) {
        struct gr_mail mail;
        bench_must(self, gr_receive(self, &mail, gr_seconds(100)));
        const struct compute_done *done = gr_mail_as(&mail, compute_done);
        if (done == NULL) continue;
        bench_check_equal("the value of an actor", done->value, after_steps(done->seed, steps));
        return done->end_ns;
    }
}

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    uint64_t each = run->n < ACTORS ? 1 : run->n / ACTORS;
    gr_ref actors[ACTORS];
    for (size_t i = 0; i < ACTORS; i++) {
        actors[i] = bench_spawned(self, gr_spawn_with(self, compute_actor, BENCH_PLACED(run),
                                                      .root = gr_self(self), .seed = i, .messages = each));
    }
    int64_t begin_ns = bench_now();
    int64_t end_ns = begin_ns;
    for (size_t i = 0; i < ACTORS; i++) bench_must(self, gr_send(self, actors[i], compute_work));
    for (size_t i = 0; i < ACTORS; i++) {
        int64_t done_ns = wait_for_done(self, each * STEPS);
        if (done_ns > end_ns) end_ns = done_ns;
    }
    bench_report(
        run, (struct bench_result){
                 .name = "compute", .count = each * ACTORS, .elapsed_ns = end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_compute = {"compute", "messages/s", 1000000, root};
