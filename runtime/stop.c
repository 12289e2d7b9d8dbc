/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a stop: who may go on, when it is over, and what was left behind. */
#include "base/error.h"
#include "runtime/runtime.h"

/* How long the actors that were killed may take after a deadline until the next of them ends, if nothing is known to hold
 * them up. */
#define GRACE_NS 100000000

/* A turn of a loop that lasts longer than this is one that does not end. */
#define HELD_NS 25000000

/* The order `which` (0: stop, 1: kill) of a loop. */
static struct gri_message *order_of(struct gri_runtime *runtime, unsigned loop, unsigned which)
{
    return (struct gri_message *)((char *)runtime->orders + (loop * 2 + which) * 64);
}

static void stop_here(struct gri_loop *loop, struct gri_message *order)
{
    gri_loop_stop_actors(loop, false);
}

static void kill_here(struct gri_loop *loop, struct gri_message *order)
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

uint32_t gri_runtime_begin_stop(struct gri_runtime *runtime, gr_time deadline)
{
    gri_mutex_lock(&runtime->mutex);
    uint32_t name = gri_load(&runtime->stopped_by, GRI_RELAXED);
    if (gri_load(&runtime->stage, GRI_RELAXED) == GRI_STAGE_IDLE) {
        runtime->stop_began = gri_clock_now(runtime->clock);
        runtime->stop_deadline = gri_clock_after(runtime->stop_began, deadline);
        gri_store(&runtime->system.stopping, 1, GRI_RELEASE); /* a spawn that misses it is told on arrival */
        advance(runtime, GRI_STAGE_IDLE, GRI_STAGE_STOPPING);
        order_all(runtime, 0); /* with the mutex held: see gri_runtime_reset */
        gri_cond_broadcast(&runtime->changed);
    }
    gri_mutex_unlock(&runtime->mutex);
    return name;
}

