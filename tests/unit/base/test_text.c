/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bounded text, escaping and hashing. */
#include "base/random.h"
#include "base/text.h"
#include "tests/unit/base/child.h"

#define BAD "\xef\xbf\xbd"

Test(text, a_new_text_is_empty_and_ends)
{
    char out[4] = "abc";
    struct gri_text text;
    gri_text_init(&text, out, sizeof out);
    cr_assert_str_eq(out, "");
    cr_assert_eq(text.length, 0);
    cr_assert_not(text.cut);
}

Test(text, appended_and_formatted_parts_follow_each_other)
{
    char out[64];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out);
    gri_text_append(&text, "abcdef", 3);
    gri_text_append(&text, NULL, 0);
    gri_text_format(&text, "-%d-%s", 42, "x");
    gri_text_append_escaped(&text, "\n", 1);
    cr_assert_str_eq(out, "abc-42-x\\n");
    cr_assert_eq(text.length, strlen(out));
    cr_assert_not(text.cut);
}

Test(text, numbers_are_added_in_both_bases)
{
    char out[64];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out);
    gri_text_append_number(&text, 0, 10);
    gri_text_append(&text, " ", 1);
    gri_text_append_number(&text, UINT64_MAX, 10);
    gri_text_append(&text, " ", 1);
    gri_text_append_number(&text, UINT64_MAX - 16, 16);
    cr_assert_str_eq(out, "0 18446744073709551615 ffffffffffffffef");
}

Test(text, what_fits_exactly_is_not_cut)
{
    char out[4];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out);
    gri_text_append(&text, "ab", 2);
    gri_text_format(&text, "%c", 'c');
    cr_assert_str_eq(out, "abc");
    cr_assert_not(text.cut);
}

Test(text, what_does_not_fit_is_cut_and_nothing_is_added_after_it)
{
    char out[4];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out);
    gri_text_append(&text, "abcd", 4);
    cr_assert_str_eq(out, "abc");
    cr_assert(text.cut);
    gri_text_init(&text, out, sizeof out);
    gri_text_format(&text, "%d", 12345);
    cr_assert_str_eq(out, "123");
    cr_assert(text.cut);
    cr_assert_eq(text.length, 3);
    gri_text_init(&text, out, sizeof out);
    gri_text_append(&text, "a", 1);
    gri_text_append_escaped(&text, "\x01", 1);
    gri_text_append(&text, "b", 1);
    gri_text_format(&text, "c");
    gri_text_append_escaped(&text, "d", 1);
    cr_assert_str_eq(out, "a");
    cr_assert(text.cut);
}

Test(text, a_text_of_one_byte_holds_nothing)
{
    char out[1] = {'x'};
    struct gri_text text;
    gri_text_init(&text, out, 1);
    gri_text_format(&text, "%s", "");
    cr_assert_not(text.cut);
    gri_text_append(&text, "a", 1);
    cr_assert(text.cut);
    cr_assert_eq(out[0], '\0');
}

Test(text, a_format_that_printf_refuses_adds_nothing)
{
    char out[16];
    struct gri_text text;
    static const wchar_t no_character[] = {(wchar_t)0x7fffffff, 0};
    gri_text_init(&text, out, sizeof out);
    gri_text_append(&text, "ab", 2);
    gri_text_format(&text, "c%ls", no_character);
    cr_assert_str_eq(out, "ab");
    cr_assert_eq(text.length, 2);
    cr_assert(text.cut);
}

static void init_without_room(void *argument)
{
    struct gri_text text;
    gri_text_init(&text, argument, 0);
}

Test(text, a_text_without_room_is_our_own_mistake)
{
    char out[1];
    child_must_abort(init_without_room, out, "size > 0");
}

static void check(const char *bytes, size_t length, const char *expected)
{
    char out[256];
    size_t whole = gri_text_escape(out, sizeof out, bytes, length);
    cr_assert_str_eq(out, expected);
    cr_assert_eq(whole, strlen(expected));
}

#define CHECK(bytes, expected) check(bytes, sizeof bytes - 1, expected)

