/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the table of seats: lowest free first, bounded, closed to who comes late. */
#include "actors/system.h"
#include "base/platform.h"
#include "tests/support/world/case.h"

static struct gr_system systems[300];

Case(seats, the_lowest_free_seat_is_given_and_there_are_256)
{
    for (uint32_t i = 0; i < 256; i++) {
        CHECK_EQ(gri_seat_take(&systems[i]), 0);
        CHECK_EQ(systems[i].seat, i + 1);
    }
    CHECK_EQ(gri_seat_take(&systems[256]), GR_ELIMIT);
    gri_seat_give(&systems[17]);
    gri_seat_give(&systems[5]);
    CHECK_EQ(gri_seat_take(&systems[257]), 0);
    CHECK_EQ(systems[257].seat, 6);
    CHECK_EQ(gri_seat_take(&systems[258]), 0);
    CHECK_EQ(systems[258].seat, 18);
    CHECK_EQ(gri_seat_take(&systems[259]), GR_ELIMIT);
}

Case(seats, g10_only_a_taken_seat_can_be_entered)
{
    CHECK(gri_seat_enter(0) == NULL);
    CHECK(gri_seat_enter(1) == NULL);
    CHECK(gri_seat_enter(256) == NULL);
    CHECK(gri_seat_enter(257) == NULL);
    CHECK(gri_seat_enter(UINT32_MAX) == NULL);
    CHECK_EQ(gri_seat_take(&systems[0]), 0);
    CHECK(gri_seat_enter(1) == NULL); /* not open yet: the system is being made */
    gri_seat_open(&systems[0]);
    if (!CHECK(gri_seat_enter(1) == &systems[0]) || !CHECK(gri_seat_enter(1) == &systems[0])) return;
    gri_seat_leave(1);
    gri_seat_leave(1);
    gri_seat_wait(1);
    gri_seat_give(&systems[0]);
    CHECK(gri_seat_enter(1) == NULL);
}

static gri_atomic_u32 is_inside, has_left;

static void *stay(void *argument)
{
    CHECK(gri_seat_enter(1) == argument);
    gri_store(&is_inside, 1, GRI_RELEASE);
    for (int i = 0; i < 1000; i++) gri_pause();
    gri_store(&has_left, 1, GRI_RELAXED);
    gri_seat_leave(1);
    return NULL;
}

Case(seats, g10_a_seat_is_given_up_only_when_nobody_is_inside)
{
    for (int round = 0; round < 100; round++) {
        gri_thread thread;
        gri_store(&is_inside, 0, GRI_RELAXED);
        gri_store(&has_left, 0, GRI_RELAXED);
        CHECK_EQ(gri_seat_take(&systems[0]), 0);
        gri_seat_open(&systems[0]);
        CHECK_EQ(gri_thread_create(&thread, stay, &systems[0], "inside"), 0);
        while (gri_load(&is_inside, GRI_ACQUIRE) == 0) gri_pause();
        gri_seat_give(&systems[0]);
        CHECK_EQ(gri_load(&has_left, GRI_RELAXED), 1);
        gri_thread_join(thread);
    }
}

Case(seats, g10_no_two_systems_start_with_the_same_generation)
{
    uint64_t last = gri_seat_first_generation();
    CHECK(last != 0);
    for (int i = 0; i < 100; i++) {
        uint64_t next = gri_seat_first_generation();
        CHECK(next - last >= UINT64_C(1) << 40);
        last = next;
    }
}

Case(seats, many_systems_live_side_by_side_and_one_after_the_other)
{
    gr_system *many[40];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40; i++) {
            cr_assert_eq(gr_system_create(&many[i], .loops = 1, .seed = (uint64_t)i + 1), 0);
            gr_ref ref = gr_system_spawn(many[i], server, (), .value = i);
            CHECK_EQ(ref.seat, i + 1);
        }
        for (int i = 0; i < 40; i++) gr_system_destroy(many[i]);
    }
}
