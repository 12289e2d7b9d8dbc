/* SPDX-License-Identifier: Apache-2.0 */
/* A10: waiting for the first task, or the first failure. */
/* Python: asyncio.wait(tasks, return_when=FIRST_COMPLETED) */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define TASKS 4

struct nap {
    int seconds;
};
GR_MESSAGE(nap, GR_FIELD(nap, seconds));

static int sleeper_run(gr_actor *self, const struct nap *m, struct nap *result)
{
    int err = gr_sleep(self, gr_seconds(m->seconds));
    if (err) return err;
    *result = *m;
    return m->seconds == 3 ? GR_EINVALID : 0; /* the third of them fails */
}
GR_TASK(sleeper, nap, nap, sleeper_run);

static int wait_for(gr_actor *self, enum gr_wait_until until, const char *name)
{
    gr_time start = gr_now(self);
    gr_future *tasks[TASKS];
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = gr_start(self, sleeper, .seconds = i + 1);
        if (tasks[i] == NULL) return GR_ENOMEM;
    }

    size_t done;
    int err = gr_wait(self, tasks, TASKS, until, &done, GR_FOREVER);
    if (err) return err;
    printf("%s: %zu done after %.3f s:", name, done, (gr_now(self) - start) / 1e9);
    for (int i = 0; i < TASKS; i++) {
        if (!gr_future_done(tasks[i])) continue;
        err = gr_future_error(tasks[i]);
        printf(err ? " %d (%s)" : " %d", i, gr_error_name(err));
    }
    printf("\n");
    for (int i = 0; i < TASKS; i++) {
        gr_future_cancel(self, tasks[i]); /* those that are done refuse */
        gr_future_release(tasks[i]);
    }
    return 0;
}

static int run(gr_actor *self, void *argument)
{
    int err = wait_for(self, GR_WAIT_FIRST, "first completed");
    if (err) return err;
    return wait_for(self, GR_WAIT_FIRST_ERROR, "first failure");
}

int main(void)
{
    return gr_run(run, NULL);
}
