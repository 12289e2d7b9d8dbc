/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: see layout.h. Recursion follows nested types and ends at GRI_TYPE_DEPTH_MAX. */
#include "messages/layout.h"

#include "base/text.h"
#include "messages/registry.h"

#include <greenroom/error.h>

#include <string.h>

/* What all values of one kind have in common. */
struct kind_facts {
    const char *name; /* as texts show it */
    uint32_t size;    /* bytes */
    uint32_t align;   /* bytes, as the ABI wants it inside a struct */
};

#define KIND(n, T)                                                                                           \
    {                                                                                                        \
        n, sizeof(T), _Alignof(T)                                                                            \
    }

static const struct kind_facts kinds[] = {
    [GR_KIND_BOOL] = KIND("bool", bool),
    [GR_KIND_CHAR] = KIND("char", char),
    [GR_KIND_I8] = KIND("i8", int8_t),
    [GR_KIND_I16] = KIND("i16", int16_t),
    [GR_KIND_I32] = KIND("i32", int32_t),
    [GR_KIND_I64] = KIND("i64", int64_t),
    [GR_KIND_U8] = KIND("u8", uint8_t),
    [GR_KIND_U16] = KIND("u16", uint16_t),
    [GR_KIND_U32] = KIND("u32", uint32_t),
    [GR_KIND_U64] = KIND("u64", uint64_t),
    [GR_KIND_F32] = KIND("f32", float),
    [GR_KIND_F64] = KIND("f64", double),
    [GR_KIND_REF] = KIND("ref", gr_ref),
    [GR_KIND_STRING] = KIND("string", gr_string),
    [GR_KIND_BUFFER] = KIND("buffer", gr_buffer),
    [GR_KIND_NESTED] = {"nested", 0, 0}, /* as the nested type says */
};

/* The facts of a kind, or NULL for a number that is none. */
static const struct kind_facts *facts_of(enum gr_kind kind)
{
    uint32_t n = (uint32_t)kind;
    return n < sizeof kinds / sizeof *kinds ? &kinds[n] : NULL;
}

const char *gri_kind_name(enum gr_kind kind)
{
    const struct kind_facts *facts = facts_of(kind);
    return facts && facts->name ? facts->name : "unknown";
}

/* The struct of an empty message has one byte, for C has no empty struct; its table says 0. */
static uint32_t size_in_struct(const struct gr_type *type)
{
    return type->size ? type->size : 1;
}

/* The first byte after the field; the product can't overflow 64 bits. */
static uint64_t end_of(const struct gr_field *field)
{
    return field->offset + (uint64_t)field->size * field->count;
}

static int check_type(const struct gr_type *type, uint32_t depth, struct gri_text *why);

/* Is there a name to call it by? The rest of the checks print it. */
static bool has_name(const char *name)
{
    return name && *name;
}

/* Checks what a field says of one element; *align gets what the element needs. */
static int check_element(const struct gr_field *field, uint32_t *align, struct gri_text *why)
{
    uint32_t want;
    const struct kind_facts *facts = facts_of(field->kind);
    if (!facts || !facts->name) {
        gri_text_format(why, "field \"%s\" has the unknown kind %u", field->name, (unsigned)field->kind);
        return GR_EINVALID;
    }
    if ((field->kind == GR_KIND_NESTED) != (field->nested != NULL)) {
        gri_text_format(why, "field \"%s\" is of kind %s %s a type", field->name, facts->name,
                        field->nested ? "with" : "without");
        return GR_EINVALID;
    }
    want = field->nested ? size_in_struct(field->nested) : facts->size;
    *align = field->nested ? field->nested->align : facts->align;
    if (field->size != want) {
        gri_text_format(why, "field \"%s\" has elements of %u bytes, where kind %s has %u", field->name,
                        (unsigned)field->size, facts->name, (unsigned)want);
        return GR_EINVALID;
    }
    return 0;
}

/* Checks where a field lies in its struct. */
static int check_place(const struct gr_type *type, const struct gr_field *field, uint32_t align,
                       struct gri_text *why)
{
    if (field->count == 0) {
        gri_text_format(why, "field \"%s\" has no elements", field->name);
        return GR_EINVALID;
    }
    if (end_of(field) > type->size) {
        gri_text_format(why, "field \"%s\" lies outside the struct", field->name);
        return GR_EINVALID;
    }
    if (align == 0 || align > type->align || field->offset % align) {
        gri_text_format(why, "field \"%s\" is not aligned: a packed struct can't be a message", field->name);
        return GR_EINVALID;
    }
    return 0;
}

/* Two fields on the same bytes would be released twice, and say two things when one is changed. */
static int check_overlap(const struct gr_type *type, const struct gr_field *field, struct gri_text *why)
{
    for (const struct gr_field *other = type->fields; other < field; other++) {
        if (end_of(other) <= field->offset || end_of(field) <= other->offset) continue;
        gri_text_format(why, "fields \"%s\" and \"%s\" overlap", other->name, field->name);
        return GR_EINVALID;
    }
    return 0;
}

