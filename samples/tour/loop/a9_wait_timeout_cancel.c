/* SPDX-License-Identifier: Apache-2.0 */
/* A9: partial results at a deadline, and what is not done is cancelled. */
/* Python: asyncio.wait(tasks, timeout=2); for t in pending: t.cancel() */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define TASKS 4

struct nap {
    double seconds;
};
GR_MESSAGE(nap, GR_FIELD(nap, seconds));

static int sleeper_run(gr_actor *self, const struct nap *m, struct nap *result)
{
    int err = gr_sleep(self, gr_seconds(m->seconds));
    if (err == GR_ECANCELLED) printf("the sleeper of %g s was cancelled\n", m->seconds);
    *result = *m;
    return err;
}
GR_TASK(sleeper, nap, nap, sleeper_run);

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    gr_future *tasks[TASKS];
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = gr_start(self, sleeper, .seconds = i + 0.5);
        if (tasks[i] == NULL) return GR_ENOMEM;
    }

    size_t done;
    int err = gr_wait(self, tasks, TASKS, GR_WAIT_ALL, &done, gr_seconds(2));
    if (err && err != GR_ETIMEOUT) return err;
    printf("%zu done, %zu pending, after %.3f s\n", done, TASKS - done, (gr_now(self) - start) / 1e9);

    for (int i = 0; i < TASKS; i++) {
        const struct nap *partial = gr_task_value(tasks[i], sleeper); /* NULL: not done, or failed */
        if (partial != NULL) printf("task %d slept %g s\n", i, partial->seconds);
        if (!gr_future_done(tasks[i])) gr_future_cancel(self, tasks[i]);
    }
    for (int i = 0; i < TASKS; i++) {
        err = gr_await(self, tasks[i], GR_FOREVER);
        printf("task %d: %s\n", i, err ? gr_error_name(err) : "done");
    }
    printf("after %.3f s\n", (gr_now(self) - start) / 1e9);
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
