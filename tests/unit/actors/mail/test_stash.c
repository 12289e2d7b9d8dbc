/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the stash: order, requests, the bound, ends, and where it is allowed. */
#include "tests/support/world/case.h"

/* A gate: closed at first, it sets aside all but `ping`, which opens it, and `quit`. Open, it tells what it gets. */
struct gate {
    bool open;      /* whether it handles */
    gr_ref teller;  /* who is told of each number */
    int64_t errors; /* calls that failed */
};

static int gate_start(gr_actor *self, struct gate *gate, const struct gr_nothing *m)
{
    CHECK_EQ(gr_stash(self), GR_ECONTEXT); /* the start is no message */
    gate->teller = gr_sender(self);
    return 0;
}

static void gate_number(gr_actor *self, struct gate *gate, const struct number *m)
{
    if (!gate->open) {
        CHECK_EQ(gr_stash(self), 0);
        CHECK_EQ(gr_stash(self), GR_ECONTEXT);
        CHECK(gr_ref_is_null(gr_sender(self)));
        return;
    }
    CHECK(gr_ref_equal(gr_sender(self), gate->teller));
    gr_send(self, gate->teller, number, .value = m->value);
}

static void gate_words(gr_actor *self, struct gate *gate, const struct words *m)
{
    CHECK_EQ(gr_stash(self), 0);
}

static void gate_sum(gr_actor *self, struct gate *gate, const struct get_sum *m)
{
    if (gate->open)
        gr_reply(self, get_sum, .value = 77);
    else
        CHECK_EQ(gr_stash(self), 0);
}

static void gate_ping(gr_actor *self, struct gate *gate, const struct ping *m)
{
    gate->open = !gate->open;
    CHECK_EQ(gr_unstash(self), 0);
    CHECK_EQ(gr_unstash(self), 0); /* nothing is left */
}

static void gate_quit(gr_actor *self, struct gate *gate, const struct quit *m)
{
    gr_exit(self, m->reason);
}

static void gate_end(gr_actor *self, struct gate *gate, const int *reason)
{
    CHECK_EQ(gr_stash(self), GR_ECONTEXT);
}

GR_ACTOR(gate, struct gate, gr_nothing, gate_start, GR_ON(number, gate_number), GR_ON(words, gate_words),
         GR_ON(get_sum, gate_sum), GR_ON(ping, gate_ping), GR_ON(quit, gate_quit), GR_ON_END(gate_end));

static int order(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, gate, (.loop = GR_SPREAD));
    int64_t next = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 10; i++) gr_send(self, ref, number, .value = next + i);
        if (round == 1)
            CHECK_EQ(gr_sleep(self, 1000), 0); /* now and then all are in the stash before it opens */
        gr_send(self, ref, ping);
        for (int i = 10; i < 13; i++) gr_send(self, ref, number, .value = next + i);
        for (int i = 0; i < 13; i++) CHECK_EQ(next_number(self), next + i);
        next += 13;
        gr_send(self, ref, ping);
    }
    kill_and_wait(self, ref);
    return 0;
}

Case(stash, g1_what_was_set_aside_comes_back_first_and_in_order)
{
    run_everywhere(order);
}

static int again(gr_actor *self, void *argument)
{
    struct gr_system_counts before, after;
    gr_ref ref = gr_spawn(self, gate);
    CHECK_EQ(gr_sleep(self, 1), 0);
    gr_system_count(gr_actor_system(self), &before);
    for (int i = 0; i < 5; i++) gr_send(self, ref, number, .value = i);
    CHECK_EQ(gr_sleep(self, 1), 0);
    gr_system_count(gr_actor_system(self), &after);
    CHECK_EQ(after.handled - before.handled, 0); /* they wait, as if they had not been touched */
    gr_send(self, ref, ping);
    for (int i = 0; i < 5; i++) CHECK_EQ(next_number(self), i);
    CHECK_EQ(gr_sleep(self, 1), 0);
    gr_system_count(gr_actor_system(self), &after);
    CHECK_EQ(after.handled - before.handled, 1 + 5 + 5); /* the numbers, there and here */
    kill_and_wait(self, ref);
    return 0;
}

