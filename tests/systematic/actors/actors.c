/* SPDX-License-Identifier: Apache-2.0 */
/* The behaviours of random programs: they run the actions of their role, and tell the checker what they see. */
#include "tests/systematic/actors/acts.h"

#include <stdio.h>

struct rp_state {
    uint64_t actor; /* its number */
};

/* ---- handler actors ---- */

/* Some more of the actor's actions. */
static void go_on(int actor, gr_actor *self, unsigned most)
{
    struct rp_actor *a = &rp_world.actors[actor];
    while (most-- > 0 && a->cursor < a->role->count) {
        a->cursor++;
        rp_act(actor, self, &a->role->actions[a->cursor - 1]);
    }
    rp_poke(actor, self);
}

static int start(gr_actor *self, struct rp_state *state, const struct rp_begin *begin)
{
    int actor = rp_started(self, begin);
    if (actor < 0) return GR_EINVALID;
    struct rp_actor *a = &rp_world.actors[actor];
    state->actor = (uint64_t)actor;
    if (a->role->refuses) {
        a->phase = RP_REFUSED;
        a->exited = true;
        a->exit_reason = 40;
        return 40;
    }
    rp_poke(actor, self);
    return 0;
}

static void end(gr_actor *self, struct rp_state *state, const int *reason)
{
    int actor = (int)state->actor;
    struct rp_actor *a = &rp_world.actors[actor];
    rp_note("ends", actor, -1, *reason);
    if (a->phase != RP_STARTED)
        rp_fail(RP_G11, actor, -1, "the end of actor %d comes twice, or without its start", actor);
    rp_check_reason(actor, *reason);
    if (a->role->sends_at_end && a->role->count > 0)
        rp_act(actor, self, &a->role->actions[a->role->count - 1]);
    rp_drop_requests(actor);
    a->phase = RP_ENDED;
    a->ended_at = rp_now();
}

/* The handlers in force are those that it chose last: its own, or the others. */
static void check_handlers(const struct rp_state *state, bool others)
{
    if (rp_world.actors[state->actor].became != others)
        rp_fail(RP_G3, (int)state->actor, -1, "a message went to handlers that are not in force");
}

/* Handles a message of any type. */
static void handle(gr_actor *self, struct rp_state *state, enum rp_type type, const void *data)
{
    int actor = (int)state->actor;
    rp_arrived(actor, self, type, data, gr_sender(self));
    int number = rp_world.actors[actor].current;
    if (type >= RP_QUESTION && number >= 0) rp_handle_question(actor, self, number);
    go_on(actor, self, 2);
    rp_leave_question(actor);
}

#define HANDLER(type, kind)                                                                                  \
    static void on_##type(gr_actor *self, struct rp_state *state, const struct rp_##type##_m *m)             \
    {                                                                                                        \
        check_handlers(state, false);                                                                        \
        handle(self, state, kind, m);                                                                        \
    }                                                                                                        \
    static void also_##type(gr_actor *self, struct rp_state *state, const struct rp_##type##_m *m)           \
    {                                                                                                        \
        check_handlers(state, true);                                                                         \
        handle(self, state, kind, m);                                                                        \
    }
HANDLER(note, RP_NOTE)
HANDLER(text, RP_TEXT)
HANDLER(large, RP_LARGE)
HANDLER(poke, RP_POKE)
HANDLER(question, RP_QUESTION)
HANDLER(big_question, RP_BIG_QUESTION)
HANDLER(small_question, RP_SMALL_QUESTION)

static void on_signal(gr_actor *self, struct rp_state *state, const struct gr_signal *signal)
{
    rp_signal((int)state->actor, signal);
    go_on((int)state->actor, self, 1);
}

/* All that has no handler of its own. */
static void handle_any(gr_actor *self, struct rp_state *state, const struct gr_mail *mail)
{
    const struct rp_note_m *note = gr_mail_as(mail, rp_note_m);
    const struct rp_odd_m *odd = gr_mail_as(mail, rp_odd_m);
    const struct rp_odd_question_m *question = gr_mail_as(mail, rp_odd_question_m);
    if (!gr_ref_equal(mail->sender, gr_sender(self)))
        rp_fail(RP_G10, (int)state->actor, -1, "mail has two senders");
    if (note != NULL)
        handle(self, state, RP_NOTE, note);
    else if (odd != NULL)
        handle(self, state, RP_ODD, odd);
    else if (question != NULL)
        handle(self, state, RP_ODD_QUESTION, question);
    else
        rp_fail(RP_G9, (int)state->actor, -1, "a %s arrived as mail", mail->type->name);
}

static void on_any(gr_actor *self, struct rp_state *state, const struct gr_mail *mail)
{
    check_handlers(state, false);
    handle_any(self, state, mail);
}

static void also_any(gr_actor *self, struct rp_state *state, const struct gr_mail *mail)
{
    check_handlers(state, true);
    handle_any(self, state, mail);
}

GR_ACTOR(rp_typed, struct rp_state, rp_begin, start, GR_ON(rp_note_m, on_note), GR_ON(rp_text_m, on_text),
         GR_ON(rp_large_m, on_large), GR_ON(rp_poke_m, on_poke), GR_ON(rp_question_m, on_question),
         GR_ON(rp_big_question_m, on_big_question), GR_ON(rp_small_question_m, on_small_question),
         GR_ON_SIGNAL(on_signal), GR_ON_END(end));

GR_ACTOR(rp_any, struct rp_state, rp_begin, start, GR_ON(rp_text_m, on_text), GR_ON(rp_large_m, on_large),
         GR_ON(rp_poke_m, on_poke), GR_ON(rp_question_m, on_question),
         GR_ON(rp_big_question_m, on_big_question), GR_ON(rp_small_question_m, on_small_question),
         GR_ON_ANY(on_any), GR_ON_SIGNAL(on_signal), GR_ON_END(end));

