/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of plain threads: before, beside and after a run. */
#include "tests/faults/sweep.h"

/* ---- before a run, and what came of it afterwards ---- */

enum { REQUESTS = 3 };

static gr_future *requests[REQUESTS];

/* A spawn from outside; the null reference shows the lack of memory. */
static gr_ref spawned(gr_ref ref)
{
    if (!gr_ref_is_null(ref)) return ref;
    CHECK(sweep_is_drought() || strstr(gr_last_error(NULL), gr_error_text(GR_ENOMEM)) != NULL);
    sweep_ok(GR_ENOMEM);
    return ref;
}

static void send_before(gr_system *system)
{
    static const struct large large_message;
    for (int i = 1; i <= sweep_loops(); i++) {
        gr_ref to = spawned(gr_system_spawn(system, sink, (.loop = i)));
        gr_string text;
        sweep_ok(gr_send(NULL, to, number, .value = 1));
        send_words(NULL, to, 2);
        send_packet(NULL, to, 10000);
        sweep_ok(gri_send(NULL, to, &large_gr_type, &large_message));
        if (sweep_ok(gr_string_copy(NULL, "text", 4, &text)) &&
            !sweep_ok(gr_try_send(NULL, to, words, .text = text)))
            gr_string_release(text);
        if (!sweep_ok(gr_stop(NULL, to, 0))) sweep_ok(gr_kill(NULL, to));
    }
}

/* A few requests, of which one is released before it is answered. */
static void ask_before(gr_system *system)
{
    gr_ref to = spawned(gr_system_spawn(system, server, (.loop = GR_SPREAD), .value = 1));
    for (int i = 0; i < REQUESTS; i++) {
        requests[i] = gr_ask(NULL, to, GR_FOREVER, get_words, .value = i);
        if (requests[i] == NULL) sweep_ok(GR_ENOMEM);
    }
    gr_future_release(requests[0]);
    requests[0] = NULL;
}

static void look_after(gr_system *system)
{
    for (int i = 0; i < REQUESTS; i++) {
        if (requests[i] == NULL) continue;
        CHECK(gr_future_done(requests[i])); /* the system has stopped: everything has its outcome */
        if (sweep_expect(gr_future_error(requests[i]), 0))
            CHECK(gr_future_value(requests[i], get_words) != NULL);
        gr_future_release(requests[i]);
        requests[i] = NULL;
    }
}

/* Lets what came from outside be handled. */
static int pause_root(gr_actor *self, void *argument)
{
    sweep_ok(gr_sleep(self, gr_milliseconds(1)));
    return 0;
}

/* ---- beside a run ---- */

static void call_beside(gr_system *system)
{
    for (int i = 1; i <= sweep_loops(); i++) {
        struct number sum;
        struct words words;
        gr_ref to = spawned(gr_system_spawn(system, server, (.loop = i), .value = 1));
        sweep_ok(gr_send(NULL, to, number, .value = 1));
        sweep_expect(gr_call(NULL, to, &sum, gr_seconds(60), get_sum), 0);
        if (sweep_expect(gr_call(NULL, to, &words, gr_seconds(60), get_words, .value = 1), 0))
            gr_string_release(words.text);
        sweep_expect(gr_call(NULL, to, &sum, gr_seconds(60), fail_with, .error = 42), 42);
        gr_future *last = gr_ask(NULL, to, gr_seconds(60), get_sum);
        if (last == NULL) sweep_ok(GR_ENOMEM);
        if (last != NULL) sweep_expect(gr_await(NULL, last, gr_seconds(60)), 0);
        gr_future_release(last);
        if (!sweep_ok(gr_stop(NULL, to, 0))) sweep_ok(gr_kill(NULL, to));
    }
}

/* ---- a life in several runs ---- */

static int pauses_start(gr_actor *self, struct number *state, const struct number *m)
{
    return 0;
}

static void pauses_ping(gr_actor *self, struct number *state, const struct ping *m)
{
    sweep_ok(gr_system_pause(gr_actor_system(self)));
}

GR_ACTOR(pauses, struct number, number, pauses_start, GR_ON(ping, pauses_ping));

static void print_into_memory(gr_system *system)
{
    static char text[8192];
    FILE *file = fmemopen(text, sizeof text, "w");
    if (!CHECK(file != NULL)) return;
    sweep_expect(gr_system_print(system, file), 0);
    fclose(file);
}

static void run_in_parts(uint64_t seed)
{
    gr_system *system;
    if (!sweep_ok(gr_system_create(&system, .loops = 2, .seed = seed, .trace = "/dev/null"))) return;
    gr_ref to = spawned(gr_system_spawn(system, server, (.loop = GR_LOOP(1)), .value = 1));
    gr_future *future = gr_ask(NULL, to, GR_FOREVER, get_sum);
    sweep_expect(gr_system_run_until(system, future), 0);
    gr_future_release(future);
    gr_ref pauser = spawned(gr_system_spawn(system, pauses, (), .value = 1));
    if (sweep_ok(gr_send(NULL, pauser, ping))) {
        struct gr_system_counts before, after;
        gr_system_count(system, &before);
        print_into_memory(system);
        future = gr_ask(NULL, pauser, gr_milliseconds(10),
                        get_sum); /* not handled, if it is not paused before */
        int error = gr_system_run_until(system, future);
        CHECK(error == GR_EBUSY || error == GR_EUNHANDLED || sweep_has_fired());
        if (error == GR_ENOMEM) sweep_ok(error);
        gr_future_release(future);
        gr_system_count(system, &after);
        CHECK(after.ended == before.ended || sweep_has_fired());
    }
    sweep_expect(gr_system_close(system), 0);
    print_into_memory(system);
    struct gr_system_counts counts;
    gr_system_count(system, &counts);
    /* Nobody watches who could not be born: dead letters tell. */
    if (sweep_has_fired() && (counts.dead_letters[GR_DEAD_STALE] | counts.dead_letters[GR_DEAD_NO_MEMORY] |
                              counts.dead_letters[GR_DEAD_DOWN]) != 0)
        sweep_ok(GR_ENOMEM);
    gr_system_destroy(system);
}

static void live_in_parts(void)
{
    run_in_parts(0);
    run_in_parts(1);
}

const struct scenario outside_scenarios[] = {
    {.name = "sends from outside", .modes = SWEEP_SIMULATED, .root = pause_root, .before = send_before},
    {.name = "requests from outside",
     .modes = SWEEP_SIMULATED,
     .root = pause_root,
     .before = ask_before,
     .after = look_after},
    {.name = "a life in several runs", .modes = SWEEP_VALUES, .values = live_in_parts},
    {.name = "calls from a plain thread", .modes = SWEEP_REAL, .beside = call_beside},
    {.name = NULL}};
