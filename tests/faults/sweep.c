/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of the allocation sweep; see sweep.h. */
#include "tests/faults/sweep.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/platform.h"
#include "runtime/runtime.h"
#include "tests/support/share.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { HANG_SECONDS = 20 }; /* a run takes milliseconds */

enum { DROUGHT = 64 }; /* allocations that fail after the nth, in a drought */

/* The memory behind the fault: it dries up for a while after the nth allocation, if that is wanted. */
struct well {
    struct gri_memory memory;    /* what the fault draws from */
    struct gri_memory *inner;    /* the process's */
    struct gri_memory_fault *of; /* the fault in front, which counts */
    bool is_drought;             /* not only the nth fails */
};

/* One run of a scenario. */
struct run {
    const struct scenario *scenario; /* which */
    int loops;                       /* of its system */
    uint64_t seed;                   /* 0: real */
    unsigned mode;                   /* one of SWEEP_ */
    struct gri_memory_fault fault;   /* where its memory comes from */
    struct well well;                /* behind that */
    gri_atomic_u64 done;             /* sweep_did */
    gri_atomic_u64 errors;           /* lack of memory was shown */
    gri_atomic_u64 consequences;     /* other errors that may follow from it */
    gri_atomic_u32 returned;         /* gr_system_run has */
    bool root_spawned;               /* there is a root */
    bool root_began;                 /* it runs or has run */
};

static struct run run;

static void *well_allocate(struct gri_memory *memory, size_t size)
{
    struct well *well = (struct well *)memory;
    uint64_t nth = well->of->nth;
    uint64_t count = gri_memory_fault_count(well->of);
    if (well->is_drought && nth != 0 && count > nth && count <= nth + DROUGHT) return NULL;
    return gri_memory_allocate(well->inner, size);
}

static void well_release(struct gri_memory *memory, void *p, size_t size)
{
    gri_memory_release(((struct well *)memory)->inner, p, size);
}

/* ---- what scenarios report ---- */

static void add(gri_atomic_u64 *number)
{
    gri_fetch_add(number, 1, GRI_RELAXED);
}

void sweep_did(void)
{
    add(&run.done);
}

bool sweep_has_fired(void)
{
    return run.fault.nth != 0 && gri_memory_fault_count(&run.fault) >= run.fault.nth;
}

bool sweep_ok(int error)
{
    switch (error) {
    case 0:
        return true;
    case GR_ENOMEM:
    case GR_EFULL: /* a handler that had no memory to rest comes to the hard cap */
        CHECK(sweep_has_fired());
        add(&run.errors);
        return false;
    case GR_ESTALE:
    case GR_EDOWN:
    case GR_ETIMEOUT:
    case GR_EUNANSWERED:
    case GR_ENOTFOUND:
        add(&run.consequences);
        return false;
    default:
        CHECK_EQ(error, GR_ENOMEM);
        return false;
    }
}

bool sweep_expect(int error, int wanted)
{
    if (error == wanted) {
        sweep_did();
        return true;
    }
    CHECK(error != 0);
    sweep_ok(error);
    return false;
}

bool sweep_reason(int reason)
{
    if (reason == GR_EKILLED) return true;
    if (reason != GR_ESTALE || !sweep_has_fired()) return sweep_ok(reason);
    add(&run.errors);
    return false;
}

int sweep_loops(void)
{
    return run.loops;
}

bool sweep_is_drought(void)
{
    return run.well.is_drought;
}

/* ---- the root ---- */

struct sweep_start {
    uint64_t root; /* root_function */
};
GR_MESSAGE(sweep_start, GR_FIELD(sweep_start, root));

static int sweep_root_main(gr_actor *self, const struct sweep_start *start)
{
    root_function root = (root_function)(uintptr_t)start->root;
    run.root_began = true;
    sweep_did();
    return root(self, NULL);
}

GR_COROUTINE(sweep_root, sweep_start, sweep_root_main);

static void stop_when_unheld(struct gr_system *system)
{
    gri_runtime_begin_stop(gri_runtime_of(system), gr_seconds(10));
}

static void spawn_root(gr_system *system)
{
    if (run.scenario->root == NULL) return;
    gr_ref ref = gr_system_spawn(system, sweep_root, (.holds_exit = true),
                                 .root = (uintptr_t)run.scenario->root);
    run.root_spawned = !gr_ref_is_null(ref);
    if (!run.root_spawned) sweep_ok(GR_ENOMEM);
    system->no_holder = stop_when_unheld;
}

