/* SPDX-License-Identifier: Apache-2.0 */
/* Order and numbers for a report: who comes first, and how sums are written. It prints nothing. */
#ifndef PKGSTAT_RANKING_H
#define PKGSTAT_RANKING_H

#include "statistics.h"

/* The length of the lists in a report. */
#define RANKING_MAX 10

/* Room for any sum128 in decimal digits, two decimals and thousands separators, with the NUL. */
#define SUM_TEXT_SIZE 64

enum rank_by { RANK_BY_PACKAGES, RANK_BY_SIZE };

/* What a name is ranked by. */
sum128 ranking_value(const struct name *name, enum rank_by by);

/* The largest names of a table, largest first, ties by name in byte order; returns how many. */
size_t ranking_top(const struct name *table, enum rank_by by, const struct name *top[RANKING_MAX]);

/*
 * All names of a table by name in byte order: an array of *count, to be freed by the caller; NULL for lack of memory, or
 * if there are none.
 */
const struct name **ranking_all(const struct name *table, size_t *count);

/* Writes a number in decimal, in groups of three with `separator` between unless that is 0; returns `out`. */
const char *sum_text(char out[SUM_TEXT_SIZE], sum128 sum, char separator);

/* Writes sum / count with two digits after the point, rounded half up; "0.00" if count is 0; returns `out`. */
const char *mean_text(char out[SUM_TEXT_SIZE], sum128 sum, uint64_t count, char separator);

#endif
