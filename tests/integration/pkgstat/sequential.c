/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkgstat without actors: the same scanner, counting, joining and JSON, one step after the other on one thread. It is
 * what the tests compare with the independent program, and with itself for every size of pieces.
 *
 *     pkgstat_sequential [--chunk N] [--parsers N] [--budget BYTES] FILE...
 *     pkgstat_sequential --every-chunk FILE...
 *
 * prints the JSON on stdout and INDEX:LINE:DEFECT of malformed paragraphs on stderr; the second form compares pieces of
 * 1, 2, 3 ... bytes up to the input's size, and some numbers of parsers, with the whole, and prints what it counted.
 */
#include "samples/pkgstat/index/cut.h"
#include "samples/pkgstat/index/records.h"
#include "samples/pkgstat/report.h"

#include <stdlib.h>
#include <string.h>

/* As the pipeline's, but small enough that records are parted often. */
#define RECORDS_BYTES 512

struct input {
    uint8_t *bytes; /* the whole file */
    size_t size;    /* bytes */
};

struct settings {
    size_t chunk;     /* bytes of a piece */
    unsigned parsers; /* that share the paragraphs */
    size_t budget;    /* bytes of a parser's statistics before they are joined; 0: at the end */
};

struct parser {
    struct paragraph_scanner scanner; /* of its batches */
    struct statistics statistics;     /* of its share */
    uint32_t file;                    /* of the batch at hand */
};

struct run {
    const struct settings *settings; /* how */
    struct statistics all;           /* joined */
    struct parser *parsers;          /* settings->parsers of them */
    unsigned turn;                   /* who has the open batch */
};

static void die(const char *what)
{
    fprintf(stderr, "pkgstat_sequential: %s\n", what);
    exit(1);
}

static void *need(void *memory)
{
    if (memory == NULL) die("out of memory");
    return memory;
}

static int on_paragraph(void *context, const struct paragraph *paragraph)
{
    struct parser *parser = context;
    return statistics_add(&parser->statistics, parser->file, paragraph);
}

/* Joins a parser's statistics through records, as the pipeline does. */
static void flush(struct run *run, struct parser *parser)
{
    struct records_reader reader;
    size_t size;
    records_reader_init(&reader, &parser->statistics);
    while ((size = records_next_size(&reader)) > 0) {
        if (size < RECORDS_BYTES) size = RECORDS_BYTES;
        uint8_t *records = need(malloc(size));
        size = records_read(&reader, records, size);
        if (records_absorb(&run->all, records, size) != 0) die("records were not absorbed");
        free(records);
    }
    statistics_fini(&parser->statistics);
}

static void scan(struct run *run, const uint8_t *bytes, size_t size)
{
    struct parser *parser = &run->parsers[run->turn];
    parser->statistics.bytes += size;
    if (paragraph_scan(&parser->scanner, bytes, size) != 0) die("scan failed");
}

/* Ends a batch; the next goes to the next parser. */
static void end_batch(struct run *run)
{
    struct parser *parser = &run->parsers[run->turn];
    if (paragraph_end(&parser->scanner) != 0) die("scan failed");
    size_t budget = run->settings->budget;
    if (budget > 0 && statistics_memory(&parser->statistics) > budget) flush(run, parser);
    run->turn = (run->turn + 1) % run->settings->parsers;
}

static void start_batch(struct run *run, uint32_t file, uint64_t line)
{
    struct parser *parser = &run->parsers[run->turn];
    parser->file = file;
    paragraph_start(&parser->scanner, line);
}

static void take_file(struct run *run, uint32_t file, const struct input *input)
{
    uint64_t line = 1;
    size_t size;
    start_batch(run, file, line);
    for (size_t at = 0; at < input->size; at += size) {
        const uint8_t *bytes = input->bytes + at;
        size = input->size - at < run->settings->chunk ? input->size - at : run->settings->chunk;
        size_t cut = cut_find(bytes, size);
        if (cut > 0) {
            scan(run, bytes, cut);
            end_batch(run);
            line += cut_count_lines(bytes, cut);
            start_batch(run, file, line);
        }
        scan(run, bytes + cut, size - cut);
        line += cut_count_lines(bytes + cut, size - cut);
    }
    end_batch(run);
}

