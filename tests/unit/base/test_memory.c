/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the memory seam: account, limit, override, faults; also with several threads. */
#include "base/memory.h"
#include "tests/unit/base/child.h"

#include <pthread.h>

/* An account over the process's memory, so that a test starts from zero. */
static struct gri_memory_account account;

static struct gri_memory *fresh(uint64_t limit_bytes)
{
    gri_memory_account_init(&account, gri_memory_default(), limit_bytes);
    return &account.memory;
}

Test(memory, every_allocation_is_aligned_and_can_be_written)
{
    struct gri_memory *memory = fresh(0);
    static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 4096, 100000, 1 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *p = gri_memory_allocate(memory, sizes[i]);
        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % GRI_MEMORY_ALIGNMENT, 0, "size %zu", sizes[i]);
        memset(p, 1, sizes[i]);
        gri_memory_release(memory, p, sizes[i]);
    }
    cr_assert_eq(gri_memory_used(memory), 0);
}

Test(memory, what_is_asked_for_cleared_is_all_zeroes)
{
    struct gri_memory *memory = fresh(0);
    for (int round = 0; round < 20; round++) { /* some of them get the memory of those before */
        char *p = gri_memory_allocate_zeroed(memory, 1000);
        cr_assert_not_null(p);
        for (int i = 0; i < 1000; i++) cr_assert_eq(p[i], 0);
        memset(p, 1, 1000);
        gri_memory_release(memory, p, 1000);
    }
    cr_assert_null(gri_memory_allocate_zeroed(memory, SIZE_MAX));
    cr_assert_eq(gri_memory_used(memory), 0);
}

Test(memory, the_account_counts_rounded_bytes)
{
    struct gri_memory *memory = fresh(0);
    void *a = gri_memory_allocate(memory, 0);
    cr_assert_eq(gri_memory_used(memory), 64);
    void *b = gri_memory_allocate(memory, 65);
    cr_assert_eq(gri_memory_used(memory), 64 + 128);
    gri_memory_release(memory, a, 0);
    cr_assert_eq(gri_memory_used(memory), 128);
    gri_memory_release(memory, b, 65);
    cr_assert_eq(gri_memory_used(memory), 0);
}

Test(memory, releasing_null_does_nothing)
{
    struct gri_memory *memory = fresh(0);
    gri_memory_release(memory, NULL, 100);
    cr_assert_eq(gri_memory_used(memory), 0);
}

Test(memory, a_size_that_no_address_space_holds_is_refused)
{
    struct gri_memory *memory = fresh(0);
    cr_assert_null(gri_memory_allocate(memory, SIZE_MAX));
    cr_assert_null(gri_memory_allocate(memory, SIZE_MAX - 63));
    cr_assert_null(gri_memory_allocate(memory, (size_t)PTRDIFF_MAX));
    cr_assert_eq(gri_memory_used(memory), 0);
}

Test(memory, the_limit_is_exact)
{
    struct gri_memory *memory = fresh(256);
    void *a = gri_memory_allocate(memory, 192);
    cr_assert_not_null(a);
    cr_assert_null(gri_memory_allocate(memory, 65));
    void *b = gri_memory_allocate(memory, 64);
    cr_assert_not_null(b);
    cr_assert_null(gri_memory_allocate(memory, 1));
    cr_assert_eq(gri_memory_used(memory), 256);
    gri_memory_release(memory, b, 64);
    b = gri_memory_allocate(memory, 33);
    cr_assert_not_null(b);
    gri_memory_release(memory, a, 192);
    gri_memory_release(memory, b, 33);
}

Test(memory, an_allocation_larger_than_the_limit_is_refused)
{
    struct gri_memory *memory = fresh(64);
    cr_assert_null(gri_memory_allocate(memory, (size_t)1 << 40));
    cr_assert_null(gri_memory_allocate(memory, 65));
    cr_assert_eq(gri_memory_used(memory), 0);
}

/* Allocates and releases on a limited account while another thread does. */
static void *churn(void *argument)
{
    struct gri_memory *memory = argument;
    uintptr_t refused = 0;
    for (int i = 0; i < 20000; i++) {
        void *p = gri_memory_allocate(memory, 192);
        if (gri_memory_used(memory) > 256) return (void *)UINTPTR_MAX;
        refused += p == NULL;
        gri_memory_release(memory, p, 192);
    }
    return (void *)refused;
}

Test(memory, two_threads_never_pass_the_limit_and_the_account_ends_at_zero)
{
    struct gri_memory *memory = fresh(256);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) cr_assert_eq(pthread_create(&threads[i], NULL, churn, memory), 0);
    for (int i = 0; i < 2; i++) {
        void *refused;
        cr_assert_eq(pthread_join(threads[i], &refused), 0);
        cr_assert_leq((uintptr_t)refused, 20000, "the limit was passed");
    }
    cr_assert_eq(gri_memory_used(memory), 0);
}

