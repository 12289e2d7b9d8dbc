/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer wheel; the header tells how it is built. Its state between calls:
 *   1. A timer in `slots` has a deadline of at least base_ns, one in `past` an earlier one.
 *   2. A slot's index at level k is time >> shifts[k], kept modulo the level's slots, which are those of two slots of
 *      level k + 1. Let b be base_ns's. Level k holds what is due before slot b + 2 of level k + 1. Its own slots up to b
 *      are empty (but for level 0), and b + 1 is being split: new timers don't go there unless some are left there, and
 *      in each advance some are moved down.
 *   3. So all of level k are due before all of level k + 1, but for those in a slot that is being split, none of which
 *      is due before split_ns.
 *   4. Timers of the same deadline go the same way, and first come first: they are in one list, in the order in which
 *      they were armed, or in a list and a slot that is being split above it, the earlier armed in the list.
 */
#include "scheduler/timer_wheel.h"

#include "base/assert.h"
#include "base/clock.h"

#include <string.h>

static const uint8_t shifts[GRI_TIMER_LEVEL_COUNT] = GRI_TIMER_LEVEL_SHIFTS;
static const uint16_t level_slots[GRI_TIMER_LEVEL_COUNT] = GRI_TIMER_LEVEL_SLOTS;
static const uint16_t level_first[GRI_TIMER_LEVEL_COUNT] = GRI_TIMER_LEVEL_FIRST;

/* By the highest bit in which a deadline differs from the base: the highest level where it can be. */
static const uint8_t level_of_bit[64] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1,
                                         2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4,
                                         5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7};

/* Values of gri_timer.place. */
#define PLACE_NONE    0u
#define PLACE_PAST    1u
#define PLACE_WAITING 2u
#define PLACE_SLOTS   3u /* + index in `slots` */

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
    return &wheel->slots[place - PLACE_SLOTS];
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
        list->least_ns = list->last_ns = timer->deadline_ns;
        return false;
    }
    last->next = timer;
    bool disorders = timer->deadline_ns < list->last_ns;
    if (timer->deadline_ns < list->least_ns) list->least_ns = timer->deadline_ns;
    list->last_ns = timer->deadline_ns;
    return disorders;
}

static inline uint64_t index_at(gr_time time_ns, unsigned level)
{
    return (uint64_t)time_ns >> shifts[level];
}

/* The slot of an index at a level. */
static inline unsigned slot_of(unsigned level, uint64_t index)
{
    return level_first[level] + ((unsigned)index & (level_slots[level] - 1u));
}

static inline uint64_t bit_of(unsigned slot)
{
    return UINT64_C(1) << slot % 64;
}

/* Puts a timer that is not before base_ns where its deadline belongs, at `level`, which reaches so far, or below. */
static inline void put_at_most(struct gri_timer_wheel *wheel, struct gri_timer *timer, unsigned level)
{
    unsigned slot;
    for (;; level--) {
        uint64_t index = index_at(timer->deadline_ns, level), ahead = index - index_at(wheel->base_ns, level);
        slot = slot_of(level, index);
        if (level == 0 || ahead > 1 || (ahead == 1 && wheel->occupied[slot / 64] & bit_of(slot))) break;
    }
    timer->place = PLACE_SLOTS + slot;
    wheel->levels |= 1u << level;
    wheel->occupied[slot / 64] |= bit_of(slot);
    if (append(&wheel->slots[slot], timer)) wheel->unsorted[slot / 64] |= bit_of(slot);
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
    put_at_most(wheel, timer, level_of_bit[63u - (unsigned)__builtin_clzll(differs)]);
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
    wheel->asked++;
    append(&wheel->waiting, timer);
}

/* The level that a slot belongs to. */
static unsigned level_of(unsigned slot)
{
    unsigned level = 0;
    while (level + 1 < GRI_TIMER_LEVEL_COUNT && slot >= level_first[level + 1]) level++;
    return level;
}

/* An empty slot has no bits, and a level without any has none either. */
static void clear_slot(struct gri_timer_wheel *wheel, unsigned slot)
{
    uint64_t bit = bit_of(slot);
    wheel->unsorted[slot / 64] &= ~bit;
    wheel->stale[slot / 64] &= ~bit;
    if ((wheel->occupied[slot / 64] &= ~bit) != 0) return;
    unsigned level = level_of(slot);
    for (unsigned word = level_first[level] / 64u, end = word + level_slots[level] / 64u; word < end; word++)
        if (wheel->occupied[word] != 0) return;
    wheel->levels &= ~(1u << level);
}

/* After a timer with this deadline was taken out of a list: its bits, and its earliest deadline. */
static void settle(struct gri_timer_wheel *wheel, uint32_t place, gr_time deadline_ns)
{
    struct gri_timer_list *list = list_at(wheel, place);
    if (place == PLACE_PAST && !list->first) wheel->past_unsorted = false;
    if (place < PLACE_SLOTS) return;
    unsigned slot = place - PLACE_SLOTS;
    if (!list->first)
        clear_slot(wheel, slot);
    else if (!(wheel->unsorted[slot / 64] & bit_of(slot)))
        list->least_ns = list->first->deadline_ns;
    else if (deadline_ns == list->least_ns)
        wheel->stale[slot / 64] |= bit_of(slot);
}

