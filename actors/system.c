/* SPDX-License-Identifier: Apache-2.0 */
/* The actors' side of a system: what each loop keeps, who lives, and the end. */
#include "actors/system.h"

#include "actors/tracing/tracing.h"
#include "base/error.h"

int gri_system_given(const struct gr_system *system, const char *function)
{
    if (system != NULL) return 0;
    gri_thread_error_set("%s: the system is NULL: look at what gr_system_create returned", function);
    return GR_EINVALID;
}

static void *take_array(struct gr_system *system, size_t count, size_t size)
{
    return gri_memory_allocate_zeroed(&system->memory.memory, count * size);
}

static void free_loop_actors(struct gr_system *system, struct gri_loop_actors *actors)
{
    struct gri_memory *memory = &system->memory.memory;
    gri_dispatch_free_all(system, actors);
    if (actors->links.buckets != NULL) gri_table_fini(&actors->links);
    gri_memory_release(memory, actors->leases, system->loop_count * sizeof *actors->leases);
    gri_memory_release(memory, actors->lease_asked, system->loop_count * sizeof *actors->lease_asked);
}

static void fill_desk(const struct gr_system *system, struct gri_loop *loop)
{
    uint64_t header = gri_header_of_loop(system->seat, loop->index);
    loop->desk = (struct gri_loop_desk){
        .chunks = system->slots.chunks, .chunks_max = system->slots.chunks_max, .seat = system->seat};
    loop->desk.here = loop->tracer == NULL ? loop->index : UINT32_MAX;
    loop->desk.header = header;
    loop->desk.plain = loop->tracer == NULL ? header & (GRI_HEADER_PLAIN | GRI_HEADER_HOME) : UINT64_MAX;
}

int gri_system_init_actors(struct gr_system *system, uint32_t actors_max)
{
    size_t n = system->loop_count;
    system->actors = take_array(system, n, sizeof *system->actors);
    if (system->actors == NULL) return GR_ENOMEM;
    gri_names_init(&system->names, &system->memory.memory);
    gri_subscribers_init(&system->letters);
    int error = gri_slots_init(&system->slots, &system->memory.memory, actors_max, system->loop_count,
                               gri_seat_first_generation());
    for (size_t i = 0; i < n && error == 0; i++) {
        struct gri_loop_actors *actors = &system->actors[i];
        gri_table_init(&actors->links, &system->memory.memory);
        actors->leases = take_array(system, n, sizeof *actors->leases);
        actors->lease_asked = take_array(system, n, sizeof *actors->lease_asked);
        if (actors->leases == NULL || actors->lease_asked == NULL) error = GR_ENOMEM;
        system->loops[i]->local = actors;
        system->loops[i]->deliver = gri_deliver;
        system->loops[i]->stacks.overflowed = gri_report_canary;
        system->loops[i]->trace_injected = gri_trace_injected;
        fill_desk(system, system->loops[i]);
    }
    if (error != 0) gri_system_fini_actors(system);
    return error;
}

void gri_system_fini_actors(struct gr_system *system)
{
    if (system->actors == NULL) return;
    for (unsigned i = 0; i < system->loop_count; i++) free_loop_actors(system, &system->actors[i]);
    gri_slots_fini(&system->slots);
    gri_subscribers_fini(&system->letters);
    gri_names_fini(&system->names);
    gri_memory_release(&system->memory.memory, system->actors, system->loop_count * sizeof *system->actors);
    system->actors = NULL;
}

void gri_system_hold(struct gr_system *system)
{
    gri_fetch_add(&system->references, 1, GRI_RELAXED); /* the caller has one, or is inside of the seat */
}

void gri_system_release(struct gr_system *system)
{
    /* Publishes this holder's use of the system to the one that frees it. */
    if (gri_fetch_sub(&system->references, 1, GRI_ACQ_REL) == 1) system->dispose(system);
}

uint64_t gri_system_living(const struct gr_system *system)
{
    /*
     * Ends are counted before spawns: if the sums are equal, then all that had been spawned when the ends were read had
     * ended, and nobody was left to spawn since. Plain threads are refused while the system stops.
     */
    uint64_t ended = 0;
    for (unsigned i = 0; i < system->loop_count; i++)
        ended += gri_load(&system->loops[i]->counters.values[GRI_COUNTER_ENDED], GRI_ACQUIRE);
    uint64_t spawned = gri_load(&system->foreign_spawned, GRI_ACQUIRE);
    for (unsigned i = 0; i < system->loop_count; i++)
        spawned += gri_load(&system->loops[i]->counters.values[GRI_COUNTER_SPAWNED], GRI_ACQUIRE);
    return spawned - ended;
}

void gri_loop_stop_actors(struct gri_loop *loop, bool kill)
{
    struct gr_system *system = gri_loop_system(loop);
    struct gri_loop_actors *actors = loop->local;
    actors->told |= kill ? GRI_CONTROL_KILL : GRI_CONTROL_STOP;
    uint32_t chunks = gri_load(&system->slots.chunk_count, GRI_ACQUIRE);
    for (uint32_t i = 0; i < chunks * GRI_SLOTS_PER_CHUNK; i++) {
        struct gr_actor *actor = &gri_slots_chunk(&system->slots,
                                                  i / GRI_SLOTS_PER_CHUNK)[i % GRI_SLOTS_PER_CHUNK];
        if (gri_load(&actor->home, GRI_RELAXED) != loop->index || gri_actor_dispatch(actor) == NULL) continue;
        if (!kill && !(actor->control & (GRI_CONTROL_STOP | GRI_CONTROL_LINK))) actor->reason = GR_ESTOPPED;
        actor->control |= actors->told;
        gri_actor_wake(actor);
    }
}

/* Delivers what is on its way to one loop; whether there was anything. */
static bool drain_loop(struct gri_loop *loop)
{
    bool some = false;
    struct gri_message *m;
    for (unsigned from = 0; from < loop->count; from++) {
        while (from != loop->index && (m = gri_link_take_last(loop, from)) != NULL) {
            gri_deliver(loop, m);
            some = true;
        }
    }
    while ((m = gri_loop_take_injected(loop)) != NULL) {
        gri_deliver(loop, m);
        some = true;
    }
    return some;
}

void gri_system_drain(struct gr_system *system)
{
    bool some = true;
    while (some) {
        some = false;
        for (unsigned i = 0; i < system->loop_count; i++) some |= drain_loop(system->loops[i]);
    }
}
