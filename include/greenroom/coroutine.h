/* SPDX-License-Identifier: Apache-2.0 */
/* What only a coroutine actor may do: wait. Waiting suspends the actor, never its loop. */
#ifndef GREENROOM_COROUTINE_H
#define GREENROOM_COROUTINE_H

#include <greenroom/actor.h>
#include <greenroom/monitor.h>

/* A message as a catch-all handler or a receiving coroutine sees it. */
struct gr_mail {
    const struct gr_type *type;     /* of the message; NULL for a signal */
    const void *data;               /* the message; valid in its handler, or until the next receive */
    gr_ref sender;                  /* null if sent from outside */
    bool is_request;                /* it may be answered with gr_reply */
    const struct gr_signal *signal; /* the signal, or NULL for a message */
};

GRI_BEGIN_C

/*
 * Takes the next message or signal out of the mailbox, waiting for it until `deadline`. Strings and buffers in *mail
 * stay the runtime's: hold what is to be kept. An unanswered request that was received before ends with
 * GR_EUNANSWERED.
 * Errors: GR_ETIMEOUT, GR_ESTOPPED (the actor was asked to stop, and the mail before that is done), GR_EKILLED, GR_EINVALID,
 * GR_ECONTEXT in a handler actor.
 */
GR_API GR_MUST_USE int gr_receive(gr_actor *self, struct gr_mail *mail, gr_time deadline);

/* Waits for `duration`; 0 lets others of the loop run. Errors: GR_ESTOPPED (the actor was asked to stop: it then waits no
 * longer), GR_EKILLED, GR_EINVALID, GR_ECONTEXT. */
GR_API GR_MUST_USE int gr_sleep(gr_actor *self, gr_time duration);

GRI_END_C

/* The message as a `const struct T *`, or NULL if it is of another type. */
#define gr_mail_as(mail, T) ((const T##_gr_struct *)gri_mail_as(mail, &T##_gr_type))

static inline const void *gri_mail_as(const struct gr_mail *mail, const struct gr_type *type)
{
    return mail->type != NULL && mail->type->id == type->id ? mail->data : NULL;
}

#endif
