/* SPDX-License-Identifier: Apache-2.0 */
/* Repair of UTF-8. */
#include "utf8.h"

#include <string.h>

/* The sequences that start with bytes from `first` to `last`: their length, and the range of their second byte. Further
 * bytes are 80 to BF. */
struct lead {
    uint8_t first;  /* of the lead bytes */
    uint8_t last;   /* of the lead bytes */
    uint8_t length; /* bytes of the whole sequence */
    uint8_t low;    /* smallest second byte */
    uint8_t high;   /* largest second byte */
};

static const struct lead leads[] = {
    {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

/* The length of the well-formed sequence at `at`, or of the maximal ill-formed part there. */
static size_t sequence(const uint8_t *at, const uint8_t *end, bool *valid)
{
    const struct lead *lead = NULL;
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (*at >= leads[i].first && *at <= leads[i].last) lead = &leads[i];
    }
    *valid = false;
    if (lead == NULL) return 1;
    uint8_t low = lead->low;
    uint8_t high = lead->high;
    for (size_t i = 1; i < lead->length; i++) {
        if (at + i == end || at[i] < low || at[i] > high) return i;
        low = 0x80;
        high = 0xbf;
    }
    *valid = true;
    return lead->length;
}

/* The number of bytes at the front that are ASCII: nearly all text is. */
static size_t ascii_size(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0) break;
    }
    while (i < size && bytes[i] < 0x80) i++;
    return i;
}

bool utf8_is_valid(const uint8_t *bytes, size_t size)
{
    for (size_t i = ascii_size(bytes, size); i < size; i += ascii_size(bytes + i, size - i)) {
        bool valid;
        i += sequence(bytes + i, bytes + size, &valid);
        if (!valid) return false;
    }
    return true;
}

size_t utf8_repair(const uint8_t *bytes, size_t size, uint8_t *out)
{
    size_t written = 0;
    for (size_t i = 0; i < size;) {
        bool valid;
        size_t length = sequence(bytes + i, bytes + size, &valid);
        if (valid) {
            memcpy(out + written, bytes + i, length);
            written += length;
        } else {
            memcpy(out + written, "\xef\xbf\xbd", 3);
            written += 3;
        }
        i += length;
    }
    return written;
}
