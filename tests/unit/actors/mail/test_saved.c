/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the index of passed-over mail, against a plain list. */
#include "actors/mail/saved.h"
#include "base/random.h"
#include "tests/support/world/case.h"

#define MAIL_MAX 3000

/* The plain list: what is in the index, in order. */
static struct gri_message *list[MAIL_MAX];
static int count;

static struct gri_message *new_mail(struct gr_actor *self, unsigned type, unsigned sender)
{
    struct gri_message *m = gri_loop_new_message(self->loop, 0);
    if (m == NULL) abort();
    m->kind = type == 0 ? GRI_MAIL_ROOM : GRI_MAIL_USER;
    m->type = (uint16_t)type;
    m->sender_seat = (uint16_t)(sender ? 1 : 0);
    m->sender_slot = sender;
    m->sender_generation = sender ? 7 : 0;
    return m;
}

/* The place in the list of the oldest with a type, or, with type 0, of a sender; -1 if there is none. */
static int oldest(unsigned type, unsigned sender)
{
    for (int i = 0; i < count; i++) {
        if (list[i]->kind != GRI_MAIL_USER) continue;
        if (type != 0 ? list[i]->type == type : list[i]->sender_slot == sender) return i;
    }
    return -1;
}

static void check_found(const struct gri_saved_mail *found, int at)
{
    CHECK((found == NULL) == (at < 0));
    if (found != NULL && at >= 0) CHECK(found->m == list[at]);
}

/* Takes one out of both. */
static void take(struct gr_actor *self, struct gri_saved_mail *found, int at)
{
    if (found == NULL || at < 0) return;
    struct gri_message *m = gri_saved_remove(self, found);
    CHECK(m == list[at]);
    memmove(&list[at], &list[at + 1], (size_t)(count - at - 1) * sizeof *list);
    count--;
    gri_loop_free_message(self->loop, m);
}

static void step(struct gr_actor *self, struct gri_random *random, unsigned keys, bool grows)
{
    unsigned type = (unsigned)gri_random_below(random, keys),
             sender = (unsigned)gri_random_below(random, keys);
    struct gri_saved *saved = gri_saved_of(self);
    if (gri_random_below(random, grows ? 3 : 2) != 0 && count < MAIL_MAX) {
        struct gri_message *m = new_mail(self, type, sender);
        CHECK(gri_saved_add(self, m));
        list[count++] = m;
        return;
    }
    switch (gri_random_below(random, 3)) {
    case 0:
        check_found(gri_saved_of_type(saved, type + 1), oldest(type + 1, 0));
        take(self, gri_saved_of_type(saved, type + 1), oldest(type + 1, 0));
        return;
    case 1: {
        gr_ref ref = {sender ? 1 : 0, sender, sender ? 7 : 0};
        check_found(gri_saved_of_sender(saved, ref), oldest(0, sender));
        take(self, gri_saved_of_sender(saved, ref), oldest(0, sender));
        return;
    }
    default:
        check_found(gri_saved_first(saved), count == 0 ? -1 : 0);
        take(self, gri_saved_first(saved), count == 0 ? -1 : 0);
        return;
    }
}

static int model(gr_actor *self, void *argument)
{
    static const unsigned keys[] = {1, 2, 5, 40, 1000};
    struct gri_random random;
    gri_random_seed(&random, *(const unsigned *)argument);
    count = 0;
    for (unsigned i = 0; i < 5; i++) {
        for (int k = 0; k < 3000; k++) step(self, &random, keys[i], k % 1000 < 700);
        while (count > 0) take(self, gri_saved_first(gri_saved_of(self)), 0);
        for (unsigned t = 0; t < GRI_SAVED_KEYS; t++)
            CHECK_EQ(gri_saved_of(self)->tables[t].mask, GRI_SAVED_BUCKETS - 1); /* empty: small again */
    }
    return 0;
}

Case(saved, the_oldest_of_a_type_and_of_a_sender_are_found)
{
    run_seeds(1, 4, model);
}

/* The longest chain of a table's buckets. */
static int longest_chain(const struct gri_saved_table *table)
{
    int longest = 0;
    for (uint32_t i = 0; i <= table->mask; i++) {
        int length = 0;
        for (const struct gri_saved_place *p = table->buckets[i]; p != NULL; p = p->chain) length++;
        if (length > longest) longest = length;
    }
    return longest;
}

static int fresh_senders(gr_actor *self, void *argument)
{
    struct gri_saved *saved = gri_saved_of(self);
    for (unsigned sender = 1; sender <= MAIL_MAX; sender++) {
        struct gri_message *m = new_mail(self, sender % 2 ? 1 : sender, sender);
        m->sender_generation = (UINT64_C(1) << 40) +
                               sender % 3; /* as actors of fresh slots, or hardly used ones */
        CHECK(gri_saved_add(self, m));
    }
    for (unsigned t = 0; t < GRI_SAVED_KEYS; t++) {
        CHECK(saved->tables[t].count >= MAIL_MAX / 2);
        CHECK(longest_chain(&saved->tables[t]) <= 12);
    }
    struct gri_saved_mail *first;
    while ((first = gri_saved_first(saved)) != NULL)
        gri_loop_free_message(self->loop, gri_saved_remove(self, first));
    return 0;
}

Case(saved, mail_of_many_senders_and_types_is_spread_over_the_buckets)
{
    run_seeds(1, 1, fresh_senders);
}

static bool any(const struct gr_mail *mail, uint64_t key)
{
    return true;
}

static int marks(gr_actor *self, void *argument)
{
    struct gri_saved *saved = gri_saved_of(self);
    for (unsigned i = 0; i < 3; i++) CHECK(gri_saved_add(self, new_mail(self, 1, i)));
    struct gri_saved_mark *mark = gri_saved_mark(saved, any, 1);
    CHECK(mark->upto == &saved->order.ends); /* nothing was refused */
    struct gri_saved_mail *first = gri_saved_first(saved);
    struct gri_list_node *second = gri_list_next(&saved->order, &first->order);
    mark->upto = second;
    CHECK(gri_saved_mark(saved, any, 1)->upto == second);
    CHECK(gri_saved_mark(saved, any, 2)->upto == &saved->order.ends);
    gri_loop_free_message(self->loop,
                          gri_saved_remove(self, GRI_CONTAINER_OF(second, struct gri_saved_mail, order)));
    CHECK(gri_saved_mark(saved, any, 1)->upto == &first->order); /* back to the one before */
    gri_loop_free_message(self->loop, gri_saved_remove(self, first));
    CHECK(gri_saved_mark(saved, any, 1)->upto == &saved->order.ends);
    gri_saved_mark(saved, any, 1)->upto = &gri_saved_first(saved)->order;
    for (unsigned i = 3; i < 6; i++) (void)gri_saved_mark(saved, any, i);
    CHECK(gri_saved_mark(saved, any, 1)->upto == &saved->order.ends); /* forgotten for newer ones */
    gri_loop_free_message(self->loop, gri_saved_remove(self, gri_saved_first(saved)));
    return 0;
}

Case(saved, a_mark_moves_back_when_its_mail_goes)
{
    run_seeds(1, 1, marks);
}
