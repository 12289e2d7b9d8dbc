/* SPDX-License-Identifier: Apache-2.0 */
/* Names and sentences of the error table, and each thread's last error text. Actors keep their own texts elsewhere. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char thread_error[GRI_THREAD_ERROR_SIZE];

const char *gr_error_name(int code)
{
    switch (code) {
#define GRI_ERROR_NAME(name, number, sentence)                                                               \
    case number:                                                                                             \
        return #name;
        GR_ERROR_TABLE(GRI_ERROR_NAME)
#undef GRI_ERROR_NAME
    default:
        return "unknown";
    }
}

const char *gr_error_text(int code)
{
    switch (code) {
#define GRI_ERROR_TEXT(name, number, sentence)                                                               \
    case number:                                                                                             \
        return sentence;
        GR_ERROR_TABLE(GRI_ERROR_TEXT)
#undef GRI_ERROR_TEXT
    default:
        return code > 0 ? "ended with a reason of its own" : "unknown error";
    }
}

const char *gri_thread_error(void)
{
    return thread_error[0] ? thread_error : gr_error_text(GR_OK);
}

void gri_thread_error_set(const char *format, ...)
{
    int saved = errno;
    char text[GRI_THREAD_ERROR_SIZE]; /* first here, as the old text may be among the values */
    va_list values;
    va_start(values, format);
    if (vsnprintf(text, sizeof text, format, values) < 0) text[0] = '\0';
    va_end(values);
    memcpy(thread_error, text, strlen(text) + 1);
    errno = saved;
}
