/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of creating and destroying systems: limits, memory, seats, many in sequence and side by side. */
#include "base/error.h"
#include "base/memory.h"
#include "runtime/runtime.h"
#include "tests/support/world/case.h"

#include <stdlib.h>

#define SYSTEMS_MAX 256

/* Creates over an account, so that what is left behind shows. */
static int create_counted(struct gri_memory_account *account, struct gr_system_options options,
                          gr_system **system)
{
    gri_memory_account_init(account, gri_memory_default(), 0);
    options.size = sizeof options;
    return gri_runtime_create(&options, &(struct gri_seams){.memory = &account->memory}, system);
}

Case(create, a_system_that_never_ran_leaves_no_memory_behind)
{
    for (int loops = 1; loops <= 4; loops++) {
        for (uint64_t seed = 0; seed < 2; seed++) {
            struct gri_memory_account account;
            gr_system *system;
            CHECK_EQ(
                create_counted(&account, (struct gr_system_options){.loops = loops, .seed = seed}, &system),
                0);
            CHECK_EQ(gr_system_loops(system), loops);
            CHECK(gri_memory_used(&account.memory) > 0);
            CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
            gr_system_destroy(system);
            CHECK_EQ(gri_memory_used(&account.memory), 0);
        }
    }
    gr_system_destroy(NULL);
}

/* Actors and mail of a system that never ran. */
static void fill(gr_system *system)
{
    int loops = gr_system_loops(system);
    for (int i = 0; i < 40; i++) {
        gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(i % loops)), .value = i);
        CHECK(!gr_ref_is_null(ref));
        gr_string text;
        CHECK_EQ(gr_string_format(NULL, &text, "to number %d", i), 0);
        gr_send(NULL, ref, words, .text = text);
        CHECK_EQ(gr_send(NULL, ref, number, .value = 1), 0);
        CHECK(!gr_ref_is_null(gr_system_spawn(system, listener, (.loop = GR_LOOP(i % loops)))));
        CHECK(!gr_ref_is_null(gr_system_spawn(system, sleeper, (), .value = gr_seconds(1000))));
        CHECK(!gr_ref_is_null(gr_system_spawn(system, refuser, (.loop = GR_SPREAD), .value = 5)));
    }
}

Case(create, g11_destroying_a_system_that_never_ran_ends_its_actors_and_their_mail)
{
    for (int loops = 1; loops <= 3; loops++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct gri_memory_account account;
            gr_system *system;
            CHECK_EQ(
                create_counted(&account, (struct gr_system_options){.loops = loops, .seed = seed}, &system),
                0);
            fill(system);
            struct gr_system_counts counts;
            gr_system_count(system, &counts);
            CHECK_EQ(counts.spawned, 160);
            CHECK_EQ(counts.ended, 0);
            CHECK_EQ(counts.sent, 80);
            CHECK_EQ(gr_system_stop(system, GR_FOREVER, NULL, 0, NULL), 0);
            gr_system_count(system, &counts);
            CHECK_EQ(counts.ended, 160);
            CHECK_EQ(counts.handled + counts.dead_letters[GR_DEAD_UNHANDLED] +
                         counts.dead_letters[GR_DEAD_DOWN] + counts.dead_letters[GR_DEAD_STALE],
                     80);
            fill(system); /* and without a stop before */
            gr_system_destroy(system);
            CHECK_EQ(gri_memory_used(&account.memory), 0);
        }
    }
}

/* ---- limits ---- */

Case(create, too_little_memory_for_the_loops_is_an_error_with_a_text)
{
    gr_system *system = (gr_system *)&system;
    CHECK_EQ(gr_system_create(&system, .loops = GR_LOOPS_MAX, .memory_max = 1 << 20, .seed = 1), GR_ENOMEM);
    CHECK(system == NULL);
    CHECK(strstr(gr_last_error(NULL), "no memory") != NULL && strstr(gr_last_error(NULL), "62") != NULL);
    CHECK(strstr(gr_last_error(NULL), "GR_MEMORY_MAX allows 1048576 bytes") != NULL);
    CHECK_EQ(gr_system_create(&system, .loops = 1, .memory_max = 1 << 20),
             0); /* the least is enough for one */
    gr_ref ref = gr_system_spawn(system, server, (), .value = 1);
    CHECK(!gr_ref_is_null(ref));
    gr_system_destroy(system);
}

Case(create, the_limit_of_memory_makes_spawns_fail_and_goes_on)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 1, .memory_max = 4 << 20), 0);
    int spawned = 0;
    gr_ref first = {0, 0, 0}, ref;
    while (spawned < 1000000 && !gr_ref_is_null(ref = gr_system_spawn(system, server, (), .value = 1)))
        if (spawned++ == 0) first = ref;
    CHECK(spawned > 100 && spawned < 100000);
    CHECK(strstr(gr_last_error(NULL), "memory") != NULL);
    CHECK(gri_memory_used(&gri_runtime_of(system)->system.memory.memory) <= 4 << 20);
    CHECK(!gr_ref_is_null(first));
    gr_system_destroy(system);
}

