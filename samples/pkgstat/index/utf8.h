/* SPDX-License-Identifier: Apache-2.0 */
/* Repair of text that should be UTF-8. It knows no characters, only which bytes are well formed. */
#ifndef PKGSTAT_UTF8_H
#define PKGSTAT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A repaired text is at most this many times as long. */
#define UTF8_GROWTH_MAX 3

/* Whether all of it is well formed (Unicode 15, table 3-7: no surrogates, nothing overlong). */
bool utf8_is_valid(const uint8_t *bytes, size_t size);

/*
 * Copies, with each maximal ill-formed part (Unicode 15, section 3.9, "U+FFFD substitution of maximal subparts") written
 * as one U+FFFD. `out` has room for size * UTF8_GROWTH_MAX bytes. Returns the bytes written.
 */
size_t utf8_repair(const uint8_t *bytes, size_t size, uint8_t *out);

#endif
