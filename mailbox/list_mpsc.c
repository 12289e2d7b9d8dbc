/* SPDX-License-Identifier: Apache-2.0 */
/* The multi-producer list; list_mpsc.h tells its rules. */
#include "mailbox/list_mpsc.h"

/* Turns the chain from `first` to `last` (which may be NULL: to its end) round, and appends `rest` to it. */
static struct gri_mpsc_node *turn_round(struct gri_mpsc_node *first, struct gri_mpsc_node *last,
                                        struct gri_mpsc_node *rest)
{
    struct gri_mpsc_node *turned = rest;
    for (struct gri_mpsc_node *node = first; node != NULL;) {
        struct gri_mpsc_node *next = node == last ? NULL : GRI_PLAIN_READ(node->next);
        GRI_PLAIN_WRITE(node->next, turned);
        turned = node;
        node = next;
    }
    return turned;
}

void gri_list_mpsc_init(struct gri_list_mpsc *list)
{
    /* Relaxed: whoever shows the list to other threads publishes it. */
    gri_store(&list->newest, NULL, GRI_RELAXED);
}

bool gri_list_mpsc_push(struct gri_list_mpsc *list, struct gri_mpsc_node *first, struct gri_mpsc_node *last)
{
    struct gri_mpsc_node *newest = turn_round(first, last, NULL);
    /* Relaxed: the node seen is only pointed to, never read, by a producer. */
    void *older = gri_load(&list->newest, GRI_RELAXED);
    do {
        GRI_PLAIN_WRITE(first->next, older);
        /* Publishes the chain; acquired by take_all, for older pushes too, as this continues their sequence. */
    } while (!gri_compare_exchange(&list->newest, &older, newest, GRI_RELEASE));
    return older == NULL;
}

struct gri_mpsc_node *gri_list_mpsc_take_all(struct gri_list_mpsc *list)
{
    /* Acquires every node pushed since the last take. */
    struct gri_mpsc_node *newest = gri_exchange(&list->newest, NULL, GRI_ACQUIRE);
    return turn_round(newest, NULL, NULL);
}
