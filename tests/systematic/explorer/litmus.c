/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test of the explorer's memory model: the classic litmus programs, each with exactly the outcomes that C11 allows,
 * or with the failure that must be found. Each is searched with and without reductions.
 */
#include "base/platform.h"
#include "tests/support/explorer/explorer.h"

#include <greenroom/error.h>

#include <string.h>

static gri_atomic_u32 x, y;
static uint32_t seen[4]; /* what the threads' loads saw */
static int plain;

static void setup(void)
{
    memset(seen, 0, sizeof seen);
    gri_store(&x, 0, GRI_RELAXED);
    gri_store(&y, 0, GRI_RELAXED);
    GRI_PLAIN_WRITE(plain, 0);
}

static void note_loads(void)
{
    gri_explorer_outcome(seen[0] | seen[1] << 4 | seen[2] << 8 | seen[3] << 12);
}

static void note_values(void)
{
    gri_explorer_outcome(gri_load(&x, GRI_RELAXED) | gri_load(&y, GRI_RELAXED) << 4);
}

#define THREAD(name, body)                                                                                   \
    static void name(void)                                                                                   \
    {                                                                                                        \
        body                                                                                                 \
    }

/* Store buffering. */
THREAD(sb_x, gri_store(&x, 1, GRI_RELEASE); seen[0] = gri_load(&y, GRI_ACQUIRE);)
THREAD(sb_y, gri_store(&y, 1, GRI_RELEASE); seen[1] = gri_load(&x, GRI_ACQUIRE);)
THREAD(sb_sc_x, gri_store(&x, 1, GRI_SEQ_CST); seen[0] = gri_load(&y, GRI_SEQ_CST);)
THREAD(sb_sc_y, gri_store(&y, 1, GRI_SEQ_CST); seen[1] = gri_load(&x, GRI_SEQ_CST);)
THREAD(sb_rmw_x, gri_store(&x, 1, GRI_RELAXED); gri_fetch_add(&y, 1, GRI_ACQ_REL);)
THREAD(sb_rmw_y, if (gri_fetch_add(&y, 1, GRI_ACQ_REL) == 1) seen[0] = 1;
       seen[1] = gri_load(&x, GRI_RELAXED);)
