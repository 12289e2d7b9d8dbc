/* SPDX-License-Identifier: Apache-2.0 */
/* Making a system and taking it apart. */
#include "base/error.h"
#include "io/uv_poller.h"
#include "messages/registry.h"
#include "observe/event_ring.h"
#include "runtime/options.h"
#include "runtime/runtime.h"

#include <stdio.h>
#include <string.h>

_Static_assert(GR_LOOPS_MAX <= GRI_DOORBELL_LOOPS_MAX, "each loop has a bit of a doorbell");

#define BLOCKING_QUEUE_MAX 65536u
#define SIMULATED_EVENTS   4096u /* events that a loop's ring holds; a step makes fewer */

static struct gri_memory *memory_of(struct gri_runtime *runtime)
{
    return &runtime->system.memory.memory;
}

static void *take(struct gri_runtime *runtime, size_t size)
{
    return gri_memory_allocate_zeroed(memory_of(runtime), size);
}

/* ---- loops ---- */

static void fini_loop(struct gri_runtime *runtime, struct gri_loop *loop)
{
    struct gri_event_ring *events = loop->events;
    gri_loop_fini(loop);
    gri_memory_release(memory_of(runtime), events, gri_event_ring_size(SIMULATED_EVENTS));
}

static int init_events(struct gri_runtime *runtime, struct gri_loop *loop)
{
    loop->events = take(runtime, gri_event_ring_size(SIMULATED_EVENTS));
    return loop->events == NULL ? GR_ENOMEM : gri_event_ring_init(loop->events, SIMULATED_EVENTS);
}

static int init_loop(struct gri_runtime *runtime, unsigned index, const struct gri_seams *seams)
{
    struct gri_poller *poller = NULL;
    int error = 0;
    if (runtime->simulation == NULL) error = gri_uv_poller_create(memory_of(runtime), &poller);
    if (error != 0) return error;
    uint64_t seed = runtime->options.seed ? runtime->options.seed
                                          : (uint64_t)gri_clock_now(gri_clock_monotonic());
    struct gri_loop_options options = {.index = index,
                                       .count = runtime->system.loop_count,
                                       .peers = runtime->system.loops,
                                       .memory = memory_of(runtime),
                                       .clock = runtime->clock,
                                       .poller = poller,
                                       .seed = seed + index,
                                       .bypass_pools = GRI_POOL_BYPASS_DEFAULT || seams->bypass_pools,
                                       .owner = &runtime->system};
    struct gri_loop *loop = &runtime->loop_array[index];
    error = gri_loop_init(loop, &options);
    if (error != 0) {
        gri_poller_destroy(poller);
        return error;
    }
    loop->pause = gri_runtime_pause;
    if (runtime->simulation != NULL || runtime->trace != NULL) error = init_events(runtime, loop);
    if (error == 0 && runtime->trace != NULL) {
        loop->tracer = &runtime->tracers[index];
        gri_tracer_init(loop->tracer, runtime->trace, loop->clock, index);
    }
    if (error != 0) fini_loop(runtime, loop);
    return error;
}

static int init_loops(struct gri_runtime *runtime, const struct gri_seams *seams)
{
    for (unsigned i = 0; i < runtime->system.loop_count; i++) {
        runtime->system.loops[i] = &runtime->loop_array[i];
        int error = init_loop(runtime, i, seams);
        if (error == 0) continue;
        while (i-- > 0) fini_loop(runtime, &runtime->loop_array[i]);
        return error;
    }
    return 0;
}

/* ---- parts ---- */

static int pool_submit(struct gri_job_runner *runner, struct gri_job *job)
{
    return gri_blocking_submit(&GRI_CONTAINER_OF(runner, struct gri_runtime, pool_runner)->pool, job);
}

static bool pool_cancel(struct gri_job_runner *runner, struct gri_job *job)
{
    return gri_blocking_cancel(&GRI_CONTAINER_OF(runner, struct gri_runtime, pool_runner)->pool, job);
}

/* The arrays that a system has for each loop. */
static int take_arrays(struct gri_runtime *runtime)
{
    size_t n = runtime->system.loop_count;
    runtime->system.loops = take(runtime, n * sizeof *runtime->system.loops);
    runtime->loop_array = take(runtime, n * sizeof *runtime->loop_array);
    runtime->threads = take(runtime, n * sizeof *runtime->threads);
    runtime->samples = take(runtime, n * sizeof *runtime->samples);
    runtime->orders = take(runtime, n * 2 * 64);
    bool all = runtime->system.loops && runtime->loop_array && runtime->threads && runtime->samples &&
               runtime->orders;
    return all ? 0 : GR_ENOMEM;
}

