/* SPDX-License-Identifier: Apache-2.0 */
/* A6: a coroutine started as a task and awaited later. */
/* Python: task = asyncio.create_task(divide(84, 2)); await task */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct fraction {
    int above; /* the line */
    int below; /* the line */
};
struct quotient {
    int value;
};
GR_MESSAGE(fraction, GR_FIELD(fraction, above), GR_FIELD(fraction, below));
GR_MESSAGE(quotient, GR_FIELD(quotient, value));

static int divide_run(gr_actor *self, const struct fraction *m, struct quotient *result)
{
    int err = gr_sleep(self, gr_seconds(1));
    if (err) return err;
    if (m->below == 0) return GR_EINVALID; /* what is not 0 is the task's error */
    result->value = m->above / m->below;
    return 0;
}
GR_TASK(divide, fraction, quotient, divide_run);

static void report(gr_actor *self, gr_future *task)
{
    int err = gr_await(self, task, GR_FOREVER);
    if (err) {
        printf("it failed: %s\n", gr_error_name(err));
    } else {
        printf("its value is %d\n", gr_task_value(task, divide)->value);
    }
    gr_future_release(task);
}

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    gr_future *good = gr_start(self, divide, 84, 2);
    gr_future *bad = gr_start(self, divide, 1, 0);
    printf("both tasks are started\n");
    report(self, good);
    report(self, bad);
    printf("after %.3f s\n", (gr_now(self) - start) / 1e9);
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
