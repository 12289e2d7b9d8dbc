/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics as records: a header, a part of fixed size for each kind, and for names their bytes. */
#include "records.h"

#include <string.h>

enum kind { KIND_TOTALS, KIND_MALFORMED, KIND_NAME, KIND_COUNT };

struct header {
    uint32_t kind;   /* enum kind */
    uint32_t length; /* bytes that follow, up to the next header */
};

struct totals {
    uint64_t packages;  /* as in struct statistics */
    uint64_t malformed; /* as in struct statistics */
    uint64_t bytes;     /* as in struct statistics */
    sum128 size_kib;    /* as in struct statistics */
};

struct counted {
    uint64_t table;    /* enum table */
    uint64_t packages; /* as in struct name */
    sum128 size_kib;   /* as in struct name; 0 but for maintainers */
};

/* A record before it is written, or when it is read. */
struct record {
    struct header header; /* what kind, and how long all of the rest is */
    union {
        struct totals totals;       /* KIND_TOTALS */
        struct malformed malformed; /* KIND_MALFORMED */
        struct counted counted;     /* KIND_NAME */
    };
    const uint8_t *text; /* the name; NULL for other kinds */
};

static const size_t fixed_sizes[KIND_COUNT] = {
    [KIND_TOTALS] = sizeof(struct totals),
    [KIND_MALFORMED] = sizeof(struct malformed),
    [KIND_NAME] = sizeof(struct counted),
};

static const struct name *first_name(const struct statistics *s, int *table)
{
    for (; *table < TABLE_COUNT; ++*table) {
        if (s->tables[*table] != NULL) return s->tables[*table];
    }
    return NULL;
}

void records_reader_init(struct records_reader *r, const struct statistics *statistics)
{
    *r = (struct records_reader){.statistics = statistics};
    r->name = first_name(statistics, &r->table);
}

/* The next record; false if there is none. */
static bool peek(const struct records_reader *r, struct record *out)
{
    const struct statistics *s = r->statistics;
    memset(out, 0, sizeof *out); /* padding too: it is copied */
    if (r->step == 0) {
        out->header.kind = KIND_TOTALS;
        out->totals.packages = s->packages;
        out->totals.malformed = s->malformed;
        out->totals.bytes = s->bytes;
        out->totals.size_kib = s->size_kib;
    } else if (r->step <= s->report_count) {
        out->header.kind = KIND_MALFORMED;
        out->malformed = s->reports[r->step - 1];
    } else if (r->name != NULL) {
        out->header.kind = KIND_NAME;
        out->counted.table = (uint64_t)r->table;
        out->counted.packages = r->name->packages;
        if (r->table == TABLE_MAINTAINERS) out->counted.size_kib = r->name->size_kib;
        out->text = r->name->hh.key;
        out->header.length = r->name->hh.keylen;
    } else {
        return false;
    }
    out->header.length += (uint32_t)fixed_sizes[out->header.kind];
    return true;
}

static void advance(struct records_reader *r)
{
    if (r->step <= r->statistics->report_count) {
        r->step++;
        return;
    }
    r->name = r->name->hh.next;
    if (r->name != NULL) return;
    r->table++;
    r->name = first_name(r->statistics, &r->table);
}

size_t records_next_size(const struct records_reader *r)
{
    struct record record;
    return peek(r, &record) ? sizeof record.header + record.header.length : 0;
}

size_t records_read(struct records_reader *r, uint8_t *out, size_t size)
{
    struct record record;
    size_t written = 0;
    while (peek(r, &record)) {
        if (sizeof record.header + record.header.length > size - written) break;
        size_t fixed = fixed_sizes[record.header.kind];
        memcpy(out + written, &record.header, sizeof record.header);
        written += sizeof record.header;
        memcpy(out + written, &record.totals, fixed); /* any member: all start at the same place */
        written += fixed;
        if (record.text != NULL) memcpy(out + written, record.text, record.header.length - fixed);
        written += record.header.length - fixed;
        advance(r);
    }
    return written;
}

static int absorb(struct statistics *s, const struct record *record, size_t text_size)
{
    switch ((enum kind)record->header.kind) {
    case KIND_TOTALS:
        s->packages += record->totals.packages;
        s->malformed += record->totals.malformed;
        s->bytes += record->totals.bytes;
        s->size_kib += record->totals.size_kib;
        return 0;
    case KIND_MALFORMED:
        statistics_report(s, &record->malformed);
        return 0;
    default:
        break;
    }
    if (record->counted.table >= TABLE_COUNT) return -2;
    enum table table = (enum table)record->counted.table;
    struct name *name = statistics_name(s, table, (struct span){record->text, text_size});
    if (name == NULL) return -1;
    name->packages += record->counted.packages;
    if (table == TABLE_MAINTAINERS) name->size_kib += record->counted.size_kib;
    return 0;
}

int records_absorb(struct statistics *s, const uint8_t *records, size_t size)
{
    while (size > 0) {
        struct record record;
        if (size < sizeof record.header) return -2;
        memcpy(&record.header, records, sizeof record.header);
        records += sizeof record.header;
        size -= sizeof record.header;
        if (record.header.kind >= KIND_COUNT || record.header.length > size) return -2;
        size_t fixed = fixed_sizes[record.header.kind];
        if (record.header.length < fixed) return -2;
        memcpy(&record.totals, records, fixed);
        record.text = records + fixed;
        int result = absorb(s, &record, record.header.length - fixed);
        if (result != 0) return result;
        records += record.header.length;
        size -= record.header.length;
    }
    return 0;
}