/* Message passing, through the plain variable and through y. */
THREAD(mp_write, gri_store(&x, 1, GRI_RELAXED); gri_store(&y, 1, GRI_RELEASE);)
THREAD(mp_read, seen[0] = gri_load(&y, GRI_ACQUIRE); seen[1] = gri_load(&x, GRI_RELAXED);)
THREAD(mp_read_relaxed, seen[0] = gri_load(&y, GRI_RELAXED); seen[1] = gri_load(&x, GRI_RELAXED);)
THREAD(plain_write, GRI_PLAIN_WRITE(plain, 1); gri_store(&y, 1, GRI_RELEASE);)
THREAD(plain_write_relaxed, GRI_PLAIN_WRITE(plain, 1); gri_store(&y, 1, GRI_RELAXED);)
THREAD(plain_read, if (gri_load(&y, GRI_ACQUIRE)) seen[0] = (uint32_t)GRI_PLAIN_READ(plain);)
/* The same through a read-modify-write of a third thread, and through a store of one, that ends the sequence. */
THREAD(sequence_add, gri_fetch_add(&y, 1, GRI_RELAXED);)
THREAD(sequence_read, if (gri_load(&y, GRI_ACQUIRE) == 2) seen[0] = (uint32_t)GRI_PLAIN_READ(plain);)
THREAD(sequence_store, if (gri_load(&y, GRI_RELAXED) == 1) gri_store(&y, 2, GRI_RELAXED);)
/* Load buffering. */
THREAD(lb_x, seen[0] = gri_load(&x, GRI_RELAXED); gri_store(&y, 1, GRI_RELAXED);)
THREAD(lb_y, seen[1] = gri_load(&y, GRI_RELAXED); gri_store(&x, 1, GRI_RELAXED);)
/* Coherence. */
THREAD(store_1, gri_store(&x, 1, GRI_RELAXED);)
THREAD(store_2, gri_store(&x, 2, GRI_RELAXED);)
THREAD(load_twice, seen[0] = gri_load(&x, GRI_RELAXED); seen[1] = gri_load(&x, GRI_RELAXED);)
THREAD(store_1_2, gri_store(&x, 1, GRI_RELAXED); gri_store(&x, 2, GRI_RELAXED);)
/* Two writes each, in opposite directions. */
THREAD(w22_xy, gri_store(&x, 1, GRI_RELEASE); gri_store(&y, 2, GRI_RELEASE);)
THREAD(w22_yx, gri_store(&y, 1, GRI_RELEASE); gri_store(&x, 2, GRI_RELEASE);)
THREAD(w22_sc_xy, gri_store(&x, 1, GRI_SEQ_CST); gri_store(&y, 2, GRI_SEQ_CST);)
THREAD(w22_sc_yx, gri_store(&y, 1, GRI_SEQ_CST); gri_store(&x, 2, GRI_SEQ_CST);)
/* Write to read causality. */
THREAD(wrc_pass, if (gri_load(&x, GRI_ACQUIRE)) gri_store(&y, 1, GRI_RELEASE);)
THREAD(wrc_read, seen[0] = gri_load(&y, GRI_ACQUIRE); seen[1] = gri_load(&x, GRI_RELAXED);)
/* Independent reads of a write each: y's writer also reads x, as there are three threads. */
THREAD(iriw_x, gri_store(&x, 1, GRI_SEQ_CST);)
THREAD(iriw_read_xy, seen[0] = gri_load(&x, GRI_SEQ_CST); seen[1] = gri_load(&y, GRI_SEQ_CST);)
THREAD(iriw_write_y, gri_store(&y, 1, GRI_SEQ_CST); seen[2] = gri_load(&x, GRI_SEQ_CST);)
THREAD(iriw_weak_x, gri_store(&x, 1, GRI_RELEASE);)
THREAD(iriw_weak_read_xy, seen[0] = gri_load(&x, GRI_ACQUIRE); seen[1] = gri_load(&y, GRI_ACQUIRE);)
THREAD(iriw_weak_write_y, gri_store(&y, 1, GRI_RELEASE); seen[2] = gri_load(&x, GRI_ACQUIRE);)
/* Counting. */
THREAD(add_twice, gri_fetch_add(&x, 1, GRI_RELAXED); gri_fetch_add(&x, 1, GRI_RELAXED);)
THREAD(swap, uint32_t none = 0;
       if (gri_compare_exchange(&x, &none, 1, GRI_RELAXED)) gri_fetch_add(&y, 1, GRI_RELAXED);)
/* Sleeping. */
THREAD(sleep_x, while (gri_load(&x, GRI_RELAXED) == 0) gri_futex_wait(&x, 0, GR_FOREVER);)
THREAD(doze_x, if (gri_load(&x, GRI_RELAXED) == 0) seen[0] = gri_futex_wait(&x, 0, 1000) == GR_ETIMEOUT;)
THREAD(wake_x, gri_store(&x, 1, GRI_RELAXED); gri_futex_wake(&x, 1);)
THREAD(wake_early, gri_futex_wake(&x, 1); gri_store(&x, 1, GRI_RELAXED);)
/* Spinning. */
THREAD(spin_x, while (gri_load(&x, GRI_ACQUIRE) == 0) gri_pause(); seen[0] = (uint32_t)GRI_PLAIN_READ(plain);)
THREAD(end_spin, GRI_PLAIN_WRITE(plain, 1); gri_store(&x, 1, GRI_RELEASE);)
THREAD(store_y, gri_store(&y, 1, GRI_RELEASE);)

struct litmus {
    struct gri_explorer_scenario scenario; /* the program */
    const char *failure;                   /* part of the failure it must end in; NULL: outcomes */
};

#define LITMUS(name, finish, set, ...)                                                                       \
    {                                                                                                        \
        {name, setup, {__VA_ARGS__}, finish, set}, NULL                                                      \
    }
#define FAILS(name, failure, ...)                                                                            \
    {                                                                                                        \
        {name, setup, {__VA_ARGS__}, NULL, NULL, 0}, failure                                                 \
    }

