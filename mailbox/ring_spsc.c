/* SPDX-License-Identifier: Apache-2.0 */
/* The ring's set-up and slow paths. The hot paths are inline in ring_spsc.h, and the rules are told there. */
#include "mailbox/ring_spsc.h"

#define RING_CAPACITY_MAX (1u << 30)

size_t gri_ring_size(uint32_t capacity)
{
    if (capacity == 0 || capacity > RING_CAPACITY_MAX || (capacity & (capacity - 1)) != 0) return 0;
    size_t size_bytes = sizeof(struct gri_ring) + (size_t)capacity * sizeof(uint64_t);
    return (size_bytes + GRI_CACHE_LINE_BYTES - 1) & ~(size_t)(GRI_CACHE_LINE_BYTES - 1);
}

void gri_ring_init(struct gri_ring *ring, uint32_t capacity)
{
    GRI_PLAIN_WRITE(ring->capacity, capacity);
    /* Relaxed: whoever hands the ring to the other side publishes it as a whole. */
    gri_store(&ring->tail, 0, GRI_RELAXED);
    gri_store(&ring->head, 0, GRI_RELAXED);
}

void gri_ring_producer_init(struct gri_ring_producer *p, struct gri_ring *ring)
{
    *p = (struct gri_ring_producer){.ring = ring, .mask = GRI_PLAIN_READ(ring->capacity) - (uint64_t)1};
    /* Relaxed: our own word. */
    p->tail = gri_load(&ring->tail, GRI_RELAXED);
    p->published = p->tail;
    gri_ring_reread_head(p);
}

void gri_ring_consumer_init(struct gri_ring_consumer *c, struct gri_ring *ring)
{
    *c = (struct gri_ring_consumer){.ring = ring, .mask = GRI_PLAIN_READ(ring->capacity) - (uint64_t)1};
    /* Relaxed: our own word. */
    c->head = gri_load(&ring->head, GRI_RELAXED);
    c->tail = c->head;
}

uint32_t gri_ring_reread_head(struct gri_ring_producer *p)
{
    if (p->corrupt) return 0;
    /* Acquires the cells that gri_ring_advance gave back, before they are overwritten. */
    uint64_t head = gri_load(&p->ring->head, GRI_ACQUIRE);
    uint64_t used = p->tail - head;
    /* A head beyond what was published, or one that went back, makes `used` leave this range. */
    if (used > p->mask + 1 || head - p->head > p->published - p->head) {
        p->corrupt = true;
        p->head = p->tail - (p->mask + 1); /* reads as full */
        return 0;
    }
    p->head = head;
    return (uint32_t)(p->mask + 1 - used);
}

uint32_t gri_ring_reread_tail(struct gri_ring_consumer *c)
{
    if (c->corrupt) return 0;
    /* Acquires the words that gri_ring_publish published. */
    uint64_t tail = gri_load(&c->ring->tail, GRI_ACQUIRE);
    uint64_t ready = tail - c->head;
    /* Called when all seen words are gone: a tail that went back is a huge number here too. */
    if (ready > c->mask + 1) {
        c->corrupt = true;
        return 0;
    }
    c->tail = tail;
    return (uint32_t)ready;
}
