/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of requests between actors: each ends once, with whichever outcome comes first. */
#include "tests/support/world/case.h"

#include <stdlib.h>

static gr_ref far(gr_actor *self)
{
    return gr_spawn_with(self, server, (.loop = GR_LOOP(gr_system_loops(gr_actor_system(self)) - 1)),
                         .value = 7);
}

static int outcomes(gr_actor *self, void *argument)
{
    gr_ref ref = far(self), null = {0, 0, 0};
    struct number out = {-1};
    CHECK_EQ(gr_call(self, ref, &out, gr_seconds(5), get_sum), 0);
    CHECK_EQ(out.value, 7);
    CHECK_EQ(gr_call(self, ref, &out, gr_seconds(5), get_nothing), GR_EUNANSWERED);
    CHECK_EQ(gr_call(self, ref, &out, gr_seconds(5), unknown_request), GR_EUNHANDLED);
    CHECK_EQ(gr_call(self, ref, &out, gr_seconds(5), fail_with, .error = GR_ELIMIT), GR_ELIMIT);
    CHECK_EQ(gr_call(self, ref, &out, gr_seconds(5), fail_with, .error = 77), 77);
    CHECK_EQ(gr_call(self, null, &out, gr_seconds(5), get_sum), GR_ESTALE);
    CHECK_TEXT(gr_last_error(self),
               "a get_sum request was not sent: the reference is null (did a spawn fail?)");
    gr_ref other = {ref.seat + 1, ref.slot, ref.generation};
    CHECK_EQ(gr_call(self, other, &out, gr_seconds(5), get_sum), GR_ESYSTEM);
    CHECK_EQ(gr_call(self, ref, &out, -1, get_sum), GR_EINVALID);
    CHECK_EQ(out.value, 7);
    return 0;
}

Case(request, g8_a_request_ends_with_the_value_or_the_error_that_fits)
{
    run_everywhere(outcomes);
}

static int strings(gr_actor *self, void *argument)
{
    gr_ref ref = far(self);
    for (int i = 0; i < 20; i++) {
        struct words out;
        CHECK_EQ(gr_call(self, ref, &out, gr_seconds(5), get_words, .value = i), 0);
        char wanted[32];
        snprintf(wanted, sizeof wanted, "number %d", i);
        CHECK_EQ(gr_string_compare(out.text, gr_string_static(wanted)), 0);
        gr_string_release(out.text); /* the caller's */
        gr_future *future = gr_ask(self, ref, gr_seconds(5), get_words, .value = i);
        CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
        const struct words *value = gr_future_value(future, get_words);
        CHECK(value != NULL && gr_string_compare(value->text, gr_string_static(wanted)) == 0);
        gr_future_release(future); /* releases the string too */
    }
    return 0;
}

Case(request, answers_carry_strings_across_loops)
{
    run_everywhere(strings);
}

static int large_answers(gr_actor *self, void *argument)
{
    gr_ref ref = far(self);
    struct get_large *question = calloc(1, sizeof *question);
    struct large *answer = calloc(1, sizeof *answer);
    memset(question->bytes, 0x42, sizeof question->bytes);
    CHECK_EQ(gri_call(self, ref, &large_gr_type, answer, gr_seconds(5), &get_large_gr_type, question), 0);
    CHECK_EQ(memcmp(answer->bytes, question->bytes, sizeof answer->bytes), 0);
    /* One that comes late, and one that nobody waits for. */
    gr_future *late = gri_ask(self, ref, &large_gr_type, 0, &get_large_gr_type, question);
    gr_future *dropped = gri_ask(self, ref, &large_gr_type, gr_seconds(5), &get_large_gr_type, question);
    gr_future_release(dropped);
    int outcome = gr_await(self, late, GR_FOREVER); /* on one loop the answer may be faster than the clock */
    CHECK(outcome == GR_ETIMEOUT || outcome == 0);
    gr_future_release(late);
    free(question);
    free(answer);
    return 0;
}

Case(request, answers_may_be_as_large_as_messages)
{
    run_seeds(1, 4, large_answers);
    run_seeds(2, 4, large_answers);
}

/* ---- time ---- */

/* A coroutine that answers get_sum after the number's nanoseconds. */
static int late_main(gr_actor *self, const struct number *m)
{
    struct gr_mail mail;
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        if (gr_sleep(self, m->value) != 0) break;
        if (gr_mail_as(&mail, get_sum) != NULL) note("%d", gr_reply(self, get_sum, .value = 1));
    }
    return 0;
}

GR_COROUTINE(late, number, late_main);

static int timeouts(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, late, (.loop = GR_SPREAD), .value = gr_milliseconds(20));
    struct number out;
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_call(self, ref, &out, gr_milliseconds(10), get_sum), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, gr_milliseconds(10));
    begin = gr_now(self);
    CHECK_EQ(gr_call(self, ref, &out, gr_milliseconds(31), get_sum),
             0); /* it answers the first one until 20 */
    CHECK_EQ(gr_now(self) - begin, gr_milliseconds(30));
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 1);
    CHECK_EQ(gr_call(self, ref, &out, 0, get_sum), GR_ETIMEOUT);
    no_mail(self, gr_milliseconds(100));
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 2);
    return 0;
}

