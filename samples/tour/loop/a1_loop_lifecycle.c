/* SPDX-License-Identifier: Apache-2.0 */
/* A1: the life of a loop. */
/* Python: loop.run_until_complete(future), run_forever(), stop(), close() */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct number {
    int value;
};
GR_MESSAGE(number, GR_FIELD(number, value));

static int slow_run(gr_actor *self, const struct number *m, struct number *result)
{
    result->value = 2 * m->value;
    return gr_sleep(self, gr_seconds(1));
}
GR_TASK(slow, number, number, slow_run);

static int stopper_run(gr_actor *self, const struct gr_nothing *m)
{
    int err = gr_sleep(self, gr_seconds(1));
    if (err) return err;
    printf("stop, from inside\n");
    gr_system_pause(gr_actor_system(self));
    return 0;
}
GR_COROUTINE(stopper, gr_nothing, stopper_run);

static int fail(gr_system *system)
{
    fprintf(stderr, "%s\n", gr_last_error(NULL));
    gr_system_destroy(system);
    return 1;
}

/* All of it is refused, and nothing crashes. */
static void misuse(gr_system *system, gr_ref ref)
{
    bool more;
    gr_future *future = gr_system_start(system, slow, (), .value = 21);
    printf("run after close: %s\n", gr_error_name(gr_system_run(system)));
    printf("run until after close: %s\n", gr_error_name(gr_system_run_until(system, future)));
    printf("step after close: %s\n", gr_error_name(gr_system_step(system, &more)));
    printf("start after close: %s\n", gr_error_name(gr_future_error(future)));
    printf("send after close: %s\n", gr_error_name(gr_send(NULL, ref, number, .value = 21)));
    printf("spawn after close: %s\n",
           gr_ref_is_null(gr_system_spawn(system, stopper, ())) ? "refused" : "done");
    gr_future_release(future);
}

int main(void)
{
    gr_system *system;
    gr_ref ref;
    if (gr_system_create(&system) != 0) return fail(NULL);

    gr_future *future = gr_system_start(system, slow, (), .value = 21);
    if (gr_system_run_until(system, future) != 0) return fail(system);
    printf("the future's value: %d\n", gr_task_value(future, slow)->value);
    gr_future_release(future);

    for (int i = 0; i < 2; i++) {
        ref = gr_system_spawn(system, stopper, ());
        if (gr_ref_is_null(ref)) return fail(system);
        if (gr_system_run(system) != 0) return fail(system);
        printf("run has returned\n");
    }

    if (gr_system_close(system) != 0) return fail(system);
    misuse(system, ref);
    gr_system_destroy(system);
    return 0;
}
