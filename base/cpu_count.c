/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many processors this process may use: its affinity, and the quota of its cgroup and of those above it, in version
 * 1 (cpu.cfs_quota_us) and 2 (cpu.max). It does not look at shares, nor at how busy the machine is.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/platform.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

/* A file read line by line, without the C library's allocations. */
struct lines {
    int fd;                      /* the file, or -1 */
    size_t start;                /* of what was not given out yet */
    size_t end;                  /* of what was read */
    char buffer[LINE_MAX_BYTES]; /* a part of the file */
};

/* A mounted cgroup hierarchy that limits processors. */
struct mount {
    bool is_v2;        /* the unified hierarchy, or one of version 1 with the cpu controller */
    const char *root;  /* the part of the hierarchy that is mounted */
    const char *point; /* where */
};

static void lines_open(struct lines *lines, const char *root, const char *path)
{
    char name[LINE_MAX_BYTES];
    struct gri_text text;
    gri_text_init(&text, name, sizeof name);
    gri_text_format(&text, "%s%s", root, path);
    lines->start = lines->end = 0;
    lines->fd = text.cut ? -1 : open(name, O_RDONLY | O_CLOEXEC);
}

static void lines_close(struct lines *lines)
{
    if (lines->fd >= 0) close(lines->fd);
}

/* The next byte, or -1. */
static int lines_byte(struct lines *lines)
{
    if (lines->start == lines->end) {
        ssize_t n = lines->fd < 0 ? 0 : read(lines->fd, lines->buffer, sizeof lines->buffer);
        if (n <= 0) return -1;
        lines->start = 0;
        lines->end = (size_t)n;
    }
    return (unsigned char)lines->buffer[lines->start++];
}

/* The next line without its end; false at the end of the file. A line that is too long is given as an empty one. */
static bool lines_next(struct lines *lines, char line[LINE_MAX_BYTES])
{
    size_t length = 0;
    int byte;
    while ((byte = lines_byte(lines)) >= 0 && byte != '\n')
        if (length < LINE_MAX_BYTES) line[length++] = (char)byte;
    if (length == LINE_MAX_BYTES)
        line[0] = '\0';
    else
        line[length] = '\0';
    return byte >= 0 || length > 0;
}

/* Whether `word` is one of the names in `list`, which has commas between them. */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = list; p; p = strchr(p, ',')) {
        if (*p == ',') p++;
        if (strncmp(p, word, length) == 0 && (p[length] == ',' || p[length] == '\0')) return true;
    }
    return false;
}

