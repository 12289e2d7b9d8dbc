/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the log: levels, the form of a line, one write a line. What reads GR_LOG runs in a child process. */
#define _GNU_SOURCE /* pipe2 */
#include "observe/log.h"
#include "tests/unit/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>

Test(log, values_of_gr_log_name_levels)
{
    cr_assert_eq(gri_log_level_of("error"), GR_LOG_ERROR);
    cr_assert_eq(gri_log_level_of("warning"), GR_LOG_WARNING);
    cr_assert_eq(gri_log_level_of("info"), GR_LOG_INFO);
    cr_assert_eq(gri_log_level_of("debug"), GR_LOG_DEBUG);
}

Test(log, without_a_value_the_level_is_warning)
{
    cr_assert_eq(gri_log_level_of(NULL), GR_LOG_WARNING);
    cr_assert_eq(gri_log_level_of(""), GR_LOG_WARNING);
}

Test(log, other_values_name_no_level)
{
    static const char *const bad[] = {"Debug", "debug ", " info", "3", "warn", "all", "infox", "\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(gri_log_level_of(bad[i]), 0, "%s", bad[i]);
}

static void check_line(enum gr_log_level level, gr_time time, const char *text, const char *expected)
{
    char line[GRI_LOG_LINE_MAX + 1];
    line[gri_log_line(line, level, time, text)] = '\0';
    cr_assert_str_eq(line, expected);
}

Test(log, a_line_has_time_level_and_text)
{
    check_line(GR_LOG_WARNING, 0, "text", "1970-01-01T00:00:00.000000Z warning: text\n");
    check_line(GR_LOG_ERROR, 951826154000001999, "", "2000-02-29T12:09:14.000001Z error: \n");
    check_line(GR_LOG_INFO, 1999999999, "a", "1970-01-01T00:00:01.999999Z info: a\n");
    check_line(GR_LOG_DEBUG, 0, "a", "1970-01-01T00:00:00.000000Z debug: a\n");
}

Test(log, control_bytes_are_escaped_and_a_text_is_one_line)
{
    check_line(
        GR_LOG_ERROR, 0, "a\nb\r\x1b[31m\x7f\xc2\x9b\"\\\xff gr\xc3\xbcn",
        "1970-01-01T00:00:00.000000Z error: a\\nb\\r\\u001b[31m\\u007f\\u009b\"\\\xef\xbf\xbd gr\xc3\xbcn\n");
}

Test(log, levels_that_are_none_count_as_the_nearest)
{
    check_line((enum gr_log_level)0, 0, "a", "1970-01-01T00:00:00.000000Z error: a\n");
    check_line((enum gr_log_level)99, 0, "a", "1970-01-01T00:00:00.000000Z debug: a\n");
}

#define HEAD (sizeof "1970-01-01T00:00:00.000000Z info: " - 1)

/* The line of `length` x with `last` behind them. */
static size_t long_line(char line[GRI_LOG_LINE_MAX], size_t length, const char *last)
{
    char text[2 * GRI_LOG_LINE_MAX];
    memset(text, 'x', length);
    strcpy(text + length, last);
    return gri_log_line(line, GR_LOG_INFO, 0, text);
}

Test(log, the_longest_line_is_1000_bytes_and_a_longer_one_is_cut_with_a_mark)
{
    char line[GRI_LOG_LINE_MAX];
    size_t fits = GRI_LOG_LINE_MAX - HEAD - 1;
    cr_assert_eq(long_line(line, fits, ""), GRI_LOG_LINE_MAX);
    cr_assert_eq(memcmp(line + GRI_LOG_LINE_MAX - 4, "xxx\n", 4), 0);
    cr_assert_eq(long_line(line, fits - 1, ""), GRI_LOG_LINE_MAX - 1);
    cr_assert_eq(long_line(line, fits + 1, ""), GRI_LOG_LINE_MAX);
    cr_assert_eq(memcmp(line + GRI_LOG_LINE_MAX - 5, "x...\n", 5), 0);
    cr_assert_eq(long_line(line, fits + 500, ""), GRI_LOG_LINE_MAX);
    cr_assert_eq(memcmp(line + GRI_LOG_LINE_MAX - 5, "x...\n", 5), 0);
}

Test(log, a_line_is_cut_between_two_characters)
{
    char line[GRI_LOG_LINE_MAX];
    size_t fits = GRI_LOG_LINE_MAX - HEAD - 4;
    cr_assert_eq(long_line(line, fits - 2, "\xe2\x82\xac and more"), GRI_LOG_LINE_MAX - 2);
    cr_assert_eq(memcmp(line + GRI_LOG_LINE_MAX - 8, "xx...\n", 6), 0);
    cr_assert_eq(long_line(line, fits - 5, "\x01 and more"), GRI_LOG_LINE_MAX - 5);
    cr_assert_eq(memcmp(line + GRI_LOG_LINE_MAX - 11, "xx...\n", 6), 0);
    cr_assert_eq(long_line(line, fits - 6, "\x01 and more"), GRI_LOG_LINE_MAX);
    cr_assert_eq(memcmp(line + GRI_LOG_LINE_MAX - 10, "\\u0001...\n", 10), 0);
}

/* Logs a line of each level, and tells by its exit code which levels are shown. */
static void log_levels(void *value)
{
    if (value)
        setenv("GR_LOG", value, 1);
    else
        unsetenv("GR_LOG");
    int shown = 0;
    for (int level = GR_LOG_ERROR; level <= GR_LOG_DEBUG; level++) {
        gr_log((enum gr_log_level)level, "level %d", level);
        shown += gr_log_shows((enum gr_log_level)level);
    }
    _exit(shown);
}

static void check_shown(struct child *child, const char *value, int shown)
{
    child_run(child, log_levels, (void *)value);
    cr_assert(WIFEXITED(child->status));
    cr_assert_eq(WEXITSTATUS(child->status), shown, "GR_LOG=%s: %d levels", value ? value : "",
                 WEXITSTATUS(child->status));
}

Test(log, a_level_and_those_before_it_are_shown_by_one_write_a_line)
{
    static const char *const values[] = {"error", "warning", "info", "debug"};
    struct child child;
    for (int shown = 1; shown <= 4; shown++) {
        check_shown(&child, values[shown - 1], shown);
        cr_assert_eq(child.writes, shown);
        cr_assert(strstr(child.output, "Z error: level 1\n"), "%s", child.output);
        cr_assert_eq(strstr(child.output, "Z debug: level 4\n") != NULL, shown == 4, "%s", child.output);
    }
}

Test(log, without_gr_log_errors_and_warnings_are_shown)
{
    struct child child;
    check_shown(&child, NULL, 2);
    cr_assert_eq(child.writes, 2);
    check_shown(&child, "", 2);
    cr_assert_eq(child.writes, 2);
}

Test(log, a_malformed_gr_log_is_the_default_and_one_warning_that_quotes_it)
{
    struct child child;
    check_shown(&child, "ver\nbose", 2);
    cr_assert_eq(child.writes, 3);
    cr_assert(
        strstr(child.output, "Z warning: GR_LOG is none of error, warning, info, debug: 'ver\\nbose'\n"),
        "%s", child.output);
    static char huge[5000];
    memset(huge, 'v', sizeof huge - 1);
    check_shown(&child, huge, 2);
    cr_assert_eq(child.writes, 3);
}

static pthread_barrier_t barrier; /* the two threads begin together */

static void *log_many(void *argument)
{
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 20; i++) gr_log(GR_LOG_ERROR, "thread %s line %d", (char *)argument, i);
    return NULL;
}

