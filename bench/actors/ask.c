/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask: n requests, one after the other, between two coroutine actors. `ask` has no deadline, as its peers have none;
 * `ask_deadline` gives each request ten seconds. Latencies are means of batches of 100, as reading the clock takes time.
 */
#include "bench.h"

#include <stdlib.h>

#define BATCH 100

struct question {
    uint64_t value;
};
struct question_answer {
    uint64_t value;
};
GR_MESSAGE(question, GR_FIELD(question, value));
GR_MESSAGE(question_answer, GR_FIELD(question_answer, value));
GR_REQUEST(question, question_answer);

struct asker_start {
    gr_ref root;
    gr_ref server;
    uint64_t batches;
    gr_time deadline;
};
GR_MESSAGE(asker_start, GR_FIELD(asker_start, root), GR_FIELD(asker_start, server),
           GR_FIELD(asker_start, batches), GR_FIELD(asker_start, deadline));

struct asker_finished {
    int64_t elapsed_ns;
    double p50_ns;
    double p99_ns;
};
GR_MESSAGE(asker_finished, GR_FIELD(asker_finished, elapsed_ns), GR_FIELD(asker_finished, p50_ns),
           GR_FIELD(asker_finished, p99_ns));

static int serve(gr_actor *self, const struct gr_nothing *start)
{
    for (;;) {
        struct gr_mail mail;
        int err = gr_receive(self, &mail, GR_FOREVER);
        if (err != 0) return err == GR_ESTOPPED ? 0 : err;
        const struct question *q = gr_mail_as(&mail, question);
        if (q != NULL) gr_reply(self, question, .value = q->value + 1);
    }
}

static void ask_batch(gr_actor *self, const struct asker_start *m, uint64_t first)
{
    for (uint64_t value = first; value < first + BATCH; value++) {
        struct question_answer answer;
        bench_must(self, gr_call(self, m->server, &answer, m->deadline, question, .value = value));
        bench_check_equal("an answer", answer.value, value + 1);
    }
}

static int ask(gr_actor *self, const struct asker_start *m)
{
    double *samples = malloc(m->batches * sizeof *samples);
    if (samples == NULL) return GR_ENOMEM;
    int64_t begin_ns = bench_now();
    int64_t batch_ns = begin_ns;
    for (uint64_t i = 0; i < m->batches; i++) {
        ask_batch(self, m, i * BATCH);
        int64_t now_ns = bench_now();
        samples[i] = (double)(now_ns - batch_ns) / BATCH;
        batch_ns = now_ns;
    }
    struct asker_finished end = {.elapsed_ns = batch_ns - begin_ns};
    bench_percentiles(samples, m->batches, &end.p50_ns, &end.p99_ns);
    free(samples);
    bench_must(self, gr_send(self, m->root, asker_finished, .elapsed_ns = end.elapsed_ns,
                             .p50_ns = end.p50_ns, .p99_ns = end.p99_ns));
    return 0;
}

GR_COROUTINE(question_server, gr_nothing, serve);
GR_COROUTINE(asker, asker_start, ask);

static int run_ask(gr_actor *self, struct bench_run *run, gr_time deadline)
{
    uint64_t batches = (run->n + BATCH - 1) / BATCH;
    gr_ref server = bench_spawned(self, gr_spawn_with(self, question_server, BENCH_PLACED(run)));
    bench_spawned(self, gr_spawn_with(self, asker, BENCH_PLACED(run), .root = gr_self(self), .server = server,
                                      .batches = batches, .deadline = deadline));
    for (;;) {
        struct gr_mail mail;
        bench_must(self, gr_receive(self, &mail, gr_seconds(100)));
        const struct asker_finished *end = gr_mail_as(&mail, asker_finished);
        if (end == NULL) continue;
        bench_report(run, (struct bench_result){.name = run->bench->name,
                                                .count = batches * BATCH,
                                                .elapsed_ns = end->elapsed_ns,
                                                .p50_ns = end->p50_ns,
                                                .p99_ns = end->p99_ns,
                                                .cpu_ns = -1});
        return 0;
    }
}

static int root(gr_actor *self, void *argument)
{
    return run_ask(self, argument, GR_FOREVER);
}

static int root_deadline(gr_actor *self, void *argument)
{
    return run_ask(self, argument, gr_seconds(10));
}

const struct bench bench_ask = {"ask", "requests/s", 1000000, root};
const struct bench bench_ask_deadline = {"ask_deadline", "requests/s", 1000000, root_deadline};
