/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of futures, promises, tasks and scopes. */
#include "tests/faults/sweep.h"

static int double_main(gr_actor *self, const struct number *m, struct words *result)
{
    int error = gr_string_format(self, &result->text, "twice that is the number %lld",
                                 2 * (long long)m->value);
    if (error != 0) return error;
    if (m->value < 0) return gr_fail(self, GR_ELIMIT, "a sentence about it");
    return m->value > 100 ? gr_sleep(self, GR_FOREVER) : 0;
}
GR_TASK(doubled, number, words, double_main);

static gr_future *start(gr_actor *self, int64_t value)
{
    gr_future *future = gr_start_with(self, doubled, (.loop = GR_SPREAD), .value = value);
    if (future == NULL) sweep_ok(GR_ENOMEM);
    return future;
}

/* Waits for a task and releases it. */
static void finish(gr_actor *self, gr_future *future, int wanted)
{
    if (future == NULL) return;
    if (sweep_expect(gr_await(self, future, gr_seconds(60)), wanted) && wanted == 0)
        CHECK(gr_task_value(future, doubled)->text.length > 0);
    CHECK(gr_future_text(future)[0] != '\0');
    gr_future_release(future);
}

static int tasks_root(gr_actor *self, void *argument)
{
    gr_future *good = start(self, 1), *bad = start(self, -1), *dropped = start(self, 2);
    gr_future_release(dropped);
    finish(self, good, 0);
    finish(self, bad, GR_ELIMIT);
    gr_future *slow = start(self, 101);
    if (slow != NULL && !gr_future_done(slow)) CHECK_EQ(gr_future_cancel(self, slow), 0); /* never fails */
    finish(self, slow, GR_ECANCELLED);
    gr_future *left = start(self, 102); /* cancelled by the end of this actor */
    if (left != NULL && !gr_future_done(left))
        CHECK(strcmp(gr_future_state_name(gr_future_state(left)), "finished") != 0);
    if (left != NULL) sweep_expect(gr_future_error(left), GR_EBUSY);
    return 0;
}

static int several_root(gr_actor *self, void *argument)
{
    gr_future *tasks[] = {start(self, 1), start(self, 2), start(self, 3)};
    size_t done = 0, first;
    sweep_ok(gr_wait(self, tasks, 3, GR_WAIT_ALL, &done, GR_FOREVER));
    CHECK_EQ(done, 3);
    sweep_ok(gr_gather(self, tasks, 3, GR_GATHER_ALL, GR_FOREVER));
    sweep_ok(gr_gather(self, tasks, 3, GR_GATHER_FIRST_ERROR, GR_FOREVER));
    gr_future *twice[] = {tasks[0], tasks[1], tasks[2], tasks[0]}; /* given once */
    gr_completions *completions = gr_as_completed(self, twice, 4);
    if (completions == NULL) sweep_ok(GR_ENOMEM);
    gr_future *future;
    while (completions != NULL && gr_next_done(self, completions, &future, GR_FOREVER) == 0)
        if (gr_future_error(future) == 0) sweep_did();
    gr_completions_release(completions);
    for (int i = 0; i < 3; i++) gr_future_release(tasks[i]);
    gr_future *racers[] = {start(self, 101), start(self, 1)};
    sweep_expect(gr_race(self, racers, 2, &first, GR_FOREVER), 0);
    if (racers[0] != NULL && racers[1] != NULL)
        sweep_expect(gr_wait_for(self, racers[0], GR_FOREVER), GR_ECANCELLED);
    for (int i = 0; i < 2; i++) gr_future_release(racers[i]);
    return 0;
}

static void called(gr_actor *self, gr_future *future, void *context)
{
    if (gr_future_error(future) == 0) sweep_did();
    gr_future_release(future);
}

static int promises_root(gr_actor *self, void *argument)
{
    gr_promise promise;
    gr_future *future = gr_promise_create(self, words, &promise);
    gr_string text;
    if (future == NULL) {
        sweep_ok(GR_ENOMEM);
    } else {
        bool is_listening = sweep_ok(gr_future_on_done(self, future, called, NULL));
        if (sweep_ok(gr_string_copy(self, "a text for a promise", 20, &text)))
            sweep_ok(gr_fulfil(self, promise, words, .text = text));
        else
            gr_promise_fail(self, promise, GR_ENOMEM, "there was no text");
        sweep_ok(gr_sleep(self, 10)); /* calls it */
        if (!is_listening) gr_future_release(future);
    }
    future = gr_promise_create(self, words, &promise);
    if (future == NULL) {
        sweep_ok(GR_ENOMEM);
        return 0;
    }
    CHECK_EQ(gr_promise_fail(self, promise, 42, "a sentence that may be lost, as the error may not"), 0);
    sweep_expect(gr_await(self, future, 0), 42);
    if (!sweep_has_fired())
        CHECK_TEXT(gr_future_text(future), "a sentence that may be lost, as the error may not");
    gr_future_release(future);
    return 0;
}

