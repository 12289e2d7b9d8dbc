/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: the one table of every error Greenroom reports. It holds no behaviour of its own. */
#ifndef GREENROOM_ERROR_H
#define GREENROOM_ERROR_H

#include <greenroom/base.h>

/*
 * Every function that can fail returns 0 on success or one of these, all negative. Positive numbers are free for a
 * program's own exit reasons. Columns: constant, code, the sentence that explains it.
 */
#define GR_ERROR_TABLE(X)                                                                                    \
    X(GR_OK, 0, "no error")                                                                                  \
    X(GR_ENOMEM, -1, "out of memory")                                                                        \
    X(GR_EINVALID, -2, "an argument is invalid")                                                             \
    X(GR_ESTALE, -3, "the reference names no living actor")                                                  \
    X(GR_ESYSTEM, -4, "the reference belongs to another system, or to one that was destroyed")               \
    X(GR_EFULL, -5, "the receiver's mailbox or the link to it is full")                                      \
    X(GR_ETIMEOUT, -6, "the deadline passed")                                                                \
    X(GR_ECANCELLED, -7, "cancelled")                                                                        \
    X(GR_EDOWN, -8, "the actor ended")                                                                       \
    X(GR_EUNHANDLED, -9, "the receiver has no handler for this type of message")                             \
    X(GR_EUNANSWERED, -10, "the receiver dropped the request without an answer")                             \
    X(GR_EKILLED, -11, "killed")                                                                             \
    X(GR_ESTOPPED, -12, "the actor was asked to stop, or its system stops or has stopped")                   \
    X(GR_ECONTEXT, -13, "not allowed here: see the function's description for where it may be called")       \
    X(GR_EBUSY, -14, "in use")                                                                               \
    X(GR_EEXISTS, -15, "already exists")                                                                     \
    X(GR_ENOTFOUND, -16, "not found")                                                                        \
    X(GR_ELIMIT, -17, "a configured limit was reached")                                                      \
    X(GR_ESYS, -18, "the operating system refused; the error text names the call")                           \
    X(GR_ELAYOUT, -19, "two message types of one name have different fields")                                \
    X(GR_EUNREACHABLE, -20, "the link to the actor's process or machine was lost")                           \
    X(GR_ENODE_DOWN, -21, "the actor's process or machine is down")                                          \
    X(GR_EBROKEN_POOL, -22, "a worker of the pool died abruptly")                                            \
    X(GR_EABANDONED, -23, "work did not end by the deadline and was left behind")                            \
    X(GR_EDEADLOCK, -24, "the requests wait on each other in a cycle")                                       \
    X(GR_ECRASHED, -25, "the actor's process crashed")                                                       \
    X(GR_EOVERFLOW, -26, "a coroutine's stack overflowed")                                                   \
    X(GR_EUNSUPPORTED, -27, "not supported on this platform or in this build")

/* The codes, by name. */
enum gr_error {
#define GRI_ERROR_ENUM(name, code, sentence) name = (code),
    GR_ERROR_TABLE(GRI_ERROR_ENUM)
#undef GRI_ERROR_ENUM
};

GRI_BEGIN_C

/* The constant's name ("GR_EFULL"), or "unknown" for a number that is not in the table. Any thread. */
GR_API const char *gr_error_name(int code);

/* The sentence of the table, without a full stop; for a positive number "ended with a reason of its own". Any thread. */
GR_API const char *gr_error_text(int code);

GRI_END_C

#endif
