/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a failing program smaller: leaves out chunks of its actions, then single ones, while it still fails. */
#include "tests/systematic/actors/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUN_SECONDS_MAX    2
#define RUNS_MAX           600
#define SHRINK_SECONDS_MAX 20

static void run_here(const struct rp_program *program, struct rp_failure *shared, bool print_history)
{
    struct rp_result result;
    if (!print_history) {
        (void)!freopen("/dev/null", "w", stderr); /* a crash tells the same each time */
    }
    alarm(RUN_SECONDS_MAX);
    rp_failure = shared;
    rp_run(program, &result);
    if (shared->failed && print_history) rp_print_history(false);
    fflush(stdout);
    _exit(0);
}

bool rp_run_apart(const struct rp_program *program, struct rp_failure *failure, bool print_history)
{
    struct rp_failure *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                                     -1, 0);
    if (shared == MAP_FAILED) abort();
    memset(shared, 0, sizeof *shared);
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) abort();
    if (pid == 0) run_here(program, shared, print_history);
    int status = 0;
    waitpid(pid, &status, 0);
    *failure = *shared;
    munmap(shared, sizeof *shared);
    if (!failure->failed && status != 0) {
        *failure = (struct rp_failure){.failed = true, .which = RP_ENDS, .actor = -1, .message = -1};
        int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        snprintf(failure->text, sizeof failure->text, number == SIGALRM ? "it hung" : "it crashed: signal %d",
                 number);
    }
    return failure->failed;
}

/* ---- lists of actions ---- */

/* The i-th action of the program, or NULL. */
static struct rp_action *action_at(struct rp_program *program, unsigned i)
{
    if (i < program->outside_count) return &program->outside[i].action;
    i -= program->outside_count;
    for (unsigned r = 0; r < program->role_count; r++) {
        if (i < program->roles[r].count) return &program->roles[r].actions[i];
        i -= program->roles[r].count;
    }
    return NULL;
}

static unsigned actions_of(struct rp_program *program)
{
    unsigned count = 0;
    while (action_at(program, count) != NULL) count++;
    return count;
}

/* Leaves out `length` actions from `from` on. Whether anything changed. */
static bool leave_out(struct rp_program *program, unsigned from, unsigned length)
{
    bool changed = false;
    for (unsigned i = from; i < from + length; i++) {
        struct rp_action *action = action_at(program, i);
        if (action == NULL || action->op == RP_OP_NOTHING) continue;
        action->op = RP_OP_NOTHING;
        changed = true;
    }
    return changed;
}

/* Takes the smaller program if it still fails in the same way. */
static bool try_smaller(struct rp_program *program, const struct rp_program *smaller, enum rp_case which,
                        int *runs)
{
    static time_t began;
    struct rp_failure failure;
    if (began == 0) began = time(NULL);
    if (++*runs > RUNS_MAX || time(NULL) - began > SHRINK_SECONDS_MAX ||
        !rp_run_apart(smaller, &failure, false) || failure.which != which)
        return false;
    *program = *smaller;
    return true;
}

/* Options that can be simpler. */
static void simplify(struct rp_program *program, enum rp_case which, int *runs)
{
    struct rp_program smaller = *program;
    smaller.fail_one_in = 0;
    try_smaller(program, &smaller, which, runs);
    for (int loops = 1; loops < program->loops; loops++) {
        smaller = *program;
        smaller.loops = loops;
        if (try_smaller(program, &smaller, which, runs)) break;
    }
    for (unsigned r = 0; r < program->role_count; r++) {
        smaller = *program;
        smaller.roles[r].messages = smaller.roles[r].bytes = 0;
        smaller.roles[r].policy = GR_POLICY_REJECT;
        smaller.roles[r].sends_at_end = smaller.roles[r].refuses = false;
        try_smaller(program, &smaller, which, runs);
    }
}

void rp_shrink(struct rp_program *program)
{
    struct rp_failure failure;
    int runs = 0;
    if (!rp_run_apart(program, &failure, false)) return;
    unsigned count = actions_of(program);
    for (unsigned length = count / 2; length > 0; length /= 2)
        for (unsigned from = 0; from < count; from += length) {
            struct rp_program smaller = *program;
            if (leave_out(&smaller, from, length)) try_smaller(program, &smaller, failure.which, &runs);
        }
    simplify(program, failure.which, &runs);
    for (unsigned from = 0; from < count; from++) {
        struct rp_program smaller = *program;
        if (leave_out(&smaller, from, 1)) try_smaller(program, &smaller, failure.which, &runs);
    }
}
