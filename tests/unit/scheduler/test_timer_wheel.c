/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the timer wheel: by hand at its edges, and by chance against a plain list. Time is a number here. */
#include "base/random.h"
#include "scheduler/timer_wheel.h"
#include "tests/support/share.h"
#include "tests/unit/base/child.h"

#define SECOND INT64_C(1000000000)
#define HOUR   (3600 * SECOND)

static struct gri_timer_wheel wheel;

/* A timer that notes that it fired. */
struct noted {
    struct gri_timer timer; /* must be first */
    int number;             /* what to note */
};

static int notes[100000], note_count;

static void note(struct gri_timer *timer, void *context)
{
    notes[note_count++] = ((struct noted *)timer)->number;
}

static void arm(struct noted *noted, int number, gr_time deadline_ns)
{
    *noted = (struct noted){.timer.fire = note, .number = number};
    gri_timer_wheel_arm(&wheel, &noted->timer, deadline_ns);
}

Test(timer_wheel, g14_a_timer_fires_at_its_deadline_not_a_nanosecond_before)
{
    for (int bits = 0; bits < 63; bits++) {
        struct noted noted;
        gr_time deadline = (INT64_C(1) << bits) + 12345 % (INT64_C(1) << bits);
        gri_timer_wheel_init(&wheel, 0);
        note_count = 0;
        arm(&noted, 1, deadline);
        cr_assert_eq(gri_timer_wheel_next(&wheel), deadline);
        cr_assert_eq(gri_timer_wheel_advance(&wheel, deadline - 1, NULL), 0, "2^%d", bits);
        cr_assert_eq(gri_timer_wheel_next(&wheel), deadline);
        cr_assert(gri_timer_armed(&noted.timer));
        cr_assert_eq(gri_timer_wheel_advance(&wheel, deadline, NULL), 1, "2^%d", bits);
        cr_assert(!gri_timer_armed(&noted.timer));
        cr_assert_eq(gri_timer_wheel_next(&wheel), GR_FOREVER);
        cr_assert_eq(gri_timer_wheel_advance(&wheel, GR_FOREVER, NULL), 0, "2^%d", bits);
        cr_assert_eq(note_count, 1);
    }
}

Test(timer_wheel, a_timer_may_be_armed_for_the_end_of_time)
{
    struct noted last, other;
    gri_timer_wheel_init(&wheel, HOUR);
    arm(&last, 1, INT64_MAX);
    arm(&other, 2, INT64_MAX - 1);
    cr_assert_eq(gri_timer_wheel_next(&wheel), INT64_MAX - 1);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, INT64_MAX - 1, NULL), 1);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, INT64_MAX - 1, NULL), 0);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, INT64_MAX, NULL), 1);
    cr_assert_eq(notes[0], 2);
    cr_assert_eq(notes[1], 1);
}

Test(timer_wheel, g14_a_cancelled_timer_never_fires)
{
    static struct noted noted[1000];
    gri_timer_wheel_init(&wheel, HOUR);
    for (int i = 0; i < 1000; i++) arm(&noted[i], i, HOUR + i * 777);
    cr_assert_eq(gri_timer_wheel_count(&wheel), 1000);
    for (int i = 0; i < 1000; i += 2) gri_timer_wheel_cancel(&wheel, &noted[i].timer);
    gri_timer_wheel_cancel(&wheel, &noted[0].timer);
    cr_assert_eq(gri_timer_wheel_count(&wheel), 500);
    cr_assert_eq(gri_timer_wheel_next(&wheel), HOUR + 777);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, 2 * HOUR, NULL), 500);
    for (int i = 0; i < 500; i++) cr_assert_eq(notes[i], 2 * i + 1);
}

