/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission: whether a message may be sent, decided once, before it is built. What was admitted is never refused later
 * for fullness, but by a receiver that drops its oldest. The common case is inline: it is on the path of every send.
 */
#ifndef GRI_ACTORS_ADMISSION_H
#define GRI_ACTORS_ADMISSION_H

#include "actors/tracing/tracing.h"

#include <string.h>

/* Where a message is to go, once admitted. */
struct gri_target {
    struct gr_actor *actor; /* its slot */
    unsigned home;          /* index of its loop */
    bool rest;              /* the sender, a handler actor, is to rest afterwards */
    bool drop;              /* accepted, but the message is to become a dead letter at once */
};

/* How far who sends goes along with the *wait* policy. */
enum gri_patience {
    GRI_PATIENCE_NONE,  /* it neither waits nor rests: what is full refuses */
    GRI_PATIENCE_HEEDS, /* a coroutine waits until it is cancelled */
    GRI_PATIENCE_ALL    /* a cancel is left for its next wait: this one's result may be ignored */
};

/* The rare half: the mailbox or the link is full. May suspend a coroutine, and then finds and admits anew. */
int gri_admit_full(struct gr_actor *self, gr_ref to, struct gri_target *target, enum gri_verdict verdict,
                   enum gri_patience patience);

/* The verdict about a link that is full. */
enum gri_verdict gri_link_verdict(const struct gr_actor *actor);

/* Lets the sender of a message that was put rest until the receiver has room. */
void gri_rest(struct gr_actor *self, gr_ref until);

/* Finds the slot of a reference. Returns 0, GR_ESTALE or GR_ESYSTEM. */
static inline int gri_find(const struct gri_loop_desk *desk, gr_ref to, struct gr_actor **actor)
{
    uint32_t number = to.slot / GRI_SLOTS_PER_CHUNK;
    if (__builtin_expect(to.seat != desk->seat, 0)) return gr_ref_is_null(to) ? GR_ESTALE : GR_ESYSTEM;
    if (__builtin_expect(number >= desk->chunks_max, 0)) return GR_ESTALE;
    /* Acquires the initialised chunk that gri_slots_add published. */
    struct gr_actor *chunk = gri_load(&desk->chunks[number], GRI_ACQUIRE);
    if (__builtin_expect(chunk == NULL, 0)) return GR_ESTALE;
    *actor = &chunk[to.slot % GRI_SLOTS_PER_CHUNK];
    /* The owner decides on arrival; this spares the way to an actor that is known to have ended. */
    return gri_load(&(*actor)->generation, GRI_RELAXED) == to.generation ? 0 : GR_ESTALE;
}

/* Finds the receiver and asks whether it has room. Returns 0 or the send's error. */
static inline int gri_look(const struct gri_loop *loop, gr_ref to, struct gri_target *target,
                           enum gri_verdict *verdict)
{
    int error = gri_find(&loop->desk, to, &target->actor);
    if (__builtin_expect(error != 0, 0)) return error;
    target->home = gri_load(&target->actor->home,
                            GRI_RELAXED); /* of another home, the owner finds out on arrival */
    target->rest = target->drop = false;
    if (target->home == loop->index) {
        *verdict = gri_mailbox_verdict(&target->actor->mailbox);
    } else {
        *verdict = gri_full_verdict(gri_full_read(&target->actor->mailbox.full));
        if (*verdict == GRI_ACCEPT && gri_link_is_full(loop, target->home))
            *verdict = gri_link_verdict(target->actor);
    }
    return 0;
}

/* Finds and admits. May suspend a coroutine. Returns 0 or the send's error. */
static inline int gri_admit(struct gr_actor *self, gr_ref to, struct gri_target *target,
                            enum gri_patience patience)
{
    enum gri_verdict verdict;
    int error = gri_look(self->loop, to, target, &verdict);
    if (__builtin_expect(error != 0, 0)) return error;
    if (__builtin_expect(verdict == GRI_ACCEPT, 1)) return 0;
    return gri_admit_full(self, to, target, verdict, patience);
}

/* Whether messages of a type are plain and fit the smallest block. Those of one that is not registered are neither. */
static inline bool gri_type_is_small(const struct gr_type *type)
{
    return (type->envelope & GRI_HEADER_WHAT) == 0;
}

/* Copies a payload: mostly a few words. */
static inline void gri_copy_payload(void *to, const void *from, uint32_t size)
{
    if (__builtin_expect(size == 8, 1))
        memcpy(to, from, 8);
    else if (size == 16)
        memcpy(to, from, 16);
    else if (size != 0)
        memcpy(to, from, size);
}

/* Fills in a user message's envelope but for its way; moves the payload in. */
static inline void gri_fill(struct gri_message *m, const struct gr_type *type, const void *message)
{
    uint8_t pool_class = m->pool_class;
    uint8_t home = m->home;
    m->header = type->envelope;
    m->pool_class = pool_class; /* of a spawn order, larger than its type's */
    m->home = home;
    if (pool_class == GRI_POOL_LARGE) m->flags |= GRI_MAIL_HEAVY;
    m->reply = NULL;
    gri_copy_payload(m->payload, message, type->size);
}

static inline void gri_fill_sender(struct gri_message *m, const struct gr_actor *sender)
{
    m->sender_seat = (uint16_t)sender->loop->desk.seat;
    m->sender_slot = sender->slot;
    m->sender_generation = gri_load(&sender->generation, GRI_RELAXED);
}

/* A user message from an actor, on its loop. NULL when there is no memory. */
static inline struct gri_message *gri_new_user_message(const struct gr_actor *sender,
                                                       const struct gr_type *type, const void *message)
{
    struct gri_loop *loop = sender->loop;
    uint64_t header = type->envelope | loop->desk.header;
    unsigned pool_class = (unsigned)(type->envelope >> GRI_HEADER_CLASS_SHIFT) & 0xff;
    struct gri_message *m = __builtin_expect(pool_class == GRI_POOL_LARGE, 0)
                                ? gri_loop_new_large(loop, type->size)
                                : gri_pool_take(&loop->pool, pool_class);
    if (__builtin_expect(m == NULL, 0)) return NULL;
    m->header = header; /* a large one's home is all ones already */
    m->reply = NULL;
    m->sender_slot = sender->slot;
    m->sender_generation = gri_load(&sender->generation, GRI_RELAXED);
    gri_copy_payload(m->payload, message, type->size);
    return m;
}

/* Puts an admitted envelope on its way; takes it. */
static inline void gri_put(struct gri_loop *loop, const struct gri_target *target, uint64_t generation,
                           struct gri_message *m)
{
    struct gr_actor *actor = target->actor;
    m->to_slot = actor->slot;
    m->to_generation = generation;
    gri_count(&loop->counters, GRI_COUNTER_SENT, 1);
    if (__builtin_expect(loop->tracer != NULL, 0)) gri_trace_send(loop, m);
    if (target->home == loop->index) {
        gri_mailbox_push(&actor->mailbox, m);
        gri_actor_has_mail(actor);
    } else {
        gri_link_send(loop, target->home, m);
    }
}

#endif