void gri_runtime_kill(struct gri_runtime *runtime, uint32_t stop)
{
    gri_mutex_lock(&runtime->mutex);
    bool under_way = gri_load(&runtime->stopped_by, GRI_RELAXED) == stop;
    if (under_way && advance(runtime, GRI_STAGE_STOPPING, GRI_STAGE_KILLING)) order_all(runtime, 1);
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

/* A signal wants the actors printed: by the watchdog, which may wait for loops; a simulation has none. */
static void heed_print(struct gri_runtime *runtime)
{
    if (runtime->simulation != NULL)
        gri_runtime_print_if_asked(runtime);
    else
        gri_watchdog_poke(runtime);
}

bool gri_runtime_pause(struct gri_loop *loop, bool is_idle)
{
    struct gri_runtime *runtime = gri_runtime_of(loop->owner);
    if (loop->index == 0 && gri_load(&runtime->print_asked, GRI_RELAXED) != 0) heed_print(runtime);
    if (gri_runtime_is_pausing(runtime)) return false;
    uint32_t stage = gri_load(&runtime->stage, GRI_ACQUIRE);
    if (stage == GRI_STAGE_IDLE) {
        if (loop->index == 0 && gri_load(&runtime->signal, GRI_RELAXED) != 0)
            gri_runtime_begin_stop(runtime, runtime->options.stop_deadline);
        return true;
    }
    /* A real loop need not be idle: what comes from outside may never end, and what waits at the end is drained. But a
     * simulated one may have jobs to run yet, which nobody else would. */
    if ((!is_idle && runtime->simulation != NULL) || stage == GRI_STAGE_STOPPED)
        return stage != GRI_STAGE_STOPPED;
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
    gri_store(&system->closed, GRI_CLOSED_MEANWHILE, GRI_RELEASE);
    gri_seat_wait(system->seat);
    /* Whoever began the stop may be about to order it still, though nobody was left to be told: those orders come first. */
    gri_mutex_lock(&runtime->mutex);
    gri_mutex_unlock(&runtime->mutex);
    gri_system_drain(system);
    for (unsigned i = 0; i < system->loop_count; i++) system->actors[i].told = 0;
    if (runtime->simulation == NULL)
        gri_blocking_reopen(&runtime->pool); /* whoever waits for it may look still */
    gri_mutex_lock(&runtime->mutex);
    runtime->stop_deadline = GR_FOREVER;
    gri_store(&system->stopping, 0, GRI_RELEASE);
    /* One that was closed for good meanwhile stays as it is. */
    gri_store(&system->closed, gri_load(&runtime->shut, GRI_RELAXED), GRI_RELEASE);
    runtime->ended_by = gri_exchange(&runtime->signal, 0, GRI_RELAXED);
    /* Names the stop that ended: whoever waits for it does not take a later one for it. See has_ended. */
    gri_store(&runtime->stopped_by,
              (gri_load(&runtime->driver, GRI_RELAXED) & ~GRI_DRIVER_MASK) + GRI_DRIVER_NEXT, GRI_RELEASE);
    gri_store(&runtime->stage, GRI_STAGE_IDLE, GRI_RELEASE);
    gri_mutex_unlock(&runtime->mutex);
    gri_futex_wake(&runtime->stage, INT32_MAX);
    return 0;
}

size_t gri_runtime_abandoned(struct gri_runtime *runtime, struct gr_abandoned *list, size_t capacity)
{
    size_t count = 0;
    gr_time now = gri_clock_now(runtime->clock);
    for (unsigned i = 0; i < runtime->system.loop_count; i++) {
        uint32_t slot;
        struct gr_actor_info info;
        if (!gri_system_running(&runtime->system, i, &slot)) continue;
        if (!gri_system_describe(&runtime->system, slot, &info)) continue; /* it has ended */
        /* It began after the loop last read the clock, and not by more than some short turns. */
        gr_time read = (gr_time)gri_load(&runtime->system.loops[i]->read_at, GRI_RELAXED);
        gr_time since = now > read ? now - read : 0;
        if (count < capacity) list[count] = (struct gr_abandoned){info.ref, info.behaviour, (int)i, since};
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

/* Where nobody runs a handler or job and yet it does not end: whoever is to run the loops does not. */
static void blame_driver(struct gri_runtime *runtime, struct gri_stop *stop, gr_time now)
{
    gri_mutex_lock(&runtime->mutex);
    gr_time since = now - runtime->stop_began;
    gri_mutex_unlock(&runtime->mutex);
    if (stop->capacity != 0)
        stop->list[0] = (struct gr_abandoned){.name = "the system's thread", .since = since};
    stop->count = 1;
}

/* Whether some handler or blocking job is known to run on; `moved`: when an actor ended last. */
static bool is_held(struct gri_runtime *runtime, gr_time moved, gr_time now)
{
    for (unsigned i = 0; i < runtime->system.loop_count; i++) {
        const struct gri_loop *loop = runtime->system.loops[i];
        gr_time read = (gr_time)gri_load(&loop->read_at, GRI_RELAXED);
        /* A loop does not read the clock after each turn, but each turn that ends an actor shows. */
        gr_time since = read > moved ? read : moved;
        if (gri_load(&loop->running, GRI_RELAXED) != 0 && now - since > HELD_NS) return true;
    }
    return runtime->simulation == NULL && gri_blocking_list(&runtime->pool, NULL, 0) != 0;
}

bool gri_stop_is_over(struct gri_runtime *runtime, struct gri_stop *stop, bool more, bool must_kill)
{
    gr_time now = gri_clock_now(runtime->clock);
    if (now >= stop->half || must_kill) gri_runtime_kill(runtime, stop->name);
    if (now < stop->deadline) return false;
    /* Those who were killed get the time to end, as long as they do. */
    uint64_t living = gri_system_living(&runtime->system);
    if (living < stop->living) stop->moved = now;
    if (living < stop->living) stop->living = living;
    bool stuck = now - stop->moved >= GRACE_NS || (runtime->simulation != NULL && !more);
    if (!stuck && (more || !is_held(runtime, stop->moved, now))) return false;
    stop->count = gri_runtime_abandoned(runtime, stop->list, stop->capacity);
    if (stop->count == 0) blame_driver(runtime, stop, now);
    return true;
}

/* Steps each loop once; whether there is more to do. */
static bool step_all(struct gri_runtime *runtime)
{
    struct gr_system *system = &runtime->system;
    bool more = false;
    if (runtime->simulation != NULL)
        more = gri_simulation_step(runtime->simulation);
    else
        for (unsigned i = 0; i < system->loop_count; i++)
            more |= gri_loop_step(system->loops[i], &gri_step_limits_default);
    for (unsigned i = 0; i < system->loop_count; i++) gri_runtime_pause(system->loops[i], !more);
    return more;
}

static bool is_stage(const struct gri_runtime *runtime, enum gri_stage stage)
{
    return gri_load(&runtime->stage, GRI_ACQUIRE) == stage;
}

/* Waits for the blocking jobs, up to the deadline. False: some still run, and are in the list. */
static bool end_jobs(struct gri_runtime *runtime, struct gri_stop *stop)
{
    do {
        gr_time left = gri_clock_left(gri_clock_now(runtime->clock), stop->deadline);
        if (gri_runtime_reset(runtime, left) == 0) return true;
        stop->count = gri_runtime_abandoned(runtime, stop->list, stop->capacity);
    } while (stop->count == 0);
    return false;
}

/* Ends a system that nobody runs on this thread, which has taken the drive. */
static bool stop_here_and_now(struct gri_runtime *runtime, struct gri_stop *stop)
{
    while (!is_stage(runtime, GRI_STAGE_STOPPED)) {
        bool more = step_all(runtime);
        if (is_stage(runtime, GRI_STAGE_STOPPED)) break;
        if (gri_stop_is_over(runtime, stop, more, runtime->simulation != NULL && !more)) return false;
    }
    return end_jobs(runtime, stop);
}

/*
 * Whether a stop has ended and whoever ended it is through: the next may run the system. In that order: who runs it after
 * the end is known is the one that ended it, or a later one.
 */
static bool has_ended(const struct gri_runtime *runtime, const struct gri_stop *stop)
{
    uint32_t by = gri_load(&runtime->stopped_by, GRI_ACQUIRE);
    if (by == stop->name) return false;
    return (gri_load(&runtime->driver, GRI_ACQUIRE) & ~GRI_DRIVER_MASK) != by - GRI_DRIVER_NEXT;
}

/* Sleeps while the same drive goes on, until the stop's next deadline. */
static void wait_for_driver(struct gri_runtime *runtime, const struct gri_stop *stop, uint32_t drive)
{
    gr_time now = gri_clock_now(runtime->clock);
    gr_time until = now < stop->half ? stop->half : stop->deadline;
    gr_time left = now < stop->deadline ? gri_clock_left(now, until) : GRACE_NS / 20;
    gri_futex_wait(&runtime->driver, drive, left);
}

/* Brings a stop that has begun to its end, on this thread if nobody runs the system. False: the deadline passed. */
static bool stop_somehow(struct gri_runtime *runtime, struct gri_stop *stop)
{
    bool stopped = false;
    if (gri_runtime_stop_steps(runtime, stop, &stopped)) return stopped;
    for (;;) {
        uint32_t drive = gri_load(&runtime->driver, GRI_ACQUIRE);
        if (has_ended(runtime, stop)) return true;
        if (gri_runtime_take_drive(runtime, GRI_DRIVER_RUN)) {
            /* Whoever ran it may have ended the stop before this thread could look. */
            stopped = gri_load(&runtime->stopped_by, GRI_RELAXED) != stop->name ||
                      stop_here_and_now(runtime, stop);
            gri_runtime_give_drive(runtime);
            return stopped;
        }
        if (gri_stop_is_over(runtime, stop, false, false)) return has_ended(runtime, stop);
        wait_for_driver(runtime, stop, drive);
    }
}

int gri_runtime_stop(struct gri_runtime *runtime, gr_time deadline, struct gr_abandoned *list,
                     size_t capacity, size_t *count)
{
    struct gr_system *system = &runtime->system;
    struct gri_loop *loop = gri_loop_current();
    if (count != NULL) *count = 0;
    if (deadline < 0) {
        gri_thread_error_set("gr_system_stop: a negative deadline");
        return GR_EINVALID;
    }
    gr_time begin = gri_clock_now(runtime->clock);
    struct gri_stop stop = {.half = gri_clock_after(begin, deadline / 2),
                            .deadline = gri_clock_after(begin, deadline),
                            .living = UINT64_MAX,
                            .list = list,
                            .capacity = list == NULL ? 0 : capacity};
    stop.name = gri_runtime_begin_stop(runtime, deadline);
    if (loop != NULL && loop->owner == system) return GR_EBUSY;
    if (stop_somehow(runtime, &stop)) return 0;
    if (count != NULL) *count = stop.count;
    gri_thread_error_set("%zu handlers or blocking jobs still ran at the deadline", stop.count);
    return GR_EABANDONED;
}

int gr_system_stop(gr_system *system, gr_time deadline, struct gr_abandoned *list, size_t capacity,
                   size_t *count)
{
    if (count != NULL) *count = 0;
    if (gri_system_given(system, "gr_system_stop") != 0) return GR_EINVALID;
    struct gri_runtime *runtime = gri_runtime_of(system);
    return gri_runtime_is_shut(runtime) ? GR_ESTOPPED
                                        : gri_runtime_stop(runtime, deadline, list, capacity, count);
}
