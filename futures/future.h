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

#include <greenroom/future.h>

/* The error of a future that is still pending: no number that a reply can have. */
#define GRI_FUTURE_PENDING INT32_MIN

struct gri_actor_job;
struct gr_future;

/* What a future is about. */
enum gri_future_kind {
    GRI_FUTURE_REQUEST, /* an answer of another actor */
    GRI_FUTURE_JOB,     /* blocking work */
    GRI_FUTURE_PROMISE, /* to be set by hand */
    GRI_FUTURE_TASK     /* the result of a task */
};

/* struct gr_future.flags */
enum {
    GRI_FUTURE_READ = 1,    /* somebody looked at its outcome */
    GRI_FUTURE_WATCHED = 2, /* its owner waits for it just now, perhaps among others: it must stay in place */
    GRI_FUTURE_SCOPED = 4,  /* pending, and a child of a scope: it must stay until it is done */
    GRI_FUTURE_RELEASED = 8, /* given back while it had to stay: freed as soon as it needn't */
    GRI_FUTURE_ON_STACK = 16 /* in the memory of gr_call's caller: not to be freed */
};

/* The outcome that an answer's error makes: whatever it is, the request has ended. */
static inline int gri_outcome(int error)
{
    return error == GRI_FUTURE_PENDING ? GR_EINVALID : error;
}

/*
 * One who wants to know when a future is done. It stays in the future's ring until it is taken out or the future is
 * dropped.
 */
struct gri_listener {
    struct gri_list_node node; /* for its owner's own list */
    struct gri_listener
        *next; /* of the same future, in the order in which they came; the last one's is the first */
    struct gr_future *future; /* which */
    /* Called when the future is done, and when it is dropped, after which it is in no ring any more. */
    void (*tell)(struct gri_listener *listener, bool is_done);
};

/* Where a plain thread's answer arrives: whoever comes last, the thread or the answer, frees it. */
struct gri_foreign_box {
    struct gri_cell cell;       /* set when the outcome is there */
    int error;                  /* the outcome */
    struct gri_message *answer; /* the envelope of a value or an error's text, else NULL */
    struct gr_system *system;   /* kept alive by this */
};

struct gr_future {
    struct gri_obligation obligation; /* of an actor's future: its place among the actor's obligations */
    bool is_foreign;                  /* a plain thread's; then `owner` and `listeners` are unused */
    uint8_t kind;                     /* enum gri_future_kind */
    uint8_t flags;                    /* GRI_FUTURE_ */
    bool is_suspect;                  /* asked of one that waited itself: see requests/deadlock.c */
    int error;                        /* GRI_FUTURE_PENDING, 0 with a value, or the outcome's error */
    gr_actor *owner;                  /* whose it is */
    gr_ref to; /* of a request: who was asked; of a plain thread's task: it; else null */
    union {
        struct gri_actor_job *job; /* of gr_blocking: the work, until its reply arrives; else NULL */
        struct gri_message
            *held; /* of a promise: for its value; of a task elsewhere: to cancel it; or NULL */
    };
    struct gri_message *answer;     /* once done, the envelope of a value or of an error's text, or NULL */
    struct gri_listener *listeners; /* the last one of a ring, or NULL */
    union {
        struct gri_timer timer; /* of a request: ends it at its deadline */
        uint64_t order;         /* once done: a number that grows with each outcome of the owner's */
        struct {
            gr_ref ref;                           /* its address, while it is pending */
            const struct gr_behaviour *behaviour; /* what was started; `order` does not reach it */
        } task;                                   /* of a task */
        struct {
            struct gri_foreign_box *box;          /* where the answer arrives; NULL once it was given up */
            struct gri_memory *memory;            /* where this future came from */
            gr_time deadline;                     /* absolute, of the system's clock */
            const struct gr_behaviour *behaviour; /* of a task: what was started */
        } foreign;                                /* of a plain thread's */
    };
};

_Static_assert(sizeof(struct gr_future) <= 128, "a future fills two cache lines");

/* ---- listener.c ---- */

/* The first one, or NULL; and the one that came after, or NULL. */
static inline struct gri_listener *gri_listener_first(const struct gr_future *future)
{
    return future->listeners == NULL ? NULL : future->listeners->next;
}

static inline struct gri_listener *gri_listener_next(const struct gr_future *future,
                                                     const struct gri_listener *listener)
{
    return listener == future->listeners ? NULL : listener->next;
}

/* Adds one at the end of a future's ring. */
void gri_listener_add(struct gr_future *future, struct gri_listener *listener);

/* Takes one out of its future's ring. */
void gri_listener_remove(struct gri_listener *listener);

/* Tells all that the future is done. They may take themselves out. */
void gri_listeners_tell_done(struct gr_future *future);

/* Empties the ring, telling each that the future is dropped; `keep`, if not NULL, is the tell of those that stay. */
void gri_listeners_drop(struct gr_future *future, void (*keep)(struct gri_listener *, bool));

/* ---- of actors' futures; the functions are actors' business ---- */

/* Whether it has an outcome. */
static inline bool gri_future_is_done(const struct gr_future *future)
{
    return future->error != GRI_FUTURE_PENDING;
}

#endif
