/* SPDX-License-Identifier: Apache-2.0 */
/* The choices of an execution, by which it is repeated, and its steps, by which it is told. */
#include "tests/support/explorer/schedule.h"

#include <stdlib.h>
#include <string.h>

#define CHOICES_MAX 1000
#define STEPS_MAX   1000
#define PRINTED_MAX 100
#define DIGITS      "0123456789abcdefghijklmnopqrstuvwxyz"

static struct {
    uint16_t picked, of; /* the choice made, of how many; of 0: not known yet (replay) */
} choices[CHOICES_MAX];
static int choice_count, choice_depth;
static bool replaying;

static struct {
    int tid;      /* who */
    struct op op; /* what, with its results */
} steps[STEPS_MAX];
static int step_count;

void trace_reset(void)
{
    if (!replaying) choice_count = 0;
}

void trace_restart(void)
{
    choice_depth = step_count = 0;
}

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "explorer: %s\n", why);
    trace_print(stderr);
    exit(2);
}

int trace_choose(int of)
{
    if (of == 1) return 0;
    if (of < 1 || of > (int)strlen(DIGITS)) give_up("a choice of too many or none");
    if (choice_depth == CHOICES_MAX) give_up("an execution has too many choices: does a loop never end?");
    if (choice_depth == choice_count) {
        choices[choice_count].picked = 0;
        choices[choice_count++].of = (uint16_t)of;
    }
    if (choices[choice_depth].of == 0) choices[choice_depth].of = (uint16_t)of;
    bool same = choices[choice_depth].of == of && choices[choice_depth].picked < of;
    if (!same) give_up("an execution did not repeat: does setup make everything anew?");
    return choices[choice_depth++].picked;
}

/* Goes on to the next execution; false when all were seen. */
bool trace_next(void)
{
    choice_count = choice_depth;
    while (choice_count > 0 && choices[choice_count - 1].picked + 1 == choices[choice_count - 1].of)
        choice_count--;
    if (choice_count == 0 || replaying) return false;
    choices[choice_count - 1].picked++;
    return true;
}

const char *trace_choices(void)
{
    static char text[CHOICES_MAX + 1];
    for (int i = 0; i < choice_depth; i++) text[i] = DIGITS[choices[i].picked];
    text[choice_depth] = '\0';
    return text;
}

void trace_replay(const char *text)
{
    replaying = text != NULL;
    choice_count = 0;
    for (; text != NULL && *text != '\0' && choice_count < CHOICES_MAX; text++) {
        const char *digit = strchr(DIGITS, *text);
        if (digit == NULL) give_up("a choice string has digits and small letters only");
        choices[choice_count].picked = (uint16_t)(digit - DIGITS);
        choices[choice_count++].of = 0;
    }
}

void trace_step(int tid, const struct op *op)
{
    if (step_count == STEPS_MAX) give_up("an execution has too many steps: does a loop never end?");
    steps[step_count].tid = tid;
    steps[step_count++].op = *op;
}

const char *trace_order_name(int order)
{
    switch (order) {
    case GRI_RELAXED:
        return "relaxed";
    case GRI_ACQUIRE:
        return "acquire";
    case GRI_RELEASE:
        return "release";
    case GRI_ACQ_REL:
        return "acq_rel";
    default:
        return "seq_cst";
    }
}

/* A letter for each word, in the order in which they appear. */
static int word_number(int step)
{
    int number = 0;
    for (int i = 0; i <= step; i++) {
        int first = 0;
        while (steps[first].op.address != steps[i].op.address) first++;
        if (steps[i].op.address == steps[step].op.address) return number;
        if (first == i) number++;
    }
    return number;
}

void trace_print(FILE *out)
{
    static const char *const names[] = {"load",       "store",        "read-modify-write", "futex wait",
                                        "futex wake", "event signal", "event wait",        "pause"};
    if (step_count > PRINTED_MAX) fprintf(out, "  (%d steps before)\n", step_count - PRINTED_MAX);
    for (int i = step_count > PRINTED_MAX ? step_count - PRINTED_MAX : 0; i < step_count; i++) {
        const struct op *op = &steps[i].op;
        fprintf(out, "  thread %d  %s:%d  word %d  %s", steps[i].tid, op->file, op->line, word_number(i),
                names[op->kind]);
        if (op_is_access(op)) fprintf(out, " %s", trace_order_name(op->order));
        if (op_reads(op)) fprintf(out, ", read %#llx", (unsigned long long)op->value);
        if (op->wrote) fprintf(out, ", stored %#llx", (unsigned long long)op->stored);
        if (!op_is_access(op) && op->value) fprintf(out, ", timed out");
        fputc('\n', out);
    }
}
