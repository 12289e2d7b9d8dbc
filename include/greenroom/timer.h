/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers: messages that are sent later, once or again and again. Monotonic time only; never early, each due time once,
 * and never after they were cancelled.
 */
#ifndef GREENROOM_TIMER_H
#define GREENROOM_TIMER_H

#include <greenroom/actor.h>

GRI_BEGIN_C

/* What the macros below call. */
GR_API GR_MUST_USE int gri_send_after(gr_actor *self, gr_ref to, gr_time delay, uint64_t *timer,
                                      const struct gr_type *type, const void *message);
GR_API GR_MUST_USE int gri_send_every(gr_actor *self, gr_ref to, gr_time interval, uint64_t *timer,
                                      const struct gr_type *type, const void *message);

/* Ends a timer: after this returns 0, it sends nothing any more. What a periodic one has sent before may still arrive.
 * GR_ENOTFOUND: it had ended, or never was armed. GR_ECONTEXT if `self` is NULL. */
GR_API int gr_timer_cancel(gr_actor *self, uint64_t timer);

GRI_END_C

/*
 * gr_send_after(self, to, delay, &timer, T, fields ...): sends the message after `delay`, from this actor's loop. The
 * timer ends with the actor. `timer` may be NULL. Takes the counts on success; what the receiver then refuses becomes a
 * dead letter. Errors: GR_ENOMEM, GR_EINVALID for a negative delay, GR_ECONTEXT if `self` is NULL.
 */
#define gr_send_after(self, to, delay, timer, T, ...)                                                        \
    gri_send_after(self, to, delay, timer, &T##_gr_type, GRI_LITERAL(T##_gr_struct, __VA_ARGS__))

/*
 * gr_send_every(self, to, interval, &timer, T, fields ...): sends the message again and again, `interval` apart, the
 * first time after `interval`. Due times are start + n * interval, whatever a message is late, so there is no drift. If
 * the loop was too late for several of them, one message is sent for all that were missed. The timer ends by
 * gr_timer_cancel, with this actor, or when the receiver is found to have ended; that message is a dead letter.
 * Otherwise as gr_send_after; each message has counts of its own. A message for which there is no memory when it is due
 * is a dead letter too. Errors: GR_ENOMEM, GR_EINVALID if the interval is not positive, GR_ECONTEXT.
 */
#define gr_send_every(self, to, interval, timer, T, ...)                                                     \
    gri_send_every(self, to, interval, timer, &T##_gr_type, GRI_LITERAL(T##_gr_struct, __VA_ARGS__))

#endif
