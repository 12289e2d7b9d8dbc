/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The census: what the living actors of a loop do just now. Exact on that loop's own thread between turns, or while no loop
 * runs; from elsewhere only what senders may read too.
 */
#ifndef GRI_ACTORS_CENSUS_H
#define GRI_ACTORS_CENSUS_H

#include "actors/system.h"

/* What an actor does. */
enum gri_doing {
    GRI_DOING_UNKNOWN, /* its loop was not asked */
    GRI_DOING_RUNNING, /* has the turn */
    GRI_DOING_READY,   /* waits for its turn */
    GRI_DOING_MAIL,    /* waits for mail */
    GRI_DOING_FUTURE,  /* a coroutine that waits for a future */
    GRI_DOING_TIME,    /* a coroutine that sleeps */
    GRI_DOING_ROOM,    /* a coroutine that waits for room in a mailbox */
    GRI_DOING_RESTING, /* a handler actor that sent to a full mailbox */
    GRI_DOING_COUNT
};

/* One actor. */
struct gri_census_row {
    struct gr_actor_info info; /* what anyone may see */
    enum gri_doing doing;      /* what it does */
    uint32_t requests;         /* its pending requests and blocking jobs; 0 if its loop was not asked */
    uint32_t asked; /* enum gri_future_kind: what the one is that it waits for, or else the first of them */
    gr_ref to;      /* of that: who was asked, or does the task; else null */
    const struct gr_behaviour *task; /* of that: the task; else NULL */
};

/* Rows under construction; several loops may add at once. */
struct gri_census {
    struct gri_census_row *rows;          /* `capacity` of them; used: the first `taken` */
    uint32_t capacity;                    /* elements */
    gri_atomic_u32 taken;                 /* actors seen, also those for which there was no row */
    gri_atomic_u32 by_loop[GR_LOOPS_MAX]; /* actors seen, by loop */
};

/* Adds the actors that live on a loop. `exact`: the caller may touch what belongs to that loop. */
void gri_census_add(struct gri_census *census, const struct gr_system *system, unsigned loop, bool exact);

/* What an actor does, in a few words. */
const char *gri_doing_name(enum gri_doing doing);

#endif
