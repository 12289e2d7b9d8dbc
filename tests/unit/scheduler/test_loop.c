/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a loop: its step and limits, injection, clock and timers, parking, driving, and its memory. */
#include "base/platform.h"
#include "tests/unit/scheduler/loops.h"

/* Work that counts its runs and may queue itself again. */
struct counted_work {
    struct gri_work work; /* must be first */
    int runs;             /* so far */
    int wanted;           /* runs until it rests */
};

static void run_counted(struct gri_loop *loop, struct gri_work *work)
{
    struct counted_work *self = (struct counted_work *)work;
    cr_assert_eq(gri_loop_current(), loop);
    if (++self->runs < self->wanted) gri_loop_schedule(loop, work);
}

Test(loop, a_step_runs_what_is_queued_in_turn_and_reports_the_rest)
{
    struct counted_work a = {.work.run = run_counted, .wanted = 100},
                        b = {.work.run = run_counted, .wanted = 1};
    start_loops(1);
    gri_loop_schedule(&loops[0], &a.work);
    gri_loop_schedule(&loops[0], &b.work);
    cr_assert(gri_loop_has_work(&loops[0]));
    struct gri_step_limits three = {.turns = 3, .messages = 64, .batch = 256, .inbound = UINT64_MAX};
    cr_assert(gri_loop_step(&loops[0], &three));
    cr_assert_eq(a.runs, 2);
    cr_assert_eq(b.runs, 1);
    while (step(0)) {
    }
    cr_assert_eq(a.runs, 100);
    cr_assert(!gri_loop_has_work(&loops[0]));
    cr_assert_null(gri_loop_current());
    cr_assert_eq(gri_counter_read(&loops[0].counters, GRI_COUNTER_TURNS), 101);
    end_loops(1);
}

static struct gri_message *foreign_number(uint32_t number)
{
    struct gri_message *m = gri_message_create(&fault.memory, sizeof(uint64_t));
    cr_assert_not_null(m);
    m->flags = 0;
    m->payload[0] = number;
    return m;
}

Test(loop, g1_what_plain_threads_give_arrives_in_order_within_the_batch)
{
    start_loops(1);
    for (uint32_t i = 0; i < 10; i++) gri_loop_inject(&loops[0], foreign_number(i));
    cr_assert_gt(gri_load(&loops[0].inject_bytes, GRI_RELAXED), 0);
    struct gri_step_limits limits = {.turns = 64, .messages = 64, .batch = 3, .inbound = UINT64_MAX};
    cr_assert(gri_loop_step(&loops[0], &limits));
    cr_assert_eq(seen[0].count, 3);
    for (uint32_t i = 10; i < 20; i++) gri_loop_inject(&loops[0], foreign_number(i));
    while (gri_loop_step(&loops[0], &limits)) {
    }
    cr_assert_eq(seen[0].count, 20);
    for (uint32_t i = 0; i < 20; i++) cr_assert_eq(seen[0].numbers[i], i);
    cr_assert_eq(gri_load(&loops[0].inject_bytes, GRI_RELAXED), 0);
    cr_assert_eq(gri_counter_read(&loops[0].counters, GRI_COUNTER_INJECTED), 20);
    end_loops(1);
}

Test(loop, what_the_limits_hide_stays_for_a_later_step)
{
    start_loops(2);
    gri_loop_inject(&loops[1], foreign_number(1));
    gri_link_send(&loops[0], 1, new_number(&loops[0], 2));
    step(0);
    struct gri_step_limits limits = gri_step_limits_default;
    limits.inbound = gri_doorbell_bit(0);
    cr_assert(gri_loop_step(&loops[1], &limits), "something waits");
    cr_assert_eq(seen[1].count, 1);
    cr_assert_eq(seen[1].numbers[0], 2);
    step(1);
    cr_assert_eq(seen[1].count, 2);
    end_loops(2);
}

