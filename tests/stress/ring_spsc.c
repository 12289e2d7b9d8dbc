/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stress of mailbox/ring_spsc.h with real threads: words and the payloads they stand for arrive once and in order, for
 * rings from one cell up. Under ThreadSanitizer the payload, plain memory used again and again, shows missing orders.
 */
#include "mailbox/ring_spsc.h"

#include "base/platform.h"
#include "tests/support/share.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPACITY_MAX 1024
#define BATCH        32

/* One run: a ring of some capacity, and what passes it. */
struct run {
    struct gri_ring *ring;             /* the ring */
    uint32_t capacity;                 /* its cells */
    uint64_t words;                    /* how many to pass */
    uint64_t payload[CAPACITY_MAX];    /* word i stands for payload[i % capacity], which is 3 * i */
    struct gri_ring_producer producer; /* the producing thread's */
    struct gri_ring_consumer consumer; /* the consuming thread's */
    uint64_t wrong;                    /* words or payloads that are not what was sent */
};

static void *produce(void *argument)
{
    struct run *run = argument;
    for (uint64_t i = 0; i < run->words;) {
        if (!gri_ring_push(&run->producer, i)) {
            gri_ring_publish(&run->producer);
            sched_yield();
            continue;
        }
        run->payload[i % run->capacity] = 3 * i;
        i++;
        if (gri_ring_unpublished(&run->producer) >= BATCH) gri_ring_publish(&run->producer);
    }
    gri_ring_publish(&run->producer);
    return NULL;
}

static void consume(struct run *run)
{
    for (uint64_t got = 0; got < run->words;) {
        uint32_t ready = gri_ring_ready(&run->consumer);
        if (ready == 0) sched_yield();
        for (uint32_t i = 0; i < ready; i++, got++) {
            run->wrong += gri_ring_at(&run->consumer, i) != got;
            run->wrong += run->payload[got % run->capacity] != 3 * got;
        }
        gri_ring_advance(&run->consumer, ready);
    }
}

/* Whether everything arrived as sent. */
static bool passes(uint32_t capacity, uint64_t words)
{
    static struct run run;
    gri_thread thread;
    run = (struct run){.capacity = capacity, .words = words};
    run.ring = aligned_alloc(GRI_CACHE_LINE_BYTES, gri_ring_size(capacity));
    if (run.ring == NULL) abort();
    gri_ring_init(run.ring, capacity);
    gri_ring_producer_init(&run.producer, run.ring);
    gri_ring_consumer_init(&run.consumer, run.ring);
    if (gri_thread_create(&thread, produce, &run, "producer") != 0) abort();
    consume(&run);
    gri_thread_join(thread);
    bool ok = run.wrong == 0 && gri_ring_ready(&run.consumer) == 0 && !run.consumer.corrupt;
    printf("ring_spsc: %llu words through %u cells: %llu wrong\n", (unsigned long long)words, capacity,
           (unsigned long long)run.wrong);
    free(run.ring);
    return ok;
}

int main(void)
{
    static const struct {
        uint32_t capacity; /* cells */
        uint64_t words;    /* to pass */
    } runs[] = {{1, 100000}, {2, 200000}, {64, 3000000}, {CAPACITY_MAX, 5000000}};
    int passed = 0, failed = 0;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        if (passes(runs[i].capacity, test_share(runs[i].words)))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
