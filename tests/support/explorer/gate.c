/* SPDX-License-Identifier: Apache-2.0 */
/* The main program of an explorer program: runs the scenarios, then the mutation gate, and reports. */
#include "tests/support/explorer/schedule.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: %s [--verbose] [--weaken FILE:LINE ORDER] [--replay SCENARIO CHOICES]\n"
    "Explores every scenario; then weakens every memory order in turn, and expects a failure each time.\n"
    "  --weaken   weaken only this one, and don't expect anything (ORDER: relaxed, acquire, release, "
    "acq_rel)\n"
    "  --replay   run one execution, as a failure printed it, and show its steps\n";

static const struct gri_explorer_program *program;
static bool verbose;
static uint64_t executions;
static int passed, failed, sites, caught;

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* --- scenarios --- */

static void report_failure(const struct gri_explorer_scenario *scenario)
{
    printf("%s: %s: %s\n", program->name, scenario->name, gri_explorer_failure());
    trace_print(stdout);
    printf("  again: --replay %s '%s'\n", scenario->name, trace_choices());
}

/* Whether the scenario passes. */
static bool explore(const struct gri_explorer_scenario *scenario)
{
    struct gri_explorer_result result = gri_explorer_run(scenario, true, NULL);
    executions += result.executions;
    if (result.failed) {
        report_failure(scenario);
        return false;
    }
    printf("%s: %s: %llu executions, %llu pruned, %zu outcomes\n", program->name, scenario->name,
           (unsigned long long)result.executions, (unsigned long long)result.pruned, result.outcomes);
    return gri_explorer_outcomes_fit(scenario);
}

static void count(bool ok)
{
    if (ok)
        passed++;
    else
        failed++;
}

/* --- the gate --- */

/* The orders weaker than `order` that this kind of access may have; returns how many. */
static int weaker_orders(enum op_kind kind, int order, int out[4])
{
    int n = 0;
    if (order == GRI_SEQ_CST && kind == OP_RMW) out[n++] = GRI_ACQ_REL;
    if (order == GRI_SEQ_CST || order == GRI_ACQ_REL) {
        if (kind != OP_STORE) out[n++] = GRI_ACQUIRE;
        if (kind != OP_LOAD) out[n++] = GRI_RELEASE;
    }
    out[n++] = GRI_RELAXED;
    return n;
}

/* Whether some scenario fails now. */
static bool some_scenario_fails(const char **which)
{
    for (size_t i = 0; i < program->scenario_count; i++) {
        *which = program->scenarios[i].name;
        if (gri_explorer_run(&program->scenarios[i], true, NULL).failed) return true;
    }
    return false;
}

static void try_weaker(const struct site *site, int order)
{
    const char *which = NULL;
    api_weaken(site, order);
    bool found = some_scenario_fails(&which);
    api_weaken(NULL, 0);
    count(found);
    caught += found;
    if (found && !verbose) return;
    printf("%s: %s:%d: %s instead of %s: ", program->name, site->file, site->line, trace_order_name(order),
           trace_order_name(site->order));
    if (found)
        printf("caught in %s: %s\n", which, gri_explorer_failure());
    else
        printf("NOT CAUGHT: the order is stronger than needed, or the scenarios are too weak\n");
}

/* Whether the site is in a file that this program answers for; others have a program of their own. */
static bool is_ours(const struct site *site)
{
    for (const char *const *source = program->sources; *source != NULL; source++)
        if (ends_with(site->file, *source)) return true;
    return false;
}

static void weaken_all(void)
{
    int weaker[4];
    for (int i = 0; i < api_site_count; i++) {
        struct site site = api_sites[i];
        if (!is_ours(&site)) continue;
        sites++;
        for (int n = weaker_orders(site.kind, site.order, weaker); n > 0; n--)
            try_weaker(&site, weaker[n - 1]);
    }
}

/* --- whether every ordered access of the sources was reached --- */

