/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For LD_PRELOAD: makes the nth allocation of a process fail (FAIL_NTH; 0 or unset: none), and writes how many there were to
 * the descriptor FAIL_COUNT_FD at the exit. Those that the C library or libuv ask for are not counted: libuv aborts by
 * design where its once-only set-up finds no memory, and the C library falls back to plainer output.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong count;
static unsigned long nth;
static bool is_ready;

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("FAIL_NTH");
    nth = text != NULL ? strtoul(text, NULL, 10) : 0;
    is_ready = true; /* what the dynamic linker took before this is not counted */
}

__attribute__((destructor)) static void end(void)
{
    const char *fd = getenv("FAIL_COUNT_FD");
    if (fd == NULL) return;
    char line[32];
    int length = snprintf(line, sizeof line, "%lu\n", (unsigned long)atomic_load(&count));
    if (write(atoi(fd), line, (size_t)length) < 0) _exit(99);
}

/* Whether the code at this address belongs to the program or its own libraries. */
static bool is_ours(void *caller)
{
    Dl_info info;
    if (dladdr(caller, &info) == 0 || info.dli_fname == NULL) return true;
    return strstr(info.dli_fname, "/libc.") == NULL && strstr(info.dli_fname, "/libuv.") == NULL &&
           strstr(info.dli_fname, "/ld-") == NULL;
}

static bool fails(void *caller)
{
    if (!is_ready || !is_ours(caller) || atomic_fetch_add(&count, 1) + 1 != nth) return false;
    errno = ENOMEM;
    return true;
}

#pragma GCC visibility push(default) /* in place of the C library's */

/* The allocator behind this one; the cast is the one that POSIX shows. */
#define NEXT(name)                                                                                           \
    static __typeof__(name) *next;                                                                           \
    if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, #name)

void *malloc(size_t size)
{
    NEXT(malloc);
    return fails(__builtin_return_address(0)) ? NULL : next(size);
}

void *realloc(void *p, size_t size)
{
    NEXT(realloc);
    return fails(__builtin_return_address(0)) ? NULL : next(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    NEXT(aligned_alloc);
    return fails(__builtin_return_address(0)) ? NULL : next(alignment, size);
}

/* dlsym itself may ask for zeroed memory before the next calloc is known. */
void *calloc(size_t number, size_t size)
{
    static char first[4096];
    static bool is_asking;
    static void *(*next)(size_t, size_t);
    if (is_asking) return first;
    if (next == NULL) {
        is_asking = true;
        *(void **)&next = dlsym(RTLD_NEXT, "calloc");
        is_asking = false;
    }
    return fails(__builtin_return_address(0)) ? NULL : next(number, size);
}
