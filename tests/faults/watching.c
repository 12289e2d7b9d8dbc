/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of watching and ending: monitors, stop, kill, listings. */
#include "tests/faults/sweep.h"

/* Many watches on one actor, half of them ended early. */
static int monitor_root(gr_actor *self, void *argument)
{
    uint64_t monitors[6];
    int watched = 0;
    gr_ref to = gr_spawn_with(self, listener, (.loop = GR_SPREAD));
    if (gr_ref_is_null(to)) {
        sweep_ok(GR_ENOMEM);
        return 0;
    }
    for (int i = 0; i < 6; i++) {
        if (!sweep_ok(gr_monitor(self, to, &monitors[i])))
            CHECK_EQ(monitors[i], 0);
        else if (i % 2 == 0)
            watched++;
    }
    for (int i = 1; i < 6; i += 2)
        if (monitors[i] != 0) CHECK_EQ(gr_demonitor(self, monitors[i]), 0);
    if (!sweep_ok(gr_stop(self, to, 0)) && !sweep_ok(gr_kill(self, to))) return 0;
    for (; watched > 0; watched--) {
        struct gr_mail mail;
        if (!CHECK_EQ(gr_receive(self, &mail, gr_seconds(60)), 0) || !CHECK(mail.signal != NULL)) return 0;
        sweep_reason(mail.signal->reason);
    }
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    return 0;
}

/* Of an actor that had ended, of nobody, of itself. */
static int stale_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    gr_ref to = crew_add(self, &crew, gr_spawn(self, listener));
    bool watched = crew.monitors[0] != 0;
    crew_kill(self, &crew);
    uint64_t monitor;
    if (watched && gr_send(self, to, ping) == GR_ESTALE && sweep_ok(gr_monitor(self, to, &monitor))) {
        CHECK_EQ(wait_for(self, monitor), GR_ESTALE);
        sweep_did();
    }
    if (sweep_ok(gr_monitor(self, (gr_ref){0, 0, 0}, &monitor))) CHECK_EQ(wait_for(self, monitor), GR_ESTALE);
    sweep_ok(gr_monitor(self, gr_self(self), &monitor));
    CHECK_EQ(gr_demonitor(self, 12345), GR_ENOTFOUND);
    return 0;
}

/* Stops and kills with mail under way that holds strings and buffers. */
static int end_root(gr_actor *self, void *argument)
{
    struct crew stopped = {.count = 0};
    struct crew killed = {.count = 0};
    for (int i = 0; i < sweep_loops(); i++) {
        crew_add(self, &stopped, gr_spawn_with(self, listener, (.loop = GR_LOOP(i))));
        crew_add(self, &stopped, gr_spawn_with(self, echo, (.loop = GR_LOOP(i))));
    }
    for (unsigned i = 0; i < stopped.count; i++) send_packet(self, stopped.refs[i], 10);
    crew_stop(self, &stopped);
    for (int i = 0; i < sweep_loops(); i++) {
        crew_add(self, &killed,
                 gr_spawn_with(self, sleeper, (.loop = GR_LOOP(i)), .value = gr_seconds(1000)));
        crew_add(self, &killed, gr_spawn_with(self, listener, (.loop = GR_LOOP(i))));
    }
    for (unsigned i = 0; i < killed.count; i++) send_words(self, killed.refs[i], 1);
    crew_kill(self, &killed);
    return 0;
}

/* The system's own stop ends everything that lives, with mail and without. */
static int left_root(gr_actor *self, void *argument)
{
    for (int i = 0; i < sweep_loops(); i++) {
        gr_ref ref = gr_spawn_with(self, listener, (.loop = GR_LOOP(i)));
        gr_ref other = gr_spawn_with(self, server, (.loop = GR_LOOP(i)), .value = 1);
        if (gr_ref_is_null(ref) || gr_ref_is_null(other)) sweep_ok(GR_ENOMEM);
        send_packet(self, ref, 10);
        gr_future *pending = gr_ask(self, ref, GR_FOREVER, get_words);
        if (pending == NULL) sweep_ok(GR_ENOMEM);
        sweep_ok(gr_send_after(self, ref, gr_seconds(1000), NULL, number, .value = 1));
    }
    return 0;
}

static int list_root(gr_actor *self, void *argument)
{
    struct gr_actor_info list[8];
    struct gr_system_counts counts;
    struct crew crew = {.count = 0};
    crew_add(self, &crew, gr_spawn(self, listener));
    crew_add(self, &crew, gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 1));
    size_t count = gr_system_actors(gr_actor_system(self), list, 8);
    CHECK(count >= 1 && count <= 3);
    gr_system_count(gr_actor_system(self), &counts);
    CHECK(counts.spawned >= 1);
    crew_stop(self, &crew);
    return 0;
}

const struct scenario watching_scenarios[] = {
    {.name = "monitor", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = monitor_root},
    {.name = "monitor the dead", .modes = SWEEP_SIMULATED, .root = stale_root},
    {.name = "stop and kill", .modes = SWEEP_SIMULATED | SWEEP_REAL | SWEEP_GR_RUN, .root = end_root},
    {.name = "left to the stop", .modes = SWEEP_SIMULATED | SWEEP_REAL | SWEEP_STEPS, .root = left_root},
    {.name = "listing", .modes = SWEEP_SIMULATED, .root = list_root},
    {.name = NULL}};
