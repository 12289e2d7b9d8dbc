/* SPDX-License-Identifier: Apache-2.0 */
/* Actors that the roots of the sweep's scenarios spawn, watch and end; and one that counts its mail. */
#include "tests/faults/sweep.h"

#define DOWN_DEADLINE gr_seconds(60) /* a down can't be lost */

gr_ref crew_add(gr_actor *self, struct crew *crew, gr_ref ref)
{
    unsigned i = crew->count++;
    crew->refs[i] = ref;
    crew->monitors[i] = 0;
    if (gr_ref_is_null(ref)) {
        CHECK(sweep_is_drought() || strstr(gr_last_error(self), gr_error_text(GR_ENOMEM)) != NULL);
        sweep_ok(GR_ENOMEM);
        return ref;
    }
    sweep_ok(gr_monitor(self, ref, &crew->monitors[i]));
    return ref;
}

/* The index of a watch, or the count. */
static unsigned find(const struct crew *crew, uint64_t monitor)
{
    unsigned i = 0;
    while (i < crew->count && crew->monitors[i] != monitor) i++;
    return i;
}

static void note_end(const struct crew *crew, int reason)
{
    if (crew->may_be_gone) {
        if (reason != crew->wanted && (reason != GR_ESTALE || sweep_has_fired())) sweep_reason(reason);
        return;
    }
    if (reason == crew->wanted || sweep_reason(reason)) sweep_did();
}

bool crew_wait_any(gr_actor *self, struct crew *crew)
{
    for (;;) {
        struct gr_mail mail;
        if (!CHECK_EQ(gr_receive(self, &mail, DOWN_DEADLINE), 0)) return false;
        if (mail.signal == NULL || mail.signal->kind != GR_SIGNAL_DOWN) continue;
        unsigned who = find(crew, mail.signal->monitor);
        if (!CHECK(who < crew->count)) return false;
        crew->monitors[who] = 0;
        note_end(crew, mail.signal->reason);
        return true;
    }
}

static void wait_one(gr_actor *self, struct crew *crew, unsigned i)
{
    while (crew->monitors[i] != 0 && crew_wait_any(self, crew)) {
    }
}

void crew_wait(gr_actor *self, struct crew *crew)
{
    for (unsigned i = 0; i < crew->count; i++) wait_one(self, crew, i);
}

static void end_one(gr_actor *self, struct crew *crew, unsigned i, bool kill)
{
    if (gr_ref_is_null(crew->refs[i])) return;
    if (!kill && sweep_ok(gr_stop(self, crew->refs[i], 0))) return;
    if (sweep_ok(gr_kill(self, crew->refs[i]))) return;
    /* It lives on until the system stops. */
    if (crew->monitors[i] != 0) CHECK_EQ(gr_demonitor(self, crew->monitors[i]), 0);
    crew->monitors[i] = 0;
}

void crew_stop(gr_actor *self, struct crew *crew)
{
    for (unsigned i = 0; i < crew->count; i++) end_one(self, crew, i, false);
    crew_wait(self, crew);
}

void crew_kill(gr_actor *self, struct crew *crew)
{
    for (unsigned i = 0; i < crew->count; i++) end_one(self, crew, i, true);
    crew_wait(self, crew);
}

void crew_stop_in_turn(gr_actor *self, struct crew *crew)
{
    for (unsigned i = crew->count; i-- > 0;) {
        end_one(self, crew, i, false);
        wait_one(self, crew, i);
    }
}

void send_words(gr_actor *self, gr_ref to, int number)
{
    gr_string text;
    if (!sweep_ok(gr_string_format(self, &text, "words, number %d, long enough to be counted", number)))
        return;
    sweep_ok(gr_send(self, to, words, .text = text));
}

void send_packet(gr_actor *self, gr_ref to, size_t size)
{
    gr_buffer buffer;
    uint8_t *bytes;
    if (!sweep_ok(gr_buffer_create(self, size, &buffer, &bytes))) return;
    memset(bytes, 7, size);
    gr_string name;
    if (!sweep_ok(gr_string_copy(self, "a packet", 8, &name))) {
        gr_buffer_release(buffer);
        return;
    }
    sweep_ok(gr_send(self, to, packet, .bytes = buffer, .name = name));
}

/* ---- the sink ---- */

struct sink {
    uint64_t bytes; /* of packets, so far */
};

static int sink_start(gr_actor *self, struct sink *sink, const struct gr_nothing *m)
{
    return 0;
}

static void sink_number(gr_actor *self, struct sink *sink, const struct number *m)
{
    sweep_did();
}

static void sink_words(gr_actor *self, struct sink *sink, const struct words *m)
{
    CHECK(m->text.length > 0);
    sweep_did();
}

static void sink_large(gr_actor *self, struct sink *sink, const struct large *m)
{
    CHECK_EQ(m->bytes[0], m->bytes[sizeof m->bytes - 1]);
    sweep_did();
}

static void sink_packet(gr_actor *self, struct sink *sink, const struct packet *m)
{
    for (size_t i = 0; i < m->bytes.size; i++) sink->bytes += m->bytes.data[i] == 7;
    CHECK_EQ(sink->bytes % 10, 0);
    sweep_did();
}

GR_ACTOR(sink, struct sink, gr_nothing, sink_start, GR_ON(number, sink_number), GR_ON(words, sink_words),
         GR_ON(large, sink_large), GR_ON(packet, sink_packet));
