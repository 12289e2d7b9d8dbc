/* SPDX-License-Identifier: Apache-2.0 */
/* The index of passed-over mail; saved.h tells its rules. */
#include "actors/mail/saved.h"

#include "base/table.h"

#include <string.h>

/* ---- keys ---- */

static uint32_t hash_of(unsigned which, const struct gri_message *m)
{
    if (which == GRI_SAVED_BY_TYPE) return (uint32_t)gri_table_stir(0, m->type);
    if (m->sender_generation == 0) return 0;
    return (uint32_t)gri_table_stir(0, m->sender_generation ^ (uint64_t)m->sender_slot << 40);
}

static bool is_same(unsigned which, const struct gri_message *a, const struct gri_message *b)
{
    if (which == GRI_SAVED_BY_TYPE) return a->type == b->type;
    if (a->sender_generation != b->sender_generation) return false;
    return a->sender_generation == 0 || (a->sender_slot == b->sender_slot &&
                                         ((a->sender_seat ^ b->sender_seat) & ~GRI_SEAT_RETURNED) == 0);
}

static struct gri_saved_mail *mail_of(struct gri_saved_place *place, unsigned which)
{
    return which == GRI_SAVED_BY_TYPE
               ? GRI_CONTAINER_OF(place, struct gri_saved_mail, by[GRI_SAVED_BY_TYPE])
               : GRI_CONTAINER_OF(place, struct gri_saved_mail, by[GRI_SAVED_BY_SENDER]);
}

/* ---- the tables ---- */

/* Where the oldest of a key is linked in its bucket, or would be. */
static struct gri_saved_place **find(const struct gri_saved_table *table, unsigned which,
                                     const struct gri_message *like)
{
    struct gri_saved_place **link = &table->buckets[hash_of(which, like) & table->mask];
    while (*link != NULL && !is_same(which, mail_of(*link, which)->m, like)) link = &(*link)->chain;
    return link;
}

static void init_table(struct gri_saved_table *table)
{
    memset(table, 0, sizeof *table);
    table->buckets = table->inside;
    table->mask = GRI_SAVED_BUCKETS - 1;
}

static void free_buckets(struct gri_pool *pool, struct gri_saved_table *table)
{
    if (table->buckets == table->inside) return;
    size_t size = (table->mask + 1) * sizeof *table->buckets;
    unsigned pool_class = gri_pool_class(size);
    if (pool_class == GRI_POOL_LARGE)
        gri_pool_give_large(pool, table->buckets, size);
    else
        gri_pool_give(pool, table->buckets, pool_class);
}

/* Makes the table four times as long; without memory it stays, and its chains get longer. */
static void grow(struct gri_pool *pool, struct gri_saved_table *table, unsigned which)
{
    uint32_t count = (table->mask + 1) * 4;
    size_t size = count * sizeof *table->buckets;
    unsigned pool_class = gri_pool_class(size);
    struct gri_saved_place **buckets = pool_class == GRI_POOL_LARGE ? gri_pool_take_large(pool, size)
                                                                    : gri_pool_take(pool, pool_class);
    if (buckets == NULL) return;
    memset(buckets, 0, size);
    for (uint32_t i = 0; i <= table->mask; i++) {
        struct gri_saved_place *next, *place = table->buckets[i];
        for (; place != NULL; place = next) {
            struct gri_saved_place **to = &buckets[hash_of(which, mail_of(place, which)->m) & (count - 1)];
            next = place->chain;
            place->chain = *to;
            *to = place;
        }
    }
    free_buckets(pool, table);
    table->buckets = buckets;
    table->mask = count - 1;
}

/* Adds the newest of its key. */
static void add_place(struct gri_pool *pool, struct gri_saved_table *table, unsigned which,
                      struct gri_saved_mail *mail)
{
    struct gri_saved_place **link = find(table, which, mail->m), *oldest = *link, *place = &mail->by[which];
    place->chain = NULL;
    if (oldest == NULL) {
        place->ring.prev = place->ring.next = &place->ring;
        *link = place;
        if (++table->count > table->mask) grow(pool, table, which);
        return;
    }
    place->ring.prev = oldest->ring.prev;
    place->ring.next = &oldest->ring;
    oldest->ring.prev->next = &place->ring;
    oldest->ring.prev = &place->ring;
}

