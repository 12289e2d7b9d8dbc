/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checker knows of one run: each actor, message, request, monitor, timer and wish for room, with what became of
 * it, and a history to print when a guarantee is broken. One thread, one run at a time, so these are globals.
 */
#ifndef TESTS_SYSTEMATIC_ACTORS_WORLD_H
#define TESTS_SYSTEMATIC_ACTORS_WORLD_H

#include "base/memory.h"
#include "base/random.h"
#include "runtime/runtime.h"
#include "tests/systematic/actors/program.h"

#include <greenroom/greenroom.h>

#define RP_ACTORS_MAX   40
#define RP_OUTSIDE      RP_ACTORS_MAX /* the plain thread's number */
#define RP_MESSAGES_MAX 800
#define RP_REQUESTS_MAX 200
#define RP_MONITORS_MAX 120
#define RP_TIMERS_MAX   120
#define RP_WISHES_MAX   120
#define RP_STOPS_MAX    60
#define RP_HISTORY_MAX  8192
#define RP_NAMES        3
#define RP_ANY_REASON   INT32_MIN /* for rp_may_exit: but 0 */
#define RP_STOP_REASON  1000      /* a stop's reason is this and its number */

/* What is checked; each is a case. */
#define RP_CASE_TABLE(X)                                                                                     \
    X(RP_G1, "g1_messages_of_a_pair_arrive_in_order")                                                        \
    X(RP_G3, "g3_each_accepted_message_is_delivered_once_or_a_dead_letter")                                  \
    X(RP_G4, "g4_a_down_comes_after_the_last_message")                                                       \
    X(RP_G6, "g6_one_down_for_each_monitor")                                                                 \
    X(RP_G7, "g7_the_start_comes_before_the_first_message")                                                  \
    X(RP_NAMED_ONCE, "g7_a_name_is_one_actors_and_free_when_it_has_ended")                                   \
    X(RP_G8, "g8_each_request_has_one_outcome_in_time")                                                      \
    X(RP_G9, "g9_late_replies_are_counted_and_never_delivered")                                              \
    X(RP_G10, "g10_stale_references_reach_nobody")                                                           \
    X(RP_G11, "g11_an_end_fails_requests_and_frees_everything")                                              \
    X(RP_G14, "g14_timers_are_exact_and_fire_once")                                                          \
    X(RP_G15, "g15_mailboxes_keep_their_bounds_and_policies")                                                \
    X(RP_ENDS, "every_run_ends_without_a_crash")                                                             \
    X(RP_LEAKS, "no_run_leaks")                                                                              \
    X(RP_REUSE, "slots_are_reused_while_old_references_are_used")                                            \
    X(RP_HASH, "a_seed_gives_the_same_trace_again")                                                          \
    X(RP_REGRESSIONS, "seeds_that_once_failed_pass")

enum rp_case {
#define RP_CASE_ENUM(name, text) name,
    RP_CASE_TABLE(RP_CASE_ENUM)
#undef RP_CASE_ENUM
        RP_CASES
};

enum rp_phase { RP_NAMED, RP_STARTED, RP_REFUSED, RP_ENDED };

/* What a coroutine waits in. */
enum rp_wait { RP_WAIT_NONE, RP_WAIT_RECEIVE, RP_WAIT_CHOOSE, RP_WAIT_AWAIT, RP_WAIT_OTHER };

/* By what a selective receive chooses. */
enum rp_by { RP_BY_NOTHING, RP_BY_TYPE, RP_BY_SENDER, RP_BY_NUMBER };

struct rp_choice {
    enum rp_by by;     /* which of these */
    enum rp_type type; /* for RP_BY_TYPE */
    gr_ref sender;     /* for RP_BY_SENDER */
    uint64_t key;      /* for RP_BY_NUMBER: what the number is a multiple of; 2 takes signals too */
};

struct rp_actor {
    gr_ref ref;                 /* its name */
    const struct rp_role *role; /* what it is like */
    int parent;                 /* who spawned it */
    enum rp_phase phase;        /* as its own functions told */
    bool gone;                  /* its slot has another generation */
    gr_time ended_at;           /* when its end handler or its return came */
    gr_time gone_at;            /* that, or when its end was seen */
    int reason;                 /* of its end, once known */
    bool reason_known;          /* by its end handler, its result, or a down */
    unsigned cursor;            /* its next action */
    uint64_t handled;           /* messages */
    bool exited;                /* it called gr_exit, or returned */
    int exit_reason;            /* with this */
    bool killed;                /* somebody asked for it */
    bool sealed;                /* killed on its own loop: no message may be handled any more */
    bool poked;                 /* a poke of its own is on its way */
    bool dying;                 /* a wait said killed */
    bool has_local;             /* it has written to its own rp_local */
    bool became;                /* it has other handlers than its own */
    bool overfull;              /* more mail than its bound had come before it was born */
    enum rp_wait wait;          /* of a coroutine */
    int awaited;                /* request, for RP_WAIT_AWAIT */
    struct rp_choice choice;    /* of the receive under way, or the last */
    bool stashes;               /* it has set messages aside */
    int stash_next;             /* for rp_message.place of the next that it sets aside */
    int front;                  /* the same for those that it puts back in front */
    int returns;                /* and for those that it puts back alone */
    int current;                /* message being handled, or -1 */
    int last_child;             /* actor, or -1 */
    bool traps;                 /* exits */
    uint64_t trap_step;         /* when that changed last */
    uint64_t gone_step;         /* when its end was seen */
    uint64_t exited_by;         /* a bit for each actor whose exit may have come before the link was ended */
    int void_links;             /* its links with references of nobody, whose exits have not come */
};