/* ---- a handler that puts requests aside, and asks with a callback ---- */

struct later {
    gr_promise promise; /* of the request put aside */
};

static int later_start(gr_actor *self, struct later *later, const struct gr_nothing *m)
{
    return 0;
}

static void later_done(gr_actor *self, struct later *later, gr_future *future)
{
    int error = gr_future_error(future);
    if (sweep_ok(error))
        CHECK_EQ(gr_fulfil(self, later->promise, number, .value = 1), 0);
    else
        CHECK_EQ(gr_promise_fail(self, later->promise, error, "it could not be done"), 0);
}

static void later_get_sum(gr_actor *self, struct later *later, const struct get_sum *m)
{
    int error = gr_defer(self, get_sum, &later->promise);
    if (!sweep_ok(error)) {
        gr_reply_error(self, error);
        return;
    }
    gr_future *future = start(self, 4);
    error = gr_then(self, future, struct later, later_done);
    if (sweep_ok(error)) return;
    gr_future_release(future);
    CHECK_EQ(gr_promise_fail(self, later->promise, error, "there is no memory"), 0);
}
GR_ACTOR(later, struct later, gr_nothing, later_start, GR_ON(get_sum, later_get_sum));

static int later_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    struct number out;
    gr_ref ref = crew_add(self, &crew, gr_spawn_with(self, later, (.loop = GR_SPREAD)));
    for (int i = 0; i < 3; i++) sweep_expect(gr_call(self, ref, &out, gr_seconds(60), get_sum), 0);
    crew_stop(self, &crew);
    return 0;
}

static int scope_root(gr_actor *self, void *argument)
{
    for (int kind = 0; kind < 3; kind++) { /* all well, one fails, the deadline */
        gr_scope *scope = gr_scope_open(self, gr_milliseconds(50));
        if (scope == NULL) {
            sweep_ok(GR_ENOMEM);
            continue;
        }
        for (int i = 0; i < 3; i++) {
            int64_t value = kind == 0 || i != 1 ? i : kind == 1 ? -1 : 101;
            gr_future *future = gr_scope_start_with(self, scope, doubled, (.loop = GR_SPREAD),
                                                    .value = value);
            if (future == NULL) sweep_ok(GR_ENOMEM);
            gr_future_release(future);
        }
        static const int wanted[] = {0, GR_ELIMIT, GR_ETIMEOUT};
        sweep_expect(gr_scope_close(self, scope), wanted[kind]);
    }
    return 0;
}

/* ---- from a plain thread ---- */

static void outside(gr_system *system)
{
    gr_future *good = gr_system_start(system, doubled, (), .value = 1);
    gr_future *bad = gr_system_start(system, doubled, (.loop = GR_SPREAD), .value = -1);
    gr_future *slow = gr_system_start(system, doubled, (), .value = 101);
    gr_future *futures[] = {good, bad, slow};
    static const int wanted[] = {0, GR_ELIMIT, GR_ECANCELLED};
    for (int i = 0; i < 3; i++) {
        if (futures[i] == NULL) {
            sweep_ok(GR_ENOMEM);
            continue;
        }
        bool is_told = i != 2 || gr_future_done(slow);
        for (int tries = 0; !is_told && tries < 100; tries++)
            is_told = sweep_ok(gr_future_cancel(NULL, slow));
        sweep_expect(gr_await(NULL, futures[i], gr_seconds(60)), wanted[i]);
        CHECK(gr_future_text(futures[i])[0] != '\0');
        gr_future_release(futures[i]);
    }
}

const struct scenario future_scenarios[] = {
    {.name = "tasks", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = tasks_root},
    {.name = "several futures", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = several_root},
    {.name = "promises", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = promises_root},
    {.name = "requests put aside", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = later_root},
    {.name = "scopes", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = scope_root},
    {.name = "tasks from outside", .modes = SWEEP_REAL, .beside = outside},
    {.name = NULL}};
