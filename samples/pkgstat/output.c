/* SPDX-License-Identifier: Apache-2.0 */
/* Writing. */
#include "output.h"

#include <greenroom/error.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

/* The longest that a step waits for room. */
#define STEP_MS 100

void output_init(struct output *output, gr_buffer bytes)
{
    *output = (struct output){.bytes = bytes};
}

void output_fini(struct output *output)
{
    gr_buffer_release(output->bytes);
    *output = (struct output){0};
}

bool output_done(const struct output *output)
{
    return output->written == output->bytes.size;
}

/* Where poll says that there is room, a pipe takes this much without making wait. */
int output_step(void *argument)
{
    struct output *output = argument;
    while (!output_done(output)) {
        struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (poll(&room, 1, STEP_MS) <= 0) return 0;
        size_t size = output->bytes.size - output->written;
        if (size > PIPE_BUF) size = PIPE_BUF;
        ssize_t put = write(STDOUT_FILENO, output->bytes.data + output->written, size);
        if (put >= 0) {
            output->written += (size_t)put;
        } else if (errno != EAGAIN && errno != EINTR) {
            output->error = errno;
            return GR_ESYS;
        }
    }
    return 0;
}
