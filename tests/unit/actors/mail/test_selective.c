/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of selective receive: what is taken, what is passed over, stops, the bound, and ends. */
#include "tests/support/world/case.h"

/* Sends so many numbers to whom its start names, as fast as it can. */
static int chatter_main(gr_actor *self, const struct address *m)
{
    for (int i = 0; i < 20; i++) gr_send(self, m->ref, number, .value = i);
    gr_send(self, m->ref, ping);
    return 0;
}

GR_COROUTINE(chatter, address, chatter_main);

/* ---- by type ---- */

static int by_type(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_ref me = gr_self(self);
    for (int i = 0; i < 5; i++) {
        gr_send(self, me, number, .value = i);
        gr_send(self, me, quit, .reason = i);
    }
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_receive_type(self, &mail, ping, 1000), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, 1000);
    CHECK(mail.type == NULL);
    CHECK_EQ(gr_receive_type(self, &mail, ping, 0), GR_ETIMEOUT);
    gr_send(self, me, ping);
    gr_send(self, me, quit, .reason = 5);
    CHECK_EQ(gr_receive_type(self, &mail, ping, 0), 0);
    CHECK(gr_mail_as(&mail, ping) != NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_receive_type(self, &mail, quit, GR_FOREVER), 0);
        CHECK_EQ(gr_mail_as(&mail, quit)->reason, i);
        CHECK(gr_ref_equal(mail.sender, me) && gr_ref_equal(gr_sender(self), me));
    }
    CHECK_EQ(next_number(self), 0); /* the oldest of all */
    for (int i = 1; i < 3; i++) CHECK_EQ(next_number(self), i);
    CHECK_EQ(next_number(self), 3); /* quit 3 came after it */
    CHECK_EQ(next_mail(self).type->id, quit_gr_type.id);
    CHECK_EQ(next_number(self), 4);
    for (int i = 4; i < 6; i++) {
        CHECK_EQ(gr_receive(self, &mail, 0), 0);
        CHECK_EQ(gr_mail_as(&mail, quit)->reason, i);
    }
    no_mail(self, 10);
    return 0;
}

Case(selective, g1_by_type_the_oldest_comes_and_others_keep_their_place)
{
    run_seeds(1, 5, by_type);
}

static int wakes(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    CHECK_EQ(gr_send_after(self, gr_self(self), 100, NULL, number, .value = 1), 0);
    CHECK_EQ(gr_send_after(self, gr_self(self), 200, NULL, ping), 0);
    CHECK_EQ(gr_send_after(self, gr_self(self), 300, NULL, number, .value = 2), 0);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_receive_type(self, &mail, ping, 1000), 0);
    CHECK_EQ(gr_now(self) - begin, 200);
    CHECK_EQ(gr_receive_type(self, &mail, words, 150), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, 350);
    CHECK_EQ(next_number(self), 1);
    CHECK_EQ(next_number(self), 2);
    return 0;
}

Case(selective, g14_mail_that_is_passed_over_does_not_move_the_deadline)
{
    run_seeds(1, 5, wakes);
}

/* ---- by sender ---- */