/* What one actor did about its link with another, and saw of it. */
struct rp_tie {
    bool wished;     /* it linked, and neither unlinked nor got the exit since */
    bool was_wished; /* at some time */
    bool was_gone;   /* the other was known to have ended then */
    bool unlinked;   /* it unlinked, at some time */
    bool is_over;    /* it got the exit, so that what the other wished is over */
    unsigned exits;  /* signals */
    uint64_t step;   /* when it linked last */
};

struct rp_message {
    uint8_t type;     /* enum rp_type */
    uint8_t mode;     /* of a question */
    uint8_t forward;  /* of a question: whom it goes on to */
    int sender;       /* actor or RP_OUTSIDE */
    gr_ref to;        /* whom it goes to now */
    int receiver;     /* the actor of that, or -1 */
    bool direct;      /* neither sent by a timer nor forwarded: its order counts */
    bool accepted;    /* the send said so */
    bool dropped;     /* accepted, and a dead letter at once */
    unsigned births;  /* sends of it: 1, and one for each forward */
    unsigned handled; /* deliveries */
    int request;      /* or -1 */
    int timer;        /* or -1 */
    bool stashed;     /* it is set aside just now */
    bool was_stashed; /* or was */
    int place;        /* among those that are set aside, or, below 0, that were put back in front */
    bool returned;    /* it was put back alone, once */
    bool overtaken;   /* one that is behind it was handled, so it must not come any more */
    bool after_down;  /* the down of its sender was */
    bool deferred; /* a question whose answer was put aside: its deadline bounds what its handler asks for */
};

struct rp_request {
    int message;              /* the question; -1: blocking work, or a task */
    int asker;                /* actor or RP_OUTSIDE */
    gr_future *future;        /* NULL for a call, and once released */
    gr_time asked_at;         /* virtual time */
    gr_time deadline;         /* absolute, or GR_FOREVER */
    bool sent;                /* it was pending after the ask */
    bool done;                /* its outcome was seen */
    int error;                /* the outcome */
    gr_time done_at;          /* when it was seen */
    bool owner_ended;         /* the asker ended first */
    bool answered;            /* somebody replied */
    int answer_error;         /* with this */
    gr_time answered_at;      /* when */
    bool ignored;             /* a receiver dropped it */
    gr_time ignored_at;       /* when */
    int holder;               /* the coroutine that has received it, or -1 */
    int result;               /* of blocking work */
    bool ran;                 /* blocking work did */
    bool is_task;             /* a task */
    bool is_scoped;           /* in a scope, which may cancel it */
    bool began;               /* the task's function was called */
    bool returned;            /* and has returned `result` */
    bool waits_for_ever;      /* it sleeps until it is cancelled */
    bool near;                /* on its owner's loop */
    unsigned cancels;         /* calls of gr_future_cancel */
    unsigned cancelled;       /* waits of the task that said so */
    unsigned maybe_cancelled; /* waits under way that cancel it at their deadlines */
    unsigned promised;        /* callbacks that were asked for */
    unsigned called;          /* and have come, or were taken back */
    bool is_promise;          /* of its owner's own: `returned` once it is set, to `result` */
    gr_promise promise;       /* that */
    bool is_nested;           /* a task's task: nobody has its future here */
    bool maybe_killed;        /* somebody killed the task, or tried to */
    bool killed;              /* for certain */
};

/* A request that was put aside. */
struct rp_deferred {
    int actor;          /* who holds it */
    int message;        /* the question */
    gr_promise promise; /* of its answer */
    bool over;          /* it was set, or its holder has ended */
};

struct rp_monitor {
    int watcher;     /* actor */
    gr_ref ref;      /* who is watched */
    int target;      /* the actor of that, or -1 */
    uint64_t handle; /* its name */
    bool was_gone;   /* the target was known to have ended */
    bool ended;      /* by gr_demonitor */
    unsigned downs;  /* signals */
};

