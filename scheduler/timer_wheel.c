/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer wheel; the header tells how it is built. Its state between calls:
 *   1. A timer in `slots` has a deadline of at least base_ns, one in `past` an earlier one.
 *   2. A slot's index at level k is time >> 6k, kept modulo 128. Let b be base_ns's. Level k holds what is due before
 *      slot b + 2 of level k + 1. Its own slots up to b are empty (but for level 0), and b + 1 is being split: new
 *      timers don't go there unless some are left there, and in each advance some are moved down.
 *   3. So all of level k are due before all of level k + 1, but for those in a slot that is being split, none of which
 *      is due before split_ns.
 *   4. Timers of the same deadline go the same way, and first come first: they are in one list, in the order in which
 *      they were armed, or in a list and a slot that is being split above it, the earlier armed in the list.
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
#define PLACE_SLOTS   3u /* + GRI_TIMER_SLOT_COUNT * level + slot */

/* Enough to sort 2^40 timers. */
#define SORT_BINS 40

void gri_timer_wheel_init(struct gri_timer_wheel *wheel, gr_time now_ns)
{
    GRI_ASSERT(now_ns >= 0);
    memset(wheel, 0, sizeof(*wheel));
    wheel->base_ns = now_ns;
    wheel->split_ns = INT64_MAX;
    wheel->quota = GRI_TIMER_QUOTA;
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
        list->least_ns = timer->deadline_ns;
        return false;
    }
    last->next = timer;
    if (timer->deadline_ns < list->least_ns) list->least_ns = timer->deadline_ns;
    return timer->deadline_ns < last->deadline_ns;
}

static inline uint64_t index_at(gr_time time_ns, unsigned level)
{
    return (uint64_t)time_ns >> (GROUP_BITS * level);
}

/* Puts a timer that is not before base_ns where its deadline belongs, at `level`, which reaches so far, or below. */
static inline void put_at_most(struct gri_timer_wheel *wheel, struct gri_timer *timer, unsigned level)
{
    unsigned slot;
    uint64_t bit;
    for (;; level--) {
        uint64_t index = index_at(timer->deadline_ns, level), ahead = index - index_at(wheel->base_ns, level);
        slot = (unsigned)index % GRI_TIMER_SLOT_COUNT;
        bit = UINT64_C(1) << slot % 64;
        if (level == 0 || ahead > 1 || (ahead == 1 && wheel->occupied[level][slot / 64] & bit)) break;
    }
    timer->place = PLACE_SLOTS + level * GRI_TIMER_SLOT_COUNT + slot;
    wheel->levels |= 1u << level;
    wheel->occupied[level][slot / 64] |= bit;
    if (append(&wheel->slots[level][slot], timer)) wheel->unsorted[level][slot / 64] |= bit;
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
    put_at_most(wheel, timer, (63u - (unsigned)__builtin_clzll(differs)) / GROUP_BITS);
}

