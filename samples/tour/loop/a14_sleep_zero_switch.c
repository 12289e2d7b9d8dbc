/* SPDX-License-Identifier: Apache-2.0 */
/* A14: a sleep of 0 lets the others of the loop run. */
/* Python: await asyncio.sleep(0) */
#include <greenroom/greenroom.h>

#include <stdio.h>

static int foo_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    printf("foo runs\n");
    int err = gr_sleep(self, 0);
    if (err) return err;
    printf("foo again, by an explicit switch\n");
    return 0;
}
GR_TASK(foo, gr_nothing, gr_nothing, foo_run);

static int bar_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    printf("bar runs, as foo has switched\n");
    int err = gr_sleep(self, 0);
    if (err) return err;
    printf("bar again, as foo has ended\n");
    return 0;
}
GR_TASK(bar, gr_nothing, gr_nothing, bar_run);

static int run(gr_actor *self, void *argument)
{
    gr_future *tasks[] = {gr_start(self, foo), gr_start(self, bar)};
    return gr_gather(self, tasks, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER);
}

int main(void)
{
    return gr_run(run, NULL);
}
