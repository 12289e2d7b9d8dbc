/* SPDX-License-Identifier: Apache-2.0 */
/* Spans as text, and the file; see tracer.h. */
#define _GNU_SOURCE /* program_invocation_short_name */
#include "observe/tracer.h"

#include "base/error.h"
#include "base/text.h"

#include <greenroom/log.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More than what one span becomes: two events with two names of at most 1,000 bytes once escaped. */
#define SPAN_TEXT_MAX 8192u
#define NAME_MAX_OUT  1000u

static gri_atomic_u32 files; /* opened so far in this process */

/* ---- the file ---- */

/* Fills in the name of the file; false if it is too long. */
static bool name_file(struct gri_trace_file *file, const char *path)
{
    struct gri_text text;
    uint32_t nth = gri_fetch_add(&files, 1, GRI_RELAXED) + 1; /* a number; publishes nothing */
    gri_text_init(&text, file->path, sizeof file->path);
    const char *mark = strstr(path, "%p");
    if (mark == NULL)
        gri_text_append(&text, path, strlen(path));
    else
        gri_text_format(&text, "%.*s%d%s", (int)(mark - path), path, (int)getpid(), mark + 2);
    if (nth > 1) gri_text_format(&text, ".%u", nth);
    return !text.cut;
}

/* Writes all of it, or gives up for good with a line in the log. */
static void write_file(struct gri_trace_file *file, const char *text, size_t length)
{
    gri_mutex_lock(&file->mutex);
    while (length > 0 && gri_load(&file->failed, GRI_RELAXED) == 0) {
        ssize_t n = write(file->fd, text, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            gri_store(&file->failed, 1,
                      GRI_RELAXED); /* a hint to others, who may write once more to no effect */
            gr_log(GR_LOG_ERROR, "the trace %s can't be written: %s; tracing ends", file->path,
                   n < 0 ? strerror(errno) : "nothing is taken");
            break;
        }
        text += n;
        length -= (size_t)n;
    }
    gri_mutex_unlock(&file->mutex);
}

/* ---- events ---- */

static void add_name(struct gri_text *text, const char *key, const char *name)
{
    char escaped[NAME_MAX_OUT];
    if (name == NULL) name = "?";
    (void)gri_text_escape(escaped, sizeof escaped, name, strlen(name));
    gri_text_format(text, "\"%s\":\"%s\",", key, escaped);
}

/* A time or duration in microseconds. */
static void add_time(struct gri_text *text, const char *key, gr_time ns)
{
    if (ns < 0) ns = 0;
    gri_text_format(text, "\"%s\":%" PRId64 ".%03d,", key, ns / 1000, (int)(ns % 1000));
}

/* The beginning of each event but the file's first. */
static void begin(struct gri_text *text, const char *name, const char *category, const char *phase)
{
    gri_text_format(text, ",\n{");
    add_name(text, "name", name);
    gri_text_format(text, "\"cat\":\"%s\",\"ph\":\"%s\",", category, phase);
}

/* Where it happened: the loop's track. Perfetto takes a thread 0 for an idle one. */
static void add_place(struct gri_text *text, unsigned track)
{
    gri_text_format(text, "\"pid\":%d,\"tid\":%u", (int)getpid(), track + 1);
}

int gri_trace_file_open(struct gri_trace_file *file, const char *path, gr_time now)
{
    char out[2048];
    struct gri_text text;
    *file = (struct gri_trace_file){.fd = -1, .began = now};
    if (!name_file(file, path)) {
        gri_thread_error_set("the name of the trace is longer than %u bytes", GRI_TRACE_PATH - 16);
        return GR_EINVALID;
    }
    file->fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (file->fd < 0) {
        gri_thread_error_set("the trace %s can't be created: %s", file->path, strerror(errno));
        return GR_ESYS;
    }
    gri_mutex_init(&file->mutex);
    gri_text_init(&text, out, sizeof out);
    gri_text_format(&text,
                    "[\n{\"name\":\"process_name\",\"ph\":\"M\",\"ts\":0,\"pid\":%d,\"tid\":1,\"args\":{",
                    (int)getpid());
    add_name(&text, "name", program_invocation_short_name);
    text.length--; /* without the comma */
    gri_text_format(&text, "}}");
    write_file(file, out, text.length);
    return 0;
}

void gri_trace_file_close(struct gri_trace_file *file, gr_time now, const char *counts)
{
    char out[2048];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out);
    begin(&text, "counts", "counts", "i");
    gri_text_format(&text, "\"s\":\"g\",");
    add_time(&text, "ts", now - file->began);
    add_place(&text, 0);
    gri_text_format(&text, ",\"args\":{%s}}\n]\n", counts);
    write_file(file, out, text.length);
    close(file->fd);
    gri_mutex_fini(&file->mutex);
}

void gri_tracer_init(struct gri_tracer *tracer, struct gri_trace_file *file, struct gri_clock *clock,
                     unsigned track)
{
    struct gri_text text;
    tracer->file = file;
    tracer->clock = clock;
    tracer->track = track;
    tracer->has_open = false;
    tracer->count = 0;
    gri_text_init(&text, tracer->text, sizeof tracer->text);
    gri_text_format(&text, ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"ts\":0,");
    add_place(&text, track);
    gri_text_format(&text, ",\"args\":{\"name\":\"loop %u\"}}", track);
    write_file(file, tracer->text, text.length);
}

