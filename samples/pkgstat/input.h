/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the inputs one after the other, in chunks. Reading blocks, so it runs on the blocking pool, in steps of a tenth
 * of a second at most: a read from a pipe or a terminal that says nothing must not hold up the end of the program. It
 * parses nothing.
 */
#ifndef PKGSTAT_INPUT_H
#define PKGSTAT_INPUT_H

#include "progress.h"

#include <greenroom/buffer.h>

/* Bytes of a chunk: large enough that a message for each costs nothing, and small enough to lie in a cache. */
#define CHUNK_SIZE 262144

/* The most chunks of one step, so that one step feeds several parsers. */
#define STEP_CHUNKS_MAX 8

/* Up to CHUNK_SIZE bytes of one input. */
struct input_chunk {
    gr_buffer bytes; /* may be empty at the end of an input */
    uint32_t file;   /* index of the input */
    bool ends_file;  /* nothing of that input follows */
};

/* The inputs. One thread at a time uses it: the step that runs, or between steps their caller. */
struct input {
    char **paths;                               /* of the inputs; "-" is standard input */
    uint32_t count;                             /* of paths */
    uint32_t file;                              /* index of the one at hand; `count` when all are read */
    int fd;                                     /* of it; -1: not open */
    bool is_regular;                            /* a file that never makes wait */
    gr_buffer buffer;                           /* the chunk at hand */
    uint8_t *bytes;                             /* where it is written; NULL: none */
    size_t filled;                              /* bytes of it */
    uint64_t size;                              /* bytes read so far, of all inputs */
    struct progress progress;                   /* is told of them */
    uint32_t wanted;                            /* set before a step: the most chunks that it may read */
    uint32_t chunk_count;                       /* set by a step: the chunks that it read */
    struct input_chunk chunks[STEP_CHUNKS_MAX]; /* these; they belong to who takes them */
    char error[1024];                           /* after a step that failed: a sentence that says why */
};

/*
 * Checks that all inputs can be read, as far as that shows before they are opened, and finds out their size: *total, or
 * 0 if it isn't known. Returns 0, or -1 with the reason in input->error.
 */
int input_init(struct input *input, char **paths, uint32_t count, uint64_t *total);

/* Closes and releases what is left; no step may run any more. */
void input_fini(struct input *input);

/* One step, for gr_blocking: `argument` is the struct input. Returns 0, or GR_ENOMEM or GR_ESYS with input->error set. */
int input_step(void *argument);

/* Whether everything has been read. */
bool input_done(const struct input *input);

/* How messages call an input. */
const char *input_name(const struct input *input, uint32_t file);

#endif
