/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles: numbers by which an actor's obligations - futures, watches, timers - are named from outside. An answer that
 * comes back carries a handle, never a pointer: a late one finds nothing. It owns none of what it names.
 */
#ifndef GRI_FUTURES_HANDLES_H
#define GRI_FUTURES_HANDLES_H

#include "base/list.h"
#include "base/pool.h"
#include "base/table.h"

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

/* A table that grows, and beside it one place for what its actor does most: one gr_call at a time. All zeroes is empty. */
struct gri_handles {
    struct gri_handle_entry *entries; /* `capacity` of them */
    uint32_t capacity;                /* entries */
    uint32_t free;                    /* index + 1 of the first free entry; 0: none */
    struct gri_obligation *call;      /* what `call_handle` names */
    uint64_t call_handle;             /* the name in use, or 0 */
    uint64_t calls;                   /* names that were given for the one place, and `first` */
    uint64_t first;                   /* even: the generation that all places begin with */
};

/* A handle is an index in the table and, above it, a generation. */
#define GRI_HANDLE_INDEX_BITS 24
#define GRI_HANDLE_INDEX_MASK ((UINT64_C(1) << GRI_HANDLE_INDEX_BITS) - 1)

/* Of an empty one: makes the names of tables with unlike seeds differ, but for one in 2^38. */
static inline void gri_handles_seed(struct gri_handles *handles, uint64_t seed)
{
    handles->first = gri_table_stir(0, seed) >> 26 << 1;
    handles->calls = handles->first;
}

/* Names an object; 0 when there is no memory, or 2^24 are in use. */
uint64_t gri_handles_add(struct gri_handles *handles, struct gri_pool *pool, struct gri_obligation *object);

/* Names an object in the one place, which must be free; needs no memory. The index is one that the table never has. */
static inline uint64_t gri_handles_add_call(struct gri_handles *handles, struct gri_obligation *object)
{
    handles->call = object;
    handles->call_handle = ++handles->calls << GRI_HANDLE_INDEX_BITS | GRI_HANDLE_INDEX_MASK;
    return handles->call_handle;
}

/* The same as those below, for names in the table. */
struct gri_obligation *gri_handles_find_entry(const struct gri_handles *handles, uint64_t handle);
void gri_handles_remove_entry(struct gri_handles *handles, uint64_t handle);

/* What a handle names, or NULL. */
static inline struct gri_obligation *gri_handles_find(const struct gri_handles *handles, uint64_t handle)
{
    if (handle == handles->call_handle && handle != 0) return handles->call;
    return gri_handles_find_entry(handles, handle);
}

/* Ends a name; nothing if it is over. */
static inline void gri_handles_remove(struct gri_handles *handles, uint64_t handle)
{
    if (handle == handles->call_handle)
        handles->call_handle = 0;
    else
        gri_handles_remove_entry(handles, handle);
}

/* Frees the table. */
void gri_handles_fini(struct gri_handles *handles, struct gri_pool *pool);

#endif
