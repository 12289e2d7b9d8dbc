/* SPDX-License-Identifier: Apache-2.0 */
/* A4: a future set by hand, and a task's: every state, and all that can be asked. */
/* Python: asyncio.Future: set_result, cancel, done, result, ... */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct number {
    int value;
};
GR_MESSAGE(number, GR_FIELD(number, value));

static int half_run(gr_actor *self, const struct number *m, struct number *result)
{
    int err = gr_sleep(self, gr_seconds(1));
    if (err) return err; /* GR_ECANCELLED, if it was cancelled */
    if (m->value % 2 != 0) return gr_fail(self, GR_EINVALID, "%d is odd", m->value);
    result->value = m->value / 2;
    return 0;
}
GR_TASK(half, number, number, half_run);

static void show(const char *what, gr_future *future)
{
    const struct number *value = gr_future_as(future, number);
    printf("%s: %s", what, gr_future_state_name(gr_future_state(future)));
    if (value) printf(", value %d", value->value);
    if (gr_future_done(future) && !value) printf(", %s", gr_future_text(future));
    printf("\n");
}

static void called_back(gr_actor *self, gr_future *future, void *context)
{
    show("callback", future);
}

/* A task's future has a state more: it runs once it has had its first turn. */
static int run_task(gr_actor *self, int number, bool cancel)
{
    gr_future *task = gr_start(self, half, number);
    show("task", task);
    int err = gr_sleep(self, 0); /* its first turn */
    if (err) return err;
    show("task", task);
    if (cancel) gr_future_cancel(self, task); /* it is told, and runs until it has heeded that */
    printf("awaited: %s\n", gr_error_name(gr_await(self, task, GR_FOREVER)));
    show("task", task);
    gr_future_release(task);
    return 0;
}

static int run(gr_actor *self, void *argument)
{
    gr_promise promises[3];
    gr_future *futures[3];
    for (int i = 0; i < 3; i++) {
        futures[i] = gr_promise_create(self, number, &promises[i]);
        if (futures[i] == NULL) return GR_ENOMEM;
        int err = gr_future_on_done(self, futures[i], called_back, NULL);
        if (err) return err;
    }
    show("new", futures[0]);

    gr_fulfil(self, promises[0], number, .value = 42);
    show("fulfilled", futures[0]);
    printf("again: %s\n", gr_error_name(gr_fulfil(self, promises[0], number, .value = 43)));
    printf("cancel: %s\n", gr_error_name(gr_future_cancel(self, futures[0])));

    gr_promise_fail(self, promises[1], GR_EINVALID, "no such number");
    show("failed", futures[1]);

    gr_future_cancel(self, futures[2]);
    show("cancelled", futures[2]);
    printf("too late: %s\n", gr_error_name(gr_fulfil(self, promises[2], number, .value = 44)));

    int err = gr_sleep(self, 0); /* callbacks run while their owner waits, in order */
    if (!err) err = run_task(self, 84, false);
    if (!err) err = run_task(self, 7, false);
    return err ? err : run_task(self, 84, true);
}

int main(void)
{
    return gr_run(run, NULL);
}