/* Returns the report, with a line for each malformed paragraph after the JSON. */
static char *report(const struct input *inputs, uint32_t count, const struct settings *settings)
{
    struct run run = {.settings = settings};
    char *text = NULL;
    size_t size = 0;
    run.parsers = need(calloc(settings->parsers, sizeof *run.parsers));
    for (unsigned i = 0; i < settings->parsers; i++) {
        paragraph_scanner_init(&run.parsers[i].scanner, on_paragraph, &run.parsers[i]);
    }
    for (uint32_t i = 0; i < count; i++) take_file(&run, i, &inputs[i]);
    for (unsigned i = 0; i < settings->parsers; i++) {
        flush(&run, &run.parsers[i]);
        paragraph_scanner_fini(&run.parsers[i].scanner);
    }
    free(run.parsers);
    FILE *out = need(open_memstream(&text, &size));
    if (report_json(out, &run.all) != 0) die("no report");
    for (uint32_t i = 0; i < run.all.report_count; i++) {
        const struct malformed *m = &run.all.reports[i];
        fprintf(out, "%u:%llu:%u:%llu\n", m->file, (unsigned long long)m->line, m->defect,
                (unsigned long long)m->defect_line);
    }
    if (fclose(out) != 0) die("no report");
    statistics_fini(&run.all);
    return text;
}

static void read_input(const char *path, struct input *input)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) die(path);
    size_t capacity = 0;
    size_t size;
    do {
        capacity = capacity * 2 + 65536;
        input->bytes = need(realloc(input->bytes, capacity));
        size = fread(input->bytes + input->size, 1, capacity - input->size, file);
        input->size += size;
    } while (input->size == capacity);
    fclose(file);
}

static int check(const struct input *inputs, uint32_t count)
{
    static const unsigned parsers[] = {1, 2, 7};
    unsigned failed = 0;
    unsigned passed = 0;
    size_t largest = 1;
    for (uint32_t i = 0; i < count; i++) {
        if (inputs[i].size > largest) largest = inputs[i].size;
    }
    struct settings settings = {.chunk = largest, .parsers = 1};
    char *expected = report(inputs, count, &settings);
    for (size_t chunk = 1; chunk <= largest; chunk++) {
        settings = (struct settings){chunk, parsers[chunk % 3], chunk % 2 == 0 ? 0 : 1};
        char *text = report(inputs, count, &settings);
        if (strcmp(text, expected) == 0) {
            passed++;
        } else {
            failed++;
            fprintf(stderr, "pieces of %zu bytes: got %s", chunk, text);
        }
        free(text);
    }
    free(expected);
    printf("every chunk size: %u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct settings settings = {.chunk = 262144, .parsers = 1};
    bool every_chunk = false;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--every-chunk") == 0) {
            every_chunk = true;
        } else if (at + 1 == argc) {
            die("an option lacks its value");
        } else if (strcmp(argv[at], "--chunk") == 0) {
            settings.chunk = strtoul(argv[++at], NULL, 10);
        } else if (strcmp(argv[at], "--parsers") == 0) {
            settings.parsers = (unsigned)strtoul(argv[++at], NULL, 10);
        } else if (strcmp(argv[at], "--budget") == 0) {
            settings.budget = strtoul(argv[++at], NULL, 10);
        } else {
            die("no such option");
        }
    }
    if (settings.chunk == 0 || settings.parsers == 0) die("a value must be at least 1");
    uint32_t count = (uint32_t)(argc - at);
    struct input *inputs = need(calloc(count + 1, sizeof *inputs));
    for (uint32_t i = 0; i < count; i++) read_input(argv[at + (int)i], &inputs[i]);
    int code = 0;
    if (every_chunk) {
        code = check(inputs, count);
    } else {
        char *text = report(inputs, count, &settings);
        char *rest = strchr(text, '\n') + 1;
        fputs(rest, stderr);
        *rest = 0;
        fputs(text, stdout);
        free(text);
    }
    for (uint32_t i = 0; i < count; i++) free(inputs[i].bytes);
    free(inputs);
    return fflush(stdout) == 0 ? code : 1;
}
