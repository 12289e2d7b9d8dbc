/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the pool of stacks: each kind of guard, on this kernel and with the calls to it made to fail. */
#define _GNU_SOURCE /* mincore */
#include "base/error.h"
#include "base/platform.h"
#include "scheduler/coroutines/annotate.h"
#include "scheduler/coroutines/stack.h"
#include "tests/unit/base/child.h"
#include "tests/unit/scheduler/coroutines/faulty.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define KIB             ((size_t)1 << 10)

/* What a child's fault handler exits with. */
enum { HIT_GUARD = 42, HIT_BODY, HIT_NOTHING, HIT_CANARY };

static const char *const guard_names[] = {"auto", "madvise", "mprotect", "canary"};

static struct gri_stack_pool pool;
static struct gri_memory_account account;

static void start(enum gri_stack_guard guard)
{
    gri_memory_account_init(&account, gri_memory_default(), 0);
    gri_stack_pool_init(&pool, &account.memory, guard);
    faulty.real = pool.system;
    pool.system = &faulty_system;
}

static void end(void)
{
    gri_stack_pool_fini(&pool);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    cr_assert_eq(faulty.maps, faulty.unmaps);
}

static struct gri_stack *take(size_t size_bytes)
{
    struct gri_stack *stack = NULL;
    int err = gri_stack_take(&pool, size_bytes, &stack);
    cr_assert_eq(err, 0, "%s: %s", gr_error_name(err), gri_thread_error());
    return stack;
}

static size_t usable(const struct gri_stack *stack)
{
    return (size_t)(gri_stack_high(stack) - stack->low);
}

/* Whether this kernel has guard pages by madvise; the tests that need them say so when they can't run. */
static bool kernel_has_guards(void)
{
    struct gri_stack *stack;
    start(GRI_STACK_GUARD_MADVISE);
    int err = gri_stack_take(&pool, 0, &stack);
    if (err == 0) gri_stack_give(&pool, stack);
    gri_stack_pool_fini(&pool);
    memset(&faulty, 0, sizeof faulty);
    if (err) cr_assert_eq(err, GR_EUNSUPPORTED);
    return err == 0;
}

static bool skipped(enum gri_stack_guard guard)
{
    if (guard != GRI_STACK_GUARD_MADVISE || kernel_has_guards()) return false;
    cr_log_warn("this kernel has no MADV_GUARD_INSTALL: that guard is tested by failure only");
    return true;
}

#define EACH_GUARD(guard)                                                                                    \
    for (enum gri_stack_guard guard = GRI_STACK_GUARD_AUTO; guard <= GRI_STACK_GUARD_CANARY; guard++)        \
        if (!skipped(guard))

Test(stack, sizes_are_rounded_up_to_powers_of_two_and_include_the_guard)
{
    static const struct {
        size_t asked, got;
    } sizes[] = {{0, 64 * KIB},
                 {1, 16 * KIB},
                 {16 * KIB, 16 * KIB},
                 {16 * KIB + 1, 32 * KIB},
                 {64 * KIB, 64 * KIB},
                 {65 * KIB, 128 * KIB},
                 {8192 * KIB, 8192 * KIB},
                 {GRI_STACK_BYTES_MAX, GRI_STACK_BYTES_MAX}};
    start(GRI_STACK_GUARD_MPROTECT);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct gri_stack *stack = take(sizes[i].asked);
        cr_assert_eq(usable(stack), sizes[i].got - gri_page_size(), "%zu", sizes[i].asked);
        cr_assert_eq((uintptr_t)gri_stack_high(stack) % gri_page_size(), 0);
        stack->low[0] = gri_stack_high(stack)[-1] = 1;
        gri_stack_give(&pool, stack);
    }
    end();
}

