/* SPDX-License-Identifier: Apache-2.0 */
/* Hash tables that grow when they can; see table.h. */
#include "base/table.h"

#include <string.h>

void gri_table_init(struct gri_table *table, struct gri_memory *memory)
{
    memset(table, 0, sizeof *table);
    table->buckets = table->few;
    table->memory = memory;
    table->mask = GRI_TABLE_FEW - 1;
}

static void give_buckets(struct gri_table *table)
{
    if (table->buckets == table->few) return;
    gri_memory_release(table->memory, table->buckets, (table->mask + 1) * sizeof *table->buckets);
}

void gri_table_fini(struct gri_table *table)
{
    give_buckets(table);
    table->buckets = NULL;
}

/* Doubles the buckets; without memory the chains get longer, until a later node finds some. */
static void grow(struct gri_table *table)
{
    uint64_t mask = table->mask * 2 + 1;
    size_t size = (mask + 1) * sizeof *table->buckets;
    struct gri_table_node **buckets = gri_memory_allocate(table->memory, size);
    if (buckets == NULL) return;
    memset(buckets, 0, size);
    for (uint64_t i = 0; i <= table->mask; i++) {
        struct gri_table_node *node = table->buckets[i];
        while (node != NULL) {
            struct gri_table_node *next = node->next;
            node->next = buckets[node->hash & mask];
            buckets[node->hash & mask] = node;
            node = next;
        }
    }
    give_buckets(table);
    table->buckets = buckets;
    table->mask = mask;
}

void gri_table_add(struct gri_table *table, struct gri_table_node *node, uint64_t hash)
{
    if (table->count > table->mask) grow(table);
    struct gri_table_node **bucket = &table->buckets[hash & table->mask];
    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    table->count++;
}

void gri_table_remove(struct gri_table *table, struct gri_table_node *node)
{
    struct gri_table_node **place = &table->buckets[node->hash & table->mask];
    while (*place != node) place = &(*place)->next;
    *place = node->next;
    table->count--;
}