Case(request, g9_a_late_reply_is_counted_and_reaches_nobody)
{
    run_seeds(1, 10, timeouts);
    run_seeds(3, 10, timeouts);
}

static int awaiting(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, late, .value = gr_milliseconds(20));
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_sum);
    CHECK(!gr_future_done(future));
    CHECK_EQ(gr_future_error(future), GR_EBUSY);
    CHECK(gr_future_value(future, get_sum) == NULL);
    CHECK_EQ(gr_await(self, future, 0), GR_ETIMEOUT);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_await(self, future, gr_milliseconds(5)), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, gr_milliseconds(5));
    CHECK(!gr_future_done(future));
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
    CHECK_EQ(gr_now(self) - begin, gr_milliseconds(20));
    CHECK(gr_future_done(future));
    CHECK_EQ(gr_await(self, future, 0), 0);
    CHECK_EQ(gr_future_error(future), 0);
    CHECK_EQ(gr_future_value(future, get_sum)->value, 1);
    CHECK(gri_future_value(future, &words_gr_type) == NULL);
    CHECK_EQ(gr_await(NULL, future, 0), GR_ECONTEXT);
    gr_future_release(future);
    CHECK_EQ(gr_await(self, NULL, 0), GR_ENOMEM);
    gr_future_release(NULL);
    return 0;
}

Case(request, g8_waiting_shorter_than_the_request_leaves_it_pending)
{
    run_seeds(1, 5, awaiting);
    run_seeds(2, 5, awaiting);
}

static int release_pending(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, late, (.loop = GR_SPREAD), .value = gr_milliseconds(5));
    for (int i = 0; i < 10; i++) gr_future_release(gr_ask(self, ref, gr_seconds(1), get_sum));
    gr_future *negative = gr_ask(self, ref, -5, get_sum);
    CHECK_EQ(gr_future_error(negative), GR_EINVALID);
    CHECK_EQ(gr_await(self, negative, -5), GR_EINVALID);
    gr_future_release(negative);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 10);
    no_mail(self, 0);
    return 0;
}

Case(request, g9_releasing_a_pending_future_makes_its_answer_late)
{
    run_seeds(1, 5, release_pending);
    run_seeds(2, 5, release_pending);
}

/* ---- ends ---- */

static int receiver_ends(gr_actor *self, void *argument)
{
    /* One is being handled, two wait in the mailbox. */
    gr_ref ref = gr_spawn_with(self, late, (.loop = GR_SPREAD), .value = gr_seconds(1000));
    gr_future *futures[3];
    for (int i = 0; i < 3; i++) futures[i] = gr_ask(self, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(10)), 0);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_kill(self, ref), 0);
    CHECK_EQ(gr_await(self, futures[0], GR_FOREVER), GR_EUNANSWERED);
    CHECK_EQ(gr_await(self, futures[1], GR_FOREVER), GR_EDOWN);
    CHECK_EQ(gr_await(self, futures[2], GR_FOREVER), GR_EDOWN);
    CHECK(gr_now(self) - begin < gr_seconds(1));
    for (int i = 0; i < 3; i++) gr_future_release(futures[i]);
    return 0;
}

Case(request, g8_the_receivers_end_ends_its_requests_promptly)
{
    run_everywhere(receiver_ends);
}

static int asker_main(gr_actor *self, const struct address *m)
{
    gr_future *forgotten = gr_ask(self, m->ref, GR_FOREVER, get_sum);
    CHECK(!gr_future_done(forgotten)); /* released with the actor */
    return 3;
}

GR_COROUTINE(asker, address, asker_main);

static int asker_ends(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, late, (.loop = GR_SPREAD), .value = gr_milliseconds(10));
    gr_ref asks = gr_spawn_with(self, asker, (.loop = GR_SPREAD), .ref = ref);
    int reason = wait_down(self, asks);
    CHECK(reason == 3 || reason == GR_ESTALE);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(50)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 1);
    CHECK_TEXT(notes(), "-3"); /* gr_reply knows that the asker has ended */
    return 0;
}

Case(request, an_actors_futures_end_with_it_and_its_answerer_learns_of_it)
{
    run_everywhere(asker_ends);
}

static int waiting_main(gr_actor *self, const struct address *m)
{
    struct number out;
    int error = gr_call(self, m->ref, &out, GR_FOREVER, get_sum);
    note("%d", error);
    note("%d", gr_call(self, m->ref, &out, GR_FOREVER, get_sum));
    return 0;
}

GR_COROUTINE(waiting, address, waiting_main);

static int killed_waiting(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, late, (.loop = GR_SPREAD), .value = gr_milliseconds(10));
    gr_ref asks = gr_spawn_with(self, waiting, (.loop = GR_SPREAD), .ref = ref);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    kill_and_wait(self, asks);
    CHECK(strstr(notes(), "-11 -11") != NULL);
    return 0;
}

Case(request, a_coroutine_that_waits_for_an_answer_can_be_killed)
{
    run_seeds(1, 5, killed_waiting);
    run_seeds(3, 5, killed_waiting);
}

