/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the error table's texts and of each thread's last error text. */
#include "base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

Test(error, every_code_of_the_table_has_its_name_and_its_sentence)
{
#define CHECK(name, code, sentence)                                                                          \
    cr_assert_str_eq(gr_error_name(code), #name);                                                            \
    cr_assert_str_eq(gr_error_text(name), sentence);                                                         \
    cr_assert_leq(code, 0);                                                                                  \
    cr_assert_neq(sentence[strlen(sentence) - 1], '.');
    GR_ERROR_TABLE(CHECK)
#undef CHECK
}

Test(error, names_and_sentences_of_the_table_differ)
{
    static const int codes[] = {
#define CODE(name, code, sentence) code,
        GR_ERROR_TABLE(CODE)
#undef CODE
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (size_t j = 0; j < i; j++) {
            cr_assert_str_neq(gr_error_name(codes[i]), gr_error_name(codes[j]));
            cr_assert_str_neq(gr_error_text(codes[i]), gr_error_text(codes[j]));
        }
}

Test(error, a_number_outside_of_the_table_is_unknown)
{
    static const int numbers[] = {INT_MIN, -1000, -28, 1, INT_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_assert_str_eq(gr_error_name(numbers[i]), "unknown");
    cr_assert_str_eq(gr_error_text(-28), "unknown error");
    cr_assert_str_eq(gr_error_text(INT_MIN), "unknown error");
}

Test(error, a_positive_number_is_a_reason_of_the_programs_own)
{
    cr_assert_str_eq(gr_error_text(1), "ended with a reason of its own");
    cr_assert_str_eq(gr_error_text(INT_MAX), "ended with a reason of its own");
}

Test(error, a_thread_without_error_has_a_text)
{
    cr_assert_str_eq(gri_thread_error(), "no error");
}

Test(error, the_last_text_set_is_the_one_that_is_read)
{
    gri_thread_error_set("first");
    gri_thread_error_set("%s: %d", "second", 2);
    cr_assert_str_eq(gri_thread_error(), "second: 2");
}

Test(error, an_empty_text_reads_as_no_error)
{
    gri_thread_error_set("something");
    gri_thread_error_set("%s", "");
    cr_assert_str_eq(gri_thread_error(), "no error");
}

Test(error, a_long_text_is_cut_at_the_limit)
{
    char text[2 * GRI_THREAD_ERROR_SIZE];
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    gri_thread_error_set("%s", text);
    cr_assert_eq(strlen(gri_thread_error()), GRI_THREAD_ERROR_SIZE - 1);
    cr_assert_eq(strspn(gri_thread_error(), "y"), GRI_THREAD_ERROR_SIZE - 1);
}

Test(error, the_old_text_may_be_part_of_the_new_one)
{
    gri_thread_error_set("open: denied");
    gri_thread_error_set("start: %s", gri_thread_error());
    cr_assert_str_eq(gri_thread_error(), "start: open: denied");
}

Test(error, setting_a_text_keeps_errno)
{
    errno = EXDEV;
    gri_thread_error_set("%s", "text");
    cr_assert_eq(errno, EXDEV);
}

static void *set_in_thread(void *seen)
{
    strcpy(seen, gri_thread_error());
    gri_thread_error_set("of the other thread");
    return NULL;
}

Test(error, each_thread_has_its_own_text)
{
    char seen[GRI_THREAD_ERROR_SIZE];
    pthread_t thread;
    gri_thread_error_set("of the first thread");
    cr_assert_eq(pthread_create(&thread, NULL, set_in_thread, seen), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_str_eq(seen, "no error");
    cr_assert_str_eq(gri_thread_error(), "of the first thread");
}
