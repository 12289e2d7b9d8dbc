/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stash: messages that an actor sets aside until it can handle them. A chain of envelopes. Whether there are any is
 * told by a flag too, which lies where a turn has been already: the extra is a cache line of its own.
 */
#include "actors/mail/mail.h"
#include "actors/mail/saved.h"

#include <greenroom/become.h>

static inline bool has_stash(const struct gr_actor *self)
{
    return (self->flags & GRI_ACTOR_STASHED) != 0;
}

__attribute__((noinline)) static int stash_nothing(gr_actor *self)
{
    return gri_fail(self, GR_ECONTEXT, "gr_stash: no message is being handled, or it is stashed already");
}

__attribute__((noinline)) static int stash_first(gr_actor *self)
{
    if (gri_actor_extra(self) == NULL) return gri_fail(self, GR_ENOMEM, "gr_stash: no memory");
    return gr_stash(self);
}

static inline bool is_returned(const struct gri_message *m)
{
    return m->kind == GRI_MAIL_USER && (m->sender_seat & GRI_SEAT_RETURNED) != 0;
}

/* The end of those at the beginning of a chain that were put back alone: they are older than all else. */
static inline struct gri_message **behind_returned(struct gri_message **link)
{
    while (*link != NULL && is_returned(*link)) link = &(*link)->next;
    return link;
}

/* One that was put back alone is set aside again: it keeps its age. */
static void put_back_in_stash(struct gri_actor_extra *extra, struct gri_message *m)
{
    struct gri_message **link = behind_returned(&extra->stash);
    m->next = *link;
    *link = m;
    if (m->next == NULL) extra->stash_end = &m->next;
}

int gr_stash(gr_actor *self)
{
    struct gri_message *m = self == NULL ? NULL : self->current;
    if (__builtin_expect(m == NULL || m->kind != GRI_MAIL_USER, 0)) return stash_nothing(self);
    struct gri_actor_extra *extra = self->extra;
    if (__builtin_expect(extra == NULL, 0)) return stash_first(self);
    if (__builtin_expect(is_returned(m), 0)) {
        put_back_in_stash(extra, m);
    } else {
        m->next = NULL;
        *extra->stash_end = m;
        extra->stash_end = &m->next;
    }
    self->flags |= GRI_ACTOR_STASHED;
    self->current = NULL;
    gri_count(&self->loop->counters, GRI_COUNTER_STASHED, 1);
    gri_mailbox_count(&self->mailbox, m, 1); /* as if it were still there */
    if (__builtin_expect(!gri_mailbox_has_room(&self->mailbox), 0)) gri_mailbox_reached_bound(&self->mailbox);
    return 0;
}

/* Puts a chain of mail in front of the mailbox, but behind what was put back alone before; `end` is the link behind its
 * last. */
static inline void put_in_front(struct gri_mailbox *mailbox, struct gri_message *first,
                                struct gri_message **end)
{
    struct gri_message **link = behind_returned(&mailbox->head), **mailbox_end = mailbox->end;
    struct gri_message *next = *link;
    *end = next;
    *link = first;
    mailbox->end = next == NULL ? end : mailbox_end;
}

static void put_saved_back(struct gr_actor *actor)
{
    struct gri_saved *saved = actor->extra->saved;
    struct gri_message *oldest = NULL, **end = &oldest;
    struct gri_saved_mail *mail;
    while (saved != NULL && (mail = gri_saved_first(saved)) != NULL) {
        *end = gri_saved_remove(actor, mail);
        end = &(*end)->next;
    }
    if (end != &oldest) put_in_front(&actor->mailbox, oldest, end);
}

void gri_actor_put_back(struct gr_actor *actor)
{
    put_saved_back(actor);
    if (!has_stash(actor)) return;
    struct gri_actor_extra *extra = actor->extra;
    put_in_front(&actor->mailbox, extra->stash, extra->stash_end);
    extra->stash = NULL;
    extra->stash_end = &extra->stash;
    actor->flags &= (uint8_t)~GRI_ACTOR_STASHED;
}

int gr_unstash(gr_actor *self)
{
    if (__builtin_expect(self == NULL, 0))
        return gri_fail(self, GR_ECONTEXT, "gr_unstash: there is no actor");
    if (has_stash(self)) gri_actor_put_back(self);
    return 0;
}

/* Takes the oldest out of a stash that is not empty. Whether it was the last is chance, too. */
static inline struct gri_message *take_oldest(struct gr_actor *actor)
{
    struct gri_actor_extra *extra = actor->extra;
    struct gri_message *oldest = extra->stash, *next = oldest->next, **end = extra->stash_end;
    unsigned flags = actor->flags & ~(unsigned)GRI_ACTOR_STASHED;
    extra->stash = next;
    extra->stash_end = next == NULL ? &extra->stash : end;
    actor->flags = (uint8_t)(flags | (next == NULL ? 0 : GRI_ACTOR_STASHED));
    return oldest;
}

int gr_unstash_one(gr_actor *self)
{
    if (__builtin_expect(self == NULL, 0))
        return gri_fail(self, GR_ECONTEXT, "gr_unstash_one: there is no actor");
    if (!has_stash(self)) return 0;
    if (__builtin_expect(self->extra->saved != NULL, 0)) put_saved_back(self);
    struct gri_message *oldest = take_oldest(self);
    put_in_front(&self->mailbox, oldest, &oldest->next);
    oldest->sender_seat |= GRI_SEAT_RETURNED;
    return 0;
}

/* Takes the oldest user message out of the saved mail, or NULL. */
static struct gri_message *take_oldest_saved(struct gr_actor *actor)
{
    struct gri_saved *saved = actor->extra->saved;
    struct gri_list_node *node = saved == NULL ? NULL : gri_list_first(&saved->order);
    for (; node != NULL; node = gri_list_next(&saved->order, node)) {
        struct gri_saved_mail *mail = GRI_CONTAINER_OF(node, struct gri_saved_mail, order);
        if (mail->m->kind == GRI_MAIL_USER) return gri_saved_remove(actor, mail);
    }
    return NULL;
}

struct gri_message *gri_actor_drop_oldest(struct gr_actor *actor)
{
    const struct gri_message *head = actor->mailbox.head;
    if (head != NULL && is_returned(head)) return gri_mailbox_drop_oldest(&actor->mailbox);
    struct gri_message *m = has_stash(actor) ? take_oldest(actor) : NULL;
    if (m == NULL && actor->extra != NULL) m = take_oldest_saved(actor);
    if (m == NULL) return gri_mailbox_drop_oldest(&actor->mailbox);
    gri_mailbox_count(&actor->mailbox, m, -1);
    if (gri_mailbox_is_full(&actor->mailbox)) (void)gri_mailbox_check_room(&actor->mailbox);
    return m;
}
