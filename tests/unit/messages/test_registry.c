/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registering types and behaviours, and what is remembered of those that can't be used. Each test runs in a process of
 * its own, so a conflict in one is none in the others.
 */
#include "base/error.h"
#include "base/platform.h"
#include "messages/registry.h"
#include "shared_types.h"

#include <greenroom/error.h>

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void expect_problem(int error, const char *want)
{
    for (int i = 0; i < 2; i++) { /* asking doesn't change the answer */
        int err;
        gri_thread_error_set("nothing");
        err = gri_types_finish();
        cr_assert_eq(err, error, "%s: %s", gr_error_name(err), gri_thread_error());
        cr_assert_not_null(strstr(gri_thread_error(), want), "\"%s\" has no \"%s\"", gri_thread_error(),
                           want);
    }
}

static void expect_no_problem(void)
{
    cr_assert_eq(gri_types_finish(), 0, "%s", gri_thread_error());
}

/* A hand-made type with one field, of kind i64 or u64. */
struct made {
    struct gr_field field; /* its table */
    struct gr_type type;   /* what points to it */
};

static void make(struct made *made, const char *name, enum gr_kind kind)
{
    made->field = (struct gr_field){"value", 0, 8, 1, kind, NULL};
    made->type = (struct gr_type){
        .name = name, .size = 8, .align = 8, .field_count = 1, .fields = &made->field};
}

Test(registry, types_are_registered_before_main)
{
    expect_no_problem();
    cr_assert_geq(gri_type_count(), 7); /* the shared ones and gr_nothing */
    cr_assert_gt(shared_deep_gr_type.id, 0);
    cr_assert_eq(gr_type_find("shared_deep")->id, shared_deep_gr_type.id);
    cr_assert_not_null(gr_type_find("gr_nothing"));
}

Test(registry, ids_are_dense_and_lead_to_their_types)
{
    for (uint32_t id = 1; id <= gri_type_count(); id++) {
        const struct gr_type *type = gri_type_by_id(id);
        cr_assert_not_null(type, "id %u", (unsigned)id);
        cr_assert_eq(type->id, id);
        cr_assert_eq(gr_type_find(type->name), type);
    }
}

Test(registry, ids_that_nobody_has_lead_nowhere)
{
    cr_assert_null(gri_type_by_id(0));
    cr_assert_null(gri_type_by_id(gri_type_count() + 1));
    cr_assert_null(gri_type_by_id(GRI_TYPE_ID_MAX));
    cr_assert_null(gri_type_by_id(GRI_TYPE_ID_MAX + 1));
    cr_assert_null(gri_type_by_id(UINT32_MAX));
    cr_assert_null(gri_behaviour_by_id(0));
    cr_assert_null(gri_behaviour_by_id(UINT32_MAX));
    cr_assert_null(gr_type_find("no such type"));
    cr_assert_null(gr_type_find(""));
    cr_assert_null(gr_type_find(NULL));
    cr_assert_null(gri_behaviour_find("no such behaviour"));
    cr_assert_null(gri_behaviour_find(NULL));
}

Test(registry, a_table_in_a_header_is_one_type_in_every_file)
{
    static const struct gr_type *const types[] = {
        &shared_point_gr_type,   &shared_all_gr_type,  &shared_arrays_gr_type,
        &shared_nothing_gr_type, &shared_deep_gr_type, &shared_qualified_gr_type,
    };
    cr_assert_eq(shared_second_count(), sizeof types / sizeof *types);
    for (int i = 0; i < shared_second_count(); i++) {
        const struct gr_type *other = shared_second_type(i);
        cr_assert_neq(types[i], other);
        cr_assert_str_eq(types[i]->name, other->name);
        cr_assert_gt(types[i]->id, 0);
        cr_assert_eq(types[i]->id, other->id, "%s", other->name);
        cr_assert_eq(types[i]->layout_hash, other->layout_hash, "%s", other->name);
        cr_assert_eq(types[i]->flags, other->flags, "%s", other->name);
    }
    expect_no_problem();
}

Test(registry, flags_say_who_owns_strings_or_buffers)
{
    cr_assert_eq(shared_all_gr_type.flags, GRI_TYPE_COUNTED);
    cr_assert_eq(shared_arrays_gr_type.flags, GRI_TYPE_COUNTED);
    cr_assert_eq(shared_deep_gr_type.flags, GRI_TYPE_COUNTED); /* only by what is nested */
    cr_assert_eq(shared_point_gr_type.flags, 0);
    cr_assert_eq(shared_nothing_gr_type.flags, 0);
}

