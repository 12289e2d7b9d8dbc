/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event ring: the last events of one writer, in memory that the caller gives, with indices only, so that another
 * process may map it and a dump of it can be read. The writer never waits and overwrites the oldest; readers copy out and
 * are told what they missed. What kinds and numbers mean is for those who write them.
 *
 * Invariants (positions count events from 0 and never wrap; position p lies in slot p % capacity):
 *   1. `begun` is stored before the words of event begun - 1, `ended` after them, so ended <= begun <= ended + 1.
 *   2. Words are stored with release and loaded with acquire: a reader that saw a word of event p sees begun > p.
 *   3. So an event p that was copied is whole if afterwards begun <= p + capacity: nobody had begun to overwrite it.
 */
#ifndef GRI_OBSERVE_EVENT_RING_H
#define GRI_OBSERVE_EVENT_RING_H

#include "base/atomic.h"

#include <greenroom/base.h>

/* One event, as it is copied out. */
struct gri_event {
    int64_t time_ns; /* of the writer's clock */
    uint32_t kind;   /* what happened */
    uint32_t a;      /* a number that belongs to it */
    uint64_t b;      /* another */
    uint64_t c;      /* another */
};

/* One event in the ring. */
struct gri_event_slot {
    gri_atomic_u64 words[4]; /* time; kind in the low half and a in the high one; b; c */
};

/* The head of the memory; the slots follow. */
struct gri_event_ring {
    uint32_t magic;                /* says that this is one */
    uint32_t capacity;             /* slots, a power of two */
    gri_atomic_u64 begun;          /* events whose writing has begun */
    gri_atomic_u64 ended;          /* events written whole */
    uint64_t unused[5];            /* to the end of the cache line */
    struct gri_event_slot slots[]; /* `capacity` of them */
};

/* The bytes that a ring of `capacity` events needs; 0 unless that is a power of two up to 2^24. */
size_t gri_event_ring_size(uint32_t capacity);

/* Makes an empty ring of gri_event_ring_size(capacity) bytes at `memory`, aligned to 8. Errors: GR_EINVALID. */
GR_MUST_USE int gri_event_ring_init(struct gri_event_ring *ring, uint32_t capacity);

/* Whether `size` bytes at `memory`, from elsewhere, hold a ring: 0 or GR_EINVALID. */
GR_MUST_USE int gri_event_ring_check(const void *memory, size_t size);

/* Writes one event. The one writer; never blocks. */
static inline void gri_event_ring_write(struct gri_event_ring *ring, const struct gri_event *event)
{
    uint64_t position = gri_load(&ring->ended, GRI_RELAXED);
    gri_atomic_u64 *words = ring->slots[position & (ring->capacity - 1)].words;
    gri_store(&ring->begun, position + 1, GRI_RELAXED); /* published by each word's store below */
    gri_store(&words[0], (uint64_t)event->time_ns, GRI_RELEASE);
    gri_store(&words[1], (uint64_t)event->a << 32 | event->kind, GRI_RELEASE);
    gri_store(&words[2], event->b, GRI_RELEASE);
    gri_store(&words[3], event->c, GRI_RELEASE);
    gri_store(&ring->ended, position + 1, GRI_RELEASE); /* publishes the event to gri_event_ring_copy */
}

/* The number of events ever written, which is the position of the next. Any thread. */
uint64_t gri_event_ring_end(const struct gri_event_ring *ring);

/*
 * Copies events from *position on, oldest first, up to `count`, and moves *position behind the last one. Events that
 * were overwritten before they could be copied are skipped and added to *lost (may be NULL). Returns how many were
 * copied: less than `count`, when there are no more. Any thread; never blocks the writer.
 */
size_t gri_event_ring_copy(const struct gri_event_ring *ring, uint64_t *position, struct gri_event *out,
                           size_t count, uint64_t *lost);

#endif
