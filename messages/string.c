/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings and buffers: see <greenroom/buffer.h>. What is counted, and how, is in block.h. No text is interpreted here:
 * a string's bytes may be anything.
 */
#include "base/error.h"
#include "messages/block.h"

#include <greenroom/buffer.h>
#include <greenroom/error.h>

#include <errno.h>
#include <stdio.h>

/* Makes a string of a block's first `length` bytes; takes the block's count. */
static gr_string string_of(struct gri_block *block, size_t length)
{
    gr_string string = {(const char *)gri_block_bytes(block), length, block};
    return string;
}

/* Where to write the bytes of a buffer without any: never written, but not NULL, which memcpy doesn't allow. */
static uint8_t nothing[1];

/* A block for `size` bytes, with the error noted when there is no memory. */
static struct gri_block *create_block(const char *what, size_t size)
{
    struct gri_block *block = gri_block_create(size);
    if (!block) gri_thread_error_set("%s: no memory for %zu bytes", what, size);
    return block;
}

int gr_string_copy(gr_actor *self, const char *text, size_t length, gr_string *out)
{
    gr_string copy = {NULL, 0, NULL};
    int err = 0;
    (void)self;
    if (text == NULL && length > 0) {
        gri_thread_error_set("gr_string_copy: there are no bytes to copy");
        err = GR_EINVALID;
    } else if (length > 0) {
        struct gri_block *block = create_block("gr_string_copy", length);
        if (block) {
            memcpy(gri_block_bytes(block), text, length);
            copy = string_of(block, length);
        } else {
            err = GR_ENOMEM;
        }
    }
    *out = copy; /* last: `text` may point into it */
    return err;
}

/* The length that `format` gives, or a GR_E... */
static int64_t measure(const char *format, va_list arguments)
{
    int length;
    errno = 0;
    length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0) return length;
    if (errno == ENOMEM || errno == EOVERFLOW) {
        gri_thread_error_set("gr_string_format: the text is too long for memory");
        return GR_ENOMEM;
    }
    gri_thread_error_set("gr_string_format: the format or a value of it is invalid");
    return GR_EINVALID;
}

/* Formats into *out, which was measured to take `length` bytes. */
static int format_measured(gr_string *out, size_t length, const char *format, va_list arguments)
{
    struct gri_block *block = create_block("gr_string_format",
                                           length + 1); /* and the NUL that vsnprintf writes */
    int written;
    if (!block) return GR_ENOMEM;
    written = vsnprintf((char *)gri_block_bytes(block), length + 1, format, arguments);
    if (written < 0 || (size_t)written != length) {
        gri_block_release(block);
        gri_thread_error_set("gr_string_format: the values changed meanwhile");
        return GR_EINVALID;
    }
    *out = string_of(block, length);
    return 0;
}

int gr_string_format(gr_actor *self, gr_string *out, const char *format, ...)
{
    gr_string text = {NULL, 0, NULL};
    va_list arguments;
    int64_t length;
    int err = 0;
    (void)self;
    va_start(arguments, format);
    length = measure(format, arguments);
    va_end(arguments);
    if (length < 0) err = (int)length;
    if (length > 0) {
        va_start(arguments, format);
        err = format_measured(&text, (size_t)length, format, arguments);
        va_end(arguments);
    }
    *out = text; /* last: an argument may point into it */
    return err;
}

gr_string gr_string_hold(gr_string string)
{
    gri_block_hold(string.block);
    return string;
}

void gr_string_release(gr_string string)
{
    gri_block_release(string.block);
}

/* Clips offset and length to `whole`; false if nothing is left. */
static bool clip(size_t whole, size_t *offset, size_t *length)
{
    if (*offset > whole) return false;
    if (*length > whole - *offset) *length = whole - *offset;
    return *length > 0;
}

gr_string gr_string_slice(gr_string string, size_t offset, size_t length)
{
    gr_string part = {NULL, 0, NULL};
    if (!clip(string.length, &offset, &length)) return part;
    gri_block_hold(string.block);
    part.data = string.data + offset;
    part.length = length;
    part.block = string.block;
    return part;
}

int gr_string_compare(gr_string a, gr_string b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    if (order) return order;
    return (a.length > b.length) - (a.length < b.length);
}

int gr_buffer_create(gr_actor *self, size_t size, gr_buffer *out, uint8_t **bytes)
{
    gr_buffer buffer = {NULL, 0, NULL};
    struct gri_block *block;
    (void)self;
    *out = buffer;
    *bytes = size == 0 ? nothing : NULL;
    if (size == 0) return 0;
    block = create_block("gr_buffer_create", size);
    if (!block) return GR_ENOMEM;
    *bytes = gri_block_bytes(block);
    out->data = *bytes;
    out->size = size;
    out->block = block;
    return 0;
}

int gr_buffer_copy(gr_actor *self, const void *bytes, size_t size, gr_buffer *out)
{
    gr_buffer copy = {NULL, 0, NULL};
    uint8_t *room;
    int err = GR_EINVALID;
    if (bytes == NULL && size > 0)
        gri_thread_error_set("gr_buffer_copy: there are no bytes to copy");
    else
        err = gr_buffer_create(self, size, &copy, &room);
    if (!err && size > 0) memcpy(room, bytes, size);
    *out = copy; /* last: `bytes` may point into it */
    return err;
}

gr_buffer gr_buffer_hold(gr_buffer buffer)
{
    gri_block_hold(buffer.block);
    return buffer;
}

void gr_buffer_release(gr_buffer buffer)
{
    gri_block_release(buffer.block);
}

gr_buffer gr_buffer_slice(gr_buffer buffer, size_t offset, size_t size)
{
    gr_buffer part = {NULL, 0, NULL};
    if (!clip(buffer.size, &offset, &size)) return part;
    gri_block_hold(buffer.block);
    part.data = buffer.data + offset;
    part.size = size;
    part.block = buffer.block;
    return part;
}
