/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a package index into paragraphs and finds the fields that pkgstat uses. Bytes may come in pieces of any size.
 * It decides what is malformed; it does not count, and does not know what a value means.
 *
 * The rules, with what their short form leaves open:
 * - A line ends with LF or CR LF; a CR anywhere else is a byte of its line, white space to trimming, and makes an
 *   otherwise blank line not blank. At the end of the input, a last line may lack its end.
 * - White space is space, tab, LF, VT, FF, CR. A continuation starts with space or tab and is not blank; a line that
 *   starts with other white space is neither a field nor a continuation.
 * - A field's value is its trimmed first line, then for each continuation one space and the trimmed continuation, also
 *   where one of them is empty: the result is not trimmed again.
 * - Continuations belong to the field above them. A repeated field starts anew; the last counts, even if it is empty.
 * - A paragraph's size counts its lines from the first to the last that is not blank, with their ends.
 */
#ifndef PKGSTAT_PARAGRAPH_H
#define PKGSTAT_PARAGRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes of a paragraph; one more is malformed. */
#define PARAGRAPH_SIZE_MAX (UINT64_C(8) << 20)

/* The fields that are kept. */
enum field {
    FIELD_PACKAGE,
    FIELD_SECTION,
    FIELD_MAINTAINER,
    FIELD_INSTALLED_SIZE,
    FIELD_DEPENDS,
    FIELD_PRE_DEPENDS,
    FIELD_COUNT /* also stands for any other field */
};

/* Why a paragraph is malformed: DEFECT_SIZE if that is so, else the first reason found. */
enum defect {
    DEFECT_NONE,
    DEFECT_CONTINUATION, /* its first line is a continuation */
    DEFECT_LINE,         /* a line is neither a field nor a continuation */
    DEFECT_PACKAGE,      /* no Package, or an empty one */
    DEFECT_SIZE,         /* more than PARAGRAPH_SIZE_MAX bytes */
    DEFECT_COUNT
};

/* Bytes that belong to someone else. */
struct span {
    const uint8_t *data; /* may be NULL when size is 0 */
    size_t size;         /* bytes */
};

/* A paragraph as it is handed over. Its spans are valid during the call. */
struct paragraph {
    struct span fields[FIELD_COUNT]; /* values; one that is missing is empty */
    uint64_t line;                   /* number of its first line, from 1 */
    enum defect defect;              /* if not DEFECT_NONE, the fields mean nothing */
    uint64_t defect_line;            /* for DEFECT_LINE the bad line, else the first */
};

/* Called for each paragraph, malformed ones included; non-zero ends the scan. */
typedef int (*paragraph_handler)(void *context, const struct paragraph *paragraph);

/* A value that does not lie in one piece of input. */
struct paragraph_text {
    uint8_t *data;   /* `capacity` bytes, or NULL */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
};

/* Where in a line that was cut by the end of a piece the scanner stands. */
enum line_state {
    LINE_INDENT,    /* only spaces and tabs so far, or nothing */
    LINE_INDENT_CR, /* those, then a CR: blank if LF comes next */
    LINE_KEY,       /* in a field's name */
    LINE_VALUE,     /* after the colon, or in a continuation */
    LINE_SKIP       /* the rest says nothing new */
};

/* A scanner. All fields are its own. */
struct paragraph_scanner {
    paragraph_handler handler;                /* who gets the paragraphs */
    void *context;                            /* the handler's */
    uint64_t line;                            /* number of the line at hand */
    bool open;                                /* a paragraph has begun */
    struct paragraph paragraph;               /* the open paragraph */
    uint64_t size;                            /* its bytes so far */
    enum field target;                        /* the field that a continuation belongs to */
    bool kept[FIELD_COUNT];                   /* the value lies in `texts`, not in the input */
    struct paragraph_text texts[FIELD_COUNT]; /* values that were cut or continued */
    enum line_state state;                    /* of a line that was cut */
    bool indented;                            /* that line began with space or tab */
    uint64_t indent;                          /* its bytes in LINE_INDENT and LINE_INDENT_CR */
    uint8_t key[16];                          /* its name in LINE_KEY, as far as it fits */
    size_t key_size;                          /* bytes of the name */
    size_t trim_from;                         /* where the line's part of the value begins in its text */
};

void paragraph_scanner_init(struct paragraph_scanner *scanner, paragraph_handler handler, void *context);
void paragraph_scanner_fini(struct paragraph_scanner *scanner);

/* Starts an input, or a part of one that begins with a new paragraph, at line number `line`. */
void paragraph_start(struct paragraph_scanner *scanner, uint64_t line);

/* Scans the next piece. Returns 0, the handler's result, or -1 for lack of memory; after an error only fini is left. */
int paragraph_scan(struct paragraph_scanner *scanner, const uint8_t *bytes, size_t size);

/* The input or part ends here, and with it the paragraph. Results as paragraph_scan. */
int paragraph_end(struct paragraph_scanner *scanner);

/* What is wrong, as "no Package field". */
const char *defect_text(enum defect defect);

#endif
