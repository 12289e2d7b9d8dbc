/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of every public call fails once: an error or an exit reason each time, no crash, no leak, no hang.
 * Arguments: words; only scenarios whose names contain one of them are run.
 */
#include "tests/faults/sweep.h"

#include <stdlib.h>

static const struct scenario *const all[] = {value_scenarios,   spawning_scenarios, traffic_scenarios,
                                             request_scenarios, watching_scenarios, future_scenarios,
                                             waiting_scenarios, pattern_scenarios,  linking_scenarios,
                                             outside_scenarios, program_scenarios};

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(name, argv[i]) != NULL) return true;
    return argc < 2;
}

int main(int argc, char **argv)
{
    int passed = 0;
    int failed = 0;
    setenv("GR_LOG", "error", 0); /* its deadlocks are wanted */
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (const struct scenario *scenario = all[i]; scenario->name != NULL; scenario++)
            if (is_wanted(scenario->name, argc, argv)) sweep_scenario(scenario, &passed, &failed);
    printf("allocation_sweep: %d passed, %d failed\n", passed, failed);
    return failed != 0 || passed == 0;
}
