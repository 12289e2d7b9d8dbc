/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links, exits and names of random programs. Two actors link, unlink and end at the same time, so of each direction the
 * checker knows only whether its wish may still hold: an exit needs one, and where it must have come it is missed.
 */
#include "actors/links/links.h"
#include "tests/systematic/actors/acts.h"

#include <stdio.h>
#include <string.h>

/* ---- links ---- */

static struct rp_tie *tie(int actor, int other)
{
    return &rp_world.ties[actor][other];
}

/* Whether an exit of `other` may reach `actor`. */
static bool may_come(int actor, int other)
{
    const struct rp_tie *own = tie(actor, other), *theirs = tie(other, actor);
    return own->wished || (theirs->wished && !own->is_over);
}

/* Notes that `actor` wished to be linked with `other`. */
void rp_tied(int actor, int other)
{
    struct rp_tie *t = tie(actor, other);
    if (!t->wished) t->was_gone = !rp_exists(rp_world.actors[other].ref); /* else it is the same link */
    t->wished = t->was_wished = true;
    t->step = rp_world.steps;
    if (!t->was_gone) t->is_over = false;
}

void rp_link(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    gr_ref to = rp_target(actor, action->target);
    int other = rp_find_actor(to);
    rp_note("links with", actor, -1, other);
    /* The answer of nobody may come before gr_link returns. */
    struct rp_tie before = other >= 0 ? *tie(actor, other) : (struct rp_tie){.step = 0};
    if (other < 0) w->actors[actor].void_links++;
    if (other >= 0 && other != actor) rp_tied(actor, other);
    int error = gr_link(self, to);
    if (error == 0) return;
    if (other < 0) w->actors[actor].void_links--;
    if (other >= 0 && other != actor) *tie(actor, other) = before;
    if (error != GR_ENOMEM || !rp_may_fail()) rp_fail(RP_G6, actor, -1, "gr_link gave %d", error);
}

void rp_unlink(int actor, gr_actor *self, const struct rp_action *action)
{
    gr_ref to = rp_target(actor, action->target);
    int other = rp_find_actor(to);
    rp_note("unlinks", actor, -1, other);
    int error = gr_unlink(self, to);
    if (error != 0 && error != GR_ENOTFOUND) rp_fail(RP_G6, actor, -1, "gr_unlink gave %d", error);
    if (other < 0 || other == actor) {
        if (other == actor && error == 0) rp_fail(RP_G6, actor, -1, "an actor had a link with itself");
        return;
    }
    /* Of one that the other has withdrawn, this loop may not have heard yet. */
    bool could_be = tie(actor, other)->wished || tie(other, actor)->wished ||
                    (rp_world.program->loops > 1 && tie(other, actor)->was_wished);
    if (error == 0 && !could_be) rp_fail(RP_G6, actor, -1, "there was a link that nobody made");
    /* Whose exit has come already is to end, and can't help it; unless it traps. */
    if (may_come(actor, other) && !rp_exists(to)) rp_world.actors[actor].exited_by |= UINT64_C(1) << other;
    tie(actor, other)->wished = tie(actor, other)->was_gone = false;
    tie(actor, other)->unlinked = true;
    if (rp_world.program->loops == 1) tie(other, actor)->wished = false; /* it was here already */
}

void rp_trap(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_actor *a = &rp_world.actors[actor];
    bool traps = action->amount % 4 != 0;
    rp_note("traps exits", actor, -1, traps);
    if (traps != a->traps) a->trap_step = rp_world.steps;
    a->traps = traps;
    gr_trap_exits(self, traps);
}

