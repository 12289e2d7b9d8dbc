/* SPDX-License-Identifier: Apache-2.0 */
/* The sender and the counter of sender.h. */
#include "sender.h"

struct counter {
    gr_ref root;      /* gets the result */
    uint32_t senders; /* that have not finished */
    uint64_t count;   /* increments received */
    uint64_t sum;     /* of their amounts */
};

struct sender {
    gr_ref counter;  /* receives */
    uint64_t left;   /* increments not yet sent */
    uint64_t amount; /* in each */
    uint32_t turn;   /* so many a turn; 0: all */
    bool finished;   /* sum_wanted was sent */
};

static int counter_begin(gr_actor *self, struct counter *c, const struct bench_counter_start *m)
{
    c->root = m->root;
    c->senders = m->senders;
    return 0;
}

static void on_increment(gr_actor *self, struct counter *c, const struct increment *m)
{
    c->count++;
    c->sum += m->amount;
}

static void on_sum_wanted(gr_actor *self, struct counter *c, const struct sum_wanted *m)
{
    if (--c->senders > 0) return;
    bench_must(self, gr_send(self, c->root, bench_finished, .end_ns = bench_now(), .count = c->count,
                             .sum = c->sum));
}

static int sender_begin(gr_actor *self, struct sender *s, const struct bench_sender_start *m)
{
    s->counter = m->counter;
    s->left = m->count;
    s->amount = m->amount;
    s->turn = m->turn;
    return 0;
}

/* Whether an attempt to send was refused for want of room; then the room signal is asked for. */
static bool refused(gr_actor *self, struct sender *s, int err)
{
    if (err == 0) return false;
    if (err != GR_EFULL) bench_must(self, err);
    bench_must(self, gr_notify_room(self, s->counter));
    return true;
}

static void send_turn(gr_actor *self, struct sender *s)
{
    uint64_t turn = s->turn == 0 || s->turn > s->left ? s->left : s->turn;
    for (; turn > 0; turn--) {
        if (refused(self, s, gr_try_send(self, s->counter, increment, .amount = s->amount))) return;
        s->left--;
    }
    if (s->left > 0) {
        bench_must(self, gr_send(self, gr_self(self), bench_turn));
    } else if (!s->finished && !refused(self, s, gr_try_send(self, s->counter, sum_wanted))) {
        s->finished = true;
    }
}

static void on_turn(gr_actor *self, struct sender *s, const struct bench_turn *m)
{
    send_turn(self, s);
}

static void on_signal(gr_actor *self, struct sender *s, const struct gr_signal *signal)
{
    if (signal->kind == GR_SIGNAL_ROOM) send_turn(self, s);
}

GR_ACTOR(bench_counter, struct counter, bench_counter_start, counter_begin, GR_ON(increment, on_increment),
         GR_ON(sum_wanted, on_sum_wanted));
GR_ACTOR(bench_sender, struct sender, bench_sender_start, sender_begin, GR_ON(bench_turn, on_turn),
         GR_ON_SIGNAL(on_signal));
