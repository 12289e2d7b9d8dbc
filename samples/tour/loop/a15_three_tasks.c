/* SPDX-License-Identifier: Apache-2.0 */
/* A15: two coroutines sleep while a third works. */
/* Python: asyncio.wait([gr1(), gr2(), gr3()]) */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct begin {
    int number;   /* of the coroutine */
    gr_time zero; /* when the program began */
};
GR_MESSAGE(begin, GR_FIELD(begin, number), GR_FIELD(begin, zero));

static int pause_for(gr_actor *self, const struct begin *m, const char *what, double seconds)
{
    printf("%d %s at %.3f s\n", m->number, what, (gr_now(self) - m->zero) / 1e9);
    int err = gr_sleep(self, gr_seconds(seconds));
    if (err) return err;
    printf("%d ends at %.3f s\n", m->number, (gr_now(self) - m->zero) / 1e9);
    return 0;
}

static int sleeper_run(gr_actor *self, const struct begin *m, struct gr_nothing *result)
{
    return pause_for(self, m, "sleeps", 2);
}
GR_TASK(sleeper, begin, gr_nothing, sleeper_run);

static int worker_run(gr_actor *self, const struct begin *m, struct gr_nothing *result)
{
    return pause_for(self, m, "works meanwhile", 1);
}
GR_TASK(worker, begin, gr_nothing, worker_run);

static int run(gr_actor *self, void *argument)
{
    gr_time now = gr_now(self);
    gr_future *tasks[] = {gr_start(self, sleeper, 1, now), gr_start(self, sleeper, 2, now),
                          gr_start(self, worker, 3, now)};
    return gr_gather(self, tasks, 3, GR_GATHER_FIRST_ERROR, GR_FOREVER);
}

int main(void)
{
    return gr_run(run, NULL);
}
