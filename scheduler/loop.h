/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop: one thread's worth of a system. It runs work, carries envelopes to and from other loops, fires timers, and
 * parks when there is nothing to do. It knows no actors: what an envelope means is told by the `deliver` function.
 *
 * gri_loop_step never blocks, so that the simulation can step many loops on one thread; gri_loop_drive is the real
 * driver, which parks between steps.
 *
 * Threads: everything here is touched by the loop's own thread alone, but for the second group of fields. Another loop
 * sends through a link, a plain thread through gri_loop_inject.
 */
#ifndef GRI_SCHEDULER_LOOP_H
#define GRI_SCHEDULER_LOOP_H

#include "base/atomic.h"
#include "base/clock.h"
#include "base/pool.h"
#include "base/random.h"
#include "mailbox/list_mpsc.h"
#include "messages/envelope.h"
#include "observe/counters.h"
#include "observe/event_ring.h"
#include "observe/tracer.h"
#include "scheduler/coroutines/stack.h"
#include "scheduler/doorbell.h"
#include "scheduler/link.h"
#include "scheduler/poller.h"
#include "scheduler/timer_wheel.h"
#include "scheduler/work.h"

#include <greenroom/system.h>

#define GRI_CLOCK_TURNS  64u /* turns between two readings of the clock */
#define GRI_RETURN_BATCH 35u /* blocks of another loop's pool that are given back at once: full parcels */
#define GRI_INJECT_BYTES (64u << 20) /* weight of what plain threads may have waiting at one loop */

/*
 * An actor's turn ends when it has handled the mail that was there at its start, or GRI_TURN_MESSAGES of it, or, looked at
 * every GRI_SLICE_MESSAGES, when it has gone on for GRI_SLICE_NS (G19).
 */
#define GRI_TURN_MESSAGES  65536u
#define GRI_SLICE_MESSAGES 64u
#define GRI_SLICE_NS       500000

/*
 * Delays that wait for a reading of the clock before it is read for them: few enough to be still in the nearest cache.
 * And how long turns may take in one step when timers are armed, as far as the clock is read meanwhile (G14: not early,
 * but not late either).
 */
#define GRI_ARM_BATCH 128u
#define GRI_STEP_NS   250000

/* How much one step does. The real driver always uses the defaults; the simulation varies them. */
struct gri_step_limits {
    uint32_t turns;    /* of work */
    uint32_t messages; /* an actor handles in a turn */
    uint32_t batch;    /* envelopes taken from each link */
    uint64_t inbound;  /* bits of the doorbell that are looked at */
};

extern const struct gri_step_limits gri_step_limits_default;

/* Copies of what lies deeper in the system, because every send reads them. Constant while the loop runs. While it is traced
 * `here` and `plain` fit nothing, so that no message takes the shortest ways. */
struct gri_loop_desk {
    gri_atomic_ptr *chunks; /* of slots */
    uint32_t chunks_max;    /* elements of `chunks` */
    uint32_t seat;          /* the system's */
    uint32_t here;          /* index of the loop */
    uint64_t header;        /* seat and home in the header of an envelope */
    uint64_t plain;         /* kind, flags and home in that of a plain message from this loop's pool */
};

struct gri_loop {
    /* The owner's own; first what every send and turn touches. */
    struct gri_work_queue runnable; /* what wants a turn */
    struct gri_loop_desk desk;      /* what actors/ wants at hand for each send */
    unsigned index;                 /* of this loop in its system */
    uint32_t messages_per_turn;     /* of the step under way */
    uint32_t turns_per_step;        /* of the step under way; 0: no more, as timers are to be looked at */
    struct gri_pool pool;           /* where envelopes and small records come from */
    struct gri_counters counters;   /* written here, read by anyone */

