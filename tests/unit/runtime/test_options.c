/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of options: defaults, the environment, and refusals that name what is wrong. */
#include "base/error.h"
#include "base/platform.h"
#include "runtime/options.h"
#include "tests/support/world/case.h"

#include <stdlib.h>

static const char *const variables[] = {"GR_LOOPS",        "GR_SEED",
                                        "GR_MEMORY_MAX",   "GR_ACTORS_MAX",
                                        "GR_STACK_SIZE",   "GR_BLOCKING_THREADS",
                                        "GR_HOG_AFTER_MS", "GR_STOP_DEADLINE_MS"};

static void clear(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) unsetenv(variables[i]);
}

Case(options, without_any_there_are_defaults)
{
    struct gr_system_options out;
    clear();
    CHECK_EQ(gri_options_resolve(NULL, &out), 0);
    CHECK_EQ(out.loops, gri_cpu_count());
    CHECK_EQ(out.seed, 0);
    CHECK_EQ(out.memory_max, 0);
    CHECK_EQ(out.actors_max, 16 << 20);
    CHECK_EQ(out.blocking_threads, 64);
    CHECK_EQ(out.hog_after, gr_seconds(1));
    CHECK_EQ(out.stop_deadline, gr_seconds(5));
    CHECK(!out.keep_signals);
}

Case(options, the_environment_fills_what_is_zero_in_its_own_units)
{
    struct gr_system_options out;
    clear();
    setenv("GR_LOOPS", "3", 1);
    setenv("GR_SEED", "18446744073709551615", 1);
    setenv("GR_MEMORY_MAX", "1048576", 1);
    setenv("GR_ACTORS_MAX", "1000", 1);
    setenv("GR_STACK_SIZE", "65536", 1);
    setenv("GR_BLOCKING_THREADS", "7", 1);
    setenv("GR_HOG_AFTER_MS", "20", 1);
    setenv("GR_STOP_DEADLINE_MS", "30", 1);
    CHECK_EQ(gri_options_resolve(NULL, &out), 0);
    CHECK_EQ(out.loops, 3);
    CHECK(out.seed == UINT64_MAX);
    CHECK_EQ(out.memory_max, 1048576);
    CHECK_EQ(out.actors_max, 1000);
    CHECK_EQ(out.stack_size, 65536);
    CHECK_EQ(out.blocking_threads, 7);
    CHECK_EQ(out.hog_after, gr_milliseconds(20));
    CHECK_EQ(out.stop_deadline, gr_milliseconds(30));
    struct gr_system_options given = {.size = sizeof given, .loops = 5, .hog_after = 9000000};
    CHECK_EQ(gri_options_resolve(&given, &out), 0);
    CHECK_EQ(out.loops, 5);
    CHECK_EQ(out.hog_after, 9000000);
    CHECK_EQ(out.blocking_threads, 7);
    setenv("GR_LOOPS", "", 1); /* empty is not set */
    CHECK_EQ(gri_options_resolve(NULL, &out), 0);
    CHECK_EQ(out.loops, gri_cpu_count());
}

Case(options, bad_variables_are_refused_by_name_and_value)
{
    static const char *const bad[] = {
        "-1", "0", "x", "3x", " 3", "+3", "1e3", "0x10", "3.0", "99999999999999999999999", "3 "};
    for (size_t v = 0; v < sizeof variables / sizeof variables[0]; v++) {
        clear();
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            struct gr_system_options out;
            setenv(variables[v], bad[i], 1);
            CHECK_EQ(gri_options_resolve(NULL, &out), GR_EINVALID);
            CHECK(strstr(gr_last_error(NULL), variables[v]) != NULL);
            CHECK(strstr(gr_last_error(NULL), bad[i]) != NULL);
            CHECK(strstr(gr_last_error(NULL), "whole number from") != NULL);
        }
    }
    clear();
}

Case(options, each_variable_has_a_least_and_a_largest_value)
{
    static const struct {
        const char *variable;           /* in the environment */
        const char *low, *least;        /* one too small, and the least */
        const char *largest, *too_much; /* the largest, and one too large */
    } table[] = {{"GR_LOOPS", "0", "1", "62", "63"},
                 {"GR_MEMORY_MAX", "1048575", "1048576", "18446744073709551615", "18446744073709551616"},
                 {"GR_ACTORS_MAX", "0", "1", "1073741824", "1073741825"},
                 {"GR_STACK_SIZE", "16383", "16384", "1073741824", "1073741825"},
                 {"GR_BLOCKING_THREADS", "0", "1", "10000", "10001"},
                 {"GR_HOG_AFTER_MS", "0", "1", "86400000", "86400001"},
                 {"GR_STOP_DEADLINE_MS", "0", "1", "86400000", "86400001"},
                 {"GR_SEED", "0", "1", "18446744073709551615", "18446744073709551616"}};
    struct gr_system_options out;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        clear();
        setenv(table[i].variable, table[i].low, 1);
        CHECK_EQ(gri_options_resolve(NULL, &out), GR_EINVALID);
        setenv(table[i].variable, table[i].least, 1);
        CHECK_EQ(gri_options_resolve(NULL, &out), 0);
        setenv(table[i].variable, table[i].largest, 1);
        CHECK_EQ(gri_options_resolve(NULL, &out), 0);
        setenv(table[i].variable, table[i].too_much, 1);
        CHECK_EQ(gri_options_resolve(NULL, &out), GR_EINVALID);
    }
}

Case(options, bad_options_are_refused_by_name)
{
    static const struct {
        struct gr_system_options given; /* one bad field */
        const char *name;               /* its name */
    } table[] = {{{.loops = -1}, ".loops = -1"},
                 {{.loops = 63}, ".loops = 63"},
                 {{.memory_max = 1000}, ".memory_max"},
                 {{.actors_max = (1u << 30) + 1}, ".actors_max"},
                 {{.stack_size = 100}, ".stack_size"},
                 {{.blocking_threads = -5}, ".blocking_threads = -5"},
                 {{.hog_after = -1}, ".hog_after = -1"},
                 {{.hog_after = 1000}, ".hog_after = 1000 ns is out of range: 1 to 86400000 ms"},
                 {{.stop_deadline = GR_FOREVER}, ".stop_deadline"}};
    clear();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gr_system_options given = table[i].given, out;
        given.size = sizeof given;
        CHECK_EQ(gri_options_resolve(&given, &out), GR_EINVALID);
        if (!CHECK(strstr(gr_last_error(NULL), table[i].name) != NULL))
            fprintf(stderr, "%s\n", gr_last_error(NULL));
    }
}

Case(options, options_of_an_older_program_are_shorter_and_of_a_newer_one_refused)
{
    struct gr_system_options given = {.size = offsetof(struct gr_system_options, memory_max),
                                      .seed = 4,
                                      .memory_max = 1},
                             out;
    clear();
    CHECK_EQ(gri_options_resolve(&given, &out), 0);
    CHECK_EQ(out.seed, 4);
    CHECK_EQ(out.memory_max, 0);
    given.size = sizeof given + 8;
    CHECK_EQ(gri_options_resolve(&given, &out), GR_EINVALID);
    given.size = 0;
    CHECK_EQ(gri_options_resolve(&given, &out), GR_EINVALID);
}
