/* SPDX-License-Identifier: Apache-2.0 */
/* What a program writes to its log, which is stderr, caught for a test to look at. It is no test itself. */
#ifndef TESTS_SUPPORT_WORLD_LOG_H
#define TESTS_SUPPORT_WORLD_LOG_H

/* From here on stderr is kept, until log_end returns what came: at most 8 KiB, valid until the next begin. One thread. */
void log_begin(void);
const char *log_end(void);

/* How often a text is in another. */
int occurrences(const char *text, const char *part);

#endif
