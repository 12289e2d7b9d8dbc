/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of futures/cell.h: its states on one thread, and real sleeping and waking with two. */
#include "base/clock.h"
#include "base/platform.h"
#include "futures/cell.h"

#include <greenroom/error.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct gri_cell cell;

static void setup(void)
{
    gri_cell_init(&cell);
}

TestSuite(cell, .init = setup, .timeout = 60);

Test(cell, is_not_done_at_first)
{
    cr_assert(not(gri_cell_done(&cell)));
    cr_assert(eq(int, gri_cell_wait(&cell, 0), GR_ETIMEOUT));
}

Test(cell, a_set_before_the_wait_needs_no_wait)
{
    cr_assert(gri_cell_set(&cell));
    cr_assert(gri_cell_done(&cell));
    cr_assert(eq(int, gri_cell_wait(&cell, 0), 0));
    cr_assert(eq(int, gri_cell_wait(&cell, GR_FOREVER), 0));
}

Test(cell, a_negative_timeout_is_invalid)
{
    cr_assert(eq(int, gri_cell_wait(&cell, -1), GR_EINVALID));
    cr_assert(eq(int, gri_cell_wait(&cell, INT64_MIN), GR_EINVALID));
}

Test(cell, a_timeout_is_not_early_and_leaves_the_cell_usable)
{
    gr_time start = gri_clock_now(gri_clock_monotonic()), timeout = gr_milliseconds(20);
    cr_assert(eq(int, gri_cell_wait(&cell, timeout), GR_ETIMEOUT));
    cr_assert(ge(i64, gri_clock_now(gri_clock_monotonic()) - start, timeout));
    cr_assert(eq(int, gri_cell_wait(&cell, 1000), GR_ETIMEOUT));
    cr_assert(gri_cell_set(&cell), "nobody abandoned it");
    cr_assert(eq(int, gri_cell_wait(&cell, timeout), 0));
}

Test(cell, the_setter_frees_what_was_abandoned_before)
{
    cr_assert(gri_cell_abandon(&cell));
    cr_assert(not(gri_cell_set(&cell)));
}

Test(cell, the_setter_frees_what_was_abandoned_after_a_wait)
{
    cr_assert(eq(int, gri_cell_wait(&cell, 1000), GR_ETIMEOUT));
    cr_assert(gri_cell_abandon(&cell));
    cr_assert(not(gri_cell_set(&cell)));
}

Test(cell, the_owner_frees_what_was_set_before)
{
    cr_assert(gri_cell_set(&cell));
    cr_assert(not(gri_cell_abandon(&cell)));
}

/* Ends the owner's sleep early a few times, then sets. */
static void *disturb_then_set(void *argument)
{
    for (int i = 0; i < 1000; i++) gri_futex_wake(&cell.state, 1);
    *(int *)argument = 42;
    return gri_cell_set(&cell) ? &cell : NULL;
}

Test(cell, a_waiting_owner_is_woken_by_the_set_and_by_nothing_else)
{
    static const gr_time timeouts[] = {GR_FOREVER, INT64_C(50) * 1000000000};
    for (int i = 0; i < 2; i++) {
        gri_thread thread;
        int value = 0;
        gri_cell_init(&cell);
        cr_assert(eq(int, gri_thread_create(&thread, disturb_then_set, &value, "setter"), 0));
        cr_assert(eq(int, gri_cell_wait(&cell, timeouts[i]), 0));
        cr_assert(eq(int, value, 42));
        cr_assert(eq(ptr, gri_thread_join(thread), &cell), "the owner was there");
    }
}
