/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what actors ask about themselves, and of exit, stop and kill as the sender sees them. */
#include "tests/support/world/case.h"

static int about_itself(gr_actor *self, void *argument)
{
    gr_ref ref = gr_self(self);
    CHECK(!gr_ref_is_null(ref) && gr_ref_equal(ref, gr_self(self)));
    CHECK(gr_ref_is_null(gr_sender(self)));
    CHECK_EQ(gr_loop_index(self), 0);
    CHECK(gr_actor_system(self) != NULL);
    CHECK(gr_now(self) >= 0);
    CHECK_TEXT(gr_last_error(self), gr_error_text(GR_OK));
    return 0;
}

Case(control, an_actor_knows_its_reference_loop_system_and_time)
{
    run_everywhere(about_itself);
}

/* Says who spawned it, for as long as it knows. */
static int spawned_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    CHECK(gr_ref_equal(gr_sender(self), m->ref));
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK(gr_ref_equal(gr_sender(self), m->ref)); /* a wait is no receive */
    gr_send(self, gr_sender(self), ping);
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    CHECK(gr_ref_is_null(gr_sender(self)));
    gr_send(self, m->ref, ping);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK(gr_mail_as(&mail, ping) != NULL && gr_ref_equal(gr_sender(self), m->ref));
    return 0;
}

GR_COROUTINE(spawned, address, spawned_main);

/* Gives away what it received first. */
static int gives_away_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK(gr_ref_equal(gr_sender(self), m->ref));
    CHECK_EQ(gr_forward(self, m->ref), 0);
    CHECK(gr_ref_is_null(gr_sender(self)));
    return 0;
}

GR_COROUTINE(gives_away, address, gives_away_main);

static int started_main(gr_actor *self, const struct address *m, struct number *result)
{
    CHECK(gr_ref_equal(gr_sender(self), m->ref));
    return 0;
}

GR_TASK(started, address, number, started_main);

static int spawners(gr_actor *self, void *argument)
{
    for (int i = 0; i < gr_system_loops(gr_actor_system(self)); i++) {
        gr_ref ref = gr_spawn_with(self, spawned, (.loop = GR_LOOP(i)), .ref = gr_self(self));
        uint64_t monitor = watch(self, ref);
        next_ping(self);
        next_ping(self);
        gr_send(self, ref, ping);
        CHECK_EQ(wait_for(self, monitor), 0);
        monitor = watch(self,
                        ref = gr_spawn_with(self, gives_away, (.loop = GR_LOOP(i)), .ref = gr_self(self)));
        gr_send(self, ref, ping);
        next_ping(self);
        CHECK_EQ(wait_for(self, monitor), 0);
        gr_future *task = gr_start_with(self, started, (.loop = GR_LOOP(i)), .ref = gr_self(self));
        CHECK_EQ(gr_await(self, task, GR_FOREVER), 0);
        gr_future_release(task);
    }
    return 0;
}

Case(control, a_coroutine_knows_who_spawned_it_until_it_receives)
{
    run_everywhere(spawners);
}

static int spawned_outside_main(gr_actor *self, const struct gr_nothing *m)
{
    CHECK(gr_ref_is_null(gr_sender(self)));
    note("seen");
    return 0;
}

GR_COROUTINE(spawned_outside, gr_nothing, spawned_outside_main);

Case(control, a_coroutine_that_a_plain_thread_spawned_has_no_sender)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 2, .seed = 1), 0);
    CHECK(!gr_ref_is_null(gr_system_spawn(system, spawned_outside, (.loop = GR_LOOP(1)))));
    CHECK_EQ(gr_system_run(system), 0);
    CHECK_TEXT(notes(), "seen");
    gr_system_destroy(system);
}

static uint64_t drawn[2][20];
static int round_number;

static int draws(gr_actor *self, void *argument)
{
    for (int i = 0; i < 20; i++) drawn[round_number][i] = gr_random(self);
    return 0;
}

Case(control, random_numbers_are_the_same_in_each_run_of_a_seed)
{
    for (round_number = 0; round_number < 2; round_number++)
        CHECK_EQ(gr_run_with(draws, NULL, (.seed = 77, .loops = 2)), 0);
    CHECK_EQ(memcmp(drawn[0], drawn[1], sizeof drawn[0]), 0);
    round_number = 1;
    CHECK_EQ(gr_run_with(draws, NULL, (.seed = 78, .loops = 2)), 0);
    CHECK(memcmp(drawn[0], drawn[1], sizeof drawn[0]) != 0);
}

/* ---- stop keeps its place in line ---- */

static int noting_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    return 0;
}

static void noting_number(gr_actor *self, char *state, const struct number *m)
{
    note("%lld", (long long)m->value);
}

static void noting_end(gr_actor *self, char *state, const int *reason)
{
    note("end:%d", *reason);
}

GR_ACTOR(noting, char, gr_nothing, noting_start, GR_ON(number, noting_number), GR_ON_END(noting_end));

static int stop_in_line(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, noting, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    for (int i = 0; i < 5; i++) gr_send(self, ref, number, .value = i);
    CHECK_EQ(gr_stop(self, ref, 17), 0);
    CHECK_EQ(gr_stop(self, ref, 18), 0); /* the first counts */
    gr_send(self, ref, number, .value = 99);
    CHECK_EQ(wait_for(self, monitor), 17);
    CHECK_TEXT(notes(), "0 1 2 3 4 end:17");
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN) + dead_letters(self, GR_DEAD_STALE), 1);
    return 0;
}