Case(stash, g3_what_is_set_aside_counts_as_handled_once)
{
    run_seeds(1, 5, again);
}

static int requests(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, gate, (.loop = GR_SPREAD));
    gr_future *first = gr_ask(self, ref, GR_FOREVER, get_sum);
    gr_future *late = gr_ask(self, ref, 500, get_sum);
    CHECK_EQ(gr_await(self, first, 1000), GR_ETIMEOUT);
    CHECK_EQ(gr_await(self, late, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_future_error(late), GR_ETIMEOUT);
    gr_send(self, ref, ping);
    CHECK_EQ(gr_await(self, first, gr_seconds(1)), 0);
    CHECK_EQ(gr_future_value(first, get_sum)->value, 77);
    gr_future_release(first);
    gr_future_release(late);
    kill_and_wait(self, ref);
    return 0;
}

Case(stash, g8_a_stashed_request_keeps_its_asker_and_its_deadline)
{
    run_seeds(1, 5, requests);
    run_seeds(2, 5, requests);
}

static int bound(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, gate, (.mailbox = {.messages = 4}));
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
        CHECK_EQ(gr_sleep(self, 1), 0); /* they are in the stash, not in the mailbox */
    }
    CHECK_EQ(gr_send(self, ref, number, .value = 4), GR_EFULL);
    CHECK_EQ(gr_send(self, ref, ping), GR_EFULL);
    struct gr_actor_info info[2];
    CHECK_EQ(gr_system_actors(gr_actor_system(self), info, 2), 2);
    CHECK_EQ(info[gr_ref_equal(info[1].ref, ref)].mailbox, 4);
    kill_and_wait(self, ref);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), 4);

    ref = gr_spawn_with(self, gate, (.mailbox = {.messages = 4}));
    for (int i = 0; i < 3; i++) CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
    CHECK_EQ(gr_send(self, ref, ping), 0);
    for (int i = 0; i < 3; i++) CHECK_EQ(next_number(self), i);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(gr_send(self, ref, number, .value = i), 0); /* all the room is back */
    for (int i = 0; i < 4; i++) CHECK_EQ(next_number(self), i);
    kill_and_wait(self, ref);
    return 0;
}

Case(stash, g15_stashed_messages_count_against_the_bound)
{
    run_seeds(1, 5, bound);
}

static int oldest(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, gate, (.mailbox = {.messages = 4, .policy = GR_POLICY_DROP_OLDEST}));
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
        if (i < 7) CHECK_EQ(gr_sleep(self, 1), 0); /* the last three find others in the mailbox */
    }
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), 6);
    CHECK_EQ(gr_send(self, ref, ping), 0); /* drops one more */
    for (int i = 7; i < 10; i++) CHECK_EQ(next_number(self), i);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), 7);
    kill_and_wait(self, ref);
    return 0;
}

Case(stash, g15_drop_oldest_drops_stashed_messages_first)
{
    run_seeds(1, 5, oldest);
}

static int ends(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, gate, (.loop = GR_SPREAD));
    gr_string text;
    CHECK_EQ(gr_string_copy(self, "kept", 4, &text), 0);
    gr_send(self, ref, words, .text = text);
    gr_send(self, ref, number, .value = 1);
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_await(self, future, 1000), GR_ETIMEOUT);
    gr_send(self, ref, quit, .reason = 5);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_EDOWN);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), 3);
    gr_future_release(future);
    return 0;
}

Case(stash, g11_at_an_end_what_is_set_aside_becomes_dead_letters)
{
    run_seeds(1, 5, ends);
    run_seeds(2, 5, ends);
}

/* ---- one at a time ---- */

