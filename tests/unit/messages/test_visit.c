/* SPDX-License-Identifier: Apache-2.0 */
/* Visiting fields, and holding, releasing and measuring what messages own. */
#include "account.h"
#include "base/memory.h"
#include "messages/block.h"
#include "messages/registry.h"
#include "messages/visit.h"
#include "shared_types.h"

#include <criterion/criterion.h>
#include <string.h>

struct visit_item {
    uint16_t weight;
    gr_string label;
    gr_buffer parts[2];
};
GR_MESSAGE(visit_item, GR_FIELD(visit_item, weight), GR_FIELD(visit_item, label),
           GR_ARRAY(visit_item, parts));

struct visit_box {
    gr_ref owner;
    gr_string name;
    struct visit_item items[3];
    gr_buffer bytes;
};
GR_MESSAGE(visit_box, GR_FIELD(visit_box, owner), GR_FIELD(visit_box, name),
           GR_NESTED(visit_box, items, visit_item), GR_FIELD(visit_box, bytes));

TestSuite(visit, .init = use_account, .fini = expect_no_leak);

/* What a visit saw. */
struct seen {
    const struct gr_field *fields[32]; /* in order */
    const void *values[32];            /* of the same */
    int count;                         /* visits so far */
    int stop_at;                       /* the visit that ends it, from 1; 0: none */
};

static int note(void *context, const struct gr_field *field, const void *value)
{
    struct seen *seen = context;
    seen->fields[seen->count] = field;
    seen->values[seen->count] = value;
    seen->count++;
    return seen->count == seen->stop_at ? 42 : 0;
}

Test(visit, fields_come_in_table_order_with_their_values)
{
    struct shared_all m = {.yes = true};
    struct seen seen = {.stop_at = 0};
    cr_assert_eq(gr_message_visit(&shared_all_gr_type, &m, note, &seen), 0);
    cr_assert_eq(seen.count, 21);
    for (int i = 0; i < seen.count; i++) cr_assert_eq(seen.fields[i], &shared_all_gr_fields[i]);
    cr_assert_eq(seen.values[0], (void *)&m.yes);
    cr_assert_eq(seen.values[11], (void *)&m.f64);
    cr_assert_eq(seen.values[20], (void *)&m.point);
}

Test(visit, a_non_zero_result_ends_the_visit_and_is_returned)
{
    struct shared_all m = {.yes = true};
    for (int stop = 1; stop <= 21; stop++) {
        struct seen seen = {.stop_at = stop};
        cr_assert_eq(gr_message_visit(&shared_all_gr_type, &m, note, &seen), 42);
        cr_assert_eq(seen.count, stop);
    }
}

Test(visit, an_empty_message_has_nothing_to_visit)
{
    struct seen seen = {.stop_at = 1};
    cr_assert_eq(gr_message_visit(&shared_nothing_gr_type, NULL, note, &seen), 0);
    cr_assert_eq(seen.count, 0);
}

static gr_string string_of_length(size_t length)
{
    static const char text[100];
    gr_string s;
    cr_assert_eq(gr_string_copy(NULL, text, length, &s), 0);
    return s;
}

static gr_buffer buffer_of_size(size_t size)
{
    gr_buffer b;
    uint8_t *bytes;
    cr_assert_eq(gr_buffer_create(NULL, size, &b, &bytes), 0);
    return b;
}

/* A box whose slices have the lengths 1 to 11: together 66 bytes. */
static struct visit_box full_box(void)
{
    struct visit_box box = {.owner = {1, 2, 3}, .name = string_of_length(1), .bytes = buffer_of_size(2)};
    size_t length = 3;
    for (int i = 0; i < 3; i++) {
        box.items[i].label = string_of_length(length++);
        for (int k = 0; k < 2; k++) box.items[i].parts[k] = buffer_of_size(length++);
    }
    return box;
}

static void expect_counts(const struct visit_box *box, uint32_t count)
{
    cr_assert_eq(gri_load(&box->name.block->count, GRI_RELAXED), count);
    cr_assert_eq(gri_load(&box->bytes.block->count, GRI_RELAXED), count);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(gri_load(&box->items[i].label.block->count, GRI_RELAXED), count, "label %d", i);
        for (int k = 0; k < 2; k++)
            cr_assert_eq(gri_load(&box->items[i].parts[k].block->count, GRI_RELAXED), count, "part %d.%d", i,
                         k);
    }
}

Test(visit, holding_counts_every_slice_and_releasing_gives_it_back)
{
    struct visit_box box = full_box();
    struct visit_box copy = box;
    gri_message_hold(&visit_box_gr_type, &copy);
    expect_counts(&box, 2);
    gri_message_hold(&visit_box_gr_type, &box);
    expect_counts(&box, 3);
    gr_message_release(&visit_box_gr_type, &copy);
    gr_message_release(&visit_box_gr_type, &copy);
    expect_counts(&box, 1);
    gr_message_release(&visit_box_gr_type, &box);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

Test(visit, counted_bytes_are_the_lengths_of_all_slices)
{
    struct visit_box box = full_box();
    cr_assert_eq(gri_message_counted_bytes(&visit_box_gr_type, &box), 66);
    gr_message_release(&visit_box_gr_type, &box);
    cr_assert_eq(gri_message_counted_bytes(&visit_box_gr_type, &(struct visit_box){.owner = {1, 2, 3}}), 0);
}

Test(visit, counted_bytes_stay_at_the_largest_number)
{
    struct visit_box box = {.name = {NULL, SIZE_MAX - 1, NULL}, .bytes = {NULL, 1, NULL}};
    cr_assert_eq(gri_message_counted_bytes(&visit_box_gr_type, &box), SIZE_MAX);
    box.bytes.size = 2;
    cr_assert_eq(gri_message_counted_bytes(&visit_box_gr_type, &box), SIZE_MAX);
    box.items[2].parts[1].size = 1;
    box.items[0].label.length = SIZE_MAX;
    cr_assert_eq(gri_message_counted_bytes(&visit_box_gr_type, &box), SIZE_MAX);
}

Test(visit, static_and_empty_slices_are_fine)
{
    struct visit_box box = {.name = gr_string_static("static"), .items[1].label = gr_string_static("x")};
    gri_message_hold(&visit_box_gr_type, &box);
    gr_message_release(&visit_box_gr_type, &box);
    gr_message_release(&visit_box_gr_type, &box);
    cr_assert_eq(gri_message_counted_bytes(&visit_box_gr_type, &box), 7);
}

Test(visit, two_fields_of_one_block_are_two_counts)
{
    struct visit_item item = {.label = string_of_length(10)};
    item.parts[0] = (gr_buffer){(const uint8_t *)item.label.data, 10, gr_string_hold(item.label).block};
    gr_message_release(&visit_item_gr_type, &item);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

Test(visit, messages_without_slices_are_not_read)
{
    cr_assert_not(shared_point_gr_type.flags & GRI_TYPE_COUNTED);
    gri_message_hold(&shared_point_gr_type, NULL);
    gr_message_release(&shared_point_gr_type, NULL);
    cr_assert_eq(gri_message_counted_bytes(&shared_point_gr_type, NULL), 0);
}
