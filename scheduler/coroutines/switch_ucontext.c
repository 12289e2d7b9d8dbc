/* SPDX-License-Identifier: Apache-2.0 */
/* The switch of stacks by ucontext.h, where there is no assembly for the processor. It is no faster than its calls. */
#include "base/assert.h"
#include "scheduler/coroutines/switch.h"

#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* A side is a pointer to its context, which lies on its own stack while it is suspended. */
void gri_switch_ucontext(void **other)
{
    ucontext_t here;
    const ucontext_t *there = *other;
    here.uc_stack = (stack_t){0}; /* AddressSanitizer looks at it */
    *other = &here;
    GRI_ASSERT(swapcontext(&here, there) == 0);
}

/* makecontext passes only ints: two pointers in halves. */
static void start(unsigned entry_high, unsigned entry_low, unsigned argument_high, unsigned argument_low)
{
    uintptr_t entry = (uintptr_t)((uint64_t)entry_high << 32 | entry_low);
    uintptr_t argument = (uintptr_t)((uint64_t)argument_high << 32 | argument_low);
    ((void (*)(void *))entry)((void *)argument);
    __builtin_trap();
}

void *gri_switch_ucontext_prepare(char *low, char *high, void (*entry)(void *argument), void *argument)
{
    ucontext_t *context = (ucontext_t *)((uintptr_t)(high - sizeof(ucontext_t)) & -(uintptr_t)64);
    uint64_t e = (uint64_t)(uintptr_t)entry, a = (uint64_t)(uintptr_t)argument;
    GRI_ASSERT(getcontext(context) == 0);
    context->uc_stack = (stack_t){.ss_sp = low, .ss_size = (size_t)((char *)context - low)};
    context->uc_link = NULL;
    makecontext(context, (void (*)(void))start, 4, (unsigned)(e >> 32), (unsigned)e, (unsigned)(a >> 32),
                (unsigned)a);
    return context;
}
