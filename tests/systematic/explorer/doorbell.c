/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on scheduler/doorbell.h: no wake-up is lost (else the owner sleeps for ever, a deadlock), exactly one
 * of those who ring a parked owner wakes it, and the work behind a bit is visible to who got the bit. Producers
 * signal an event when they are told to wake; it orders nothing, so the doorbell's own orders must do.
 */
#include "scheduler/doorbell.h"

#include "mailbox/list_mpsc.h"
#include "mailbox/ring_spsc.h"
#include "tests/support/explorer/explorer.h"

#define ITEMS_MAX 4

static struct gri_doorbell bell;
static struct gri_explorer_event wake;
static int items[ITEMS_MAX]; /* item i is announced by bit i; the payload */
static int wakers[2];        /* how often each producer was told to wake the owner */
static int parks;            /* how often the owner parked */
static int naps;             /* how often it still may wake by itself */
static uint64_t got;         /* bits the owner got */

static void setup(void)
{
    gri_doorbell_init(&bell);
    wake.signalled = false;
    wakers[0] = wakers[1] = parks = naps = 0;
    got = 0;
}

static void setup_napping(void)
{
    setup();
    naps = 1;
}

static void ring(int producer, uint64_t bits)
{
    if (!gri_doorbell_ring(&bell, bits)) return;
    wakers[producer]++;
    gri_explorer_event_signal(&wake);
}

static void produce(int producer, int from, int to)
{
    for (int i = from; i < to; i++) {
        GRI_PLAIN_WRITE(items[i], i + 1);
        ring(producer, gri_doorbell_bit((unsigned)i));
    }
}

/* One turn of the owner: takes what is pending, or else sleeps. Returns the bits. */
static uint64_t turn(void)
{
    uint64_t bits = gri_doorbell_take(&bell);
    if (bits != 0) return bits;
    if (!gri_doorbell_park(&bell)) return 0;
    parks++;
    bool may_nap = naps > 0;
    if (!gri_explorer_event_wait(&wake, may_nap)) naps--;
    return gri_doorbell_unpark(&bell);
}

/* Runs the owner until it has these bits. */
static void own(uint64_t all)
{
    while (got != all) {
        uint64_t bits = turn();
        GRI_EXPLORER_CHECK((bits & got) == 0 && (bits & ~all) == 0);
        got |= bits;
        for (int i = 0; i < ITEMS_MAX; i++)
            if (bits & gri_doorbell_bit((unsigned)i)) GRI_EXPLORER_CHECK(GRI_PLAIN_READ(items[i]) == i + 1);
    }
}

static void produce_four(void)
{
    produce(0, 0, 4);
}

static void produce_first_two(void)
{
    produce(0, 0, 2);
}

static void produce_last_two(void)
{
    produce(1, 2, 4);
}

static void own_four(void)
{
    own(0xf);
}

/* How often the owner parked, and was woken. */
static void finish(void)
{
    gri_explorer_outcome((uint64_t)(parks << 4 | (wakers[0] + wakers[1])));
    GRI_EXPLORER_CHECK(gri_doorbell_take(&bell) == 0);
    GRI_EXPLORER_CHECK(wakers[0] + wakers[1] <= parks);
}

/* Without naps every park was ended by one wake-up. */
static void finish_exact(void)
{
    finish();
    GRI_EXPLORER_CHECK(wakers[0] + wakers[1] == parks);
}

/* --- together with the structures that it serves: a ring with one bit for all its words, and the inject list --- */

#define WORDS 3

struct node {
    struct gri_mpsc_node node; /* must be first */
    int value;                 /* the payload */
};

static _Alignas(GRI_CACHE_LINE_BYTES) char memory[sizeof(struct gri_ring) + 4 * sizeof(uint64_t)];
static struct gri_ring_producer producer;
static struct gri_ring_consumer consumer;
static struct gri_list_mpsc list;
static struct node nodes[2];
static uint64_t words_got;
static int nodes_got;

