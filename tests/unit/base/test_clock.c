/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the clock seam and of its arithmetic with deadlines. */
#include "base/clock.h"

#include <criterion/criterion.h>
#include <time.h>

static gr_time system_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gr_time)now.tv_sec * 1000000000 + now.tv_nsec;
}

Test(clock, the_monotonic_clock_is_the_systems)
{
    struct gri_clock *clock = gri_clock_monotonic();
    gr_time before = system_now();
    gr_time now = gri_clock_now(clock);
    cr_assert_leq(before, now);
    cr_assert_leq(now, system_now());
}

Test(clock, the_monotonic_clock_goes_on_and_never_back)
{
    struct gri_clock *clock = gri_clock_monotonic();
    gr_time first = gri_clock_now(clock), last = first;
    for (int i = 0; i < 100000; i++) {
        gr_time now = gri_clock_now(clock);
        cr_assert_geq(now, last);
        last = now;
    }
    cr_assert_gt(last, first);
}

/* A clock of our own: one nanosecond each time it is asked. */
struct ticking {
    struct gri_clock clock; /* the seam */
    gr_time time;           /* what it said last */
};

static gr_time tick(struct gri_clock *clock)
{
    return ++((struct ticking *)clock)->time;
}

Test(clock, a_virtual_clock_is_asked_through_the_same_call)
{
    struct ticking ticking = {{tick}, 41};
    cr_assert_eq(gri_clock_now(&ticking.clock), 42);
    cr_assert_eq(gri_clock_now(&ticking.clock), 43);
}

Test(clock, a_deadline_is_the_sum_and_stops_at_forever)
{
    cr_assert_eq(gri_clock_after(5, 0), 5);
    cr_assert_eq(gri_clock_after(5, 7), 12);
    cr_assert_eq(gri_clock_after(0, GR_FOREVER), GR_FOREVER);
    cr_assert_eq(gri_clock_after(5, GR_FOREVER), GR_FOREVER);
    cr_assert_eq(gri_clock_after(5, GR_FOREVER - 4), GR_FOREVER);
    cr_assert_eq(gri_clock_after(5, GR_FOREVER - 6), GR_FOREVER - 1);
}

Test(clock, what_is_left_is_never_negative_and_forever_stays)
{
    cr_assert_eq(gri_clock_left(5, 12), 7);
    cr_assert_eq(gri_clock_left(12, 12), 0);
    cr_assert_eq(gri_clock_left(13, 12), 0);
    cr_assert_eq(gri_clock_left(13, GR_FOREVER), GR_FOREVER);
}
