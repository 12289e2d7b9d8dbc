/* SPDX-License-Identifier: Apache-2.0 */
/* The actions of random programs but for sends and requests. */
#include "tests/systematic/actors/acts.h"

/* ---- ends ---- */

static int loop_of(gr_ref ref)
{
    struct gr_actor_info info;
    if (!gri_system_describe(rp_world.system, ref.slot, &info)) return -1;
    return info.loop;
}

static void stop(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    gr_ref to = rp_target(actor, action->target);
    if (w->stop_count == RP_STOPS_MAX || action->target < 10) return; /* most would end too much */
    int number = w->stop_count++;
    w->stops[number] = (struct rp_stop){rp_find_actor(to), actor, w->message_count};
    rp_note("stops", actor, -1, w->stops[number].target);
    int error = gr_stop(self, to, RP_STOP_REASON + number);
    if (error == GR_ENOMEM && rp_may_fail()) {
        w->stops[number].target = -1;
        return;
    }
    if (error != 0) rp_fail(RP_G10, actor, -1, "gr_stop gave %d", error);
}

static void kill_one(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    gr_ref to = rp_target(actor, action->target);
    int target = rp_find_actor(to);
    rp_note("kills", actor, -1, target);
    int error = gr_kill(self, to);
    if (error == GR_ENOMEM && rp_may_fail()) return;
    int expected = !gr_ref_is_null(to) && to.seat != w->system->seat ? GR_ESYSTEM : 0;
    if (error != expected) rp_fail(RP_G10, actor, -1, "gr_kill gave %d where %d was due", error, expected);
    if (target < 0) return;
    w->actors[target].killed = true;
    bool same_loop = self != NULL && target != actor && rp_exists(to) && loop_of(to) == gr_loop_index(self);
    if (same_loop && w->actors[target].role->kind != RP_KIND_COROUTINE) w->actors[target].sealed = true;
}

static bool exit_now(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_actor *a = &rp_world.actors[actor];
    int reason = action->amount % 4; /* 0: normal */
    rp_note("exits", actor, -1, reason);
    if (a->role->kind == RP_KIND_COROUTINE) {
        a->exited = true;
        a->exit_reason = reason;
        return true;
    }
    if (!a->exited) a->exit_reason = reason; /* the first one counts */
    a->exited = true;
    gr_exit(self, reason);
    return false;
}

/* ---- monitors ---- */

static void monitor(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    if (w->monitor_count == RP_MONITORS_MAX) return;
    gr_ref to = rp_target(actor, action->target);
    struct rp_monitor *m = &w->monitors[w->monitor_count++];
    *m = (struct rp_monitor){
        .watcher = actor, .ref = to, .target = rp_find_actor(to), .was_gone = !rp_exists(to)};
    rp_note("monitors", actor, -1, m->target);
    int error = gr_monitor(self, to, &m->handle);
    if (error == 0 && m->handle != 0) return;
    w->monitor_count--;
    if (error != GR_ENOMEM || !rp_may_fail()) rp_fail(RP_G6, actor, -1, "gr_monitor gave %d", error);
}

/* Whether the downs of a monitor could have been delivered by now; the last one that is active, if any. */
static void demonitor(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    int found[RP_MONITORS_MAX], count = 0;
    for (int i = 0; i < w->monitor_count; i++)
        if (w->monitors[i].watcher == actor) found[count++] = i;
    if (count == 0) {
        int error = gr_demonitor(self, action->how);
        if (error != GR_ENOTFOUND) rp_fail(RP_G6, actor, -1, "gr_demonitor of nothing gave %d", error);
        return;
    }
    int number = found[action->how % count];
    struct rp_monitor *m = &w->monitors[number];
    rp_note("demonitors", actor, -1, m->target);
    int error = gr_demonitor(self, m->handle);
    int expected = m->ended || m->downs != 0 ? GR_ENOTFOUND : 0;
    if (error != expected)
        rp_fail(RP_G6, actor, -1, "gr_demonitor of monitor %d gave %d where %d was due", number, error,
                expected);
    m->ended = true;
}

/* ---- timers and room ---- */

