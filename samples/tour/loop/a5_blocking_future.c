/* SPDX-License-Identifier: Apache-2.0 */
/* A5: a plain thread blocks for a result, with a time-out, and nobody else does. */
/* Python: run_coroutine_threadsafe(coro, loop).result(timeout) */
#include <greenroom/greenroom.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

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

/* Other work, on the same loop as the task. */
static int ticker_run(gr_actor *self, const struct gr_nothing *m)
{
    gr_time begin = gr_now(self);
    for (int i = 0; i < 3; i++) {
        int err = gr_sleep(self, gr_milliseconds(300));
        if (err) return err;
        printf("tick after %.3f s\n", (gr_now(self) - begin) / 1e9);
    }
    return 0;
}
GR_COROUTINE(ticker, gr_nothing, ticker_run);

static void fail(void)
{
    fprintf(stderr, "%s\n", gr_last_error(NULL));
    exit(1);
}

static void *run_loops(void *system)
{
    if (gr_system_run(system) != 0) fail();
    return NULL;
}

int main(void)
{
    gr_system *system;
    pthread_t loops;
    if (gr_system_create(&system) != 0) fail();
    if (pthread_create(&loops, NULL, run_loops, system) != 0) return 1;

    /* This thread is no actor: it may block, and the loops run on. */
    gr_time begin = gr_now(NULL);
    if (gr_ref_is_null(gr_system_spawn(system, ticker, ()))) fail();
    gr_future *future = gr_system_start(system, slow, (), .value = 21);
    int err = gr_await(NULL, future, gr_milliseconds(200));
    if (err != GR_ETIMEOUT) fail();
    printf("%s after %.3f s: %s\n", gr_error_name(err), (gr_now(NULL) - begin) / 1e9,
           gr_future_done(future) ? "done" : "still pending");
    if (gr_await(NULL, future, GR_FOREVER) != 0) fail();
    printf("its value is %d after %.3f s\n", gr_task_value(future, slow)->value,
           (gr_now(NULL) - begin) / 1e9);
    gr_future_release(future);

    if (gr_system_stop(system, gr_seconds(1), NULL, 0, NULL) != 0) fail();
    pthread_join(loops, NULL);
    gr_system_destroy(system);
    return 0;
}