bool rp_may_exit(int actor, int reason)
{
    static bool looked_at[RP_ACTORS_MAX];
    struct rp_world *w = &rp_world;
    bool may = false;
    if (reason == 0 || looked_at[actor]) return false;
    if (w->actors[actor].void_links > 0 &&
        (reason == GR_ESTALE || reason == GR_ESYSTEM || reason == RP_ANY_REASON))
        return true;
    looked_at[actor] = true;
    for (int i = 0; i < w->actor_count && !may; i++) {
        const struct rp_actor *other = &w->actors[i];
        bool has_come = (w->actors[actor].exited_by >> i & 1) != 0;
        if (i == actor || !(has_come || may_come(actor, i)) || rp_exists(other->ref)) continue;
        may = reason == RP_ANY_REASON || (reason == GR_ESTALE && (has_come || tie(actor, i)->wished)) ||
              (other->reason_known ? other->reason == reason : rp_is_plausible(i, reason));
    }
    looked_at[actor] = false;
    return may;
}

void rp_exit(int actor, const struct gr_signal *signal)
{
    struct rp_world *w = &rp_world;
    int other = rp_find_actor(signal->actor);
    if (other < 0) {
        int expected = gr_ref_is_null(signal->actor) || signal->actor.seat == w->system->seat ? GR_ESTALE
                                                                                              : GR_ESYSTEM;
        if (w->actors[actor].void_links-- <= 0) rp_fail(RP_G6, actor, -1, "an exit of nobody");
        if (signal->reason != expected) rp_fail(RP_G6, actor, -1, "nobody exits with %d", signal->reason);
        return;
    }
    struct rp_tie *own = tie(actor, other);
    if (!may_come(actor, other))
        rp_fail(RP_G6, actor, -1, "an exit of actor %d, which is not linked with actor %d (any more)", other,
                actor);
    bool was_gone = own->was_gone && !tie(other, actor)->wished; /* else it is of the other's own wish */
    bool is_travelling = signal->reason == GR_ESTALE && rp_is_plausible(other, GR_ESTALE);
    if (signal->reason == GR_ESTALE && !own->wished && !is_travelling)
        rp_fail(RP_G6, actor, -1, "a stale exit of actor %d, but it was no wish of actor %d", other, actor);
    rp_check_end_reason(actor, other, signal->actor, was_gone, signal->reason);
    own->wished = own->was_gone = false;
    own->is_over = true;
    own->exits++;
    rp_came_down(other, actor);
}

/* Whether an exit of `other` that is due has neither come to `actor` as a signal nor ended it. */
static void check_tie(int actor, int other)
{
    const struct rp_actor *a = &rp_world.actors[actor], *o = &rp_world.actors[other];
    const struct rp_tie *own = tie(actor, other), *theirs = tie(other, actor);
    if (!o->gone || own->unlinked || theirs->unlinked || own->exits != 0) return;
    if (!own->wished && !theirs->wished) return;
    uint64_t began = own->wished && own->step > o->gone_step ? own->step : o->gone_step;
    if (a->trap_step >= began) return; /* it may have come when that was different */
    uint32_t count;
    uint64_t bytes;
    int loop;
    bool reads = a->role->kind != RP_KIND_COROUTINE || a->wait == RP_WAIT_RECEIVE;
    if (a->phase != RP_STARTED || !rp_mailbox(a->ref, &count, &bytes, &loop)) return;
    if (a->traps && reads && !rp_somebody_is_full())
        rp_fail(RP_G6, actor, -1, "the exit of actor %d never came to actor %d, which traps it", other,
                actor);
    bool was_gone = own->was_gone && !theirs->wished; /* else there was a link already */
    bool abnormal = was_gone || (o->reason_known && o->reason != 0);
    if (!a->traps && abnormal)
        rp_fail(RP_G6, actor, -1, "actor %d is linked with actor %d, which ended with %d, and lives", actor,
                other, o->reason);
}

/* Whether the table of any loop has an end of `owner`'s link with `peer`. */
static bool has_end(gr_ref owner, gr_ref peer)
{
    for (unsigned i = 0; i < rp_world.system->loop_count; i++) {
        const struct gri_table *table = &rp_world.system->actors[i].links;
        for (uint64_t bucket = 0; bucket <= table->mask; bucket++)
            for (struct gri_table_node *node = gri_table_bucket(table, bucket); node; node = node->next) {
                struct gri_link_end *end = GRI_CONTAINER_OF(node, struct gri_link_end, place);
                gr_ref found = gri_message_sender(gri_envelope_of(end));
                if (gr_ref_equal(found, owner) && gr_ref_equal(end->peer, peer)) return true;
            }
    }
    return false;
}

