/* SPDX-License-Identifier: Apache-2.0 */
/* T13: five workers sleep for random times side by side. */
/* Python: time.sleep(random.random()) in five threads */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define WORKERS 5

struct number {
    int value; /* of the worker, from 0 */
};
GR_MESSAGE(number, GR_FIELD(number, value));

static int worker_run(gr_actor *self, const struct number *m)
{
    gr_time nap = gr_milliseconds(gr_random(self) % 1000);
    printf("worker %d sleeps %.3f s\n", m->value, nap / 1e9);
    int err = gr_sleep(self, nap);
    if (err) return err;
    printf("worker %d has slept %.3f s\n", m->value, nap / 1e9);
    return 0;
}
GR_COROUTINE(worker, number, worker_run);

static int run(gr_actor *self, void *argument)
{
    for (int i = 0; i < WORKERS; i++) {
        if (gr_ref_is_null(gr_spawn_with(self, worker, (.holds_exit = true), i))) return GR_ENOMEM;
    }
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