Test(timer_wheel, timers_of_one_deadline_fire_in_the_order_of_arming)
{
    static struct noted noted[100000];
    gri_timer_wheel_init(&wheel, HOUR);
    /* Armed from near and from far, so that they meet from different levels. */
    for (int i = 0; i < 100000; i++) {
        if (i % 1000 == 0) gri_timer_wheel_advance(&wheel, HOUR + i * INT64_C(12345), NULL);
        arm(&noted[i], i, 2 * HOUR);
    }
    cr_assert_eq(gri_timer_wheel_advance(&wheel, 2 * HOUR, NULL), 100000);
    for (int i = 0; i < 100000; i++) cr_assert_eq(notes[i], i);
}

Test(timer_wheel, deadlines_that_have_passed_fire_first_and_in_order)
{
    static struct noted noted[1000], future;
    gri_timer_wheel_init(&wheel, HOUR);
    arm(&future, 1000, HOUR);
    for (int i = 0; i < 1000; i++) arm(&noted[i], 999 - i, HOUR - 1 - i / 2);
    cr_assert_eq(gri_timer_wheel_next(&wheel), HOUR - 500);
    gri_timer_wheel_cancel(&wheel, &noted[999].timer);
    gri_timer_wheel_cancel(&wheel, &noted[998].timer);
    cr_assert_eq(gri_timer_wheel_next(&wheel), HOUR - 499);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, HOUR, NULL), 999);
    for (int i = 0; i < 998; i += 2) {
        cr_assert_eq(notes[i], i + 3, "%d: %d", i,
                     notes[i]); /* armed before the next, of the same deadline */
        cr_assert_eq(notes[i + 1], i + 2);
    }
    cr_assert_eq(notes[998], 1000);
}

Test(timer_wheel, the_next_deadline_is_exact_after_cancelling_the_earliest_again_and_again)
{
    static struct noted noted[5000];
    struct gri_random random;
    static gr_time deadlines[5000];
    gri_random_seed(&random, 1);
    gri_timer_wheel_init(&wheel, HOUR);
    for (int i = 0; i < 5000; i++) {
        deadlines[i] = HOUR + (gr_time)gri_random_below(&random, (uint64_t)(30 * SECOND));
        arm(&noted[i], i, deadlines[i]);
    }
    for (int left = 5000; left > 0; left--) {
        int earliest = -1;
        for (int i = 0; i < 5000; i++)
            if (gri_timer_armed(&noted[i].timer) && (earliest < 0 || deadlines[i] < deadlines[earliest]))
                earliest = i;
        if (gri_timer_wheel_next(&wheel) != deadlines[earliest]) cr_assert_fail("wrong with %d left", left);
        gri_timer_wheel_cancel(&wheel, &noted[earliest].timer);
    }
    cr_assert_eq(gri_timer_wheel_next(&wheel), GR_FOREVER);
}

Test(timer_wheel, a_delay_counts_from_the_next_advance)
{
    struct noted waiting = {.timer.fire = note, .number = 1}, cancelled = {.timer.fire = note, .number = 2};
    struct noted zero = {.timer.fire = note, .number = 3}, forever = {.timer.fire = note, .number = 4};
    gri_timer_wheel_init(&wheel, HOUR);
    gri_timer_wheel_arm_after(&wheel, &waiting.timer, SECOND);
    gri_timer_wheel_arm_after(&wheel, &cancelled.timer, SECOND);
    gri_timer_wheel_arm_after(&wheel, &zero.timer, 0);
    gri_timer_wheel_arm_after(&wheel, &forever.timer, GR_FOREVER);
    cr_assert(gri_timer_armed(&waiting.timer));
    cr_assert_eq(gri_timer_wheel_count(&wheel), 4);
    cr_assert_leq(gri_timer_wheel_next(&wheel), HOUR, "no deadline is known before time is told");
    gri_timer_wheel_cancel(&wheel, &cancelled.timer);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, 2 * HOUR, NULL), 1);
    cr_assert_eq(notes[0], 3);
    cr_assert_eq(gri_timer_wheel_next(&wheel), 2 * HOUR + SECOND);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, 2 * HOUR + SECOND - 1, NULL), 0);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, 2 * HOUR + SECOND, NULL), 1);
    cr_assert_eq(notes[1], 1);
    cr_assert_eq(gri_timer_wheel_next(&wheel), GR_FOREVER);
    cr_assert_eq(gri_timer_wheel_count(&wheel), 1, "the one without end is still armed");
}

