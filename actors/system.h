/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What actors know of their system: its seat, loops and slots. How a system is made, run and stopped is runtime/'s
 * business, which embeds this.
 */
#ifndef GRI_ACTORS_SYSTEM_H
#define GRI_ACTORS_SYSTEM_H

#include "actors/letters/letters.h"
#include "actors/names/names.h"
#include "actors/slots/slots.h"
#include "base/memory.h"
#include "base/platform.h"
#include "scheduler/job_runner.h"
#include "scheduler/loop.h"

#include <greenroom/system.h>

/* What actors/ keeps for each loop; struct gri_loop.local points to it. */
struct gri_loop_actors {
    struct gri_slot_chain free;           /* free slots that were born here */
    struct gri_slot_chain *leases;        /* free slots of each other loop, by index, to name actors there */
    bool *lease_asked;                    /* by index: more have been asked for */
    const struct gri_dispatch **dispatch; /* by behaviour id; NULL where not made yet */
    uint32_t dispatch_count;              /* elements of `dispatch` */
    unsigned next_loop;                   /* for GR_SPREAD */
    struct gri_table links;               /* ends of the links of this loop's actors */
    uint64_t link_count;                  /* links made by them so far: the last one's number */
    gr_time failures_since; /* when the second began in which failures that nobody watches are counted */
    uint32_t failures;      /* since then */
    uint8_t told;           /* GRI_CONTROL_ bits for every actor of the loop, also those that arrive */
};

/* `closed` of a system: 0, or one of these. */
enum {
    GRI_CLOSED_FOR_GOOD = 1, /* no run begins any more */
    GRI_CLOSED_MEANWHILE = 2 /* at the end of a stop, until all is delivered */
};

struct gr_system {
    uint32_t seat;                    /* its place in the process's table of seats */
    unsigned loop_count;              /* loops */
    struct gri_loop **loops;          /* by index */
    struct gri_loop_actors *actors;   /* by index of the loop */
    struct gri_slots slots;           /* all actors */
    struct gri_names names;           /* the registry */
    struct gri_subscribers letters;   /* who gets reports of dead letters */
    struct gri_memory_account memory; /* everything that belongs to the system */
    struct gri_job_runner *jobs;      /* blocking jobs */
    uint32_t stack_size;              /* default of coroutines; bytes, 0: the library's */
    bool is_simulated;                /* all loops run on one thread */
    gri_atomic_u32 stopping;          /* 1: spawns are refused */
    gri_atomic_u32 closed;            /* not 0: no loop runs any more, so plain threads are refused */
    gri_atomic_ptr awaited;           /* box of the future that a run waits for; stored before loops start */
    gri_atomic_u64 holders;           /* living actors that hold gr_run's exit */
    gri_atomic_u64 references; /* of this struct: the owner's, and one for each plain thread's future */
    gri_atomic_u64 dead_letters[GR_DEAD_LETTER_COUNT]; /* made by plain threads, by cause */
    gri_atomic_u64 foreign_sent;                       /* messages accepted from plain threads */
    gri_atomic_u64 foreign_requests;                   /* asked by plain threads */
    gri_atomic_u64 foreign_spawned;                    /* actors spawned by plain threads */
    gri_atomic_u64 foreign_replies;                    /* that ended a plain thread's request */
    const struct gr_behaviour *root;          /* gr_run's own, which tells of its failure itself; else NULL */
    void (*no_holder)(struct gr_system *);    /* called by a loop when the last holder ended; or NULL */
    void (*dispose)(struct gr_system *);      /* called when the last reference is gone */
    void (*awaited_done)(struct gr_system *); /* called by a loop when what is awaited is done */
};

/* ---- system.c ---- */

/* For what a program gives as a system: 0, or GR_EINVALID if it is NULL, told to the thread with the function's name. */
int gri_system_given(const struct gr_system *system, const char *function);

/* Prepares the actors' side of loops that are initialised. Errors: GR_ENOMEM, GR_ELIMIT. */
int gri_system_init_actors(struct gr_system *system, uint32_t actors_max);
void gri_system_fini_actors(struct gr_system *system);

/* One more reference, and one less. Any thread. */
void gri_system_hold(struct gr_system *system);
void gri_system_release(struct gr_system *system);

/* How many actors live or are about to: exact once it is 0 and spawns are refused. Any thread. */
uint64_t gri_system_living(const struct gr_system *system);

/* Tells every actor of a loop to stop, or kills it. On that loop. */
void gri_loop_stop_actors(struct gri_loop *loop, bool kill);

/* Delivers what is still on its way when no loop runs any more and no actor lives, so that nothing vanishes. */
void gri_system_drain(struct gr_system *system);

/* What the payload of a GRI_MAIL_LOOP begins with: a function that runs on the loop, between turns. */
typedef void (*gri_loop_order)(struct gri_loop *loop, struct gri_message *order);

/* ---- listing.c ---- */

/* Fills in *info, but for the name, if the actor of a slot lives. The slot must exist. Any thread. */
bool gri_system_describe(const gr_system *system, uint32_t slot, struct gr_actor_info *info);

/* The slot that has the turn at a loop, as of a moment ago; false if none has. Any thread. */
bool gri_system_running(const gr_system *system, unsigned loop, uint32_t *slot);

/* ---- mail/dispatch.c ---- */

/* The handlers of a behaviour for a loop, made at first use; NULL when there is no memory. */
const struct gri_dispatch *gri_dispatch_of(struct gri_loop *loop, const struct gr_behaviour *behaviour);

/* Frees all of a loop. */
void gri_dispatch_free_all(struct gr_system *system, struct gri_loop_actors *actors);

/* ---- seats.c: the process's table ---- */

/* Gives the system the lowest free seat, which nobody can enter yet. Errors: GR_ELIMIT. */
int gri_seat_take(struct gr_system *system);

/* Lets threads in, once the system is whole. */
void gri_seat_open(struct gr_system *system);

/* Frees the seat; returns when no thread is inside any more. */
void gri_seat_give(struct gr_system *system);

/* The system of a seat, which can't go away until gri_seat_leave; or NULL. Any thread. */
struct gr_system *gri_seat_enter(uint32_t seat);
void gri_seat_leave(uint32_t seat);

/* Returns when each thread that was inside when this was called has left. */
void gri_seat_wait(uint32_t seat);

/* The generation that a new system's slots start at: no reference of another system, past or present, fits. */
uint64_t gri_seat_first_generation(void);

#endif