Test(loop, at_the_end_injected_envelopes_can_be_taken)
{
    start_loops(1);
    for (uint32_t i = 0; i < 3; i++) gri_loop_inject(&loops[0], foreign_number(i));
    for (uint32_t i = 0; i < 3; i++) {
        struct gri_message *m = gri_loop_take_injected(&loops[0]);
        cr_assert_eq(m->payload[0], i);
        gri_loop_free_message(&loops[0], m);
    }
    cr_assert_null(gri_loop_take_injected(&loops[0]));
    end_loops(1);
}

/* ---- time ---- */

struct noted_timer {
    struct gri_timer timer; /* must be first */
    gr_time fired;          /* when, or 0 */
};

static void fire(struct gri_timer *timer, void *context)
{
    ((struct noted_timer *)timer)->fired = ((struct gri_loop *)context)->now;
}

Test(loop, g14_a_timer_fires_when_the_clock_has_passed_its_time_and_not_before)
{
    struct noted_timer timer = {.timer.fire = fire};
    start_loops(1);
    gri_loop_arm(&loops[0], &timer.timer, 500);
    step(0);
    gr_time due = gri_loop_next_timer(&loops[0]);
    cr_assert_eq(due, 1500);
    hand_time = 1499;
    step(0);
    cr_assert_eq(timer.fired, 0);
    hand_time = 1500;
    step(0);
    cr_assert_eq(timer.fired, 1500);
    cr_assert_eq(gri_loop_next_timer(&loops[0]), GR_FOREVER);
    cr_assert_eq(gri_counter_read(&loops[0].counters, GRI_COUNTER_TIMERS), 1);
    end_loops(1);
}

Test(loop, g14_a_timer_is_not_early_when_the_clock_was_not_read_for_long)
{
    struct noted_timer timer = {.timer.fire = fire};
    start_loops(1);
    hand_time = 5000; /* the loop believes it is 1000 */
    gri_loop_arm(&loops[0], &timer.timer, 500);
    step(0);
    cr_assert_eq(timer.fired, 0);
    hand_time = 5499;
    step(0);
    cr_assert_eq(timer.fired, 0);
    hand_time = 5500;
    step(0);
    cr_assert_eq(timer.fired, 5500);
    end_loops(1);
}

Test(loop, g14_a_disarmed_timer_never_fires)
{
    struct noted_timer timer = {.timer.fire = fire};
    start_loops(1);
    gri_loop_arm(&loops[0], &timer.timer, 500);
    gri_loop_disarm(&loops[0], &timer.timer);
    hand_time = 100000;
    step(0);
    cr_assert_eq(timer.fired, 0);
    gri_loop_arm(&loops[0], &timer.timer, 500);
    step(0);
    gri_loop_disarm(&loops[0], &timer.timer);
    hand_time = 200000;
    step(0);
    cr_assert_eq(timer.fired, 0);
    end_loops(1);
}

Test(loop, a_busy_loop_reads_the_clock_every_64_turns)
{
    struct counted_work work = {.work.run = run_counted, .wanted = 1000};
    start_loops(1);
    gri_loop_schedule(&loops[0], &work.work);
    hand_time = 2000;
    struct gri_step_limits one = {.turns = 1, .messages = 1, .batch = 1, .inbound = UINT64_MAX};
    for (unsigned i = 0; i < GRI_CLOCK_TURNS; i++) gri_loop_step(&loops[0], &one);
    cr_assert_eq(loops[0].now, 1000);
    gri_loop_step(&loops[0], &one);
    cr_assert_eq(loops[0].now, 2000);
    while (step(0)) {
    }
    end_loops(1);
}

enum { CROWD = 1000, CROWD_DELAY = 20000, CROWD_PACE = 10 };

static struct noted_timer crowd[CROWD];
static gr_time crowd_armed[CROWD];

/* Arms many timers in one turn, while time goes on. */
static void arm_crowd(struct gri_loop *loop, struct gri_work *work)
{
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = (struct noted_timer){.timer.fire = fire};
        crowd_armed[i] = hand_time;
        gri_loop_arm(loop, &crowd[i].timer, CROWD_DELAY);
        hand_time += CROWD_PACE;
    }
}

