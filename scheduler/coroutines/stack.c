/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of stacks. Mappings ("slabs") hold stacks of one size and double in number of stacks; they stay until the
 * pool ends. A stack gets its guard when it is first taken, so that a small program makes few calls.
 */
#include "scheduler/coroutines/stack.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/platform.h"
#include "scheduler/coroutines/annotate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Sizes of mappings, unless a single stack is larger. */
#define SLAB_BYTES_MIN ((size_t)1 << 20)
#define SLAB_BYTES_MAX ((size_t)4 << 20)

/*
 * A process that has all mappings it may have can't even start a thread. So a pool that has this many bytes of stacks
 * with guards by mprotect takes some mappings that it doesn't need, and returns them when it meets the limit.
 */
#define RESERVE_FROM_BYTES ((size_t)32 << 20)
#define RESERVE_PAGES      1024

/* Stacks that are prepared at once, where a class has so many that more are to be expected: its first mapping is used up. */
#define PREPARED_AT_ONCE 32u

struct gri_stack_slab {
    struct gri_stack_slab *next; /* in the pool, older */
    struct gri_list_node node;   /* in one of its class's lists, while `free` is not empty */
    char *start;                 /* of the mapping */
    size_t stack_bytes;          /* of each stack, guard included */
    size_t stack_count;          /* how many */
    size_t used_count;           /* how many have ever been taken: the first ones */
    size_t prepared_count;  /* how many have been prepared, if more: the first ones have a guard and a page */
    size_t free_count;      /* how many of these are free */
    size_t warm_count;      /* how many of these are warm */
    struct gri_stack *free; /* the one freed last */
    unsigned class_index;   /* of their class */
    struct gri_stack stacks[]; /* the table */
};

void gri_stack_pool_init(struct gri_stack_pool *pool, struct gri_memory *memory, enum gri_stack_guard guard)
{
    *pool = (struct gri_stack_pool){
        .memory = memory,
        .system = &gri_stack_system_calls,
        .guard = guard,
        .working = guard == GRI_STACK_GUARD_AUTO ? GRI_STACK_GUARD_MADVISE : guard,
        .page_bytes = gri_page_size(),
    };
    for (int i = 0; i < GRI_STACK_CLASS_COUNT; i++) {
        gri_list_init(&pool->classes[i].available);
        gri_list_init(&pool->classes[i].emptied);
    }
}

static size_t table_bytes(size_t stack_count)
{
    return sizeof(struct gri_stack_slab) + stack_count * sizeof(struct gri_stack);
}

static size_t usable_bytes(const struct gri_stack *stack)
{
    return (size_t)(gri_stack_high(stack) - stack->low);
}

/* The class of a size that is at most GRI_STACK_BYTES_MAX. */
static unsigned class_of(size_t size_bytes)
{
    if (size_bytes <= GRI_STACK_BYTES_MIN) return 0;
    return (unsigned)(__builtin_clzl(GRI_STACK_BYTES_MIN - 1) - __builtin_clzl(size_bytes - 1));
}

/* Each page its own mapping. */
static void make_reserve(struct gri_stack_pool *pool)
{
    size_t page = pool->page_bytes;
    char *start = pool->system->map(RESERVE_PAGES * page);
    if (start == MAP_FAILED) return;
    for (size_t i = 0; i < RESERVE_PAGES; i += 2) {
        if (pool->system->protect(start + i * page, page) == 0) continue;
        GRI_ASSERT(pool->system->unmap(start, RESERVE_PAGES * page) == 0);
        return;
    }
    pool->reserve = start;
}

/* Returns whether there was one. */
static bool return_reserve(struct gri_stack_pool *pool)
{
    if (!pool->reserve) return false;
    GRI_ASSERT(pool->system->unmap(pool->reserve, RESERVE_PAGES * pool->page_bytes) == 0);
    pool->reserve = NULL;
    return true;
}

