/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles: numbers by which an actor's obligations - futures, watches, timers - are named from outside. An answer that
 * comes back carries a handle, never a pointer: a late one finds nothing. It owns none of what it names.
 */
#ifndef GRI_FUTURES_HANDLES_H
#define GRI_FUTURES_HANDLES_H

#include "base/list.h"
#include "base/pool.h"

#include <greenroom/base.h>

struct gr_actor;

/* The part that all obligations begin with. */
struct gri_obligation {
    struct gri_list_node node;                                     /* in its actor's list */
    uint64_t handle;                                               /* its number, or 0 once it is over */
    void (*drop)(struct gr_actor *owner, struct gri_obligation *); /* ends it early, and says what it is */
};

/* One place of the table. */
struct gri_handle_entry {
    void *object;        /* the obligation, or, while free, the next free index + 1 */
    uint64_t generation; /* how often the place was used; a handle names one use */
};

/* A table that grows. All zeroes is empty. */
struct gri_handles {
    struct gri_handle_entry *entries; /* `capacity` of them */
    uint32_t capacity;                /* entries */
    uint32_t free;                    /* index + 1 of the first free entry; 0: none */
};

/* Names an object; 0 when there is no memory, or 2^24 are in use. */
uint64_t gri_handles_add(struct gri_handles *handles, struct gri_pool *pool, struct gri_obligation *object);

/* What a handle names, or NULL. */
struct gri_obligation *gri_handles_find(const struct gri_handles *handles, uint64_t handle);

/* Ends a name; nothing if it is over. */
void gri_handles_remove(struct gri_handles *handles, uint64_t handle);

/* Frees the table. */
void gri_handles_fini(struct gri_handles *handles, struct gri_pool *pool);

#endif
