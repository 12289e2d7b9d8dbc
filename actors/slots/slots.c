/* SPDX-License-Identifier: Apache-2.0 */
/* The slot table and chains of free slots; see slots.h. */
#include "actors/slots/slots.h"

#include "actors/actor.h"

#include <string.h>

#define CHUNK_BYTES (GRI_SLOTS_PER_CHUNK * sizeof(struct gr_actor))

int gri_slots_init(struct gri_slots *slots, struct gri_memory *memory, uint32_t actors_max,
                   unsigned loop_count, uint64_t first_generation)
{
    memset(slots, 0, sizeof *slots);
    slots->memory = memory;
    slots->loop_count = loop_count;
    slots->first_generation = first_generation;
    /* Of each loop's slots a chunk may be begun for itself, for plain threads and for each other loop. */
    uint32_t begun = loop_count * (loop_count + 1) - 1;
    slots->chunks_max = (actors_max + GRI_SLOTS_PER_CHUNK - 1) / GRI_SLOTS_PER_CHUNK + begun;
    slots->chunks = gri_memory_allocate(memory, slots->chunks_max * sizeof *slots->chunks);
    if (slots->chunks == NULL) return GR_ENOMEM;
    slots->outside = gri_memory_allocate(memory, loop_count * sizeof *slots->outside);
    if (slots->outside == NULL) {
        gri_memory_release(memory, slots->chunks, slots->chunks_max * sizeof *slots->chunks);
        slots->chunks = NULL; /* nothing is left for gri_slots_fini */
        return GR_ENOMEM;
    }
    memset(slots->chunks, 0, slots->chunks_max * sizeof *slots->chunks);
    memset(slots->outside, 0, loop_count * sizeof *slots->outside);
    gri_mutex_init(&slots->mutex);
    return 0;
}

void gri_slots_fini(struct gri_slots *slots)
{
    if (slots->chunks == NULL) return;
    for (uint32_t i = 0; i < gri_load(&slots->chunk_count, GRI_RELAXED); i++)
        gri_memory_release(slots->memory, gri_load(&slots->chunks[i], GRI_RELAXED), CHUNK_BYTES);
    gri_memory_release(slots->memory, slots->outside, slots->loop_count * sizeof *slots->outside);
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
        actor->work.next = i + 1 < GRI_SLOTS_PER_CHUNK ? &actors[i + 1].work : NULL;
    }
}

int gri_slots_add(struct gri_slots *slots, unsigned loop, struct gri_slot_chain *chain)
{
    struct gr_actor *actors = gri_memory_allocate(slots->memory, CHUNK_BYTES);
    if (actors == NULL) return GR_ENOMEM;
    gri_mutex_lock(&slots->mutex);
    uint32_t number = gri_load(&slots->chunk_count, GRI_RELAXED);
    if (number == slots->chunks_max) {
        gri_mutex_unlock(&slots->mutex);
        gri_memory_release(slots->memory, actors, CHUNK_BYTES);
        return GR_ELIMIT;
    }
    init_chunk(slots, actors, number, loop);
    /* Publishes the chunk; acquired by gri_slots_chunk, also of threads that guess a slot number. */
    gri_store(&slots->chunks[number], actors, GRI_RELEASE);
    gri_store(&slots->chunk_count, number + 1, GRI_RELEASE); /* acquired by listings */
    gri_mutex_unlock(&slots->mutex);
    struct gri_slot_chain added = {actors, GRI_SLOTS_PER_CHUNK};
    gri_slot_chain_move(chain, &added, GRI_SLOTS_PER_CHUNK);
    return 0;
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
    while (slots->outside[loop].count == 0) {
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
    actor = gri_slot_chain_pop(&slots->outside[loop]);
    *wants_more = slots->outside[loop].count <= GRI_SLOTS_PER_CHUNK / 4 && ask_outside(slots, loop);
    gri_mutex_unlock(&slots->mutex);
    return actor;
}

void gri_slots_give_outside(struct gri_slots *slots, unsigned loop, struct gri_slot_chain chain)
{
    gri_mutex_lock(&slots->mutex);
    slots->outside_asked &= ~(UINT64_C(1) << loop);
    gri_slot_chain_move(&slots->outside[loop], &chain, chain.count);
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
