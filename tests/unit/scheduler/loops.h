/* SPDX-License-Identifier: Apache-2.0 */
/* A few loops on one thread for tests of links and loops: no poller, a clock set by hand, and a `deliver` that notes what
 * arrived. It is no test itself. */
#ifndef TESTS_UNIT_SCHEDULER_LOOPS_H
#define TESTS_UNIT_SCHEDULER_LOOPS_H

#include "scheduler/loop.h"

#include <criterion/criterion.h>
#include <string.h>

#define LOOPS_MAX 3
#define SEEN_MAX  100000

static struct gri_loop loops[LOOPS_MAX];
static struct gri_loop *peers[LOOPS_MAX];
static struct gri_memory_fault fault; /* counts, and can fail, all memory of the loops */

/* What arrived at a loop. */
static struct {
    uint32_t numbers[SEEN_MAX]; /* first words of payloads, in order */
    size_t count;               /* of them */
} seen[LOOPS_MAX];

static gr_time hand_time;

static gr_time hand_now(struct gri_clock *clock)
{
    return hand_time;
}

static struct gri_clock hand_clock = {hand_now};

static void see(struct gri_loop *loop, struct gri_message *m)
{
    seen[loop->index].numbers[seen[loop->index].count++ % SEEN_MAX] = (uint32_t)m->payload[0];
    gri_loop_free_message(loop, m);
}

static inline struct gri_loop_options loop_options(unsigned index, unsigned count)
{
    return (struct gri_loop_options){.index = index,
                                     .count = count,
                                     .peers = peers,
                                     .memory = &fault.memory,
                                     .clock = &hand_clock,
                                     .seed = index + 1,
                                     .bypass_pools = true};
}

static inline void start_loops(unsigned count)
{
    memset(seen, 0, sizeof seen);
    hand_time = 1000;
    gri_memory_fault_init(&fault, gri_memory_default(), 0);
    for (unsigned i = 0; i < count; i++) {
        struct gri_loop_options options = loop_options(i, count);
        peers[i] = &loops[i];
        cr_assert_eq(gri_loop_init(&loops[i], &options), 0);
        loops[i].deliver = see;
    }
}

/* Ends the loops and checks that all their memory came back. */
static inline void end_loops(unsigned count)
{
    for (unsigned i = 0; i < count; i++) gri_loop_step(&loops[i], &gri_step_limits_default);
    for (unsigned i = 0; i < count; i++) gri_loop_fini(&loops[i]);
    cr_assert_eq(gri_memory_used(&fault.memory), 0);
}

/* An envelope of `from` that carries a number. */
static inline struct gri_message *new_number(struct gri_loop *from, uint32_t number)
{
    struct gri_message *m = gri_loop_new_message(from, sizeof(uint64_t));
    cr_assert_not_null(m);
    m->flags = 0;
    m->reply = NULL;
    m->kind = GRI_MAIL_USER;
    m->payload[0] = number;
    return m;
}

static inline bool step(unsigned loop)
{
    return gri_loop_step(&loops[loop], &gri_step_limits_default);
}

#endif
