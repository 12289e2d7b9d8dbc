/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line says. */
#ifndef PKGSTAT_OPTIONS_H
#define PKGSTAT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The most parsers: far more than can help. */
#define PARSERS_MAX 1000

struct options {
    bool json;           /* print JSON instead of text */
    int loops;           /* 0: the runtime decides */
    int parsers;         /* 0: one for each loop */
    char **paths;        /* inputs; "-" is standard input */
    uint32_t path_count; /* at least 1 */
};

/* Fills *options; paths point into argv or at constants. A wrong command line is told on stderr and ends the process with
 * 64, --help and --version end it with 0. */
void options_parse(struct options *options, int argc, char **argv);

#endif
