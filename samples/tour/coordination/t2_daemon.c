/* SPDX-License-Identifier: Apache-2.0 */
/* T2: who holds the program's exit, and who doesn't. */
/* Python: Thread(daemon=True), join(timeout), is_alive() */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct life {
    char name[16];    /* to be printed */
    gr_time duration; /* how long it sleeps */
};
GR_MESSAGE(life, GR_ARRAY(life, name), GR_FIELD(life, duration));

static int worker_run(gr_actor *self, const struct life *m)
{
    gr_time start = gr_now(self);
    printf("%s starts\n", m->name);
    int err = gr_sleep(self, m->duration);
    if (err) return err; /* GR_ESTOPPED: the program ends */
    printf("%s exits after %.3f s\n", m->name, (gr_now(self) - start) / 1e9);
    return 0;
}
GR_COROUTINE(worker, life, worker_run);

/* Waits for the end of an actor: 0, or GR_ETIMEOUT if it is still alive at the deadline. */
static int join(gr_actor *self, gr_ref actor, gr_time deadline)
{
    uint64_t monitor;
    struct gr_mail mail;
    int err = gr_monitor(self, actor, &monitor);
    if (err) return err;
    err = gr_receive(self, &mail, deadline); /* this actor gets no other mail */
    if (err) gr_demonitor(self, monitor);
    return err;
}

static int run(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    gr_ref daemon = gr_spawn(self, worker, "daemon", gr_seconds(2));
    gr_ref brief = gr_spawn(self, worker, "brief daemon", gr_milliseconds(100));
    gr_ref holder = gr_spawn_with(self, worker, (.holds_exit = true), "non-daemon", gr_seconds(1));
    if (gr_ref_is_null(daemon) || gr_ref_is_null(brief) || gr_ref_is_null(holder)) return GR_ENOMEM;

    int err = join(self, brief, gr_milliseconds(500));
    printf("brief daemon joined: %s\n", err == GR_ETIMEOUT ? "alive" : "ended");
    err = join(self, daemon, gr_milliseconds(500));
    printf("daemon joined: %s\n", err == GR_ETIMEOUT ? "alive" : "ended");
    printf("main ends after %.3f s\n", (gr_now(self) - start) / 1e9);
    return 0; /* the program runs on for the non-daemon's sake, and ends the daemon */
}

int main(void)
{
    return gr_run(run, NULL);
}
