/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing messages by their tables. The form is stable, for logs and tests are compared; it is described at
 * gr_message_print in <greenroom/message.h>, and nothing parses it back. The same bytes give the same text in every
 * locale.
 */
#include "base/text.h"
#include "messages/registry.h"

#include <greenroom/message.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the text goes. Once `length` reached `size` nothing more is written, only counted. */
struct printer {
    char *out;     /* the caller's memory, terminated after each addition; may be NULL if size is 0 */
    size_t size;   /* bytes there */
    size_t length; /* bytes of the whole text so far, without the NUL */
};

/* The bytes that may still be written, the NUL included. */
static size_t room_of(const struct printer *p)
{
    return p->length < p->size ? p->size - p->length : 0;
}

static void add(struct printer *p, const char *text)
{
    size_t length = strlen(text);
    size_t room = room_of(p);
    if (room) {
        size_t part = length < room ? length : room - 1;
        memcpy(p->out + p->length, text, part);
        p->out[p->length + part] = '\0';
    }
    p->length += length;
}

/* Adds bytes in quotes, escaped; the escaping function cuts between characters and terminates. */
static void add_quoted(struct printer *p, const char *bytes, size_t length)
{
    size_t room;
    add(p, "\"");
    room = room_of(p);
    p->length += gri_text_escape(room ? p->out + p->length : NULL, room, bytes, length);
    add(p, "\"");
}

/* As `snprintf` does for one value; what prints a number never needs more. */
#define NUMBER_BYTES 64

/* The locale's decimal point, which may be several bytes, becomes a point. */
static void use_point(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (strchr("+-0123456789einfa", *from))
            *to++ = *from;
        else if (to > text && to[-1] != '.')
            *to++ = '.';
    }
    *to = '\0';
}

/* The shortest of up to three or four precisions that gives the same value back. */
static void add_double(struct printer *p, double value, bool is_single)
{
    char text[NUMBER_BYTES];
    int digits = is_single ? 6 : 15;
    int most = is_single ? 9 : 17;
    if (isnan(value)) {
        add(p, "nan"); /* without a sign, which printf shows on some machines only */
        return;
    }
    for (; digits <= most; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (is_single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) break;
    }
    use_point(text);
    add(p, text);
}

static void add_signed(struct printer *p, int64_t value)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, "%" PRId64, value);
    add(p, text);
}

static void add_unsigned(struct printer *p, uint64_t value)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, value);
    add(p, text);
}

static void add_ref(struct printer *p, gr_ref ref)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, "<%" PRIu32 ":%" PRIu32 ":%" PRIu64 ">", ref.seat, ref.slot, ref.generation);
    add(p, text);
}

static void add_buffer(struct printer *p, gr_buffer buffer)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, buffer.size == 1 ? "<%zu byte>" : "<%zu bytes>", buffer.size);
    add(p, text);
}

static void add_fields(struct printer *p, const struct gr_type *type, const char *message, uint32_t depth);

/* Copies a value of type T out, for it may lie anywhere in a message that came from elsewhere. */
#define VALUE(T, at)                                                                                         \
    ({                                                                                                       \
        T value_;                                                                                            \
        memcpy(&value_, (at), sizeof value_);                                                                \
        value_;                                                                                              \
    })

static void add_element(struct printer *p, const struct gr_field *field, const char *at, uint32_t depth)
{
    switch (field->kind) {
    case GR_KIND_BOOL:
        add(p, *(const unsigned char *)at ? "true" : "false");
        break; /* a byte may be neither */
    case GR_KIND_I8:
        add_signed(p, VALUE(int8_t, at));
        break;
    case GR_KIND_I16:
        add_signed(p, VALUE(int16_t, at));
        break;
    case GR_KIND_I32:
        add_signed(p, VALUE(int32_t, at));
        break;
    case GR_KIND_I64:
        add_signed(p, VALUE(int64_t, at));
        break;
    case GR_KIND_U8:
        add_unsigned(p, VALUE(uint8_t, at));
        break;
    case GR_KIND_U16:
        add_unsigned(p, VALUE(uint16_t, at));
        break;
    case GR_KIND_U32:
        add_unsigned(p, VALUE(uint32_t, at));
        break;
    case GR_KIND_U64:
        add_unsigned(p, VALUE(uint64_t, at));
        break;
    case GR_KIND_F32:
        add_double(p, VALUE(float, at), true);
        break;
    case GR_KIND_F64:
        add_double(p, VALUE(double, at), false);
        break;
    case GR_KIND_REF:
        add_ref(p, VALUE(gr_ref, at));
        break;
    case GR_KIND_STRING: {
        gr_string string = VALUE(gr_string, at);
        add_quoted(p, string.data, string.length);
        break;
    }
    case GR_KIND_BUFFER:
        add_buffer(p, VALUE(gr_buffer, at));
        break;
    case GR_KIND_NESTED:
        add_fields(p, field->nested, at, depth + 1);
        break;
    case GR_KIND_CHAR:
        break; /* printed as text, by add_value */
    }
}

static void add_value(struct printer *p, const struct gr_field *field, const char *at, uint32_t depth)
{
    if (field->kind == GR_KIND_CHAR) {
        add_quoted(p, at, strnlen(at, field->count));
        return;
    }
    if (field->count == 1) {
        add_element(p, field, at, depth);
        return;
    }
    for (uint32_t i = 0; i < field->count; i++) {
        add(p, i ? "," : "[");
        add_element(p, field, at + (size_t)i * field->size, depth);
    }
    add(p, "]");
}

static void add_fields(struct printer *p, const struct gr_type *type, const char *message, uint32_t depth)
{
    if (depth > GRI_TYPE_DEPTH_MAX) {
        add(p, "{...}"); /* only in tables that were refused by the registry */
        return;
    }
    add(p, "{");
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct gr_field *field = &type->fields[i];
        if (i) add(p, ", ");
        add(p, field->name);
        add(p, "=");
        add_value(p, field, message + field->offset, depth);
    }
    add(p, "}");
}

size_t gr_message_print(const struct gr_type *type, const void *message, char *out, size_t size)
{
    struct printer p = {out, size, 0};
    add(&p, type->name);
    if (type->field_count) add_fields(&p, type, message, 1);
    return p.length;
}
