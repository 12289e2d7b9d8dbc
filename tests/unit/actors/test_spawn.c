/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of spawning: where, with what options, what is refused, and how many. */
#include "tests/support/world/case.h"

#include <stdlib.h>

static int loop_of_start(gr_actor *self, char *state, const struct address *m)
{
    gr_send(self, m->ref, number, .value = gr_loop_index(self));
    CHECK(gr_ref_equal(gr_sender(self), m->ref));
    return 0;
}

static void loop_of_ping(gr_actor *self, char *state, const struct ping *m)
{
    gr_send(self, gr_sender(self), number, .value = gr_loop_index(self));
}

GR_ACTOR(loop_of, char, address, loop_of_start, GR_ON(ping, loop_of_ping));

static int places(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    CHECK_EQ(gr_loop_index(self), 0);
    for (int i = 0; i < loops; i++) {
        gr_ref ref = gr_spawn_with(self, loop_of, (.loop = GR_LOOP(i)), .ref = gr_self(self));
        CHECK_EQ(next_number(self), i);
        gr_send(self, ref, ping);
        CHECK_EQ(next_number(self), i);
    }
    gr_ref ref = gr_spawn(self, loop_of, .ref = gr_self(self));
    CHECK_EQ(next_number(self), 0);
    CHECK(!gr_ref_is_null(ref));
    return 0;
}

Case(spawn, an_actor_runs_on_the_loop_that_was_asked_for)
{
    run_everywhere(places);
}

static int spread(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    int counts[8] = {0};
    for (int i = 0; i < 24; i++) {
        gr_ref ref = gr_spawn_with(self, loop_of, (.loop = GR_SPREAD), .ref = gr_self(self));
        CHECK(!gr_ref_is_null(ref));
    }
    for (int i = 0; i < 24; i++) counts[next_number(self)]++;
    for (int i = 0; i < loops; i++) CHECK_EQ(counts[i], 24 / loops);
    return 0;
}

Case(spawn, spread_takes_the_loops_in_turn)
{
    run_seeds(1, 2, spread);
    run_seeds(2, 5, spread);
    run_seeds(3, 5, spread);
    run_seeds(4, 5, spread);
    run_real(2, spread);
}

static int refused(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    struct gr_system_counts before, after;
    gr_system_count(gr_actor_system(self), &before);
    char text[100];
    snprintf(text, sizeof text,
             "server was not spawned: .loop = GR_LOOP(%d): there are %d loops, counted from 0", loops, loops);
    CHECK(gr_ref_is_null(gr_spawn_with(self, server, (.loop = GR_LOOP(loops)), .value = 1)));
    CHECK_TEXT(gr_last_error(self), text);
    CHECK(gr_ref_is_null(gr_spawn_with(self, server, (.loop = -2), .value = 1)));
    CHECK(strstr(gr_last_error(self), ".loop = -2 is none of GR_SAME_LOOP") != NULL);
    CHECK(gr_ref_is_null(gr_spawn_with(self, server, (.stack_size = 2147483648u), .value = 1)));
    CHECK_TEXT(gr_last_error(self),
               "server was not spawned: .stack_size = 2147483648 is more than 1073741824 bytes");
    struct gr_spawn_options newer = {.size = sizeof newer + 8};
    CHECK(gr_ref_is_null(gri_spawn(self, server_gr_behaviour(), &newer, &(struct number){1})));
    CHECK(strstr(gr_last_error(self), "built for another version") != NULL);
    CHECK(
        gr_ref_is_null(gr_spawn_with(self, server, (.mailbox = {.policy = (enum gr_policy)4}), .value = 1)));
    CHECK(gr_ref_is_null(
        gr_spawn_with(self, server, (.mailbox = {.policy = (enum gr_policy) - 1}), .value = 1)));
    gr_system_count(gr_actor_system(self), &after);
    CHECK_EQ(after.spawned, before.spawned);
    /* The null reference is safe to use. */
    gr_ref null = gr_spawn_with(self, server, (.loop = 99), .value = 1);
    CHECK_EQ(gr_send(self, null, ping), GR_ESTALE);
    CHECK_EQ(gr_stop(self, null, 0), 0);
    CHECK_EQ(gr_kill(self, null), 0);
    return 0;
}

