/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floods of small mailboxes with the wait policy, from coroutines and handler actors on all loops, and of actors that
 * send to each other: nothing that was accepted is lost, coroutines lose nothing at all, and nobody rests for ever (G15).
 */
#include "tests/support/share.h"
#include "tests/support/world/world.h"

static int64_t messages;

static int pour_main(gr_actor *self, const struct address *m)
{
    for (int64_t i = 0; i < messages; i++) {
        int error = gr_send(self, m->ref, number, .value = 1);
        if (!CHECK_EQ(error, 0)) return error;
    }
    return 0;
}

GR_COROUTINE(pour, address, pour_main);

static int coroutines(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    gr_ref sink = gr_spawn_with(
        self, server, (.loop = GR_LOOP(loops - 1), .mailbox = {.messages = 16, .policy = GR_POLICY_WAIT}),
        .value = 0);
    for (int i = 0; i < 6; i++) watch(self, gr_spawn_with(self, pour, (.loop = GR_SPREAD), .ref = sink));
    CHECK_EQ(wait_downs(self, 6), 0);
    /* A sender's down may overtake its last messages, which went another way. */
    struct number sum = {0};
    for (int i = 0; i < 60000 && sum.value < 6 * messages; i++) {
        CHECK_EQ(gr_call(self, sink, &sum, GR_FOREVER, get_sum), 0);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    }
    CHECK_EQ(sum.value, 6 * messages);
    return 0;
}

/* A handler actor that sends on what it gets, and counts what is refused at the hard bound. */
struct relay {
    gr_ref to;       /* the next one */
    int64_t sent;    /* accepted */
    int64_t refused; /* not */
};

static int relay_start(gr_actor *self, struct relay *r, const struct gr_nothing *m)
{
    return 0;
}

static void relay_address(gr_actor *self, struct relay *r, const struct address *m)
{
    r->to = m->ref;
}

static void relay_number(gr_actor *self, struct relay *r, const struct number *m)
{
    if (m->value == 0) return;
    int error = gr_send(self, r->to, number, .value = m->value - 1);
    r->sent += error == 0;
    r->refused += error != 0;
    CHECK(error == 0 || error == GR_EFULL || error == GR_ESTALE); /* stale: the system stops */
}

static void relay_get_sum(gr_actor *self, struct relay *r, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = r->sent);
}

GR_ACTOR(relay, struct relay, gr_nothing, relay_start, GR_ON(address, relay_address),
         GR_ON(number, relay_number), GR_ON(get_sum, relay_get_sum));

#define RING 8

/* A ring of relays over all loops, with more in it than the mailboxes hold. */
static int relays(gr_actor *self, void *argument)
{
    gr_ref refs[RING];
    for (int i = 0; i < RING; i++)
        refs[i] = gr_spawn_with(self, relay,
                                (.loop = GR_SPREAD, .mailbox = {.messages = 4, .policy = GR_POLICY_WAIT}));
    for (int i = 0; i < RING; i++) CHECK_EQ(gr_send(self, refs[i], address, .ref = refs[(i + 1) % RING]), 0);
    for (int64_t i = 0; i < messages; i++) CHECK_EQ(gr_send(self, refs[i % RING], number, .value = 20), 0);
    int64_t sent = 0;
    for (int i = 0; i < RING; i++) {
        struct number out = {0};
        /* It answers: it doesn't rest for ever. */
        CHECK_EQ(gr_call(self, refs[i], &out, gr_seconds(100), get_sum), 0);
        sent += out.value;
    }
    CHECK(sent > 0);
    return 0;
}

static bool run(const char *name, root_function root, int loops)
{
    int before = failures();
    CHECK_EQ(gr_run_with(root, NULL, (.loops = loops)), 0);
    bool ok = failures() == before;
    printf("%s on %d loops: %s\n", name, loops, ok ? "ok" : "failed");
    return ok;
}

int main(void)
{
    int passed = 0, failed = 0;
    messages = (int64_t)test_share(100000);
    for (int loops = 1; loops <= 3; loops++) {
        bool ok = run("coroutines", coroutines, loops);
        bool ok_too = run("relays", relays, loops);
        passed += ok + ok_too;
        failed += !ok + !ok_too;
    }
    printf("stress_floods: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
