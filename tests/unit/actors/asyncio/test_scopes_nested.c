/* SPDX-License-Identifier: Apache-2.0 */
/* asyncio's tests of TaskGroups within TaskGroups, retold: of one actor, and of children that open their own. */
#include "tests/unit/actors/asyncio/tale.h"

/* The inner scope's children fail while they are cancelled; the outer one has so many naps. */
static int two_levels_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *outer = gr_scope_open(self, GR_FOREVER);
    for (int i = 0; i < plan->value; i++)
        gr_future_release(start_in(self, outer, nap, .time = gr_seconds(10)));
    gr_scope *inner = gr_scope_open(self, GR_FOREVER);
    gr_future *list[5];
    for (int i = 0; i < 5; i++) list[i] = start_in(self, inner, tidy, .time = gr_seconds(10), .error = 77);
    int error = gr_sleep(self, gr_seconds(10));
    note("inner %d", gr_scope_close(self, inner));
    for (int i = 0; i < 5; i++) expect_error(list[i], 77);
    note("outer %d", gr_scope_close(self, outer));
    return error;
}

GR_TASK(two_levels, plan, number, two_levels_run);

static void cancel_both(gr_actor *self, int outer_children)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, two_levels, .value = outer_children);
    CHECK_EQ(gr_sleep(self, MS(100)), 0);
    CHECK(!gr_future_done(f));
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(100));
    CHECK(strstr(notes(), "inner -7") != NULL);
    CHECK(strstr(notes(), "outer -7") != NULL);
    CHECK((strstr(notes(), "cut") != NULL) == (outer_children > 0));
    CHECK_EQ(living(self, "nap") + living(self, "tidy"), 0);
    expect_error(f, GR_ECANCELLED);
}

Tale(asyncio_scopes_nested,
     a_cancel_from_outside_goes_through_an_empty_outer_scope_to_the_inner_ones_children)
{
    cancel_both(self, 0);
    return 0;
}

Tale(asyncio_scopes_nested, a_cancel_from_outside_reaches_the_children_of_both_scopes)
{
    cancel_both(self, 1);
    return 0;
}

Tale(asyncio_scopes_nested, the_error_of_an_outer_child_cancels_the_inner_scope_and_comes_out_of_the_outer)
{
    gr_time begin = gr_now(self);
    gr_scope *outer = gr_scope_open(self, GR_FOREVER);
    gr_future *a = start_in(self, outer, nap, .time = MS(100), .error = 77);
    gr_scope *inner = gr_scope_open(self, GR_FOREVER);
    gr_future *b = start_in(self, inner, nap, .time = gr_seconds(10), .error = 78);
    CHECK_EQ(gr_scope_close(self, inner), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, outer), 77);
    CHECK_SINCE(begin, MS(100));
    expect_error(a, 77);
    expect_error(b, GR_ECANCELLED);
    return 0;
}

static int inner_fails_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *outer = gr_scope_open(self, GR_FOREVER);
    gr_future_release(start_in(self, outer, nap, .time = gr_seconds(10), .error = 78));
    gr_scope *inner = gr_scope_open(self, GR_FOREVER);
    gr_future_release(start_in(self, inner, nap, .time = MS(100), .error = 77));
    if (plan->value == 0) {
        CHECK_EQ(gr_sleep(self, gr_seconds(10)), GR_ECANCELLED);
        return gr_scope_close(self, outer); /* which closes the inner one */
    }
    int error = gr_scope_close(self, inner);
    CHECK(!gr_is_cancelled(self)); /* it is for the body to say whether that concerns the outer one */
    if (error != 0) gr_scope_cancel(self, outer);
    note("outer %d", gr_scope_close(self, outer));
    return error;
}

GR_TASK(inner_fails, plan, number, inner_fails_run);

Tale(asyncio_scopes_nested, the_error_of_an_inner_child_comes_out_of_the_outer_scope_too)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, inner_fails, .value = 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    CHECK_SINCE(begin, MS(100));
    CHECK_TEXT(notes(), "cut"); /* the outer one's child */
    expect_error(f, 77);
    return 0;
}

