/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of mailbox/list_mpsc.h, on one thread; threads are for the explorer and the stress test. */
#include "mailbox/list_mpsc.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define NODES 6

static struct gri_list_mpsc list;
static struct gri_mpsc_node nodes[NODES];

static void setup(void)
{
    gri_list_mpsc_init(&list);
}

TestSuite(list_mpsc, .init = setup);

/* Links nodes from..to into a chain and pushes it. */
static bool push(int from, int to)
{
    for (int i = from; i < to; i++) nodes[i].next = &nodes[i + 1];
    nodes[to].next = &nodes[from]; /* needs no value: rubbish must do */
    return gri_list_mpsc_push(&list, &nodes[from], &nodes[to]);
}

/* Takes, and expects the nodes from..to, in order. */
static void expect(int from, int to)
{
    struct gri_mpsc_node *node = gri_list_mpsc_take(&list);
    for (int i = from; i <= to; i++) {
        cr_assert(eq(ptr, node, &nodes[i]));
        node = node->next;
    }
    cr_assert(eq(ptr, node, NULL));
}

Test(list_mpsc, a_new_list_is_empty)
{
    cr_assert(gri_list_mpsc_is_empty(&list));
    cr_assert(eq(ptr, gri_list_mpsc_take(&list), NULL));
}

Test(list_mpsc, all_zeroes_are_an_empty_list)
{
    static struct gri_list_mpsc zeroes;
    cr_assert(gri_list_mpsc_is_empty(&zeroes));
    cr_assert(eq(ptr, gri_list_mpsc_take(&zeroes), NULL));
}

Test(list_mpsc, one_node_goes_in_and_out)
{
    cr_assert(push(0, 0));
    cr_assert(not(gri_list_mpsc_is_empty(&list)));
    expect(0, 0);
    cr_assert(gri_list_mpsc_is_empty(&list));
}

Test(list_mpsc, nodes_come_in_order_of_arrival)
{
    for (int i = 0; i < NODES; i++) push(i, i);
    expect(0, NODES - 1);
}

Test(list_mpsc, only_the_first_push_finds_it_empty)
{
    cr_assert(push(0, 0));
    cr_assert(not(push(1, 1)));
    cr_assert(not(push(2, 3)));
    expect(0, 3);
    cr_assert(push(4, 5));
}

Test(list_mpsc, a_chain_keeps_its_order_and_its_place)
{
    push(0, 0);
    push(1, 3);
    push(4, 4);
    push(5, 5);
    expect(0, 5);
}

Test(list_mpsc, a_chain_alone_comes_whole)
{
    cr_assert(push(0, NODES - 1));
    expect(0, NODES - 1);
}

Test(list_mpsc, taking_takes_everything)
{
    push(0, 2);
    expect(0, 2);
    cr_assert(eq(ptr, gri_list_mpsc_take(&list), NULL));
    push(3, 4);
    expect(3, 4);
}

Test(list_mpsc, a_taken_node_may_be_pushed_again)
{
    for (int round = 0; round < 100; round++) {
        cr_assert(push(0, 1));
        push(2, 2);
        expect(0, 2);
    }
}

Test(list_mpsc, taking_all_of_an_empty_list_gives_nothing)
{
    cr_assert(eq(ptr, gri_list_mpsc_take_all(&list), NULL));
}
