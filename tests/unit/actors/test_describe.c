/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of how reports and logs name an actor. */
#include "actors/actor.h"
#include "tests/support/world/case.h"

#include <stdio.h>

static int named(gr_actor *self, void *argument)
{
    gr_system *system = gr_actor_system(self);
    gr_ref me = gr_self(self), other = gr_spawn_with(self, server, (.name = "shop\n1"), .value = 1);
    char wanted[GRI_ACTOR_TEXT], text[GRI_ACTOR_TEXT];
    snprintf(wanted, sizeof wanted, "root %u:%u:%llu", me.seat, me.slot, (unsigned long long)me.generation);
    CHECK_TEXT(gri_describe_actor(self, text), wanted);
    CHECK_TEXT(gri_describe_ref(system, "root", me, text), wanted);
    CHECK_EQ(gr_register(self, "door"), 0);
    snprintf(wanted, sizeof wanted, "root \"door\" %u:%u:%llu", me.seat, me.slot,
             (unsigned long long)me.generation);
    CHECK_TEXT(gri_describe_actor(self, text), wanted);
    CHECK_TEXT(gri_describe_ref(system, "root", me, text), wanted);
    snprintf(wanted, sizeof wanted, "server \"shop\\n1\" %u:%u:%llu", other.seat, other.slot,
             (unsigned long long)other.generation);
    CHECK_TEXT(gri_describe_ref(system, "server", other, text), wanted); /* on one line */
    return 0;
}

Case(describe, an_actor_is_told_by_behaviour_name_and_reference)
{
    for (int loops = 1; loops <= 2; loops++) run_seeds(loops, 1, named);
}

static int longest(gr_actor *self, void *argument)
{
    char behaviour[200], name[GR_NAME_SIZE], text[GRI_ACTOR_TEXT];
    memset(behaviour, 'b', sizeof behaviour - 1);
    memset(name, '\x01', sizeof name - 1);
    behaviour[sizeof behaviour - 1] = name[sizeof name - 1] = '\0';
    CHECK_EQ(gr_register(self, name), 0);
    gri_describe_ref(gr_actor_system(self), behaviour, gr_self(self), text);
    char end[64];
    gr_ref me = gr_self(self);
    snprintf(end, sizeof end, "\" %u:%u:%llu", me.seat, me.slot, (unsigned long long)me.generation);
    CHECK_TEXT(text + strlen(text) - strlen(end), end); /* whole, however long the rest */
    return 0;
}

Case(describe, the_longest_names_leave_room_for_the_reference)
{
    run_seeds(1, 1, longest);
}
