/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail that an actor has not handled yet but that is not in its mailbox: what it set aside (the stash), and what a
 * coroutine's selective receives passed over (saved). Both count against the mailbox's bound. In order of age, as it
 * would be received again: the stash, the saved mail, the mailbox.
 */
#ifndef GRI_ACTORS_MAIL_MAIL_H
#define GRI_ACTORS_MAIL_MAIL_H

#include "actors/actor.h"

struct gri_saved_mail;

/* What a selective receive wants: one of the three. */
struct gri_choice {
    const struct gr_type *type;                              /* messages of this type */
    gr_ref sender;                                           /* without `type` and `match`: of this sender */
    bool (*match)(const struct gr_mail *mail, uint64_t key); /* what this says true of */
    uint64_t key;                                            /* its argument */
};

/* ---- coroutine_actor.c ---- */

/* Receives what is chosen, NULL meaning any; `what` names the call. */
int gri_actor_receive(struct gr_actor *self, struct gr_mail *mail, gr_time deadline,
                      const struct gri_choice *choice, const char *what);

/* Makes what was taken out of the mail visible in *mail; false if it was void, or a stop. Takes it. */
bool gri_actor_present(struct gr_actor *self, struct gri_message *m, struct gr_mail *mail);

/* Counts a piece of mail that was looked at; lets others of the loop run if the turn has lasted long enough. Returns what
 * gri_actor_wait does: GR_EKILLED and GR_ECANCELLED are to be told. */
int gri_actor_pause_turn(struct gr_actor *self);

/* ---- selective.c ---- */

/* Takes the oldest piece of mail that is chosen, passing over others. Returns GR_ENOTFOUND if there is none, GR_ESTOPPED
 * when it came to a stop, GR_ENOMEM, GR_EKILLED, GR_ECANCELLED. */
int gri_actor_take_chosen(struct gr_actor *self, const struct gri_choice *choice, struct gr_mail *mail);

/* Takes a piece of saved mail out, as a pop from the mailbox. */
struct gri_message *gri_actor_take_saved(struct gr_actor *actor, struct gri_saved_mail *mail);

/* ---- stash.c ---- */

/* Takes the oldest user message out of its place, or NULL: for the policy that drops it. */
struct gri_message *gri_actor_drop_oldest(struct gr_actor *actor);

/* Puts everything back into the mailbox, in order, at the actor's end. It must have an extra. */
void gri_actor_put_back(struct gr_actor *actor);

#endif
