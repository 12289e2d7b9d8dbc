/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of coroutines: what a switch keeps, life and death, overflow with each guard, and very many at once. */
#include "base/error.h"
#include "base/platform.h"
#include "base/random.h"
#include "scheduler/coroutines/annotate.h"
#include "scheduler/coroutines/coroutine.h"
#include "tests/support/share.h"
#include "tests/unit/base/child.h"
#include "tests/unit/scheduler/rounding.h"

#include <signal.h>
#include <sys/resource.h>
#include <unwind.h>

/* Whether nothing keeps shadows of memory: those of 100,000 stacks take gigabytes. */
static bool is_plain_build(void)
{
    GRI_ON_VALGRIND(if (RUNNING_ON_VALGRIND) return false;)
    GRI_ON_ADDRESS_SANITIZER(return false;)
    return true;
}

enum { HIT_GUARD = 42, HIT_CANARY, MISSED };

static struct gri_stack_pool pool;
static struct gri_memory_account account;
static int log_numbers[1000], log_count;

static void note(int number)
{
    log_numbers[log_count++] = number;
}

static void note_nothing(void *argument)
{
}

static void start(enum gri_stack_guard guard)
{
    gri_memory_account_init(&account, gri_memory_default(), 0);
    gri_stack_pool_init(&pool, &account.memory, guard);
}

static void end(void)
{
    gri_stack_pool_fini(&pool);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

static struct gri_coroutine *create(void (*main)(void *argument), void *argument)
{
    struct gri_coroutine *coroutine;
    int err = gri_coroutine_create(&pool, 0, main, argument, &coroutine);
    cr_assert_eq(err, 0, "%s: %s", gri_thread_error(), gr_error_name(err));
    return coroutine;
}

/* A guard that this kernel lacks is tested with the stacks' own tests, by failure. */
static bool kernel_lacks(enum gri_stack_guard guard)
{
    struct gri_stack *stack;
    start(guard);
    int err = gri_stack_take(&pool, 0, &stack);
    if (err == 0) gri_stack_give(&pool, stack);
    gri_stack_pool_fini(&pool);
    if (err) cr_log_warn("skipped: %s", gri_thread_error());
    return err != 0;
}

/* A coroutine that is told about itself. */
struct self {
    struct gri_coroutine *coroutine; /* the one */
    int number;                      /* which */
    int rounds;                      /* times to suspend */
    uint64_t sum;                    /* what came of it */
};

static void count_up(void *argument)
{
    struct self *self = argument;
    for (int i = 1; i <= 3; i++) {
        note(self->number * 10 + i);
        gri_coroutine_suspend(self->coroutine);
    }
    note(self->number * 10 + 9);
}

Test(coroutine, it_runs_when_resumed_until_it_suspends_or_ends)
{
    struct self self = {.number = 1};
    start(GRI_STACK_GUARD_AUTO);
    self.coroutine = create(count_up, &self);
    cr_assert_eq(log_count, 0);
    cr_assert_eq(gri_coroutine_argument(self.coroutine), &self);
    for (int i = 1; i <= 3; i++) {
        gri_coroutine_resume(self.coroutine);
        cr_assert_eq(log_count, i);
        cr_assert_eq(log_numbers[i - 1], 10 + i);
        cr_assert(!gri_coroutine_ended(self.coroutine));
    }
    gri_coroutine_resume(self.coroutine);
    cr_assert_eq(log_numbers[3], 19);
    cr_assert(gri_coroutine_ended(self.coroutine));
    gri_coroutine_destroy(self.coroutine);
    end();
}

Test(coroutine, several_run_in_turns_on_stacks_of_their_own)
{
    struct self selves[3];
    start(GRI_STACK_GUARD_AUTO);
    for (int i = 0; i < 3; i++) {
        selves[i] = (struct self){.number = i};
        selves[i].coroutine = create(count_up, &selves[i]);
    }
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 3; i++) gri_coroutine_resume(selves[i].coroutine);
    for (int i = 0; i < 12; i++) cr_assert_eq(log_numbers[i], i % 3 * 10 + (i < 9 ? i / 3 + 1 : 9));
    for (int i = 0; i < 3; i++) gri_coroutine_destroy(selves[i].coroutine);
    end();
}

static void outer(void *argument)
{
    struct self *selves = argument;
    note(1);
    gri_coroutine_resume(selves[1].coroutine);
    note(3);
    gri_coroutine_suspend(selves[0].coroutine);
    note(5);
    gri_coroutine_resume(selves[1].coroutine);
    note(7);
}

