/* SPDX-License-Identifier: Apache-2.0 */
/* Reading. */
#include "input.h"

#include <greenroom/error.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The longest that a step waits for bytes. */
#define STEP_MS 100

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

const char *input_name(const struct input *input, uint32_t file)
{
    if (file >= input->count) return "no input";
    return is_standard_input(input->paths[file]) ? "standard input" : input->paths[file];
}

static int fail(struct input *input, int error)
{
    snprintf(input->error, sizeof input->error, "%s: %s", input_name(input, input->file), strerror(error));
    return GR_ESYS;
}

/* Bytes still to read from it: of a regular file, else 0 and *known is false. */
static uint64_t rest_of(int fd, const struct stat *status, bool *known)
{
    off_t at = fd < 0 ? 0 : lseek(fd, 0, SEEK_CUR);
    *known = S_ISREG(status->st_mode) && at >= 0;
    return *known && at < status->st_size ? (uint64_t)(status->st_size - at) : 0;
}

int input_init(struct input *input, char **paths, uint32_t count, uint64_t *total)
{
    bool all_known = true;
    *input = (struct input){.paths = paths, .count = count, .fd = -1};
    *total = 0;
    for (; input->file < count; input->file++) {
        struct stat status;
        bool known;
        bool is_stdin = is_standard_input(paths[input->file]);
        int result = is_stdin ? fstat(STDIN_FILENO, &status) : stat(paths[input->file], &status);
        if (result == 0 && S_ISDIR(status.st_mode)) {
            result = -1;
            errno = EISDIR;
        }
        if (result != 0) {
            (void)fail(input, errno);
            return -1;
        }
        *total += rest_of(is_stdin ? STDIN_FILENO : -1, &status, &known);
        all_known = all_known && known;
    }
    if (!all_known) *total = 0;
    input->file = 0;
    return 0;
}

static void close_file(struct input *input)
{
    if (input->fd >= 0 && !is_standard_input(input->paths[input->file])) close(input->fd);
    input->fd = -1;
}

void input_fini(struct input *input)
{
    for (uint32_t i = 0; i < input->chunk_count; i++) gr_buffer_release(input->chunks[i].bytes);
    gr_buffer_release(input->buffer);
    close_file(input);
    input->chunk_count = 0;
    input->buffer = (gr_buffer){0};
}

bool input_done(const struct input *input)
{
    return input->file == input->count;
}

/* Opens without waiting: for a named pipe without a writer, poll waits, not open. */
static int open_file(struct input *input)
{
    struct stat status;
    const char *path = input->paths[input->file];
    if (is_standard_input(path)) {
        input->fd = STDIN_FILENO;
    } else {
        input->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    }
    if (input->fd < 0 || fstat(input->fd, &status) != 0) return fail(input, errno);
    input->is_regular = S_ISREG(status.st_mode);
    return 0;
}

/* Hands over the chunk at hand. */
static void finish_chunk(struct input *input, bool ends_file)
{
    gr_buffer bytes = gr_buffer_slice(input->buffer, 0, input->filled);
    gr_buffer_release(input->buffer);
    input->chunks[input->chunk_count++] = (struct input_chunk){bytes, input->file, ends_file};
    input->buffer = (gr_buffer){0};
    input->bytes = NULL;
    input->filled = 0;
    if (!ends_file) return;
    close_file(input);
    input->file++;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether a read would not wait; waits for that until `deadline`. */
static bool is_readable(const struct input *input, int64_t deadline_ms)
{
    if (input->is_regular) return true;
    struct pollfd wait = {.fd = input->fd, .events = POLLIN};
    int64_t left_ms = deadline_ms - now_ms();
    return poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0) > 0;
}

/* Reads once into the chunk at hand. Returns 0 or an error. */
static int read_some(struct input *input)
{
    ssize_t got = read(input->fd, input->bytes + input->filled, CHUNK_SIZE - input->filled);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : fail(input, errno);
    input->filled += (size_t)got;
    input->size += (uint64_t)got;
    if (got == 0 || input->filled == CHUNK_SIZE) finish_chunk(input, got == 0);
    return 0;
}

int input_step(void *argument)
{
    struct input *input = argument;
    int64_t deadline_ms = now_ms() + STEP_MS;
    int result = 0;
    input->chunk_count = 0;
    while (result == 0 && !input_done(input) && input->chunk_count < input->wanted) {
        if (input->fd < 0) result = open_file(input);
        if (result == 0 && input->bytes == NULL) {
            result = gr_buffer_create(NULL, CHUNK_SIZE, &input->buffer, &input->bytes);
            if (result != 0) snprintf(input->error, sizeof input->error, "%s", gr_error_text(result));
        }
        if (result != 0) break;
        if (is_readable(input, deadline_ms)) result = read_some(input);
        if (now_ms() >= deadline_ms) break;
    }
    progress_show(&input->progress, input->size);
    return result;
}
