/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of dead letters: every cause is counted, ends its request with the error that fits, and frees the message. */
#include "actors/actor.h"
#include "tests/support/world/case.h"

Case(dead_letter, g3_each_cause_has_its_error_and_each_error_its_cause)
{
    static const struct {
        enum gr_dead_letter cause; /* of the dead letter */
        int error;                 /* of its request */
    } table[] = {{GR_DEAD_STALE, GR_ESTALE},
                 {GR_DEAD_FULL, GR_EFULL},
                 {GR_DEAD_NO_MEMORY, GR_ENOMEM},
                 {GR_DEAD_SYSTEM, GR_ESYSTEM},
                 {GR_DEAD_STOPPED, GR_ESTOPPED}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        CHECK_EQ(gri_dead_letter_error(table[i].cause), table[i].error);
        CHECK_EQ(gri_dead_letter_cause(table[i].error), table[i].cause);
    }
    CHECK_EQ(gri_dead_letter_error(GR_DEAD_UNHANDLED), GR_EUNHANDLED);
    CHECK_EQ(gri_dead_letter_error(GR_DEAD_DOWN), GR_EDOWN);
    CHECK_EQ(gri_dead_letter_cause(GR_EKILLED), GR_DEAD_DOWN);
}

static int conservation(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    uint64_t tried = 0, refused = 0;
    gr_ref refs[6];
    for (int i = 0; i < 6; i++)
        refs[i] = gr_spawn_with(
            self, server, (.loop = GR_LOOP(i % loops), .mailbox = {.messages = 5 + (uint32_t)i}), .value = 0);
    for (int i = 0; i < 2000; i++) {
        gr_ref to = refs[gr_random(self) % 6];
        uint64_t what = gr_random(self) % 40;
        int error = 0;
        if (what == 0)
            error = gr_send(self, to, quit, .reason = 1);
        else if (what == 1)
            error = gr_send(self, to, unknown);
        else if (what == 2)
            CHECK_EQ(gr_kill(self, to), 0);
        else
            error = gr_send(self, to, number, .value = 1);
        tried += what != 2;
        refused += error != 0;
        if (what == 3) CHECK_EQ(gr_sleep(self, 0), 0);
    }
    struct gr_system_counts counts;
    uint64_t dead = 0;
    for (int i = 0; i < 100; i++)
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0); /* all has arrived by then */
    gr_system_count(gr_actor_system(self), &counts);
    for (int cause = 0; cause < GR_DEAD_LETTER_COUNT; cause++) dead += counts.dead_letters[cause];
    CHECK_EQ(counts.sent, tried - refused);
    CHECK_EQ(tried, counts.handled + dead); /* each is one of the two */
    CHECK(refused > 0 && dead > refused);
    return 0;
}

Case(dead_letter, g3_what_was_accepted_was_handled_or_counted)
{
    run_seeds(1, 10, conservation);
    run_seeds(2, 10, conservation);
    run_seeds(3, 10, conservation);
}

static int ends_requests(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, sleeper, (.loop = GR_SPREAD), .value = gr_seconds(50));
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_words, .value = 1);
    gr_string text;
    CHECK_EQ(gr_string_copy(self, "dead", 4, &text), 0);
    CHECK_EQ(gr_send(self, ref, words, .text = text), 0);
    CHECK_EQ(gr_kill(self, ref), 0);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_EDOWN);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), 2);
    return 0;
}

Case(dead_letter, g8_a_dead_letter_that_is_a_request_ends_it)
{
    run_everywhere(ends_requests);
}
