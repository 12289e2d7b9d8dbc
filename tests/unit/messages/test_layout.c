/* SPDX-License-Identifier: Apache-2.0 */
/* Checking, hashing and comparing field tables, good and bad, written by hand and drawn at random. */
#include "base/random.h"
#include "messages/layout.h"
#include "messages/registry.h"
#include "shared_types.h"

#include <greenroom/error.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char sentence[512]; /* what the last check or comparison said */

static int check(const struct gr_type *type)
{
    struct gri_text why;
    gri_text_init(&why, sentence, sizeof sentence);
    return gri_layout_check(type, &why);
}

static bool differs(const struct gr_type *a, const struct gr_type *b)
{
    struct gri_text why;
    gri_text_init(&why, sentence, sizeof sentence);
    return gri_layout_differs(a, b, &why);
}

static void expect_refused(const struct gr_type *type, int error, const char *want)
{
    int err = check(type);
    cr_assert_eq(err, error, "%s: %s", gr_error_name(err), sentence);
    cr_assert_not_null(strstr(sentence, want), "\"%s\" has no \"%s\"", sentence, want);
}

/* A type of two fields: an i64 "a" at 0 and an i32 "b" at 8. */
struct small {
    struct gr_field fields[2]; /* its table */
    struct gr_type type;       /* what points to it */
};

static void make_small(struct small *small)
{
    small->fields[0] = (struct gr_field){"a", 0, 8, 1, GR_KIND_I64, NULL};
    small->fields[1] = (struct gr_field){"b", 8, 4, 1, GR_KIND_I32, NULL};
    small->type = (struct gr_type){
        .name = "small", .size = 16, .align = 8, .field_count = 2, .fields = small->fields};
}

