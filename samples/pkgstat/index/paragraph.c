/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paragraph scanner. A line that lies whole in a piece of input takes the quick way: its value is a span of the
 * input and nothing is copied. A line that a piece's end cuts goes through a small state machine. Values are copied
 * only when a piece ends within their paragraph, or when they are continued.
 */
#include "paragraph.h"

#include <stdlib.h>
#include <string.h>

/* A text of more than this is given back after its paragraph. */
#define TEXT_KEPT_BYTES 65536

static bool is_indent(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_key_byte(uint8_t c)
{
    return c != ':' && !is_space(c);
}

static struct span trim(const uint8_t *from, const uint8_t *to)
{
    while (from < to && is_space(*from)) from++;
    while (from < to && is_space(to[-1])) to--;
    return (struct span){from, (size_t)(to - from)};
}

/* Compares with a name in lower case. Only letters and hyphens are in names, and setting bit 5 leaves a hyphen alone;
 * what it makes of other bytes is no letter or hyphen but for CR, which is no key byte. */
static bool is_name(const uint8_t *key, const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((key[i] | 0x20) != (uint8_t)name[i]) return false;
    }
    return true;
}

/* The field of that name. Names that are kept are told apart by length first. */
static enum field find_field(const uint8_t *key, size_t size)
{
    switch (size) {
    case 7:
        if (is_name(key, "package", 7)) return FIELD_PACKAGE;
        if (is_name(key, "section", 7)) return FIELD_SECTION;
        if (is_name(key, "depends", 7)) return FIELD_DEPENDS;
        break;
    case 10:
        if (is_name(key, "maintainer", 10)) return FIELD_MAINTAINER;
        break;
    case 11:
        if (is_name(key, "pre-depends", 11)) return FIELD_PRE_DEPENDS;
        break;
    case 14:
        if (is_name(key, "installed-size", 14)) return FIELD_INSTALLED_SIZE;
        break;
    }
    return FIELD_COUNT;
}

static int text_append(struct paragraph_text *text, const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    if (size > text->capacity - text->size) {
        /* A paragraph of legal size never needs more than its own bytes. */
        size_t need = text->size + size;
        size_t capacity = text->capacity * 2;
        if (capacity > PARAGRAPH_SIZE_MAX) capacity = PARAGRAPH_SIZE_MAX;
        if (capacity < need) capacity = need;
        if (capacity < 256) capacity = 256;
        uint8_t *data = realloc(text->data, capacity);
        if (data == NULL) return -1;
        text->data = data;
        text->capacity = capacity;
    }
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
    return 0;
}

/* Copies a value out of the input, so that it outlives the piece or can be continued. */
static int keep(struct paragraph_scanner *s, enum field field)
{
    struct span *value = &s->paragraph.fields[field];
    struct paragraph_text *text = &s->texts[field];
    if (s->kept[field]) return 0;
    text->size = 0;
    if (text_append(text, value->data, value->size) != 0) return -1;
    s->kept[field] = true;
    value->data = text->data;
    return 0;
}

static void give_back_texts(struct paragraph_scanner *s)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (s->texts[i].capacity <= TEXT_KEPT_BYTES) continue;
        free(s->texts[i].data);
        s->texts[i] = (struct paragraph_text){0};
    }
}

/* The first defect counts, but a paragraph's size goes before all: so the reason doesn't depend on how input is cut. */
static void spoil(struct paragraph_scanner *s, enum defect defect)
{
    if (s->paragraph.defect != DEFECT_NONE && defect != DEFECT_SIZE) return;
    s->paragraph.defect = defect;
    s->paragraph.defect_line = defect == DEFECT_LINE ? s->line : s->paragraph.line;
    memset(s->paragraph.fields, 0, sizeof s->paragraph.fields);
    memset(s->kept, 0, sizeof s->kept);
    give_back_texts(s);
}

/* Counts bytes of a line that is not blank, and opens the paragraph if it is the first. */
static void take_bytes(struct paragraph_scanner *s, uint64_t size)
{
    if (!s->open) {
        s->open = true;
        s->paragraph = (struct paragraph){.line = s->line};
        memset(s->kept, 0, sizeof s->kept);
        s->target = FIELD_COUNT;
        s->size = 0;
    }
    s->size += size;
    if (s->size > PARAGRAPH_SIZE_MAX && s->paragraph.defect != DEFECT_SIZE) spoil(s, DEFECT_SIZE);
}

