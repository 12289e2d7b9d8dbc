/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of printing a system: from everywhere, whoever runs it, and with a loop that does not answer. */
#include "base/atomic.h"
#include "base/platform.h"
#include "runtime/runtime.h"
#include "tests/support/world/case.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static char *printed;
static size_t printed_size;

/* Prints into `printed`. */
static const char *print(gr_system *system)
{
    free(printed);
    FILE *file = open_memstream(&printed, &printed_size);
    CHECK_EQ(gr_system_print(system, file), 0);
    fclose(file);
    return printed;
}

static bool holds(const char *text)
{
    bool found = strstr(printed, text) != NULL;
    if (!found) fprintf(stderr, "not there: %s\n%s", text, printed);
    return found;
}

static gri_atomic_u32 let_go;

static int prints_start(gr_actor *self, struct number *state, const struct number *m)
{
    return 0;
}

static void prints_itself(gr_actor *self, struct number *state, const struct get_sum *m)
{
    print(gr_actor_system(self));
    gr_reply(self, get_sum, .value = 1);
}

static void holds_up(gr_actor *self, struct number *state, const struct number *m)
{
    note("held");
    while (gri_load(&let_go, GRI_ACQUIRE) == 0) usleep(1000);
}

GR_ACTOR(printer, struct number, number, prints_start, GR_ON(get_sum, prints_itself),
         GR_ON(number, holds_up));

static int64_t ask(gr_system *system, gr_ref ref, bool run)
{
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    CHECK_EQ(run ? gr_system_run_until(system, future) : gr_await(NULL, future, GR_FOREVER), 0);
    const struct number *sum = gr_future_value(future, get_sum);
    int64_t value = sum != NULL ? sum->value : -1;
    gr_future_release(future);
    return value;
}

Case(print, a_system_that_does_not_run_is_printed)
{
    for (uint64_t seed = 0; seed < 2; seed++) {
        gr_system *system;
        CHECK_EQ(gr_system_create(&system, .loops = 2, .seed = seed), 0);
        CHECK_TEXT(print(system), "greenroom: 0 actors on 2 loops\n"
                                  "loop 0: actors 0, turns 0, slept 0 times\n"
                                  "loop 1: actors 0, turns 0, slept 0 times\n"
                                  "spawned 0, ended 0, sent 0, handled 0, requests 0, replies 0\n");
        gr_ref ref = gr_system_spawn(system, server, (), .value = 7);
        gr_ref away = gr_system_spawn(system, sleeper, (.loop = GR_LOOP(1)), .value = gr_seconds(3600));
        CHECK_EQ(ask(system, ref, true), 7);
        while (gr_system_actors(system, NULL, 0) < 2) CHECK_EQ(ask(system, ref, true), 7);
        char row[128];
        print(system);
        CHECK(strstr(printed, "greenroom: 2 actors on 2 loops\nactor ") == printed);
        snprintf(row, sizeof row,
                 "\n%u:%u:%llu     server        0  waits for mail              0         0\n", ref.seat,
                 ref.slot, (unsigned long long)ref.generation);
        CHECK(holds(row));
        snprintf(row, sizeof row, "\n%u:%u:%llu  sleeper       1  ", away.seat, away.slot,
                 (unsigned long long)away.generation);
        CHECK(holds(row));
        CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
        CHECK(gr_send(NULL, ref, ping) != 0);
        print(system);
        CHECK(holds("spawned 2, ended 2, "));
        CHECK(holds("; dead letters: 1 stale\n"));
        gr_system_destroy(system);
    }
}

