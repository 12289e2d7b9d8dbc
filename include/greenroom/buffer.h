/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings and buffers: counted, immutable slices of bytes that messages carry without copying. They are values; a
 * field of type gr_string or gr_buffer in a message owns one count.
 *
 * Ownership: whoever made or held a slice owns one count and gives it away once: by releasing it, or by sending it in a
 * message. Bytes don't change once the slice has been sent or held a second time.
 * Threads: all functions may be called from any thread, in an actor or not; `self` may be NULL.
 */
#ifndef GREENROOM_BUFFER_H
#define GREENROOM_BUFFER_H

#include <greenroom/base.h>

#include <stdarg.h>
#include <string.h>

struct gri_block; /* the counted memory behind a slice; NULL for bytes that are not counted */
typedef struct gr_actor gr_actor;

/* Text: bytes that are UTF-8 by convention, without a terminating NUL. All zeroes is the empty string. */
typedef struct gr_string {
    const char *data;        /* `length` bytes; may be NULL when length is 0 */
    size_t length;           /* bytes */
    struct gri_block *block; /* what keeps the bytes alive */
} gr_string;

/* Any bytes. All zeroes is the empty buffer. */
typedef struct gr_buffer {
    const uint8_t *data;     /* `size` bytes; may be NULL when size is 0 */
    size_t size;             /* bytes */
    struct gri_block *block; /* what keeps the bytes alive */
} gr_buffer;

GRI_BEGIN_C

/* A string over bytes that live as long as the program, such as a literal: never copied, never counted. */
static inline gr_string gr_string_static(const char *text)
{
    gr_string s;
    s.data = text;
    s.length = strlen(text);
    s.block = NULL;
    return s;
}

/* Copies `length` bytes into *out. Errors: GR_ENOMEM, GR_EINVALID for NULL with a length; *out is then empty. */
GR_API GR_MUST_USE int gr_string_copy(gr_actor *self, const char *text, size_t length, gr_string *out);

/* Formats like printf into *out. Errors: GR_ENOMEM, GR_EINVALID for a bad format; *out is then empty. */
GR_API GR_MUST_USE int gr_string_format(gr_actor *self, gr_string *out, const char *format, ...)
    GR_PRINTF(3, 4);

/* Another count on the same bytes. */
GR_API gr_string gr_string_hold(gr_string string);

/* Gives one count back; the bytes are freed with the last. The empty and the static string are fine. */
GR_API void gr_string_release(gr_string string);

/*
 * The part of `string` from `offset` on, at most `length` bytes, clipped to the string. It owns a count of its own, and
 * keeps the whole of the bytes alive; a part of a static string is static, and one without bytes is empty. For a mailbox's
 * bound in bytes a part counts with its own length, however much it keeps alive: so many messages may share what one of
 * them received. Copy a small part of much that is to wait for long.
 */
GR_API gr_string gr_string_slice(gr_string string, size_t offset, size_t length);

/* Byte order, as memcmp; a shorter prefix comes first. */
GR_API int gr_string_compare(gr_string a, gr_string b);

/*
 * Makes room for `size` bytes, not cleared, 32-byte aligned. The bytes may be written through *bytes until the buffer is
 * sent or held. Errors: GR_ENOMEM; *out is then empty and *bytes NULL.
 */
GR_API GR_MUST_USE int gr_buffer_create(gr_actor *self, size_t size, gr_buffer *out, uint8_t **bytes);

/* Copies `size` bytes into *out. Errors: GR_ENOMEM, GR_EINVALID for NULL with a size; *out is then empty. */
GR_API GR_MUST_USE int gr_buffer_copy(gr_actor *self, const void *bytes, size_t size, gr_buffer *out);

/* As for strings. */
GR_API gr_buffer gr_buffer_hold(gr_buffer buffer);
GR_API void gr_buffer_release(gr_buffer buffer);
GR_API gr_buffer gr_buffer_slice(gr_buffer buffer, size_t offset, size_t size);

GRI_END_C

#endif
