/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree: a binary tree of n actors (one less than a power of two): each spawns two, adds up what they counted, reports
 * to its parent and ends. Spread: the actors of the upper levels are spread over the loops; below, children stay with
 * their parents, which is how one writes it while loops do not hand over work.
 */
#include "bench.h"

#define SPREAD_LEVELS 8

struct tree_count {
    uint64_t actors; /* of the subtree */
};
struct tree_start {
    gr_ref parent;
    int32_t depth;         /* of the subtree below; 0: a leaf */
    int32_t spread_levels; /* so many levels from here on are spread */
};
GR_MESSAGE(tree_count, GR_FIELD(tree_count, actors));
GR_MESSAGE(tree_start, GR_FIELD(tree_start, parent), GR_FIELD(tree_start, depth),
           GR_FIELD(tree_start, spread_levels));

struct tree_node {
    gr_ref parent;    /* gets the count */
    uint64_t actors;  /* counted so far, with this one */
    uint32_t waiting; /* children that have not reported */
};

static int tree_begin(gr_actor *self, struct tree_node *t, const struct tree_start *m);
static void on_count(gr_actor *self, struct tree_node *t, const struct tree_count *m);

GR_ACTOR(tree_node, struct tree_node, tree_start, tree_begin, GR_ON(tree_count, on_count));

static int tree_begin(gr_actor *self, struct tree_node *t, const struct tree_start *m)
{
    t->parent = m->parent;
    t->actors = 1;
    if (m->depth == 0) {
        bench_must(self, gr_send(self, t->parent, tree_count, .actors = 1));
        gr_exit(self, 0);
        return 0;
    }
    t->waiting = 2;
    bool spread = m->spread_levels > 0;
    for (int i = 0; i < 2; i++) {
        bench_spawned(self, gr_spawn_with(self, tree_node, (.loop = spread ? GR_SPREAD : GR_SAME_LOOP),
                                          .parent = gr_self(self), .depth = m->depth - 1,
                                          .spread_levels = spread ? m->spread_levels - 1 : 0));
    }
    return 0;
}

static void on_count(gr_actor *self, struct tree_node *t, const struct tree_count *m)
{
    t->actors += m->actors;
    if (--t->waiting > 0) return;
    bench_must(self, gr_send(self, t->parent, tree_count, .actors = t->actors));
    gr_exit(self, 0);
}

/* The root actor of a benchmark waits for a bench_finished: this one stands between. */
struct tree_top_start {
    gr_ref root;
};
GR_MESSAGE(tree_top_start, GR_FIELD(tree_top_start, root));

struct tree_top {
    gr_ref root; /* waits for the end */
};

static int top_begin(gr_actor *self, struct tree_top *t, const struct tree_top_start *m)
{
    t->root = m->root;
    return 0;
}

static void on_top_count(gr_actor *self, struct tree_top *t, const struct tree_count *m)
{
    bench_must(self, gr_send(self, t->root, bench_finished, .end_ns = bench_now(), .count = m->actors));
    gr_exit(self, 0);
}

GR_ACTOR(tree_top, struct tree_top, tree_top_start, top_begin, GR_ON(tree_count, on_top_count));

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    int32_t depth = 0;
    while (((uint64_t)4 << depth) - 1 <= run->n) depth++;
    gr_ref top = bench_spawned(self, gr_spawn(self, tree_top, .root = gr_self(self)));
    int64_t begin_ns = bench_now();
    bench_spawned(self, gr_spawn(self, tree_node, .parent = top, .depth = depth,
                                 .spread_levels = run->spread ? SPREAD_LEVELS : 0));
    struct bench_finished end = bench_wait(self);
    bench_check_equal("the count", end.count, ((uint64_t)2 << depth) - 1);
    bench_report(run,
                 (struct bench_result){
                     .name = "tree", .count = end.count, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_tree = {"tree", "actors/s", 1048575, root};
