/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog: a thread that samples the loops, names a handler that holds one up (G19), and enforces a stop's deadline
 * (G16). It changes nothing that a loop owns.
 */
#include "actors/actor.h"
#include "runtime/runtime.h"

#include <greenroom/log.h>

#include <stdio.h>
#include <unistd.h>

/* It looks at least so often, for signals' sake. */
#define SAMPLE_MAX_NS INT64_C(1000000000)

/* And so often after a stop's deadline. */
#define LOOK_NS 5000000

/* Sum of what moves when a loop gets on. */
static uint64_t progress_of(struct gri_loop *loop)
{
    return gri_counter_read(&loop->counters, GRI_COUNTER_HANDLED) +
           gri_counter_read(&loop->counters, GRI_COUNTER_SWITCHES) +
           gri_counter_read(&loop->counters, GRI_COUNTER_TURNS);
}

static void name_hog(struct gri_runtime *runtime, unsigned loop, uint32_t slot, gr_time since)
{
    struct gr_actor_info info;
    char who[GRI_ACTOR_TEXT];
    if (!gri_system_describe(&runtime->system, slot, &info)) return;
    gr_log(GR_LOG_WARNING,
           "actor %s has been running for %.1f s without a pause and holds up loop %u: give long "
           "work to gr_blocking, or cut it into messages to itself; GR_HOG_AFTER_MS sets when this is said",
           gri_describe_ref(&runtime->system, info.behaviour, info.ref, who), (double)since / 1e9, loop);
}

static void look_at(struct gri_runtime *runtime, unsigned index, gr_time now)
{
    struct gri_loop *loop = runtime->system.loops[index];
    struct gri_sample *sample = &runtime->samples[index];
    uint64_t progress = progress_of(loop);
    uint32_t slot = 0;
    bool runs = gri_system_running(&runtime->system, index, &slot);
    if (!runs || !sample->runs || slot != sample->slot || progress != sample->progress) {
        *sample = (struct gri_sample){runs, slot, progress, now, false};
        return;
    }
    if (sample->told || now - sample->since < runtime->options.hog_after) return;
    sample->told = true;
    gri_count(&loop->counters, GRI_COUNTER_HOGS, 1); /* the one counter that is this thread's */
    name_hog(runtime, index, slot, now - sample->since);
}

_Noreturn void gri_runtime_leave(struct gri_runtime *runtime)
{
    struct gr_abandoned list[16];
    size_t count = gri_runtime_abandoned(runtime, list, 16), jobs = 0;
    uint64_t living = gri_system_living(&runtime->system);
    fprintf(stderr, "greenroom: %llu did not end within the %.1f s of the stop, so the process leaves:\n",
            (unsigned long long)(count != 0 ? count : living),
            (double)(runtime->stop_deadline - runtime->stop_began) / 1e9);
    if (count == 0) fputs("  actors that were killed, but whose loops did not come to end them\n", stderr);
    for (size_t i = 0; i < count && i < 16; i++) {
        bool is_job = list[i].thread < 0;
        char who[GRI_ACTOR_TEXT];
        jobs += is_job;
        if (is_job)
            fprintf(stderr, "  blocking job, for %.1f s\n", (double)list[i].since / 1e9);
        else
            fprintf(stderr, "  actor %s on loop %d\n",
                    gri_describe_ref(&runtime->system, list[i].name, list[i].actor, who), list[i].thread);
    }
    if (count > jobs)
        fputs("  A handler has to return, and a coroutine to wait, to be ended: give long work to "
              "gr_blocking.\n",
              stderr);
    if (jobs > 0) fputs("  A blocking job can't be ended: bound what it waits for.\n", stderr);
    fputs("  GR_STOP_DEADLINE_MS gives them more time.\n", stderr);
    fflush(NULL);
    _exit(GR_EXIT_ABANDONED);
}

/* The stop under way, as gri_runtime_stop would see it. With the mutex held. */
static struct gri_stop stop_of(const struct gri_runtime *runtime)
{
    gr_time began = runtime->stop_began, deadline = runtime->stop_deadline;
    return (struct gri_stop){.name = gri_load(&runtime->stopped_by, GRI_RELAXED), /* stored under the mutex */
                             .half = began + (deadline - began) / 2,
                             .deadline = deadline,
                             .living = UINT64_MAX};
}

/* What a stop's deadline demands by now; returns when to look again. With the mutex held, but for what it does. */
static gr_time enforce(struct gri_runtime *runtime, struct gri_stop *stop, gr_time now)
{
    if (runtime->stop_deadline == GR_FOREVER || gri_load(&runtime->stage, GRI_RELAXED) == GRI_STAGE_STOPPED)
        return GR_FOREVER;
    if (stop->deadline != runtime->stop_deadline) *stop = stop_of(runtime);
    if (now < stop->half) return stop->half;
    gri_mutex_unlock(&runtime->mutex);
    /* It leaves the process only when nobody ends any more, however long their handlers run. */
    bool is_over = gri_stop_is_over(runtime, stop, true, false);
    if (is_over && runtime->exits_when_abandoned) gri_runtime_leave(runtime);
    gri_mutex_lock(&runtime->mutex);
    if (now < stop->deadline) return stop->deadline;
    return is_over ? GR_FOREVER : now + LOOK_NS;
}

/* Begins the stop that a signal asked for, where a handler holds up the loop that would. With the mutex held. */
static void heed_signal(struct gri_runtime *runtime)
{
    if (gri_load(&runtime->signal, GRI_RELAXED) == 0 || runtime->stop_deadline != GR_FOREVER) return;
    gri_mutex_unlock(&runtime->mutex);
    gri_runtime_begin_stop(runtime, runtime->options.stop_deadline);
    gri_mutex_lock(&runtime->mutex);
}

void *gri_watchdog_main(void *argument)
{
    struct gri_runtime *runtime = argument;
    struct gri_stop stop = {.deadline = GR_FOREVER};
    gri_mutex_lock(&runtime->mutex);
    while (!runtime->watchdog_ends) {
        gr_time now = gri_clock_now(runtime->clock);
        for (unsigned i = 0; i < runtime->system.loop_count; i++) look_at(runtime, i, now);
        heed_signal(runtime);
        gri_mutex_unlock(&runtime->mutex);
        gri_runtime_print_if_asked(runtime);
        gri_mutex_lock(&runtime->mutex);
        gr_time next = enforce(runtime, &stop, now);
        gr_time hog_after = runtime->options.hog_after;
        gr_time sample = gri_clock_after(now, hog_after < SAMPLE_MAX_NS ? hog_after : SAMPLE_MAX_NS);
        /* The end may have been told while the mutex was given up above. */
        if (runtime->watchdog_ends) break;
        gri_cond_wait_until(&runtime->changed, &runtime->mutex, sample < next ? sample : next);
    }
    gri_mutex_unlock(&runtime->mutex);
    return NULL;
}

void gri_watchdog_poke(struct gri_runtime *runtime)
{
    gri_mutex_lock(&runtime->mutex);
    gri_cond_broadcast(&runtime->changed);
    gri_mutex_unlock(&runtime->mutex);
}
