/* SPDX-License-Identifier: Apache-2.0 */
/* The progress line. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_NS 50000000

/* Columns of the line without its bar, and the bar's at most. */
enum { TEXT_COLUMNS = 50, BAR_COLUMNS_MAX = 40 };

int64_t progress_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int bar_columns(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size.ws_col = 80;
    int columns = size.ws_col - TEXT_COLUMNS;
    return columns < 0 ? 0 : columns > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : columns;
}

void progress_init(struct progress *p, uint64_t total, bool colour, bool unicode)
{
    const char *term = getenv("TERM");
    bool can_erase = term != NULL && strcmp(term, "dumb") != 0;
    *p = (struct progress){.total = total, .unicode = unicode, .start_ns = progress_now_ns()};
    p->enabled = can_erase && isatty(STDERR_FILENO);
    p->colour = p->enabled && colour;
    p->latest_ns = p->start_ns - INTERVAL_NS;
}

static size_t draw_bar(char *out, const struct progress *p, double share)
{
    int columns = bar_columns();
    int filled = (int)(share * columns + 0.5);
    char *at = out;
    if (p->colour) at = stpcpy(at, "\033[36m");
    for (int i = 0; i < columns; i++) {
        if (i == filled && p->colour) at = stpcpy(at, "\033[2m");
        at = stpcpy(at, i < filled ? (p->unicode ? "\u2501" : "=") : (p->unicode ? "\u2500" : "-"));
    }
    if (p->colour) at = stpcpy(at, "\033[0m");
    return (size_t)(at - out);
}

void progress_show(struct progress *p, uint64_t bytes)
{
    char line[512];
    if (!p->enabled) return;
    int64_t now = progress_now_ns();
    if (now - p->latest_ns < INTERVAL_NS) return;
    p->latest_ns = now;
    double megabytes = (double)bytes / 1e6;
    double seconds = (double)(now - p->start_ns) / 1e9;
    size_t size = (size_t)snprintf(line, sizeof line, "\r\033[Kpkgstat ");
    if (p->total > 0) {
        double share = bytes < p->total ? (double)bytes / (double)p->total : 1;
        size += draw_bar(line + size, p, share);
        size += (size_t)snprintf(line + size, sizeof line - size, " %3.0f%% ", share * 100);
    }
    size += (size_t)snprintf(line + size, sizeof line - size, " %.1f MB", megabytes);
    if (seconds > 0.01) {
        size += (size_t)snprintf(line + size, sizeof line - size, ", %.0f MB/s", megabytes / seconds);
    }
    p->shown = true;
    if (write(STDERR_FILENO, line, size) < 0) p->enabled = false;
}

void progress_erase(struct progress *p)
{
    static const char erase[] = "\r\033[K";
    if (!p->shown) return;
    p->shown = false;
    if (write(STDERR_FILENO, erase, sizeof erase - 1) < 0) p->enabled = false;
}
