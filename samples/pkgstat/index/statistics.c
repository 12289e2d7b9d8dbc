/* SPDX-License-Identifier: Apache-2.0 */
/* Counting by name. */
#include "statistics.h"

#include "fields.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

void statistics_init(struct statistics *s)
{
    *s = (struct statistics){0};
}

void statistics_fini(struct statistics *s)
{
    /* The elements are the arena's; only the tables' own memory is uthash's. */
    for (int i = 0; i < TABLE_COUNT; i++) HASH_CLEAR(hh, s->tables[i]);
    arena_fini(&s->names);
    free(s->scratch);
    *s = (struct statistics){0};
}

size_t statistics_memory(const struct statistics *s)
{
    size_t bytes = s->names.bytes + s->scratch_size;
    for (int i = 0; i < TABLE_COUNT; i++) {
        if (s->tables[i] == NULL) continue;
        bytes += sizeof(UT_hash_table) + s->tables[i]->hh.tbl->num_buckets * sizeof(UT_hash_bucket);
    }
    return bytes;
}

static struct name *name_new(struct statistics *s, struct name **table, struct span text, unsigned hash)
{
    struct name *name = arena_take(&s->names, sizeof *name + text.size);
    if (name == NULL) return NULL;
    name->packages = 0;
    name->size_kib = 0;
    void *key = name + 1;
    memcpy(key, text.data, text.size);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, *table, key, text.size, hash, name);
    return name->hh.tbl != NULL ? name : NULL;
}

struct name *statistics_name(struct statistics *s, enum table table, struct span text)
{
    struct name *name;
    unsigned hash;
    if (text.size == 0) text.data = (const uint8_t *)""; /* uthash compares it, though not a byte of it */
    HASH_VALUE(text.data, text.size, hash);
    HASH_FIND_BYHASHVALUE(hh, s->tables[table], text.data, text.size, hash, name);
    return name != NULL ? name : name_new(s, &s->tables[table], text, hash);
}

/* The text as well-formed UTF-8, valid until the next call. Returns 0, or -1 for lack of memory. */
static int repair(struct statistics *s, struct span *text)
{
    if (utf8_is_valid(text->data, text->size)) return 0;
    size_t need = text->size * UTF8_GROWTH_MAX;
    if (need > s->scratch_size) {
        uint8_t *scratch = realloc(s->scratch, need);
        if (scratch == NULL) return -1;
        s->scratch = scratch;
        s->scratch_size = need;
    }
    text->size = utf8_repair(text->data, text->size, s->scratch);
    text->data = s->scratch;
    return 0;
}

static struct name *name_get_repaired(struct statistics *s, enum table table, struct span text)
{
    return repair(s, &text) == 0 ? statistics_name(s, table, text) : NULL;
}

/* Counts the names of a dependency list that this paragraph, the s->packages-th, has not named before. */
static int add_names(struct statistics *s, struct span list)
{
    struct span text;
    while (field_next_name(&list, &text)) {
        struct name *name = name_get_repaired(s, TABLE_DEPENDED, text);
        if (name == NULL) return -1;
        if (name->last_paragraph == s->packages) continue;
        name->last_paragraph = s->packages;
        name->packages++;
    }
    return 0;
}

static bool is_before(const struct malformed *a, const struct malformed *b)
{
    return a->file != b->file ? a->file < b->file : a->line < b->line;
}

void statistics_report(struct statistics *s, const struct malformed *report)
{
    uint32_t at = s->report_count;
    while (at > 0 && is_before(report, &s->reports[at - 1])) at--;
    if (at == MALFORMED_MAX) return;
    if (s->report_count < MALFORMED_MAX) s->report_count++;
    memmove(&s->reports[at + 1], &s->reports[at], (s->report_count - 1 - at) * sizeof *report);
    s->reports[at] = *report;
}

int statistics_add(struct statistics *s, uint32_t file, const struct paragraph *paragraph)
{
    if (paragraph->defect != DEFECT_NONE) {
        struct malformed report = {.file = file,
                                   .line = paragraph->line,
                                   .defect = paragraph->defect,
                                   .defect_line = paragraph->defect_line};
        s->malformed++;
        statistics_report(s, &report);
        return 0;
    }
    const struct span *fields = paragraph->fields;
    uint64_t size_kib = field_number(fields[FIELD_INSTALLED_SIZE]);
    s->packages++;
    s->size_kib += size_kib;
    struct name *maintainer = name_get_repaired(s, TABLE_MAINTAINERS, fields[FIELD_MAINTAINER]);
    if (maintainer == NULL) return -1;
    maintainer->packages++;
    maintainer->size_kib += size_kib;
    struct name *section = name_get_repaired(s, TABLE_SECTIONS, fields[FIELD_SECTION]);
    if (section == NULL) return -1;
    section->packages++;
    int result = add_names(s, fields[FIELD_DEPENDS]);
    return result != 0 ? result : add_names(s, fields[FIELD_PRE_DEPENDS]);
}