Test(timer_wheel, delays_can_start_before_the_advance_without_anything_firing)
{
    struct noted first = {.timer.fire = note, .number = 1}, second = {.timer.fire = note, .number = 2};
    gri_timer_wheel_init(&wheel, HOUR);
    gri_timer_wheel_arm_after(&wheel, &first.timer, 0);
    gri_timer_wheel_start(&wheel, HOUR + 10);
    gri_timer_wheel_arm_after(&wheel, &second.timer, 0);
    cr_assert_eq(note_count, 0);
    gri_timer_wheel_start(&wheel, HOUR + 20);
    cr_assert_eq(gri_timer_wheel_next(&wheel), HOUR + 10);
    cr_assert_eq(gri_timer_wheel_advance(&wheel, HOUR + 20, NULL), 2);
    cr_assert_eq(notes[0], 1);
    cr_assert_eq(notes[1], 2);
}

static void again_after(struct gri_timer *timer, void *context)
{
    note(timer, context);
    gri_timer_wheel_arm_after(&wheel, timer, 0);
}

Test(timer_wheel, a_timer_that_repeats_without_delay_fires_once_an_advance)
{
    struct noted noted = {.timer.fire = again_after, .number = 1};
    gri_timer_wheel_init(&wheel, 0);
    gri_timer_wheel_arm(&wheel, &noted.timer, 0);
    for (int i = 1; i <= 5; i++) {
        cr_assert_eq(gri_timer_wheel_advance(&wheel, i, NULL), 1);
        cr_assert_eq(note_count, i);
    }
}

static void free_itself(struct gri_timer *timer, void *context)
{
    free(timer);
    ++*(int *)context;
}

Test(timer_wheel, a_callback_may_free_its_timer)
{
    int freed = 0;
    gri_timer_wheel_init(&wheel, 0);
    for (int i = 0; i < 100; i++) {
        struct gri_timer *timer = calloc(1, sizeof *timer);
        cr_assert_not_null(timer);
        timer->fire = free_itself;
        gri_timer_wheel_arm(&wheel, timer, i % 7);
    }
    cr_assert_eq(gri_timer_wheel_advance(&wheel, 7, &freed), 100);
    cr_assert_eq(freed, 100);
}

static void arm_armed(void *noted)
{
    gri_timer_wheel_arm(&wheel, &((struct noted *)noted)->timer, 1);
}

static void go_back(void *unused)
{
    gri_timer_wheel_advance(&wheel, HOUR - 1, NULL);
}

static void advance_inside(struct gri_timer *timer, void *context)
{
    gri_timer_wheel_advance(&wheel, HOUR, NULL);
}

static void advance_in_callback(void *unused)
{
    struct gri_timer timer = {.fire = advance_inside};
    gri_timer_wheel_arm(&wheel, &timer, 0);
    gri_timer_wheel_advance(&wheel, HOUR, NULL);
}

Test(timer_wheel, misuse_fails_an_assertion)
{
    struct noted noted;
    gri_timer_wheel_init(&wheel, HOUR);
    arm(&noted, 1, 2 * HOUR);
    child_must_abort(arm_armed, &noted, "!gri_timer_armed(timer)");
    child_must_abort(go_back, NULL, "now_ns >= wheel->base_ns");
    child_must_abort(advance_in_callback, NULL, "!wheel->advancing");
}

/* The model: timers in a plain array, the earliest found by looking at all. */

#define MODEL_COUNT 200

enum { IDLE, WAITING, ARMED };

struct modelled {
    struct gri_timer timer; /* must be first */
    int state;              /* of the above */
    gr_time deadline;       /* or the delay, while WAITING */
    uint64_t order;         /* of arming */
};

