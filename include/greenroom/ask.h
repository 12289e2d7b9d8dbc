/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: a message that is answered by exactly one outcome - the value, or an error: unhandled, unanswered, the
 * receiver's end, timeout, full, no memory, stopped, cancelled, deadlock, or one that the receiver gave. The first one
 * wins; what comes later is dropped and counted.
 *
 * Deadlocks: coroutines that wait for each other's answers in a circle would wait for ever. The request that closes it is
 * noticed, and one of the circle ends with GR_EDEADLOCK, which the log and gr_last_error explain. That is so for waits by
 * gr_call, and by gr_await and gr_wait_for with GR_FOREVER, whatever the deadlines of the requests, in a circle of 24 actors
 * at most. A circle is not found if in it somebody waits by gr_await or gr_wait_for with a deadline, which ends it anyway;
 * waits for several futures at once, as in gr_gather; has a callback that may yet answer; or passed the request on: give
 * such waits a deadline.
 */
#ifndef GREENROOM_ASK_H
#define GREENROOM_ASK_H

#include <greenroom/future.h>

GRI_BEGIN_C

/* What the macros below call. */
GR_API GR_MUST_USE gr_future *gri_ask(gr_actor *self, gr_ref to, const struct gr_type *reply_type,
                                      gr_time deadline, const struct gr_type *type, const void *message);
GR_API GR_MUST_USE int gri_call(gr_actor *self, gr_ref to, const struct gr_type *reply_type, void *out,
                                gr_time deadline, const struct gr_type *type, const void *message);
GR_API int gri_reply(gr_actor *self, const struct gr_type *request, const struct gr_type *type,
                     const void *message);

/* Answers the request being handled with an error (negative, or positive of the program's own) instead of a value.
 * Errors: GR_ECONTEXT if there is none, or it has been answered; GR_EINVALID for 0, and it can still be answered. */
GR_API int gr_reply_error(gr_actor *self, int error);

/*
 * What is left of the deadline of the request being handled, at least 0; GR_FOREVER if it has none, or no unanswered
 * request is being handled. Requests made meanwhile end by then, whatever deadlines of their own say: with GR_ETIMEOUT,
 * at once if nothing is left. One that is deferred (promise.h) bounds them until the handler returns or, in a coroutine, the
 * next receive. A forwarded or stashed request keeps its deadline. GR_FOREVER if `self` is NULL.
 */
GR_API gr_time gr_time_left(const gr_actor *self);

GRI_END_C

/*
 * gr_ask(self, to, deadline, Q, fields ...): sends the request Q and returns its future; `deadline` ends it with
 * GR_ETIMEOUT, and so does that of the request being handled, if it is earlier (gr_time_left). Never NULL but for lack of
 * memory: a request that can't be sent is a future with that error. Takes the counts of the request's strings and
 * buffers. `self` NULL: any thread that is no loop's.
 */
#define gr_ask(self, to, deadline, Q, ...)                                                                   \
    gri_ask(self, to, Q##_gr_reply_type, deadline, &Q##_gr_type, GRI_LITERAL(Q##_gr_struct, __VA_ARGS__))

/* The value of a future of request Q, as const struct R *, or NULL if it has none. Valid until the release. */
#define gr_future_value(future, Q) ((const Q##_gr_reply *)gri_future_value(future, Q##_gr_reply_type))

/*
 * gr_call(self, to, &out, deadline, Q, fields ...): asks and waits; `out` is a struct R, filled on success, whose
 * strings and buffers are then the caller's. From a coroutine, or with `self` NULL from a plain thread. Always takes the
 * counts of the request's strings and buffers. Returns 0, the request's error, GR_ECANCELLED or GR_EKILLED if the wait was
 * ended (future.h), GR_EINVALID for a negative deadline, or GR_ECONTEXT in a handler actor and in callbacks.
 */
#define gr_call(self, to, out, deadline, Q, ...)                                                             \
    gri_call(self, to, Q##_gr_reply_type, GRI_OUT(Q##_gr_reply, out), deadline, &Q##_gr_type,                \
             GRI_LITERAL(Q##_gr_struct, __VA_ARGS__))

/*
 * gr_reply(self, Q, fields of the reply ...): answers the request Q being handled. Always takes the counts of the
 * reply's strings and buffers. Errors, which may be ignored: GR_ECONTEXT if no request of type Q is being handled or it
 * has been answered; GR_ESTALE if the asker has ended.
 */
#define gr_reply(self, Q, ...)                                                                               \
    gri_reply(self, &Q##_gr_type, Q##_gr_reply_type, GRI_LITERAL(Q##_gr_reply, __VA_ARGS__))

/* `out`, if it points to a `T`; else the compiler says so in a sentence. */
#ifdef __cplusplus
extern "C++" {
template <class Want, class Given> inline Want *gri_out(Given *out)
{
    static_assert(
        std::is_same<Want, Given>::value,
        "the result must go into a struct of the type that answers this request: see its GR_REQUEST");
    return reinterpret_cast<Want *>(out);
}
}
#define GRI_OUT(T, out) (gri_out<T>(out))
#else
#define GRI_OUT(T, out)                                                                                      \
    (GRI_NOT_ZERO(                                                                                           \
         _Generic((out), T * : 1, default : 0),                                                              \
         "the result must go into a struct of the type that answers this request: see its GR_REQUEST")       \
         ? (out)                                                                                             \
         : NULL)
#endif

#endif
