/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of scopes: what is started in one has ended when it is closed. */
#include "tests/unit/actors/tasks/tasks.h"
#include "tests/unit/base/child.h"

#define CHILD(self, scope, ...) gr_scope_start_with(self, scope, work, (.loop = far(self)), __VA_ARGS__)

static int all_well(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, gr_seconds(5));
    gr_future *first = CHILD(self, scope, .value = 1, .sleep = gr_seconds(2));
    gr_future *second = CHILD(self, scope, .value = 2, .sleep = gr_seconds(1));
    gr_future_release(CHILD(self, scope, .value = 3, .sleep = gr_seconds(3), .notes = true));
    CHECK_EQ(gr_await(self, second, GR_FOREVER), 0); /* its waits work as ever */
    CHECK_EQ(gr_scope_close(self, scope), 0);
    CHECK_EQ(ms_since(self, begin), 3000);
    CHECK_TEXT(notes(), "3:begun 3:ended");
    CHECK_EQ(take_number(self, first), 1);
    CHECK_EQ(take_number(self, second), 2);
    CHECK_EQ(gr_scope_close(self, NULL), GR_EINVALID);
    scope = gr_scope_open(self, GR_FOREVER);
    CHECK_EQ(gr_scope_close(self, scope), 0); /* an empty one */
    CHECK(gr_scope_open(self, -1) == NULL);
    CHECK(gr_scope_start(self, NULL, work, .value = 1) == NULL);
    return 0;
}

Case(scope, is_closed_when_all_its_tasks_have_ended)
{
    run_seeds(1, 3, all_well);
    run_seeds(2, 5, all_well);
}

static int one_fails(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *slow = CHILD(self, scope, .value = 1, .sleep = -1, .notes = true, .cleans_up = true);
    gr_future *bad = CHILD(self, scope, .value = 2, .sleep = gr_seconds(2), .error = GR_ELIMIT);
    gr_future *worse = CHILD(self, scope, .value = 3, .sleep = gr_seconds(9), .error = GR_EEXISTS);
    CHECK_EQ(gr_sleep(self, gr_seconds(100)), GR_ECANCELLED); /* the body hears of it */
    CHECK_EQ(ms_since(self, begin), 2000);
    CHECK(gr_is_cancelled(self));
    CHECK_EQ(gr_sleep(self, 1), GR_ECANCELLED); /* until it is closed */
    gr_future *refused = CHILD(self, scope, .value = 4, .notes = true);
    CHECK_EQ(gr_future_state(refused), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_scope_close(self, scope), GR_ELIMIT);
    CHECK_EQ(ms_since(self, begin), 3000);
    CHECK(!gr_is_cancelled(self));
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK_TEXT(notes(), "1:begun 1:GR_ECANCELLED 1:clean 1:ended");
    CHECK_EQ(take_number(self, slow), GR_ECANCELLED);
    CHECK_EQ(take_number(self, bad), GR_ELIMIT);
    CHECK_EQ(take_number(self, worse), GR_ECANCELLED);
    gr_future_release(refused);
    return 0;
}

Case(scope, the_first_failure_cancels_the_others_and_is_returned)
{
    run_seeds(1, 3, one_fails);
    run_seeds(2, 5, one_fails);
}

static int deadline(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, gr_seconds(2));
    gr_future *slow = CHILD(self, scope, .value = 1, .sleep = -1);
    gr_future *quick = CHILD(self, scope, .value = 2, .sleep = gr_seconds(1));
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    CHECK(ms_since(self, begin) >= 2000 && ms_since(self, begin) < 2100);
    CHECK_EQ(take_number(self, slow), GR_ECANCELLED);
    CHECK_EQ(take_number(self, quick), 2);
    scope = gr_scope_open(self, GR_FOREVER);
    slow = CHILD(self, scope, .value = 1, .sleep = -1);
    CHECK_EQ(gr_scope_cancel(self, NULL), GR_EINVALID);
    CHECK_EQ(gr_scope_cancel(NULL, scope), GR_ECONTEXT);
    CHECK(!gr_is_cancelled(self));
    CHECK_EQ(gr_scope_cancel(self, scope), 0);
    CHECK_EQ(gr_scope_close(self, scope), GR_ECANCELLED);
    CHECK_EQ(take_number(self, slow), GR_ECANCELLED);
    /* That a child is cancelled by hand is no failure. */
    scope = gr_scope_open(self, GR_FOREVER);
    slow = CHILD(self, scope, .value = 1, .sleep = -1);
    CHECK_EQ(gr_future_cancel(self, slow), 0);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    gr_future_release(slow);
    return 0;
}