Case(print, an_actor_prints_its_own_system)
{
    for (int loops = 1; loops <= 2; loops++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            gr_system *system;
            CHECK_EQ(gr_system_create(&system, .loops = loops, .seed = seed), 0);
            gr_ref other = gr_system_spawn(system, server, (), .value = 2);
            gr_ref ref = gr_system_spawn(system, printer, (.loop = GR_LOOP(loops - 1)), .value = 1);
            CHECK_EQ(ask(system, other, true), 2);
            CHECK_EQ(ask(system, ref, true), 1);
            CHECK(holds("greenroom: 2 actors"));
            CHECK(holds("  running "));
            CHECK(holds("  waits for mail "));
            CHECK(strstr(printed, "does not answer") == NULL);
            gr_system_destroy(system);
        }
    }
}

static void *run_main(void *system)
{
    return (void *)(intptr_t)gr_system_run(system);
}

Case(print, names_have_a_column_and_are_printed_on_one_line)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    gr_ref ref = gr_system_spawn(system, server, (.name = "the\nfirst"), .value = 7);
    gr_ref other = gr_system_spawn(system, server, (), .value = 8);
    CHECK_EQ(ask(system, ref, true), 7);
    CHECK_EQ(ask(system, other, true), 8);
    print(system);
    CHECK(holds("  behaviour  name        loop  does "));
    CHECK(holds("  server     the\\nfirst     0  waits for mail "));
    CHECK(holds("  server                    0  waits for mail "));
    gr_system_destroy(system);
}

static int quick_work(void *argument)
{
    return 0;
}

static int no_task(gr_actor *self, const struct gr_nothing *m, struct number *result)
{
    struct gr_mail mail;
    return gr_receive(self, &mail, GR_FOREVER);
}

GR_TASK(slow_task, gr_nothing, number, no_task);

/* Asks for what the number says: an actor, with and without a name, blocking work, a task, a promise. */
static int waits_for_what(gr_actor *self, const struct number *m)
{
    gr_promise unset;
    gr_ref to = gr_spawn_with(self, sleeper, (.name = m->value == 1 ? "a name" : NULL),
                              .value = gr_seconds(9));
    gr_future *future = NULL;
    if (m->value <= 1) future = gr_ask(self, to, GR_FOREVER, get_sum);
    if (m->value == 2) future = gr_blocking(self, quick_work, NULL);
    if (m->value == 3) future = gr_start(self, slow_task);
    if (m->value == 4) future = gr_promise_create(self, number, &unset);
    if (m->value == 0) (void)!gr_ask(self, gr_self(self), GR_FOREVER, get_sum);
    return gr_await(self, future, gr_seconds(5));
}

GR_COROUTINE(waits, number, waits_for_what);

static int prints_what_is_waited_for(gr_actor *self, void *argument)
{
    static const char *const wanted[] = {"2: first to sleeper 1:", "1: to a name 1:", "1: blocking work\n",
                                         "1: task slow_task 1:", "1: a promise\n"};
    for (int i = 0; i < 5; i++) {
        gr_ref ref = gr_spawn(self, waits, .value = i);
        CHECK_EQ(gr_sleep(self, 0), 0);
        CHECK_EQ(gr_sleep(self, 0), 0);
        print(gr_actor_system(self));
        if (i != 2) CHECK(holds(wanted[i]));
        if (i == 2)
            CHECK(strstr(printed, wanted[i]) != NULL || strstr(printed, "  has its turn coming ") != NULL);
        CHECK_EQ(gr_kill(self, ref), 0);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    }
    return 0;
}

Case(print, it_says_for_whom_an_actor_waits)
{
    run_seeds(1, 5, prints_what_is_waited_for);
}

Case(print, more_actors_than_fit_a_screen_have_their_names)
{
    gr_system *system;
    gr_ref ref = {0, 0, 0};
    char name[32];
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "number %d", i);
        ref = gr_system_spawn(system, server, (.name = i % 3 == 0 ? NULL : name), .value = i);
    }
    CHECK_EQ(ask(system, ref, true), 299);
    print(system);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, " number %d ", i);
        CHECK_EQ(strstr(printed, name) != NULL, i % 3 != 0);
    }
    gr_system_destroy(system);
}