/* Spawns until that is refused; how many. */
static int spawn_all(gr_system *system)
{
    int spawned = 0;
    while (spawned < 100000 && !gr_ref_is_null(gr_system_spawn(system, server, (), .value = 1))) spawned++;
    CHECK(strstr(gr_last_error(NULL), ".actors_max = 100 ") != NULL);
    return spawned;
}

Case(create, the_most_actors_are_kept_and_there_is_room_again_once_they_have_ended)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 1, .actors_max = 100), 0);
    int most = spawn_all(system);
    CHECK(most >= 100 && most <= 100 + 100 / 8);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
        CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
        /* The loop gives free slots to plain threads when they lack some: what is refused at first is there later. */
        spawn_all(system);
        CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
        CHECK(spawn_all(system) > 0);
    }
    gr_system_destroy(system);
}

Case(create, bad_options_and_variables_are_refused_with_their_name)
{
    gr_system *system = (gr_system *)&system;
    CHECK_EQ(gr_system_create(&system, .loops = 63), GR_EINVALID);
    CHECK(system == NULL);
    CHECK(strstr(gr_last_error(NULL), ".loops = 63") != NULL);
    CHECK_EQ(gr_system_create(&system, .actors_max = 3000000000), GR_EINVALID);
    CHECK(strstr(gr_last_error(NULL), ".actors_max = 3000000000 is") != NULL); /* not as a negative number */
    CHECK_EQ(gr_system_create(&system, .blocking_threads = -7), GR_EINVALID);
    CHECK(strstr(gr_last_error(NULL), ".blocking_threads = -7 is") != NULL);
    setenv("GR_BLOCKING_THREADS", "none", 1);
    CHECK_EQ(gr_system_create(&system), GR_EINVALID);
    CHECK(strstr(gr_last_error(NULL), "GR_BLOCKING_THREADS=none") != NULL);
    unsetenv("GR_BLOCKING_THREADS");
}

Case(create, each_allocation_may_fail_and_nothing_is_left_behind)
{
    for (int loops = 1; loops <= 2; loops++) {
        for (uint64_t seed = 0; seed < 2; seed++) {
            int error = GR_ENOMEM;
            uint64_t nth = 0;
            while (error != 0 && nth < 1000) {
                struct gri_memory_fault fault;
                gr_system *system;
                struct gr_system_options options = {.size = sizeof options, .loops = loops, .seed = seed};
                gri_memory_fault_init(&fault, gri_memory_default(), ++nth);
                error = gri_runtime_create(
                    &options, &(struct gri_seams){.memory = &fault.memory, .bypass_pools = true}, &system);
                CHECK_EQ(error != 0 ? error : GR_ENOMEM, GR_ENOMEM);
                CHECK_EQ(error == 0, gri_memory_fault_count(&fault) < nth);
                gr_system_destroy(system);
                CHECK_EQ(gri_memory_used(&fault.memory), 0);
            }
            CHECK(nth > 8 && nth < 1000);
        }
    }
}

/* ---- seats ---- */

Case(create, too_many_systems_are_an_error_until_one_is_gone)
{
    static gr_system *systems[SYSTEMS_MAX + 1];
    int count = 0, error = 0;
    while (count <= SYSTEMS_MAX && error == 0) {
        error = gr_system_create(&systems[count], .loops = 1, .seed = 1);
        count += error == 0;
    }
    CHECK_EQ(error, GR_ELIMIT);
    CHECK(count > 1 && count <= SYSTEMS_MAX);
    CHECK(strstr(gr_last_error(NULL), "too many systems") != NULL);
    gr_system_destroy(systems[count / 2]);
    CHECK_EQ(gr_system_create(&systems[count / 2], .loops = 1, .seed = 1), 0);
    for (int i = 0; i < count; i++) gr_system_destroy(systems[i]);
}

Case(create, g10_references_to_a_destroyed_system_are_errors_also_on_its_seats_next_system)
{
    gr_ref last = {0, 0, 0};
    for (int i = 0; i < 300; i++) {
        gr_system *system;
        CHECK_EQ(gr_system_create(&system, .loops = 1 + i % 2, .seed = (uint64_t)(i % 3)), 0);
        gr_ref ref = gr_system_spawn(system, server, (), .value = 1);
        if (i > 0) {
            CHECK_EQ(ref.seat, last.seat);
            CHECK(!gr_ref_equal(ref, last));
            CHECK_EQ(gr_try_send(NULL, last, number, .value = 1), GR_ESTALE);
        }
        CHECK_EQ(gr_try_send(NULL, ref, number, .value = 1), 0);
        gr_system_destroy(system);
        CHECK_EQ(gr_try_send(NULL, ref, number, .value = 1), GR_ESYSTEM);
        CHECK_EQ(gr_stop(NULL, ref, 0), GR_ESYSTEM);
        struct number sum;
        CHECK_EQ(gr_call(NULL, ref, &sum, GR_FOREVER, get_sum), GR_ESYSTEM);
        last = ref;
    }
}

