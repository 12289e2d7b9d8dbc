/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link: the way from one loop to another. Envelopes go through one ring per ordered pair of loops, made with the loop
 * and published in batches; where the ring is full they wait in an intrusive outbox, so that sending never allocates
 * and never fails, and an outbox waits for nothing but its consumer. Everything on a link keeps its order. It does not
 * look into envelopes but for their weight.
 *
 * Who may touch what: the producer loop all of it, but for `wants_space` and `heavy_bytes`, which both sides touch.
 * Bounds: admission of user messages asks gri_link_is_full; signals, replies and control are exempt.
 */
#ifndef GRI_SCHEDULER_LINK_H
#define GRI_SCHEDULER_LINK_H

#include "base/atomic.h"
#include "mailbox/ring_spsc.h"
#include "messages/envelope.h"

struct gri_loop;

#define GRI_LINK_RING        1024u       /* words of a ring */
#define GRI_LINK_OUTBOX_MAX  1024u       /* user messages are refused beyond this many in the outbox */
#define GRI_LINK_HEAVY_BYTES (16u << 20) /* and beyond this weight of heavy messages on the whole link */
#define GRI_LINK_BATCH       32u         /* messages after which a batch is published */

struct gri_link {
    struct gri_ring *ring;             /* constant; read by the consumer once; NULL on the way to itself */
    struct gri_ring_producer producer; /* this side's view of the ring */
    struct gri_message *outbox_head;   /* what found the ring full, oldest first */
    struct gri_message *outbox_tail;   /* the newest; undefined when empty */
    uint32_t outbox_count;             /* envelopes in the outbox */
    uint32_t unpublished;              /* pushed into the ring since the last publish */
    /* Touched by both sides, apart from what the producer touches for each message. */
    _Alignas(GRI_CACHE_LINE_BYTES)
        gri_atomic_u32 wants_space; /* 1: the producer waits for the ring to drain */
    gri_atomic_u64 heavy_bytes;     /* weight of heavy messages on the way */
};

/* Makes the rings of all links of a loop, whose other fields are zero. Errors: GR_ENOMEM. And frees them. */
int gri_links_init(struct gri_loop *loop);
void gri_links_fini(struct gri_loop *loop);

/* Sends an envelope from `loop` to another loop; takes it. Only on `loop`'s thread. Visible to the other side at the
 * latest at the next gri_link_flush. */
void gri_link_send(struct gri_loop *loop, unsigned to, struct gri_message *m);

/* Whether user messages are to be refused just now. */
bool gri_link_is_full(const struct gri_loop *loop, unsigned to);

/* Publishes what was sent and moves outboxes on; at the end of each step. Returns whether an outbox still waits. */
bool gri_link_flush(struct gri_loop *loop);

/* Whether something seems to be there that `from` sent: a look, for who has nothing else to do. What it sees is drained. */
bool gri_link_peek(const struct gri_loop *loop, unsigned from);

/* Delivers at most `max` envelopes that `from` sent to `loop`; returns how many. */
unsigned gri_link_drain(struct gri_loop *loop, unsigned from, unsigned max);

/* Takes one envelope that `from` sent, published or not, for the end of a system when no loop runs; or NULL. */
struct gri_message *gri_link_take_last(struct gri_loop *loop, unsigned from);

#endif