/* The same types to other functions. */
GR_HANDLERS(rp_typed_also, struct rp_state, GR_ON(rp_note_m, also_note), GR_ON(rp_text_m, also_text),
            GR_ON(rp_large_m, also_large), GR_ON(rp_poke_m, also_poke), GR_ON(rp_question_m, also_question),
            GR_ON(rp_big_question_m, also_big_question), GR_ON(rp_small_question_m, also_small_question));

GR_HANDLERS(rp_any_also, struct rp_state, GR_ON(rp_text_m, also_text), GR_ON(rp_large_m, also_large),
            GR_ON(rp_poke_m, also_poke), GR_ON(rp_question_m, also_question),
            GR_ON(rp_big_question_m, also_big_question), GR_ON(rp_small_question_m, also_small_question),
            GR_ON_ANY(also_any), GR_ON_SIGNAL(on_signal));

void rp_become(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_actor *a = &rp_world.actors[actor];
    bool others = action->how % 2 != 0;
    rp_note("becomes", actor, -1, others);
    int error = !others                          ? gr_unbecome(self)
                : a->role->kind == RP_KIND_TYPED ? gr_become(self, rp_typed_also)
                                                 : gr_become(self, rp_any_also);
    if (error == 0)
        a->became = others;
    else if (error != GR_ENOMEM || !rp_may_fail())
        rp_fail(RP_G3, actor, -1, "gr_become gave %d", error);
}

/* ---- coroutine actors ---- */

/* Receives until it is told to end, or has had enough. */
static void drain(int actor, gr_actor *self)
{
    struct rp_actor *a = &rp_world.actors[actor];
    unsigned left = a->role->patience;
    while (!rp_receive(actor, self, GR_FOREVER, NULL))
        if (left != 0 && --left == 0) break;
}

static int coroutine(gr_actor *self, const struct rp_begin *begin)
{
    int actor = rp_started(self, begin);
    if (actor < 0) return GR_EINVALID;
    struct rp_actor *a = &rp_world.actors[actor];
    bool ends = a->role->refuses;
    while (!ends && a->cursor < a->role->count) {
        a->cursor++;
        ends = rp_act(actor, self, &a->role->actions[a->cursor - 1]);
    }
    if (!ends) drain(actor, self);
    int result = a->exited ? a->exit_reason : 0;
    a->exited = true;
    a->exit_reason = result;
    a->phase = RP_ENDED;
    a->ended_at = rp_now();
    rp_note("returns", actor, -1, result);
    rp_leave_question(actor);
    rp_drop_requests(actor);
    return result;
}

GR_COROUTINE(rp_coroutine, rp_begin, coroutine);

/* ---- spawning ---- */

static const struct gr_behaviour *behaviour_of(const struct rp_role *role)
{
    if (role->kind == RP_KIND_COROUTINE) return rp_coroutine_gr_behaviour();
    return role->kind == RP_KIND_TYPED ? rp_typed_gr_behaviour() : rp_any_gr_behaviour();
}

/* Whether a spawn may fail. */
static bool may_refuse(void)
{
    return rp_may_fail() || rp_world.stopping || rp_world.program->actors_max < 65536;
}

void rp_spawn(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    if (w->actor_count == RP_ACTORS_MAX) return;
    int number = w->actor_count;
    const struct rp_role *role = &w->program->roles[action->how % w->program->role_count];
    unsigned where = action->amount % ((unsigned)w->program->loops + 2);
    gri_spawn_options options = {.size = sizeof options,
                                 .loop = where == 0   ? GR_SAME_LOOP
                                         : where == 1 ? GR_SPREAD
                                                      : GR_LOOP((int)where - 2),
                                 .mailbox = {role->messages, role->bytes, role->policy}};
    int name = -1, wanted = 0;
    if (rp_has_ties(w->program) && action->forward % 8 == 1) name = action->forward / 8 % RP_NAMES;
    if (name >= 0) options.name = rp_name(name);
    if (name >= 0) wanted = rp_foresee_name(name);
    if (rp_has_ties(w->program) && self != NULL) options.link = action->forward % 4 == 1;
    struct rp_begin begin = {.actor = (uint32_t)number, .text = rp_text(self, number)};
    gr_ref ref = self == NULL ? gri_system_spawn(w->system, behaviour_of(role), &options, &begin)
                              : gri_spawn(self, behaviour_of(role), &options, &begin);
    if (gr_ref_is_null(ref)) {
        rp_note("can't spawn", actor, -1, number);
        if (!may_refuse() && wanted == 0)
            rp_fail(RP_G7, actor, -1, "a spawn was refused: %s", gr_last_error(self));
        return;
    }
    if (rp_find_actor(ref) >= 0) rp_fail(RP_G10, number, -1, "actor %d has the name of another", number);
    for (int i = 0; i < number; i++)
        if (w->actors[i].ref.slot == ref.slot) {
            w->reused++;
            if (rp_exists(w->actors[i].ref))
                rp_fail(RP_G10, number, -1, "actor %d has the slot of a living one", number);
        }
    w->spawned++;
    w->actor_count++;
    w->actors[number] = (struct rp_actor){
        .ref = ref, .role = role, .parent = actor, .current = -1, .last_child = -1, .awaited = -1};
    if (self != NULL) w->actors[actor].last_child = number;
    if (wanted != 0)
        rp_fail(RP_NAMED_ONCE, number, -1, "actor %d was spawned with the name of another", number);
    if (name >= 0) rp_named(name, number);
    if (options.link) rp_tied(actor, number);
    rp_note("spawns", actor, -1, number);
}
