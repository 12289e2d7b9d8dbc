/* SPDX-License-Identifier: Apache-2.0 */
/* A12: results as they come. */
/* Python: for f in asyncio.as_completed(tasks): print(await f) */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define TASKS 4

struct nap {
    double seconds;
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
    static const double seconds[TASKS] = {0.3, 0.1, 0.4, 0.2};
    gr_time start = gr_now(self);
    gr_future *tasks[TASKS];
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = gr_start(self, sleeper, .seconds = seconds[i]);
        if (tasks[i] == NULL) return GR_ENOMEM;
    }

    gr_completions *completions = gr_as_completed(self, tasks, TASKS);
    if (completions == NULL) return GR_ENOMEM;
    gr_future *task;
    int err;
    while ((err = gr_next_done(self, completions, &task, GR_FOREVER)) == 0) {
        const struct nap *value = gr_task_value(task, sleeper);
        if (value == NULL) return gr_future_error(task);
        printf("slept %g s: after %.3f s\n", value->seconds, (gr_now(self) - start) / 1e9);
    }
    return err == GR_ENOTFOUND ? 0 : err; /* all have been given */
}

int main(void)
{
    return gr_run(run, NULL);
}
