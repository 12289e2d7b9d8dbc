/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of mail that is not handled at once: set aside, chosen, by other handlers, again and again. */
#include "tests/faults/sweep.h"

/* ---- stash and become ---- */

struct latch {
    int64_t seen; /* numbers handled */
};

GR_ACTOR_DECLARE(latch, gr_nothing);
GR_HANDLERS_DECLARE(latch_open);

static int latch_start(gr_actor *self, struct latch *latch, const struct gr_nothing *m)
{
    return 0;
}

static void latch_keep(gr_actor *self, struct latch *latch, const struct words *m)
{
    sweep_ok(gr_stash(self)); /* without memory it is handled by being dropped */
}

static void latch_ping(gr_actor *self, struct latch *latch, const struct ping *m)
{
    if (!sweep_ok(gr_become(self, latch_open))) gr_exit(self, GR_ENOMEM);
    gr_unstash(self);
}

GR_ACTOR(latch, struct latch, gr_nothing, latch_start, GR_ON(words, latch_keep), GR_ON(ping, latch_ping));

static void latch_words(gr_actor *self, struct latch *latch, const struct words *m)
{
    latch->seen++;
    sweep_did();
}

static void latch_close(gr_actor *self, struct latch *latch, const struct ping *m)
{
    CHECK_EQ(gr_unbecome(self), 0);
}

GR_HANDLERS(latch_open, struct latch, GR_ON(words, latch_words), GR_ON(ping, latch_close));

static int stash_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    for (int i = 0; i < sweep_loops(); i++)
        crew_add(self, &crew, gr_spawn_with(self, latch, (.loop = GR_LOOP(i))));
    for (unsigned i = 0; i < crew.count; i++) {
        for (int k = 0; k < 3; k++) send_words(self, crew.refs[i], k);
        sweep_ok(gr_send(self, crew.refs[i], ping));
        sweep_ok(gr_send(self, crew.refs[i], ping));
        send_words(self, crew.refs[i], 3); /* left in the stash */
    }
    crew_stop(self, &crew);
    return 0;
}

/* ---- selective receive ---- */

static bool is_even(const struct gr_mail *mail, uint64_t key)
{
    const struct number *m = gr_mail_as(mail, number);
    return m != NULL && m->value % 2 == 0;
}

static void choose(gr_actor *self, int error)
{
    if (error != GR_ETIMEOUT) sweep_expect(error, 0);
}

static int choose_root(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_ref null = {0, 0, 0};
    for (int i = 0; i < 40; i++) {
        sweep_ok(gr_send(self, gr_self(self), number, .value = i % 10));
        send_words(self, gr_self(self), i);
    }
    sweep_ok(gr_send(self, gr_self(self), ping));
    choose(self, gr_receive_type(self, &mail, ping, 0));
    choose(self, gr_receive_if(self, &mail, is_even, 0, 0));
    choose(self, gr_receive_from(self, &mail, gr_self(self), 0));
    int error = gr_receive_from(self, &mail, null, 0);
    if (error != GR_ETIMEOUT) sweep_ok(error);
    for (int i = 0; i < 20; i++) choose(self, gr_receive_type(self, &mail, words, 0));
    error = gr_receive(self, &mail, 0);
    if (error == 0 && sweep_ok(gr_stash(self))) gr_unstash(self);
    error = gr_receive(self, &mail, 0);
    if (error == 0 && sweep_ok(gr_stash(self))) CHECK_EQ(gr_unstash_one(self), 0);
    while (gr_receive(self, &mail, 0) == 0) continue;
    return 0; /* all is gone but what could not be sent */
}

/* ---- periodic timers and deadlines ---- */

static int every_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    gr_ref to = crew_add(self, &crew, gr_spawn_with(self, sink, (.loop = GR_SPREAD)));
    uint64_t timer;
    gr_string text;
    if (sweep_ok(gr_string_format(self, &text, "again, %d", 1))) {
        if (sweep_ok(gr_send_every(self, to, gr_microseconds(50), &timer, words, .text = text))) {
            sweep_ok(gr_sleep(self, gr_microseconds(220)));
            CHECK_EQ(gr_timer_cancel(self, timer), gr_ref_is_null(to) ? GR_ENOTFOUND : 0);
        } else {
            gr_string_release(text);
        }
    }
    crew_stop(self, &crew);
    return 0;
}

/* Asks a sleeper while it answers. */
static int middle_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    struct number number;
    int error = gr_receive(self, &mail, GR_FOREVER);
    if (error != 0) return 0;
    error = gr_call(self, m->ref, &number, GR_FOREVER, get_sum);
    if (error != GR_EKILLED) sweep_expect(error, GR_ETIMEOUT); /* killed: it could not be stopped */
    return 0;
}

GR_COROUTINE(middle, address, middle_main);

static int deadline_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0, .may_be_gone = true};
    struct number number;
    gr_ref deaf = gr_spawn_with(self, sleeper, (.loop = GR_SPREAD), .value = gr_seconds(1000));
    gr_ref to = crew_add(self, &crew, gr_spawn_with(self, middle, (.loop = GR_SPREAD), .ref = deaf));
    if (gr_ref_is_null(deaf)) sweep_ok(GR_ENOMEM);
    if (gr_ref_is_null(to)) return 0;
    sweep_expect(gr_call(self, to, &number, gr_microseconds(100), get_sum), GR_ETIMEOUT);
    crew_stop(self, &crew);
    return 0;
}

/* ---- deadlock ---- */

/* Is asked, and asks its asker. */
static int rude_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    struct number number;
    int error = gr_receive(self, &mail, GR_FOREVER);
    if (error != 0) return 0;
    error = gr_call(self, mail.sender, &number, gr_seconds(60), get_sum);
    if (error != GR_EKILLED) gr_reply_error(self, error); /* the other's, whoever yields */
    return 0;
}

GR_COROUTINE(rude, gr_nothing, rude_main);

static int deadlock_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0, .may_be_gone = true};
    struct number number;
    gr_ref to = crew_add(self, &crew, gr_spawn_with(self, rude, (.loop = GR_SPREAD)));
    if (gr_ref_is_null(to)) return 0;
    int error = gr_call(self, to, &number, gr_seconds(60), get_sum);
    if (error == GR_ETIMEOUT && sweep_has_fired()) error = GR_ENOMEM; /* no memory to look for the cycle */
    sweep_expect(error, GR_EDEADLOCK);
    struct gr_mail mail;
    while (gr_receive(self, &mail, 0) == 0) continue; /* its request, and perhaps its down */
    return 0;
}

const struct scenario pattern_scenarios[] = {
    {.name = "stash and become", .modes = SWEEP_SIMULATED, .root = stash_root},
    {.name = "selective receive", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = choose_root},
    {.name = "periodic timers", .modes = SWEEP_SIMULATED, .root = every_root},
    {.name = "deadlines that travel", .modes = SWEEP_SIMULATED, .root = deadline_root},
    {.name = "deadlock", .modes = SWEEP_SIMULATED, .root = deadlock_root},
    {.name = NULL}};