Test(loop, g14_of_many_timers_armed_in_one_turn_none_is_early_nor_late_by_the_whole_turn)
{
    struct gri_work work = {.run = arm_crowd};
    start_loops(1);
    gri_loop_schedule(&loops[0], &work);
    for (step(0); gri_timer_wheel_count(&loops[0].timers) != 0; step(0)) hand_time++;
    for (int i = 0; i < CROWD; i++) {
        gr_time late = crowd[i].fired - crowd_armed[i] - CROWD_DELAY;
        if (crowd[i].fired == 0 || late < 0) cr_assert_fail("timer %d was %ld ns early", i, -(long)late);
        if (late > CROWD_PACE * (gr_time)GRI_ARM_BATCH)
            cr_assert_fail("timer %d was %ld ns late", i, (long)late);
    }
    end_loops(1);
}

/* A turn that takes long, and looks at the clock meanwhile, as those of actors do. */
static void run_long(struct gri_loop *loop, struct gri_work *work)
{
    hand_time += GRI_STEP_NS;
    gri_loop_slice_is_over(loop, true);
    run_counted(loop, work);
}

Test(loop, g14_long_turns_do_not_hold_up_timers_until_64_of_them_are_over)
{
    struct counted_work work = {.work.run = run_long, .wanted = 100};
    struct noted_timer timer = {.timer.fire = fire};
    start_loops(1);
    gri_loop_arm(&loops[0], &timer.timer, 500);
    step(0);
    gri_loop_schedule(&loops[0], &work.work);
    step(0);
    cr_assert_eq(work.runs, 1);
    step(0);
    cr_assert_eq(timer.fired, 1000 + GRI_STEP_NS);
    cr_assert_eq(work.runs, 65, "without timers turns go on");
    while (step(0)) {
    }
    end_loops(1);
}

/* ---- parking ---- */

Test(loop, a_loop_with_work_refuses_to_park)
{
    struct counted_work work = {.work.run = run_counted, .wanted = 1};
    start_loops(1);
    cr_assert(gri_loop_try_park(&loops[0]));
    gri_loop_unpark(&loops[0]);
    gri_loop_schedule(&loops[0], &work.work);
    cr_assert(!gri_loop_try_park(&loops[0]));
    step(0);
    gri_loop_inject(&loops[0], foreign_number(1));
    cr_assert(!gri_loop_try_park(&loops[0]));
    step(0);
    cr_assert(gri_loop_try_park(&loops[0]));
    gri_loop_inject(&loops[0], foreign_number(2));
    gri_loop_unpark(&loops[0]);
    step(0);
    cr_assert_eq(seen[0].count, 2);
    end_loops(1);
}

/* A poller that counts what it is told. */
struct counting_poller {
    struct gri_poller poller; /* must be first */
    int parks, wakes;         /* calls */
    gr_time last_timeout;     /* of the last park */
};

static void count_park(struct gri_poller *poller, gr_time timeout)
{
    struct counting_poller *self = (struct counting_poller *)poller;
    self->parks++;
    self->last_timeout = timeout;
    if (timeout != GR_FOREVER) hand_time += timeout;
}

static void count_wake(struct gri_poller *poller)
{
    ((struct counting_poller *)poller)->wakes++;
}

static void no_destroy(struct gri_poller *poller)
{
}

static const struct gri_poller_ops counting_ops = {
    .park = count_park, .wake = count_wake, .destroy = no_destroy};
static struct counting_poller counting = {.poller.ops = &counting_ops};
static int pauses_left;

static bool pause_after(struct gri_loop *loop, bool is_idle)
{
    return pauses_left-- > 0;
}