static struct {
    struct modelled timers[MODEL_COUNT]; /* all there are */
    struct gri_random random;            /* what decides */
    gr_time now;                         /* last told */
    uint64_t bits;                       /* of the longest span */
    uint64_t order;                      /* of the next arming */
    uint64_t fired;                      /* in the advance under way */
} model;

static struct modelled *earliest(void)
{
    struct modelled *first = NULL;
    for (struct modelled *m = model.timers; m < model.timers + MODEL_COUNT; m++) {
        if (m->state != ARMED) continue;
        if (!first || m->deadline < first->deadline ||
            (m->deadline == first->deadline && m->order < first->order))
            first = m;
    }
    return first;
}

static void fire_modelled(struct gri_timer *timer, void *context);

/* A time span, of any magnitude up to the run's. */
static gr_time any_span(void)
{
    return (gr_time)(gri_random_next(&model.random) >>
                     (64 - model.bits + gri_random_below(&model.random, model.bits)));
}

static gr_time saturated(gr_time a, gr_time b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Arms, cancels or moves one timer by chance. A callback arms nothing that is due already, for that need not end. */
static void change_one(bool in_callback)
{
    struct modelled *m = &model.timers[gri_random_below(&model.random, MODEL_COUNT)];
    struct modelled *like = &model.timers[gri_random_below(&model.random, MODEL_COUNT)];
    uint64_t kind = gri_random_below(&model.random, 10);
    if (m->state != IDLE) {
        gri_timer_wheel_cancel(&wheel, &m->timer);
        m->state = IDLE;
        if (kind < 3) return;
    }
    if (gri_timer_armed(&m->timer)) cr_assert_fail("still armed after its cancel");
    m->order = model.order++;
    if (kind == 9) {
        m->state = WAITING;
        m->deadline = any_span();
        gri_timer_wheel_arm_after(&wheel, &m->timer, m->deadline);
        return;
    }
    m->state = ARMED;
    m->deadline = saturated(model.now, any_span());
    if (kind == 8) m->deadline = model.now - (any_span() & model.now);
    if (kind >= 6 && kind < 8 && like->state == ARMED) m->deadline = like->deadline;
    if (in_callback && m->deadline <= model.now && gri_random_below(&model.random, 2))
        m->deadline = saturated(model.now, 1);
    gri_timer_wheel_arm(&wheel, &m->timer, m->deadline);
}

static void fire_modelled(struct gri_timer *timer, void *context)
{
    struct modelled *m = (struct modelled *)timer;
    if (context != &model) cr_assert_fail("wrong context");
    if (m != earliest()) cr_assert_fail("fired out of order, or not armed");
    if (m->deadline > model.now) cr_assert_fail("fired %ld ns early", (long)(m->deadline - model.now));
    if (gri_timer_armed(timer)) cr_assert_fail("armed while it fires");
    m->state = IDLE;
    model.fired++;
    while (gri_random_below(&model.random, 3) == 0) change_one(true);
    struct modelled *next = earliest();
    if (next && gri_random_below(&model.random, 8) == 0) {
        gri_timer_wheel_cancel(&wheel, &next->timer);
        next->state = IDLE;
    }
}

/* Delays start in the order in which they were asked for, before anything fires. */
static void start_delays(void)
{
    for (;;) {
        struct modelled *first = NULL;
        for (struct modelled *m = model.timers; m < model.timers + MODEL_COUNT; m++)
            if (m->state == WAITING && (!first || m->order < first->order)) first = m;
        if (!first) return;
        first->state = ARMED;
        first->deadline = saturated(model.now, first->deadline);
        first->order = model.order++;
    }
}

/* Tells the time for that alone. */
static void start_model(void)
{
    model.now = saturated(model.now, any_span() / 4);
    start_delays();
    gri_timer_wheel_start(&wheel, model.now);
}

static void advance_model(void)
{
    struct modelled *next = earliest();
    uint64_t kind = gri_random_below(&model.random, 8);
    gr_time to = saturated(model.now, any_span());
    if (next && kind < 3) to = next->deadline;
    if (next && kind == 3) to = next->deadline - 1;
    if (kind > 5) to = saturated(model.now, (gr_time)gri_random_below(&model.random, 200));
    if (to > model.now) model.now = to;
    start_delays();
    model.fired = 0;
    if (gri_timer_wheel_advance(&wheel, model.now, &model) != model.fired)
        cr_assert_fail("wrong number fired");
    next = earliest();
    if (next && next->deadline <= model.now) cr_assert_fail("one that is due did not fire");
}

static void check_model(void)
{
    uint64_t armed = 0;
    bool waiting = false;
    for (struct modelled *m = model.timers; m < model.timers + MODEL_COUNT; m++) {
        if (gri_timer_armed(&m->timer) != (m->state != IDLE)) cr_assert_fail("gri_timer_armed is wrong");
        armed += m->state != IDLE;
        waiting |= m->state == WAITING;
    }
    struct modelled *next = earliest();
    gr_time expected = next ? next->deadline : GR_FOREVER, found = gri_timer_wheel_next(&wheel);
    if (waiting ? found > model.now : found != expected) cr_assert_fail("the next deadline is wrong");
    if (gri_timer_wheel_count(&wheel) != armed) cr_assert_fail("the count is wrong");
}

Test(timer_wheel, g14_it_does_what_a_sorted_list_would_do)
{
    static const uint64_t bits[] = {63, 40, 22, 14, 9};
    uint64_t runs = test_share(400);
    for (uint64_t seed = 1; seed <= runs; seed++) {
        memset(&model, 0, sizeof model);
        gri_random_seed(&model.random, seed);
        model.bits = bits[seed % 5];
        model.now = seed % 4 ? (gr_time)(gri_random_next(&model.random) >> (2 + seed % 50)) : 0;
        gri_timer_wheel_init(&wheel, model.now);
        if (seed % 3)
            wheel.quota = (unsigned)(seed % 3 - 1) * 5; /* so that few go down ahead of time, or none */
        for (int i = 0; i < MODEL_COUNT; i++) model.timers[i].timer.fire = fire_modelled;
        for (int step = 0; step < 500; step++) {
            for (uint64_t n = gri_random_below(&model.random, 8); n > 0; n--) change_one(false);
            check_model();
            if (gri_random_below(&model.random, 4) == 0) start_model();
            if (gri_random_below(&model.random, 2)) advance_model();
            check_model();
        }
        model.now = INT64_MAX;
        for (int i = 0; i < MODEL_COUNT; i++) gri_timer_wheel_cancel(&wheel, &model.timers[i].timer);
        cr_assert_eq(gri_timer_wheel_count(&wheel), 0);
        cr_assert_eq(wheel.levels, 0, "seed %lu: a level is marked that is empty", (unsigned long)seed);
    }
}

static void count(struct gri_timer *timer, void *context)
{
    ++*(uint64_t *)context;
}

Test(timer_wheel, of_a_million_timers_none_is_late_by_more_than_a_tick)
{
    enum { COUNT = 1000000, TICK = 1000 };
    struct gri_random random;
    static struct gri_timer timers[COUNT];
    uint64_t fired = 0;
    gr_time now = 5 * HOUR + 123;
    gri_random_seed(&random, 7);
    gri_timer_wheel_init(&wheel, now);
    for (int i = 0; i < COUNT; i++) {
        timers[i].fire = count;
        gri_timer_wheel_arm(&wheel, &timers[i],
                            now + 1000000 * (gr_time)(1 + gri_random_below(&random, 1000)));
    }
    while (gri_timer_wheel_count(&wheel)) {
        now += TICK;
        gri_timer_wheel_advance(&wheel, now, &fired);
        if (gri_timer_wheel_next(&wheel) <= now) cr_assert_fail("one is late");
    }
    cr_assert_eq(fired, COUNT);
}