Test(stack, every_byte_of_many_stacks_is_their_own)
{
    enum { COUNT = 300 };
    EACH_GUARD(guard)
    {
        struct gri_stack *stacks[COUNT];
        start(guard);
        for (int i = 0; i < COUNT; i++) {
            stacks[i] = take(i % 3 ? 16 * KIB : 64 * KIB);
            stacks[i]->owner = &stacks[i];
            bool is_canary = stacks[i]->guard == GRI_STACK_GUARD_CANARY;
            memset(stacks[i]->low + (is_canary ? GRI_STACK_CANARY_BYTES : 0), i + 1,
                   usable(stacks[i]) - (is_canary ? GRI_STACK_CANARY_BYTES : 0));
        }
        for (int i = 0; i < COUNT; i++) {
            char *high = gri_stack_high(stacks[i]);
            cr_assert(gri_stack_is_intact(stacks[i]));
            cr_assert_eq(high[-1], (char)(i + 1), "%s", guard_names[guard]);
            cr_assert_eq(stacks[i]->low[GRI_STACK_CANARY_BYTES], (char)(i + 1), "%s", guard_names[guard]);
            gri_stack_give(&pool, stacks[i]);
        }
        end();
    }
}

Test(stack, the_stack_freed_last_is_taken_first)
{
    start(GRI_STACK_GUARD_AUTO);
    struct gri_stack *a = take(0), *b = take(0), *c = take(0), *other_size = take(16 * KIB);
    gri_stack_give(&pool, b);
    gri_stack_give(&pool, c);
    gri_stack_give(&pool, a);
    gri_stack_give(&pool, other_size);
    cr_assert_null(a->owner);
    cr_assert_eq(take(0), a);
    cr_assert_eq(take(0), c);
    cr_assert_eq(take(0), b);
    cr_assert_eq(take(16 * KIB), other_size);
    unsigned guards = faulty.installs + faulty.protects;
    gri_stack_give(&pool, a);
    gri_stack_give(&pool, b);
    gri_stack_give(&pool, c);
    gri_stack_give(&pool, other_size);
    cr_assert_eq(take(0), c);
    cr_assert_eq(faulty.installs + faulty.protects, guards, "a stack that is used again keeps its guard");
    gri_stack_give(&pool, c);
    end();
}

static size_t resident_bytes(const char *low, const char *high)
{
    static unsigned char pages[GRI_STACK_BYTES_DEFAULT / 4096];
    size_t size = (size_t)(high - low), count = 0;
    cr_assert_eq(mincore((void *)low, size, pages), 0);
    for (size_t i = 0; i < size / gri_page_size(); i++) count += pages[i] & 1;
    return count * gri_page_size();
}

/* Takes `count` stacks, touches two pages of each, and gives them back in an order. */
static void use_many(struct gri_stack **stacks, int count, bool in_order)
{
    for (int i = 0; i < count; i++) {
        stacks[i] = take(0);
        gri_stack_high(stacks[i])[-1] = gri_stack_high(stacks[i])[-5000] = 1;
    }
    for (int i = 0; i < count; i++) gri_stack_give(&pool, stacks[in_order ? i : (i * 7919LL) % count]);
}

static size_t resident_of(struct gri_stack **stacks, int count)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++) {
        /* The canary was read, so its page may be mapped: it is the kernel's page of zeroes. */
        bool is_canary = stacks[i]->guard == GRI_STACK_GUARD_CANARY;
        bytes += resident_bytes(stacks[i]->low + (is_canary ? gri_page_size() : 0),
                                gri_stack_high(stacks[i]));
    }
    return bytes;
}

/* One stack stays taken in each mapping, so that none can be emptied at one go. */
static void use_many_but_some(struct gri_stack **stacks, int count, int each)
{
    for (int i = 0; i < count; i++) {
        stacks[i] = take(0);
        gri_stack_high(stacks[i])[-1] = gri_stack_high(stacks[i])[-5000] = 1;
    }
    for (int i = 0; i < count; i++)
        if (i % each) gri_stack_give(&pool, stacks[i]);
}

