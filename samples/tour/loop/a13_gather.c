/* SPDX-License-Identifier: Apache-2.0 */
/* A13: results in the order of the tasks. */
/* Python: await asyncio.gather(*tasks, return_exceptions=...) */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define TASKS 4

struct nap {
    double seconds;
    bool fails; /* as an example */
};
GR_MESSAGE(nap, GR_FIELD(nap, seconds), GR_FIELD(nap, fails));

static int sleeper_run(gr_actor *self, const struct nap *m, struct nap *result)
{
    int err = gr_sleep(self, gr_seconds(m->seconds));
    if (err) return err;
    *result = *m;
    return m->fails ? GR_EINVALID : 0;
}
GR_TASK(sleeper, nap, nap, sleeper_run);

static int gather(gr_actor *self, bool one_fails, enum gr_gather_flags flags)
{
    static const double seconds[TASKS] = {0.3, 0.1, 0.4, 0.2};
    gr_time start = gr_now(self);
    gr_future *tasks[TASKS];
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = gr_start(self, sleeper, .seconds = seconds[i], .fails = one_fails && i == 1);
        if (tasks[i] == NULL) return GR_ENOMEM;
    }
    int err = gr_gather(self, tasks, TASKS, flags, GR_FOREVER);
    printf("%s after %.3f s:", err ? gr_error_name(err) : "gathered", (gr_now(self) - start) / 1e9);
    for (int i = 0; i < TASKS; i++) {
        const struct nap *value = gr_task_value(tasks[i], sleeper);
        if (value) {
            printf(" %g", value->seconds);
        } else {
            printf(" %s", gr_error_name(gr_future_error(tasks[i]))); /* GR_EBUSY: not done yet */
        }
        gr_future_release(tasks[i]);
    }
    printf("\n");
    return 0;
}

static int run(gr_actor *self, void *argument)
{
    int err = gather(self, false, GR_GATHER_FIRST_ERROR);
    if (!err) err = gather(self, true, GR_GATHER_FIRST_ERROR);
    if (!err) err = gather(self, true, GR_GATHER_ALL);
    return err;
}

int main(void)
{
    return gr_run(run, NULL);
}
