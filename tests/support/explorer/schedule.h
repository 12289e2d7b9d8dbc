/* SPDX-License-Identifier: Apache-2.0 */
/* Between the explorer's own parts; nothing for scenarios. */
#ifndef GRI_EXPLORER_SCHEDULE_H
#define GRI_EXPLORER_SCHEDULE_H

#include "tests/support/explorer/explorer.h"
#include "tests/support/explorer/model.h"

/* --- schedule.c: the search --- */

/* Makes one operation of the running thread, after whatever others are chosen to do first. */
struct op *schedule_perform(struct op op);

/* The running thread's loop came round again, without having done anything. */
void schedule_pause(const char *file, int line);

/* The running thread: 1.. or 0 in setup and finish. */
int schedule_thread(void);

/* Fails the execution if `wrong` is not NULL. */
void schedule_check(const char *wrong);

/* --- trace.c: choices and steps --- */

/* Before a search, and before each of its executions. */
void trace_reset(void);
void trace_restart(void);

/* Chooses one of `of` ways: 0 at first, others in later executions. */
int trace_choose(int of);

/* Goes on to the next execution; false when all were seen. */
bool trace_next(void);

/* Notes a step. */
void trace_step(int tid, const struct op *op);

/* Explores only the execution that these choices lead to; NULL ends that. */
void trace_replay(const char *choices);

/* The last execution: its choices, as digits and small letters, and its steps. */
const char *trace_choices(void);
void trace_print(FILE *out);
const char *trace_order_name(int order);

/* --- api.c: what the tested code calls --- */

#define SITES_MAX 64

/* An access in the source with an order stronger than relaxed. */
struct site {
    const char *file;  /* where */
    int line;          /* where */
    enum op_kind kind; /* a load, a store or a read-modify-write */
    int order;         /* as written in the source */
};

/* The sites reached since the program's start. */
extern struct site api_sites[SITES_MAX];
extern int api_site_count;

/* Makes the site's order another one; NULL ends that. */
void api_weaken(const struct site *site, int order);

/* The set of outcomes, since the last reset. */
void api_reset_outcomes(void);
size_t api_outcome_count(void);

#endif
