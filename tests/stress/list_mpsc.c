/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stress of mailbox/list_mpsc.h with real threads: every producer's nodes arrive once and in order, chains in one
 * piece, and as many pushes found the list empty as there were batches.
 */
#include "mailbox/list_mpsc.h"

#include "base/platform.h"
#include "tests/support/share.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define PRODUCERS   3
#define CHAIN       3  /* every third push is a chain of this many */
#define YIELD_EVERY 50 /* pushes, so that the owner gets to it */

struct item {
    struct gri_mpsc_node node; /* must be first */
    uint32_t producer;         /* whose it is */
    uint32_t number;           /* its place in its producer's order */
    uint32_t chain_left;       /* how many of its chain come after it */
};

/* One producing thread. */
struct producer {
    gri_thread thread;    /* it */
    uint32_t index;       /* its number */
    uint32_t count;       /* nodes to push */
    uint32_t found_empty; /* pushes that found the list empty */
    struct item *items;   /* its nodes */
};

static struct gri_list_mpsc list;
static struct producer producers[PRODUCERS];

static void *produce(void *argument)
{
    struct producer *p = argument;
    for (uint32_t i = 0, pushes = 0; i < p->count; pushes++) {
        uint32_t chain = pushes % 3 == 0 && p->count - i >= CHAIN ? CHAIN : 1;
        struct item *first = &p->items[i];
        for (uint32_t k = 0; k < chain; k++, i++) {
            p->items[i] = (struct item){.producer = p->index, .number = i, .chain_left = chain - 1 - k};
            if (k > 0) p->items[i - 1].node.next = &p->items[i].node;
        }
        p->found_empty += gri_list_mpsc_push(&list, &first->node, &p->items[i - 1].node);
        if (pushes % YIELD_EVERY == 0) sched_yield();
    }
    return NULL;
}

/* Takes until all have come. Returns how many things were wrong; counts the batches. */
static uint64_t own(uint64_t total, uint64_t *batches)
{
    uint32_t next[PRODUCERS] = {0};
    uint64_t got = 0, wrong = 0;
    while (got < total) {
        const struct item *before = NULL;
        struct gri_mpsc_node *node = gri_list_mpsc_take(&list);
        if (node == NULL)
            sched_yield();
        else
            ++*batches;
        for (; node != NULL; node = node->next, got++) {
            const struct item *item = (const struct item *)node;
            wrong += item->number != next[item->producer]++;
            if (before != NULL && before->chain_left > 0) wrong += item != before + 1;
            before = item;
        }
        if (before != NULL) wrong += before->chain_left != 0;
    }
    return wrong + !gri_list_mpsc_is_empty(&list);
}

int main(void)
{
    uint32_t count = (uint32_t)test_share(500000);
    uint64_t batches = 0, found_empty = 0;
    gri_list_mpsc_init(&list);
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        producers[i].index = i;
        producers[i].count = count;
        producers[i].items = calloc(count, sizeof(struct item));
        if (producers[i].items == NULL) abort();
    }
    for (uint32_t i = 0; i < PRODUCERS; i++)
        if (gri_thread_create(&producers[i].thread, produce, &producers[i], "producer") != 0) abort();
    uint64_t wrong = own((uint64_t)count * PRODUCERS, &batches);
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        gri_thread_join(producers[i].thread);
        found_empty += producers[i].found_empty;
        free(producers[i].items);
    }
    printf("list_mpsc: %u nodes from each of %d threads in %llu batches, %llu found it empty; %llu wrong\n",
           count, PRODUCERS, (unsigned long long)batches, (unsigned long long)found_empty,
           (unsigned long long)wrong);
    bool ok = wrong == 0 && found_empty == batches;
    printf("%d passed, %d failed\n", ok, !ok);
    return !ok;
}
