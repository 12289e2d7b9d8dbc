/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracing to a file in Chrome's trace-event format, a JSON array that Perfetto opens
 * (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). Each loop gathers what it did in a
 * tracer of its own, in memory of a fixed size, and writes it as text itself when that is full, between two steps
 * and at the end of a run: nothing is lost, nobody waits for another thread but for the one write, and the time that
 * writing took is in the trace. A file that can't be written ends the tracing with one line in the log.
 *
 * It takes numbers and names that live as long as the program; what they mean is for those who trace.
 */
#ifndef GRI_OBSERVE_TRACER_H
#define GRI_OBSERVE_TRACER_H

#include "base/clock.h"
#include "base/platform.h"

#define GRI_TRACER_SPANS   8192u     /* spans that wait to be written, for each loop */
#define GRI_TRACER_TEXT    65536u    /* bytes of text that are written at once */
#define GRI_TRACER_REST_NS 200000000 /* how old a span gets while the loop runs */
#define GRI_TRACE_PATH     512u      /* longest name of the file, with its NUL */

/* What a span tells. */
enum gri_span_kind {
    GRI_SPAN_HANDLE,  /* a message was handled; number: its flow, or 0 */
    GRI_SPAN_SIGNAL,  /* an actor's start, a stop or a signal was handled */
    GRI_SPAN_TURN,    /* a coroutine ran */
    GRI_SPAN_WAIT,    /* a coroutine waited; name: for what; not on the loop's track */
    GRI_SPAN_SEND,    /* a message was sent; number: its flow, or 0; slot: to whom */
    GRI_SPAN_SPAWN,   /* an actor was spawned; number: its loop */
    GRI_SPAN_END,     /* an actor ended; number: its reason */
    GRI_SPAN_DEAD,    /* a dead letter; who: the cause; number: its flow, or 0 */
    GRI_SPAN_WRITING, /* the trace was written */
    GRI_SPAN_KINDS
};

/* One thing that happened. */
struct gri_span {
    gr_time at;              /* when it began, of the tracer's clock */
    gr_time took;            /* how long, or 0 */
    const char *name;        /* of the message's type, or as the kind says */
    const char *who;         /* the actor's behaviour, or as the kind says; may be NULL */
    uint64_t number;         /* as the kind says */
    uint32_t slot;           /* the actor's */
    enum gri_span_kind kind; /* what it is */
};

/* The file of one system. */
struct gri_trace_file {
    gri_mutex mutex;           /* over writing */
    int fd;                    /* where it goes */
    gri_atomic_u32 failed;     /* 1: nothing is written any more */
    gr_time began;             /* time 0 of the trace */
    char path[GRI_TRACE_PATH]; /* for the log */
};

/* What one loop has done. Its thread's alone. */
struct gri_tracer {
    struct gri_trace_file *file;             /* where it goes */
    struct gri_clock *clock;                 /* the loop's */
    unsigned track;                          /* the loop's index */
    bool has_open;                           /* `open` is under way */
    uint64_t unhandled;                      /* what the loop had not handled when that began */
    struct gri_span open;                    /* what a coroutine handles, for the time being */
    uint32_t count;                          /* of `spans` */
    struct gri_span spans[GRI_TRACER_SPANS]; /* oldest first */
    char text[GRI_TRACER_TEXT];              /* while it is written */
};

/*
 * Creates the file, and writes its head. In `path` "%p" becomes the process's id; the second system of a process that
 * traces adds ".2" to its name, and so on. Errors: GR_EINVALID for a name that is too long, GR_ESYS; with the thread's text.
 */
GR_MUST_USE int gri_trace_file_open(struct gri_trace_file *file, const char *path, gr_time now);

/* Writes the last event, `counts` being the inside of a JSON object, and the file's end. All tracers have been drained. */
void gri_trace_file_close(struct gri_trace_file *file, gr_time now, const char *counts);

/* Begins the track of a loop. */
void gri_tracer_init(struct gri_tracer *tracer, struct gri_trace_file *file, struct gri_clock *clock,
                     unsigned track);

/* Adds what happened; writes first, if there is no room. */
void gri_tracer_add(struct gri_tracer *tracer, const struct gri_span *span);

/* Writes all that waits. */
void gri_tracer_drain(struct gri_tracer *tracer);

/* Between two steps of the loop: writes if that is worth it. */
static inline void gri_tracer_rest(struct gri_tracer *tracer, gr_time now)
{
    if (tracer->count >= GRI_TRACER_SPANS / 2 ||
        (tracer->count != 0 && now - tracer->spans[0].at > GRI_TRACER_REST_NS))
        gri_tracer_drain(tracer);
}

#endif
