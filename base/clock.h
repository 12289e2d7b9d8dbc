/* SPDX-License-Identifier: Apache-2.0 */
/* The clock seam: monotonic nanoseconds, real or virtual. It knows no calendar. */
#ifndef GRI_BASE_CLOCK_H
#define GRI_BASE_CLOCK_H

#include <greenroom/time.h>

/* A clock. It never goes back; where it starts means nothing. */
struct gri_clock {
    gr_time (*now)(struct gri_clock *clock); /* nanoseconds */
};

/* The operating system's monotonic clock: the same for all threads and processes of the machine. Any thread. */
struct gri_clock *gri_clock_monotonic(void);

static inline gr_time gri_clock_now(struct gri_clock *clock)
{
    return clock->now(clock);
}

/* The absolute time `wait` from `now`; GR_FOREVER if that is beyond all times. Neither is negative. */
static inline gr_time gri_clock_after(gr_time now, gr_time wait)
{
    return wait > GR_FOREVER - now ? GR_FOREVER : now + wait;
}

/* What is left from `now` to the absolute time `deadline`: at least 0; GR_FOREVER stays so. */
static inline gr_time gri_clock_left(gr_time now, gr_time deadline)
{
    if (deadline == GR_FOREVER) return GR_FOREVER;
    return deadline > now ? deadline - now : 0;
}

#endif
