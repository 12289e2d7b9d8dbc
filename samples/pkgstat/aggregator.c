/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregator: joins the parsers' statistics and, after the last, makes the report. */
#include "index/records.h"
#include "pipeline.h"
#include "report.h"

#include <stdlib.h>

struct aggregator {
    gr_ref source;             /* who gets the report */
    int64_t start_ns;          /* when the work began */
    uint32_t parsers;          /* that have more to send */
    bool json;                 /* JSON, not text */
    struct report_style style; /* of text */
    struct statistics all;     /* joined */
};

static int aggregator_begin(gr_actor *self, struct aggregator *a, const struct aggregator_start *m)
{
    a->source = m->source;
    a->start_ns = m->start_ns;
    a->parsers = m->parsers;
    a->json = m->json;
    a->style = (struct report_style){.colour = m->colour, .unicode = m->unicode, .columns = (int)m->columns};
    statistics_init(&a->all);
    return 0;
}

/* Formats the report into *text. */
static int format(gr_actor *self, struct aggregator *a, gr_buffer *text)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL) return GR_ENOMEM;
    a->style.seconds = (double)(progress_now_ns() - a->start_ns) / 1e9;
    int result = a->json ? report_json(out, &a->all) : report_text(out, &a->all, &a->style);
    if (fclose(out) != 0) result = -1;
    int err = result == 0 ? gr_buffer_copy(self, bytes, size, text) : GR_ENOMEM;
    free(bytes);
    return err;
}

static int send_report(gr_actor *self, struct aggregator *a)
{
    gr_buffer text;
    gr_buffer reports;
    int err = format(self, a, &text);
    if (err != 0) return err;
    err = gr_buffer_copy(self, a->all.reports, a->all.report_count * sizeof *a->all.reports, &reports);
    if (err != 0) goto fail_reports;
    return gr_send(self, a->source, report, .text = text, .reports = reports, .malformed = a->all.malformed);
fail_reports:
    gr_buffer_release(text);
    return err;
}

static int absorb(gr_actor *self, struct aggregator *a, const struct partial *m)
{
    if (records_absorb(&a->all, m->records.data, m->records.size) != 0) return GR_ENOMEM;
    if (!m->ends) return 0;
    if (!m->is_final) return gr_send(self, gr_sender(self), merged);
    a->parsers--;
    return a->parsers == 0 ? send_report(self, a) : 0;
}

static void on_partial(gr_actor *self, struct aggregator *a, const struct partial *m)
{
    int err = absorb(self, a, m);
    if (err != 0) gr_exit(self, err);
}

static void on_end(gr_actor *self, struct aggregator *a, const int *reason)
{
    statistics_fini(&a->all);
}

GR_ACTOR(aggregator, struct aggregator, aggregator_start, aggregator_begin, GR_ON(partial, on_partial),
         GR_ON_END(on_end));