/* A till: busy with one number until a `ping`; what comes meanwhile is set aside, and then taken up one by one. */
struct till {
    bool busy;     /* whether it waits for its ping */
    int64_t aside; /* calls of gr_stash */
};

static int till_start(gr_actor *self, struct till *till, const struct gr_nothing *m)
{
    CHECK_EQ(gr_unstash_one(self), 0); /* nothing is aside */
    return 0;
}

static void till_number(gr_actor *self, struct till *till, const struct number *m)
{
    if (till->busy) {
        CHECK_EQ(gr_stash(self), 0);
        till->aside++;
        return;
    }
    till->busy = true;
    gr_send(self, gr_sender(self), number, .value = m->value);
}

static void till_ping(gr_actor *self, struct till *till, const struct ping *m)
{
    till->busy = false;
    CHECK_EQ(gr_unstash_one(self), 0);
}

static void till_sum(gr_actor *self, struct till *till, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = till->aside);
}

GR_ACTOR(till, struct till, gr_nothing, till_start, GR_ON(number, till_number), GR_ON(ping, till_ping),
         GR_ON(get_sum, till_sum));

static int one_by_one(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, till, (.loop = GR_SPREAD));
    for (int i = 0; i < 5; i++) gr_send(self, ref, number, .value = i);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(next_number(self), i);
        no_mail(self, 100);
        gr_send(self, ref, number, .value = i + 5); /* behind those that wait */
        gr_send(self, ref, ping);
    }
    for (int i = 5; i < 10; i++) {
        CHECK_EQ(next_number(self), i);
        gr_send(self, ref, ping);
    }
    struct number aside;
    CHECK_EQ(gr_call(self, ref, &aside, gr_seconds(1), get_sum), 0);
    CHECK_EQ(aside.value, 9); /* each but the first, once */
    kill_and_wait(self, ref);
    return 0;
}

Case(stash, g1_one_at_a_time_comes_back_in_order_and_before_what_came_later)
{
    run_seeds(1, 5, one_by_one);
    run_seeds(2, 5, one_by_one);
    run_real(2, one_by_one);
}

static int one_with_bound(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, till, (.mailbox = {.messages = 3}));
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
        CHECK_EQ(gr_sleep(self, 1), 0); /* the first is at work, the others are set aside */
    }
    CHECK_EQ(gr_send(self, ref, number, .value = 4), GR_EFULL);
    CHECK_EQ(gr_try_send(self, ref, ping), GR_EFULL);
    CHECK_EQ(next_number(self), 0);
    kill_and_wait(self, ref);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), 3);
    return 0;
}

Case(stash, g15_what_is_left_aside_goes_on_to_count)
{
    run_seeds(1, 5, one_with_bound);
}

static int one_in_a_coroutine(gr_actor *self, void *argument)
{
    gr_ref me = gr_self(self);
    struct gr_mail mail;
    for (int i = 0; i < 6; i++) gr_send(self, me, number, .value = i);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(next_number(self), i);
        CHECK_EQ(gr_stash(self), 0);
    }
    gr_send(self, me, quit, .reason = 1);
    CHECK_EQ(gr_receive_type(self, &mail, quit, 0), 0); /* passes over 3, 4 and 5 */
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_unstash_one(self), 0);
        CHECK_EQ(next_number(self), i);
    }
    CHECK_EQ(gr_unstash_one(self), 0);
    for (int i = 3; i < 6; i++) CHECK_EQ(next_number(self), i);
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    return 0;
}

Case(stash, coroutines_take_up_one_at_a_time)
{
    run_seeds(1, 3, one_in_a_coroutine);
}

