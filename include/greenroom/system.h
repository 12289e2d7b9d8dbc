/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Systems: a set of loops with the actors on them. Most programs need gr_run alone; a program that owns its main loop
 * drives a system by its descriptor. A `system` that is NULL, as a failed create leaves it, is GR_EINVALID everywhere, and
 * has no actors, loops or counts. What these functions say went wrong gr_last_error(NULL) explains, in an actor too.
 */
#ifndef GREENROOM_SYSTEM_H
#define GREENROOM_SYSTEM_H

#include <greenroom/actor.h>
#include <greenroom/send.h>

#include <stdio.h>

typedef struct gr_system gr_system;
struct gr_future; /* see ask.h */

/* Exit codes of gr_run beside 0 and 1 (the root actor failed). */
#define GR_EXIT_ABANDONED 124 /* something did not end by the stop's deadline; the process left by _exit */
#define GR_EXIT_OPTIONS   2   /* an option or a GR_ variable was refused; the reason is on stderr */

/* The largest number of loops. */
#define GR_LOOPS_MAX 62

/*
 * Options of a system. Zero values are the defaults; the environment variable in brackets, if set, wins over a zero.
 * Beyond actors_max an eighth more may fit, or loops * (loops + 1) more, if that is more.
 */
typedef struct gr_system_options {
    uint32_t size;         /* of this struct; the macros fill it */
    int loops;             /* [GR_LOOPS] default: the processors this process may use */
    uint64_t seed;         /* [GR_SEED] not 0: simulate on one thread from this seed */
    uint64_t memory_max;   /* [GR_MEMORY_MAX] bytes, but for strings, buffers and stacks; default: no limit */
    uint32_t actors_max;   /* [GR_ACTORS_MAX] so many may live at once; see above; default 16 Mi */
    uint32_t stack_size;   /* [GR_STACK_SIZE] bytes of a coroutine's stack; default 64 KiB */
    int blocking_threads;  /* [GR_BLOCKING_THREADS] most threads for gr_blocking; default 64 */
    gr_time hog_after;     /* [GR_HOG_AFTER_MS] a handler longer than this is named; default 1 s */
    gr_time stop_deadline; /* [GR_STOP_DEADLINE_MS] for gr_run's own stops; default 5 s */
    const char *trace;     /* [GR_TRACE] a file for Chrome trace events, see the guide; default: none */
    bool keep_signals;     /* leave SIGINT, SIGTERM, SIGPIPE, SIGUSR1 and those of faults to the program */
} gri_system_options;

/* Counts since the system was created. Read without stopping it, so sums may be a moment apart. */
struct gr_system_counts {
    uint64_t spawned;                            /* actors */
    uint64_t ended;                              /* actors */
    uint64_t sent;                               /* messages accepted for delivery, from actors and outside */
    uint64_t handled;                            /* messages that a handler or a receive took */
    uint64_t requests;                           /* asked */
    uint64_t replies;                            /* that ended a request */
    uint64_t dead_letters[GR_DEAD_LETTER_COUNT]; /* by cause */
};

/* One living actor. */
struct gr_actor_info {
    gr_ref ref;              /* its reference */
    const char *behaviour;   /* its definition's name; lives as long as the program */
    char name[GR_NAME_SIZE]; /* its name in the registry (name.h); empty if it has none */
    int loop;                /* where it runs */
    bool is_coroutine;       /* or a handler actor */
    uint32_t mailbox;        /* messages that wait, a moment ago */
    uint64_t bytes;          /* its slot, state, stack and waiting messages, a moment ago */
};

/* What did not end by a stop's deadline. */
struct gr_abandoned {
    gr_ref actor; /* the actor whose handler runs, or null */
    const char *
        name; /* of its behaviour; or "blocking job"; or "the system's thread", which did not come to end it */
    int thread;    /* the loop's index, or -1 for the blocking pool */
    gr_time since; /* how long the handler or job has been running, give or take some short turns before it */
};

GRI_BEGIN_C

