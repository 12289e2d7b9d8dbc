/* SPDX-License-Identifier: Apache-2.0 */
/* The calls to the operating system that a pool of stacks makes, in one place, so that each can be made to fail. */
#ifndef GRI_SCHEDULER_STACK_SYSTEM_H
#define GRI_SCHEDULER_STACK_SYSTEM_H

#include <stddef.h>

/* Results as of the call; errno set. */
struct gri_stack_system {
    void *(*map)(size_t size_bytes);               /* zeroed pages, or MAP_FAILED */
    int (*unmap)(void *p, size_t size_bytes);      /* 0 or -1 */
    int (*install)(void *page, size_t size_bytes); /* MADV_GUARD_INSTALL */
    int (*protect)(void *page, size_t size_bytes); /* mprotect to no access */
    int (*drop)(void *p, size_t size_bytes);       /* gives pages back; they read as zero afterwards */
    /*
     * Installs a guard in the first page of each of `count` neighbouring stacks, and makes the last page of each
     * present, so that its first use is no fault. 0, or -1: any of them may have a guard then, and none needs to.
     */
    int (*prepare)(char *start, size_t stack_bytes, size_t count, size_t page_bytes);
};

/* The real ones. */
extern const struct gri_stack_system gri_stack_system_calls;

#endif
