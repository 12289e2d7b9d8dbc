/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a random program: a system under simulation, stepped by the plain thread that also acts on it. */
#include "tests/systematic/actors/run.h"

#include "tests/systematic/actors/acts.h"

#include <inttypes.h>

#define STEPS_MAX 200000u

static int create(void)
{
    struct rp_world *w = &rp_world;
    struct gr_system_options options = {.size = sizeof options,
                                        .loops = w->program->loops,
                                        .seed = w->program->seed,
                                        .actors_max = w->program->actors_max,
                                        .stack_size = 32768,
                                        .keep_signals = true};
    struct gri_seams seams = {.memory = &w->memory.memory, .bypass_pools = w->program->bypass_pools};
    int error = gri_runtime_create(&options, &seams, &w->system);
    if (error != 0) {
        rp_fail(RP_ENDS, -1, -1, "the system could not be created: %d", error);
        return error;
    }
    w->simulation = gri_runtime_of(w->system)->simulation;
    w->memory.fail_one_in = w->program->fail_one_in;
    return 0;
}

/* One step; whether anything can still happen. */
static bool step(void)
{
    bool more = false;
    rp_world.steps++;
    int error = gr_system_step(rp_world.system, &more);
    if (error != 0) rp_fail(RP_ENDS, -1, -1, "gr_system_step gave %d", error);
    rp_check_step();
    return more && error == 0;
}

/* Runs until all is quiet and nobody outside has anything left to do, or until the program's stop. */
static void drive(void)
{
    struct rp_world *w = &rp_world;
    unsigned next = 0;
    for (;;) {
        while (next < w->program->outside_count && w->program->outside[next].at <= w->steps) {
            rp_act(RP_OUTSIDE, NULL, &w->program->outside[next].action);
            next++;
        }
        if (w->program->stop_at != 0 && w->steps >= w->program->stop_at) return;
        if (step()) {
            if (w->steps < STEPS_MAX) continue;
            rp_fail(RP_ENDS, -1, -1, "not quiet after %u steps", STEPS_MAX);
            return;
        }
        if (rp_failure->failed) return;
        if (next == w->program->outside_count) break;
        w->steps = w->program->outside[next].at; /* nothing happens until then */
    }
    rp_note("quiet", -1, -1, 0);
    rp_check_quiet();
    rp_check_newest();
}

/* Actors of a system that has stopped are gone, and new ones are not refused for ever. */
static void stop(void)
{
    struct rp_world *w = &rp_world;
    rp_note("stops the system", -1, -1, 0);
    w->stopping = true;
    int error = gr_system_stop(w->system, gr_seconds(1000000), NULL, 0, NULL);
    if (error != 0) rp_fail(RP_ENDS, -1, -1, "gr_system_stop gave %d", error);
    rp_note("stopped", -1, -1, error);
    rp_check_step();
    if (!rp_failure->failed) rp_check_end();
}

/* What the plain thread still has: half of it before the system goes, half after. */
static void release_futures(bool all)
{
    for (int i = 0; i < rp_world.request_count; i++) {
        struct rp_request *r = &rp_world.requests[i];
        if (r->asker != RP_OUTSIDE || r->future == NULL || (!all && i % 2)) continue;
        gr_future_release(r->future);
        r->future = NULL;
    }
}

static void check_destroyed(gr_ref ref)
{
    int error = gr_send(NULL, ref, rp_note_m, .number = 0);
    if (error == 0) rp_fail(RP_G10, -1, -1, "a message to a destroyed system was accepted");
}

void rp_run(const struct rp_program *program, struct rp_result *result)
{
    struct rp_world *w = &rp_world;
    rp_world_reset(program);
    struct gri_memory *before = gri_memory_override(&w->memory.memory);
    if (create() == 0) {
        drive();
        stop();
        gr_ref ref = w->actor_count > 0 ? w->actors[0].ref : (gr_ref){0, 0, 0};
        w->memory.fail_one_in = 0;
        *result = (struct rp_result){w->simulation->hash, w->hash, w->reused, w->stale_sends, w->handled};
        release_futures(false);
        gr_system_destroy(w->system);
        w->system = NULL;
        w->simulation = NULL;
        release_futures(true);
        check_destroyed(ref);
        uint64_t left = gri_memory_used(&w->memory.memory);
        if (left != 0) rp_fail(RP_LEAKS, -1, -1, "%" PRIu64 " bytes are left", left);
    }
    gri_memory_override(before);
}
