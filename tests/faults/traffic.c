/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of sending: small, large, with strings and buffers, across loops; forwarding; full mailboxes. */
#include "tests/faults/sweep.h"

static const struct large large_message; /* too large for a coroutine's stack */

static void send_all(gr_actor *self, gr_ref to)
{
    sweep_ok(gr_send(self, to, number, .value = 1));
    sweep_ok(gr_send(self, to, number, .value = 2));
    send_words(self, to, 3);
    send_packet(self, to, 10000);
    sweep_ok(gri_send(self, to, &large_gr_type, &large_message));
}

static int send_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    for (int i = 0; i < sweep_loops(); i++)
        send_all(self, crew_add(self, &crew, gr_spawn_with(self, sink, (.loop = GR_LOOP(i)))));
    crew_stop(self, &crew);
    return 0;
}

/* What could not be sent stays the sender's. */
static int try_send_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    for (int i = 0; i < sweep_loops(); i++) {
        gr_ref to = crew_add(self, &crew, gr_spawn_with(self, sink, (.loop = GR_LOOP(i))));
        gr_string text;
        if (sweep_ok(gr_string_format(self, &text, "text %d", i)) &&
            !sweep_ok(gr_try_send(self, to, words, .text = text)))
            gr_string_release(text);
        sweep_ok(gr_try_send(self, to, number, .value = 1));
        sweep_ok(gri_try_send(self, to, &large_gr_type, &large_message));
    }
    crew_stop(self, &crew);
    return 0;
}

/* ---- forwarding ---- */

struct relay {
    gr_ref to; /* who gets everything */
};

static int relay_start(gr_actor *self, struct relay *relay, const struct address *m)
{
    relay->to = m->ref;
    return 0;
}

static void relay_any(gr_actor *self, struct relay *relay, const struct gr_mail *mail)
{
    sweep_ok(gr_forward(self, relay->to));
}

GR_ACTOR(relay, struct relay, address, relay_start, GR_ON_ANY(relay_any));

static int forward_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    gr_ref to = crew_add(self, &crew, gr_spawn_with(self, sink, (.loop = GR_SPREAD)));
    for (int i = 0; i < 3; i++)
        to = crew_add(self, &crew, gr_spawn_with(self, relay, (.loop = GR_SPREAD), .ref = to));
    send_all(self, to);
    /* The answer comes when all that was sent before has gone the same way. */
    struct number none;
    sweep_expect(gr_call(self, to, &none, gr_seconds(60), unknown_request), GR_EUNHANDLED);
    crew_stop(self, &crew);
    return 0;
}

/* ---- full mailboxes ---- */

struct pusher {
    gr_ref to; /* gets one number for each */
};

static int pusher_start(gr_actor *self, struct pusher *pusher, const struct address *m)
{
    pusher->to = m->ref;
    return 0;
}

static void pusher_number(gr_actor *self, struct pusher *pusher, const struct number *m)
{
    sweep_ok(gr_send(self, pusher->to, number, .value = m->value));
}

GR_ACTOR(pusher, struct pusher, address, pusher_start, GR_ON(number, pusher_number));

/* A coroutine and a handler send to a mailbox that lets senders wait. */
static int wait_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    gr_ref to = crew_add(self, &crew,
                         gr_spawn_with(self, sink,
                                       (.loop = GR_LOOP(sweep_loops() - 1), .mailbox.messages = 2,
                                        .mailbox.policy = GR_POLICY_WAIT)));
    gr_ref handler = crew_add(self, &crew, gr_spawn(self, pusher, .ref = to));
    for (int i = 0; i < 6; i++) {
        sweep_ok(gr_send(self, handler, number, .value = i));
        sweep_ok(gr_send(self, to, number, .value = i));
    }
    crew_stop_in_turn(self, &crew);
    return 0;
}

/* Sends until the mailbox is full, as it reports or not, and asks to be told of room. */
static int full_root(gr_actor *self, void *argument)
{
    static const enum gr_policy policies[] = {GR_POLICY_REJECT, GR_POLICY_DROP_NEWEST, GR_POLICY_DROP_OLDEST};
    for (int i = 0; i < 3; i++) {
        struct crew crew = {.count = 0};
        gr_ref to = gr_spawn_with(self, listener,
                                  (.loop = GR_SPREAD, .mailbox.messages = 2, .mailbox.policy = policies[i]));
        if (gr_ref_is_null(to)) {
            sweep_ok(GR_ENOMEM);
            continue;
        }
        for (int n = 0; n < 6; n++) {
            int error = gr_send(self, to, number, .value = n);
            if (error != GR_EFULL) sweep_ok(error);
        }
        struct gr_mail mail;
        if (sweep_ok(gr_notify_room(self, to)) && CHECK_EQ(gr_receive(self, &mail, gr_seconds(60)), 0))
            CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_ROOM), sweep_did();
        crew_add(self, &crew, to);
        crew_stop(self, &crew);
    }
    return 0;
}

const struct scenario traffic_scenarios[] = {
    {.name = "send", .modes = SWEEP_SIMULATED | SWEEP_REAL | SWEEP_GR_RUN | SWEEP_STEPS, .root = send_root},
    {.name = "try_send", .modes = SWEEP_SIMULATED, .root = try_send_root},
    {.name = "forward", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = forward_root},
    {.name = "wait policy", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = wait_root},
    {.name = "full mailboxes", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = full_root},
    {.name = NULL}};
