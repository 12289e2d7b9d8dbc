/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of gr_call: its short way on one loop and the long one end alike. */
#include "tests/support/world/case.h"

#include <greenroom/scope.h>

/* A coroutine that adds up numbers and tells who asks for the sum. */
static int add(gr_actor *self, const struct number *start)
{
    struct gr_mail mail;
    int64_t sum = start->value;
    int error;
    while ((error = gr_receive(self, &mail, GR_FOREVER)) == 0) {
        const struct number *number = gr_mail_as(&mail, number);
        if (number != NULL) sum += number->value;
        if (gr_mail_as(&mail, get_sum) != NULL) {
            CHECK(mail.is_request && mail.sender.generation != 0);
            CHECK_EQ(gr_reply(self, get_sum, .value = sum), 0);
            CHECK_EQ(gr_reply(self, get_sum, .value = -1), GR_ECONTEXT);
        }
    }
    return error == GR_ESTOPPED ? 0 : error;
}

GR_COROUTINE(adder, number, add);

static int in_order(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, adder, (.loop = GR_SPREAD), .value = 5);
    int64_t wanted = 5;
    struct gr_system_counts before, after;
    gr_system_count(gr_actor_system(self), &before);
    for (int i = 0; i < 300; i++) {
        struct number out = {-1};
        for (int k = 0; k < i % 4; k++) {
            CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
            wanted += i;
        }
        CHECK_EQ(gr_call(self, ref, &out, i % 3 ? GR_FOREVER : gr_seconds(5), get_sum), 0);
        CHECK_EQ(out.value, wanted);
    }
    gr_system_count(gr_actor_system(self), &after);
    CHECK_EQ(after.requests - before.requests, 300);
    CHECK_EQ(after.replies - before.replies, 300);
    return 0;
}

Case(call, g3_a_call_comes_behind_what_was_sent_before_it)
{
    run_everywhere(in_order);
}

static int full(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(
        self, sleeper,
        (.loop = GR_LOOP(gr_loop_index(self)), .mailbox = {.messages = 2, .policy = GR_POLICY_REJECT}),
        .value = gr_seconds(1));
    struct number out;
    CHECK_EQ(gr_send(self, ref, ping), 0);
    CHECK_EQ(gr_send(self, ref, ping), 0);
    CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_sum), GR_EFULL);
    return 0;
}

Case(call, g8_a_call_to_a_full_mailbox_ends_as_its_policy_says)
{
    run_seeds(1, 5, full);
}

/* Calls one that answers late, and is killed meanwhile. */
static int call_for_ever(gr_actor *self, const struct address *start)
{
    struct number out;
    return gr_call(self, start->ref, &out, GR_FOREVER, get_sum);
}

GR_COROUTINE(caller_for_ever, address, call_for_ever);

static int answer_late(gr_actor *self, const struct number *start)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, start->value), 0);
    CHECK_EQ(gr_reply(self, get_sum, .value = 1), GR_ESTALE);
    return 0;
}

GR_COROUTINE(tardy, number, answer_late);

static int killed(gr_actor *self, void *argument)
{
    gr_ref late = gr_spawn(self, tardy, .value = 100);
    gr_ref ref = gr_spawn(self, caller_for_ever, .ref = late);
    uint64_t monitor = watch(self, ref);
    CHECK_EQ(gr_sleep(self, 10), 0);
    CHECK_EQ(gr_kill(self, ref), 0);
    CHECK_EQ(wait_for(self, monitor), GR_EKILLED);
    CHECK_EQ(wait_down(self, late), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 1);
    return 0;
}

Case(call, g9_an_answer_for_a_caller_that_was_killed_reaches_nobody)
{
    run_seeds(1, 10, killed);
}

/* Answers once, after a while, with what that was. */
static int answer_after(gr_actor *self, const struct number *start)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, start->value), 0);
    CHECK_EQ(gr_reply(self, get_sum, .value = start->value), 0);
    return 0;
}

GR_COROUTINE(late_answerer, number, answer_after);

static int given_up(gr_actor *self, void *argument)
{
    struct number out = {-1};
    gr_ref first = gr_spawn(self, late_answerer, .value = 1000),
           second = gr_spawn(self, late_answerer, .value = 5000);
    uint64_t monitors[] = {watch(self, first), watch(self, second)};
    gr_scope *scope = gr_scope_open(self, 100);
    CHECK_EQ(gr_call(self, first, &out, GR_FOREVER, get_sum), GR_ECANCELLED);
    CHECK_EQ(gr_scope_close(self, scope), GR_ETIMEOUT);
    CHECK_EQ(gr_call(self, second, &out, GR_FOREVER, get_sum), 0); /* the first answer comes meanwhile */
    CHECK_EQ(out.value, 5000);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 1);
    for (int i = 0; i < 2; i++) CHECK_EQ(wait_for(self, monitors[i]), 0);
    return 0;
}

Case(call, g9_an_answer_to_a_call_that_was_given_up_is_not_taken_for_that_of_the_next)
{
    run_seeds(1, 10, given_up);
    run_seeds(3, 10, given_up);
}

/* ---- where it is not allowed ---- */

static int no_start(gr_actor *self, struct number *state, const struct address *m)
{
    return 0;
}

static void call_in_handler(gr_actor *self, struct number *state, const struct address *m)
{
    struct words out;
    struct gr_system_counts before, after;
    gr_system_count(gr_actor_system(self), &before);
    CHECK_EQ(gr_call(self, m->ref, &out, GR_FOREVER, get_words), GR_ECONTEXT);
    CHECK_EQ(gr_call(NULL, m->ref, &out, GR_FOREVER, get_words), GR_ECONTEXT);
    CHECK(strncmp(gr_last_error(NULL), "gr_call: waiting here would stop", 32) == 0);
    gr_system_count(gr_actor_system(self), &after);
    CHECK_EQ(after.requests, before.requests); /* nothing was asked */
    note("refused");
}

GR_ACTOR(calling_handler, struct number, address, no_start, GR_ON(address, call_in_handler));

static int in_handler(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref ref = gr_spawn(self, calling_handler, .ref = gr_self(self));
    CHECK_EQ(gr_send(self, ref, address, .ref = gr_self(self)), 0);
    CHECK_EQ(gr_sleep(self, 10), 0);
    CHECK_TEXT(notes(), "refused");
    return 0;
}

Case(call, a_handler_cannot_call)
{
    run_seeds(1, 1, in_handler);
}
