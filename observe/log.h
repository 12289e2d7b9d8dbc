/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the log, whose interface is greenroom/log.h: what GR_LOG means, how a line is made. It holds no state. */
#ifndef GRI_OBSERVE_LOG_H
#define GRI_OBSERVE_LOG_H

#include <greenroom/log.h>
#include <greenroom/time.h>

/* The longest line, with its end; the default level. */
#define GRI_LOG_LINE_MAX 1000
#define GRI_LOG_DEFAULT  GR_LOG_WARNING

/* The level that a value of GR_LOG names; the default for NULL and "". 0 if it names none. */
int gri_log_level_of(const char *value);

/*
 * Makes the line for `text` at `realtime_ns` since 1970 in `line`: time in UTC, level, text with control bytes escaped,
 * "..." if it was cut, a line feed. Returns its length, at most GRI_LOG_LINE_MAX; there is no NUL.
 */
size_t gri_log_line(char line[GRI_LOG_LINE_MAX], enum gr_log_level level, gr_time realtime_ns,
                    const char *text);

#endif
