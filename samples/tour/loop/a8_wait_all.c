/* SPDX-License-Identifier: Apache-2.0 */
/* A8: four tasks are waited for together. */
/* Python: done, pending = await asyncio.wait(tasks) */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define TASKS 4

struct nap {
    int seconds;
};
GR_MESSAGE(nap, GR_FIELD(nap, seconds));

static int sleeper_run(gr_actor *self, const struct nap *m, struct nap *result)
{
    *result = *m;
    return gr_sleep(self, gr_seconds(m->seconds));
}
GR_TASK(sleeper, nap, nap, sleeper_run);

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    gr_future *tasks[TASKS];
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = gr_start(self, sleeper, .seconds = i);
        if (tasks[i] == NULL) return GR_ENOMEM;
    }

    size_t done;
    int err = gr_wait(self, tasks, TASKS, GR_WAIT_ALL, &done, GR_FOREVER);
    if (err) return err;
    printf("%zu done, %zu pending, after %.3f s\n", done, TASKS - done, (gr_now(self) - start) / 1e9);
    for (int i = 0; i < TASKS; i++) {
        const struct nap *value = gr_task_value(tasks[i], sleeper);
        if (value == NULL) return gr_future_error(tasks[i]);
        printf("task %d slept %d s\n", i, value->seconds);
    }
    return 0; /* an actor's futures end with it */
}

int main(void)
{
    return gr_run(run, NULL);
}
