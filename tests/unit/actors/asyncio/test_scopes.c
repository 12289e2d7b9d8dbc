/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of TaskGroup, retold: tasks that end together. Scopes within scopes are in test_scopes_nested.c. */
#include "tests/unit/actors/asyncio/tale.h"

#include <signal.h>

static int times(const char *text, const char *word)
{
    int count = 0;
    while ((text = strstr(text, word)) != NULL) count++, text += strlen(word);
    return count;
}

Tale(asyncio_scopes, closing_waits_for_all_children_and_their_values_are_there)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *a = start_in(self, scope, nap, .time = MS(100), .value = 42);
    gr_future *b = start_in(self, scope, nap, .time = MS(200), .value = 11);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_SINCE(begin, MS(200));
    expect_value(a, 42);
    expect_value(b, 11);
    return 0;
}

Tale(asyncio_scopes, children_may_be_started_after_the_body_has_waited)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *a = start_in(self, scope, nap, .time = MS(100), .value = 42);
    CHECK_EQ(gr_sleep(self, MS(150)), 0);
    CHECK(gr_future_done(a));
    gr_future *b = start_in(self, scope, nap, .time = MS(200), .value = 11);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_SINCE(begin, MS(350));
    expect_value(a, 42);
    expect_value(b, 11);
    return 0;
}

Tale(asyncio_scopes, a_child_that_is_cancelled_alone_does_not_end_the_others)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *a = start_in(self, scope, nap, .time = gr_seconds(1), .value = 42);
    CHECK_EQ(gr_sleep(self, MS(150)), 0);
    CHECK_EQ(gr_future_cancel(self, a), 0);
    gr_future *b = start_in(self, scope, nap, .time = MS(200), .value = 11);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_SINCE(begin, MS(350));
    expect_error(a, GR_ECANCELLED);
    expect_value(b, 11);
    return 0;
}

Tale(asyncio_scopes, the_error_of_a_child_cancels_the_others_and_is_what_closing_returns)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *a = start_in(self, scope, nap, .time = MS(100), .error = 77);
    gr_future *b = start_in(self, scope, nap, .time = gr_seconds(1), .value = 1);
    CHECK_EQ(gr_scope_close(self, scope), 77);
    CHECK_SINCE(begin, MS(100));
    CHECK_TEXT(notes(), "cut");
    expect_error(a, 77);
    expect_error(b, GR_ECANCELLED);
    return 0;
}

Tale(asyncio_scopes, the_error_of_a_child_cuts_the_waits_of_the_body)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *list[4];
    for (int i = 0; i < 3; i++) list[i] = start_in(self, scope, nap, .time = MS(100), .error = 77);
    list[3] = start_in(self, scope, nap, .time = gr_seconds(5));
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(100));
    CHECK_EQ(gr_scope_close(self, scope), 77);
    CHECK_SINCE(begin, MS(100));
    for (int i = 0; i < 3; i++) {
        int error = gr_future_error(list[i]);
        CHECK(error == 77 || (i > 0 && error == GR_ECANCELLED)); /* one was first */
    }
    CHECK_EQ(gr_future_error(list[3]), GR_ECANCELLED);
    for (int i = 0; i < 4; i++) gr_future_release(list[i]);
    return 0;
}

/* ---- who opened it is cancelled ---- */

static int group_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    for (int i = 0; i < plan->value; i++)
        gr_future_release(start_in(self, scope, tidy, .time = gr_seconds(5), .error = plan->error));
    int error = plan->time > 0 ? gr_sleep(self, plan->time) : 0;
    if (error != 0) note("body");
    int closed = gr_scope_close(self, scope);
    note("closed %d", closed);
    return closed;
}

GR_TASK(group, plan, number, group_run);

/* Starts it, cancels it at 100 ms, and checks that it ends at once, cancelled, with so many words. */
static void cancel_group(gr_actor *self, gr_time body, int children, int error, const char *last)
{
    notes_clear();
    gr_time begin = gr_now(self);
    gr_future *f = start(self, group, .time = body, .value = children, .error = error);
    CHECK_EQ(gr_sleep(self, MS(100)), 0);
    CHECK(!gr_future_done(f));
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(100));
    CHECK_EQ(times(notes(), "cleaning"), children);
    CHECK_EQ(times(notes(), "clean "), children); /* all ended before it did */
    CHECK_EQ(times(notes(), "body"), body > 0);
    CHECK(strstr(notes(), last) != NULL);
    expect_error(f, GR_ECANCELLED);
}

Tale(asyncio_scopes, cancelling_who_waits_for_the_close_cancels_all_children)
{
    cancel_group(self, 0, 5, 0, "closed -7");
    cancel_group(self, 0, 2, 0, "closed -7");
    return 0;
}

Tale(asyncio_scopes, cancelling_who_waits_in_the_body_cancels_all_children)
{
    cancel_group(self, gr_seconds(10), 5, 0, "closed -7");
    return 0;
}

Tale(asyncio_scopes, cancelling_who_waits_in_the_body_of_an_empty_scope_ends_it)
{
    cancel_group(self, gr_seconds(10), 0, 0, "body closed -7");
    return 0;
}