/* If the root could not be born, nobody sees its exit reason. */
static void check_root(void)
{
    if (run.scenario->root == NULL || run.root_began) return;
    CHECK(sweep_has_fired());
    add(&run.errors);
}

/* ---- driving a system ---- */

static void *beside_main(void *system)
{
    gri_memory_override(&run.fault.memory);
    run.scenario->beside(system);
    /* It may not have begun to run yet. */
    while (gri_load(&run.returned, GRI_ACQUIRE) == 0) {
        CHECK_EQ(gr_system_stop(system, gr_seconds(20), NULL, 0, NULL), 0);
        sched_yield();
    }
    return NULL;
}

static void run_beside(gr_system *system)
{
    gri_thread thread;
    gri_store(&run.returned, 0, GRI_RELEASE);
    if (!CHECK_EQ(gri_thread_create(&thread, beside_main, system, "beside"), 0)) return;
    int error = gr_system_run(system);
    CHECK(error == 0 || error == GR_EBUSY ||
          error == GR_ENOMEM); /* busy: the other thread brought it to its end */
    gri_store(&run.returned, 1, GRI_RELEASE);
    gri_thread_join(thread);
}

static void run_steps(gr_system *system)
{
    int error = 0;
    for (uint64_t i = 0; error == 0; i++) {
        bool more;
        error = gr_system_step(system, &more);
        if (!more) sched_yield();
    }
    CHECK_EQ(error, GR_ESTOPPED);
}

static void drive(gr_system *system)
{
    if (run.scenario->beside != NULL)
        run_beside(system);
    else if (!run.root_spawned)
        CHECK(run.scenario->root == NULL || sweep_has_fired());
    else if (run.mode == SWEEP_STEPS)
        run_steps(system);
    else
        sweep_ok(gr_system_run(system));
}

/* What must hold of a system that has stopped. */
static void check_stopped(gr_system *system)
{
    struct gr_system_counts counts;
    gr_system_count(system, &counts);
    CHECK_EQ(counts.ended, counts.spawned);
    CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
    if (counts.dead_letters[GR_DEAD_NO_MEMORY] != 0) add(&run.errors);
    /* Nobody watches what plain threads spawned: that it could not be born is told by dead letters. */
    if (run.scenario->root != NULL && run.scenario->before == NULL) return;
    if (sweep_has_fired() && counts.dead_letters[GR_DEAD_STALE] != 0) add(&run.errors);
}

static void run_system(void)
{
    struct gr_system_options options = {.size = sizeof options,
                                        .loops = run.loops,
                                        .seed = run.seed,
                                        .keep_signals = true,
                                        .actors_max = 4096,
                                        .stop_deadline = gr_seconds(20)};
    struct gri_seams seams = {.memory = &run.fault.memory, .bypass_pools = true};
    gr_system *system;
    int error = gri_runtime_create(&options, &seams, &system);
    if (!sweep_ok(error)) {
        CHECK_EQ(error, GR_ENOMEM);
        CHECK(system == NULL);
        return;
    }
    spawn_root(system);
    if (run.scenario->before != NULL) run.scenario->before(system);
    drive(system);
    CHECK_EQ(gr_system_stop(system, gr_seconds(20), NULL, 0, NULL), 0);
    check_stopped(system);
    check_root();
    if (run.scenario->after != NULL) run.scenario->after(system);
    gr_system_destroy(system);
}

