/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives at actors of random programs: messages, signals, the start and the end, each checked. */
#include "tests/systematic/actors/acts.h"

#include <stdio.h>
#include <string.h>

/* ---- messages ---- */

static bool is_filled(const uint8_t *bytes, size_t size, int number)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != (uint8_t)(number & 255)) return false;
    return true;
}

static bool is_text(const gr_string *text, int number)
{
    char expected[16];
    size_t length = (size_t)snprintf(expected, sizeof expected, "%d", number);
    if (text->length == 0) return rp_may_fail();
    return text->length == length && memcmp(text->data, expected, length) == 0;
}

/* Whether the payload is what was sent. */
static bool is_whole(enum rp_type type, const void *data, int number)
{
    if (type == RP_TEXT) {
        const struct rp_text_m *m = data;
        size_t size = (size_t)(number % 7) * 300;
        bool size_fits = m->data.size == size || (m->data.size == 0 && rp_may_fail());
        return is_text(&m->text, number) && size_fits && is_filled(m->data.data, m->data.size, number);
    }
    if (type == RP_LARGE) return is_filled(((const struct rp_large_m *)data)->bytes, RP_LARGE_BYTES, number);
    if (type == RP_BIG_QUESTION)
        return is_filled(((const struct rp_big_question_m *)data)->bytes, RP_LARGE_BYTES, number);
    if (type == RP_QUESTION) return is_text(&((const struct rp_question_m *)data)->text, number);
    return true;
}

static void check_order(int actor, int number)
{
    struct rp_message *m = &rp_world.messages[number];
    if (m->after_down)
        rp_fail(RP_G4, actor, number, "message %d of actor %d arrived after its down", number, m->sender);
    rp_check_order(actor, number);
}

/* The down or exit of an actor: what it sent comes before, but for what was set aside, or passed over by a selective
 * receive. */
void rp_came_down(int target, int actor)
{
    if (rp_world.actors[actor].choice.by != RP_BY_NOTHING) return;
    for (int i = 0; i < rp_world.message_count; i++) {
        struct rp_message *m = &rp_world.messages[i];
        if (m->sender == target && m->receiver == actor && m->births == 1 && !m->stashed)
            m->after_down = true;
    }
}

static void check_timer(int actor, int number)
{
    struct rp_timer *t = &rp_world.timers[rp_world.messages[number].timer];
    const struct rp_actor *owner = &rp_world.actors[t->owner];
    gr_time now = rp_now();
    t->fired = true;
    if (now < t->due)
        rp_fail(RP_G14, actor, number, "a timer for %lld fired at %lld", (long long)t->due, (long long)now);
    if (t->cancelled) rp_fail(RP_G14, actor, number, "a cancelled timer fired");
    if (owner->gone && owner->gone_at < t->due)
        rp_fail(RP_G11, t->owner, number, "a timer for %lld of an actor that ended at %lld fired",
                (long long)t->due, (long long)owner->gone_at);
    /* A coroutine may be busy, who rests is late, and what was set aside comes again. */
    if (!rp_world.messages[number].was_stashed && rp_world.actors[actor].role->kind != RP_KIND_COROUTINE &&
        !rp_world.waits && now != t->due)
        rp_fail(RP_G14, actor, number, "a timer for %lld was handled at %lld", (long long)t->due,
                (long long)now);
}

static void check_sender(int actor, int number, gr_ref sender)
{
    const struct rp_message *m = &rp_world.messages[number];
    gr_ref expected = {0, 0, 0};
    if (m->sender != RP_OUTSIDE) expected = rp_world.actors[m->sender].ref;
    if (!gr_ref_equal(sender, expected))
        rp_fail(RP_G10, actor, number, "message %d says it comes from slot %u", number, sender.slot);
}

