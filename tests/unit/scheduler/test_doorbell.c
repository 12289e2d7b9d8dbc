/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of scheduler/doorbell.h, on one thread; threads are for the explorer and the stress test. */
#include "scheduler/doorbell.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct gri_doorbell bell;

static void setup(void)
{
    gri_doorbell_init(&bell);
}

TestSuite(doorbell, .init = setup);

Test(doorbell, is_quiet_at_first)
{
    cr_assert(eq(u64, gri_doorbell_take(&bell), 0));
    cr_assert(eq(u64, gri_doorbell_take_pending(&bell), 0));
}

Test(doorbell, every_loop_and_inject_have_a_bit_of_their_own)
{
    uint64_t all = GRI_DOORBELL_INJECT | GRI_DOORBELL_PARKED;
    for (unsigned loop = 0; loop < GRI_DOORBELL_LOOPS_MAX; loop++) {
        cr_assert(eq(u64, all & gri_doorbell_bit(loop), 0));
        all |= gri_doorbell_bit(loop);
    }
    cr_assert(eq(u64, all, UINT64_MAX));
}

Test(doorbell, pending_bits_add_up_and_are_taken_once)
{
    cr_assert(not(gri_doorbell_ring(&bell, gri_doorbell_bit(0))));
    cr_assert(not(gri_doorbell_ring(&bell, gri_doorbell_bit(61))));
    cr_assert(not(gri_doorbell_ring(&bell, gri_doorbell_bit(0))));
    cr_assert(not(gri_doorbell_ring(&bell, GRI_DOORBELL_INJECT)));
    uint64_t all = gri_doorbell_bit(0) | gri_doorbell_bit(61) | GRI_DOORBELL_INJECT;
    cr_assert(eq(u64, gri_doorbell_take(&bell), all));
    cr_assert(eq(u64, gri_doorbell_take(&bell), 0));
}

Test(doorbell, does_not_park_while_bits_are_pending)
{
    gri_doorbell_ring(&bell, gri_doorbell_bit(3));
    cr_assert(not(gri_doorbell_park(&bell)));
    cr_assert(eq(u64, gri_doorbell_take(&bell), gri_doorbell_bit(3)));
    cr_assert(gri_doorbell_park(&bell));
}

Test(doorbell, only_the_first_to_ring_a_parked_owner_wakes_it)
{
    cr_assert(gri_doorbell_park(&bell));
    cr_assert(gri_doorbell_ring(&bell, gri_doorbell_bit(1)));
    cr_assert(not(gri_doorbell_ring(&bell, gri_doorbell_bit(2))));
    cr_assert(not(gri_doorbell_ring(&bell, gri_doorbell_bit(1))));
    cr_assert(eq(u64, gri_doorbell_unpark(&bell), gri_doorbell_bit(1) | gri_doorbell_bit(2)));
    cr_assert(not(gri_doorbell_ring(&bell, gri_doorbell_bit(4))), "awake again: nobody wakes");
}

Test(doorbell, each_park_is_woken_anew)
{
    for (int i = 0; i < 3; i++) {
        cr_assert(gri_doorbell_park(&bell));
        cr_assert(gri_doorbell_ring(&bell, GRI_DOORBELL_INJECT));
        cr_assert(eq(u64, gri_doorbell_unpark(&bell), GRI_DOORBELL_INJECT));
    }
}

Test(doorbell, waking_by_itself_finds_no_bits_and_no_longer_parks)
{
    cr_assert(gri_doorbell_park(&bell));
    cr_assert(eq(u64, gri_doorbell_unpark(&bell), 0));
    cr_assert(eq(u64, gri_doorbell_take(&bell), 0));
    cr_assert(not(gri_doorbell_ring(&bell, gri_doorbell_bit(0))));
}
