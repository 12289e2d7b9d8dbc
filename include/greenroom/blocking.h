/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking work: calls that would hold up a loop run on a pool of plain threads and come back as futures. Work can't be
 * interrupted: when whoever waits for it is killed, cancelled or stopped, it runs on, and its outcome is dropped. So it
 * should have its data by value, as gr_blocking_call gives it.
 */
#ifndef GREENROOM_BLOCKING_H
#define GREENROOM_BLOCKING_H

#include <greenroom/future.h>

/* As gr_blocking_call passes its function on. */
typedef int (*gri_blocking_function)(const void *arguments, void *result);

GRI_BEGIN_C

/*
 * Runs work(argument) on a thread of the system's pool; what it returns is the future's error, 0 for success. The release
 * of the future does not stop work that runs. Work that has not started when the asking actor ends never starts. In `work`
 * there is no actor: pass NULL for `self`.
 *
 * What `argument` points to must stay valid until `work` has returned, also when nobody waits for it any more: a variable
 * of a coroutine, or what an actor frees at its end, is gone after a kill, and `work` then writes into what others have
 * there. Use it for what lives as long as the system, or is counted; else gr_blocking_call.
 *
 * Never NULL but for lack of memory. Errors in the future, whose text says more: GR_EFULL (too much is queued),
 * GR_ESTOPPED, GR_ENOMEM, GR_ESYS (no thread could be started). Needs `self`. Under simulation the work runs on the thread
 * that simulates, at a chosen moment.
 */
GR_API GR_MUST_USE gr_future *gr_blocking(gr_actor *self, int (*work)(void *argument), void *argument);

/* What the macro below calls. */
GR_API GR_MUST_USE gr_future *gri_blocking_call(gr_actor *self, gri_blocking_function call,
                                                const struct gr_type *result_type, const struct gr_type *type,
                                                const void *arguments);

GRI_END_C

/*
 * gr_blocking_call(self, M, R, fn, fields of M ...): runs int fn(const struct M *arguments, struct R *result) on a thread of
 * the system's pool, with data by value: the arguments, a message, are a copy that stays until fn has returned, and *result,
 * which starts zeroed, is the future's. 0 makes *result the future's value, for gr_future_as(future, R); anything else is
 * its error, and what *result holds is released. Takes the counts of the arguments' strings and buffers, and gives them back
 * when the work is over or never runs. Otherwise as gr_blocking; also GR_EINVALID for types that are not registered.
 */
#define gr_blocking_call(self, M, R, fn, ...)                                                                \
    gri_blocking_call(self, GRI_FUNCTION(gri_blocking_function, int (*)(const struct M *, struct R *), fn),  \
                      &R##_gr_type, &M##_gr_type, GRI_LITERAL(M##_gr_struct, __VA_ARGS__))

#endif