/* In Python the errors would come out; here closing says why it was cancelled, and each future has its own error. */
Tale(asyncio_scopes, children_that_fail_while_they_are_cancelled_do_not_change_why)
{
    cancel_group(self, gr_seconds(10), 5, 77, "closed -7");
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *f = start_in(self, scope, tidy, .time = gr_seconds(5), .error = 77);
    CHECK_EQ(gr_sleep(self, MS(1)), 0);
    gr_scope_cancel(self, scope);
    CHECK_EQ(gr_scope_close(self, scope), GR_ECANCELLED);
    expect_error(f, 77);
    return 0;
}

/* ---- the body fails ---- */

static int failing_body_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *a = gr_scope_start(self, scope, nap, .time = gr_seconds(1), .value = 42);
    gr_future *b = gr_scope_start(self, scope, nap, .time = gr_seconds(2), .value = 11);
    if (plan->time > 0) CHECK_EQ(gr_sleep(self, plan->time), 0);
    gr_scope_cancel(self, scope); /* what a body does that fails */
    CHECK_EQ(gr_scope_close(self, scope), GR_ECANCELLED);
    CHECK_EQ(gr_future_state(a), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_future_state(b), GR_FUTURE_CANCELLED);
    gr_future_release(a);
    gr_future_release(b);
    return plan->error;
}

GR_TASK(failing_body, plan, number, failing_body_run);

Tale(asyncio_scopes, a_body_that_fails_cancels_children_that_run)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, failing_body, .time = MS(100), .error = 77);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    CHECK_SINCE(begin, MS(100));
    CHECK_TEXT(notes(), "cut cut");
    expect_error(f, 77);
    return 0;
}

Tale(asyncio_scopes, a_body_that_fails_at_once_cancels_children_before_they_begin)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, failing_body, .time = 0, .error = 77);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    CHECK_SINCE(begin, 0);
    CHECK_TEXT(notes(), "");
    expect_error(f, 77);
    return 0;
}

static int answers_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    if (plan->value > 0) gr_future_release(start_in(self, scope, nap, .time = MS(100), .error = 77));
    int own = gr_sleep(self, gr_seconds(10)) == GR_ECANCELLED ? 78 : 0;
    int closed = gr_scope_close(self, scope);
    CHECK(!gr_is_cancelled(self) || plan->value == 0);
    note("closed %d", closed);
    return own;
}

GR_TASK(answers, plan, number, answers_run);

Tale(asyncio_scopes, a_body_that_is_cut_may_have_an_error_of_its_own_beside_the_childs)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, answers, .value = 1);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 78);
    CHECK_SINCE(begin, MS(100));
    CHECK_TEXT(notes(), "closed 77");
    expect_error(f, 78);
    return 0;
}

/* Python's KeyboardInterrupt passes by the group; here SIGINT decides what gr_run returns, whatever the scope does. */
static int interrupted(gr_actor *self, void *argument)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future_release(gr_scope_start(self, scope, nap, .time = MS(100), .error = 77));
    CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
    CHECK_EQ(raise(SIGINT), 0);
    int closed = gr_scope_close(self, scope);
    CHECK_EQ(closed, 77);
    note("closed");
    return closed;
}

Case(asyncio_scopes, an_interrupt_in_a_body_that_is_cut_ends_the_program_with_its_number_not_the_childs_error)
{
    for (uint64_t seed = 0; seed <= 4; seed++) { /* 0: for real */
        notes_clear();
        cr_assert_eq(gr_run_with(interrupted, NULL, (.loops = 1, .seed = seed)), 128 + SIGINT);
        CHECK_TEXT(notes(), "closed");
    }
}

Tale(asyncio_scopes, a_body_that_is_cancelled_may_answer_with_an_error_of_its_own)
{
    gr_future *f = start(self, answers, .value = 0);
    CHECK_EQ(gr_sleep(self, MS(10)), 0);
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 78);
    CHECK_TEXT(notes(), "closed -7");
    expect_error(f, 78);
    return 0;
}

Tale(asyncio_scopes, after_a_scope_that_failed_its_actor_is_not_cancelled)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future_release(start_in(self, scope, at_once, .error = 77));
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), GR_ECANCELLED);
    CHECK(gr_is_cancelled(self));
    CHECK_EQ(gr_scope_close(self, scope), 77);
    CHECK(!gr_is_cancelled(self));
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_SINCE(begin, MS(5));
    return 0;
}

Tale(asyncio_scopes, in_a_scope_that_failed_nothing_more_is_started)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *first = start_in(self, scope, nap, .time = 1, .error = 77);
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), GR_ECANCELLED);
    gr_future *late = start_in(self, scope, tidy, .time = MS(1));
    CHECK_EQ(gr_future_state(late), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_scope_close(self, scope), 77);
    expect_error(late, GR_ECANCELLED);
    expect_error(first, 77);
    CHECK_EQ(gr_sleep(self, MS(5)), 0);
    CHECK_TEXT(notes(), "");
    return 0;
}

Tale(asyncio_scopes, children_that_have_ended_leave_nothing_in_a_scope_that_is_open)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(gr_sleep(self, MS(100)), 0);
        gr_future_release(start_in(self, scope, nap, .time = MS(300)));
        if (i == 5) CHECK(living(self, "nap") < 5);
    }
    CHECK_EQ(gr_sleep(self, MS(350)), 0);
    CHECK_EQ(living(self, "nap"), 0);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_SINCE(begin, 0);
    return 0;
}