Test(layout, what_the_macros_write_is_good)
{
    static const struct gr_type *const types[] = {
        &shared_point_gr_type,   &shared_all_gr_type,  &shared_arrays_gr_type,
        &shared_nothing_gr_type, &shared_deep_gr_type, &shared_qualified_gr_type,
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        cr_assert_eq(check(types[i]), 0, "%s: %s", types[i]->name, sentence);
}

Test(layout, the_macros_tables_say_what_the_structs_are)
{
    const struct gr_field *f = shared_arrays_gr_type.fields;
    cr_assert_eq(f[0].kind, GR_KIND_I32);
    cr_assert_eq(f[0].count, 3);
    cr_assert_eq(f[1].kind, GR_KIND_CHAR);
    cr_assert_eq(f[1].count, 8);
    cr_assert_eq(f[2].kind, GR_KIND_STRING);
    cr_assert_eq(f[2].size, sizeof(gr_string));
    cr_assert_eq(f[3].kind, GR_KIND_REF);
    cr_assert_eq(f[4].kind, GR_KIND_NESTED);
    cr_assert_eq(f[4].nested, &shared_point_gr_type);
    cr_assert_eq(f[4].size, sizeof(struct shared_point));
    cr_assert_eq(f[4].count, 2);
    cr_assert_eq(f[4].offset, offsetof(struct shared_arrays, points));
    cr_assert_eq(f[5].kind, GR_KIND_U8);
    cr_assert_eq(shared_qualified_gr_type.fields[2].kind, GR_KIND_I32); /* an enum with a negative value */
    cr_assert_eq(shared_nothing_gr_type.size, 0);
}

Test(layout, types_without_a_proper_head_are_refused)
{
    struct small s;
    make_small(&s);
    cr_assert_eq(check(&s.type), 0, "%s", sentence);
    s.type.name = NULL;
    expect_refused(&s.type, GR_EINVALID, "no name");
    s.type.name = "";
    expect_refused(&s.type, GR_EINVALID, "no name");
    make_small(&s);
    s.type.fields = NULL;
    expect_refused(&s.type, GR_EINVALID, "no table");
    make_small(&s);
    s.type.size = GR_MESSAGE_SIZE_MAX + 1;
    expect_refused(&s.type, GR_ELIMIT, "65537 bytes");
    s.type.size = GR_MESSAGE_SIZE_MAX;
    cr_assert_eq(check(&s.type), 0, "%s", sentence);
    static const uint32_t aligns[] = {0, 3, 32, 1u << 31};
    for (size_t i = 0; i < sizeof aligns / sizeof *aligns; i++) {
        s.type.align = aligns[i];
        expect_refused(&s.type, GR_ELIMIT, "aligned to");
    }
    s.type.align = GR_MESSAGE_ALIGN_MAX;
    cr_assert_eq(check(&s.type), 0, "%s", sentence);
}

Test(layout, fields_outside_the_struct_are_refused)
{
    static const struct {
        uint32_t offset, count;
    } bad[] = {{16, 1}, {12, 2}, {8, 3}, {8, UINT32_MAX}, {UINT32_MAX - 3, 1}, {UINT32_MAX - 3, UINT32_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct small s;
        make_small(&s);
        s.fields[1].offset = bad[i].offset;
        s.fields[1].count = bad[i].count;
        expect_refused(&s.type, GR_EINVALID, "\"b\" lies outside");
    }
    struct small s;
    make_small(&s);
    s.fields[1] = (struct gr_field){"b", 15, 1, 1, GR_KIND_U8, NULL};
    cr_assert_eq(check(&s.type), 0, "%s", sentence);
    s.fields[1].count = 2; /* by one byte */
    expect_refused(&s.type, GR_EINVALID, "\"b\" lies outside");
}

Test(layout, bad_kinds_sizes_and_counts_are_refused)
{
    static const int kinds[] = {0, GR_KIND_NESTED + 1, 1000, INT32_MAX};
    struct small s;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        make_small(&s);
        memcpy(&s.fields[1].kind, &kinds[i], sizeof kinds[i]); /* no value of the enum */
        expect_refused(&s.type, GR_EINVALID, "unknown kind");
    }
    make_small(&s);
    s.fields[1].size = 8;
    expect_refused(&s.type, GR_EINVALID, "elements of 8 bytes, where kind i32 has 4");
    make_small(&s);
    s.fields[1].count = 0;
    expect_refused(&s.type, GR_EINVALID, "no elements");
    make_small(&s);
    s.fields[1].name = NULL;
    expect_refused(&s.type, GR_EINVALID, "field 2 has no name");
    make_small(&s);
    s.fields[1].kind = GR_KIND_NESTED;
    expect_refused(&s.type, GR_EINVALID, "without a type");
    make_small(&s);
    s.fields[1].nested = &shared_point_gr_type;
    expect_refused(&s.type, GR_EINVALID, "with a type");
}

Test(layout, unaligned_fields_are_refused)
{
    struct small s;
    make_small(&s);
    s.fields[1].offset = 9;
    expect_refused(&s.type, GR_EINVALID, "packed");
    make_small(&s);
    s.type.align = 4;
    expect_refused(&s.type, GR_EINVALID, "packed");
}

Test(layout, overlapping_fields_are_refused)
{
    struct small s;
    for (uint32_t offset = 0; offset < 8; offset += 4) {
        make_small(&s);
        s.fields[1].offset = offset;
        expect_refused(&s.type, GR_EINVALID, "\"a\" and \"b\" overlap");
    }
    make_small(&s); /* the other way round, touching, is fine */
    s.fields[0].offset = 8;
    s.fields[1].offset = 0;
    s.fields[1].count = 2;
    cr_assert_eq(check(&s.type), 0, "%s", sentence);
    s.fields[1].count = 3;
    expect_refused(&s.type, GR_EINVALID, "overlap");
}

Test(layout, nested_types_are_checked_too)
{
    struct small inner;
    struct gr_field field = {"in", 0, 16, 1, GR_KIND_NESTED, &inner.type};
    struct gr_type outer = {.name = "outer", .size = 16, .align = 8, .field_count = 1, .fields = &field};
    make_small(&inner);
    cr_assert_eq(check(&outer), 0, "%s", sentence);
    field.size = 8;
    expect_refused(&outer, GR_EINVALID, "where kind nested has 16");
    field.size = 16;
    outer.align = 4;
    expect_refused(&outer, GR_EINVALID, "packed");
    outer.align = 8;
    inner.fields[1].offset = 4;
    expect_refused(&outer, GR_EINVALID, "overlap, inside field \"in\"");
    make_small(&inner);
    inner.type.align = 0;
    expect_refused(&outer, GR_EINVALID, "packed");
}

/* Types that nest `count` deep, the last a plain one. */
static void make_chain(struct gr_type *types, struct gr_field *fields, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        fields[i] = (struct gr_field){
            "f", 0, 8, 1, last ? GR_KIND_I64 : GR_KIND_NESTED, last ? NULL : &types[i + 1]};
        types[i] = (struct gr_type){
            .name = "chain", .size = 8, .align = 8, .field_count = 1, .fields = &fields[i]};
    }
}

