/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on mailbox/full_word.h: the owner's bits are never torn from the full bit, a sender never sees the
 * word's past again, a sender that was told by a message that there is room sees room, and a mailbox exceeds its
 * bound by no more than its links hold. All accesses are relaxed, so no order can be weakened.
 */
#include "mailbox/full_word.h"

#include "mailbox/ring_spsc.h"
#include "tests/support/explorer/explorer.h"

#define POLICY   0x30u
#define SENDERS  2
#define CAPACITY 1
#define BOUND    1

static struct gri_full_word word;
static uint32_t seen[4];

static void setup(void)
{
    gri_full_init(&word, POLICY);
    for (int i = 0; i < 4; i++) seen[i] = 0;
}

/* --- what reads see --- */

static void set_and_clear(void)
{
    gri_full_clear(&word);
    gri_full_set(&word);
    gri_full_set_bits(&word, POLICY);
    gri_full_clear(&word);
}

static void change_policy(void)
{
    gri_full_set(&word);
    gri_full_set_bits(&word, POLICY << 4);
}

static void read_four_times(void)
{
    for (int i = 0; i < 4; i++) seen[i] = gri_full_read(&word);
}

static void read_twice(void)
{
    for (int i = 0; i < 2; i++) seen[i] = gri_full_read(&word);
}

static void read_twice_too(void)
{
    for (int i = 2; i < 4; i++) seen[i] = gri_full_read(&word);
}

/* The full bits of the reads, in the order in which they were read from the left. */
static void finish_reads(void)
{
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) {
        GRI_EXPLORER_CHECK((seen[i] & ~GRI_FULL) == POLICY);
        bits = bits << 4 | (seen[i] & GRI_FULL);
    }
    gri_explorer_outcome(bits);
}

static void finish_policy(void)
{
    gri_explorer_outcome((uint64_t)seen[0] << 12 | seen[1]);
    GRI_EXPLORER_CHECK(gri_full_read(&word) == (POLICY << 4 | GRI_FULL));
}

/* --- a mailbox behind links: senders look at the word, then send --- */

struct link {
    _Alignas(GRI_CACHE_LINE_BYTES) char memory[sizeof(struct gri_ring) + CAPACITY * sizeof(uint64_t)];
    struct gri_ring_producer producer; /* the sender's */
    struct gri_ring_consumer consumer; /* the owner's */
    int accepted;                      /* messages; the sender's */
    int refused;                       /* messages; the sender's */
};

static struct link links[SENDERS];
static int held; /* messages in the mailbox; none is handled */

static void setup_mailbox(void)
{
    setup();
    held = 0;
    for (int i = 0; i < SENDERS; i++) {
        struct gri_ring *ring = (struct gri_ring *)(void *)links[i].memory;
        gri_ring_init(ring, CAPACITY);
        gri_ring_producer_init(&links[i].producer, ring);
        gri_ring_consumer_init(&links[i].consumer, ring);
        links[i].accepted = links[i].refused = 0;
    }
}

/* First a place in the link, then the look at the word: the other way round one more may slip through. */
static void send_twice(struct link *link)
{
    for (int i = 0; i < 2; i++) {
        if (gri_ring_space(&link->producer) == 0 || (gri_full_read(&word) & GRI_FULL)) {
            link->refused++;
            continue;
        }
        GRI_EXPLORER_CHECK(gri_ring_push(&link->producer, 1));
        gri_ring_publish(&link->producer);
        link->accepted++;
    }
}

static void send_first(void)
{
    send_twice(&links[0]);
}

static void send_second(void)
{
    send_twice(&links[1]);
}

/* Delivers first, and so sets the word, then gives the cell back: a sender that uses it again has seen the word. */
static void arrive(void)
{
    for (int i = 0; i < SENDERS; i++) {
        uint32_t ready = gri_ring_ready(&links[i].consumer);
        held += (int)ready;
        if (held >= BOUND) gri_full_set(&word);
        gri_ring_advance(&links[i].consumer, ready);
    }
}

static void own_mailbox(void)
{
    arrive();
    arrive();
}

/* How many were accepted, and how many were refused. */
static void finish_mailbox(void)
{
    arrive();
    GRI_EXPLORER_CHECK(held == links[0].accepted + links[1].accepted);
    GRI_EXPLORER_CHECK(held <=
                       BOUND + SENDERS * CAPACITY - 1); /* the cell of the one that filled it is not back */
    gri_explorer_outcome((uint64_t)(held << 4 | (links[0].refused + links[1].refused)));
}

/* --- told of room by a message, the sender sees room --- */

static void tell_of_room(void)
{
    gri_full_set(&word);
    gri_full_clear(&word);
    GRI_EXPLORER_CHECK(gri_ring_push(&links[0].producer, 1));
    gri_ring_publish(&links[0].producer);
}

static void hear_of_room(void)
{
    for (int i = 0; i < 2; i++) {
        bool told = gri_ring_ready(&links[0].consumer) > 0;
        seen[i] = (uint32_t)told << 4 | (gri_full_read(&word) & GRI_FULL);
        GRI_EXPLORER_CHECK(seen[i] != (1u << 4 | GRI_FULL));
    }
}

static void finish_room(void)
{
    gri_explorer_outcome((uint64_t)seen[0] << 8 | seen[1]);
}

static const struct gri_explorer_scenario scenarios[] = {
    {"reads",
     setup,
     {set_and_clear, read_four_times},
     finish_reads,
     GRI_EXPLORER_SET(0, 0x1, 0x10, 0x11, 0x100, 0x110, 0x111, 0x1000, 0x1100, 0x1110, 0x1111)},
    {"readers",
     setup,
     {set_and_clear, read_twice, read_twice_too},
     finish_reads,
     GRI_EXPLORER_SET(0, 0x1, 0x10, 0x11, 0x100, 0x101, 0x110, 0x111, 0x1000, 0x1001, 0x1010, 0x1011, 0x1100,
                      0x1101, 0x1110, 0x1111)},
    {"policy",
     setup,
     {change_policy, read_twice},
     finish_policy,
     GRI_EXPLORER_SET(0x30030, 0x30031, 0x30301, 0x31031, 0x31301, 0x301301)},
    {"mailbox",
     setup_mailbox,
     {own_mailbox, send_first, send_second},
     finish_mailbox,
     GRI_EXPLORER_SET(0x13, 0x22)},
    {"room",
     setup_mailbox,
     {tell_of_room, hear_of_room},
     finish_room,
     GRI_EXPLORER_SET(0, 0x1, 0x10, 0x100, 0x101, 0x110, 0x1010)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"mailbox/full_word.h", NULL};
    static const struct gri_explorer_program program = {"full_word", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
