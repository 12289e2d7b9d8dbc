/* SPDX-License-Identifier: Apache-2.0 */
/* Hash tables: what was added is found, whatever its hash, also where a table can't grow. */
#include "base/list.h"
#include "base/table.h"

#include <criterion/criterion.h>

struct element {
    struct gri_table_node node; /* its place */
    uint64_t key;               /* what it is looked up by */
};

enum { ELEMENTS = 1000 };

static struct element elements[ELEMENTS];

static struct element *find(const struct gri_table *table, uint64_t hash, uint64_t key)
{
    for (struct gri_table_node *node = gri_table_first(table, hash); node; node = gri_table_next(node)) {
        struct element *element = GRI_CONTAINER_OF(node, struct element, node);
        if (element->key == key) return element;
    }
    return NULL;
}

static uint64_t count_all(const struct gri_table *table)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i <= table->mask; i++)
        for (struct gri_table_node *node = gri_table_bucket(table, i); node; node = node->next) count++;
    return count;
}

/* Adds all, takes every third out, and looks for all. */
static void fill_and_thin(struct gri_table *table, uint64_t (*hash)(uint64_t key))
{
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        elements[i].key = i;
        cr_assert_null(find(table, hash(i), i));
        gri_table_add(table, &elements[i].node, hash(i));
        cr_assert_eq(find(table, hash(i), i), &elements[i]);
    }
    for (uint64_t i = 0; i < ELEMENTS; i += 3) gri_table_remove(table, &elements[i].node);
    for (uint64_t i = 0; i < ELEMENTS; i++)
        cr_assert_eq(find(table, hash(i), i), i % 3 == 0 ? NULL : &elements[i]);
    cr_assert_eq(table->count, count_all(table));
    cr_assert_eq(table->count, ELEMENTS - (ELEMENTS + 2) / 3);
}

static uint64_t stirred(uint64_t key)
{
    return gri_table_stir(0, key);
}

static uint64_t same(uint64_t key)
{
    return 7 + key % 2;
}

Test(table, what_was_added_is_found_until_it_is_taken_out)
{
    struct gri_table table;
    uint64_t before = gri_memory_used(gri_memory_default());
    gri_table_init(&table, gri_memory_default());
    fill_and_thin(&table, stirred);
    cr_assert_geq(table.mask + 1, ELEMENTS / 2, "it grew");
    gri_table_fini(&table);
    cr_assert_eq(gri_memory_used(gri_memory_default()), before);
}

Test(table, elements_of_one_hash_are_kept_apart)
{
    struct gri_table table;
    gri_table_init(&table, gri_memory_default());
    fill_and_thin(&table, same);
    gri_table_fini(&table);
}

static void *no_memory(struct gri_memory *memory, size_t size)
{
    return NULL;
}

Test(table, a_table_that_cannot_grow_stays_right)
{
    struct gri_memory memory = {.allocate = no_memory};
    struct gri_table table;
    gri_table_init(&table, &memory);
    fill_and_thin(&table, stirred);
    cr_assert_eq(table.mask + 1, GRI_TABLE_FEW);
    gri_table_fini(&table);
}

Test(table, a_table_grows_once_there_is_memory_again)
{
    struct gri_memory_fault fault;
    struct gri_table table;
    gri_memory_fault_init(&fault, gri_memory_default(), 1);
    gri_table_init(&table, &fault.memory);
    for (uint64_t i = 0; i <= GRI_TABLE_FEW; i++) gri_table_add(&table, &elements[i].node, stirred(i));
    cr_assert_eq(table.mask + 1, GRI_TABLE_FEW);
    gri_table_add(&table, &elements[GRI_TABLE_FEW + 1].node, stirred(GRI_TABLE_FEW + 1));
    cr_assert_eq(table.mask + 1, GRI_TABLE_FEW * 2);
    gri_table_fini(&table);
}

Test(table, a_hash_depends_on_each_word_and_their_order)
{
    uint64_t a = gri_table_stir(gri_table_stir(0, 1), 2), b = gri_table_stir(gri_table_stir(0, 2), 1);
    cr_assert_neq(a, b);
    unsigned low = 0;
    for (uint64_t i = 0; i < 64; i++) low |= 1u << (gri_table_stir(0, i << 32) & 15);
    cr_assert_eq(low, 0xffff, "high bits of a word reach the low bits of the hash");
}