static void after(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    if (w->timer_count == RP_TIMERS_MAX) return;
    gr_ref to = rp_target(actor, action->target);
    enum rp_type type = action->how == RP_TEXT ? RP_TEXT : RP_NOTE;
    int number = rp_new_message(actor, to, type);
    if (number < 0) return;
    gr_time delay = rp_duration(action->amount, false);
    struct rp_timer *t = &w->timers[w->timer_count];
    *t = (struct rp_timer){.owner = actor, .message = number, .due = rp_now() + delay};
    struct rp_text_m text = {.number = (uint64_t)number};
    if (type == RP_TEXT) text.text = rp_text(self, number);
    uint8_t *bytes;
    if (type == RP_TEXT && gr_buffer_create(self, (size_t)(number % 7) * 300, &text.data, &bytes) == 0)
        rp_fill(bytes, text.data.size, number);
    rp_note("sets a timer", actor, number, t->due);
    int error = type == RP_TEXT
                    ? gri_send_after(self, to, delay, &t->handle, &rp_text_m_gr_type, &text)
                    : gr_send_after(self, to, delay, &t->handle, rp_note_m, .number = (uint64_t)number);
    struct rp_message *m = &w->messages[number];
    m->direct = false;
    m->accepted = error == 0;
    if (error == 0) {
        m->timer = w->timer_count++;
        return;
    }
    if (type == RP_TEXT) gr_message_release(&rp_text_m_gr_type, &text);
    if (error != GR_ENOMEM || !rp_may_fail()) rp_fail(RP_G14, actor, number, "gr_send_after gave %d", error);
}

static void cancel(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    int found[RP_TIMERS_MAX], count = 0;
    for (int i = 0; i < w->timer_count; i++)
        if (w->timers[i].owner == actor) found[count++] = i;
    if (count == 0) return;
    struct rp_timer *t = &w->timers[found[action->how % count]];
    if (t->interval != 0) return;
    int error = gr_timer_cancel(self, t->handle);
    rp_note("cancels a timer", actor, t->message, error);
    gr_time now = rp_now();
    if (error == 0 && (t->fired || t->cancelled || now > t->due))
        rp_fail(RP_G14, actor, t->message, "a timer for %lld could be cancelled at %lld, %s",
                (long long)t->due, (long long)now,
                t->fired       ? "after it fired"
                : t->cancelled ? "again"
                               : "too late");
    if (error != 0 && error != GR_ENOTFOUND)
        rp_fail(RP_G14, actor, t->message, "gr_timer_cancel gave %d", error);
    if (error == GR_ENOTFOUND && !t->cancelled && now < t->due)
        rp_fail(RP_G14, actor, t->message, "a timer for %lld was gone at %lld", (long long)t->due,
                (long long)now);
    if (error == 0)
        t->cancelled = true;
    else if (!t->cancelled)
        t->fired = true;
}

static void notify_room(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    if (w->wish_count == RP_WISHES_MAX) return;
    gr_ref to = rp_target(actor, action->target);
    struct rp_wish *wish = &w->wishes[w->wish_count++];
    *wish = (struct rp_wish){.watcher = actor, .ref = to, .target = rp_find_actor(to)};
    uint32_t count;
    uint64_t bytes;
    int loop;
    if (wish->target >= 0 && rp_mailbox(to, &count, &bytes, &loop)) {
        const struct rp_actor *target = &w->actors[wish->target];
        bool refuses = target->role->policy <= GR_POLICY_WAIT;
        wish->was_full = refuses &&
                         (count >= rp_bound_messages(target->role) || bytes >= rp_bound_bytes(target->role));
        wish->handled = target->handled;
    }
    rp_note("asks for room of", actor, -1, wish->target);
    int error = gr_notify_room(self, to);
    if (error == 0) return;
    w->wish_count--;
    if (error != GR_ENOMEM || !rp_may_fail()) rp_fail(RP_G15, actor, -1, "gr_notify_room gave %d", error);
}

/* ---- waiting ---- */

static bool sleep_now(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_actor *a = &rp_world.actors[actor];
    gr_time duration = rp_duration(action->amount, false);
    gr_time begin = rp_now();
    rp_note("sleeps", actor, -1, duration);
    a->wait = RP_WAIT_OTHER;
    int error = gr_sleep(self, duration);
    a->wait = RP_WAIT_NONE;
    rp_note("slept", actor, -1, error);
    if (error == GR_EKILLED) {
        a->dying = true;
        if (!a->killed && !rp_world.stopping && !rp_may_exit(actor, RP_ANY_REASON))
            rp_fail(RP_G14, actor, -1, "a sleep said killed, but nobody did");
    } else if (error == 0) {
        if (rp_now() != begin + duration)
            rp_fail(RP_G14, actor, -1, "a sleep of %lld took %lld", (long long)duration,
                    (long long)(rp_now() - begin));
        if (a->dying) rp_fail(RP_G11, actor, -1, "a killed coroutine could sleep");
    } else if (error != GR_ESTOPPED) {
        rp_fail(RP_G14, actor, -1, "gr_sleep gave %d", error);
    }
    return a->dying || error == GR_ESTOPPED;
}