Test(layout, messages_nest_sixteen_deep_and_not_deeper)
{
    struct gr_type types[GRI_TYPE_DEPTH_MAX + 1];
    struct gr_field fields[GRI_TYPE_DEPTH_MAX + 1];
    make_chain(types, fields, GRI_TYPE_DEPTH_MAX);
    cr_assert_eq(check(&types[0]), 0, "%s", sentence);
    make_chain(types, fields, GRI_TYPE_DEPTH_MAX + 1);
    expect_refused(&types[0], GR_ELIMIT, "nest deeper than 16");
}

Test(layout, a_type_that_contains_itself_is_refused)
{
    struct gr_field field = {"f", 0, 8, 1, GR_KIND_NESTED, NULL};
    struct gr_type type = {.name = "self", .size = 8, .align = 8, .field_count = 1, .fields = &field};
    field.nested = &type;
    expect_refused(&type, GR_ELIMIT, "nest deeper");
}

Test(layout, strings_and_buffers_are_seen_at_any_depth)
{
    struct gr_type types[GRI_TYPE_DEPTH_MAX];
    struct gr_field fields[GRI_TYPE_DEPTH_MAX];
    make_chain(types, fields, GRI_TYPE_DEPTH_MAX);
    cr_assert_not(gri_layout_counted(&types[0]));
    fields[GRI_TYPE_DEPTH_MAX - 1].kind = GR_KIND_BUFFER;
    cr_assert(gri_layout_counted(&types[0]));
    cr_assert(gri_layout_counted(&shared_arrays_gr_type));
    cr_assert(gri_layout_counted(&shared_all_gr_type));
    cr_assert_not(gri_layout_counted(&shared_point_gr_type));
    cr_assert_not(gri_layout_counted(&shared_nothing_gr_type));
}

/* Hashes meet hashes of other programs, so they may not change by accident. Little-endian machines only. */
Test(layout, hashes_stay_what_they_were)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    cr_assert_eq(gri_layout_hash(&shared_point_gr_type), 0x2fe817b36373db49u, "%#llx",
                 (unsigned long long)gri_layout_hash(&shared_point_gr_type));
    cr_assert_eq(gri_layout_hash(&shared_deep_gr_type), 0x6193e6c24793a225u, "%#llx",
                 (unsigned long long)gri_layout_hash(&shared_deep_gr_type));
#endif
}

/* Applies the `which`th change to `s`; false when there are no more. Each keeps the type good. */
static bool change(struct small *s, int which, const char **what)
{
    switch (which) {
    case 0:
        s->type.name = "other", *what = "name";
        return true;
    case 1:
        s->type.size = 24, *what = "bytes";
        return true;
    case 2:
        s->type.align = 16, *what = "aligned";
        return true;
    case 3:
        s->type.field_count = 1, *what = "2 fields in one and 1";
        return true;
    case 4:
        s->fields[0].name = "c", *what = "\"a\" in one and \"c\"";
        return true;
    case 5:
        s->fields[0].kind = GR_KIND_U64, *what = "i64 in one and u64";
        return true;
    case 6:
        s->fields[1].offset = 12, *what = "byte 8 in one and 12";
        return true;
    case 7:
        s->fields[1].count = 2, *what = "1 elements in one and 2";
        return true;
    case 8:
        s->fields[0].kind = GR_KIND_NESTED, s->fields[0].nested = &shared_point_gr_type, *what = "nested";
        return true;
    }
    return false;
}

Test(layout, every_property_changes_the_hash_and_shows_in_the_difference)
{
    uint64_t hashes[16];
    int count = 0;
    for (;; count++) {
        struct small plain, changed;
        const char *what = "";
        make_small(&plain);
        make_small(&changed);
        cr_assert_not(differs(&plain.type, &changed.type), "%s", sentence);
        cr_assert_eq(gri_layout_hash(&plain.type), gri_layout_hash(&changed.type));
        hashes[count] = gri_layout_hash(&plain.type);
        if (!change(&changed, count, &what)) break;
        if (count == 8) changed.type.align = 8;
        cr_assert_eq(check(&changed.type), 0, "%s", sentence);
        hashes[count] = gri_layout_hash(&changed.type);
        if (count == 0) continue; /* names are compared by whoever calls */
        cr_assert(differs(&plain.type, &changed.type));
        cr_assert_not_null(strstr(sentence, what), "\"%s\" has no \"%s\"", sentence, what);
        cr_assert(differs(&changed.type, &plain.type));
    }
    for (int i = 0; i <= count; i++)
        for (int k = 0; k < i; k++) cr_assert_neq(hashes[i], hashes[k], "changes %d and %d hash alike", k, i);
}