static int check_field(const struct gr_type *type, const struct gr_field *field, uint32_t depth,
                       struct gri_text *why)
{
    uint32_t align = 0;
    int err;
    if (!has_name(field->name)) {
        gri_text_format(why, "field %u has no name", (unsigned)(field - type->fields) + 1);
        return GR_EINVALID;
    }
    err = check_element(field, &align, why);
    if (!err) err = check_place(type, field, align, why);
    if (!err) err = check_overlap(type, field, why);
    if (err || !field->nested) return err;
    /* Last, when the fields are known to share the struct's bytes: so the whole recursion is bounded by its size. */
    err = check_type(field->nested, depth + 1, why);
    if (err) gri_text_format(why, ", inside field \"%s\"", field->name);
    return err;
}

static int check_type(const struct gr_type *type, uint32_t depth, struct gri_text *why)
{
    if (!has_name(type->name)) {
        gri_text_format(why, "a message type has no name");
        return GR_EINVALID;
    }
    if (depth > GRI_TYPE_DEPTH_MAX) {
        gri_text_format(why, "messages nest deeper than %u", GRI_TYPE_DEPTH_MAX);
        return GR_ELIMIT;
    }
    if (type->size > GR_MESSAGE_SIZE_MAX) {
        gri_text_format(why, "it has %u bytes, where %u are allowed: put the data into a gr_buffer",
                        (unsigned)type->size, (unsigned)GR_MESSAGE_SIZE_MAX);
        return GR_ELIMIT;
    }
    if (type->align == 0 || (type->align & (type->align - 1)) || type->align > GR_MESSAGE_ALIGN_MAX) {
        gri_text_format(why, "it is aligned to %u bytes, where %u are allowed", (unsigned)type->align,
                        GR_MESSAGE_ALIGN_MAX);
        return GR_ELIMIT;
    }
    if (type->field_count && !type->fields) {
        gri_text_format(why, "it has no table of fields");
        return GR_EINVALID;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        int err = check_field(type, &type->fields[i], depth, why);
        if (err) return err;
    }
    return 0;
}

int gri_layout_check(const struct gr_type *type, struct gri_text *why)
{
    return check_type(type, 1, why);
}

static uint64_t hash_number(uint32_t number, uint64_t seed)
{
    return gri_hash(&number, sizeof number, seed);
}

/* With its terminating NUL, so that no two sequences of names look the same. */
static uint64_t hash_name(const char *name, uint64_t seed)
{
    return gri_hash(name, strlen(name) + 1, seed);
}

uint64_t gri_layout_hash(const struct gr_type *type)
{
    uint64_t hash = hash_name(type->name, 0);
    hash = hash_number(type->size, hash);
    hash = hash_number(type->align, hash);
    hash = hash_number(type->field_count, hash);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct gr_field *field = &type->fields[i];
        hash = hash_name(field->name, hash);
        hash = hash_number((uint32_t)field->kind, hash);
        hash = hash_number(field->offset, hash);
        hash = hash_number(field->size, hash);
        hash = hash_number(field->count, hash);
        if (!field->nested) continue;
        uint64_t nested = gri_layout_hash(field->nested);
        hash = gri_hash(&nested, sizeof nested, hash);
    }
    return hash;
}

bool gri_layout_counted(const struct gr_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct gr_field *field = &type->fields[i];
        if (field->kind == GR_KIND_STRING || field->kind == GR_KIND_BUFFER) return true;
        if (field->nested && gri_layout_counted(field->nested)) return true;
    }
    return false;
}

static bool field_differs(const struct gr_field *a, const struct gr_field *b, struct gri_text *why)
{
    if (strcmp(a->name, b->name)) {
        gri_text_format(why, "a field is \"%s\" in one and \"%s\" in the other", a->name, b->name);
        return true;
    }
    if (a->kind != b->kind) {
        gri_text_format(why, "field \"%s\" is of kind %s in one and %s in the other", a->name,
                        gri_kind_name(a->kind), gri_kind_name(b->kind));
        return true;
    }
    if (a->count != b->count) {
        gri_text_format(why, "field \"%s\" has %u elements in one and %u in the other", a->name,
                        (unsigned)a->count, (unsigned)b->count);
        return true;
    }
    if (a->offset != b->offset) {
        gri_text_format(why, "field \"%s\" is at byte %u in one and %u in the other", a->name,
                        (unsigned)a->offset, (unsigned)b->offset);
        return true;
    }
    if (!a->nested) return false;
    if (strcmp(a->nested->name, b->nested->name)) {
        gri_text_format(why, "field \"%s\" is a \"%s\" in one and a \"%s\" in the other", a->name,
                        a->nested->name, b->nested->name);
        return true;
    }
    if (!gri_layout_differs(a->nested, b->nested, why)) return false;
    gri_text_format(why, ", inside field \"%s\"", a->name);
    return true;
}

bool gri_layout_differs(const struct gr_type *a, const struct gr_type *b, struct gri_text *why)
{
    /* Fields first: what they differ in explains a differing size. */
    for (uint32_t i = 0; i < a->field_count && i < b->field_count; i++)
        if (field_differs(&a->fields[i], &b->fields[i], why)) return true;
    if (a->field_count != b->field_count) {
        gri_text_format(why, "\"%s\" has %u fields in one and %u in the other", a->name,
                        (unsigned)a->field_count, (unsigned)b->field_count);
        return true;
    }
    if (a->size == b->size && a->align == b->align) return false;
    gri_text_format(why, "\"%s\" has %u bytes aligned to %u in one and %u aligned to %u in the other",
                    a->name, (unsigned)a->size, (unsigned)a->align, (unsigned)b->size, (unsigned)b->align);
    return true;
}
