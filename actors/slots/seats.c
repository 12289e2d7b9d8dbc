/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's table of seats: by it, a plain thread finds the system of a reference. One of the three things that are
 * global (beside the registries): a reference alone has to be enough.
 *
 *   operation  by                order    publishes or acquires
 *   enter      any thread        acquire  acquires the system that take published
 *   leave      who entered       release  publishes that it is through, to give
 *   open       a system's maker  release  publishes the system
 *   give       its destroyer     acquire  closes it; then waits until all who entered have left, acquiring their use
 *   wait       who stops it      acq_rel  publishes that it is closed; acquires the use of those who were inside
 *
 * Invariant: who raised the count while OPEN was set may use the system until it lowers the count again.
 */
#include "actors/system.h"

#include <sched.h>

#define SEATS 256u /* fewer than GRI_SEAT_RETURNED */
#define OPEN  (UINT64_C(1) << 63)

/* A seat. All zeroes is a free one. */
struct seat {
    gri_atomic_u64 word;      /* OPEN, and how many threads are inside */
    gri_atomic_u32 is_taken;  /* 1: belongs to a system */
    struct gr_system *system; /* whose; valid while the word is OPEN */
};

static struct seat seats[SEATS];

/* Counts the systems of this process; each gets a range of generations of its own. */
static gri_atomic_u64 systems_made;

/* Seat numbers start at 1, so that the null reference has none. */
static struct seat *seat_of(uint32_t number)
{
    return number == 0 || number > SEATS ? NULL : &seats[number - 1];
}

uint64_t gri_seat_first_generation(void)
{
    return (gri_fetch_add(&systems_made, 1, GRI_RELAXED) + 1) << 40; /* a number; publishes nothing */
}

int gri_seat_take(struct gr_system *system)
{
    for (uint32_t i = 0; i < SEATS; i++) {
        uint32_t free = 0;
        if (!gri_compare_exchange(&seats[i].is_taken, &free, 1, GRI_ACQUIRE)) continue;
        seats[i].system = system;
        system->seat = i + 1;
        return 0;
    }
    return GR_ELIMIT;
}

void gri_seat_open(struct gr_system *system)
{
    gri_fetch_or(&seat_of(system->seat)->word, OPEN, GRI_RELEASE);
}

void gri_seat_give(struct gr_system *system)
{
    struct seat *seat = seat_of(system->seat);
    gri_fetch_and(&seat->word, ~OPEN, GRI_RELAXED);
    while (gri_load(&seat->word, GRI_ACQUIRE) != 0) sched_yield(); /* nobody stays inside for long */
    seat->system = NULL;
    gri_store(&seat->is_taken, 0, GRI_RELEASE);
}

struct gr_system *gri_seat_enter(uint32_t number)
{
    struct seat *seat = seat_of(number);
    if (seat == NULL) return NULL;
    if (gri_fetch_add(&seat->word, 1, GRI_ACQUIRE) & OPEN) return seat->system;
    gri_fetch_sub(&seat->word, 1, GRI_RELAXED); /* it has touched nothing */
    return NULL;
}

void gri_seat_leave(uint32_t number)
{
    gri_fetch_sub(&seat_of(number)->word, 1, GRI_RELEASE);
}

void gri_seat_wait(uint32_t number)
{
    /*
     * A read-modify-write, not a load: whoever enters after it acquires what the caller stored before, and whoever
     * entered before it is counted. A load could miss one that misses that store.
     */
    while (gri_fetch_add(&seat_of(number)->word, 0, GRI_ACQ_REL) & ~OPEN) sched_yield();
}
