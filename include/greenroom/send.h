/* SPDX-License-Identifier: Apache-2.0 */
/* Sending: messages to actors from actors and from any thread, and what becomes of those that can't be delivered. */
#ifndef GREENROOM_SEND_H
#define GREENROOM_SEND_H

#include <greenroom/actor.h>

/* Why a message became a dead letter. */
#define GR_DEAD_LETTER_TABLE(X)                                                                              \
    X(GR_DEAD_STALE, "stale")         /* the receiver had ended, or never was */                             \
    X(GR_DEAD_DOWN, "down")           /* the receiver ended with it in the mailbox */                        \
    X(GR_DEAD_FULL, "full")           /* refused or dropped at the mailbox's bound, or the link's */         \
    X(GR_DEAD_UNHANDLED, "unhandled") /* the receiver has no handler for its type */                         \
    X(GR_DEAD_NO_MEMORY, "no memory") /* there was no memory to send it */                                   \
    X(GR_DEAD_SYSTEM, "other system") /* the reference belongs to another or a destroyed system */           \
    X(GR_DEAD_STOPPED, "stopped")     /* the system had stopped */                                           \
    X(GR_DEAD_EXPIRED, "expired")     /* a request for which no time was left, or that was in a deadlock */  \
    X(GR_DEAD_LATE_REPLY, "late reply") /* an answer whose request had already ended */

enum gr_dead_letter {
#define GRI_DEAD_ENUM(name, text) name,
    GR_DEAD_LETTER_TABLE(GRI_DEAD_ENUM)
#undef GRI_DEAD_ENUM
        GR_DEAD_LETTER_COUNT
};

GRI_BEGIN_C

/* What the macros below call. */
GR_API int gri_send(gr_actor *self, gr_ref to, const struct gr_type *type, const void *message);
GR_API GR_MUST_USE int gri_try_send(gr_actor *self, gr_ref to, const struct gr_type *type,
                                    const void *message);

/*
 * Sends the message being handled on to another actor, with its sender and, if it is a request, with the right to
 * answer it: the new receiver's reply goes to the asker. Strings and buffers move along; the message is not to be read
 * afterwards. Errors as gr_send, with a dead letter; GR_ECONTEXT if there is no such message. Only from a handler or a
 * coroutine that has just received it, once.
 */
GR_API int gr_forward(gr_actor *self, gr_ref to);

/*
 * Asks for one *room* signal when `actor`'s mailbox can take a message again, at once if it already can, or when it has
 * ended. Errors: GR_ENOMEM. Needs `self`.
 */
GR_API GR_MUST_USE int gr_notify_room(gr_actor *self, gr_ref actor);

GRI_END_C

/*
 * gr_send(self, to, T, fields ...): sends a message of type T. Messages from one sender to one receiver arrive in the
 * order sent. Always takes the counts of its strings and buffers: a message that can't be sent becomes a counted dead
 * letter, so the result may be ignored. `self` is NULL outside of actors; any thread.
 * gr_try_send: the same, but the result must be used, and what can't be sent stays the caller's: no dead letter.
 *
 * Returns 0 or GR_ESTALE (the receiver is known to have ended; it may also end later, on the way), GR_EFULL, GR_ENOMEM,
 * GR_ESYSTEM; to a system that has stopped, from outside, GR_ESTOPPED. With the *wait* policy a coroutine may be suspended
 * here: GR_EKILLED if it is killed meanwhile, GR_ECANCELLED if its task is cancelled.
 */
#define gr_send(self, to, T, ...) gri_send(self, to, &T##_gr_type, GRI_LITERAL(T##_gr_struct, __VA_ARGS__))
#define gr_try_send(self, to, T, ...)                                                                        \
    gri_try_send(self, to, &T##_gr_type, GRI_LITERAL(T##_gr_struct, __VA_ARGS__))

#endif
