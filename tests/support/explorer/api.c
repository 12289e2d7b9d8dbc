/* SPDX-License-Identifier: Apache-2.0 */
/* What code compiled for the explorer calls: atomics, plain accesses, futexes, events. It only passes them on. */
#include "base/platform.h"
#include "tests/support/explorer/schedule.h"

#include <greenroom/error.h>

#include <stdlib.h>
#include <string.h>

#define OUTCOMES_MAX 256

struct site api_sites[SITES_MAX];
int api_site_count;
static struct site weak_site;
static int weak_order;
static uint64_t outcomes[OUTCOMES_MAX];
static size_t outcome_count;

static _Noreturn void misuse(const char *what, const char *file, int line)
{
    fprintf(stderr, "explorer: %s at %s:%d\n", what, file, line);
    exit(2);
}

/* --- sites --- */

void api_weaken(const struct site *site, int order)
{
    weak_site = site ? *site : (struct site){0};
    weak_order = order;
}

/* Two accesses of one line count as one site if they are alike: so there should be one in a line. */
static bool is_at(const struct site *site, const struct op *op)
{
    if (site->kind != op->kind || site->order != op->order) return false;
    return site->line == op->line && site->file != NULL && strcmp(site->file, op->file) == 0;
}

/* The order to use: the source's, unless this site is weakened. Notes the site. */
static int order_of(const struct op *op)
{
    if (op->order == GRI_RELAXED) return op->order;
    if (is_at(&weak_site, op)) return weak_order;
    for (int i = 0; i < api_site_count; i++)
        if (is_at(&api_sites[i], op)) return op->order;
    if (api_site_count == SITES_MAX) misuse("too many sites", op->file, op->line);
    api_sites[api_site_count++] = (struct site){op->file, op->line, op->kind, op->order};
    return op->order;
}

/* --- atomics --- */

static struct op *atomic_access(struct op op)
{
    op.order = order_of(&op);
    return schedule_perform(op);
}

uint64_t gri_explorer_load(const volatile void *address, unsigned size, int order, const char *file, int line)
{
    struct op op = {.kind = OP_LOAD, .address = address, .size = size};
    op.order = order, op.file = file, op.line = line;
    return atomic_access(op)->value;
}

void gri_explorer_store(volatile void *address, unsigned size, uint64_t value, int order, const char *file,
                        int line)
{
    struct op op = {.kind = OP_STORE, .address = address, .size = size, .operand = value};
    op.order = order, op.file = file, op.line = line;
    atomic_access(op);
}

#define DEFINE_RMW(name, which)                                                                              \
    uint64_t gri_explorer_##name(volatile void *address, unsigned size, uint64_t value, int order,           \
                                 const char *file, int line)                                                 \
    {                                                                                                        \
        struct op op = {.kind = OP_RMW, .rmw = which, .address = address, .size = size, .operand = value};   \
        op.order = order, op.file = file, op.line = line;                                                    \
        return atomic_access(op)->value;                                                                     \
    }

DEFINE_RMW(exchange, RMW_EXCHANGE)
DEFINE_RMW(fetch_add, RMW_ADD)
DEFINE_RMW(fetch_sub, RMW_SUB)
DEFINE_RMW(fetch_or, RMW_OR)
DEFINE_RMW(fetch_and, RMW_AND)

bool gri_explorer_compare_exchange(volatile void *address, unsigned size, void *expected, uint64_t desired,
                                   int order, const char *file, int line)
{
    struct op op = {.kind = OP_RMW, .rmw = RMW_COMPARE_EXCHANGE, .address = address, .size = size};
    op.order = order, op.file = file, op.line = line, op.operand = desired;
    memcpy(&op.expected, expected, size);
    const struct op *made = atomic_access(op);
    if (!made->wrote) memcpy(expected, &made->value, size);
    return made->wrote;
}

void gri_explorer_pause(const char *file, int line)
{
    schedule_pause(file, line);
}

/* --- plain memory --- */

void gri_explorer_plain_read(const volatile void *address, unsigned long size, const char *file, int line)
{
    schedule_check(model_plain(schedule_thread(), address, size, false, file, line));
}

void gri_explorer_plain_write(volatile void *address, unsigned long size, const char *file, int line)
{
    schedule_check(model_plain(schedule_thread(), address, size, true, file, line));
}

void gri_explorer_freed(const volatile void *address, size_t size, const char *file, int line)
{
    schedule_check(model_free(schedule_thread(), address, size, file, line));
}

/* --- sleeping --- */

int gri_futex_wait(gri_atomic_u32 *word, uint32_t expected, gr_time timeout_ns)
{
    struct op op = {.kind = OP_FUTEX_WAIT, .address = word, .size = sizeof *word, .expected = expected};
    op.order = GRI_RELAXED, op.may_time_out = timeout_ns != GR_FOREVER, op.file = "futex_wait";
    return schedule_perform(op)->value ? GR_ETIMEOUT : 0;
}

void gri_futex_wake(gri_atomic_u32 *word, int count)
{
    struct op op = {.kind = OP_FUTEX_WAKE, .address = word, .size = sizeof *word, .operand = (uint64_t)count};
    op.file = "futex_wake";
    schedule_perform(op);
}

void gri_explorer_signal(struct gri_explorer_event *event, const char *file, int line)
{
    struct op op = {.kind = OP_EVENT_SIGNAL, .address = event, .file = file, .line = line};
    schedule_perform(op);
}

bool gri_explorer_wait(struct gri_explorer_event *event, bool may_time_out, const char *file, int line)
{
    struct op op = {.kind = OP_EVENT_WAIT, .address = event, .file = file, .line = line};
    op.may_time_out = may_time_out;
    return schedule_perform(op)->value == 0;
}

/* --- outcomes --- */

void gri_explorer_outcome(uint64_t outcome)
{
    size_t at = 0;
    while (at < outcome_count && outcomes[at] < outcome) at++;
    if (at < outcome_count && outcomes[at] == outcome) return;
    if (outcome_count == OUTCOMES_MAX) misuse("too many different outcomes", __FILE__, __LINE__);
    memmove(&outcomes[at + 1], &outcomes[at], (outcome_count - at) * sizeof outcomes[0]);
    outcomes[at] = outcome;
    outcome_count++;
}

void api_reset_outcomes(void)
{
    outcome_count = 0;
}

size_t api_outcome_count(void)
{
    return outcome_count;
}

bool gri_explorer_outcomes_fit(const struct gri_explorer_scenario *scenario)
{
    size_t bytes = outcome_count * sizeof outcomes[0];
    if (scenario->outcomes == NULL) return true;
    if (outcome_count == scenario->outcome_count && memcmp(outcomes, scenario->outcomes, bytes) == 0)
        return true;
    printf("%s: other outcomes than expected:", scenario->name);
    for (size_t i = 0; i < outcome_count; i++) printf(" %#llx", (unsigned long long)outcomes[i]);
    printf("\n");
    return false;
}
