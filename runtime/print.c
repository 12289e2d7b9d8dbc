/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gr_system_print: asks each loop what its actors do, waits for the answers within a limit, and prints a table. A loop that
 * answers too late finds that nobody waits any more, and frees what nobody else uses.
 */
#include "actors/slots/census.h"
#include "base/error.h"
#include "base/text.h"
#include "futures/future.h"
#include "runtime/runtime.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX  10000u
#define ROWS_MORE 64u                /* room for actors that are spawned meanwhile */
#define ANSWER_NS INT64_C(500000000) /* how long a loop may take */

/* What has become of a loop's part. */
enum part { PART_ASKED, PART_TAKEN, PART_ABANDONED };

/* What a loop is asked with: an envelope, with gri_loop_order and struct inquiry * as its payload. */
struct order {
    uint64_t words[8]; /* struct gri_message */
};

_Static_assert(sizeof(struct order) == sizeof(struct gri_message) + 16,
               "an order is an envelope with two words");

/* One print under way. */
struct inquiry {
    struct gri_memory *memory;          /* where this came from */
    size_t size;                        /* bytes */
    gri_atomic_u32 references;          /* of this: loops that were asked, and the printing thread */
    gri_atomic_u32 waiting;             /* loops that have not answered; also a futex word */
    gri_atomic_u32 parts[GR_LOOPS_MAX]; /* enum part, by loop */
    bool is_asked[GR_LOOPS_MAX];        /* by loop; others are looked at by the printing thread */
    struct gri_census census;           /* the actors */
    struct order orders[GR_LOOPS_MAX];  /* by loop */
    struct gri_census_row rows[];       /* census.capacity of them */
};

static struct inquiry *create_inquiry(struct gr_system *system)
{
    size_t capacity = gr_system_actors(system, NULL, 0) + ROWS_MORE;
    if (capacity > ROWS_MAX) capacity = ROWS_MAX;
    size_t size = sizeof(struct inquiry) + capacity * sizeof(struct gri_census_row);
    struct inquiry *inquiry = gri_memory_allocate_zeroed(system->memory.inner, size);
    if (inquiry == NULL) return NULL;
    inquiry->memory = system->memory.inner;
    inquiry->size = size;
    inquiry->census.rows = inquiry->rows;
    inquiry->census.capacity = (uint32_t)capacity;
    gri_store(&inquiry->references, 1, GRI_RELAXED);
    return inquiry;
}

static void release(struct inquiry *inquiry)
{
    /* Publishes this user's part, and acquires all others', to free it. */
    if (gri_fetch_sub(&inquiry->references, 1, GRI_ACQ_REL) == 1)
        gri_memory_release(inquiry->memory, inquiry, inquiry->size);
}

/* ---- asking ---- */

/* On the loop. */
static void answer(struct gri_loop *loop, struct gri_message *m)
{
    struct inquiry *inquiry = (struct inquiry *)(uintptr_t)m->payload[1];
    uint32_t asked = PART_ASKED;
    if (gri_compare_exchange(&inquiry->parts[loop->index], &asked, PART_TAKEN, GRI_RELAXED)) {
        gri_census_add(&inquiry->census, loop->owner, loop->index, true);
        gri_fetch_sub(&inquiry->waiting, 1,
                      GRI_RELEASE); /* publishes the rows; acquired by wait_for_answers */
        gri_futex_wake(&inquiry->waiting, 1);
    }
    release(inquiry);
}

static void ask(struct gri_runtime *runtime, struct inquiry *inquiry, unsigned loop)
{
    struct gri_message *order = (struct gri_message *)&inquiry->orders[loop];
    *order = (struct gri_message){.kind = GRI_MAIL_LOOP, .home = GRI_HOME_MEMORY};
    order->payload[0] = (uintptr_t)answer;
    order->payload[1] = (uintptr_t)inquiry;
    inquiry->is_asked[loop] = true;
    gri_fetch_add(&inquiry->references, 1, GRI_RELAXED); /* the inbox publishes the inquiry */
    gri_fetch_add(&inquiry->waiting, 1, GRI_RELAXED);
    gri_loop_inject(runtime->system.loops[loop], order);
}

