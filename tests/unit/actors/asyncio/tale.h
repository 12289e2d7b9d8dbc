/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests share that retell CPython's tests of asyncio (tests/parity says which): a short way to write one, and
 * the tasks and callbacks that most of them use. It is no test itself.
 */
#ifndef TESTS_UNIT_ACTORS_ASYNCIO_TALE_H
#define TESTS_UNIT_ACTORS_ASYNCIO_TALE_H

#include "tests/support/world/case.h"
#include "tests/support/world/log.h"

/* Where `start` and `start_in` put tasks: GR_SAME_LOOP, or GR_SPREAD over all. */
extern int tale_loop;

/* A test that is one root actor's function, with `self`, run under seeds: with all tasks on one loop, with another one
 * beside it, and with tasks on any of three. */
#define Tale(suite, name)                                                                                    \
    static int suite##_##name##_tale(gr_actor *self, void *argument);                                        \
    Case(suite, name)                                                                                        \
    {                                                                                                        \
        run_seeds(1, 4, suite##_##name##_tale);                                                              \
        run_seeds(2, 2, suite##_##name##_tale);                                                              \
        tale_loop = GR_SPREAD;                                                                               \
        run_seeds(3, 6, suite##_##name##_tale);                                                              \
    }                                                                                                        \
    static int suite##_##name##_tale(gr_actor *self, void *argument)

/* As gr_start and gr_scope_start, on whatever loop. */
#define start(self, T, ...)           gr_start_with(self, T, (.loop = tale_loop), __VA_ARGS__)
#define start_in(self, scope, T, ...) gr_scope_start_with(self, scope, T, (.loop = tale_loop), __VA_ARGS__)

/* Nanoseconds of so many milliseconds. */
#define MS(n) gr_milliseconds(n)

/* Checks how much virtual time has passed since `begin`. */
#define CHECK_SINCE(begin, wanted) CHECK_EQ(gr_now(self) - (begin), (wanted))

/* What a task of these tests is to do. */
struct plan {
    gr_time time;  /* how long it waits, or its second wait */
    int64_t value; /* what it gives */
    int32_t error; /* or how it fails */
    gr_ref who;    /* whom it talks to */
};
GR_MESSAGE(plan, GR_FIELD(plan, time), GR_FIELD(plan, value), GR_FIELD(plan, error), GR_FIELD(plan, who));

/* Sleeps for `time`, then ends with `value` or `error`. A sleep that is cut short is noted as "cut" and is its end. */
GR_TASK_DECLARE(nap, plan, number);

/* The same, without any wait. */
GR_TASK_DECLARE(at_once, plan, number);

/* Sleeps for `time` whatever comes between, then as nap. Notes "kept on" for each time that it was cancelled. */
GR_TASK_DECLARE(stubborn, plan, number);

/* As nap; cancelled, it notes "cleaning", sleeps for `value` nanoseconds more, notes "clean", and ends with `error`, or
 * GR_ECANCELLED if that is 0. */
GR_TASK_DECLARE(tidy, plan, number);

/* Sends its address to `who`, then ends with the first `number` that it is sent. */
GR_TASK_DECLARE(listens, plan, number);

/* The number in a future of whatever kind; -1 if there is none. */
int64_t value_of(const gr_future *future);

/* Checks that it is done with that value, or with that error; releases it. */
void expect_value(gr_future *future, int64_t value);
void expect_error(gr_future *future, int error);

/* A callback that notes its context, a text. */
void say(gr_actor *self, gr_future *future, void *context);

/* A callback that notes its context, a text, and the future's value or error. */
void tell(gr_actor *self, gr_future *future, void *context);

/* The living actors of that name. */
int living(gr_actor *self, const char *name);

#endif
