/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the actors of a random program do and see, each act checked against what the guarantees allow. `actor` is the
 * number of who acts, RP_OUTSIDE for the plain thread, whose `self` is NULL.
 */
#ifndef TESTS_SYSTEMATIC_ACTORS_ACTS_H
#define TESTS_SYSTEMATIC_ACTORS_ACTS_H

#include "tests/systematic/actors/messages.h"
#include "tests/systematic/actors/world.h"

/* What the mailbox of a receiver must do with one more message. */
struct rp_forecast {
    bool known;            /* `error` and `drops` are certain */
    int error;             /* of the send */
    bool drops;            /* accepted, but a dead letter at once */
    bool expired;          /* it is a request for which no time is left */
    bool may_suspend;      /* the sending coroutine may wait for room: only the error's kind is known */
    enum gr_policy policy; /* of the receiver, if it lives */
};

/* ---- sends.c ---- */

/* The reference that an action's target means just now. */
gr_ref rp_target(int actor, uint8_t target);

struct rp_forecast rp_foresee(int actor, gr_actor *self, gr_ref to, bool try);

/* Messages that wait at an actor and their bytes; false if it isn't born or has ended. */
bool rp_mailbox(gr_ref ref, uint32_t *messages, uint64_t *bytes, int *loop);

/* The real bounds of a role. */
uint64_t rp_bound_messages(const struct rp_role *role);
uint64_t rp_bound_bytes(const struct rp_role *role);

/* A new message, or -1 if there were enough. */
int rp_new_message(int sender, gr_ref to, enum rp_type type);

/* Text and bytes of a message; empty if there is no memory. */
gr_string rp_text(gr_actor *self, int number);
void rp_fill(uint8_t *bytes, size_t size, int number);

/* The counts, and the check of a send's result against the forecast and the counts before it. */
struct gr_system_counts rp_counts(void);
void rp_check_send(int number, const struct rp_forecast *forecast, int error, bool counts_failure,
                   const struct gr_system_counts *before);

/* Sends one message. */
void rp_send(int actor, gr_actor *self, gr_ref to, enum rp_type type, bool try);

/* Lets an actor with actions left go on. */
void rp_poke(int actor, gr_actor *self);

/* ---- requests.c ---- */

void rp_ask(int actor, gr_actor *self, const struct rp_action *action);
void rp_call(int actor, gr_actor *self, const struct rp_action *action);
void rp_blocking(int actor, gr_actor *self, const struct rp_action *action);
void rp_await(int actor, gr_actor *self, const struct rp_action *action);
void rp_poll(int actor, gr_actor *self, const struct rp_action *action);
void rp_release(int actor, gr_actor *self, const struct rp_action *action);

/* Whether who asked, its receiver, the one that this waits for, and so on are a cycle of coroutines that wait. Each request
 * was sent or forwarded at most `hops` times. */
bool rp_is_cycle(int request, unsigned hops);

/* The absolute deadline of the question that the actor is handling, or GR_FOREVER. */
gr_time rp_bound(int actor);

/* Looks at all futures. */
void rp_poll_all(void);

/* The actor ended: so do its futures. */
void rp_drop_requests(int actor);

/* Handles a question that has just arrived. Returns whether the actor is to end. */
bool rp_handle_question(int actor, gr_actor *self, int number);

/* A question that nobody answers is left by its handler. */
void rp_leave_question(int actor);

/* A new request of an actor, or -1 if there were enough; `message` as in struct rp_request. */
int rp_new_request(int asker, int message, gr_time deadline);

/* One of the actor's futures, or -1. */
int rp_choose_future(int actor, unsigned which);

/* The outcome of a request's future is seen: for the first time, or again. */
void rp_see_outcome(int request, int error);

/* ---- tasks.c ---- */

void rp_task(int actor, gr_actor *self, const struct rp_action *action);
void rp_cancel_future(int actor, gr_actor *self, const struct rp_action *action);
void rp_set(int actor, gr_actor *self, const struct rp_action *action);

/* Opens a scope, starts tasks in it and closes it. */
void rp_scope(int actor, gr_actor *self, const struct rp_action *action);

/* Puts a question aside; false if it can't be. */
bool rp_defer(int actor, gr_actor *self, int number);

/* The actor ended: what it had put aside has, too. */
void rp_drop_deferred(int actor);

/* A task's outcome, when it is seen first; a task when all is quiet; whether an actor is a task's. */
void rp_check_task(int request);
void rp_check_quiet_task(int request);
bool rp_is_task(const struct gr_actor_info *info);

