/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the actors' side of a system's end: everybody is told, and what is on its way is not lost. */
#include "tests/support/world/case.h"

static int64_t ended[2];

static int tell_start(gr_actor *self, int64_t *state, const struct number *m)
{
    *state = m->value;
    return 0;
}

static void tell_number(gr_actor *self, int64_t *state, const struct number *m)
{
}

static void tell_end(gr_actor *self, int64_t *state, const int *reason)
{
    ended[*reason == GR_ESTOPPED]++;
}

GR_ACTOR(tell, int64_t, number, tell_start, GR_ON(number, tell_number), GR_ON_END(tell_end));

static gr_system *new_system(int loops, uint64_t seed)
{
    gr_system *system;
    cr_assert_eq(gr_system_create(&system, .loops = loops, .seed = seed), 0);
    return system;
}

Case(system, g16_every_actor_of_every_loop_is_told_to_stop_and_has_its_end)
{
    for (int loops = 1; loops <= 3; loops++) {
        gr_system *system = new_system(loops, 1);
        ended[0] = ended[1] = 0;
        for (int i = 0; i < 100; i++)
            CHECK(!gr_ref_is_null(gr_system_spawn(system, tell, (.loop = GR_SPREAD), .value = i)));
        bool more = true;
        while (more) CHECK_EQ(gr_system_step(system, &more), 0);
        CHECK_EQ(gr_system_stop(system, gr_seconds(10), NULL, 0, NULL), 0);
        CHECK_EQ(ended[1], 100);
        CHECK_EQ(ended[0], 0);
        CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
        gr_system_destroy(system);
    }
}

Case(system, g3_g16_mail_on_its_way_when_a_system_stops_is_counted)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        gr_system *system = new_system(2, seed);
        gr_ref refs[2];
        gr_future *futures[10];
        bool more;
        for (int i = 0; i < 2; i++)
            refs[i] = gr_system_spawn(system, sleeper, (.loop = GR_LOOP(i)), .value = GR_FOREVER);
        for (uint64_t i = 0; i < seed; i++) CHECK_EQ(gr_system_step(system, &more), 0);
        for (int i = 0; i < 50; i++) {
            gr_string text;
            CHECK_EQ(gr_string_format(NULL, &text, "lost %d", i), 0);
            CHECK_EQ(gr_send(NULL, refs[i % 2], words, .text = text), 0);
        }
        for (int i = 0; i < 10; i++)
            futures[i] = gr_ask(NULL, refs[i % 2], GR_FOREVER, get_words, .value = i);
        CHECK_EQ(gr_system_stop(system, gr_seconds(10), NULL, 0, NULL), 0);
        struct gr_system_counts counts;
        gr_system_count(system, &counts);
        CHECK_EQ(counts.sent, 60);
        CHECK_EQ(counts.dead_letters[GR_DEAD_DOWN] + counts.dead_letters[GR_DEAD_STALE], 60);
        CHECK_EQ(counts.spawned, counts.ended);
        for (int i = 0; i < 10; i++) {
            CHECK(gr_future_done(futures[i]));
            CHECK(gr_future_error(futures[i]) == GR_EDOWN || gr_future_error(futures[i]) == GR_ESTALE);
        }
        gr_system_destroy(system);
        for (int i = 0; i < 10; i++) gr_future_release(futures[i]); /* they may outlive the system */
    }
}

Case(system, a_system_that_was_stopped_can_be_used_again)
{
    gr_system *system = new_system(2, 9);
    for (int round = 0; round < 5; round++) {
        gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(round % 2)), .value = round);
        gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
        bool more = true;
        while (more) CHECK_EQ(gr_system_step(system, &more), 0);
        CHECK_EQ(gr_future_error(future), 0);
        CHECK_EQ(gr_future_value(future, get_sum)->value, round);
        gr_future_release(future);
        CHECK_EQ(gr_system_stop(system, gr_seconds(10), NULL, 0, NULL), 0);
        CHECK_EQ(gr_send(NULL, ref, ping), GR_ESTALE);
    }
    gr_system_destroy(system);
}
