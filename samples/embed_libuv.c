/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actors inside of a libuv program: a poll handle steps the system whenever its descriptor is readable, and an idle handle
 * keeps the loop from sleeping while there is more to do. The program's own handles go on beside them.
 */
#include <greenroom/greenroom.h>

#include <stdio.h>
#include <uv.h>

struct order {
    int32_t dishes;
};
struct served {
    int32_t dishes;
};
GR_MESSAGE(order, GR_FIELD(order, dishes));
GR_MESSAGE(served, GR_FIELD(served, dishes));
GR_REQUEST(order, served);

/* A cook who needs a moment for each dish. */
static int cook(gr_actor *self, const struct gr_nothing *start)
{
    struct gr_mail mail;
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        const struct order *order = gr_mail_as(&mail, order);
        if (order == NULL) continue;
        for (int i = 0; i < order->dishes; i++)
            if (gr_sleep(self, gr_milliseconds(2)) != 0) return 0;
        gr_reply(self, order, .dishes = order->dishes);
    }
    return 0;
}

GR_COROUTINE(cook, gr_nothing, cook);

static uv_poll_t readable;   /* the system's descriptor */
static uv_idle_t more_to_do; /* active while the system is to be stepped again at once */
static uv_timer_t ticker;    /* the program's own */
static gr_system *kitchen;
static gr_future *dinner;
static int ticks;

static void on_idle(uv_idle_t *handle);

static void step(void)
{
    bool more = false;
    if (gr_system_step(kitchen, &more) != 0 || gr_future_done(dinner)) uv_stop(uv_default_loop());
    if (more)
        uv_idle_start(&more_to_do, on_idle);
    else
        uv_idle_stop(&more_to_do);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    step();
}

static void on_idle(uv_idle_t *handle)
{
    step();
}

static void on_tick(uv_timer_t *handle)
{
    ticks++;
}

/* Ends the handles, which libuv wants before its loop. */
static void close_all(uv_loop_t *loop)
{
    uv_close((uv_handle_t *)&readable, NULL);
    uv_close((uv_handle_t *)&more_to_do, NULL);
    uv_close((uv_handle_t *)&ticker, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    int err = gr_system_create(&kitchen);
    if (err) return fprintf(stderr, "%s\n", gr_last_error(NULL)), 1;
    if (gr_system_fd(kitchen) < 0) return fprintf(stderr, "a simulation has no descriptor to wait for\n"), 1;
    uv_poll_init(loop, &readable, gr_system_fd(kitchen));
    uv_idle_init(loop, &more_to_do);
    uv_timer_init(loop, &ticker);
    uv_poll_start(&readable, UV_READABLE, on_readable);
    uv_idle_start(&more_to_do, on_idle); /* the first step */
    uv_timer_start(&ticker, on_tick, 1, 1);

    gr_ref ref = gr_system_spawn(kitchen, cook, ());
    dinner = gr_ask(NULL, ref, gr_seconds(60), order, .dishes = 5);
    if (dinner == NULL) return fprintf(stderr, "%s\n", gr_last_error(NULL)), 1; /* there is no memory */
    uv_run(loop, UV_RUN_DEFAULT);

    const struct served *served = gr_future_value(dinner, order);
    if (served != NULL)
        printf("%d dishes served, and the program's own timer ticked%s\n", served->dishes,
               ticks > 0 ? "" : " never");
    else
        fprintf(stderr, "no dinner: %s\n", gr_future_text(dinner));
    gr_future_release(dinner);
    close_all(loop); /* before the descriptor that it polls */
    gr_system_destroy(kitchen);
    return served == NULL;
}
