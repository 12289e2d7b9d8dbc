/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork_join: one sender gives work to 60 actors in turn, n messages together, 1200 a turn; each adds up
 * sin(37.2 + number) squared.
 */
#include "bench.h"

#include <math.h>

#define WORKERS 60
#define TURN    1200

struct fork_work {
    uint64_t number;
};
GR_MESSAGE(fork_work, GR_FIELD(fork_work, number));

/* Answered when all work before it is done. */
GR_MESSAGE_EMPTY(fork_sum_wanted);

struct fork_sum {
    int64_t end_ns;
    uint64_t count;
    double sum;
};
GR_MESSAGE(fork_sum, GR_FIELD(fork_sum, end_ns), GR_FIELD(fork_sum, count), GR_FIELD(fork_sum, sum));

struct fork_worker_start {
    gr_ref root;
};
GR_MESSAGE(fork_worker_start, GR_FIELD(fork_worker_start, root));

struct forker_start {
    gr_buffer workers; /* WORKERS references */
    uint64_t each;     /* messages for each of them */
};
GR_MESSAGE(forker_start, GR_FIELD(forker_start, workers), GR_FIELD(forker_start, each));

struct fork_worker {
    gr_ref root;    /* gets the sum */
    uint64_t count; /* messages received */
    double sum;     /* of the squares */
};

struct forker {
    gr_ref workers[WORKERS]; /* in turn */
    uint64_t each;           /* messages for each of them */
    uint64_t number;         /* of the round, from 0; at `each` the sums are asked for */
    uint32_t place;          /* the worker that is next */
};

static int worker_begin(gr_actor *self, struct fork_worker *w, const struct fork_worker_start *m)
{
    w->root = m->root;
    return 0;
}

static void on_work(gr_actor *self, struct fork_worker *w, const struct fork_work *m)
{
    double s = sin(37.2 + (double)m->number);
    w->sum += s * s;
    w->count++;
}

static void on_sum_wanted(gr_actor *self, struct fork_worker *w, const struct fork_sum_wanted *m)
{
    bench_must(self,
               gr_send(self, w->root, fork_sum, .end_ns = bench_now(), .count = w->count, .sum = w->sum));
}

GR_ACTOR(fork_worker, struct fork_worker, fork_worker_start, worker_begin, GR_ON(fork_work, on_work),
         GR_ON(fork_sum_wanted, on_sum_wanted));

static int forker_begin(gr_actor *self, struct forker *f, const struct forker_start *m)
{
    memcpy(f->workers, m->workers.data, sizeof f->workers);
    f->each = m->each;
    return 0;
}

/* Sends to the next worker; false where it is full: then the forker keeps its place and waits for room. */
static bool send_next(gr_actor *self, struct forker *f)
{
    gr_ref worker = f->workers[f->place];
    int err = f->number < f->each ? gr_try_send(self, worker, fork_work, .number = f->number)
                                  : gr_try_send(self, worker, fork_sum_wanted);
    if (err == GR_EFULL) {
        bench_must(self, gr_notify_room(self, worker));
        return false;
    }
    bench_must(self, err);
    if (++f->place == WORKERS) {
        f->place = 0;
        f->number++;
    }
    return true;
}

static void fork_turn(gr_actor *self, struct forker *f)
{
    for (int i = 0; i < TURN && f->number <= f->each; i++) {
        if (!send_next(self, f)) return;
    }
    if (f->number <= f->each) bench_must(self, gr_send(self, gr_self(self), bench_turn));
}

static void on_turn(gr_actor *self, struct forker *f, const struct bench_turn *m)
{
    fork_turn(self, f);
}

static void on_signal(gr_actor *self, struct forker *f, const struct gr_signal *signal)
{
    if (signal->kind == GR_SIGNAL_ROOM) fork_turn(self, f);
}

GR_ACTOR(forker, struct forker, forker_start, forker_begin, GR_ON(bench_turn, on_turn),
         GR_ON_SIGNAL(on_signal));

static struct fork_sum wait_for_sum(gr_actor *self)
{
    for (;;) {
        struct gr_mail mail;
        bench_must(self, gr_receive(self, &mail, gr_seconds(100)));
        const struct fork_sum *sum = gr_mail_as(&mail, fork_sum);
        if (sum != NULL) return *sum;
    }
}

static gr_ref spawn_forker(gr_actor *self, const struct bench_run *run, uint64_t each)
{
    gr_ref workers[WORKERS];
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = bench_spawned(
            self, gr_spawn_with(self, fork_worker, BENCH_PLACED(run), .root = gr_self(self)));
    }
    gr_buffer refs;
    bench_must(self, gr_buffer_copy(self, workers, sizeof workers, &refs));
    return bench_spawned(self, gr_spawn(self, forker, .workers = refs, .each = each));
}

static void check_sums(const struct fork_sum *sums, uint64_t each)
{
    double expected = 0;
    for (uint64_t number = 0; number < each; number++) {
        double s = sin(37.2 + (double)number);
        expected += s * s;
    }
    for (size_t i = 0; i < WORKERS; i++) {
        bench_check_equal("messages of an actor", sums[i].count, each);
        bench_check(fabs(sums[i].sum - expected) <= 1e-9 * expected, "the sum of an actor",
                    (uint64_t)sums[i].sum, (uint64_t)expected);
    }
}

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    uint64_t each = run->n < WORKERS ? 1 : run->n / WORKERS;
    gr_ref first = spawn_forker(self, run, each);
    int64_t begin_ns = bench_now();
    bench_must(self, gr_send(self, first, bench_turn));
    struct fork_sum sums[WORKERS];
    int64_t end_ns = begin_ns;
    for (size_t i = 0; i < WORKERS; i++) {
        sums[i] = wait_for_sum(self);
        if (sums[i].end_ns > end_ns) end_ns = sums[i].end_ns;
    }
    check_sums(sums, each);
    bench_report(run, (struct bench_result){.name = "fork_join",
                                            .count = each * WORKERS,
                                            .elapsed_ns = end_ns - begin_ns,
                                            .cpu_ns = -1});
    return 0;
}

const struct bench bench_fork_join = {"fork_join", "messages/s", 12000000, root};
