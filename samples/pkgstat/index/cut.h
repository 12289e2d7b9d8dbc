/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an index may be cut so that each side holds whole paragraphs. It looks at blank lines only and knows no fields.
 */
#ifndef PKGSTAT_CUT_H
#define PKGSTAT_CUT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The end of the last blank line that lies, with the line end before it, whole in these bytes; 0 if there is none.
 * Linear in the bytes that it has to walk back over.
 */
size_t cut_find(const uint8_t *bytes, size_t size);

/* The number of LFs. */
uint64_t cut_count_lines(const uint8_t *bytes, size_t size);

#endif
