/* SPDX-License-Identifier: Apache-2.0 */
/* Runs random programs and makes failing ones smaller. */
#ifndef TESTS_SYSTEMATIC_ACTORS_RUN_H
#define TESTS_SYSTEMATIC_ACTORS_RUN_H

#include "tests/systematic/actors/world.h"

/* What a run gives. */
struct rp_result {
    uint64_t trace_hash;   /* the simulation's */
    uint64_t history_hash; /* the checker's own */
    uint64_t reused;       /* slots used again */
    uint64_t stale_sends;  /* to actors whose slot belonged to another */
    uint64_t handled;      /* messages */
};

/* Runs a program and checks it; rp_failure tells. */
void rp_run(const struct rp_program *program, struct rp_result *result);

/* Runs it in a process of its own. Whether it failed; *failure tells how. */
bool rp_run_apart(const struct rp_program *program, struct rp_failure *failure, bool print_history);

/* Leaves actions out of a failing program as long as it still fails. */
void rp_shrink(struct rp_program *program);

#endif