/* Waits until all have answered, or takes back the questions of those who have not begun in time. */
static void wait_for_answers(struct gri_runtime *runtime, struct inquiry *inquiry)
{
    struct gri_clock *clock = gri_clock_monotonic();
    gr_time deadline = gri_clock_after(gri_clock_now(clock), ANSWER_NS);
    uint32_t waiting;
    while ((waiting = gri_load(&inquiry->waiting, GRI_ACQUIRE)) != 0) {
        gr_time left = gri_clock_left(gri_clock_now(clock), deadline);
        if (left != 0) (void)gri_futex_wait(&inquiry->waiting, waiting, left);
        for (unsigned i = 0; left == 0 && i < runtime->system.loop_count; i++) {
            uint32_t asked = PART_ASKED;
            if (inquiry->is_asked[i] &&
                gri_compare_exchange(&inquiry->parts[i], &asked, PART_ABANDONED, GRI_RELAXED))
                gri_fetch_sub(&inquiry->waiting, 1, GRI_RELAXED); /* its own count */
        }
        /* Those who have begun are at it: they end soon. */
        if (left == 0) deadline = gri_clock_after(gri_clock_now(clock), ANSWER_NS);
    }
    for (unsigned i = 0; i < runtime->system.loop_count; i++)
        if (gri_load(&inquiry->parts[i], GRI_RELAXED) == PART_ABANDONED)
            gri_census_add(&inquiry->census, &runtime->system, i, false);
}

/* Whether what belongs to a loop is this thread's just now. */
static bool is_own(const struct gri_runtime *runtime, unsigned loop)
{
    const struct gri_loop *current = gri_loop_current();
    bool inside = current != NULL && current->owner == &runtime->system;
    bool steps = gri_runtime_is_stepper(runtime);
    if (runtime->simulation != NULL) return inside || steps;
    return inside ? current->index == loop : steps && loop == 0;
}

/* `all_own`: on the one thread that runs everything, or with the drive of a system that does not run. */
static void look(struct gri_runtime *runtime, struct inquiry *inquiry, bool all_own)
{
    for (unsigned i = 0; i < runtime->system.loop_count; i++) {
        if (all_own || is_own(runtime, i))
            gri_census_add(&inquiry->census, &runtime->system, i, true);
        else
            ask(runtime, inquiry, i);
    }
    wait_for_answers(runtime, inquiry);
}

/* ---- printing ---- */

static int by_slot(const void *a, const void *b)
{
    const struct gri_census_row *x = a, *y = b;
    return x->info.ref.slot < y->info.ref.slot ? -1 : x->info.ref.slot > y->info.ref.slot;
}

static int print_ref(char out[48], gr_ref ref)
{
    return snprintf(out, 48, GRI_REF_FORMAT, GRI_REF_VALUES(ref));
}

/* Widths of the columns whose texts differ in length. */
struct widths {
    int ref;       /* characters */
    int behaviour; /* characters */
    int name;      /* characters; 0: nobody has one */
};

static void widen(int *width, size_t length)
{
    if (length > 40) length = 40;
    if (*width < (int)length) *width = (int)length;
}

/* A name from the registry, which may hold anything, on a line. Returns `out`. */
static const char *name_of(const struct gri_census_row *row, char out[GR_NAME_SIZE * 6])
{
    struct gri_text text;
    gri_text_init(&text, out, GR_NAME_SIZE * 6);
    gri_text_append_line(&text, row->info.name, strlen(row->info.name));
    return out;
}

static struct widths measure(const struct gri_census_row *rows, uint32_t count)
{
    struct widths widths = {5, 9, 0};
    char text[GR_NAME_SIZE * 6];
    for (uint32_t i = 0; i < count; i++) {
        widen(&widths.ref, (size_t)print_ref(text, rows[i].info.ref));
        widen(&widths.behaviour, strlen(rows[i].info.behaviour));
        widen(&widths.name, strlen(name_of(&rows[i], text)));
    }
    if (widths.name != 0) widen(&widths.name, strlen("name"));
    return widths;
}