static void remove_place(struct gri_pool *pool, struct gri_saved_table *table, unsigned which,
                         struct gri_saved_mail *mail)
{
    struct gri_saved_place **link = find(table, which, mail->m), *place = &mail->by[which];
    if (*link == place && place->ring.next == &place->ring) {
        *link = place->chain;
        if (--table->count != 0) return;
        free_buckets(pool, table);
        init_table(table);
        return;
    }
    if (*link == place) {
        struct gri_saved_place *next = GRI_CONTAINER_OF(place->ring.next, struct gri_saved_place, ring);
        next->chain = place->chain;
        *link = next;
    }
    gri_list_remove(&place->ring);
}

static struct gri_saved_mail *oldest_like(const struct gri_saved *saved, unsigned which,
                                          const struct gri_message *like)
{
    struct gri_saved_place *place = *find(&saved->tables[which], which, like);
    return place == NULL ? NULL : mail_of(place, which);
}

/* ---- the whole ---- */

struct gri_saved *gri_saved_of(struct gr_actor *actor)
{
    struct gri_actor_extra *extra = actor->extra;
    if (extra->saved != NULL) return extra->saved;
    struct gri_saved *saved = gri_pool_take(&actor->loop->pool, gri_pool_class(sizeof *saved));
    if (saved == NULL) return NULL;
    memset(saved, 0, sizeof *saved);
    gri_list_init(&saved->order);
    for (unsigned i = 0; i < GRI_SAVED_KEYS; i++) init_table(&saved->tables[i]);
    extra->saved = saved;
    return saved;
}

void gri_saved_free(struct gr_actor *actor)
{
    struct gri_saved *saved = actor->extra->saved;
    if (saved == NULL) return;
    gri_pool_give(&actor->loop->pool, saved, gri_pool_class(sizeof *saved));
    actor->extra->saved = NULL;
}

bool gri_saved_add(struct gr_actor *actor, struct gri_message *m)
{
    struct gri_saved *saved = gri_saved_of(actor);
    struct gri_pool *pool = &actor->loop->pool;
    if (saved == NULL) return false;
    struct gri_saved_mail *mail = gri_pool_take(pool, gri_pool_class(sizeof *mail));
    if (mail == NULL) return false;
    mail->m = m;
    mail->order.prev = mail->order.next = NULL;
    gri_list_push_back(&saved->order, &mail->order);
    if (m->kind == GRI_MAIL_USER)
        for (unsigned i = 0; i < GRI_SAVED_KEYS; i++) add_place(pool, &saved->tables[i], i, mail);
    return true;
}

struct gri_message *gri_saved_remove(struct gr_actor *actor, struct gri_saved_mail *mail)
{
    struct gri_saved *saved = actor->extra->saved;
    struct gri_pool *pool = &actor->loop->pool;
    struct gri_message *m = mail->m;
    for (unsigned i = 0; i < GRI_SAVED_MARKS; i++)
        if (saved->marks[i].upto == &mail->order) saved->marks[i].upto = mail->order.prev;
    gri_list_remove(&mail->order);
    if (m->kind == GRI_MAIL_USER)
        for (unsigned i = 0; i < GRI_SAVED_KEYS; i++) remove_place(pool, &saved->tables[i], i, mail);
    gri_pool_give(pool, mail, gri_pool_class(sizeof *mail));
    return m;
}

struct gri_saved_mail *gri_saved_of_type(const struct gri_saved *saved, uint32_t type)
{
    struct gri_message like = {.type = (uint16_t)type};
    return oldest_like(saved, GRI_SAVED_BY_TYPE, &like);
}

struct gri_saved_mail *gri_saved_of_sender(const struct gri_saved *saved, gr_ref sender)
{
    struct gri_message like = {.sender_seat = (uint16_t)sender.seat};
    like.sender_slot = sender.slot;
    like.sender_generation = sender.generation;
    return oldest_like(saved, GRI_SAVED_BY_SENDER, &like);
}

struct gri_saved_mark *gri_saved_mark(struct gri_saved *saved, gri_match match, uint64_t key)
{
    for (unsigned i = 0; i < GRI_SAVED_MARKS; i++)
        if (saved->marks[i].match == match && saved->marks[i].key == key) return &saved->marks[i];
    struct gri_saved_mark *mark = &saved->marks[saved->next_mark];
    saved->next_mark = (saved->next_mark + 1) % GRI_SAVED_MARKS;
    *mark = (struct gri_saved_mark){match, key, &saved->order.ends};
    return mark;
}
