/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a stop: who may go on, when it is over, and what was left behind. */
#include "base/error.h"
#include "runtime/runtime.h"

/* The order `which` (0: stop, 1: kill) of a loop. */
static struct gri_message *order_of(struct gri_runtime *runtime, unsigned loop, unsigned which)
{
    return (struct gri_message *)((char *)runtime->orders + (loop * 2 + which) * 64);
}

static void stop_here(struct gri_loop *loop)
{
    gri_loop_stop_actors(loop, false);
}

static void kill_here(struct gri_loop *loop)
{
    gri_loop_stop_actors(loop, true);
}

/* Has a function run on every loop. */
static void order_all(struct gri_runtime *runtime, unsigned which)
{
    for (unsigned i = 0; i < runtime->system.loop_count; i++) {
        struct gri_message *m = order_of(runtime, i, which);
        *m = (struct gri_message){.kind = GRI_MAIL_LOOP, .home = GRI_HOME_MEMORY};
        m->payload[0] = (uintptr_t)(which == 0 ? stop_here : kill_here);
        gri_loop_inject(runtime->system.loops[i], m);
    }
}

static bool advance(struct gri_runtime *runtime, uint32_t from, uint32_t to)
{
    if (!gri_compare_exchange(&runtime->stage, &from, to, GRI_ACQ_REL)) return false;
    gri_futex_wake(&runtime->stage, INT32_MAX);
    return true;
}

bool gri_runtime_begin_stop(struct gri_runtime *runtime, gr_time deadline)
{
    gri_mutex_lock(&runtime->mutex);
    bool first = gri_load(&runtime->stage, GRI_RELAXED) == GRI_STAGE_IDLE;
    if (first) {
        runtime->stop_began = gri_clock_now(runtime->clock);
        runtime->stop_deadline = gri_clock_after(runtime->stop_began, deadline);
        gri_store(&runtime->system.stopping, 1, GRI_RELEASE); /* a spawn that misses it is told on arrival */
        advance(runtime, GRI_STAGE_IDLE, GRI_STAGE_STOPPING);
        order_all(runtime, 0); /* with the mutex held: see gri_runtime_reset */
        gri_cond_broadcast(&runtime->changed);
    }
    gri_mutex_unlock(&runtime->mutex);
    return first;
}

void gri_runtime_kill(struct gri_runtime *runtime)
{
    gri_mutex_lock(&runtime->mutex);
    if (advance(runtime, GRI_STAGE_STOPPING, GRI_STAGE_KILLING)) order_all(runtime, 1);
    gri_mutex_unlock(&runtime->mutex);
}

/* Nobody lives any more: every loop may end. */
static void finish(struct gri_runtime *runtime)
{
    if (!advance(runtime, GRI_STAGE_STOPPING, GRI_STAGE_STOPPED) &&
        !advance(runtime, GRI_STAGE_KILLING, GRI_STAGE_STOPPED))
        return;
    gri_watchdog_poke(runtime);
    for (unsigned i = 0; i < runtime->system.loop_count; i++)
        gri_loop_ring(runtime->system.loops[i], GRI_DOORBELL_INJECT);
}

bool gri_runtime_pause(struct gri_loop *loop, bool is_idle)
{
    struct gri_runtime *runtime = gri_runtime_of(loop->owner);
    uint32_t stage = gri_load(&runtime->stage, GRI_ACQUIRE);
    if (stage == GRI_STAGE_IDLE) {
        if (loop->index == 0 && gri_load(&runtime->signal, GRI_RELAXED) != 0)
            gri_runtime_begin_stop(runtime, runtime->options.stop_deadline);
        return true;
    }
    if (!is_idle || stage == GRI_STAGE_STOPPED) return stage != GRI_STAGE_STOPPED;
    /* Publishes the ends on this loop and acquires those on others: of loops whose last actors end at the same time, the
     * one that comes here last sees all. */
    stage = gri_fetch_add(&runtime->stage, 0, GRI_ACQ_REL);
    if (gri_system_living(&runtime->system) == 0) {
        finish(runtime);
        stage = GRI_STAGE_STOPPED;
    }
    return stage != GRI_STAGE_STOPPED;
}

int gri_runtime_reset(struct gri_runtime *runtime, gr_time deadline)
{
    struct gr_system *system = &runtime->system;
    int error = runtime->simulation == NULL ? gri_blocking_stop(&runtime->pool, deadline) : 0;
    if (error != 0) return error;
    /* Plain threads that are still inside finish; those who come now are refused, until all is delivered. */
    gri_store(&system->closed, 1, GRI_RELEASE);
    gri_seat_wait(system->seat);
    /* Whoever began the stop may be about to order it still, though nobody was left to be told: those orders come first. */
    gri_mutex_lock(&runtime->mutex);
    gri_mutex_unlock(&runtime->mutex);
    gri_system_drain(system);
    for (unsigned i = 0; i < system->loop_count; i++) system->actors[i].told = 0;
    if (runtime->simulation == NULL) {
        gri_blocking_fini(&runtime->pool);
        gri_runtime_init_pool(runtime);
    }
    gri_mutex_lock(&runtime->mutex);
    runtime->stop_deadline = GR_FOREVER;
    gri_store(&system->stopping, 0, GRI_RELEASE);
    gri_store(&system->closed, 0, GRI_RELEASE);
    runtime->ended_by = gri_exchange(&runtime->signal, 0, GRI_RELAXED);
    gri_store(&runtime->stage, GRI_STAGE_IDLE, GRI_RELEASE);
    gri_mutex_unlock(&runtime->mutex);
    gri_futex_wake(&runtime->stage, INT32_MAX);
    return 0;
}

