/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime does to the counted fields of a message, by its table. The public half, gr_message_visit and
 * gr_message_release, is in <greenroom/message.h>. No printing and no encoding.
 *
 * All three return at once for types without GRI_TYPE_COUNTED, so a caller needs no check of its own.
 */
#ifndef GRI_MESSAGES_VISIT_H
#define GRI_MESSAGES_VISIT_H

#include <greenroom/message.h>

/* Adds a count to every string and buffer of `message`, nested ones included: for a bytewise copy. Any thread. */
void gri_message_hold(const struct gr_type *type, const void *message);

/* The lengths of all strings and buffers of `message` together, in bytes; SIZE_MAX if that overflows. */
size_t gri_message_counted_bytes(const struct gr_type *type, const void *message);

#endif
