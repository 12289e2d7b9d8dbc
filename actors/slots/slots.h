/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots: the type-stable memory of all actors of a system, in chunks that are never freed before the system is. A slot
 * number leads to its actor in two loads. Each slot is born on one loop, which owns it while it is free; another loop
 * or thread that wants to name an actor there holds free slots on lease. It knows slots, not actors' lives.
 */
#ifndef GRI_ACTORS_SLOTS_H
#define GRI_ACTORS_SLOTS_H

#include "base/atomic.h"
#include "base/memory.h"
#include "base/platform.h"

#include <greenroom/actor.h>

#define GRI_SLOTS_PER_CHUNK 1024u
#define GRI_SLOTS_DEFAULT   (16u << 20)

/* Free slots, linked through their work item. */
struct gri_slot_chain {
    struct gr_actor *first; /* the next to use */
    uint32_t count;         /* slots */
};

struct gri_slots {
    gri_atomic_ptr *chunks;     /* arrays of GRI_SLOTS_PER_CHUNK actors, in order; NULL where not made yet */
    uint32_t chunks_max;        /* elements of `chunks` */
    gri_atomic_u32 chunk_count; /* chunks made; stored under `mutex` */
    uint64_t first_generation;  /* of each slot's first actor */
    struct gri_memory *memory;  /* where chunks come from */
    gri_mutex mutex;            /* over making chunks, and `outside` */
    struct gri_slot_chain *outside; /* free slots of each loop for plain threads, by index */
    uint64_t outside_asked;         /* a bit for each loop that was asked for more of them */
    unsigned loop_count;            /* elements of `outside` */
};

/* Errors: GR_ENOMEM. */
int gri_slots_init(struct gri_slots *slots, struct gri_memory *memory, uint32_t actors_max,
                   unsigned loop_count, uint64_t first_generation);
void gri_slots_fini(struct gri_slots *slots);

/* The actors of a chunk, or NULL if there is no such chunk. Any thread. */
static inline struct gr_actor *gri_slots_chunk(const struct gri_slots *slots, uint32_t chunk)
{
    if (__builtin_expect(chunk >= slots->chunks_max, 0)) return NULL;
    /* Acquires the initialised chunk that gri_slots_add published. */
    return gri_load(&slots->chunks[chunk], GRI_ACQUIRE);
}

/* A fresh chunk's slots, born on `loop`, owned by the caller. Errors: GR_ENOMEM, GR_ELIMIT. Any thread. */
int gri_slots_add(struct gri_slots *slots, unsigned loop, struct gri_slot_chain *chain);

/* A free slot of `loop` for a plain thread; *wants_more: the loop should be asked for some. NULL: *error tells. */
struct gr_actor *gri_slots_take_outside(struct gri_slots *slots, unsigned loop, int *error, bool *wants_more);

/* Adds slots for plain threads. */
void gri_slots_give_outside(struct gri_slots *slots, unsigned loop, struct gri_slot_chain chain);

/* Takes the first slot of a chain, which is not empty; and puts one in front. */
struct gr_actor *gri_slot_chain_pop(struct gri_slot_chain *chain);
void gri_slot_chain_push(struct gri_slot_chain *chain, struct gr_actor *actor);

/* Moves at most `max` slots of `from` in front of `to`. */
void gri_slot_chain_move(struct gri_slot_chain *to, struct gri_slot_chain *from, uint32_t max);

#endif
