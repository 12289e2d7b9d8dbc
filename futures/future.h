/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futures: requests under way, and their outcome. An actor's future is an obligation in its table and touched by its
 * loop alone; a plain thread's future waits in a cell. How the answer travels is actors/' business.
 */
#ifndef GRI_FUTURES_FUTURE_H
#define GRI_FUTURES_FUTURE_H

#include "base/memory.h"
#include "futures/cell.h"
#include "futures/handles.h"
#include "messages/envelope.h"
#include "scheduler/timer_wheel.h"

#include <greenroom/ask.h>

/* The error of a future that is still pending: no number that a reply can have. */
#define GRI_FUTURE_PENDING INT32_MIN

struct gri_actor_job;

/* The outcome that an answer's error makes: whatever it is, the request has ended. */
static inline int gri_outcome(int error)
{
    return error == GRI_FUTURE_PENDING ? GR_EINVALID : error;
}

/* Where a plain thread's answer arrives: whoever comes last, the thread or the answer, frees it. */
struct gri_foreign_box {
    struct gri_cell cell;       /* set when the outcome is there */
    int error;                  /* the outcome */
    struct gri_message *answer; /* the envelope of a value, else NULL */
    struct gr_system *system;   /* kept alive by this */
};

struct gr_future {
    struct gri_obligation obligation; /* of an actor's future: its place among the actor's obligations */
    bool is_foreign;                  /* a plain thread's; then the part below it is unused */
    bool on_stack;                    /* in the memory of gr_call's caller: not to be freed */
    bool is_suspect;                  /* asked of one that waited itself: see requests/deadlock.c */
    int error;                        /* GRI_FUTURE_PENDING, 0 with a value, or the request's error */
    gr_actor *owner;                  /* whose it is */
    gr_ref to;                        /* of a request: who was asked; else null */
    struct gri_actor_job *job;        /* of gr_blocking: the work, until its reply arrives; else NULL */
    struct gri_message *answer;       /* the answer's envelope once there is a value, else NULL */
    union {
        struct gri_timer timer; /* of an actor's future: ends it at its deadline */
        struct {
            struct gri_foreign_box *box; /* where the answer arrives; NULL once it was given up */
            struct gri_memory *memory;   /* where this future came from */
            gr_time deadline;            /* absolute, of the system's clock */
        } foreign;                       /* of a plain thread's */
    };
};

#endif
