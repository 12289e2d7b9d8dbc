/* SPDX-License-Identifier: Apache-2.0 */
/* The printed form of messages: every kind, cut at every length, escaping, and the same in every locale. */
#include "messages/registry.h"
#include "shared_types.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct print_floats {
    float f32;
    double f64;
};
GR_MESSAGE(print_floats, GR_FIELD(print_floats, f32), GR_FIELD(print_floats, f64));

struct print_text {
    gr_string s;
};
GR_MESSAGE(print_text, GR_FIELD(print_text, s));

struct print_chars {
    char one;
    char many[4];
};
GR_MESSAGE(print_chars, GR_FIELD(print_chars, one), GR_ARRAY(print_chars, many));

/*
 * The locale under test, without one installed: the linker passes the program's calls of snprintf, strtod and strtof
 * here (--wrap), and these speak with this decimal point. NULL: as the C library does.
 */
static const char *decimal_point;

int __wrap_snprintf(char *out, size_t size, const char *format, ...) GR_PRINTF(3, 4);
double __wrap_strtod(const char *text, char **end);
float __wrap_strtof(const char *text, char **end);
double __real_strtod(const char *text, char **end);
float __real_strtof(const char *text, char **end);

int __wrap_snprintf(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    char *point;
    int length;
    va_start(arguments, format);
    length = vsnprintf(out, size, format, arguments);
    va_end(arguments);
    if (!decimal_point || length < 0 || (size_t)length + strlen(decimal_point) >= size) return length;
    point = strchr(out, '.');
    if (!point) return length;
    memmove(point + strlen(decimal_point), point + 1, strlen(point + 1) + 1);
    memcpy(point, decimal_point, strlen(decimal_point));
    return (int)strlen(out);
}

/* Replaces the decimal point by the C library's. */
static void to_plain(const char *text, char *out)
{
    const char *point = decimal_point ? strstr(text, decimal_point) : NULL;
    if (!point)
        strcpy(out, text);
    else
        sprintf(out, "%.*s.%s", (int)(point - text), text, point + strlen(decimal_point));
}

double __wrap_strtod(const char *text, char **end)
{
    char plain[200];
    if (end || !decimal_point) return __real_strtod(text, end);
    to_plain(text, plain);
    return __real_strtod(plain, NULL);
}

float __wrap_strtof(const char *text, char **end)
{
    char plain[200];
    if (end || !decimal_point) return __real_strtof(text, end);
    to_plain(text, plain);
    return __real_strtof(plain, NULL);
}

/* Fails unless the message prints as `want`, in one piece and cut at every length. */
static void expect_print(const struct gr_type *type, const void *message, const char *want)
{
    char out[2048];
    size_t length = gr_message_print(type, message, out, sizeof out);
    cr_assert_str_eq(out, want);
    cr_assert_eq(length, strlen(want));
    cr_assert_eq(gr_message_print(type, message, NULL, 0), length);
    for (size_t size = 1; size <= length + 2; size++) {
        char *exact = malloc(size + 1); /* so that the address sanitizer sees a byte too many */
        size_t cut;
        cr_assert_not_null(exact);
        memset(exact, '#', size + 1);
        cr_assert_eq(gr_message_print(type, message, exact, size), length, "size %zu", size);
        cr_assert_eq(exact[size], '#', "size %zu: wrote beyond it", size);
        cr_assert_not_null(memchr(exact, '\0', size), "size %zu: not terminated", size);
        cut = strlen(exact);
        cr_assert(!memcmp(exact, want, cut), "size %zu: \"%s\" doesn't start \"%s\"", size, exact, want);
        /* Only a character or an escape, 6 bytes at most, may have been left out whole. */
        cr_assert(cut == length || (cut < size && cut + 6 >= size), "size %zu: cut to %zu", size, cut);
        free(exact);
    }
}

