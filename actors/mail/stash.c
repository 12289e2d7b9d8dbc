/* SPDX-License-Identifier: Apache-2.0 */
/* The stash: messages that an actor sets aside until it can handle them. A ring of envelopes, which costs one word. */
#include "actors/mail/mail.h"

#include <greenroom/become.h>

/* Counts a user message that goes to or leaves the stash or the saved mail, as if that were the mailbox. */
static void count_back(struct gr_actor *self, const struct gri_message *m)
{
    gri_mailbox_count(&self->mailbox, m, 1);
    if (__builtin_expect(!gri_mailbox_has_room(&self->mailbox), 0)) gri_mailbox_reached_bound(&self->mailbox);
}

int gr_stash(gr_actor *self)
{
    struct gri_message *m = self == NULL ? NULL : self->current;
    if (__builtin_expect(m == NULL || m->kind != GRI_MAIL_USER, 0))
        return gri_fail(self, GR_ECONTEXT, "gr_stash: no message is being handled, or it is stashed already");
    struct gri_actor_extra *extra = self->extra;
    if (__builtin_expect(extra == NULL, 0)) extra = gri_actor_extra(self);
    if (extra == NULL) return gri_fail(self, GR_ENOMEM, "gr_stash: no memory");
    struct gri_message *newest = extra->stash;
    m->next = newest == NULL ? m : newest->next;
    if (newest != NULL) newest->next = m;
    extra->stash = m;
    self->current = NULL;
    gri_count(&self->loop->counters, GRI_COUNTER_STASHED, 1);
    count_back(self, m);
    return 0;
}

/* Puts the stash in front of the mailbox. */
static void splice(struct gr_actor *self)
{
    struct gri_message *newest = self->extra->stash;
    if (newest == NULL) return;
    struct gri_mailbox *mailbox = &self->mailbox;
    struct gri_message *oldest = newest->next;
    newest->next = mailbox->head;
    if (mailbox->head == NULL) mailbox->end = &newest->next;
    mailbox->head = oldest;
    self->extra->stash = NULL;
}

int gr_unstash(gr_actor *self)
{
    if (__builtin_expect(self == NULL, 0))
        return gri_fail(self, GR_ECONTEXT, "gr_unstash: there is no actor");
    if (self->extra == NULL) return 0;
    splice(self);
    return 0;
}

void gri_actor_put_back(struct gr_actor *actor)
{
    splice(actor);
}

/* Takes the oldest out of the stash, or NULL. */
static struct gri_message *take_oldest(struct gri_actor_extra *extra)
{
    struct gri_message *newest = extra->stash;
    if (newest == NULL) return NULL;
    struct gri_message *oldest = newest->next;
    newest->next = oldest->next;
    if (oldest == newest) extra->stash = NULL;
    return oldest;
}

struct gri_message *gri_actor_drop_oldest(struct gr_actor *actor)
{
    struct gri_message *m = actor->extra == NULL ? NULL : take_oldest(actor->extra);
    if (m == NULL) return gri_mailbox_drop_oldest(&actor->mailbox);
    gri_mailbox_count(&actor->mailbox, m, -1);
    if (gri_mailbox_is_full(&actor->mailbox)) (void)gri_mailbox_check_room(&actor->mailbox);
    return m;
}