static int by_sender(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_ref senders[4], null = {0, 0, 0};
    for (int i = 0; i < 4; i++)
        senders[i] = gr_spawn_with(self, chatter, (.loop = GR_SPREAD), .ref = gr_self(self));
    gr_send(NULL, gr_self(self), words, .text = gr_string_static("outside"));
    CHECK_EQ(gr_receive_from(self, &mail, null, gr_seconds(1)), 0);
    CHECK(gr_mail_as(&mail, words) != NULL && gr_ref_is_null(mail.sender));
    for (int i = 3; i > 0; i--) {
        for (int k = 0; k < 20; k++) {
            CHECK_EQ(gr_receive_from(self, &mail, senders[i], gr_seconds(1)), 0);
            CHECK(gr_ref_equal(mail.sender, senders[i]));
            CHECK_EQ(gr_mail_as(&mail, number)->value, k);
        }
        CHECK_EQ(gr_receive_type(self, &mail, ping, gr_seconds(1)), 0);
    }
    CHECK_EQ(gr_receive_from(self, &mail, null, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_receive_from(self, &mail, gr_self(self), 100), GR_ETIMEOUT);
    int numbers = 0, pings = 0;
    while (gr_receive(self, &mail, gr_milliseconds(1)) == 0) {
        if (gr_mail_as(&mail, number) != NULL) CHECK_EQ(gr_mail_as(&mail, number)->value, numbers++);
        pings += gr_mail_as(&mail, ping) != NULL;
    }
    CHECK_EQ(numbers, 20);
    CHECK_EQ(pings, 1);
    return 0;
}

Case(selective, g1_by_sender_the_order_of_each_holds)
{
    run_seeds(1, 5, by_sender);
    run_seeds(3, 10, by_sender);
}

/* ---- by predicate ---- */

static int asked; /* calls of the predicates */

static bool is_multiple(const struct gr_mail *mail, uint64_t key)
{
    const struct number *number = gr_mail_as(mail, number);
    asked++;
    return number != NULL && number->value % (int64_t)key == 0;
}

static bool is_signal(const struct gr_mail *mail, uint64_t key)
{
    asked++;
    return mail->signal != NULL && mail->signal->monitor == key;
}

static int by_predicate(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    for (int i = 1; i <= 100; i++) gr_send(self, gr_self(self), number, .value = i);
    asked = 0;
    for (int i = 1; i <= 10; i++) { /* in turns: each looks at everything once */
        CHECK_EQ(gr_receive_if(self, &mail, is_multiple, 10, 0), 0);
        CHECK_EQ(gr_mail_as(&mail, number)->value, 10 * i);
        if (i > 9) continue;
        CHECK_EQ(gr_receive_if(self, &mail, is_multiple, 11, 0), 0);
        CHECK_EQ(gr_mail_as(&mail, number)->value, 11 * i);
    }
    CHECK_EQ(gr_receive_if(self, &mail, is_multiple, 10, 10), GR_ETIMEOUT);
    CHECK_EQ(gr_receive_if(self, &mail, is_multiple, 11, 10), GR_ETIMEOUT);
    CHECK(asked <= 200);
    asked = 0;
    CHECK_EQ(gr_receive_if(self, &mail, is_multiple, 10, 0), GR_ETIMEOUT);
    CHECK_EQ(asked, 0);
    gr_send(self, gr_self(self), number, .value = 20);
    CHECK_EQ(gr_receive_if(self, &mail, is_multiple, 10, 0), 0);
    CHECK_EQ(asked, 1);
    CHECK_EQ(gr_receive_if(self, &mail, NULL, 10, 0), GR_EINVALID);
    for (int i = 1; i <= 100; i++)
        if (i % 10 != 0 && i % 11 != 0) CHECK_EQ(next_number(self), i);
    return 0;
}

Case(selective, g1_a_predicate_is_asked_once_about_each)
{
    run_seeds(1, 3, by_predicate);
}

static int signals(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_ref null = {0, 0, 0};
    uint64_t monitors[3];
    for (int i = 0; i < 3; i++) {
        gr_send(self, gr_self(self), number, .value = i);
        CHECK_EQ(gr_monitor(self, null, &monitors[i]), 0);
    }
    CHECK_EQ(gr_receive_type(self, &mail, ping, 10), GR_ETIMEOUT); /* passes over signals */
    CHECK_EQ(gr_receive_if(self, &mail, is_signal, monitors[1], 0), 0);
    CHECK(mail.signal != NULL && mail.signal->monitor == monitors[1] && mail.signal->reason == GR_ESTALE);
    CHECK_EQ(gr_demonitor(self, monitors[2]), 0); /* its down was passed over, and is never seen */
    CHECK_EQ(gr_receive_if(self, &mail, is_signal, monitors[2], 0), GR_ETIMEOUT);
    CHECK_EQ(next_number(self), 0);
    CHECK_EQ(gr_receive(self, &mail, 0), 0);
    CHECK(mail.signal != NULL && mail.signal->monitor == monitors[0]); /* in its place in line */
    CHECK_EQ(next_number(self), 1);
    CHECK_EQ(next_number(self), 2);
    no_mail(self, 10);
    return 0;
}

Case(selective, g6_signals_keep_their_place_and_meaning)
{
    run_seeds(1, 3, signals);
}

/* ---- stop and kill ---- */

static int chooser_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive_type(self, &mail, ping, GR_FOREVER), GR_ESTOPPED);
    CHECK_EQ(gr_receive_type(self, &mail, ping, 0), GR_ESTOPPED);
    for (int i = 0; i < 3; i++) CHECK_EQ(next_number(self), i); /* they came before the stop */
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    CHECK_EQ(gr_receive_type(self, &mail, number, GR_FOREVER), GR_ESTOPPED);
    note("stopped");
    return 0;
}

