/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the registry: a name is one actor's, from its spawn until before anyone learns of its end. */
#include "actors/names/names.h"
#include "tests/support/world/case.h"

#define LONGEST "123456789012345678901234567890123456789012345678901234567890123"

/* ---- the registry alone ---- */

Case(names, a_name_is_found_between_give_and_free)
{
    struct gri_names names;
    struct gri_name *name, *other;
    gr_ref ref = {1, 2, 3};
    gri_names_init(&names, gri_memory_default());
    CHECK(gr_ref_is_null(gri_names_find(&names, "door")));
    CHECK_EQ(gri_names_reserve(&names, "door", &name), 0);
    CHECK(gr_ref_is_null(gri_names_find(&names, "door"))); /* reserved, but nobody's */
    CHECK_EQ(gri_names_reserve(&names, "door", &other), GR_EEXISTS);
    CHECK(other == NULL);
    gri_names_give(&names, name, ref);
    CHECK(gr_ref_equal(gri_names_find(&names, "door"), ref));
    CHECK(gr_ref_is_null(gri_names_find(&names, "doo")));
    CHECK(gr_ref_is_null(gri_names_find(&names, "doors")));
    gri_names_free(&names, name);
    gri_names_free(&names, NULL);
    CHECK(gr_ref_is_null(gri_names_find(&names, "door")));
    gri_names_fini(&names);
}

Case(names, a_name_has_1_to_63_bytes)
{
    struct gri_names names;
    struct gri_name *name;
    gri_names_init(&names, gri_memory_default());
    CHECK_EQ(gri_names_reserve(&names, "", &name), GR_EINVALID);
    CHECK_EQ(gri_names_reserve(&names, NULL, &name), GR_EINVALID);
    CHECK_EQ(gri_names_reserve(&names, LONGEST "4", &name), GR_EINVALID);
    CHECK_EQ(gri_names_reserve(&names, LONGEST, &name), 0);
    gri_names_give(&names, name, (gr_ref){1, 2, 3});
    CHECK_EQ(gri_names_find(&names, LONGEST).slot, 2);
    CHECK(gr_ref_is_null(gri_names_find(&names, LONGEST "4")));
    CHECK(gr_ref_is_null(gri_names_find(&names, "")));
    CHECK(gr_ref_is_null(gri_names_find(&names, NULL)));
    gri_names_free(&names, name);
    gri_names_fini(&names);
}

Case(names, listings_tell_the_names_of_those_that_are_in_them)
{
    struct gri_names names;
    struct gri_name *name[5];
    struct {
        struct gr_actor_info info; /* in the list */
        int other;                 /* between two of them */
    } list[3] = {{{.ref = {1, 2, 9}}, 5}, {{.ref = {1, 5, 9}}, 5}, {{.ref = {1, 7, 9}}, 5}};
    const uint32_t slots[5] = {2, 5, 6, 8, 1};
    const char *const texts[5] = {"two", "five", "six", "eight", "one"};
    gri_names_init(&names, gri_memory_default());
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(gri_names_reserve(&names, texts[i], &name[i]), 0);
        gri_names_give(&names, name[i], (gr_ref){1, slots[i], i == 1 ? 8 : 9});
    }
    gri_names_tell(&names, &list[0].info, sizeof list[0], 3);
    CHECK_TEXT(list[0].info.name, "two");
    CHECK_TEXT(list[1].info.name, ""); /* of an earlier actor in that slot */
    CHECK_TEXT(list[2].info.name, "");
    gri_names_tell(&names, &list[0].info, sizeof list[0], 0);
    for (int i = 0; i < 5; i++) gri_names_free(&names, name[i]);
    gri_names_fini(&names);
}

/* ---- actors ---- */

struct title {
    gr_string text; /* a name to take or give back */
    int32_t wanted; /* the result that is due */
    bool takes;     /* or gives back */
};
GR_MESSAGE(title, GR_FIELD(title, text), GR_FIELD(title, wanted), GR_FIELD(title, takes));

struct holder {
    char unused; /* a state has at least a byte */
};

static void holder_title(gr_actor *self, struct holder *state, const struct title *m)
{
    char name[100];
    snprintf(name, sizeof name, "%.*s", (int)m->text.length, m->text.data);
    CHECK_EQ(m->takes ? gr_register(self, name) : gr_unregister(self, name), m->wanted);
    if (m->wanted == 0 && m->takes) CHECK_TEXT(gr_name(self), name);
    if (m->wanted == 0 && !m->takes) CHECK(gr_name(self) == NULL);
}

static int holder_start(gr_actor *self, struct holder *state, const struct title *m)
{
    if (m->text.length != 0)
        holder_title(self, state, m);
    else
        CHECK_TEXT(gr_name(self), "door"); /* its spawn named it */
    return 0;
}

