/* SPDX-License-Identifier: Apache-2.0 */
/* T3: all living workers are listed and waited for. */
/* Python: for t in threading.enumerate(): t.join() */
#include <greenroom/greenroom.h>

#include <stdio.h>

#define WORKERS 3

static int worker_run(gr_actor *self, const struct gr_nothing *m)
{
    gr_time nap = gr_milliseconds(100 + gr_random(self) % 400);
    printf("worker sleeps %.3f s\n", nap / 1e9);
    int err = gr_sleep(self, nap);
    if (err) return err;
    printf("worker ends after %.3f s\n", nap / 1e9);
    return 0;
}
GR_COROUTINE(worker, gr_nothing, worker_run);

static int join(gr_actor *self, gr_ref actor)
{
    uint64_t monitor;
    struct gr_mail mail;
    int err = gr_monitor(self, actor, &monitor);
    return err ? err : gr_receive(self, &mail, GR_FOREVER); /* its end: this actor gets no other mail */
}

static int run(gr_actor *self, void *argument)
{
    for (int i = 0; i < WORKERS; i++) {
        if (gr_ref_is_null(gr_spawn(self, worker))) return GR_ENOMEM;
    }
    struct gr_actor_info list[WORKERS + 1];
    size_t count = gr_system_actors(gr_actor_system(self), list, WORKERS + 1);
    for (size_t i = 0; i < count; i++) {
        if (gr_ref_equal(list[i].ref, gr_self(self))) continue; /* to wait for oneself would be for ever */
        printf("joining a %s\n", list[i].behaviour);
        int err = join(self, list[i].ref);
        if (err) return err;
    }
    printf("%zu living\n", gr_system_actors(gr_actor_system(self), NULL, 0));
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
