/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks for coroutines: a pool for each loop, carved out of large mappings, each stack with a guard below it.
 * It does not know what runs on a stack: that is coroutine.h.
 *
 * A pool belongs to one thread; only gri_stack_pool_find may be called from a signal handler on that thread.
 * Freed stacks are used again last in, first out. Some stay warm; those beyond give their pages back to the
 * system.
 */
#ifndef GRI_SCHEDULER_STACK_H
#define GRI_SCHEDULER_STACK_H

#include "base/list.h"
#include "base/memory.h"
#include "scheduler/coroutines/stack_system.h"

#include <greenroom/error.h>

/* Sizes of a stack, its guard page included: what 0 means, the smallest, and the largest. */
#define GRI_STACK_BYTES_DEFAULT ((size_t)64 << 10)
#define GRI_STACK_BYTES_MIN     ((size_t)16 << 10)
#define GRI_STACK_BYTES_MAX     ((size_t)1 << 30)

/* One class for each power of two from MIN to MAX. */
#define GRI_STACK_CLASS_COUNT 17

/*
 * Freed stacks keep their pages, so that they can be used again without faults. When they are more than this
 * many bytes of stacks (touched or not), mappings without a taken stack are emptied at one go; at four times as
 * many, each stack.
 */
#define GRI_STACK_WARM_BYTES ((size_t)64 << 20)

/* Bytes at the low end of a stack without guard page that must stay zero. */
#define GRI_STACK_CANARY_BYTES 64

/* What stands below a stack. */
enum gri_stack_guard {
    GRI_STACK_GUARD_AUTO,    /* the first of the following that works, for each stack */
    GRI_STACK_GUARD_MADVISE, /* MADV_GUARD_INSTALL, since Linux 6.13: a page without a mapping of its own */
    GRI_STACK_GUARD_MPROTECT, /* a page without access: costs two of the process's mappings, which are limited. Once
                               * the limit was met, no new stack of the pool gets one, and 1024 are left to others */
    GRI_STACK_GUARD_CANARY, /* no page: bytes that are checked at each switch, so an overflow is found late */
};

struct gri_stack_slab;

/* One stack. Lives outside of it, in the mapping's table, as long as the pool. */
struct gri_stack {
    struct gri_stack *next;      /* in the free list */
    struct gri_stack_slab *slab; /* the mapping it is part of */
    char *low;                   /* its lowest usable byte, above the guard page if there is one */
    char *high;                  /* one above its highest byte; aligned to a page */
    void *owner;                 /* set by who took it; NULL while free */
    unsigned valgrind_id;        /* of its registration */
    uint8_t guard;               /* what it has, of enum gri_stack_guard, not AUTO */
    bool warm;                   /* free, with its pages */
};

/* The mappings with stacks of one size. */
struct gri_stack_class {
    struct gri_list available;     /* those with freed stacks; where one was freed last is last */
    struct gri_list emptied;       /* the same, but all are free and have no pages */
    struct gri_stack_slab *newest; /* the only one with stacks never used */
    size_t stack_count;            /* stacks in all */
};

/* A pool. Initialise with gri_stack_pool_init. */
struct gri_stack_pool {
    struct gri_memory *memory;             /* for the tables */
    const struct gri_stack_system *system; /* the operating system; may be replaced after init, for tests */
    enum gri_stack_guard guard;            /* as asked for */
    enum gri_stack_guard working;          /* under AUTO: the best that has not failed for good */
    size_t page_bytes;                     /* of the system */
    bool limit_reached;                    /* mprotect can give no more guards */
    bool one_by_one;                       /* the kernel does not prepare several stacks in one call */
    void *reserve;                /* mappings kept back from that limit, for the rest of the process */
    size_t used_count;            /* stacks that are taken */
    size_t warm_bytes;            /* of stacks that are warm */
    size_t mapped_bytes;          /* of all mappings; address space, not memory */
    struct gri_stack_slab *slabs; /* all mappings, newest first */
    struct gri_stack_class classes[GRI_STACK_CLASS_COUNT]; /* by size */
    /* Called when a broken canary was found, to report it, before the process aborts; NULL: a line on stderr. */
    void (*overflowed)(void *context, struct gri_stack *stack);
    void *overflow_context; /* its first argument */
};

/* Where an address is. */
enum gri_stack_part {
    GRI_STACK_PART_NONE,  /* in no stack of the pool */
    GRI_STACK_PART_BODY,  /* on a stack */
    GRI_STACK_PART_GUARD, /* in the guard page of a stack: it overflowed */
};

/* Starts a pool; it maps nothing yet. Tables come from `memory`. Cannot fail. */
void gri_stack_pool_init(struct gri_stack_pool *pool, struct gri_memory *memory, enum gri_stack_guard guard);

/* Ends a pool and unmaps its stacks. Each must have been given back. */
void gri_stack_pool_fini(struct gri_stack_pool *pool);

/*
 * Takes a stack of `size_bytes` (0: the default), guard included, rounded up to a power of two. Its content is
 * undefined but for the canary's bytes. Errors, with the thread's error text: GR_ENOMEM; GR_ELIMIT (the text
 * names the limit: vm.max_map_count, or GRI_STACK_BYTES_MAX); GR_EUNSUPPORTED (the guard that was asked for is
 * not in this kernel); GR_ESYS.
 */
GR_MUST_USE int gri_stack_take(struct gri_stack_pool *pool, size_t size_bytes, struct gri_stack **out);

/* Gives a stack back. */
void gri_stack_give(struct gri_stack_pool *pool, struct gri_stack *stack);

/* One above its highest byte; aligned to a page. */
static inline char *gri_stack_high(const struct gri_stack *stack)
{
    return stack->high;
}

/* Whether the canary's bytes are zero, as they must stay; and that of any stack: true for one with a guard page. */
bool gri_stack_canary_is_intact(const struct gri_stack *stack);
static inline bool gri_stack_is_intact(const struct gri_stack *stack)
{
    return stack->guard != GRI_STACK_GUARD_CANARY || gri_stack_canary_is_intact(stack);
}

/* Reports a broken canary and aborts. */
_Noreturn void gri_stack_overflowed(struct gri_stack_pool *pool, struct gri_stack *stack);

/*
 * Tells where an address is, and on which stack (*stack, NULL for NONE); (*stack)->owner tells of whom. For the
 * report of a fault: async-signal-safe, on the pool's own thread. Takes time in proportion to the number of
 * mappings.
 */
enum gri_stack_part gri_stack_pool_find(const struct gri_stack_pool *pool, const void *address,
                                        const struct gri_stack **stack);

#endif