Test(memory, an_account_also_counts_in_the_memory_below_it)
{
    struct gri_memory *outer = fresh(0);
    struct gri_memory_account inner;
    gri_memory_account_init(&inner, outer, 128);
    void *p = gri_memory_allocate(&inner.memory, 100);
    cr_assert_eq(gri_memory_used(&inner.memory), 128);
    cr_assert_eq(gri_memory_used(outer), 128);
    cr_assert_null(gri_memory_allocate(&inner.memory, 1));
    cr_assert_eq(gri_memory_used(outer), 128);
    gri_memory_release(&inner.memory, p, 100);
    cr_assert_eq(gri_memory_used(&inner.memory), 0);
    cr_assert_eq(gri_memory_used(outer), 0);
}

Test(memory, an_account_stays_as_it_was_when_the_memory_below_refuses)
{
    struct gri_memory *outer = fresh(64);
    struct gri_memory_account inner;
    gri_memory_account_init(&inner, outer, 0);
    cr_assert_null(gri_memory_allocate(&inner.memory, 65));
    cr_assert_eq(gri_memory_used(&inner.memory), 0);
    cr_assert_eq(gri_memory_used(outer), 0);
}

static void release_too_much(void *argument)
{
    struct gri_memory *memory = argument;
    void *p = gri_memory_allocate(memory, 64);
    gri_memory_release(memory, p, 128);
}

Test(memory, releasing_more_than_was_allocated_is_our_own_mistake)
{
    child_must_abort(release_too_much, fresh(0), "used >= size");
}

static void *default_in_thread(void *argument)
{
    return gri_memory_default();
}

Test(memory, an_override_is_the_calling_threads_alone)
{
    struct gri_memory *process = gri_memory_default();
    struct gri_memory *memory = fresh(0);
    pthread_t thread;
    void *seen;
    cr_assert_null(gri_memory_override(memory));
    cr_assert_eq(gri_memory_default(), memory);
    cr_assert_eq(pthread_create(&thread, NULL, default_in_thread, NULL), 0);
    cr_assert_eq(pthread_join(thread, &seen), 0);
    cr_assert_eq(seen, process);
    cr_assert_eq(gri_memory_override(NULL), memory);
    cr_assert_eq(gri_memory_default(), process);
}

Test(memory, the_process_has_no_limit_and_counts)
{
    struct gri_memory *process = gri_memory_default();
    uint64_t before = gri_memory_used(process);
    void *p = gri_memory_allocate(process, 1 << 20);
    cr_assert_not_null(p);
    cr_assert_eq(gri_memory_used(process), before + (1 << 20));
    gri_memory_release(process, p, 1 << 20);
    cr_assert_eq(gri_memory_used(process), before);
}

Test(memory, a_fault_fails_the_nth_allocation_and_no_other)
{
    for (uint64_t nth = 1; nth <= 6; nth++) {
        struct gri_memory_fault fault;
        gri_memory_fault_init(&fault, fresh(0), nth);
        for (uint64_t i = 1; i <= 5; i++) {
            void *p = gri_memory_allocate(&fault.memory, 100);
            cr_assert_eq(p == NULL, i == nth, "allocation %d of nth %d", (int)i, (int)nth);
            cr_assert_eq(gri_memory_fault_count(&fault), i);
            gri_memory_release(&fault.memory, p, 100);
        }
        cr_assert_eq(gri_memory_used(&fault.memory), 0);
        cr_assert_eq(gri_memory_used(&account.memory), 0);
    }
}

Test(memory, a_fault_at_zero_only_counts)
{
    struct gri_memory_fault fault;
    gri_memory_fault_init(&fault, fresh(0), 0);
    for (int i = 0; i < 100; i++) {
        void *p = gri_memory_allocate(&fault.memory, 1);
        cr_assert_not_null(p);
        gri_memory_release(&fault.memory, p, 1);
    }
    cr_assert_eq(gri_memory_fault_count(&fault), 100);
}

static void *count_failures(void *argument)
{
    struct gri_memory *memory = argument;
    uintptr_t failures = 0;
    for (int i = 0; i < 5000; i++) {
        void *p = gri_memory_allocate(memory, 64);
        failures += p == NULL;
        gri_memory_release(memory, p, 64);
    }
    return (void *)failures;
}

Test(memory, a_fault_fails_once_among_several_threads)
{
    struct gri_memory_fault fault;
    pthread_t threads[2];
    uintptr_t failures = 0;
    gri_memory_fault_init(&fault, fresh(0), 5000);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, count_failures, &fault.memory), 0);
    for (int i = 0; i < 2; i++) {
        void *result;
        cr_assert_eq(pthread_join(threads[i], &result), 0);
        failures += (uintptr_t)result;
    }
    cr_assert_eq(failures, 1);
    cr_assert_eq(gri_memory_fault_count(&fault), 10000);
}
