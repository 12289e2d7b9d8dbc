/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of monitors and room signals: one down for each, in its place, with the reason; and room told once. */
#include "tests/support/world/case.h"

#define SPREAD(self, A, ...) gr_spawn_with(self, A, (.loop = GR_SPREAD), __VA_ARGS__)

static int reasons(gr_actor *self, void *argument)
{
    uint64_t monitor = watch(self, gr_spawn(self, refuser, .value = 12));
    CHECK_EQ(wait_for(self, monitor), 12);
    gr_ref ref = SPREAD(self, server, .value = 0);
    monitor = watch(self, ref);
    gr_send(self, ref, quit, .reason = GR_ELIMIT);
    CHECK_EQ(wait_for(self, monitor), GR_ELIMIT);
    ref = SPREAD(self, server, .value = 0);
    monitor = watch(self, ref);
    gr_send(self, ref, quit, .reason = 0);
    CHECK_EQ(wait_for(self, monitor), 0);
    ref = SPREAD(self, server, .value = 0);
    monitor = watch(self, ref);
    CHECK_EQ(gr_stop(self, ref, 33), 0);
    CHECK_EQ(wait_for(self, monitor), 33);
    kill_and_wait(self, SPREAD(self, server, .value = 0));
    return 0;
}

Case(watch, g6_a_down_tells_the_reason)
{
    run_everywhere(reasons);
}

static int already_dead(gr_actor *self, void *argument)
{
    gr_ref ref = SPREAD(self, server, .value = 0), null = {0, 0, 0};
    kill_and_wait(self, ref);
    CHECK_EQ(wait_down(self, ref), GR_ESTALE);
    CHECK_EQ(wait_down(self, null), GR_ESTALE);
    gr_ref other = {ref.seat + 1, ref.slot, ref.generation}, never = {ref.seat, 1u << 28, ref.generation};
    CHECK_EQ(wait_down(self, other), GR_ESYSTEM);
    CHECK_EQ(wait_down(self, never), GR_ESTALE);
    return 0;
}

Case(watch, g6_a_down_comes_at_once_if_there_is_nobody_to_watch)
{
    run_everywhere(already_dead);
}

static int several(gr_actor *self, void *argument)
{
    gr_ref ref = SPREAD(self, server, .value = 0);
    uint64_t monitors[5];
    for (int i = 0; i < 5; i++) monitors[i] = watch(self, ref);
    CHECK_EQ(gr_demonitor(self, monitors[2]), 0);
    CHECK_EQ(gr_kill(self, ref), 0);
    int seen[5] = {0};
    for (int i = 0; i < 4; i++) {
        struct gr_mail mail = next_mail(self);
        if (!CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_DOWN)) return 1;
        for (int m = 0; m < 5; m++) seen[m] += mail.signal->monitor == monitors[m];
        CHECK(mail.type == NULL && mail.data == NULL);
    }
    no_mail(self, gr_milliseconds(5));
    for (int m = 0; m < 5; m++) CHECK_EQ(seen[m], m != 2);
    return 0;
}

Case(watch, g6_each_monitor_gets_one_down_of_its_own)
{
    run_everywhere(several);
}

static int taken_back(gr_actor *self, void *argument)
{
    gr_ref ref = SPREAD(self, server, .value = 0);
    uint64_t first = watch(self, ref), second = watch(self, ref);
    /* The down lies in the mailbox already when the watch is ended. */
    CHECK_EQ(gr_kill(self, ref), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    CHECK_EQ(gr_demonitor(self, first), 0);
    CHECK_EQ(gr_demonitor(self, first), GR_ENOTFOUND);
    struct gr_mail mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->monitor == second);
    no_mail(self, gr_milliseconds(5));
    CHECK_EQ(gr_demonitor(self, second), GR_ENOTFOUND);
    CHECK_EQ(gr_demonitor(self, 0), GR_ENOTFOUND);
    for (uint64_t guess = 1; guess < 100; guess++) CHECK_EQ(gr_demonitor(self, guess), GR_ENOTFOUND);
    CHECK_EQ(gr_demonitor(self, UINT64_MAX), GR_ENOTFOUND);
    CHECK_EQ(gr_demonitor(self, UINT64_C(2) << 24), GR_ENOTFOUND);
    return 0;
}

Case(watch, g6_after_demonitor_no_down_arrives_not_even_one_in_the_mailbox)
{
    run_everywhere(taken_back);
}

static int other_handles(gr_actor *self, void *argument)
{
    uint64_t timer;
    CHECK_EQ(gr_send_after(self, gr_self(self), 1000, &timer, ping), 0);
    CHECK_EQ(gr_demonitor(self, timer), GR_ENOTFOUND);
    uint64_t monitor = watch(self, gr_self(self));
    CHECK_EQ(gr_timer_cancel(self, monitor), GR_ENOTFOUND);
    CHECK_EQ(next_mail(self).type->id, ping_gr_type.id);
    CHECK_EQ(gr_demonitor(self, monitor), 0);
    return 0;
}

