/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actor-local values: each actor has its own, as it was declared, until its end. */
#include "tests/support/world/case.h"

struct place {
    int x;    /* any */
    double y; /* any */
};

struct huge {
    char bytes[10000]; /* more than the pool's largest block */
};

GR_LOCAL(counter, int, 40);
GR_LOCAL(where, struct place, {1, 2.5});
GR_LOCAL(page, struct huge, {{'h'}});
GR_LOCAL(pointer, const char *, NULL);

struct own_count {
    char unused; /* a state has at least a byte */
};

static int own_count_start(gr_actor *self, struct own_count *state, const struct gr_nothing *m)
{
    return 0;
}

static void own_count_get_sum(gr_actor *self, struct own_count *state, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = ++*gr_local(self, counter));
}

static void own_count_end(gr_actor *self, struct own_count *state, const int *reason)
{
    note("%d", *gr_local(self, counter)); /* it is still there */
}

GR_ACTOR(own_count, struct own_count, gr_nothing, own_count_start, GR_ON(get_sum, own_count_get_sum),
         GR_ON_END(own_count_end));

static int each_its_own(gr_actor *self, void *argument)
{
    gr_ref refs[3];
    struct number number;
    for (int i = 0; i < 3; i++) refs[i] = gr_spawn_with(self, own_count, (.loop = GR_SPREAD));
    for (int round = 1; round <= 3; round++)
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(gr_call(self, refs[i], &number, gr_seconds(60), get_sum), 0);
            CHECK_EQ(number.value, 40 + round);
        }
    CHECK_EQ(*gr_local(self, counter), 40);
    kill_and_wait(self, refs[0]);
    CHECK_TEXT(notes(), "43");
    return 0;
}

Case(local, each_actor_has_its_own_value)
{
    run_everywhere(each_its_own);
}

static int types(gr_actor *self, void *argument)
{
    struct place *place = gr_local(self, where);
    CHECK(place->x == 1 && place->y == 2.5);
    struct huge *huge = gr_local(self, page);
    CHECK(huge->bytes[0] == 'h' && huge->bytes[9999] == 0);
    CHECK(*gr_local(self, pointer) == NULL);
    *gr_local(self, pointer) = "text";
    place->x = 7;
    huge->bytes[9999] = 'e';
    (*gr_local(self, counter))++;
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK(gr_local(self, where) == place && place->x == 7);
    CHECK(gr_local(self, page) == huge && huge->bytes[9999] == 'e');
    CHECK_TEXT(*gr_local(self, pointer), "text");
    CHECK_EQ((uintptr_t)place % GR_LOCAL_ALIGN_MAX, 0);
    CHECK_EQ((uintptr_t)huge % GR_LOCAL_ALIGN_MAX, 0);
    CHECK_EQ(*gr_local(self, counter), 41);
    return 0;
}

Case(local, a_value_starts_as_declared_and_stays_where_it_is)
{
    run_everywhere(types);
}
