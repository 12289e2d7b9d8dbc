/* SPDX-License-Identifier: Apache-2.0 */
/* The one-shot cell; cell.h tells its rules. */
#include "futures/cell.h"

#include "base/clock.h"
#include "base/platform.h"

#include <greenroom/error.h>

/* The states. The owner moves EMPTY to WAITED, before it sleeps; set and abandon exchange. */
enum {
    CELL_EMPTY,    /* nothing happened yet, nobody sleeps */
    CELL_WAITED,   /* nothing happened yet, the owner sleeps or is about to: the setter must wake */
    CELL_SET,      /* set */
    CELL_ABANDONED /* the owner left; only seen by the setter */
};

void gri_cell_init(struct gri_cell *cell)
{
    /* Relaxed: whoever shows the cell to the setter publishes it. */
    gri_store(&cell->state, CELL_EMPTY, GRI_RELAXED);
}

bool gri_cell_set(struct gri_cell *cell)
{
    /* Publishes the value to the owner; acquires what the owner did before it abandoned the cell. */
    uint32_t before = gri_exchange(&cell->state, CELL_SET, GRI_ACQ_REL);
    if (before == CELL_WAITED) gri_futex_wake(&cell->state, 1);
    return before != CELL_ABANDONED;
}

bool gri_cell_done(const struct gri_cell *cell)
{
    /* Acquires what the setter wrote. */
    return gri_load(&cell->state, GRI_ACQUIRE) == CELL_SET;
}

/* Says that the owner is about to sleep. False: it is set already. */
static bool announce(struct gri_cell *cell)
{
    uint32_t before = CELL_EMPTY;
    /* Acquires what the setter wrote, when it fails; the owner gives nothing away by sleeping. */
    bool announced = gri_compare_exchange(&cell->state, &before, CELL_WAITED, GRI_ACQUIRE);
    return announced || before == CELL_WAITED;
}

int gri_cell_wait(struct gri_cell *cell, gr_time timeout)
{
    if (timeout < 0) return GR_EINVALID;
    if (gri_cell_done(cell)) return 0;
    if (timeout == 0) return GR_ETIMEOUT;

    struct gri_clock *clock = gri_clock_monotonic();
    gr_time deadline = timeout == GR_FOREVER ? GR_FOREVER : gri_clock_after(gri_clock_now(clock), timeout);
    gr_time left = timeout;
    while (announce(cell)) {
        bool timed_out = gri_futex_wait(&cell->state, CELL_WAITED, left) == GR_ETIMEOUT;
        if (gri_cell_done(cell)) return 0;
        if (timed_out) return GR_ETIMEOUT;
        if (deadline != GR_FOREVER) left = gri_clock_left(gri_clock_now(clock), deadline);
    }
    return 0;
}

bool gri_cell_abandon(struct gri_cell *cell)
{
    /* Publishes that the owner is through, to the setter that frees; acquires what the setter wrote. */
    return gri_exchange(&cell->state, CELL_ABANDONED, GRI_ACQ_REL) != CELL_SET;
}
