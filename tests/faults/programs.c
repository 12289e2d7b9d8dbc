/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios like the samples: hello, account, ping_pong, and a pipeline of buffers with blocking work. */
#include "tests/faults/sweep.h"

#include <greenroom/blocking.h>

static int hello_root(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_loop_index(self), 0);
    return 0;
}

static int account_root(gr_actor *self, void *argument)
{
    struct number sum;
    gr_ref alice = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 100);
    if (gr_ref_is_null(alice)) sweep_ok(GR_ENOMEM);
    bool sent = sweep_ok(gr_send(self, alice, number, .value = 500));
    if (sweep_expect(gr_call(self, alice, &sum, gr_seconds(60), get_sum), 0))
        CHECK_EQ(sum.value, sent ? 600 : 100);
    return 0;
}

/* ---- ping_pong ---- */

struct ping_player {
    gr_ref other; /* who gets the ball */
};

static int ping_player_start(gr_actor *self, struct ping_player *player, const struct address *m)
{
    player->other = m->ref;
    return sweep_ok(gr_send(self, m->ref, number, .value = 10)) ? 0 : GR_ENOMEM;
}

static void ping_player_number(gr_actor *self, struct ping_player *player, const struct number *m)
{
    sweep_did();
    if (m->value <= 1)
        gr_exit(self, 0);
    else if (!sweep_ok(gr_send(self, player->other, number, .value = m->value - 1)))
        gr_exit(self, GR_ENOMEM);
}

GR_ACTOR(ping_player, struct ping_player, address, ping_player_start, GR_ON(number, ping_player_number));

/* Sends every ball back, and ends itself where it can't. */
static int ponger_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    int error;
    while ((error = gr_receive(self, &mail, gr_seconds(1))) == 0) {
        const struct number *ball = gr_mail_as(&mail, number);
        if (ball != NULL && !sweep_ok(gr_send(self, mail.sender, number, .value = ball->value)))
            return GR_ENOMEM;
    }
    return error == GR_ESTOPPED ? 0 : error;
}

GR_COROUTINE(ponger, gr_nothing, ponger_main);

static int ping_pong_root(gr_actor *self, void *argument)
{
    struct crew crew = {.may_be_gone = true};
    gr_ref pong = crew_add(self, &crew, gr_spawn_with(self, ponger, (.loop = GR_SPREAD)));
    gr_ref ping = crew_add(self, &crew, gr_spawn_with(self, ping_player, (.loop = GR_SPREAD), .ref = pong));
    if (crew.monitors[0] != 0 && crew.monitors[1] != 0) crew_wait_any(self, &crew);
    if (!gr_ref_is_null(ping)) sweep_ok(gr_kill(self, ping));
    crew_kill(self, &crew);
    return 0;
}

/* ---- a pipeline: root reads by blocking work, readers count, root adds up ---- */

enum { CHUNKS = 6, CHUNK_SIZE = 9000, READERS = 3 };

struct chunk {
    gr_buffer bytes; /* some lines */
};
GR_MESSAGE(chunk, GR_FIELD(chunk, bytes));

struct tally {
    gr_string name; /* of the reader */
    int64_t lines;  /* that it counted */
};
GR_MESSAGE(tally, GR_FIELD(tally, name), GR_FIELD(tally, lines));
GR_MESSAGE_EMPTY(get_tally);
GR_REQUEST(get_tally, tally);

struct line_reader {
    gr_string name; /* its own */
    int64_t lines;  /* counted so far */
};

static int line_reader_start(gr_actor *self, struct line_reader *reader, const struct words *m)
{
    reader->name = gr_string_hold(m->text);
    return 0;
}

static void line_reader_chunk(gr_actor *self, struct line_reader *reader, const struct chunk *m)
{
    gr_buffer half = gr_buffer_slice(m->bytes, 0, m->bytes.size / 2);
    gr_buffer rest = gr_buffer_slice(m->bytes, m->bytes.size / 2, m->bytes.size);
    for (size_t i = 0; i < half.size; i++) reader->lines += half.data[i] == '\n';
    for (size_t i = 0; i < rest.size; i++) reader->lines += rest.data[i] == '\n';
    gr_buffer_release(half);
    gr_buffer_release(rest);
    sweep_did();
}

static void line_reader_tally(gr_actor *self, struct line_reader *reader, const struct get_tally *m)
{
    gr_reply(self, get_tally, .name = gr_string_hold(reader->name), .lines = reader->lines);
}

static void line_reader_end(gr_actor *self, struct line_reader *reader, const int *reason)
{
    gr_string_release(reader->name);
}

GR_ACTOR(line_reader, struct line_reader, words, line_reader_start, GR_ON(chunk, line_reader_chunk),
         GR_ON(get_tally, line_reader_tally), GR_ON_END(line_reader_end));

/* What the blocking work fills. */
static int fill(void *bytes)
{
    memset(bytes, '\n', CHUNK_SIZE);
    return 0;
}

/* Reads one chunk. Whether it was sent. */
static bool read_chunk(gr_actor *self, gr_ref to)
{
    gr_buffer buffer;
    uint8_t *bytes;
    if (!sweep_ok(gr_buffer_create(self, CHUNK_SIZE, &buffer, &bytes))) return false;
    gr_future *work = gr_blocking(self, fill, bytes);
    int error = work == NULL ? GR_ENOMEM : gr_await(self, work, GR_FOREVER);
    gr_future_release(work);
    if (!sweep_ok(error)) {
        gr_buffer_release(buffer);
        return false;
    }
    return sweep_ok(gr_send(self, to, chunk, .bytes = buffer));
}

static int pipeline_root(gr_actor *self, void *argument)
{
    struct crew crew = {.count = 0};
    int64_t sent[READERS] = {0};
    for (int i = 0; i < READERS; i++) {
        gr_string name;
        if (!sweep_ok(gr_string_format(self, &name, "reader %d", i))) name = gr_string_static("reader");
        crew_add(self, &crew, gr_spawn_with(self, line_reader, (.loop = GR_SPREAD), .text = name));
    }
    for (int i = 0; i < CHUNKS; i++) sent[i % READERS] += read_chunk(self, crew.refs[i % READERS]);
    for (int i = 0; i < READERS; i++) {
        struct tally tally;
        if (!sweep_expect(gr_call(self, crew.refs[i], &tally, gr_seconds(60), get_tally), 0)) continue;
        CHECK_EQ(tally.lines, sent[i] * CHUNK_SIZE);
        gr_string_release(tally.name);
    }
    crew_stop(self, &crew);
    return 0;
}

#define EVERYWHERE (SWEEP_SIMULATED | SWEEP_REAL | SWEEP_GR_RUN | SWEEP_STEPS)

const struct scenario program_scenarios[] = {
    {.name = "hello", .modes = EVERYWHERE, .root = hello_root},
    {.name = "account", .modes = EVERYWHERE, .root = account_root},
    {.name = "ping_pong", .modes = EVERYWHERE, .root = ping_pong_root},
    {.name = "pipeline", .modes = EVERYWHERE, .root = pipeline_root},
    {.name = NULL}};