GR_COROUTINE(chooser, address, chooser_main);

static int stop(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref ref = gr_spawn_with(self, chooser, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    for (int i = 0; i < 3; i++) gr_send(self, ref, number, .value = i);
    if (*(const unsigned *)argument % 2) CHECK_EQ(gr_sleep(self, 10), 0);
    CHECK_EQ(gr_stop(self, ref, 31), 0);
    gr_send(self, ref, ping); /* behind the stop: a dead letter */
    CHECK_EQ(wait_for(self, monitor), 31);
    CHECK_TEXT(notes(), "stopped");
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN) + dead_letters(self, GR_DEAD_STALE), 1);
    return 0;
}

Case(selective, g11_a_stop_is_told_and_mail_before_it_can_still_be_received)
{
    run_seeds(1, 6, stop);
    run_seeds(2, 6, stop);
}

static int doomed_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive_type(self, &mail, ping, GR_FOREVER), GR_EKILLED);
    CHECK_EQ(gr_receive_type(self, &mail, number, 0), GR_EKILLED);
    return 0;
}

GR_COROUTINE(doomed, gr_nothing, doomed_main);

static int kill(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, doomed, (.loop = GR_SPREAD));
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_sum);
    gr_string text;
    CHECK_EQ(gr_string_copy(self, "left", 4, &text), 0);
    gr_send(self, ref, words, .text = text);
    CHECK_EQ(gr_sleep(self, 10), 0);
    kill_and_wait(self, ref);
    CHECK_EQ(gr_await(self, future, 0), GR_EDOWN);
    gr_future_release(future);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), 2);
    return 0;
}

Case(selective, g11_passed_over_mail_of_one_that_ends_becomes_dead_letters)
{
    run_seeds(1, 5, kill);
    run_seeds(2, 5, kill);
}

/* ---- the bound ---- */

static int reader_main(gr_actor *self, const struct number *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive_type(self, &mail, ping, 100), GR_ETIMEOUT);
    for (int64_t i = m->value; i < m->value + 4; i++) CHECK_EQ(next_number(self), i);
    CHECK_EQ(gr_receive(self, &mail, gr_seconds(1)), 0);
    CHECK(gr_mail_as(&mail, get_sum) != NULL);
    gr_reply(self, get_sum, .value = 1);
    return 0;
}

GR_COROUTINE(reader, number, reader_main);

static int bound(gr_actor *self, void *argument)
{
    struct number sum;
    gr_ref ref = gr_spawn_with(self, reader, (.mailbox = {.messages = 4}), .value = 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
        CHECK_EQ(gr_sleep(self, 1), 0);
    }
    CHECK_EQ(gr_send(self, ref, ping), GR_EFULL);
    CHECK_EQ(gr_notify_room(self, ref), 0);
    CHECK_EQ(next_mail(self).signal->kind, GR_SIGNAL_ROOM); /* once they are taken */
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);

    ref = gr_spawn_with(self, reader, (.mailbox = {.messages = 4, .policy = GR_POLICY_DROP_OLDEST}),
                        .value = 3);
    for (int i = 0; i < 7; i++) {
        CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
        if (i < 5) CHECK_EQ(gr_sleep(self, 1), 0);
    }
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), 1 + 3);
    CHECK_EQ(gr_sleep(self, 200), 0);
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
    return 0;
}

Case(selective, g15_passed_over_mail_counts_and_is_the_first_to_be_dropped)
{
    run_seeds(1, 5, bound);
}

/* ---- with the stash, and much of it ---- */