/* What was put back alone is older than all else, however it is put aside and back again. */
static int one_after_another(gr_actor *self, void *argument)
{
    gr_ref me = gr_self(self);
    struct gr_mail mail;
    for (int i = 0; i < 9; i++) gr_send(self, me, number, .value = i);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(next_number(self), i);
        CHECK_EQ(gr_stash(self), 0);
    }
    CHECK_EQ(gr_unstash_one(self), 0);
    CHECK_EQ(gr_unstash_one(self), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(gr_receive(self, &mail, 0), 0);
        CHECK_EQ(((const struct number *)mail.data)->value, i);
        CHECK(gr_ref_equal(mail.sender, me));
        CHECK_EQ(gr_stash(self), 0); /* not behind 2 to 5 */
    }
    CHECK_EQ(gr_unstash_one(self), 0);
    CHECK_EQ(gr_unstash(self), 0);
    for (int i = 0; i < 9; i++) CHECK_EQ(next_number(self), i);
    return 0;
}

Case(stash, g1_what_was_put_back_alone_keeps_its_place)
{
    run_seeds(1, 3, one_after_another);
}

static int one_is_forwarded(gr_actor *self, void *argument)
{
    gr_ref other = gr_spawn(self, echo), me = gr_self(self);
    for (int i = 0; i < 2; i++) gr_send(self, me, number, .value = i);
    CHECK_EQ(next_number(self), 0);
    CHECK_EQ(gr_stash(self), 0);
    CHECK_EQ(gr_unstash_one(self), 0);
    CHECK_EQ(next_number(self), 0);
    CHECK_EQ(gr_forward(self, other), 0);
    CHECK_EQ(next_number(self), 1);
    CHECK_EQ(gr_stash(self), 0);
    CHECK_EQ(next_number(self), 0); /* the echo */
    CHECK_EQ(gr_stash(self), 0);
    CHECK_EQ(gr_unstash_one(self), 0);
    CHECK_EQ(next_number(self), 1); /* it was set aside first */
    CHECK_EQ(gr_unstash(self), 0);
    CHECK_EQ(next_number(self), 0);
    return 0;
}

Case(stash, what_is_forwarded_is_not_older_than_others_there)
{
    run_seeds(1, 3, one_is_forwarded);
}

/* ---- coroutines ---- */

static int stasher_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_stash(self), GR_ECONTEXT);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
        if (gr_mail_as(&mail, ping) == NULL) CHECK_EQ(gr_stash(self), 0);
    }
    CHECK_EQ(gr_receive(self, &mail, 100), GR_ETIMEOUT);
    CHECK_EQ(gr_unstash(self), 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(gr_receive(self, &mail, 0), 0);
        CHECK_EQ(gr_mail_as(&mail, number)->value, i);
    }
    CHECK_EQ(gr_receive(self, &mail, 0), 0);
    CHECK(mail.is_request);
    gr_reply(self, get_sum, .value = 5);
    CHECK_EQ(gr_stash(self), 0); /* it was answered: nothing is lost with it */
    return 3;
}

GR_COROUTINE(stasher, gr_nothing, stasher_main);

static int coroutine(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, stasher, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    for (int i = 0; i < 4; i++) gr_send(self, ref, number, .value = i);
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_sum);
    gr_send(self, ref, ping);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
    CHECK_EQ(wait_for(self, monitor), 3);
    gr_future_release(future);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), 1);
    return 0;
}

Case(stash, coroutines_set_aside_what_they_have_received)
{
    run_seeds(1, 5, coroutine);
    run_seeds(2, 5, coroutine);
}

static int nobody(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_stash(NULL), GR_ECONTEXT);
    CHECK_EQ(gr_unstash(NULL), GR_ECONTEXT);
    CHECK_EQ(gr_unstash_one(NULL), GR_ECONTEXT);
    CHECK_EQ(gr_stash(self), GR_ECONTEXT);
    CHECK_EQ(gr_unstash(self), 0);
    CHECK_EQ(gr_unstash_one(self), 0);
    return 0;
}

Case(stash, without_a_message_there_is_nothing_to_set_aside)
{
    run_seeds(1, 1, nobody);
}