static int end_paragraph(struct paragraph_scanner *s)
{
    if (!s->open) return 0;
    s->open = false;
    if (s->paragraph.fields[FIELD_PACKAGE].size == 0) spoil(s, DEFECT_PACKAGE);
    int result = s->handler(s->context, &s->paragraph);
    give_back_texts(s);
    return result;
}

/* Begins a continuation in the target's text. */
static int start_continuation(struct paragraph_scanner *s, bool first_line)
{
    if (first_line) spoil(s, DEFECT_CONTINUATION);
    if (s->paragraph.defect != DEFECT_NONE || s->target == FIELD_COUNT) return 0;
    if (keep(s, s->target) != 0) return -1;
    struct paragraph_text *text = &s->texts[s->target];
    if (text_append(text, (const uint8_t *)" ", 1) != 0) return -1;
    s->trim_from = text->size;
    return 0;
}

/* The text of the target holds a new value. */
static void set_value(struct paragraph_scanner *s)
{
    struct paragraph_text *text = &s->texts[s->target];
    s->paragraph.fields[s->target] = (struct span){text->data, text->size};
}

static int take_continuation(struct paragraph_scanner *s, const uint8_t *line, const uint8_t *end,
                             bool first_line)
{
    if (start_continuation(s, first_line) != 0) return -1;
    if (s->paragraph.defect != DEFECT_NONE || s->target == FIELD_COUNT) return 0;
    struct span value = trim(line, end);
    if (text_append(&s->texts[s->target], value.data, value.size) != 0) return -1;
    set_value(s);
    return 0;
}

/* `end` points at the LF, so the search for the colon stops there. */
static void take_field(struct paragraph_scanner *s, const uint8_t *line, const uint8_t *end)
{
    const uint8_t *colon = line;
    while (is_key_byte(*colon)) colon++;
    if (*colon != ':' || colon == line) {
        spoil(s, DEFECT_LINE);
        return;
    }
    s->target = find_field(line, (size_t)(colon - line));
    if (s->target == FIELD_COUNT) return;
    s->paragraph.fields[s->target] = trim(colon + 1, end);
    s->kept[s->target] = false;
}

/* A line that ends with LF at `end` is blank: spaces and tabs alone, perhaps a CR before the LF. */
static bool is_blank(const uint8_t *line, const uint8_t *end)
{
    if (end > line && end[-1] == '\r') end--;
    while (line < end && is_indent(*line)) line++;
    return line == end;
}

/* The quick way: a whole line. */
static int take_line(struct paragraph_scanner *s, const uint8_t *line, const uint8_t *end)
{
    int result = 0;
    if (is_space(*line) && is_blank(line, end)) {
        result = end_paragraph(s);
    } else {
        bool first_line = !s->open;
        take_bytes(s, (uint64_t)(end + 1 - line));
        if (s->paragraph.defect != DEFECT_NONE) {
            /* the paragraph is lost; look for its end only */
        } else if (is_indent(*line)) {
            result = take_continuation(s, line, end, first_line);
        } else {
            take_field(s, line, end);
        }
    }
    s->line++;
    return result;
}

/* A cut line turns out not to be blank: what is it? */
static int leave_indent(struct paragraph_scanner *s)
{
    bool first_line = !s->open;
    take_bytes(s, s->indent);
    s->state = LINE_VALUE;
    if (s->indented) return start_continuation(s, first_line);
    s->key_size = 0;
    s->state = LINE_KEY;
    if (s->indent > 0) { /* it began with a CR */
        spoil(s, DEFECT_LINE);
        s->state = LINE_SKIP;
    }
    return 0;
}

static void next_line(struct paragraph_scanner *s)
{
    s->line++;
    s->state = LINE_INDENT;
    s->indented = false;
    s->indent = 0;
}

/* Each step takes bytes from *at and moves it on. */
static int step_indent(struct paragraph_scanner *s, const uint8_t **at, const uint8_t *end)
{
    for (; *at < end; ++*at) {
        uint8_t c = **at;
        if (c == '\n') {
            next_line(s);
            ++*at;
            return end_paragraph(s);
        }
        if (s->state == LINE_INDENT_CR || !(is_indent(c) || c == '\r')) return leave_indent(s);
        if (s->indent == 0) s->indented = is_indent(c);
        s->indent++;
        if (c == '\r') s->state = LINE_INDENT_CR;
    }
    return 0;
}

