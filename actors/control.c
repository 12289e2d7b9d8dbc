/* SPDX-License-Identifier: Apache-2.0 */
/* What an actor may ask about itself, and how actors are told to end. */
#include "actors/requests/requests.h"

gr_ref gr_self(const gr_actor *self)
{
    if (self == NULL) return (gr_ref){0, 0, 0};
    return gri_actor_ref(self);
}

gr_ref gr_sender(const gr_actor *self)
{
    if (self == NULL) return (gr_ref){0, 0, 0};
    const struct gri_message *m = self->current;
    /* A coroutine holds its start message all its life. One that is to become the answer says where that goes. */
    if (m == NULL && self->extra != NULL && !self->extra->has_received) m = self->extra->start;
    if (m == NULL) return (gr_ref){0, 0, 0};
    if (m->reply == m) return (gr_ref){gri_loop_system(self->loop)->seat, m->to_slot, m->to_generation};
    return gri_message_sender(m);
}

int gr_loop_index(const gr_actor *self)
{
    return self != NULL ? (int)self->loop->index : -1;
}

gr_time gr_now(const gr_actor *self)
{
    return self != NULL ? self->loop->now : gri_clock_now(gri_clock_monotonic());
}

uint64_t gr_random(gr_actor *self)
{
    return self != NULL ? gri_random_next(&self->loop->random) : 0;
}

gr_system *gr_actor_system(const gr_actor *self)
{
    return self != NULL ? gri_loop_system(self->loop) : NULL;
}

void gr_exit(gr_actor *self, int reason)
{
    if (self == NULL) return;
    if (self->control & (GRI_CONTROL_EXIT | GRI_CONTROL_LINK)) return; /* the first reason counts */
    self->reason = reason;
    if (!gri_actor_is_coroutine(self)) self->control |= GRI_CONTROL_EXIT;
}

static int post_control(gr_actor *self, gr_ref actor, enum gri_mail_kind kind, int reason)
{
    if (self == NULL) return gri_foreign_control(actor, kind, reason);
    struct gri_message *m = gri_loop_new_message(self->loop, 0);
    if (m == NULL) return gri_fail(self, GR_ENOMEM, "no memory to end an actor");
    m->type = 0; /* traces show it */
    m->kind = (uint8_t)kind;
    m->flags = 0;
    m->reply = NULL;
    m->error = reason;
    bool other_system = !gr_ref_is_null(actor) && actor.seat != gri_loop_system(self->loop)->seat;
    gri_post(self->loop, actor, m);
    return other_system ? gri_fail(self, GR_ESYSTEM, "an actor of another system can't be ended") : 0;
}

int gr_stop(gr_actor *self, gr_ref actor, int reason)
{
    return post_control(self, actor, GRI_MAIL_STOP, reason);
}

int gr_kill(gr_actor *self, gr_ref actor)
{
    return post_control(self, actor, GRI_MAIL_KILL, 0);
}