/* ---- side by side ---- */

static gr_ref other_server;

static int uses_another_system(gr_actor *self, void *argument)
{
    struct number sum;
    uint64_t monitor;
    CHECK_EQ(gr_send(self, other_server, number, .value = 1), GR_ESYSTEM);
    CHECK_EQ(gr_call(self, other_server, &sum, GR_FOREVER, get_sum), GR_ESYSTEM);
    CHECK_EQ(gr_kill(self, other_server), GR_ESYSTEM);
    CHECK_EQ(gr_monitor(self, other_server, &monitor), 0);
    CHECK_EQ(wait_for(self, monitor), GR_ESYSTEM);
    CHECK(dead_letters(self, GR_DEAD_SYSTEM) >= 1);
    return 0;
}

static void *run_main(void *system)
{
    CHECK_EQ(gr_system_run(system), 0);
    return NULL;
}

Case(create, systems_side_by_side_know_nothing_of_each_other)
{
    gr_system *one, *two;
    gri_thread threads[2];
    CHECK_EQ(gr_system_create(&one, .loops = 2), 0);
    CHECK_EQ(gr_system_create(&two, .loops = 1), 0);
    gr_ref refs[2] = {gr_system_spawn(one, server, (.loop = GR_LOOP(1)), .value = 10),
                      gr_system_spawn(two, server, (), .value = 20)};
    CHECK(refs[0].seat != refs[1].seat);
    CHECK_EQ(gri_thread_create(&threads[0], run_main, one, "one"), 0);
    CHECK_EQ(gri_thread_create(&threads[1], run_main, two, "two"), 0);
    struct number sum;
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(gr_send(NULL, refs[i % 2], number, .value = 1), 0);
        CHECK_EQ(gr_call(NULL, refs[i % 2], &sum, GR_FOREVER, get_sum), 0);
        CHECK_EQ(sum.value, 10 + i % 2 * 10 + i / 2 + 1);
    }
    other_server = refs[1];
    run_seeds(1, 2, uses_another_system); /* a third one */
    run_real(2, uses_another_system);
    CHECK_EQ(gr_system_stop(one, gr_seconds(60), NULL, 0, NULL), 0);
    CHECK_EQ(gr_call(NULL, refs[1], &sum, GR_FOREVER, get_sum), 0);
    CHECK_EQ(sum.value, 70);
    CHECK_EQ(gr_system_stop(two, gr_seconds(60), NULL, 0, NULL), 0);
    for (int i = 0; i < 2; i++) gri_thread_join(threads[i]);
    gr_system_destroy(one);
    gr_system_destroy(two);
}

Case(create, a_system_that_is_null_is_an_error_everywhere)
{
    struct gr_system_counts counts = {.sent = 1};
    struct gr_abandoned left;
    size_t count = 1;
    bool more = true;
    CHECK_EQ(gr_system_run(NULL), GR_EINVALID);
    CHECK_TEXT(gr_last_error(NULL),
               "gr_system_run: the system is NULL: look at what gr_system_create returned");
    CHECK_EQ(gr_system_run_until(NULL, NULL), GR_EINVALID);
    CHECK_EQ(gr_system_pause(NULL), GR_EINVALID);
    CHECK_EQ(gr_system_fd(NULL), GR_EINVALID);
    CHECK_EQ(gr_system_step(NULL, &more), GR_EINVALID);
    CHECK(!more);
    CHECK_EQ(gr_system_stop(NULL, 1, &left, 1, &count), GR_EINVALID);
    CHECK_EQ(count, 0);
    CHECK_EQ(gr_system_close(NULL), GR_EINVALID);
    CHECK_EQ(gr_system_print(NULL, stderr), GR_EINVALID);
    CHECK(gr_ref_is_null(gr_system_spawn(NULL, listener, ())));
    CHECK(strstr(gr_last_error(NULL), "gr_system_spawn: the system is NULL") != NULL);
    CHECK(gr_ref_is_null(gr_system_whereis(NULL, "door")));
    CHECK_EQ(gr_system_loops(NULL), 0);
    gr_system_count(NULL, &counts);
    CHECK_EQ(counts.sent, 0);
    CHECK_EQ(gr_system_actors(NULL, NULL, 0), 0);
    gr_system_destroy(NULL);
}
