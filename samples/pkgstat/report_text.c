/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people: figures, three kinds of ranking with bars, and a table of sections. */
#define _GNU_SOURCE /* wcwidth */
#include "index/ranking.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The widest bar, and the narrowest name that is still worth reading, in columns. */
enum { BAR_COLUMNS = 16, NAME_COLUMNS_MIN = 16 };

/* Escape sequences, or nothing. */
struct paint {
    const char *title;  /* for headings */
    const char *faint;  /* for ranks */
    const char *number; /* for figures */
    const char *bar;    /* for bars */
    const char *end;    /* back to normal */
};

static const struct paint plain = {"", "", "", "", ""};
static const struct paint colours = {"\033[1m", "\033[2m", "\033[32m", "\033[36m", "\033[0m"};

static const struct paint *paint_of(const struct report_style *style)
{
    return style->colour ? &colours : &plain;
}

/* One character of well-formed UTF-8: its bytes, and the columns that a terminal gives it; -1 for a control. */
static size_t character(const unsigned char *at, int *columns)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t size = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    uint32_t code = *at & masks[size];
    for (size_t i = 1; i < size; i++) code = code << 6 | (at[i] & 0x3f);
    *columns = wcwidth((wchar_t)code);
    if (*columns < 0 && code >= 0xa0) *columns = 1; /* unknown to this locale */
    return size;
}

static int columns_of(const struct name *name)
{
    const unsigned char *text = name->hh.key;
    int sum = 0;
    if (name->hh.keylen == 0) return 6;
    for (size_t i = 0; i < name->hh.keylen && sum < 10000;) {
        int columns;
        i += character(text + i, &columns);
        sum += columns < 0 ? 1 : columns;
    }
    return sum;
}

/* Writes a name in exactly `room` columns: filled up, or cut and marked. Controls become question marks. */
static void put_name(FILE *out, const struct name *name, int room, const struct report_style *style)
{
    const unsigned char *text = name->hh.keylen > 0 ? name->hh.key : (const void *)"(none)";
    size_t size = name->hh.keylen > 0 ? name->hh.keylen : 6;
    bool cut = columns_of(name) > room;
    int left = cut ? room - 1 : room;
    for (size_t i = 0; i < size;) {
        int columns;
        size_t length = character(text + i, &columns);
        if ((columns < 0 ? 1 : columns) > left) break;
        if (columns < 0) {
            fputc('?', out);
        } else {
            fwrite(text + i, 1, length, out);
        }
        left -= columns < 0 ? 1 : columns;
        i += length;
    }
    fprintf(out, "%*s", left, "");
    if (cut) fputs(style->unicode ? "\u2026" : "~", out);
}

static void put_bar(FILE *out, double share, const struct report_style *style)
{
    static const char *const eighths[] = {"",       "\u258f", "\u258e", "\u258d",
                                          "\u258c", "\u258b", "\u258a", "\u2589"};
    int filled = (int)(share * BAR_COLUMNS * 8 + 0.5);
    const struct paint *paint = paint_of(style);
    fputs(paint->bar, out);
    for (int i = 0; i < filled / 8; i++) fputs(style->unicode ? "\u2588" : "#", out);
    if (style->unicode) fputs(eighths[filled % 8], out);
    fputs(paint->end, out);
}

