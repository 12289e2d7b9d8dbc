/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What actors tell the tracer of their loop. Each is called only where there is one: `loop->tracer` is not NULL. Then no
 * message takes the short ways of send.c and turn.c, so that these stay as they are for everybody else.
 */
#ifndef GRI_ACTORS_TRACING_H
#define GRI_ACTORS_TRACING_H

#include "actors/actor.h"
#include "observe/tracer.h"

/* What is known before a message is handled, which is gone afterwards. */
struct gri_traced {
    struct gri_span span; /* of the handling */
    uint64_t unhandled;   /* the loop's count before */
};

/* Around the handling of a message or signal. */
void gri_trace_before(const struct gr_actor *self, const struct gri_message *m, struct gri_traced *traced);
void gri_trace_after(const struct gr_actor *self, const struct gri_traced *traced);

/* A coroutine took a message or signal: it handles that until the next, or until it waits. */
void gri_trace_received(const struct gr_actor *self, const struct gri_message *m);

/* A coroutine is through with what it received last. */
void gri_trace_received_over(struct gri_loop *loop);

/* Around a turn of a coroutine, which may have waited before; and has ended, or waits again, after it. */
gr_time gri_trace_turn_begins(const struct gr_actor *self);
void gri_trace_turn_ends(const struct gr_actor *self, gr_time began);

/* A message was admitted, and is about to be put on its way. */
void gri_trace_send(struct gri_loop *loop, const struct gri_message *m);

/* The same by a timer: a slice around it, for the arrow to begin in. */
void gri_trace_timer(struct gri_loop *loop, const struct gri_message *m);

/* An envelope from a plain thread has arrived. */
void gri_trace_injected(struct gri_loop *loop, const struct gri_message *m);

void gri_trace_spawn(struct gri_loop *loop, const struct gr_behaviour *behaviour, gr_ref ref);

/* Around the end of an actor. */
gr_time gri_trace_now(struct gri_loop *loop);
void gri_trace_end(struct gri_loop *loop, const char *who, uint32_t slot, int reason, gr_time began);

/* A dead letter of a type: `m`, or NULL if that was never sent. */
void gri_trace_dead(struct gri_loop *loop, const struct gri_message *m, const char *type, uint32_t slot,
                    enum gr_dead_letter cause);

#endif