/* The behaviour's name of whoever has a slot, or "an actor". */
static const char *name_of(const struct gr_system *system, uint32_t slot, gr_ref *ref)
{
    struct gr_actor_info info;
    bool lives = gri_system_describe(system, slot, &info);
    *ref = lives ? info.ref : (gr_ref){0, 0, 0};
    return lives ? info.behaviour : "an actor";
}

size_t gri_runtime_abandoned(struct gri_runtime *runtime, struct gr_abandoned *list, size_t capacity)
{
    size_t count = 0;
    gr_time now = gri_clock_now(runtime->clock);
    for (unsigned i = 0; i < runtime->system.loop_count; i++) {
        uint64_t running = gri_load(&runtime->system.loops[i]->running, GRI_RELAXED);
        if (running == 0) continue;
        struct gr_abandoned entry = {.thread = (int)i, .since = now - runtime->stop_began};
        entry.name = name_of(&runtime->system, (uint32_t)(running - 1), &entry.actor);
        if (count < capacity) list[count] = entry;
        count++;
    }
    struct gri_blocking_entry jobs[64];
    size_t job_count = runtime->simulation == NULL ? gri_blocking_list(&runtime->pool, jobs, 64) : 0;
    for (size_t i = 0; i < job_count; i++, count++) {
        if (count >= capacity || i >= 64) continue;
        list[count] = (struct gr_abandoned){
            .name = "blocking job", .thread = -1, .since = now - jobs[i].started_ns};
    }
    return count;
}

/* Steps all loops on this thread until nobody lives: for a system that nobody runs. False: the deadline passed, and somebody
 * lives who can't be ended. */
static bool stop_here_and_now(struct gri_runtime *runtime, gr_time half, gr_time deadline)
{
    struct gr_system *system = &runtime->system;
    while (gri_load(&runtime->stage, GRI_ACQUIRE) != GRI_STAGE_STOPPED) {
        bool killed = gri_load(&runtime->stage, GRI_RELAXED) == GRI_STAGE_KILLING, more = false;
        if (runtime->simulation != NULL) {
            more = gri_simulation_step(runtime->simulation);
        } else {
            for (unsigned i = 0; i < system->loop_count; i++)
                more |= gri_loop_step(system->loops[i], &gri_step_limits_default);
        }
        if (!more)
            for (unsigned i = 0; i < system->loop_count; i++) gri_runtime_pause(system->loops[i], true);
        gr_time now = gri_clock_now(runtime->clock);
        if (now >= half || (runtime->simulation != NULL && !more)) gri_runtime_kill(runtime);
        /* Those who were killed get the time to end, which needs nobody but this thread. */
        if (now >= deadline && killed && !more) break;
    }
    return gri_load(&runtime->stage, GRI_ACQUIRE) == GRI_STAGE_STOPPED;
}

/* Waits until whoever runs the system is through with it. False: the deadline passed. */
static bool wait_for_driver(struct gri_runtime *runtime, gr_time half, gr_time deadline)
{
    for (;;) {
        uint32_t driver = gri_load(&runtime->driver, GRI_ACQUIRE);
        if (driver == GRI_DRIVER_NONE) return true;
        gr_time now = gri_clock_now(runtime->clock);
        if (now >= deadline) return false;
        if (now >= half) gri_runtime_kill(runtime);
        gri_futex_wait(&runtime->driver, driver, gri_clock_left(now, now < half ? half : deadline));
    }
}

static bool is_stage(const struct gri_runtime *runtime, enum gri_stage stage)
{
    return gri_load(&runtime->stage, GRI_ACQUIRE) == stage;
}

/* Brings a stop that has begun to its end, on this thread if nobody runs the system. False: the deadline passed. */
static bool stop_somehow(struct gri_runtime *runtime, gr_time half, gr_time deadline)
{
    bool stopped = false;
    if (gri_runtime_stop_steps(runtime, half, deadline, &stopped)) return stopped;
    while (!gri_runtime_take_drive(runtime, GRI_DRIVER_RUN)) {
        if (!wait_for_driver(runtime, half, deadline)) return false;
        /* Whoever ran it left with everything done, but where blocking jobs outlast the deadline, or where this stop
         * began just after the last one ended. */
        if (is_stage(runtime, GRI_STAGE_IDLE)) return true;
    }
    /* Whoever ran it may have ended the stop before this thread could look. */
    stopped = is_stage(runtime, GRI_STAGE_IDLE);
    if (!stopped && stop_here_and_now(runtime, half, deadline))
        stopped = gri_runtime_reset(runtime, gri_clock_left(gri_clock_now(runtime->clock), deadline)) == 0;
    gri_runtime_give_drive(runtime);
    return stopped;
}

int gr_system_stop(gr_system *system, gr_time deadline, struct gr_abandoned *list, size_t capacity,
                   size_t *count)
{
    struct gri_runtime *runtime = gri_runtime_of(system);
    struct gri_loop *loop = gri_loop_current();
    if (count != NULL) *count = 0;
    if (deadline < 0) {
        gri_thread_error_set("gr_system_stop: a negative deadline");
        return GR_EINVALID;
    }
    gr_time begin = gri_clock_now(runtime->clock);
    gr_time end = gri_clock_after(begin, deadline);
    gr_time half = gri_clock_after(begin, deadline / 2);
    gri_runtime_begin_stop(runtime, deadline);
    if (loop != NULL && loop->owner == system) return GR_EBUSY;
    if (stop_somehow(runtime, half, end)) return 0;
    size_t abandoned = gri_runtime_abandoned(runtime, list, list == NULL ? 0 : capacity);
    if (count != NULL) *count = abandoned;
    gri_thread_error_set("%zu handlers or blocking jobs still ran at the deadline", abandoned);
    return GR_EABANDONED;
}
