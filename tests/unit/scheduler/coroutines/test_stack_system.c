/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the calls that a pool of stacks makes, on this kernel. */
#define _GNU_SOURCE /* mincore */
#include "base/platform.h"
#include "scheduler/coroutines/stack_system.h"
#include "tests/unit/base/child.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

enum { STACK_BYTES = 65536, COUNT = 70 };

static const struct gri_stack_system *const calls = &gri_stack_system_calls;

static char *map_stacks(void)
{
    char *start = calls->map((size_t)STACK_BYTES * COUNT);
    cr_assert_neq(start, MAP_FAILED);
    return start;
}

static void unmap_stacks(char *start)
{
    cr_assert_eq(calls->unmap(start, (size_t)STACK_BYTES * COUNT), 0);
}

static void write_to(void *address)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile char *)address = 1;
}

static bool faults(char *address)
{
    struct child child;
    child_run(&child, write_to, address);
    return WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGSEGV;
}

static bool is_present(char *page)
{
    unsigned char state;
    cr_assert_eq(mincore(page, gri_page_size(), &state), 0);
    return state & 1;
}

/* Whether this kernel prepares several stacks at once; the tests that need it say so when they can't run. */
static bool can_prepare(void)
{
    char *start = map_stacks();
    int result = calls->prepare(start, STACK_BYTES, 1, gri_page_size());
    unmap_stacks(start);
    if (result != 0) cr_log_warn("this kernel does not prepare several stacks in one call");
    return result == 0;
}

Test(stack_system, prepared_stacks_have_a_guard_below_and_a_page_on_top_and_others_have_not)
{
    if (!can_prepare()) return;
    size_t page = gri_page_size();
    char *start = map_stacks();
    int first = 1, end = 69; /* more than one call's worth, and not a multiple of it */
    cr_assert_eq(calls->prepare(start + first * STACK_BYTES, STACK_BYTES, (size_t)(end - first), page), 0);
    for (int i = 0; i < COUNT; i++) {
        bool is_prepared = i >= first && i < end;
        char *low = start + i * STACK_BYTES, *high = low + STACK_BYTES;
        cr_assert_eq(is_present(high - page), is_prepared, "%d", i);
        cr_assert(!is_present(high - 2 * page), "%d", i);
        if (i % 11 != 1 && i != end - 1 && i != end) continue; /* a child for each is slow */
        cr_assert_eq(faults(low), is_prepared, "%d", i);
        cr_assert_eq(faults(low + page - 1), is_prepared, "%d", i);
        cr_assert(!faults(low + page), "%d", i);
        cr_assert(!faults(high - 1), "%d", i);
    }
    unmap_stacks(start);
}

Test(stack_system, what_is_prepared_twice_or_dropped_keeps_its_guard)
{
    if (!can_prepare()) return;
    size_t page = gri_page_size();
    char *start = map_stacks();
    cr_assert_eq(calls->prepare(start, STACK_BYTES, 2, page), 0);
    cr_assert_eq(calls->prepare(start, STACK_BYTES, 3, page), 0);
    cr_assert_eq(calls->drop(start, (size_t)STACK_BYTES * 3), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert(faults(start + i * STACK_BYTES), "%d", i);
        cr_assert(!is_present(start + (i + 1) * STACK_BYTES - page), "%d", i);
    }
    unmap_stacks(start);
}

Test(stack_system, what_is_not_mapped_can_not_be_prepared)
{
    char *start = map_stacks();
    unmap_stacks(start);
    cr_assert_eq(calls->prepare(start, STACK_BYTES, 2, gri_page_size()), -1);
}

Test(stack_system, a_protected_page_can_not_be_written_and_a_mapping_is_zero_and_has_small_pages)
{
    size_t page = gri_page_size();
    char *start = map_stacks();
    cr_assert_eq(calls->protect(start, page), 0);
    cr_assert(faults(start));
    start[STACK_BYTES] = 1;
    cr_assert(!is_present(start + STACK_BYTES + page), "one byte makes one page present");
    cr_assert_eq(start[STACK_BYTES + 1], 0);
    cr_assert_eq(calls->drop(start + STACK_BYTES, page), 0);
    cr_assert_eq(start[STACK_BYTES], 0);
    unmap_stacks(start);
}
