/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive chained hash tables: the node is part of the element, so adding one never fails. A table starts with a few
 * buckets of its own and grows by itself; where there is no memory to grow it stays right, only slower. It knows
 * hashes, not keys: who looks something up compares. Not thread-safe.
 */
#ifndef GRI_BASE_TABLE_H
#define GRI_BASE_TABLE_H

#include "base/memory.h"

#include <stddef.h>
#include <stdint.h>

#define GRI_TABLE_FEW 4u /* buckets that a table starts with; a power of two */

/* A place in a table. */
struct gri_table_node {
    struct gri_table_node *next; /* in its bucket */
    uint64_t hash;               /* of its key: all bits should depend on all of the key */
};

/* A table. It must not move while in use. */
struct gri_table {
    struct gri_table_node **buckets;           /* mask + 1 of them */
    struct gri_table_node *few[GRI_TABLE_FEW]; /* the first ones */
    struct gri_memory *memory;                 /* where more come from */
    uint64_t mask;                             /* buckets - 1 */
    uint64_t count;                            /* elements */
};

void gri_table_init(struct gri_table *table, struct gri_memory *memory);

/* Gives the buckets back. The elements are the caller's. */
void gri_table_fini(struct gri_table *table);

/* Adds a node that is in no table. */
void gri_table_add(struct gri_table *table, struct gri_table_node *node, uint64_t hash);

/* Takes out a node that is in the table. */
void gri_table_remove(struct gri_table *table, struct gri_table_node *node);

/* The first node at or after `node` in its bucket's chain that has the hash; NULL: none. */
static inline struct gri_table_node *gri_table_skip(struct gri_table_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash) node = node->next;
    return node;
}

/* The nodes with a hash, in no order: the first, and the one after another; NULL after the last. */
static inline struct gri_table_node *gri_table_first(const struct gri_table *table, uint64_t hash)
{
    return gri_table_skip(table->buckets[hash & table->mask], hash);
}

static inline struct gri_table_node *gri_table_next(const struct gri_table_node *node)
{
    return gri_table_skip(node->next, node->hash);
}

/* The chain of a bucket, 0 to `mask`, to go through all nodes by `next`. */
static inline struct gri_table_node *gri_table_bucket(const struct gri_table *table, uint64_t bucket)
{
    return table->buckets[bucket];
}

/* Makes a hash of words by stirring in one after the other: start with 0. */
static inline uint64_t gri_table_stir(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

#endif
