/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random programs of actors under simulation, each made from a seed, with every guarantee checked that one process
 * shows. A failing seed is printed with what was broken, the history, and a smaller program that fails as well.
 *
 *     random_programs [--first N] [--seeds N]   runs many; the default is the share that ./dev test runs
 *     random_programs --seed N [--verbose]      runs one again, with its whole history if verbose
 *     random_programs --hashes N --first N      prints the hashes of N seeds, for another process to compare
 */
#include "tests/support/share.h"
#include "tests/systematic/actors/run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEEDS_DEFAULT    20000u
#define REPEAT_EVERY     64u  /* seeds of which one is run twice in the same process */
#define APART            100u /* seeds that are run again in another process */
#define SEED_SECONDS_MAX 10u

static const char *const case_names[RP_CASES] = {
#define RP_CASE_NAME(name, text) text,
    RP_CASE_TABLE(RP_CASE_NAME)
#undef RP_CASE_NAME
};

/* Seeds that once failed, each with why. */
static const struct {
    uint64_t seed;   /* of the program */
    const char *why; /* what was wrong */
} regressions[] = {
    {6, "messages without a handler were counted as handled"},
    {52, "gr_stop threw away the mail that had come before it"},
    {384, "the trace showed the type of signals, which have none: whatever the memory held"},
    {1325, "a call that waited for room did not see its deadline pass"},
    {3441, "an actor that was still to be born when the system stopped ended as if normally"},
    {3606, "a call without memory was no dead letter"},
    {9380, "what drops its oldest dropped one for each arrival, however heavy that was"},
    {94237, "the checker let a request that a deadlock had ended bound those made later"},
    {252378, "the checker did not expect this side to find a link that the other had withdrawn"},
    {540875, "of two messages that were put back alone the second came first"},
    {829273, "a wait that cancels hid that there was no memory for that"},
};

/* What the process that runs the seeds tells the one that judges; it survives a crash. */
struct progress {
    uint64_t seed;             /* the one that runs */
    uint64_t seeds;            /* run so far */
    uint64_t handled;          /* messages */
    uint64_t reused;           /* slots */
    uint64_t stale_sends;      /* to slots of others */
    bool hung;                 /* the one that runs did not come to an end */
    struct rp_failure failure; /* the first */
};

static struct progress *progress;

static bool same(const struct rp_result *a, const struct rp_result *b)
{
    return a->trace_hash == b->trace_hash && a->history_hash == b->history_hash;
}

/* Runs one seed, sometimes twice. Whether all held. */
static bool run_seed(uint64_t seed, bool twice)
{
    struct rp_program program;
    struct rp_result result = {0}, again = {0};
    progress->seed = seed;
    alarm(SEED_SECONDS_MAX); /* ends a run that hangs */
    rp_program_make(&program, seed);
    rp_run(&program, &result);
    if (twice && !rp_failure->failed) {
        void *other_layout = malloc(1000 + seed % 7 * 4096);
        rp_run(&program, &again);
        free(other_layout);
        if (!rp_failure->failed && !same(&result, &again))
            rp_fail(RP_HASH, -1, -1,
                    "the second run's hash is another: %" PRIx64 " %" PRIx64 ", %" PRIx64 " %" PRIx64,
                    result.trace_hash, again.trace_hash, result.history_hash, again.history_hash);
    }
    progress->seeds++;
    progress->handled += result.handled;
    progress->reused += result.reused;
    progress->stale_sends += result.stale_sends;
    return !rp_failure->failed;
}

static void run_many(uint64_t first, uint64_t count)
{
    for (uint64_t seed = first; seed < first + count; seed++)
        if (!run_seed(seed, seed % REPEAT_EVERY == 0)) return;
}

/* Runs seeds in a process of their own. Whether all held; else progress->failure tells what did not. */
static bool run_many_apart(uint64_t first, uint64_t count)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) abort();
    if (pid == 0) {
        rp_failure = &progress->failure;
        run_many(first, count);
        alarm(0);
        exit(0); /* the sanitizers have a word */
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0 && !progress->failure.failed) {
        progress->failure = (struct rp_failure){.failed = true, .which = RP_ENDS, .actor = -1, .message = -1};
        bool hung = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
        progress->hung = hung;
        snprintf(progress->failure.text, sizeof progress->failure.text,
                 hung ? "it hung" : "the process ended with status %x", status);
    }
    return !progress->failure.failed;
}

/* ---- failures ---- */

static void explain(uint64_t seed)
{
    struct rp_program program;
    struct rp_failure failure;
    rp_program_make(&program, seed);
    printf("FAILED %s, seed %" PRIu64 ": %s\n", case_names[progress->failure.which], seed,
           progress->failure.text);
    if (progress->hung) {
        rp_program_print(&program);
        return;
    }
    if (!rp_run_apart(&program, &failure, false)) {
        printf("  alone, this seed passes: it depends on the seeds before it, or on the memory's layout\n");
        return;
    }
    rp_shrink(&program);
    printf("  a smaller program that fails too:\n");
    rp_program_print(&program);
    printf("  and its history:\n");
    rp_run_apart(&program, &failure, true);
    printf("  %s: %s\n  to run the seed again: random_programs --seed %" PRIu64 " --verbose\n",
           case_names[failure.which], failure.text, seed);
}