struct rp_timer {
    int owner;            /* actor */
    int message;          /* what it sends */
    uint64_t handle;      /* its name */
    gr_time due;          /* absolute; of a periodic one the start */
    gr_time interval;     /* of a periodic one, else 0 */
    unsigned limit;       /* of a periodic one: it is cancelled after so many */
    gr_time cancelled_at; /* when it was */
    bool cancelled;       /* gr_timer_cancel returned 0 */
    bool fired;           /* cancel said so, or its message was handled */
};

/* A call of gr_notify_room. */
struct rp_wish {
    int watcher;      /* actor */
    gr_ref ref;       /* about whom */
    int target;       /* the actor of that, or -1 */
    bool was_full;    /* for certain, when it was called */
    uint64_t handled; /* by the target until then */
    bool done;        /* the signal came */
};

/* A call of gr_stop. */
struct rp_stop {
    int target;   /* actor */
    int sender;   /* actor or RP_OUTSIDE */
    int messages; /* messages made before it */
};

/* One line of the history. */
struct rp_event {
    gr_time now;      /* virtual */
    uint64_t step;    /* of the simulation */
    const char *what; /* what happened */
    int actor;        /* to whom, or -1 */
    int message;      /* by what, or -1 */
    int64_t value;    /* something */
};

/* The memory seam: counts, and fails now and then. */
struct rp_memory {
    struct gri_memory memory; /* what the system gets */
    struct gri_random random; /* of failures */
    uint32_t fail_one_in;     /* 0: none */
    uint64_t failures;        /* made so far */
};

struct rp_world {
    const struct rp_program *program;  /* what runs */
    gr_system *system;                 /* NULL once destroyed */
    struct gri_simulation *simulation; /* its inside */
    struct rp_memory memory;           /* of the system and of strings */
    bool stopping;                     /* gr_system_stop was called */
    bool waits;                        /* a role has the wait policy */
    uint64_t steps;                    /* of the driver */
    uint64_t handled;                  /* messages, all together */
    uint64_t born;                     /* sends that became a message or a dead letter */
    uint64_t spawned;                  /* actors */
    uint64_t calls;                    /* gr_call, of which is not known whether they were sent */
    uint64_t asked;                    /* requests sent for certain */
    uint64_t tasks;                    /* started */
    uint64_t promises_failed;          /* of actors' own: such a failure may count as a reply */
    uint64_t jobs_ran;                 /* blocking work */
    uint64_t reused;                   /* actors in a slot that had another before */
    uint64_t stale_sends;              /* to slots that were in use by another */
    int actor_count, message_count, request_count, monitor_count, timer_count, wish_count, stop_count,
        deferred_count;                          /* of each */
    struct rp_actor actors[RP_ACTORS_MAX];       /* by number, as all that follow */
    struct rp_message messages[RP_MESSAGES_MAX]; /* the number is also the payload */
    struct rp_request requests[RP_REQUESTS_MAX];
    struct rp_monitor monitors[RP_MONITORS_MAX];
    struct rp_timer timers[RP_TIMERS_MAX];
    struct rp_wish wishes[RP_WISHES_MAX];
    struct rp_stop stops[RP_STOPS_MAX];
    struct rp_deferred deferred[RP_REQUESTS_MAX];
    struct rp_tie ties[RP_ACTORS_MAX][RP_ACTORS_MAX]; /* by who links and with whom */
    int holders[RP_NAMES];                            /* of each name: the actor + 1, even if it is gone */
    uint64_t hash;                                    /* of the history */
    uint64_t event_count;                             /* lines of the history ever written */
    struct rp_event history[RP_HISTORY_MAX];          /* the last of them */
};

extern struct rp_world rp_world;

/* The first broken guarantee of the run; in memory that outlives a crash. */
struct rp_failure {
    bool failed;        /* there is one */
    enum rp_case which; /* which */
    int actor, message; /* whose history matters, or -1 */
    char text[300];     /* what was seen */
};

extern struct rp_failure *rp_failure;

/* Empties the world for a run of `program`. */
void rp_world_reset(const struct rp_program *program);

/* Notes a broken guarantee, if it is the run's first. */
void rp_fail(enum rp_case which, int actor, int message, const char *format, ...) GR_PRINTF(4, 5);

/* Adds a line to the history. */
void rp_note(const char *what, int actor, int message, int64_t value);

/* Prints the history: all of it, or what concerns the failure. */
void rp_print_history(bool all);

/* Virtual time. */
gr_time rp_now(void);

/* The actor with a reference, or -1. */
int rp_find_actor(gr_ref ref);

/* Whether the slot still belongs to the reference, born or not. */
bool rp_exists(gr_ref ref);

/* Whether allocations may fail in this run. */
bool rp_may_fail(void);

#endif