static void *map(struct gri_stack_pool *pool, size_t size_bytes)
{
    bool wants_reserve = pool->working == GRI_STACK_GUARD_MPROTECT && !pool->limit_reached && !pool->reserve;
    if (wants_reserve && pool->mapped_bytes >= RESERVE_FROM_BYTES) make_reserve(pool);
    void *p = pool->system->map(size_bytes);
    if (p != MAP_FAILED || !return_reserve(pool)) return p;
    pool->limit_reached = true;
    return pool->system->map(size_bytes);
}

void gri_stack_pool_fini(struct gri_stack_pool *pool)
{
    GRI_ASSERT(pool->used_count == 0);
    return_reserve(pool);
    while (pool->slabs) {
        struct gri_stack_slab *slab = pool->slabs;
        for (size_t i = 0; i < slab->used_count; i++) {
            gri_stack_opened(slab->stacks[i].low, usable_bytes(&slab->stacks[i]));
            gri_stack_unregister(slab->stacks[i].valgrind_id);
        }
        pool->slabs = slab->next;
        GRI_ASSERT(pool->system->unmap(slab->start, slab->stack_count * slab->stack_bytes) == 0);
        gri_memory_release(pool->memory, slab, table_bytes(slab->stack_count));
    }
}

/* Maps stacks for a class that has none left: as many as it has, within limits. */
static int add_slab(struct gri_stack_pool *pool, unsigned class_index)
{
    struct gri_stack_class *class = &pool->classes[class_index];
    size_t stack_bytes = GRI_STACK_BYTES_MIN << class_index;
    size_t bytes = class->stack_count * stack_bytes;
    if (bytes < SLAB_BYTES_MIN) bytes = SLAB_BYTES_MIN;
    if (bytes > SLAB_BYTES_MAX) bytes = SLAB_BYTES_MAX;
    size_t count = bytes < stack_bytes ? 1 : bytes / stack_bytes;
    struct gri_stack_slab *slab = gri_memory_allocate(pool->memory, table_bytes(count));
    if (!slab) goto fail;
    memset(slab, 0, table_bytes(count));
    slab->start = map(pool, count * stack_bytes);
    if (slab->start == MAP_FAILED) goto fail_release;
    slab->stack_bytes = stack_bytes;
    slab->stack_count = count;
    slab->class_index = class_index;
    slab->next = pool->slabs;
    pool->slabs = class->newest = slab;
    pool->mapped_bytes += count * stack_bytes;
    class->stack_count += count;
    return 0;

fail_release:
    gri_memory_release(pool->memory, slab, table_bytes(count));
fail:
    gri_thread_error_set("out of memory: no address space for a coroutine's stack of %zu bytes", stack_bytes);
    return GR_ENOMEM;
}

static int guard_error(const char *call)
{
    int code = errno == ENOMEM ? GR_ENOMEM : GR_ESYS;
    gri_thread_error_set("no guard for a coroutine's stack: %s: %s", call, strerror(errno));
    return code;
}

/* Puts a guard below a stack that has none: the best that works. */
static int add_guard(struct gri_stack_pool *pool, struct gri_stack *stack, char *start, bool is_prepared)
{
    bool may_fall_back = pool->guard == GRI_STACK_GUARD_AUTO;
    stack->low = start + pool->page_bytes;
    if (is_prepared) {
        stack->guard = GRI_STACK_GUARD_MADVISE;
        return 0;
    }
    if (pool->working == GRI_STACK_GUARD_MADVISE) {
        stack->guard = GRI_STACK_GUARD_MADVISE;
        if (pool->system->install(start, pool->page_bytes) == 0) return 0;
        if (errno != EINVAL) return guard_error("madvise");
        gri_thread_error_set("guard pages by madvise need Linux 6.13 and unlocked memory");
        if (!may_fall_back) return GR_EUNSUPPORTED;
        pool->working = GRI_STACK_GUARD_MPROTECT;
    }
    if (pool->working == GRI_STACK_GUARD_MPROTECT) {
        stack->guard = GRI_STACK_GUARD_MPROTECT;
        if (!pool->limit_reached) {
            if (pool->system->protect(start, pool->page_bytes) == 0) return 0;
            if (errno != ENOMEM) return guard_error("mprotect");
            pool->limit_reached = true;
            return_reserve(pool);
        }
        gri_thread_error_set("no guard page for a coroutine's stack: the process has as many mappings as "
                             "vm.max_map_count allows");
        if (!may_fall_back) return GR_ELIMIT;
    }
    stack->guard = GRI_STACK_GUARD_CANARY;
    stack->low = start; /* whose first bytes are zero, as the mapping is fresh */
    return 0;
}

