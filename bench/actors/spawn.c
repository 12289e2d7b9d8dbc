/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn: one actor spawns n others, 1000 a turn. Each gets one message, answers it, and lives on until all have
 * answered. Then all are ended, and it is done a second time: the first time is spawn_cold, the second spawn.
 */
#include "bench.h"

#include <stdlib.h>

#define TURN       1000
#define LEAVE_WAIT 60 /* seconds for the actors of the first time to end */

/* The references of the spawned actors. The root actor makes it before the memory is measured; the spawner, which runs
 * while the root waits, fills it and ends the actors by it. */
static gr_ref *others;

struct hello {
    uint64_t number;
};
struct hello_answer {
    uint64_t number;
};
GR_MESSAGE(hello, GR_FIELD(hello, number));
GR_MESSAGE(hello_answer, GR_FIELD(hello_answer, number));

/* Ends the spawned actors; finished when each has been told. */
GR_MESSAGE_EMPTY(leave_turn);

struct spawner_start {
    gr_ref root;
    uint64_t n;
    bool spread;
};
GR_MESSAGE(spawner_start, GR_FIELD(spawner_start, root), GR_FIELD(spawner_start, n),
           GR_FIELD(spawner_start, spread));

struct greeted {
    uint64_t number; /* from the message, for an answer that found no room at once */
};

struct spawner {
    gr_ref root;       /* waits for the end */
    uint64_t n;        /* actors to spawn */
    uint64_t next;     /* the next to spawn, or to end */
    uint64_t answered; /* answers received */
    uint64_t sum;      /* of their numbers */
    int loop;          /* where the others are spawned */
    bool greets;       /* others[next] is spawned but not greeted */
};

static int greeted_begin(gr_actor *self, struct greeted *g, const struct gr_nothing *m)
{
    return 0;
}

static void answer(gr_actor *self, struct greeted *g, gr_ref spawner)
{
    int err = gr_try_send(self, spawner, hello_answer, .number = g->number);
    if (err == GR_EFULL) err = gr_notify_room(self, spawner);
    bench_must(self, err);
}

static void on_hello(gr_actor *self, struct greeted *g, const struct hello *m)
{
    g->number = m->number;
    answer(self, g, gr_sender(self));
}

static void on_greeted_signal(gr_actor *self, struct greeted *g, const struct gr_signal *signal)
{
    if (signal->kind == GR_SIGNAL_ROOM) answer(self, g, signal->actor);
}

GR_ACTOR(greeted, struct greeted, gr_nothing, greeted_begin, GR_ON(hello, on_hello),
         GR_ON_SIGNAL(on_greeted_signal));

static int spawner_begin(gr_actor *self, struct spawner *s, const struct spawner_start *m)
{
    s->root = m->root;
    s->n = m->n;
    s->loop = m->spread ? GR_SPREAD : GR_SAME_LOOP;
    return 0;
}

/* Greets the newest actor; false where there is no room on the way to it: then the spawner goes on at the room signal. */
static bool greet(gr_actor *self, struct spawner *s)
{
    int err = gr_try_send(self, others[s->next], hello, .number = s->next);
    if (err == GR_EFULL) {
        bench_must(self, gr_notify_room(self, others[s->next]));
        return false;
    }
    bench_must(self, err);
    s->greets = false;
    s->next++;
    return true;
}

static void spawn_turn(gr_actor *self, struct spawner *s)
{
    for (int i = 0; i < TURN && s->next < s->n; i++) {
        if (!s->greets)
            others[s->next] = bench_spawned(self, gr_spawn_with(self, greeted, (.loop = s->loop)));
        s->greets = true;
        if (!greet(self, s)) return;
    }
    if (s->next < s->n) bench_must(self, gr_send(self, gr_self(self), bench_turn));
}

static void on_spawn_turn(gr_actor *self, struct spawner *s, const struct bench_turn *m)
{
    spawn_turn(self, s);
}

static void on_spawner_signal(gr_actor *self, struct spawner *s, const struct gr_signal *signal)
{
    if (signal->kind == GR_SIGNAL_ROOM) spawn_turn(self, s);
}

static void on_answer(gr_actor *self, struct spawner *s, const struct hello_answer *m)
{
    s->sum += m->number;
    if (++s->answered < s->n) return;
    s->next = 0;
    bench_must(self, gr_send(self, s->root, bench_finished, .end_ns = bench_now(), .count = s->answered,
                             .sum = s->sum));
}

static void on_leave_turn(gr_actor *self, struct spawner *s, const struct leave_turn *m)
{
    for (int i = 0; i < TURN && s->next < s->n; i++, s->next++) {
        bench_must(self, gr_stop(self, others[s->next], 0));
    }
    if (s->next < s->n) {
        bench_must(self, gr_send(self, gr_self(self), leave_turn));
    } else {
        gr_exit(self, 0);
    }
}

GR_ACTOR(spawner, struct spawner, spawner_start, spawner_begin, GR_ON(bench_turn, on_spawn_turn),
         GR_ON(hello_answer, on_answer), GR_ON(leave_turn, on_leave_turn), GR_ON_SIGNAL(on_spawner_signal));

static uint64_t living(gr_actor *self)
{
    struct gr_system_counts counts;
    gr_system_count(gr_actor_system(self), &counts);
    return counts.spawned - counts.ended;
}

static void spawn_all(gr_actor *self, struct bench_run *run, const char *name)
{
    uint64_t n = run->n;
    uint64_t living_before = living(self);
    uint64_t rss_before = bench_memory("VmRSS");
    gr_ref first = bench_spawned(
        self, gr_spawn(self, spawner, .root = gr_self(self), .n = n, .spread = run->spread));
    int64_t begin_ns = bench_now();
    bench_must(self, gr_send(self, first, bench_turn));
    struct bench_finished end = bench_wait(self);
    uint64_t rss_bytes = bench_memory("VmRSS");
    bench_check_equal("answers", end.count, n);
    bench_check_equal("their sum", end.sum, n / 2 * (n - 1) + (n % 2) * ((n - 1) / 2));
    uint64_t alive = living(self) - living_before;
    bench_check(alive >= n, "actors alive at the end", alive, n + 1);
    struct bench_result result = {
        .name = name, .count = n, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1, .rss_bytes = rss_bytes};
    /* The second time finds the memory of the first; only the first shows what an actor takes. */
    if (run->result_count == 0) result.bytes_per_actor = (rss_bytes - rss_before) / n;
    bench_report(run, result);
    bench_must(self, gr_send(self, first, leave_turn));
    int64_t give_up_ns = bench_now() + (int64_t)LEAVE_WAIT * 1000000000;
    while (living(self) > living_before) {
        bench_must(self, gr_sleep(self, gr_milliseconds(1)));
        if (bench_now() > give_up_ns) bench_fail("%llu actors did not end", (unsigned long long)living(self));
    }
}

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    others = malloc(run->n * sizeof *others);
    if (others == NULL) return GR_ENOMEM;
    memset(others, 0xff, run->n * sizeof *others); /* its pages are not to count as the actors' */
    spawn_all(self, run, "spawn_cold");
    spawn_all(self, run, "spawn");
    free(others);
    return 0;
}

const struct bench bench_spawn = {"spawn", "actors/s", 1000000, root};