static void setup_served(void)
{
    setup();
    gri_ring_init((struct gri_ring *)(void *)memory, 4);
    gri_ring_producer_init(&producer, (struct gri_ring *)(void *)memory);
    gri_ring_consumer_init(&consumer, (struct gri_ring *)(void *)memory);
    gri_list_mpsc_init(&list);
    words_got = 0;
    nodes_got = 0;
}

static void send_words(void)
{
    for (uint64_t i = 0; i < WORDS; i++) {
        GRI_EXPLORER_CHECK(gri_ring_push(&producer, i));
        gri_ring_publish(&producer);
        ring(0, gri_doorbell_bit(0));
    }
}

static void inject_nodes(void)
{
    for (int i = 0; i < 2; i++) {
        GRI_PLAIN_WRITE(nodes[i].value, i + 1);
        bool first = gri_list_mpsc_push(&list, &nodes[i].node, &nodes[i].node);
        if (first) ring(1, GRI_DOORBELL_INJECT);
    }
}

static void serve(uint64_t bits)
{
    if (bits & gri_doorbell_bit(0)) {
        for (uint32_t ready; (ready = gri_ring_ready(&consumer)) > 0;) {
            GRI_EXPLORER_CHECK(gri_ring_at(&consumer, 0) == words_got++);
            gri_ring_advance(&consumer, 1);
        }
    }
    if (bits & GRI_DOORBELL_INJECT) {
        struct gri_mpsc_node *node = gri_list_mpsc_take(&list);
        for (; node != NULL; node = GRI_PLAIN_READ(node->next))
            GRI_EXPLORER_CHECK(GRI_PLAIN_READ(((struct node *)node)->value) == ++nodes_got);
    }
}

static void serve_words(void)
{
    while (words_got < WORDS) serve(turn());
}

static void serve_nodes(void)
{
    while (nodes_got < 2) serve(turn());
}

static void serve_both(void)
{
    while (words_got < 2 || nodes_got < 1) serve(turn());
}

static void send_two_words(void)
{
    for (uint64_t i = 0; i < 2; i++) {
        GRI_EXPLORER_CHECK(gri_ring_push(&producer, i));
        gri_ring_publish(&producer);
        ring(0, gri_doorbell_bit(0));
    }
}

static void inject_node(void)
{
    GRI_PLAIN_WRITE(nodes[0].value, 1);
    bool first = gri_list_mpsc_push(&list, &nodes[0].node, &nodes[0].node);
    if (first) ring(1, GRI_DOORBELL_INJECT);
}

static void finish_served(void)
{
    gri_explorer_outcome((uint64_t)(parks << 4 | (wakers[0] + wakers[1])));
}

static const struct gri_explorer_scenario scenarios[] = {
    {"four", setup, {produce_four, own_four}, finish_exact, GRI_EXPLORER_SET(0, 0x11, 0x22, 0x33, 0x44)},
    {"producers",
     setup,
     {produce_first_two, produce_last_two, own_four},
     finish_exact,
     GRI_EXPLORER_SET(0, 0x11, 0x22, 0x33, 0x44)},
    {"naps",
     setup_napping,
     {produce_four, own_four},
     finish,
     GRI_EXPLORER_SET(0, 0x10, 0x11, 0x21, 0x22, 0x32, 0x33, 0x43, 0x44, 0x54)},
    {"words", setup_served, {send_words, serve_words}, finish_served, GRI_EXPLORER_SET(0, 0x11, 0x22, 0x33)},
    {"nodes", setup_served, {inject_nodes, serve_nodes}, finish_served, GRI_EXPLORER_SET(0, 0x11, 0x22)},
    {"both",
     setup_served,
     {send_two_words, inject_node, serve_both},
     finish_served,
     GRI_EXPLORER_SET(0, 0x11, 0x22, 0x33)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"scheduler/doorbell.h", "scheduler/doorbell.c", NULL};
    static const struct gri_explorer_program program = {"doorbell", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