gr_time gri_timer_left(const struct gri_timer *timer, gr_time now_ns)
{
    if (timer->place == PLACE_WAITING) return timer->deadline_ns;
    return gri_clock_left(now_ns, timer->deadline_ns);
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

/* An empty slot has no bits. */
static void clear_slot(struct gri_timer_wheel *wheel, unsigned level, unsigned slot)
{
    uint64_t bit = UINT64_C(1) << slot % 64;
    wheel->unsorted[level][slot / 64] &= ~bit;
    wheel->stale[level][slot / 64] &= ~bit;
    wheel->occupied[level][slot / 64] &= ~bit;
    if ((wheel->occupied[level][0] | wheel->occupied[level][1]) == 0) wheel->levels &= ~(1u << level);
}

/* After a timer with this deadline was taken out of a list: its bits, and its earliest deadline. */
static void settle(struct gri_timer_wheel *wheel, uint32_t place, gr_time deadline_ns)
{
    struct gri_timer_list *list = list_at(wheel, place);
    if (place == PLACE_PAST && !list->first) wheel->past_unsorted = false;
    if (place < PLACE_SLOTS) return;
    unsigned level = (place - PLACE_SLOTS) / GRI_TIMER_SLOT_COUNT;
    unsigned slot = (place - PLACE_SLOTS) % GRI_TIMER_SLOT_COUNT;
    uint64_t bit = UINT64_C(1) << slot % 64;
    if (!list->first)
        clear_slot(wheel, level, slot);
    else if (!(wheel->unsorted[level][slot / 64] & bit))
        list->least_ns = list->first->deadline_ns;
    else if (deadline_ns == list->least_ns)
        wheel->stale[level][slot / 64] |= bit;
}

/* Takes an armed timer out of its list. */
static void disarm(struct gri_timer_wheel *wheel, struct gri_timer *timer)
{
    uint32_t place = timer->place;
    struct gri_timer_list *list = list_at(wheel, place);
    *(timer->prev ? &timer->prev->next : &list->first) = timer->next;
    *(timer->next ? &timer->next->prev : &list->last) = timer->prev;
    settle(wheel, place, timer->deadline_ns);
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

/* The first slot of the lowest level that has any, and the earliest time that it covers. Some level has one. */
static gr_time first_slot(const struct gri_timer_wheel *wheel, unsigned *level, unsigned *slot)
{
    *level = (unsigned)__builtin_ctz(wheel->levels);
    uint64_t block = index_at(wheel->base_ns, *level) / 64;
    if (wheel->occupied[*level][block % 2] == 0) block++;
    unsigned bit = (unsigned)__builtin_ctzll(wheel->occupied[*level][block % 2]);
    *slot = (unsigned)(block % 2) * 64 + bit;
    return (gr_time)((block * 64 + bit) << (GROUP_BITS * *level));
}

/* Moves up to `quota` timers of a slot to lower levels; returns what is left of the quota. */
static uint64_t split(struct gri_timer_wheel *wheel, unsigned level, unsigned slot, uint64_t quota)
{
    struct gri_timer_list *list = &wheel->slots[level][slot];
    if (!list->first) return quota;
    while (quota > 0 && list->first) {
        struct gri_timer *timer = list->first;
        list->first = timer->next;
        put_at_most(wheel, timer, level - 1);
        quota--;
    }
    if (list->first) {
        list->first->prev = NULL;
    } else {
        list->last = NULL;
        clear_slot(wheel, level, slot);
    }
    return quota;
}

/* The slot of a level that is being split, if it is not empty. */
static unsigned slot_to_split(const struct gri_timer_wheel *wheel, unsigned level)
{
    return (unsigned)(index_at(wheel->base_ns, level) + 1) % GRI_TIMER_SLOT_COUNT;
}

/* Finds split_ns anew. */
static void find_split(struct gri_timer_wheel *wheel)
{
    wheel->split_ns = INT64_MAX;
    for (uint32_t levels = wheel->levels & ~1u; levels; levels &= levels - 1) {
        unsigned level = (unsigned)__builtin_ctz(levels);
        if (!wheel->slots[level][slot_to_split(wheel, level)].first) continue;
        gr_time start_ns = (gr_time)((index_at(wheel->base_ns, level) + 1) << (GROUP_BITS * level));
        if (start_ns < wheel->split_ns) wheel->split_ns = start_ns;
    }
}

/* Whether nothing that is being split can be earlier than this start of a slot. (Time ends at INT64_MAX, too.) */
static bool is_first(const struct gri_timer_wheel *wheel, gr_time start_ns)
{
    return start_ns < wheel->split_ns || wheel->split_ns == INT64_MAX;
}

/* Splits what is being split, as far as the quota goes. The lower a level, the sooner it has to be done. */
static void split_ahead(struct gri_timer_wheel *wheel, uint64_t quota)
{
    if (wheel->split_ns == INT64_MAX) return;
    for (unsigned level = 1; level < GRI_TIMER_LEVEL_COUNT && quota > 0; level++)
        if (wheel->levels >> level & 1) quota = split(wheel, level, slot_to_split(wheel, level), quota);
    find_split(wheel);
}

/* Moves the base, past no timer. The lower levels go first, as their timers were armed first. */
static void move_base(struct gri_timer_wheel *wheel, gr_time to_ns)
{
    gr_time from_ns = wheel->base_ns;
    wheel->base_ns = to_ns;
    for (unsigned level = 1; level < GRI_TIMER_LEVEL_COUNT; level++) {
        uint64_t index = index_at(to_ns, level);
        if (index == index_at(from_ns, level)) break;
        if (wheel->levels >> level & 1)
            split(wheel, level, (unsigned)index % GRI_TIMER_SLOT_COUNT, UINT64_MAX);
    }
    find_split(wheel);
}

/* The earliest timer if it is due, else NULL. Moves the base as far as need be. */
static struct gri_timer *first_due(struct gri_timer_wheel *wheel, gr_time now_ns)
{
    if (wheel->past.first) return first_past(wheel);
    while (wheel->levels) {
        unsigned level, slot;
        gr_time start_ns = first_slot(wheel, &level, &slot);
        struct gri_timer *first = wheel->slots[level][slot].first;
        bool found = is_first(wheel, start_ns);
        if (!found) start_ns = wheel->split_ns;
        if (start_ns > now_ns) return NULL;
        /* One alone need not go down level by level. */
        if (found && (level == 0 || (!first->next && first->deadline_ns <= now_ns))) return first;
        move_base(wheel, start_ns);
    }
    return NULL;
}

/* Gives the timers that waited for it their deadline. */
static void start_waiting(struct gri_timer_wheel *wheel, gr_time now_ns)
{
    struct gri_timer *timer = wheel->waiting.first;
    wheel->waiting = (struct gri_timer_list){NULL, NULL, 0};
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
    move_base(wheel, now_ns);
    split_ahead(wheel, wheel->quota + GRI_TIMER_QUOTA_FOR_EACH * fired);
    wheel->advancing = false;
    return fired;
}

/* The earliest deadline in a slot that is not empty. */
static gr_time least_of_slot(struct gri_timer_wheel *wheel, unsigned level, unsigned slot)
{
    struct gri_timer_list *list = &wheel->slots[level][slot];
    uint64_t bit = UINT64_C(1) << slot % 64;
    if (wheel->stale[level][slot / 64] & bit) {
        list->least_ns = list->first->deadline_ns;
        for (const struct gri_timer *timer = list->first->next; timer; timer = timer->next)
            if (timer->deadline_ns < list->least_ns) list->least_ns = timer->deadline_ns;
        wheel->stale[level][slot / 64] &= ~bit;
    }
    return list->least_ns;
}

/* The earliest deadline in `slots`, which are not all empty. */
static gr_time least_of_slots(struct gri_timer_wheel *wheel)
{
    unsigned level, slot;
    for (;;) {
        if (is_first(wheel, first_slot(wheel, &level, &slot))) return least_of_slot(wheel, level, slot);
        split_ahead(wheel, UINT64_MAX); /* an earlier one may still stand above */
    }
}

gr_time gri_timer_wheel_next(struct gri_timer_wheel *wheel)
{
    if (wheel->waiting.first) return wheel->base_ns;
    if (wheel->count == 0) return GR_FOREVER;
    if (!wheel->next_known) {
        wheel->next_ns = wheel->past.first ? first_past(wheel)->deadline_ns : least_of_slots(wheel);
        wheel->next_known = true;
    }
    return wheel->next_ns;
}
