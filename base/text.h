/* SPDX-License-Identifier: Apache-2.0 */
/* Text in memory that the caller gives: appending with a bound, escaping, hashing. It never allocates. */
#ifndef GRI_BASE_TEXT_H
#define GRI_BASE_TEXT_H

#include <greenroom/base.h>

/* How people see a reference: a printf format, and its values. */
#define GRI_REF_FORMAT      "%u:%u:%llu"
#define GRI_REF_VALUES(ref) (ref).seat, (ref).slot, (unsigned long long)(ref).generation

/* Text under construction. It always ends with a NUL, and once something did not fit nothing more is added. */
struct gri_text {
    char *out;     /* where the text goes */
    size_t size;   /* bytes there, at least 1 */
    size_t length; /* bytes of text so far, without the NUL */
    bool cut;      /* something did not fit */
};

/* Starts an empty text in `size` bytes at `out`. */
void gri_text_init(struct gri_text *text, char *out, size_t size);

/* Adds bytes as they are; what does not fit is cut off. */
void gri_text_append(struct gri_text *text, const char *bytes, size_t length);

/* Adds a number in base 10 or 16. As gri_text_append it may be used in a signal's handler. */
void gri_text_append_number(struct gri_text *text, uint64_t number, unsigned base);

/* Adds what printf would print; what does not fit is cut off. A format that printf refuses adds nothing and sets cut. */
void gri_text_format(struct gri_text *text, const char *format, ...) GR_PRINTF(2, 3);

/*
 * Adds bytes as the inside of a JSON string: quote, backslash and control bytes (DEL and U+0080 to U+009F too) are
 * escaped; each maximal ill-formed part of UTF-8 becomes one U+FFFD. An escape or character is added whole or not at all.
 */
void gri_text_append_escaped(struct gri_text *text, const char *bytes, size_t length);

/* The same for a line that people read: quote and backslash stay as they are. */
void gri_text_append_line(struct gri_text *text, const char *bytes, size_t length);

/*
 * Escapes as gri_text_append_escaped into `size` bytes at `out`, with a NUL unless size is 0. Returns the length of the
 * whole result, as snprintf does: it was cut, between two characters, if that is not below `size`.
 */
size_t gri_text_escape(char *out, size_t size, const char *bytes, size_t length);

/* FNV-1a, 64 bits (Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv/); seed 0 is the plain one. */
static inline uint64_t gri_hash(const void *bytes, size_t length, uint64_t seed)
{
    const unsigned char *p = (const unsigned char *)bytes;
    uint64_t hash = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < length; i++) hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}

#endif
