/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of promises: futures set by hand, and requests answered later. */
#include "tests/unit/actors/tasks/tasks.h"

#include <greenroom/promise.h>

static int by_hand(gr_actor *self, void *argument)
{
    gr_promise promise, other, none = {0};
    gr_future *future = gr_promise_create(self, number, &promise);
    gr_future *failing = gr_promise_create(self, number, &other);
    CHECK_EQ(gr_future_state(future), GR_FUTURE_PENDING);
    CHECK_EQ(gr_await(self, future, gr_milliseconds(1)), GR_ETIMEOUT);
    CHECK_EQ(gr_fulfil(self, promise, ping), GR_EINVALID); /* of another type */
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 4), 0);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 5), GR_ENOTFOUND);
    CHECK_EQ(gr_promise_fail(self, promise, GR_ELIMIT, NULL), GR_ENOTFOUND);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
    CHECK_EQ(gr_future_as(future, number)->value, 4);
    CHECK_EQ(gr_fulfil(self, none, number, .value = 5), GR_ENOTFOUND);

    CHECK_EQ(gr_promise_fail(self, other, 0, NULL), GR_EINVALID);
    CHECK_EQ(gr_promise_fail(self, other, GR_ELIMIT, "there are only so many, and a long sentence to say it"),
             0);
    CHECK_EQ(gr_await(self, failing, GR_FOREVER), GR_ELIMIT);
    CHECK_TEXT(gr_future_text(failing), "there are only so many, and a long sentence to say it");
    CHECK(gr_future_as(failing, number) == NULL);
    CHECK_EQ(gr_promise_fail(self, other, GR_ELIMIT, NULL), GR_ENOTFOUND);
    gr_future_release(future);
    gr_future_release(failing);

    future = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_cancel(self, future), 0);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 5), GR_ENOTFOUND);
    CHECK_EQ(gr_future_error(future), GR_ECANCELLED);
    gr_future_release(future);
    future = gr_promise_create(self, words, &promise);
    gr_future_release(future);
    struct words text;
    CHECK_EQ(gr_string_format(self, &text.text, "a string that is long enough to have a count: %d", 1), 0);
    CHECK_EQ(gr_fulfil(self, promise, words, .text = text.text), GR_ENOTFOUND); /* takes the count */
    future = gr_promise_create(self, words, &promise);
    CHECK_EQ(gr_string_format(self, &text.text, "a string that is long enough to have a count: %d", 2), 0);
    CHECK_EQ(gr_fulfil(self, promise, words, .text = text.text), 0);
    gr_future_release(future);
    return 0;
}

Case(promise, is_set_once_and_a_second_set_is_refused)
{
    run_everywhere(by_hand);
}

static int counted(gr_actor *self, void *argument)
{
    struct gr_system_counts before, after;
    gr_promise promise;
    gr_system_count(gr_actor_system(self), &before);
    for (int i = 0; i < 3; i++) {
        gr_future *future = gr_promise_create(self, number, &promise);
        int error = i == 0 ? gr_fulfil(self, promise, number, .value = 1)
                           : gr_promise_fail(self, promise, 5, i == 1 ? "for a reason" : NULL);
        CHECK_EQ(error, 0);
        CHECK_EQ(gr_future_error(future), i == 0 ? 0 : 5);
        CHECK_TEXT(gr_future_text(future), i == 1 ? "for a reason" : gr_error_text(i == 0 ? 0 : 5));
        gr_future_release(future);
    }
    gr_system_count(gr_actor_system(self), &after);
    CHECK_EQ(after.requests - before.requests, 0);
    CHECK_EQ(after.replies - before.replies, 0);
    return 0;
}

Case(promise, of_ones_own_is_no_reply_whether_it_is_fulfilled_or_fails)
{
    run_seeds(1, 1, counted);
}

/* ---- requests that are answered later ---- */

struct putter {
    gr_promise kept[8]; /* what was put aside */
    int count;          /* of those */
};

static int putter_start(gr_actor *self, struct putter *putter, const struct gr_nothing *m)
{
    CHECK_EQ(gr_defer(self, get_sum, &putter->kept[0]), GR_ECONTEXT);
    return 0;
}

static void putter_get_sum(gr_actor *self, struct putter *putter, const struct get_sum *m)
{
    CHECK_EQ(gr_defer(self, get_words, &putter->kept[7]), GR_ECONTEXT);
    CHECK_EQ(gr_defer(self, get_sum, &putter->kept[putter->count]), 0);
    CHECK_EQ(gr_defer(self, get_sum, &putter->kept[7]), GR_ECONTEXT); /* no more */
    CHECK_EQ(gr_reply(self, get_sum, .value = 1), GR_ECONTEXT);
    putter->count++;
}

