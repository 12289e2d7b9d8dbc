/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The splitter: cuts the input into batches of whole paragraphs and shares these out. Each chunk is cut once, at its last
 * blank line: what is before ends a batch, what is after begins the next one, for the parser with least to do. A paragraph
 * of many chunks thus reaches its parser piece by piece, and nothing is copied or kept here.
 */
#include "index/cut.h"
#include "pipeline.h"

#include <stdlib.h>

/* A parser, as the splitter sees it. */
struct worker {
    gr_ref ref;     /* its reference */
    uint32_t parts; /* sent to it and not done */
};

struct splitter {
    gr_ref source;          /* who gets `more` */
    struct worker *workers; /* the parsers */
    uint32_t worker_count;  /* how many */
    uint32_t open;          /* index of the parser that has the open batch */
    bool is_open;           /* there is an open batch */
    uint64_t line;          /* of the input, where the next part starts */
    uint32_t window;        /* parts that may be under way before no more chunks are asked for */
    uint32_t parts;         /* under way */
    uint32_t owed;          /* chunks taken that were not asked for again yet */
};

static int start_parsers(gr_actor *self, struct splitter *s, const struct splitter_start *m)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (uint32_t i = 0; i < m->parsers; i++) {
        /* The splitter's loop comes last: it has more to do than the others. */
        int loop = (gr_loop_index(self) + 1 + (int)i) % loops;
        struct worker *worker = &s->workers[i];
        worker->ref = gr_spawn_with(self, parser, (.loop = GR_LOOP(loop)), .splitter = gr_self(self),
                                    .aggregator = m->aggregator, .index = i,
                                    .memory_bytes = PARSERS_STATISTICS_BYTES / m->parsers);
        if (gr_ref_is_null(worker->ref)) return GR_ENOMEM;
        uint64_t monitor; /* never ended by us */
        int err = gr_monitor(self, worker->ref, &monitor);
        if (err != 0) return err;
    }
    return 0;
}

static int splitter_begin(gr_actor *self, struct splitter *s, const struct splitter_start *m)
{
    s->source = m->source;
    s->window = m->window;
    s->line = 1;
    s->worker_count = m->parsers;
    s->workers = calloc(m->parsers, sizeof *s->workers);
    if (s->workers == NULL) return GR_ENOMEM;
    int err = start_parsers(self, s, m);
    if (err != 0) free(s->workers);
    return err;
}

static uint32_t least_busy(const struct splitter *s)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < s->worker_count; i++) {
        if (s->workers[i].parts < s->workers[best].parts) best = i;
    }
    return best;
}

/* Sends one part of the chunk. If that fails the statistics would be wrong, so it is the end. */
static void send_part(gr_actor *self, struct splitter *s, const struct chunk *m, size_t from, size_t to,
                      bool ends)
{
    bool starts = !s->is_open;
    if (starts) s->open = least_busy(s);
    gr_buffer bytes = gr_buffer_slice(m->bytes, from, to - from);
    int err = gr_send(self, s->workers[s->open].ref, part, .bytes = bytes, .line = s->line, .file = m->file,
                      .starts = starts, .ends = ends);
    if (err != 0) gr_exit(self, err);
    if (to > from) s->line += cut_count_lines(m->bytes.data + from, to - from);
    s->is_open = !ends;
    s->workers[s->open].parts++;
    s->parts++;
}

/* Asks for as many chunks as were taken, as far as the window has room. */
static void ask_for_more(gr_actor *self, struct splitter *s)
{
    uint32_t room = s->parts < s->window ? s->window - s->parts : 0;
    uint32_t chunks = s->owed < room ? s->owed : room;
    if (chunks == 0) return;
    s->owed -= chunks;
    int err = gr_send(self, s->source, more, .chunks = chunks);
    if (err != 0) gr_exit(self, err);
}

static void on_chunk(gr_actor *self, struct splitter *s, const struct chunk *m)
{
    size_t size = m->bytes.size;
    size_t cut = size > 0 ? cut_find(m->bytes.data, size) : 0;
    if (cut > 0) send_part(self, s, m, 0, cut, true);
    if (cut < size || (m->ends_file && s->is_open)) send_part(self, s, m, cut, size, m->ends_file);
    if (m->ends_file) s->line = 1;
    s->owed++;
    ask_for_more(self, s);
}

static void on_part_done(gr_actor *self, struct splitter *s, const struct part_done *m)
{
    s->workers[m->parser].parts -= m->parts;
    s->parts -= m->parts;
    ask_for_more(self, s);
}

static void on_input_end(gr_actor *self, struct splitter *s, const struct input_end *m)
{
    for (uint32_t i = 0; i < s->worker_count; i++) {
        int err = gr_send(self, s->workers[i].ref, input_end);
        if (err != 0) gr_exit(self, err);
    }
}

/* A parser ended, which none does before the report: so does the splitter, and the source hears of it. */
static void on_signal(gr_actor *self, struct splitter *s, const struct gr_signal *signal)
{
    gr_exit(self, signal->reason != 0 ? signal->reason : GR_EDOWN);
}

static void on_end(gr_actor *self, struct splitter *s, const int *reason)
{
    free(s->workers);
}

GR_ACTOR(splitter, struct splitter, splitter_start, splitter_begin, GR_ON(chunk, on_chunk),
         GR_ON(part_done, on_part_done), GR_ON(input_end, on_input_end), GR_ON_SIGNAL(on_signal),
         GR_ON_END(on_end));
