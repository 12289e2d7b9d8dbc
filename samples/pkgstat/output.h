/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the report to standard output. Writing blocks, so it runs on the blocking pool, in steps of a tenth of a second
 * at most: a reader that stopped reading must not hold up the end of the program.
 */
#ifndef PKGSTAT_OUTPUT_H
#define PKGSTAT_OUTPUT_H

#include <greenroom/buffer.h>

/* One thread at a time uses it: the step that runs, or between steps its caller. */
struct output {
    gr_buffer bytes; /* what is written; released by output_fini */
    size_t written;  /* bytes of it */
    int error;       /* errno of a step that failed */
};

/* Starts anew; takes `bytes`. All zeroes is an output too, with nothing to write. */
void output_init(struct output *output, gr_buffer bytes);

/* No step may run any more. */
void output_fini(struct output *output);

/* One step, for gr_blocking: `argument` is the struct output. Returns 0, or GR_ESYS with output->error set. */
int output_step(void *argument);

/* Whether everything has been written. */
bool output_done(const struct output *output);

#endif