/* ---- handler actors ---- */

struct keeper {
    gr_future *future; /* asked at the start */
};

static int keeper_start(gr_actor *self, struct keeper *k, const struct address *m)
{
    struct number out;
    struct words text;
    k->future = gr_ask(self, m->ref, gr_seconds(60), get_sum);
    CHECK_EQ(gr_await(self, k->future, gr_seconds(1)), GR_ECONTEXT);
    CHECK_EQ(gr_call(self, m->ref, &out, gr_seconds(1), get_sum), GR_ECONTEXT);
    CHECK_EQ(gr_call(self, m->ref, &text, gr_seconds(1), get_words, .value = 1), GR_ECONTEXT);
    CHECK_EQ(gr_call(NULL, m->ref, &out, gr_seconds(1), get_sum), GR_ECONTEXT); /* it would stop this loop */
    CHECK(strlen(gr_last_error(self)) > 0);
    return 0;
}

static void keeper_get_sum(gr_actor *self, struct keeper *k, const struct get_sum *m)
{
    const struct number *value = gr_future_value(k->future, get_sum);
    gr_reply(self, get_sum, .value = value != NULL ? value->value : gr_future_error(k->future));
}

GR_ACTOR(keeper, struct keeper, address, keeper_start, GR_ON(get_sum, keeper_get_sum));

static int handlers_ask(gr_actor *self, void *argument)
{
    gr_ref ref = far(self);
    gr_ref keeps = gr_spawn_with(self, keeper, (.loop = GR_SPREAD), .ref = ref);
    struct number out = {GR_EBUSY};
    for (int i = 0; i < 60000 && out.value == GR_EBUSY; i++) { /* until its own request has been answered */
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        if (!CHECK_EQ(gr_call(self, keeps, &out, gr_seconds(10), get_sum), 0)) return 0;
    }
    CHECK_EQ(out.value, 7);
    return 0;
}

Case(request, a_handler_may_ask_but_not_wait)
{
    run_everywhere(handlers_ask);
}

/* ---- answering ---- */

static int wrong_replies_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    CHECK_EQ(gr_reply(self, get_sum, .value = 1), GR_ECONTEXT);
    CHECK_EQ(gr_reply_error(self, GR_EFULL), GR_ECONTEXT);
    return 0;
}

static void wrong_replies_number(gr_actor *self, char *state, const struct number *m)
{
    CHECK_EQ(gr_reply(self, get_sum, .value = 1), GR_ECONTEXT);
}

static void wrong_replies_get_sum(gr_actor *self, char *state, const struct get_sum *m)
{
    gr_string text;
    CHECK_EQ(gr_string_copy(self, "x", 1, &text), 0);
    CHECK_EQ(gr_reply(self, get_words, .text = text), GR_ECONTEXT); /* takes the count all the same */
    CHECK_EQ(gr_reply_error(self, 0), GR_EINVALID);
    CHECK_TEXT(gr_last_error(self), "gr_reply_error: 0 is no error: gr_reply answers with a value");
    CHECK_EQ(gr_reply(self, get_sum, .value = 5), 0);
    CHECK_EQ(gr_reply(self, get_sum, .value = 6), GR_ECONTEXT);
    CHECK_EQ(gr_reply_error(self, GR_EFULL), GR_ECONTEXT);
}

GR_ACTOR(wrong_replies, char, gr_nothing, wrong_replies_start, GR_ON(number, wrong_replies_number),
         GR_ON(get_sum, wrong_replies_get_sum));

static int replies(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, wrong_replies, (.loop = GR_SPREAD));
    gr_send(self, ref, number, .value = 1);
    struct number out;
    CHECK_EQ(gr_call(self, ref, &out, gr_seconds(1), get_sum), 0);
    CHECK_EQ(out.value, 5);
    CHECK_EQ(gr_reply(self, get_sum, .value = 1), GR_ECONTEXT);
    CHECK_EQ(gr_reply_error(self, 1), GR_ECONTEXT);
    return 0;
}

Case(request, g8_a_request_is_answered_once_and_with_its_own_type)
{
    run_everywhere(replies);
    cr_assert_eq(gr_reply(NULL, get_sum, .value = 1), GR_ECONTEXT);
    cr_assert_eq(gr_reply_error(NULL, 1), GR_ECONTEXT);
}

static int many(gr_actor *self, void *argument)
{
    gr_ref refs[3];
    static gr_future *futures[3000];
    for (int i = 0; i < 3; i++) refs[i] = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 100 * i);
    for (int i = 0; i < 3000; i++)
        futures[i] = gr_ask(self, refs[i % 3], gr_seconds(60), get_words, .value = i);
    for (int i = 2999; i >= 0; i--) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "number %d", i);
        CHECK_EQ(gr_await(self, futures[i], GR_FOREVER), 0);
        CHECK_EQ(gr_string_compare(gr_future_value(futures[i], get_words)->text, gr_string_static(wanted)),
                 0);
        gr_future_release(futures[i]);
    }
    return 0;
}

Case(request, g8_many_requests_under_way_each_get_their_own_answer)
{
    run_everywhere(many);
}
