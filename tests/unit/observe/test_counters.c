/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of counters. */
#include "observe/counters.h"

#include <greenroom/send.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

/* greenroom/send.h, read for its table of causes, registers a message type; nothing here sends it. */
void gri_type_register(struct gr_type *type)
{
}

Test(counters, counting_adds_to_one_counter_alone)
{
    struct gri_counters counters = {0};
    gri_count(&counters, GRI_COUNTER_SENT, 1);
    gri_count(&counters, GRI_COUNTER_SENT, 41);
    for (unsigned id = 0; id < GRI_COUNTER_COUNT; id++)
        cr_assert_eq(gri_counter_read(&counters, id), id == GRI_COUNTER_SENT ? 42 : 0, "%s",
                     gri_counter_name(id));
}

Test(counters, sums_add_up_over_several_writers)
{
    struct gri_counters first = {0}, second = {0};
    uint64_t sums[GRI_COUNTER_COUNT] = {0};
    for (unsigned id = 0; id < GRI_COUNTER_COUNT; id++) {
        gri_count(&first, id, id + 1);
        gri_count(&second, id, 100);
    }
    gri_counters_sum(&first, sums);
    gri_counters_sum(&second, sums);
    for (unsigned id = 0; id < GRI_COUNTER_COUNT; id++) cr_assert_eq(sums[id], id + 101);
}

Test(counters, every_counter_has_a_name_of_its_own)
{
    for (unsigned i = 0; i < GRI_COUNTER_COUNT; i++) {
        cr_assert_gt(strlen(gri_counter_name(i)), 0);
        for (unsigned j = 0; j < i; j++) cr_assert_str_neq(gri_counter_name(i), gri_counter_name(j));
    }
    cr_assert_str_eq(gri_counter_name(GRI_COUNTER_COUNT), "unknown");
    cr_assert_str_eq(gri_counter_name(UINT32_MAX), "unknown");
}

Test(counters, the_causes_of_dead_letters_stand_in_the_order_of_the_public_table)
{
    static const char *const causes[] = {
#define TEXT(name, text) text,
        GR_DEAD_LETTER_TABLE(TEXT)
#undef TEXT
    };
    cr_assert_eq(GRI_COUNTER_COUNT - GRI_COUNTER_DEAD_STALE, GR_DEAD_LETTER_COUNT);
    for (unsigned cause = 0; cause < GR_DEAD_LETTER_COUNT; cause++) {
        const char *name = gri_counter_name(GRI_COUNTER_DEAD_STALE + cause);
        cr_assert_eq(strncmp(name, "dead: ", 6), 0);
        cr_assert_str_eq(name + 6, causes[cause]);
    }
}

Test(counters, the_sets_of_two_writers_share_no_cache_line)
{
    static struct gri_counters counters[2];
    cr_assert_eq((uintptr_t)&counters[0] % 64, 0);
    cr_assert_eq((uintptr_t)&counters[1] % 64, 0);
}

#define COUNTED 300000

static struct gri_counters shared; /* written by the counting thread */

static void *count(void *argument)
{
    for (int i = 0; i < COUNTED; i++) gri_count(&shared, GRI_COUNTER_HANDLED, 3);
    return NULL;
}

Test(counters, a_reader_beside_the_writer_sees_a_number_that_only_grows)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, count, NULL), 0);
    for (uint64_t last = 0; last < 3 * COUNTED;) {
        uint64_t now = gri_counter_read(&shared, GRI_COUNTER_HANDLED);
        cr_assert_geq(now, last);
        cr_assert_eq(now % 3, 0);
        last = now;
    }
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(gri_counter_read(&shared, GRI_COUNTER_HANDLED), 3 * COUNTED);
}
