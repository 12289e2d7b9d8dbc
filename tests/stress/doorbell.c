/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stress of scheduler/doorbell.h with real threads that really sleep, each in its eventfd, as loops do: a rally, in
 * which nearly every word finds its receiver asleep or falling asleep, and bursts of several threads to one. A sleep
 * of many seconds while work is pending is a lost wake-up.
 */
#include "scheduler/doorbell.h"

#include "base/platform.h"
#include "mailbox/list_mpsc.h"
#include "mailbox/ring_spsc.h"
#include "tests/support/share.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CAPACITY      64
#define SENDERS       2
#define LOST_AFTER_MS 20000

/* One that sleeps. */
struct sleeper {
    struct gri_doorbell bell; /* its doorbell */
    int event;                /* the eventfd in which it sleeps */
    uint64_t parks;           /* how often it did */
};

/* A ring from one thread to a sleeper. */
struct way {
    struct gri_ring *ring;             /* the ring */
    struct gri_ring_producer producer; /* the sender's end */
    struct gri_ring_consumer consumer; /* the sleeper's end */
    struct sleeper *to;                /* the sleeper */
    unsigned bit;                      /* the sender's bit there */
};

static void sleeper_init(struct sleeper *s)
{
    gri_doorbell_init(&s->bell);
    s->event = eventfd(0, EFD_CLOEXEC);
    s->parks = 0;
    if (s->event < 0) abort();
}

static void wake(struct sleeper *s)
{
    uint64_t one = 1;
    if (write(s->event, &one, sizeof one) != sizeof one) abort();
}

/* Waits for bits. */
static uint64_t await_bits(struct sleeper *s)
{
    for (;;) {
        uint64_t bits = gri_doorbell_take(&s->bell), count;
        if (bits != 0) return bits;
        if (!gri_doorbell_park(&s->bell)) continue;
        s->parks++;
        struct pollfd poll_event = {.fd = s->event, .events = POLLIN};
        if (poll(&poll_event, 1, LOST_AFTER_MS) != 1) {
            printf("doorbell: a wake-up was lost\n0 passed, 1 failed\n");
            exit(1);
        }
        if (read(s->event, &count, sizeof count) != sizeof count) abort();
        bits = gri_doorbell_unpark(&s->bell);
        if (bits != 0) return bits;
    }
}

static void way_init(struct way *way, struct sleeper *to, unsigned bit)
{
    way->ring = aligned_alloc(GRI_CACHE_LINE_BYTES, gri_ring_size(CAPACITY));
    if (way->ring == NULL) abort();
    gri_ring_init(way->ring, CAPACITY);
    gri_ring_producer_init(&way->producer, way->ring);
    gri_ring_consumer_init(&way->consumer, way->ring);
    way->to = to;
    way->bit = bit;
}

/* Publishes what was pushed, and rings. */
static void flush(struct way *way)
{
    if (gri_ring_unpublished(&way->producer) == 0) return;
    gri_ring_publish(&way->producer);
    if (gri_doorbell_ring(&way->to->bell, gri_doorbell_bit(way->bit))) wake(way->to);
}

static void send(struct way *way, uint64_t word)
{
    while (!gri_ring_push(&way->producer, word)) {
        flush(way);
        sched_yield();
    }
}

/* --- the rally --- */

static struct sleeper left, right;
static struct way to_left, to_right;
static uint64_t rallies;

/* Waits for the next word. */
static uint64_t receive(struct way *way)
{
    while (gri_ring_ready(&way->consumer) == 0) await_bits(way->to);
    uint64_t word = gri_ring_at(&way->consumer, 0);
    gri_ring_advance(&way->consumer, 1);
    return word;
}

static void *return_all(void *argument)
{
    for (uint64_t i = 0; i < rallies; i++) {
        send(&to_left, receive(&to_right) + 1);
        flush(&to_left);
    }
    return NULL;
}

