/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and deadlines. Greenroom knows monotonic time only; it has no calendar. */
#ifndef GREENROOM_TIME_H
#define GREENROOM_TIME_H

#include <greenroom/base.h>

/*
 * A duration in nanoseconds. As a deadline it counts from the call: 0 does not wait, GR_FOREVER has no limit, a
 * negative one is GR_EINVALID.
 */
typedef int64_t gr_time;

#define GR_FOREVER INT64_MAX

/* Durations from seconds, milliseconds and microseconds; too large ones become GR_FOREVER, no number (NaN) -1. */
static inline gr_time gr_seconds(double seconds)
{
    double ns = seconds * 1e9;
    return ns >= 9.2e18 ? GR_FOREVER : ns > -9.2e18 ? (gr_time)ns : -1;
}

static inline gr_time gr_milliseconds(double milliseconds)
{
    return gr_seconds(milliseconds / 1e3);
}

static inline gr_time gr_microseconds(double microseconds)
{
    return gr_seconds(microseconds / 1e6);
}

#endif
