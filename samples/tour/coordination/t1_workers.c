/* SPDX-License-Identifier: Apache-2.0 */
/* T1: workers with a name each, five with an argument, one without. */
/* Python: Thread(target=worker, name=..., args=(i,)) */
#include <greenroom/greenroom.h>

#include <stdio.h>
#include <string.h>

#define WORKERS 5

struct number {
    int value; /* of the worker, from 0 */
};
GR_MESSAGE(number, GR_FIELD(number, value));

/* The name under which this actor was spawned, as the list of actors has it. */
static void own_name(gr_actor *self, char name[GR_NAME_SIZE])
{
    struct gr_actor_info list[WORKERS + 2]; /* as many as there are in all */
    size_t count = gr_system_actors(gr_actor_system(self), list, WORKERS + 2);
    for (size_t i = 0; i < count; i++) {
        if (gr_ref_equal(list[i].ref, gr_self(self))) memcpy(name, list[i].name, GR_NAME_SIZE);
    }
}

static int worker_run(gr_actor *self, const struct number *m)
{
    char name[GR_NAME_SIZE] = "";
    own_name(self, name);
    printf("%s runs with %d\n", name, m->value);
    return 0;
}
GR_COROUTINE(worker, number, worker_run);

static int service_run(gr_actor *self, const struct gr_nothing *m)
{
    char name[GR_NAME_SIZE] = "";
    own_name(self, name);
    printf("%s runs\n", name);
    return 0;
}
GR_COROUTINE(service, gr_nothing, service_run);

static int run(gr_actor *self, void *argument)
{
    for (int i = 0; i < WORKERS; i++) {
        char name[GR_NAME_SIZE];
        snprintf(name, sizeof name, "worker %d", i);
        if (gr_ref_is_null(gr_spawn_with(self, worker, (.name = name, .holds_exit = true), i)))
            return GR_ENOMEM;
    }
    if (gr_ref_is_null(gr_spawn_with(self, service, (.name = "service", .holds_exit = true))))
        return GR_ENOMEM;

    struct gr_actor_info list[WORKERS + 2]; /* this actor is in it, too */
    size_t count = gr_system_actors(gr_actor_system(self), list, WORKERS + 2);
    for (size_t i = 0; i < count; i++) {
        if (list[i].name[0] != '\0') printf("%s is a %s\n", list[i].name, list[i].behaviour);
    }
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
