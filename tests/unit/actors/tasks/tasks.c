/* SPDX-License-Identifier: Apache-2.0 */
/* The tasks of tasks.h. */
#include "tests/unit/actors/tasks/tasks.h"

#include <stdio.h>

static int work_main(gr_actor *self, const struct job *job, struct number *result)
{
    CHECK_EQ(result->value, 0);
    if (job->notes) note("%lld:begun", (long long)job->value);
    if (job->is_killed) CHECK_EQ(gr_kill(self, gr_self(self)), 0);
    int error = job->sleep == 0 && !job->is_killed ? 0
                                                   : gr_sleep(self, job->sleep < 0 ? GR_FOREVER : job->sleep);
    if (job->notes && error != 0) note("%lld:%s", (long long)job->value, gr_error_name(error));
    if (error == GR_ECANCELLED) CHECK(gr_is_cancelled(self));
    if (error == GR_ECANCELLED && job->cleans_up) {
        const char *end = gr_sleep(self, gr_seconds(1)) == 0 ? "clean" : "cut";
        if (job->notes) note("%lld:%s", (long long)job->value, end);
    }
    if (error == GR_ECANCELLED && job->stubborn) error = gr_sleep(self, gr_milliseconds(10));
    result->value = job->value;
    if (job->notes) note("%lld:ended", (long long)job->value);
    if (error == 0 && job->error != 0)
        return gr_fail(self, job->error, "job %lld failed", (long long)job->value);
    return error;
}
GR_TASK(work, job, number, work_main);

static int speak_main(gr_actor *self, const struct number *m, struct words *result)
{
    CHECK_EQ(gr_string_format(self, &result->text, "a text that is long enough to be counted: number %lld",
                              (long long)m->value),
             0);
    return m->value < 0 ? (int)m->value : 0;
}
GR_TASK(speak, number, words, speak_main);

static int family_main(gr_actor *self, const struct gr_nothing *m, struct number *result)
{
    gr_future *child = START(self, .value = 2, .sleep = -1, .notes = true);
    return gr_await(self, child, GR_FOREVER);
}
GR_TASK(family, gr_nothing, number, family_main);