Case(watch, a_timer_is_no_monitor_and_a_monitor_no_timer)
{
    run_everywhere(other_handles);
}

/* ---- order ---- */

static int last_words_start(gr_actor *self, gr_ref *to, const struct address *m)
{
    *to = m->ref;
    return 0;
}

static void last_words_ping(gr_actor *self, gr_ref *to, const struct ping *m)
{
    for (int i = 0; i < 50; i++) gr_send(self, *to, number, .value = i);
    gr_exit(self, 1);
}

static void last_words_end(gr_actor *self, gr_ref *to, const int *reason)
{
    gr_send(self, *to, number, .value = 50 + *reason);
}

GR_ACTOR(last_words, gr_ref, address, last_words_start, GR_ON(ping, last_words_ping),
         GR_ON_END(last_words_end));

static int order(gr_actor *self, void *argument)
{
    for (int round = 0; round < 5; round++) {
        gr_ref ref = SPREAD(self, last_words, .ref = gr_self(self));
        watch(self, ref);
        gr_send(self, ref, ping);
        for (int i = 0; i < 50; i++) CHECK_EQ(next_number(self), i);
        CHECK_EQ(next_number(self), 51);
        struct gr_mail mail = next_mail(self);
        CHECK(mail.signal != NULL && mail.signal->reason == 1);
    }
    return 0;
}

Case(watch, g4_the_last_message_of_an_actor_comes_before_its_down)
{
    run_everywhere(order);
}

/* ---- watchers that end, and handlers ---- */

struct watcher {
    uint64_t monitor; /* of the watched one */
    gr_ref tell;      /* who is told of downs */
};

static int watcher_start(gr_actor *self, struct watcher *w, const struct address *m)
{
    CHECK_EQ(gr_monitor(self, m->ref, &w->monitor), 0);
    w->tell = gr_sender(self);
    gr_send(self, w->tell, ping);
    return 0;
}

static void watcher_signal(gr_actor *self, struct watcher *w, const struct gr_signal *signal)
{
    CHECK_EQ(signal->kind, GR_SIGNAL_DOWN);
    CHECK_EQ(signal->monitor, w->monitor);
    CHECK(gr_ref_is_null(gr_sender(self)));
    gr_send(self, w->tell, number, .value = signal->reason);
}

static void watcher_any(gr_actor *self, struct watcher *w, const struct gr_mail *mail)
{
    CHECK(mail->signal == NULL); /* a catch-all never sees signals */
    gr_exit(self, 0);
}

GR_ACTOR(watcher, struct watcher, address, watcher_start, GR_ON_SIGNAL(watcher_signal),
         GR_ON_ANY(watcher_any));

static int handlers_watch(gr_actor *self, void *argument)
{
    gr_ref ref = SPREAD(self, server, .value = 0);
    CHECK(!gr_ref_is_null(SPREAD(self, watcher, .ref = ref)));
    gr_ref second = SPREAD(self, watcher, .ref = ref);
    for (int i = 0; i < 2; i++) CHECK_EQ(next_mail(self).type->id, ping_gr_type.id);
    uint64_t monitor = watch(self, second);
    gr_send(self, second, unknown); /* ends it, and its watch */
    CHECK_EQ(wait_for(self, monitor), 0);
    gr_send(self, ref, quit, .reason = 21);
    CHECK_EQ(next_number(self), 21);
    no_mail(self, gr_milliseconds(5));
    return 0;
}

Case(watch, g6_signals_reach_the_hook_of_handler_actors)
{
    run_everywhere(handlers_watch);
}

static int self_watch_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    uint64_t monitor;
    CHECK_EQ(gr_monitor(self, gr_self(self), &monitor), 0);
    return 0;
}

static void self_watch_signal(gr_actor *self, char *state, const struct gr_signal *signal)
{
    CHECK(!"nobody learns of his own end");
}

static void self_watch_ping(gr_actor *self, char *state, const struct ping *m)
{
    gr_exit(self, 2);
}

GR_ACTOR(self_watch, char, gr_nothing, self_watch_start, GR_ON_SIGNAL(self_watch_signal),
         GR_ON(ping, self_watch_ping));

static int watches_itself(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, self_watch, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    gr_send(self, ref, ping);
    CHECK_EQ(wait_for(self, monitor), 2);
    return 0;
}

Case(watch, an_actor_may_watch_itself_in_vain)
{
    run_everywhere(watches_itself);
}

static int crossed_main(gr_actor *self, const struct address *m)
{
    uint64_t monitor = watch(self, m->ref);
    struct gr_mail mail;
    int error = gr_receive(self, &mail, gr_microseconds(gr_random(self) % 20));
    CHECK(error == 0 || error == GR_ETIMEOUT);
    (void)gr_demonitor(self, monitor);
    return 0;
}

