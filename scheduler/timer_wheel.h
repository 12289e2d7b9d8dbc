/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of one loop: a hierarchical wheel with exact nanosecond deadlines. It reads no clock and blocks
 * nowhere: the loop tells it what time it is, real or virtual. Not thread-safe. Nothing is allocated.
 *
 * A timer stands at the lowest level that reaches so far: a level has slots for the current and the next slot
 * of the level above. So arming and cancelling take a few instructions, and the earliest slot is found by a few
 * bit scans. A slot's timers move to lower levels while time is in the slot before it, a few at each advance,
 * so that no advance is long; a slot of the lowest level is sorted when its time has come. (After G. Varghese
 * and A. Lauck, "Hashed and Hierarchical Timing Wheels", 1987.)
 *
 * Each move finds the timer in cold memory, so levels are wide: what is due within a second moves once, within
 * minutes twice. Yet the lowest is as fine as a slot can be sorted in no time when a million timers are armed.
 */
#ifndef GRI_SCHEDULER_TIMER_WHEEL_H
#define GRI_SCHEDULER_TIMER_WHEEL_H

#include <greenroom/time.h>

/* Timers that an advance moves down ahead of time, and this many for each that it fires. */
#define GRI_TIMER_QUOTA          128
#define GRI_TIMER_QUOTA_FOR_EACH 2

/*
 * Levels that cover all 63 bits of a deadline: the first bit of each one's slot number, and how many slots that makes
 * for two slots of the level above.
 */
#define GRI_TIMER_LEVEL_COUNT 8
/* 1 us, 66 us, 4 ms, 1 s, 2 min, 5 h, 26 days, 9 years */
#define GRI_TIMER_LEVEL_SHIFTS                                                                               \
    {                                                                                                        \
        10, 16, 22, 30, 37, 44, 51, 58                                                                       \
    }
#define GRI_TIMER_LEVEL_SLOTS                                                                                \
    {                                                                                                        \
        128, 128, 512, 256, 256, 256, 256, 128                                                               \
    }
#define GRI_TIMER_LEVEL_FIRST                                                                                \
    {                                                                                                        \
        0, 128, 256, 768, 1024, 1280, 1536, 1792                                                             \
    }
#define GRI_TIMER_SLOT_COUNT 1920
#define GRI_TIMER_SLOT_WORDS (GRI_TIMER_SLOT_COUNT / 64)

/* A timer. All zeroes but for `fire` is one that is not armed; it must stay in place while armed. */
struct gri_timer {
    struct gri_timer *next; /* in its list */
    struct gri_timer *prev; /* in its list; NULL for the first */
    gr_time deadline_ns; /* absolute, in the time of gri_timer_wheel_advance; the delay until that is known */
    /* Called once, when the deadline has come; the timer is then not armed, and may be armed again or freed. */
    void (*fire)(struct gri_timer *timer, void *context);
    uint32_t place; /* 0: not armed; else the list it is in */
    uint32_t mark;  /* its owner's own */
};

/* Timers in the order in which they were armed, or of their deadlines. */
struct gri_timer_list {
    struct gri_timer *first; /* NULL when empty */
    struct gri_timer *last;  /* NULL when empty */
    gr_time least_ns;        /* the earliest deadline; undefined when empty or stale */
    gr_time last_ns;         /* that of the last, which is not looked at for it; undefined when empty */
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
    uint32_t asked;     /* calls of arm_after since delays were last started */
    uint64_t occupied[GRI_TIMER_SLOT_WORDS]; /* a bit for each slot that has timers */
    uint64_t unsorted[GRI_TIMER_SLOT_WORDS]; /* a bit for each that may not be in order of deadlines */
    uint64_t stale[GRI_TIMER_SLOT_WORDS];    /* a bit for each whose least_ns is not known */
    struct gri_timer_list waiting;           /* armed with a delay that starts at the next advance */
    struct gri_timer_list past;              /* armed with a deadline before base_ns; all of them are due */
    struct gri_timer_list slots[GRI_TIMER_SLOT_COUNT]; /* the wheel, level by level */
};

/* Starts a wheel at time now_ns, which is not negative. It needs no end. */
void gri_timer_wheel_init(struct gri_timer_wheel *wheel, gr_time now_ns);

/* Arms a timer that is not armed. Any deadline will do, also one that has passed. */
void gri_timer_wheel_arm(struct gri_timer_wheel *wheel, struct gri_timer *timer, gr_time deadline_ns);

/* The same for `delay_ns` (not negative) after the next advance or start: so a loop need not read the clock to be
 * never early. */
void gri_timer_wheel_arm_after(struct gri_timer_wheel *wheel, struct gri_timer *timer, gr_time delay_ns);

/* Starts the delays that wait for it, as an advance to now_ns would, but fires nothing. Also from a callback. */
void gri_timer_wheel_start(struct gri_timer_wheel *wheel, gr_time now_ns);

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