Test(stack, memory_falls_when_many_stacks_are_freed)
{
    enum { COUNT = 6000 };
    static struct gri_stack *stacks[COUNT];
    size_t warm_count = GRI_STACK_WARM_BYTES / GRI_STACK_BYTES_DEFAULT;
    EACH_GUARD(guard)
    {
        for (int in_order = 0; in_order < 2; in_order++) {
            memset(&faulty, 0, sizeof faulty);
            start(guard);
            use_many(stacks, COUNT, in_order);
            size_t resident = resident_of(stacks, COUNT), limit = (in_order ? 1 : 4) * warm_count * 8192;
            cr_assert_leq(resident, limit, "%s: %zu bytes", guard_names[guard], resident);
            cr_assert_leq(pool.warm_bytes, (in_order ? 1 : 4) * GRI_STACK_WARM_BYTES);
            cr_assert_geq(resident, pool.warm_bytes / GRI_STACK_BYTES_DEFAULT * 8192, "warm means resident");
            if (in_order) cr_assert_lt(faulty.drops, 100, "mappings are emptied at one go");
            unsigned maps = faulty.maps;
            use_many(stacks, COUNT, in_order);
            cr_assert_eq(faulty.maps, maps, "all are used again");
            use_many_but_some(stacks, COUNT, 40);
            for (int i = 0; i < COUNT; i += 40) gri_stack_give(&pool, stacks[i]);
            cr_assert_leq(pool.warm_bytes, 4 * GRI_STACK_WARM_BYTES);
            end();
        }
    }
}

Test(stack, memory_stays_bounded_when_every_mapping_keeps_one_stack)
{
    enum { COUNT = 6000 };
    static struct gri_stack *stacks[COUNT];
    size_t warm_count = 4 * GRI_STACK_WARM_BYTES / GRI_STACK_BYTES_DEFAULT;
    start(GRI_STACK_GUARD_AUTO);
    use_many_but_some(stacks, COUNT, 10);
    cr_assert_leq(resident_of(stacks, COUNT), (warm_count + COUNT / 10) * 8192);
    for (int i = 0; i < COUNT; i += 10) gri_stack_give(&pool, stacks[i]);
    end();
}

Test(stack, few_freed_stacks_keep_their_pages)
{
    enum { COUNT = 100 };
    static struct gri_stack *stacks[COUNT];
    start(GRI_STACK_GUARD_AUTO);
    use_many(stacks, COUNT, true);
    cr_assert_eq(resident_of(stacks, COUNT), COUNT * 2 * gri_page_size());
    cr_assert_eq(faulty.drops, 0);
    cr_assert_eq(pool.warm_bytes, COUNT * GRI_STACK_BYTES_DEFAULT);
    end();
}

Test(stack, pages_that_can_not_be_dropped_stay_in_use)
{
    enum { COUNT = 6000 };
    static struct gri_stack *stacks[COUNT];
    start(GRI_STACK_GUARD_AUTO);
    faulty.drop_errno = EINVAL; /* as for locked memory */
    use_many(stacks, COUNT, true);
    cr_assert_eq(pool.warm_bytes, COUNT * GRI_STACK_BYTES_DEFAULT);
    use_many(stacks, COUNT, false);
    end();
}

Test(stack, an_emptied_canary_stack_is_intact)
{
    enum { COUNT = 3000 };
    static struct gri_stack *stacks[COUNT];
    start(GRI_STACK_GUARD_CANARY);
    use_many(stacks, COUNT, true);
    cr_assert_gt(faulty.drops, 0);
    use_many(stacks, COUNT, true);
    end();
}

/* Faults. */

static void on_fault(int signal, siginfo_t *info, void *context)
{
    const struct gri_stack *stack;
    enum gri_stack_part part = gri_stack_pool_find(&pool, info->si_addr, &stack);
    if (part == GRI_STACK_PART_GUARD) _exit(stack->owner == &pool ? HIT_GUARD : HIT_NOTHING);
    _exit(part == GRI_STACK_PART_BODY ? HIT_BODY : HIT_NOTHING);
}

static void write_to(void *address)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    *(volatile char *)address = 1;
}

static int exit_code_of_write(char *address)
{
    struct child child;
    child_run(&child, write_to, address);
    cr_assert(WIFEXITED(child.status), "status %d: %s", child.status, child.output);
    return WEXITSTATUS(child.status);
}

Test(stack, a_write_below_a_stack_hits_its_guard)
{
    EACH_GUARD(guard)
    {
        if (guard == GRI_STACK_GUARD_CANARY) continue;
        start(guard);
        struct gri_stack *below = take(0), *stack = take(0);
        stack->owner = &pool;
        cr_assert_eq(exit_code_of_write(stack->low - 1), HIT_GUARD, "%s", guard_names[guard]);
        cr_assert_eq(exit_code_of_write(stack->low - gri_page_size()), HIT_GUARD, "%s", guard_names[guard]);
        cr_assert_eq(exit_code_of_write(stack->low), 0);
        cr_assert_eq(exit_code_of_write(gri_stack_high(below) - 1), 0);
        gri_stack_give(&pool, stack);
        gri_stack_give(&pool, below);
        end();
    }
}

