/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a failed assertion. It decides nothing: assert.h does. */
#include "base/assert.h"

#include "base/text.h"

#include <stdlib.h>
#include <unistd.h>

void gri_assert_fail(const char *file, int line, const char *condition)
{
    char out[512];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out - 1); /* room for the line's end when the rest was cut */
    gri_text_format(&text, "%s:%d: assertion failed: %s", file, line, condition);
    out[text.length++] = '\n';
    /* One write, so that lines of several threads stay whole. Nothing is left to do if it fails. */
    if (write(STDERR_FILENO, out, text.length) < 0) abort();
    abort();
}