static int told_before(gr_actor *self, void *argument)
{
    notes_clear();
    gr_time begin = gr_now(self);
    gr_scope *scope = gr_scope_open(self, gr_milliseconds(1500));
    gr_future *one = CHILD(self, scope, .value = 1, .sleep = -1, .notes = true, .cleans_up = true);
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
    CHECK_EQ(gr_future_cancel(self, one), 0); /* it cleans up until 2 s have passed */
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    CHECK(ms_since(self, begin) >= 1500 && ms_since(self, begin) < 1600);
    CHECK_TEXT(notes(), "1:begun 1:GR_ECANCELLED 1:cut 1:ended");
    gr_future_release(one);
    CHECK_EQ(gr_scope_cancel(self, scope), GR_EINVALID); /* it is gone */
    CHECK(gr_scope_start(self, scope, work, .value = 1) == NULL);
    CHECK_EQ(gr_scope_close(self, scope), GR_EINVALID);
    return 0;
}

Case(scope, its_deadline_reaches_a_task_that_was_told_to_cancel_before)
{
    run_seeds(1, 3, told_before);
    run_seeds(2, 5, told_before);
}

Case(scope, the_deadline_or_a_cancel_ends_all_its_tasks)
{
    run_seeds(1, 3, deadline);
    run_seeds(2, 5, deadline);
}

static int nested(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    gr_scope *outer = gr_scope_open(self, gr_seconds(1));
    gr_future *one = CHILD(self, outer, .value = 1, .sleep = -1);
    gr_scope *inner = gr_scope_open(self, GR_FOREVER);
    gr_future *two = CHILD(self, inner, .value = 2, .sleep = -1);
    CHECK_EQ(gr_sleep(self, gr_seconds(9)), GR_ECANCELLED);
    CHECK(ms_since(self, begin) >= 1000 && ms_since(self, begin) < 1100);
    CHECK_EQ(gr_scope_close(self, inner), GR_ECANCELLED);
    CHECK_EQ(take_number(self, two), GR_ECANCELLED);
    CHECK_EQ(gr_sleep(self, 1), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, outer), GR_ETIMEOUT);
    CHECK_EQ(take_number(self, one), GR_ECANCELLED);

    /* An inner one's failure is its own; closing the outer one closes what is open inside. */
    outer = gr_scope_open(self, GR_FOREVER);
    one = CHILD(self, outer, .value = 1, .sleep = gr_seconds(1));
    inner = gr_scope_open(self, GR_FOREVER);
    gr_future_release(CHILD(self, inner, .value = 2, .error = GR_ELIMIT));
    CHECK_EQ(gr_scope_close(self, inner), GR_ELIMIT);
    CHECK_EQ(gr_await(self, one, GR_FOREVER), 0);
    inner = gr_scope_open(self, GR_FOREVER);
    two = CHILD(self, inner, .value = 2, .sleep = -1);
    CHECK_EQ(gr_scope_close(self, outer), 0);
    CHECK_EQ(take_number(self, two), GR_ECANCELLED);
    gr_future_release(one);
    return 0;
}

Case(scope, a_cancelled_one_cancels_those_inside_of_it)
{
    run_seeds(1, 3, nested);
    run_seeds(2, 5, nested);
}

static int inner_fails(gr_actor *self, void *argument)
{
    /* The failure of one that is closed with the outer one is the outer one's, and cancels what is left of it. */
    gr_time begin = gr_now(self);
    gr_scope *outer = gr_scope_open(self, GR_FOREVER);
    gr_future *one = CHILD(self, outer, .value = 1, .sleep = -1);
    gr_scope *middle = gr_scope_open(self, GR_FOREVER);
    gr_future_release(CHILD(self, middle, .value = 2, .sleep = gr_seconds(1), .error = GR_EEXISTS));
    CHECK(gr_scope_open(self, GR_FOREVER) != NULL);
    CHECK_EQ(gr_sleep(self, gr_seconds(9)), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, outer), GR_EEXISTS);
    CHECK(ms_since(self, begin) < 1100);
    CHECK_EQ(take_number(self, one), GR_ECANCELLED);
    /* The first reason counts: here the outer one's own deadline. */
    outer = gr_scope_open(self, gr_seconds(1));
    gr_scope *inner = gr_scope_open(self, GR_FOREVER);
    gr_future_release(CHILD(self, inner, .value = 2, .sleep = -1));
    CHECK_EQ(gr_sleep(self, gr_seconds(9)), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, outer), GR_ETIMEOUT);
    return 0;
}

