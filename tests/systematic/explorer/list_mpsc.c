/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on mailbox/list_mpsc.h: each node arrives once, a producer's in its order, a chain in one piece, what
 * nodes are part of is seen, and exactly one push per batch is told that the list was empty.
 */
#include "mailbox/list_mpsc.h"

#include "tests/support/explorer/explorer.h"

#define PRODUCERS 2
#define NODES_MAX 4

struct item {
    struct gri_mpsc_node node; /* must be first */
    int producer;              /* whose it is */
    int number;                /* its place in its producer's order; the payload */
};

static struct gri_list_mpsc list;
static struct item items[PRODUCERS][NODES_MAX];
static int pushed[PRODUCERS];          /* by each producer */
static int found_empty[PRODUCERS + 1]; /* pushes that were told so; the last one: the owner's own */
static int got[PRODUCERS];             /* the owner's count of each one's nodes */
static int batches;                    /* takes that got something */

static void setup(void)
{
    gri_list_mpsc_init(&list);
    for (int p = 0; p < PRODUCERS; p++) pushed[p] = got[p] = found_empty[p] = 0;
    found_empty[PRODUCERS] = batches = 0;
}

static struct item *write_next(int producer)
{
    struct item *item = &items[producer][pushed[producer]];
    GRI_PLAIN_WRITE(item->producer, producer);
    GRI_PLAIN_WRITE(item->number, pushed[producer]);
    pushed[producer]++;
    return item;
}

static void push_singly(int producer, int count)
{
    for (int i = 0; i < count; i++) {
        struct item *item = write_next(producer);
        found_empty[producer] += gri_list_mpsc_push(&list, &item->node, &item->node);
    }
}

static void push_pair(int producer)
{
    struct item *first = write_next(producer), *last = write_next(producer);
    GRI_PLAIN_WRITE(first->node.next, &last->node);
    found_empty[producer] += gri_list_mpsc_push(&list, &first->node, &last->node);
}

/* Takes once; every node is the next one of its producer. Returns the first. */
static struct item *take(void)
{
    struct gri_mpsc_node *first = gri_list_mpsc_take(&list);
    batches += first != NULL;
    for (struct gri_mpsc_node *node = first; node != NULL; node = GRI_PLAIN_READ(node->next)) {
        struct item *item = (struct item *)node;
        int producer = GRI_PLAIN_READ(item->producer);
        GRI_EXPLORER_CHECK(GRI_PLAIN_READ(item->number) == got[producer]);
        got[producer]++;
    }
    return (struct item *)first;
}

static void four_of_first(void)
{
    push_singly(0, 4);
}

static void two_of_first(void)
{
    push_singly(0, 2);
}

static void two_of_second(void)
{
    push_singly(1, 2);
}

static void pair_of_second(void)
{
    push_pair(1);
    push_singly(1, 1);
}

static void take_four_times(void)
{
    for (int i = 0; i < 4; i++) take();
}

static void take_twice(void)
{
    take();
    take();
}

/* A pair is never seen in halves. */
static void take_pairs(void)
{
    for (int i = 0; i < 2; i++) {
        take();
        GRI_EXPLORER_CHECK(got[1] != 1);
    }
}

/* How many of each the owner's thread got, and in how many batches. */
static void finish(void)
{
    gri_explorer_outcome((uint64_t)(got[0] << 8 | got[1] << 4 | batches));
    take();
    GRI_EXPLORER_CHECK(take() == NULL && gri_list_mpsc_is_empty(&list));
    for (int p = 0; p < PRODUCERS; p++) GRI_EXPLORER_CHECK(got[p] == pushed[p]);
    GRI_EXPLORER_CHECK(found_empty[0] + found_empty[1] + found_empty[2] == batches);
}

/* --- the same node again: the owner puts back what it took, while others push --- */

static bool put_back;

static void setup_again(void)
{
    setup();
    put_back = false;
    push_singly(0, 1);
}

static void take_and_put_back(void)
{
    struct gri_mpsc_node *first = gri_list_mpsc_take(&list);
    batches++;
    GRI_EXPLORER_CHECK(first != NULL);
    for (struct gri_mpsc_node *node = first, *next; node != NULL; node = next) {
        next = GRI_PLAIN_READ(node->next);
        struct item *item = (struct item *)node;
        if (GRI_PLAIN_READ(item->producer) == 0) {
            found_empty[2] += gri_list_mpsc_push(&list, node, node);
            put_back = true;
        } else {
            got[1]++;
        }
    }
}

static void push_one_of_second(void)
{
    push_singly(1, 1);
}

static void push_one_more(void)
{
    struct item *item = &items[1][3];
    GRI_PLAIN_WRITE(item->producer, 1);
    found_empty[1] += gri_list_mpsc_push(&list, &item->node, &item->node);
}

static void finish_again(void)
{
    int count = 0, of_first = 0;
    gri_explorer_outcome((uint64_t)(got[1] << 4 | put_back));
    struct gri_mpsc_node *first = gri_list_mpsc_take(&list);
    batches += first != NULL;
    for (struct gri_mpsc_node *node = first; node != NULL; node = GRI_PLAIN_READ(node->next)) {
        of_first += ((struct item *)node)->producer == 0;
        count++;
    }
    GRI_EXPLORER_CHECK(of_first == 1 && count + got[1] == 3);
}

static const struct gri_explorer_scenario scenarios[] = {
    {"four",
     setup,
     {four_of_first, take_four_times},
     finish,
     GRI_EXPLORER_SET(0, 0x101, 0x201, 0x202, 0x301, 0x302, 0x303, 0x401, 0x402, 0x403, 0x404)},
    {"producers",
     setup,
     {two_of_first, two_of_second, take_twice},
     finish,
     GRI_EXPLORER_SET(0, 0x11, 0x21, 0x22, 0x101, 0x111, 0x112, 0x121, 0x122, 0x201, 0x202, 0x211, 0x212,
                      0x221, 0x222)},
    {"chains",
     setup,
     {two_of_first, pair_of_second, take_pairs},
     finish,
     GRI_EXPLORER_SET(0, 0x21, 0x31, 0x32, 0x101, 0x121, 0x122, 0x131, 0x132, 0x201, 0x202, 0x221, 0x222,
                      0x231, 0x232)},
    {"again",
     setup_again,
     {take_and_put_back, push_one_of_second, push_one_more},
     finish_again,
     GRI_EXPLORER_SET(0x01, 0x11, 0x21)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"mailbox/list_mpsc.h", "mailbox/list_mpsc.c", NULL};
    static const struct gri_explorer_program program = {"list_mpsc", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
