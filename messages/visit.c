/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visiting the fields of a message, and what follows from it: holding, releasing and measuring what they own. Nested
 * messages recurse as deep as types nest, at most GRI_TYPE_DEPTH_MAX, for deeper ones can't be registered.
 */
#include "messages/visit.h"

#include "messages/block.h"
#include "messages/registry.h"

/* What is done to one slice: its block and its length. */
typedef void (*slice_visitor)(void *context, struct gri_block *block, size_t length);

static void visit_fields(const struct gr_type *type, const char *message, slice_visitor visitor,
                         void *context);

/* Calls `visitor` for the slices in one element of a field. */
static void visit_element(const struct gr_field *field, const char *element, slice_visitor visitor,
                          void *context)
{
    if (field->kind == GR_KIND_STRING) {
        const gr_string *string = (const gr_string *)(const void *)element;
        visitor(context, string->block, string->length);
    } else if (field->kind == GR_KIND_BUFFER) {
        const gr_buffer *buffer = (const gr_buffer *)(const void *)element;
        visitor(context, buffer->block, buffer->size);
    } else if (field->nested) {
        visit_fields(field->nested, element, visitor, context);
    }
}

/* Calls `visitor` for every slice in a message. */
static void visit_fields(const struct gr_type *type, const char *message, slice_visitor visitor,
                         void *context)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct gr_field *field = &type->fields[i];
        for (uint32_t n = 0; n < field->count; n++)
            visit_element(field, message + field->offset + (size_t)n * field->size, visitor, context);
    }
}

/*
 * The same, at no cost for the types that own nothing. Only the outermost flag counts: it speaks for the nested tables
 * too, and those need not be registered yet.
 */
static void visit_slices(const struct gr_type *type, const void *message, slice_visitor visitor,
                         void *context)
{
    if (type->flags & GRI_TYPE_COUNTED) visit_fields(type, message, visitor, context);
}

static void hold_slice(void *context, struct gri_block *block, size_t length)
{
    (void)context;
    (void)length;
    gri_block_hold(block);
}

static void release_slice(void *context, struct gri_block *block, size_t length)
{
    (void)context;
    (void)length;
    gri_block_release(block);
}

static void add_length(void *context, struct gri_block *block, size_t length)
{
    size_t *total = context;
    (void)block;
    if (__builtin_add_overflow(*total, length, total)) *total = SIZE_MAX;
}

void gri_message_hold(const struct gr_type *type, const void *message)
{
    visit_slices(type, message, hold_slice, NULL);
}

void gr_message_release(const struct gr_type *type, const void *message)
{
    visit_slices(type, message, release_slice, NULL);
}

size_t gri_message_counted_bytes(const struct gr_type *type, const void *message)
{
    size_t total = 0;
    visit_slices(type, message, add_length, &total);
    return total;
}

int gr_message_visit(const struct gr_type *type, const void *message, gr_field_visitor visitor, void *context)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct gr_field *field = &type->fields[i];
        int result = visitor(context, field, (const char *)message + field->offset);
        if (result) return result;
    }
    return 0;
}
