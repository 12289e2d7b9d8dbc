/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The composition root: a system with its loops, threads, clock, pollers and pool, and the stages of its life. Nothing
 * includes this but runtime/ itself and tests.
 *
 * Stages go one way, by compare-exchange, and back to the first when everything is over:
 *     IDLE -> STOPPING (actors are asked to stop) -> KILLING (they are killed) -> STOPPED (nobody lives; loops end)
 */
#ifndef GRI_RUNTIME_RUNTIME_H
#define GRI_RUNTIME_RUNTIME_H

#include "actors/system.h"
#include "simulation/simulation.h"

#include <signal.h>

enum gri_stage { GRI_STAGE_IDLE, GRI_STAGE_STOPPING, GRI_STAGE_KILLING, GRI_STAGE_STOPPED };

/* Who runs the loops just now: the low bits of struct gri_runtime.driver. */
enum gri_driver {
    GRI_DRIVER_NONE,
    GRI_DRIVER_RUN,
    GRI_DRIVER_STEP,
    GRI_DRIVER_LOOK /* nobody: the actors of a system that does not run are being looked at, for a moment */
};

#define GRI_DRIVER_MASK 3u /* enum gri_driver */
#define GRI_DRIVER_NEXT 4u /* added whenever a drive is given back, so that two drives are told apart */

/* Why a run returns while actors live. */
enum { GRI_PAUSE_ASKED = 1, GRI_PAUSE_FUTURE = 2 };

/* The seams that tests replace; zeroes are the real ones. */
struct gri_seams {
    struct gri_memory *memory; /* where the system's memory comes from */
    bool bypass_pools;         /* every block its own allocation, so that each can fail */
};

/* What the watchdog last saw of a loop. */
struct gri_sample {
    bool runs;         /* an actor had the turn */
    uint32_t slot;     /* which */
    uint64_t progress; /* sum of the counters that move with each message */
    gr_time since;     /* when all that was first seen so */
    bool told;         /* this hog was named already */
};

struct gri_runtime {
    struct gr_system system;           /* first: a gr_system is one of these */
    struct gr_system_options options;  /* resolved */
    struct gri_loop *loop_array;       /* `options.loops` of them */
    struct gri_clock *clock;           /* real or virtual */
    struct gri_simulation *simulation; /* NULL when real */
    struct gri_blocking_pool pool;     /* of threads for blocking work; unused under simulation */
    struct gri_job_runner pool_runner; /* the seam in front of it */
    struct gri_trace_file *trace;      /* what loops write their traces to, or NULL */
    struct gri_tracer *tracers;        /* one for each loop, or NULL */
    struct gri_message *orders;        /* two for each loop: stop, kill; so that stopping needs no memory */
    gri_thread *threads;               /* of loops 1 and up, while running */
    unsigned thread_count;             /* started */

    gri_atomic_u32 stage;      /* enum gri_stage; also a futex word */
    gri_atomic_u32 driver;     /* enum gri_driver and the number of the drive; also a futex word */
    gri_atomic_u32 stopped_by; /* the number of the drive that ended the last stop; stored under the mutex */
    gri_atomic_ptr
        stepper; /* names the thread that calls gr_system_step, while that is the driver; or NULL */
    gri_atomic_ptr next_signalled; /* the next in the list that signals reach, or NULL; see signals.c */
    gri_atomic_u32 signal;         /* the signal that asked for the stop, or 0 */
    uint32_t ended_by;             /* the signal that ended the last run, or 0 */
    bool parked;                   /* loop 0 waits in a foreign loop's poll; only in gr_system_step */
    gri_atomic_u32 pausing; /* GRI_PAUSE_ bits: why the run is to return, with actors alive; 0: it goes on */
    gri_atomic_u32 print_asked; /* 1: a signal wants the actors printed */
    gri_atomic_u32 shut;        /* 1: closed for good */

    gri_mutex mutex;            /* over the watchdog's fields */
    gri_cond changed;           /* something below changed */
    gri_thread watchdog;        /* names hogs and enforces deadlines */
    bool watchdog_runs;         /* it was started */
    bool watchdog_ends;         /* it is to end */
    gr_time stop_began;         /* when the stop began */
    gr_time stop_deadline;      /* absolute; GR_FOREVER while none */
    struct gri_sample *samples; /* of each loop */
    bool exits_when_abandoned;  /* gr_run: the watchdog leaves the process at the deadline */

    int (*before_threads)(
        struct gri_runtime *); /* called before the first thread of ours: the zygote's place; or NULL */
};

static inline struct gri_runtime *gri_runtime_of(struct gr_system *system)
{
    return (struct gri_runtime *)system;
}

/* As gr_system_create, with seams. */
int gri_runtime_create(const struct gr_system_options *options, const struct gri_seams *seams,
                       gr_system **system);

/* ---- stop.c ---- */

/*
 * Begins to stop, unless a stop has begun already. Any thread, also a loop. `deadline` is relative. Returns the stop's
 * name: `stopped_by` is that until the stop has ended, and never again.
 */
uint32_t gri_runtime_begin_stop(struct gri_runtime *runtime, gr_time deadline);

