/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of waiting: timers, sleeps, deadlines, blocking work. */
#include "base/atomic.h"
#include "tests/faults/sweep.h"

#include <greenroom/blocking.h>
#include <greenroom/timer.h>

static int timer_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    gr_ref to = crew_add(self, &crew, gr_spawn_with(self, sink, (.loop = GR_SPREAD)));
    for (int i = 0; i < 4; i++) {
        uint64_t timer;
        gr_string text;
        if (!sweep_ok(gr_string_format(self, &text, "sent later, %d", i))) continue;
        if (!sweep_ok(gr_send_after(self, to, gr_microseconds(50 * i), &timer, words, .text = text))) {
            CHECK_EQ(timer, 0);
            gr_string_release(text);
        } else if (i == 3) {
            CHECK_EQ(gr_timer_cancel(self, timer), 0);
        }
    }
    struct gr_mail mail;
    sweep_ok(gr_sleep(self, 0));
    sweep_ok(gr_sleep(self, gr_microseconds(500)));
    int error = gr_receive(self, &mail, gr_microseconds(10));
    CHECK(error == GR_ETIMEOUT || error == 0); /* a down for lack of memory */
    if (error == 0) sweep_reason(mail.signal->reason), crew.monitors[0] = 0;
    if (error == 0) return 0;
    sweep_ok(gr_send_after(self, to, gr_seconds(1000), NULL, number, .value = 1)); /* ends with the actor */
    crew_stop(self, &crew);
    return 0;
}

static int sleep_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    for (int i = 0; i < sweep_loops(); i++)
        crew_add(self, &crew, gr_spawn_with(self, sleeper, (.loop = GR_LOOP(i)), .value = gr_seconds(1000)));
    crew_kill(self, &crew);
    return 0;
}

/* ---- blocking work ---- */

static gri_atomic_u32 jobs_run;

static int count_job(void *argument)
{
    gri_fetch_add(&jobs_run, 1, GRI_RELAXED);
    return (int)(intptr_t)argument;
}

/* Ends with work under way. */
static int hasty_main(gr_actor *self, const struct gr_nothing *m)
{
    if (gr_blocking(self, count_job, NULL) == NULL) return GR_ENOMEM;
    return 0;
}

GR_COROUTINE(hasty, gr_nothing, hasty_main);

static int blocking_root(gr_actor *self, void *argument)
{
    gr_future *futures[4];
    for (int i = 0; i < 4; i++) {
        futures[i] = gr_blocking(self, count_job, (void *)(intptr_t)i);
        if (futures[i] == NULL) sweep_ok(GR_ENOMEM);
    }
    gr_future_release(futures[3]);
    for (int i = 0; i < 3; i++) {
        if (futures[i] == NULL) continue;
        sweep_expect(gr_await(self, futures[i], gr_seconds(60)), i);
        gr_future_release(futures[i]);
    }
    struct crew crew = {.may_be_gone = true};
    for (int i = 0; i < sweep_loops(); i++)
        crew_add(self, &crew, gr_spawn_with(self, hasty, (.loop = GR_LOOP(i))));
    crew_wait(self, &crew);
    return 0;
}

/* Gives back the words that it got, twice. */
static int doubles_words(const struct words *in, struct words *out)
{
    int length = (int)in->text.length;
    return gr_string_format(NULL, &out->text, "%.*s%.*s", length, in->text.data, length, in->text.data);
}

static int hasty_caller_main(gr_actor *self, const struct gr_nothing *m)
{
    gr_string text;
    if (gr_string_copy(self, "a text on the heap", 18, &text) != 0) return GR_ENOMEM;
    return gr_blocking_call(self, words, words, doubles_words, .text = text) == NULL ? GR_ENOMEM : 0;
}

GR_COROUTINE(hasty_caller, gr_nothing, hasty_caller_main);

static int call_root(gr_actor *self, void *argument)
{
    for (int i = 0; i < 3; i++) {
        gr_string text;
        if (!sweep_ok(gr_string_format(self, &text, "number %d", i))) continue;
        gr_future *future = gr_blocking_call(self, words, words, doubles_words, .text = text);
        int error = future == NULL ? GR_ENOMEM : gr_await(self, future, gr_seconds(60));
        if (sweep_expect(error, 0)) CHECK_EQ(gr_future_as(future, words)->text.length, 16);
        gr_future_release(future);
    }
    struct crew crew = {.may_be_gone = true};
    for (int i = 0; i < sweep_loops(); i++)
        crew_add(self, &crew, gr_spawn_with(self, hasty_caller, (.loop = GR_LOOP(i))));
    crew_wait(self, &crew);
    return 0;
}

const struct scenario waiting_scenarios[] = {
    {.name = "timers", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = timer_root},
    {.name = "sleep", .modes = SWEEP_SIMULATED, .root = sleep_root},
    {.name = "blocking work", .modes = SWEEP_SIMULATED | SWEEP_REAL | SWEEP_GR_RUN, .root = blocking_root},
    {.name = "blocking calls", .modes = SWEEP_SIMULATED | SWEEP_REAL | SWEEP_GR_RUN, .root = call_root},
    {.name = NULL}};
