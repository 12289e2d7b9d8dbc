/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests share that retell CPython's tests of asyncio; see tale.h. */
#include "tests/unit/actors/asyncio/tale.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int tale_loop = GR_SAME_LOOP;

static int give(const struct plan *plan, struct number *result)
{
    result->value = plan->value;
    return plan->error;
}

static int nap_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    int error = gr_sleep(self, plan->time);
    if (error == 0) return give(plan, result);
    note("cut");
    return error;
}

GR_TASK(nap, plan, number, nap_run);

static int at_once_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    return give(plan, result);
}

GR_TASK(at_once, plan, number, at_once_run);

static int stubborn_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_time end = gr_now(self) + plan->time;
    while (gr_now(self) < end) {
        int error = gr_sleep(self, end - gr_now(self));
        if (error == GR_ECANCELLED)
            note("kept on");
        else if (error != 0)
            return error;
    }
    return give(plan, result);
}

GR_TASK(stubborn, plan, number, stubborn_run);

static int tidy_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    int error = gr_sleep(self, plan->time);
    if (error == 0) return give(plan, result);
    note("cleaning");
    CHECK_EQ(gr_sleep(self, plan->value), 0); /* it is told once */
    note("clean");
    return plan->error != 0 ? plan->error : error;
}

GR_TASK(tidy, plan, number, tidy_run);

static int listens_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    struct gr_mail mail;
    gr_send(self, plan->who, address, .ref = gr_self(self));
    int error = gr_receive(self, &mail, GR_FOREVER);
    if (error != 0) return error;
    const struct number *m = gr_mail_as(&mail, number);
    if (!CHECK(m != NULL)) return 1;
    *result = *m;
    return 0;
}

GR_TASK(listens, plan, number, listens_run);

int64_t value_of(const gr_future *future)
{
    const struct number *value = gri_future_value(future, &number_gr_type);
    return value != NULL ? value->value : -1;
}

void expect_value(gr_future *future, int64_t value)
{
    CHECK_EQ(gr_future_error(future), 0);
    CHECK_EQ(gr_future_state(future), GR_FUTURE_FINISHED);
    CHECK_EQ(value_of(future), value);
    gr_future_release(future);
}

void expect_error(gr_future *future, int error)
{
    CHECK(gr_future_done(future));
    CHECK_EQ(gr_future_error(future), error);
    CHECK_EQ(gr_future_state(future), error == GR_ECANCELLED ? GR_FUTURE_CANCELLED : GR_FUTURE_FINISHED);
    CHECK_EQ(value_of(future), -1);
    gr_future_release(future);
}

void say(gr_actor *self, gr_future *future, void *context)
{
    CHECK(gr_future_done(future));
    note("%s", (const char *)context);
}

void tell(gr_actor *self, gr_future *future, void *context)
{
    int error = gr_future_error(future);
    note("%s=%lld", (const char *)context, error == 0 ? (long long)value_of(future) : (long long)error);
}

int living(gr_actor *self, const char *name)
{
    struct gr_actor_info list[64];
    size_t count = gr_system_actors(gr_actor_system(self), list, 64);
    int found = 0;
    for (size_t i = 0; i < count && i < 64; i++) found += strcmp(list[i].behaviour, name) == 0;
    return found;
}
