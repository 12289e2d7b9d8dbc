/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer wheel; the header tells how it is built. Its state between calls:
 *   1. A timer in `slots` has a deadline of at least base_ns, one in `past` an earlier one.
 *   2. A timer in slots[k][s] has the groups of base_ns above k, and s, not base_ns's, as group k; so an occupied
 *      slot is later than base_ns, and level k's are all earlier than those of k + 1. At level 0, s may be base_ns's.
 *   3. Timers of the same deadline are all in one list, in the order in which they were armed.
 * When base_ns moves into a slot's range, the slot's timers go to lower levels in their order, which keeps 2 and 3.
 */
#include "scheduler/timer_wheel.h"

#include "base/assert.h"
#include "base/clock.h"

#include <string.h>

#define GROUP_BITS 6u

/* Values of gri_timer.place. */
#define PLACE_NONE    0u
#define PLACE_PAST    1u
#define PLACE_WAITING 2u
#define PLACE_SLOTS   3u /* + 64 * level + slot */

/* Enough to sort 2^40 timers. */
#define SORT_BINS 40

void gri_timer_wheel_init(struct gri_timer_wheel *wheel, gr_time now_ns)
{
    GRI_ASSERT(now_ns >= 0);
    memset(wheel, 0, sizeof(*wheel));
    wheel->base_ns = now_ns;
}

static struct gri_timer_list *list_at(struct gri_timer_wheel *wheel, uint32_t place)
{
    if (place == PLACE_PAST) return &wheel->past;
    if (place == PLACE_WAITING) return &wheel->waiting;
    return &wheel->slots[0][0] + (place - PLACE_SLOTS);
}

/* Appends; returns whether the list is no longer in the order of deadlines. */
static inline bool append(struct gri_timer_list *list, struct gri_timer *timer)
{
    struct gri_timer *last = list->last;
    timer->next = NULL;
    timer->prev = last;
    list->last = timer;
    if (!last) {
        list->first = timer;
        return false;
    }
    last->next = timer;
    return timer->deadline_ns < last->deadline_ns;
}

/* Puts a timer where its deadline belongs. */
static inline void put(struct gri_timer_wheel *wheel, struct gri_timer *timer)
{
    if (timer->deadline_ns < wheel->base_ns) {
        timer->place = PLACE_PAST;
        if (append(&wheel->past, timer)) wheel->past_unsorted = true;
        return;
    }
    uint64_t differs = (uint64_t)(timer->deadline_ns ^ wheel->base_ns) | 1;
    unsigned level = (63u - (unsigned)__builtin_clzll(differs)) / GROUP_BITS;
    unsigned slot = (unsigned)(timer->deadline_ns >> (GROUP_BITS * level)) & (GRI_TIMER_SLOT_COUNT - 1);
    uint64_t bit = UINT64_C(1) << slot;
    timer->place = PLACE_SLOTS + level * GRI_TIMER_SLOT_COUNT + slot;
    wheel->levels |= 1u << level;
    wheel->occupied[level] |= bit;
    if (append(&wheel->slots[level][slot], timer)) wheel->unsorted[level] |= bit;
}

void gri_timer_wheel_arm(struct gri_timer_wheel *wheel, struct gri_timer *timer, gr_time deadline_ns)
{
    GRI_ASSERT(!gri_timer_armed(timer));
    timer->deadline_ns = deadline_ns;
    wheel->count++;
    if (deadline_ns < wheel->next_ns) wheel->next_ns = deadline_ns;
    put(wheel, timer);
}

void gri_timer_wheel_arm_after(struct gri_timer_wheel *wheel, struct gri_timer *timer, gr_time delay_ns)
{
    GRI_ASSERT(!gri_timer_armed(timer) && delay_ns >= 0);
    timer->deadline_ns = delay_ns;
    timer->place = PLACE_WAITING;
    wheel->count++;
    append(&wheel->waiting, timer);
}

/* An empty list has no bits. */
static void clear_bits(struct gri_timer_wheel *wheel, uint32_t place)
{
    if (place == PLACE_PAST) wheel->past_unsorted = false;
    if (place < PLACE_SLOTS) return;
    unsigned level = (place - PLACE_SLOTS) / GRI_TIMER_SLOT_COUNT;
    uint64_t bit = UINT64_C(1) << ((place - PLACE_SLOTS) % GRI_TIMER_SLOT_COUNT);
    wheel->unsorted[level] &= ~bit;
    wheel->occupied[level] &= ~bit;
    if (wheel->occupied[level] == 0) wheel->levels &= ~(1u << level);
}

/* Takes an armed timer out of its list. */
static void disarm(struct gri_timer_wheel *wheel, struct gri_timer *timer)
{
    uint32_t place = timer->place;
    struct gri_timer_list *list = list_at(wheel, place);
    *(timer->prev ? &timer->prev->next : &list->first) = timer->next;
    *(timer->next ? &timer->next->prev : &list->last) = timer->prev;
    if (!list->first) clear_bits(wheel, place);
    if (timer->deadline_ns == wheel->next_ns && place != PLACE_WAITING) wheel->next_known = false;
    timer->place = PLACE_NONE;
    wheel->count--;
}

void gri_timer_wheel_cancel(struct gri_timer_wheel *wheel, struct gri_timer *timer)
{
    if (gri_timer_armed(timer)) disarm(wheel, timer);
}