Test(registry, nested_types_may_be_registered_in_any_order)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static struct made inner[6];
    static struct gr_field fields[6][2];
    static struct gr_type types[6][3];
    static char names[6][3][16];
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 3; k++) snprintf(names[i][k], sizeof names[i][k], "order%d.%d", i, k);
        inner[i].field = (struct gr_field){"text", 0, sizeof(gr_string), 1, GR_KIND_STRING, NULL};
        types[i][0] = (struct gr_type){names[i][0], 24, 8, 1, &inner[i].field, 0, 0, 0, 0, NULL};
        fields[i][0] = (struct gr_field){"in", 0, 24, 1, GR_KIND_NESTED, &types[i][0]};
        types[i][1] = (struct gr_type){names[i][1], 24, 8, 1, &fields[i][0], 0, 0, 0, 0, NULL};
        fields[i][1] = (struct gr_field){"in", 0, 24, 2, GR_KIND_NESTED, &types[i][1]};
        types[i][2] = (struct gr_type){names[i][2], 48, 8, 1, &fields[i][1], 0, 0, 0, 0, NULL};
        for (int k = 0; k < 3; k++) {
            struct gr_type *type = &types[i][orders[i][k]];
            gri_type_register(type);
            cr_assert_gt(type->id, 0);
            cr_assert_eq(type->flags, GRI_TYPE_COUNTED, "%s", type->name);
            cr_assert_neq(type->layout_hash, 0);
        }
    }
    expect_no_problem();
}

Test(registry, registering_again_changes_nothing)
{
    static struct made a;
    uint32_t count = gri_type_count();
    make(&a, "again", GR_KIND_I64);
    for (int i = 0; i < 3; i++) {
        gri_type_register(&a.type);
        cr_assert_eq(a.type.id, count + 1);
        cr_assert_eq(gri_type_count(), count + 1);
    }
    cr_assert_eq(gr_type_find("again"), &a.type);
    expect_no_problem();
}

Test(registry, one_name_with_two_layouts_is_a_conflict_that_says_what_differs)
{
    static struct made a, b, same_as_b;
    make(&a, "twice", GR_KIND_I64);
    make(&b, "twice", GR_KIND_U64);
    make(&same_as_b, "twice", GR_KIND_U64);
    gri_type_register(&a.type);
    expect_no_problem();
    gri_type_register(&b.type);
    gri_type_register(&same_as_b.type);
    expect_problem(
        GR_ELAYOUT,
        "message type \"twice\": it is defined twice, and differently: field \"value\" is of kind");
    /* Each layout has an id of its own, so neither is read by the other's table; the name stays the first's. */
    cr_assert_neq(a.type.id, b.type.id);
    cr_assert_gt(b.type.id, 0);
    cr_assert_eq(b.type.id, same_as_b.type.id);
    cr_assert_eq(gr_type_find("twice"), &a.type);
    cr_assert_eq(gri_type_by_id(b.type.id), &b.type);
}

Test(registry, a_type_that_cannot_be_used_keeps_no_id)
{
    static struct made bad;
    uint32_t count = gri_type_count();
    make(&bad, "outside", GR_KIND_I64);
    bad.field.offset = 8;
    gri_type_register(&bad.type);
    expect_problem(GR_EINVALID, "message type \"outside\": field \"value\" lies outside the struct");
    cr_assert_eq(bad.type.id, 0);
    cr_assert_eq(gri_type_count(), count);
    cr_assert_null(gr_type_find("outside"));
}

Test(registry, a_type_that_is_too_large_is_a_limit)
{
    static struct made large;
    make(&large, "large", GR_KIND_I64);
    large.type.size = GR_MESSAGE_SIZE_MAX + 8;
    gri_type_register(&large.type);
    expect_problem(GR_ELIMIT, "message type \"large\": it has 65544 bytes");
}

Test(registry, a_type_without_a_name_is_remembered)
{
    static struct made nameless;
    make(&nameless, NULL, GR_KIND_I64);
    gri_type_register(&nameless.type);
    expect_problem(GR_EINVALID, "no name");
}

Test(registry, the_first_problem_is_the_one_reported)
{
    static struct made first, second;
    make(&first, "first", GR_KIND_I64);
    make(&second, "second", GR_KIND_I64);
    first.field.count = 0;
    second.type.size = GR_MESSAGE_SIZE_MAX + 8;
    gri_type_register(&first.type);
    gri_type_register(&second.type);
    expect_problem(GR_EINVALID, "\"first\"");
}