Case(control, a_stop_takes_effect_after_the_mail_sent_before_it)
{
    run_everywhere(stop_in_line);
}

static int coroutine_mail(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    int error;
    while ((error = gr_receive(self, &mail, GR_FOREVER)) == 0) note("mail");
    note("%d", error);
    return 0;
}

GR_COROUTINE(counting, gr_nothing, coroutine_mail);

static int stop_coroutine(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, counting, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    for (int i = 0; i < 3; i++) gr_send(self, ref, ping);
    CHECK_EQ(gr_stop(self, ref, 0), 0);
    gr_send(self, ref, ping);
    CHECK_EQ(wait_for(self, monitor), 0);
    CHECK_TEXT(notes(), "mail mail mail -12");
    return 0;
}

Case(control, a_coroutine_that_is_stopped_sees_the_end_of_its_mail)
{
    run_everywhere(stop_coroutine);
}

static int kill_is_quick(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, noting);
    uint64_t monitor = watch(self, ref);
    for (int i = 0; i < 5; i++) gr_send(self, ref, number, .value = i);
    CHECK_EQ(gr_kill(self, ref), 0);
    CHECK_EQ(wait_for(self, monitor), GR_EKILLED);
    CHECK_TEXT(notes(), ""); /* not even its start was handled: they share a loop */
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), 5);
    return 0;
}

Case(control, a_kill_overtakes_mail)
{
    run_seeds(1, 5, kill_is_quick);
}

static int kill_over_stop(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, listener, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    CHECK_EQ(gr_kill(self, ref), 0);
    CHECK_EQ(gr_stop(self, ref, 5), 0);
    CHECK_EQ(wait_for(self, monitor), GR_EKILLED);
    CHECK_EQ(gr_kill(self, ref), 0);
    CHECK_EQ(gr_stop(self, ref, 5), 0); /* nothing happens to the dead */
    return 0;
}

Case(control, a_kill_counts_more_than_a_stop_and_the_dead_stay_dead)
{
    run_everywhere(kill_over_stop);
}

static int suicides(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_stop(self, gr_self(self), 0), 0);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    CHECK_EQ(gr_kill(self, gr_self(self)), 0);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_EKILLED);
    CHECK_EQ(gr_sleep(self, 0), GR_EKILLED);
    return 0;
}

Case(control, an_actor_may_stop_and_kill_itself)
{
    for (unsigned seed = 1; seed < 5; seed++) {
        int code = gr_run_with(suicides, NULL, (.seed = seed, .loops = 2));
        CHECK(code == 0 || code == 1); /* what its function returned, or that it was killed */
    }
}

static int idle_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    return 0;
}

GR_TASK(idle_task, gr_nothing, gr_nothing, idle_run);

static int no_work(void *argument)
{
    return 0;
}

Case(control, what_needs_an_actor_refuses_none)
{
    gr_ref ref = {0, 0, 0};
    gr_promise promise = {0};
    uint64_t number_of = 1;
    CHECK(gr_ref_is_null(gr_spawn(NULL, listener)));
    CHECK(strstr(gr_last_error(NULL), "gr_system_spawn") != NULL);
    CHECK_EQ(gr_monitor(NULL, ref, &number_of), GR_ECONTEXT);
    CHECK_EQ(number_of, 0);
    CHECK_EQ(gr_demonitor(NULL, 1), GR_ECONTEXT);
    CHECK_EQ(gr_link(NULL, ref), GR_ECONTEXT);
    CHECK_EQ(gr_unlink(NULL, ref), GR_ECONTEXT);
    CHECK_EQ(gr_notify_room(NULL, ref), GR_ECONTEXT);
    CHECK_EQ(gr_send_after(NULL, ref, 0, NULL, ping), GR_ECONTEXT);
    CHECK_EQ(gr_send_every(NULL, ref, 1, NULL, ping), GR_ECONTEXT);
    CHECK_EQ(gr_timer_cancel(NULL, 1), GR_ECONTEXT);
    CHECK(gr_start(NULL, idle_task) == NULL);
    CHECK(strstr(gr_last_error(NULL), "gr_system_start") != NULL);
    CHECK(gr_blocking(NULL, no_work, NULL) == NULL);
    CHECK(gr_promise_create(NULL, number, &promise) == NULL);
    CHECK_EQ(gr_fulfil(NULL, promise, number, .value = 1), GR_ECONTEXT);
    CHECK_EQ(gr_promise_fail(NULL, promise, 1, NULL), GR_ECONTEXT);
    CHECK_EQ(gr_defer(NULL, get_sum, &promise), GR_ECONTEXT);
    CHECK_EQ(gr_subscribe_dead_letters(NULL, true), GR_ECONTEXT);
    CHECK_EQ(gr_time_left(NULL), GR_FOREVER);
    CHECK(gr_ref_is_null(gr_sender(NULL)));
    CHECK(gr_ref_is_null(gr_self(NULL)));
    CHECK_EQ(gr_loop_index(NULL), -1);
    CHECK(gr_actor_system(NULL) == NULL);
    CHECK_EQ(gr_random(NULL), 0);
    gr_time then = gr_now(NULL);
    CHECK(then > 0 && gr_now(NULL) >= then);
    CHECK(!gr_is_cancelled(NULL));
    gr_exit(NULL, 1);
    gr_trap_exits(NULL, true);
}
