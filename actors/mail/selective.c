/* SPDX-License-Identifier: Apache-2.0 */
/* Selective receive: by type, by sender, by predicate. What is passed over is looked at once, and then saved. */
#include "actors/mail/mail.h"
#include "actors/mail/saved.h"

/* ---- taking ---- */

struct gri_message *gri_actor_take_saved(struct gr_actor *actor, struct gri_saved_mail *mail)
{
    struct gri_message *m = gri_saved_remove(actor, mail);
    if (m->kind != GRI_MAIL_USER) return m;
    gri_mailbox_count(&actor->mailbox, m, -1);
    if (gri_mailbox_is_full(&actor->mailbox) && gri_mailbox_check_room(&actor->mailbox))
        gri_actor_tell_room(actor);
    return m;
}

/* Whether a predicate takes a piece of mail. A signal that is void is refused. */
static bool matches(const struct gr_actor *self, const struct gri_choice *choice, const struct gri_message *m)
{
    struct gr_signal signal;
    struct gr_mail mail = {.type = NULL};
    if (m->kind == GRI_MAIL_USER) {
        mail = (struct gr_mail){.type = gri_type_by_id(m->type),
                                .data = m->payload,
                                .sender = gri_message_sender(m),
                                .is_request = m->reply != NULL};
    } else {
        if (!gri_actor_see_signal(self, m, &signal)) return false;
        mail.signal = &signal;
    }
    return choice->match(&mail, choice->key);
}

static bool fits(const struct gr_actor *self, const struct gri_choice *choice, const struct gri_message *m)
{
    if (choice->match != NULL) return matches(self, choice, m);
    if (m->kind != GRI_MAIL_USER) return false;
    if (choice->type != NULL) return m->type == choice->type->id;
    return gr_ref_equal(gri_message_sender(m), choice->sender);
}

/* The first that a predicate takes, of what it has not refused before; or NULL. */
static struct gri_saved_mail *find_match(struct gr_actor *self, struct gri_saved *saved,
                                         const struct gri_choice *choice)
{
    struct gri_saved_mark *mark = gri_saved_mark(saved, choice->match, choice->key);
    struct gri_list_node *node;
    while ((node = gri_list_next(&saved->order, mark->upto)) != NULL) {
        struct gri_saved_mail *mail = GRI_CONTAINER_OF(node, struct gri_saved_mail, order);
        if (fits(self, choice, mail->m)) return mail;
        mark->upto = node;
    }
    return NULL;
}

/* The first of the saved mail that is chosen, or NULL. */
static struct gri_saved_mail *find_saved(struct gr_actor *self, const struct gri_choice *choice)
{
    struct gri_saved *saved = self->extra->saved;
    if (saved == NULL || gri_list_is_empty(&saved->order)) return NULL;
    if (choice->match != NULL) return find_match(self, saved, choice);
    return choice->type != NULL ? gri_saved_of_type(saved, choice->type->id)
                                : gri_saved_of_sender(saved, choice->sender);
}

/* Moves the oldest of the mailbox to the saved mail; it counts as before. Errors: GR_ENOMEM; then it stays. */
static int pass_over(struct gr_actor *self, struct gri_message *m, const struct gri_choice *choice)
{
    struct gri_message *next = m->next;
    if (!gri_saved_add(self, m)) return GR_ENOMEM;
    struct gri_saved *saved = self->extra->saved;
    if (choice->match != NULL)
        gri_saved_mark(saved, choice->match, choice->key)->upto = saved->order.ends.prev;
    self->mailbox.head = next;
    if (next == NULL) self->mailbox.end = &self->mailbox.head;
    return 0;
}

/* A stop was reached. It keeps its place: what was passed over before it may still be received. */
static int reach_stop(struct gr_actor *self, const struct gri_message *m)
{
    if (!(self->control & (GRI_CONTROL_STOP | GRI_CONTROL_EXIT | GRI_CONTROL_LINK))) self->reason = m->error;
    return GR_ESTOPPED;
}

int gri_actor_take_chosen(struct gr_actor *self, const struct gri_choice *choice, struct gr_mail *mail)
{
    struct gri_saved_mail *saved = find_saved(self, choice);
    if (saved != NULL && gri_actor_present(self, gri_actor_take_saved(self, saved), mail)) return 0;
    struct gri_message *m;
    while ((m = self->mailbox.head) != NULL) {
        bool room = false;
        if (m->kind == GRI_MAIL_STOP) return reach_stop(self, m);
        if (fits(self, choice, m)) {
            gri_mailbox_pop(&self->mailbox, &room);
            if (room) gri_actor_tell_room(self);
            if (gri_actor_present(self, m, mail)) return 0;
            continue;
        }
        int error = pass_over(self, m, choice);
        if (error != 0) return error;
        error = gri_actor_pause_turn(self);
        if (error == GR_EKILLED || error == GR_ECANCELLED) return error; /* told once: it may not be lost */
    }
    return GR_ENOTFOUND;
}

/* ---- the calls ---- */

int gri_receive_type(gr_actor *self, struct gr_mail *mail, const struct gr_type *type, gr_time deadline)
{
    struct gri_choice choice = {.type = type};
    return gri_actor_receive(self, mail, deadline, &choice, "gr_receive_type");
}

int gr_receive_from(gr_actor *self, struct gr_mail *mail, gr_ref sender, gr_time deadline)
{
    struct gri_choice choice = {.sender = sender};
    return gri_actor_receive(self, mail, deadline, &choice, "gr_receive_from");
}

int gr_receive_if(gr_actor *self, struct gr_mail *mail,
                  bool (*match)(const struct gr_mail *mail, uint64_t key), uint64_t key, gr_time deadline)
{
    if (match == NULL) return gri_fail(self, GR_EINVALID, "gr_receive_if: there is no function");
    struct gri_choice choice = {.match = match, .key = key};
    return gri_actor_receive(self, mail, deadline, &choice, "gr_receive_if");
}
