/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coroutines on two threads at once, each thread with a pool of its own: what the unit tests check, where Criterion
 * can't go (thread and memory sanitizer, Valgrind). Threads hand their results over by joining only.
 */
#include "base/error.h"
#include "base/platform.h"
#include "base/random.h"
#include "scheduler/coroutines/coroutine.h"
#include "tests/support/share.h"

#include <stdio.h>
#include <string.h>

#define THREADS    2
#define COROUTINES 500

/* One coroutine and what it is to do. */
struct task {
    struct gri_coroutine *coroutine; /* itself; NULL: none */
    struct gri_coroutine *inner;     /* one that it resumes, or NULL */
    uint64_t seed;                   /* what its result is made of */
    unsigned rounds;                 /* times to suspend */
    unsigned done;                   /* rounds done */
    uint64_t sum;                    /* its result */
};

/* One thread. */
struct side {
    gri_thread thread;             /* itself */
    enum gri_stack_guard guard;    /* of its stacks */
    uint64_t seed;                 /* of its choices */
    uint64_t ended, dropped;       /* coroutines that ended, or were destroyed before */
    uint64_t wrong;                /* results */
    const char *error;             /* why it gave up, or NULL */
    struct gri_stack_pool pool;    /* its stacks */
    struct task tasks[COROUTINES]; /* its coroutines */
};

static uint64_t mix(uint64_t sum, uint64_t seed, unsigned round)
{
    return (sum ^ seed ^ round) * 0x9e3779b97f4a7c15u;
}

static uint64_t expected(const struct task *task)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < task->rounds; i++) sum = mix(sum, task->seed, i);
    return sum;
}

/* Keeps its values on its own stack, at several depths, across every switch. */
static uint64_t descend(struct task *task, unsigned depth, uint64_t sum)
{
    volatile uint64_t here[16];
    for (int i = 0; i < 16; i++) here[i] = sum + (uint64_t)i;
    if (depth > 0) return descend(task, depth - 1, sum) + here[5] - sum - 5;
    gri_coroutine_suspend(task->coroutine);
    return here[7] - 7;
}

static void run_inner(void *argument)
{
    struct task *task = argument;
    for (;;) gri_coroutine_suspend(task->inner);
}

static void run_task(void *argument)
{
    struct task *task = argument;
    uint64_t sum = 0;
    for (; task->done < task->rounds; task->done++) {
        if (task->inner) gri_coroutine_resume(task->inner);
        sum = mix(descend(task, task->done % 20, sum), task->seed, task->done);
    }
    task->sum = sum;
}

static int begin(struct side *side, struct task *task, struct gri_random *random)
{
    *task = (struct task){.seed = gri_random_next(random), .rounds = (unsigned)gri_random_below(random, 40)};
    /* AddressSanitizer's frames are several times as large. */
    size_t least = GRI_ADDRESS_SANITIZER ? 65536 : 16384;
    size_t size = least << gri_random_below(random, 3);
    int err = gri_coroutine_create(&side->pool, size, run_task, task, &task->coroutine);
    if (err == 0 && gri_random_below(random, 8) == 0)
        err = gri_coroutine_create(&side->pool, 0, run_inner, task, &task->inner);
    return err;
}

static void finish(struct side *side, struct task *task)
{
    if (!task->coroutine) return;
    bool ended = gri_coroutine_ended(task->coroutine);
    if (ended && task->sum != expected(task)) side->wrong++;
    side->ended += ended;
    side->dropped += !ended;
    gri_coroutine_destroy(task->coroutine);
    gri_coroutine_destroy(task->inner);
    task->coroutine = task->inner = NULL;
}

static void *run_side(void *argument)
{
    struct side *side = argument;
    struct gri_random random;
    gri_random_seed(&random, side->seed);
    gri_stack_pool_init(&side->pool, gri_memory_default(), side->guard);
    for (uint64_t step = 0; step < test_share(300000); step++) {
        struct task *task = &side->tasks[gri_random_below(&random, COROUTINES)];
        if (!task->coroutine) {
            if (begin(side, task, &random)) {
                side->error = gri_thread_error();
                break;
            }
        } else if (gri_coroutine_ended(task->coroutine) || gri_random_below(&random, 100) == 0) {
            finish(side, task);
        } else {
            gri_coroutine_resume(task->coroutine);
        }
    }
    for (int i = 0; i < COROUTINES; i++) finish(side, &side->tasks[i]);
    if (side->error) fprintf(stderr, "coroutines: guard %d: %s\n", (int)side->guard, side->error);
    gri_stack_pool_fini(&side->pool);
    return NULL;
}

/* Runs one kind of guard; returns whether all was right. */
static bool run_guard(enum gri_stack_guard guard, const char *name)
{
    static struct side sides[THREADS];
    bool right = true;
    memset(sides, 0, sizeof sides);
    for (int i = 0; i < THREADS; i++) {
        sides[i].guard = guard;
        sides[i].seed = (uint64_t)guard * THREADS + (uint64_t)i;
        if (gri_thread_create(&sides[i].thread, run_side, &sides[i], name)) {
            fprintf(stderr, "coroutines: %s\n", gri_thread_error());
            return false;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        gri_thread_join(sides[i].thread);
        right &= sides[i].wrong == 0 && !sides[i].error && sides[i].ended > 0 && sides[i].dropped > 0;
        printf("%s, thread %d: %lu ended, %lu dropped, %lu wrong\n", name, i, (unsigned long)sides[i].ended,
               (unsigned long)sides[i].dropped, (unsigned long)sides[i].wrong);
    }
    return right;
}

static bool kernel_has(enum gri_stack_guard guard)
{
    struct gri_stack_pool pool;
    struct gri_stack *stack;
    gri_stack_pool_init(&pool, gri_memory_default(), guard);
    int err = gri_stack_take(&pool, 0, &stack);
    if (err == 0) gri_stack_give(&pool, stack);
    gri_stack_pool_fini(&pool);
    return err != GR_EUNSUPPORTED;
}

int main(void)
{
    static const char *const names[] = {"auto", "madvise", "mprotect", "canary"};
    int passed = 0, failed = 0;
    for (enum gri_stack_guard guard = GRI_STACK_GUARD_AUTO; guard <= GRI_STACK_GUARD_CANARY; guard++) {
        if (!kernel_has(guard)) {
            printf("%s: not in this kernel\n", names[guard]);
            continue;
        }
        bool right = run_guard(guard, names[guard]);
        passed += right;
        failed += !right;
    }
    printf("coroutines: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
