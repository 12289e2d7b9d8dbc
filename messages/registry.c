/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: see registry.h. It runs before main(), so it needs no initialisation and no memory.
 *
 * Operations and their atomics:
 *   register   under `registry_lock`; fills a table, then publishes it by two release stores: the head of its name's
 *              bucket and its id's entry.
 *   find       acquires the bucket's head and follows `next`, which never changes once its table was published.
 *   by id      acquires the entry.
 * Invariants:
 *   1. Ids are dense; of several tables with one name and layout the first registered is in the bucket and the table.
 *   2. A bucket has the newest first; of tables with one name and different layouts, the oldest owns the name.
 */
#include "messages/registry.h"

#include "base/error.h"
#include "base/platform.h"
#include "base/pool.h"
#include "base/text.h"
#include "messages/envelope.h"
#include "messages/layout.h"

#include <greenroom/error.h>

#include <string.h>

/* A power of two. At the limit of ids a chain has 16 tables on average; programs have a few hundred. */
#define BUCKET_COUNT 4096u

/* What a thread's error text takes. */
#define PROBLEM_TEXT_BYTES GRI_THREAD_ERROR_SIZE

/* The first thing that was wrong with what was registered. */
struct problem {
    int error;                     /* GR_E..., or 0 */
    char text[PROBLEM_TEXT_BYTES]; /* the sentence */
};

gri_atomic_ptr gri_type_table[GRI_TYPE_ID_MAX + 1];
gri_atomic_ptr gri_behaviour_table[GRI_TYPE_ID_MAX + 1];

static gri_mutex registry_lock = {PTHREAD_MUTEX_INITIALIZER}; /* guards registering and `problem` */
static gri_atomic_ptr type_buckets[BUCKET_COUNT];             /* struct gr_type, by name */
static gri_atomic_ptr behaviour_buckets[BUCKET_COUNT];        /* struct gr_behaviour, by name */
static gri_atomic_u32 type_count;                             /* ids given; stored under the lock */
static gri_atomic_u32 behaviour_count;                        /* ids given; stored under the lock */
static struct problem problem;                                /* for gri_types_finish */

static gri_atomic_ptr *bucket_of(gri_atomic_ptr *buckets, const char *name)
{
    return &buckets[gri_hash(name, strlen(name), 0) & (BUCKET_COUNT - 1)];
}

/* Notes what is wrong, if nothing was before: later problems often follow from the first. */
static void remember(int error, const char *what, const char *name, const char *why)
{
    struct gri_text text;
    if (problem.error) return;
    problem.error = error;
    gri_text_init(&text, problem.text, sizeof problem.text);
    gri_text_format(&text, "%s \"%s\": %s", what, name ? name : "", why);
}

/* The next id, or 0 when there are no more. */
static uint32_t next_id(gri_atomic_u32 *count)
{
    uint32_t used = gri_load(count, GRI_RELAXED); /* ours: only stored under the lock */
    if (used == GRI_TYPE_ID_MAX) return 0;
    /* Publishes nothing: a reader of the count finds each table by its entry, with acquire. */
    gri_store(count, used + 1, GRI_RELAXED);
    return used + 1;
}

/* Names a type, and makes what its messages' envelopes start with. */
static void give_id(struct gr_type *type, uint32_t id)
{
    unsigned pool_class = gri_pool_class(sizeof(struct gri_message) + type->size);
    type->id = id;
    type->envelope = gri_header_of_type(id, type->flags & GRI_TYPE_COUNTED, pool_class,
                                        pool_class == GRI_POOL_LARGE);
}

static void publish_type(gri_atomic_ptr *bucket, struct gr_type *type, uint32_t id)
{
    give_id(type, id);
    type->next = gri_load(bucket, GRI_RELAXED);        /* ours: only stored under the lock */
    gri_store(bucket, type, GRI_RELEASE);              /* publishes the table to gr_type_find */
    gri_store(&gri_type_table[id], type, GRI_RELEASE); /* publishes the table to gri_type_by_id */
}

/* Gives a good table the id of its equals, or a new one. */
static void place_type(struct gr_type *type)
{
    char buffer[PROBLEM_TEXT_BYTES];
    gri_atomic_ptr *bucket = bucket_of(type_buckets, type->name);
    struct gr_type *other = gri_load(bucket, GRI_RELAXED); /* ours: only stored under the lock */
    for (; other; other = other->next) {
        struct gri_text why;
        if (strcmp(other->name, type->name)) continue;
        gri_text_init(&why, buffer, sizeof buffer);
        gri_text_format(&why, "it is defined twice, and differently: ");
        if (!gri_layout_differs(other, type, &why)) {
            give_id(type, other->id);
            return;
        }
        remember(GR_ELAYOUT, "message type", type->name, buffer);
    }
    uint32_t id = next_id(&type_count);
    if (id == 0)
        remember(GR_ELIMIT, "message type", type->name, "there are 65535 types already");
    else
        publish_type(bucket, type, id);
}

void gri_type_register(struct gr_type *type)
{
    char buffer[PROBLEM_TEXT_BYTES];
    struct gri_text why;
    int err;
    gri_text_init(&why, buffer, sizeof buffer);
    gri_mutex_lock(&registry_lock);
    err = type->id ? 0 : gri_layout_check(type, &why);
    if (err) remember(err, "message type", type->name, buffer);
    if (!err && type->id == 0) {
        type->layout_hash = gri_layout_hash(type);
        type->flags = gri_layout_counted(type) ? GRI_TYPE_COUNTED : 0;
        place_type(type);
    }
    gri_mutex_unlock(&registry_lock);
}