static void log_from_threads(void *argument)
{
    pthread_t threads[2];
    setenv("GR_LOG", "nonsense", 1);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&threads[0], NULL, log_many, "one");
    pthread_create(&threads[1], NULL, log_many, "two");
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

Test(log, lines_of_two_threads_stay_whole_and_the_warning_comes_once)
{
    for (int round = 0; round < 200; round++) {
        struct child child;
        child_run(&child, log_from_threads, NULL);
        cr_assert_eq(child.writes, 41, "%d writes", child.writes);
        int lines = 0, whole = 0;
        for (char *save, *line = strtok_r(child.output, "\n", &save); line;
             line = strtok_r(NULL, "\n", &save)) {
            lines++;
            whole += strstr(line, "Z error: thread ") == line + 26;
        }
        cr_assert_eq(lines, 41);
        cr_assert_eq(whole, 40);
    }
}

static void log_keeping_errno(void *argument)
{
    setenv("GR_LOG", "nonsense", 1);
    errno = EXDEV;
    gr_log(GR_LOG_ERROR, "%m");
    gr_log(GR_LOG_DEBUG, "not shown");
    _exit(errno == EXDEV);
}

Test(log, logging_keeps_errno_and_can_print_it)
{
    struct child child;
    child_run(&child, log_keeping_errno, NULL);
    cr_assert_eq(WEXITSTATUS(child.status), 1);
    cr_assert(strstr(child.output, strerror(EXDEV)), "%s", child.output);
}

static void log_long(void *argument)
{
    char text[5000];
    memset(text, '\x01', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    gr_log(GR_LOG_ERROR, "%s", text);
    memset(text, 'y', sizeof text - 1);
    gr_log(GR_LOG_ERROR, "%s", text);
}

Test(log, a_text_that_is_too_long_is_cut_to_a_line)
{
    struct child child;
    child_run(&child, log_long, NULL);
    cr_assert_eq(child.writes, 2);
    char *second = strchr(child.output, '\n') + 1;
    cr_assert_leq(second - child.output, GRI_LOG_LINE_MAX);
    cr_assert_eq(strncmp(second - 10, "\\u0001...\n", 10), 0);
    cr_assert_eq(strlen(second), GRI_LOG_LINE_MAX);
    cr_assert_str_eq(second + GRI_LOG_LINE_MAX - 5, "y...\n");
}

static void log_bad_format(void *argument)
{
    static const wchar_t no_character[] = {(wchar_t)0x7fffffff, 0};
    gr_log(GR_LOG_ERROR, "value %ls", no_character);
}

Test(log, what_printf_refuses_is_logged_as_its_format)
{
    struct child child;
    child_run(&child, log_bad_format, NULL);
    cr_assert_eq(child.writes, 1);
    cr_assert(strstr(child.output, "Z error: (value %ls)\n"), "%s", child.output);
}

static void log_to_nobody(void *argument)
{
    int ends[2];
    char block[4096] = {0};
    cr_assert_eq(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], block, sizeof block) > 0) continue;
    dup2(ends[1], STDERR_FILENO);
    gr_log(GR_LOG_ERROR, "to a pipe that is full");
    close(STDERR_FILENO);
    gr_log(GR_LOG_ERROR, "to no file at all");
    _exit(7);
}

Test(log, a_line_that_can_not_be_written_is_dropped, .timeout = 60)
{
    struct child child;
    child_run(&child, log_to_nobody, NULL);
    cr_assert(WIFEXITED(child.status));
    cr_assert_eq(WEXITSTATUS(child.status), 7);
    cr_assert_eq(child.writes, 0);
}