static int replay(uint64_t seed, bool verbose)
{
    struct rp_program program;
    struct rp_result result = {0};
    rp_program_make(&program, seed);
    if (verbose) rp_program_print(&program);
    fflush(stdout);
    rp_run(&program, &result);
    if (verbose) rp_print_history(true);
    if (rp_failure->failed) printf("FAILED %s: %s\n", case_names[rp_failure->which], rp_failure->text);
    printf("seed %" PRIu64 ": trace hash %016" PRIx64 ", history hash %016" PRIx64 "\n", seed,
           result.trace_hash, result.history_hash);
    return rp_failure->failed;
}

/* ---- hashes of another process ---- */

static int print_hashes(uint64_t first, uint64_t count)
{
    void *holes[16] = {NULL}; /* so that nothing lies where it does in the other process */
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct rp_program program;
        struct rp_result result = {0};
        free(holes[seed % 16]);
        holes[seed % 16] = malloc(seed % 13 * 777 + 1);
        rp_program_make(&program, seed);
        rp_run(&program, &result);
        printf("%016" PRIx64 "%016" PRIx64 "\n", result.trace_hash, result.history_hash);
    }
    for (int i = 0; i < 16; i++) free(holes[i]);
    return 0;
}

/* Compares with a process of another address layout: other random addresses, other blocks before. */
static bool check_hashes_apart(const char *program_path, uint64_t first, uint64_t count)
{
    char command[600], line[80];
    bool all = true;
    snprintf(command, sizeof command, "'%s' --hashes %" PRIu64 " --first %" PRIu64, program_path, count,
             first);
    FILE *other = popen(command, "r");
    if (other == NULL) return false;
    alarm(10 * SEED_SECONDS_MAX);
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct rp_program program;
        struct rp_result result = {0};
        char expected[80];
        rp_program_make(&program, seed);
        rp_run(&program, &result);
        snprintf(expected, sizeof expected, "%016" PRIx64 "%016" PRIx64 "\n", result.trace_hash,
                 result.history_hash);
        bool equal = fgets(line, sizeof line, other) != NULL && strcmp(line, expected) == 0;
        if (all && !equal)
            printf("FAILED %s: seed %" PRIu64 " in another process\n", case_names[RP_HASH], seed);
        all &= equal;
    }
    all &= pclose(other) == 0;
    alarm(0);
    return all;
}

/* ---- the whole ---- */

static bool check_regressions(void)
{
    for (size_t i = 0; i < sizeof regressions / sizeof *regressions; i++) {
        if (run_many_apart(regressions[i].seed, 1)) continue;
        printf("FAILED %s: %s\n", case_names[RP_REGRESSIONS], regressions[i].why);
        explain(regressions[i].seed);
        return false;
    }
    return true;
}

static int run_all(const char *program_path, uint64_t first, uint64_t seeds)
{
    bool failed[RP_CASES] = {false};
    if (!check_regressions()) {
        failed[RP_REGRESSIONS] = true;
    } else if (!run_many_apart(first, seeds)) {
        failed[progress->failure.which] = true;
        explain(progress->seed);
    }
    uint64_t apart = seeds < APART ? seeds : APART;
    if (!progress->failure.failed && !check_hashes_apart(program_path, first, apart)) failed[RP_HASH] = true;
    if (seeds >= APART && (progress->reused < progress->seeds || progress->stale_sends < progress->seeds / 8))
        failed[RP_REUSE] = true;
    printf("random_programs: %" PRIu64 " seeds from %" PRIu64 ", %" PRIu64 " messages handled, %" PRIu64
           " slots reused, %" PRIu64 " messages to slots of others\n",
           progress->seeds, first, progress->handled, progress->reused, progress->stale_sends);
    int failures = 0;
    for (int i = 0; i < RP_CASES; i++) {
        if (failed[i]) printf("FAILED %s\n", case_names[i]);
        failures += failed[i];
    }
    printf("random_programs: %d passed, %d failed\n", RP_CASES - failures, failures);
    return failures != 0;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, seeds = 0, seed = 0, hashes = 0;
    bool verbose = false;
    setenv("GR_LOG", "error", 0); /* thousands of deadlocks are no news here */
    for (int i = 1; i < argc; i++) {
        uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
        if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
            continue;
        }
        if (strcmp(argv[i], "--first") == 0)
            first = value;
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = value;
        else if (strcmp(argv[i], "--seed") == 0)
            seed = value;
        else if (strcmp(argv[i], "--hashes") == 0)
            hashes = value;
        else {
            fprintf(stderr, "random_programs: unknown option %s\n", argv[i]);
            return 2;
        }
        i++;
    }
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) return 1;
    if (seed != 0) return replay(seed, verbose);
    if (hashes != 0) return print_hashes(first, hashes);
    return run_all(argv[0], first, seeds != 0 ? seeds : test_share(SEEDS_DEFAULT));
}
