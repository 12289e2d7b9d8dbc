/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of turns of handler actors: which handler gets what, and that nobody starves. */
#include "tests/support/world/case.h"

static int picky_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    return 0;
}

static void picky_number(gr_actor *self, char *state, const struct number *m)
{
    note("number:%lld", (long long)m->value);
}

static void picky_any(gr_actor *self, char *state, const struct gr_mail *mail)
{
    CHECK(mail->signal == NULL);
    CHECK(gr_ref_equal(mail->sender, gr_sender(self)));
    note("any:%s%s", mail->type->name, mail->is_request ? "?" : "");
    if (gr_mail_as(mail, unknown_request) != NULL) CHECK_EQ(gr_reply(self, unknown_request, .value = 6), 0);
}

GR_ACTOR(picky, char, gr_nothing, picky_start, GR_ON(number, picky_number), GR_ON_ANY(picky_any));

static int kinds(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, picky, (.loop = GR_SPREAD));
    gr_send(self, ref, ping);
    gr_send(self, ref, number, .value = 4);
    gr_send(self, ref, words, .text = gr_string_static("x"));
    struct number out;
    CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, unknown_request), 0);
    CHECK_EQ(out.value, 6);
    CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_sum), GR_EUNANSWERED);
    CHECK_TEXT(notes(), "any:ping number:4 any:words any:unknown_request? any:get_sum?");
    CHECK_EQ(dead_letters(self, GR_DEAD_UNHANDLED), 0);
    return 0;
}

Case(turn, each_type_reaches_its_handler_and_the_rest_the_catch_all)
{
    run_everywhere(kinds);
}

/* Sends itself mail for ever. */
static int hog_start(gr_actor *self, int64_t *left, const struct number *m)
{
    *left = m->value;
    for (int i = 0; i < 1000; i++) gr_send(self, gr_self(self), ping);
    return 0;
}

static void hog_ping(gr_actor *self, int64_t *left, const struct ping *m)
{
    if (--*left > 0) gr_send(self, gr_self(self), ping);
}

GR_ACTOR(hog, int64_t, number, hog_start, GR_ON(ping, hog_ping));

static int fair(gr_actor *self, void *argument)
{
    gr_ref hogs = gr_spawn(self, hog, .value = INT64_MAX), ref = gr_spawn(self, server, .value = 3);
    for (int i = 0; i < 20; i++) {
        struct number sum;
        CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
        CHECK_EQ(sum.value, 3);
    }
    kill_and_wait(self, hogs);
    return 0;
}

Case(turn, g19_an_actor_with_mail_for_ever_does_not_starve_others)
{
    run_seeds(1, 5, fair);
    run_seeds(2, 5, fair);
    run_real(1, fair);
    run_real(2, fair);
}

static int timers(gr_actor *self, void *argument)
{
    gr_ref hogs = gr_spawn(self, hog, .value = INT64_MAX);
    for (int i = 0; i < 5; i++) CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    kill_and_wait(self, hogs);
    return 0;
}

Case(turn, g19_timers_fire_while_an_actor_has_mail_for_ever)
{
    run_real(1, timers);
    run_real(2, timers);
}

/* ---- a behaviour with many handlers ---- */

#define TYPES(X)                                                                                             \
    X(a) X(b) X(c) X(d) X(e) X(f) X(g) X(h) X(i) X(j) X(k) X(l) X(m) X(n) X(o) X(p) X(q) X(r) X(s) X(t)
#define DECLARE(T) GR_MESSAGE_EMPTY(type_##T);
#define HANDLER(T)                                                                                           \
    static void on_##T(gr_actor *self, char *state, const struct type_##T *m)                                \
    {                                                                                                        \
        note(#T);                                                                                            \
    }
#define ENTRY(T) GR_ON(type_##T, on_##T),
TYPES(DECLARE)
TYPES(HANDLER)

GR_ACTOR(versatile, char, gr_nothing, picky_start, TYPES(ENTRY) GR_ON(number, picky_number));

static int versatility(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, versatile, (.loop = GR_SPREAD));
#define SEND(T) gr_send(self, ref, type_##T);
    TYPES(SEND)
    uint64_t monitor = watch(self, ref);
    CHECK_EQ(gr_stop(self, ref, 1), 0);
    CHECK_EQ(wait_for(self, monitor), 1);
    CHECK_TEXT(notes(), "a b c d e f g h i j k l m n o p q r s t");
    return 0;
}

Case(turn, twenty_types_each_find_their_handler)
{
    run_everywhere(versatility);
}
