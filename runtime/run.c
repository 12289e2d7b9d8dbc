/* SPDX-License-Identifier: Apache-2.0 */
/* gr_run: a whole program as one call. */
#include "base/error.h"
#include "runtime/runtime.h"

#include <greenroom/coroutine.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What the root actor runs and where its outcome goes: addresses, valid while gr_run is under way. */
struct gr_root_start {
    uint64_t main;     /* int (*)(gr_actor *, void *) */
    uint64_t argument; /* its second argument */
    uint64_t outcome;  /* struct outcome * */
};
GR_MESSAGE(gr_root_start, GR_FIELD(gr_root_start, main), GR_FIELD(gr_root_start, argument),
           GR_FIELD(gr_root_start, outcome));

/* How the root actor ended. */
struct outcome {
    int result;     /* what its function returned */
    char text[192]; /* its last error */
};

static int root_main(gr_actor *self, const struct gr_root_start *start)
{
    int (*root)(gr_actor *, void *) = (int (*)(gr_actor *, void *))(uintptr_t)start->main;
    struct outcome *outcome = (struct outcome *)(uintptr_t)start->outcome;
    *outcome = (struct outcome){.result = GR_EKILLED, .text = "it was killed, and did not return"};
    outcome->result = root(self, (void *)(uintptr_t)start->argument);
    snprintf(outcome->text, sizeof outcome->text, "%s", gr_last_error(self));
    return outcome->result;
}

GR_COROUTINE(root, gr_root_start, root_main);

static void stop_when_unheld(struct gr_system *system)
{
    struct gri_runtime *runtime = gri_runtime_of(system);
    gri_runtime_begin_stop(runtime, runtime->options.stop_deadline);
}

static void report(const char *what, int error, const char *text)
{
    const char *sentence = gr_error_text(error);
    bool more = strcmp(text, gr_error_text(GR_OK)) != 0 && strcmp(text, sentence) != 0;
    /* A number that is no name of ours says more than "unknown". */
    bool is_named = error < 0 && strcmp(gr_error_name(error), gr_error_name(INT_MIN)) != 0;
    const char *before = more ? "; last error: " : "";
    if (is_named)
        fprintf(stderr, "%s: %s: %s%s%s\n", what, gr_error_name(error), sentence, before, more ? text : "");
    else
        fprintf(stderr, "%s: %s: %d%s%s\n", what, sentence, error, before, more ? text : "");
}

/* Runs the system with its root; the exit code. */
static int run_root(struct gri_runtime *runtime, int (*main_function)(gr_actor *, void *), void *argument)
{
    struct outcome outcome = {.result = GR_ENOMEM,
                              .text = "there was no memory for it, or it was killed first"};
    runtime->system.root = root_gr_behaviour();
    runtime->system.no_holder = stop_when_unheld;
    runtime->exits_when_abandoned = true;
    gr_ref ref = gr_system_spawn(&runtime->system, root, (.holds_exit = true),
                                 .main = (uintptr_t)main_function, .argument = (uintptr_t)argument,
                                 .outcome = (uintptr_t)&outcome);
    int error = gr_ref_is_null(ref) ? GR_ENOMEM : gr_system_run(&runtime->system);
    if (error == GR_EABANDONED) gri_runtime_leave(runtime);
    if (error != 0) {
        report("greenroom", error, gri_thread_error());
        return 1;
    }
    if (outcome.result != 0) report("root actor", outcome.result, outcome.text);
    return outcome.result != 0;
}

int gri_run(int (*main_function)(gr_actor *self, void *argument), void *argument,
            const struct gr_system_options *options)
{
    gr_system *system;
    int error = gri_system_create(options, &system);
    if (error != 0) {
        report("greenroom", error, gri_thread_error());
        return error == GR_EINVALID ? GR_EXIT_OPTIONS : 1;
    }
    struct gri_runtime *runtime = gri_runtime_of(system);
    bool keep_signals = runtime->options.keep_signals;
    if (!keep_signals) gri_signals_install(runtime);
    int code = run_root(runtime, main_function, argument);
    uint32_t number = runtime->ended_by;
    if (!keep_signals) gri_signals_restore(runtime);
    gr_system_destroy(system);
    return number != 0 ? 128 + (int)number : code;
}
