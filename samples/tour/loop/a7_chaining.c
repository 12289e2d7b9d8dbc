/* SPDX-License-Identifier: Apache-2.0 */
/* A7: a task is awaited, and its result goes into the next. */
/* Python: r1 = await create_task(phase1(4)); r2 = await create_task(phase2(r1)) */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct number {
    int value;
};
GR_MESSAGE(number, GR_FIELD(number, value));

static int phase1_run(gr_actor *self, const struct number *m, struct number *result)
{
    printf("phase 1 of %d\n", m->value);
    result->value = m->value + 1;
    return gr_sleep(self, gr_seconds(1));
}
GR_TASK(phase1, number, number, phase1_run);

static int phase2_run(gr_actor *self, const struct number *m, struct number *result)
{
    printf("phase 2 of %d\n", m->value);
    result->value = m->value * 10;
    return gr_sleep(self, gr_seconds(1));
}
GR_TASK(phase2, number, number, phase2_run);

/* To await a coroutine without making it a task is to call it, as `run` does with this one. */
static int outer(gr_actor *self, int argument, int results[2])
{
    gr_future *one = gr_start(self, phase1, argument);
    int err = gr_await(self, one, GR_FOREVER); /* other actors run while this one waits */
    if (err) return err;
    results[0] = gr_task_value(one, phase1)->value;
    gr_future_release(one);
    gr_future *two = gr_start(self, phase2, results[0]);
    err = gr_await(self, two, GR_FOREVER);
    if (err) return err;
    results[1] = gr_task_value(two, phase2)->value;
    gr_future_release(two);
    return 0;
}

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    int results[2];
    int err = outer(self, 4, results);
    if (err) return err;
    printf("(%d, %d) after %.3f s\n", results[0], results[1], (gr_now(self) - start) / 1e9);
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
