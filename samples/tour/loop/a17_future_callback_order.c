/* SPDX-License-Identifier: Apache-2.0 */
/* A17: two coroutines set two futures; callbacks print them. */
/* Python: future.add_done_callback(got_result) */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct sleep_and_sum {
    int n;       /* up to where to add */
    int seconds; /* how long to sleep before */
};
struct sum {
    int n;
    int value;
};
GR_MESSAGE(sleep_and_sum, GR_FIELD(sleep_and_sum, n), GR_FIELD(sleep_and_sum, seconds));
GR_MESSAGE(sum, GR_FIELD(sum, n), GR_FIELD(sum, value));

static int adder_run(gr_actor *self, const struct sleep_and_sum *m, struct sum *result)
{
    int err = gr_sleep(self, gr_seconds(m->seconds));
    if (err) return err;
    *result = (struct sum){m->n, m->n * (m->n + 1) / 2};
    return 0;
}
GR_TASK(adder, sleep_and_sum, sum, adder_run);

static void got_result(gr_actor *self, gr_future *future, void *context)
{
    const struct sum *sum = gr_task_value(future, adder);
    const gr_time *start = context;
    if (sum) printf("the sum to %d is %d, after %.3f s\n", sum->n, sum->value, (gr_now(self) - *start) / 1e9);
}

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    gr_future *sums[] = {gr_start(self, adder, .n = 10, .seconds = 3),
                         gr_start(self, adder, .n = 4, .seconds = 1)};
    for (int i = 0; i < 2; i++) {
        int err = gr_future_on_done(self, sums[i], got_result, &start);
        if (err) return err;
    }
    return gr_gather(self, sums, 2, GR_GATHER_FIRST_ERROR,
                     GR_FOREVER); /* callbacks run while their owner waits */
}

int main(void)
{
    return gr_run(run, NULL);
}