Test(stack, a_guard_survives_the_loss_of_its_stacks_pages)
{
    enum { COUNT = 3000 };
    static struct gri_stack *stacks[COUNT];
    EACH_GUARD(guard)
    {
        if (guard == GRI_STACK_GUARD_CANARY) continue;
        memset(&faulty, 0, sizeof faulty);
        start(guard);
        use_many(stacks, COUNT, true);
        cr_assert_gt(faulty.drops, 0);
        for (int i = 0; i < COUNT; i++) stacks[i] = take(0);
        for (int i = 0; i < COUNT; i += 500) {
            stacks[i]->owner = &pool;
            cr_assert_eq(exit_code_of_write(stacks[i]->low - 1), HIT_GUARD, "%s", guard_names[guard]);
        }
        for (int i = 0; i < COUNT; i++) gri_stack_give(&pool, stacks[i]);
        end();
    }
}

Test(stack, find_tells_the_part_of_every_address)
{
    EACH_GUARD(guard)
    {
        const struct gri_stack *found;
        int outside;
        start(guard);
        cr_assert_eq(gri_stack_pool_find(&pool, &outside, &found), GRI_STACK_PART_NONE);
        struct gri_stack *stacks[200];
        for (int i = 0; i < 200; i++) stacks[i] = take(i % 2 ? 0 : 200 * KIB);
        for (int i = 0; i < 200; i++) {
            cr_assert_eq(gri_stack_pool_find(&pool, stacks[i]->low, &found), GRI_STACK_PART_BODY);
            cr_assert_eq(found, stacks[i]);
            cr_assert_eq(gri_stack_pool_find(&pool, gri_stack_high(stacks[i]) - 1, &found),
                         GRI_STACK_PART_BODY);
            cr_assert_eq(found, stacks[i]);
            if (guard == GRI_STACK_GUARD_CANARY) continue;
            cr_assert_eq(gri_stack_pool_find(&pool, stacks[i]->low - 1, &found), GRI_STACK_PART_GUARD);
            cr_assert_eq(found, stacks[i]);
        }
        cr_assert_eq(gri_stack_pool_find(&pool, &outside, &found), GRI_STACK_PART_NONE);
        cr_assert_null(found);
        cr_assert_eq(gri_stack_pool_find(&pool, NULL, &found), GRI_STACK_PART_NONE);
        cr_assert_eq(gri_stack_pool_find(&pool, (void *)UINTPTR_MAX, &found), GRI_STACK_PART_NONE);
        for (int i = 0; i < 200; i++) gri_stack_give(&pool, stacks[i]);
        end();
    }
}

static void report(void *context, struct gri_stack *stack)
{
    _exit(stack->owner == context ? HIT_CANARY : HIT_NOTHING);
}

static void give(void *stack)
{
    gri_stack_give(&pool, stack);
}

Test(stack, a_broken_canary_is_reported_then_aborts)
{
    struct child child;
    start(GRI_STACK_GUARD_CANARY);
    struct gri_stack *stack = take(0);
    stack->owner = &pool;
    for (int i = 0; i < GRI_STACK_CANARY_BYTES; i++) {
        stack->low[i] = 1;
        cr_assert(!gri_stack_is_intact(stack), "byte %d", i);
        stack->low[i] = 0;
        cr_assert(gri_stack_is_intact(stack));
    }
    stack->low[GRI_STACK_CANARY_BYTES] = 1;
    cr_assert(gri_stack_is_intact(stack));
    stack->low[7] = 1;
    child_run(&child, give, stack);
    cr_assert(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGABRT, "status %d", child.status);
    cr_assert(strstr(child.output, "a coroutine's stack overflowed"), "output: %s", child.output);
    pool.overflowed = report;
    pool.overflow_context = &pool;
    child_run(&child, give, stack);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == HIT_CANARY, "status %d", child.status);
    stack->low[7] = 0;
    gri_stack_give(&pool, stack);
    end();
}

/* Errors. */