Test(registry, long_names_are_cut_in_the_report)
{
    static struct made a;
    static char name[2000];
    memset(name, 'n', sizeof name - 1);
    make(&a, name, GR_KIND_I64);
    a.field.count = 0;
    gri_type_register(&a.type);
    expect_problem(GR_EINVALID, "message type \"nnnnnnnn");
}

Test(registry, ids_end_at_65535)
{
    static struct made types[GRI_TYPE_ID_MAX + 1];
    static char names[GRI_TYPE_ID_MAX + 1][12];
    uint32_t count = gri_type_count();
    uint32_t left = GRI_TYPE_ID_MAX - count;
    for (uint32_t i = 0; i < left; i++) {
        snprintf(names[i], sizeof names[i], "t%u", (unsigned)i);
        make(&types[i], names[i], GR_KIND_I64);
        gri_type_register(&types[i].type);
        if (types[i].type.id != count + 1 + i) cr_assert_fail("type %u has id %u", i, types[i].type.id);
    }
    expect_no_problem();
    cr_assert_eq(gri_type_count(), GRI_TYPE_ID_MAX);
    cr_assert_eq(gri_type_by_id(GRI_TYPE_ID_MAX), &types[left - 1].type);
    for (uint32_t i = 0; i < left; i++)
        if (gr_type_find(names[i]) != &types[i].type) cr_assert_fail("%s isn't found", names[i]);
    make(&types[left], "one too many", GR_KIND_I64);
    gri_type_register(&types[left].type);
    gri_type_register(&types[left].type);
    cr_assert_eq(types[left].type.id, 0);
    expect_problem(GR_ELIMIT, "message type \"one too many\": there are 65535 types already");
    cr_assert_eq(gri_type_count(), GRI_TYPE_ID_MAX);
}

/* What registers while others look up. */
#define REGISTERED_COUNT 3000
static struct made growing[REGISTERED_COUNT];
static char growing_names[REGISTERED_COUNT][16];
static gri_atomic_u32 growing_done;

/* Looks up by id and by name until all are there; returns NULL, or what it found wrong. */
static void *look_up(void *context)
{
    bool done;
    uint32_t *found = context;
    do {
        done = gri_load(&growing_done, GRI_ACQUIRE); /* first, so that the last round sees all */
        *found = 0;
        for (uint32_t id = 1; id <= GRI_TYPE_ID_MAX; id++) {
            const struct gr_type *type = gri_type_by_id(id);
            if (!type) continue;
            if (type->id != id || type->layout_hash == 0) return "a type was seen before it was ready";
        }
        for (int i = 0; i < REGISTERED_COUNT; i++) {
            const struct gr_type *type = gr_type_find(growing_names[i]);
            if (type && type != &growing[i].type) return "a name led to another's type";
            *found += type != NULL;
        }
    } while (!done);
    return NULL;
}

Test(registry, looking_up_is_safe_while_types_are_registered)
{
    gri_thread threads[2];
    uint32_t found[2];
    for (int i = 0; i < REGISTERED_COUNT; i++) {
        snprintf(growing_names[i], sizeof growing_names[i], "growing%d", i);
        make(&growing[i], growing_names[i], GR_KIND_I64);
    }
    for (int i = 0; i < 2; i++)
        cr_assert_eq(gri_thread_create(&threads[i], look_up, &found[i], "finder"), 0, "%s",
                     gri_thread_error());
    for (int i = 0; i < REGISTERED_COUNT; i++) gri_type_register(&growing[i].type);
    gri_store(&growing_done, 1, GRI_RELEASE);
    for (int i = 0; i < 2; i++) {
        const char *wrong = gri_thread_join(threads[i]);
        cr_assert_null(wrong, "%s", wrong);
        cr_assert_eq(found[i], REGISTERED_COUNT);
    }
    expect_no_problem();
}

Test(registry, objects_loaded_later_bring_their_types)
{
    const struct gr_type *type;
    const struct gr_behaviour *behaviour;
    uint32_t count = gri_type_count();
    cr_assert_null(gr_type_find("loaded"));
    cr_assert_not_null(dlopen(LOADED_TYPES, RTLD_NOW), "%s", dlerror());
    type = gr_type_find("loaded");
    cr_assert_not_null(type);
    cr_assert_eq(type->id, count + 1);
    cr_assert_eq(gri_type_count(), count + 1); /* those that the program has too are the same */
    cr_assert_eq(type->flags, GRI_TYPE_COUNTED);
    behaviour = gri_behaviour_find("loaded_actor");
    cr_assert_not_null(behaviour);
    cr_assert_eq(behaviour->start_type->id, type->id);
    expect_no_problem();
}

/* Behaviours. */

