/* SPDX-License-Identifier: Apache-2.0 */
/* The log: lines on stderr, each written at once, at a level that GR_LOG sets. */
#ifndef GREENROOM_LOG_H
#define GREENROOM_LOG_H

#include <greenroom/base.h>

/* Levels; GR_LOG=error|warning|info|debug in the environment shows that level and those before it (default: warning). */
enum gr_log_level { GR_LOG_ERROR = 1, GR_LOG_WARNING, GR_LOG_INFO, GR_LOG_DEBUG };

GRI_BEGIN_C

/* Writes one line, with a time and the level; longer than 1,000 bytes it is cut; control bytes are escaped. Any thread.
 */
GR_API void gr_log(enum gr_log_level level, const char *format, ...) GR_PRINTF(2, 3);

/* Whether lines of this level are shown. Any thread. */
GR_API bool gr_log_shows(enum gr_log_level level);

GRI_END_C

#endif
