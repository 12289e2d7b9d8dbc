/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail that an actor has not handled yet but that is not in its mailbox: what it set aside (the stash), and what a
 * coroutine's selective receives passed over (saved). Both count against the mailbox's bound. In order of age, as it
 * would be received again: the stash, the saved mail, the mailbox.
 */
#ifndef GRI_ACTORS_MAIL_MAIL_H
#define GRI_ACTORS_MAIL_MAIL_H

#include "actors/actor.h"

/* Takes the oldest user message out of its place, or NULL: for the policy that drops it. */
struct gri_message *gri_actor_drop_oldest(struct gr_actor *actor);

/* Puts everything back into the mailbox, in order, at the actor's end. It must have an extra. */
void gri_actor_put_back(struct gr_actor *actor);

#endif
