/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of a pool of stacks to the operating system, made to fail. For one test file. */
#ifndef TESTS_UNIT_SCHEDULER_COROUTINES_FAULTY_H
#define TESTS_UNIT_SCHEDULER_COROUTINES_FAULTY_H

#include "scheduler/coroutines/stack_system.h"

#include <errno.h>
#include <sys/mman.h>

/* The system's calls, counted, and failing with an errno where that is set. */
static struct {
    const struct gri_stack_system *real;                     /* the pool's own */
    int map_errno, install_errno, protect_errno, drop_errno; /* 0: passed on */
    int prepare_errno;                                       /* the same */
    unsigned maps, unmaps, installs, protects, drops;        /* calls */
    unsigned prepares;                                       /* the same */
    unsigned protects_allowed;                               /* before protect_errno counts */
    size_t dropped_bytes;                                    /* in all */
} faulty;

static int refuse(int error)
{
    errno = error;
    return error ? -1 : 0;
}

static void *faulty_map(size_t size_bytes)
{
    faulty.maps++;
    return refuse(faulty.map_errno) ? MAP_FAILED : faulty.real->map(size_bytes);
}

static int faulty_unmap(void *p, size_t size_bytes)
{
    faulty.unmaps++;
    return faulty.real->unmap(p, size_bytes);
}

static int faulty_install(void *page, size_t size_bytes)
{
    faulty.installs++;
    return refuse(faulty.install_errno) ? -1 : faulty.real->install(page, size_bytes);
}

static int faulty_protect(void *page, size_t size_bytes)
{
    if (faulty.protects++ >= faulty.protects_allowed && refuse(faulty.protect_errno)) return -1;
    return faulty.real->protect(page, size_bytes);
}

static int faulty_drop(void *p, size_t size_bytes)
{
    faulty.drops++;
    faulty.dropped_bytes += size_bytes;
    return refuse(faulty.drop_errno) ? -1 : faulty.real->drop(p, size_bytes);
}

static int faulty_prepare(char *start, size_t stack_bytes, size_t count, size_t page_bytes)
{
    faulty.prepares++;
    if (refuse(faulty.install_errno) || refuse(faulty.prepare_errno)) return -1;
    return faulty.real->prepare(start, stack_bytes, count, page_bytes);
}

static const struct gri_stack_system faulty_system = {
    faulty_map, faulty_unmap, faulty_install, faulty_protect, faulty_drop, faulty_prepare,
};

#endif
