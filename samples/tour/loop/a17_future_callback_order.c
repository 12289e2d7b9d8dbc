/* SPDX-License-Identifier: Apache-2.0 */
/* A17: two coroutines set two futures; callbacks print them. */
/* Python: future.add_done_callback(got_result), future.set_result(sum) */
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

static void got_result(gr_actor *self, gr_future *future, void *context)
{
    const struct sum *sum = gr_future_as(future, sum);
    const gr_time *start = context;
    if (sum) printf("the sum to %d is %d, after %.3f s\n", sum->n, sum->value, (gr_now(self) - *start) / 1e9);
}

static int adder_run(gr_actor *self, const struct sleep_and_sum *m, struct gr_nothing *result)
{
    gr_promise promise;
    gr_time start = gr_now(self);
    gr_future *future = gr_promise_create(self, sum, &promise);
    int err = gr_future_on_done(self, future, got_result, &start);
    if (!err) err = gr_sleep(self, gr_seconds(m->seconds));
    if (err) return err;
    gr_fulfil(self, promise, sum, m->n, m->n * (m->n + 1) / 2);
    return gr_sleep(self, 0); /* callbacks run while their owner waits */
}
GR_TASK(adder, sleep_and_sum, gr_nothing, adder_run);

static int run(gr_actor *self, void *argument)
{
    gr_future *adders[] = {gr_start(self, adder, .n = 10, .seconds = 3),
                           gr_start(self, adder, .n = 4, .seconds = 1)};
    return gr_gather(self, adders, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER);
}

int main(void)
{
    return gr_run(run, NULL);
}
