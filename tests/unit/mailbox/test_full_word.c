/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of mailbox/full_word.h, on one thread. */
#include "mailbox/full_word.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct gri_full_word word;

Test(full_word, starts_with_the_owners_bits_and_room)
{
    gri_full_init(&word, 0x30);
    cr_assert(eq(u32, gri_full_read(&word), 0x30));
}

Test(full_word, the_full_bit_is_not_the_owners_to_choose)
{
    gri_full_init(&word, 0x30 | GRI_FULL);
    cr_assert(eq(u32, gri_full_read(&word), 0x30));
    gri_full_set_bits(&word, 0x40 | GRI_FULL);
    cr_assert(eq(u32, gri_full_read(&word), 0x40));
}

Test(full_word, set_and_clear_leave_the_owners_bits)
{
    gri_full_init(&word, UINT32_MAX);
    gri_full_set(&word);
    cr_assert(eq(u32, gri_full_read(&word), UINT32_MAX));
    gri_full_set(&word);
    gri_full_clear(&word);
    cr_assert(eq(u32, gri_full_read(&word), UINT32_MAX - GRI_FULL));
    gri_full_clear(&word);
    cr_assert(eq(u32, gri_full_read(&word), UINT32_MAX - GRI_FULL));
}

Test(full_word, changing_the_owners_bits_leaves_full)
{
    gri_full_init(&word, 0x30);
    gri_full_set(&word);
    gri_full_set_bits(&word, 0x40);
    cr_assert(eq(u32, gri_full_read(&word), 0x40 | GRI_FULL));
}
