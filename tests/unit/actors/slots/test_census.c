/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what the census says of actors: each thing an actor can do, and who may look how closely. */
#include "actors/slots/census.h"
#include "futures/future.h"
#include "tests/support/world/case.h"

/* Sends numbers to an actor with a bounded mailbox that handles none of them for long. */
static int fills_start(gr_actor *self, struct address *state, const struct address *m)
{
    *state = *m;
    return 0;
}

static void fills_ping(gr_actor *self, struct address *state, const struct ping *m)
{
    for (int i = 0; i < 4; i++) CHECK_EQ(gr_send(self, state->ref, number, .value = i), 0);
}

GR_ACTOR(census_filler, struct address, address, fills_start, GR_ON(ping, fills_ping));

static int fills_waiting(gr_actor *self, const struct address *start)
{
    for (int i = 0; i < 8; i++)
        if (gr_send(self, start->ref, number, .value = i) != 0) break;
    return 0;
}

GR_COROUTINE(census_waiter, address, fills_waiting);

static int asks_and_waits(gr_actor *self, const struct address *start)
{
    gr_future *first = gr_ask(self, start->ref, GR_FOREVER, get_sum);
    gr_future *second = gr_ask(self, start->ref, GR_FOREVER, get_sum);
    uint64_t monitor; /* an obligation that is no future */
    CHECK_EQ(gr_monitor(self, start->ref, &monitor), 0);
    CHECK(gr_await(self, second, GR_FOREVER) != 0);
    gr_future_release(first);
    gr_future_release(second);
    return 0;
}

GR_COROUTINE(census_asker, address, asks_and_waits);

static const struct gri_census_row *row_of(const struct gri_census *census, gr_ref ref)
{
    for (uint32_t i = 0; i < gri_load(&census->taken, GRI_RELAXED) && i < census->capacity; i++)
        if (gr_ref_equal(census->rows[i].info.ref, ref)) return &census->rows[i];
    return NULL;
}

static void check_row(const struct gri_census *census, gr_ref ref, enum gri_doing doing, uint32_t requests,
                      uint32_t mail)
{
    const struct gri_census_row *row = row_of(census, ref);
    if (!CHECK(row != NULL)) return;
    CHECK_TEXT(gri_doing_name(row->doing), gri_doing_name(doing));
    CHECK_EQ(row->requests, requests);
    CHECK_EQ(row->info.mailbox, mail);
}

enum { CAPACITY = 16 };

static struct gri_census_row rows[CAPACITY];

static void take(struct gri_census *census, gr_actor *self, uint32_t capacity, bool exact)
{
    *census = (struct gri_census){.rows = rows, .capacity = capacity};
    gr_system *system = gr_actor_system(self);
    for (int i = 0; i < gr_system_loops(system); i++) gri_census_add(census, system, (unsigned)i, exact);
}

static int everything(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    gr_ref asleep = gr_spawn_with(self, sleeper, (.mailbox = {.messages = 2, .policy = GR_POLICY_WAIT}),
                                  .value = gr_seconds(60));
    gr_ref waits = gr_spawn_with(self, server, (.loop = GR_LOOP(loops - 1)), .value = 1);
    gr_ref rests = gr_spawn(self, census_filler, .ref = asleep);
    gr_ref room = gr_spawn(self, census_waiter, .ref = asleep);
    gr_ref hears = gr_spawn(self, listener);
    gr_ref mute = gr_spawn(self, sleeper, .value = gr_seconds(60)); /* takes no mail */
    gr_ref asks = gr_spawn(self, census_asker, .ref = mute);
    CHECK_EQ(gr_send(self, rests, ping), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0); /* virtual: all have come to rest */
    gr_ref ready = gr_spawn(self, server, .value = 1);
    struct gri_census census;
    take(&census, self, CAPACITY, true);
    CHECK_EQ(gri_load(&census.taken, GRI_RELAXED), 9);
    CHECK_EQ(gri_load(&census.by_loop[loops - 1], GRI_RELAXED), loops == 1 ? 9 : 1);
    check_row(&census, gr_self(self), GRI_DOING_RUNNING, 0, 0);
    check_row(&census, waits, GRI_DOING_MAIL, 0, 0);
    check_row(&census, hears, GRI_DOING_MAIL, 0, 0);
    check_row(&census, rests, GRI_DOING_RESTING, 0, 0);
    check_row(&census, room, GRI_DOING_ROOM, 0, 0);
    check_row(&census, mute, GRI_DOING_TIME, 0, 2);
    check_row(&census, asks, GRI_DOING_FUTURE, 2, 0);
    CHECK_EQ(row_of(&census, asks)->asked, GRI_FUTURE_REQUEST);
    CHECK(gr_ref_equal(row_of(&census, asks)->to, mute));
    check_row(&census, ready, GRI_DOING_READY, 0, 0);
    CHECK(row_of(&census, asleep)->info.mailbox >= 2);
    take(&census, self, CAPACITY, false); /* from elsewhere less is known */
    check_row(&census, gr_self(self), GRI_DOING_RUNNING, 0, 0);
    check_row(&census, asks, GRI_DOING_UNKNOWN, 0, 0);
    take(&census, self, 3, true); /* too few rows: all are counted */
    CHECK_EQ(gri_load(&census.taken, GRI_RELAXED), 9);
    gr_ref all[] = {asleep, waits, rests, room, hears, mute, asks, ready};
    for (int i = 0; i < 8; i++) CHECK_EQ(gr_kill(self, all[i]), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    take(&census, self, CAPACITY, true);
    CHECK_EQ(gri_load(&census.taken, GRI_RELAXED), 1);
    return 0;
}

Case(census, it_says_of_each_actor_what_it_does)
{
    run_seeds(1, 5, everything);
    run_seeds(2, 5, everything);
}

Case(census, each_thing_an_actor_can_do_has_a_name_of_its_own)
{
    for (int i = 0; i < GRI_DOING_COUNT; i++)
        for (int j = 0; j < i; j++) CHECK(strcmp(gri_doing_name(i), gri_doing_name(j)) != 0);
    CHECK_TEXT(gri_doing_name((enum gri_doing)99), "?");
}
