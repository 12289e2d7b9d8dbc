/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cell: where one plain thread (its owner) waits once for one event that one other thread sets. It carries no
 * value: the setter writes the value before it sets, the owner reads it after it saw the set. Either may give up
 * last, so the last one that touches the cell frees it:
 *
 *   operation  by      order    publishes or acquires
 *   set        setter  acq_rel  publishes the value, to wait, done and abandon; acquires an abandon
 *   wait       owner   acquire  acquires the set
 *   done       owner   acquire  acquires the set
 *   abandon    owner   acq_rel  publishes that the owner is through, to set; acquires a set
 *
 * Invariants: (1) one set and at most one abandon; the second of the two learns that it frees. (2) After a set
 * that returned true, or an abandon that returned true, its caller touches the cell no more.
 *
 * It is not a future: actors never block on it, and it knows no callbacks.
 */
#ifndef GRI_FUTURES_CELL_H
#define GRI_FUTURES_CELL_H

#include "base/atomic.h"

#include <greenroom/time.h>

struct gri_cell {
    gri_atomic_u32 state; /* empty, waited for, set or abandoned; also the futex word */
};

void gri_cell_init(struct gri_cell *cell);

/*
 * Sets the cell. Any thread, once. True: the owner will see it, and frees it. False: it was abandoned, and the
 * caller frees it. After true the owner may have freed the cell already, and the kernel may be told to wake
 * waiters of an address that is in use for something else: waiters on any futex must stand being woken early.
 */
GR_MUST_USE bool gri_cell_set(struct gri_cell *cell);

/*
 * Waits until the cell is set. Owner. Returns 0, GR_ETIMEOUT when the deadline passed first (it may wait again,
 * or abandon), or GR_EINVALID for a negative timeout. A timeout of 0 doesn't wait.
 */
GR_MUST_USE int gri_cell_wait(struct gri_cell *cell, gr_time timeout);

/* Whether the cell is set. Owner; doesn't wait. */
bool gri_cell_done(const struct gri_cell *cell);

/*
 * The owner gives up. True: it wasn't set, the setter will free it. False: it had been set, and the owner frees
 * it; what the setter wrote is visible.
 */
GR_MUST_USE bool gri_cell_abandon(struct gri_cell *cell);

#endif /* GRI_FUTURES_CELL_H */