Test(loop, only_a_parked_loop_is_woken_and_only_once)
{
    start_loops(1);
    loops[0].poller = &counting.poller;
    gri_loop_inject(&loops[0], foreign_number(1));
    cr_assert_eq(counting.wakes, 0);
    step(0);
    cr_assert(gri_loop_try_park(&loops[0]));
    gri_loop_inject(&loops[0], foreign_number(2));
    gri_loop_inject(&loops[0], foreign_number(3));
    cr_assert_eq(counting.wakes, 1);
    gri_loop_unpark(&loops[0]);
    end_loops(1);
    cr_assert_eq(seen[0].count, 3);
}

Test(loop, g14_the_driver_parks_until_the_next_timer_is_due)
{
    struct noted_timer timer = {.timer.fire = fire};
    start_loops(1);
    loops[0].poller = &counting.poller;
    loops[0].pause = pause_after;
    pauses_left = 3;
    gri_loop_arm(&loops[0], &timer.timer, 700);
    gri_loop_drive(&loops[0]);
    cr_assert_eq(timer.fired, 1700);
    cr_assert_eq(counting.last_timeout, GR_FOREVER, "afterwards there was nothing to wait for");
    end_loops(1);
}

Test(loop, the_driver_looks_at_descriptors_now_and_then_while_it_is_busy)
{
    struct counted_work work = {.work.run = run_counted, .wanted = 64 * 64 * 3};
    start_loops(1);
    loops[0].poller = &counting.poller;
    loops[0].pause = pause_after;
    pauses_left = 2;
    gri_loop_schedule(&loops[0], &work.work);
    gri_loop_drive(&loops[0]);
    cr_assert_eq(counting.parks, 2);
    cr_assert_eq(counting.last_timeout, 0);
    while (step(0)) {
    }
    end_loops(1);
}

/* ---- memory ---- */

Test(loop, envelopes_of_every_size_come_and_go)
{
    start_loops(1);
    for (size_t size = 0; size <= 70000; size = size * 2 + 7) {
        struct gri_message *m = gri_loop_new_message(&loops[0], size);
        cr_assert_not_null(m);
        cr_assert_eq((uintptr_t)m % 64, 0);
        memset(m->payload, 0x5a, size);
        if (m->pool_class == GRI_POOL_LARGE)
            gri_memory_release(&fault.memory, m, sizeof *m + size); /* its type would tell its size */
        else
            gri_loop_free_message(&loops[0], m);
    }
    end_loops(1);
}

Test(loop, a_loop_is_made_whole_or_not_at_all)
{
    struct gri_loop_options options;
    start_loops(1);
    end_loops(1);
    uint64_t needed = gri_memory_fault_count(&fault);
    cr_assert_geq(needed, 3);
    for (uint64_t nth = 1; nth <= 3; nth++) {
        gri_memory_fault_init(&fault, gri_memory_default(), nth);
        options = loop_options(0, 1);
        cr_assert_eq(gri_loop_init(&loops[0], &options), GR_ENOMEM, "allocation %d", (int)nth);
        cr_assert_eq(gri_memory_used(&fault.memory), 0);
    }
}

Test(loop, without_memory_there_is_no_envelope)
{
    start_loops(1);
    fault.nth = gri_memory_fault_count(&fault) + 1;
    cr_assert_null(gri_loop_new_message(&loops[0], 8));
    fault.nth = gri_memory_fault_count(&fault) + 1;
    cr_assert_null(gri_loop_new_message(&loops[0], 10000));
    fault.nth = gri_memory_fault_count(&fault) + 1;
    cr_assert_null(gri_message_create(&fault.memory, 8));
    end_loops(1);
}

Test(loop, the_generator_gives_the_same_numbers_for_the_same_seed)
{
    uint64_t first[5];
    for (int round = 0; round < 2; round++) {
        start_loops(2);
        for (int i = 0; i < 5; i++) {
            uint64_t number = gri_random_next(&loops[0].random);
            if (round == 0) first[i] = number;
            cr_assert_eq(number, first[i]);
            cr_assert_neq(number, gri_random_next(&loops[1].random));
        }
        end_loops(2);
    }
}
