/* SPDX-License-Identifier: Apache-2.0 */
/* Sending and forwarding from actors; plain threads are in foreign.c. */
#include "actors/admission.h"
#include "actors/requests/requests.h"
#include "base/text.h"

#include <greenroom/send.h>

/* Copies a payload of 1 to 16 bytes, in pieces that may overlap. */
__attribute__((always_inline)) static inline void copy_pieces(char *to, const char *from, uint32_t size)
{
    if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

/* Copies a payload of at most 16 bytes without a call: mostly a word, or nothing. */
__attribute__((always_inline)) static inline void copy_small(uint64_t *to, const void *from, uint32_t size)
{
    if (__builtin_expect(size == 8, 1))
        memcpy(to, from, 8);
    else if (size != 0)
        copy_pieces((char *)to, from, size);
}

/* The same for larger ones: mostly a reference and a number. */
static inline void copy_larger(uint64_t *to, const void *from, uint32_t size)
{
    if (__builtin_expect(size == 24, 1))
        memcpy(to, from, 24);
    else
        memcpy(to, from, size);
}

#define BACKLOG 8 /* messages from which on the receiver is hardly ever idle */

/*
 * The common case, and the hottest path of all: a plain message, of a known pool class, to an actor of this loop that
 * has room, with a block at hand. It makes no call, so for small messages it needs no stack. Anything else is for
 * try_send, which starts afresh.
 */
__attribute__((always_inline)) static inline bool send_here(struct gr_actor *self, gr_ref to,
                                                            const struct gr_type *type, const void *message,
                                                            unsigned pool_class)
{
    struct gri_loop *loop = self->loop;
    struct gr_actor *actor;
    if (!gri_pool_is_ready(&loop->pool, pool_class)) return false;
    if (gri_find(&loop->desk, to, &actor) != 0) return false;
    if (gri_load(&actor->home, GRI_RELAXED) != loop->desk.here) return false;
    uint32_t count = gri_mailbox_count_with_one(&actor->mailbox);
    if (__builtin_expect(!gri_mailbox_has_room_for(&actor->mailbox, count, pool_class), 0)) return false;
    struct gri_message *m = gri_pool_take_ready(&loop->pool, pool_class);
    m->header = type->envelope | loop->desk.header;
    m->reply = NULL;
    m->sender_slot = self->slot;
    m->sender_generation = gri_load(&self->generation, GRI_RELAXED);
    if (pool_class == 0)
        copy_small(m->payload, message, type->size);
    else
        copy_larger(m->payload, message, type->size);
    gri_count(&loop->counters, GRI_COUNTER_SENT, 1);
    gri_mailbox_push_plain(&actor->mailbox, m, count, pool_class);
    /* With a backlog it has a turn coming, which a branch tells well; else it is chance, and cheaper without one. */
    if (count > BACKLOG && actor->busy != 0) return true;
    bool wakes = actor->busy == 0;
    actor->busy |= wakes; /* GRI_BUSY_SCHEDULED */
    gri_work_push_if(&loop->runnable, &actor->work, wakes);
    return true;
}

/* The same for a small message; false if it is none. */
__attribute__((always_inline)) static inline bool
send_small_here(struct gr_actor *self, gr_ref to, const struct gr_type *type, const void *message)
{
    return gri_type_is_small(type) && self != NULL && send_here(self, to, type, message, 0);
}

/* The same for one that needs a larger block. */
__attribute__((always_inline)) static inline bool
send_larger_here(struct gr_actor *self, gr_ref to, const struct gr_type *type, const void *message)
{
    unsigned pool_class = (unsigned)(type->envelope >> GRI_HEADER_CLASS_SHIFT) & 0xff;
    if (pool_class == 0 || (type->envelope & GRI_HEADER_PLAIN) != 0 || self == NULL) return false;
    return send_here(self, to, type, message, pool_class);
}

/* The common case of a send to another loop: a plain message to an actor that is not full, by a link that is not. */
__attribute__((always_inline)) static inline bool send_away(struct gr_actor *self, gr_ref to,
                                                            const struct gr_type *type, const void *message)
{
    struct gr_actor *actor;
    unsigned pool_class = (unsigned)(type->envelope >> GRI_HEADER_CLASS_SHIFT) & 0xff;
    if ((type->envelope & GRI_HEADER_PLAIN) != 0 || self == NULL) return false;
    struct gri_loop *loop = self->loop;
    if (!gri_pool_is_ready(&loop->pool, pool_class) || gri_find(&loop->desk, to, &actor) != 0) return false;
    unsigned home = gri_load(&actor->home, GRI_RELAXED);
    if (home == loop->index || loop->desk.here != loop->index) return false; /* here after all, or traced */
    if ((gri_full_read(&actor->mailbox.full) & GRI_FULL) || gri_link_is_full(loop, home)) return false;
    struct gri_message *m = gri_pool_take_ready(&loop->pool, pool_class);
    m->header = type->envelope | loop->desk.header;
    m->reply = NULL;
    m->to_slot = to.slot;
    m->to_generation = to.generation;
    m->sender_slot = self->slot;
    m->sender_generation = gri_load(&self->generation, GRI_RELAXED);
    copy_larger(m->payload, message, type->size);
    gri_count(&loop->counters, GRI_COUNTER_SENT, 1);
    gri_link_send(loop, home, m);
    return true;
}

/* Sends, or returns why not and leaves the message alone. */
static int try_send(struct gr_actor *self, gr_ref to, const struct gr_type *type, const void *message,
                    enum gri_patience patience)
{
    if (__builtin_expect(type->id == 0, 0)) return GR_EINVALID;
    struct gri_target target;
    int error = gri_admit(self, to, &target, patience);
    if (__builtin_expect(error != 0, 0)) return error;
    struct gri_loop *loop = self->loop;
    if (__builtin_expect(target.drop, 0)) {
        gri_dead_message(self, to, type, message, GR_DEAD_FULL);
        return 0;
    }
    struct gri_message *m = gri_new_user_message(self, type, message);
    if (__builtin_expect(m == NULL, 0)) return GR_ENOMEM;
    gri_put(loop, &target, to.generation, m);
    if (__builtin_expect(target.rest, 0)) gri_rest(self, to);
    return 0;
}

/* A send of anything but a small message in the common case. */
__attribute__((noinline)) static int send_anywhere(struct gr_actor *self, gr_ref to,
                                                   const struct gr_type *type, const void *message)
{
    if (send_larger_here(self, to, type, message) || send_away(self, to, type, message)) return 0;
    if (self == NULL) return gri_foreign_send(to, type, message, false);
    int error = try_send(self, to, type, message, GRI_PATIENCE_ALL);
    if (error == 0) return 0;
    gri_dead_message(self, to, type, message, gri_dead_letter_cause(error));
    return gri_fail_send(self, to, type, error);
}

int gri_send(gr_actor *self, gr_ref to, const struct gr_type *type, const void *message)
{
    if (__builtin_expect(send_small_here(self, to, type, message), 1)) return 0;
    return send_anywhere(self, to, type, message);
}

/* The same for one that its caller keeps if it fails. */
__attribute__((noinline)) static int try_send_anywhere(struct gr_actor *self, gr_ref to,
                                                       const struct gr_type *type, const void *message)
{
    if (send_larger_here(self, to, type, message) || send_away(self, to, type, message)) return 0;
    if (self == NULL) return gri_foreign_send(to, type, message, true);
    int error = try_send(self, to, type, message, GRI_PATIENCE_NONE);
    return error == 0 ? 0 : gri_fail_send(self, to, type, error);
}

int gri_try_send(gr_actor *self, gr_ref to, const struct gr_type *type, const void *message)
{
    if (__builtin_expect(send_small_here(self, to, type, message), 1)) return 0;
    return try_send_anywhere(self, to, type, message);
}

int gr_forward(gr_actor *self, gr_ref to)
{
    struct gri_message *m = self == NULL ? NULL : self->current;
    if (m == NULL || m->kind != GRI_MAIL_USER)
        return gri_fail(self, GR_ECONTEXT,
                        "gr_forward: no message is being handled, or it was forwarded already");
    struct gri_target target;
    int error = gri_admit(self, to, &target, GRI_PATIENCE_ALL);
    m->sender_seat &= (uint16_t)~GRI_SEAT_RETURNED;
    m->flags &= (uint8_t)~GRI_MAIL_DEADLINE; /* of a request that was put aside here */
    self->current = NULL;
    if (error == 0 && !target.drop) {
        if (m->reply != NULL && target.home != self->loop->index) gri_request_leaves(self->loop, m->reply);
        gri_put(self->loop, &target, to.generation, m);
        if (target.rest) gri_rest(self, to);
        return 0;
    }
    const struct gr_type *type = gri_type_by_id(m->type);
    gri_dead_send(self->loop, m, to, error);
    return error == 0 ? 0 : gri_fail_send(self, to, type, error);
}
