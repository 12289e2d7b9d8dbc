/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking pool: plain threads, as many as needed up to a limit, for calls that would hold up a loop. It knows no
 * actor and no future: a job tells its end by a callback on the thread that ran it. Under simulation it is not used.
 */
#ifndef GRI_SCHEDULER_BLOCKING_H
#define GRI_SCHEDULER_BLOCKING_H

#include "base/list.h"
#include "base/memory.h"
#include "base/platform.h"

#include <greenroom/error.h>

/* A thread that had nothing to do for this long ends. */
#define GRI_BLOCKING_IDLE_NS ((gr_time)10000000000)

/* Where a job is. */
enum gri_job_state {
    GRI_JOB_IDLE,    /* not submitted, or `done` was or is being called */
    GRI_JOB_QUEUED,  /* waiting for a thread */
    GRI_JOB_RUNNING, /* its work runs */
};

/* One call to make, in the caller's memory. It must stay in place until `done` was called or a cancel returned
 * true. */
struct gri_job {
    struct gri_list_node node;   /* in the queue, or among the running; the pool's */
    int (*work)(void *argument); /* the call; its result is the job's. Set by the caller */
    void *argument;              /* of the call. Set by the caller */
    /*
     * Called once for each accepted job that was not cancelled: after work, on the thread that ran it; or, for a job that
     * never ran because the pool was stopped, by gri_blocking_stop on its caller's thread, with result GR_ESTOPPED. The
     * pool does not touch the job afterwards: it may be freed or submitted again. Set by the caller.
     */
    void (*done)(struct gri_job *job);
    int result;               /* what work returned; valid in `done` */
    gr_time started_ns;       /* when work began, of gri_clock_monotonic; valid while running */
    enum gri_job_state state; /* the pool's; zero before the first submit */
};

/* A running job, as gri_blocking_list tells it. */
struct gri_blocking_entry {
    const struct gri_job *job; /* only to compare with: it may have ended since */
    void *argument;            /* of the job */
    gr_time started_ns;        /* when work began, of gri_clock_monotonic */
};

struct gri_blocking_thread;

/* A pool. Initialise with gri_blocking_init. */
struct gri_blocking_pool {
    struct gri_memory *memory; /* for the threads' records */
    /* These two may be changed before the first submit, for tests. */
    gr_time idle_ns; /* GRI_BLOCKING_IDLE_NS */
    /* gri_thread_create */
    int (*create_thread)(gri_thread *thread, void *(*main)(void *), void *argument, const char *name);
    gri_mutex mutex;                   /* over all that follows */
    gri_cond quiet;                    /* a thread ended, for who stops the pool */
    struct gri_list queue;             /* jobs that wait, first in first out */
    struct gri_list running;           /* jobs whose work runs, the longest running first */
    struct gri_list idle;              /* threads that wait for a job; who began last is last */
    struct gri_blocking_thread *ended; /* the thread that ended last, to be joined by the next, or NULL */
    int threads_max;                   /* most threads at a time */
    int thread_count;                  /* threads that will look at the queue again */
    uint32_t queue_max;                /* most jobs that wait */
    uint32_t queue_count;              /* jobs that wait */
    uint32_t busy_count;               /* jobs whose work or done runs */
    uint32_t thread_number;            /* of the next thread, for its name */
    bool stopped;                      /* nothing is accepted any more */
};

/* Starts a pool without threads. threads_max and queue_max are at least 1. Cannot fail. */
void gri_blocking_init(struct gri_blocking_pool *pool, struct gri_memory *memory, int threads_max,
                       uint32_t queue_max);

/*
 * Queues a job that is idle. Errors, with the thread's error text: GR_EFULL (queue_max wait already);
 * GR_ESTOPPED; GR_ENOMEM or GR_ESYS when no thread at all runs and none could be started. After an error the
 * job was not taken. Any thread, also in `done`.
 */
GR_MUST_USE int gri_blocking_submit(struct gri_blocking_pool *pool, struct gri_job *job);

/* Takes a job back that has not started: true, and `done` is not called. False if it runs, is done or was never
 * submitted. Any thread. */
bool gri_blocking_cancel(struct gri_blocking_pool *pool, struct gri_job *job);

/*
 * Stops the pool: gives the jobs that wait back by `done`, with GR_ESTOPPED, refuses new ones, and waits up to
 * `deadline` for those that run and for the threads. Returns 0 when nothing is left; GR_EABANDONED if jobs
 * still run at the deadline (see gri_blocking_list): it may be called again, and until it gives 0 the pool must
 * stay. Not in a job.
 */
GR_MUST_USE int gri_blocking_stop(struct gri_blocking_pool *pool, gr_time deadline);

/* Lists up to `capacity` running jobs in `list` (may be NULL if 0), the longest running first; returns how many there
 * are. Any thread. */
size_t gri_blocking_list(struct gri_blocking_pool *pool, struct gri_blocking_entry *list, size_t capacity);

/* Lets a pool that was stopped with result 0 accept jobs again. Others may list it or submit meanwhile. */
void gri_blocking_reopen(struct gri_blocking_pool *pool);

/* Ends a pool that was stopped with result 0. */
void gri_blocking_fini(struct gri_blocking_pool *pool);

#endif
