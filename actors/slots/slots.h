/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots: the type-stable memory of all actors of a system, in chunks that are never freed before the system is. A slot
 * number leads to its actor in two loads. Each slot is born on one loop, which owns it while it is free; another loop
 * or thread that wants to name an actor there holds free slots on lease. It knows slots, not actors' lives.
 *
 * The limit: slots are given out in batches, of a chunk in which all are born on one loop. Whoever holds free slots (each
 * loop, each other loop on lease, and plain threads, for each loop) may hold about a batch, so the limit is larger by
 * that many: then the number that was asked for can live in any case. A batch is chosen so that this is at most an
 * eighth, or a slot for each holder where that is more.
 */
#ifndef GRI_ACTORS_SLOTS_H
#define GRI_ACTORS_SLOTS_H

#include "base/atomic.h"
#include "base/memory.h"
#include "base/platform.h"

#include <greenroom/actor.h>

#define GRI_SLOTS_PER_CHUNK 1024u
#define GRI_SLOTS_DEFAULT   (16u << 20) /* the limit on actors if none was asked for */

/* Free slots, linked through their work item. */
struct gri_slot_chain {
    struct gr_actor *first; /* the next to use */
    uint32_t count;         /* slots */
};

/* What a loop has beside the slots it owns. */
struct gri_slot_source {
    struct gri_slot_chain outside; /* its free slots for plain threads */
    struct gr_actor *rest;         /* those of its newest chunk that were not given out */
    uint32_t rest_count;           /* how many */
};

struct gri_slots {
    gri_atomic_ptr *chunks;     /* arrays of GRI_SLOTS_PER_CHUNK actors, in order; NULL where not made yet */
    uint32_t chunks_max;        /* elements of `chunks` */
    gri_atomic_u32 chunk_count; /* chunks made; stored under `mutex` */
    uint64_t first_generation;  /* of each slot's first actor */
    struct gri_memory *memory;  /* where chunks come from */
    gri_mutex mutex;            /* over making chunks, and all that follows */
    struct gri_slot_source *sources; /* by loop */
    uint64_t outside_asked;          /* a bit for each loop that was asked for more slots for plain threads */
    uint32_t left;                   /* slots that may still be given out */
    uint32_t batch;                  /* of which so many at once; constant */
    uint32_t actors_max;             /* what was asked for; constant */
    unsigned loop_count;             /* elements of `sources` */
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

/* How many slots a loop lends at once. */
static inline uint32_t gri_slots_lease(const struct gri_slots *slots)
{
    return (slots->batch + 3) / 4;
}

/* A batch of fresh slots, born on `loop`, owned by the caller. Errors: GR_ENOMEM, GR_ELIMIT. Any thread. */
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
