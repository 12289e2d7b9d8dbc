/* SPDX-License-Identifier: Apache-2.0 */
/* A11: a task is awaited with a deadline, which cancels it. */
/* Python: await asyncio.wait_for(eternity(), timeout=1) */
#include <greenroom/greenroom.h>

#include <stdio.h>

static int eternity_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    int err = gr_sleep(self, gr_seconds(3600));
    if (err == GR_ECANCELLED) {
        printf("cancelled: cleaning up\n");
        int late = gr_sleep(self, gr_milliseconds(100)); /* it is told once: cleaning up may wait */
        if (late) return late;
        printf("cleaned up\n");
    }
    return err;
}
GR_TASK(eternity, gr_nothing, gr_nothing, eternity_run);

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    gr_future *task = gr_start(self, eternity);
    if (task == NULL) return GR_ENOMEM;
    int err = gr_wait_for(self, task, gr_seconds(1));
    printf("%s after %.3f s\n", gr_error_name(err), (gr_now(self) - start) / 1e9);
    printf("the task: %s\n", gr_error_name(gr_future_error(task)));
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