Case(scope, the_failure_of_one_that_is_closed_with_the_outer_one_is_not_lost)
{
    run_seeds(1, 3, inner_fails);
    run_seeds(2, 5, inner_fails);
}

GR_TASK_DECLARE(tree, number, number);

static int tree_main(gr_actor *self, const struct number *m, struct number *result)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    if (m->value > 0) {
        gr_future_release(gr_scope_start_with(self, scope, tree, (.loop = far(self)), .value = m->value - 1));
    }
    int error = m->value > 0 ? 0 : gr_sleep(self, GR_FOREVER);
    note("%lld", (long long)m->value);
    int closed = gr_scope_close(self, scope);
    result->value = m->value;
    return error != 0 ? error : closed;
}
GR_TASK(tree, number, number, tree_main);

static int cancels_tree(gr_actor *self, void *argument)
{
    gr_future *task = gr_start(self, tree, .value = 4);
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
    notes_clear();
    CHECK_EQ(gr_future_cancel(self, task), 0); /* reaches the leaf through the scopes of all */
    CHECK_EQ(take_number(self, task), GR_ECANCELLED);
    CHECK_TEXT(notes(), "0");
    CHECK_EQ(gr_is_cancelled(self), false);
    return 0;
}

Case(scope, cancelling_a_task_cancels_its_scopes)
{
    run_seeds(1, 3, cancels_tree);
    run_seeds(2, 5, cancels_tree);
}

static int leaves_scope(gr_actor *self, const struct gr_nothing *m)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *kept = CHILD(self, scope, .value = 1, .sleep = -1, .notes = true);
    gr_future_release(CHILD(self, scope, .value = 2, .sleep = -1, .notes = true));
    CHECK(kept != NULL);
    return gr_sleep(self, gr_milliseconds(100));
}
GR_COROUTINE(leaves_scope, gr_nothing, leaves_scope);

static int owner_ends(gr_actor *self, void *argument)
{
    CHECK_EQ(wait_down(self, gr_spawn(self, leaves_scope)), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_TEXT(notes(), "1:begun 2:begun 1:GR_ECANCELLED 1:ended 2:GR_ECANCELLED 2:ended");
    return 0;
}

Case(scope, the_end_of_its_actor_cancels_its_tasks)
{
    run_seeds(1, 3, owner_ends);
}

/* Leaves a scope open: 0 one whose task failed, 1 one that was cancelled, 2 one that is well; 3 fails itself. */
static int forgets_scope(gr_actor *self, const struct number *m)
{
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    if (m->value == 1) CHECK_EQ(gr_scope_cancel(self, scope), 0);
    bool fails = m->value == 0 || m->value == 3;
    gr_future_release(CHILD(self, scope, .value = 2, .error = fails ? GR_ELIMIT : 0));
    (void)!gr_sleep(self, gr_milliseconds(100));
    return m->value == 3 ? 1 : 0;
}
GR_COROUTINE(forgets_scope, number, forgets_scope);

static int forget_scopes(gr_actor *self, void *argument)
{
    for (int i = 0; i < 4; i++) CHECK_EQ(wait_down(self, gr_spawn(self, forgets_scope, .value = i)), i == 3);
    return 0;
}

static void forget_scopes_program(void *argument)
{
    int code = gr_run_with(forget_scopes, NULL, (.loops = 1, .seed = 1));
    _exit(failures() ? 99 : code);
}

Case(scope, one_that_failed_and_was_never_closed_is_logged)
{
    static struct child child;
    child_run(&child, forget_scopes_program, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0, "status %d: %s", child.status,
              child.output);
    const char *line = strstr(child.output, " ended without closing a scope that had failed: "
                                            "error -17 (GR_ELIMIT)");
    cr_assert(line != NULL, "%s", child.output);
    cr_assert_null(strstr(strchr(line, '\n'), "without closing"), "%s", child.output);
}
