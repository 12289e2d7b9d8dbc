/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the intrusive list. */
#include "base/list.h"
#include "tests/unit/base/child.h"

/* An element, whose node is not its first member. */
struct item {
    int number;                /* to tell them apart */
    struct gri_list_node node; /* its place */
};

static struct item *item_of(struct gri_list_node *node)
{
    return GRI_CONTAINER_OF(node, struct item, node);
}

static void check_order(const struct gri_list *list, const char *expected)
{
    char seen[32] = "";
    size_t length = 0;
    for (struct gri_list_node *n = gri_list_first(list); n; n = gri_list_next(list, n))
        seen[length++] = (char)('0' + item_of(n)->number);
    cr_assert_str_eq(seen, expected);
}

Test(list, a_new_list_is_empty)
{
    struct gri_list list;
    gri_list_init(&list);
    cr_assert(gri_list_is_empty(&list));
    cr_assert_null(gri_list_first(&list));
    cr_assert_null(gri_list_pop_front(&list));
}

Test(list, a_zeroed_node_is_unlinked)
{
    struct gri_list_node node = {0};
    cr_assert_not(gri_list_is_linked(&node));
}

Test(list, elements_come_out_in_the_order_they_went_in)
{
    struct gri_list list;
    struct item items[5] = {0};
    gri_list_init(&list);
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        gri_list_push_back(&list, &items[i].node);
        cr_assert(gri_list_is_linked(&items[i].node));
    }
    check_order(&list, "01234");
    for (int i = 0; i < 5; i++) {
        struct gri_list_node *node = gri_list_pop_front(&list);
        cr_assert_eq(item_of(node), &items[i]);
        cr_assert_not(gri_list_is_linked(node));
    }
    cr_assert(gri_list_is_empty(&list));
}

Test(list, an_element_leaves_from_any_place)
{
    struct gri_list list;
    struct item items[5] = {0};
    gri_list_init(&list);
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        gri_list_push_back(&list, &items[i].node);
    }
    gri_list_remove(&items[2].node);
    check_order(&list, "0134");
    gri_list_remove(&items[0].node);
    check_order(&list, "134");
    gri_list_remove(&items[4].node);
    check_order(&list, "13");
    gri_list_push_back(&list, &items[2].node);
    check_order(&list, "132");
    gri_list_remove(&items[1].node);
    gri_list_remove(&items[3].node);
    gri_list_remove(&items[2].node);
    cr_assert(gri_list_is_empty(&list));
}

Test(list, an_element_may_move_to_another_list)
{
    struct gri_list from, to;
    struct item item = {.number = 7};
    gri_list_init(&from);
    gri_list_init(&to);
    gri_list_push_back(&from, &item.node);
    gri_list_remove(&item.node);
    gri_list_push_back(&to, &item.node);
    check_order(&from, "");
    check_order(&to, "7");
}

static void push_twice(void *argument)
{
    struct gri_list *list = argument;
    gri_list_push_back(list, gri_list_first(list));
}

Test(list, pushing_an_element_that_is_in_a_list_is_our_own_mistake)
{
    struct gri_list list;
    struct item item = {0};
    gri_list_init(&list);
    gri_list_push_back(&list, &item.node);
    child_must_abort(push_twice, &list, "!gri_list_is_linked(node)");
}

static void remove_unlinked(void *argument)
{
    gri_list_remove(argument);
}

Test(list, removing_an_element_that_is_in_no_list_is_our_own_mistake)
{
    struct gri_list_node node = {0};
    child_must_abort(remove_unlinked, &node, "gri_list_is_linked(node)");
}
