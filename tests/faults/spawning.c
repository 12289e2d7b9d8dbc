/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of spawning: here, there, spread, from outside; handlers, coroutines, large states, strings. */
#include "tests/faults/sweep.h"

struct wide {
    uint8_t bytes[100000]; /* too many for a pool */
};

static int wide_start(gr_actor *self, struct wide *wide, const struct words *m)
{
    wide->bytes[99999] = 1;
    return 0;
}

static void wide_number(gr_actor *self, struct wide *wide, const struct number *m)
{
}

GR_ACTOR(wide, struct wide, words, wide_start, GR_ON(number, wide_number));

/* A coroutine that is started with a string, and ends at once or when it is stopped. */
static int reader_main(gr_actor *self, const struct words *m)
{
    struct gr_mail mail;
    CHECK(m->text.length > 0);
    int error = gr_receive(self, &mail, GR_FOREVER);
    return error == GR_ESTOPPED ? 0 : error;
}

GR_COROUTINE(reader, words, reader_main);

static gr_string text_for(gr_actor *self)
{
    gr_string text;
    if (!sweep_ok(gr_string_format(self, &text, "the text of a start"))) return gr_string_static("x");
    return text;
}

static void spawn_four(gr_actor *self, struct crew *crew, int loop)
{
    crew_add(self, crew, gr_spawn_with(self, server, (.loop = loop), .value = 1));
    crew_add(self, crew, gr_spawn_with(self, wide, (.loop = loop), .text = text_for(self)));
    crew_add(self, crew,
             gr_spawn_with(self, reader, (.loop = loop, .stack_size = 32 << 10), .text = text_for(self)));
    crew_add(self, crew, gr_spawn_with(self, sink, (.loop = loop, .mailbox.messages = 3)));
}

static int spawn_here(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    spawn_four(self, &crew, GR_SAME_LOOP);
    crew_stop(self, &crew);
    return 0;
}

static int spawn_there(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    for (int i = 0; i < sweep_loops(); i++) spawn_four(self, &crew, GR_LOOP(i));
    crew_kill(self, &crew);
    return 0;
}

static int spawn_spread(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    for (int i = 0; i < 3; i++) spawn_four(self, &crew, GR_SPREAD);
    crew_stop(self, &crew);
    return 0;
}

/* Refused starts are told like ends. */
static int spawn_refused(gr_actor *self, void *argument)
{
    /* A refused one may have ended before the watch reaches it: then that says GR_ESTALE. */
    struct crew crew = {.wanted = GR_ECANCELLED, .may_be_gone = true};
    struct crew here = {.wanted = GR_ECANCELLED};
    for (int i = 0; i < 3; i++) crew_add(self, &here, gr_spawn(self, refuser, .value = GR_ECANCELLED));
    crew_wait(self, &here);
    for (int i = 0; i < sweep_loops(); i++)
        crew_add(self, &crew, gr_spawn_with(self, refuser, (.loop = GR_LOOP(i)), .value = GR_ECANCELLED));
    crew_wait(self, &crew);
    return 0;
}

/* Many, so that slots and leases run out and are added. */
static int spawn_many(gr_actor *self, void *argument)
{
    for (int round = 0; round < 12; round++) {
        struct crew crew = {.count = 0};
        for (int i = 0; i < 10; i++)
            crew_add(self, &crew, gr_spawn_with(self, sink, (.loop = GR_LOOP(i % sweep_loops()))));
        crew_kill(self, &crew);
    }
    return 0;
}

const struct scenario spawning_scenarios[] = {
    {.name = "spawn here",
     .modes = SWEEP_SIMULATED | SWEEP_REAL | SWEEP_GR_RUN | SWEEP_STEPS,
     .root = spawn_here},
    {.name = "spawn there", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = spawn_there},
    {.name = "spawn spread", .modes = SWEEP_SIMULATED | SWEEP_REAL, .root = spawn_spread},
    {.name = "spawn refused", .modes = SWEEP_SIMULATED, .root = spawn_refused},
    {.name = "spawn many", .modes = SWEEP_GR_RUN, .root = spawn_many},
    {.name = NULL}};
