/* SPDX-License-Identifier: Apache-2.0 */
/* The operating system's side of a pool of stacks. */
#include "scheduler/coroutines/stack_system.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Since Linux 6.13 and 5.14; the headers may be older than the kernel. */
#define ADVICE_GUARD_INSTALL  102
#define ADVICE_POPULATE_WRITE 23

/* The calling process, as a pidfd that nobody opened. Since Linux 6.14. */
#define PIDFD_OF_SELF (-10000)

#define CALL_PROCESS_MADVISE 440

/* Stacks that one call prepares: enough that its own cost does not count, few enough to be no pause. */
#define PREPARED_AT_ONCE 32u

static void *map(size_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    void *p = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    /* A huge page for each two stacks would cost more than all of their small ones. Refused where there are none. */
    if (p != MAP_FAILED) (void)madvise(p, size_bytes, MADV_NOHUGEPAGE);
    return p;
}

static int install(void *page, size_t size_bytes)
{
    return madvise(page, size_bytes, ADVICE_GUARD_INSTALL);
}

static int protect(void *page, size_t size_bytes)
{
    return mprotect(page, size_bytes, PROT_NONE);
}

static int drop(void *p, size_t size_bytes)
{
    return madvise(p, size_bytes, MADV_DONTNEED);
}

/* Advises about the page at `first`, and at each stack's distance from it. Whether the kernel took all of it. */
static bool advise_each(char *first, size_t stack_bytes, size_t count, size_t page_bytes, int advice)
{
    struct iovec pages[PREPARED_AT_ONCE];
    for (size_t i = 0; i < count; i++)
        pages[i] = (struct iovec){.iov_base = first + i * stack_bytes, .iov_len = page_bytes};
    return syscall(CALL_PROCESS_MADVISE, PIDFD_OF_SELF, pages, count, advice, 0) ==
           (long)(count * page_bytes);
}

static int prepare(char *start, size_t stack_bytes, size_t count, size_t page_bytes)
{
    for (size_t done = 0; done < count; done += PREPARED_AT_ONCE) {
        size_t left = count - done;
        size_t now = left < PREPARED_AT_ONCE ? left : PREPARED_AT_ONCE;
        char *low = start + done * stack_bytes;
        if (!advise_each(low, stack_bytes, now, page_bytes, ADVICE_GUARD_INSTALL)) return -1;
        /* If that fails, the pages come by faults. */
        (void)advise_each(low + stack_bytes - page_bytes, stack_bytes, now, page_bytes,
                          ADVICE_POPULATE_WRITE);
    }
    return 0;
}

const struct gri_stack_system gri_stack_system_calls = {map, munmap, install, protect, drop, prepare};
