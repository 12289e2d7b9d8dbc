/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks and scopes, as the rest of actors/ sees them. A task is a coroutine actor whose start message carries the
 * envelope of an answer to its starter's future: like a request that its own coroutine answers, by ending. A small start
 * on the starter's own loop is that envelope itself (its `reply` is it): behind the start's payload there is room for the
 * result, and when the task ends the start becomes the answer.
 */
#ifndef GRI_ACTORS_TASKS_TASK_H
#define GRI_ACTORS_TASKS_TASK_H

#include "actors/actor.h"

#include <greenroom/scope.h>

/* ---- task.c ---- */

/* Starts a task for a pending future of kind task; what can't be started ends it. Takes the counts. */
void gri_task_begin(struct gr_actor *self, struct gr_future *future, const struct gr_behaviour *behaviour,
                    const struct gr_spawn_options *options, const void *start);

/* Tells the task of a pending future to cancel, if it hasn't been told: what is cleaning up is left to it. Can't fail. */
void gri_task_cancel(struct gr_future *future);

/* The same, also if it has been told before. Errors: GR_ENOMEM, the second time. */
int gri_task_cancel_again(struct gr_future *future);

/* Whether the task of a pending future is known to have begun. */
bool gri_task_is_running(const struct gr_future *future);

/* An actor is told to cancel. On its loop. */
void gri_actor_cancel(struct gr_actor *actor);

/* The start message of an actor that ends, also before it began; takes it. Of a task: the future's outcome. */
void gri_start_end(struct gr_actor *actor, struct gri_message *start, int reason);

/* The failure of a task has come when nobody had its future any more: logs it. */
void gri_task_failed_late(const struct gri_loop *loop, const struct gri_message *reply);

/* ---- scope.c ---- */

/* Whether it is cancelled. */
bool gri_scope_is_cancelled(const struct gr_scope *scope);

/* Cancels the outermost of the actor's open scopes; false if there is none, or it was cancelled already. */
bool gri_scope_cancel_all(struct gr_actor *actor);

/* How a scope listens to its children. */
void gri_scope_told(struct gri_listener *listener, bool is_done);

#endif
