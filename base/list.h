/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive doubly linked lists: the node is part of the element, so nothing is allocated. Not thread-safe. */
#ifndef GRI_BASE_LIST_H
#define GRI_BASE_LIST_H

#include "base/assert.h"

#include <stdbool.h>
#include <stddef.h>

/* The struct of `type` whose `member` is at `ptr`; does not compile when that is of another type. */
#define GRI_CONTAINER_OF(ptr, type, member)                                                                  \
    ((type *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

/* A place in a list. All zeroes is unlinked. */
struct gri_list_node {
    struct gri_list_node *prev; /* NULL when unlinked */
    struct gri_list_node *next; /* NULL when unlinked */
};

/* A list: a ring through this node. It must not move while in use. */
struct gri_list {
    struct gri_list_node ends; /* next is the first element, prev the last; itself when empty */
};

static inline void gri_list_init(struct gri_list *list)
{
    list->ends.prev = list->ends.next = &list->ends;
}

static inline bool gri_list_is_empty(const struct gri_list *list)
{
    return list->ends.next == &list->ends;
}

/* Whether the node is in a list. */
static inline bool gri_list_is_linked(const struct gri_list_node *node)
{
    return node->next != NULL;
}

/* Appends a node that is in no list. */
static inline void gri_list_push_back(struct gri_list *list, struct gri_list_node *node)
{
    GRI_ASSERT(!gri_list_is_linked(node));
    node->prev = list->ends.prev;
    node->next = &list->ends;
    list->ends.prev->next = node;
    list->ends.prev = node;
}

/* Takes a node out of the list it is in. */
static inline void gri_list_remove(struct gri_list_node *node)
{
    GRI_ASSERT(gri_list_is_linked(node));
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->prev = node->next = NULL;
}

/* The first node, which stays; NULL when the list is empty. */
static inline struct gri_list_node *gri_list_first(const struct gri_list *list)
{
    return gri_list_is_empty(list) ? NULL : list->ends.next;
}

/* The one after `node`; NULL after the last. */
static inline struct gri_list_node *gri_list_next(const struct gri_list *list,
                                                  const struct gri_list_node *node)
{
    return node->next == &list->ends ? NULL : node->next;
}

/* Takes the first node out; NULL when the list is empty. */
static inline struct gri_list_node *gri_list_pop_front(struct gri_list *list)
{
    struct gri_list_node *node = gri_list_first(list);
    if (node) gri_list_remove(node);
    return node;
}

/* Appends all nodes of `from`, which is then empty. */
static inline void gri_list_move(struct gri_list *to, struct gri_list *from)
{
    if (gri_list_is_empty(from)) return;
    from->ends.next->prev = to->ends.prev;
    to->ends.prev->next = from->ends.next;
    from->ends.prev->next = &to->ends;
    to->ends.prev = from->ends.prev;
    gri_list_init(from);
}

#endif
