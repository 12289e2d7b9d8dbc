/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test of the explorer's search: seeded random programs, for which the search that leaves executions out must find
 * the same set of different executions as the one that tries every interleaving.
 */
#include "base/platform.h"
#include "base/random.h"
#include "tests/support/explorer/explorer.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAMS       2000
#define OPERATIONS_MAX 4
#define WORDS          2

/* --- random programs --- */

enum operation { LOAD, STORE, OR, COMPARE_EXCHANGE, FUTEX_WAIT, FUTEX_WAKE, EVENT_WAIT, EVENT_SIGNAL };

/* The program's operations by thread. */
static struct {
    enum operation what; /* what to do */
    int order;           /* with which memory order */
    int word;            /* where */
    uint32_t expected;   /* what a compare-exchange expects */
} program[GRI_EXPLORER_THREADS_MAX][OPERATIONS_MAX];
static int program_length[GRI_EXPLORER_THREADS_MAX];

static gri_atomic_u32 words[WORDS];
static struct gri_explorer_event event;

static void setup(void)
{
    for (int i = 0; i < WORDS; i++) gri_store(&words[i], 0, GRI_RELAXED);
    event.signalled = false;
}

/* Any order that this kind of access may have. */
static int random_order(struct gri_random *random, enum operation what)
{
    static const int loads[] = {GRI_RELAXED, GRI_ACQUIRE, GRI_SEQ_CST};
    static const int stores[] = {GRI_RELAXED, GRI_RELEASE, GRI_SEQ_CST};
    static const int both[] = {GRI_RELAXED, GRI_ACQUIRE, GRI_RELEASE, GRI_ACQ_REL, GRI_SEQ_CST};
    if (what == LOAD) return loads[gri_random_below(random, 3)];
    if (what == STORE) return stores[gri_random_below(random, 3)];
    return both[gri_random_below(random, 5)];
}

/* Makes a program of two threads of up to four operations, or three of up to two. */
static void make_program(uint64_t seed)
{
    struct gri_random random;
    gri_random_seed(&random, seed);
    int threads = 2 + (int)gri_random_below(&random, 2), length_max = threads == 2 ? 4 : 2;
    bool sleeps = gri_random_below(&random, 3) == 0;
    for (int t = 0; t < GRI_EXPLORER_THREADS_MAX; t++) {
        program_length[t] = t < threads ? 1 + (int)gri_random_below(&random, (uint64_t)length_max) : 0;
        for (int i = 0; i < program_length[t]; i++) {
            program[t][i].what = (enum operation)gri_random_below(&random, sleeps ? 8 : 4);
            program[t][i].order = random_order(&random, program[t][i].what);
            program[t][i].word = (int)gri_random_below(&random, WORDS);
            program[t][i].expected = (uint32_t)gri_random_below(&random, 4);
        }
    }
}

static void operate(int thread, int i)
{
    gri_atomic_u32 *word = &words[program[thread][i].word];
    int order = program[thread][i].order, line = (int)program[thread][i].what;
    uint32_t mine = (uint32_t)(1 + thread + i), expected = program[thread][i].expected;
    switch (program[thread][i].what) {
    case LOAD:
        gri_explorer_load(word, sizeof *word, order, "random", line);
        break;
    case STORE:
        gri_explorer_store(word, sizeof *word, mine, order, "random", line);
        break;
    case OR:
        gri_explorer_fetch_or(word, sizeof *word, mine, order, "random", line);
        break;
    case COMPARE_EXCHANGE:
        gri_explorer_compare_exchange(word, sizeof *word, &expected, mine, order, "random", line);
        break;
    case FUTEX_WAIT:
        gri_futex_wait(word, expected, 1000);
        break;
    case FUTEX_WAKE:
        gri_futex_wake(word, 1);
        break;
    case EVENT_WAIT:
        gri_explorer_event_wait(&event, true);
        break;
    case EVENT_SIGNAL:
        gri_explorer_event_signal(&event);
        break;
    }
}

static void run_thread(int thread)
{
    for (int i = 0; i < program_length[thread]; i++) operate(thread, i);
}

static void thread_0(void)
{
    run_thread(0);
}

static void thread_1(void)
{
    run_thread(1);
}

static void thread_2(void)
{
    run_thread(2);
}

/* --- sets of executions --- */

static uint64_t *set;
static size_t set_size, set_capacity;

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void add_execution(uint64_t execution)
{
    if (set_size == set_capacity) {
        set_capacity = set_capacity ? 2 * set_capacity : 1024;
        set = realloc(set, set_capacity * sizeof set[0]);
        if (set == NULL) abort();
    }
    set[set_size++] = execution;
}

/* Sorts the set and drops what is in it twice. Returns its size. */
static size_t distinct(void)
{
    size_t kept = 0;
    if (set_size > 0) qsort(set, set_size, sizeof set[0], compare);
    for (size_t i = 0; i < set_size; i++)
        if (kept == 0 || set[kept - 1] != set[i]) set[kept++] = set[i];
    return set_size = kept;
}

struct counts {
    uint64_t reduced; /* executions of the reduced search */
    uint64_t full;    /* executions of the full one */
    size_t different; /* different ones */
};

/* Whether the reduced search finds every execution that the full one does. */
static bool searches_agree(const struct gri_explorer_scenario *scenario, struct counts *counts)
{
    set_size = 0;
    struct gri_explorer_result full = gri_explorer_run(scenario, false, add_execution);
    size_t full_size = distinct();
    uint64_t *full_set = malloc((full_size + 1) * sizeof *full_set);
    if (full_set == NULL) abort();
    memcpy(full_set, set, full_size * sizeof *full_set);
    set_size = 0;
    struct gri_explorer_result reduced = gri_explorer_run(scenario, true, add_execution);
    bool same = full.failed == reduced.failed && full.outcomes == reduced.outcomes;
    if (!full.failed)
        same = same && distinct() == full_size && memcmp(set, full_set, full_size * sizeof *set) == 0;
    free(full_set);
    counts->reduced += reduced.executions;
    counts->full += full.executions;
    counts->different += full.failed ? 0 : full_size;
    return same;
}

int main(void)
{
    static const struct gri_explorer_scenario scenario = {
        .name = "random", .setup = setup, .threads = {thread_0, thread_1, thread_2}};
    struct counts counts = {0};
    int passed = 0, failed = 0;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        make_program(seed);
        bool agree = searches_agree(&scenario, &counts);
        if (!agree) printf("search: seed %llu: the searches differ\n", (unsigned long long)seed);
        if (agree)
            passed++;
        else
            failed++;
    }
    free(set);
    printf("search: %d programs, %zu different executions, found in %llu, without reductions in %llu\n",
           PROGRAMS, counts.different, (unsigned long long)counts.reduced, (unsigned long long)counts.full);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