Case(spawn, g7_a_spawn_that_makes_no_sense_gives_the_null_reference)
{
    run_everywhere(refused);
}

static int first_message(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < 200; i++) {
        gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(i % loops)), .value = 1000);
        gr_send(self, ref, number, .value = i);
        struct number sum;
        CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
        if (!CHECK_EQ(sum.value, 1000 + i)) return 1;
        CHECK_EQ(gr_kill(self, ref), 0);
    }
    return 0;
}

Case(spawn, g7_the_spawners_first_message_follows_the_start)
{
    run_everywhere(first_message);
}

/* A third party learns of a name at once, and its mail may arrive before the spawn does. */
static int gossip_start(gr_actor *self, char *state, const struct address *m)
{
    uint64_t monitor;
    gr_send(self, m->ref, number, .value = 1);
    CHECK_EQ(gr_monitor(self, m->ref, &monitor), 0);
    return 0;
}

static void gossip_signal(gr_actor *self, char *state, const struct gr_signal *signal)
{
    note("%d", signal->reason);
}

GR_ACTOR(gossip, char, address, gossip_start, GR_ON_SIGNAL(gossip_signal));

static int third_parties(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(loops - 1)), .value = 100);
    gr_ref other = gr_spawn_with(self, gossip, (.loop = GR_LOOP(loops / 2)), .ref = ref);
    struct number sum = {0};
    for (int i = 0; i < 1000 && sum.value != 101; i++) {
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
        CHECK(sum.value == 100 || sum.value == 101); /* the start came first */
    }
    CHECK_EQ(sum.value, 101);
    gr_send(self, ref, quit, .reason = 6);
    for (int i = 0; i < 1000 && notes()[0] == '\0'; i++) CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_TEXT(notes(), "6");
    CHECK_EQ(gr_kill(self, other), 0);
    return 0;
}

Case(spawn, g7_mail_of_third_parties_waits_for_the_start)
{
    run_everywhere(third_parties);
}

static int kill_unborn(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < 50; i++) {
        gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(i % loops)), .value = 1);
        uint64_t monitor = watch(self, ref);
        CHECK_EQ(i % 2 ? gr_kill(self, ref) : gr_stop(self, ref, 3), 0);
        int reason = wait_for(self, monitor);
        CHECK_EQ(reason, i % 2 ? GR_EKILLED : 3);
    }
    return 0;
}

Case(spawn, an_actor_may_be_ended_before_it_is_there)
{
    run_everywhere(kill_unborn);
}

/* ---- start messages ---- */

static int text_start(gr_actor *self, gr_string *kept, const struct words *m)
{
    *kept = gr_string_hold(m->text);
    return 0;
}

static void text_get_words(gr_actor *self, gr_string *kept, const struct get_words *m)
{
    gr_reply(self, get_words, .text = gr_string_hold(*kept));
}

static void text_end(gr_actor *self, gr_string *kept, const int *reason)
{
    gr_string_release(*kept);
}

GR_ACTOR(text, gr_string, words, text_start, GR_ON(get_words, text_get_words), GR_ON_END(text_end));