void rp_arrived(int actor, gr_actor *self, enum rp_type type, const void *data, gr_ref sender)
{
    struct rp_world *w = &rp_world;
    struct rp_actor *a = &w->actors[actor];
    uint64_t given = *(const uint64_t *)data; /* the number comes first in each */
    w->handled++;
    a->handled++;
    a->current = -1;
    if (given >= (uint64_t)w->message_count || w->messages[given].type != type) {
        rp_fail(RP_G3, actor, -1, "an unknown %s %llu arrived", rp_type_name(type),
                (unsigned long long)given);
        return;
    }
    int number = (int)given;
    struct rp_message *m = &w->messages[number];
    a->current = number;
    rp_note("handles", actor, number, 0);
    if (type == RP_POKE) a->poked = false;
    m->handled++;
    if (m->timer >= 0 && w->timers[m->timer].interval != 0)
        rp_tick(actor, self, number);
    else if (m->timer >= 0)
        check_timer(actor, number);
    if (m->handled > m->births)
        rp_fail(RP_G3, actor, number, "message %d arrived %u times", number, m->handled);
    if (!m->accepted || m->dropped)
        rp_fail(RP_G3, actor, number, "message %d was refused and arrived", number);
    if (!is_whole(type, data, number)) rp_fail(RP_G3, actor, number, "message %d arrived damaged", number);
    if (m->receiver != actor || !gr_ref_equal(m->to, gr_self(self)) || !gr_ref_equal(a->ref, gr_self(self)))
        rp_fail(RP_G10, actor, number, "message %d for actor %d arrived at actor %d", number, m->receiver,
                actor);
    if (a->phase != RP_STARTED) rp_fail(RP_G7, actor, number, "message %d arrived before the start", number);
    if (a->sealed) rp_fail(RP_G11, actor, number, "message %d arrived after a kill on the same loop", number);
    check_sender(actor, number, sender);
    check_order(actor, number);
}

/* ---- signals ---- */

void rp_check_end_reason(int watcher, int number, gr_ref ref, bool was_gone, int reason)
{
    struct rp_actor *target = &rp_world.actors[number];
    if (rp_exists(ref))
        rp_fail(RP_G6, number, -1, "actor %d is said to be down with %d, but lives", number, reason);
    if (reason == GR_ESTALE) return;
    if (was_gone)
        rp_fail(RP_G6, watcher, -1, "the down of actor %d, that had ended before, says %d", number, reason);
    if (target->reason_known && target->reason != reason)
        rp_fail(RP_G6, number, -1, "actor %d ended with %d, its down says %d", number, target->reason,
                reason);
    if (!target->reason_known) rp_check_reason(number, reason);
}

static void check_down_reason(const struct rp_monitor *m, int reason)
{
    if (m->target >= 0) {
        rp_check_end_reason(m->watcher, m->target, m->ref, m->was_gone, reason);
        return;
    }
    int expected = gr_ref_is_null(m->ref) || m->ref.seat == rp_world.system->seat ? GR_ESTALE : GR_ESYSTEM;
    if (reason != expected) rp_fail(RP_G6, m->watcher, -1, "the down of nobody says %d", reason);
}

static void down(int actor, const struct gr_signal *signal)
{
    for (int i = 0; i < rp_world.monitor_count; i++) {
        struct rp_monitor *m = &rp_world.monitors[i];
        if (m->watcher != actor || m->handle != signal->monitor) continue;
        m->downs++;
        if (m->downs > 1) rp_fail(RP_G6, actor, -1, "a second down of monitor %d", i);
        if (m->ended) rp_fail(RP_G6, actor, -1, "a down of monitor %d after demonitor", i);
        if (!gr_ref_equal(m->ref, signal->actor))
            rp_fail(RP_G6, actor, -1, "the down of monitor %d is about another", i);
        check_down_reason(m, signal->reason);
        if (m->target >= 0) rp_came_down(m->target, actor);
        return;
    }
    rp_fail(RP_G6, actor, -1, "a down of no monitor");
}

/* A room signal while the mailbox has been full all the time, with nothing taken out of it. */
static bool is_early(const struct rp_wish *wish)
{
    uint32_t count;
    uint64_t bytes;
    int loop;
    if (wish->target < 0 || !wish->was_full || rp_world.actors[wish->target].handled != wish->handled)
        return false;
    const struct rp_role *role = rp_world.actors[wish->target].role;
    if (role->kind == RP_KIND_TYPED) return false; /* it may have taken one that it doesn't know */
    if (!rp_mailbox(wish->ref, &count, &bytes, &loop)) return false;
    return count >= rp_bound_messages(role) || bytes >= rp_bound_bytes(role);
}

