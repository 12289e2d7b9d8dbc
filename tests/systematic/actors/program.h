/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random program: a small explicit list of what actors and a plain thread do, made from a seed. Being a list, it can
 * be printed and made smaller. It runs nothing.
 */
#ifndef TESTS_SYSTEMATIC_ACTORS_PROGRAM_H
#define TESTS_SYSTEMATIC_ACTORS_PROGRAM_H

#include <greenroom/actor.h>

#define RP_ROLES_MAX   5
#define RP_ACTIONS_MAX 24
#define RP_OUTSIDE_MAX 40

/* What can be done. A plain thread does those up to RP_OP_OUTSIDE_LAST, a coroutine all, a handler those before
 * RP_OP_CALL. */
enum rp_op {
    RP_OP_NOTHING,
    RP_OP_SPAWN,    /* how: the role; amount: the loop; forward, where programs have ties: link and name */
    RP_OP_SEND,     /* how: the message's type; amount: how many */
    RP_OP_TRY_SEND, /* likewise */
    RP_OP_ASK,      /* how: what the receiver does; amount: the deadline */
    RP_OP_STOP,
    RP_OP_KILL,
    RP_OP_POLL,    /* looks at a future */
    RP_OP_RELEASE, /* releases one */
    RP_OP_OUTSIDE_LAST = RP_OP_RELEASE,
    RP_OP_MONITOR,
    RP_OP_DEMONITOR,
    RP_OP_EXIT,
    RP_OP_AFTER,  /* amount: the delay */
    RP_OP_CANCEL, /* a timer */
    RP_OP_NOTIFY_ROOM,
    RP_OP_BLOCKING,
    RP_OP_STASH,
    RP_OP_UNSTASH, /* how: all, or the oldest */
    RP_OP_EVERY,   /* amount: the interval; how: after how many it is cancelled */
    RP_OP_LINK,
    RP_OP_UNLINK,
    RP_OP_TRAP,          /* amount: whether */
    RP_OP_REGISTER,      /* how: the name */
    RP_OP_UNREGISTER,    /* likewise */
    RP_OP_TASK,          /* how: what it does; amount: how long */
    RP_OP_CANCEL_FUTURE, /* how: which */
    RP_OP_KILL_TASK,     /* how: which */
    RP_OP_ON_DONE,       /* a callback; how: of which; amount: or none any more */
    RP_OP_PROMISE,       /* of its own: makes one, or sets one; amount: by a value or an error */
    RP_OP_BECOME,        /* how: other handlers, or its own again */
    RP_OP_SET,           /* a promise of a request that was put aside; amount: by a value or an error */
    RP_OP_CALL,
    RP_OP_AWAIT,   /* amount: the deadline */
    RP_OP_SLEEP,   /* amount: how long */
    RP_OP_RECEIVE, /* amount: the deadline */
    RP_OP_CHOOSE,  /* a selective receive; how: by what; amount: the deadline */
    RP_OP_SCOPE,   /* of tasks; how: what they do; amount: the deadline */
    RP_OP_JOIN,    /* how: which wait; amount: the deadline; target: for how many */
    RP_OP_COUNT
};

/* What is sent. */
enum rp_type {
    RP_NOTE,
    RP_TEXT,
    RP_LARGE,
    RP_ODD,
    RP_POKE,
    RP_QUESTION,
    RP_BIG_QUESTION,
    RP_ODD_QUESTION,
    RP_SMALL_QUESTION,
    RP_TYPES
};

/* What a receiver does with a question. */
enum rp_mode {
    RP_ANSWER,
    RP_ANSWER_TWICE,
    RP_ANSWER_LATE, /* a coroutine sleeps before */
    RP_ERROR,
    RP_IGNORE,
    RP_FORWARD,
    RP_EXIT, /* ends instead of answering */
    RP_MODES
};

enum rp_kind { RP_KIND_TYPED, RP_KIND_ANY, RP_KIND_COROUTINE, RP_KINDS };

struct rp_action {
    uint8_t op;      /* enum rp_op */
    uint8_t target;  /* whom, see rp_target */
    uint8_t how;     /* see the operation */
    uint8_t amount;  /* see the operation */
    uint8_t forward; /* whom a question that is to be forwarded goes to */
};

/* What an actor is like and does. */
struct rp_role {
    enum rp_kind kind;     /* of its behaviour */
    enum gr_policy policy; /* of its mailbox */
    uint32_t messages;     /* bound; 0: the default */
    uint32_t bytes;        /* bound; 0: the default */
    bool refuses;          /* its start fails */
    bool sends_at_end;     /* its end handler sends */
    uint8_t patience;      /* a coroutine ends after this many messages beyond its actions; 0: never */
    uint8_t count;         /* actions */
    struct rp_action actions[RP_ACTIONS_MAX]; /* in order */
};

/* What the plain thread does, and when. */
struct rp_outside {
    uint32_t at;             /* steps of the simulation before it */
    struct rp_action action; /* what */
};

struct rp_program {
    uint64_t seed;                             /* also the simulation's */
    int loops;                                 /* of the system */
    bool bypass_pools;                         /* every block its own allocation */
    uint32_t fail_one_in;                      /* allocations of which one fails; 0: none */
    uint32_t actors_max;                       /* of the system */
    bool has_tasks;                            /* tasks, scopes, cancelling and requests put aside */
    uint32_t stop_at;                          /* step at which the system is stopped; 0: when all is quiet */
    uint8_t role_count;                        /* roles */
    struct rp_role roles[RP_ROLES_MAX];        /* by number */
    uint8_t outside_count;                     /* actions of the plain thread */
    struct rp_outside outside[RP_OUTSIDE_MAX]; /* in order */
};

/* Whether a program's actors link and have names: one in four does, chosen so that seeds that once failed stay as they
 * were. */
static inline bool rp_has_ties(const struct rp_program *program)
{
    return program->seed % 8 == 2 || program->seed % 8 == 7;
}

/* Likewise, whether its actors wait for several futures at once, call back, become and kill tasks, and whether its tasks do
 * more than sleep. */
static inline bool rp_has_joins(const struct rp_program *program)
{
    uint64_t kind = program->seed % 16;
    return kind == 2 || kind == 3 || kind == 5 || kind == 9;
}

/* Makes the program of a seed. */
void rp_program_make(struct rp_program *program, uint64_t seed);

/* Prints it, action by action. */
void rp_program_print(const struct rp_program *program);

/* A duration or deadline from an action's amount; the last few are for ever where `forever` is allowed. */
gr_time rp_duration(uint8_t amount, bool forever);

/* The name of an operation, a type. */
const char *rp_op_name(unsigned op);
const char *rp_type_name(unsigned type);

#endif