Tale(asyncio_scopes_nested, the_error_of_an_inner_child_comes_out_of_the_inner_scope_first)
{
    gr_time begin = gr_now(self);
    gr_future *f = start(self, inner_fails, .value = 1);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), 77);
    CHECK_SINCE(begin, MS(100));
    CHECK_TEXT(notes(), "cut outer -7");
    expect_error(f, 77);
    return 0;
}

/* ---- a body that takes its time ---- */

static int slow_body_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *child = start_in(self, scope, tidy, .time = gr_seconds(9), .value = MS(200), .error = 77);
    int error = gr_sleep(self, gr_seconds(10));
    CHECK_EQ(gr_sleep(self, MS(500)), GR_ECANCELLED); /* in the scope it can't tidy up at leisure */
    CHECK_EQ(gr_scope_close(self, scope), GR_ECANCELLED);
    expect_error(child, 77);
    CHECK_EQ(gr_sleep(self, MS(500)), 0); /* after it, it can */
    return error;
}

GR_TASK(slow_body, plan, number, slow_body_run);

static int awaits_slow_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_future *inner = start(self, slow_body, .value = 0);
    int error = gr_wait_for(self, inner, GR_FOREVER);
    CHECK(gr_future_done(inner));
    gr_future_release(inner);
    return error;
}

GR_TASK(awaits_slow, plan, number, awaits_slow_run);

/* In Python the body may wait on before it leaves; here the children are cancelled with it. */
static void tidies_up(gr_actor *self, gr_future *f, gr_time begin)
{
    CHECK_EQ(gr_sleep(self, MS(100)), 0);
    CHECK(!gr_future_done(f));
    CHECK_EQ(gr_future_cancel(self, f), 0);
    CHECK_EQ(gr_await(self, f, GR_FOREVER), GR_ECANCELLED);
    CHECK_SINCE(begin, MS(800));
    CHECK_TEXT(notes(), "cleaning clean");
    expect_error(f, GR_ECANCELLED);
}

Tale(asyncio_scopes_nested, a_cancelled_body_and_its_children_both_get_to_tidy_up)
{
    gr_time begin = gr_now(self);
    tidies_up(self, start(self, slow_body, .value = 0), begin);
    return 0;
}

Tale(asyncio_scopes_nested, a_cancel_that_comes_through_a_waiter_lets_them_tidy_up_too)
{
    gr_time begin = gr_now(self);
    tidies_up(self, start(self, awaits_slow, .value = 0), begin);
    return 0;
}

/* ---- children that start more ---- */

static int branch_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    CHECK_EQ(gr_sleep(self, MS(100)), 0);
    gr_future_release(start_in(self, scope, nap, .time = MS(100)));
    gr_future_release(start_in(self, scope, nap, .time = MS(200)));
    return gr_scope_close(self, scope);
}

GR_TASK(branch, plan, number, branch_run);

Tale(asyncio_scopes_nested, what_a_child_starts_in_a_scope_of_its_own_has_ended_too)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *f = start_in(self, scope, branch, .value = 0);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_SINCE(begin, MS(300));
    CHECK_EQ(living(self, "nap"), 0);
    expect_value(f, 0);
    return 0;
}

GR_TASK_DECLARE(hydra, plan, number);

static int hydras;

static int hydra_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    hydras++;
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    int error = gr_sleep(self, MS(10));
    if (error == 0)
        for (int i = 0; i < 2; i++) gr_future_release(start_in(self, scope, hydra, .value = 0));
    int closed = gr_scope_close(self, scope);
    return error != 0 ? error : closed;
}

GR_TASK(hydra, plan, number, hydra_run);

static int hercules_run(gr_actor *self, const struct plan *plan, struct number *result)
{
    while (hydras < 10) {
        int error = gr_sleep(self, MS(15));
        if (error != 0) return error;
    }
    return 77;
}

GR_TASK(hercules, plan, number, hercules_run);

Tale(asyncio_scopes_nested, children_that_multiply_all_end_when_one_fails)
{
    hydras = 0;
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future_release(start_in(self, scope, hydra, .value = 0));
    gr_future_release(start_in(self, scope, hercules, .value = 0));
    CHECK_EQ(gr_scope_close(self, scope), 77);
    CHECK(hydras >= 10);
    int before = hydras;
    CHECK_EQ(living(self, "hydra"), 0);
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
    CHECK_EQ(hydras, before);
    return 0;
}
