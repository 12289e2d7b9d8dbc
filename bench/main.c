/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmarks of Greenroom through its public interface, with default options: bench NAME [options] runs one of them
 * once and prints one JSON line for each result. Repeating, comparing and judging is the work of bench/run.
 */
#include "bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bench *const benches[] = {
    &bench_ping_pong,
    &bench_thread_ring,
    &bench_counting,
    &bench_counting_burst_a,
    &bench_counting_burst_b,
    &bench_fan_in,
    &bench_spawn,
    &bench_tree,
    &bench_fork_join,
    &bench_chameneos,
    &bench_big,
    &bench_banking,
    &bench_ask,
    &bench_ask_deadline,
    &bench_timers,
    &bench_idle,
    &bench_coroutines,
    &bench_coroutines_gather,
    &bench_coroutines_alive,
    &bench_compute,
};

static void usage(FILE *to)
{
    fputs("usage: bench NAME [--loops N] [--n N] [--placement local|spread] [--gap MILLISECONDS] [--quick]\n"
          "  --loops N        loops of the system; default 1\n"
          "  --n N            how many of what the rate counts\n"
          "  --placement P    local: all actors start on one loop; spread: in turn over the loops\n"
          "  --gap MS         idle: time without work before each outside event; default 100\n"
          "  --quick          shorten what lasts a fixed time (idle)\n"
          "names, with their n:\n",
          to);
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        fprintf(to, "  %-18s %llu\n", benches[i]->name, (unsigned long long)benches[i]->n);
    }
}

_Noreturn static void refuse(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    usage(stderr);
    exit(2);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most, const char *what)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most) refuse(what);
    return value;
}

static bool is_spread(const char *text)
{
    if (strcmp(text, "spread") == 0) return true;
    if (strcmp(text, "local") != 0) refuse("--placement is local or spread");
    return false;
}

static void parse(int argc, char **argv, struct bench_run *run)
{
    static const struct option options[] = {
        {"loops", required_argument, NULL, 'l'},
        {"n", required_argument, NULL, 'n'},
        {"placement", required_argument, NULL, 'p'},
        {"gap", required_argument, NULL, 'g'},
        {"quick", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *run = (struct bench_run){.loops = 1, .gap = gr_milliseconds(100)};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'l':
            run->loops = (int)number(optarg, 1, GR_LOOPS_MAX, "--loops is a number from 1");
            break;
        case 'n':
            run->n = number(optarg, 1, (uint64_t)1 << 40, "--n is a number from 1");
            break;
        case 'p':
            run->spread = is_spread(optarg);
            break;
        case 'g':
            run->gap = gr_milliseconds((double)number(optarg, 0, 60000, "--gap is in milliseconds"));
            break;
        case 'q':
            run->quick = true;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            exit(2);
        }
    }
    if (optind != argc - 1) refuse("give the name of one benchmark");
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        if (strcmp(benches[i]->name, argv[optind]) == 0) run->bench = benches[i];
    }
    if (run->bench == NULL) refuse("there is no benchmark of that name");
    if (run->n == 0) run->n = run->bench->n;
}

static void print(const struct bench_run *run, const struct bench_result *result)
{
    double seconds = (double)result->elapsed_ns / 1e9;
    double rate = (double)(result->cpu_ns >= 0 ? result->cpu_ns : (int64_t)result->count * 1000000000) /
                  (double)result->elapsed_ns;
    uint64_t rss_bytes = result->rss_bytes != 0 ? result->rss_bytes : bench_memory("VmHWM");
    printf("{\"name\":\"%s%s\",\"loops\":%d,\"n\":%llu,\"seconds\":%.6f,\"rate\":%.1f,\"unit\":\"%s\","
           "\"rss_bytes\":%llu",
           result->name, run->spread ? "_spread" : "", run->loops, (unsigned long long)result->count, seconds,
           rate, run->bench->unit, (unsigned long long)rss_bytes);
    if (result->bytes_per_actor != 0) {
        printf(",\"bytes_per_actor\":%llu", (unsigned long long)result->bytes_per_actor);
    }
    if (result->p50_ns > 0) printf(",\"p50_ns\":%.1f,\"p99_ns\":%.1f", result->p50_ns, result->p99_ns);
    if (result->cpu_ns >= 0) printf(",\"cpu_ns\":%lld", (long long)result->cpu_ns);
    printf(",\"peer\":\"greenroom\"}\n");
}

int main(int argc, char **argv)
{
    struct bench_run run;
    parse(argc, argv, &run);
    int code = gr_run_with(run.bench->root, &run, (.loops = run.loops));
    if (code != 0) return code;
    for (unsigned i = 0; i < run.result_count; i++) print(&run, &run.results[i]);
    return run.result_count > 0 ? 0 : 1;
}
