/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What values mean: numbers, and the package names of a dependency list. It takes bytes as they are and repairs nothing.
 */
#ifndef PKGSTAT_FIELDS_H
#define PKGSTAT_FIELDS_H

#include "paragraph.h"

/*
 * A decimal number below 2^63: one or more of the digits 0 to 9 and nothing else, leading zeros allowed. What is no such
 * number counts as 0.
 */
uint64_t field_number(struct span value);

/*
 * Takes the next name out of a dependency list such as "a | b:any (>= 1), c [amd64] <!nocheck>" (a, b, c); *rest starts
 * as the whole value. Alternatives are parted by commas and bars, wherever these stand. An alternative's name ends
 * before the first white space, `:`, `(`, `[` or `<`; one that is empty is passed over. Returns false at the end.
 */
bool field_next_name(struct span *rest, struct span *name);

#endif