/* Merges two chains in the order of deadlines; of the same deadline, those of `a` come first. */
static struct gri_timer *merge(struct gri_timer *a, struct gri_timer *b)
{
    struct gri_timer *first = NULL, **end = &first;
    while (a && b) {
        struct gri_timer **least = b->deadline_ns < a->deadline_ns ? &b : &a;
        *end = *least;
        end = &(*least)->next;
        *least = (*least)->next;
    }
    *end = a ? a : b;
    return first;
}

/* Sorts a list that is not empty, keeping the order of arming: bin i holds a sorted chain of 2^i, earlier armed than
 * those of the bins below. */
static void sort(struct gri_timer_list *list)
{
    struct gri_timer *bins[SORT_BINS] = {NULL}, *sorted = NULL, *prev = NULL;
    for (struct gri_timer *timer = list->first, *rest; timer; timer = rest) {
        rest = timer->next;
        timer->next = NULL;
        int i = 0;
        for (; bins[i]; i++) {
            timer = merge(bins[i], timer);
            bins[i] = NULL;
        }
        bins[i] = timer;
    }
    for (int i = 0; i < SORT_BINS; i++) sorted = merge(bins[i], sorted);
    list->first = sorted;
    for (struct gri_timer *timer = sorted; timer; timer = timer->next) {
        timer->prev = prev;
        prev = timer;
    }
    list->last = prev;
}

/* The earliest of those that are past, which exist. */
static struct gri_timer *first_past(struct gri_timer_wheel *wheel)
{
    if (wheel->past_unsorted) sort(&wheel->past);
    wheel->past_unsorted = false;
    return wheel->past.first;
}

/* The earliest time that a slot covers. */
static gr_time slot_start(const struct gri_timer_wheel *wheel, unsigned level, unsigned slot)
{
    unsigned shift = GROUP_BITS * level;
    uint64_t above = level + 1 < GRI_TIMER_LEVEL_COUNT ? UINT64_MAX << (shift + GROUP_BITS) : 0;
    return (gr_time)(((uint64_t)wheel->base_ns & above) | ((uint64_t)slot << shift));
}

/* Moves the base to the start of a slot above level 0, and its timers down. */
static void cascade(struct gri_timer_wheel *wheel, unsigned level, unsigned slot)
{
    struct gri_timer_list *list = &wheel->slots[level][slot];
    struct gri_timer *timer = list->first;
    wheel->base_ns = slot_start(wheel, level, slot);
    *list = (struct gri_timer_list){NULL, NULL};
    clear_bits(wheel, PLACE_SLOTS + level * GRI_TIMER_SLOT_COUNT + slot);
    while (timer) {
        struct gri_timer *next = timer->next;
        put(wheel, timer);
        timer = next;
    }
}

/* The earliest timer if it is due, else NULL. Cascades what has to be on the way there. */
static struct gri_timer *first_due(struct gri_timer_wheel *wheel, gr_time now_ns)
{
    if (wheel->past.first) return first_past(wheel);
    while (wheel->levels) {
        unsigned level = (unsigned)__builtin_ctz(wheel->levels);
        unsigned slot = (unsigned)__builtin_ctzll(wheel->occupied[level]);
        struct gri_timer *first = wheel->slots[level][slot].first;
        if (slot_start(wheel, level, slot) > now_ns) return NULL;
        /* One alone need not go down level by level. */
        if (level == 0 || (!first->next && first->deadline_ns <= now_ns)) return first;
        cascade(wheel, level, slot);
    }
    return NULL;
}

/* Gives the timers that waited for it their deadline. */
static void start_waiting(struct gri_timer_wheel *wheel, gr_time now_ns)
{
    struct gri_timer *timer = wheel->waiting.first;
    wheel->waiting = (struct gri_timer_list){NULL, NULL};
    while (timer) {
        struct gri_timer *next = timer->next;
        timer->deadline_ns = gri_clock_after(now_ns, timer->deadline_ns);
        if (timer->deadline_ns < wheel->next_ns) wheel->next_ns = timer->deadline_ns;
        put(wheel, timer);
        timer = next;
    }
}

uint64_t gri_timer_wheel_advance(struct gri_timer_wheel *wheel, gr_time now_ns, void *context)
{
    uint64_t fired = 0;
    GRI_ASSERT(!wheel->advancing && now_ns >= wheel->base_ns);
    wheel->advancing = true;
    start_waiting(wheel, now_ns);
    for (struct gri_timer *timer; (timer = first_due(wheel, now_ns)); fired++) {
        disarm(wheel, timer);
        timer->fire(timer, context);
    }
    /* What is left is later, and in no slot that has begun, so the base may move without a cascade. */
    wheel->base_ns = now_ns;
    wheel->advancing = false;
    return fired;
}

gr_time gri_timer_wheel_next(struct gri_timer_wheel *wheel)
{
    if (wheel->waiting.first) return wheel->base_ns;
    if (wheel->count == 0) return GR_FOREVER;
    if (!wheel->next_known) {
        if (wheel->past.first) {
            wheel->next_ns = first_past(wheel)->deadline_ns;
        } else {
            unsigned level = (unsigned)__builtin_ctz(wheel->levels);
            uint64_t bit = wheel->occupied[level] & -wheel->occupied[level];
            struct gri_timer_list *list = &wheel->slots[level][__builtin_ctzll(bit)];
            if (wheel->unsorted[level] & bit) sort(list);
            wheel->unsorted[level] &= ~bit;
            wheel->next_ns = list->first->deadline_ns;
        }
        wheel->next_known = true;
    }
    return wheel->next_ns;
}
