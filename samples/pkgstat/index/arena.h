/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for many small things that end together. Nothing in it can be freed on its own. */
#ifndef PKGSTAT_ARENA_H
#define PKGSTAT_ARENA_H

#include <stddef.h>

struct arena_block;

/* All zeroes is an empty arena. */
struct arena {
    struct arena_block *blocks; /* newest first */
    size_t left;                /* bytes free at the end of the newest block */
    size_t bytes;               /* taken from the system so far */
};

/* `size` bytes, aligned for any type, not cleared; NULL when there is no memory. */
void *arena_take(struct arena *arena, size_t size);

/* Gives everything back; the arena is empty then. */
void arena_fini(struct arena *arena);

#endif
