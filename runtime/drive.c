/* SPDX-License-Identifier: Apache-2.0 */
/* Running a system: on this thread and threads of its own, or step by step inside of a foreign loop. */
#include "base/error.h"
#include "runtime/runtime.h"

#include <greenroom/log.h>

#include <stdio.h>

/* How long a thread that steps a system to its end sleeps at most between two looks at the deadline. */
#define NAP_NS 1000000

bool gri_runtime_take_drive(struct gri_runtime *runtime, enum gri_driver driver)
{
    uint32_t nobody = gri_load(&runtime->driver, GRI_RELAXED);
    if ((nobody & GRI_DRIVER_MASK) != GRI_DRIVER_NONE) return false;
    /* Acquires what the last driver left. */
    return gri_compare_exchange(&runtime->driver, &nobody, nobody | driver, GRI_ACQ_REL);
}

void gri_runtime_give_drive(struct gri_runtime *runtime)
{
    uint32_t word = gri_load(&runtime->driver, GRI_RELAXED); /* this driver's own */
    gri_store(&runtime->stepper, NULL, GRI_RELAXED);
    gri_mutex_lock(&runtime->mutex); /* see gri_runtime_begin_pause */
    gri_store(&runtime->pausing, 0, GRI_RELAXED);
    /* Publishes what this driver did; see take. */
    gri_store(&runtime->driver, (word & ~GRI_DRIVER_MASK) + GRI_DRIVER_NEXT, GRI_RELEASE);
    gri_mutex_unlock(&runtime->mutex);
    gri_futex_wake(&runtime->driver, INT32_MAX);
}

static void *loop_main(void *argument)
{
    struct gri_alternate alternate;
    gri_faults_enter(&alternate);
    gri_loop_drive(argument);
    gri_faults_leave(&alternate);
    return NULL;
}

/* ---- threads ---- */

static void end_watchdog(struct gri_runtime *runtime)
{
    if (!runtime->watchdog_runs) return;
    gri_mutex_lock(&runtime->mutex);
    runtime->watchdog_ends = true;
    gri_cond_broadcast(&runtime->changed);
    gri_mutex_unlock(&runtime->mutex);
    gri_thread_join(runtime->watchdog);
    runtime->watchdog_runs = false;
}

int gri_runtime_start(struct gri_runtime *runtime)
{
    int error = runtime->before_threads == NULL ? 0 : runtime->before_threads(runtime);
    if (error != 0) return error;
    runtime->watchdog_ends = false;
    error = gri_thread_create(&runtime->watchdog, gri_watchdog_main, runtime, "gr-watchdog");
    if (error != 0) return error;
    runtime->watchdog_runs = true;
    for (unsigned i = 1; i < runtime->system.loop_count; i++) {
        char name[24];
        snprintf(name, sizeof name, "gr-loop-%u", i);
        error = gri_thread_create(&runtime->threads[i], loop_main, runtime->system.loops[i], name);
        if (error != 0) break;
        runtime->thread_count = i;
    }
    return error;
}

void gri_runtime_join(struct gri_runtime *runtime)
{
    for (unsigned i = 1; i <= runtime->thread_count; i++) gri_thread_join(runtime->threads[i]);
    runtime->thread_count = 0;
    end_watchdog(runtime);
}

/* ---- a whole run ---- */

/*
 * Ends a system of which a thread could not be started: steps the loops that have none, in turn, so that all of them get
 * on. There may be no watchdog, so this also kills.
 */
static void end_here(struct gri_runtime *runtime)
{
    struct gr_system *system = &runtime->system;
    /* Those that have a thread may be leaving it for a pause. */
    if (gri_runtime_is_pausing(runtime)) gri_runtime_join(runtime);
    gri_store(&runtime->pausing, 0, GRI_RELAXED);
    gr_time half = gri_clock_after(gri_clock_now(runtime->clock), runtime->options.stop_deadline / 2);
    uint32_t stop = gri_load(&runtime->stopped_by, GRI_RELAXED);
    while (gri_load(&runtime->stage, GRI_ACQUIRE) != GRI_STAGE_STOPPED) {
        for (unsigned i = 0; i < system->loop_count; i++) {
            if (i > 0 && i <= runtime->thread_count) continue;
            bool more = gri_loop_step(system->loops[i], &gri_step_limits_default);
            gri_runtime_pause(system->loops[i], !more);
        }
        if (gri_clock_now(runtime->clock) >= half) gri_runtime_kill(runtime, stop);
    }
}

