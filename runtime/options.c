/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving options; see options.h. */
#include "runtime/options.h"

#include "actors/slots/slots.h"
#include "base/error.h"
#include "base/platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One option: its variable, where it goes, what it may be. */
struct option {
    const char *variable; /* in the environment */
    const char *field;    /* of struct gr_system_options */
    size_t offset;        /* in it, bytes */
    size_t size;          /* bytes: 4 or 8 */
    bool is_signed;       /* what is too large may be meant to be negative */
    uint64_t min;         /* least value */
    uint64_t max;         /* largest value */
    uint64_t scale;       /* the variable's unit in the field's */
};

#define OPTION(variable, name, min, max, scale)                                                              \
    {                                                                                                        \
        variable, #name, offsetof(struct gr_system_options, name),                                           \
            sizeof(((struct gr_system_options *)0)->name),                                                   \
            (__typeof__(((struct gr_system_options *)0)->name))-1 < 1, min, max, scale                       \
    }

static const struct option options[] = {
    OPTION("GR_LOOPS", loops, 1, GR_LOOPS_MAX, 1),
    OPTION("GR_SEED", seed, 1, UINT64_MAX, 1),
    OPTION("GR_MEMORY_MAX", memory_max, 1 << 20, UINT64_MAX, 1),
    OPTION("GR_ACTORS_MAX", actors_max, 1, 1u << 30, 1),
    OPTION("GR_STACK_SIZE", stack_size, 16 << 10, 1 << 30, 1),
    OPTION("GR_BLOCKING_THREADS", blocking_threads, 1, 10000, 1),
    OPTION("GR_HOG_AFTER_MS", hog_after, 1, 86400000, 1000000),
    OPTION("GR_STOP_DEADLINE_MS", stop_deadline, 1, 86400000, 1000000),
};

#define OPTION_COUNT (sizeof options / sizeof options[0])

static uint64_t get(const struct gr_system_options *from, const struct option *option)
{
    uint64_t value = 0;
    uint32_t half = 0;
    const char *at = (const char *)from + option->offset;
    if (option->size == sizeof value) {
        memcpy(&value, at, sizeof value);
        return value;
    }
    memcpy(&half, at, sizeof half);
    return half;
}

static void set(struct gr_system_options *to, const struct option *option, uint64_t value)
{
    uint32_t half = (uint32_t)value;
    char *at = (char *)to + option->offset;
    if (option->size == sizeof value)
        memcpy(at, &value, sizeof value);
    else
        memcpy(at, &half, sizeof half);
}

static int refuse(const char *name, const char *value, const struct option *option)
{
    gri_thread_error_set("%s=%s: must be a whole number from %llu to %llu", name, value,
                         (unsigned long long)option->min, (unsigned long long)option->max);
    return GR_EINVALID;
}

/* Reads a variable that is set. Digits only: no sign, no blanks, no unit. */
static int from_environment(struct gr_system_options *out, const struct option *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    bool digits = text[0] >= '0' && text[0] <= '9';
    if (!digits || *end != '\0' || errno != 0 || value < option->min || value > option->max)
        return refuse(option->variable, text, option);
    set(out, option, value * option->scale);
    return 0;
}

static int check_given(const struct gr_system_options *given, const struct option *option)
{
    uint64_t value = get(given, option);
    if (value == 0) return 0;
    bool in_range = value >= option->min * option->scale &&
                    (option->max > UINT64_MAX / option->scale || value <= option->max * option->scale);
    if (in_range) return 0;
    char text[24];
    if (option->is_signed)
        snprintf(text, sizeof text, "%lld", option->size == 4 ? (long long)(int32_t)value : (long long)value);
    else
        snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    bool is_time = option->scale != 1;
    gri_thread_error_set("option .%s = %s%s is out of range: %llu to %llu%s", option->field, text,
                         is_time ? " ns" : "", (unsigned long long)option->min,
                         (unsigned long long)option->max, is_time ? " ms, as gr_milliseconds(100)" : "");
    return GR_EINVALID;
}

int gri_options_resolve(const struct gr_system_options *given, struct gr_system_options *out)
{
    memset(out, 0, sizeof *out);
    if (given != NULL) {
        if (given->size == 0 || given->size > sizeof *out) {
            gri_thread_error_set("options of %u bytes: the program was built for a newer library",
                                 given->size);
            return GR_EINVALID;
        }
        memcpy(out, given, given->size);
    }
    out->size = sizeof *out;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        int error = check_given(out, &options[i]);
        const char *text = getenv(options[i].variable);
        if (error == 0 && get(out, &options[i]) == 0 && text != NULL && text[0] != '\0')
            error = from_environment(out, &options[i], text);
        if (error != 0) return error;
    }
    if (out->trace == NULL || out->trace[0] == '\0') out->trace = getenv("GR_TRACE");
    if (out->trace != NULL && out->trace[0] == '\0') out->trace = NULL;
    int cpus = gri_cpu_count();
    if (out->loops == 0) out->loops = cpus < GR_LOOPS_MAX ? cpus : GR_LOOPS_MAX;
    if (out->actors_max == 0) out->actors_max = GRI_SLOTS_DEFAULT;
    if (out->blocking_threads == 0) out->blocking_threads = 64;
    if (out->hog_after == 0) out->hog_after = gr_seconds(1);
    if (out->stop_deadline == 0) out->stop_deadline = gr_seconds(5);
    return 0;
}
