/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links: actors that end together. A link has two ends that are alike, as in Erlang. When a linked actor ends with a
 * reason other than 0, the other ends with the same reason, and so on along its links; an actor that traps exits gets a
 * signal instead. An actor that only wants to know of another's end uses a monitor (monitor.h).
 */
#ifndef GREENROOM_LINK_H
#define GREENROOM_LINK_H

#include <greenroom/actor.h>
#include <greenroom/monitor.h>

GRI_BEGIN_C

/*
 * Links the calling actor with `actor`. Two actors have at most one link, whoever made it: linking again does nothing,
 * nor does linking with oneself. An actor that has ended answers with an exit of the reason GR_ESTALE, one of another
 * system with GR_ESYSTEM; such an exit, too, ends a caller that doesn't trap exits.
 * Errors: GR_ENOMEM; GR_ECONTEXT if `self` is NULL. gr_spawn_with(self, A, (.link = true)) links with the new actor
 * from its beginning.
 */
GR_API GR_MUST_USE int gr_link(gr_actor *self, gr_ref actor);

/*
 * Ends the link with `actor`: after this returns, no exit of it reaches the caller, not even one that waits in the
 * mailbox, unless one of the two links again. Returns 0, or GR_ENOTFOUND if there is no link, which may be ignored. Needs
 * `self`.
 */
GR_API int gr_unlink(gr_actor *self, gr_ref actor);

/*
 * Whether the caller traps exits; at first it does not. What an exit of a linked actor does on its arrival:
 * - While the actor traps exits, one GR_SIGNAL_EXIT takes its place in the mailbox, behind the last message of whoever
 *   ended, whatever the reason. It stays a signal even if the actor traps no more when it comes to it.
 * - Otherwise an exit with the reason 0 does nothing but end the link. Any other ends the actor with that reason, without
 *   regard to its mail: a handler actor before its next message; a coroutine at its next wait, which returns GR_EKILLED,
 *   as do all later ones, while its reason is the one that travels.
 * An exit never overrides gr_kill. While the whole system stops, exits end nobody: all actors are asked to stop anyway.
 * Needs `self`.
 */
GR_API void gr_trap_exits(gr_actor *self, bool traps);

GRI_END_C

#endif