static bool is_stopped(int actor)
{
    if (rp_world.stopping) return true;
    for (int i = 0; i < rp_world.stop_count; i++)
        if (rp_world.stops[i].target == actor) return true;
    return false;
}

/* The receive ended without mail. Returns whether the coroutine is to end. */
static bool received_nothing(int actor, int error, gr_time end)
{
    struct rp_actor *a = &rp_world.actors[actor];
    if (error == GR_EKILLED) {
        a->dying = true;
        if (!a->killed && !rp_world.stopping && !rp_may_exit(actor, RP_ANY_REASON))
            rp_fail(RP_G11, actor, -1, "a receive said killed, but nobody did");
    } else if (error == GR_ESTOPPED) {
        if (!is_stopped(actor)) rp_fail(RP_G11, actor, -1, "a receive said stopped, but nobody did");
    } else if (error != GR_ETIMEOUT || rp_now() != end) {
        rp_fail(RP_G14, actor, -1, "a receive until %lld gave %d at %lld", (long long)end, error,
                (long long)rp_now());
    }
    return error != GR_ETIMEOUT;
}

static enum rp_type type_of(const struct gr_type *type)
{
    const struct gr_type *const types[RP_TYPES] = {[RP_NOTE] = &rp_note_m_gr_type,
                                                   [RP_TEXT] = &rp_text_m_gr_type,
                                                   [RP_LARGE] = &rp_large_m_gr_type,
                                                   [RP_ODD] = &rp_odd_m_gr_type,
                                                   [RP_POKE] = &rp_poke_m_gr_type,
                                                   [RP_QUESTION] = &rp_question_m_gr_type,
                                                   [RP_BIG_QUESTION] = &rp_big_question_m_gr_type,
                                                   [RP_ODD_QUESTION] = &rp_odd_question_m_gr_type,
                                                   [RP_SMALL_QUESTION] = &rp_small_question_m_gr_type};
    for (unsigned i = 0; i < RP_TYPES; i++)
        if (types[i]->id == type->id) return (enum rp_type)i;
    return RP_TYPES;
}

/* A piece of mail as a catch-all handler or a receive sees it. */
static bool take_mail(int actor, gr_actor *self, const struct gr_mail *mail)
{
    enum rp_type type = type_of(mail->type);
    if (type == RP_TYPES) {
        rp_fail(RP_G9, actor, -1, "a %s arrived as mail", mail->type->name);
        return false;
    }
    rp_arrived(actor, self, type, mail->data, mail->sender);
    int number = rp_world.actors[actor].current;
    const struct rp_message *m = number < 0 ? NULL : &rp_world.messages[number];
    bool ended = m != NULL && m->request >= 0 && m->was_stashed && rp_world.requests[m->request].done;
    if (mail->is_request != (type >= RP_QUESTION) && !ended)
        rp_fail(RP_G8, actor, number, "a request is not known as one");
    return type >= RP_QUESTION && number >= 0 && rp_handle_question(actor, self, number);
}

bool rp_receive(int actor, gr_actor *self, gr_time deadline, const struct rp_choice *choice)
{
    struct rp_actor *a = &rp_world.actors[actor];
    gr_time end = gri_clock_after(rp_now(), deadline);
    rp_leave_question(actor);
    rp_note(choice == NULL ? "receives" : "chooses", actor, -1, deadline);
    a->choice = choice == NULL ? (struct rp_choice){.by = RP_BY_NOTHING} : *choice;
    a->wait = choice == NULL ? RP_WAIT_RECEIVE : RP_WAIT_CHOOSE;
    struct gr_mail mail;
    int error = choice == NULL ? gr_receive(self, &mail, deadline)
                               : rp_receive_chosen(self, &mail, choice, deadline);
    a->wait = RP_WAIT_NONE;
    if (error != 0) rp_note("received nothing", actor, -1, error);
    if (error == GR_ENOMEM && choice != NULL && rp_may_fail()) return false;
    if (error != 0) return received_nothing(actor, error, end);
    if (a->dying) rp_fail(RP_G11, actor, -1, "a killed coroutine could receive");
    if (mail.signal == NULL) return take_mail(actor, self, &mail);
    if (a->choice.by != RP_BY_NOTHING && a->choice.key != 2)
        rp_fail(RP_G1, actor, -1, "a signal came where it was not chosen");
    rp_signal(actor, mail.signal);
    return false;
}

