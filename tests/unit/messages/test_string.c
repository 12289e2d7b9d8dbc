/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and buffers. Blocks are tested in test_block.c. */
#include "account.h"
#include "base/error.h"
#include "base/memory.h"
#include "messages/block.h"

#include <greenroom/buffer.h>
#include <greenroom/error.h>

#include <criterion/criterion.h>
#include <string.h>
#include <wchar.h>

TestSuite(string, .init = use_account, .fini = expect_no_leak);
TestSuite(buffer, .init = use_account, .fini = expect_no_leak);

static uint32_t count_of(struct gri_block *block)
{
    return block ? gri_load(&block->count, GRI_RELAXED) : 0;
}

static void expect_text(gr_string s, const char *want)
{
    cr_assert_eq(s.length, strlen(want), "%zu bytes instead of %zu", s.length, strlen(want));
    cr_assert(s.length == 0 || !memcmp(s.data, want, s.length), "\"%.*s\" instead of \"%s\"", (int)s.length,
              s.data, want);
}

static void expect_empty(gr_string s)
{
    cr_assert_null(s.data);
    cr_assert_eq(s.length, 0);
    cr_assert_null(s.block);
}

static gr_string copy_of(const char *text)
{
    gr_string s;
    cr_assert_eq(gr_string_copy(NULL, text, strlen(text), &s), 0);
    return s;
}

Test(string, a_copy_has_its_own_bytes)
{
    char text[] = "hello";
    gr_string s = copy_of(text);
    text[0] = 'j';
    expect_text(s, "hello");
    cr_assert_eq(count_of(s.block), 1);
    gr_string_release(s);
}

Test(string, bytes_may_be_anything)
{
    gr_string s;
    cr_assert_eq(gr_string_copy(NULL, "a\0\xff", 3, &s), 0);
    cr_assert_eq(s.length, 3);
    cr_assert_eq(memcmp(s.data, "a\0\xff", 3), 0);
    gr_string_release(s);
}

Test(string, an_empty_copy_allocates_nothing)
{
    gr_string s = gr_string_static("full");
    cr_assert_eq(gr_string_copy(NULL, NULL, 0, &s), 0);
    expect_empty(s);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    gr_string_release(s);
}

Test(string, a_string_may_be_copied_onto_itself)
{
    gr_string old = copy_of("abcdef");
    gr_string s = old;
    cr_assert_eq(gr_string_copy(NULL, s.data + 1, 3, &s), 0);
    expect_text(s, "bcd");
    gr_string_release(old);
    gr_string_release(s);
}

Test(string, a_copy_of_no_bytes_with_a_length_is_refused)
{
    gr_string s = gr_string_static("old");
    gr_buffer b = {.size = 1};
    cr_assert_eq(gr_string_copy(NULL, NULL, 3, &s), GR_EINVALID);
    expect_text(s, "");
    cr_assert_eq(gr_buffer_copy(NULL, NULL, 3, &b), GR_EINVALID);
    cr_assert(b.data == NULL && b.size == 0 && b.block == NULL);
    cr_assert(strstr(gri_thread_error(), "gr_buffer_copy") != NULL, "%s", gri_thread_error());
}

Test(string, a_static_string_is_not_counted)
{
    const char *text = "static";
    gr_string s = gr_string_static(text);
    gr_string t = gr_string_hold(s);
    cr_assert_eq(t.data, text);
    cr_assert_null(t.block);
    gr_string_release(s);
    gr_string_release(t);
    gr_string_release(t);
    expect_text(s, "static");
}

Test(string, holding_and_releasing_counts)
{
    gr_string s = copy_of("counted");
    gr_string t = gr_string_hold(s);
    cr_assert_eq(t.data, s.data);
    cr_assert_eq(count_of(s.block), 2);
    gr_string_release(s);
    expect_text(t, "counted");
    cr_assert_eq(count_of(t.block), 1);
    gr_string_release(t);
}

Test(string, a_slice_is_clipped_and_owns_a_count)
{
    static const struct {
        size_t offset, length;
        const char *want;
    } cases[] = {
        {0, 6, "abcdef"},
        {0, 3, "abc"},
        {2, 2, "cd"},
        {5, 1, "f"},
        {5, 2, "f"},
        {3, SIZE_MAX, "def"},
        {0, SIZE_MAX, "abcdef"},
        {6, 1, ""},
        {7, 1, ""},
        {SIZE_MAX, 1, ""},
        {0, 0, ""},
        {3, 0, ""},
        {6, 0, ""},
        {SIZE_MAX, SIZE_MAX, ""},
        {1, SIZE_MAX, "bcdef"},
    };
    gr_string s = copy_of("abcdef");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gr_string part = gr_string_slice(s, cases[i].offset, cases[i].length);
        expect_text(part, cases[i].want);
        cr_assert_eq(count_of(s.block), *cases[i].want ? 2 : 1, "case %zu", i);
        if (!*cases[i].want) expect_empty(part);
        gr_string_release(part);
    }
    gr_string_release(s);
}

