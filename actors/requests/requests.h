/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests, their futures and answers: what this folder does for the rest of the actors.
 *
 * Threads: what takes an actor, or a future of one, runs on that actor's loop; gri_foreign_ functions on plain threads.
 */
#ifndef GRI_ACTORS_REQUESTS_H
#define GRI_ACTORS_REQUESTS_H

#include "actors/actor.h"

/* ---- request.c ---- */

/* Sends the request of a future that is pending. What can't be sent ends it. Takes the counts. */
void gri_request_send(struct gr_actor *self, struct gr_future *future, gr_ref to,
                      const struct gr_type *reply_type, gr_time deadline, const struct gr_type *type,
                      const void *message);

/* An answer's envelope, addressed to this actor's obligation `handle`; NULL when there is no memory. */
struct gri_message *gri_new_reply(struct gr_actor *self, uint64_t handle, const struct gr_type *type);

/* Takes the answer's envelope off the request being handled; NULL if there is none, or it is no `request` (NULL: any). */
struct gri_message *gri_take_reply(struct gr_actor *self, const struct gr_type *request);

/* Whether who asked is known to have ended. */
bool gri_reply_is_stale(const struct gri_loop *loop, const struct gri_message *reply);

/* Ends the request whose answer's envelope this is: with an error, or with the value that it holds. Takes it. Any loop. */
void gri_request_end(struct gri_loop *loop, struct gri_message *reply, int error);

/* The envelope of an answer that is to be an error, with its sentence if there is memory for that; takes the old one. */
struct gri_message *gri_request_text(struct gri_loop *loop, struct gri_message *reply, const char *text);

/* The same as the one before with an error and its sentence, which goes along if there is memory for it. */
void gri_request_fail(struct gri_loop *loop, struct gri_message *reply, int error, const char *text);

/* An answer arrived at the asker's loop; takes it. */
void gri_request_arrived(struct gri_loop *loop, struct gri_message *reply);

/* ---- future.c ---- */

/* A pending future of the actor, or NULL when there is no memory. */
struct gr_future *gri_future_create(struct gr_actor *self, enum gri_future_kind kind);

/* What the timer of a request's future does. */
void gri_future_timed_out(struct gri_timer *timer, void *context);

/* How many futures of the actor are pending. Returns the one that it waits for, or else the first; NULL if there is none. */
const struct gr_future *gri_actor_requests(const struct gr_actor *actor, uint32_t *count);

/* Gives an actor's future its outcome; takes the answer, which may be NULL. */
void gri_future_complete(struct gr_future *future, int error, struct gri_message *answer);

/* Gives an actor's future back, whatever has become of it. */
void gri_future_free(struct gr_future *future);

/* How its obligation is dropped when the actor ends: a pending task is cancelled. */
void gri_future_drop(struct gr_actor *owner, struct gri_obligation *obligation);

/* A future is given back: logs its failure if nobody has looked at it. */
void gri_future_log_unread(const struct gr_future *future);

/* As gr_future_text, but nobody has read it. */
const char *gri_future_text(const struct gr_future *future);

/* ---- await.c ---- */

/* Notes for gr_last_error what a wait for a future returned: its outcome, or why the wait ended. Returns it. */
int gri_future_told(struct gr_actor *self, const struct gr_future *future, int error);

/* ---- promise.c ---- */

/* The answer's envelope of a request that was put aside, if that is what the obligation is; or NULL. */
const struct gri_message *gri_deferred_reply(const struct gri_obligation *obligation);

/* The same, which is the caller's now: the promise is over. */
struct gri_message *gri_deferred_take(struct gr_actor *owner, struct gri_obligation *obligation);

/* ---- callback.c ---- */

/* Runs the callbacks that are due. In a turn of the actor. */
void gri_run_callbacks(struct gr_actor *self);

/* Whether a future has callbacks that were not called; those who merely count it, as scopes do, are none. */
bool gri_future_has_callbacks(const struct gr_future *future);

/* ---- deadlock.c: requests that wait on each other ---- */

/* A request is about to go to another loop: notes whether its asker holds requests of others. */
void gri_deadlock_asks(const struct gr_actor *self, struct gri_message *reply);

/* A coroutine is about to be blocked on a future: looks for a cycle, which may end that at once. */
void gri_deadlock_blocks(struct gr_actor *self, struct gr_future *future);

/* A request has arrived from another loop at an actor that waits for something else than mail. */
void gri_deadlock_suspect(struct gr_actor *actor, const struct gri_message *m);

/* A probe arrived; takes it. */
void gri_deadlock_arrived(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m);

/* ---- deadline.c: deadlines that travel with requests ---- */

/* Notes the absolute deadline of a request, or GR_FOREVER, in the envelope of its answer, until that is given. */
void gri_request_bound(struct gri_message *reply, gr_time deadline);

/* What is left of it, seen from a loop; GR_FOREVER if there is none. */
gr_time gri_request_left(const struct gri_loop *loop, const struct gri_message *reply);

/* Who handles `m` defers its answer, whose envelope it has taken: what is left goes on to bound what it asks for. */
void gri_request_deferred(const struct gri_loop *loop, struct gri_message *m,
                          const struct gri_message *reply);

/* The request leaves the loop, or its asker does. */
void gri_request_leaves(const struct gri_loop *loop, struct gri_message *reply);

/* ---- foreign.c: plain threads ---- */

/* As gri_send, gri_ask, ... with self NULL. */
int gri_foreign_send(gr_ref to, const struct gr_type *type, const void *message, bool keep_on_failure);
gr_future *gri_foreign_ask(gr_ref to, const struct gr_type *reply_type, gr_time deadline,
                           const struct gr_type *type, const void *message);
int gri_foreign_may_call(gr_ref to); /* whether a gr_call would wait where it may */
int gri_foreign_control(gr_ref to, enum gri_mail_kind kind, int reason);
int gri_foreign_await(gr_future *future, gr_time deadline);
void gri_foreign_release(gr_future *future);
int gri_foreign_cancel(gr_future *future);

/* Where an answer to a plain thread arrives, which keeps the system; NULL when there is no memory. Its end, with the
 * answer. */
struct gri_foreign_box *gri_foreign_box_create(struct gr_system *system);
void gri_foreign_box_free(struct gri_foreign_box *box);

/* The envelope of an answer that is to arrive in a box. */
struct gri_message *gri_foreign_new_reply(struct gri_foreign_box *box, const struct gr_type *type);

/* Sends a report of a dead letter to an actor, if there is room; inside of the seat. */
void gri_foreign_report(struct gr_system *system, gr_ref to, const struct gr_type *type, const void *report);

/* The outcome of a plain thread's request, or GRI_FUTURE_PENDING. */
int gri_foreign_error(gr_future *future);

/* A plain thread's request ended; takes the answer's envelope. */
void gri_foreign_complete(struct gri_loop *loop, struct gri_message *reply);

/* ---- job.c: blocking work ---- */

/* The future of a job is dropped: the job is taken back if it has not started. */
void gri_job_abandon(struct gr_future *future);

/* The reply of a job arrived: frees its record. */
void gri_job_arrived(struct gri_message *reply);

#endif