static void inner(void *argument)
{
    struct self *self = argument;
    note(2);
    gri_coroutine_suspend(self->coroutine);
    note(6);
}

Test(coroutine, one_may_resume_another_which_returns_to_it)
{
    struct self selves[2];
    start(GRI_STACK_GUARD_AUTO);
    selves[0].coroutine = create(outer, selves);
    selves[1].coroutine = create(inner, &selves[1]);
    gri_coroutine_resume(selves[0].coroutine);
    note(4);
    gri_coroutine_resume(selves[0].coroutine);
    for (int i = 0; i < 7; i++) cr_assert_eq(log_numbers[i], i + 1);
    cr_assert(gri_coroutine_ended(selves[0].coroutine) && gri_coroutine_ended(selves[1].coroutine));
    gri_coroutine_destroy(selves[0].coroutine);
    gri_coroutine_destroy(selves[1].coroutine);
    end();
}

/* More live values, integers and floats, than there are registers, on both sides of every switch. */
__attribute__((noinline)) static uint64_t churn(uint64_t seed, int rounds, void (*other_side)(void *),
                                                void *argument)
{
    uint64_t a = seed, b = seed ^ 1, c = seed ^ 2, d = seed ^ 3, e = seed ^ 4, f = seed ^ 5, g = seed ^ 6;
    double p = (double)(seed & 255), q = p + 1, r = p + 2, s = p + 3, t = p + 4, u = p + 5, v = p + 6,
           w = p + 7;
    for (int i = 0; i < rounds; i++) {
        if (other_side) other_side(argument);
        a = a * 3 + b, b = b * 5 + c, c = c * 7 + d, d = d * 11 + e, e = e * 13 + f, f = f * 17 + g,
        g = g * 19 + a;
        p = p / 2 + q, q = q / 2 + r, r = r / 2 + s, s = s / 2 + t, t = t / 2 + u, u = u / 2 + v,
        v = v / 2 + w;
        w = w / 2 + (double)(a & 1023);
    }
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ (uint64_t)(p + q + r + s) ^ (uint64_t)((t + u + v + w) * 1024);
}

static void suspend_it(void *coroutine)
{
    gri_coroutine_suspend(coroutine);
}

static void resume_it(void *coroutine)
{
    gri_coroutine_resume(coroutine);
}

static void churn_inside(void *argument)
{
    struct self *self = argument;
    self->sum = churn(77, self->rounds, suspend_it, self->coroutine);
}

Test(coroutine, a_switch_keeps_every_live_value_of_both_sides)
{
    struct self self = {.rounds = 1000};
    start(GRI_STACK_GUARD_AUTO);
    self.coroutine = create(churn_inside, &self);
    uint64_t sum = churn(99, 1001, resume_it, self.coroutine);
    cr_assert(gri_coroutine_ended(self.coroutine));
    cr_assert_eq(sum, churn(99, 1001, NULL, NULL));
    cr_assert_eq(self.sum, churn(77, 1000, NULL, NULL));
    gri_coroutine_destroy(self.coroutine);
    end();
}

static int unit; /* whose rounding is tested */

static void round_its_own_way(void *argument)
{
    struct self *self = argument;
    note((int)rounding_get(unit));
    rounding_set(unit, 2);
    gri_coroutine_suspend(self->coroutine);
    note((int)rounding_get(unit));
    rounding_set(unit, 3);
}

Test(coroutine, each_side_has_its_own_rounding)
{
    for (unit = 0; unit < ROUNDING_UNITS; unit++) {
        struct self self = {0};
        start(GRI_STACK_GUARD_AUTO);
        log_count = 0;
        self.coroutine = create(round_its_own_way, &self);
        gri_coroutine_resume(self.coroutine);
        cr_assert_eq(log_numbers[0], 0, "it starts with its creator's");
        cr_assert_eq(rounding_get(unit), 0);
        rounding_set(unit, 1);
        gri_coroutine_resume(self.coroutine);
        cr_assert_eq(log_numbers[1], 2);
        cr_assert_eq(rounding_get(unit), 1);
        rounding_set(unit, 0);
        gri_coroutine_destroy(self.coroutine);
        end();
    }
}

#ifdef __SSE__
#define FLUSH_TO_ZERO 0x8000u