static void room(int actor, const struct gr_signal *signal)
{
    for (int i = 0; i < rp_world.wish_count; i++) {
        struct rp_wish *wish = &rp_world.wishes[i];
        if (wish->watcher != actor || wish->done || !gr_ref_equal(wish->ref, signal->actor)) continue;
        wish->done = true;
        if (is_early(wish))
            rp_fail(RP_G15, wish->target, -1, "a room signal about actor %d, which is full", wish->target);
        return;
    }
    rp_fail(RP_G15, actor, -1, "a room signal that nobody asked for");
}

void rp_signal(int actor, const struct gr_signal *signal)
{
    struct rp_actor *a = &rp_world.actors[actor];
    int about = rp_find_actor(signal->actor);
    rp_note(signal->kind == GR_SIGNAL_DOWN   ? "gets the down of"
            : signal->kind == GR_SIGNAL_EXIT ? "gets the exit of"
                                             : "gets room of",
            actor, -1, about);
    if (a->phase != RP_STARTED) rp_fail(RP_G7, actor, -1, "a signal arrived before the start");
    if (signal->kind == GR_SIGNAL_DOWN)
        down(actor, signal);
    else if (signal->kind == GR_SIGNAL_ROOM)
        room(actor, signal);
    else if (signal->kind == GR_SIGNAL_EXIT)
        rp_exit(actor, signal);
    else
        rp_fail(RP_G6, actor, -1, "a signal of kind %d", (int)signal->kind);
}

/* ---- start and end ---- */

int rp_started(gr_actor *self, const struct rp_begin *begin)
{
    struct rp_world *w = &rp_world;
    if (begin->actor >= (uint32_t)w->actor_count) {
        rp_fail(RP_G7, -1, -1, "the start of unknown actor %u", begin->actor);
        return -1;
    }
    int actor = (int)begin->actor;
    struct rp_actor *a = &w->actors[actor];
    rp_note("starts", actor, -1, gr_loop_index(self));
    if (!gr_ref_equal(gr_self(self), a->ref))
        rp_fail(RP_G10, actor, -1, "actor %d starts under another name", actor);
    if (a->phase != RP_NAMED) rp_fail(RP_G7, actor, -1, "actor %d starts again", actor);
    if (!is_text(&begin->text, actor))
        rp_fail(RP_G7, actor, -1, "the start message of actor %d is damaged", actor);
    a->phase = RP_STARTED;
    uint32_t count;
    uint64_t bytes;
    int loop;
    if (!rp_mailbox(a->ref, &count, &bytes, &loop))
        rp_fail(RP_G7, actor, -1, "actor %d starts but isn't listed", actor);
    else
        a->overfull = count > rp_bound_messages(a->role) || bytes >= rp_bound_bytes(a->role);
    return actor;
}

/* Whether somebody asked for an end with this reason. */
static bool is_stop_of(int actor, int reason)
{
    int stop = reason - RP_STOP_REASON;
    return stop >= 0 && stop < rp_world.stop_count && rp_world.stops[stop].target == actor;
}

bool rp_is_plausible(int actor, int reason)
{
    const struct rp_actor *a = &rp_world.actors[actor];
    if (reason == GR_EKILLED && (a->killed || rp_world.stopping)) return true;
    if (rp_may_exit(actor, reason)) return true;
    if (reason == GR_EKILLED) return false;
    if (a->exited && reason == a->exit_reason) return true;
    /* A handler's own first word counts; a coroutine that returns 0 leaves it to others. */
    if (a->exited && (a->role->kind != RP_KIND_COROUTINE || a->exit_reason != 0)) return false;
    if (is_stop_of(actor, reason)) return true;
    if (reason == GR_ESTOPPED) return rp_world.stopping;
    return reason == GR_ENOMEM && rp_may_fail() && a->phase == RP_NAMED;
}

void rp_check_reason(int actor, int reason)
{
    struct rp_actor *a = &rp_world.actors[actor];
    if (!rp_is_plausible(actor, reason))
        rp_fail(RP_G11, actor, -1, "actor %d ended with %d, which nobody caused", actor, reason);
    a->reason = reason;
    a->reason_known = true;
}