static void holder_quit(gr_actor *self, struct holder *state, const struct quit *m)
{
    gr_exit(self, m->reason);
}

GR_ACTOR(holder, struct holder, title, holder_start, GR_ON(title, holder_title), GR_ON(quit, holder_quit));

#define HOLDER(self, name, result)                                                                           \
    gr_spawn_with(self, holder, (.loop = GR_SPREAD), .text = gr_string_static(name), .wanted = result,       \
                  .takes = true)
#define TELL(self, to, name, result, does_take)                                                              \
    gr_send(self, to, title, .text = gr_string_static(name), .wanted = result, .takes = does_take)

static int registering(gr_actor *self, void *argument)
{
    CHECK(gr_name(self) == NULL && gr_name(NULL) == NULL);
    CHECK_EQ(gr_register(self, "root"), 0);
    CHECK_TEXT(gr_name(self), "root");
    CHECK(gr_ref_equal(gr_whereis(self, "root"), gr_self(self)));
    CHECK_EQ(gr_register(self, "other"), GR_EEXISTS); /* has one */
    CHECK_EQ(gr_register(self, "root"), GR_EEXISTS);
    CHECK_TEXT(gr_last_error(self), "gr_register: the actor is \"root\" already");
    CHECK_EQ(gr_unregister(self, "other"), GR_ENOTFOUND);
    CHECK_EQ(gr_unregister(self, NULL), GR_ENOTFOUND);
    CHECK_EQ(gr_unregister(self, "root"), 0);
    CHECK(gr_name(self) == NULL);
    CHECK_EQ(gr_register(self, ""), GR_EINVALID);
    CHECK_TEXT(gr_last_error(self), "gr_register: the name is empty: a name has 1 to 63 bytes");
    CHECK_EQ(gr_register(self, NULL), GR_EINVALID);
    CHECK_TEXT(gr_last_error(self), "gr_register: the name is NULL: a name has 1 to 63 bytes");
    CHECK_EQ(gr_register(self, "0123456789012345678901234567890123456789012345678901234567890123"),
             GR_EINVALID);
    CHECK_TEXT(gr_last_error(self),
               "gr_register: the name \"01234567890123456789...\" is too long: a name has 1 to 63 bytes");
    CHECK_EQ(gr_register(self, "root"), 0);
    gr_ref first = HOLDER(self, "root", GR_EEXISTS);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(gr_unregister(self, "root"), 0);
    CHECK_EQ(gr_unregister(self, "root"), GR_ENOTFOUND);
    CHECK(gr_ref_is_null(gr_whereis(self, "root")));
    TELL(self, first, "root", 0, true);
    TELL(self, first, "root", 0, false);
    TELL(self, first, "root", 0, true);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK(gr_ref_equal(gr_system_whereis(gr_actor_system(self), "root"), first));
    CHECK_EQ(gr_register(self, "root"), GR_EEXISTS);
    CHECK_EQ(gr_register(self, ""), GR_EINVALID);
    CHECK_EQ(gr_register(self, NULL), GR_EINVALID);
    CHECK_EQ(gr_register(self, LONGEST "4"), GR_EINVALID);
    CHECK_EQ(gr_register(self, LONGEST), 0);
    return 0;
}

Case(names, an_actor_has_one_name_and_a_name_one_actor)
{
    for (int loops = 1; loops <= 3; loops++) run_seeds(loops, 8, registering);
}

/* The name is free when the down arrives, whatever the end was. */
static int freed_before_the_down(gr_actor *self, void *argument)
{
    for (int i = 0; i < 30; i++) {
        gr_ref ref = gr_spawn_with(self, holder, (.loop = GR_SPREAD, .name = "door"),
                                   .text = gr_string_static(""));
        CHECK(gr_ref_equal(gr_whereis(self, "door"), ref)); /* from its spawn on */
        uint64_t monitor = watch(self, ref);
        if (i % 3 == 0) CHECK_EQ(gr_kill(self, ref), 0);
        if (i % 3 == 1) CHECK_EQ(gr_stop(self, ref, 1), 0);
        if (i % 3 == 2) gr_send(self, ref, quit, .reason = 2);
        wait_for(self, monitor);
        CHECK(gr_ref_is_null(gr_whereis(self, "door")));
    }
    return 0;
}

Case(names, g7_a_name_is_free_before_the_down)
{
    run_everywhere(freed_before_the_down);
}