GR_COROUTINE(crossed, address, crossed_main);

static int crossing(gr_actor *self, void *argument)
{
    /* Watches, their ends and the watched one's end cross each other on the links. */
    for (int round = 0; round < 20; round++) {
        gr_ref ref = SPREAD(self, sleeper, .value = gr_microseconds(gr_random(self) % 20));
        for (int i = 0; i < 10; i++) watch(self, SPREAD(self, crossed, .ref = ref));
        wait_downs(self, 10);
    }
    no_mail(self, 0);
    return 0;
}

Case(watch, g6_watches_and_ends_may_cross)
{
    run_seeds(2, 10, crossing);
    run_seeds(3, 10, crossing);
    run_real(2, crossing);
}

/* ---- room ---- */

static gr_ref full_one(gr_actor *self)
{
    gr_ref ref = gr_spawn_with(self, sleeper, (.loop = GR_SPREAD, .mailbox = {.messages = 4}),
                               .value = gr_milliseconds(50));
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    for (int i = 0; i < 100 && gr_try_send(self, ref, ping) == 0; i++)
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    return ref;
}

static int room(gr_actor *self, void *argument)
{
    gr_ref ref = SPREAD(self, server, .value = 0);
    CHECK_EQ(gr_notify_room(self, ref), 0);
    struct gr_mail mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_ROOM &&
          gr_ref_equal(mail.signal->actor, ref));
    gr_ref null = {0, 0, 0}, other = {ref.seat + 1, 1, 1};
    CHECK_EQ(gr_notify_room(self, null), 0);
    CHECK_EQ(next_mail(self).signal->kind, GR_SIGNAL_ROOM);
    CHECK_EQ(gr_notify_room(self, other), 0);
    CHECK_EQ(next_mail(self).signal->kind, GR_SIGNAL_ROOM);

    ref = full_one(self);
    CHECK_EQ(gr_notify_room(self, ref), 0);
    CHECK_EQ(gr_notify_room(self, ref), 0);
    no_mail(self, gr_milliseconds(10)); /* still full */
    for (int i = 0; i < 2; i++) {       /* the end of the actor is room too */
        mail = next_mail(self);
        CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_ROOM);
    }
    no_mail(self, gr_milliseconds(5));
    return 0;
}

Case(watch, g15_one_room_signal_comes_for_each_wish)
{
    run_seeds(1, 5, room);
    run_seeds(2, 5, room);
    run_seeds(3, 5, room);
}

static int drain_main(gr_actor *self, const struct number *m)
{
    struct gr_mail mail;
    if (gr_sleep(self, m->value) != 0) return 1;
    while (gr_receive(self, &mail, GR_FOREVER) == 0)
        if (gr_sleep(self, gr_milliseconds(1)) != 0) return 1;
    return 0;
}

GR_COROUTINE(drain, number, drain_main);

static int room_by_work(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, drain, (.mailbox = {.messages = 8}), .value = gr_milliseconds(50));
    CHECK_EQ(gr_sleep(self, gr_milliseconds(10)), 0);
    for (int i = 0; i < 8; i++) CHECK_EQ(gr_try_send(self, ref, ping), 0);
    CHECK_EQ(gr_try_send(self, ref, ping), GR_EFULL);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_notify_room(self, ref), 0);
    struct gr_mail mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_ROOM);
    CHECK_EQ(gr_now(self) - begin,
             gr_milliseconds(41)); /* the second message is taken 1 ms after the first */
    CHECK_EQ(gr_try_send(self, ref, ping), 0);
    return 0;
}

Case(watch, g15_room_is_told_at_three_quarters)
{
    run_seeds(1, 5, room_by_work);
}

/* ---- starts that refuse ---- */

static unsigned told, stale; /* downs of refusers on another loop: with the reason, and without */

static int watches_refusers(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(wait_down(self, gr_spawn(self, refuser, .value = 12)), 12); /* here it has not begun yet */
        /* There it may be over before the watch comes, above all when a batch ends between the two. */
        gr_ref there = gr_spawn_with(self, refuser, (.loop = GR_LOOP(loops - 1)), .value = 13);
        if (i % 2) CHECK_EQ(gr_sleep(self, 0), 0);
        int reason = wait_down(self, there);
        CHECK(reason == 13 || reason == GR_ESTALE);
        told += reason == 13;
        stale += reason == GR_ESTALE;
    }
    return 0;
}

Case(watch, g6_why_a_start_refused_is_told_here_and_there_unless_it_is_over_already)
{
    run_seeds(2, 10, watches_refusers);
    run_real(2, watches_refusers);
    CHECK(told > 0 && stale > 0);
}