static void release_arrays(struct gri_runtime *runtime)
{
    size_t n = runtime->system.loop_count;
    struct gri_memory *memory = memory_of(runtime);
    gri_memory_release(memory, runtime->system.loops, n * sizeof *runtime->system.loops);
    gri_memory_release(memory, runtime->loop_array, n * sizeof *runtime->loop_array);
    gri_memory_release(memory, runtime->threads, n * sizeof *runtime->threads);
    gri_memory_release(memory, runtime->samples, n * sizeof *runtime->samples);
    gri_memory_release(memory, runtime->orders, n * 2 * 64);
}

/* ---- the trace ---- */

static int begin_trace(struct gri_runtime *runtime)
{
    if (runtime->options.trace == NULL) return 0;
    size_t size = runtime->system.loop_count * sizeof *runtime->tracers;
    runtime->trace = take(runtime, sizeof *runtime->trace);
    runtime->tracers = take(runtime, size);
    int error = GR_ENOMEM;
    if (runtime->trace != NULL && runtime->tracers != NULL)
        error = gri_trace_file_open(runtime->trace, runtime->options.trace, gri_clock_now(runtime->clock));
    runtime->options.trace = NULL; /* the caller's; it may be gone later */
    if (error == 0) return 0;
    gri_memory_release(memory_of(runtime), runtime->trace, sizeof *runtime->trace);
    gri_memory_release(memory_of(runtime), runtime->tracers, size);
    runtime->trace = NULL;
    return error;
}

/* Without the counts if there are no loops yet. */
static void end_trace(struct gri_runtime *runtime, bool has_loops)
{
    if (runtime->trace == NULL) return;
    size_t n = runtime->system.loop_count;
    char text[256] = "";
    for (size_t i = 0; has_loops && i < n; i++) {
        gri_tracer_drain(&runtime->tracers[i]);
        runtime->loop_array[i].tracer = NULL;
    }
    if (has_loops) {
        struct gr_system_counts counts;
        gr_system_count(&runtime->system, &counts);
        snprintf(text, sizeof text, "\"spawned\":%llu,\"ended\":%llu,\"sent\":%llu,\"handled\":%llu",
                 (unsigned long long)counts.spawned, (unsigned long long)counts.ended,
                 (unsigned long long)counts.sent, (unsigned long long)counts.handled);
    }
    gri_trace_file_close(runtime->trace, gri_clock_now(runtime->clock), text);
    gri_memory_release(memory_of(runtime), runtime->trace, sizeof *runtime->trace);
    gri_memory_release(memory_of(runtime), runtime->tracers, n * sizeof *runtime->tracers);
    runtime->trace = NULL;
}

/* The clock and the place for blocking work: real or simulated. */
static int init_world(struct gri_runtime *runtime)
{
    if (runtime->options.seed == 0) {
        runtime->clock = gri_clock_monotonic();
        gri_blocking_init(&runtime->pool, memory_of(runtime), runtime->options.blocking_threads,
                          BLOCKING_QUEUE_MAX);
        runtime->pool_runner = (struct gri_job_runner){pool_submit, pool_cancel};
        runtime->system.jobs = &runtime->pool_runner;
        return 0;
    }
    runtime->simulation = take(runtime, sizeof *runtime->simulation);
    if (runtime->simulation == NULL) return GR_ENOMEM;
    gri_simulation_init(runtime->simulation, runtime->options.seed);
    runtime->clock = &runtime->simulation->clock;
    runtime->system.jobs = &runtime->simulation->runner;
    runtime->system.is_simulated = true;
    return 0;
}

static void fini_world(struct gri_runtime *runtime)
{
    if (runtime->simulation != NULL)
        gri_memory_release(memory_of(runtime), runtime->simulation, sizeof *runtime->simulation);
    else if (runtime->clock != NULL &&
             gri_blocking_stop(&runtime->pool, 0) == 0) /* nobody uses it any more */
        gri_blocking_fini(&runtime->pool);
}