static void simulate(struct gri_runtime *runtime)
{
    struct gr_system *system = &runtime->system;
    while (gri_load(&runtime->stage, GRI_ACQUIRE) != GRI_STAGE_STOPPED && !gri_runtime_is_pausing(runtime)) {
        bool more = gri_simulation_step(runtime->simulation);
        if ((gri_load(&runtime->signal, GRI_RELAXED) | gri_load(&runtime->print_asked, GRI_RELAXED)) || !more)
            for (unsigned i = 0; i < system->loop_count; i++) gri_runtime_pause(system->loops[i], !more);
        if (more || gri_runtime_is_pausing(runtime)) continue;
        /* Nobody can do anything any more. Where nobody else could act on a real system either, it would hang. */
        if (gri_load(&runtime->stage, GRI_ACQUIRE) == GRI_STAGE_IDLE) {
            gri_thread_error_set("simulation: every actor waits, and nothing can happen any more");
            gr_log(GR_LOG_ERROR, "%s", gri_thread_error());
            gri_runtime_begin_stop(runtime, runtime->options.stop_deadline);
        } else {
            gri_runtime_kill(runtime, gri_load(&runtime->stopped_by, GRI_RELAXED));
        }
    }
}

/* Runs what there is to run until the system has stopped, or the loops are left for a pause. */
static int run_whole(struct gri_runtime *runtime)
{
    int error = 0;
    if (runtime->simulation != NULL) {
        simulate(runtime);
        return 0;
    }
    error = gri_runtime_start(runtime);
    if (error != 0) {
        gri_runtime_begin_stop(runtime, runtime->options.stop_deadline);
        end_here(runtime);
    } else {
        gri_loop_drive(runtime->system.loops[0]);
    }
    gri_runtime_join(runtime);
    return error;
}

int gri_runtime_enter(struct gri_runtime *runtime, enum gri_driver driver)
{
    while (!gri_runtime_take_drive(runtime, driver)) {
        uint32_t seen = gri_load(&runtime->driver, GRI_ACQUIRE), who = seen & GRI_DRIVER_MASK;
        if (who == GRI_DRIVER_LOOK) (void)gri_futex_wait(&runtime->driver, seen, GR_FOREVER);
        if (who == GRI_DRIVER_LOOK || who == GRI_DRIVER_NONE) continue;
        gri_thread_error_set("the system runs already: this is one of its actors, or another thread runs it");
        return GR_EBUSY;
    }
    /* Looked at with the drive: whoever closes the system later stops it first, which reaches this run. */
    if (!gri_runtime_is_shut(runtime)) return 0;
    gri_runtime_give_drive(runtime);
    return GR_ESTOPPED;
}

int gri_runtime_run(struct gri_runtime *runtime)
{
    int error = 0;
    struct gri_alternate alternate;
    gri_faults_enter(&alternate);
    while (error == 0 && gri_load(&runtime->stage, GRI_ACQUIRE) != GRI_STAGE_STOPPED) {
        error = run_whole(runtime);
        if (!gri_runtime_is_pausing(runtime)) continue;
        if (gri_load(&runtime->stage, GRI_ACQUIRE) == GRI_STAGE_IDLE) break;
        /* A stop began while the loops were left for a pause: it is carried out now. No other pause can begin. */
        gri_store(&runtime->pausing, 0, GRI_RELAXED);
    }
    gri_faults_leave(&alternate);
    if (gri_runtime_is_pausing(runtime)) return 0;
    gr_time left = gri_clock_left(gri_clock_now(runtime->clock), runtime->stop_deadline);
    int reset = gri_runtime_reset(runtime, left);
    return error != 0 ? error : reset;
}

int gr_system_run(gr_system *system)
{
    if (gri_system_given(system, "gr_system_run") != 0) return GR_EINVALID;
    struct gri_runtime *runtime = gri_runtime_of(system);
    int error = gri_runtime_enter(runtime, GRI_DRIVER_RUN);
    if (error != 0) return error;
    error = gri_runtime_run(runtime);
    gri_runtime_give_drive(runtime);
    return error;
}

/* ---- steps ---- */

int gr_system_fd(gr_system *system)
{
    if (gri_system_given(system, "gr_system_fd") != 0) return GR_EINVALID;
    struct gri_runtime *runtime = gri_runtime_of(system);
    if (runtime->simulation != NULL || gri_runtime_is_shut(runtime)) return -1;
    return gri_poller_fd(runtime->system.loops[0]->poller);
}

/* After a step that left nothing to do: lets the descriptor tell of what comes. Whether there is more after all. */
static bool settle(struct gri_runtime *runtime, struct gri_loop *loop)
{
    runtime->parked = gri_loop_try_park(loop);
    if (!runtime->parked) return true;
    gr_time next = gri_loop_next_timer(loop);
    gr_time timeout = next == GR_FOREVER ? GR_FOREVER : gri_clock_left(gri_clock_now(loop->clock), next);
    return gri_poller_arm(loop->poller, timeout) != 0 && timeout != GR_FOREVER;
}

