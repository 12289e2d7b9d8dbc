/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a coroutine's stack overflow (D10): who, and what to do. It is made on the way to the process's end, in a
 * signal handler or next to spoiled memory, so it takes no lock and no memory and calls write alone. Who finds the
 * overflow is elsewhere: a fault handler of runtime/, or the check of a canary by the stack's pool.
 */
#include "actors/actor.h"

#include <unistd.h>

/* A line being put together. */
struct line {
    char text[320]; /* what there is */
    size_t length;  /* of it */
};

static void append(struct line *line, const char *text)
{
    while (*text != '\0' && line->length < sizeof line->text - 1) line->text[line->length++] = *text++;
}

static void append_number(struct line *line, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    append(line, digits + at);
}

/* A name of any length leaves room for the advice. */
static void append_name(struct line *line, const struct gr_actor *actor)
{
    const struct gri_dispatch *dispatch = gri_actor_dispatch(actor);
    const char *name = dispatch != NULL ? dispatch->behaviour->name : "?";
    for (size_t i = 0; i < 64 && name[i] != '\0'; i++) append(line, (char[]){name[i], '\0'});
}

void gri_report_overflow(const struct gri_coroutine *coroutine)
{
    const struct gr_actor *actor = gri_coroutine_argument(coroutine);
    const struct gri_stack *stack = gri_coroutine_stack(coroutine);
    gr_ref ref = gri_actor_ref(actor);
    struct line line = {.length = 0};
    append(&line, "greenroom: the stack of actor ");
    append_name(&line, actor);
    append(&line, " ");
    append_number(&line, ref.seat);
    append(&line, ":");
    append_number(&line, ref.slot);
    append(&line, ":");
    append_number(&line, ref.generation);
    append(&line, " overflowed its ");
    append_number(&line, (uint64_t)(gri_stack_high(stack) - stack->low));
    append(&line, " bytes: raise .stack_size where it is spawned, or GR_STACK_SIZE for all\n");
    ssize_t ignored = write(STDERR_FILENO, line.text, line.length);
    (void)ignored;
}

void gri_report_canary(void *context, struct gri_stack *stack)
{
    (void)context;
    if (stack->owner != NULL) gri_report_overflow(stack->owner);
}
