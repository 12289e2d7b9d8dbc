/* SPDX-License-Identifier: Apache-2.0 */
/* The log: levels from GR_LOG, lines made whole and written by one write. It has no files, no rotation, no buffer. */
#include "observe/log.h"

#include "base/atomic.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000

static const char *const names[] = {"", "error", "warning", "info", "debug"}; /* by level */

static gri_atomic_u32 shown_level; /* the last level that is shown; 0: GR_LOG was not read yet */

int gri_log_level_of(const char *value)
{
    if (value == NULL || *value == '\0') return GRI_LOG_DEFAULT;
    for (int level = GR_LOG_ERROR; level <= GR_LOG_DEBUG; level++)
        if (strcmp(value, names[level]) == 0) return level;
    return 0;
}

/* Levels that are none count as the nearest one. */
static int nearest(int level)
{
    if (level < GR_LOG_ERROR) return GR_LOG_ERROR;
    return level > GR_LOG_DEBUG ? GR_LOG_DEBUG : level;
}

/* Makes the line without its end in `room` bytes; tells whether it was cut. */
static size_t fill_line(char *line, size_t room, const char *level, gr_time realtime_ns, const char *message,
                        bool *cut)
{
    time_t seconds = (time_t)(realtime_ns / NS_PER_SECOND);
    int microseconds = (int)(realtime_ns % NS_PER_SECOND / 1000);
    char date[32];
    struct tm utc;
    struct gri_text text;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    gri_text_init(&text, line, room);
    gri_text_format(&text, "%s.%06dZ %s: ", date, microseconds, level);
    gri_text_append_line(&text, message, strlen(message));
    *cut = text.cut;
    return text.length;
}

size_t gri_log_line(char line[GRI_LOG_LINE_MAX], enum gr_log_level level, gr_time realtime_ns,
                    const char *message)
{
    static const char mark[] = "...";
    const char *name = names[nearest(level)];
    bool cut;
    size_t length = fill_line(line, GRI_LOG_LINE_MAX, name, realtime_ns, message, &cut);
    if (cut) {
        length = fill_line(line, GRI_LOG_LINE_MAX - strlen(mark), name, realtime_ns, message, &cut);
        memcpy(line + length, mark, strlen(mark));
        length += strlen(mark);
    }
    line[length] = '\n'; /* where the NUL was, or behind the mark */
    return length + 1;
}

/* Writes the line: whole by one call, unless the system takes only a part. What can't be written is dropped. */
static void write_line(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, line, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        line += n;
        length -= (size_t)n;
    }
}

static void log_text(enum gr_log_level level, const char *text)
{
    char line[GRI_LOG_LINE_MAX];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    write_line(line, gri_log_line(line, level, (gr_time)now.tv_sec * NS_PER_SECOND + now.tv_nsec, text));
}

/* The level that GR_LOG sets, which is read once. */
static int read_level(void)
{
    uint32_t known = gri_load(&shown_level, GRI_RELAXED); /* it publishes nothing but itself */
    if (known) return (int)known;
    const char *value = getenv("GR_LOG");
    int level = gri_log_level_of(value);
    uint32_t set = level ? (uint32_t)level : GRI_LOG_DEFAULT;
    if (!gri_compare_exchange(&shown_level, &known, set, GRI_RELAXED)) return (int)known;
    if (level == 0) {
        char text[256];
        snprintf(text, sizeof text, "GR_LOG is none of error, warning, info, debug: '%s'", value);
        log_text(GR_LOG_WARNING, text);
    }
    return (int)set;
}

bool gr_log_shows(enum gr_log_level level)
{
    return nearest(level) <= read_level();
}

void gr_log(enum gr_log_level level, const char *format, ...)
{
    int saved = errno;
    if (gr_log_shows(level)) {
        char text[GRI_LOG_LINE_MAX + 1]; /* what is longer does not fit the line either */
        va_list values;
        va_start(values, format);
        errno = saved; /* for %m */
        if (vsnprintf(text, sizeof text, format, values) < 0) snprintf(text, sizeof text, "(%s)", format);
        va_end(values);
        log_text(level, text);
    }
    errno = saved;
}
