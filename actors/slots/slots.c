/* SPDX-License-Identifier: Apache-2.0 */
/* The slot table and chains of free slots; see slots.h. */
#include "actors/slots/slots.h"

#include "actors/actor.h"

#include <string.h>

#define CHUNK_BYTES (GRI_SLOTS_PER_CHUNK * sizeof(struct gr_actor))

/* How many slots are given out at once, see slots.h; `holders` may hold some that they don't use. */
static uint32_t batch_of(uint32_t actors_max, uint32_t holders)
{
    uint32_t batch = actors_max / 8 / holders;
    if (batch > GRI_SLOTS_PER_CHUNK) batch = GRI_SLOTS_PER_CHUNK;
    return batch == 0 ? 1 : batch;
}

int gri_slots_init(struct gri_slots *slots, struct gri_memory *memory, uint32_t actors_max,
                   unsigned loop_count, uint64_t first_generation)
{
    memset(slots, 0, sizeof *slots);
    slots->memory = memory;
    slots->loop_count = loop_count;
    slots->first_generation = first_generation;
    /* Of each loop's slots: itself, plain threads, each other loop; but for the one that finds none. */
    uint32_t holders = loop_count * (loop_count + 1) - 1;
    slots->actors_max = actors_max;
    slots->batch = batch_of(actors_max, holders);
    slots->left = actors_max + holders * slots->batch;
    slots->chunks_max = (slots->left + GRI_SLOTS_PER_CHUNK - 1) / GRI_SLOTS_PER_CHUNK + loop_count;
    slots->chunks = gri_memory_allocate(memory, slots->chunks_max * sizeof *slots->chunks);
    if (slots->chunks == NULL) return GR_ENOMEM;
    slots->sources = gri_memory_allocate(memory, loop_count * sizeof *slots->sources);
    if (slots->sources == NULL) {
        gri_memory_release(memory, slots->chunks, slots->chunks_max * sizeof *slots->chunks);
        slots->chunks = NULL; /* nothing is left for gri_slots_fini */
        return GR_ENOMEM;
    }
    memset(slots->chunks, 0, slots->chunks_max * sizeof *slots->chunks);
    memset(slots->sources, 0, loop_count * sizeof *slots->sources);
    gri_mutex_init(&slots->mutex);
    return 0;
}

void gri_slots_fini(struct gri_slots *slots)
{
    if (slots->chunks == NULL) return;
    for (uint32_t i = 0; i < gri_load(&slots->chunk_count, GRI_RELAXED); i++)
        gri_memory_release(slots->memory, gri_load(&slots->chunks[i], GRI_RELAXED), CHUNK_BYTES);
    gri_memory_release(slots->memory, slots->sources, slots->loop_count * sizeof *slots->sources);
    gri_memory_release(slots->memory, slots->chunks, slots->chunks_max * sizeof *slots->chunks);
    gri_mutex_fini(&slots->mutex);
    slots->chunks = NULL;
}

static void init_chunk(struct gri_slots *slots, struct gr_actor *actors, uint32_t number, unsigned loop)
{
    memset(actors, 0, CHUNK_BYTES);
    for (uint32_t i = 0; i < GRI_SLOTS_PER_CHUNK; i++) {
        struct gr_actor *actor = &actors[i];
        actor->generation.value = slots->first_generation;
        actor->home.value = loop;
        actor->birth = (uint8_t)loop;
        actor->busy = GRI_BUSY_UNBORN;
        actor->slot = number * GRI_SLOTS_PER_CHUNK + i;
        gri_mailbox_init(&actor->mailbox);
    }
}

/* A new chunk, of which nothing was given out. With the mutex held. */
static int add_chunk(struct gri_slots *slots, unsigned loop)
{
    struct gr_actor *actors = gri_memory_allocate(slots->memory, CHUNK_BYTES);
    if (actors == NULL) return GR_ENOMEM;
    uint32_t number = gri_load(&slots->chunk_count, GRI_RELAXED);
    init_chunk(slots, actors, number, loop);
    slots->sources[loop].rest = actors;
    slots->sources[loop].rest_count = GRI_SLOTS_PER_CHUNK;
    /* Publishes the chunk; acquired by gri_slots_chunk, also of threads that guess a slot number. */
    gri_store(&slots->chunks[number], actors, GRI_RELEASE);
    gri_store(&slots->chunk_count, number + 1, GRI_RELEASE); /* acquired by listings */
    return 0;
}

