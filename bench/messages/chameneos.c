/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chameneos: 100 creatures meet in pairs at one mall, n meetings together. A meeting takes four messages: each creature
 * comes to the mall, the mall tells the one that waited of the other, and that one tells the other its colour. After n
 * meetings the mall sends away whoever comes, and adds up their meetings.
 */
#include "bench.h"

#define CREATURES 100
#define COLOURS   3
#define FADED     COLOURS

struct chameneos_visit {
    uint32_t colour;
};
struct chameneos_meet {
    gr_ref other;
    uint32_t colour; /* of the other */
};
struct chameneos_change {
    uint32_t colour; /* the receiver's new one */
};
struct chameneos_count {
    uint64_t meetings;
};
GR_MESSAGE(chameneos_visit, GR_FIELD(chameneos_visit, colour));
GR_MESSAGE(chameneos_meet, GR_FIELD(chameneos_meet, other), GR_FIELD(chameneos_meet, colour));
GR_MESSAGE(chameneos_change, GR_FIELD(chameneos_change, colour));
GR_MESSAGE(chameneos_count, GR_FIELD(chameneos_count, meetings));

/* The mall sends a creature away, which then tells its meetings. */
GR_MESSAGE_EMPTY(chameneos_leave);

struct mall_start {
    gr_ref root;
    uint64_t meetings;
};
struct creature_start {
    gr_ref mall;
    uint32_t colour;
};
GR_MESSAGE(mall_start, GR_FIELD(mall_start, root), GR_FIELD(mall_start, meetings));
GR_MESSAGE(creature_start, GR_FIELD(creature_start, mall), GR_FIELD(creature_start, colour));

struct mall {
    gr_ref root;    /* gets a bench_finished: creatures that left, and the sum of their meetings */
    gr_ref waiting; /* the creature that came first; null if there is none */
    uint64_t left;  /* meetings to come */
    uint64_t gone;  /* creatures that told their meetings */
    uint64_t sum;   /* of these */
};

struct creature {
    gr_ref mall;       /* where it meets others */
    uint64_t meetings; /* it took part in */
    uint32_t colour;   /* 0, 1 or 2; FADED in the end */
};

static int mall_begin(gr_actor *self, struct mall *m, const struct mall_start *start)
{
    m->root = start->root;
    m->left = start->meetings;
    return 0;
}

static void on_visit(gr_actor *self, struct mall *m, const struct chameneos_visit *visit)
{
    gr_ref visitor = gr_sender(self);
    if (m->left == 0) {
        bench_must(self, gr_send(self, visitor, chameneos_leave));
    } else if (gr_ref_is_null(m->waiting)) {
        m->waiting = visitor;
    } else {
        m->left--;
        bench_must(self,
                   gr_send(self, m->waiting, chameneos_meet, .other = visitor, .colour = visit->colour));
        m->waiting = (gr_ref){0};
    }
}

static void on_count(gr_actor *self, struct mall *m, const struct chameneos_count *count)
{
    m->sum += count->meetings;
    if (++m->gone < CREATURES) return;
    bench_must(
        self, gr_send(self, m->root, bench_finished, .end_ns = bench_now(), .count = m->gone, .sum = m->sum));
}

static int creature_begin(gr_actor *self, struct creature *c, const struct creature_start *start)
{
    c->mall = start->mall;
    c->colour = start->colour;
    return 0;
}

static void visit(gr_actor *self, struct creature *c)
{
    bench_must(self, gr_send(self, c->mall, chameneos_visit, .colour = c->colour));
}

static void on_begin(gr_actor *self, struct creature *c, const struct bench_turn *m)
{
    visit(self, c);
}

static void on_meet(gr_actor *self, struct creature *c, const struct chameneos_meet *m)
{
    c->meetings++;
    if (c->colour != m->colour) c->colour = 3 - c->colour - m->colour;
    bench_must(self, gr_send(self, m->other, chameneos_change, .colour = c->colour));
    visit(self, c);
}

static void on_change(gr_actor *self, struct creature *c, const struct chameneos_change *m)
{
    c->meetings++;
    c->colour = m->colour;
    visit(self, c);
}

static void on_leave(gr_actor *self, struct creature *c, const struct chameneos_leave *m)
{
    bench_check(c->colour < COLOURS, "a creature's colour", c->colour, COLOURS - 1);
    c->colour = FADED;
    bench_must(self, gr_send(self, c->mall, chameneos_count, .meetings = c->meetings));
    gr_exit(self, 0);
}

GR_ACTOR(mall, struct mall, mall_start, mall_begin, GR_ON(chameneos_visit, on_visit),
         GR_ON(chameneos_count, on_count));
GR_ACTOR(creature, struct creature, creature_start, creature_begin, GR_ON(bench_turn, on_begin),
         GR_ON(chameneos_meet, on_meet), GR_ON(chameneos_change, on_change),
         GR_ON(chameneos_leave, on_leave));

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    gr_ref place = bench_spawned(
        self, gr_spawn_with(self, mall, BENCH_PLACED(run), .root = gr_self(self), .meetings = run->n));
    gr_ref creatures[CREATURES];
    for (uint32_t i = 0; i < CREATURES; i++) {
        creatures[i] = bench_spawned(
            self, gr_spawn_with(self, creature, BENCH_PLACED(run), .mall = place, .colour = i % COLOURS));
    }
    int64_t begin_ns = bench_now();
    for (size_t i = 0; i < CREATURES; i++) bench_must(self, gr_send(self, creatures[i], bench_turn));
    struct bench_finished end = bench_wait(self);
    bench_check_equal("creatures that left", end.count, CREATURES);
    bench_check_equal("creatures met", end.sum, 2 * run->n);
    bench_report(
        run, (struct bench_result){
                 .name = "chameneos", .count = run->n, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_chameneos = {"chameneos", "meetings/s", 2000000, root};
