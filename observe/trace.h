/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of events that loops write into their event rings when asked to, and how. It takes numbers only. */
#ifndef GRI_OBSERVE_TRACE_H
#define GRI_OBSERVE_TRACE_H

#include "observe/event_ring.h"

/* Kind: what a, b, c are. */
enum gri_trace_kind {
    GRI_TRACE_HANDLE = 1, /* an actor handles: its slot, the message's type, its kind */
    GRI_TRACE_RESUME,     /* a coroutine goes on: its slot, what it waited for, 0 */
    GRI_TRACE_END,        /* an actor ended: its slot, its reason, 0 */
    GRI_TRACE_DEAD        /* a dead letter: the receiver's slot, the message's type, the cause */
};

/* Writes an event if `ring` is not NULL. The ring's one writer. */
static inline void gri_trace(struct gri_event_ring *ring, int64_t time_ns, enum gri_trace_kind kind,
                             uint32_t a, uint64_t b, uint64_t c)
{
    if (__builtin_expect(ring == NULL, 1)) return;
    struct gri_event event = {time_ns, (uint32_t)kind, a, b, c};
    gri_event_ring_write(ring, &event);
}

#endif
