/* SPDX-License-Identifier: Apache-2.0 */
/* Ranking and decimal numbers. */
#include "ranking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const struct name *a, const struct name *b)
{
    size_t size = a->hh.keylen < b->hh.keylen ? a->hh.keylen : b->hh.keylen;
    int order = size > 0 ? memcmp(a->hh.key, b->hh.key, size) : 0;
    if (order != 0) return order;
    return (a->hh.keylen > b->hh.keylen) - (a->hh.keylen < b->hh.keylen);
}

sum128 ranking_value(const struct name *name, enum rank_by by)
{
    return by == RANK_BY_SIZE ? name->size_kib : name->packages;
}

static bool is_ahead(const struct name *a, const struct name *b, enum rank_by by)
{
    sum128 x = ranking_value(a, by);
    sum128 y = ranking_value(b, by);
    return x != y ? x > y : compare_names(a, b) < 0;
}

size_t ranking_top(const struct name *table, enum rank_by by, const struct name *top[RANKING_MAX])
{
    size_t count = 0;
    for (const struct name *name = table; name != NULL; name = name->hh.next) {
        if (count == RANKING_MAX && !is_ahead(name, top[count - 1], by)) continue;
        size_t at = count < RANKING_MAX ? count++ : count - 1;
        for (; at > 0 && is_ahead(name, top[at - 1], by); at--) top[at] = top[at - 1];
        top[at] = name;
    }
    return count;
}

static int compare_elements(const void *a, const void *b)
{
    return compare_names(*(const struct name *const *)a, *(const struct name *const *)b);
}

const struct name **ranking_all(const struct name *table, size_t *count)
{
    *count = HASH_COUNT(table);
    if (*count == 0) return NULL;
    const struct name **all = malloc(*count * sizeof *all);
    if (all == NULL) return NULL;
    size_t i = 0;
    for (const struct name *name = table; name != NULL; name = name->hh.next) all[i++] = name;
    qsort(all, *count, sizeof *all, compare_elements);
    return all;
}

const char *sum_text(char out[SUM_TEXT_SIZE], sum128 sum, char separator)
{
    char reversed[SUM_TEXT_SIZE];
    size_t size = 0;
    size_t digits = 0;
    do {
        if (separator != 0 && digits > 0 && digits % 3 == 0) reversed[size++] = separator;
        reversed[size++] = (char)('0' + (int)(sum % 10));
        sum /= 10;
        digits++;
    } while (sum > 0);
    for (size_t i = 0; i < size; i++) out[i] = reversed[size - 1 - i];
    out[size] = 0;
    return out;
}

const char *mean_text(char out[SUM_TEXT_SIZE], sum128 sum, uint64_t count, char separator)
{
    if (count == 0) return strcpy(out, "0.00");
    sum128 whole = sum / count;
    sum128 rest = sum % count; /* below 2^64, so that what follows can't overflow */
    unsigned hundredths = (unsigned)((rest * 200 + count) / ((sum128)count * 2));
    whole += hundredths / 100;
    hundredths %= 100;
    size_t length = strlen(sum_text(out, whole, separator));
    (void)snprintf(out + length, SUM_TEXT_SIZE - length, ".%02u", hundredths);
    return out;
}
