/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing of numbers and dependency lists. */
#include "fields.h"

/* What a byte does in a dependency list. */
enum { PART_NAME, PART_SPACE, PART_STOP, PART_NEXT };

static const uint8_t parts[256] = {
    [' '] = PART_SPACE,  ['\t'] = PART_SPACE, ['\n'] = PART_SPACE, ['\v'] = PART_SPACE,
    ['\f'] = PART_SPACE, ['\r'] = PART_SPACE, [':'] = PART_STOP,   ['('] = PART_STOP,
    ['['] = PART_STOP,   ['<'] = PART_STOP,   [','] = PART_NEXT,   ['|'] = PART_NEXT,
};

uint64_t field_number(struct span value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t digit = (uint8_t)(value.data[i] - '0');
        if (digit > 9) return 0;
        if (number > (INT64_MAX - digit) / UINT64_C(10)) return 0;
        number = number * 10 + digit;
    }
    return number;
}

bool field_next_name(struct span *rest, struct span *name)
{
    const uint8_t *at = rest->data;
    const uint8_t *end = rest->size > 0 ? at + rest->size : at;
    while (at < end) {
        while (at < end && parts[*at] == PART_SPACE) at++;
        const uint8_t *from = at;
        while (at < end && parts[*at] == PART_NAME) at++;
        const uint8_t *to = at;
        while (at < end && parts[*at] != PART_NEXT) at++;
        if (at < end) at++;
        if (to == from) continue;
        *name = (struct span){from, (size_t)(to - from)};
        *rest = (struct span){at, (size_t)(end - at)};
        return true;
    }
    return false;
}
