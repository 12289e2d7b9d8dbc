/* SPDX-License-Identifier: Apache-2.0 */
/* Mail of random programs that is not handled when it comes: set aside, passed over, or sent again and again. */
#include "tests/systematic/actors/acts.h"

#define FRONT_STEP 10000 /* places of one unstash; more than there are messages */
/* Where the places of what was put back alone begin: before all that was put back together. Set aside again, it comes
 * before what never was put back alone. */
#define RETURNED (-1000000000)
#define KEPT     (-100000000)

/* ---- order ---- */

static const struct gr_type *const types[RP_TYPES] = {
    &rp_note_m_gr_type,         &rp_text_m_gr_type,         &rp_large_m_gr_type,
    &rp_odd_m_gr_type,          &rp_poke_m_gr_type,         &rp_question_m_gr_type,
    &rp_big_question_m_gr_type, &rp_odd_question_m_gr_type, &rp_small_question_m_gr_type};

bool rp_fits(const struct rp_choice *choice, int number)
{
    const struct rp_message *m = &rp_world.messages[number];
    gr_ref sender = {0, 0, 0};
    if (m->sender != RP_OUTSIDE) sender = rp_world.actors[m->sender].ref;
    switch (choice->by) {
    case RP_BY_TYPE:
        return m->type == choice->type;
    case RP_BY_SENDER:
        return gr_ref_equal(sender, choice->sender);
    case RP_BY_NUMBER:
        return (uint64_t)number % choice->key == 0;
    case RP_BY_NOTHING:
        break;
    }
    return true;
}

/* Whether a message lies before another in the mail of their receiver, for certain. */
static bool is_before(int number, int other)
{
    const struct rp_message *m = &rp_world.messages[number], *o = &rp_world.messages[other];
    if (m->place < 0 && o->place < 0) return m->place < o->place;
    if (m->place < 0 || o->place < 0) return m->place < 0;
    return m->direct && o->direct && m->sender == o->sender && number < other;
}

void rp_check_order(int actor, int number)
{
    struct rp_world *w = &rp_world;
    const struct rp_choice *choice = &w->actors[actor].choice;
    if (w->messages[number].overtaken)
        rp_fail(RP_G1, actor, number, "message %d of actor %d arrived after one that is behind it", number,
                w->messages[number].sender);
    if (!rp_fits(choice, number)) rp_fail(RP_G1, actor, number, "message %d was not chosen", number);
    for (int i = 0; i < w->message_count; i++) {
        struct rp_message *m = &w->messages[i];
        if (i == number || m->receiver != actor || m->handled != 0 || m->stashed || m->births != 1) continue;
        if (rp_fits(choice, i) && is_before(i, number)) m->overtaken = true;
    }
}

/* ---- the stash ---- */

unsigned rp_stashed(int actor)
{
    unsigned count = 0;
    for (int i = 0; i < rp_world.message_count; i++)
        count += rp_world.messages[i].receiver == actor && rp_world.messages[i].stashed;
    return count;
}

void rp_stash(int actor, gr_actor *self)
{
    struct rp_world *w = &rp_world;
    struct rp_actor *a = &w->actors[actor];
    struct rp_message *m = a->current < 0 ? NULL : &w->messages[a->current];
    const struct rp_request *r = m != NULL && m->request >= 0 ? &w->requests[m->request] : NULL;
    if (r != NULL && (r->answered || (r->done && r->error == GR_EDEADLOCK))) return;
    if (m != NULL && m->timer >= 0 && w->timers[m->timer].interval != 0) return;
    rp_note("sets aside", actor, a->current, 0);
    int error = gr_stash(self);
    if (error == GR_ENOMEM && rp_may_fail()) return;
    if (error != (m == NULL ? GR_ECONTEXT : 0)) rp_fail(RP_G3, actor, a->current, "gr_stash gave %d", error);
    if (m == NULL || error != 0) return;
    a->stashes = true;
    w->handled--;
    m->handled--;
    m->stashed = m->was_stashed = true;
    m->place = (m->returned ? KEPT : 0) + ++a->stash_next;
    if (m->request >= 0) w->requests[m->request].holder = -1;
    a->current = -1;
}

/* Whether a message is the oldest of those that its receiver has set aside. */
static bool is_oldest(int number)
{
    const struct rp_message *m = &rp_world.messages[number];
    for (int i = 0; i < rp_world.message_count; i++) {
        const struct rp_message *other = &rp_world.messages[i];
        if (other->receiver == m->receiver && other->stashed && other->place < m->place) return false;
    }
    return true;
}