static void put_title(FILE *out, const char *title, const struct report_style *style)
{
    fprintf(out, "\n%s%s%s\n", paint_of(style)->title, title, paint_of(style)->end);
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static void put_list(FILE *out, const char *title, const struct name *table, enum rank_by by,
                     const struct report_style *style)
{
    const struct name *top[RANKING_MAX];
    char number[SUM_TEXT_SIZE];
    size_t count = ranking_top(table, by, top);
    if (count == 0) return;
    int number_columns = (int)strlen(sum_text(number, ranking_value(top[0], by), ','));
    int name_columns = 0;
    for (size_t i = 0; i < count; i++) {
        int columns = columns_of(top[i]);
        if (columns > name_columns) name_columns = columns;
    }
    int room = style->columns - (4 + 2 + number_columns + 2 + BAR_COLUMNS);
    name_columns = clamp(name_columns, 0, room < NAME_COLUMNS_MIN ? NAME_COLUMNS_MIN : room);
    const struct paint *paint = paint_of(style);
    double largest = (double)ranking_value(top[0], by);
    put_title(out, title, style);
    for (size_t i = 0; i < count; i++) {
        sum128 value = ranking_value(top[i], by);
        fprintf(out, "%s%3zu%s ", paint->faint, i + 1, paint->end);
        put_name(out, top[i], name_columns, style);
        fprintf(out, "  %s%*s%s  ", paint->number, number_columns, sum_text(number, value, ','), paint->end);
        put_bar(out, largest > 0 ? (double)value / largest : 0, style);
        fputc('\n', out);
    }
}

/* All sections by name, in as many columns as fit, read downwards. */
static int put_sections(FILE *out, const struct name *table, const struct report_style *style)
{
    char number[SUM_TEXT_SIZE];
    size_t count;
    int name_columns = 0;
    int number_columns = 0;
    const struct name **all = ranking_all(table, &count);
    if (all == NULL) return count > 0 ? -1 : 0;
    for (size_t i = 0; i < count; i++) {
        int columns = (int)strlen(sum_text(number, all[i]->packages, ','));
        if (columns > number_columns) number_columns = columns;
        columns = columns_of(all[i]);
        if (columns > name_columns) name_columns = columns;
    }
    name_columns = clamp(name_columns, 0, style->columns - number_columns - 4);
    name_columns = clamp(name_columns, NAME_COLUMNS_MIN, name_columns);
    size_t across = (size_t)clamp(style->columns / (name_columns + number_columns + 4), 1, 100);
    size_t down = (count + across - 1) / across;
    put_title(out, "Packages per section", style);
    for (size_t row = 0; row < down; row++) {
        for (size_t i = row; i < count; i += down) {
            fputs(i == row ? "  " : "    ", out);
            put_name(out, all[i], name_columns, style);
            fprintf(out, "  %s%*s%s", paint_of(style)->number, number_columns,
                    sum_text(number, all[i]->packages, ','), paint_of(style)->end);
        }
        fputc('\n', out);
    }
    free(all);
    return 0;
}

static void put_figures(FILE *out, const struct statistics *s, const struct report_style *style)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    const struct paint *paint = paint_of(style);
    char number[SUM_TEXT_SIZE];
    double megabytes = (double)s->bytes / 1e6;
    double size = (double)s->size_kib;
    size_t unit = 0;
    for (; size >= 1024 && unit < sizeof units / sizeof *units - 1; unit++) size /= 1024;
    fprintf(out, "%sPackages%s        %s%s%s", paint->title, paint->end, paint->number,
            sum_text(number, s->packages, ','), paint->end);
    fprintf(out, ", malformed paragraphs: %s\n", sum_text(number, s->malformed, ','));
    fprintf(out, "%sInstalled size%s  %s%s%s KiB", paint->title, paint->end, paint->number,
            sum_text(number, s->size_kib, ','), paint->end);
    if (unit > 0) fprintf(out, " (%.1f %s)", size, units[unit]);
    fprintf(out, ", on average %s KiB\n", mean_text(number, s->size_kib, s->packages, ','));
    fprintf(out, "%sInput%s           %s%.1f%s MB in %.2f s", paint->title, paint->end, paint->number,
            megabytes, paint->end, style->seconds);
    if (style->seconds > 0) fprintf(out, ", %.0f MB/s", megabytes / style->seconds);
    fputc('\n', out);
}

int report_text(FILE *out, const struct statistics *s, const struct report_style *style)
{
    const struct name *maintainers = s->tables[TABLE_MAINTAINERS];
    put_figures(out, s, style);
    put_list(out, "Maintainers by packages", maintainers, RANK_BY_PACKAGES, style);
    put_list(out, "Maintainers by installed size, KiB", maintainers, RANK_BY_SIZE, style);
    put_list(out, "Most depended upon", s->tables[TABLE_DEPENDED], RANK_BY_PACKAGES, style);
    if (put_sections(out, s->tables[TABLE_SECTIONS], style) != 0) return -1;
    return ferror(out) ? -1 : 0;
}
