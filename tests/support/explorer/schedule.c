/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer's search: depth first over all choices (which thread next, which store is read, where a store goes),
 * each execution run anew from its setup with the choices so far.
 *
 * Most interleavings show nothing new, since a load may read an older store than the newest and a store may enter
 * before others. Two rules leave those out, and keep at least one of every different execution ("different": who
 * read and stored what, in which modification order; tests/systematic/explorer/engine.c compares with the search
 * without rules):
 *   - A plain atomic store is made at once: whoever would have come before it can still read what it would have read.
 *   - After a thread's read was explored at some point, and another thread goes first there, the read is not made
 *     again unless from a store that is newer than that point (sleep sets, made finer by `after`). A thread whose
 *     futex or event operation was explored sleeps until another operation on the same word.
 * A loop that spins is given up at its first gri_pause: that it reads something else is explored too. But if it
 * could not, since it knows the newest store and nobody is left to make another, it would spin for ever.
 */
#include "tests/support/explorer/schedule.h"

#include "base/assert.h"
#include "tests/support/explorer/fiber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum thread_state {
    THREAD_DONE,    /* its function ended */
    THREAD_READY,   /* `op` is to be made */
    THREAD_BLOCKED, /* sleeps in the futex wait `op`, or spins in the pause `op` */
    THREAD_WOKEN    /* the futex wait `op` is over */
};

struct thread {
    struct fiber fiber;      /* runs its function, again and again */
    void (*main)(void);      /* what to run in this execution */
    enum thread_state state; /* see there */
    struct op op;            /* its next operation */
    int64_t after;           /* a read is only worth making of stores above this number; -1: of any */
    bool asleep;             /* its futex or event operation is not worth making now */
    bool spurious;           /* it was woken for nothing; once in an execution is enough */
    jmp_buf escape;          /* out of its function */
};

static struct thread threads[GRI_EXPLORER_THREADS_MAX + 1]; /* 0: setup and finish */
static int current;
static bool reduced, aborting, failed;
static char failure[400];
static jmp_buf main_escape;

int schedule_thread(void)
{
    return current;
}

/* --- failures --- */

void schedule_check(const char *wrong)
{
    if (wrong == NULL || failed) return;
    failed = true;
    snprintf(failure, sizeof failure, "%s", wrong);
}

/* Leaves the running function for good. */
static _Noreturn void escape(void)
{
    if (current == 0) longjmp(main_escape, 1);
    longjmp(threads[current].escape, 1);
}

_Noreturn void gri_explorer_fail(const char *format, ...)
{
    char text[sizeof failure];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    schedule_check(text);
    escape();
}

/* What GRI_ASSERT calls. */
_Noreturn void gri_assert_fail(const char *file, int line, const char *condition)
{
    gri_explorer_fail("%s:%d: assertion failed: %s", file, line, condition);
}

const char *gri_explorer_failure(void)
{
    return failure;
}

/* --- making an operation --- */

/* Sleeping futex and event operations on the same word may now go another way. */
static void end_sleep(const struct op *op)
{
    for (int t = 1; t <= GRI_EXPLORER_THREADS_MAX; t++)
        if (threads[t].op.address == op->address) threads[t].asleep = false;
}

static void make_access(int tid, struct op *op, int64_t after)
{
    uint8_t places[MODEL_STORES_MAX];
    int count = model_choices(tid, op, after, places);
    schedule_check(model_apply(tid, op, places[trace_choose(count)]));
}

/* The kernel compares the word, then sleeps; it may miss a store that no wake has followed yet. */
static void make_futex_wait(int tid, struct thread *t)
{
    make_access(tid, &t->op, -1);
    bool sleeps = t->op.value == t->op.expected;
    if (sleeps && !t->spurious && trace_choose(2) == 1) {
        t->spurious = true;
        sleeps = false;
    }
    t->op.value = 0; /* no timeout */
    if (sleeps) t->state = THREAD_BLOCKED;
}

