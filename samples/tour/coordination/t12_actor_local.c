/* SPDX-License-Identifier: Apache-2.0 */
/* T12: a value that each actor has for itself. */
/* Python: local = threading.local(); local.value = ... */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct number {
    int value; /* of the worker, from 1 */
};
GR_MESSAGE(number, GR_FIELD(number, value));

GR_LOCAL(unset, int, 0);     /* like threading.local(): nothing in it at first */
GR_LOCAL(preset, int, 1000); /* like a subclass whose __init__ sets a value in each thread */

static int show(gr_actor *self, const char *who)
{
    int *first = gr_local(self, unset), *second = gr_local(self, preset);
    if (first == NULL || second == NULL) return GR_ENOMEM;
    printf("%s: %d and %d\n", who, *first, *second);
    return 0;
}

static int worker_run(gr_actor *self, const struct number *m)
{
    char who[16];
    snprintf(who, sizeof who, "worker %d", m->value);
    int err = show(self, who);
    if (err) return err;
    *gr_local(self, unset) = m->value;
    *gr_local(self, preset) += m->value;
    err = gr_sleep(self, gr_milliseconds(100)); /* the others set theirs */
    return err ? err : show(self, who);
}
GR_COROUTINE(worker, number, worker_run);

static int run(gr_actor *self, void *argument)
{
    int err = show(self, "main");
    if (err) return err;
    *gr_local(self, unset) = 42;
    for (int i = 1; i <= 2; i++) {
        if (gr_ref_is_null(gr_spawn_with(self, worker, (.holds_exit = true), i))) return GR_ENOMEM;
    }
    err = gr_sleep(self, gr_milliseconds(200));
    return err ? err : show(self, "main");
}

int main(void)
{
    return gr_run(run, NULL);
}
