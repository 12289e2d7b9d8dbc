/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser: scans its batches and counts them. When its statistics grow too large, and at the end, it passes them on to
 * the aggregator and starts anew.
 */
#include "index/records.h"
#include "pipeline.h"

struct parser {
    gr_ref splitter;                  /* who gets `part_done` */
    gr_ref aggregator;                /* who gets the partials */
    uint64_t memory_bytes;            /* of statistics before they are passed on */
    uint32_t index;                   /* this parser's */
    uint32_t file;                    /* of the batch at hand */
    uint32_t flushes;                 /* passed on, and not yet merged */
    uint32_t held;                    /* parts parsed that wait for that before they are done */
    struct paragraph_scanner scanner; /* of the batch at hand */
    struct statistics statistics;     /* since the last time they were passed on */
};

static int on_paragraph(void *context, const struct paragraph *paragraph)
{
    struct parser *p = context;
    return statistics_add(&p->statistics, p->file, paragraph);
}

static int parser_begin(gr_actor *self, struct parser *p, const struct parser_start *m)
{
    p->splitter = m->splitter;
    p->aggregator = m->aggregator;
    p->memory_bytes = m->memory_bytes;
    p->index = m->index;
    statistics_init(&p->statistics);
    paragraph_scanner_init(&p->scanner, on_paragraph, p);
    return 0;
}

/* Sends the next records; *more tells whether there are others. */
static int send_records(gr_actor *self, struct parser *p, struct records_reader *reader, bool is_final,
                        bool *more)
{
    uint8_t *bytes;
    gr_buffer whole;
    size_t size = records_next_size(reader);
    if (size < RECORDS_SIZE) size = RECORDS_SIZE;
    int err = gr_buffer_create(self, size, &whole, &bytes);
    if (err != 0) return err;
    size = records_read(reader, bytes, size);
    *more = records_next_size(reader) > 0;
    gr_buffer records = gr_buffer_slice(whole, 0, size);
    gr_buffer_release(whole);
    return gr_send(self, p->aggregator, partial, .records = records, .ends = !*more,
                   .is_final = is_final && !*more);
}

static int flush(gr_actor *self, struct parser *p, bool is_final)
{
    struct records_reader reader;
    bool more = true;
    records_reader_init(&reader, &p->statistics);
    while (more) {
        int err = send_records(self, p, &reader, is_final, &more);
        if (err != 0) return err;
    }
    statistics_fini(&p->statistics);
    p->flushes++;
    return 0;
}

static int parse(struct parser *p, const struct part *m)
{
    if (m->starts) {
        p->file = m->file;
        paragraph_start(&p->scanner, m->line);
    }
    p->statistics.bytes += m->bytes.size;
    int result = paragraph_scan(&p->scanner, m->bytes.data, m->bytes.size);
    if (result == 0 && m->ends) result = paragraph_end(&p->scanner);
    return result == 0 ? 0 : GR_ENOMEM;
}

/* Tells the splitter of the parts that are done. */
static int tell_done(gr_actor *self, struct parser *p)
{
    if (p->flushes > 0 || p->held == 0) return 0;
    uint32_t parts = p->held;
    p->held = 0;
    return gr_send(self, p->splitter, part_done, .parser = p->index, .parts = parts);
}

static void on_part(gr_actor *self, struct parser *p, const struct part *m)
{
    int err = parse(p, m);
    p->held++;
    if (err == 0 && statistics_memory(&p->statistics) > p->memory_bytes) err = flush(self, p, false);
    if (err == 0) err = tell_done(self, p);
    if (err != 0) gr_exit(self, err);
}

static void on_merged(gr_actor *self, struct parser *p, const struct merged *m)
{
    p->flushes--;
    int err = tell_done(self, p);
    if (err != 0) gr_exit(self, err);
}

static void on_input_end(gr_actor *self, struct parser *p, const struct input_end *m)
{
    int err = flush(self, p, true);
    if (err != 0) gr_exit(self, err);
}

static void on_end(gr_actor *self, struct parser *p, const int *reason)
{
    paragraph_scanner_fini(&p->scanner);
    statistics_fini(&p->statistics);
}

GR_ACTOR(parser, struct parser, parser_start, parser_begin, GR_ON(part, on_part), GR_ON(merged, on_merged),
         GR_ON(input_end, on_input_end), GR_ON_END(on_end));