Test(text, plain_text_stays_as_it_is)
{
    CHECK("", "");
    CHECK("Hello, world! ~/{}[]'", "Hello, world! ~/{}[]'");
    CHECK("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
          "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
}

Test(text, quotes_backslashes_and_control_bytes_are_escaped)
{
    CHECK("a\"b\\c", "a\\\"b\\\\c");
    CHECK("\b\f\n\r\t", "\\b\\f\\n\\r\\t");
    CHECK("\0\x01\x1f\x7f", "\\u0000\\u0001\\u001f\\u007f");
    CHECK("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009b\\u009f\xc2\xa0");
}

Test(text, each_maximal_ill_formed_part_becomes_one_replacement)
{
    /* The examples of the Unicode standard, tables 3-8 to 3-11. */
    CHECK("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A");
    CHECK("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A");
    CHECK("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", BAD BAD BAD BAD BAD "A" BAD BAD "B");
    CHECK("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", BAD BAD BAD BAD "A");
}

Test(text, a_character_cut_off_by_the_end_becomes_one_replacement)
{
    CHECK("x\xc3", "x" BAD);
    CHECK("x\xe2\x82", "x" BAD);
    CHECK("x\xf0\x9f\x98", "x" BAD);
    CHECK("\xf0\x9f\x98\"", BAD "\\\"");
}

Test(text, the_first_and_last_character_of_each_length_are_well_formed)
{
    CHECK("\xc2\xa0 \xdf\xbf", "\xc2\xa0 \xdf\xbf");
    CHECK("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf",
          "\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf");
    CHECK("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
    CHECK("\xf4\x90\x80\x80", BAD BAD BAD BAD);
    CHECK("\xf5\x80", BAD BAD);
}

Test(text, a_cut_result_is_whole_characters_and_the_length_is_that_of_all)
{
    static const char bytes[] = "a\x01\xe2\x82\xac\n\xff\"";
    static const size_t ends[] = {0, 1, 7, 10, 12, 15, 17}; /* where a cut may be */
    char full[64], out[64];
    size_t whole = gri_text_escape(full, sizeof full, bytes, sizeof bytes - 1);
    cr_assert_str_eq(full, "a\\u0001\xe2\x82\xac\\n" BAD "\\\"");
    for (size_t size = 1; size <= whole + 1; size++) {
        memset(out, 'z', sizeof out);
        cr_assert_eq(gri_text_escape(out, size, bytes, sizeof bytes - 1), whole);
        size_t end = 0;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            if (ends[i] < size) end = ends[i];
        cr_assert_eq(strlen(out), end, "size %zu", size);
        cr_assert_eq(memcmp(out, full, end), 0);
        cr_assert_eq(out[size], 'z');
    }
}

Test(text, escaping_into_no_memory_only_measures)
{
    cr_assert_eq(gri_text_escape(NULL, 0, "a\nb", 3), 4);
}

/* Whether it is what a JSON string may hold: no control byte, no bare quote, and escaping finds nothing ill-formed. */
static bool is_clean(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '"') return false;
        if (*p == '\\' && *++p == '\0') return false;
    }
    return true;
}

Test(text, random_bytes_become_clean_text_that_escaping_leaves_well_formed)
{
    struct gri_random random;
    gri_random_seed(&random, 5);
    for (int round = 0; round < 5000; round++) {
        char bytes[24], once[256], line[256], again[256];
        size_t length = gri_random_below(&random, sizeof bytes);
        for (size_t i = 0; i < length; i++) {
            uint64_t draw = gri_random_next(&random);
            bytes[i] = (char)(draw & 0x100 ? draw : draw | 0x80);
        }
        gri_text_escape(once, sizeof once, bytes, length);
        cr_assert(is_clean(once), "%s", once);
        struct gri_text text;
        gri_text_init(&text, line, sizeof line);
        gri_text_append_line(&text, once, strlen(once));
        cr_assert_str_eq(line, once);
        gri_text_init(&text, again, sizeof again);
        gri_text_append_line(&text, line, strlen(line));
        cr_assert_str_eq(again, line);
    }
}

Test(text, a_line_keeps_quotes_and_backslashes)
{
    char out[64];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out);
    gri_text_append_line(&text, "\"a\\b\"\n\xff", 7);
    cr_assert_str_eq(out, "\"a\\b\"\\n" BAD);
}

Test(text, the_hash_gives_the_published_numbers)
{
    cr_assert_eq(gri_hash("", 0, 0), 0xcbf29ce484222325u);
    cr_assert_eq(gri_hash("a", 1, 0), 0xaf63dc4c8601ec8cu);
    cr_assert_eq(gri_hash("foobar", 6, 0), 0x85944171f73967e8u);
    cr_assert_eq(gri_hash("\xff", 1, 0), gri_hash("\xff\0", 1, 0));
}

Test(text, the_hash_depends_on_seed_order_and_length)
{
    cr_assert_neq(gri_hash("ab", 2, 0), gri_hash("ab", 2, 1));
    cr_assert_neq(gri_hash("ab", 2, 0), gri_hash("ba", 2, 0));
    cr_assert_neq(gri_hash("a\0", 2, 0), gri_hash("a", 1, 0));
}
