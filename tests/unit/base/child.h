/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a function in a child process with its stderr on a socket, for tests of what aborts or writes there. No test. */
#ifndef TESTS_UNIT_BASE_CHILD_H
#define TESTS_UNIT_BASE_CHILD_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child did. */
struct child {
    int status;         /* as waitpid gives it */
    int writes;         /* calls of write on stderr */
    size_t length;      /* bytes in all */
    char output[16384]; /* them, with a NUL */
};

/* Runs `run(argument)`, then _exit(0), in a child. A write is one packet of the socket, so writes can be counted. */
static inline void child_run(struct child *child, void (*run)(void *argument), void *argument)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        run(argument);
        _exit(0);
    }
    close(ends[1]);
    child->writes = 0;
    child->length = 0;
    ssize_t n;
    while ((n = read(ends[0], child->output + child->length, sizeof child->output - 1 - child->length)) > 0) {
        child->writes++;
        child->length += (size_t)n;
    }
    close(ends[0]);
    child->output[child->length] = '\0';
    cr_assert_eq(waitpid(pid, &child->status, 0), pid);
}

/* Checks that `run(argument)` fails an assertion that names `condition`. */
static inline void child_must_abort(void (*run)(void *argument), void *argument, const char *condition)
{
    struct child child;
    child_run(&child, run, argument);
    cr_assert(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGABRT, "status %d, output: %s",
              child.status, child.output);
    cr_assert(strstr(child.output, condition), "output: %s", child.output);
}

#endif
