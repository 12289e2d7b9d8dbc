/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather, a part of the row of coroutines: starts n tasks and gathers their results. In coroutines_gather a task ends
 * at once; in coroutines_alive each lets all others begin before it ends, so that all n live together.
 */
#include "bench.h"

#include <stdatomic.h>
#include <stdlib.h>

struct number {
    uint64_t value;
};
struct successor {
    uint64_t value;
};
GR_MESSAGE(number, GR_FIELD(number, value));
GR_MESSAGE(successor, GR_FIELD(successor, value));

/* Tasks that have begun, and how many there will be; 0: they run on several loops, where it can't be told. */
static _Atomic uint64_t begun;
static uint64_t begun_together;

static int add_one(gr_actor *self, const struct number *args, struct successor *result)
{
    result->value = args->value + 1;
    return 0;
}

static int add_one_later(gr_actor *self, const struct number *args, struct successor *result)
{
    atomic_fetch_add_explicit(&begun, 1, memory_order_relaxed);
    bench_must(self, gr_sleep(self, 0));
    if (begun_together != 0) bench_check_equal("tasks alive together", begun, begun_together);
    result->value = args->value + 1;
    return 0;
}

GR_TASK(add_at_once, number, successor, add_one);
GR_TASK(add_later, number, successor, add_one_later);

static void start_all(gr_actor *self, const struct bench_run *run, bool at_once, gr_future **futures)
{
    for (uint64_t i = 0; i < run->n; i++) {
        futures[i] = at_once ? gr_start_with(self, add_at_once, BENCH_PLACED(run), .value = i)
                             : gr_start_with(self, add_later, BENCH_PLACED(run), .value = i);
        if (futures[i] == NULL) bench_fail("no memory for a task");
    }
}

static uint64_t sum_and_release(const struct bench_run *run, bool at_once, gr_future **futures)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < run->n; i++) {
        const struct successor *result = at_once ? gr_task_value(futures[i], add_at_once)
                                                 : gr_task_value(futures[i], add_later);
        if (result == NULL) bench_fail("wrong result: a task has no value");
        sum += result->value;
        gr_future_release(futures[i]);
    }
    return sum;
}

static int run_gather(gr_actor *self, struct bench_run *run, const char *name, bool at_once)
{
    gr_future **futures = malloc(run->n * sizeof *futures);
    if (futures == NULL) return GR_ENOMEM;
    memset(futures, 0, run->n * sizeof *futures); /* its pages are there before the time is taken */
    begun_together = run->spread ? 0 : run->n;
    int64_t begin_ns = bench_now();
    start_all(self, run, at_once, futures);
    bench_must(self, gr_gather(self, futures, run->n, GR_GATHER_FIRST_ERROR, gr_seconds(100)));
    int64_t elapsed_ns = bench_now() - begin_ns;
    uint64_t n = run->n;
    bench_check_equal("the sum of the results", sum_and_release(run, at_once, futures), n * (n + 1) / 2);
    bench_report(run,
                 (struct bench_result){.name = name, .count = n, .elapsed_ns = elapsed_ns, .cpu_ns = -1});
    free(futures);
    return 0;
}

static int root(gr_actor *self, void *argument)
{
    return run_gather(self, argument, "coroutines_gather", true);
}

static int root_alive(gr_actor *self, void *argument)
{
    return run_gather(self, argument, "coroutines_alive", false);
}

const struct bench bench_coroutines_gather = {"coroutines_gather", "tasks/s", 100000, root};
const struct bench bench_coroutines_alive = {"coroutines_alive", "tasks/s", 100000, root_alive};