static int step_key(struct paragraph_scanner *s, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;
    const uint8_t *to = from;
    for (; to < end && is_key_byte(*to); to++) {
        if (s->key_size < sizeof s->key) s->key[s->key_size] = *to;
        s->key_size++;
    }
    bool colon = to < end && *to == ':' && s->key_size > 0;
    *at = to + colon;
    take_bytes(s, (uint64_t)(*at - from));
    if (colon) {
        s->state = LINE_VALUE;
        s->target = find_field(s->key, s->key_size);
        if (s->target == FIELD_COUNT) return 0;
        s->texts[s->target].size = 0;
        s->kept[s->target] = true;
        s->trim_from = 0;
        set_value(s);
    } else if (to < end) {
        spoil(s, DEFECT_LINE);
        s->state = LINE_SKIP;
    }
    return 0;
}

/* The end of a cut line, with its LF or at the end of the input. */
static void finish_value(struct paragraph_scanner *s)
{
    if (s->state != LINE_VALUE || s->paragraph.defect != DEFECT_NONE || s->target == FIELD_COUNT) return;
    struct paragraph_text *text = &s->texts[s->target];
    while (text->size > s->trim_from && is_space(text->data[text->size - 1])) text->size--;
    set_value(s);
}

static int step_value(struct paragraph_scanner *s, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;
    const uint8_t *lf = memchr(from, '\n', (size_t)(end - from));
    const uint8_t *to = lf != NULL ? lf : end;
    *at = lf != NULL ? lf + 1 : end;
    take_bytes(s, (uint64_t)(*at - from));
    if (s->state == LINE_VALUE && s->paragraph.defect == DEFECT_NONE && s->target != FIELD_COUNT) {
        struct paragraph_text *text = &s->texts[s->target];
        while (text->size == s->trim_from && from < to && is_space(*from)) from++;
        if (text_append(text, from, (size_t)(to - from)) != 0) return -1;
    }
    if (lf != NULL) {
        finish_value(s);
        next_line(s);
    }
    return 0;
}

static int step(struct paragraph_scanner *s, const uint8_t **at, const uint8_t *end)
{
    switch (s->state) {
    case LINE_INDENT:
    case LINE_INDENT_CR:
        return step_indent(s, at, end);
    case LINE_KEY:
        return step_key(s, at, end);
    case LINE_VALUE:
    case LINE_SKIP:
        break;
    }
    return step_value(s, at, end);
}

void paragraph_scanner_init(struct paragraph_scanner *s, paragraph_handler handler, void *context)
{
    *s = (struct paragraph_scanner){.handler = handler, .context = context, .line = 1};
}

void paragraph_scanner_fini(struct paragraph_scanner *s)
{
    for (int i = 0; i < FIELD_COUNT; i++) free(s->texts[i].data);
    *s = (struct paragraph_scanner){0};
}

void paragraph_start(struct paragraph_scanner *s, uint64_t line)
{
    s->open = false;
    next_line(s);
    s->line = line;
}

int paragraph_scan(struct paragraph_scanner *s, const uint8_t *bytes, size_t size)
{
    const uint8_t *at = bytes;
    const uint8_t *end = size > 0 ? bytes + size : bytes;
    while (at < end) {
        int result;
        bool at_start = s->state == LINE_INDENT && s->indent == 0;
        const uint8_t *lf = at_start ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (lf != NULL) {
            result = take_line(s, at, lf);
            at = lf + 1;
        } else {
            result = step(s, &at, end);
        }
        if (result != 0) return result;
    }
    if (!s->open || s->paragraph.defect != DEFECT_NONE) return 0;
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (keep(s, (enum field)i) != 0) return -1;
    }
    return 0;
}

int paragraph_end(struct paragraph_scanner *s)
{
    if (s->state == LINE_INDENT_CR && leave_indent(s) != 0) return -1;
    if (s->state == LINE_KEY) spoil(s, DEFECT_LINE);
    finish_value(s);
    s->state = LINE_INDENT;
    s->indented = false;
    s->indent = 0;
    return end_paragraph(s);
}

const char *defect_text(enum defect defect)
{
    static const char *const texts[DEFECT_COUNT] = {
        [DEFECT_NONE] = "nothing wrong",
        [DEFECT_CONTINUATION] = "it starts with a continuation line",
        [DEFECT_LINE] = "a line is neither a field nor a continuation",
        [DEFECT_PACKAGE] = "no package name",
        [DEFECT_SIZE] = "more than 8 MiB",
    };
    return texts[defect < DEFECT_COUNT ? defect : DEFECT_NONE];
}
