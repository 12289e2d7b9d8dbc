/* SPDX-License-Identifier: Apache-2.0 */
/* A line on the terminal that tells how far the reading is. It draws nothing where stderr is no terminal. */
#ifndef PKGSTAT_PROGRESS_H
#define PKGSTAT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool enabled;      /* stderr is a terminal that can erase a line */
    bool colour;       /* and shows colours */
    bool unicode;      /* and block characters */
    bool shown;        /* there is a line to erase */
    uint64_t total;    /* bytes to read, 0 if that isn't known */
    int64_t start_ns;  /* when the reading began */
    int64_t latest_ns; /* when the line was drawn */
};

/* The time in nanoseconds of the monotonic clock; finer than gr_now, which a loop reads only now and then. */
int64_t progress_now_ns(void);

/* Starts the clock. `total` is 0 if it isn't known. */
void progress_init(struct progress *progress, uint64_t total, bool colour, bool unicode);

/* Draws the line, at most twenty times a second. It writes to the terminal, so it may block: not on a loop. */
void progress_show(struct progress *progress, uint64_t bytes);

/* Erases the line, if there is one. May block. */
void progress_erase(struct progress *progress);

#endif
