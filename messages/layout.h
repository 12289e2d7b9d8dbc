/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts: what a message type's field table says, checked, hashed and compared. Pure functions over tables; nothing is
 * registered here, and the tables need not be.
 */
#ifndef GRI_MESSAGES_LAYOUT_H
#define GRI_MESSAGES_LAYOUT_H

#include "base/text.h"

#include <greenroom/message.h>

/*
 * Can messages of this type be stored, printed and released by its table? Errors, with a sentence appended to `why`:
 * GR_ELIMIT (too large, aligned too strictly or nested too deep), GR_EINVALID (everything that no macro writes: fields
 * outside the struct, overlapping, unaligned, of a bad kind, size or count).
 */
int gri_layout_check(const struct gr_type *type, struct gri_text *why);

/*
 * Hashes name, size, alignment and fields (name, kind, offset, size, count and the nested type's hash), in the machine's
 * byte order: machines of another byte order get other hashes, as they must. Only for types that passed the check.
 */
uint64_t gri_layout_hash(const struct gr_type *type);

/* Do messages of this type own strings or buffers, also in nested messages? Only for types that passed the check. */
bool gri_layout_counted(const struct gr_type *type);

/* Do two types of one name differ? If so, appends a sentence to `why`. Only for types that passed the check. */
bool gri_layout_differs(const struct gr_type *a, const struct gr_type *b, struct gri_text *why);

/* The name of a kind, as in "i64"; "unknown" for a number that is none. */
const char *gri_kind_name(enum gr_kind kind);

#endif