static int freed_before_the_rest(gr_actor *self, void *argument)
{
    gr_trap_exits(self, true);
    for (int i = 0; i < 20; i++) {
        struct number number;
        gr_ref ref = gr_spawn_with(self, sleeper, (.loop = GR_SPREAD, .name = "door", .link = i % 2 == 0),
                                   .value = gr_milliseconds(1));
        if (i % 2 == 0) {
            struct gr_mail mail = next_mail(self);
            CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_EXIT);
        } else {
            CHECK_EQ(gr_call(self, ref, &number, GR_FOREVER, get_sum), GR_EDOWN);
        }
        CHECK(gr_ref_is_null(gr_whereis(self, "door")));
    }
    return 0;
}

Case(names, g7_a_name_is_free_before_an_exit_or_the_end_of_a_request)
{
    run_everywhere(freed_before_the_rest);
}

static int refused(gr_actor *self, void *argument)
{
    for (int i = 0; i < 10; i++) {
        gr_ref ref = gr_spawn_with(self, refuser, (.loop = GR_SPREAD, .name = "door"), .value = 5);
        CHECK(!gr_ref_is_null(ref));
        int reason = wait_down(self, ref);
        CHECK(reason == 5 || reason == GR_ESTALE);
        CHECK(gr_ref_is_null(gr_whereis(self, "door")));
    }
    return 0;
}

Case(names, g7_a_start_that_refuses_frees_its_name)
{
    run_everywhere(refused);
}

static int taken(gr_actor *self, void *argument)
{
    gr_ref first = gr_spawn_with(self, listener, (.loop = GR_SPREAD, .name = "door"));
    gr_ref second = gr_spawn_with(self, listener, (.loop = GR_SPREAD, .name = "door"));
    CHECK(gr_ref_is_null(second));
    CHECK_TEXT(gr_last_error(self),
               "listener was not spawned: the name \"door\" is taken: choose another one, or end who has it");
    second = gr_system_spawn(gr_actor_system(self), listener, (.name = "door"));
    CHECK(gr_ref_is_null(second));
    second = gr_spawn_with(self, listener, (.name = ""));
    CHECK(gr_ref_is_null(second));
    CHECK_TEXT(gr_last_error(self), "listener was not spawned: the name is empty: a name has 1 to 63 bytes");
    second = gr_system_spawn(gr_actor_system(self), listener, (.loop = GR_SPREAD, .name = "window"));
    CHECK(!gr_ref_is_null(second));
    CHECK(gr_ref_equal(gr_whereis(self, "window"), second));
    CHECK(gr_ref_equal(gr_whereis(self, "door"), first));
    /* A spawn that fails for another reason takes no name. */
    CHECK(gr_ref_is_null(gr_spawn_with(self, listener, (.loop = 99, .name = "gate"))));
    CHECK(gr_ref_is_null(gr_whereis(self, "gate")));
    CHECK_EQ(gr_register(self, "gate"), 0);
    return 0;
}

Case(names, a_spawn_whose_name_is_taken_fails)
{
    run_everywhere(taken);
}

static int listed(gr_actor *self, void *argument)
{
    struct gr_actor_info list[4];
    gr_ref named = gr_spawn_with(self, listener, (.loop = GR_SPREAD, .name = "door"));
    CHECK(!gr_ref_is_null(gr_spawn(self, listener)));
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    CHECK_EQ(gr_system_actors(gr_actor_system(self), list, 4), 3);
    for (int i = 0; i < 3; i++) CHECK_TEXT(list[i].name, gr_ref_equal(list[i].ref, named) ? "door" : "");
    CHECK_EQ(gr_system_actors(gr_actor_system(self), list, 0), 3);
    CHECK_EQ(gr_system_actors(gr_actor_system(self), list, 1), 3);
    return 0;
}

Case(names, a_listing_shows_names)
{
    for (int loops = 1; loops <= 3; loops++) run_seeds(loops, 8, listed);
}

static int again(gr_actor *self, void *argument)
{
    return gr_register(self, "root");
}

Case(names, a_name_is_free_again_when_its_system_has_stopped)
{
    for (int i = 0; i < 2; i++) run_real(1, again);
    gr_system *system;
    cr_assert_eq(gr_system_create(&system, .loops = 1), 0);
    gr_ref ref = gr_system_spawn(system, listener, (.name = "door"));
    CHECK(gr_ref_equal(gr_system_whereis(system, "door"), ref));
    CHECK_EQ(gr_system_stop(system, gr_seconds(10), NULL, 0, NULL), 0); /* it was never born */
    CHECK(gr_ref_is_null(gr_system_whereis(system, "door")));
    gr_system_destroy(system);
}

Case(names, who_is_no_actor_has_no_name)
{
    CHECK_EQ(gr_register(NULL, "door"), GR_ECONTEXT);
    CHECK_EQ(gr_unregister(NULL, "door"), GR_ECONTEXT);
    CHECK(gr_ref_is_null(gr_whereis(NULL, "door")));
    CHECK(strstr(gr_last_error(NULL), "gr_system_whereis") != NULL);
}
