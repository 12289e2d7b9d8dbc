/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of what works without a running loop and what doesn't, retold: where one may wait, and where not. */
#include "tests/unit/actors/asyncio/tale.h"

/* What can't wait tries every wait there is. */
static void tries_to_wait(gr_actor *self, gr_future *f)
{
    gr_future *next = NULL;
    size_t done;
    struct gr_mail mail;
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_wait(self, &f, 1, GR_WAIT_ALL, &done, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_gather(self, &f, 1, GR_GATHER_ALL, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_wait_for(self, f, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_race(self, &f, 1, &done, GR_FOREVER), GR_ECONTEXT);
    CHECK_EQ(gr_sleep(self, 1), GR_ECONTEXT);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ECONTEXT);
    CHECK(gr_scope_open(self, GR_FOREVER) == NULL);
    gr_completions *all = gr_as_completed(self, &f, 1);
    CHECK_EQ(gr_next_done(self, all, &next, GR_FOREVER), GR_ECONTEXT);
    gr_completions_release(all);
    CHECK(!gr_future_done(f));
}

struct handler {
    gr_ref who;        /* is sent what comes of it */
    gr_promise answer; /* to the request put aside */
};

static int tries_start(gr_actor *self, struct handler *h, const struct address *m)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    tries_to_wait(self, f);
    gr_future_release(f);
    gr_send(self, m->ref, ping);
    return 0;
}

static void tries_ping(gr_actor *self, struct handler *h, const struct ping *m)
{
}

GR_ACTOR(tries, struct handler, address, tries_start, GR_ON(ping, tries_ping));

Tale(asyncio_where, a_handler_actor_can_not_wait_for_a_future)
{
    gr_ref ref = gr_spawn_with(self, tries, (.loop = GR_SPREAD), .ref = gr_self(self));
    next_ping(self);
    kill_and_wait(self, ref);
    return 0;
}

static void in_callback(gr_actor *self, gr_future *future, void *context)
{
    tries_to_wait(self, context);
    note("tried");
}

Tale(asyncio_where, in_a_callback_nothing_can_wait)
{
    gr_promise promise;
    gr_future *pending = gr_promise_create(self, number, &promise), *f = start(self, at_once, .value = 1);
    CHECK_EQ(gr_future_on_done(self, f, in_callback, pending), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_TEXT(notes(), "tried");
    gr_future_release(f);
    gr_future_release(pending);
    return 0;
}

/* ---- what a handler actor does instead ---- */

static int asks_start(gr_actor *self, struct handler *h, const struct address *m)
{
    h->who = m->ref;
    return 0;
}

static void asks_done(gr_actor *self, struct handler *h, gr_future *f)
{
    gr_send(self, h->who, number, .value = gr_future_error(f) == 0 ? value_of(f) : gr_future_error(f));
}

static void asks_number(gr_actor *self, struct handler *h, const struct number *m)
{
    gr_future *f = m->value < 0 ? start(self, nap, .time = MS(1), .error = (int)-m->value)
                                : start(self, nap, .time = MS(1), .value = m->value);
    CHECK_EQ(gr_then(self, f, struct handler, asks_done), 0);
}

static void asks_answered(gr_actor *self, struct handler *h, gr_future *f)
{
    gr_fulfil(self, h->answer, number, .value = value_of(f));
}

static void asks_get_sum(gr_actor *self, struct handler *h, const struct get_sum *m)
{
    CHECK_EQ(gr_defer(self, get_sum, &h->answer), 0);
    gr_future *list[2] = {start(self, nap, .time = MS(5), .value = 1),
                          start(self, nap, .time = MS(9), .value = 2)};
    CHECK_EQ(gr_then(self, list[0], struct handler, asks_done), 0);
    CHECK_EQ(gr_then(self, list[1], struct handler, asks_answered), 0);
}

GR_ACTOR(asks, struct handler, address, asks_start, GR_ON(number, asks_number), GR_ON(get_sum, asks_get_sum));

Tale(asyncio_where, a_handler_actor_starts_a_task_and_is_called_with_its_outcome)
{
    gr_ref ref = gr_spawn_with(self, asks, (.loop = GR_SPREAD), .ref = gr_self(self));
    gr_send(self, ref, number, .value = 42);
    CHECK_EQ(next_number(self), 42);
    gr_send(self, ref, number, .value = -77);
    CHECK_EQ(next_number(self), 77);
    kill_and_wait(self, ref);
    return 0;
}

Tale(asyncio_where, a_handler_actor_starts_several_tasks_and_answers_when_they_are_done)
{
    gr_time begin = gr_now(self);
    gr_ref ref = gr_spawn_with(self, asks, (.loop = GR_SPREAD), .ref = gr_self(self));
    struct number out = {0};
    CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_sum), 0);
    CHECK_EQ(out.value, 2);
    CHECK_SINCE(begin, MS(9));
    CHECK_EQ(next_number(self), 1);
    kill_and_wait(self, ref);
    return 0;
}

/* ---- a task may do what a coroutine may ---- */

static int everything_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *list[2] = {start(self, nap, .time = MS(2), .value = 2),
                          start(self, nap, .time = MS(1), .value = 1)};
    gr_completions *all = gr_as_completed(self, list, 2);
    gr_future *f = NULL;
    CHECK_EQ(gr_next_done(self, all, &f, GR_FOREVER), 0);
    CHECK(f == list[1]);
    gr_completions_release(all);
    CHECK_EQ(gr_wait_for(self, list[0], GR_FOREVER), 0);
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    result->value = value_of(list[0]) * 10 + value_of(list[1]);
    for (int i = 0; i < 2; i++) gr_future_release(list[i]);
    return 0;
}

GR_TASK(everything, plan, number, everything_run);

Tale(asyncio_where, a_task_may_wait_gather_and_take_them_as_they_end)
{
    gr_time begin = gr_now(self);
    gr_future *f = gr_start_with(self, everything, (.loop = GR_SPREAD), .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 0);
    CHECK_SINCE(begin, MS(2));
    expect_value(f, 21);
    return 0;
}