struct registry_state {
    int count;
};

static int start(gr_actor *self, struct registry_state *state, const struct gr_nothing *m)
{
    state->count = self && m ? 1 : 2;
    return 0;
}

static void on_point(gr_actor *self, struct registry_state *state, const struct shared_point *m)
{
    state->count += self ? m->x : m->y;
}

static void on_any(gr_actor *self, struct registry_state *state, const struct gr_mail *mail)
{
    state->count += self && mail;
}

static int run(gr_actor *self, const struct shared_point *m)
{
    return self ? m->x : m->y;
}

GR_ACTOR(registry_handler, struct registry_state, gr_nothing, start, GR_ON(shared_point, on_point),
         GR_ON_ANY(on_any));
GR_COROUTINE(registry_coroutine, shared_point, run);

Test(registry, behaviours_are_known_by_name_and_have_ids)
{
    const struct gr_behaviour *handler = gri_behaviour_find("registry_handler");
    const struct gr_behaviour *coroutine = gri_behaviour_find("registry_coroutine");
    expect_no_problem();
    cr_assert_eq(handler, registry_handler_gr_behaviour());
    cr_assert_eq(coroutine, registry_coroutine_gr_behaviour());
    cr_assert_geq(gri_behaviour_count(), 2);
    cr_assert_neq(handler->id, coroutine->id);
    for (uint32_t id = 1; id <= gri_behaviour_count(); id++) cr_assert_eq(gri_behaviour_by_id(id)->id, id);
    cr_assert_null(gri_behaviour_by_id(gri_behaviour_count() + 1));
}

static gri_handler any_handler(int which)
{
    return which ? (gri_handler)on_any : (gri_handler)on_point;
}

static int plain_start(gr_actor *self, void *state, const void *message)
{
    return self && state && message;
}

static int other_start(gr_actor *self, void *state, const void *message)
{
    return self && state && message ? 2 : 3;
}

static int plain_main(gr_actor *self, const void *message)
{
    return self && message;
}

static int other_task(gr_actor *self, const void *message, void *result)
{
    return self && message && result;
}

/* A hand-made behaviour: a handler for points, and one for the rest. */
struct made_behaviour {
    struct gr_on on[2];            /* its handlers */
    struct gr_behaviour behaviour; /* what points to them */
};

static void make_behaviour(struct made_behaviour *made, const char *name)
{
    made->on[0] = (struct gr_on){GR_ON_KIND_MESSAGE, &shared_point_gr_type, any_handler(0)};
    made->on[1] = (struct gr_on){GR_ON_KIND_ANY, NULL, any_handler(1)};
    made->behaviour = (struct gr_behaviour){.name = name,
                                            .state_size = 8,
                                            .on_count = 2,
                                            .on = made->on,
                                            .start_type = &gr_nothing_gr_type,
                                            .result_type = &shared_point_gr_type,
                                            .start = plain_start};
}

Test(registry, the_same_behaviour_twice_is_one)
{
    static struct made_behaviour a, b;
    make_behaviour(&a, "same");
    make_behaviour(&b, "same");
    b.on[0].type = shared_second_type(0); /* the table of another file */
    gri_behaviour_register(&a.behaviour);
    gri_behaviour_register(&b.behaviour);
    gri_behaviour_register(&b.behaviour);
    expect_no_problem();
    cr_assert_gt(a.behaviour.id, 0);
    cr_assert_eq(a.behaviour.id, b.behaviour.id);
    cr_assert_eq(gri_behaviour_find("same"), &a.behaviour);
}

/* Makes the `which`th definition that differs from make_behaviour's; false when there are no more. */
static bool vary(struct made_behaviour *made, int which)
{
    switch (which) {
    case 0:
        made->behaviour.state_size = 16;
        return true;
    case 1:
        made->behaviour.on_count = 1;
        return true;
    case 2:
        made->behaviour.start_type = &shared_point_gr_type;
        return true;
    case 3:
        made->on[0].type = &shared_all_gr_type;
        return true;
    case 4:
        made->on[0].handler = any_handler(1);
        return true;
    case 5:
        made->on[1].kind = GR_ON_KIND_SIGNAL;
        return true;
    case 6:
        made->behaviour.start = other_start;
        return true;
    case 7:
        made->behaviour.start = NULL;
        made->behaviour.coroutine = plain_main;
        made->behaviour.on_count = 0;
        return true;
    case 8:
        made->behaviour.task = other_task;
        return true;
    case 9:
        made->behaviour.result_type = &shared_all_gr_type;
        return true;
    }
    return false;
}

