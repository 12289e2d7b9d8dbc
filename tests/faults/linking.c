/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of links, names, actor-local values and reports of dead letters. */
#include "tests/faults/sweep.h"

/* Takes the exits of so many linked actors, which end with `wanted`. */
static void take_exits(gr_actor *self, int count, int wanted)
{
    for (; count > 0; count--) {
        struct gr_mail mail;
        if (!CHECK_EQ(gr_receive(self, &mail, gr_seconds(60)), 0)) return;
        if (!CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_EXIT)) return;
        if (mail.signal->reason == wanted || sweep_reason(mail.signal->reason)) sweep_did();
    }
}

static gr_ref spawned(gr_actor *self, gr_ref ref)
{
    if (!gr_ref_is_null(ref)) return ref;
    CHECK(sweep_is_drought() || strstr(gr_last_error(self), gr_error_text(GR_ENOMEM)) != NULL);
    sweep_ok(GR_ENOMEM);
    return ref;
}

/* Links with some, ends every other link, kills all. */
static int link_root(gr_actor *self, void *argument)
{
    gr_ref refs[12];
    int linked = 0;
    gr_trap_exits(self, true);
    for (int i = 0; i < 12; i++) {
        refs[i] = spawned(self, gr_spawn_with(self, listener, (.loop = GR_SPREAD)));
        if (gr_ref_is_null(refs[i]) || !sweep_ok(gr_link(self, refs[i]))) continue;
        CHECK_EQ(gr_link(self, refs[i]), 0);
        linked++;
    }
    for (int i = 0; i < 12; i += 2) linked -= gr_unlink(self, refs[i]) == 0;
    for (int i = 0; i < 12; i++)
        if (!gr_ref_is_null(refs[i]) && !sweep_ok(gr_kill(self, refs[i])))
            linked -= gr_unlink(self, refs[i]) == 0;
    take_exits(self, linked, GR_EKILLED);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    return 0;
}

/* Spawns that link: the exit comes whether the actor could be born or not. */
static int spawn_link_root(gr_actor *self, void *argument)
{
    int linked = 0;
    gr_trap_exits(self, true);
    for (int i = 0; i < 6; i++) {
        gr_ref ref = gr_spawn_with(self, refuser, (.loop = GR_SPREAD, .link = true), .value = GR_ECANCELLED);
        linked += !gr_ref_is_null(spawned(self, ref));
    }
    take_exits(self, linked, GR_ECANCELLED);
    return 0;
}

/* A linked pair, of which one ends by the other's end. */
static int bond_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    if (!gr_ref_is_null(m->ref) && !sweep_ok(gr_link(self, m->ref))) return GR_ENOMEM;
    int error = gr_receive(self, &mail, GR_FOREVER);
    return error == GR_ESTOPPED ? 0 : GR_ECANCELLED;
}

GR_COROUTINE(bond, address, bond_main);

static int pair_root(gr_actor *self, void *argument)
{
    struct crew crew = {.wanted = GR_ECANCELLED, .may_be_gone = true};
    gr_ref first = crew_add(self, &crew, gr_spawn_with(self, bond, (.loop = GR_SPREAD)));
    gr_ref second = crew_add(self, &crew, gr_spawn_with(self, bond, (.loop = GR_SPREAD), .ref = first));
    sweep_ok(gr_sleep(self, gr_milliseconds(1)));
    if (!gr_ref_is_null(first) && gr_send(self, first, ping) == GR_ENOMEM) sweep_ok(GR_ENOMEM);
    sweep_ok(gr_sleep(self, gr_milliseconds(1)));
    if (sweep_has_fired()) { /* without its link the second one lives on */
        if (!gr_ref_is_null(second)) sweep_ok(gr_kill(self, second));
        crew_kill(self, &crew);
    } else {
        crew_wait(self, &crew);
    }
    return 0;
}

/* ---- names ---- */

static int name_root(gr_actor *self, void *argument)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    if (sweep_ok(gr_register(self, "root"))) {
        CHECK(gr_ref_equal(gr_whereis(self, "root"), gr_self(self)));
        CHECK_TEXT(gr_name(self), "root");
        CHECK_EQ(gr_unregister(self, "root"), 0);
    }
    struct crew crew = {.count = 0};
    for (int i = 0; i < 6; i++) {
        gr_ref ref = gr_spawn_with(self, listener, (.loop = GR_SPREAD, .name = names[i]));
        crew_add(self, &crew, ref);
        gr_ref found = gr_whereis(self, names[i]);
        CHECK(gr_ref_equal(found, ref) || (gr_ref_is_null(found) && sweep_has_fired()));
    }
    struct gr_actor_info list[8];
    CHECK(gr_system_actors(gr_actor_system(self), list, 8) <= 7);
    crew_kill(self, &crew);
    for (int i = 0; i < 6; i++) CHECK(gr_ref_is_null(gr_whereis(self, names[i])) || sweep_has_fired());
    return 0;
}

static void name_before(gr_system *system)
{
    gr_ref ref = spawned(NULL, gr_system_spawn(system, listener, (.loop = GR_SPREAD, .name = "outside")));
    CHECK(gr_ref_equal(gr_system_whereis(system, "outside"), ref));
}

static void name_after(gr_system *system)
{
    CHECK(gr_ref_is_null(gr_system_whereis(system, "outside")));
}

static int wait_root(gr_actor *self, void *argument)
{
    sweep_ok(gr_sleep(self, gr_milliseconds(1)));
    return 0;
}

/* ---- locals ---- */

struct wide_local {
    uint8_t bytes[50000]; /* too many for a pool */
};

GR_LOCAL(small, int, 3);
GR_LOCAL(wide, struct wide_local, {{1}});

static int local_root(gr_actor *self, void *argument)
{
    int *counter = gr_local(self, small);
    struct wide_local *page = gr_local(self, wide);
    if (sweep_ok(counter != NULL ? 0 : GR_ENOMEM)) CHECK_EQ(*counter, 3);
    if (sweep_ok(page != NULL ? 0 : GR_ENOMEM)) CHECK_EQ(page->bytes[0], 1);
    return 0;
}

/* ---- dead letters ---- */

static int letter_root(gr_actor *self, void *argument)
{
    bool hears = sweep_ok(gr_subscribe_dead_letters(self, true));
    gr_ref nobody = {0, 0, 0};
    for (int i = 0; i < 4; i++) gr_send(self, nobody, ping);
    struct gr_mail mail;
    int reports = 0;
    while (gr_receive(self, &mail, 0) == 0) reports += gr_mail_as(&mail, gr_dead_letter_report) != NULL;
    if (reports < 4)
        sweep_ok(sweep_has_fired() ? GR_ENOMEM : GR_ENOTFOUND); /* one without memory is dropped */
    CHECK(hears || reports == 0);
    CHECK_EQ(gr_subscribe_dead_letters(self, false), 0);
    sweep_ok(gr_subscribe_dead_letters(self, true)); /* ends with the actor */
    return 0;
}

const struct scenario linking_scenarios[] = {
    {.name = "links", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = link_root},
    {.name = "linked spawns", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = spawn_link_root},
    {.name = "linked pair", .modes = SWEEP_SIMULATED, .root = pair_root},
    {.name = "names", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = name_root},
    {.name = "names from outside",
     .modes = SWEEP_SIMULATED | SWEEP_REAL,
     .before = name_before,
     .root = wait_root,
     .after = name_after},
    {.name = "locals", .modes = SWEEP_SIMULATED, .root = local_root},
    {.name = "dead letters", .modes = SWEEP_SIMULATED, .root = letter_root},
    {.name = NULL}};