    struct gri_event_ring *events;     /* the event ring when tracing is on, else NULL */
    struct gri_tracer *tracer;         /* when there is a trace to be written, else NULL */
    gr_time now;                       /* the clock's last reading */
    gr_time slice_began;               /* the reading when the turn's slice was first looked at */
    uint32_t turns_since_clock;        /* turns since the clock was read */
    unsigned count;                    /* loops in the system */
    uint64_t dirty;                    /* a bit for each link with something to flush */
    uint64_t pending;                  /* bits taken from the doorbell but not yet looked at */
    struct gri_message *injected;      /* what plain threads sent, taken from `inject`, oldest first */
    struct gri_loop **peers;           /* all of the system's loops, by index */
    struct gri_link *links;            /* to each loop, by index; the own one is unused */
    struct gri_ring_consumer *inbound; /* from each loop, by index; ring NULL until first looked at */
    struct gri_pool_batch *returns;    /* blocks on their way home, by index of their loop */
    struct gri_timer_wheel timers;     /* armed timers */
    struct gri_random random;          /* the seeded generator */
    struct gri_stack_pool stacks;      /* of coroutines */
    struct gri_clock *clock;           /* seam */
    struct gri_memory *memory;         /* seam */
    struct gri_poller *poller;         /* seam; NULL under simulation */
    void *owner;                       /* the system */
    void *local;                       /* what actors/ keeps for each loop */
    void (*deliver)(struct gri_loop *, struct gri_message *); /* takes an envelope that arrived */
    void (*trace_injected)(struct gri_loop *,
                           const struct gri_message *); /* tells the tracer of one from outside */
    bool (*pause)(struct gri_loop *,
                  bool is_idle); /* asked when idle, and now and then: false ends gri_loop_drive */

    /* Touched by others. */
    _Alignas(64) struct gri_doorbell doorbell; /* who has something for this loop, and whether it is parked */
    struct gri_list_mpsc inject;               /* from plain threads */
    gri_atomic_u64 inject_bytes;               /* weight of what waits in `inject` */
    gri_atomic_u32 asked; /* 1: a busy gri_loop_drive is to ask `pause` after the step under way */
    _Alignas(64) gri_atomic_ptr running; /* for the watchdog: struct gri_work that has the turn, or NULL */
    gri_atomic_u64 read_at;              /* and the clock's last reading, as `now` */
};

/* What a loop is made with. */
struct gri_loop_options {
    unsigned index;            /* which */
    unsigned count;            /* of how many */
    struct gri_loop **peers;   /* array of `count`, filled by the caller before any loop steps */
    struct gri_memory *memory; /* seam */
    struct gri_clock *clock;   /* seam */
    struct gri_poller *poller; /* seam; taken: destroyed with the loop; NULL under simulation */
    uint64_t seed;             /* of the generator */
    bool bypass_pools;         /* every block its own allocation */
    void *owner;               /* the system */
};

/* Errors: GR_ENOMEM. On failure the poller stays the caller's. */
int gri_loop_init(struct gri_loop *loop, const struct gri_loop_options *options);

/* Frees what the loop owns. Nothing may be queued, linked or armed any more. */
void gri_loop_fini(struct gri_loop *loop);

/* Does at most `limits` of what there is to do, without blocking. Returns whether more can be done at once. */
bool gri_loop_step(struct gri_loop *loop, const struct gri_step_limits *limits);

/* Whether a step would find something to do. On the loop's thread. */
bool gri_loop_has_work(const struct gri_loop *loop);

/* When the earliest timer is due (absolute), or GR_FOREVER. */
gr_time gri_loop_next_timer(struct gri_loop *loop);

/* Steps and parks until `pause` says to end. */
void gri_loop_drive(struct gri_loop *loop);

/* Marks the loop as parked unless something came in; the poller may then block. For embedding. */
bool gri_loop_try_park(struct gri_loop *loop);
void gri_loop_unpark(struct gri_loop *loop);

/* Gives an envelope to the loop from any thread; takes it. */
void gri_loop_inject(struct gri_loop *loop, struct gri_message *m);

