/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking work: calls that would hold up a loop run on a pool of plain threads and come back as futures. */
#ifndef GREENROOM_BLOCKING_H
#define GREENROOM_BLOCKING_H

#include <greenroom/ask.h>

GRI_BEGIN_C

/*
 * Runs work(argument) on a thread of the system's pool; what it returns is the future's error, 0 for success. The
 * argument must stay valid until the future is done; releasing the future does not stop work that runs. Work that has
 * not started when the asking actor ends never starts. In `work` there is no actor: pass NULL for `self`.
 * Never NULL but for lack of memory. Errors in the future: GR_EFULL (too much is queued), GR_ESTOPPED, GR_ENOMEM, GR_ESYS
 * (no thread could be started). Needs `self`. Under simulation the work runs on the calling thread, at a chosen moment.
 */
GR_API GR_MUST_USE gr_future *gr_blocking(gr_actor *self, int (*work)(void *argument), void *argument);

GRI_END_C

#endif