/*
 * Runs `root` as a coroutine actor on a new system, and that system on this thread, until the root actor and all that
 * were spawned with .holds_exit have ended; then stops the rest. SIGINT and SIGTERM stop it in order: every actor is
 * asked to stop, and killed at half of the deadline; the same signal once more ends the process at once. On SIGSEGV, SIGBUS,
 * SIGFPE, SIGILL and SIGABRT the actor at fault and its message, or the coroutine whose stack overflowed, are named on
 * stderr before the process dies, or what handled the signal before is called.
 * Returns the process's exit code: 0 if root returned 0; 1 otherwise, with the error on stderr; GR_EXIT_OPTIONS;
 * 128 + n after signal n. If something can't be ended, it does not return: _exit(GR_EXIT_ABANDONED), with a list, a tenth
 * of a second after the deadline or the last end of an actor.
 * Any thread, several at a time: SIGINT and SIGTERM stop all of them, SIGUSR1 prints all, and what the program had for
 * these signals is back when the last has returned. In an actor it holds up that actor's loop until it returns.
 */
GR_API GR_MUST_USE int gri_run(int (*root)(gr_actor *self, void *argument), void *argument,
                               const struct gr_system_options *options);

/* Creates a system; nothing runs yet. Errors: GR_ENOMEM, GR_EINVALID (an option or a GR_ variable; gr_last_error(NULL)
 * names it), GR_ELAYOUT, GR_ESYS, GR_ELIMIT (too many systems). *system is then NULL. Any thread. */
GR_API GR_MUST_USE int gri_system_create(const struct gr_system_options *options, gr_system **system);

/* Spawns an actor from outside: on loop 0 or where options.loop says. Otherwise as gr_spawn. Any thread. */
GR_API GR_MUST_USE gr_ref gri_system_spawn(gr_system *system, const struct gr_behaviour *behaviour,
                                           const struct gr_spawn_options *options, const void *start);

/*
 * Runs the loops (loop 0 on this thread) until the system is stopped or paused; 0 for both. May be called again. A simulated
 * one also stops, and returns 0, when every actor waits and nothing can happen any more: that is logged as an error.
 * Errors: GR_EBUSY if it runs already, GR_ESTOPPED if it is closed, GR_ESYS. Any thread, also another one each time; not in
 * an actor of the system.
 */
GR_API GR_MUST_USE int gr_system_run(gr_system *system);

/*
 * Runs the loops until a future is done that this thread asked for, with NULL. Actors, their mail and timers stay, and go
 * on with the next run. This is how a program without a thread to spare waits; under simulation it is the only way.
 * Returns as gr_await: 0 with a value, or the request's error. While the future is still pending: GR_EBUSY if the system
 * runs already, or was paused; GR_ESTOPPED if it is closed, or was stopped before the request was seen; GR_ESYS.
 * GR_ECONTEXT for an actor's future, GR_ESYSTEM for one of another system, GR_ENOMEM for NULL.
 */
GR_API GR_MUST_USE int gr_system_run_until(gr_system *system, struct gr_future *future);

/*
 * Makes gr_system_run or gr_system_run_until return, once each loop has ended the turns under way; threads of loops end,
 * actors stay as they are. The clock goes on: timers that came due meanwhile fire in the next run. A system that is stepped
 * ends its loops' threads in its next step; the one after that starts them again. Blocking jobs go on. Errors:
 * GR_ECONTEXT if nobody runs the system, or gr_run does; GR_ESTOPPED. Any thread, and its own actors.
 */
GR_API int gr_system_pause(gr_system *system);

/*
 * For a program with a main loop of its own: a descriptor that is readable when gr_system_step has work, at most one
 * for each system. It stays the system's, which closes it at its end. Other loops, if any, run on threads of their own,
 * which the first step starts. Negative if there is none: -1 under simulation and when the system is closed; GR_ESYS
 * when the operating system gives none, which gr_last_error(NULL) explains. On the thread that steps the system.
 */
GR_API int gr_system_fd(gr_system *system);

