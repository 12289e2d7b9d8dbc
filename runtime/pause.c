/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving the loops while actors live: a pause, and a run that ends with a future. The loops' threads end; actors, mail and
 * timers stay where they are until the next run.
 */
#include "actors/requests/requests.h"
#include "base/error.h"
#include "runtime/runtime.h"

bool gri_runtime_begin_pause(struct gri_runtime *runtime, uint32_t why)
{
    gri_mutex_lock(&runtime->mutex);
    /* With the mutex held, under which the drive is given back: what is asked here is seen by this run, or cleared. */
    uint32_t driver = gri_load(&runtime->driver, GRI_RELAXED) & GRI_DRIVER_MASK;
    bool driven = driver == GRI_DRIVER_RUN || driver == GRI_DRIVER_STEP;
    /* Not into a stop, whose loops wait for each other. One that begins later is carried on by whoever left the loops. */
    driven = driven && gri_load(&runtime->stage, GRI_RELAXED) == GRI_STAGE_IDLE;
    if (driven) {
        gri_fetch_or(&runtime->pausing, why, GRI_RELEASE); /* acquired by gri_runtime_is_pausing */
        for (unsigned i = 0; i < runtime->system.loop_count; i++)
            gri_loop_ask_pause(runtime->system.loops[i]);
    }
    gri_mutex_unlock(&runtime->mutex);
    return driven;
}

bool gri_runtime_is_pausing(const struct gri_runtime *runtime)
{
    return gri_load(&runtime->pausing, GRI_ACQUIRE) != 0;
}

int gr_system_pause(gr_system *system)
{
    if (gri_system_given(system, "gr_system_pause") != 0) return GR_EINVALID;
    struct gri_runtime *runtime = gri_runtime_of(system);
    const char *refusal = NULL;
    int error = GR_ECONTEXT;
    if (gri_runtime_is_shut(runtime)) return GR_ESTOPPED;
    if (gri_load(&runtime->stage, GRI_ACQUIRE) != GRI_STAGE_IDLE) {
        refusal = "the system is being stopped";
        error = GR_ESTOPPED;
    } else if (runtime->exits_when_abandoned) {
        refusal = "nobody could go on with a system that gr_run made: stop it instead";
    } else if (!gri_runtime_begin_pause(runtime, GRI_PAUSE_ASKED)) {
        refusal = "nobody runs the system";
    }
    if (refusal == NULL) return 0;
    gri_thread_error_set("gr_system_pause: %s", refusal);
    return error;
}

/* ---- until a future is done ---- */

/* The future's own deadline, on loop 0. */
struct deadline {
    struct gri_timer timer;      /* armed while the loops run */
    struct gri_runtime *runtime; /* to be left */
};

static void deadline_came(struct gri_timer *timer, void *loop)
{
    (void)loop;
    gri_runtime_begin_pause(GRI_CONTAINER_OF(timer, struct deadline, timer)->runtime, GRI_PAUSE_FUTURE);
}

static void awaited_done(struct gr_system *system)
{
    gri_runtime_begin_pause(gri_runtime_of(system), GRI_PAUSE_FUTURE);
}

/* Runs until a pause, with a timer for the deadline of the future. */
static int run_once(struct gri_runtime *runtime, const gr_future *future)
{
    struct gri_loop *loop = runtime->system.loops[0];
    struct deadline deadline = {.timer.fire = deadline_came, .runtime = runtime};
    if (future->foreign.deadline != GR_FOREVER)
        gri_loop_arm(loop, &deadline.timer,
                     gri_clock_left(gri_clock_now(runtime->clock), future->foreign.deadline));
    int error = gri_runtime_run(runtime);
    gri_loop_disarm(loop, &deadline.timer);
    return error;
}

/* With the drive taken. */
static int run_until(struct gri_runtime *runtime, gr_future *future)
{
    struct gr_system *system = &runtime->system;
    int error = 0;
    system->awaited_done = awaited_done;
    gri_store(&system->awaited, future->foreign.box, GRI_RELAXED); /* published by the start of the loops */
    while (error == 0 && gri_foreign_error(future) == GRI_FUTURE_PENDING) {
        gri_fetch_and(&runtime->pausing, ~(uint32_t)GRI_PAUSE_FUTURE,
                      GRI_RELAXED); /* it is looked at just now */
        error = run_once(runtime, future);
        if (error == 0 && !gri_runtime_is_pausing(runtime)) error = GR_ESTOPPED;
        if (error == 0 && (gri_load(&runtime->pausing, GRI_ACQUIRE) & GRI_PAUSE_ASKED)) error = GR_EBUSY;
    }
    gri_store(&system->awaited, NULL, GRI_RELAXED);
    return error;
}

/* Why a future can't be waited for here, or 0. */
static int check_future(const struct gr_system *system, const gr_future *future)
{
    if (future == NULL) {
        gri_thread_error_set("gr_system_run_until: no future: there was no memory to ask");
        return GR_ENOMEM;
    }
    if (!future->is_foreign) {
        gri_thread_error_set(
            "gr_system_run_until: this future is an actor's: ask with NULL, outside of actors");
        return GR_ECONTEXT;
    }
    if (future->error == GRI_FUTURE_PENDING && future->foreign.box->system != system) {
        gri_thread_error_set("gr_system_run_until: the future belongs to another system");
        return GR_ESYSTEM;
    }
    return 0;
}

int gr_system_run_until(gr_system *system, gr_future *future)
{
    if (gri_system_given(system, "gr_system_run_until") != 0) return GR_EINVALID;
    struct gri_runtime *runtime = gri_runtime_of(system);
    int error = check_future(system, future);
    if (error != 0) return error;
    if (gri_foreign_error(future) != GRI_FUTURE_PENDING) return gr_future_error(future);
    error = gri_runtime_enter(runtime, GRI_DRIVER_RUN);
    if (error != 0) return error;
    error = run_until(runtime, future);
    gri_runtime_give_drive(runtime);
    if (gri_foreign_error(future) != GRI_FUTURE_PENDING) return gr_future_error(future);
    if (error == GR_EBUSY) gri_thread_error_set("the system was paused before the future was done");
    if (error == GR_ESTOPPED) gri_thread_error_set("the system stopped before the future was done");
    return error;
}