/* Takes an armed timer out of its list. */
static void disarm(struct gri_timer_wheel *wheel, struct gri_timer *timer)
{
    uint32_t place = timer->place;
    struct gri_timer_list *list = list_at(wheel, place);
    *(timer->prev ? &timer->prev->next : &list->first) = timer->next;
    *(timer->next ? &timer->next->prev : &list->last) = timer->prev;
    if (!timer->next && timer->prev) list->last_ns = timer->prev->deadline_ns;
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
    list->least_ns = sorted->deadline_ns;
    list->last_ns = prev->deadline_ns;
}

/* The earliest of those that are past, which exist. */
static struct gri_timer *first_past(struct gri_timer_wheel *wheel)
{
    if (wheel->past_unsorted) sort(&wheel->past);
    wheel->past_unsorted = false;
    return wheel->past.first;
}

/* The first of a slot of level 0, whose timers must be in order to fire. */
static struct gri_timer *first_sorted(struct gri_timer_wheel *wheel, unsigned slot)
{
    struct gri_timer_list *list = &wheel->slots[slot];
    if (wheel->unsorted[slot / 64] & bit_of(slot)) {
        sort(list);
        wheel->unsorted[slot / 64] &= ~bit_of(slot);
        wheel->stale[slot / 64] &= ~bit_of(slot);
    }
    return list->first;
}

/* The first slot of the lowest level that has any, and the earliest time that it covers. Some level has one. */
static gr_time first_slot(const struct gri_timer_wheel *wheel, unsigned *level, unsigned *slot)
{
    *level = (unsigned)__builtin_ctz(wheel->levels);
    uint64_t index = index_at(wheel->base_ns, *level) / 64 * 64;
    uint64_t bits;
    while ((bits = wheel->occupied[slot_of(*level, index) / 64]) == 0) index += 64;
    index += (unsigned)__builtin_ctzll(bits);
    *slot = slot_of(*level, index);
    return (gr_time)(index << shifts[*level]);
}

/* Moves up to `quota` timers of a slot to lower levels; returns what is left of the quota. */
static uint64_t split(struct gri_timer_wheel *wheel, unsigned level, unsigned slot, uint64_t quota)
{
    struct gri_timer_list *list = &wheel->slots[slot];
    if (!list->first) return quota;
    while (quota > 0 && list->first) {
        struct gri_timer *timer = list->first;
        list->first = timer->next;
        if (level == 1)
            __builtin_prefetch((const char *)timer - 64); /* what it belongs to, as it fires soon */
        put_at_most(wheel, timer, level - 1);
        quota--;
    }
    if (list->first) {
        list->first->prev = NULL;
    } else {
        list->last = NULL;
        clear_slot(wheel, slot);
    }
    return quota;
}

/* The slot of a level that is being split, if it is not empty. */
static unsigned slot_to_split(const struct gri_timer_wheel *wheel, unsigned level)
{
    return slot_of(level, index_at(wheel->base_ns, level) + 1);
}

/* Finds split_ns anew. */
static void find_split(struct gri_timer_wheel *wheel)
{
    wheel->split_ns = INT64_MAX;
    for (uint32_t levels = wheel->levels & ~1u; levels; levels &= levels - 1) {
        unsigned level = (unsigned)__builtin_ctz(levels);
        if (!wheel->slots[slot_to_split(wheel, level)].first) continue;
        gr_time start_ns = (gr_time)((index_at(wheel->base_ns, level) + 1) << shifts[level]);
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
        if (wheel->levels >> level & 1) split(wheel, level, slot_of(level, index), UINT64_MAX);
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
        bool found = is_first(wheel, start_ns);
        if (!found) start_ns = wheel->split_ns;
        if (start_ns > now_ns) return NULL;
        if (found && level == 0) {
            struct gri_timer *first = first_sorted(wheel, slot);
            return first->deadline_ns <= now_ns ? first : NULL;
        }
        struct gri_timer *first = wheel->slots[slot].first;
        if (found && !first->next && first->deadline_ns <= now_ns)
            return first; /* one alone need not go down level by level */
        move_base(wheel, start_ns);
    }
    return NULL;
}

void gri_timer_wheel_start(struct gri_timer_wheel *wheel, gr_time now_ns)
{
    GRI_ASSERT(now_ns >= wheel->base_ns);
    wheel->asked = 0;
    struct gri_timer *timer = wheel->waiting.first;
    wheel->waiting = (struct gri_timer_list){NULL, NULL, 0, 0};
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
    gri_timer_wheel_start(wheel, now_ns);
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
static gr_time least_of_slot(struct gri_timer_wheel *wheel, unsigned slot)
{
    struct gri_timer_list *list = &wheel->slots[slot];
    if (wheel->stale[slot / 64] & bit_of(slot)) {
        list->least_ns = list->first->deadline_ns;
        for (const struct gri_timer *timer = list->first->next; timer; timer = timer->next)
            if (timer->deadline_ns < list->least_ns) list->least_ns = timer->deadline_ns;
        wheel->stale[slot / 64] &= ~bit_of(slot);
    }
    return list->least_ns;
}

/* The earliest deadline in `slots`, which are not all empty. */
static gr_time least_of_slots(struct gri_timer_wheel *wheel)
{
    unsigned level, slot;
    for (;;) {
        if (is_first(wheel, first_slot(wheel, &level, &slot))) return least_of_slot(wheel, slot);
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