static bool step_real(struct gri_runtime *runtime)
{
    struct gri_loop *loop = runtime->system.loops[0];
    if (runtime->parked) gri_loop_unpark(loop);
    runtime->parked = false;
    gri_poller_park(loop->poller, 0);
    gri_loop_read_clock(loop);
    bool more = gri_loop_step(loop, &gri_step_limits_default);
    if (!gri_runtime_pause(loop, !more)) return false;
    return more || settle(runtime, loop);
}

/* One step; *more: call again at once. */
static void step(struct gri_runtime *runtime, bool *more)
{
    if (runtime->simulation == NULL) {
        *more = step_real(runtime);
        return;
    }
    *more = gri_simulation_step(runtime->simulation);
    for (unsigned i = 0; i < runtime->system.loop_count; i++)
        gri_runtime_pause(runtime->system.loops[i], !*more);
}

/* This thread steps no more: neither do other loops. */
static void leave_steps(struct gri_runtime *runtime)
{
    if (runtime->parked) gri_loop_unpark(runtime->system.loops[0]);
    runtime->parked = false;
    if (runtime->simulation == NULL) gri_runtime_join(runtime);
}

/* The system has stopped under a stepping thread, which waits for blocking jobs until `deadline`. */
static int end_steps(struct gri_runtime *runtime, gr_time deadline)
{
    leave_steps(runtime);
    int error = gri_runtime_reset(runtime, gri_clock_left(gri_clock_now(runtime->clock), deadline));
    gri_runtime_give_drive(runtime);
    return error;
}

/* Names the calling thread: an address of its own. */
static void *this_thread(void)
{
    static _Thread_local char name;
    return &name;
}

bool gri_runtime_is_stepper(const struct gri_runtime *runtime)
{
    struct gri_loop *loop = gri_loop_current();
    if (loop != NULL && loop->owner == runtime) return false;
    /* Relaxed: only this thread stores its own name, and takes it away before another drive begins. */
    return gri_load(&runtime->stepper, GRI_RELAXED) == this_thread();
}

/* The first step, and the first after a pause. */
static int begin_steps(struct gri_runtime *runtime)
{
    int error = gri_runtime_enter(runtime, GRI_DRIVER_STEP);
    if (error != 0) return error;
    gri_store(&runtime->stepper, this_thread(), GRI_RELAXED);
    error = runtime->simulation == NULL ? gri_runtime_start(runtime) : 0;
    if (error == 0) return 0;
    gri_runtime_begin_stop(runtime, 0);
    end_here(runtime);
    (void)end_steps(runtime, runtime->stop_deadline);
    return error;
}

int gr_system_step(gr_system *system, bool *more)
{
    *more = false;
    if (gri_system_given(system, "gr_system_step") != 0) return GR_EINVALID;
    struct gri_runtime *runtime = gri_runtime_of(system);
    int error = gri_runtime_is_stepper(runtime) ? 0 : begin_steps(runtime);
    if (error != 0) return error;
    step(runtime, more);
    if (gri_runtime_is_pausing(runtime)) {
        leave_steps(runtime);
        *more = false;
        gri_runtime_give_drive(runtime);
        return 0;
    }
    if (gri_load(&runtime->stage, GRI_ACQUIRE) != GRI_STAGE_STOPPED) return 0;
    error = end_steps(runtime, runtime->stop_deadline);
    gri_thread_error_set("the system has stopped");
    return error != 0 ? error : GR_ESTOPPED;
}

bool gri_runtime_stop_steps(struct gri_runtime *runtime, struct gri_stop *stop, bool *stopped)
{
    if (!gri_runtime_is_stepper(runtime)) return false;
    *stopped = false;
    if (gri_runtime_is_pausing(runtime)) { /* other loops have no threads any more */
        leave_steps(runtime);
        gri_runtime_give_drive(runtime);
        return false;
    }
    while (gri_load(&runtime->stage, GRI_ACQUIRE) != GRI_STAGE_STOPPED) {
        bool more;
        step(runtime, &more);
        if (gri_load(&runtime->stage, GRI_ACQUIRE) == GRI_STAGE_STOPPED) break;
        if (gri_stop_is_over(runtime, stop, more, runtime->simulation != NULL && !more)) return true;
        /* Other loops have threads of their own, which wake this one. */
        if (!more && runtime->simulation == NULL) gri_poller_park(runtime->system.loops[0]->poller, NAP_NS);
    }
    *stopped = end_steps(runtime, stop->deadline) == 0;
    return true;
}
