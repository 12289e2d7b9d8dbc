/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks share. Arguments and printing are in main.c. */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* How long a root actor waits for the end of its benchmark. */
#define WAIT_SECONDS 200

int64_t bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t bench_memory(const char *field)
{
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL) return 0;
    char line[256];
    unsigned long long kib = 0;
    size_t length = strlen(field);
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, field, length) == 0 && line[length] == ':') {
            kib = strtoull(line + length + 1, NULL, 10);
            break;
        }
    }
    fclose(status);
    return (uint64_t)kib * 1024;
}

void bench_fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    _exit(1);
}

struct bench_finished bench_wait(gr_actor *self)
{
    int64_t begin_ns = bench_now();
    for (;;) {
        struct gr_mail mail;
        int err = gr_receive(self, &mail, gr_seconds(WAIT_SECONDS));
        if (err != 0)
            bench_fail("no result after %.0f s: %s", (bench_now() - begin_ns) / 1e9, gr_error_name(err));
        const struct bench_finished *finished = gr_mail_as(&mail, bench_finished);
        if (finished != NULL) return *finished;
    }
}

void bench_report(struct bench_run *run, struct bench_result result)
{
    if (run->result_count == BENCH_RESULTS_MAX) bench_fail("a benchmark has too many results");
    run->results[run->result_count++] = result;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_percentiles(double *samples, size_t count, double *p50, double *p99)
{
    if (count == 0) bench_fail("no samples");
    qsort(samples, count, sizeof *samples, compare_doubles);
    *p50 = samples[(count - 1) * 50 / 100];
    *p99 = samples[(count - 1) * 99 / 100];
}