/* The two sides of a link agree, but for one whose exit waits in a mailbox. */
static void check_ends(const struct gri_table *table)
{
    for (uint64_t bucket = 0; bucket <= table->mask; bucket++)
        for (struct gri_table_node *node = gri_table_bucket(table, bucket); node; node = node->next) {
            struct gri_link_end *end = GRI_CONTAINER_OF(node, struct gri_link_end, place);
            gr_ref owner = gri_message_sender(gri_envelope_of(end));
            int actor = rp_find_actor(owner), other = rp_find_actor(end->peer);
            if (!rp_exists(owner)) rp_fail(RP_G6, actor, -1, "a link of actor %d, that has ended", actor);
            if (end->told ? rp_exists(end->peer) : !has_end(end->peer, owner))
                rp_fail(RP_G6, actor, -1, "actor %d is linked with actor %d, which does not know", actor,
                        other);
        }
}

void rp_check_ties(void)
{
    for (unsigned i = 0; i < rp_world.system->loop_count; i++) check_ends(&rp_world.system->actors[i].links);
    for (int i = 0; i < rp_world.actor_count; i++)
        for (int k = 0; k < rp_world.actor_count; k++)
            if (i != k && !rp_world.actors[i].gone) check_tie(i, k);
}

/* ---- names ---- */

static const char *const names[RP_NAMES] = {
    "a", "bb", "a name that is as long as a name can be: 63 bytes of letters!.."};

/* Who has a name by now, or -1. An actor that is gone has given it back. */
static int holder_of(int name)
{
    int holder = rp_world.holders[name] - 1;
    return holder >= 0 && rp_exists(rp_world.actors[holder].ref) ? holder : -1;
}

static int name_of(int actor)
{
    for (int i = 0; i < RP_NAMES; i++)
        if (holder_of(i) == actor) return i;
    return -1;
}

const char *rp_name(int name)
{
    return names[name];
}

int rp_foresee_name(int name)
{
    return holder_of(name) >= 0 ? GR_EEXISTS : 0;
}

void rp_named(int name, int actor)
{
    rp_world.holders[name] = actor + 1;
}

void rp_register(int actor, gr_actor *self, const struct rp_action *action)
{
    int name = action->how % RP_NAMES;
    int expected = name_of(actor) >= 0 ? GR_EEXISTS : rp_foresee_name(name);
    int error = gr_register(self, names[name]);
    rp_note("registers", actor, -1, name);
    if (error == 0) rp_named(name, actor);
    if (error == GR_ENOMEM && rp_may_fail()) return;
    if (error != expected)
        rp_fail(RP_NAMED_ONCE, actor, -1, "gr_register gave %d where %d was due", error, expected);
}

void rp_unregister(int actor, gr_actor *self, const struct rp_action *action)
{
    int name = action->how % RP_NAMES;
    int expected = holder_of(name) == actor ? 0 : GR_ENOTFOUND;
    int error = gr_unregister(self, names[name]);
    rp_note("unregisters", actor, -1, name);
    if (error != expected)
        rp_fail(RP_NAMED_ONCE, actor, -1, "gr_unregister gave %d where %d was due", error, expected);
    if (error == 0) rp_world.holders[name] = 0;
}

void rp_check_names(void)
{
    for (int i = 0; i < RP_NAMES; i++) {
        gr_ref ref = gr_system_whereis(rp_world.system, names[i]);
        int holder = holder_of(i), found = rp_find_actor(ref);
        if (holder != found)
            rp_fail(RP_NAMED_ONCE, holder, -1, "name %d is actor %d's, but the registry says %d", i, holder,
                    found);
    }
}
