/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline: its messages, and who sends them to whom.
 *
 *     source --chunk--> splitter --part--> parsers --partial--> aggregator --report--> source
 *     source <--more--- splitter <--part_done-- parsers <--merged-- aggregator
 *
 * Nothing runs ahead: the source reads only chunks that the splitter asked for with `more`; the splitter asks when parts
 * are done; and a part whose counting made a parser's statistics too large is done when the aggregator has taken them.
 * So neither mailboxes nor statistics grow with the input, however slow one actor is.
 */
#ifndef PKGSTAT_PIPELINE_H
#define PKGSTAT_PIPELINE_H

#include "index/statistics.h"
#include "input.h"
#include "options.h"
#include "output.h"

#include <greenroom/greenroom.h>

/* Chunks that the source may have read and not yet parsed: some for each parser, within these bounds. */
enum { WINDOW_PER_PARSER = 2, WINDOW_MIN = 6, WINDOW_MAX = 16 };

/* Bytes of statistics that all parsers together keep before they pass them on. */
#define PARSERS_STATISTICS_BYTES (8 << 20)

/* Bytes of records in one message, unless one name is longer. */
#define RECORDS_SIZE 65536

/* Source to splitter: the next bytes of the input with that index. */
struct chunk {
    gr_buffer bytes; /* may be empty */
    uint32_t file;   /* index of the input */
    bool ends_file;  /* nothing of it follows */
};
GR_MESSAGE(chunk, GR_FIELD(chunk, bytes), GR_FIELD(chunk, file), GR_FIELD(chunk, ends_file));

/* Splitter to source: that many chunks more may come. */
struct more {
    uint32_t chunks; /* at least 1 */
};
GR_MESSAGE(more, GR_FIELD(more, chunks));

/* Source to splitter, splitter to parsers: nothing more comes. */
GR_MESSAGE_EMPTY(input_end);

/*
 * Splitter to parser: a piece of a batch. A batch is whole paragraphs of one input; all its parts go to one parser, one
 * after the other.
 */
struct part {
    gr_buffer bytes; /* may be empty */
    uint64_t line;   /* of the input, where the part starts, from 1 */
    uint32_t file;   /* index of the input */
    bool starts;     /* the first part of its batch */
    bool ends;       /* the last one */
};
GR_MESSAGE(part, GR_FIELD(part, bytes), GR_FIELD(part, line), GR_FIELD(part, file), GR_FIELD(part, starts),
           GR_FIELD(part, ends));

/* Parser to splitter: so many parts are parsed, and what they added is counted or passed on. */
struct part_done {
    uint32_t parser; /* index */
    uint32_t parts;  /* at least 1 */
};
GR_MESSAGE(part_done, GR_FIELD(part_done, parser), GR_FIELD(part_done, parts));

/* Parser to aggregator: records of its statistics, which it then starts anew. */
struct partial {
    gr_buffer records; /* see index/records.h */
    bool ends;         /* the last of these records: answer with `merged` */
    bool is_final;     /* the last of all from this parser */
};
GR_MESSAGE(partial, GR_FIELD(partial, records), GR_FIELD(partial, ends), GR_FIELD(partial, is_final));

/* Aggregator to parser: everything that it sent is counted. */
GR_MESSAGE_EMPTY(merged);

/* Aggregator to source: the end. */
struct report {
    gr_buffer text;     /* for stdout */
    gr_buffer reports;  /* an array of struct malformed: the first ones of the input, in its order */
    uint64_t malformed; /* how many there were */
};
GR_MESSAGE(report, GR_FIELD(report, text), GR_FIELD(report, reports), GR_FIELD(report, malformed));

/* Starts the aggregator: how many parsers will send, who gets the report, and how it shall look. */
struct aggregator_start {
    gr_ref source;    /* who gets it */
    int64_t start_ns; /* when the work began, by progress_now_ns */
    uint32_t parsers; /* final partials to wait for */
    uint32_t columns; /* as in struct report_style */
    bool json;        /* JSON, not text */
    bool colour;      /* as in struct report_style */
    bool unicode;     /* as in struct report_style */
};
GR_MESSAGE(aggregator_start, GR_FIELD(aggregator_start, source), GR_FIELD(aggregator_start, start_ns),
           GR_FIELD(aggregator_start, parsers), GR_FIELD(aggregator_start, columns),
           GR_FIELD(aggregator_start, json), GR_FIELD(aggregator_start, colour),
           GR_FIELD(aggregator_start, unicode));

/* Starts the splitter, which starts the parsers. */
struct splitter_start {
    gr_ref source;     /* who gets `more` */
    gr_ref aggregator; /* for the parsers */
    uint32_t parsers;  /* how many */
    uint32_t window;   /* chunks that the source may have under way */
};
GR_MESSAGE(splitter_start, GR_FIELD(splitter_start, source), GR_FIELD(splitter_start, aggregator),
           GR_FIELD(splitter_start, parsers), GR_FIELD(splitter_start, window));

/* Starts a parser. */
struct parser_start {
    gr_ref splitter;       /* who gets `part_done` */
    gr_ref aggregator;     /* who gets the partials */
    uint64_t memory_bytes; /* of statistics before they are passed on */
    uint32_t index;        /* this parser's, from 0 */
};
GR_MESSAGE(parser_start, GR_FIELD(parser_start, splitter), GR_FIELD(parser_start, aggregator),
           GR_FIELD(parser_start, memory_bytes), GR_FIELD(parser_start, index));

GR_ACTOR_DECLARE(aggregator, aggregator_start);
GR_ACTOR_DECLARE(splitter, splitter_start);
GR_ACTOR_DECLARE(parser, parser_start);

/* The program, in main's frame: what the blocking pool works on must outlive every actor. Loops reach it through the
 * source only. */
struct program {
    struct options options; /* the command line */
    struct input input;     /* being read */
    struct output output;   /* being written: the report */
    gr_buffer reports;      /* as in struct report */
    uint64_t malformed;     /* as in struct report */
    uint32_t columns;       /* of the report */
    bool colour;            /* of the report */
    bool unicode;           /* of the report */
    bool failed;            /* there was an error, and the runtime has nothing to say about it */
    char error[1100];       /* what it was */
};

/* The root actor: starts the others, reads the input for them, and writes the report. `program` is struct program. */
int source_run(gr_actor *self, void *program);

#endif
