/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stress of futures/cell.h with real threads: an owner that waits, waits briefly, polls or leaves, against a setter.
 * Every cell is freed once, by the side that learns it must, and the value is seen: the address and the thread
 * sanitizer watch that too.
 */
#include "futures/cell.h"

#include "base/platform.h"
#include "base/random.h"
#include "mailbox/ring_spsc.h"
#include "tests/support/share.h"

#include <greenroom/error.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPACITY 16

/* A cell with its value, allocated for one round. */
struct round {
    struct gri_cell cell; /* what both sides share */
    uint64_t value;       /* written by the setter */
};

static struct gri_ring_producer producer;
static struct gri_ring_consumer consumer;
static uint64_t rounds;
static uint64_t freed_by_setter, freed_by_owner, waited,
    wrong; /* the first is the setter's, the others the owner's */

static void *set_all(void *argument)
{
    struct gri_random random;
    gri_random_seed(&random, 1);
    for (uint64_t i = 0; i < rounds; i++) {
        while (gri_ring_ready(&consumer) == 0) sched_yield();
        struct round *round = (struct round *)(uintptr_t)gri_ring_at(&consumer, 0);
        gri_ring_advance(&consumer, 1);
        for (uint64_t n = gri_random_below(&random, 2); n > 0; n--) sched_yield();
        round->value = i + 1;
        if (gri_cell_set(&round->cell)) continue;
        free(round);
        freed_by_setter++;
    }
    return NULL;
}

/* The owner's side of a round, in one of four ways. True if it saw the set. */
static bool own(struct round *round, uint64_t way)
{
    if (way == 0) {
        waited++;
        return gri_cell_wait(&round->cell, GR_FOREVER) == 0;
    }
    if (way == 1) return gri_cell_wait(&round->cell, 20000) == 0 || !gri_cell_abandon(&round->cell);
    if (way == 2) return gri_cell_done(&round->cell) || !gri_cell_abandon(&round->cell);
    return gri_cell_wait(&round->cell, 0) == 0 || gri_cell_wait(&round->cell, GR_FOREVER) == 0;
}

int main(void)
{
    gri_thread thread;
    struct gri_random random;
    struct gri_ring *ring = aligned_alloc(GRI_CACHE_LINE_BYTES, gri_ring_size(CAPACITY));
    if (ring == NULL) abort();
    gri_ring_init(ring, CAPACITY);
    gri_ring_producer_init(&producer, ring);
    gri_ring_consumer_init(&consumer, ring);
    gri_random_seed(&random, 2);
    rounds = test_share(60000);
    if (gri_thread_create(&thread, set_all, NULL, "setter") != 0) abort();
    for (uint64_t i = 0; i < rounds; i++) {
        struct round *round = malloc(sizeof *round);
        if (round == NULL) abort();
        gri_cell_init(&round->cell);
        while (!gri_ring_push(&producer, (uintptr_t)round)) sched_yield();
        gri_ring_publish(&producer);
        if (!own(round, gri_random_below(&random, 4))) continue;
        wrong += round->value != i + 1;
        free(round);
        freed_by_owner++;
    }
    gri_thread_join(thread);
    free(ring);
    printf("cell: %llu rounds, %llu unlimited waits, freed by owner %llu, by setter %llu, %llu wrong\n",
           (unsigned long long)rounds, (unsigned long long)waited, (unsigned long long)freed_by_owner,
           (unsigned long long)freed_by_setter, (unsigned long long)wrong);
    bool ok = wrong == 0 && freed_by_owner + freed_by_setter == rounds;
    printf("%d passed, %d failed\n", ok, !ok);
    return !ok;
}