static const struct litmus litmus[] = {
    LITMUS("sb", note_loads, GRI_EXPLORER_SET(0x00, 0x01, 0x10, 0x11), sb_x, sb_y),
    LITMUS("sb_seq_cst", note_loads, GRI_EXPLORER_SET(0x01, 0x10, 0x11), sb_sc_x, sb_sc_y),
    LITMUS("sb_half_seq_cst", note_loads, GRI_EXPLORER_SET(0x00, 0x01, 0x10, 0x11), sb_sc_x, sb_y),
    LITMUS("sb_by_rmw", note_loads, GRI_EXPLORER_SET(0x00, 0x10, 0x11), sb_rmw_x, sb_rmw_y),
    LITMUS("mp", note_loads, GRI_EXPLORER_SET(0x00, 0x10, 0x11), mp_write, mp_read),
    LITMUS("mp_relaxed", note_loads, GRI_EXPLORER_SET(0x00, 0x01, 0x10, 0x11), mp_write, mp_read_relaxed),
    LITMUS("mp_plain", note_loads, GRI_EXPLORER_SET(0, 1), plain_write, plain_read),
    FAILS("mp_plain_relaxed", "data race", plain_write_relaxed, plain_read),
    LITMUS("release_sequence", note_loads, GRI_EXPLORER_SET(0, 1), plain_write, sequence_add, sequence_read),
    FAILS("no_release_sequence", "data race", plain_write, sequence_store, sequence_read),
    LITMUS("lb", note_loads, GRI_EXPLORER_SET(0x00, 0x01, 0x10), lb_x, lb_y),
    LITMUS("read_read", note_loads, GRI_EXPLORER_SET(0x00, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22), store_1,
           store_2, load_twice),
    LITMUS("write_order", note_loads, GRI_EXPLORER_SET(0x00, 0x10, 0x11, 0x20, 0x21, 0x22), store_1_2,
           load_twice),
    LITMUS("2+2w", note_values, GRI_EXPLORER_SET(0x11, 0x12, 0x21, 0x22), w22_xy, w22_yx),
    LITMUS("2+2w_seq_cst", note_values, GRI_EXPLORER_SET(0x12, 0x21, 0x22), w22_sc_xy, w22_sc_yx),
    LITMUS("wrc", note_loads, GRI_EXPLORER_SET(0x00, 0x10, 0x11), store_1, wrc_pass, wrc_read),
    LITMUS("iriw_seq_cst", note_loads, GRI_EXPLORER_SET(0x000, 0x010, 0x011, 0x100, 0x101, 0x110, 0x111),
           iriw_x, iriw_read_xy, iriw_write_y),
    LITMUS("iriw", note_loads, GRI_EXPLORER_SET(0x000, 0x001, 0x010, 0x011, 0x100, 0x101, 0x110, 0x111),
           iriw_weak_x, iriw_weak_read_xy, iriw_weak_write_y),
    LITMUS("add", note_values, GRI_EXPLORER_SET(4), add_twice, add_twice),
    LITMUS("swap", note_values, GRI_EXPLORER_SET(0x11), swap, swap, swap),
    LITMUS("sleep", note_values, GRI_EXPLORER_SET(1), sleep_x, wake_x),
    LITMUS("doze", note_loads, GRI_EXPLORER_SET(0, 1), doze_x, wake_x),
    LITMUS("spin", note_loads, GRI_EXPLORER_SET(1), spin_x, end_spin),
    FAILS("spin_for_ever", "deadlock", spin_x, store_y),
    FAILS("no_wake", "deadlock", sleep_x, store_1),
    FAILS("early_wake", "deadlock", sleep_x, wake_early),
};

/* Whether the program does what it must; says so if it doesn't. */
static bool passes(const struct litmus *test, bool reduce)
{
    struct gri_explorer_result result = gri_explorer_run(&test->scenario, reduce, NULL);
    const char *failure = result.failed ? gri_explorer_failure() : "nothing";
    bool as_expected = test->failure ? strstr(failure, test->failure) != NULL : !result.failed;
    printf("litmus: %s: %llu executions%s\n", test->scenario.name, (unsigned long long)result.executions,
           reduce ? "" : " without reductions");
    if (!as_expected) printf("litmus: %s: found %s\n", test->scenario.name, failure);
    if (!as_expected || test->failure) return as_expected;
    return gri_explorer_outcomes_fit(&test->scenario);
}

int main(void)
{
    int passed = 0, failed = 0;
    for (size_t i = 0; i < 2 * sizeof litmus / sizeof litmus[0]; i++) {
        if (passes(&litmus[i / 2], i % 2 == 0))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