static void make_futex_wake(int tid, const struct op *op)
{
    model_wake(tid, op->address);
    for (uint64_t n = 0; n < op->operand; n++) {
        int waiters[GRI_EXPLORER_THREADS_MAX], count = 0;
        for (int w = 1; w <= GRI_EXPLORER_THREADS_MAX; w++)
            if (threads[w].state == THREAD_BLOCKED && threads[w].op.address == op->address)
                waiters[count++] = w;
        if (count == 0) return;
        threads[waiters[trace_choose(count)]].state = THREAD_WOKEN;
    }
}

static void make_sleep_or_wake(int tid, struct thread *t, bool was_blocked)
{
    volatile bool *event = (volatile bool *)(uintptr_t)t->op.address;
    switch (t->op.kind) {
    case OP_FUTEX_WAIT:
        if (was_blocked)
            t->op.value = 1; /* timed out */
        else
            make_futex_wait(tid, t);
        break;
    case OP_FUTEX_WAKE:
        make_futex_wake(tid, &t->op);
        break;
    case OP_EVENT_SIGNAL:
        *event = true;
        break;
    case OP_EVENT_WAIT:
        t->op.value = !*event; /* timed out */
        *event = false;
        break;
    default:
        t->state = THREAD_BLOCKED;
        break; /* a pause */
    }
    if (t->state == THREAD_READY) model_hash_add(tid, t->op.kind, t->op.value);
}

/* Makes the thread's operation. False if it sleeps then. */
static bool make(int tid)
{
    struct thread *t = &threads[tid];
    bool was_blocked = t->state == THREAD_BLOCKED, was_woken = t->state == THREAD_WOKEN;
    t->state = THREAD_READY;
    t->asleep = false;
    if (!was_woken) {
        if (op_is_access(&t->op))
            make_access(tid, &t->op, t->after);
        else
            make_sleep_or_wake(tid, t, was_blocked);
        if (!op_is_access(&t->op) || t->op.wrote) end_sleep(&t->op);
    }
    t->after = -1;
    trace_step(tid, &t->op);
    return t->state == THREAD_READY;
}

struct op *schedule_perform(struct op op)
{
    struct thread *t = &threads[current];
    if (aborting || failed) escape();
    t->op = op;
    t->state = THREAD_READY;
    if (current != 0)
        fiber_switch(&t->fiber, &threads[0].fiber);
    else if (!make(0))
        schedule_check("setup or finish would sleep for ever");
    if (aborting || failed) escape();
    return &t->op;
}

void schedule_pause(const char *file, int line)
{
    struct op op = {.kind = OP_PAUSE, .file = file, .line = line};
    op.address = threads[current].op.address; /* what it last looked at */
    op.size = threads[current].op.size;
    schedule_perform(op);
}

/* --- the search --- */

static void thread_main(void)
{
    for (;;) {
        if (setjmp(threads[current].escape) == 0) threads[current].main();
        threads[current].state = THREAD_DONE;
        fiber_switch(&threads[current].fiber, &threads[0].fiber);
    }
}

/* Runs the thread up to its next operation, or its end. */
static void run_thread(int tid)
{
    current = tid;
    fiber_switch(&threads[0].fiber, &threads[tid].fiber);
    current = 0;
}

/* Whether the thread could make its operation now. */
static bool enabled(const struct thread *t)
{
    if (t->state == THREAD_DONE) return false;
    if (t->state == THREAD_WOKEN || t->op.may_time_out) return true;
    if (t->state == THREAD_BLOCKED) return false;
    return t->op.kind != OP_EVENT_WAIT || *(const volatile bool *)t->op.address;
}

/* Whether its operation is worth making now. */
static bool awake(int tid)
{
    uint8_t places[MODEL_STORES_MAX];
    const struct thread *t = &threads[tid];
    if (!op_reads(&t->op)) return !t->asleep;
    return t->after < 0 || model_choices(tid, &t->op, t->after, places) > 0;
}

/* From now on what these threads would do was seen, unless something new happens. */
static void put_to_sleep(const int *tids, int count)
{
    for (int i = 0; i < count; i++) {
        struct thread *t = &threads[tids[i]];
        if (op_reads(&t->op))
            t->after = model_serial();
        else
            t->asleep = true;
    }
}

