/* SPDX-License-Identifier: Apache-2.0 */
/* Counting and describing the actors of a loop; see census.h for who may. */
#include "actors/slots/census.h"

#include "actors/requests/requests.h"

const char *gri_doing_name(enum gri_doing doing)
{
    static const char *const names[GRI_DOING_COUNT] = {
        [GRI_DOING_UNKNOWN] = "?",
        [GRI_DOING_RUNNING] = "running",
        [GRI_DOING_READY] = "has its turn coming",
        [GRI_DOING_MAIL] = "waits for mail",
        [GRI_DOING_FUTURE] = "waits for a future",
        [GRI_DOING_TIME] = "sleeps",
        [GRI_DOING_ROOM] = "waits for room",
        [GRI_DOING_RESTING] = "rests until there is room",
    };
    return (unsigned)doing < GRI_DOING_COUNT ? names[doing] : names[GRI_DOING_UNKNOWN];
}

static enum gri_doing doing_of_coroutine(const struct gr_actor *actor)
{
    switch (actor->extra->wait) {
    case GRI_WAIT_FUTURE:
        return GRI_DOING_FUTURE;
    case GRI_WAIT_TIME:
        return GRI_DOING_TIME;
    case GRI_WAIT_ROOM:
        return GRI_DOING_ROOM;
    case GRI_WAIT_NOTHING:
    case GRI_WAIT_TURN:
    case GRI_WAIT_MAIL:
        break;
    }
    return GRI_DOING_MAIL;
}

/* On its loop's thread. */
static enum gri_doing doing_of(const struct gr_actor *actor, bool has_turn)
{
    if (has_turn) return GRI_DOING_RUNNING;
    if (actor->busy & GRI_BUSY_RESTING) return GRI_DOING_RESTING;
    if (actor->busy & GRI_BUSY_SCHEDULED) return GRI_DOING_READY;
    if (actor->busy & GRI_BUSY_WAITING) return doing_of_coroutine(actor);
    return GRI_DOING_MAIL;
}

/* What an actor has asked for. On its loop's thread. */
static void add_requests(struct gri_census_row *row, const struct gr_actor *actor)
{
    const struct gr_future *future = gri_actor_requests(actor, &row->requests);
    if (future == NULL) return;
    row->asked = future->kind;
    if (future->kind == GRI_FUTURE_REQUEST) row->to = future->to;
    if (future->kind != GRI_FUTURE_TASK) return;
    row->to = future->task.ref;
    row->task = future->task.behaviour;
}

static void add(struct gri_census *census, const struct gr_system *system, unsigned loop, uint32_t slot,
                bool exact)
{
    struct gr_actor_info info;
    if (!gri_system_describe(system, slot, &info) || info.loop != (int)loop) return;
    gri_fetch_add(&census->by_loop[loop], 1, GRI_RELAXED);
    uint32_t index = gri_fetch_add(&census->taken, 1,
                                   GRI_RELAXED); /* numbers; whoever waits for the loops acquires */
    if (index >= census->capacity) return;
    const struct gr_actor *actor = &gri_slots_chunk(&system->slots,
                                                    slot / GRI_SLOTS_PER_CHUNK)[slot % GRI_SLOTS_PER_CHUNK];
    bool has_turn = gri_load(&system->loops[loop]->running, GRI_RELAXED) == &actor->work; /* a hint */
    struct gri_census_row *row = &census->rows[index];
    *row = (struct gri_census_row){.info = info, .doing = has_turn ? GRI_DOING_RUNNING : GRI_DOING_UNKNOWN};
    if (!exact) return;
    row->doing = doing_of(actor, has_turn);
    add_requests(row, actor);
}

void gri_census_add(struct gri_census *census, const struct gr_system *system, unsigned loop, bool exact)
{
    uint32_t chunks = gri_load(&system->slots.chunk_count, GRI_ACQUIRE);
    for (uint32_t slot = 0; slot < chunks * GRI_SLOTS_PER_CHUNK; slot++)
        add(census, system, loop, slot, exact);
}
