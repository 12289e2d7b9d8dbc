/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail that selective receives of a coroutine passed over: in order, and by type and by sender, so that finding the oldest
 * of a type or sender costs the same however much there is. Who looks by a predicate finds where it left off.
 *
 * Invariants: each piece has a record from the loop's pool. User messages are in two rings of their likes, whose oldest
 * is in a hash table; signals are in the order only. A mark says up to which record a predicate has refused all.
 */
#ifndef GRI_ACTORS_MAIL_SAVED_H
#define GRI_ACTORS_MAIL_SAVED_H

#include "actors/actor.h"

#define GRI_SAVED_BUCKETS 8u /* at first */
#define GRI_SAVED_MARKS   4u

enum { GRI_SAVED_BY_TYPE, GRI_SAVED_BY_SENDER, GRI_SAVED_KEYS };

typedef bool (*gri_match)(const struct gr_mail *mail, uint64_t key);

/* A record's place among its likes. */
struct gri_saved_place {
    struct gri_list_node ring; /* of those with the same key, without a head; the oldest is in the table */
    struct gri_saved_place *chain; /* of an oldest: that of the next key in its bucket */
};

/* One piece of mail. */
struct gri_saved_mail {
    struct gri_list_node order;                /* of all, the oldest first */
    struct gri_message *m;                     /* what is kept */
    struct gri_saved_place by[GRI_SAVED_KEYS]; /* of a user message */
};

/* The oldest of each key. */
struct gri_saved_table {
    struct gri_saved_place **buckets;                  /* mask + 1 of them */
    uint32_t mask;                                     /* buckets - 1 */
    uint32_t count;                                    /* keys */
    struct gri_saved_place *inside[GRI_SAVED_BUCKETS]; /* the first buckets */
};

/* How far a predicate has looked. */
struct gri_saved_mark {
    gri_match match;            /* NULL: unused */
    uint64_t key;               /* its argument */
    struct gri_list_node *upto; /* refused, and all before it; the list's ends: none */
};

struct gri_saved {
    struct gri_list order;                         /* struct gri_saved_mail */
    struct gri_saved_table tables[GRI_SAVED_KEYS]; /* by type, by sender */
    struct gri_saved_mark marks[GRI_SAVED_MARKS];  /* of the predicates used last */
    unsigned next_mark;                            /* the one to be used anew */
};

/* The actor's saved mail, made if need be; NULL when there is no memory. It must have an extra. */
struct gri_saved *gri_saved_of(struct gr_actor *actor);

/* Frees it; nothing may be in it. NULL is fine. */
void gri_saved_free(struct gr_actor *actor);

/* Adds mail as the newest. False when there is no memory. */
bool gri_saved_add(struct gr_actor *actor, struct gri_message *m);

/* Takes a record out, and gives what it kept. The mailbox's sums are the caller's. */
struct gri_message *gri_saved_remove(struct gr_actor *actor, struct gri_saved_mail *saved);

/* The oldest, or NULL. */
static inline struct gri_saved_mail *gri_saved_first(const struct gri_saved *saved)
{
    struct gri_list_node *node = gri_list_first(&saved->order);
    return node == NULL ? NULL : GRI_CONTAINER_OF(node, struct gri_saved_mail, order);
}

/* The oldest of a type, and of a sender; or NULL. */
struct gri_saved_mail *gri_saved_of_type(const struct gri_saved *saved, uint32_t type);
struct gri_saved_mail *gri_saved_of_sender(const struct gri_saved *saved, gr_ref sender);

/* The mark of a predicate; a new one, that refused nothing, takes the place of the oldest. */
struct gri_saved_mark *gri_saved_mark(struct gri_saved *saved, gri_match match, uint64_t key);

#endif