Test(string, a_slice_outlives_its_string)
{
    gr_string s = copy_of("abcdef");
    gr_string part = gr_string_slice(s, 1, 4);
    gr_string inner = gr_string_slice(part, 1, 2);
    gr_string_release(s);
    gr_string_release(part);
    expect_text(inner, "cd");
    gr_string_release(inner);
}

Test(string, a_slice_of_a_static_string_is_static)
{
    gr_string s = gr_string_static("static");
    gr_string part = gr_string_slice(s, 2, 2);
    expect_text(part, "at");
    cr_assert_eq(part.data, s.data + 2);
    cr_assert_null(part.block);
    gr_string_release(part);
}

Test(string, a_slice_of_an_empty_string_is_empty)
{
    gr_string empty = {NULL, 0, NULL};
    expect_empty(gr_string_slice(empty, 0, 10));
    expect_empty(gr_string_slice(gr_string_static(""), 0, 10));
}

Test(string, comparing_is_byte_order_with_prefixes_first)
{
    static const char *const ordered[] = {"",  "\x01", "a",    "a\x01", "aa",  "ab",
                                          "b", "ba",   "\x7f", "\x80",  "\xff"};
    int n = (int)(sizeof ordered / sizeof *ordered);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            int order = gr_string_compare(gr_string_static(ordered[i]), gr_string_static(ordered[k]));
            cr_assert_eq((order > 0) - (order < 0), (i > k) - (i < k), "%d and %d gave %d", i, k, order);
        }
}

Test(string, empty_strings_compare_equal_whatever_they_point_to)
{
    gr_string empty = {NULL, 0, NULL};
    cr_assert_eq(gr_string_compare(empty, empty), 0);
    cr_assert_eq(gr_string_compare(empty, gr_string_static("")), 0);
    cr_assert_lt(gr_string_compare(empty, gr_string_static("a")), 0);
    cr_assert_gt(gr_string_compare(gr_string_static("a"), empty), 0);
}

Test(string, formatting_measures_first)
{
    static char zeros[100000];
    gr_string s;
    cr_assert_eq(gr_string_format(NULL, &s, "%s has %d", "alice", 5), 0);
    expect_text(s, "alice has 5");
    gr_string_release(s);
    memset(zeros, '0', sizeof zeros - 1);
    cr_assert_eq(gr_string_format(NULL, &s, "%0*d", (int)sizeof zeros - 1, 0), 0);
    expect_text(s, zeros);
    gr_string_release(s);
}

Test(string, formatting_to_every_short_length)
{
    for (int n = 0; n < 200; n++) {
        gr_string s;
        cr_assert_eq(gr_string_format(NULL, &s, "%*s", n, ""), 0);
        cr_assert_eq(s.length, (size_t)n);
        gr_string_release(s);
    }
}

Test(string, an_empty_format_allocates_nothing)
{
    gr_string s = gr_string_static("full");
    cr_assert_eq(gr_string_format(NULL, &s, "%s", ""), 0);
    expect_empty(s);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

Test(string, an_argument_may_be_the_string_itself)
{
    gr_string old = copy_of("x");
    gr_string s = old;
    cr_assert_eq(gr_string_format(NULL, &s, "<%.*s>", (int)s.length, s.data), 0);
    expect_text(s, "<x>");
    gr_string_release(old);
    gr_string_release(s);
}

Test(string, a_bad_value_is_an_invalid_argument)
{
    gr_string s = gr_string_static("full");
    /* No character of the C locale. */
    cr_assert_eq(gr_string_format(NULL, &s, "%lc", (wint_t)0x1f600), GR_EINVALID);
    expect_empty(s);
    cr_assert_not_null(strstr(gri_thread_error(), "gr_string_format"), "%s", gri_thread_error());
}

Test(string, a_text_longer_than_printf_can_count_is_out_of_memory)
{
    gr_string s = gr_string_static("full");
    const char *volatile format = "%2147483648d"; /* or the compiler sees what is tested */
    cr_assert_eq(gr_string_format(NULL, &s, format, 1), GR_ENOMEM);
    expect_empty(s);
}

Test(string, sizes_that_no_memory_holds_are_out_of_memory)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 32, SIZE_MAX - 100,
                                   (size_t)PTRDIFF_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        gr_string s = gr_string_static("full");
        cr_assert_eq(gr_string_copy(NULL, "x", sizes[i], &s), GR_ENOMEM);
        expect_empty(s);
        cr_assert_not_null(strstr(gri_thread_error(), "gr_string_copy"), "%s", gri_thread_error());
    }
}