static bool is_ordered_access(const char *text)
{
    static const char *const orders[] = {"GRI_ACQUIRE", "GRI_RELEASE", "GRI_ACQ_REL", "GRI_SEQ_CST"};
    while (*text == ' ') text++;
    if (strncmp(text, "/*", 2) == 0 || *text == '*' || *text == '#') return false;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strstr(text, orders[i]) != NULL) return true;
    return false;
}

static bool is_call(const char *text)
{
    static const char *const calls[] = {"gri_load(", "gri_store(", "gri_exchange(", "gri_compare_exchange(",
                                        "gri_fetch_"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strstr(text, calls[i]) != NULL) return true;
    return false;
}

/* Compilers differ in the line of a call that is broken into several: any of them will do. */
static void check_reached(const char *source, int first, int last)
{
    bool reached = false;
    for (int i = 0; i < api_site_count; i++) {
        bool here = api_sites[i].line >= first && api_sites[i].line <= last;
        reached = reached || (here && ends_with(api_sites[i].file, source));
    }
    count(reached);
    if (!reached) printf("%s: %s:%d: this access is reached by no scenario\n", program->name, source, first);
}

static void check_source(const char *source)
{
    char path[1000], text[1000];
    int call = 0;
    snprintf(path, sizeof path, "%s/%s", GRI_SOURCE_ROOT, source);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    for (int line = 1; fgets(text, sizeof text, file) != NULL; line++) {
        if (is_call(text)) call = line;
        if (is_ordered_access(text)) check_reached(source, call, line);
    }
    fclose(file);
}

/* --- the program --- */

static int order_named(const char *name)
{
    static const int orders[] = {GRI_RELAXED, GRI_ACQUIRE, GRI_RELEASE, GRI_ACQ_REL};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strcmp(trace_order_name(orders[i]), name) == 0) return orders[i];
    fprintf(stderr, "%s: no such order\n", name);
    exit(2);
}

/* Weakens the site that ends in `place`, FILE:LINE: runs everything once, so that the sites are known. */
static void weaken_named(const char *place, const char *order)
{
    for (size_t i = 0; i < program->scenario_count; i++) gri_explorer_run(&program->scenarios[i], true, NULL);
    for (int i = 0; i < api_site_count; i++) {
        char name[500];
        snprintf(name, sizeof name, "%s:%d", api_sites[i].file, api_sites[i].line);
        if (!ends_with(name, place)) continue;
        api_weaken(&api_sites[i], order_named(order));
        return;
    }
    fprintf(stderr, "%s: no such site\n", place);
    exit(2);
}

static int replay(const char *name, const char *choices)
{
    for (size_t i = 0; i < program->scenario_count; i++) {
        const struct gri_explorer_scenario *scenario = &program->scenarios[i];
        if (strcmp(scenario->name, name) != 0) continue;
        trace_replay(choices);
        bool bad = gri_explorer_run(scenario, true, NULL).failed;
        if (bad)
            report_failure(scenario);
        else
            trace_print(stdout), printf("%s: %s: no failure\n", program->name, name);
        return bad;
    }
    fprintf(stderr, "%s: no such scenario\n", name);
    return 2;
}

int gri_explorer_main(const struct gri_explorer_program *which, int argc, char **argv)
{
    bool gate = true;
    program = which;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else if (strcmp(argv[i], "--weaken") == 0 && i + 2 < argc) {
            weaken_named(argv[i + 1], argv[i + 2]);
            gate = false;
            i += 2;
        } else if (strcmp(argv[i], "--replay") == 0 && i + 2 < argc) {
            return replay(argv[i + 1], argv[i + 2]);
        } else {
            fprintf(stderr, usage, argv[0]);
            return 2;
        }
    }
    for (size_t i = 0; i < program->scenario_count; i++) count(explore(&program->scenarios[i]));
    if (gate && failed == 0) {
        for (const char *const *source = program->sources; *source != NULL; source++) check_source(*source);
        weaken_all();
    }
    printf("%s: %llu executions, %d sites, %d weakenings caught; %d passed, %d failed\n", program->name,
           (unsigned long long)executions, sites, caught, passed, failed);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