Test(layout, a_difference_inside_a_nested_type_is_named)
{
    struct small a, b;
    struct gr_field in_a = {"in", 0, 16, 1, GR_KIND_NESTED, &a.type}, in_b = in_a;
    struct gr_type outer_a = {.name = "outer", .size = 16, .align = 8, .field_count = 1, .fields = &in_a};
    struct gr_type outer_b = outer_a;
    outer_b.fields = &in_b;
    in_b.nested = &b.type;
    make_small(&a);
    make_small(&b);
    cr_assert_not(differs(&outer_a, &outer_b), "%s", sentence);
    b.fields[1].kind = GR_KIND_U32;
    cr_assert(differs(&outer_a, &outer_b));
    cr_assert_str_eq(sentence, "field \"b\" is of kind i32 in one and u32 in the other, inside field \"in\"");
    cr_assert_neq(gri_layout_hash(&outer_a), gri_layout_hash(&outer_b));
    make_small(&b);
    b.type.name = "tiny";
    cr_assert(differs(&outer_a, &outer_b));
    cr_assert_str_eq(sentence, "field \"in\" is a \"small\" in one and a \"tiny\" in the other");
}

Test(layout, kinds_have_names)
{
    for (int kind = GR_KIND_BOOL; kind <= GR_KIND_NESTED; kind++)
        cr_assert_str_neq(gri_kind_name((enum gr_kind)kind), "unknown", "kind %d", kind);
    int bad = GR_KIND_NESTED + 1;
    enum gr_kind kind;
    memcpy(&kind, &bad, sizeof kind);
    cr_assert_str_eq(gri_kind_name(kind), "unknown");
}

/*
 * Properties over random types: they pass the check; a copy of their tables elsewhere in memory hashes and prints the
 * same, whatever lies in the padding; one changed field changes the hash and is found. Printed values are compared with
 * a message of the same values, so only the table decides.
 */
#define RANDOM_FIELDS_MAX 12
#define RANDOM_BYTES_MAX  4096

struct random_type {
    char names[RANDOM_FIELDS_MAX][8];          /* of the fields */
    struct gr_field fields[RANDOM_FIELDS_MAX]; /* the table */
    struct gr_type type;                       /* what points to it */
};

static const struct {
    enum gr_kind kind;
    uint32_t size, align;
} drawn_kinds[] = {
    {GR_KIND_BOOL, 1, 1}, {GR_KIND_CHAR, 1, 1},    {GR_KIND_I8, 1, 1},      {GR_KIND_I16, 2, 2},
    {GR_KIND_I32, 4, 4},  {GR_KIND_I64, 8, 8},     {GR_KIND_U8, 1, 1},      {GR_KIND_U16, 2, 2},
    {GR_KIND_U32, 4, 4},  {GR_KIND_U64, 8, 8},     {GR_KIND_F32, 4, 4},     {GR_KIND_F64, 8, 8},
    {GR_KIND_REF, 16, 8}, {GR_KIND_STRING, 24, 8}, {GR_KIND_BUFFER, 24, 8},
};
#define DRAWN_KINDS (sizeof drawn_kinds / sizeof *drawn_kinds)

/* Adds one random field at `offset` or after, and returns the offset after it. */
static uint32_t draw_field(struct gri_random *random, struct random_type *t, uint32_t i, uint32_t offset,
                           const struct gr_type *nested)
{
    uint64_t draw = gri_random_below(random, DRAWN_KINDS + (nested ? 3 : 0));
    bool nest = draw >= DRAWN_KINDS;
    uint32_t size = nest ? nested->size : drawn_kinds[draw].size;
    uint32_t align = nest ? nested->align : drawn_kinds[draw].align;
    uint32_t count = gri_random_below(random, 3) ? 1 : 1 + (uint32_t)gri_random_below(random, 5);
    offset = (offset + align - 1) / align * align;
    snprintf(t->names[i], sizeof t->names[i], "f%u", (unsigned)i);
    t->fields[i] = (struct gr_field){
        t->names[i],         offset, size, count, nest ? GR_KIND_NESTED : drawn_kinds[draw].kind,
        nest ? nested : NULL};
    return offset + size * count;
}

