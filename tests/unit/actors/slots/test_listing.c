/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what a system tells about itself. */
#include "tests/support/world/case.h"

static int listing(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    gr_ref refs[4] = {gr_self(self)};
    refs[1] = gr_spawn_with(self, server, (.loop = GR_LOOP(loops - 1)), .value = 1);
    refs[2] = gr_spawn(self, listener);
    refs[3] = gr_spawn(self, sleeper, .value = gr_seconds(1));
    static const char *const names[] = {"root", "server", "listener", "sleeper"};
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    for (int i = 0; i < 6; i++) CHECK_EQ(gr_send(self, refs[3], words, .text = gr_string_static("waits")), 0);
    struct gr_actor_info info[8];
    CHECK_EQ(gr_system_actors(gr_actor_system(self), info, 8), 4);
    CHECK_EQ(gr_system_actors(gr_actor_system(self), NULL, 0), 4);
    CHECK_EQ(gr_system_actors(gr_actor_system(self), info, 2), 4);
    CHECK_EQ(gr_system_actors(gr_actor_system(self), info, 8), 4);
    for (int i = 0; i < 4; i++) {
        int found = 0;
        for (int j = 0; j < 4; j++) {
            if (!gr_ref_equal(info[j].ref, refs[i])) continue;
            found++;
            CHECK_TEXT(info[j].behaviour, names[i]);
            CHECK_EQ(info[j].loop, i == 1 ? loops - 1 : 0);
            CHECK_EQ(info[j].is_coroutine, i != 1);
            CHECK_EQ(info[j].mailbox, i == 3 ? 6 : 0);
            CHECK(info[j].bytes >= (i == 1 ? 128 : 16384));
        }
        CHECK_EQ(found, 1);
    }
    for (int j = 1; j < 4; j++) CHECK(info[j].ref.slot > info[j - 1].ref.slot); /* in order of slots */
    CHECK_EQ(gr_system_actors(gr_actor_system(self), NULL, 8), 4);              /* only how many there are */
    kill_and_wait(self, refs[1]);
    CHECK_EQ(gr_system_actors(gr_actor_system(self), info, 8), 3);
    return 0;
}

Case(listing, living_actors_are_listed_with_what_is_known_of_them)
{
    run_seeds(1, 3, listing);
    run_seeds(2, 3, listing);
    run_seeds(3, 3, listing);
}

static int counting(gr_actor *self, void *argument)
{
    struct gr_system_counts a, b;
    gr_system *system = gr_actor_system(self);
    gr_system_count(system, &a);
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 0);
    for (int i = 0; i < 10; i++) gr_send(self, ref, number, .value = 1);
    struct number sum;
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
    kill_and_wait(self, ref);
    CHECK_EQ(gr_send(self, ref, ping), GR_ESTALE);
    gr_system_count(system, &b);
    CHECK_EQ(b.spawned - a.spawned, 1);
    CHECK_EQ(b.ended - a.ended, 1);
    CHECK_EQ(b.sent - a.sent, 11);
    CHECK_EQ(b.handled - a.handled, 11);
    CHECK_EQ(b.requests - a.requests, 1);
    CHECK_EQ(b.replies - a.replies, 1);
    CHECK_EQ(b.dead_letters[GR_DEAD_STALE] - a.dead_letters[GR_DEAD_STALE], 1);
    return 0;
}

Case(listing, counts_count)
{
    run_everywhere(counting);
}

Case(listing, a_system_knows_its_loops_before_it_runs)
{
    gr_system *system;
    struct gr_system_counts counts;
    cr_assert_eq(gr_system_create(&system, .loops = 5), 0);
    CHECK_EQ(gr_system_loops(system), 5);
    CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
    gr_system_count(system, &counts);
    CHECK_EQ(counts.spawned, 0);
    gr_system_destroy(system);
    CHECK(strlen(gr_version()) > 0);
}
