/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source, the root actor: a coroutine that starts the pipeline, reads the input as fast as the splitter asks for it,
 * waits for the report and writes it.
 */
#include "pipeline.h"

#include <stdio.h>
#include <string.h>

struct source {
    struct program *program; /* main's */
    gr_ref splitter;         /* gets the chunks */
    uint32_t credit;         /* chunks that may be read */
    bool has_report;         /* the report has arrived */
};

static int start_pipeline(gr_actor *self, struct source *s)
{
    const struct program *program = s->program;
    int loops = gr_system_loops(gr_actor_system(self));
    uint32_t parsers = (uint32_t)(program->options.parsers > 0 ? program->options.parsers : loops);
    uint64_t monitor; /* never ended by us */
    s->credit = parsers * WINDOW_PER_PARSER;
    if (s->credit < WINDOW_MIN) s->credit = WINDOW_MIN;
    if (s->credit > WINDOW_MAX) s->credit = WINDOW_MAX;
    gr_ref aggregator = gr_spawn(self, aggregator, .source = gr_self(self),
                                 .start_ns = program->input.progress.start_ns, .parsers = parsers,
                                 .columns = program->columns, .json = program->options.json,
                                 .colour = program->colour, .unicode = program->unicode);
    if (gr_ref_is_null(aggregator)) return GR_ENOMEM;
    int err = gr_monitor(self, aggregator, &monitor);
    if (err != 0) return err;
    s->splitter = gr_spawn(self, splitter, .source = gr_self(self), .aggregator = aggregator,
                           .parsers = parsers, .window = s->credit);
    if (gr_ref_is_null(s->splitter)) return GR_ENOMEM;
    return gr_monitor(self, s->splitter, &monitor);
}

/* Takes one message, waiting until the deadline. Returns 0, GR_ETIMEOUT, or why it is the end. */
static int take_mail(gr_actor *self, struct source *s, gr_time deadline)
{
    struct gr_mail mail;
    int err = gr_receive(self, &mail, deadline);
    if (err != 0) return err;
    if (mail.signal != NULL) return mail.signal->reason != 0 ? mail.signal->reason : GR_EDOWN;
    const struct more *more = gr_mail_as(&mail, more);
    if (more != NULL) s->credit += more->chunks;
    const struct report *report = gr_mail_as(&mail, report);
    if (report == NULL) return 0;
    output_init(&s->program->output, gr_buffer_hold(report->text));
    s->program->reports = gr_buffer_hold(report->reports);
    s->program->malformed = report->malformed;
    s->has_report = true;
    return 0;
}

/* Takes what mail there is; waits for some if nothing may be read. */
static int await_credit(gr_actor *self, struct source *s)
{
    int err = 0;
    while (err == 0) err = take_mail(self, s, s->credit > 0 ? 0 : GR_FOREVER);
    return err == GR_ETIMEOUT ? 0 : err;
}

/* One step on the blocking pool. */
static int run_step(gr_actor *self, int (*step)(void *argument), void *argument)
{
    gr_future *future = gr_blocking(self, step, argument);
    if (future == NULL) return GR_ENOMEM;
    int err = gr_await(self, future, GR_FOREVER);
    gr_future_release(future);
    return err;
}

/* Sends on what a step has read. */
static int send_chunks(gr_actor *self, struct source *s)
{
    struct input *input = &s->program->input;
    for (uint32_t i = 0; i < input->chunk_count; i++) {
        struct input_chunk taken = input->chunks[i];
        input->chunks[i].bytes = (gr_buffer){0};
        s->credit--;
        int err = gr_send(self, s->splitter, chunk, .bytes = taken.bytes, .file = taken.file,
                          .ends_file = taken.ends_file);
        if (err != 0) return err;
    }
    return 0;
}

/* Reads everything. Between steps it looks at its mail: that is where a request to stop shows. */
static int feed(gr_actor *self, struct source *s)
{
    struct input *input = &s->program->input;
    while (!input_done(input)) {
        int err = await_credit(self, s);
        if (err != 0) return err;
        input->wanted = s->credit < STEP_CHUNKS_MAX ? s->credit : STEP_CHUNKS_MAX;
        err = run_step(self, input_step, input);
        if (err == 0) err = send_chunks(self, s);
        if (err != 0) return err;
    }
    return gr_send(self, s->splitter, input_end);
}

/* Tells of malformed paragraphs on stderr; on the blocking pool. */
static int print_malformed(void *argument)
{
    struct program *program = argument;
    size_t count = program->reports.size / sizeof(struct malformed);
    progress_erase(&program->input.progress);
    for (size_t i = 0; i < count; i++) {
        struct malformed m;
        memcpy(&m, program->reports.data + i * sizeof m, sizeof m);
        fprintf(stderr, "pkgstat: %s:%llu: malformed paragraph: ", input_name(&program->input, m.file),
                (unsigned long long)m.line);
        if (m.defect == DEFECT_LINE) {
            fprintf(stderr, "line %llu is neither a field nor a continuation\n",
                    (unsigned long long)m.defect_line);
        } else {
            fprintf(stderr, "%s\n", defect_text((enum defect)m.defect));
        }
    }
    uint64_t rest = program->malformed - count;
    if (rest == 0) return 0;
    fprintf(stderr, "pkgstat: %llu more malformed paragraph%s\n", (unsigned long long)rest,
            rest == 1 ? "" : "s");
    return 0;
}

static int write_report(gr_actor *self, struct source *s)
{
    struct output *output = &s->program->output;
    int err = run_step(self, print_malformed, s->program);
    while (err == 0 && !output_done(output)) {
        err = run_step(self, output_step, output);
        if (err != 0) return err;
        err = take_mail(self, s, 0);
        if (err == GR_ETIMEOUT) err = 0;
    }
    return err;
}

/* Notes why there is no report; main prints it. */
static void fail(struct program *program, int err)
{
    const char *why = program->input.error[0] != 0 ? program->input.error : gr_error_text(err);
    program->failed = true;
    if (program->output.error != 0) {
        snprintf(program->error, sizeof program->error, "the report could not be written: %s",
                 strerror(program->output.error));
    } else {
        snprintf(program->error, sizeof program->error, "%s", why);
    }
}

int source_run(gr_actor *self, void *argument)
{
    struct source s = {.program = argument};
    int err = start_pipeline(self, &s);
    if (err == 0) err = feed(self, &s);
    while (err == 0 && !s.has_report) err = take_mail(self, &s, GR_FOREVER);
    if (err == 0) err = write_report(self, &s);
    if (err != 0) fail(s.program, err);
    return 0;
}
