/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocation sweep: a scenario is run without a fault, then again and again, failing its first allocation, its second,
 * and so on, until it runs through without reaching the nth. Each run must end, free all that it took, and either show an
 * error (a return value, an exit reason, a dead letter for lack of memory) or have done all that the first run did.
 * Simulated runs are repeated with a drought, which fails the nth allocation and some that follow.
 *
 * Scenarios report through the functions below, from any thread.
 */
#ifndef TESTS_FAULTS_SWEEP_H
#define TESTS_FAULTS_SWEEP_H

#include "tests/support/world/world.h"

/* How a scenario is run; a set of these. */
enum {
    SWEEP_SIMULATED = 1, /* on 1, 2 and 4 loops under seeds */
    SWEEP_REAL = 2,      /* on 1 and 2 loops with threads of their own */
    SWEEP_GR_RUN = 4,    /* by gr_run, on 1 and 2 loops, simulated and real */
    SWEEP_STEPS = 8,     /* by gr_system_step, on 1 and 2 loops, simulated and real */
    SWEEP_VALUES = 16    /* without a system */
};

/* A scenario; what it does not need is NULL. */
struct scenario {
    const char *name;                  /* a few words */
    unsigned modes;                    /* SWEEP_ */
    root_function root;                /* a coroutine on loop 0; the system stops when it has ended */
    void (*before)(gr_system *system); /* on a plain thread, before the system runs */
    void (*beside)(
        gr_system *system); /* on a thread of its own, while it runs; the system stops when it has returned */
    void (*after)(gr_system *system); /* on a plain thread, when it has stopped */
    void (*values)(void);             /* all there is to do without a system */
};

/* Runs it in all of its modes; each counts as one case, passed or failed. */
void sweep_scenario(const struct scenario *scenario, int *passed, int *failed);

/* Something was done that must be done in every run without an error; in every run as often. */
void sweep_did(void);

/* A call's result: true for 0. GR_ENOMEM is the error that is looked for. What else may follow from lack of memory
 * counts only if that was seen as well; anything more fails the run. */
bool sweep_ok(int error);

/* The same for a call whose result without a fault is `wanted`; true for that, which counts as done. */
bool sweep_expect(int error, int wanted);

/* The reason of an actor's end. One that could not be born on another loop is told as GR_ESTALE or GR_ENOMEM. True if it
 * is neither that nor another error; one that was killed, because it could not be stopped, is none. */
bool sweep_reason(int reason);

/* Whether the nth allocation was asked for, and failed. */
bool sweep_has_fired(void);

/* The run's loops. */
int sweep_loops(void);

/* Whether more than one allocation fails; an error's text may then be missing. */
bool sweep_is_drought(void);

/* ---- crew.c: actors that a root spawns, watches and ends ---- */

enum { CREW_MAX = 24 };

struct crew {
    gr_ref refs[CREW_MAX];       /* its actors; null where the spawn failed */
    uint64_t monitors[CREW_MAX]; /* of each; 0 where there is none */
    unsigned count;              /* elements of both */
    int wanted;                  /* the reason that counts as done, beside GR_EKILLED */
    bool may_be_gone; /* they may have ended before they are watched; then nothing counts as done */
};

/* Adds what a spawn returned, and watches it. Returns it. */
gr_ref crew_add(gr_actor *self, struct crew *crew, gr_ref ref);

/* Stops them all, or kills them, and waits for their downs. */
void crew_stop(gr_actor *self, struct crew *crew);
void crew_kill(gr_actor *self, struct crew *crew);

/* Stops them one after the other, the youngest first: what it sent is then handled by those before it. */
void crew_stop_in_turn(gr_actor *self, struct crew *crew);

/* Waits for the down of any that is watched; false if it did not come. */
bool crew_wait_any(gr_actor *self, struct crew *crew);

/* Waits for the downs of actors that end by themselves. */
void crew_wait(gr_actor *self, struct crew *crew);

/* Counts each message it handles as done: number, words, large, packet. */
GR_ACTOR_DECLARE(sink, gr_nothing);

struct packet {
    gr_buffer bytes; /* any */
    gr_string name;  /* any */
};
GR_MESSAGE(packet, GR_FIELD(packet, bytes), GR_FIELD(packet, name));

/* Sends a string, formatted, and a packet. `self` may be NULL. */
void send_words(gr_actor *self, gr_ref to, int number);
void send_packet(gr_actor *self, gr_ref to, size_t size);

/* ---- the scenarios, by file; each array ends with one without a name ---- */

extern const struct scenario spawning_scenarios[];
extern const struct scenario traffic_scenarios[];
extern const struct scenario request_scenarios[];
extern const struct scenario future_scenarios[];
extern const struct scenario watching_scenarios[];
extern const struct scenario linking_scenarios[];
extern const struct scenario waiting_scenarios[];
extern const struct scenario pattern_scenarios[];
extern const struct scenario outside_scenarios[];
extern const struct scenario program_scenarios[];
extern const struct scenario value_scenarios[];

#endif
