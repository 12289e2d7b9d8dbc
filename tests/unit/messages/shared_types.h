/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message types that several files of these tests include, C and C++: each file gets tables of its own, which must come
 * out as one type. It registers nothing that conflicts.
 */
#ifndef TESTS_UNIT_MESSAGES_SHARED_TYPES_H
#define TESTS_UNIT_MESSAGES_SHARED_TYPES_H

#include <greenroom/actor.h>
#include <greenroom/message.h>

enum shared_colour { SHARED_RED, SHARED_GREEN = 7 };

struct shared_point {
    int32_t x;
    int32_t y;
};
GR_MESSAGE(shared_point, GR_FIELD(shared_point, x), GR_FIELD(shared_point, y));

/* Every kind once. */
struct shared_all {
    bool yes;
    char letter;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    float f32;
    double f64;
    long l;
    unsigned long ul;
    long long ll;
    unsigned long long ull;
    enum shared_colour colour;
    gr_ref ref;
    gr_string string;
    gr_buffer buffer;
    struct shared_point point;
};
GR_MESSAGE(shared_all, GR_FIELD(shared_all, yes), GR_FIELD(shared_all, letter), GR_FIELD(shared_all, i8),
           GR_FIELD(shared_all, i16), GR_FIELD(shared_all, i32), GR_FIELD(shared_all, i64),
           GR_FIELD(shared_all, u8), GR_FIELD(shared_all, u16), GR_FIELD(shared_all, u32),
           GR_FIELD(shared_all, u64), GR_FIELD(shared_all, f32), GR_FIELD(shared_all, f64),
           GR_FIELD(shared_all, l), GR_FIELD(shared_all, ul), GR_FIELD(shared_all, ll),
           GR_FIELD(shared_all, ull), GR_FIELD(shared_all, colour), GR_FIELD(shared_all, ref),
           GR_FIELD(shared_all, string), GR_FIELD(shared_all, buffer),
           GR_NESTED(shared_all, point, shared_point));

/* Arrays of values, of text, of counted slices and of messages. */
struct shared_arrays {
    int32_t numbers[3];
    char text[8];
    gr_string names[2];
    gr_ref refs[2];
    struct shared_point points[2];
    uint8_t one[1];
};
GR_MESSAGE(shared_arrays, GR_ARRAY(shared_arrays, numbers), GR_ARRAY(shared_arrays, text),
           GR_ARRAY(shared_arrays, names), GR_ARRAY(shared_arrays, refs),
           GR_NESTED(shared_arrays, points, shared_point), GR_ARRAY(shared_arrays, one));

GR_MESSAGE_EMPTY(shared_nothing);

/* Nested in nested, and a nested message without fields. */
struct shared_deep {
    struct shared_arrays arrays;
    struct shared_nothing nothing;
    double rate;
};
GR_MESSAGE(shared_deep, GR_NESTED(shared_deep, arrays, shared_arrays),
           GR_NESTED(shared_deep, nothing, shared_nothing), GR_FIELD(shared_deep, rate));

/* Qualified fields and a signed enum. */
enum shared_sign { SHARED_MINUS = -1, SHARED_PLUS = 1 };
struct shared_qualified {
    const int32_t fixed;
    volatile uint16_t seen;
    enum shared_sign sign;
    const uint8_t bytes[4];
};
GR_MESSAGE(shared_qualified, GR_FIELD(shared_qualified, fixed), GR_FIELD(shared_qualified, seen),
           GR_FIELD(shared_qualified, sign), GR_ARRAY(shared_qualified, bytes));

GRI_BEGIN_C
/* The tables of the second C file: the number of them, and each by index. */
int shared_second_count(void);
const struct gr_type *shared_second_type(int index);
/* gri_types_finish, whose header is C only. */
int shared_finish(void);
GRI_END_C

#endif
