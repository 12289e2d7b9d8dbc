/* SPDX-License-Identifier: Apache-2.0 */
/* Links between loops: batching, outboxes and draining; see link.h for who may touch what. */
#include "scheduler/link.h"

#include "base/memory.h"
#include "mailbox/mailbox.h"
#include "scheduler/loop.h"

int gri_links_init(struct gri_loop *loop)
{
    for (unsigned to = 0; to < loop->count; to++) {
        struct gri_link *link = &loop->links[to];
        if (to == loop->index) continue;
        link->ring = gri_memory_allocate(loop->memory, gri_ring_size(GRI_LINK_RING));
        if (link->ring == NULL) {
            gri_links_fini(loop);
            return GR_ENOMEM;
        }
        gri_ring_init(link->ring, GRI_LINK_RING);
        gri_ring_producer_init(&link->producer, link->ring);
    }
    return 0;
}

void gri_links_fini(struct gri_loop *loop)
{
    for (unsigned to = 0; to < loop->count; to++)
        gri_memory_release(loop->memory, loop->links[to].ring, gri_ring_size(GRI_LINK_RING));
}

/* Shows the consumer what was pushed, and rings. */
static void publish(struct gri_loop *loop, struct gri_link *link, unsigned to)
{
    if (link->unpublished == 0) return;
    link->unpublished = 0;
    gri_ring_publish(&link->producer);
    gri_count(&loop->counters, GRI_COUNTER_LINK_BATCHES, 1);
    gri_loop_ring(loop->peers[to], gri_doorbell_bit(loop->index));
}

static bool push(struct gri_loop *loop, struct gri_link *link, unsigned to, struct gri_message *m)
{
    if (!gri_ring_push(&link->producer, (uintptr_t)m)) return false;
    if (++link->unpublished >= GRI_LINK_BATCH) publish(loop, link, to);
    return true;
}

void gri_link_send(struct gri_loop *loop, unsigned to, struct gri_message *m)
{
    struct gri_link *link = &loop->links[to];
    loop->dirty |= UINT64_C(1) << to;
    gri_count(&loop->counters, GRI_COUNTER_LINK_MESSAGES, 1);
    if (m->flags & GRI_MAIL_HEAVY) gri_fetch_add(&link->heavy_bytes, gri_message_weight(m), GRI_RELAXED);
    if (link->outbox_head == NULL && push(loop, link, to, m)) return;
    m->next = NULL;
    if (link->outbox_head == NULL)
        link->outbox_head = m;
    else
        link->outbox_tail->next = m;
    link->outbox_tail = m;
    link->outbox_count++;
}

bool gri_link_is_full(const struct gri_loop *loop, unsigned to)
{
    const struct gri_link *link = &loop->links[to];
    return link->outbox_count >= GRI_LINK_OUTBOX_MAX ||
           gri_load(&link->heavy_bytes, GRI_RELAXED) >= GRI_LINK_HEAVY_BYTES;
}

/* Moves the outbox into the ring as far as it goes. */
static void move_outbox(struct gri_loop *loop, struct gri_link *link, unsigned to)
{
    while (link->outbox_head != NULL) {
        struct gri_message *m = link->outbox_head;
        struct gri_message *next = m->next; /* the consumer owns `m` as soon as it is pushed */
        if (!push(loop, link, to, m)) return;
        link->outbox_head = next;
        link->outbox_count--;
    }
}

bool gri_link_flush(struct gri_loop *loop)
{
    uint64_t waiting = 0;
    for (uint64_t left = loop->dirty; left != 0; left &= left - 1) {
        unsigned to = (unsigned)__builtin_ctzll(left);
        struct gri_link *link = &loop->links[to];
        move_outbox(loop, link, to);
        publish(loop, link, to);
        if (link->outbox_head == NULL) continue;
        waiting |= UINT64_C(1) << to;
        /*
         * Ask to be rung when the ring has drained. The exchange is ordered with the consumer's after each drain: if
         * that came before, its advanced head is acquired here and the second try finds space.
         */
        if (gri_exchange(&link->wants_space, 1, GRI_ACQUIRE) == 0) {
            move_outbox(loop, link, to);
            publish(loop, link, to);
            if (link->outbox_head == NULL) waiting &= ~(UINT64_C(1) << to);
        }
    }
    loop->dirty = waiting;
    return waiting != 0;
}

/* The consumer's side of the ring from `from`: joined at first use, as a peer may be made after this loop. */
static struct gri_ring_consumer *consumer_of(struct gri_loop *loop, unsigned from)
{
    struct gri_ring_consumer *in = &loop->inbound[from];
    if (in->ring == NULL) gri_ring_consumer_init(in, loop->peers[from]->links[loop->index].ring);
    return in;
}

bool gri_link_peek(const struct gri_loop *loop, unsigned from)
{
    const struct gri_ring_consumer *in = &loop->inbound[from];
    return in->ring != NULL && gri_ring_moved(in);
}

/* Envelopes that are fetched into the cache ahead of the one that is delivered: their lines are in another processor's. */
#define FETCHED_AHEAD 8

static inline void fetch(const struct gri_ring_consumer *in, uint32_t i)
{
    __builtin_prefetch((const void *)(uintptr_t)gri_ring_at(in, i));
}

unsigned gri_link_drain(struct gri_loop *loop, unsigned from, unsigned max)
{
    struct gri_ring_consumer *in = consumer_of(loop, from);
    struct gri_link *link = &loop->peers[from]->links[loop->index];
    unsigned done = 0;
    gri_ring_fetch(in);
    for (uint32_t ready; done < max && (ready = gri_ring_ready(in)) != 0;) {
        if (ready > max - done) ready = max - done;
        for (uint32_t i = 0; i < ready && i < FETCHED_AHEAD; i++) fetch(in, i);
        for (uint32_t i = 0; i < ready; i++) {
            struct gri_message *m = (struct gri_message *)(uintptr_t)gri_ring_at(in, i);
            if (i + FETCHED_AHEAD < ready) fetch(in, i + FETCHED_AHEAD);
            if (m->flags & GRI_MAIL_HEAVY)
                gri_fetch_sub(&link->heavy_bytes, gri_message_weight(m), GRI_RELAXED);
            loop->deliver(loop, m);
        }
        gri_ring_advance(in, ready);
        done += ready;
    }
    /* Releases the advanced head to a producer whose exchange in gri_link_flush comes later; an earlier one is rung. */
    if (done != 0 && gri_exchange(&link->wants_space, 0, GRI_RELEASE) != 0)
        gri_loop_ring(loop->peers[from], gri_doorbell_bit(loop->index));
    return done;
}

struct gri_message *gri_link_take_last(struct gri_loop *loop, unsigned from)
{
    struct gri_link *link = &loop->peers[from]->links[loop->index];
    struct gri_ring_consumer *in = consumer_of(loop, from);
    struct gri_message *m = link->outbox_head;
    gri_ring_publish(&link->producer);
    if (gri_ring_ready(in) != 0) {
        m = (struct gri_message *)(uintptr_t)gri_ring_at(in, 0);
        gri_ring_advance(in, 1);
    } else if (m != NULL) {
        link->outbox_head = m->next;
        link->outbox_count--;
    }
    if (m != NULL && m->flags & GRI_MAIL_HEAVY)
        gri_fetch_sub(&link->heavy_bytes, gri_message_weight(m),
                      GRI_RELAXED); /* a bound; publishes nothing */
    return m;
}
