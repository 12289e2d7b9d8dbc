/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the chain of those who listen to a future. */
#include "futures/future.h"

#include <criterion/criterion.h>
#include <string.h>

/* One that notes what it is told. */
struct noting {
    struct gri_listener listener; /* what is tested */
    char name;                    /* noted, as a capital when the future is done */
    bool leaves;                  /* takes itself out when it is told */
};

static char told[16];

static void tell(struct gri_listener *listener, bool is_done)
{
    struct noting *noting = GRI_CONTAINER_OF(listener, struct noting, listener);
    told[strlen(told)] = (char)(is_done ? noting->name - 'a' + 'A' : noting->name);
    if (is_done && noting->leaves) gri_listener_remove(listener);
}

static void tell_too(struct gri_listener *listener, bool is_done)
{
    tell(listener, is_done);
}

static struct noting made(char name, bool leaves, bool other)
{
    return (struct noting){.listener.tell = other ? tell_too : tell, .name = name, .leaves = leaves};
}

Test(listener, all_are_told_in_order_and_may_leave_meanwhile)
{
    struct gr_future future = {.error = 0};
    struct noting a = made('a', true, false), b = made('b', false, false), c = made('c', true, false);
    memset(told, 0, sizeof told);
    gri_listener_add(&future, &a.listener);
    gri_listener_add(&future, &b.listener);
    gri_listener_add(&future, &c.listener);
    gri_listeners_tell_done(&future);
    gri_listeners_tell_done(&future); /* only b is left */
    cr_assert_str_eq(told, "ABCB");
}

Test(listener, a_drop_tells_all_but_those_that_stay)
{
    struct gr_future future = {.error = 0};
    struct noting a = made('a', false, false), b = made('b', false, true), c = made('c', false, false);
    memset(told, 0, sizeof told);
    gri_listener_add(&future, &a.listener);
    gri_listener_add(&future, &b.listener);
    gri_listener_add(&future, &c.listener);
    gri_listeners_drop(&future, tell_too);
    cr_assert_str_eq(told, "ac");
    cr_assert_eq(future.listeners, &b.listener);
    gri_listeners_drop(&future, NULL);
    cr_assert_str_eq(told, "acb");
    cr_assert_null(future.listeners);
}

Test(listener, one_in_the_middle_can_be_taken_out)
{
    struct gr_future future = {.error = 0};
    struct noting a = made('a', false, false), b = made('b', false, false), c = made('c', false, false);
    memset(told, 0, sizeof told);
    gri_listener_add(&future, &a.listener);
    gri_listener_add(&future, &b.listener);
    gri_listener_add(&future, &c.listener);
    gri_listener_remove(&b.listener);
    gri_listeners_tell_done(&future);
    cr_assert_str_eq(told, "AC");
}

Test(listener, one_that_leaves_at_either_end_keeps_the_order_of_the_others)
{
    struct gr_future future = {.error = 0};
    struct noting a = made('a', false, false), b = made('b', false, false), c = made('c', false, false);
    memset(told, 0, sizeof told);
    gri_listener_add(&future, &a.listener);
    gri_listener_remove(&a.listener);
    cr_assert_null(future.listeners);
    gri_listener_add(&future, &a.listener);
    gri_listener_add(&future, &b.listener);
    gri_listener_add(&future, &c.listener);
    gri_listener_remove(&c.listener);
    gri_listener_add(&future, &c.listener);
    gri_listener_remove(&a.listener);
    gri_listener_add(&future, &a.listener);
    gri_listeners_tell_done(&future);
    cr_assert_str_eq(told, "BCA");
    gri_listeners_drop(&future, NULL);
    cr_assert_str_eq(told, "BCAbca");
    cr_assert_null(future.listeners);
}
