/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on futures/cell.h: a waiting owner is always woken, what the setter wrote is visible to who saw the
 * set, an abandoned cell is freed by the setter and any other by the owner: once, after the other's last use.
 */
#include "futures/cell.h"

#include "base/clock.h"
#include "tests/support/explorer/explorer.h"

#include <greenroom/error.h>

#define CELLS 2

/* A cell with its value, freed together. */
struct slot {
    struct gri_cell cell;
    int value;    /* the setter writes it before the set */
    int scribble; /* the owner's, until it abandons; the setter that frees reads it */
    int freed;    /* by whom: 1 the owner, 2 the setter; outside the memory that is freed */
};

static struct slot slots[CELLS];
static int results[CELLS]; /* of the owner's last wait for each */

/* Time stands still: timeouts happen when the explorer says so. */
static gr_time no_time(struct gri_clock *clock)
{
    return 0;
}

struct gri_clock *gri_clock_monotonic(void)
{
    static struct gri_clock clock = {no_time};
    return &clock;
}

static void setup(void)
{
    for (int i = 0; i < CELLS; i++) {
        gri_cell_init(&slots[i].cell);
        slots[i].freed = results[i] = 0;
    }
}

static void free_slot(struct slot *slot, int by)
{
    gri_explorer_free(slot, offsetof(struct slot, freed));
    slot->freed = by;
}

static void set(int i)
{
    struct slot *slot = &slots[i];
    GRI_PLAIN_WRITE(slot->value, 42 + i);
    if (gri_cell_set(&slot->cell)) return;
    GRI_EXPLORER_CHECK(GRI_PLAIN_READ(slot->scribble) == 7);
    free_slot(slot, 2);
}

/* The owner saw the set, and is through. */
static void finish_set(int i)
{
    GRI_EXPLORER_CHECK(GRI_PLAIN_READ(slots[i].value) == 42 + i);
    free_slot(&slots[i], 1);
}

/* The owner waited in vain, and leaves. */
static void leave(int i)
{
    GRI_PLAIN_WRITE(slots[i].scribble, 7);
    if (!gri_cell_abandon(&slots[i].cell)) finish_set(i);
}

static void wait_for_ever(int i)
{
    int result = gri_cell_wait(&slots[i].cell, GR_FOREVER);
    GRI_EXPLORER_CHECK(result == 0 && gri_cell_done(&slots[i].cell));
    finish_set(i);
}

static void wait_or_leave(int i, int waits)
{
    results[i] = GR_ETIMEOUT;
    for (int n = 0; n < waits && results[i] != 0; n++) results[i] = gri_cell_wait(&slots[i].cell, 1000);
    GRI_EXPLORER_CHECK(results[i] == 0 || results[i] == GR_ETIMEOUT);
    if (results[i] == 0)
        finish_set(i);
    else
        leave(i);
}

static void set_first(void)
{
    set(0);
}

static void set_second(void)
{
    set(1);
}

static void set_both(void)
{
    set(0);
    set(1);
}

static void wait_for_both(void)
{
    wait_for_ever(1);
    wait_for_ever(0);
}

static void wait_or_leave_first(void)
{
    wait_or_leave(0, 2);
}

static void wait_or_leave_both(void)
{
    wait_or_leave(0, 1);
    wait_or_leave(1, 1);
}

/* Looks without waiting, a wait of no time included, then leaves. */
static void poll_then_leave(void)
{
    if (gri_cell_done(&slots[0].cell) || gri_cell_wait(&slots[0].cell, 0) == 0)
        finish_set(0);
    else
        leave(0);
}

/* Who freed each cell, and how the last wait ended. */
static void finish_one(void)
{
    GRI_EXPLORER_CHECK(slots[0].freed != 0);
    gri_explorer_outcome((uint64_t)(slots[0].freed << 4 | (results[0] != 0)));
}

static void finish_two(void)
{
    GRI_EXPLORER_CHECK(slots[0].freed != 0 && slots[1].freed != 0);
    gri_explorer_outcome((uint64_t)(slots[0].freed << 4 | slots[1].freed));
}

static const struct gri_explorer_scenario scenarios[] = {
    {"wait", setup, {set_both, wait_for_both}, finish_two, GRI_EXPLORER_SET(0x11)},
    {"setters", setup, {set_first, set_second, wait_for_both}, finish_two, GRI_EXPLORER_SET(0x11)},
    {"leave", setup, {set_first, wait_or_leave_first}, finish_one, GRI_EXPLORER_SET(0x10, 0x11, 0x21)},
    {"poll", setup, {set_first, poll_then_leave}, finish_one, GRI_EXPLORER_SET(0x10, 0x20)},
    {"leave_both",
     setup,
     {set_first, set_second, wait_or_leave_both},
     finish_two,
     GRI_EXPLORER_SET(0x11, 0x12, 0x21, 0x22)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"futures/cell.h", "futures/cell.c", NULL};
    static const struct gri_explorer_program program = {"cell", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
