/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of arrival: whatever arrives for an actor that has ended, in whatever order, from loops and plain threads. */
#include "tests/support/world/case.h"

/* Everything that may be on its way, to an actor that ends meanwhile. */
static int everything(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < 60; i++) {
        gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(i % loops), .mailbox = {.messages = 4}),
                                   .value = i);
        uint64_t first = watch(self, ref), second = watch(self, ref);
        gr_future *future = gr_ask(self, ref, gr_seconds(9), get_words, .value = i);
        if (i % 3 == 0) CHECK_EQ(gr_kill(self, ref), 0);
        gr_send(self, ref, number, .value = 1);
        CHECK_EQ(gr_notify_room(self, ref), 0);
        CHECK_EQ(gr_demonitor(self, first), 0);
        CHECK_EQ(gr_stop(self, ref, 1), 0);
        CHECK_EQ(gr_kill(self, ref), 0);
        uint64_t third = watch(self, ref);
        bool room = false, down[2] = {false, false};
        for (int got = 0; got < 3; got++) {
            struct gr_mail mail = next_mail(self);
            if (!CHECK(mail.signal != NULL)) return 1;
            if (mail.signal->kind == GR_SIGNAL_ROOM) {
                CHECK(!room);
                room = true;
                continue;
            }
            int which = mail.signal->monitor == third;
            CHECK(which || mail.signal->monitor == second);
            CHECK(!down[which]);
            down[which] = true;
        }
        int error = gr_await(self, future, GR_FOREVER);
        CHECK(error == 0 || error == GR_EDOWN || error == GR_ESTALE || error == GR_EUNANSWERED);
        gr_future_release(future);
        no_mail(self, 0);
    }
    return 0;
}

Case(deliver, g6_g8_g10_whatever_arrives_after_the_end_is_answered_once)
{
    run_everywhere(everything);
}

static int births(gr_actor *self, void *argument)
{
    /* Mail of a plain thread goes by the loop where the slot was born. */
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < loops * 3; i++) {
        gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(i % loops)), .value = 0);
        for (int n = 0; n < 10; n++) CHECK_EQ(gr_send(NULL, ref, number, .value = 1), 0);
        struct number sum = {0};
        for (int tries = 0; tries < 10000 && sum.value < 10; tries++) {
            CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
            CHECK_EQ(gr_sleep(self, gr_microseconds(10)), 0);
        }
        CHECK_EQ(sum.value, 10);
    }
    return 0;
}

Case(deliver, g1_mail_of_plain_threads_finds_its_actor_on_every_loop)
{
    run_everywhere(births);
}
