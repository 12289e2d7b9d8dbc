/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on scheduler/link.h, with rings of two cells: envelopes arrive once and in order, also through the
 * outbox, and neither side sleeps for ever: a producer whose ring was full learns that it drained.
 */
#include "scheduler/link.h"

#undef GRI_LINK_RING
#define GRI_LINK_RING 2u

#include "../../../scheduler/link.c" /* with that size */
#include "tests/support/explorer/explorer.h"

#include <string.h>

#define MESSAGES_MAX 4

static struct gri_loop loops[2]; /* 0 sends, 1 receives */
static struct gri_loop *peers[2] = {&loops[0], &loops[1]};
static struct gri_link links[2][2];
static struct gri_ring_consumer inbound[2][2];
static struct gri_explorer_event wakes[2];
static _Alignas(GRI_CACHE_LINE_BYTES) char ring_memory[2][sizeof(struct gri_ring) + 2 * GRI_CACHE_LINE_BYTES];
static unsigned rings_made;
static _Alignas(64) char letters[MESSAGES_MAX][64]; /* envelopes with their payloads */
static int delivered;                               /* by the receiver */
static bool outbox_waited;                          /* the sender slept for space */

void *gri_memory_allocate(struct gri_memory *memory, size_t size)
{
    GRI_EXPLORER_CHECK(size <= sizeof ring_memory[0] && rings_made < 2);
    return ring_memory[rings_made++];
}

void gri_memory_release(struct gri_memory *memory, void *p, size_t size)
{
    gri_explorer_fail("%p is not to be released", p);
}

/* No heavy envelopes here, and no types. */
uint64_t gri_message_weight_heavy(const struct gri_message *m)
{
    gri_explorer_fail("%p is not heavy", (const void *)m);
}

void gri_type_register(struct gr_type *type)
{
    (void)type;
}

/* The real one wakes a poller. */
void gri_loop_ring(struct gri_loop *loop, uint64_t bits)
{
    if (gri_doorbell_ring(&loop->doorbell, bits)) gri_explorer_event_signal(&wakes[loop->index]);
}

static struct gri_message *letter(int i)
{
    return (struct gri_message *)(void *)letters[i];
}

static void deliver(struct gri_loop *loop, struct gri_message *m)
{
    GRI_EXPLORER_CHECK(m == letter(delivered));
    GRI_EXPLORER_CHECK(GRI_PLAIN_READ(m->payload[0]) == 100 + (uint64_t)delivered);
    delivered++;
}

static void setup(void)
{
    memset(loops, 0, sizeof loops);
    memset(links, 0, sizeof links);
    memset(inbound, 0, sizeof inbound);
    memset(letters, 0, sizeof letters);
    delivered = 0;
    outbox_waited = false;
    rings_made = 0;
    for (unsigned i = 0; i < 2; i++) {
        loops[i].index = i;
        loops[i].count = 2;
        loops[i].peers = peers;
        loops[i].links = links[i];
        loops[i].inbound = inbound[i];
        loops[i].deliver = deliver;
        gri_doorbell_init(&loops[i].doorbell);
        GRI_EXPLORER_CHECK(gri_links_init(&loops[i]) == 0);
        wakes[i].signalled = false;
    }
}

/* Waits for bits, as the loop's driver does without anything else to do. */
static uint64_t await_bits(struct gri_loop *loop)
{
    for (;;) {
        uint64_t bits = gri_doorbell_take(&loop->doorbell);
        if (bits != 0) return bits;
        if (!gri_doorbell_park(&loop->doorbell)) continue;
        gri_explorer_event_wait(&wakes[loop->index], false);
        bits = gri_doorbell_unpark(&loop->doorbell);
        if (bits != 0) return bits;
    }
}

static void write_and_send(int i)
{
    GRI_PLAIN_WRITE(letter(i)->payload[0], 100 + (uint64_t)i);
    gri_link_send(&loops[0], 1, letter(i));
}

/* Flushes until nothing waits, as steps between sleeps do. */
static void flush_all(void)
{
    while (gri_link_flush(&loops[0])) {
        outbox_waited = true;
        await_bits(&loops[0]);
    }
}

static void send_singly(int count)
{
    for (int i = 0; i < count; i++) {
        write_and_send(i);
        gri_link_flush(&loops[0]);
    }
    flush_all();
}

static void send_at_once(int count)
{
    for (int i = 0; i < count; i++) write_and_send(i);
    flush_all();
}

static void send_three_singly(void)
{
    send_singly(3);
}

static void send_four_at_once(void)
{
    send_at_once(4);
}

/* The bit comes without anything on the link, as it does when a peer's outbox waits for us; what is sent comes later. */
static void ring_then_send(void)
{
    gri_loop_ring(&loops[1], gri_doorbell_bit(0));
    send_singly(2);
}

/* Receives at most `max` of a link at a time; bits stay pending while there may be more, as in a step. */
static void receive(int count, unsigned max)
{
    uint64_t pending = 0;
    while (delivered < count) {
        if (pending == 0) pending = await_bits(&loops[1]);
        if (gri_link_drain(&loops[1], 0, max) < max) pending = 0;
    }
}

static void receive_three_singly(void)
{
    receive(3, 1);
}

static void receive_two(void)
{
    receive(2, 256);
}

static void receive_three(void)
{
    receive(3, 256);
}

static void receive_four(void)
{
    receive(4, 256);
}

static void finish(void)
{
    gri_explorer_outcome(outbox_waited);
    GRI_EXPLORER_CHECK(links[0][1].outbox_head == NULL && links[0][1].outbox_count == 0);
}

static const struct gri_explorer_scenario scenarios[] = {
    {"singly", setup, {send_three_singly, receive_three_singly}, finish, GRI_EXPLORER_SET(0, 1)},
    {"early", setup, {ring_then_send, receive_two}, finish, GRI_EXPLORER_SET(0)},
    {"drained", setup, {send_three_singly, receive_three}, finish, GRI_EXPLORER_SET(0, 1)},
    {"at_once", setup, {send_four_at_once, receive_four}, finish, GRI_EXPLORER_SET(0, 1)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"scheduler/link.c", NULL};
    static const struct gri_explorer_program program = {"link", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