Test(print, every_kind)
{
    struct shared_all m = {.yes = true,
                           .letter = 'x',
                           .i8 = INT8_MIN,
                           .i16 = INT16_MIN,
                           .i32 = INT32_MIN,
                           .i64 = INT64_MIN,
                           .u8 = UINT8_MAX,
                           .u16 = UINT16_MAX,
                           .u32 = UINT32_MAX,
                           .u64 = UINT64_MAX,
                           .f32 = 0.1f,
                           .f64 = -2.5,
                           .l = -1,
                           .ul = 1,
                           .ll = -2,
                           .ull = 2,
                           .colour = SHARED_GREEN,
                           .ref = {1, 5, 7},
                           .string = gr_string_static("say \"hi\""),
                           .buffer = {(const uint8_t *)"0123456789abcdef", 16, NULL},
                           .point = {-3, 4}};
    expect_print(&shared_all_gr_type, &m,
                 "shared_all{yes=true, letter=\"x\", i8=-128, i16=-32768, i32=-2147483648, "
                 "i64=-9223372036854775808, u8=255, u16=65535, u32=4294967295, u64=18446744073709551615, "
                 "f32=0.1, f64=-2.5, l=-1, ul=1, ll=-2, ull=2, colour=7, ref=<1:5:7>, "
                 "string=\"say \\\"hi\\\"\", buffer=<16 bytes>, point={x=-3, y=4}}");
}

Test(print, a_zeroed_message)
{
    struct shared_all m = {.yes = false};
    expect_print(&shared_all_gr_type, &m,
                 "shared_all{yes=false, letter=\"\", i8=0, i16=0, i32=0, i64=0, u8=0, u16=0, u32=0, u64=0, "
                 "f32=0, f64=0, l=0, ul=0, ll=0, ull=0, colour=0, ref=<0:0:0>, string=\"\", "
                 "buffer=<0 bytes>, point={x=0, y=0}}");
}

Test(print, arrays_and_nested_messages)
{
    struct shared_deep m = {.arrays = {.numbers = {1, -2, 3},
                                       .text = "greeting", /* all 8, without a NUL */
                                       .names = {gr_string_static("a"), gr_string_static("b,c")},
                                       .refs = {{1, 2, UINT64_MAX}},
                                       .points = {{1, 2}, {3, 4}},
                                       .one = {9}},
                            .rate = 1e100};
    expect_print(&shared_deep_gr_type, &m,
                 "shared_deep{arrays={numbers=[1,-2,3], text=\"greeting\", names=[\"a\",\"b,c\"], "
                 "refs=[<1:2:18446744073709551615>,<0:0:0>], points=[{x=1, y=2},{x=3, y=4}], one=9}, "
                 "nothing={}, rate=1e+100}");
}

Test(print, an_empty_message_is_its_name)
{
    expect_print(&shared_nothing_gr_type, NULL, "shared_nothing");
    expect_print(&gr_nothing_gr_type, NULL, "gr_nothing");
}

Test(print, chars_end_at_their_first_nul)
{
    expect_print(&print_chars_gr_type, &(struct print_chars){'\'', {'a', 0, 'b', 'c'}},
                 "print_chars{one=\"'\", many=\"a\"}");
    expect_print(&print_chars_gr_type, &(struct print_chars){'\n', {'a', 'b', 'c', 'd'}},
                 "print_chars{one=\"\\n\", many=\"abcd\"}");
    expect_print(&print_chars_gr_type, &(struct print_chars){'\xff', {0}},
                 "print_chars{one=\"\xef\xbf\xbd\", many=\"\"}");
}

Test(print, one_byte_is_singular)
{
    struct shared_all m = {.buffer = {(const uint8_t *)"x", 1, NULL}};
    char out[1000];
    gr_message_print(&shared_all_gr_type, &m, out, sizeof out);
    cr_assert_not_null(strstr(out, "buffer=<1 byte>,"));
}

Test(print, a_bool_that_is_neither_is_true)
{
    struct shared_all m = {.yes = false};
    char out[1000];
    memset(&m.yes, 0x80, 1);
    gr_message_print(&shared_all_gr_type, &m, out, sizeof out);
    cr_assert_not_null(strstr(out, "{yes=true,"));
}

Test(print, a_message_may_lie_at_any_address)
{
    struct shared_deep m = {.rate = 0.5};
    char want[1000], got[1000];
    char room[sizeof m + 8];
    gr_message_print(&shared_deep_gr_type, &m, want, sizeof want);
    for (int i = 0; i < 8; i++) {
        memcpy(room + i, &m, sizeof m);
        gr_message_print(&shared_deep_gr_type, room + i, got, sizeof got);
        cr_assert_str_eq(got, want);
    }
}

static void expect_escaped(const char *bytes, size_t length, const char *want)
{
    char whole[200];
    struct print_text m = {{bytes, length, NULL}};
    snprintf(whole, sizeof whole, "print_text{s=\"%s\"}", want);
    expect_print(&print_text_gr_type, &m, whole);
}

