/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and buffers without a system, and systems without actors. */
#include "tests/faults/sweep.h"

static void strings(void)
{
    gr_string copy;
    gr_string text;
    if (sweep_ok(gr_string_copy(NULL, "some bytes", 10, &copy)))
        sweep_did();
    else
        CHECK(copy.length == 0 && copy.block == NULL && strstr(gr_last_error(NULL), "memory") != NULL);
    if (sweep_ok(gr_string_format(NULL, &text, "%s and %d", "text", 5)))
        sweep_did();
    else
        CHECK(text.length == 0 && text.block == NULL && strstr(gr_last_error(NULL), "memory") != NULL);
    gr_string part = gr_string_slice(copy, 5, 100);
    gr_string held = gr_string_hold(text);
    gr_string_release(copy);
    gr_string_release(text);
    gr_string_release(part);
    gr_string_release(held);
}

static void buffers(void)
{
    gr_buffer room;
    gr_buffer copy;
    uint8_t *bytes;
    if (sweep_ok(gr_buffer_create(NULL, 5000, &room, &bytes)))
        memset(bytes, 1, 5000), sweep_did();
    else
        CHECK(room.size == 0 && room.block == NULL && bytes == NULL);
    if (sweep_ok(gr_buffer_copy(NULL, "some bytes", 10, &copy)))
        sweep_did();
    else
        CHECK(copy.size == 0 && copy.block == NULL);
    gr_buffer part = gr_buffer_slice(room, 100, 100);
    gr_buffer_release(room);
    gr_buffer_release(gr_buffer_hold(copy));
    gr_message_release(&packet_gr_type, &(struct packet){.bytes = copy});
    gr_buffer_release(part);
}

/* A system that runs nothing counts as done once it was created. */
static void created(gr_system *system)
{
    CHECK_EQ(gr_system_loops(system), sweep_loops());
    sweep_did();
}

/* Two systems at once, and one after another on the same seat. */
static void more_systems(gr_system *system)
{
    for (int i = 0; i < 2; i++) {
        gr_system *other;
        int error = gr_system_create(&other, .loops = 1 + i, .seed = 1);
        if (!sweep_ok(error)) {
            CHECK(other == NULL && strstr(gr_last_error(NULL), "memory") != NULL);
            continue;
        }
        gr_system_destroy(other);
        sweep_did();
    }
}

const struct scenario value_scenarios[] = {
    {.name = "strings", .modes = SWEEP_VALUES, .values = strings},
    {.name = "buffers", .modes = SWEEP_VALUES, .values = buffers},
    {.name = "create and destroy", .modes = SWEEP_SIMULATED | SWEEP_REAL, .before = created},
    {.name = "create more", .modes = SWEEP_SIMULATED | SWEEP_REAL, .before = more_systems},
    {.name = NULL}};