const struct gr_type *gr_type_find(const char *name)
{
    const struct gr_type *found = NULL;
    if (!name) return NULL;
    /* Pairs with publish_type. */
    const struct gr_type *type = gri_load(bucket_of(type_buckets, name), GRI_ACQUIRE);
    for (; type; type = type->next)
        if (!strcmp(type->name, name)) found = type; /* the last is the oldest: invariant 2 */
    return found;
}

uint32_t gri_type_count(void)
{
    return gri_load(&type_count, GRI_RELAXED);
}

/* Do two entries that can't both stand in one table? Each kind once, but messages: each type once. */
static bool entries_clash(const struct gr_on *a, const struct gr_on *b)
{
    if (a->kind != b->kind) return false;
    return a->kind != GR_ON_KIND_MESSAGE || !strcmp(a->type->name, b->type->name);
}

/* What is wrong with one entry of a behaviour's table, or NULL. */
static const char *check_entry(const struct gr_behaviour *behaviour, const struct gr_on *on)
{
    bool message = on->kind == GR_ON_KIND_MESSAGE;
    if (on->kind < GR_ON_KIND_MESSAGE || on->kind > GR_ON_KIND_END || message != (on->type != NULL))
        return "its table has a bad entry";
    if (!on->handler) return "its table has an entry without a function";
    for (const struct gr_on *other = behaviour->on; other < on; other++)
        if (entries_clash(other, on))
            return message ? "it has two handlers for one type" : "it has two handlers of one kind";
    return NULL;
}

/* What is wrong with a behaviour, or NULL. */
static const char *check_behaviour(const struct gr_behaviour *behaviour)
{
    if (!behaviour->name || !*behaviour->name) return "it has no name";
    if (!behaviour->start_type) return "it has no start message";
    if ((behaviour->start != NULL) == (behaviour->coroutine != NULL))
        return "it must have either a start function or a coroutine's";
    if (behaviour->on_count && (behaviour->coroutine || !behaviour->on)) return "it can't have handlers";
    for (uint32_t i = 0; i < behaviour->on_count; i++) {
        const char *why = check_entry(behaviour, &behaviour->on[i]);
        if (why) return why;
    }
    return NULL;
}

/* Whether two tables are one type, or both are none. */
static bool same_type(const struct gr_type *a, const struct gr_type *b)
{
    return a == NULL || b == NULL ? a == b : a->id == b->id;
}

/* Are two behaviours of one name the same definition, perhaps compiled twice? */
static bool same_behaviour(const struct gr_behaviour *a, const struct gr_behaviour *b)
{
    if (a->state_size != b->state_size || a->on_count != b->on_count) return false;
    if (a->start != b->start || a->coroutine != b->coroutine || a->task != b->task) return false;
    if (!same_type(a->start_type, b->start_type) || !same_type(a->result_type, b->result_type)) return false;
    for (uint32_t i = 0; i < a->on_count; i++) {
        const struct gr_on *x = &a->on[i];
        const struct gr_on *y = &b->on[i];
        if (x->kind != y->kind || x->handler != y->handler) return false;
        if (!same_type(x->type, y->type)) return false;
    }
    return true;
}

static void place_behaviour(struct gr_behaviour *behaviour)
{
    gri_atomic_ptr *bucket = bucket_of(behaviour_buckets, behaviour->name);
    struct gr_behaviour *first = gri_load(bucket, GRI_RELAXED); /* ours: only stored under the lock */
    for (struct gr_behaviour *other = first; other; other = other->next) {
        if (strcmp(other->name, behaviour->name)) continue;
        if (same_behaviour(other, behaviour)) {
            behaviour->id = other->id;
            return;
        }
        remember(GR_ELAYOUT, "behaviour", behaviour->name, "it is defined twice, and differently");
    }
    uint32_t id = next_id(&behaviour_count);
    if (id == 0) {
        remember(GR_ELIMIT, "behaviour", behaviour->name, "there are 65535 behaviours already");
        return;
    }
    behaviour->id = id;
    behaviour->next = first;
    gri_store(bucket, behaviour, GRI_RELEASE); /* publishes the definition to gri_behaviour_find */
    gri_store(&gri_behaviour_table[id], behaviour, GRI_RELEASE); /* and to gri_behaviour_by_id */
}

void gri_behaviour_register(struct gr_behaviour *behaviour)
{
    gri_mutex_lock(&registry_lock);
    if (behaviour->id == 0) {
        const char *why = check_behaviour(behaviour);
        if (why)
            remember(GR_EINVALID, "behaviour", behaviour->name, why);
        else
            place_behaviour(behaviour);
    }
    gri_mutex_unlock(&registry_lock);
}

const struct gr_behaviour *gri_behaviour_find(const char *name)
{
    const struct gr_behaviour *found = NULL;
    if (!name) return NULL;
    /* Pairs with place_behaviour. */
    const struct gr_behaviour *behaviour = gri_load(bucket_of(behaviour_buckets, name), GRI_ACQUIRE);
    for (; behaviour; behaviour = behaviour->next)
        if (!strcmp(behaviour->name, name)) found = behaviour; /* the last is the oldest */
    return found;
}

uint32_t gri_behaviour_count(void)
{
    return gri_load(&behaviour_count, GRI_RELAXED);
}

int gri_types_finish(void)
{
    struct problem copy;
    gri_mutex_lock(&registry_lock);
    copy = problem;
    gri_mutex_unlock(&registry_lock);
    if (copy.error) gri_thread_error_set("%s", copy.text);
    return copy.error;
}