static void must_fail(size_t size_bytes, int expected, const char *text)
{
    struct gri_stack *stack;
    int err = gri_stack_take(&pool, size_bytes, &stack);
    cr_assert_eq(err, expected, "%s: %s", gr_error_name(err), gri_thread_error());
    cr_assert(strstr(gri_thread_error(), text), "%s", gri_thread_error());
    cr_assert_eq(pool.used_count, 0);
}

Test(stack, a_size_above_the_limit_is_refused_with_the_limit)
{
    start(GRI_STACK_GUARD_AUTO);
    must_fail(GRI_STACK_BYTES_MAX + 1, GR_ELIMIT, "above the limit of 1073741824");
    must_fail(SIZE_MAX, GR_ELIMIT, "above the limit");
    cr_assert_eq(faulty.maps, 0);
    end();
}

Test(stack, no_memory_for_table_or_stacks_is_an_error_and_leaves_the_pool_usable)
{
    for (uint64_t nth = 1; nth <= 3; nth++) {
        struct gri_memory_fault fault;
        struct gri_stack *stacks[3] = {NULL};
        int failures = 0;
        start(GRI_STACK_GUARD_AUTO);
        gri_memory_fault_init(&fault, &account.memory, nth);
        pool.memory = &fault.memory;
        for (int i = 0; i < 3; i++) {
            int err = gri_stack_take(&pool, (16 * KIB) << i, &stacks[i]);
            if (err == 0) continue;
            cr_assert_eq(err, GR_ENOMEM);
            cr_assert_eq(i + 1, (int)nth);
            failures++;
            cr_assert_eq(gri_stack_take(&pool, (16 * KIB) << i, &stacks[i]), 0);
        }
        cr_assert_eq(failures, 1);
        cr_assert_eq(gri_memory_fault_count(&fault), 4);
        for (int i = 0; i < 3; i++) gri_stack_give(&pool, stacks[i]);
        end();
    }
}

Test(stack, a_refused_mapping_is_an_error_and_leaves_the_pool_usable)
{
    start(GRI_STACK_GUARD_AUTO);
    faulty.map_errno = ENOMEM;
    must_fail(0, GR_ENOMEM, "out of memory");
    cr_assert_eq(gri_memory_used(&account.memory), 0);
    faulty.map_errno = 0;
    faulty.maps = 0;
    gri_stack_give(&pool, take(0));
    end();
}

Test(stack, a_guard_that_is_asked_for_and_missing_is_an_error)
{
    start(GRI_STACK_GUARD_MADVISE);
    faulty.install_errno = EINVAL;
    must_fail(0, GR_EUNSUPPORTED, "6.13");
    faulty.install_errno = ENOMEM;
    must_fail(0, GR_ENOMEM, "madvise");
    faulty.install_errno = EPERM;
    must_fail(0, GR_ESYS, "madvise");
    end();
    memset(&faulty, 0, sizeof faulty);
    start(GRI_STACK_GUARD_MPROTECT);
    faulty.protect_errno = ENOMEM;
    must_fail(0, GR_ELIMIT, "vm.max_map_count");
    faulty.protect_errno = 0;
    must_fail(0, GR_ELIMIT, "vm.max_map_count");
    cr_assert_eq(faulty.protects, 1, "the limit was met, so it is not tried again");
    end();
    memset(&faulty, 0, sizeof faulty);
    start(GRI_STACK_GUARD_MPROTECT);
    faulty.protect_errno = EACCES;
    must_fail(0, GR_ESYS, "mprotect");
    faulty.protect_errno = 0;
    gri_stack_give(&pool, take(0));
    end();
}

Test(stack, auto_falls_back_from_madvise_to_mprotect_and_then_to_the_canary_for_good)
{
    start(GRI_STACK_GUARD_AUTO);
    faulty.install_errno = EINVAL;
    faulty.protect_errno = ENOMEM;
    faulty.protects_allowed = 1;
    struct gri_stack *first = take(0), *second = take(0);
    cr_assert_eq(first->guard, GRI_STACK_GUARD_MPROTECT);
    cr_assert_eq(second->guard, GRI_STACK_GUARD_CANARY);
    cr_assert_eq(usable(second), GRI_STACK_BYTES_DEFAULT);
    faulty.protect_errno = 0; /* others have unmapped something */
    struct gri_stack *third = take(0);
    cr_assert_eq(third->guard, GRI_STACK_GUARD_CANARY);
    cr_assert_eq(faulty.installs, 1);
    cr_assert_eq(faulty.protects, 2);
    gri_stack_give(&pool, first);
    gri_stack_give(&pool, second);
    gri_stack_give(&pool, third);
    end();
}