static int string_starts(gr_actor *self, void *argument)
{
    for (int i = 0; i < 20; i++) {
        gr_string start;
        CHECK_EQ(gr_string_format(self, &start, "start %d", i), 0);
        gr_ref ref = gr_spawn_with(self, text, (.loop = GR_SPREAD), .text = start);
        struct words out;
        CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_words, .value = 0), 0);
        char wanted[32];
        snprintf(wanted, sizeof wanted, "start %d", i);
        CHECK_EQ(gr_string_compare(out.text, gr_string_static(wanted)), 0);
        gr_string_release(out.text);
        kill_and_wait(self, ref);
        /* One that is refused takes the count too. */
        CHECK_EQ(gr_string_format(self, &start, "start %d", i), 0);
        CHECK(gr_ref_is_null(gr_spawn_with(self, text, (.loop = 70), .text = start)));
    }
    return 0;
}

Case(spawn, start_messages_may_carry_strings)
{
    run_everywhere(string_starts);
}

static int large_start(gr_actor *self, struct large *kept, const struct large *m)
{
    CHECK_EQ(kept->bytes[100], 0);
    *kept = *m;
    return 0;
}

static void large_get_sum(gr_actor *self, struct large *kept, const struct get_sum *m)
{
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof kept->bytes; i++) sum += kept->bytes[i];
    gr_reply(self, get_sum, .value = sum);
}

GR_ACTOR(fat, struct large, large, large_start, GR_ON(get_sum, large_get_sum));

static int large_starts(gr_actor *self, void *argument)
{
    struct large *start = malloc(sizeof *start);
    memset(start->bytes, 1, sizeof start->bytes);
    for (int loop = 0; loop < gr_system_loops(gr_actor_system(self)); loop++) {
        struct gr_spawn_options options = {.size = sizeof options, .loop = GR_LOOP(loop)};
        gr_ref ref = gri_spawn(self, fat_gr_behaviour(), &options, start);
        struct number sum;
        CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
        CHECK_EQ(sum.value, 60000);
        kill_and_wait(self, ref);
    }
    free(start);
    return 0;
}

Case(spawn, states_and_start_messages_may_be_large)
{
    run_everywhere(large_starts);
}

/* ---- how many ---- */

static int hundred_thousand(gr_actor *self, void *argument)
{
    enum { COUNT = 100000 };
    static gr_ref refs[COUNT];
    for (int i = 0; i < COUNT; i++) {
        refs[i] = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = i);
        if (!CHECK(!gr_ref_is_null(refs[i]))) return 1;
        if (i % 1000 == 0) CHECK_EQ(gr_sleep(self, 0), 0);
    }
    struct number sum;
    for (int i = 0; i < COUNT; i += 997) {
        int error; /* the link may be full of spawns still */
        while ((error = gr_call(self, refs[i], &sum, GR_FOREVER, get_sum)) == GR_EFULL)
            CHECK_EQ(gr_sleep(self, 0), 0);
        if (!CHECK_EQ(error, 0) || !CHECK_EQ(sum.value, i)) return 1;
    }
    return 0;
}

Case(spawn, a_hundred_thousand_actors_live_on_two_loops)
{
    run_real(2, hundred_thousand);
}

static int limited(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self)), spawned = 0;
    for (; spawned < 100000; spawned++) {
        gr_ref ref = gr_spawn_with(self, server, (.loop = GR_LOOP(spawned % loops)), .value = 1);
        if (gr_ref_is_null(ref)) break;
        if (spawned % 64 == 0) CHECK_EQ(gr_sleep(self, 0), 0);
    }
    CHECK(strstr(gr_last_error(self), "actors_max") != NULL);
    CHECK(spawned >= 4999 && spawned <= 5000 + 5000 / 8);
    return 0;
}

Case(spawn, the_limit_of_actors_is_kept_and_all_of_them_can_be_had)
{
    for (int loops = 1; loops <= 3; loops++)
        CHECK_EQ(gr_run_with(limited, NULL, (.loops = loops, .seed = 1, .actors_max = 5000)), 0);
}

static int few(gr_actor *self, void *argument)
{
    for (int i = 0; i < 50; i++)
        CHECK(!gr_ref_is_null(gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = i)));
    return 0;
}

