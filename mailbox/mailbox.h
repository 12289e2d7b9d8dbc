/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox's mail lane: a bounded queue of envelopes that only the loop which owns the actor touches, and the full
 * word by which senders of other loops learn that it is full. It decides what to do with one more message; it
 * schedules nobody and frees nothing. Control never waits here: the owner acts on it when it arrives.
 *
 * Invariants: `count` and `excess` are the sums over the queue's user messages. The full word is set from the moment the
 * bound is reached until the queue has fallen to three quarters of it.
 */
#ifndef GRI_MAILBOX_MAILBOX_H
#define GRI_MAILBOX_MAILBOX_H

#include "base/pool.h"
#include "mailbox/full_word.h"
#include "messages/envelope.h"

#include <greenroom/actor.h>

#define GRI_MAILBOX_MESSAGES_DEFAULT 65536u
#define GRI_MAILBOX_LINES_DEFAULT    (1u << 20)

/* What messages weigh is counted in lines: the smallest message is one, others are rounded up. */
#define GRI_LINE_BYTES 64u

/* The highest bound, and the most that a message counts for: 64 GiB. What a queue holds beyond its bound still fits the
 * sums. */
#define GRI_LINES_MAX (1u << 30)

/* The full word's higher bits. */
#define GRI_FULL_HARD         2u /* at twice the bound: not even a resting sender's message is accepted */
#define GRI_FULL_POLICY_SHIFT 8  /* enum gr_policy from here on */

/* The first two fields are what senders of other loops read, and hardly ever change; an actor has them in a line of its
 * own, apart from what each message changes. */
struct gri_mailbox {
    struct gri_full_word full; /* what senders of other loops read */
    uint32_t bound_messages;   /* the bound on `count` */
    struct gri_message *head;  /* the oldest; NULL when empty */
    struct gri_message **end;  /* where the next one is linked: the newest's `next`, or `head` when empty */
    gri_atomic_u32 count;      /* user messages in the queue; stored by the owner, read by listings */
    gri_atomic_u32 excess;     /* what those messages weigh beyond one line each, in lines; as `count` */
    uint32_t bound_lines;      /* the bound on their weight */
};

/* What becomes of one more message. */
enum gri_verdict {
    GRI_ACCEPT,             /* there is room */
    GRI_ACCEPT_DROP_OLDEST, /* drop the oldest user message, then accept */
    GRI_ACCEPT_REST, /* accept; a handler sender then rests until there is room, a coroutine waits before */
    GRI_DROP_NEWEST, /* the new message becomes a dead letter */
    GRI_REJECT       /* tell the sender */
};

/* An empty mailbox with the default bound, at rest in a free slot. */
void gri_mailbox_init(struct gri_mailbox *mailbox);

/* Sets the bound and the policy; zeroes in `options` are the defaults. Keeps what is in the queue. */
void gri_mailbox_configure(struct gri_mailbox *mailbox, const struct gr_mailbox_options *options);

/* Bytes of an envelope's block. */
size_t gri_message_block_size(const struct gri_message *m);

/* What an envelope counts for in bytes: its block, and the strings and buffers it owns. */
uint64_t gri_message_weight_heavy(const struct gri_message *m);

static inline uint64_t gri_message_weight(const struct gri_message *m)
{
    if (__builtin_expect((m->flags & GRI_MAIL_HEAVY) != 0, 0)) return gri_message_weight_heavy(m);
    return gri_pool_class_size(m->pool_class);
}

/* The same in lines. */
static inline uint32_t gri_message_lines(const struct gri_message *m)
{
    uint64_t lines = (gri_message_weight(m) - 1) / GRI_LINE_BYTES + 1;
    return lines < GRI_LINES_MAX ? (uint32_t)lines : GRI_LINES_MAX;
}

/* Whether it weighs no more than the smallest. */
static inline bool gri_message_is_small(const struct gri_message *m)
{
    return m->pool_class == 0 && !(m->flags & GRI_MAIL_HEAVY);
}

/* Whether the full word is set. */
static inline bool gri_mailbox_is_full(const struct gri_mailbox *mailbox)
{
    return (gri_full_read(&mailbox->full) & GRI_FULL) != 0;
}

/* What the user messages in the queue weigh, lines. Any thread, as a number of a moment ago. */
static inline uint32_t gri_mailbox_lines(const struct gri_mailbox *mailbox)
{
    return gri_load(&mailbox->count, GRI_RELAXED) + gri_load(&mailbox->excess, GRI_RELAXED);
}

static inline bool gri_mailbox_has_room(const struct gri_mailbox *mailbox)
{
    return gri_load(&mailbox->count, GRI_RELAXED) < mailbox->bound_messages &&
           gri_mailbox_lines(mailbox) < mailbox->bound_lines;
}

/* The verdict of the owner's own loop: exact. */
enum gri_verdict gri_mailbox_verdict_full(const struct gri_mailbox *mailbox);

static inline enum gri_verdict gri_mailbox_verdict(const struct gri_mailbox *mailbox)
{
    if (__builtin_expect(gri_mailbox_has_room(mailbox), 1)) return GRI_ACCEPT;
    return gri_mailbox_verdict_full(mailbox);
}

/* The policy in a full word. */
static inline enum gr_policy gri_full_policy(uint32_t full)
{
    return (enum gr_policy)(full >> GRI_FULL_POLICY_SHIFT);
}