/* The columns up to the name. */
static void print_head(FILE *file, const struct widths *widths, const char *ref, const char *behaviour,
                       const char *name)
{
    fprintf(file, "%-*s  %-*s  ", widths->ref, ref, widths->behaviour, behaviour);
    if (widths->name != 0) fprintf(file, "%-*s  ", widths->name, name);
}

/* A row's requests, at the end of its line: how many, and the first of them. */
static void print_requests(FILE *file, const struct gri_census_row *row, const struct gri_census_row *rows,
                           uint32_t count)
{
    char ref[48], name[GR_NAME_SIZE * 6];
    fprintf(file, "%8u%s", row->requests, row->requests > 1 ? ": first" : row->requests == 1 ? ":" : "");
    if (row->requests != 0 && row->asked == GRI_FUTURE_JOB) fputs(" blocking work", file);
    if (row->requests != 0 && row->asked == GRI_FUTURE_PROMISE) fputs(" a promise", file);
    if (row->task != NULL) fprintf(file, " task %s", row->task->name);
    if (!gr_ref_is_null(row->to)) {
        const struct gri_census_row key = {.info.ref = row->to};
        const struct gri_census_row *other = bsearch(&key, rows, count, sizeof key, by_slot);
        bool is_there = other != NULL && gr_ref_equal(other->info.ref, row->to) && row->task == NULL;
        if (is_there && other->info.name[0] != '\0')
            fprintf(file, " to %s", name_of(other, name));
        else if (is_there)
            fprintf(file, " to %s", other->info.behaviour);
        else if (row->task == NULL)
            fputs(" to", file);
        print_ref(ref, row->to);
        fprintf(file, " %s", ref);
    }
    fputc('\n', file);
}

static void print_rows(FILE *file, const struct gri_census_row *rows, uint32_t count)
{
    struct widths widths = measure(rows, count);
    if (count == 0) return;
    print_head(file, &widths, "actor", "behaviour", "name");
    fprintf(file, "loop  %-23s  mail  requests\n", "does");
    for (uint32_t i = 0; i < count; i++) {
        const struct gri_census_row *row = &rows[i];
        char ref[48], name[GR_NAME_SIZE * 6];
        print_ref(ref, row->info.ref);
        print_head(file, &widths, ref, row->info.behaviour, name_of(row, name));
        fprintf(file, "%4d  %-23s  %4u  ", row->info.loop, gri_doing_name(row->doing), row->info.mailbox);
        if (row->doing == GRI_DOING_UNKNOWN)
            fprintf(file, "%8s\n", "?");
        else
            print_requests(file, row, rows, count);
    }
}

/* Since when a loop has been at what it does, as the watchdog saw it; 0 if it did not. */
static gr_time held_for(struct gri_runtime *runtime, unsigned loop, uint32_t slot)
{
    gri_mutex_lock(&runtime->mutex);
    const struct gri_sample *sample = &runtime->samples[loop];
    gr_time held = sample->runs && sample->slot == slot ? gri_clock_now(runtime->clock) - sample->since : 0;
    gri_mutex_unlock(&runtime->mutex);
    return held;
}

static void print_late(struct gri_runtime *runtime, FILE *file, unsigned loop)
{
    struct gr_actor_info info;
    char ref[48];
    uint32_t slot;
    bool runs = gri_system_running(&runtime->system, loop, &slot);
    fprintf(file, "loop %u: does not answer: ", loop);
    if (!runs || !gri_system_describe(&runtime->system, slot, &info)) {
        fprintf(file, "nobody steps it, or its thread gets no time\n");
        return;
    }
    print_ref(ref, info.ref);
    gr_time held = held_for(runtime, loop, slot);
    fprintf(file, "actor %s %s holds it up, for %.1f s or more; see gr_blocking\n", info.behaviour, ref,
            (double)(held > ANSWER_NS ? held : ANSWER_NS) / 1e9);
}

