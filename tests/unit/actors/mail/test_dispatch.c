/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of changing handlers: from the next message on, what falls back to the actor's own, and what is refused. */
#include "tests/support/world/case.h"

struct lamp {
    int64_t pings; /* handled while it was dark */
};

GR_ACTOR_DECLARE(lamp, gr_nothing);
GR_HANDLERS_DECLARE(lit);
GR_HANDLERS_DECLARE(broken);
GR_HANDLERS_DECLARE(too_big);
GR_HANDLERS_DECLARE(ending);
GR_HANDLERS_DECLARE(twice);
GR_HANDLERS_DECLARE(twice_any);

static int lamp_start(gr_actor *self, struct lamp *lamp, const struct gr_nothing *m)
{
    return 0;
}

static void lamp_ping(gr_actor *self, struct lamp *lamp, const struct ping *m)
{
    note("dark");
    lamp->pings++;
}

/* Switches: the value says how. */
static void lamp_number(gr_actor *self, struct lamp *lamp, const struct number *m)
{
    switch (m->value) {
    case 0:
        CHECK_EQ(gr_unbecome(self), 0);
        break;
    case 1:
        CHECK_EQ(gr_become(self, lit), 0);
        break;
    case 2:
        CHECK_EQ(gr_become(self, broken), 0);
        break;
    case 3:
        CHECK_EQ(gr_become(self, lamp), 0);
        break;
    case 4:
        CHECK_EQ(gr_become(self, too_big), GR_EINVALID);
        CHECK_EQ(gr_become(self, ending), GR_EINVALID);
        CHECK_EQ(gr_become(self, twice), GR_EINVALID);
        CHECK(strstr(gr_last_error(self), "lamp can't become twice: it has two handlers for one type") !=
              NULL);
        CHECK_EQ(gr_become(self, twice_any), GR_EINVALID);
        CHECK_EQ(gr_become(self, echo), GR_EINVALID);
        break;
    default:
        CHECK_EQ(gr_become(self, lit), 0);
        gr_exit(self, (int)m->value);
        break;
    }
}

static void lamp_sum(gr_actor *self, struct lamp *lamp, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = lamp->pings);
}

static void lamp_signal(gr_actor *self, struct lamp *lamp, const struct gr_signal *signal)
{
    note("own signal");
}

static void lamp_end(gr_actor *self, struct lamp *lamp, const int *reason)
{
    note("end %d", *reason);
}

GR_ACTOR(lamp, struct lamp, gr_nothing, lamp_start, GR_ON(ping, lamp_ping), GR_ON(number, lamp_number),
         GR_ON(get_sum, lamp_sum), GR_ON_SIGNAL(lamp_signal), GR_ON_END(lamp_end));

static void lit_ping(gr_actor *self, struct lamp *lamp, const struct ping *m)
{
    note("lit");
}

GR_HANDLERS(lit, struct lamp, GR_ON(ping, lit_ping), GR_ON(number, lamp_number));

static void broken_any(gr_actor *self, struct lamp *lamp, const struct gr_mail *mail)
{
    note("broken");
}

static void broken_signal(gr_actor *self, struct lamp *lamp, const struct gr_signal *signal)
{
    note("broken signal");
}

GR_HANDLERS(broken, struct lamp, GR_ON(number, lamp_number), GR_ON_ANY(broken_any),
            GR_ON_SIGNAL(broken_signal));

struct big {
    char bytes[100]; /* of another size */
};

static void big_ping(gr_actor *self, struct big *big, const struct ping *m)
{
}

GR_HANDLERS(too_big, struct big, GR_ON(ping, big_ping));
GR_HANDLERS(ending, struct lamp, GR_ON_END(lamp_end));
GR_HANDLERS(twice, struct lamp, GR_ON(ping, lit_ping), GR_ON(number, lamp_number), GR_ON(ping, lit_ping));
GR_HANDLERS(twice_any, struct lamp, GR_ON_ANY(broken_any), GR_ON_ANY(broken_any));