Case(spawn, a_small_limit_of_actors_leaves_that_many_on_every_loop)
{
    for (int loops = 1; loops <= 3; loops++)
        CHECK_EQ(gr_run_with(few, NULL, (.loops = loops, .seed = 1, .actors_max = 60)), 0);
}

static int small_limit(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self)), spawned = 1;
    while (spawned < 1000 && !gr_ref_is_null(gr_spawn(self, server, .value = 1))) spawned++;
    CHECK(spawned >= 100 && spawned <= 100 + (loops * (loops + 1) > 12 ? loops * (loops + 1) : 12));
    CHECK(strstr(gr_last_error(self), "actors_max") != NULL);
    return 0;
}

Case(spawn, a_small_limit_of_actors_limits_one_loop_too)
{
    for (int loops = 1; loops <= 4; loops++)
        CHECK_EQ(gr_run_with(small_limit, NULL, (.loops = loops, .seed = 1, .actors_max = 100)), 0);
}

static int one_after_another(gr_actor *self, void *argument)
{
    for (int i = 0; i < 100; i++) {
        gr_ref ref = gr_spawn_with(self, listener, (.loop = GR_SPREAD));
        CHECK(!gr_ref_is_null(ref));
        kill_and_wait(self, ref);
    }
    return 0;
}

Case(spawn, where_few_may_live_many_may_live_one_after_another)
{
    for (int loops = 1; loops <= 3; loops++)
        CHECK_EQ(gr_run_with(one_after_another, NULL, (.loops = loops, .seed = 1, .actors_max = 4)), 0);
}

/* ---- from outside ---- */

Case(spawn, plain_threads_spawn_on_loop_0_or_where_they_say)
{
    gr_system *system;
    struct number sum;
    cr_assert_eq(gr_system_create(&system, .loops = 3, .seed = 1), 0);
    gr_ref refs[5];
    refs[0] = gr_system_spawn(system, server, (), .value = 0);
    for (int i = 1; i < 4; i++)
        refs[i] = gr_system_spawn(system, server, (.loop = GR_LOOP(i - 1)), .value = i);
    refs[4] = gr_system_spawn(system, server, (.loop = GR_SPREAD), .value = 4);
    gr_future *futures[5];
    for (int i = 0; i < 5; i++) futures[i] = gr_ask(NULL, refs[i], GR_FOREVER, get_sum);
    bool more = true;
    while (more) CHECK_EQ(gr_system_step(system, &more), 0);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(gr_future_error(futures[i]), 0);
        CHECK_EQ(gr_future_value(futures[i], get_sum)->value, i);
        gr_future_release(futures[i]);
    }
    struct gr_actor_info info[5];
    CHECK_EQ(gr_system_actors(system, info, 5), 5);
    int counts[3] = {0};
    for (int i = 0; i < 5; i++) counts[info[i].loop]++;
    CHECK(counts[0] >= 2 && counts[1] >= 1 && counts[2] >= 1);
    CHECK(gr_ref_is_null(gr_system_spawn(system, server, (.loop = GR_LOOP(3)), .value = 0)));
    CHECK(strstr(gr_last_error(NULL), "server") != NULL);
    CHECK_EQ(gr_call(NULL, refs[0], &sum, GR_FOREVER, get_sum),
             GR_ECONTEXT); /* nobody would step the simulation */
    gr_system_destroy(system);
}

Case(spawn, three_thousand_actors_can_be_spawned_from_outside)
{
    gr_system *system;
    bool more = true;
    cr_assert_eq(gr_system_create(&system, .loops = 2, .seed = 1), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3000; i++)
            CHECK(!gr_ref_is_null(gr_system_spawn(system, server, (.loop = GR_SPREAD), .value = 0)));
        for (more = true; more;) CHECK_EQ(gr_system_step(system, &more), 0);
        CHECK_EQ(gr_system_actors(system, NULL, 0), 3000 * (round + 1));
    }
    gr_system_destroy(system);
}
