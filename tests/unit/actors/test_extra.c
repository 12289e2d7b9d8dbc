/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the texts of errors: each actor has its own, each thread too. */
#include "tests/support/world/case.h"

static int one_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    gr_ref null = {0, 0, 0};
    CHECK_TEXT(gr_last_error(self), gr_error_text(GR_OK));
    CHECK_EQ(gr_send(self, null, ping), GR_ESTALE);
    CHECK(strstr(gr_last_error(self), "ping") != NULL);
    return 0;
}

static void one_ping(gr_actor *self, char *state, const struct ping *m)
{
    CHECK(strstr(gr_last_error(self), "ping") != NULL); /* it stays until the next failure */
    CHECK_EQ(gr_demonitor(self, 5), GR_ENOTFOUND);
    CHECK(strstr(gr_last_error(self), "gr_demonitor") != NULL);
    gr_exit(self, 4);
}

GR_ACTOR(one, char, gr_nothing, one_start, GR_ON(ping, one_ping));

static int texts(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_timer_cancel(self, 1), GR_ENOTFOUND);
    gr_ref ref = gr_spawn(self, one);
    uint64_t monitor = watch(self, ref);
    gr_send(self, ref, ping);
    CHECK_EQ(wait_for(self, monitor), 4);
    CHECK(strstr(gr_last_error(self), "gr_timer_cancel") != NULL); /* another actor's errors don't matter */
    gr_ref null = {0, 0, 0};
    CHECK_EQ(gr_send(NULL, null, unknown), GR_ESTALE);
    CHECK(strstr(gr_last_error(NULL), "unknown") != NULL);
    CHECK(strstr(gr_last_error(self), "gr_timer_cancel") != NULL);
    return 0;
}

Case(extra, each_actor_keeps_the_text_of_its_last_error)
{
    run_everywhere(texts);
}

static int long_names(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_await(self, NULL, 0), GR_ENOMEM);
    CHECK(strlen(gr_last_error(self)) > 0 && strlen(gr_last_error(self)) < 200);
    return 0;
}

Case(extra, a_text_is_never_empty)
{
    run_seeds(1, 1, long_names);
    CHECK(strlen(gr_last_error(NULL)) > 0);
}

/* ---- waits, which have a code alone ---- */

static int refuse_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    struct gr_mail mail;
    int error = gr_fail(self, GR_ETIMEOUT,
                        "the first database did not answer"); /* handled: the second is asked */
    CHECK_EQ(error, GR_ETIMEOUT);
    return gr_receive(self, &mail, gr_milliseconds(1));
}

GR_TASK(second_database, gr_nothing, gr_nothing, refuse_run);

static int says_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    return gr_fail(self, 7, "no disk");
}

GR_TASK(says_why, gr_nothing, gr_nothing, says_run);

/* Notes a text that the next call must not leave. */
static void be_stale(gr_actor *self)
{
    CHECK_EQ(gr_demonitor(self, 5), GR_ENOTFOUND);
    CHECK(strstr(gr_last_error(self), "gr_demonitor") != NULL);
}

static void check_code(gr_actor *self, int got, int wanted)
{
    CHECK_EQ(got, wanted);
    CHECK_TEXT(gr_last_error(self), gr_error_text(wanted));
    be_stale(self);
}

static int codes(gr_actor *self, void *argument)
{
    struct gr_mail mail;
    struct number out;
    gr_promise promise;
    gr_ref ref = gr_spawn(self, server, .value = 1);
    gr_future *future = gr_promise_create(self, number, &promise);
    gr_future *array[] = {future}, *done;
    gr_completions *completions = gr_as_completed(self, array, 1);
    be_stale(self);
    check_code(self, gr_receive(self, &mail, 0), GR_ETIMEOUT);
    check_code(self, gr_receive(self, &mail, 1000), GR_ETIMEOUT);
    check_code(self, gr_receive_type(self, &mail, ping, 1000), GR_ETIMEOUT);
    check_code(self, gr_await(self, future, 0), GR_ETIMEOUT);
    check_code(self, gr_await(self, future, 1000), GR_ETIMEOUT);
    check_code(self, gr_wait(self, array, 1, GR_WAIT_ALL, NULL, 0), GR_ETIMEOUT);
    check_code(self, gr_next_done(self, completions, &done, 1000), GR_ETIMEOUT);
    check_code(self, gr_call(self, ref, &out, gr_seconds(1), get_nothing), GR_EUNANSWERED);
    check_code(self, gr_call(self, ref, &out, GR_FOREVER, fail_with, .error = 5), 5);
    check_code(self, gr_wait_for(self, future, 1000), GR_ETIMEOUT);
    check_code(self, gr_await(self, future, 0), GR_ECANCELLED);
    gr_completions_release(completions);
    gr_future_release(future);
    return 0;
}

Case(extra, a_wait_that_fails_leaves_no_older_text)
{
    run_everywhere(codes);
}

static int outcomes(gr_actor *self, void *argument)
{
    struct number out;
    gr_ref null = {0, 0, 0};
    gr_future *future = gr_start(self, second_database);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_ETIMEOUT);
    CHECK_TEXT(gr_future_text(future), gr_error_text(GR_ETIMEOUT));
    gr_future_release(future);
    future = gr_start(self, says_why);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 7);
    CHECK_TEXT(gr_last_error(self), "no disk");
    be_stale(self);
    CHECK_EQ(gr_gather(self, &future, 1, 0, GR_FOREVER), 7);
    CHECK_TEXT(gr_last_error(self), "no disk");
    gr_future_release(future);
    CHECK_EQ(gr_call(self, null, &out, GR_FOREVER, get_sum), GR_ESTALE);
    CHECK(strstr(gr_last_error(self), "a get_sum request was not sent") != NULL);
    future = gr_ask(self, null, GR_FOREVER, get_sum);
    be_stale(self);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_ESTALE);
    CHECK(strstr(gr_last_error(self), "a get_sum request was not sent") != NULL);
    gr_future_release(future);
    future = gr_start_with(self, says_why, (.loop = 99));
    CHECK_EQ(gr_await(self, future, GR_FOREVER), GR_EINVALID);
    CHECK(strstr(gr_future_text(future), ".loop = GR_LOOP(98)") != NULL);
    gr_future_release(future);
    return 0;
}

Case(extra, what_an_outcome_says_of_itself_is_the_last_error)
{
    run_everywhere(outcomes);
}