static int changes(gr_actor *self, void *argument)
{
    static const int64_t steps[] = {1, 1, 0, 2, 3, 4, 1, 2, 0};
    notes_clear();
    gr_ref ref = gr_spawn_with(self, lamp, (.loop = GR_SPREAD));
    gr_send(self, ref, ping);
    for (int i = 0; i < 9; i++) { /* all in one turn, often */
        gr_send(self, ref, number, .value = steps[i]);
        gr_send(self, ref, ping);
    }
    struct number sum;
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
    CHECK_EQ(sum.value, 5); /* the state is the same */
    CHECK_TEXT(notes(), "dark lit lit dark broken dark dark lit broken dark");
    gr_send(self, ref, number, .value = 1);
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), GR_EUNHANDLED);
    struct gr_actor_info info[2];
    CHECK_EQ(gr_system_actors(gr_actor_system(self), info, 2), 2);
    CHECK_TEXT(info[gr_ref_equal(info[1].ref, ref)].behaviour, "lamp");
    uint64_t monitor = watch(self, ref);
    gr_send(self, ref, number, .value = 9);
    gr_send(self, ref, ping);
    CHECK_EQ(wait_for(self, monitor), 9);
    CHECK_TEXT(notes(), "dark lit lit dark broken dark dark lit broken dark end 9");
    return 0;
}

Case(dispatch, from_the_next_message_on_other_handlers_are_called)
{
    run_everywhere(changes);
}

static int signals(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref ref = gr_spawn(self, lamp), null = {0, 0, 0};
    static const int64_t steps[] = {0, 1, 2, 0};
    for (int i = 0; i < 4; i++) {
        gr_send(self, ref, number, .value = steps[i]);
        CHECK_EQ(gr_sleep(self, 1), 0);
        gr_send(self, ref, address, .ref = null); /* no handler: only for the broken one's catch-all */
        CHECK_EQ(gr_sleep(self, 1), 0);
    }
    CHECK_TEXT(notes(), "broken");
    CHECK_EQ(dead_letters(self, GR_DEAD_UNHANDLED), 3);
    kill_and_wait(self, ref);
    CHECK_TEXT(notes(), "broken end -11");
    return 0;
}

Case(dispatch, types_without_a_handler_in_force_are_unhandled)
{
    run_seeds(1, 2, signals);
}

/* ---- signals ---- */

static void lamp_watch(gr_actor *self, struct lamp *lamp, const struct address *m)
{
    uint64_t monitor;
    CHECK_EQ(gr_monitor(self, m->ref, &monitor), 0);
}

static void lamp_to_lit(gr_actor *self, struct lamp *lamp, const struct ping *m);
static void lamp_to_broken(gr_actor *self, struct lamp *lamp, const struct number *m);

GR_ACTOR(lamp_watcher, struct lamp, gr_nothing, lamp_start, GR_ON(address, lamp_watch),
         GR_ON(ping, lamp_to_lit), GR_ON(number, lamp_to_broken), GR_ON_SIGNAL(lamp_signal));
GR_HANDLERS(calm, struct lamp, GR_ON(address, lamp_watch), GR_ON(number, lamp_to_broken));
GR_HANDLERS(nervous, struct lamp, GR_ON(address, lamp_watch), GR_ON(ping, lamp_to_lit),
            GR_ON_SIGNAL(broken_signal));

static void lamp_to_lit(gr_actor *self, struct lamp *lamp, const struct ping *m)
{
    CHECK_EQ(gr_become(self, calm), 0);
}

static void lamp_to_broken(gr_actor *self, struct lamp *lamp, const struct number *m)
{
    CHECK_EQ(gr_become(self, nervous), 0);
}

static int downs(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref ref = gr_spawn(self, lamp_watcher), null = {0, 0, 0};
    gr_send(self, ref, address, .ref = null);
    CHECK_EQ(gr_sleep(self, 1), 0);
    gr_send(self, ref, ping);
    gr_send(self, ref, address, .ref = null);
    CHECK_EQ(gr_sleep(self, 1), 0);
    gr_send(self, ref, number, .value = 1);
    gr_send(self, ref, address, .ref = null);
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK_TEXT(notes(), "own signal own signal broken signal");
    kill_and_wait(self, ref);
    return 0;
}

Case(dispatch, signals_go_to_the_actors_own_function_where_the_handlers_have_none)
{
    run_seeds(1, 2, downs);
}

static int refused(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_become(self, lit), GR_ECONTEXT);
    CHECK_TEXT(gr_last_error(self), "gr_become: only a handler actor has handlers");
    CHECK_EQ(gr_unbecome(self), GR_ECONTEXT);
    CHECK_TEXT(gr_last_error(self), "gr_unbecome: only a handler actor has handlers");
    CHECK_EQ(gr_become(NULL, lit), GR_ECONTEXT);
    CHECK_TEXT(gr_last_error(NULL), "gr_become: only a handler actor has handlers");
    return 0;
}

Case(dispatch, only_handler_actors_can_become)
{
    run_seeds(1, 1, refused);
}