/* Prepares some of a mapping's stacks at one go. One that can't be gets its guard when it is taken. */
static void prepare_some(struct gri_stack_pool *pool, struct gri_stack_slab *slab)
{
    bool is_first = pool->classes[slab->class_index].stack_count == slab->stack_count;
    if (is_first || pool->one_by_one || pool->working != GRI_STACK_GUARD_MADVISE) return;
    size_t count = slab->stack_count - slab->used_count;
    if (count > PREPARED_AT_ONCE) count = PREPARED_AT_ONCE;
    char *start = slab->start + slab->used_count * slab->stack_bytes;
    if (pool->system->prepare(start, slab->stack_bytes, count, pool->page_bytes) == 0)
        slab->prepared_count = slab->used_count + count;
    else
        pool->one_by_one = true;
}

/* Takes a stack that nobody ever used out of the newest mapping, or of a new one. */
static int take_new(struct gri_stack_pool *pool, unsigned class_index, struct gri_stack **out)
{
    struct gri_stack_class *class = &pool->classes[class_index];
    if (!class->newest || class->newest->used_count == class->newest->stack_count) {
        int err = add_slab(pool, class_index);
        if (err) return err;
    }
    struct gri_stack_slab *slab = class->newest;
    struct gri_stack *stack = &slab->stacks[slab->used_count];
    char *start = slab->start + slab->used_count * slab->stack_bytes;
    if (slab->used_count >= slab->prepared_count) prepare_some(pool, slab);
    int err = add_guard(pool, stack, start, slab->used_count < slab->prepared_count);
    if (err) return err;
    stack->slab = slab;
    stack->high = start + slab->stack_bytes;
    slab->used_count++;
    stack->valgrind_id = gri_stack_register(stack->low, gri_stack_high(stack));
    *out = stack;
    return 0;
}

/* The part of a stack that may hold anything. The canary's bytes must stay readable and zero. */
static char *open_low(const struct gri_stack *stack)
{
    return stack->low + (stack->guard == GRI_STACK_GUARD_CANARY ? GRI_STACK_CANARY_BYTES : 0);
}

static void set_warm(struct gri_stack_pool *pool, struct gri_stack *stack, bool warm)
{
    if (stack->warm == warm) return;
    stack->warm = warm;
    stack->slab->warm_count += warm ? 1 : (size_t)-1;
    pool->warm_bytes += warm ? stack->slab->stack_bytes : -stack->slab->stack_bytes;
}

/* Takes the stack that was freed last, or NULL. */
static struct gri_stack *take_freed(struct gri_stack_pool *pool, struct gri_stack_class *class)
{
    bool is_emptied = gri_list_is_empty(&class->available);
    const struct gri_list *list = is_emptied ? &class->emptied : &class->available;
    if (gri_list_is_empty(list)) return NULL;
    struct gri_stack_slab *slab = GRI_CONTAINER_OF(list->ends.prev, struct gri_stack_slab, node);
    struct gri_stack *stack = slab->free;
    slab->free = stack->next;
    slab->free_count--;
    if (is_emptied || !slab->free) gri_list_remove(&slab->node);
    if (is_emptied && slab->free) gri_list_push_back(&class->available, &slab->node);
    set_warm(pool, stack, false);
    return stack;
}