/* Takes one envelope that was injected, for the end of a system when no loop runs; or NULL. */
struct gri_message *gri_loop_take_injected(struct gri_loop *loop);

/* Sets bits of the doorbell and wakes the loop if it is parked. Any thread. */
void gri_loop_ring(struct gri_loop *loop, uint64_t bits);

/* Has gri_loop_drive ask `pause` soon, busy or parked. What that is to find is stored before. Any thread. */
void gri_loop_ask_pause(struct gri_loop *loop);

/* Reads the clock, and fires what is due. */
void gri_loop_read_clock(struct gri_loop *loop);

/* Whether a turn has gone on long enough, looked at after each GRI_SLICE_MESSAGES; `first`: of this turn. Updates `now`. */
bool gri_loop_slice_is_over(struct gri_loop *loop, bool first);

/* Reads the clock, so that the delays that wait for it start; fires nothing. */
void gri_loop_start_delays(struct gri_loop *loop);

/* Arms a timer that fires `delay` after the next reading of the clock: never early, without reading it each time. */
static inline void gri_loop_arm(struct gri_loop *loop, struct gri_timer *timer, gr_time delay)
{
    gri_timer_wheel_arm_after(&loop->timers, timer, delay);
    if (loop->timers.asked >= GRI_ARM_BATCH) gri_loop_start_delays(loop);
}

/* Disarms a timer, wherever it waits. */
static inline void gri_loop_disarm(struct gri_loop *loop, struct gri_timer *timer)
{
    gri_timer_wheel_cancel(&loop->timers, timer);
}

/* The loop that runs on this thread, or NULL. */
struct gri_loop *gri_loop_current(void);

/* A block for an envelope with `payload` bytes, its class and home filled in; NULL when there is no memory. */
struct gri_message *gri_loop_new_large(struct gri_loop *loop, size_t payload_bytes);

static inline struct gri_message *gri_loop_new_message(struct gri_loop *loop, size_t payload_bytes)
{
    unsigned pool_class = gri_pool_class(sizeof(struct gri_message) + payload_bytes);
    if (__builtin_expect(pool_class == GRI_POOL_LARGE, 0)) return gri_loop_new_large(loop, payload_bytes);
    struct gri_message *m = gri_pool_take(&loop->pool, pool_class);
    if (__builtin_expect(m == NULL, 0)) return NULL;
    m->pool_class = (uint8_t)pool_class;
    m->home = (uint8_t)loop->index;
    return m;
}

/* Gives an envelope's block back, wherever it came from. Its payload must own nothing any more. */
void gri_loop_free_away(struct gri_loop *loop, struct gri_message *m);

static inline void gri_loop_free_message(struct gri_loop *loop, struct gri_message *m)
{
    if (__builtin_expect(m->home == loop->index && m->pool_class != GRI_POOL_LARGE, 1))
        gri_pool_give(&loop->pool, m, m->pool_class);
    else
        gri_loop_free_away(loop, m);
}

/* An envelope for a plain thread, from the memory seam; and its end, on any thread. */
struct gri_message *gri_message_create(struct gri_memory *memory, size_t payload_bytes);
void gri_message_destroy(struct gri_memory *memory, struct gri_message *m);

/* Whether an envelope is of the common kind: a plain user message from this loop's pool. None is while the loop is
 * traced. */
static inline bool gri_loop_owns_plain(const struct gri_loop *loop, const struct gri_message *m)
{
    return (m->header & (GRI_HEADER_PLAIN | GRI_HEADER_HOME)) == loop->desk.plain;
}

/* The same, but from whichever pool. */
static inline bool gri_loop_takes_plain(const struct gri_loop *loop, const struct gri_message *m)
{
    return ((m->header ^ loop->desk.plain) & GRI_HEADER_PLAIN) == 0;
}

/* Queues work. */
static inline void gri_loop_schedule(struct gri_loop *loop, struct gri_work *work)
{
    gri_work_push(&loop->runnable, work);
}

#endif