/* gr_system_stop, also of a system that is closed. */
int gri_runtime_stop(struct gri_runtime *runtime, gr_time deadline, struct gr_abandoned *list,
                     size_t capacity, size_t *count);

/* The second half of the stop of that name: kills. Any thread. */
void gri_runtime_kill(struct gri_runtime *runtime, uint32_t stop);

/* A stop under way, as the thread that waits for it sees it. */
struct gri_stop {
    uint32_t name;             /* see gri_runtime_begin_stop */
    gr_time half;              /* absolute: when actors are killed */
    gr_time deadline;          /* absolute: when it is given up */
    uint64_t living;           /* least number of actors seen so far */
    gr_time moved;             /* when that became less; 0: not seen yet */
    struct gr_abandoned *list; /* takes what did not end, `capacity` of it */
    size_t capacity;           /* of `list` */
    size_t count;              /* of what did not end */
};

/*
 * Looks at a stop's deadlines: kills at half of it; true if it is to be given up, with what did not end in the list.
 * `more`: the calling thread runs loops that have something to do. `must_kill`: now, whatever the time.
 */
bool gri_stop_is_over(struct gri_runtime *runtime, struct gri_stop *stop, bool more, bool must_kill);

/* Called by a loop without work, and now and then by one that has some: whether it is to go on. */
bool gri_runtime_pause(struct gri_loop *loop, bool is_idle);

/* What is over: makes the system as it was before it ran. No loop runs. Errors: GR_EABANDONED. */
int gri_runtime_reset(struct gri_runtime *runtime, gr_time deadline);

/* Lists what still runs. */
size_t gri_runtime_abandoned(struct gri_runtime *runtime, struct gr_abandoned *list, size_t capacity);

/* ---- pause.c ---- */

/* Makes the run under way return, with actors alive; false if nobody runs the system. Any thread, also a loop. */
bool gri_runtime_begin_pause(struct gri_runtime *runtime, uint32_t why);

/* Whether the loops are to be left, with actors alive. */
bool gri_runtime_is_pausing(const struct gri_runtime *runtime);

/* ---- close.c ---- */

/* Whether the system is closed for good; sets the thread's error text then. */
bool gri_runtime_is_shut(const struct gri_runtime *runtime);

/* ---- drive.c ---- */

/* Becomes the one that runs the loops; false if somebody does. And ends that. */
bool gri_runtime_take_drive(struct gri_runtime *runtime, enum gri_driver driver);
void gri_runtime_give_drive(struct gri_runtime *runtime);

/* Whether this thread is the one that steps the system, and not inside of a step. */
bool gri_runtime_is_stepper(const struct gri_runtime *runtime);

/* For a stop on the thread that steps the system: steps it to its end. False: that is not this thread. */
bool gri_runtime_stop_steps(struct gri_runtime *runtime, struct gri_stop *stop, bool *stopped);

/* For the one who has the drive: runs the loops until a stop is over, or they are to pause. Errors: as gr_system_run. */
int gri_runtime_run(struct gri_runtime *runtime);

/* Takes the drive for a run on this thread. Errors: GR_EBUSY, GR_ESTOPPED if the system is closed. */
int gri_runtime_enter(struct gri_runtime *runtime, enum gri_driver driver);

/* Starts the threads of all loops but the first, and the watchdog. Errors: GR_ESYS. */
int gri_runtime_start(struct gri_runtime *runtime);

/* Joins them; the loops have been told to end. */
void gri_runtime_join(struct gri_runtime *runtime);

/* ---- watchdog.c ---- */

/* The watchdog's thread. */
void *gri_watchdog_main(void *runtime);

/* Leaves a process in which handlers or jobs don't end, with a list of them on stderr. */
_Noreturn void gri_runtime_leave(struct gri_runtime *runtime);

/* Tells it of a new deadline, or to look again. */
void gri_watchdog_poke(struct gri_runtime *runtime);

/* Prints how things are, if a signal asked for it. On a thread of the runtime's own that no loop runs on. */
void gri_runtime_print_if_asked(struct gri_runtime *runtime);

/* ---- signals.c ---- */

/*
 * Lets SIGINT and SIGTERM stop this runtime, SIGPIPE do nothing, SIGUSR1 print, and faults be reported; and back as it was
 * before the first that runs, once the last has been restored. After the restore no handler touches this runtime.
 */
void gri_signals_install(struct gri_runtime *runtime);
void gri_signals_restore(struct gri_runtime *runtime);

/* ---- faults.c ---- */

/* Where a thread's fault handler runs: on the thread's own stack, while it drives a loop. */
struct gri_alternate {
    char bytes[32 << 10]; /* the stack */
    stack_t before;       /* what the thread had */
    bool is_ours;         /* it had none */
};

/* Has faults and abort reported, until it was restored as often as installed. */
void gri_faults_install(void);
void gri_faults_restore(void);

/* Gives the calling thread a stack to report on, unless it has one, and takes it away. */
void gri_faults_enter(struct gri_alternate *alternate);
void gri_faults_leave(struct gri_alternate *alternate);

#endif