Test(stack, auto_does_not_hide_other_errors)
{
    start(GRI_STACK_GUARD_AUTO);
    faulty.install_errno = ENOMEM;
    must_fail(0, GR_ENOMEM, "madvise");
    faulty.install_errno = EINVAL;
    faulty.protect_errno = EACCES;
    must_fail(0, GR_ESYS, "mprotect");
    faulty.protect_errno = 0;
    gri_stack_give(&pool, take(0));
    end();
}

/* Takes `count` stacks, the first mapping has 16 of them, and returns how many have no guard by madvise. */
static int take_and_give(struct gri_stack **stacks, int count)
{
    int others = 0;
    for (int i = 0; i < count; i++) {
        stacks[i] = take(0);
        stacks[i]->owner = &pool;
        others += stacks[i]->guard != GRI_STACK_GUARD_MADVISE;
        cr_assert_eq(stacks[i]->low, gri_stack_high(stacks[i]) - GRI_STACK_BYTES_DEFAULT + gri_page_size());
    }
    for (int i = 0; i < count; i += 7)
        cr_assert_eq(exit_code_of_write(stacks[i]->low - 1), HIT_GUARD, "stack %d", i);
    for (int i = 0; i < count; i++) gri_stack_give(&pool, stacks[i]);
    return others;
}

Test(stack, many_stacks_get_their_guards_in_few_calls_and_one_by_one_where_that_is_refused)
{
    static struct gri_stack *stacks[150];
    if (skipped(GRI_STACK_GUARD_MADVISE)) return;
    start(GRI_STACK_GUARD_AUTO);
    cr_assert_eq(take_and_give(stacks, 16), 0);
    cr_assert_eq(faulty.prepares, 0, "a small program has none that it does not use");
    cr_assert_eq(take_and_give(stacks, 150), 0);
    if (!pool.one_by_one) cr_assert_lt(faulty.installs + faulty.prepares, 16 + 8);
    end();
    memset(&faulty, 0, sizeof faulty);
    start(GRI_STACK_GUARD_AUTO);
    faulty.prepare_errno = EPERM;
    cr_assert_eq(take_and_give(stacks, 150), 0);
    cr_assert(pool.one_by_one);
    cr_assert_eq(faulty.prepares, 1, "it is not tried again");
    cr_assert_eq(faulty.installs, 150);
    end();
}

Test(stack, pages_that_were_prepared_and_never_used_are_given_back_with_their_mapping)
{
    enum { COUNT = 1100 }; /* the last mapping of 64 is used in part */
    static struct gri_stack *stacks[COUNT];
    if (skipped(GRI_STACK_GUARD_MADVISE)) return;
    start(GRI_STACK_GUARD_AUTO);
    for (int i = 0; i < COUNT; i++) stacks[i] = take(0);
    char *next = gri_stack_high(stacks[COUNT - 1]) + GRI_STACK_BYTES_DEFAULT;
    bool is_prepared = resident_bytes(next - gri_page_size(), next) != 0;
    cr_assert_eq(is_prepared, !pool.one_by_one);
    for (int i = 0; i < COUNT; i++) gri_stack_give(&pool, stacks[i]);
    cr_assert_gt(faulty.drops, 0);
    cr_assert_eq(resident_bytes(next - gri_page_size(), next), 0);
    end();
}

/* Takes stacks of 64 KiB until it fails, or `count` times; gives back all; returns how many it took. */
static int take_up_to(int count, int *err)
{
    static struct gri_stack *stacks[1000];
    int taken = 0;
    while (taken < count && (*err = gri_stack_take(&pool, 0, &stacks[taken])) == 0) taken++;
    for (int i = 0; i < taken; i++) gri_stack_give(&pool, stacks[i]);
    return taken;
}

Test(stack, a_reserve_of_mappings_that_can_not_be_made_is_done_without)
{
    int err;
    start(GRI_STACK_GUARD_MPROTECT);
    faulty.protect_errno = ENOMEM;
    faulty.protects_allowed = 600; /* 512 stacks are 32 MiB, then comes the reserve */
    cr_assert_eq(take_up_to(1000, &err), 512);
    cr_assert_eq(err, GR_ELIMIT);
    cr_assert_null(pool.reserve);
    cr_assert_eq(faulty.unmaps, 1);
    end();
}