static struct made_behaviour first_definition, second_definition;

/* Runs as a process of its own for each way to differ, given by the parameter. */
static void expect_conflict(int which)
{
    make_behaviour(&first_definition, "differs");
    make_behaviour(&second_definition, "differs");
    cr_assert(vary(&second_definition, which));
    gri_behaviour_register(&first_definition.behaviour);
    expect_no_problem();
    gri_behaviour_register(&second_definition.behaviour);
    expect_problem(GR_ELAYOUT, "behaviour \"differs\": it is defined twice, and differently");
    cr_assert_neq(first_definition.behaviour.id, second_definition.behaviour.id);
    cr_assert_gt(second_definition.behaviour.id, 0);
    cr_assert_eq(gri_behaviour_find("differs"), &first_definition.behaviour);
}

#define CONFLICT_TEST(which)                                                                                 \
    Test(registry, another_definition_of_a_behaviour_is_a_conflict_##which)                                  \
    {                                                                                                        \
        expect_conflict(which);                                                                              \
    }
CONFLICT_TEST(0)
CONFLICT_TEST(1)
CONFLICT_TEST(2)
CONFLICT_TEST(3)
CONFLICT_TEST(4)
CONFLICT_TEST(5)
CONFLICT_TEST(6)
CONFLICT_TEST(7)
CONFLICT_TEST(8)
CONFLICT_TEST(9)

Test(registry, all_ways_to_differ_are_tested)
{
    make_behaviour(&first_definition, "differs");
    cr_assert_not(vary(&first_definition, 10));
}

/* Spoils a behaviour in the `which`th way; returns what the report must say, or NULL when there are no more. */
static const char *spoil(struct made_behaviour *made, int which)
{
    switch (which) {
    case 0:
        made->behaviour.name = NULL;
        return "no name";
    case 1:
        made->behaviour.start_type = NULL;
        return "no start message";
    case 2:
        made->behaviour.start = NULL;
        return "either a start function or a coroutine's";
    case 3:
        made->behaviour.coroutine = plain_main;
        return "either a start function or a coroutine's";
    case 4:
        made->behaviour.on = NULL;
        return "can't have handlers";
    case 5:
        made->on[1].handler = NULL;
        return "without a function";
    case 6:
        made->on[0].type = NULL;
        return "bad entry";
    case 7:
        made->on[1].type = &shared_point_gr_type;
        return "bad entry";
    case 8:
        made->on[1] = made->on[0];
        return "two handlers for one type";
    case 9:
        made->on[0] = made->on[1];
        return "two handlers of one kind";
    case 10:
        made->behaviour.start = NULL;
        made->behaviour.coroutine = plain_main;
        return "can't have handlers";
    }
    return NULL;
}

static void expect_spoilt(int which)
{
    const char *want;
    make_behaviour(&first_definition, "spoilt");
    want = spoil(&first_definition, which);
    cr_assert_not_null(want);
    gri_behaviour_register(&first_definition.behaviour);
    expect_problem(GR_EINVALID, want);
    cr_assert_eq(first_definition.behaviour.id, 0);
    cr_assert_null(gri_behaviour_find("spoilt"));
}

#define SPOILT_TEST(which)                                                                                   \
    Test(registry, a_behaviour_that_cannot_be_used_is_remembered_##which)                                    \
    {                                                                                                        \
        expect_spoilt(which);                                                                                \
    }
SPOILT_TEST(0)
SPOILT_TEST(1)
SPOILT_TEST(2)
SPOILT_TEST(3)
SPOILT_TEST(4)
SPOILT_TEST(5)
SPOILT_TEST(6)
SPOILT_TEST(7)
SPOILT_TEST(8)
SPOILT_TEST(9)
SPOILT_TEST(10)

Test(registry, behaviours_end_at_65535)
{
    static struct made_behaviour many[GRI_TYPE_ID_MAX + 1];
    static char names[GRI_TYPE_ID_MAX + 1][12];
    uint32_t left = GRI_TYPE_ID_MAX - gri_behaviour_count();
    for (uint32_t i = 0; i <= left; i++) {
        snprintf(names[i], sizeof names[i], "b%u", (unsigned)i);
        make_behaviour(&many[i], names[i]);
        gri_behaviour_register(&many[i].behaviour);
        if ((many[i].behaviour.id != 0) != (i < left))
            cr_assert_fail("%u has id %u", i, many[i].behaviour.id);
    }
    expect_problem(GR_ELIMIT, "there are 65535 behaviours already");
    cr_assert_eq(gri_behaviour_find(names[left - 1]), &many[left - 1].behaviour);
}
