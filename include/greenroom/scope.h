/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scopes: tasks that end together. What is started in a scope has ended when gr_scope_close returns; the first failure,
 * or the deadline, cancels the rest.
 *
 *     gr_scope *scope = gr_scope_open(self, gr_seconds(5));
 *     gr_future *a = gr_scope_start(self, scope, fetch, .page = 1);
 *     gr_future *b = gr_scope_start(self, scope, fetch, .page = 2);
 *     int error = gr_scope_close(self, scope);
 *
 * While a scope is cancelled, the waits of the actor that opened it return GR_ECANCELLED until it is closed. Scopes nest:
 * one that is cancelled cancels those that were opened after it. If a task is cancelled while it has scopes open, the
 * outermost is cancelled with it. If the actor ends, they are cancelled; a failure that none of them was closed to tell is
 * logged as a warning, unless the actor fails itself.
 *
 * A stop does not end the wait in gr_scope_close (see future.h): in a system that stops, the scope's tasks are told to stop
 * too, and the wait ends with them. For gr_stop of the scope's actor alone, give the scope a deadline, or cancel the task.
 */
#ifndef GREENROOM_SCOPE_H
#define GREENROOM_SCOPE_H

#include <greenroom/task.h>

typedef struct gr_scope gr_scope;

GRI_BEGIN_C

/* Opens a scope inside of those that are open. `deadline` cancels it with GR_ETIMEOUT. NULL when there is no memory, for a
 * negative deadline, and where waiting is not allowed: gr_last_error tells. Needs a coroutine. */
GR_API GR_MUST_USE gr_scope *gr_scope_open(gr_actor *self, gr_time deadline);

/* Cancels what was started in the scope, and the waits of its actor until it is closed, which then gives GR_ECANCELLED.
 * Nothing if it is cancelled already. A task that was told to cancel before is told again. Errors: GR_EINVALID if the
 * caller has no such scope open; GR_ECONTEXT if `self` is NULL. */
GR_API int gr_scope_cancel(gr_actor *self, gr_scope *scope);

/*
 * Waits until all tasks of the scope have ended, and frees it. Scopes inside of it that are still open are cancelled and
 * closed first; if one of them had failed, by a task or its own deadline, that counts as this one's failure and cancels
 * what is left of it. Returns 0; or why the scope was cancelled: the first error, GR_ETIMEOUT or GR_ECANCELLED; or
 * GR_EKILLED when the actor is killed meanwhile, and then it has not waited. That may also be the error of a task: the
 * caller itself is killed if its next wait says so too. GR_EINVALID if the caller has no such scope open.
 */
GR_API GR_MUST_USE int gr_scope_close(gr_actor *self, gr_scope *scope);

/* What the macros below call. */
GR_API GR_MUST_USE gr_future *gri_scope_start(gr_actor *self, gr_scope *scope,
                                              const struct gr_behaviour *behaviour,
                                              const struct gr_spawn_options *options, const void *start);

GRI_END_C

/*
 * gr_scope_start(self, scope, T, fields of the arguments ...): as gr_start, in a scope.
 * gr_scope_start_with(self, scope, T, (options ...), fields ...): one with options.
 *
 * The future is the caller's as any other: it outlives the scope, and may be released early, which does not let the task
 * out of the scope. Its failure ends the scope, so it is not logged. In a cancelled scope the future is GR_ECANCELLED at
 * once. A task that can't be started counts as one that failed. NULL when there is no memory, which fails the scope too,
 * or if the caller has no such scope open.
 */
#define gr_scope_start_with(self, scope, T, options, ...)                                                    \
    gri_scope_start(self, scope, T##_gr_behaviour(), GRI_OPTIONS(gri_spawn_options, GRI_OPEN options),       \
                    GRI_LITERAL(T##_gr_start, __VA_ARGS__))
#define gr_scope_start(self, scope, T, ...) gr_scope_start_with(self, scope, T, (), __VA_ARGS__)

#endif
