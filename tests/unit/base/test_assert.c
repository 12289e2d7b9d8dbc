/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of assertions: what they say and how they end the process. */
#include "base/assert.h"
#include "tests/unit/base/child.h"

Test(assert, a_true_condition_goes_on_and_is_evaluated_once)
{
    int evaluated = 0;
    GRI_ASSERT(++evaluated);
    cr_assert_eq(evaluated, 1);
}

static void fail(void *argument)
{
    int *number = argument;
    GRI_ASSERT(*number == 8);
}

Test(assert, a_false_condition_aborts_and_names_place_and_condition_in_one_write)
{
    struct child child;
    int number = 7;
    child_run(&child, fail, &number);
    cr_assert(WIFSIGNALED(child.status));
    cr_assert_eq(WTERMSIG(child.status), SIGABRT);
    cr_assert_eq(child.writes, 1);
    char *place = strstr(child.output, "test_assert.c:");
    cr_assert(place, "output: %s", child.output);
    cr_assert(strstr(place, ": assertion failed: *number == 8\n"), "output: %s", child.output);
}

static void fail_at_length(void *argument)
{
    gri_assert_fail("file.c", 3, argument);
}

Test(assert, a_very_long_condition_is_cut_and_still_ends_its_line)
{
    struct child child;
    char condition[2000];
    memset(condition, 'x', sizeof condition - 1);
    condition[sizeof condition - 1] = '\0';
    child_run(&child, fail_at_length, condition);
    cr_assert_eq(WTERMSIG(child.status), SIGABRT);
    cr_assert_eq(child.writes, 1);
    cr_assert_eq(strncmp(child.output, "file.c:3: assertion failed: xxx", 31), 0, "output: %s", child.output);
    cr_assert_eq(child.length, 511);
    cr_assert_eq(child.output[510], '\n');
}

static void fail_without_stderr(void *argument)
{
    close(STDERR_FILENO);
    fail(argument);
}

Test(assert, it_aborts_also_when_stderr_is_closed)
{
    struct child child;
    int number = 7;
    child_run(&child, fail_without_stderr, &number);
    cr_assert(WIFSIGNALED(child.status));
    cr_assert_eq(WTERMSIG(child.status), SIGABRT);
}