/* Runs loop 0 without blocking; *more tells whether to call again at once. One thread, always the same, and not from an
 * actor of the system. Errors: as gr_system_run; GR_ESTOPPED when the system has stopped. */
GR_API GR_MUST_USE int gr_system_step(gr_system *system, bool *more);

/*
 * Stops the system: actors are asked to stop, then killed at half of `deadline`; returns when nothing runs any more.
 * Errors: GR_EINVALID; GR_EBUSY for a call from one of its own actors, which only starts the stop; GR_EABANDONED when
 * handlers or blocking jobs still ran at the deadline: then up to `capacity` of them are listed in `list` (may be NULL),
 * their number, at least 1, in *count (may be NULL); gr_system_destroy then keeps what they may touch. Any thread.
 * After the deadline the actors that were killed may end yet, as long as none of their handlers runs for long: a tenth of a
 * second longer than the last of them that did.
 */
GR_API GR_MUST_USE int gr_system_stop(gr_system *system, gr_time deadline, struct gr_abandoned *list,
                                      size_t capacity, size_t *count);

/*
 * Stops the system, with the deadline of its options, for good: from then on whatever would have it do something returns
 * GR_ESTOPPED, or for a reference to one of its actors GR_ESTALE. Closed already: 0. Errors: GR_EBUSY from its own actors,
 * and nothing is done; GR_EABANDONED, as gr_system_stop: no run can begin then, and it may be called again. Any thread.
 */
GR_API GR_MUST_USE int gr_system_close(gr_system *system);

/* Frees a system, stopping it first if need be; NULL is fine. If work was abandoned, what it may touch is kept. Not from
 * an actor. References to its actors become errors, on any thread; but nobody else may use `system` itself meanwhile: not
 * run or step it, nor ask it for anything. */
GR_API void gr_system_destroy(gr_system *system);

/* The system of an actor; NULL if `self` is NULL. */
GR_API gr_system *gr_actor_system(const gr_actor *self);

/* The number of loops. Any thread. */
GR_API int gr_system_loops(const gr_system *system);

/* Reads the counts. Any thread. */
GR_API void gr_system_count(const gr_system *system, struct gr_system_counts *counts);

/* Lists living actors in order of slots: up to `capacity` into `list`, which may be NULL; returns how many there are. Any
 * thread. */
GR_API size_t gr_system_actors(const gr_system *system, struct gr_actor_info *list, size_t capacity);

/*
 * Prints a table of the living actors - reference, behaviour, name, loop, what each does, messages that wait, and pending
 * requests with the one that is waited for, or the first - then what the loops do, and the counts. The system goes on
 * meanwhile: each loop is asked between two turns; of one that does not answer within half a second the table shows
 * less, and a line says who holds it up. At most 10,000 actors are shown. During gr_run SIGUSR1 prints to stderr,
 * unless .keep_signals is set. Errors: GR_ENOMEM; GR_ESYS if `file` can't be written. Any thread, and actors, which
 * hold up their loop by it.
 */
GR_API int gr_system_print(gr_system *system, FILE *file);

/* The version of the library that runs, as "0.1.0". Any thread. */
GR_API const char *gr_version(void);

GRI_END_C

/* gr_run(root, argument), and gr_run_with(root, argument, (.loops = 2)) with options. */
#define gr_run_with(root, argument, options)                                                                 \
    gri_run(root, argument, GRI_OPTIONS(gri_system_options, GRI_OPEN options))
#define gr_run(root, argument) gr_run_with(root, argument, ())

/* gr_system_create(&system, options ...), as gr_system_create(&system, .loops = 2). */
#define gr_system_create(system, ...) gri_system_create(GRI_OPTIONS(gri_system_options, __VA_ARGS__), system)

/* gr_system_spawn(system, A, (options ...), fields ...). */
#define gr_system_spawn(system, A, options, ...)                                                             \
    gri_system_spawn(system, A##_gr_behaviour(), GRI_OPTIONS(gri_spawn_options, GRI_OPEN options),           \
                     GRI_LITERAL(A##_gr_start, __VA_ARGS__))

#endif