void rp_unstash(int actor, gr_actor *self, bool one)
{
    struct rp_world *w = &rp_world;
    struct rp_actor *a = &w->actors[actor];
    one = one && a->role->policy != GR_POLICY_DROP_OLDEST; /* the oldest may be gone, and nobody knows */
    rp_note(one ? "puts one back" : "puts back", actor, -1, rp_stashed(actor));
    int error = one ? gr_unstash_one(self) : gr_unstash(self);
    if (error != 0) rp_fail(RP_G3, actor, -1, "%s gave %d", one ? "gr_unstash_one" : "gr_unstash", error);
    a->front -= FRONT_STEP; /* before all that was put back together earlier */
    for (int i = 0; i < w->message_count; i++) {
        struct rp_message *m = &w->messages[i];
        if (m->receiver != actor || !m->stashed || (one && !is_oldest(i))) continue;
        m->stashed = false;
        if (one)
            m->place = RETURNED + ++a->returns;
        else
            m->place += m->returned ? RETURNED - KEPT + a->returns : a->front;
        m->returned = m->returned || one;
        if (one) return;
    }
    if (one) return;
    a->returns += a->stash_next;
    a->stash_next = 0;
}

/* ---- selective receive ---- */

struct rp_choice rp_choose(int actor, const struct rp_action *action)
{
    struct rp_choice choice = {.by = RP_BY_TYPE + action->how % 3};
    choice.type = (enum rp_type)(action->how / 3 % RP_SMALL_QUESTION); /* of those before it */
    choice.sender = rp_target(actor, action->target);
    if (choice.by == RP_BY_NUMBER) choice.key = 2 + action->how / 3 % 4;
    return choice;
}

static bool is_multiple(const struct gr_mail *mail, uint64_t key)
{
    if (mail->signal != NULL) return key == 2;
    return *(const uint64_t *)mail->data % key == 0;
}

int rp_receive_chosen(gr_actor *self, struct gr_mail *mail, const struct rp_choice *choice, gr_time deadline)
{
    if (choice->by == RP_BY_TYPE) return gri_receive_type(self, mail, types[choice->type], deadline);
    if (choice->by == RP_BY_SENDER) return gr_receive_from(self, mail, choice->sender, deadline);
    return gr_receive_if(self, mail, is_multiple, choice->key, deadline);
}

/* ---- periodic timers ---- */

/* A handler's, to itself; where it would be late or refused nobody would cancel it. */
void rp_every(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    const struct rp_role *role = w->actors[actor].role;
    if (w->waits || role->kind == RP_KIND_COROUTINE || role->messages != 0 || role->bytes != 0) return;
    if (w->timer_count == RP_TIMERS_MAX || w->actors[actor].phase != RP_STARTED) return;
    int number = rp_new_message(actor, w->actors[actor].ref, RP_NOTE);
    if (number < 0) return;
    struct rp_timer *t = &w->timers[w->timer_count];
    *t = (struct rp_timer){.owner = actor, .message = number, .due = rp_now()};
    t->interval = rp_duration(action->amount, false) + 1;
    t->limit = 1 + action->how % 5;
    rp_note("sets a periodic timer", actor, number, t->interval);
    int error = gr_send_every(self, w->actors[actor].ref, t->interval, &t->handle, rp_note_m,
                              .number = (uint64_t)number);
    struct rp_message *m = &w->messages[number];
    m->direct = false;
    m->accepted = error == 0;
    m->births = UINT16_MAX; /* as many as come */
    if (error == 0)
        m->timer = w->timer_count++;
    else if (error != GR_ENOMEM || !rp_may_fail())
        rp_fail(RP_G14, actor, number, "gr_send_every gave %d", error);
}

uint64_t rp_ticks(const struct rp_timer *t, bool *unsure)
{
    const struct rp_actor *owner = &rp_world.actors[t->owner];
    gr_time end = t->cancelled ? t->cancelled_at : owner->gone ? owner->gone_at : rp_now();
    /* What is due at that very time may have come before it or not. */
    *unsure = (t->cancelled || owner->gone) && end > t->due && (end - t->due) % t->interval == 0;
    return (uint64_t)((end - t->due) / t->interval);
}

void rp_tick(int actor, gr_actor *self, int number)
{
    struct rp_timer *t = &rp_world.timers[rp_world.messages[number].timer];
    unsigned count = rp_world.messages[number].handled;
    bool unsure;
    if (t->owner != actor || count > rp_ticks(t, &unsure))
        rp_fail(RP_G14, actor, number, "message %u of a periodic timer of %lld came at %lld", count,
                (long long)t->interval, (long long)(rp_now() - t->due));
    if ((rp_now() - t->due) % t->interval != 0)
        rp_fail(RP_G14, actor, number, "a periodic timer of %lld fired at %lld", (long long)t->interval,
                (long long)(rp_now() - t->due));
    if (count < t->limit || t->cancelled) return;
    rp_note("cancels a timer", actor, number, count);
    int error = gr_timer_cancel(self, t->handle);
    if (error != 0) rp_fail(RP_G14, actor, number, "a periodic timer could not be cancelled: %d", error);
    t->cancelled = true;
    t->cancelled_at = rp_now();
}
