/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting. Each parser counts its share of the paragraphs in one of these; the aggregator joins them in another by way
 * of records (records.h), and the sums are the same however the paragraphs were shared out. Nothing is sorted or printed
 * here.
 */
#ifndef PKGSTAT_STATISTICS_H
#define PKGSTAT_STATISTICS_H

#include "arena.h"
#include "paragraph.h"

/* Expanding macros of uthash; a table that can't grow leaves the new name out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* The most malformed paragraphs that are kept for the report: the first ones of the input. */
#define MALFORMED_MAX 20

/* Sums of 2^63 - 1 a package don't fit 64 bits. */
typedef unsigned __int128 sum128;

/* What is counted by name. */
enum table { TABLE_MAINTAINERS, TABLE_SECTIONS, TABLE_DEPENDED, TABLE_COUNT };

/* A name and what is counted for it. The name's bytes are hh.key, hh.keylen: well-formed UTF-8, perhaps with NULs. */
struct name {
    UT_hash_handle hh; /* in its table */
    uint64_t packages; /* paragraphs */
    union {
        sum128 size_kib;         /* of a maintainer's packages */
        uint64_t last_paragraph; /* that named it, in TABLE_DEPENDED: each counts once */
    };
};

/* A malformed paragraph. */
struct malformed {
    uint64_t line;        /* its first, from 1 */
    uint64_t defect_line; /* for DEFECT_LINE the bad one, else the first */
    uint32_t file;        /* index of the input, from 0 */
    uint32_t defect;      /* enum defect */
};

/* Statistics of some paragraphs. */
struct statistics {
    uint64_t packages;                       /* paragraphs that are well formed */
    uint64_t malformed;                      /* paragraphs that are not */
    uint64_t bytes;                          /* of input; the caller adds to it */
    sum128 size_kib;                         /* sum of Installed-Size */
    struct name *tables[TABLE_COUNT];        /* heads of uthash tables */
    struct malformed reports[MALFORMED_MAX]; /* the first ones by file and line */
    uint32_t report_count;                   /* elements of `reports` */
    struct arena names;                      /* memory of all names */
    uint8_t *scratch;                        /* for repaired names */
    size_t scratch_size;                     /* bytes of it */
};

void statistics_init(struct statistics *statistics);

/* Frees everything; the statistics are empty then, and can be used again. */
void statistics_fini(struct statistics *statistics);

/* Counts a paragraph of input `file`, malformed or not. Returns 0, or -1 for lack of memory. */
int statistics_add(struct statistics *statistics, uint32_t file, const struct paragraph *paragraph);

/* About the bytes that they hold. */
size_t statistics_memory(const struct statistics *statistics);

/* For records.c: finds or adds a name, which must be well-formed UTF-8; keeps a
 * report if it is among the first. */
struct name *statistics_name(struct statistics *statistics, enum table table, struct span text);
void statistics_report(struct statistics *statistics, const struct malformed *report);

#endif
