/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as JSON. jansson writes the strings; the few fixed words around them are written here, because the sums have
 * up to 128 bits and the mean has exactly two digits, and a JSON library's numbers have neither.
 */
#include "index/ranking.h"
#include "report.h"

#include <jansson.h>
#include <stdlib.h>

/* Inline functions of jansson read memory that the library wrote. The memory sanitizer doesn't see what a library that
 * was not built with it writes, so that memory starts cleared. */
static void *cleared(size_t size)
{
    return calloc(1, size);
}

static int put_name(FILE *out, const struct name *name)
{
    json_t *string = json_stringn(name->hh.keylen > 0 ? name->hh.key : "", name->hh.keylen);
    if (string == NULL) return -1;
    int result = json_dumpf(string, out, JSON_ENCODE_ANY);
    json_decref(string);
    return result;
}

static int put_list(FILE *out, const char *key, const struct name *table, enum rank_by by)
{
    const struct name *top[RANKING_MAX];
    char number[SUM_TEXT_SIZE];
    size_t count = ranking_top(table, by, top);
    fprintf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ",[" : "[", out);
        if (put_name(out, top[i]) != 0) return -1;
        fprintf(out, ",%s]", sum_text(number, ranking_value(top[i], by), 0));
    }
    fputc(']', out);
    return 0;
}

static int put_sections(FILE *out, const struct name *table)
{
    size_t count;
    int result = 0;
    const struct name **all = ranking_all(table, &count);
    if (all == NULL && count > 0) return -1;
    fputs(",\"sections\":{", out);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (i > 0) fputc(',', out);
        result = put_name(out, all[i]);
        fprintf(out, ":%llu", (unsigned long long)all[i]->packages);
    }
    fputc('}', out);
    free(all);
    return result;
}

int report_json(FILE *out, const struct statistics *s)
{
    char number[SUM_TEXT_SIZE];
    json_set_alloc_funcs(cleared, free);
    fprintf(out, "{\"packages\":%llu,\"malformed\":%llu,\"bytes\":%llu", (unsigned long long)s->packages,
            (unsigned long long)s->malformed, (unsigned long long)s->bytes);
    fprintf(out, ",\"installed_size_kib\":{\"total\":%s", sum_text(number, s->size_kib, 0));
    fprintf(out, ",\"mean\":%s}", mean_text(number, s->size_kib, s->packages, 0));
    const struct name *maintainers = s->tables[TABLE_MAINTAINERS];
    if (put_list(out, "maintainers_by_packages", maintainers, RANK_BY_PACKAGES) != 0) return -1;
    if (put_list(out, "maintainers_by_size", maintainers, RANK_BY_SIZE) != 0) return -1;
    if (put_sections(out, s->tables[TABLE_SECTIONS]) != 0) return -1;
    if (put_list(out, "depended_upon", s->tables[TABLE_DEPENDED], RANK_BY_PACKAGES) != 0) return -1;
    fputs("}\n", out);
    return ferror(out) ? -1 : 0;
}