/* Whether a spinning thread would see something else if it looked again. */
static bool some_spin_ends(void)
{
    for (int t = 1; t <= GRI_EXPLORER_THREADS_MAX; t++) {
        const struct op *op = &threads[t].op;
        if (threads[t].state != THREAD_BLOCKED || op->kind != OP_PAUSE) continue;
        if (!model_is_current(t, op->address, op->size)) return true;
    }
    return false;
}

enum { PICK_ALL_DONE = -1, PICK_DEADLOCK = -2, PICK_NOTHING_NEW = -3 };

/* The thread that goes next, or why none does. */
static int pick(void)
{
    int candidates[GRI_EXPLORER_THREADS_MAX], count = 0, left = 0, able = 0;
    for (int t = 1; t <= GRI_EXPLORER_THREADS_MAX; t++) {
        left += threads[t].state != THREAD_DONE;
        if (!enabled(&threads[t])) continue;
        able++;
        if (threads[t].state == THREAD_WOKEN) return t;
        if (threads[t].op.kind == OP_PAUSE || (reduced && threads[t].op.kind == OP_STORE)) return t;
        if (!reduced || awake(t)) candidates[count++] = t;
    }
    if (left == 0) return PICK_ALL_DONE;
    if (able == 0) return some_spin_ends() ? PICK_NOTHING_NEW : PICK_DEADLOCK;
    if (count == 0) return PICK_NOTHING_NEW;
    int picked = trace_choose(count);
    if (reduced) put_to_sleep(candidates, picked);
    return candidates[picked];
}

static void start_threads(const struct gri_explorer_scenario *scenario)
{
    for (int t = 1; t <= GRI_EXPLORER_THREADS_MAX && !failed; t++) {
        if (scenario->threads[t - 1] == NULL) continue;
        if (threads[t].fiber.stack == NULL) fiber_create(&threads[t].fiber, thread_main);
        model_fork(t);
        threads[t].main = scenario->threads[t - 1];
        threads[t].after = -1;
        threads[t].asleep = threads[t].spurious = false;
        run_thread(t);
    }
}

/* The part of an execution that a failure may leave. True if it came to its end. */
static bool run_inner(const struct gri_explorer_scenario *scenario)
{
    if (setjmp(main_escape) != 0) return false;
    scenario->setup();
    start_threads(scenario);
    int next = PICK_ALL_DONE;
    while (!failed && (next = pick()) >= 0)
        if (make(next) && !failed) run_thread(next);
    if (!failed && next == PICK_DEADLOCK) schedule_check("deadlock: all threads sleep or spin");
    if (failed || next != PICK_ALL_DONE) return false;
    model_join();
    if (scenario->finish) scenario->finish();
    return !failed;
}

/* One execution. True if it came to its end. */
static bool run_once(const struct gri_explorer_scenario *scenario)
{
    model_reset();
    trace_restart();
    current = 0;
    failed = aborting = false;
    for (int t = 0; t <= GRI_EXPLORER_THREADS_MAX; t++) threads[t].state = THREAD_DONE;
    threads[0].after = -1;
    bool complete = run_inner(scenario);
    current = 0;
    aborting = true; /* those that are left unwind */
    for (int t = 1; t <= GRI_EXPLORER_THREADS_MAX; t++)
        if (threads[t].state != THREAD_DONE) run_thread(t);
    return complete;
}

struct gri_explorer_result gri_explorer_run(const struct gri_explorer_scenario *scenario, bool reduce,
                                            void (*seen)(uint64_t))
{
    struct gri_explorer_result result = {0};
    if (threads[0].fiber.stack == NULL) fiber_adopt(&threads[0].fiber);
    trace_reset();
    reduced = reduce;
    api_reset_outcomes();
    do {
        bool complete = run_once(scenario);
        if (failed)
            result.failed = true;
        else if (complete)
            result.executions++;
        else
            result.pruned++;
        if (complete && seen != NULL) seen(model_hash());
    } while (!result.failed && trace_next());
    result.outcomes = api_outcome_count();
    return result;
}
