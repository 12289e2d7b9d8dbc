/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters: numbers that only grow, each set written by one thread and read by any. They order nothing: a reader sees
 * each one's value of a moment ago. What a name means is for those who count.
 */
#ifndef GRI_OBSERVE_COUNTERS_H
#define GRI_OBSERVE_COUNTERS_H

#include "base/atomic.h"

#include <stdint.h>

/*
 * Constant, name. The dead letters' causes stand together, in the order of enum gr_dead_letter, so that
 * GRI_COUNTER_DEAD_STALE + cause counts that cause.
 */
#define GRI_COUNTER_TABLE(X)                                                                                 \
    X(GRI_COUNTER_SPAWNED, "spawned")             /* actors */                                               \
    X(GRI_COUNTER_ENDED, "ended")                 /* actors */                                               \
    X(GRI_COUNTER_SENT, "sent")                   /* messages accepted for delivery */                       \
    X(GRI_COUNTER_HANDLED, "handled")             /* messages that a handler or a receive took */            \
    X(GRI_COUNTER_STASHED, "stashed")             /* of those: set aside again */                            \
    X(GRI_COUNTER_REQUESTS, "requests")           /* asked */                                                \
    X(GRI_COUNTER_REPLIES, "replies")             /* that ended a request */                                 \
    X(GRI_COUNTER_TURNS, "turns")                 /* of actors on the loop */                                \
    X(GRI_COUNTER_STEPS, "steps")                 /* of the loop */                                          \
    X(GRI_COUNTER_PARKS, "parks")                 /* times the loop slept */                                 \
    X(GRI_COUNTER_TIMERS, "timers")               /* fired */                                                \
    X(GRI_COUNTER_LINK_MESSAGES, "link messages") /* put on a ring to another loop */                        \
    X(GRI_COUNTER_LINK_BATCHES, "link batches")   /* published on those rings */                             \
    X(GRI_COUNTER_INJECTED, "injected")           /* messages from foreign threads */                        \
    X(GRI_COUNTER_FORWARDED, "forwarded")         /* messages passed on to an actor's home */                \
    X(GRI_COUNTER_SWITCHES, "switches")           /* into coroutines */                                      \
    X(GRI_COUNTER_JOBS, "jobs")                   /* given to the blocking pool */                           \
    X(GRI_COUNTER_HOGS, "hogs")                   /* handlers named for running too long; by the watchdog */ \
    X(GRI_COUNTER_DEAD_STALE, "dead: stale")      /* dead letters by cause, from here to the end */          \
    X(GRI_COUNTER_DEAD_DOWN, "dead: down")                                                                   \
    X(GRI_COUNTER_DEAD_FULL, "dead: full")                                                                   \
    X(GRI_COUNTER_DEAD_UNHANDLED, "dead: unhandled")                                                         \
    X(GRI_COUNTER_DEAD_NO_MEMORY, "dead: no memory")                                                         \
    X(GRI_COUNTER_DEAD_SYSTEM, "dead: other system")                                                         \
    X(GRI_COUNTER_DEAD_STOPPED, "dead: stopped")                                                             \
    X(GRI_COUNTER_DEAD_EXPIRED, "dead: expired")                                                             \
    X(GRI_COUNTER_DEAD_LATE_REPLY, "dead: late reply")

enum gri_counter {
#define GRI_COUNTER_ENUM(id, name) id,
    GRI_COUNTER_TABLE(GRI_COUNTER_ENUM)
#undef GRI_COUNTER_ENUM
        GRI_COUNTER_COUNT
};

/* One writer's counters. All zeroes is the start. */
struct gri_counters {
    _Alignas(64) gri_atomic_u64 values[GRI_COUNTER_COUNT]; /* by enum gri_counter; lines of their own */
};

/* Adds `n`. The one writer: a load and a store, no atomic addition. Pairs with nothing; readers want the number alone. */
static inline void gri_count(struct gri_counters *counters, enum gri_counter id, uint64_t n)
{
    uint64_t old = gri_load(&counters->values[id], GRI_RELAXED);
    gri_store(&counters->values[id], old + n, GRI_RELAXED);
}

/* One value. Any thread. */
static inline uint64_t gri_counter_read(const struct gri_counters *counters, enum gri_counter id)
{
    return gri_load(&counters->values[id], GRI_RELAXED);
}

/* Adds all values to the GRI_COUNTER_COUNT numbers at `sums`. Any thread. */
void gri_counters_sum(const struct gri_counters *counters, uint64_t *sums);

/* The name of a counter; "unknown" for a number that is none. */
const char *gri_counter_name(unsigned id);

#endif
