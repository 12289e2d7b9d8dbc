/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of message types and behaviours: read-only tables of the process, filled by constructors before main()
 * and by those of objects loaded later. It knows tables of fields, not messages, and behaviours only as definitions.
 *
 * Every name has one id; all tables of that name and of the same layout share it. Registering never allocates, aborts
 * or fails: what is wrong with a table is remembered, and gri_types_finish reports it when a system starts. A table
 * whose name is taken by another layout gets an id of its own that no name finds, so that messages of it are never
 * taken for the other's; a table that can't be used at all keeps id 0.
 *
 * Threads: registering takes a mutex; finding, by name or id, is lock-free and safe meanwhile. An object that registers
 * must not be unloaded.
 */
#ifndef GRI_MESSAGES_REGISTRY_H
#define GRI_MESSAGES_REGISTRY_H

#include "base/atomic.h"

#include <greenroom/actor.h>
#include <greenroom/message.h>

/* gr_type.flags: the message, or one nested in it, owns strings or buffers. */
#define GRI_TYPE_COUNTED 1u

/* Ids are 1 to this; they fit 16 bits. Of types and of behaviours. */
#define GRI_TYPE_ID_MAX 65535u

/* How deep messages nest at most: a message of plain fields has depth 1. */
#define GRI_TYPE_DEPTH_MAX 16u

/* The types by id; entry 0 stays NULL. Stored once with release, under the registry's mutex. */
extern gri_atomic_ptr gri_type_table[GRI_TYPE_ID_MAX + 1];

/* The type with this id (the first registered table of its name), or NULL. Any thread. */
static inline const struct gr_type *gri_type_by_id(uint32_t id)
{
    if (id > GRI_TYPE_ID_MAX) return NULL;
    return (const struct gr_type *)gri_load(&gri_type_table[id], GRI_ACQUIRE);
}

/* How many ids of types are in use: 1 to this. Any thread. */
uint32_t gri_type_count(void);

/* Finds a behaviour by name, or NULL. Any thread. */
const struct gr_behaviour *gri_behaviour_find(const char *name);

/* How many ids of behaviours are in use. Any thread. */
uint32_t gri_behaviour_count(void);

/*
 * Reports whether everything registered so far can be used; called when a system is created. Any number of times, from
 * any thread. Errors, each with a text in gri_thread_error that names the type or behaviour and what is wrong, the first
 * that happened: GR_ELAYOUT (one name, two layouts or definitions), GR_ELIMIT (too many, too large or nested too deep),
 * GR_EINVALID (a table that no macro writes).
 */
int gri_types_finish(void);

#endif
