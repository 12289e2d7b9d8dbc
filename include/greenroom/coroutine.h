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
 * All waits are told of a kill (GR_EKILLED), and but for sends that wait for room, of cancelling (GR_ECANCELLED: once,
 * in a task that is cancelled; until its close, in a scope that is). Receives and gr_sleep alone are told of a stop:
 * waits for room, futures and completions go on, as what they wait for is part of the mail before it.
 */

/*
 * Takes the next message or signal out of the mailbox, waiting for it until `deadline`. Strings and buffers in *mail
 * stay the runtime's: hold what is to be kept. An unanswered request that was received before ends with
 * GR_EUNANSWERED.
 * Errors: GR_ETIMEOUT, GR_ESTOPPED (the actor was asked to stop, and the mail before that is done), GR_EKILLED,
 * GR_ECANCELLED, GR_EINVALID (a negative deadline), GR_ECONTEXT in a handler actor, a callback, or with `self` NULL.
 */
GR_API GR_MUST_USE int gr_receive(gr_actor *self, struct gr_mail *mail, gr_time deadline);

/* What the macro gr_receive_type calls. */
GR_API GR_MUST_USE int gri_receive_type(gr_actor *self, struct gr_mail *mail, const struct gr_type *type,
                                        gr_time deadline);

/*
 * As gr_receive, but only for a message from `sender`, the null reference being all that are no actors: see
 * gr_receive_type.
 */
GR_API GR_MUST_USE int gr_receive_from(gr_actor *self, struct gr_mail *mail, gr_ref sender, gr_time deadline);

/*
 * As gr_receive, but only for mail for which `match` says true: see gr_receive_type. `match` is asked once about each
 * piece of mail; what it refused it is not asked again, as long as the actor alternates between at most four pairs of
 * `match` and `key`. So its answer must depend on these two arguments alone. It sees signals too (mail->signal), and
 * calls nothing that takes a `self`. Errors: as gr_receive_type; GR_EINVALID if `match` is NULL.
 */
GR_API GR_MUST_USE int gr_receive_if(gr_actor *self, struct gr_mail *mail,
                                     bool (*match)(const struct gr_mail *mail, uint64_t key), uint64_t key,
                                     gr_time deadline);

/* Waits for `duration`; 0 lets others of the loop run. Errors: GR_ESTOPPED (the actor was asked to stop: it then waits no
 * longer), GR_EKILLED, GR_ECANCELLED, GR_EINVALID (a negative duration), GR_ECONTEXT as gr_receive. */
GR_API GR_MUST_USE int gr_sleep(gr_actor *self, gr_time duration);

GRI_END_C

/*
 * gr_receive_type(self, &mail, T, deadline): as gr_receive, but only for a message of type T: the oldest one. Other mail
 * keeps its place, for later receives of any kind, and counts against the mailbox's bound; it is never looked at twice,
 * so it costs nothing how much of it there is. Signals are passed over as well.
 * Errors: as gr_receive; GR_ESTOPPED when a stop was reached, also if mail before it was passed over, which gr_receive
 * still gives; GR_ENOMEM when there is no memory to pass mail over, which then stays where it is.
 */
#define gr_receive_type(self, mail, T, deadline) gri_receive_type(self, mail, &T##_gr_type, deadline)

/* The message as a `const struct T *`, or NULL if it is of another type. */
#define gr_mail_as(mail, T) ((const T##_gr_struct *)gri_mail_as(mail, &T##_gr_type))

static inline const void *gri_mail_as(const struct gr_mail *mail, const struct gr_type *type)
{
    return mail->type != NULL && mail->type->id == type->id ? mail->data : NULL;
}

#endif
