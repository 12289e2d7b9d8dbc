/* SPDX-License-Identifier: Apache-2.0 */
/* Catching the log: stderr goes to a file meanwhile. */
#include "tests/support/world/log.h"

#include "tests/support/world/world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int stderr_kept = -1;
static FILE *logged;
static char log_text[8192];

void log_begin(void)
{
    fflush(stderr);
    stderr_kept = dup(STDERR_FILENO);
    logged = tmpfile();
    CHECK(stderr_kept >= 0 && logged != NULL);
    CHECK(dup2(fileno(logged), STDERR_FILENO) >= 0);
}

const char *log_end(void)
{
    fflush(stderr);
    CHECK(dup2(stderr_kept, STDERR_FILENO) >= 0);
    close(stderr_kept);
    rewind(logged);
    log_text[fread(log_text, 1, sizeof log_text - 1, logged)] = '\0';
    fclose(logged);
    return log_text;
}

int occurrences(const char *text, const char *part)
{
    int count = 0;
    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}