/* A slice on the loop's track. */
static void add_slice(struct gri_text *text, const struct gri_tracer *tracer, const struct gri_span *span,
                      const char *category, const char *name)
{
    begin(text, name, category, "X");
    add_time(text, "ts", span->at - tracer->file->began);
    add_time(text, "dur", span->took);
    add_place(text, tracer->track);
    gri_text_format(text, ",\"args\":{");
    if (span->who != NULL) add_name(text, span->kind == GRI_SPAN_DEAD ? "cause" : "actor", span->who);
    if (span->kind == GRI_SPAN_END) gri_text_format(text, "\"reason\":%" PRId64 ",", (int64_t)span->number);
    gri_text_format(text, "\"slot\":%u}}", span->slot);
}

/* A moment on the loop's track. */
static void add_moment(struct gri_text *text, const struct gri_tracer *tracer, const struct gri_span *span,
                       const char *category)
{
    begin(text, span->name, category, "i");
    gri_text_format(text, "\"s\":\"t\",");
    add_time(text, "ts", span->at - tracer->file->began);
    add_place(text, tracer->track);
    gri_text_format(text, ",\"args\":{");
    if (span->kind == GRI_SPAN_SPAWN) gri_text_format(text, "\"loop\":%" PRIu64 ",", span->number);
    gri_text_format(text, "\"slot\":%u}}", span->slot);
}

/* One end of the arrow from a send to the handling. */
static void add_flow(struct gri_text *text, const struct gri_tracer *tracer, const struct gri_span *span,
                     const char *phase)
{
    if (span->number == 0) return;
    begin(text, "message", "flow", phase);
    gri_text_format(text, "%s\"id\":\"0x%" PRIx64 "\",", *phase == 'f' ? "\"bp\":\"e\"," : "", span->number);
    add_time(text, "ts", span->at - tracer->file->began);
    add_place(text, tracer->track);
    gri_text_format(text, "}");
}

/* A wait has a track for its actor: others run on the loop meanwhile. */
static void add_wait(struct gri_text *text, const struct gri_tracer *tracer, const struct gri_span *span)
{
    for (int end = 0; end < 2; end++) {
        begin(text, span->name, "wait", end ? "e" : "b");
        gri_text_format(text, "\"id\":\"0x%x\",", span->slot);
        add_time(text, "ts", span->at + (end ? span->took : 0) - tracer->file->began);
        add_place(text, tracer->track);
        gri_text_format(text, ",\"args\":{");
        add_name(text, "actor", span->who);
        text->length--; /* without the comma */
        gri_text_format(text, "}}");
    }
}

static void add_span(struct gri_text *text, const struct gri_tracer *tracer, const struct gri_span *span)
{
    switch (span->kind) {
    case GRI_SPAN_HANDLE:
        add_slice(text, tracer, span, "handle", span->name);
        add_flow(text, tracer, span, "f");
        break;
    case GRI_SPAN_SIGNAL:
        add_slice(text, tracer, span, "signal", span->name);
        break;
    case GRI_SPAN_TURN:
        add_slice(text, tracer, span, "turn", span->who);
        break;
    case GRI_SPAN_WAIT:
        add_wait(text, tracer, span);
        break;
    case GRI_SPAN_SEND:
        add_moment(text, tracer, span, "send");
        add_flow(text, tracer, span, "s");
        break;
    case GRI_SPAN_SPAWN:
        add_moment(text, tracer, span, "spawn");
        break;
    case GRI_SPAN_END:
        add_slice(text, tracer, span, "end", "end");
        break;
    case GRI_SPAN_DEAD:
        add_slice(text, tracer, span, "dead letter", span->name); /* an arrow ends in nothing else */
        add_flow(text, tracer, span, "f");
        break;
    case GRI_SPAN_WRITING:
        add_slice(text, tracer, span, "trace", "writing the trace");
        break;
    case GRI_SPAN_KINDS:
        break;
    }
}

void gri_tracer_drain(struct gri_tracer *tracer)
{
    if (tracer->count == 0 || (tracer->count == 1 && tracer->spans[0].kind == GRI_SPAN_WRITING)) return;
    gr_time began = gri_clock_now(tracer->clock);
    struct gri_text text;
    gri_text_init(&text, tracer->text, sizeof tracer->text);
    for (uint32_t i = 0; i < tracer->count && gri_load(&tracer->file->failed, GRI_RELAXED) == 0; i++) {
        add_span(&text, tracer, &tracer->spans[i]);
        if (text.length + SPAN_TEXT_MAX < text.size) continue;
        write_file(tracer->file, tracer->text, text.length);
        gri_text_init(&text, tracer->text, sizeof tracer->text);
    }
    write_file(tracer->file, tracer->text, text.length);
    tracer->count = 0;
    gr_time took = gri_clock_now(tracer->clock) - began;
    if (took > 0) /* else the clock is virtual */
        tracer->spans[tracer->count++] = (struct gri_span){
            .at = began, .took = took, .kind = GRI_SPAN_WRITING};
}

void gri_tracer_add(struct gri_tracer *tracer, const struct gri_span *span)
{
    if (gri_load(&tracer->file->failed, GRI_RELAXED) != 0) return;
    if (tracer->count == GRI_TRACER_SPANS) gri_tracer_drain(tracer);
    tracer->spans[tracer->count++] = *span;
}