/* The last reference is gone: the struct itself, on which plain threads' futures may have kept hold. */
static void dispose(struct gr_system *system)
{
    struct gri_runtime *runtime = gri_runtime_of(system);
    struct gri_memory *inner = system->memory.inner;
    gri_mutex_fini(&runtime->mutex);
    gri_cond_fini(&runtime->changed);
    gri_memory_release(inner, runtime, sizeof *runtime);
}

/* ---- the whole ---- */

static struct gri_runtime *new_runtime(const struct gr_system_options *options, struct gri_memory *inner)
{
    struct gri_runtime *runtime = gri_memory_allocate_zeroed(inner, sizeof *runtime);
    if (runtime == NULL) return NULL;
    runtime->options = *options;
    gri_memory_account_init(&runtime->system.memory, inner, options->memory_max);
    gri_mutex_init(&runtime->mutex);
    gri_cond_init(&runtime->changed);
    runtime->stop_deadline = GR_FOREVER;
    runtime->system.loop_count = (unsigned)options->loops;
    runtime->system.stack_size = options->stack_size;
    runtime->system.dispose = dispose;
    gri_store(&runtime->system.references, 1, GRI_RELAXED);
    return runtime;
}

/* Everything but the struct. */
static int build(struct gri_runtime *runtime, const struct gri_seams *seams)
{
    int error = init_world(runtime);
    if (error != 0) return error;
    error = take_arrays(runtime);
    if (error == 0) error = begin_trace(runtime);
    if (error != 0) goto fail_world;
    error = init_loops(runtime, seams);
    if (error != 0) goto fail_world;
    if (runtime->simulation != NULL)
        gri_simulation_attach(runtime->simulation, runtime->system.loops, runtime->system.loop_count);
    error = gri_seat_take(&runtime->system);
    if (error != 0) goto fail_loops;
    error = gri_system_init_actors(&runtime->system, runtime->options.actors_max);
    if (error != 0) goto fail_seat;
    gri_seat_open(&runtime->system);
    return 0;

fail_seat:
    gri_seat_give(&runtime->system);
fail_loops:
    for (unsigned i = 0; i < runtime->system.loop_count; i++) fini_loop(runtime, &runtime->loop_array[i]);
fail_world:
    end_trace(runtime, false);
    release_arrays(runtime);
    fini_world(runtime);
    return error;
}

/* Why there is no system. */
static void explain(int error, const struct gr_system_options *options)
{
    if (error == GR_ELIMIT) gri_thread_error_set("there are too many systems in this process");
    if (error != GR_ENOMEM) return;
    if (options->memory_max == 0)
        gri_thread_error_set("no memory for a system of %d loops", options->loops);
    else
        gri_thread_error_set("no memory for a system of %d loops: .memory_max or GR_MEMORY_MAX allows %llu "
                             "bytes; raise it, or have fewer loops",
                             options->loops, (unsigned long long)options->memory_max);
}

int gri_runtime_create(const struct gr_system_options *given, const struct gri_seams *seams,
                       gr_system **system)
{
    *system = NULL;
    struct gr_system_options options;
    int error = gri_types_finish();
    if (error == 0) error = gri_options_resolve(given, &options);
    if (error != 0) return error;
    struct gri_runtime *runtime = new_runtime(&options, seams->memory ? seams->memory : gri_memory_default());
    error = runtime == NULL ? GR_ENOMEM : build(runtime, seams);
    if (error != 0) {
        explain(error, &options);
        if (runtime != NULL) dispose(&runtime->system);
        return error;
    }
    *system = &runtime->system;
    return 0;
}

int gri_system_create(const struct gr_system_options *options, gr_system **system)
{
    return gri_runtime_create(options, &(struct gri_seams){.memory = NULL}, system);
}

void gr_system_destroy(gr_system *system)
{
    if (system == NULL) return;
    struct gri_runtime *runtime = gri_runtime_of(system);
    if (gri_runtime_stop(runtime, runtime->options.stop_deadline, NULL, 0, NULL) != 0)
        return; /* may be in use for ever */
    gri_seat_give(system);
    gri_system_drain(system);
    end_trace(runtime, true);
    gri_system_fini_actors(system);
    for (unsigned i = 0; i < system->loop_count; i++) fini_loop(runtime, &runtime->loop_array[i]);
    release_arrays(runtime);
    fini_world(runtime);
    gri_system_release(system);
}