/* Answers all that it has kept, the last one first; those below 0 by an error. */
static void putter_number(gr_actor *self, struct putter *putter, const struct number *m)
{
    while (putter->count > 0) {
        gr_promise promise = putter->kept[--putter->count];
        if (m->value < 0)
            gr_promise_fail(self, promise, (int)m->value,
                            "not today, and the reason for that is a longer story");
        else
            gr_fulfil(self, promise, number, .value = m->value + putter->count);
        CHECK_EQ(gr_fulfil(self, promise, number, .value = 99), GR_ENOTFOUND);
    }
}

static void putter_quit(gr_actor *self, struct putter *putter, const struct quit *m)
{
    gr_exit(self, m->reason);
}
GR_ACTOR(putter, struct putter, gr_nothing, putter_start, GR_ON(get_sum, putter_get_sum),
         GR_ON(number, putter_number), GR_ON(quit, putter_quit));

static int deferred(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, putter, (.loop = far(self)));
    gr_future *asked[3];
    for (int i = 0; i < 3; i++) asked[i] = gr_ask(self, ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_await(self, asked[0], gr_milliseconds(10)), GR_ETIMEOUT);
    gr_send(self, ref, number, .value = 10);
    for (int i = 0; i < 3; i++) CHECK_EQ(take_number(self, asked[i]), 10 + i);

    gr_future *failed = gr_ask(self, ref, GR_FOREVER, get_sum);
    gr_send(self, ref, number, .value = GR_EEXISTS);
    CHECK_EQ(gr_await(self, failed, GR_FOREVER), GR_EEXISTS);
    CHECK_TEXT(gr_future_text(failed), "not today, and the reason for that is a longer story");
    gr_future_release(failed);

    gr_future *late = gr_ask(self, ref, gr_milliseconds(10), get_sum);
    CHECK_EQ(take_number(self, late), GR_ETIMEOUT);
    gr_send(self, ref, number, .value = 20);
    struct number out;
    gr_future *dropped = gr_ask(self, ref, GR_FOREVER, get_sum);
    gr_send(self, ref, quit, .reason = 0);
    CHECK_EQ(take_number(self, dropped), GR_EUNANSWERED);
    CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_sum) < 0, true);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 1);
    return 0;
}

Case(promise, g8_a_deferred_request_is_answered_later_or_ends_with_its_holder)
{
    run_everywhere(deferred);
}

static int coroutine_keeper(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    gr_promise promise;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK(mail.is_request);
    CHECK_EQ(gr_defer(self, get_words, &promise), 0);
    if (gr_sleep(self, gr_seconds(1)) != 0) return 0;
    gr_string text;
    CHECK_EQ(gr_string_format(self, &text, "a string that is long enough to have a count: %d", 3), 0);
    CHECK_EQ(gr_fulfil(self, promise, words, .text = text), 0);
    return 0;
}
GR_COROUTINE(coroutine_keeper, gr_nothing, coroutine_keeper);

static int from_coroutine(gr_actor *self, void *argument)
{
    struct words out;
    gr_ref ref = gr_spawn_with(self, coroutine_keeper, (.loop = far(self)));
    CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_words, .value = 1), 0);
    CHECK_EQ(gr_string_compare(out.text, gr_string_static("a string that is long enough to have a count: 3")),
             0);
    gr_string_release(out.text);
    ref = gr_spawn_with(self, coroutine_keeper, (.loop = far(self)));
    gr_future *future = gr_ask(self, ref, GR_FOREVER, get_words, .value = 1);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_EQ(gr_kill(self, ref), 0); /* with the request put aside */
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_EUNANSWERED);
    gr_future_release(future);
    return 0;
}

Case(promise, a_coroutine_defers_too_and_its_death_ends_the_request)
{
    run_seeds(1, 3, from_coroutine);
    run_seeds(2, 5, from_coroutine);
}

static int strangers;

/* Gets another actor's promise while it has one of its own. */
static int stranger_main(gr_actor *self, const struct number *theirs)
{
    gr_promise own;
    gr_future *future = gr_promise_create(self, number, &own);
    CHECK(own.handle != (uint64_t)theirs->value);
    CHECK_EQ(gr_fulfil(self, (gr_promise){(uint64_t)theirs->value}, number, .value = 1), GR_ENOTFOUND);
    CHECK(!gr_future_done(future));
    gr_future_release(future);
    strangers++;
    return 0;
}

GR_COROUTINE(stranger, number, stranger_main);

static int of_another(gr_actor *self, void *argument)
{
    gr_promise promise;
    gr_future *future = gr_promise_create(self, number, &promise);
    strangers = 0;
    for (int i = 0; i < 20; i++)
        (void)wait_down(self,
                        gr_spawn_with(self, stranger, (.loop = GR_SPREAD), .value = (int64_t)promise.handle));
    CHECK_EQ(strangers, 20);
    CHECK(!gr_future_done(future));
    gr_future_release(future);
    return 0;
}

Case(promise, of_another_actor_sets_nothing)
{
    run_seeds(1, 3, of_another);
    run_seeds(2, 5, of_another);
}
