/* SPDX-License-Identifier: Apache-2.0 */
/* A16: the same nine calls one by one, then all at once. */
/* Python: for i: task(i); then asyncio.wait([task_coro(i) ...]) */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define TASKS 9

struct number {
    int value; /* of the task, from 1 */
};
GR_MESSAGE(number, GR_FIELD(number, value));

static int task_run(gr_actor *self, const struct number *m, struct gr_nothing *result)
{
    gr_time nap = gr_milliseconds(gr_random(self) % 100);
    int err = gr_sleep(self, nap);
    if (err) return err;
    printf("task %d ends after %.3f s\n", m->value, nap / 1e9);
    return 0;
}
GR_TASK(task, number, gr_nothing, task_run);

static int run(gr_actor *self, void *argument)
{
    printf("one by one:\n");
    for (int i = 0; i < TASKS; i++) {
        int err = task_run(self, &(struct number){i + 1}, NULL); /* a call of a function, no more */
        if (err) return err;
    }
    printf("together:\n");
    gr_future *tasks[TASKS];
    for (int i = 0; i < TASKS; i++) tasks[i] = gr_start(self, task, i + 1);
    return gr_gather(self, tasks, TASKS, GR_GATHER_FIRST_ERROR, GR_FOREVER);
}

int main(void)
{
    return gr_run(run, NULL);
}
