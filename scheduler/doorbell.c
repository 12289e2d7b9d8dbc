/* SPDX-License-Identifier: Apache-2.0 */
/* The doorbell's slow paths; doorbell.h tells its rules. */
#include "scheduler/doorbell.h"

void gri_doorbell_init(struct gri_doorbell *d)
{
    /* Relaxed: whoever shows the loop to other threads publishes it. */
    gri_store(&d->word, 0, GRI_RELAXED);
}

uint64_t gri_doorbell_take_pending(struct gri_doorbell *d)
{
    /* Acquires the work of every bit it returns. */
    return gri_exchange(&d->word, 0, GRI_ACQUIRE);
}

bool gri_doorbell_park(struct gri_doorbell *d)
{
    uint64_t none = 0;
    /* Relaxed: nothing is read or given here; take and unpark acquire. */
    return gri_compare_exchange(&d->word, &none, GRI_DOORBELL_PARKED, GRI_RELAXED);
}

uint64_t gri_doorbell_unpark(struct gri_doorbell *d)
{
    /* Acquires the work of every bit it returns. */
    return gri_exchange(&d->word, 0, GRI_ACQUIRE) & ~GRI_DOORBELL_PARKED;
}
