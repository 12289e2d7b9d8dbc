/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of 64-bit words from one producer to one consumer, in memory that the caller gives. The shared part
 * holds indices and words only, no pointer, so that two processes may map it at different addresses. Each side
 * keeps its own state (struct gri_ring_producer, struct gri_ring_consumer) in memory that the other doesn't see,
 * and trusts nothing that the other writes: an impossible index sets `corrupt`, and the ring reads as empty, or
 * as full, from then on.
 *
 * It doesn't know what its words mean, allocates nothing, and wakes nobody: that is scheduler/doorbell.h.
 *
 *   operation   by        does
 *   push        producer  writes the next word; not visible yet
 *   publish     producer  makes every word pushed so far visible
 *   moved       consumer  looks whether there seem to be more words than it has seen
 *   fetch       consumer  asks for the lines that the next `ready` and `at` read
 *   ready       consumer  counts the visible words that haven't been advanced over
 *   at          consumer  reads the i-th of them
 *   advance     consumer  gives the cells of the first n back: only after their delivery
 *
 * Invariants: (1) head <= tail <= head + capacity; the indices never wrap, since 2^64 words are never sent.
 * (2) Only the producer stores the tail, only the consumer the head. (3) A cell belongs to the consumer while
 * head <= its index < tail, else to the producer: so words are plain, and the two indices order them.
 */
#ifndef GRI_MAILBOX_RING_SPSC_H
#define GRI_MAILBOX_RING_SPSC_H

#include "base/atomic.h"

#include <stddef.h>
#include <stdint.h>

/* The shared part. The consumer's line and the producer's line are apart; the capacity never changes. */
struct gri_ring {
    /* Number of cells, a power of two. Both sides read it once, in their init. */
    _Alignas(GRI_CACHE_LINE_BYTES) uint32_t capacity;
    /* How many words were ever published. Stored by the producer: publishes the words, to `ready`. */
    _Alignas(GRI_CACHE_LINE_BYTES) gri_atomic_u64 tail;
    /* How many words were ever advanced over. Stored by the consumer: gives the cells back, to `push`. */
    _Alignas(GRI_CACHE_LINE_BYTES) gri_atomic_u64 head;
    /* The cells: word i is in words[i % capacity]. */
    _Alignas(GRI_CACHE_LINE_BYTES) uint64_t words[];
};

/* The producer's own state. */
struct gri_ring_producer {
    struct gri_ring *ring; /* the shared part */
    uint64_t mask;         /* capacity - 1: ours, so that a peer can't change it */
    uint64_t tail;         /* how many words were pushed, published or not */
    uint64_t published;    /* how many of them were published */
    uint64_t head;         /* the head as last read; the true one may be further */
    bool corrupt;          /* the consumer stored an impossible head; every push is refused */
};

/* The consumer's own state. */
struct gri_ring_consumer {
    struct gri_ring *ring; /* the shared part */
    uint64_t mask;         /* capacity - 1: ours, so that a peer can't change it */
    uint64_t head;         /* how many words were advanced over */
    uint64_t tail;         /* the tail as last read; the true one may be further */
    bool corrupt;          /* the producer stored an impossible tail; the ring reads as empty */
};

/* Bytes of a ring of `capacity` words; 0 unless that is a power of two of at most 2^30. */
size_t gri_ring_size(uint32_t capacity);

/* Makes an empty ring of gri_ring_size(capacity) bytes at `ring`, aligned to a cache line. No other user yet. */
void gri_ring_init(struct gri_ring *ring, uint32_t capacity);

/* Joins as the only producer. The peer must not be running yet if it isn't trusted: reads capacity and tail. */
void gri_ring_producer_init(struct gri_ring_producer *p, struct gri_ring *ring);

/* Joins as the only consumer. The peer must not be running yet if it isn't trusted: reads capacity and head. */
void gri_ring_consumer_init(struct gri_ring_consumer *c, struct gri_ring *ring);

/* The slow path of push and space: rereads the head. Returns how many cells are free. */
uint32_t gri_ring_reread_head(struct gri_ring_producer *p);

/* The slow path of ready: rereads the tail. Returns how many words are visible. */
uint32_t gri_ring_reread_tail(struct gri_ring_consumer *c);

/* Writes the next word; false when the ring is full. Nobody sees it before gri_ring_publish. */
static inline bool gri_ring_push(struct gri_ring_producer *p, uint64_t word)
{
    if (__builtin_expect(p->tail - p->head > p->mask, 0) && gri_ring_reread_head(p) == 0) return false;
    GRI_PLAIN_WRITE(p->ring->words[p->tail & p->mask], word);
    p->tail++;
    return true;
}

/* How many pushed words are not published yet. */
static inline uint32_t gri_ring_unpublished(const struct gri_ring_producer *p)
{
    return (uint32_t)(p->tail - p->published);
}

/* Makes all pushed words visible at once; without any it does nothing. Ring the consumer's doorbell after it. */
static inline void gri_ring_publish(struct gri_ring_producer *p)
{
    if (p->published == p->tail) return;
    /* Publishes the words up to the tail; acquired by gri_ring_reread_tail. */
    gri_store(&p->ring->tail, p->tail, GRI_RELEASE);
    p->published = p->tail;
}

/* How many pushes will succeed at least. Rereads the head: prefer trying a push where one word is enough. */
static inline uint32_t gri_ring_space(struct gri_ring_producer *p)
{
    return gri_ring_reread_head(p);
}

/* Whether the tail is another than the one last read: a look, which `ready` has to confirm. */
static inline bool gri_ring_moved(const struct gri_ring_consumer *c)
{
    /* Relaxed: nothing is read through it. */
    return gri_load(&c->ring->tail, GRI_RELAXED) != c->tail && !c->corrupt;
}

/* Fetches the tail and the next cell into the cache, both at once instead of one after the other. */
static inline void gri_ring_fetch(const struct gri_ring_consumer *c)
{
    __builtin_prefetch(&c->ring->tail);
    __builtin_prefetch(&c->ring->words[c->head & c->mask]);
}

/*
 * How many words may be read. Rereads the shared tail only when no word is left of those seen before, so it is
 * cheap in a loop and may count too few, but gives 0 only when the ring was empty during the call.
 */
static inline uint32_t gri_ring_ready(struct gri_ring_consumer *c)
{
    if (c->tail != c->head) return (uint32_t)(c->tail - c->head);
    return gri_ring_reread_tail(c);
}

/* The i-th visible word, i < gri_ring_ready(c). Read it once: a hostile peer may change it at any time. */
static inline uint64_t gri_ring_at(const struct gri_ring_consumer *c, uint32_t i)
{
    const volatile uint64_t *word = &c->ring->words[(c->head + i) & c->mask];
    return GRI_PLAIN_READ(*word);
}

/* Gives the first n cells back to the producer, n <= gri_ring_ready(c). Call it after their words' delivery. */
static inline void gri_ring_advance(struct gri_ring_consumer *c, uint32_t n)
{
    if (n == 0) return;
    c->head += n;
    /* Publishes that the cells below the head were read; acquired by gri_ring_reread_head. */
    gri_store(&c->ring->head, c->head, GRI_RELEASE);
}

#endif /* GRI_MAILBOX_RING_SPSC_H */