Test(stack, a_mapping_refused_at_the_limit_is_made_from_the_reserve)
{
    int err;
    start(GRI_STACK_GUARD_AUTO);
    faulty.install_errno = EINVAL;
    cr_assert_eq(take_up_to(600, &err), 600);
    cr_assert_not_null(pool.reserve);
    unsigned maps = faulty.maps;
    faulty.map_errno = ENOMEM;
    cr_assert_lt(take_up_to(1000, &err), 1000);
    cr_assert_eq(err, GR_ENOMEM);
    cr_assert_null(pool.reserve);
    cr_assert_eq(faulty.maps, maps + 2, "it tries again with what the reserve gave back");
    faulty.map_errno = 0;
    faulty.maps = maps;
    cr_assert_eq(take_up_to(1000, &err), 1000);
    end();
}

static long read_limit(void)
{
    long limit = 0;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    if (!file) return 0;
    if (fscanf(file, "%ld", &limit) != 1) limit = 0;
    fclose(file);
    return limit;
}

/* How many mappings the process could still have, up to 1000. */
static int count_free_mappings(void)
{
    size_t page = gri_page_size();
    char *start = mmap(NULL, 1001 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int count = 0;
    if (start == MAP_FAILED) return 0;
    while (count < 1000 && mprotect(start + count * page, page, count % 2 ? PROT_READ : PROT_NONE) == 0)
        count++;
    munmap(start, 1001 * page);
    return count;
}

/* On the real limit of mappings: a test has a process of its own, so it may use them up. */
Test(stack, the_limit_of_mappings_is_an_error_or_a_canary)
{
    enum { COUNT = 40000 };
    static struct gri_stack *stacks[COUNT];
    long limit = read_limit();
    GRI_ON_VALGRIND(if (RUNNING_ON_VALGRIND) return;) /* it has a limit of its own, and dies of it */
    if (limit == 0 || limit > 70000) {
        cr_log_warn("vm.max_map_count is %ld: too many to use up, so that is tested by failure only", limit);
        return;
    }
    static const enum gri_stack_guard guards[] = {GRI_STACK_GUARD_MPROTECT, GRI_STACK_GUARD_AUTO};
    for (int i = 0; i < 2; i++) {
        int count = 0, err = 0, canaries = 0;
        memset(&faulty, 0, sizeof faulty);
        start(guards[i]);
        if (guards[i] == GRI_STACK_GUARD_AUTO) faulty.install_errno = EINVAL;
        while (count < COUNT && (err = gri_stack_take(&pool, 16 * KIB, &stacks[count])) == 0) {
            canaries += stacks[count]->guard == GRI_STACK_GUARD_CANARY;
            count++;
        }
        char text[GRI_THREAD_ERROR_SIZE];
        snprintf(text, sizeof text, "%s", gri_thread_error());
        int free_mappings = count_free_mappings();
        for (int k = 0; k < count; k++) gri_stack_give(&pool, stacks[k]);
        gri_stack_pool_fini(&pool);
        cr_log_info("%d stacks, %d with a canary, then %s (%s)", count, canaries, gr_error_name(err), text);
        cr_assert_gt(count - canaries, limit / 2 - 2000);
        cr_assert_geq(free_mappings, 800, "only %d mappings are left to the process", free_mappings);
        if (guards[i] == GRI_STACK_GUARD_AUTO) {
            cr_assert_eq(count, COUNT);
            cr_assert_gt(canaries, 0);
        } else {
            cr_assert_eq(err, GR_ELIMIT);
            cr_assert(strstr(text, "vm.max_map_count"), "%s", text);
        }
    }
}

static void fini_with_a_taken_stack(void *unused)
{
    gri_stack_pool_fini(&pool);
}

Test(stack, a_pool_can_not_end_while_a_stack_is_taken)
{
    start(GRI_STACK_GUARD_AUTO);
    struct gri_stack *stack = take(0);
    child_must_abort(fini_with_a_taken_stack, NULL, "pool->used_count == 0");
    gri_stack_give(&pool, stack);
    end();
}
