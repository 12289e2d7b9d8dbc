/* SPDX-License-Identifier: Apache-2.0 */
/* The reports: statistics as JSON for programs and as text for people. They write to a stream and change nothing. */
#ifndef PKGSTAT_REPORT_H
#define PKGSTAT_REPORT_H

#include "index/statistics.h"

#include <stdio.h>

/* How the text looks. */
struct report_style {
    bool colour;    /* with escape sequences for a terminal */
    bool unicode;   /* the reader takes UTF-8: bars are drawn with block characters */
    int columns;    /* the widest line */
    double seconds; /* that the work took, for MB/s */
};

/* One line of JSON. Returns 0, or -1 if something could not be written or there is no memory. */
int report_json(FILE *out, const struct statistics *statistics);

/* Text of several lines. Results as report_json. */
int report_text(FILE *out, const struct statistics *statistics, const struct report_style *style);

#endif