int gri_stack_take(struct gri_stack_pool *pool, size_t size_bytes, struct gri_stack **out)
{
    struct gri_stack *stack;
    if (size_bytes == 0) size_bytes = GRI_STACK_BYTES_DEFAULT;
    if (size_bytes > GRI_STACK_BYTES_MAX) {
        gri_thread_error_set("a coroutine's stack of %zu bytes is above the limit of %zu", size_bytes,
                             GRI_STACK_BYTES_MAX);
        return GR_ELIMIT;
    }
    /* Of large pages, a guard and three more are the least that is of use. */
    unsigned class_index = class_of(size_bytes > 4 * pool->page_bytes ? size_bytes : 4 * pool->page_bytes);
    stack = take_freed(pool, &pool->classes[class_index]);
    if (!stack) {
        int err = take_new(pool, class_index, &stack);
        if (err) return err;
    }
    pool->used_count++;
    gri_stack_opened(open_low(stack), (size_t)(gri_stack_high(stack) - open_low(stack)));
    *out = stack;
    return 0;
}

/* Gives back the pages of a mapping whose stacks are all free. True if that was possible. */
static bool empty(struct gri_stack_pool *pool, struct gri_stack_slab *slab)
{
    /* Guard pages stay: they hold nothing that could be dropped. */
    size_t count = slab->used_count > slab->prepared_count ? slab->used_count : slab->prepared_count;
    if (pool->system->drop(slab->start, count * slab->stack_bytes) != 0) return false;
    for (struct gri_stack *stack = slab->free; stack; stack = stack->next) set_warm(pool, stack, false);
    return true;
}

void gri_stack_give(struct gri_stack_pool *pool, struct gri_stack *stack)
{
    struct gri_stack_slab *slab = stack->slab;
    struct gri_stack_class *class = &pool->classes[slab->class_index];
    if (!gri_stack_is_intact(stack)) gri_stack_overflowed(pool, stack);
    gri_stack_closed(open_low(stack), (size_t)(gri_stack_high(stack) - open_low(stack)));
    pool->used_count--;
    stack->owner = NULL;
    stack->next = slab->free;
    slab->free = stack;
    slab->free_count++;
    set_warm(pool, stack, true);
    bool is_last = class->available.ends.prev == &slab->node;
    if (!is_last && gri_list_is_linked(&slab->node)) gri_list_remove(&slab->node);
    if (!is_last) gri_list_push_back(&class->available, &slab->node);
    if (__builtin_expect(pool->warm_bytes <= GRI_STACK_WARM_BYTES, 1)) return;
    if (slab->free_count == slab->used_count && empty(pool, slab)) {
        gri_list_remove(&slab->node);
        gri_list_push_back(&class->emptied, &slab->node);
        return;
    }
    /* Locked memory can't be dropped: then it stays warm. */
    if (pool->warm_bytes > 4 * GRI_STACK_WARM_BYTES &&
        pool->system->drop(stack->low, usable_bytes(stack)) == 0)
        set_warm(pool, stack, false);
}

/* An overflow may have left what AddressSanitizer calls poisoned. */
__attribute__((no_sanitize_address)) bool gri_stack_canary_is_intact(const struct gri_stack *stack)
{
    const uint64_t *words = (const uint64_t *)stack->low;
    uint64_t any = 0;
    for (size_t i = 0; i < GRI_STACK_CANARY_BYTES / sizeof(*words); i++) any |= words[i];
    return any == 0;
}

void gri_stack_overflowed(struct gri_stack_pool *pool, struct gri_stack *stack)
{
    static const char line[] =
        "greenroom: a coroutine's stack overflowed; without a guard page that shows late\n";
    if (pool->overflowed) {
        pool->overflowed(pool->overflow_context, stack);
    } else {
        ssize_t ignored = write(STDERR_FILENO, line, sizeof(line) - 1);
        (void)ignored;
    }
    abort();
}

enum gri_stack_part gri_stack_pool_find(const struct gri_stack_pool *pool, const void *address,
                                        const struct gri_stack **stack)
{
    *stack = NULL;
    for (const struct gri_stack_slab *slab = pool->slabs; slab; slab = slab->next) {
        size_t offset = (uintptr_t)address - (uintptr_t)slab->start;
        if (offset >= slab->used_count * slab->stack_bytes) continue;
        *stack = &slab->stacks[offset / slab->stack_bytes];
        return (const char *)address < (*stack)->low ? GRI_STACK_PART_GUARD : GRI_STACK_PART_BODY;
    }
    return GRI_STACK_PART_NONE;
}
