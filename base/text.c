/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded text and the one escaping function. It knows UTF-8 and JSON's escapes, but no other part of JSON. */
#include "base/text.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What escaping makes of one character at most: \u0000 */
#define UNIT_MAX 6

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void gri_text_init(struct gri_text *text, char *out, size_t size)
{
    GRI_ASSERT(size > 0);
    out[0] = '\0';
    *text = (struct gri_text){.out = out, .size = size};
}

void gri_text_append(struct gri_text *text, const char *bytes, size_t length)
{
    size_t room = text->size - 1 - text->length;
    if (text->cut || length == 0) return;
    if (length > room) {
        text->cut = true;
        length = room;
    }
    memcpy(text->out + text->length, bytes, length);
    text->length += length;
    text->out[text->length] = '\0';
}

void gri_text_append_number(struct gri_text *text, uint64_t number, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits;
    do digits[--at] = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    gri_text_append(text, digits + at, sizeof digits - at);
}

void gri_text_format(struct gri_text *text, const char *format, ...)
{
    if (text->cut) return;
    size_t room = text->size - text->length;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(text->out + text->length, room, format, values);
    va_end(values);
    if (length < 0) {
        text->out[text->length] = '\0';
        text->cut = true;
        return;
    }
    text->cut = (size_t)length >= room;
    text->length += text->cut ? room - 1 : (size_t)length;
}

/* Adds all of it or nothing. */
static void append_whole(struct gri_text *text, const char *bytes, size_t length)
{
    if (length > text->size - 1 - text->length) text->cut = true;
    gri_text_append(text, bytes, text->cut ? 0 : length);
}

/* Whether a byte stands for itself; of the rest some do as well, but need a closer look. */
static bool is_plain(unsigned char byte, bool quotes)
{
    return byte >= 0x20 && byte < 0x7f && !(quotes && (byte == '"' || byte == '\\'));
}

/* Continuation bytes that must follow `lead`, or -1; the first of them is between *low and *high. */
static int continuations(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;  /* else overlong */
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf; /* else a surrogate, or above U+10FFFF */
    if (lead < 0x80) return 0;
    if (lead < 0xc2) return -1;
    if (lead < 0xe0) return 1;
    if (lead < 0xf0) return 2;
    return lead < 0xf5 ? 3 : -1;
}

/* The length of the character at `p`, or of the maximal ill-formed part, with *valid false (Unicode 15, section 3.9). */
static size_t character(const unsigned char *p, size_t length, bool *valid)
{
    unsigned char low, high;
    int more = continuations(p[0], &low, &high);
    size_t used = 1;
    while (more > 0 && used < length && p[used] >= low && p[used] <= high) {
        low = 0x80;
        high = 0xbf;
        used++;
        more--;
    }
    *valid = more == 0;
    return used;
}

/* Writes what becomes of the character at `p`; returns its length, and in *used how many bytes of `p` it took. */
static size_t escape_character(char out[UNIT_MAX + 1], const unsigned char *p, size_t length, bool quotes,
                               size_t *used)
{
    static const char short_escapes[] = "\bb\ff\nn\rr\tt\"\"\\\\"; /* pairs */
    bool valid;
    *used = character(p, length, &valid);
    if (!valid) {
        memcpy(out, REPLACEMENT, 3);
        return 3;
    }
    bool is_c1 = *used == 2 && p[0] == 0xc2 && p[1] < 0xa0; /* U+0080 to U+009F: terminals may obey them */
    if (is_plain(p[0], quotes) || (p[0] >= 0x80 && !is_c1)) {
        memcpy(out, p, *used);
        return *used;
    }
    for (const char *e = short_escapes; *e; e += 2) {
        if ((unsigned char)e[0] != p[0]) continue;
        out[0] = '\\';
        out[1] = e[1];
        return 2;
    }
    return (size_t)snprintf(out, UNIT_MAX + 1, "\\u%04x", is_c1 ? p[1] : p[0]);
}

/* Escapes into `text`; returns the length of the whole, fit or not. */
static size_t escape(struct gri_text *text, const char *bytes, size_t length, bool quotes)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t whole = 0;
    for (size_t i = 0; i < length;) {
        size_t run = 0;
        while (i + run < length && is_plain(p[i + run], quotes)) run++;
        gri_text_append(text, bytes + i, run);
        whole += run;
        i += run;
        if (i == length) break;
        char out[UNIT_MAX + 1];
        size_t used;
        size_t made = escape_character(out, p + i, length - i, quotes, &used);
        append_whole(text, out, made);
        whole += made;
        i += used;
    }
    return whole;
}

void gri_text_append_escaped(struct gri_text *text, const char *bytes, size_t length)
{
    escape(text, bytes, length, true);
}

void gri_text_append_line(struct gri_text *text, const char *bytes, size_t length)
{
    escape(text, bytes, length, false);
}

size_t gri_text_escape(char *out, size_t size, const char *bytes, size_t length)
{
    char none[1];
    struct gri_text text;
    gri_text_init(&text, size ? out : none, size ? size : 1);
    return escape(&text, bytes, length, true);
}