static void draw_type(struct gri_random *random, struct random_type *t, const struct gr_type *nested)
{
    uint32_t count = 1 + (uint32_t)gri_random_below(random, RANDOM_FIELDS_MAX);
    uint32_t end = 0;
    for (uint32_t i = 0; i < count; i++) end = draw_field(random, t, i, end, nested);
    end = (end + 7) / 8 * 8;
    t->type = (struct gr_type){
        .name = "drawn", .size = end, .align = 8, .field_count = count, .fields = t->fields};
}

/* The same tables at another address; `nested` replaces the nested type. */
static void copy_type(const struct random_type *from, struct random_type *to, const struct gr_type *nested)
{
    *to = *from;
    to->type.fields = to->fields;
    for (uint32_t i = 0; i < to->type.field_count; i++) {
        to->fields[i].name = to->names[i];
        if (to->fields[i].nested) to->fields[i].nested = nested;
    }
}

/* Fills the fields of `message` by a generator, and nothing else; slices get static bytes. */
static void fill(struct gri_random *random, const struct gr_type *type, char *message)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct gr_field *f = &type->fields[i];
        for (uint32_t n = 0; n < f->count; n++) {
            char *at = message + f->offset + n * f->size;
            static const char text[] = "any \"text\" \xff\n \xc3\xa9";
            struct {
                const char *data;
                size_t length;
                void *block;
            } slice = {text, gri_random_below(random, sizeof text), NULL};
            if (f->nested)
                fill(random, f->nested, at);
            else if (f->kind == GR_KIND_STRING || f->kind == GR_KIND_BUFFER)
                memcpy(at, &slice, sizeof slice);
            else
                for (uint32_t b = 0; b < f->size; b++) at[b] = (char)gri_random_next(random);
        }
    }
}

/* One field's kind becomes another of the same size, or its name another. */
static void spoil(struct gri_random *random, struct random_type *t)
{
    uint32_t i = (uint32_t)gri_random_below(random, t->type.field_count);
    struct gr_field *f = &t->fields[i];
    if (f->kind == GR_KIND_I32 || f->kind == GR_KIND_STRING)
        f->kind = f->kind == GR_KIND_I32 ? GR_KIND_U32 : GR_KIND_BUFFER;
    else
        t->names[i][0] = 'g';
}

static void check_one_seed(uint64_t seed)
{
    static struct random_type inner, outer, inner_copy, outer_copy;
    static char a[RANDOM_BYTES_MAX], b[RANDOM_BYTES_MAX], text_a[20000], text_b[20000];
    struct gri_random random;
    gri_random_seed(&random, seed);
    draw_type(&random, &inner, NULL);
    draw_type(&random, &outer, &inner.type);
    if (outer.type.size > RANDOM_BYTES_MAX) return;
    copy_type(&inner, &inner_copy, NULL);
    copy_type(&outer, &outer_copy, &inner_copy.type);
    cr_assert_eq(check(&outer.type), 0, "seed %llu: %s", (unsigned long long)seed, sentence);
    cr_assert_not(differs(&outer.type, &outer_copy.type), "seed %llu: %s", (unsigned long long)seed,
                  sentence);
    cr_assert_eq(gri_layout_hash(&outer.type), gri_layout_hash(&outer_copy.type), "seed %llu",
                 (unsigned long long)seed);
    memset(a, 0x11, sizeof a);
    memset(b, 0xee, sizeof b);
    gri_random_seed(&random, seed + 1);
    fill(&random, &outer.type, a);
    gri_random_seed(&random, seed + 1);
    fill(&random, &outer_copy.type, b);
    size_t length = gr_message_print(&outer.type, a, text_a, sizeof text_a);
    cr_assert_eq(gr_message_print(&outer_copy.type, b, text_b, sizeof text_b), length);
    cr_assert_lt(length, sizeof text_a);
    cr_assert_str_eq(text_a, text_b, "seed %llu", (unsigned long long)seed);
    spoil(&random, &outer_copy);
    cr_assert(differs(&outer.type, &outer_copy.type), "seed %llu", (unsigned long long)seed);
    cr_assert_neq(gri_layout_hash(&outer.type), gri_layout_hash(&outer_copy.type), "seed %llu",
                  (unsigned long long)seed);
}

Test(layout, random_types_hash_and_print_by_their_tables_alone)
{
    const char *chosen = getenv("GR_SEED");
    uint64_t first = chosen ? strtoull(chosen, NULL, 10) : 1;
    for (uint64_t i = 0; i < 3000; i++) check_one_seed(first + i * 2);
}