/* The verdict of another loop or thread, from what the full word says. */
enum gri_verdict gri_full_verdict(uint32_t full);

/* Called after the sums grew to the bound: stores the full word. */
void gri_mailbox_reached_bound(struct gri_mailbox *mailbox);

/* Appends to the queue. */
static inline void gri_mailbox_append(struct gri_mailbox *mailbox, struct gri_message *m)
{
    m->next = NULL;
    *mailbox->end = m;
    mailbox->end = &m->next;
}

/* Takes the oldest, which the caller has seen, off the queue; the sums are the caller's. */
static inline void gri_mailbox_unlink_first(struct gri_mailbox *mailbox, const struct gri_message *m)
{
    mailbox->head = m->next;
    if (mailbox->head == NULL) mailbox->end = &mailbox->head;
}

/* Adds one user message to the sums, or with -1 takes it out again. The owner is the only writer: no read-modify-write,
 * and nothing is published. A small plain message has no excess. */
static inline void gri_mailbox_count(struct gri_mailbox *mailbox, const struct gri_message *m, int by)
{
    gri_store(&mailbox->count, gri_load(&mailbox->count, GRI_RELAXED) + (uint32_t)by, GRI_RELAXED);
    if (__builtin_expect(gri_message_is_small(m), 1)) return;
    uint32_t excess = gri_message_lines(m) - 1;
    gri_store(&mailbox->excess, gri_load(&mailbox->excess, GRI_RELAXED) + (by > 0 ? excess : -excess),
              GRI_RELAXED);
}

/* What plain messages of a pool class weigh beyond one line, lines. */
static inline uint32_t gri_class_excess(unsigned pool_class)
{
    return pool_class == 0 ? 0 : (uint32_t)(gri_pool_class_size(pool_class) - 1) / GRI_LINE_BYTES;
}

/* Takes the oldest, a plain message of a pool class which the caller has seen, off the queue and out of the sums. */
static inline void gri_mailbox_pop_plain(struct gri_mailbox *mailbox, const struct gri_message *m,
                                         unsigned pool_class)
{
    gri_mailbox_unlink_first(mailbox, m);
    gri_store(&mailbox->count, gri_load(&mailbox->count, GRI_RELAXED) - 1, GRI_RELAXED);
    if (pool_class != 0)
        gri_store(&mailbox->excess, gri_load(&mailbox->excess, GRI_RELAXED) - gri_class_excess(pool_class),
                  GRI_RELAXED);
}

/* How many user messages there are with one more. */
static inline uint32_t gri_mailbox_count_with_one(const struct gri_mailbox *mailbox)
{
    return gri_load(&mailbox->count, GRI_RELAXED) + 1;
}

/* Whether a plain message can be pushed, as the one that makes it `count`, without reaching the bound. */
static inline bool gri_mailbox_has_room_for(const struct gri_mailbox *mailbox, uint32_t count,
                                            unsigned pool_class)
{
    if (count >= mailbox->bound_messages) return false;
    return gri_load(&mailbox->excess, GRI_RELAXED) + count + gri_class_excess(pool_class) <
           mailbox->bound_lines;
}

/* Pushes a plain message for which there is room so. */
static inline void gri_mailbox_push_plain(struct gri_mailbox *mailbox, struct gri_message *m, uint32_t count,
                                          unsigned pool_class)
{
    gri_store(&mailbox->count, count, GRI_RELAXED);
    if (pool_class != 0)
        gri_store(&mailbox->excess, gri_load(&mailbox->excess, GRI_RELAXED) + gri_class_excess(pool_class),
                  GRI_RELAXED);
    gri_mailbox_append(mailbox, m);
}

/* Appends a user message: counted. */
static inline void gri_mailbox_push(struct gri_mailbox *mailbox, struct gri_message *m)
{
    gri_mailbox_append(mailbox, m);
    gri_mailbox_count(mailbox, m, 1);
    if (__builtin_expect(!gri_mailbox_has_room(mailbox), 0)) gri_mailbox_reached_bound(mailbox);
}

/* Appends a signal: keeps its place in line, is not counted. */
void gri_mailbox_push_signal(struct gri_mailbox *mailbox, struct gri_message *m);

/* Puts the start message before all others: mail of third parties may have come before it. Not counted. */
void gri_mailbox_push_start(struct gri_mailbox *mailbox, struct gri_message *m);

/* Called after a pop while the full word is set: clears it at three quarters; true if it did, so that the caller tells
 * those who wait for room. */
bool gri_mailbox_check_room(struct gri_mailbox *mailbox);

/* Takes the oldest, or NULL. *room: there is room again since this pop. */
static inline struct gri_message *gri_mailbox_pop(struct gri_mailbox *mailbox, bool *room)
{
    struct gri_message *m = mailbox->head;
    if (m == NULL) return NULL;
    gri_mailbox_unlink_first(mailbox, m);
    if (__builtin_expect(m->kind == GRI_MAIL_USER, 1)) {
        gri_mailbox_count(mailbox, m, -1);
        if (__builtin_expect(gri_mailbox_is_full(mailbox), 0)) *room = gri_mailbox_check_room(mailbox);
    }
    return m;
}

/* Takes the oldest user message out of its place, or NULL if there is none. */
struct gri_message *gri_mailbox_drop_oldest(struct gri_mailbox *mailbox);

#endif
