/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on mailbox/ring_spsc.h: words arrive once and in order, and what a word stands for (a payload, here
 * plain memory that is used again after the head advanced) is never touched by both sides at once.
 */
#include "mailbox/ring_spsc.h"

#include "tests/support/explorer/explorer.h"

#define CAPACITY 2
#define WORDS    4 /* operations of each of two threads */

/* A ring with the payloads that its cells stand for, and what its consumer saw. */
struct line {
    _Alignas(GRI_CACHE_LINE_BYTES) char memory[sizeof(struct gri_ring) + CAPACITY * sizeof(uint64_t)];
    struct gri_ring_producer producer; /* the producing thread's */
    struct gri_ring_consumer consumer; /* the consuming thread's */
    uint64_t payload[CAPACITY];        /* written before a push, read before the advance */
    uint64_t pushed;                   /* words accepted; the producing thread's */
    uint64_t got;                      /* words received; the consuming thread's */
    bool was_full;                     /* a push was refused */
};

static struct line a, b;

static struct gri_ring *ring_of(struct line *line)
{
    return (struct gri_ring *)(void *)line->memory;
}

static void open_line(struct line *line)
{
    gri_ring_init(ring_of(line), CAPACITY);
    gri_ring_producer_init(&line->producer, ring_of(line));
    gri_ring_consumer_init(&line->consumer, ring_of(line));
    line->pushed = line->got = 0;
    line->was_full = false;
}

static void setup(void)
{
    open_line(&a);
    open_line(&b);
}

/* Pushes the next word, with its payload; publishes nothing. */
static void push_next(struct line *line)
{
    if (gri_ring_space(&line->producer) == 0) {
        line->was_full = true;
        return;
    }
    GRI_PLAIN_WRITE(line->payload[line->pushed % CAPACITY], 100 + line->pushed);
    GRI_EXPLORER_CHECK(gri_ring_push(&line->producer, 200 + line->pushed));
    line->pushed++;
}

/* The same by trying: the cached head is used. The payload is written after it, as it goes with the cell. */
static void try_push_next(struct line *line)
{
    if (!gri_ring_push(&line->producer, 200 + line->pushed)) {
        line->was_full = true;
        return;
    }
    GRI_PLAIN_WRITE(line->payload[line->pushed % CAPACITY], 100 + line->pushed);
    line->pushed++;
}

/* Receives up to `most` words that are ready, then gives their cells back. Returns how many. */
static uint32_t receive(struct line *line, uint32_t most)
{
    uint32_t count = gri_ring_ready(&line->consumer);
    GRI_EXPLORER_CHECK(count <= CAPACITY && !line->consumer.corrupt);
    if (count > most) count = most;
    for (uint32_t i = 0; i < count; i++) {
        GRI_EXPLORER_CHECK(gri_ring_at(&line->consumer, i) == 200 + line->got);
        GRI_EXPLORER_CHECK(GRI_PLAIN_READ(line->payload[line->got % CAPACITY]) == 100 + line->got);
        line->got++;
    }
    gri_ring_advance(&line->consumer, count);
    return count;
}

/* The rest arrives too. */
static void drain(struct line *line)
{
    while (receive(line, CAPACITY) > 0) {
    }
    GRI_EXPLORER_CHECK(line->got == line->pushed && !line->producer.corrupt);
}

static void produce_singly(void)
{
    for (int i = 0; i < WORDS; i++) {
        try_push_next(&a);
        gri_ring_publish(&a.producer);
    }
}

static void produce_in_pairs(void)
{
    for (int i = 0; i < WORDS; i++) {
        push_next(&a);
        if (i % 2 == 1) gri_ring_publish(&a.producer);
    }
}

static void consume_singly(void)
{
    for (int i = 0; i < WORDS; i++) receive(&a, 1);
}

static void consume_all_ready(void)
{
    for (int i = 0; i < WORDS; i++) receive(&a, CAPACITY);
}

/* Bit 0: a push was refused; above: how many words the consuming thread got. */
static void finish(void)
{
    gri_explorer_outcome(a.got << 4 | a.was_full);
    drain(&a);
}

/* --- three threads, two operations each: a line behind a line, the payload read at the end --- */

static uint64_t message;

static void setup_relay(void)
{
    setup();
    GRI_PLAIN_WRITE(message, 0);
}

static void relay_first(void)
{
    GRI_PLAIN_WRITE(message, 7);
    push_next(&a);
    push_next(&a);
    gri_ring_publish(&a.producer);
}

static void relay_middle(void)
{
    for (int i = 0; i < 2; i++) {
        if (receive(&a, 1) == 0) continue;
        push_next(&b);
        gri_ring_publish(&b.producer);
    }
}

static void relay_last(void)
{
    for (int i = 0; i < 2; i++)
        if (receive(&b, 1) > 0) GRI_EXPLORER_CHECK(GRI_PLAIN_READ(message) == 7);
}

static void finish_relay(void)
{
    gri_explorer_outcome(a.got << 4 | b.got);
    drain(&a);
    drain(&b);
}

/* --- a peer that lies --- */

static void lie(void)
{
    gri_store(&ring_of(&a)->tail, CAPACITY + 1, GRI_RELAXED);
    gri_store(&ring_of(&b)->head, 1, GRI_RELAXED);
}

static void stand_lies(void)
{
    uint32_t ready = gri_ring_ready(&a.consumer);
    GRI_EXPLORER_CHECK(ready == 0);
    push_next(&b);
    push_next(&b);
    gri_ring_publish(&b.producer);
    GRI_EXPLORER_CHECK(b.pushed <= CAPACITY);
}

static void finish_lies(void)
{
    gri_explorer_outcome(a.consumer.corrupt | b.producer.corrupt << 1 | b.pushed << 4);
}

static const struct gri_explorer_scenario scenarios[] = {
    {"singly",
     setup,
     {produce_singly, consume_singly},
     finish,
     GRI_EXPLORER_SET(0x01, 0x11, 0x20, 0x21, 0x30, 0x31, 0x40)},
    {"pairs",
     setup,
     {produce_in_pairs, consume_singly},
     finish,
     GRI_EXPLORER_SET(0x01, 0x11, 0x20, 0x21, 0x30, 0x31, 0x40)},
    {"batches",
     setup,
     {produce_in_pairs, consume_all_ready},
     finish,
     GRI_EXPLORER_SET(0x01, 0x20, 0x21, 0x31, 0x40)},
    {"relay",
     setup_relay,
     {relay_first, relay_middle, relay_last},
     finish_relay,
     GRI_EXPLORER_SET(0x00, 0x10, 0x11, 0x20, 0x21, 0x22)},
    {"lies", setup, {lie, stand_lies}, finish_lies, GRI_EXPLORER_SET(0x02, 0x03, 0x12, 0x13, 0x20, 0x21)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"mailbox/ring_spsc.h", "mailbox/ring_spsc.c", NULL};
    static const struct gri_explorer_program program = {"ring_spsc", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
