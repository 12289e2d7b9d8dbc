/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a send when the mailbox or the link is full: the four policies, as the sender sees them. */
#include "actors/admission.h"

#include "actors/mail/mail.h"

enum gri_verdict gri_link_verdict(const struct gr_actor *actor)
{
    /* As if the mailbox were full; what drops the oldest can't from here, so it drops this one. */
    enum gri_verdict verdict = gri_full_verdict(gri_full_read(&actor->mailbox.full) | GRI_FULL);
    return verdict == GRI_ACCEPT ? GRI_DROP_NEWEST : verdict;
}

/* Makes room in a mailbox of this loop at the cost of its oldest messages. */
static void drop_oldest(struct gri_loop *loop, struct gr_actor *actor)
{
    while (!gri_mailbox_has_room(&actor->mailbox)) {
        struct gri_message *oldest = gri_actor_drop_oldest(actor);
        if (oldest == NULL) return;
        gri_dead_letter(loop, oldest, gri_actor_ref(actor), GR_DEAD_FULL);
    }
}

/* Suspends the coroutine until the receiver has room, and asks again; whoever was faster may have taken the room. */
static int wait_for_room(struct gr_actor *self, gr_ref to, struct gri_target *target,
                         enum gri_verdict *verdict)
{
    self->extra->has_room = false;
    if (!gri_watch_room(self, to)) return GR_ENOMEM;
    while (!self->extra->has_room) {
        int error = gri_actor_wait(self, GRI_WAIT_ROOM);
        if (error != 0) return error;
    }
    return gri_look(self->loop, to, target, verdict);
}

/* Waits until it has the room; the hard cap is for those who can't wait. */
static int wait_until_accepted(struct gr_actor *self, gr_ref to, struct gri_target *target,
                               enum gri_verdict *verdict, enum gri_patience patience)
{
    int error = 0;
    uint8_t shield = self->extra->shield;
    if (patience == GRI_PATIENCE_ALL) self->extra->shield = GRI_SHIELD_ALL;
    while (error == 0 && *verdict != GRI_ACCEPT) error = wait_for_room(self, to, target, verdict);
    self->extra->shield = shield;
    return error;
}

/* Whether this sender waits for room at the target. */
static bool waits(const struct gr_actor *self, const struct gri_target *target)
{
    return gri_can_wait(self) && self != target->actor &&
           gri_full_policy(gri_full_read(&target->actor->mailbox.full)) == GR_POLICY_WAIT;
}

int gri_admit_full(struct gr_actor *self, gr_ref to, struct gri_target *target, enum gri_verdict verdict,
                   enum gri_patience patience)
{
    if (patience == GRI_PATIENCE_NONE) {
        if (verdict == GRI_ACCEPT_REST) return GR_EFULL;
    } else if (waits(self, target)) {
        int error = wait_until_accepted(self, to, target, &verdict, patience);
        if (error != 0) return error;
    }
    switch (verdict) {
    case GRI_ACCEPT:
        return 0;
    case GRI_ACCEPT_DROP_OLDEST:
        drop_oldest(self->loop, target->actor);
        return 0;
    case GRI_DROP_NEWEST:
        target->drop = true;
        return 0;
    case GRI_ACCEPT_REST:
        /* Who is full itself must go on, or two that send to each other would rest for ever. */
        target->rest = !gri_actor_is_coroutine(self) && self != target->actor &&
                       !gri_mailbox_is_full(&self->mailbox);
        return 0;
    case GRI_REJECT:
        break;
    }
    return GR_EFULL;
}

void gri_actor_end_rest(struct gr_actor *actor)
{
    actor->busy &= (uint8_t)~GRI_BUSY_RESTING;
    if (actor->mailbox.head != NULL) gri_actor_has_mail(actor);
}

void gri_rest(struct gr_actor *self, gr_ref until)
{
    if (self->busy & GRI_BUSY_RESTING) return;
    self->busy |= GRI_BUSY_RESTING; /* first: the room signal may come at once */
    /* Without memory for the notice it does not rest: the hard cap still bounds what it sends. */
    if (!gri_watch_room(self, until)) self->busy &= (uint8_t)~GRI_BUSY_RESTING;
}