Test(print, text_is_escaped_as_in_json)
{
    expect_escaped("", 0, "");
    expect_escaped("a\0b", 3, "a\\u0000b");
    expect_escaped("\"\\/", 3, "\\\"\\\\/");
    expect_escaped("\n\t\r\x01\x1f", 5, "\\n\\t\\r\\u0001\\u001f");
    expect_escaped("}, x={", 6, "}, x={");
}

Test(print, utf8_is_kept_and_each_ill_formed_part_is_replaced)
{
#define FFFD "\xef\xbf\xbd"
    expect_escaped("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    expect_escaped("\xff\xfe", 2, FFFD FFFD);
    expect_escaped("\xe2\x82", 2, FFFD);                        /* cut off: one part */
    expect_escaped("\xe2\x82x", 3, FFFD "x");                   /* interrupted: one part */
    expect_escaped("\xc0\xaf", 2, FFFD FFFD);                   /* overlong */
    expect_escaped("\xed\xa0\x80", 3, FFFD FFFD FFFD);          /* a surrogate */
    expect_escaped("\xf4\x90\x80\x80", 4, FFFD FFFD FFFD FFFD); /* beyond U+10FFFF */
    expect_escaped("a\x80z", 3, "a" FFFD "z");
}

static void expect_floats(float f32, double f64, const char *want)
{
    struct print_floats m = {f32, f64};
    char whole[200];
    snprintf(whole, sizeof whole, "print_floats{%s}", want);
    expect_print(&print_floats_gr_type, &m, whole);
}

Test(print, floats_are_as_short_as_they_can_be_read_back)
{
    expect_floats(0.1f, 0.1, "f32=0.1, f64=0.1");
    expect_floats(16777216.0f, 9007199254740993.0, "f32=16777216, f64=9007199254740992");
    expect_floats(1.0f / 3, 1.0 / 3, "f32=0.33333334, f64=0.3333333333333333");
    expect_floats(FLT_MAX, DBL_MAX, "f32=3.4028235e+38, f64=1.7976931348623157e+308");
    expect_floats(FLT_TRUE_MIN, DBL_TRUE_MIN, "f32=1.4013e-45, f64=4.94065645841247e-324");
    expect_floats(-0.0f, -0.0, "f32=-0, f64=-0");
    expect_floats(5, 5, "f32=5, f64=5");
    expect_floats(NAN, -NAN, "f32=nan, f64=nan");
    expect_floats(INFINITY, -INFINITY, "f32=inf, f64=-inf");
}

Test(print, the_locale_changes_nothing)
{
    static const char *const points[] = {",", "\xd9\xab", "''"};
    struct print_floats m = {-1.5f, 0.1 + 0.2};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        char check[20], out[200];
        decimal_point = points[i];
        snprintf(check, sizeof check, "%g", 0.5);
        cr_assert_not_null(strstr(check, points[i]), "the wrapper isn't linked: %s", check);
        gr_message_print(&print_floats_gr_type, &m, out, sizeof out);
        decimal_point = NULL;
        cr_assert_str_eq(out, "print_floats{f32=-1.5, f64=0.30000000000000004}");
    }
}

Test(print, random_doubles_read_back)
{
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        struct print_floats m = {0, 0};
        char out[200];
        double back;
        state ^= state << 13, state ^= state >> 7, state ^= state << 17; /* xorshift64 (Marsaglia) */
        memcpy(&m.f64, &state, sizeof m.f64);
        if (!isfinite(m.f64)) continue;
        gr_message_print(&print_floats_gr_type, &m, out, sizeof out);
        cr_assert_eq(sscanf(out, "print_floats{f32=0, f64=%lf}", &back), 1, "%s", out);
        cr_assert_eq(back, m.f64, "%s", out);
    }
}

Test(print, tables_that_nest_without_end_are_cut)
{
    struct gr_field field = {"again", 0, 8, 1, GR_KIND_NESTED, NULL};
    struct gr_type endless = {"endless", 8, 8, 1, &field, 0, 0, 0, 0, NULL};
    uint64_t message = 0;
    char out[1000], want[1000] = "endless";
    field.nested = &endless;
    for (uint32_t i = 0; i < GRI_TYPE_DEPTH_MAX; i++) strcat(want, "{again=");
    strcat(want, "{...}");
    for (uint32_t i = 0; i < GRI_TYPE_DEPTH_MAX; i++) strcat(want, "}");
    gr_message_print(&endless, &message, out, sizeof out);
    cr_assert_str_eq(out, want);
}