static void print_loops(struct gri_runtime *runtime, FILE *file, const struct inquiry *inquiry)
{
    for (unsigned i = 0; i < runtime->system.loop_count; i++) {
        if (gri_load(&inquiry->parts[i], GRI_RELAXED) == PART_ABANDONED) {
            print_late(runtime, file, i);
            continue;
        }
        const struct gri_counters *counters = &runtime->system.loops[i]->counters;
        fprintf(file, "loop %u: actors %u, turns %llu, slept %llu times\n", i,
                gri_load(&inquiry->census.by_loop[i], GRI_RELAXED),
                (unsigned long long)gri_counter_read(counters, GRI_COUNTER_TURNS),
                (unsigned long long)gri_counter_read(counters, GRI_COUNTER_PARKS));
    }
}

static void print_counts(struct gr_system *system, FILE *file)
{
    struct gr_system_counts counts;
    const char *before = "; dead letters:";
    gr_system_count(system, &counts);
    fprintf(file, "spawned %llu, ended %llu, sent %llu, handled %llu, requests %llu, replies %llu",
            (unsigned long long)counts.spawned, (unsigned long long)counts.ended,
            (unsigned long long)counts.sent, (unsigned long long)counts.handled,
            (unsigned long long)counts.requests, (unsigned long long)counts.replies);
    for (int i = 0; i < GR_DEAD_LETTER_COUNT; i++) {
        if (counts.dead_letters[i] == 0) continue;
        const char *name = gri_counter_name((unsigned)(GRI_COUNTER_DEAD_STALE + i)); /* "dead: ..." */
        fprintf(file, "%s %llu %s", before, (unsigned long long)counts.dead_letters[i],
                strchr(name, ' ') + 1);
        before = ",";
    }
    fputc('\n', file);
}

static const char *plural(unsigned count)
{
    return count == 1 ? "" : "s";
}

static int print(struct gri_runtime *runtime, FILE *file, struct inquiry *inquiry)
{
    struct gri_census *census = &inquiry->census;
    uint32_t living = gri_load(&census->taken, GRI_RELAXED);
    unsigned loops = runtime->system.loop_count;
    uint32_t rows = living < census->capacity ? living : census->capacity;
    fprintf(file, "greenroom: %u actor%s on %u loop%s\n", living, plural(living), loops, plural(loops));
    qsort(census->rows, rows, sizeof census->rows[0], by_slot);
    gri_names_tell(&runtime->system.names, &census->rows[0].info, sizeof census->rows[0], rows);
    print_rows(file, census->rows, rows);
    if (living > rows) fprintf(file, "... and %u more\n", living - rows);
    print_loops(runtime, file, inquiry);
    print_counts(&runtime->system, file);
    if (fflush(file) == 0 && !ferror(file)) return 0;
    gri_thread_error_set("gr_system_print: the file can't be written");
    return GR_ESYS;
}

static int inquire(struct gri_runtime *runtime, FILE *file, bool all_own)
{
    struct inquiry *inquiry = create_inquiry(&runtime->system);
    if (inquiry == NULL) {
        gri_thread_error_set("gr_system_print: no memory for the table");
        return GR_ENOMEM;
    }
    bool taken = !all_own && gri_runtime_take_drive(runtime, GRI_DRIVER_LOOK);
    look(runtime, inquiry, all_own || taken);
    if (taken) gri_runtime_give_drive(runtime);
    int error = print(runtime, file, inquiry);
    release(inquiry);
    return error;
}

int gr_system_print(gr_system *system, FILE *file)
{
    if (gri_system_given(system, "gr_system_print") != 0) return GR_EINVALID;
    return inquire(gri_runtime_of(system), file, false);
}

void gri_runtime_print_if_asked(struct gri_runtime *runtime)
{
    if (gri_exchange(&runtime->print_asked, 0, GRI_RELAXED) == 0) return;
    bool all_own = runtime->simulation != NULL; /* it calls this between two steps */
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size); /* stderr is unbuffered: as one write, if there is memory */
    (void)inquire(runtime, file != NULL ? file : stderr, all_own);
    if (file == NULL || fclose(file) != 0) return;
    (void)!fwrite(text, 1, size, stderr);
    free(text);
}