/* A mode that only the vector unit has. */
static void flush_to_zero(void *argument)
{
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | FLUSH_TO_ZERO);
    gri_coroutine_suspend(argument);
    note((int)(__builtin_ia32_stmxcsr() & FLUSH_TO_ZERO));
}

Test(coroutine, each_side_has_its_own_mode_of_the_vector_unit)
{
    struct gri_coroutine *coroutine;
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | FLUSH_TO_ZERO);
    if (!(__builtin_ia32_stmxcsr() & FLUSH_TO_ZERO)) return; /* Valgrind has no such mode */
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() & ~FLUSH_TO_ZERO);
    start(GRI_STACK_GUARD_AUTO);
    cr_assert_eq(gri_coroutine_create(&pool, 0, flush_to_zero, NULL, &coroutine), 0);
    gri_coroutine_destroy(coroutine);
    /* Its argument is itself: the stack is the one that was just freed. */
    struct gri_coroutine *same;
    cr_assert_eq(gri_coroutine_create(&pool, 0, flush_to_zero, coroutine, &same), 0);
    cr_assert_eq(same, coroutine);
    gri_coroutine_resume(coroutine);
    cr_assert_eq(__builtin_ia32_stmxcsr() & FLUSH_TO_ZERO, 0);
    gri_coroutine_resume(coroutine);
    cr_assert_eq(log_numbers[0], FLUSH_TO_ZERO);
    cr_assert_eq(__builtin_ia32_stmxcsr() & FLUSH_TO_ZERO, 0);
    gri_coroutine_destroy(coroutine);
    end();
}
#endif

static void print_aligned(void *argument)
{
    _Alignas(64) char line[64];
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    note(frame % 16 == 0);
    note((uintptr_t)line % 64 == 0);
    snprintf(line, sizeof line, "%.3f %Lg", 1.0 / 3, (long double)0.25);
    note(strcmp(line, "0.333 0.25"));
}