/* Takes a batch, or what there is of it, off a loop's newest chunk. With the mutex held. */
static struct gri_slot_chain take_batch(struct gri_slots *slots, struct gri_slot_source *source)
{
    uint32_t count = slots->batch < slots->left ? slots->batch : slots->left;
    if (count > source->rest_count) count = source->rest_count;
    struct gri_slot_chain taken = {source->rest, count};
    for (uint32_t i = 0; i < count; i++)
        taken.first[i].work.next = i + 1 < count ? &taken.first[i + 1].work : NULL;
    source->rest += count;
    source->rest_count -= count;
    slots->left -= count;
    return taken;
}

int gri_slots_add(struct gri_slots *slots, unsigned loop, struct gri_slot_chain *chain)
{
    struct gri_slot_source *source = &slots->sources[loop];
    struct gri_slot_chain added = {NULL, 0};
    int error = 0;
    gri_mutex_lock(&slots->mutex);
    if (slots->left == 0)
        error = GR_ELIMIT;
    else if (source->rest_count == 0)
        error = add_chunk(slots, loop);
    if (error == 0) added = take_batch(slots, source);
    gri_mutex_unlock(&slots->mutex);
    if (error == 0) gri_slot_chain_move(chain, &added, added.count);
    return error;
}

/* Whether the loop is to be asked for free slots of its own: once, until it has answered. With the mutex held. */
static bool ask_outside(struct gri_slots *slots, unsigned loop)
{
    uint64_t bit = UINT64_C(1) << loop;
    bool first = !(slots->outside_asked & bit);
    slots->outside_asked |= bit;
    return first;
}

struct gr_actor *gri_slots_take_outside(struct gri_slots *slots, unsigned loop, int *error, bool *wants_more)
{
    struct gr_actor *actor = NULL;
    gri_mutex_lock(&slots->mutex);
    while (slots->sources[loop].outside.count == 0) {
        gri_mutex_unlock(&slots->mutex);
        struct gri_slot_chain added = {NULL, 0};
        *error = gri_slots_add(slots, loop, &added);
        if (*error == 0) gri_slots_give_outside(slots, loop, added);
        gri_mutex_lock(&slots->mutex);
        if (*error == 0) continue;
        *wants_more = ask_outside(slots, loop); /* where actors have ended, a later spawn succeeds */
        gri_mutex_unlock(&slots->mutex);
        return NULL;
    }
    actor = gri_slot_chain_pop(&slots->sources[loop].outside);
    *wants_more = slots->sources[loop].outside.count <= slots->batch / 4 && ask_outside(slots, loop);
    gri_mutex_unlock(&slots->mutex);
    return actor;
}

void gri_slots_give_outside(struct gri_slots *slots, unsigned loop, struct gri_slot_chain chain)
{
    gri_mutex_lock(&slots->mutex);
    slots->outside_asked &= ~(UINT64_C(1) << loop);
    gri_slot_chain_move(&slots->sources[loop].outside, &chain, chain.count);
    gri_mutex_unlock(&slots->mutex);
}

struct gr_actor *gri_slot_chain_pop(struct gri_slot_chain *chain)
{
    struct gr_actor *actor = chain->first;
    struct gri_work *next = actor->work.next;
    chain->first = next ? GRI_CONTAINER_OF(next, struct gr_actor, work) : NULL;
    chain->count--;
    return actor;
}

void gri_slot_chain_push(struct gri_slot_chain *chain, struct gr_actor *actor)
{
    actor->work.next = chain->first ? &chain->first->work : NULL;
    chain->first = actor;
    chain->count++;
}

void gri_slot_chain_move(struct gri_slot_chain *to, struct gri_slot_chain *from, uint32_t max)
{
    if (to->count == 0 && from->count <= max) {
        *to = *from;
        *from = (struct gri_slot_chain){NULL, 0};
        return;
    }
    while (max-- > 0 && from->count > 0) gri_slot_chain_push(to, gri_slot_chain_pop(from));
}