Case(print, a_plain_thread_prints_a_system_that_runs)
{
    gr_system *system;
    gri_thread thread;
    CHECK_EQ(gr_system_create(&system, .loops = 3), 0);
    gr_ref refs[3];
    for (int i = 0; i < 3; i++) refs[i] = gr_system_spawn(system, server, (.loop = GR_LOOP(i)), .value = i);
    CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0);
    for (int i = 0; i < 3; i++) CHECK_EQ(ask(system, refs[i], false), i);
    for (int round = 0; round < 20; round++) {
        print(system);
        CHECK(holds("greenroom: 3 actors on 3 loops\n"));
        CHECK(strstr(printed, "?") == NULL);
    }
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
    CHECK_EQ((intptr_t)gri_thread_join(thread), 0);
    gr_system_destroy(system);
}

Case(print, of_a_loop_that_is_held_up_it_prints_what_can_be_known_and_who_it_is)
{
    gr_system *system;
    gri_thread thread;
    CHECK_EQ(gr_system_create(&system, .loops = 2, .hog_after = gr_seconds(3600)), 0);
    gr_ref hog = gr_system_spawn(system, printer, (.loop = GR_LOOP(1)), .value = 1);
    gr_ref behind = gr_system_spawn(system, server, (.loop = GR_LOOP(1)), .value = 4);
    CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0);
    CHECK_EQ(ask(system, behind, false), 4);
    CHECK_EQ(gr_send(NULL, hog, number, .value = 0), 0);
    while (notes()[0] == '\0') sched_yield();
    CHECK_EQ(gr_send(NULL, hog, number, .value = 0), 0);
    print(system);
    char name[128];
    snprintf(name, sizeof name, "loop 1: does not answer: actor printer %u:%u:%llu holds it up, for ",
             hog.seat, hog.slot, (unsigned long long)hog.generation);
    CHECK(holds(name));
    CHECK(holds("gr_blocking"));
    CHECK(holds("  running "));
    CHECK(holds("  server        1  ?  "));
    CHECK(holds("loop 0: actors 0"));
    gri_store(&let_go, 1, GRI_RELEASE);
    CHECK_EQ(ask(system, behind, false), 4); /* the late answer finds nobody */
    print(system);
    CHECK(strstr(printed, "does not answer") == NULL);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
    CHECK_EQ((intptr_t)gri_thread_join(thread), 0);
    gr_system_destroy(system);
}

Case(print, the_thread_that_steps_a_system_prints_it)
{
    for (uint64_t seed = 0; seed < 2; seed++) {
        gr_system *system;
        bool more;
        CHECK_EQ(gr_system_create(&system, .loops = 2, .seed = seed), 0);
        gr_ref ref = gr_system_spawn(system, server, (), .value = 7);
        gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
        while (!gr_future_done(future)) CHECK_EQ(gr_system_step(system, &more), 0);
        gr_future_release(future);
        print(system);
        CHECK(holds("greenroom: 1 actor on 2 loops\n"));
        CHECK(holds("  waits for mail "));
        CHECK(strstr(printed, "does not answer") == NULL);
        gr_system_destroy(system);
    }
}

Case(print, many_actors_are_cut_and_a_file_that_can_not_be_written_is_an_error)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    gr_ref last = {0, 0, 0};
    for (int i = 0; i < 10010; i++) last = gr_system_spawn(system, server, (), .value = i);
    CHECK_EQ(ask(system, last, true), 10009);
    print(system);
    CHECK(holds("greenroom: 10010 actors on 1 loop\n"));
    CHECK(holds("\n... and 10 more\n"));
    FILE *full = fopen("/dev/full", "w");
    CHECK_EQ(gr_system_print(system, full), GR_ESYS);
    CHECK(strstr(gr_last_error(NULL), "can't be written") != NULL);
    fclose(full);
    gr_system_destroy(system);
}