static int with_stash(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_ref me = gr_self(self);
    for (int i = 0; i < 6; i++) gr_send(self, me, number, .value = i);
    gr_send(self, me, quit, .reason = 1);
    CHECK_EQ(gr_receive_type(self, &mail, quit, 0), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(next_number(self), i);
        CHECK_EQ(gr_stash(self), 0);
    }
    gr_send(self, me, ping);
    CHECK_EQ(gr_receive_type(self, &mail, ping, 0), 0);
    gr_unstash(self);
    gr_send(self, me, quit, .reason = 2);
    CHECK_EQ(gr_receive_type(self, &mail, quit, 0), 0);
    for (int i = 0; i < 6; i++) CHECK_EQ(next_number(self), i);
    return 0;
}

Case(selective, g1_stashed_mail_comes_before_what_was_passed_over)
{
    run_seeds(1, 3, with_stash);
}

static int much(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    gr_ref me = gr_self(self);
    for (int i = 0; i < 50000; i++) gr_send(self, me, number, .value = i);
    for (int i = 0; i < 50000; i++) { /* were each to look at all of them, this would take minutes */
        gr_send(self, me, quit, .reason = i);
        CHECK_EQ(gr_receive_type(self, &mail, quit, 0), 0);
        gr_send(NULL, me, ping);
    }
    for (int i = 0; i < 10000; i++) CHECK_EQ(gr_receive_type(self, &mail, ping, gr_seconds(1)), 0);
    for (int i = 0; i < 50000; i++) CHECK_EQ(next_number(self), i);
    return 0;
}

Case(selective, what_was_passed_over_costs_later_receives_nothing)
{
    run_seeds(1, 1, much);
}

static int impatient_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    struct gr_mail mail;
    gr_ref null = {0, 0, 0};
    CHECK_EQ(gr_receive_type(self, &mail, ping, 0), GR_ECONTEXT);
    CHECK_EQ(gr_receive_from(self, &mail, null, 0), GR_ECONTEXT);
    CHECK_EQ(gr_receive_if(self, &mail, is_signal, 0, 0), GR_ECONTEXT);
    return 5;
}

static void impatient_ping(gr_actor *self, char *state, const struct ping *m)
{
}

GR_ACTOR(impatient_picker, char, gr_nothing, impatient_start, GR_ON(ping, impatient_ping));

static int refused(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    CHECK_EQ(wait_down(self, gr_spawn(self, impatient_picker)), 5);
    CHECK_EQ(gr_receive_type(NULL, &mail, ping, 0), GR_ECONTEXT);
    CHECK_EQ(gr_receive_type(self, &mail, ping, -1), GR_EINVALID);
    return 0;
}

Case(selective, only_coroutines_may_choose)
{
    run_seeds(1, 1, refused);
}

/* ---- cancelling ---- */

static int cancelled_picker_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    struct gr_mail mail;
    int error = gr_sleep(self, gr_milliseconds(1));
    if (error != 0) return error;
    note("picks");
    return gr_receive_type(self, &mail, ping, GR_FOREVER);
}

GR_TASK(cancelled_picker, gr_nothing, gr_nothing, cancelled_picker_run);

/* Cancels a task that looks through so much mail that others have turns meanwhile. */
static void cancel_picker(gr_actor *self, int mail)
{
    notes_clear();
    gr_future *future = gr_start(self, cancelled_picker);
    for (int i = 0; i < mail; i++) gr_send(self, gr_future_task(future), number, .value = i);
    while (strcmp(notes(), "picks") != 0) CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0);
    CHECK_EQ(gr_future_cancel(self, future), 0);
    CHECK_EQ(gr_await(self, future, gr_seconds(60)), GR_ECANCELLED);
    gr_future_release(future);
}

static int cancelled(gr_actor *self, void *argument)
{
    static const int mail[] = {0, 1, 70, 300, 600, 60000};
    for (unsigned i = 0; i < sizeof mail / sizeof *mail; i++) cancel_picker(self, mail[i]);
    return 0;
}

Case(selective, a_cancel_that_comes_while_mail_is_passed_over_is_told)
{
    run_everywhere(cancelled);
}
