/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a coroutine's stack overflow (D10): who, and what to do. It is made on the way to the process's end, in a
 * signal handler or next to spoiled memory, so it takes no lock and no memory and calls write alone. Who finds the
 * overflow is elsewhere: a fault handler of runtime/, or the check of a canary by the stack's pool.
 */
#include "actors/actor.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

#define LINE_MAX (GRI_ACTOR_TEXT + 160) /* bytes */

static void append(struct gri_text *text, const char *string)
{
    gri_text_append(text, string, strlen(string));
}

void gri_report_overflow(const struct gri_coroutine *coroutine)
{
    const struct gr_actor *actor = gri_coroutine_argument(coroutine);
    const struct gri_stack *stack = gri_coroutine_stack(coroutine);
    char out[LINE_MAX];
    struct gri_text line;
    gri_text_init(&line, out, sizeof out);
    append(&line, "greenroom: the stack of actor ");
    gri_append_actor(&line, actor);
    append(&line, " overflowed its ");
    gri_text_append_number(&line, (uint64_t)(gri_stack_high(stack) - stack->low), 10);
    append(&line, " bytes: raise .stack_size where it is spawned, or GR_STACK_SIZE for all\n");
    ssize_t ignored = write(STDERR_FILENO, line.out, line.length);
    (void)ignored;
}

void gri_report_canary(void *context, struct gri_stack *stack)
{
    (void)context;
    if (stack->owner != NULL) gri_report_overflow(stack->owner);
}
