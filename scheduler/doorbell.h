/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop's doorbell: one word that tells it who has put work where, and tells them whether it sleeps. A producer
 * first publishes its work (in a ring or a list), then rings once per batch. It carries no work itself, and
 * doesn't put to sleep or wake: the poller does, when these functions say so.
 *
 *   operation  by     order    publishes or acquires
 *   ring       any    release  publishes the work put before it, to take and unpark
 *   take       owner  acquire  acquires the work of all bits it returns
 *   park       owner  relaxed  nothing: being one read-modify-write with ring's is what makes it safe
 *   unpark     owner  acquire  as take
 *
 * Invariants: (1) PARKED is set only together with no other bit, so of all who ring, the first one to find exactly
 * PARKED wakes, and only that one. (2) A ring is before a park, which then refuses, or after it, and then it
 * wakes: no wake-up is lost. (3) A take that misses a bit with its plain load leaves it for the park to refuse.
 */
#ifndef GRI_SCHEDULER_DOORBELL_H
#define GRI_SCHEDULER_DOORBELL_H

#include "base/atomic.h"

/* How many loops may ring: loop i has bit i. */
#define GRI_DOORBELL_LOOPS_MAX 62
/* Work of threads that are no loops, in the inject list. */
#define GRI_DOORBELL_INJECT (UINT64_C(1) << 62)
/* The owner sleeps in its poller, or is about to. Never passed to ring. */
#define GRI_DOORBELL_PARKED (UINT64_C(1) << 63)

struct gri_doorbell {
    /* Pending bits, and PARKED. Alone in its line, as every ring takes the line away. */
    _Alignas(GRI_CACHE_LINE_BYTES) gri_atomic_u64 word;
};

void gri_doorbell_init(struct gri_doorbell *d);

/* The bit of producer loop `loop`, below GRI_DOORBELL_LOOPS_MAX. */
static inline uint64_t gri_doorbell_bit(unsigned loop)
{
    return UINT64_C(1) << loop;
}

/*
 * Sets `bits` (at least one). Any thread, after its work is published. True if the owner was parked and this
 * caller must wake it: of several that ring, exactly one per park is told so.
 */
static inline bool gri_doorbell_ring(struct gri_doorbell *d, uint64_t bits)
{
    /* Publishes the work; acquired by take and unpark. A plain check first would lose wake-ups. */
    return gri_fetch_or(&d->word, bits, GRI_RELEASE) == GRI_DOORBELL_PARKED;
}

/* The rest of take: returns and clears the pending bits. Use gri_doorbell_take. */
uint64_t gri_doorbell_take_pending(struct gri_doorbell *d);

/* Returns and clears the pending bits. Owner, not parked. Costs one plain load when there are none. */
static inline uint64_t gri_doorbell_take(struct gri_doorbell *d)
{
    /* Relaxed: a bit missed here is seen by the next take, or makes park refuse. */
    if (gri_load(&d->word, GRI_RELAXED) == 0) return 0;
    return gri_doorbell_take_pending(d);
}

/*
 * The owner wants to sleep. True: it is parked, and whoever rings next will wake it; it must call unpark before
 * anything else. False: bits are pending; not parked, take them.
 */
bool gri_doorbell_park(struct gri_doorbell *d);

/* The owner is awake, woken or by itself: no longer parked. Returns and clears the pending bits, maybe none. */
uint64_t gri_doorbell_unpark(struct gri_doorbell *d);

#endif /* GRI_SCHEDULER_DOORBELL_H */
