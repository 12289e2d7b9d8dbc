/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list that any thread pushes to and one owner empties: intrusive, lock-free, in order of arrival. Used where
 * traffic is rare (foreign threads, things that come home): each push is a read-modify-write of a shared word.
 * Between loops, ring_spsc.h is the fast way.
 *
 * It has no bound, allocates nothing, and wakes nobody: push tells whether the list was empty, the caller rings.
 *
 * The shared word points to the newest node, each node to the next older one; take() takes them all and turns
 * them round. Since only take() removes, and removes all, a node's address coming back (ABA) does no harm.
 *
 *   operation  by     order    publishes or acquires
 *   push       any    release  publishes the nodes and what they are part of, to take
 *   take       owner  acquire  acquires all pushes since the last take: they form one release sequence
 *   is_empty   any    relaxed  a hint
 */
#ifndef GRI_MAILBOX_LIST_MPSC_H
#define GRI_MAILBOX_LIST_MPSC_H

#include "base/atomic.h"

#include <stddef.h>

/* Part of whatever is listed. In a chain given to push or got from take, `next` leads from older to newer. */
struct gri_mpsc_node {
    struct gri_mpsc_node *next; /* the next one, NULL at the end; in the list: the next older */
};

/* The list. All zero is an empty list. */
struct gri_list_mpsc {
    gri_atomic_ptr newest; /* the newest node, NULL when empty; stored by push and take */
};

void gri_list_mpsc_init(struct gri_list_mpsc *list);

/*
 * Adds the chain first -> ... -> last (one node: first == last), which stays together and in order; last's
 * `next` needs no value. True if the list was empty. Any thread; takes the nodes.
 */
bool gri_list_mpsc_push(struct gri_list_mpsc *list, struct gri_mpsc_node *first, struct gri_mpsc_node *last);

/* Takes all nodes: a chain in order of arrival that ends in NULL. Not empty. Use gri_list_mpsc_take. */
struct gri_mpsc_node *gri_list_mpsc_take_all(struct gri_list_mpsc *list);

/* Whether nothing is listed; a push that this thread hasn't synchronised with may be missed. Any thread. */
static inline bool gri_list_mpsc_is_empty(const struct gri_list_mpsc *list)
{
    /* Relaxed: a hint; who must not miss a push learns of it by the doorbell. */
    return gri_load(&list->newest, GRI_RELAXED) == NULL;
}

/* Takes all nodes: a chain in order of arrival that ends in NULL; NULL when empty. Owner only. */
static inline struct gri_mpsc_node *gri_list_mpsc_take(struct gri_list_mpsc *list)
{
    return gri_list_mpsc_is_empty(list) ? NULL : gri_list_mpsc_take_all(list);
}

#endif /* GRI_MAILBOX_LIST_MPSC_H */
