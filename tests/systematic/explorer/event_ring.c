/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on observe/event_ring.h: a reader gets whole events only, in order, and is told exactly how many it
 * missed, while the writer overwrites them.
 */
#include "observe/event_ring.h"

#include "tests/support/explorer/explorer.h"

#include <greenroom/error.h>

#define CAPACITY_MAX 2
#define READERS      2

static _Alignas(64) char memory[sizeof(struct gri_event_ring) + CAPACITY_MAX * sizeof(struct gri_event_slot)];
static struct {
    uint64_t position; /* where it reads next */
    uint64_t lost;     /* events that it was told it missed */
    uint64_t got;      /* events it copied */
} readers[READERS];

static struct gri_event_ring *ring(void)
{
    return (struct gri_event_ring *)(void *)memory;
}

static void setup_for(uint32_t capacity)
{
    int result = gri_event_ring_init(ring(), capacity);
    GRI_EXPLORER_CHECK(result == GR_OK);
    for (int i = 0; i < READERS; i++) readers[i].position = readers[i].lost = readers[i].got = 0;
}

static void setup_one(void)
{
    setup_for(1);
}

static void setup_two(void)
{
    setup_for(2);
}

static void write_events(int count)
{
    for (uint64_t i = 0; i < (uint64_t)count; i++) {
        uint32_t n = (uint32_t)i;
        struct gri_event event = {
            .time_ns = (int64_t)(10 + i), .kind = 20 + n, .a = 30 + n, .b = 40 + i, .c = 50 + i};
        gri_event_ring_write(ring(), &event);
    }
}

static void read_events(int reader)
{
    struct gri_event out[CAPACITY_MAX];
    uint64_t lost = readers[reader].lost, first = readers[reader].position;
    size_t count = gri_event_ring_copy(ring(), &readers[reader].position, out, CAPACITY_MAX,
                                       &readers[reader].lost);
    uint64_t n = first + readers[reader].lost - lost; /* what came before was lost */
    for (size_t i = 0; i < count; i++, n++) {
        GRI_EXPLORER_CHECK(out[i].time_ns == (int64_t)(10 + n));
        GRI_EXPLORER_CHECK(out[i].kind == 20 + n && out[i].a == 30 + n);
        GRI_EXPLORER_CHECK(out[i].b == 40 + n && out[i].c == 50 + n);
    }
    readers[reader].got += count;
    GRI_EXPLORER_CHECK(n == readers[reader].position);
}

static void write_two(void)
{
    write_events(2);
}

static void write_three(void)
{
    write_events(3);
}

static void read_twice(void)
{
    read_events(0);
    read_events(0);
}

static void read_once(void)
{
    read_events(0);
}

static void read_once_too(void)
{
    read_events(1);
}

/* What the first reader got and lost. */
static void finish(void)
{
    gri_explorer_outcome(readers[0].got << 4 | readers[0].lost);
}

static const struct gri_explorer_scenario scenarios[] = {
    {"one_cell", setup_one, {write_two, read_twice}, finish, GRI_EXPLORER_SET(0, 0x1, 0x10, 0x11, 0x20)},
    {"two_cells",
     setup_two,
     {write_three, read_once},
     finish,
     GRI_EXPLORER_SET(0, 0x1, 0x10, 0x11, 0x20, 0x21)},
    {"readers",
     setup_one,
     {write_two, read_once, read_once_too},
     finish,
     GRI_EXPLORER_SET(0, 0x1, 0x10, 0x11)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"observe/event_ring.h", "observe/event_ring.c", NULL};
    static const struct gri_explorer_program program = {"event_ring", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
