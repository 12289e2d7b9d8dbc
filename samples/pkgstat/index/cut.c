/* SPDX-License-Identifier: Apache-2.0 */
/* Finding blank lines from the end backwards, and counting lines. */
#define _GNU_SOURCE /* memrchr */
#include "cut.h"

#include <string.h>

size_t cut_find(const uint8_t *bytes, size_t size)
{
    size_t end = size;
    while (end > 0) {
        const uint8_t *lf = memrchr(bytes, '\n', end);
        if (lf == NULL) return 0;
        const uint8_t *at = lf;
        if (at > bytes && at[-1] == '\r') at--;
        while (at > bytes && (at[-1] == ' ' || at[-1] == '\t')) at--;
        if (at > bytes && at[-1] == '\n') return (size_t)(lf + 1 - bytes);
        end = (size_t)(at - bytes); /* no LF between `at` and `lf` */
    }
    return 0;
}

/* Counts in blocks, in counters of one byte, so that the compiler uses vector instructions: the splitter does this for
 * every byte of the input. */
enum { LANES = 32, ROUNDS = 255 };

uint64_t cut_count_lines(const uint8_t *bytes, size_t size)
{
    uint64_t count = 0;
    while (size >= LANES) {
        uint8_t lanes[LANES] = {0};
        size_t rounds = size / LANES < ROUNDS ? size / LANES : ROUNDS;
        for (size_t round = 0; round < rounds; round++) {
            for (size_t i = 0; i < LANES; i++) lanes[i] = (uint8_t)(lanes[i] + (bytes[i] == '\n'));
            bytes += LANES;
        }
        size -= rounds * LANES;
        for (size_t i = 0; i < LANES; i++) count += lanes[i];
    }
    for (size_t i = 0; i < size; i++) count += bytes[i] == '\n';
    return count;
}
