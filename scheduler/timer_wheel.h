/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of one loop: a hierarchical wheel with exact nanosecond deadlines. It reads no clock and blocks
 * nowhere: the loop tells it what time it is, real or virtual. Not thread-safe. Nothing is allocated.
 *
 * Level k has slots of 64^k ns, for the current and the next slot of level k + 1, and a timer stands at the
 * lowest level that reaches so far. So arming and cancelling take a few instructions, the earliest slot is
 * found by two or three bit scans, and all of a level-0 slot have the same deadline. A slot's timers move to
 * lower levels while time is in the slot before it, a few at each advance, so that no advance is long. (After
 * G. Varghese and A. Lauck, "Hashed and Hierarchical Timing Wheels", 1987.)
 */
#ifndef GRI_SCHEDULER_TIMER_WHEEL_H
#define GRI_SCHEDULER_TIMER_WHEEL_H

#include <greenroom/time.h>

/* Timers that an advance moves down ahead of time, and this many for each that it fires. */
#define GRI_TIMER_QUOTA          128
#define GRI_TIMER_QUOTA_FOR_EACH 2

/* Levels that cover all 63 bits of a deadline. */
#define GRI_TIMER_LEVEL_COUNT 11
#define GRI_TIMER_SLOT_COUNT  128

/* A timer. All zeroes but for `fire` is one that is not armed; it must stay in place while armed. */
struct gri_timer {
    struct gri_timer *next; /* in its list */
    struct gri_timer *prev; /* in its list; NULL for the first */
    gr_time deadline_ns; /* absolute, in the time of gri_timer_wheel_advance; the delay until that is known */
    /* Called once, when the deadline has come; the timer is then not armed, and may be armed again or freed. */
    void (*fire)(struct gri_timer *timer, void *context);
    uint32_t place; /* 0: not armed; else the list it is in */
};

/* Timers in the order in which they were armed, or of their deadlines. */
struct gri_timer_list {
    struct gri_timer *first; /* NULL when empty */
    struct gri_timer *last;  /* NULL when empty */
    gr_time least_ns;        /* the earliest deadline; undefined when empty or stale */
};

/* A wheel. Initialise with gri_timer_wheel_init. */
struct gri_timer_wheel {
    gr_time base_ns;    /* no timer in `slots` is earlier; at most the time last told */
    gr_time next_ns;    /* the earliest deadline, if next_known */
    gr_time split_ns;   /* no timer that is to move down ahead of time is earlier; INT64_MAX without any */
    uint64_t count;     /* armed timers */
    unsigned quota;     /* GRI_TIMER_QUOTA; may be changed after init, for tests */
    bool next_known;    /* next_ns is right */
    bool advancing;     /* inside gri_timer_wheel_advance */
    bool past_unsorted; /* `past` may not be in order of deadlines */
    uint32_t levels;    /* a bit for each level that has timers */
    uint64_t occupied[GRI_TIMER_LEVEL_COUNT][2]; /* a bit for each slot that has timers */
    uint64_t unsorted[GRI_TIMER_LEVEL_COUNT][2]; /* a bit for each that may not be in order of deadlines */
    uint64_t stale[GRI_TIMER_LEVEL_COUNT][2];    /* a bit for each whose least_ns is not known */
    struct gri_timer_list waiting;               /* armed with a delay that starts at the next advance */
    struct gri_timer_list past; /* armed with a deadline before base_ns; all of them are due */
    struct gri_timer_list slots[GRI_TIMER_LEVEL_COUNT][GRI_TIMER_SLOT_COUNT]; /* the wheel */
};

/* Starts a wheel at time now_ns, which is not negative. It needs no end. */
void gri_timer_wheel_init(struct gri_timer_wheel *wheel, gr_time now_ns);

/* Arms a timer that is not armed. Any deadline will do, also one that has passed. */
void gri_timer_wheel_arm(struct gri_timer_wheel *wheel, struct gri_timer *timer, gr_time deadline_ns);

/* The same for `delay_ns` (not negative) after the next advance: so a loop need not read the clock to be never
 * early. */
void gri_timer_wheel_arm_after(struct gri_timer_wheel *wheel, struct gri_timer *timer, gr_time delay_ns);

/* Cancels a timer: it will not fire. Nothing if it is not armed. */
void gri_timer_wheel_cancel(struct gri_timer_wheel *wheel, struct gri_timer *timer);

/* Whether the timer will fire. */
static inline bool gri_timer_armed(const struct gri_timer *timer)
{
    return timer->place != 0;
}

/* What is left at now_ns until an armed timer fires, at least 0: the whole delay if that has yet to start. */
gr_time gri_timer_left(const struct gri_timer *timer, gr_time now_ns);

/* How many timers are armed. */
static inline uint64_t gri_timer_wheel_count(const struct gri_timer_wheel *wheel)
{
    return wheel->count;
}

/*
 * Tells the wheel the time, which never goes back, and fires every timer whose deadline is at most now_ns, in
 * the order of (deadline, arming). What a callback arms or cancels counts at once: a timer armed again for a
 * time that has come fires again in the same call, so who repeats must move the deadline on, or use arm_after.
 * Returns the number fired. Not to be called from a callback.
 */
uint64_t gri_timer_wheel_advance(struct gri_timer_wheel *wheel, gr_time now_ns, void *context);

/*
 * The earliest deadline, exact; GR_FOREVER if nothing is armed. A time that has passed while delays have yet to
 * start: advance first. Takes a few instructions, but for once after the earliest of all was cancelled, where
 * timers of unlike delays are armed: then it looks at all timers of one slot.
 */
gr_time gri_timer_wheel_next(struct gri_timer_wheel *wheel);

#endif