/* Makes one of everything; the first error ends it. The caller releases. */
static int make_all(gr_string *copied, gr_string *formatted, gr_buffer *created, gr_buffer *copied_bytes)
{
    uint8_t *bytes;
    int err = gr_string_copy(NULL, "text", 4, copied);
    if (!err) err = gr_string_format(NULL, formatted, "%d", 12345);
    if (!err) err = gr_buffer_create(NULL, 100, created, &bytes);
    if (!err) err = gr_buffer_copy(NULL, "bytes", 5, copied_bytes);
    return err;
}

Test(string, every_allocation_may_fail)
{
    int failures = 0;
    for (uint64_t nth = 1;; nth++) {
        struct gri_memory_fault fault;
        gr_string copied = {NULL, 0, NULL}, formatted = copied;
        gr_buffer created = {NULL, 0, NULL}, copied_bytes = created;
        int err;
        gri_memory_fault_init(&fault, &account.memory, nth);
        gri_memory_override(&fault.memory);
        err = make_all(&copied, &formatted, &created, &copied_bytes);
        gr_string_release(copied);
        gr_string_release(formatted);
        gr_buffer_release(created);
        gr_buffer_release(copied_bytes);
        gri_memory_override(&account.memory);
        cr_assert_eq(gri_memory_used(&account.memory), 0, "allocation %d leaked", (int)nth);
        if (gri_memory_fault_count(&fault) < nth) break; /* there was no nth */
        cr_assert_eq(err, GR_ENOMEM);
        cr_assert_not_null(strstr(gri_thread_error(), "no memory for"), "%s", gri_thread_error());
        failures++;
    }
    cr_assert_eq(failures, 4);
}

Test(buffer, a_created_buffer_is_written_through_its_bytes)
{
    gr_buffer b;
    uint8_t *bytes;
    cr_assert_eq(gr_buffer_create(NULL, 1000, &b, &bytes), 0);
    cr_assert_eq(b.data, bytes);
    cr_assert_eq(b.size, 1000);
    cr_assert_eq((uintptr_t)bytes % 32, 0);
    memset(bytes, 7, 1000);
    cr_assert_eq(b.data[999], 7);
    gr_buffer_release(b);
}

Test(buffer, an_empty_buffer_allocates_nothing_but_has_an_address)
{
    gr_buffer b;
    uint8_t *bytes = NULL;
    cr_assert_eq(gr_buffer_create(NULL, 0, &b, &bytes), 0);
    cr_assert_not_null(bytes); /* memcpy(bytes, from, 0) is allowed then */
    cr_assert_null(b.data);
    cr_assert_null(b.block);
    cr_assert_eq(gr_buffer_copy(NULL, NULL, 0, &b), 0);
    cr_assert_null(b.block);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    gr_buffer_release(b);
}

Test(buffer, a_copy_has_its_own_bytes)
{
    uint8_t from[3] = {1, 2, 3};
    gr_buffer b;
    cr_assert_eq(gr_buffer_copy(NULL, from, 3, &b), 0);
    from[0] = 9;
    cr_assert_eq(b.size, 3);
    cr_assert_eq(b.data[0], 1);
    cr_assert_eq(b.data[2], 3);
    gr_buffer_release(b);
}

Test(buffer, a_buffer_may_be_copied_onto_itself)
{
    gr_buffer old, b;
    cr_assert_eq(gr_buffer_copy(NULL, "abc", 3, &old), 0);
    b = old;
    cr_assert_eq(gr_buffer_copy(NULL, b.data + 1, 2, &b), 0);
    cr_assert_eq(memcmp(b.data, "bc", 2), 0);
    gr_buffer_release(old);
    gr_buffer_release(b);
}

Test(buffer, slices_and_holds_share_the_bytes)
{
    gr_buffer b, held, part, none;
    cr_assert_eq(gr_buffer_copy(NULL, "abcdef", 6, &b), 0);
    held = gr_buffer_hold(b);
    part = gr_buffer_slice(b, 4, 100);
    none = gr_buffer_slice(b, 6, 1);
    cr_assert_eq(count_of(b.block), 3);
    cr_assert_eq(part.size, 2);
    cr_assert_eq(part.data, b.data + 4);
    cr_assert_null(none.block);
    cr_assert_null(none.data);
    gr_buffer_release(b);
    gr_buffer_release(held);
    cr_assert_eq(memcmp(part.data, "ef", 2), 0);
    gr_buffer_release(part);
    gr_buffer_release(none);
}

Test(buffer, a_refused_size_leaves_nothing)
{
    gr_buffer b = {(const uint8_t *)"", 1, NULL};
    uint8_t *bytes = NULL;
    cr_assert_eq(gr_buffer_create(NULL, SIZE_MAX, &b, &bytes), GR_ENOMEM);
    cr_assert_null(b.data);
    cr_assert_eq(b.size, 0);
    cr_assert_null(bytes);
    cr_assert_not_null(strstr(gri_thread_error(), "gr_buffer_create"), "%s", gri_thread_error());
    cr_assert_eq(gr_buffer_copy(NULL, "x", SIZE_MAX, &b), GR_ENOMEM);
    cr_assert_null(b.data);
}
