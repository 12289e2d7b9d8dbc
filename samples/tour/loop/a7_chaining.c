/* SPDX-License-Identifier: Apache-2.0 */
/* A7: one coroutine's result goes into the next; to await one is to call it. */
/* Python: r1 = await one(); r2 = await two(r1) */
#include <greenroom/greenroom.h>

#include <stdio.h>

static int phase1(gr_actor *self, int argument, int *result)
{
    printf("phase 1 of %d\n", argument);
    *result = argument + 1;
    return gr_sleep(self, gr_seconds(1));
}

static int phase2(gr_actor *self, int argument, int *result)
{
    printf("phase 2 of %d\n", argument);
    *result = argument * 10;
    return gr_sleep(self, gr_seconds(1));
}

static int outer(gr_actor *self, int results[2])
{
    int err = phase1(self, 4, &results[0]); /* other actors run while this one waits in there */
    if (err) return err;
    return phase2(self, results[0], &results[1]);
}

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    int results[2];
    int err = outer(self, results);
    if (err) return err;
    printf("(%d, %d) after %.3f s\n", results[0], results[1], (gr_now(self) - start) / 1e9);
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