static bool choose(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_choice choice = rp_choose(actor, action);
    return rp_receive(actor, self, rp_duration(action->amount, action->amount % 8 == 3), &choice);
}

/* What puts mail off. */
static void put_off(int actor, gr_actor *self, const struct rp_action *action)
{
    if (action->op == RP_OP_STASH)
        rp_stash(actor, self);
    else if (action->op == RP_OP_UNSTASH)
        rp_unstash(actor, self, action->how % 2 != 0);
    else
        rp_every(actor, self, action);
}

/* ---- all ---- */

/* Those of links and names. */
static void act_on_ties(int actor, gr_actor *self, const struct rp_action *action)
{
    if (action->op == RP_OP_LINK) rp_link(actor, self, action);
    if (action->op == RP_OP_UNLINK) rp_unlink(actor, self, action);
    if (action->op == RP_OP_TRAP) rp_trap(actor, self, action);
    if (action->op == RP_OP_REGISTER) rp_register(actor, self, action);
    if (action->op == RP_OP_UNREGISTER) rp_unregister(actor, self, action);
}

/* Sends as many as the action says. */
static void send_some(int actor, gr_actor *self, const struct rp_action *action)
{
    for (unsigned i = 0; i < action->amount % 16u; i++)
        rp_send(actor, self, rp_target(actor, action->target), (enum rp_type)action->how,
                action->op == RP_OP_TRY_SEND);
}

/* What each operation does, but for those that may say that the actor is to return. */
static void (*const acts[RP_OP_COUNT])(int, gr_actor *, const struct rp_action *) = {
    [RP_OP_SPAWN] = rp_spawn,
    [RP_OP_ASK] = rp_ask,
    [RP_OP_STOP] = stop,
    [RP_OP_KILL] = kill_one,
    [RP_OP_POLL] = rp_poll,
    [RP_OP_RELEASE] = rp_release,
    [RP_OP_MONITOR] = monitor,
    [RP_OP_DEMONITOR] = demonitor,
    [RP_OP_AFTER] = after,
    [RP_OP_CANCEL] = cancel,
    [RP_OP_NOTIFY_ROOM] = notify_room,
    [RP_OP_BLOCKING] = rp_blocking,
    [RP_OP_UNREGISTER] = act_on_ties,
    [RP_OP_CALL] = rp_call,
    [RP_OP_AWAIT] = rp_await,
    [RP_OP_EVERY] = put_off,
    [RP_OP_LINK] = act_on_ties,
    [RP_OP_UNLINK] = act_on_ties,
    [RP_OP_TRAP] = act_on_ties,
    [RP_OP_REGISTER] = act_on_ties,
    [RP_OP_STASH] = put_off,
    [RP_OP_UNSTASH] = put_off,
    [RP_OP_TASK] = rp_task,
    [RP_OP_CANCEL_FUTURE] = rp_cancel_future,
    [RP_OP_KILL_TASK] = rp_kill_task,
    [RP_OP_ON_DONE] = rp_on_done,
    [RP_OP_BECOME] = rp_become,
    [RP_OP_PROMISE] = rp_promise,
    [RP_OP_JOIN] = rp_join,
    [RP_OP_SET] = rp_set,
    [RP_OP_SCOPE] = rp_scope,
    [RP_OP_SEND] = send_some,
    [RP_OP_TRY_SEND] = send_some,
};

bool rp_act(int actor, gr_actor *self, const struct rp_action *action)
{
    if (self != NULL && rp_has_joins(rp_world.program)) rp_check_local(actor, self);
    if (acts[action->op] != NULL) acts[action->op](actor, self, action);
    if (action->op == RP_OP_EXIT) return exit_now(actor, self, action);
    if (action->op == RP_OP_SLEEP) return sleep_now(actor, self, action);
    if (action->op == RP_OP_RECEIVE) return rp_receive(actor, self, rp_duration(action->amount, true), NULL);
    if (action->op == RP_OP_CHOOSE) return choose(actor, self, action);
    return actor != RP_OUTSIDE && rp_world.actors[actor].dying;
}