static bool rally(void)
{
    gri_thread thread;
    uint64_t word = 0;
    rallies = test_share(30000);
    sleeper_init(&left);
    sleeper_init(&right);
    way_init(&to_left, &left, 61);
    way_init(&to_right, &right, 0);
    if (gri_thread_create(&thread, return_all, NULL, "right") != 0) abort();
    for (uint64_t i = 0; i < rallies; i++) {
        send(&to_right, word);
        flush(&to_right);
        word = receive(&to_left);
    }
    gri_thread_join(thread);
    printf("doorbell: %llu rallies, %llu and %llu sleeps\n", (unsigned long long)rallies,
           (unsigned long long)left.parks, (unsigned long long)right.parks);
    close(left.event), close(right.event);
    free(to_left.ring), free(to_right.ring);
    return word == rallies;
}

/* --- bursts: senders by rings, a foreign thread by the inject list --- */

struct node {
    struct gri_mpsc_node node; /* must be first */
    uint64_t number;           /* its place */
};

static struct sleeper owner;
static struct way ways[SENDERS];
static struct gri_list_mpsc list;
static struct node *nodes;
static uint64_t burst_words;

/* Bursts of 1 to 50 words, with a pause between them that lets the owner fall asleep. */
static void *send_bursts(void *argument)
{
    struct way *way = argument;
    for (uint64_t i = 0; i < burst_words; i++) {
        send(way, i);
        if (i % 7 != 0 && i % 50 != 0) continue;
        flush(way);
        sched_yield();
    }
    flush(way);
    return NULL;
}

static void *inject(void *argument)
{
    for (uint64_t i = 0; i < burst_words; i++) {
        nodes[i].number = i;
        if (!gri_list_mpsc_push(&list, &nodes[i].node, &nodes[i].node)) continue;
        if (gri_doorbell_ring(&owner.bell, GRI_DOORBELL_INJECT)) wake(&owner);
        if (i % 5 == 0) sched_yield();
    }
    return NULL;
}

/* Takes what the bits announce. Returns how many words and nodes that were; counts the wrong ones. */
static uint64_t serve(uint64_t bits, uint64_t next[SENDERS + 1], uint64_t *wrong)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < SENDERS; i++) {
        if ((bits & gri_doorbell_bit(i)) == 0) continue;
        for (uint32_t ready; (ready = gri_ring_ready(&ways[i].consumer)) > 0; count += ready) {
            for (uint32_t k = 0; k < ready; k++) *wrong += gri_ring_at(&ways[i].consumer, k) != next[i]++;
            gri_ring_advance(&ways[i].consumer, ready);
        }
    }
    struct gri_mpsc_node *node = bits & GRI_DOORBELL_INJECT ? gri_list_mpsc_take(&list) : NULL;
    for (; node != NULL; node = node->next, count++)
        *wrong += ((struct node *)node)->number != next[SENDERS]++;
    return count;
}

static bool bursts(void)
{
    gri_thread threads[SENDERS + 1];
    uint64_t next[SENDERS + 1] = {0}, wrong = 0;
    burst_words = test_share(200000);
    nodes = calloc(burst_words, sizeof *nodes);
    if (nodes == NULL) abort();
    sleeper_init(&owner);
    gri_list_mpsc_init(&list);
    for (unsigned i = 0; i < SENDERS; i++) way_init(&ways[i], &owner, i);
    for (unsigned i = 0; i < SENDERS; i++)
        if (gri_thread_create(&threads[i], send_bursts, &ways[i], "sender") != 0) abort();
    if (gri_thread_create(&threads[SENDERS], inject, NULL, "foreign") != 0) abort();
    for (uint64_t got = 0; got < burst_words * (SENDERS + 1);) got += serve(await_bits(&owner), next, &wrong);
    for (unsigned i = 0; i <= SENDERS; i++) gri_thread_join(threads[i]);
    printf("doorbell: %llu words or nodes from each of %d threads, %llu sleeps, %llu wrong\n",
           (unsigned long long)burst_words, SENDERS + 1, (unsigned long long)owner.parks,
           (unsigned long long)wrong);
    for (unsigned i = 0; i < SENDERS; i++) free(ways[i].ring);
    close(owner.event);
    free(nodes);
    return wrong == 0;
}

int main(void)
{
    int passed = rally() + bursts();
    printf("%d passed, %d failed\n", passed, 2 - passed);
    return passed != 2;
}
