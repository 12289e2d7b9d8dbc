/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: messages that are sent later. Monotonic time only; never early, once, and never after they were cancelled. */
#ifndef GREENROOM_TIMER_H
#define GREENROOM_TIMER_H

#include <greenroom/actor.h>

GRI_BEGIN_C

/* What the macro below calls. */
GR_API GR_MUST_USE int gri_send_after(gr_actor *self, gr_ref to, gr_time delay, uint64_t *timer,
                                      const struct gr_type *type, const void *message);

/* Ends a timer: after this returns 0, its message is never sent. GR_ENOTFOUND: it had been sent, or never was armed. */
GR_API int gr_timer_cancel(gr_actor *self, uint64_t timer);

GRI_END_C

/*
 * gr_send_after(self, to, delay, &timer, T, fields ...): sends the message after `delay`, from this actor's loop. The
 * timer ends with the actor. `timer` may be NULL. Takes the counts on success; what the receiver then refuses becomes a
 * dead letter. Errors: GR_ENOMEM, GR_EINVALID for a negative delay. Needs `self`.
 */
#define gr_send_after(self, to, delay, timer, T, ...)                                                        \
    gri_send_after(self, to, delay, timer, &T##_gr_type, GRI_LITERAL(T##_gr_struct, __VA_ARGS__))

#endif
