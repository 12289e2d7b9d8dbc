/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of requests: called, asked, forwarded, unanswered, too late. */
#include "tests/faults/sweep.h"

static struct get_large large_request; /* too large for a coroutine's stack */
static struct large large_answer;

static void call_all(gr_actor *self, gr_ref to)
{
    struct number number;
    struct words words;
    sweep_expect(gr_call(self, to, &number, GR_FOREVER, get_sum), 0);
    if (sweep_expect(gr_call(self, to, &words, gr_seconds(60), get_words, .value = 5), 0))
        gr_string_release(words.text);
    sweep_expect(gr_call(self, to, &number, gr_seconds(60), fail_with, .error = 42), 42);
    sweep_expect(gr_call(self, to, &number, GR_FOREVER, get_nothing), GR_EUNANSWERED);
    sweep_expect(gr_call(self, to, &number, GR_FOREVER, unknown_request), GR_EUNHANDLED);
    sweep_expect(
        gri_call(self, to, &large_gr_type, &large_answer, GR_FOREVER, &get_large_gr_type, &large_request), 0);
}

static int call_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    for (int i = 0; i < sweep_loops(); i++)
        call_all(self, crew_add(self, &crew, gr_spawn_with(self, server, (.loop = GR_LOOP(i)), .value = 1)));
    crew_stop(self, &crew);
    return 0;
}

static int ask_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    gr_future *sums[10];
    gr_ref to = crew_add(self, &crew, gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 1));
    gr_ref front = crew_add(self, &crew, gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 1));
    sweep_ok(gr_send(self, front, address, .ref = to));
    for (int i = 0; i < 10; i++) sums[i] = gr_ask(self, i % 2 ? to : front, GR_FOREVER, get_sum);
    gr_future_release(sums[9]); /* the answer is dropped as late */
    for (int i = 0; i < 9; i++) {
        if (sums[i] == NULL) {
            sweep_ok(GR_ENOMEM);
            continue;
        }
        if (sweep_expect(gr_await(self, sums[i], gr_seconds(60)), 0))
            CHECK(gr_future_value(sums[i], get_sum) != NULL);
        gr_future_release(sums[i]);
    }
    gr_future *words = gr_ask(self, to, GR_FOREVER, get_words, .value = 1); /* released by the actor's end */
    if (words == NULL) sweep_ok(GR_ENOMEM);
    crew_stop(self, &crew);
    return 0;
}

/* Nobody answers in time; the asker or the asked ends meanwhile. */
static int ends_root(gr_actor *self, void *argument)
{
    struct number number;
    gr_ref deaf = gr_spawn_with(self, sleeper, (.loop = GR_SPREAD), .value = gr_seconds(1000));
    if (gr_ref_is_null(deaf)) {
        sweep_ok(GR_ENOMEM);
        return 0;
    }
    int error = gr_call(self, deaf, &number, gr_microseconds(100), get_sum);
    sweep_expect(error, GR_ETIMEOUT);
    gr_future *last = gr_ask(self, deaf, GR_FOREVER, get_sum);
    if (!sweep_ok(gr_kill(self, deaf))) {
        gr_future_release(last);
        return 0;
    }
    if (last == NULL) {
        sweep_ok(GR_ENOMEM);
        return 0;
    }
    sweep_expect(gr_await(self, last, gr_seconds(60)), GR_EDOWN);
    gr_future_release(last);
    return 0;
}

/* ---- a handler that asks ---- */

struct asker {
    gr_future *future; /* of the last request */
    gr_ref to;         /* who is asked */
};

static int asker_start(gr_actor *self, struct asker *asker, const struct address *m)
{
    asker->to = m->ref;
    return 0;
}

static void asker_number(gr_actor *self, struct asker *asker, const struct number *m)
{
    struct number number;
    gr_future_release(asker->future);
    asker->future = gr_ask(self, asker->to, gr_seconds(60), get_words, .value = m->value);
    if (asker->future == NULL) sweep_ok(GR_ENOMEM);
    sweep_expect(gr_call(self, asker->to, &number, GR_FOREVER, get_sum), GR_ECONTEXT);
}

GR_ACTOR(asker, struct asker, address, asker_start, GR_ON(number, asker_number));

static int handler_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    gr_ref to = crew_add(self, &crew, gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 1));
    gr_ref ref = crew_add(self, &crew, gr_spawn_with(self, asker, (.loop = GR_SPREAD), .ref = to));
    for (int i = 0; i < 4; i++) sweep_ok(gr_send(self, ref, number, .value = i));
    crew_stop(self, &crew);
    return 0;
}

const struct scenario request_scenarios[] = {
    {.name = "call", .modes = SWEEP_SIMULATED | SWEEP_REAL | SWEEP_GR_RUN | SWEEP_STEPS, .root = call_root},
    {.name = "ask", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = ask_root},
    {.name = "requests that end", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = ends_root},
    {.name = "ask in a handler", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = handler_root},
    {.name = NULL}};
