/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coroutines: n coroutine actors, 1000 a turn, each of which has been asked once and is blocked in receive again: how
 * many bytes each takes. The rate is that of spawning them and hearing from each.
 */
#include "bench.h"

#include <stdlib.h>

#define TURN 1000

GR_MESSAGE_EMPTY(are_you_there);
GR_MESSAGE_EMPTY(here_i_am);
GR_REQUEST(are_you_there, here_i_am);

static int wait_for_mail(gr_actor *self, const struct gr_nothing *start)
{
    for (;;) {
        struct gr_mail mail;
        int err = gr_receive(self, &mail, GR_FOREVER);
        if (err != 0) return err == GR_ESTOPPED ? 0 : err;
        if (gr_mail_as(&mail, are_you_there) != NULL) gr_reply(self, are_you_there);
    }
}

GR_COROUTINE(waiting_coroutine, gr_nothing, wait_for_mail);

/* Asks `count` of them all at once; an answer says that it waits in its receive, or is about to. */
static uint64_t hear(gr_actor *self, const gr_ref *actors, uint64_t count, gr_future **answers)
{
    uint64_t heard = 0;
    for (uint64_t i = 0; i < count; i++) {
        answers[i] = gr_ask(self, actors[i], gr_seconds(100), are_you_there);
        if (answers[i] == NULL) bench_fail("no memory for a request");
    }
    for (uint64_t i = 0; i < count; i++) {
        bench_must(self, gr_await(self, answers[i], GR_FOREVER));
        heard++;
        gr_future_release(answers[i]);
    }
    return heard;
}

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    gr_future *answers[TURN];
    gr_ref *actors = malloc(run->n * sizeof *actors);
    if (actors == NULL) return GR_ENOMEM;
    memset(actors, 0xff, run->n * sizeof *actors); /* its pages are not to count as the actors' */
    uint64_t rss_before = bench_memory("VmRSS");
    uint64_t heard = 0;
    int64_t begin_ns = bench_now();
    for (uint64_t first = 0; first < run->n; first += TURN) {
        uint64_t count = run->n - first < TURN ? run->n - first : TURN;
        for (uint64_t i = first; i < first + count; i++)
            actors[i] = bench_spawned(self, gr_spawn_with(self, waiting_coroutine, BENCH_PLACED(run)));
        heard += hear(self, actors + first, count, answers);
    }
    int64_t end_ns = bench_now();
    bench_must(self, gr_sleep(self, 0)); /* the last to answer get back to their receive */
    bench_check_equal("coroutines that answered", heard, run->n);
    struct gr_system_counts counts;
    gr_system_count(gr_actor_system(self), &counts);
    uint64_t alive = counts.spawned - counts.ended;
    bench_check(alive >= run->n, "coroutines alive at the end", alive, run->n + 1);
    uint64_t rss_bytes = bench_memory("VmRSS");
    bench_report(run, (struct bench_result){.name = "coroutines",
                                            .count = run->n,
                                            .elapsed_ns = end_ns - begin_ns,
                                            .rss_bytes = rss_bytes,
                                            .bytes_per_actor = (rss_bytes - rss_before) / run->n,
                                            .cpu_ns = -1});
    free(actors);
    return 0;
}

const struct bench bench_coroutines = {"coroutines", "actors/s", 100000, root};