Test(coroutine, its_stack_is_aligned_for_any_function)
{
    start(GRI_STACK_GUARD_AUTO);
    struct gri_coroutine *coroutine = create(print_aligned, NULL);
    gri_coroutine_resume(coroutine);
    cr_assert_eq(log_numbers[0], 1);
    cr_assert_eq(log_numbers[1], 1);
    cr_assert_eq(log_numbers[2], 0);
    gri_coroutine_destroy(coroutine);
    end();
}

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *count)
{
    return ++*(int *)count < 100 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

__attribute__((noinline)) static void walk(int depth)
{
    int count = 0;
    if (depth > 0) {
        walk(depth - 1);
        __asm__ volatile(""); /* not a tail call */
        return;
    }
    _Unwind_Backtrace(count_frame, &count);
    note(count);
}

static void walk_inside(void *argument)
{
    walk(10);
}

Test(coroutine, a_walk_up_its_stack_ends_at_its_start)
{
    start(GRI_STACK_GUARD_AUTO);
    struct gri_coroutine *coroutine = create(walk_inside, NULL);
    gri_coroutine_resume(coroutine);
    /* walk 11 times, walk_inside, and two or three of ours: none is left out but by inlining, and nothing follows. */
    cr_assert(log_numbers[0] >= 13 && log_numbers[0] <= 15, "%d frames", log_numbers[0]);
    gri_coroutine_destroy(coroutine);
    end();
}

/* Life and death. */

Test(coroutine, one_that_never_started_or_is_suspended_may_be_destroyed)
{
    struct self self = {.number = 1};
    start(GRI_STACK_GUARD_AUTO);
    gri_coroutine_destroy(NULL);
    for (int resumes = 0; resumes <= 3; resumes++) {
        self.coroutine = create(count_up, &self);
        for (int i = 0; i < resumes; i++) gri_coroutine_resume(self.coroutine);
        log_count = 0;
        gri_coroutine_destroy(self.coroutine);
        cr_assert_eq(log_count, 0, "it does not run on");
        cr_assert_eq(pool.used_count, 0);
    }
    end();
}

static void resume_twice(void *argument)
{
    struct self *self = argument;
    gri_coroutine_resume(self->coroutine);
}

static void destroy_itself(void *argument)
{
    struct self *self = argument;
    gri_coroutine_destroy(self->coroutine);
}

static void misuse(void *main)
{
    struct self self = {0};
    self.coroutine = create((void (*)(void *))main, &self);
    gri_coroutine_resume(self.coroutine);
}

static void resume_ended(void *unused)
{
    struct gri_coroutine *coroutine = create(note_nothing, NULL);
    gri_coroutine_resume(coroutine);
    gri_coroutine_resume(coroutine);
}

static void suspend_from_outside(void *unused)
{
    gri_coroutine_suspend(create(note_nothing, NULL));
}

Test(coroutine, misuse_fails_an_assertion)
{
    start(GRI_STACK_GUARD_AUTO);
    child_must_abort(misuse, (void *)resume_twice, "coroutine->state");
    child_must_abort(misuse, (void *)destroy_itself, "coroutine->state");
    child_must_abort(resume_ended, NULL, "coroutine->state");
    child_must_abort(suspend_from_outside, NULL, "coroutine->state");
    end();
}

Test(coroutine, a_failed_creation_gives_null_and_the_reason)
{
    struct gri_memory_fault fault;
    struct gri_coroutine *coroutine = (struct gri_coroutine *)&fault;
    start(GRI_STACK_GUARD_AUTO);
    gri_memory_fault_init(&fault, &account.memory, 1);
    pool.memory = &fault.memory;
    cr_assert_eq(gri_coroutine_create(&pool, 0, note_nothing, NULL, &coroutine), GR_ENOMEM);
    cr_assert_null(coroutine);
    cr_assert(strstr(gri_thread_error(), "out of memory"), "%s", gri_thread_error());
    cr_assert_eq(gri_coroutine_create(&pool, SIZE_MAX, note_nothing, NULL, &coroutine), GR_ELIMIT);
    cr_assert_null(coroutine);
    cr_assert_eq(gri_coroutine_create(&pool, 0, note_nothing, NULL, &coroutine), 0);
    gri_coroutine_destroy(coroutine);
    end();
}

/* Overflow. */

static void on_fault(int signal, siginfo_t *info, void *context)
{
    struct gri_coroutine *coroutine = gri_coroutine_of_overflow(&pool, info->si_addr);
    _exit(coroutine && gri_coroutine_argument(coroutine) == &account ? HIT_GUARD : MISSED);
}

static void on_canary(void *context, struct gri_stack *stack)
{
    _exit(gri_coroutine_argument(stack->owner) == context ? HIT_CANARY : MISSED);
}

__attribute__((noinline)) static int recurse(volatile int *depth)
{
    volatile char frame[200];
    frame[0] = (char)++*depth;
    if (*depth > 10000000) return 0;
    return recurse(depth) + frame[0];
}

static void recurse_inside(void *argument)
{
    volatile int depth = 0;
    recurse(&depth);
}

/* Goes to the stack's very end, as a function does that overflows it by one line, and lets the switch find out. */
static void spoil_inside(void *argument)
{
    const struct gri_stack *stack;
    gri_stack_pool_find(&pool, __builtin_frame_address(0), &stack);
    memset(stack->low, 1, 1);
    gri_coroutine_suspend(stack->owner);
}

static void overflow(void *main)
{
    static char alternative[64 << 10];
    stack_t signal_stack = {.ss_sp = alternative, .ss_size = sizeof alternative};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&signal_stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    pool.overflowed = on_canary;
    pool.overflow_context = &account;
    struct gri_coroutine *others[3], *coroutine;
    for (int i = 0; i < 3; i++) others[i] = create(recurse_inside, NULL);
    coroutine = create((void (*)(void *))main, &account);
    gri_coroutine_resume(coroutine);
    (void)others;
}

static int exit_code_of_overflow(enum gri_stack_guard guard, void (*main)(void *))
{
    struct child child;
    start(guard);
    child_run(&child, overflow, (void *)main);
    end();
    cr_assert(WIFEXITED(child.status), "status %d, output: %s", child.status, child.output);
    return WEXITSTATUS(child.status);
}

Test(coroutine, a_stack_overflow_hits_the_guard_and_names_the_coroutine)
{
    for (enum gri_stack_guard guard = GRI_STACK_GUARD_AUTO; guard < GRI_STACK_GUARD_CANARY; guard++)
        if (!kernel_lacks(guard)) cr_assert_eq(exit_code_of_overflow(guard, recurse_inside), HIT_GUARD);
}

Test(coroutine, without_guard_pages_the_next_switch_finds_the_overflow)
{
    cr_assert_eq(exit_code_of_overflow(GRI_STACK_GUARD_CANARY, spoil_inside), HIT_CANARY);
}

Test(coroutine, addresses_elsewhere_are_no_overflow)
{
    int here;
    start(GRI_STACK_GUARD_AUTO);
    cr_assert_null(gri_coroutine_of_overflow(&pool, &here));
    struct gri_coroutine *coroutine = create(note_nothing, NULL);
    const struct gri_stack *stack = gri_coroutine_stack(coroutine);
    cr_assert_null(gri_coroutine_of_overflow(&pool, stack->low));
    cr_assert_eq(gri_coroutine_of_overflow(&pool, stack->low - 1), coroutine);
    gri_coroutine_destroy(coroutine);
    cr_assert_null(gri_coroutine_of_overflow(&pool, stack->low - 1), "a free stack is nobody's");
    end();
}

/* Very many. */

static long resident_bytes(void)
{
    long size, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert_not_null(file);
    if (fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (long)gri_page_size();
}

enum { MANY = 100000, MANY_WITH_SHADOWS = 10000 };

/* Uses a little more than a page, as a coroutine actor does that waits. */
static void wait_deep(void *argument)
{
    struct self *self = argument;
    volatile char frame[5000];
    frame[0] = frame[4999] = (char)self->number;
    while (self->rounds-- > 0) gri_coroutine_suspend(self->coroutine);
    self->sum = (uint64_t)(frame[0] + frame[4999]);
}

Test(coroutine, very_many_are_alive_at_once_for_two_pages_each)
{
    static struct self selves[MANY];
    int many = is_plain_build() ? MANY : MANY_WITH_SHADOWS;
    for (enum gri_stack_guard guard = GRI_STACK_GUARD_AUTO; guard <= GRI_STACK_GUARD_CANARY; guard++) {
        if (guard == GRI_STACK_GUARD_MPROTECT || kernel_lacks(guard))
            continue; /* it has a limit, tested elsewhere */
        for (int i = 0; i < many; i++) selves[i] = (struct self){.number = i % 50, .rounds = 2};
        start(guard);
        long before = resident_bytes();
        for (int i = 0; i < many; i++) {
            selves[i].coroutine = create(wait_deep, &selves[i]);
            gri_coroutine_resume(selves[i].coroutine);
        }
        long each = (resident_bytes() - before) / many;
        cr_log_info("guard %d: %ld bytes each", guard, each);
        if (many == MANY) cr_assert_leq(each, 8704);
        for (int i = many - 1; i >= 0; i--) gri_coroutine_resume(selves[i].coroutine);
        for (int i = 0; i < many; i++) {
            gri_coroutine_resume(selves[i].coroutine);
            cr_assert(gri_coroutine_ended(selves[i].coroutine));
            cr_assert_eq(selves[i].sum, 2u * (unsigned)(i % 50));
            gri_coroutine_destroy(selves[i].coroutine);
        }
        long left = (resident_bytes() - before) / many;
        if (many == MANY) cr_assert_leq(left, 2000, "%ld bytes each are left after all have ended", left);
        end();
    }
}

/* By chance: creates, resumes and destroys, with stacks of several sizes. */
static void run_by_chance(void *argument)
{
    struct self *self = argument;
    while (self->rounds-- > 0) {
        self->sum = churn(self->sum, 3, NULL, NULL);
        gri_coroutine_suspend(self->coroutine);
    }
}

Test(coroutine, any_order_of_creating_resuming_and_destroying_is_fine)
{
    enum { COUNT = 300 };
    static struct self selves[COUNT];
    struct gri_random random;
    gri_random_seed(&random, 3);
    start(GRI_STACK_GUARD_AUTO);
    for (uint64_t step = 0; step < test_share(200000); step++) {
        struct self *self = &selves[gri_random_below(&random, COUNT)];
        if (!self->coroutine) {
            *self = (struct self){.rounds = (int)gri_random_below(&random, 30), .sum = step};
            size_t size = (size_t)16384 << gri_random_below(&random, 4);
            cr_assert_eq(gri_coroutine_create(&pool, size, run_by_chance, self, &self->coroutine), 0);
        } else if (gri_coroutine_ended(self->coroutine) || gri_random_below(&random, 50) == 0) {
            gri_coroutine_destroy(self->coroutine);
            self->coroutine = NULL;
        } else {
            gri_coroutine_resume(self->coroutine);
        }
    }
    for (int i = 0; i < COUNT; i++) gri_coroutine_destroy(selves[i].coroutine);
    end();
}