/* Kills a task by its future. */
void rp_kill_task(int actor, gr_actor *self, const struct rp_action *action);

/* ---- joins.c: waits for several futures, waits that cancel, and callbacks ---- */

void rp_join(int actor, gr_actor *self, const struct rp_action *action);
void rp_on_done(int actor, gr_actor *self, const struct rp_action *action);

/* Makes a promise, or sets one. */
void rp_promise(int actor, gr_actor *self, const struct rp_action *action);

/* A promise's outcome, when it is seen first. */
void rp_check_promise(int request);

/* An actor's local is its own. */
void rp_check_local(int actor, gr_actor *self);

/* When all is quiet: the callbacks of a request. */
void rp_check_callbacks(int request);

/* ---- arrivals.c ---- */

/* A message arrived: checks it. */
void rp_arrived(int actor, gr_actor *self, enum rp_type type, const void *data, gr_ref sender);

/* A signal arrived. */
void rp_signal(int actor, const struct gr_signal *signal);

/* The start and the end of an actor's life, as it sees them. */
int rp_started(gr_actor *self, const struct rp_begin *begin);
void rp_check_reason(int actor, int reason);

/* Whether an actor may have ended with a reason, as far as is known. */
bool rp_is_plausible(int actor, int reason);

/* The end of `target` is told to `watcher` with a reason: checks it. `was_gone`: it had ended before that was asked. */
void rp_check_end_reason(int watcher, int target, gr_ref ref, bool was_gone, int reason);

/* The end of `target` was told to an actor: nothing that it sent may come any more. */
void rp_came_down(int target, int actor);

/* ---- ties.c: links, exits, names ---- */

void rp_link(int actor, gr_actor *self, const struct rp_action *action);
void rp_unlink(int actor, gr_actor *self, const struct rp_action *action);
void rp_trap(int actor, gr_actor *self, const struct rp_action *action);
void rp_register(int actor, gr_actor *self, const struct rp_action *action);
void rp_unregister(int actor, gr_actor *self, const struct rp_action *action);

/* A spawn linked two actors, or named one. */
void rp_tied(int actor, int other);
void rp_named(int name, int actor);

/* A name's text, and the error of giving it to an actor just now. */
const char *rp_name(int name);
int rp_foresee_name(int name);

/* An exit arrived as a signal. */
void rp_exit(int actor, const struct gr_signal *signal);

/* Whether an exit may end the actor with this reason, or with any. */
bool rp_may_exit(int actor, int reason);

/* When all is quiet, and after each step. */
void rp_check_ties(void);
void rp_check_names(void);

/* ---- mail.c: mail that is set aside, chosen, or sent again and again ---- */

void rp_stash(int actor, gr_actor *self);
void rp_unstash(int actor, gr_actor *self, bool one);
void rp_every(int actor, gr_actor *self, const struct rp_action *action);

/* A message of a periodic timer arrived. */
void rp_tick(int actor, gr_actor *self, int number);

/* How often a periodic timer has fired; *unsure: or once less. */
uint64_t rp_ticks(const struct rp_timer *timer, bool *unsure);

/* A selective receive by what the action says. */
struct rp_choice rp_choose(int actor, const struct rp_action *action);
int rp_receive_chosen(gr_actor *self, struct gr_mail *mail, const struct rp_choice *choice, gr_time deadline);

/* Whether a message is chosen. */
bool rp_fits(const struct rp_choice *choice, int number);

/* A message arrived, chosen as its receiver's choice says: what was before it must not come any more. */
void rp_check_order(int actor, int number);

/* How many messages an actor has set aside. */
unsigned rp_stashed(int actor);

/* ---- acts.c ---- */

/* Does an action. Returns whether a coroutine is to end. */
bool rp_act(int actor, gr_actor *self, const struct rp_action *action);

/* A coroutine receives for at most `deadline`. Returns whether it is to end. */
bool rp_receive(int actor, gr_actor *self, gr_time deadline, const struct rp_choice *choice);

/* ---- actors.c ---- */

/* Spawns an actor of a role; its reference becomes known to all. */
void rp_spawn(int actor, gr_actor *self, const struct rp_action *action);

/* Handles its mail by other functions from the next message on, or by its own. */
void rp_become(int actor, gr_actor *self, const struct rp_action *action);

/* ---- checks.c ---- */

/* After each step, when all is quiet, and when the system has stopped. */
void rp_check_step(void);
void rp_check_quiet(void);
void rp_check_newest(void);
bool rp_somebody_is_full(void); /* with the wait policy, so that others may rest or wait */
void rp_check_end(void);

#endif
