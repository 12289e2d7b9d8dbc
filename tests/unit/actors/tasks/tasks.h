/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that the tests of futures, tasks and scopes share. */
#ifndef TESTS_UNIT_ACTORS_TASKS_TASKS_H
#define TESTS_UNIT_ACTORS_TASKS_TASKS_H

#include "tests/support/world/case.h"

struct job {
    int64_t value;  /* the result */
    int64_t sleep;  /* nanoseconds before the end; -1: for ever */
    int32_t error;  /* to end with instead of the value */
    bool notes;     /* notes what it sees */
    bool stubborn;  /* goes on when it is cancelled */
    bool cleans_up; /* sleeps a second more when it is cancelled, if it is not cancelled again */
    bool is_killed; /* kills itself first */
};
GR_MESSAGE(job, GR_FIELD(job, value), GR_FIELD(job, sleep), GR_FIELD(job, error), GR_FIELD(job, notes),
           GR_FIELD(job, stubborn), GR_FIELD(job, cleans_up), GR_FIELD(job, is_killed));

/* Does as the job says. */
GR_TASK_DECLARE(work, job, number);

/* Gives the value's text back as `words`; with a value below 0, fails with it after it has made the text. */
GR_TASK_DECLARE(speak, number, words);

/* Starts a `work` that sleeps for ever, and waits for it. */
GR_TASK_DECLARE(family, gr_nothing, number);

/* The last loop. */
static inline int far(gr_actor *self)
{
    return GR_LOOP(gr_system_loops(gr_actor_system(self)) - 1);
}

/* A `work` on the last loop. */
#define START(self, ...) gr_start_with(self, work, (.loop = far(self)), __VA_ARGS__)

/* Milliseconds from `since` to now. */
static inline int64_t ms_since(gr_actor *self, gr_time since)
{
    return (gr_now(self) - since) / 1000000;
}

/* Waits until a future is done, and releases it; returns its error, or its number. */
static inline int64_t take_number(gr_actor *self, gr_future *future)
{
    int64_t result = gr_await(self, future, gr_seconds(60));
    if (result == 0) result = gr_future_as(future, number)->value;
    gr_future_release(future);
    return result;
}

#endif