/* Everything that is written to stderr goes to a file from here on; returns what stderr was. */
static int divert(FILE *file)
{
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    CHECK(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    return kept;
}

/* Ends that; `text` of `size` bytes becomes what was written. */
static void undivert(int kept, FILE *file, char *text, size_t size)
{
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* gr_run takes its memory from the thread's override. Under AddressSanitizer that is block by block, else by chunks. */
static void run_gr_run(void)
{
    char text[4096];
    int before = failures();
    FILE *file = tmpfile();
    if (!CHECK(file != NULL)) return;
    int kept = divert(file);
    int code = gr_run_with(run.scenario->root, NULL, (.loops = run.loops, .seed = run.seed));
    undivert(kept, file, text, sizeof text);
    if (code == 0) {
        sweep_did();
    } else {
        CHECK(code == 1 && sweep_has_fired());
        CHECK(strstr(text, "GR_ENOMEM") != NULL);
        add(&run.errors);
    }
    if (failures() != before) fputs(text, stderr);
}

/* ---- a run ---- */

static void report(uint64_t total)
{
    fprintf(stderr, "that was %s in mode %u on %d loops, seed %llu, allocation %llu of about %llu%s\n",
            run.scenario->name, run.mode, run.loops, (unsigned long long)run.seed,
            (unsigned long long)run.fault.nth, (unsigned long long)total,
            run.well.is_drought ? " and more" : "");
}

/* Says which run hangs, and crashes, so that a core or a sanitizer shows where. */
static void give_up(int number)
{
    dup2(STDOUT_FILENO, STDERR_FILENO);
    fprintf(stderr, "a run hangs\n");
    report(gri_memory_fault_count(&run.fault));
    abort();
}

static void run_once(uint64_t nth, bool drought)
{
    gri_memory_fault_init(&run.fault, &run.well.memory, nth);
    run.well = (struct well){.memory = {.allocate = well_allocate, .release = well_release},
                             .inner = gri_memory_override(NULL),
                             .of = &run.fault,
                             .is_drought = drought};
    run.well.inner = gri_memory_default();
    gri_store(&run.done, 0, GRI_RELAXED);
    gri_store(&run.errors, 0, GRI_RELAXED);
    gri_store(&run.consequences, 0, GRI_RELAXED);
    run.root_spawned = run.root_began = false;
    gri_thread_error_set("none");
    signal(SIGALRM, give_up);
    alarm(HANG_SECONDS);
    gri_memory_override(&run.fault.memory);
    if (run.mode == SWEEP_VALUES)
        run.scenario->values();
    else if (run.mode == SWEEP_GR_RUN)
        run_gr_run();
    else
        run_system();
    gri_memory_override(NULL);
    alarm(0);
    CHECK(strstr(gr_last_error(NULL), "every actor waits") == NULL);
    CHECK_EQ(gri_memory_used(&run.fault.memory), 0);
}

/* Sweeps one mode with one seed; the goal is what the first run did. */
static void sweep(bool drought)
{
    int before = failures();
    run_once(0, false);
    uint64_t goal = gri_load(&run.done, GRI_RELAXED);
    uint64_t total = gri_memory_fault_count(&run.fault);
    CHECK(goal > 0 && total > 0);
    CHECK_EQ(gri_load(&run.errors, GRI_RELAXED), 0);
    CHECK_EQ(gri_load(&run.consequences, GRI_RELAXED), 0);
    uint64_t nth = 0;
    bool fired = true;
    while (fired && failures() == before) {
        run_once(++nth, drought);
        fired = sweep_has_fired();
        if (gri_load(&run.errors, GRI_RELAXED) != 0) continue;
        CHECK_EQ(gri_load(&run.consequences, GRI_RELAXED), 0);
        CHECK_EQ(gri_load(&run.done, GRI_RELAXED), goal);
    }
    if (failures() != before) report(total);
}

static void sweep_case(const struct scenario *scenario, unsigned mode, int loops, uint64_t seeds, int *passed,
                       int *failed)
{
    int before = failures();
    run.scenario = scenario;
    run.mode = mode;
    run.loops = loops;
    for (run.seed = seeds; failures() == before; run.seed--) {
        sweep(false);
        if (run.seed != 0) sweep(true);
        if (run.seed <= 1) break;
    }
    failures() == before ? ++*passed : ++*failed;
}

void sweep_scenario(const struct scenario *scenario, int *passed, int *failed)
{
    uint64_t seeds = test_share(3);
    if (scenario->modes & SWEEP_VALUES) sweep_case(scenario, SWEEP_VALUES, 0, 0, passed, failed);
    for (int loops = 1; loops <= 4; loops *= 2)
        if (scenario->modes & SWEEP_SIMULATED)
            sweep_case(scenario, SWEEP_SIMULATED, loops, seeds, passed, failed);
    for (int loops = 1; loops <= 2; loops++) {
        if (scenario->modes & SWEEP_REAL) sweep_case(scenario, SWEEP_REAL, loops, 0, passed, failed);
        if (scenario->modes & SWEEP_STEPS) sweep_case(scenario, SWEEP_STEPS, loops, 0, passed, failed);
        if (scenario->modes & SWEEP_STEPS) sweep_case(scenario, SWEEP_STEPS, loops, 1, passed, failed);
        if (scenario->modes & SWEEP_GR_RUN) sweep_case(scenario, SWEEP_GR_RUN, loops, 0, passed, failed);
        if (scenario->modes & SWEEP_GR_RUN) sweep_case(scenario, SWEEP_GR_RUN, loops, 1, passed, failed);
    }
}