/* Replaces the \ooo by which the kernel writes blanks in names. */
static void unescape(char *name)
{
    char *to = name;
    for (char *p = name; *p; p++) {
        unsigned code;
        if (*p == '\\' && sscanf(p + 1, "%3o", &code) == 1 && strspn(p + 1, "01234567") >= 3) {
            *to++ = (char)code;
            p += 3;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
}

/* Reads a line of mountinfo: ID PARENT DEVICE ROOT POINT OPTIONS [TAG ...] - TYPE SOURCE OPTIONS; see proc(5). */
static bool parse_mount(char *line, struct mount *mount)
{
    char *rest = strstr(line, " - ");
    if (rest == NULL) return false;
    *rest = '\0';
    char *save;
    char *fields[5];
    for (int i = 0; i < 5; i++) {
        fields[i] = strtok_r(i ? NULL : line, " ", &save);
        if (fields[i] == NULL) return false;
    }
    char *type = strtok_r(rest + 3, " ", &save);
    char *source = type ? strtok_r(NULL, " ", &save) : NULL;
    char *options = source ? strtok_r(NULL, " ", &save) : NULL;
    if (options == NULL) return false;
    unescape(fields[3]);
    unescape(fields[4]);
    *mount = (struct mount){.is_v2 = strcmp(type, "cgroup2") == 0, .root = fields[3], .point = fields[4]};
    return mount->is_v2 || (strcmp(type, "cgroup") == 0 && list_has(options, "cpu"));
}

/* The process's path in the mount's hierarchy, from a line NUMBER:CONTROLLERS:PATH; false if there is none. */
static bool find_path(const char *root, bool is_v2, char path[LINE_MAX_BYTES])
{
    struct lines lines;
    bool found = false;
    lines_open(&lines, root, "/proc/self/cgroup");
    while (!found && lines_next(&lines, path)) {
        char *controllers = strchr(path, ':');
        char *name = controllers ? strchr(controllers + 1, ':') : NULL;
        if (name == NULL) continue;
        *controllers++ = *name++ = '\0';
        found = is_v2 ? strcmp(path, "0") == 0 && *controllers == '\0' : list_has(controllers, "cpu");
        if (found) memmove(path, name, strlen(name) + 1);
    }
    lines_close(&lines);
    return found;
}

/* The first line of a file in a cgroup's folder as up to two numbers; returns how many there are. */
static int read_numbers(const char *folder, const char *file, long long *first, long long *second)
{
    char line[LINE_MAX_BYTES];
    struct lines lines;
    lines_open(&lines, folder, file);
    int count = lines_next(&lines, line) ? sscanf(line, "%18lld %18lld", first, second) : 0;
    lines_close(&lines);
    return count;
}

/* The quota of one cgroup, rounded up; 0 if it has none. */
static int quota_of(const char *folder, bool is_v2)
{
    long long quota = 0, period = 0, unused;
    if (is_v2) {
        if (read_numbers(folder, "/cpu.max", &quota, &period) != 2) return 0;
    } else {
        if (read_numbers(folder, "/cpu.cfs_quota_us", &quota, &unused) != 1) return 0;
        if (read_numbers(folder, "/cpu.cfs_period_us", &period, &unused) != 1) return 0;
    }
    if (quota <= 0 || period <= 0) return 0;
    long long count = quota / period + (quota % period != 0);
    return count < INT_MAX ? (int)count : INT_MAX;
}

/* The smaller of two quotas, where 0 is none. */
static int smaller(int a, int b)
{
    if (a == 0 || b == 0) return a + b;
    return a < b ? a : b;
}

/* `path` as seen below the mount: what is mounted may be a part of the hierarchy that holds it, or is beside it. */
static const char *path_below(const char *path, const char *mount_root)
{
    size_t length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
    if (strncmp(path, mount_root, length) != 0 || strncmp(path, "/..", 3) == 0) return "";
    path += length;
    return *path == '/' ? path : "";
}

/* The smallest quota of the process's cgroup in this mount and of those above it. */
static int quota_in(const char *root, const struct mount *mount)
{
    char path[LINE_MAX_BYTES], folder[LINE_MAX_BYTES];
    struct gri_text text;
    int quota = 0;
    if (!find_path(root, mount->is_v2, path)) return 0;
    gri_text_init(&text, folder, sizeof folder);
    gri_text_format(&text, "%s%s", root, mount->point);
    size_t top = text.length;
    gri_text_format(&text, "%s", path_below(path, mount->root));
    if (text.cut) return 0;
    for (;;) {
        quota = smaller(quota, quota_of(folder, mount->is_v2));
        char *last = strrchr(folder + top, '/');
        if (last == NULL) return quota;
        *last = '\0';
    }
}

int gri_cpu_quota(const char *root)
{
    char line[LINE_MAX_BYTES];
    struct lines lines;
    struct mount mount;
    int quota = 0;
    lines_open(&lines, root, "/proc/self/mountinfo");
    while (lines_next(&lines, line))
        if (parse_mount(line, &mount)) quota = smaller(quota, quota_in(root, &mount));
    lines_close(&lines);
    return quota;
}

static int affinity(void)
{
    cpu_set_t sets[8]; /* 8,192 processors */
    if (sched_getaffinity(0, sizeof sets, sets) == 0) return CPU_COUNT_S(sizeof sets, sets);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int gri_cpu_count(void)
{
    int count = smaller(affinity(), gri_cpu_quota(""));
    return count > 0 ? count : 1;
}
