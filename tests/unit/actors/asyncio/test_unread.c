/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of "exception was never retrieved", retold: which futures are logged when they are given back. */
#include "tests/unit/actors/asyncio/tale.h"

/* What giving `f` back logs. */
static const char *release_logs(gr_actor *self, gr_future *f)
{
    log_begin();
    gr_future_release(f);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    return log_end();
}

static gr_future *failed(gr_actor *self)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_promise_fail(self, promise, 77, "boom at the mill"), 0);
    return f;
}

static gr_future *fulfilled(gr_actor *self)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 42), 0);
    return f;
}

Tale(asyncio_unread, a_pending_future_is_given_back_in_silence)
{
    gr_promise promise;
    CHECK_TEXT(release_logs(self, gr_promise_create(self, number, &promise)), "");
    return 0;
}

Tale(asyncio_unread, a_value_is_given_back_in_silence_read_or_not)
{
    CHECK_TEXT(release_logs(self, fulfilled(self)), "");
    gr_future *f = fulfilled(self);
    CHECK_EQ(value_of(f), 42);
    CHECK_TEXT(release_logs(self, f), "");
    return 0;
}

Tale(asyncio_unread, an_error_that_nobody_read_is_logged_with_its_text)
{
    const char *line = release_logs(self, failed(self));
    CHECK(strstr(line, "boom at the mill") != NULL);
    const char *end = strchr(line, '\n');
    CHECK(end != NULL && end[1] == '\0'); /* one line */
    return 0;
}

static int fails_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    return gr_fail(self, 77, "no water at %lld", (long long)plan->value);
}

GR_TASK(fails, plan, number, fails_run);

static int fails_later_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    CHECK_EQ(gr_sleep(self, plan->time), 0);
    return fails_run(self, plan, result);
}

GR_TASK(fails_later, plan, number, fails_later_run);

Tale(asyncio_unread, a_failed_task_that_nobody_asked_about_is_logged_with_its_sentence)
{
    gr_future *f = start(self, fails, .value = 12);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    CHECK(gr_future_done(f));
    CHECK(strstr(release_logs(self, f), "no water at 12") != NULL);
    return 0;
}

Tale(asyncio_unread, an_error_that_was_looked_at_is_not_logged)
{
    gr_future *f = failed(self);
    CHECK_EQ(gr_future_error(f), 77);
    CHECK_TEXT(release_logs(self, f), "");
    return 0;
}

Tale(asyncio_unread, an_error_that_was_awaited_is_not_logged)
{
    gr_future *f = failed(self);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    CHECK_TEXT(release_logs(self, f), "");
    return 0;
}

Tale(asyncio_unread, a_cancelled_future_is_not_logged)
{
    gr_promise promise;
    gr_future *f = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_TEXT(release_logs(self, f), "");
    return 0;
}

/* In Python a cancel that comes too late counts as a look; here only looking does. */
Tale(asyncio_unread, a_failed_future_that_was_cancelled_too_late_is_still_logged)
{
    gr_future *f = failed(self);
    CHECK_EQ(gr_future_cancel(self, f), GR_EBUSY);
    CHECK(strstr(release_logs(self, f), "boom at the mill") != NULL);
    gr_future *task = start(self, fails, .value = 13);
    CHECK_EQ(gr_sleep(self, MS(50)), 0);
    CHECK_EQ(gr_future_cancel(self, task), GR_EBUSY);
    CHECK(strstr(release_logs(self, task), "no water at 13") != NULL);
    return 0;
}

Tale(asyncio_unread, an_error_that_comes_after_gather_has_told_the_first_is_not_logged)
{
    gr_future *alone = start(self, fails_later, .time = MS(2), .value = 14);
    gr_future *list[2] = {start(self, fails_later, .time = MS(1), .value = 15),
                          start(self, fails_later, .time = MS(2), .value = 16)};
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 77);
    CHECK(gr_future_done(list[0]) && !gr_future_done(list[1]));
    CHECK_EQ(gr_sleep(self, MS(2)), 0);
    CHECK(gr_future_done(list[1]));
    for (int i = 0; i < 2; i++) CHECK_TEXT(release_logs(self, list[i]), "");
    CHECK(strstr(release_logs(self, alone), "no water at 14") != NULL); /* which nobody gathered */
    return 0;
}

Tale(asyncio_unread, errors_that_are_there_before_gather_are_not_logged_either)
{
    gr_future *list[2] = {failed(self), failed(self)};
    CHECK_EQ(gr_gather(self, list, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 77);
    for (int i = 0; i < 2; i++) CHECK_TEXT(release_logs(self, list[i]), "");
    return 0;
}

Tale(asyncio_unread, the_error_of_one_that_lost_a_race_is_not_logged)
{
    gr_future *list[2] = {start(self, nap, .time = MS(1)),
                          start(self, tidy, .time = gr_seconds(1), .value = MS(1), .error = 77)};
    size_t first = 9;
    CHECK_EQ(gr_race(self, list, 2, &first, GR_FOREVER), 0);
    CHECK_EQ(first, 0);
    CHECK(!gr_future_done(list[1])); /* it is told, and then fails */
    CHECK_EQ(gr_sleep(self, MS(2)), 0);
    CHECK(gr_future_done(list[1]));
    CHECK_TEXT(notes(), "cleaning clean");
    for (int i = 0; i < 2; i++) CHECK_TEXT(release_logs(self, list[i]), "");
    return 0;
}
