/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actor-local values: each actor, and so each task, has its own, as it was declared, until its end. */
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

/* ---- tasks ---- */

struct task_plan {
    gr_time time;   /* how long it waits, or less */
    int32_t value;  /* what it sets, and more for each round */
    int32_t rounds; /* of setting and waiting */
};
GR_MESSAGE(task_plan, GR_FIELD(task_plan, time), GR_FIELD(task_plan, value), GR_FIELD(task_plan, rounds));

/* Gives what it found, and sets its own. */
static int counts_run(gr_actor *self, const struct task_plan *plan, struct number *result)
{
    result->value = *gr_local(self, counter);
    for (int i = 0; i < plan->rounds; i++) {
        *gr_local(self, counter) = plan->value + i;
        CHECK_EQ(gr_sleep(self, (gr_time)(gr_random(self) % (uint64_t)plan->time)), 0);
        CHECK_EQ(*gr_local(self, counter), plan->value + i);
    }
    return 0;
}

GR_TASK(counts, task_plan, number, counts_run);

/* Awaits one of them, and checks that it found what was declared and left the caller's as it was. */
static void finds_the_declared(gr_actor *self, gr_future *task, int own)
{
    CHECK_EQ(gr_await(self, task, GR_FOREVER), 0);
    CHECK_EQ(gr_task_value(task, counts)->value, 40);
    CHECK_EQ(*gr_local(self, counter), own);
    gr_future_release(task);
}

static int each_sets_its_own(gr_actor *self, void *argument)
{
    gr_future *task = gr_start_with(self, counts, (.loop = GR_SPREAD), .time = 10, .value = 1, .rounds = 1);
    *gr_local(self, counter) = 77;
    finds_the_declared(self, task, 77);
    return 0;
}

Case(local, what_a_task_sets_its_starter_does_not_see_nor_the_task_what_that_sets)
{
    run_everywhere(each_sets_its_own);
}

static int many_at_once(gr_actor *self, void *argument)
{
    gr_future *list[100];
    for (int i = 0; i < 100; i++)
        list[i] = gr_start_with(self, counts, (.loop = GR_SPREAD), .time = gr_microseconds(50),
                                .value = i % 11, .rounds = 10);
    for (int i = 0; i < 100; i++) finds_the_declared(self, list[i], 40);
    return 0;
}

Case(local, a_hundred_tasks_at_once_each_keep_what_they_set)
{
    run_everywhere(many_at_once);
}

/* In Python a task may be given a context to share; here nothing is handed down but messages. */
static int one_after_another(gr_actor *self, void *argument)
{
    *gr_local(self, counter) = 77;
    for (int i = 1; i <= 2; i++)
        finds_the_declared(self, gr_start(self, counts, .time = 10, .value = i, .rounds = 1), 77);
    return 0;
}

Case(local, a_task_starts_with_what_was_declared_whatever_its_starter_and_the_task_before_have)
{
    run_everywhere(one_after_another);
}

static int in_a_scope(gr_actor *self, void *argument)
{
    *gr_local(self, counter) = 77;
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    for (int i = 1; i <= 2; i++)
        finds_the_declared(self, gr_scope_start(self, scope, counts, .time = 10, .value = i, .rounds = 1),
                           77);
    CHECK_EQ(gr_scope_close(self, scope), 0);
    return 0;
}

Case(local, the_tasks_of_a_scope_share_no_value_either)
{
    run_everywhere(in_a_scope);
}

static void sets_it(gr_actor *self, gr_future *future, void *context)
{
    CHECK_EQ(*gr_local(self, counter), 1);
    *gr_local(self, counter) = 2;
}

static int set_by_a_callback(gr_actor *self, void *argument)
{
    for (int i = 0; i < 2; i++) {
        gr_future *task = gr_start_with(self, counts, (.loop = GR_SPREAD), .time = 10, .rounds = 1);
        *gr_local(self, counter) = 1;
        CHECK_EQ(gr_future_on_done(self, task, sets_it, NULL), 0);
        CHECK_EQ(gr_await(self, task, GR_FOREVER), 0);
        CHECK_EQ(gr_sleep(self, 0), 0);
        CHECK_EQ(*gr_local(self, counter), 2);
        gr_future_release(task);
    }
    return 0;
}

Case(local, a_callback_has_the_value_of_the_actor_that_it_runs_in)
{
    run_everywhere(set_by_a_callback);
}
