/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storms of births and deaths across loops, watched: each actor that is watched gives exactly one down for each monitor
 * (G6), each request to one that dies ends (G8), and in the end all that were spawned have ended.
 */
#include "tests/support/share.h"
#include "tests/support/world/world.h"

static uint64_t rounds;

/* A master spawns, watches, asks and ends actors on all loops, several at a time. */
static int master_main(gr_actor *self, const struct number *m)
{
    for (uint64_t i = 0; i < rounds; i++) {
        gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 1);
        if (!CHECK(!gr_ref_is_null(ref))) return 1;
        (void)watch(self, ref);
        uint64_t second = watch(self, ref);
        gr_future *future = gr_ask(self, ref, gr_seconds(60), get_words, .value = 1);
        switch (gr_random(self) % 4) {
        case 0:
            CHECK_EQ(gr_kill(self, ref), 0);
            break;
        case 1:
            CHECK_EQ(gr_stop(self, ref, 5), 0);
            break;
        case 2:
            gr_send(self, ref, quit, .reason = 6);
            break;
        default:
            CHECK_EQ(gr_kill(NULL, ref), 0);
            break;
        }
        if (gr_random(self) % 2) CHECK_EQ(gr_kill(self, ref), 0);
        CHECK_EQ(gr_demonitor(self, second), 0);
        int error = gr_await(self, future, GR_FOREVER);
        CHECK(error == 0 || error == GR_EDOWN || error == GR_ESTALE || error == GR_EFULL ||
              error == GR_EUNANSWERED);
        gr_future_release(future);
        CHECK_EQ(gr_kill(self, ref), 0); /* a quit may have been refused where the link was full */
    }
    for (uint64_t downs = 0; downs < rounds; downs++) {
        struct gr_mail mail = next_mail(self);
        if (!CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_DOWN)) return 1;
        int reason = mail.signal->reason;
        CHECK(reason == GR_EKILLED || reason == 5 || reason == 6 || reason == GR_ESTALE);
    }
    no_mail(self, gr_milliseconds(5));
    return 0;
}

GR_COROUTINE(master, number, master_main);

static int root(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < loops * 2; i++)
        watch(self, gr_spawn_with(self, master, (.loop = GR_LOOP(i % loops)), .value = i));
    CHECK_EQ(wait_downs(self, loops * 2), 0);
    return 0;
}

int main(void)
{
    int passed = 0, failed = 0;
    rounds = test_share(8000);
    for (int loops = 1; loops <= 4; loops++) {
        int before = failures();
        CHECK_EQ(gr_run_with(root, NULL, (.loops = loops)), 0);
        bool ok = failures() == before;
        printf("storm on %d loops: %llu lives, %s\n", loops, (unsigned long long)rounds * 2 * (unsigned)loops,
               ok ? "ok" : "failed");
        passed += ok;
        failed += !ok;
    }
    printf("stress_storm: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
