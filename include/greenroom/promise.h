/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promises: the other end of a future, for whoever is to give it its outcome by hand: a future that the actor made, or
 * the request of another actor, put aside to be answered later.
 *
 * A promise is a plain value and local to the actor that got it: only that one may set it. It is set once: whoever sets
 * it again, or after its future was cancelled or released, or its request ended by GR_EDEADLOCK, gets GR_ENOTFOUND. All
 * of this needs `self`.
 */
#ifndef GREENROOM_PROMISE_H
#define GREENROOM_PROMISE_H

#include <greenroom/ask.h>

/* The right to set one future. All zeroes is none: setting it is GR_ENOTFOUND. */
typedef struct gr_promise {
    uint64_t handle; /* its number in its actor */
} gr_promise;

GRI_BEGIN_C

/* What the macros below call. */
GR_API GR_MUST_USE gr_future *gri_promise_create(gr_actor *self, const struct gr_type *type,
                                                 gr_promise *promise);
GR_API int gri_fulfil(gr_actor *self, gr_promise promise, const struct gr_type *type, const void *message);
GR_API GR_MUST_USE int gri_defer(gr_actor *self, const struct gr_type *request, gr_promise *promise);

/*
 * Sets an error (negative, or positive of the program's own) instead of a value. `text`, if not NULL, is what
 * gr_future_text then tells of it, cut to 191 bytes; without memory for it the error comes alone. Errors: GR_ENOTFOUND
 * (see above), GR_EINVALID for 0, GR_ESTALE if who asked has ended.
 */
GR_API int gr_promise_fail(gr_actor *self, gr_promise promise, int error, const char *text);

GRI_END_C

/*
 * gr_promise_create(self, R, &promise): a pending future of this actor for a value of message type R. NULL when there is
 * no memory, or R could not be registered (message.h); the promise is then none. If the actor ends, so does the future.
 */
#define gr_promise_create(self, R, promise) gri_promise_create(self, &R##_gr_type, promise)

/*
 * gr_fulfil(self, promise, R, fields ...): sets the value, a message of type R. Always takes the counts of its strings
 * and buffers. Errors, which may be ignored: GR_ENOTFOUND (see above), GR_EINVALID if it is to be of another type,
 * GR_ESTALE if who asked has ended.
 */
#define gr_fulfil(self, promise, R, ...)                                                                     \
    gri_fulfil(self, promise, &R##_gr_type, GRI_LITERAL(R##_gr_struct, __VA_ARGS__))

/*
 * gr_defer(self, Q, &promise): keeps the request Q being handled, to answer it later with gr_fulfil or gr_promise_fail;
 * the message itself goes as usual. Never answered, the request ends with GR_EUNANSWERED when this actor ends. Errors:
 * GR_ECONTEXT if no request Q is being handled or it has been answered; GR_ENOMEM, and it can still be answered.
 */
#define gr_defer(self, Q, promise) gri_defer(self, &Q##_gr_type, promise)

#endif
