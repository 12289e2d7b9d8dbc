/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of plain threads: sends, requests and control with self NULL, to systems that run, stop, and are gone. */
#include "base/platform.h"
#include "tests/support/world/case.h"

/* A system that runs on a thread of its own. */
struct running {
    gr_system *system; /* which */
    gri_thread thread; /* runs it */
};

static void *run_main(void *argument)
{
    CHECK_EQ(gr_system_run(argument), 0);
    return NULL;
}

static struct running start(int loops)
{
    struct running r = {.system = NULL};
    cr_assert_eq(gr_system_create(&r.system, .loops = loops), 0);
    cr_assert_eq(gri_thread_create(&r.thread, run_main, r.system, "runs"), 0);
    return r;
}

static void end(struct running *r)
{
    CHECK_EQ(gr_system_stop(r->system, gr_seconds(20), NULL, 0, NULL), 0);
    gri_thread_join(r->thread);
    gr_system_destroy(r->system);
}

/* Takes a request and never answers it. */
static int mute_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    if (gr_receive(self, &mail, GR_FOREVER) != 0) return 0;
    return gr_sleep(self, gr_seconds(1000)) == 0;
}

GR_COROUTINE(mute, gr_nothing, mute_main);

static void talk(int loops)
{
    struct running r = start(loops);
    for (int loop = 0; loop < loops; loop++) {
        gr_ref ref = gr_system_spawn(r.system, server, (.loop = GR_LOOP(loop)), .value = 5);
        struct number sum = {0};
        struct words text;
        for (int i = 0; i < 100; i++) CHECK_EQ(gr_send(NULL, ref, number, .value = i), 0);
        CHECK_EQ(gr_call(NULL, ref, &sum, gr_seconds(20), get_sum), 0);
        CHECK_EQ(sum.value, 5 + 4950);
        CHECK_EQ(gr_try_send(NULL, ref, number, .value = 1), 0);
        CHECK_EQ(gr_call(NULL, ref, &text, GR_FOREVER, get_words, .value = 11), 0);
        CHECK_EQ(gr_string_compare(text.text, gr_string_static("number 11")), 0);
        gr_string_release(text.text);
        CHECK_EQ(gr_call(NULL, ref, &sum, gr_seconds(20), get_nothing), GR_EUNANSWERED);
        CHECK_EQ(gr_call(NULL, ref, &sum, gr_seconds(20), unknown_request), GR_EUNHANDLED);
        CHECK_EQ(gr_call(NULL, ref, &sum, gr_seconds(20), fail_with, .error = 9), 9);
    }
    end(&r);
}

Case(foreign, g1_g8_a_plain_thread_sends_in_order_and_gets_each_outcome)
{
    talk(1);
    talk(2);
}

Case(foreign, large_messages_and_answers_reach_plain_threads)
{
    struct running r = start(2);
    gr_ref ref = gr_system_spawn(r.system, server, (.loop = GR_LOOP(1)), .value = 5);
    static struct get_large question;
    static struct large answer;
    memset(&question, 0x17, sizeof question);
    CHECK_EQ(gri_call(NULL, ref, &large_gr_type, &answer, GR_FOREVER, &get_large_gr_type, &question), 0);
    CHECK_EQ(memcmp(&question, &answer, sizeof answer), 0);
    CHECK_EQ(gri_send(NULL, ref, &get_large_gr_type, &question), 0);
    end(&r);
}

Case(foreign, deadlines_of_plain_threads_hold_and_late_replies_are_dropped)
{
    struct running r = start(1);
    gr_ref ref = gr_system_spawn(r.system, mute, ());
    struct number out;
    CHECK_EQ(gr_call(NULL, ref, &out, -1, get_sum), GR_EINVALID);
    CHECK_EQ(gr_call(NULL, ref, &out, 0, get_sum), GR_ETIMEOUT);
    CHECK_EQ(gr_call(NULL, ref, &out, gr_milliseconds(5), get_sum), GR_ETIMEOUT);
    gr_future *future = gr_ask(NULL, ref, gr_milliseconds(20), get_sum);
    CHECK_EQ(gr_future_error(future), GR_EBUSY);
    CHECK(!gr_future_done(future));
    CHECK_EQ(gr_await(NULL, future, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_await(NULL, future, gr_milliseconds(1)), GR_ETIMEOUT);
    CHECK_EQ(gr_await(NULL, future, -1), GR_EINVALID);
    CHECK_EQ(gr_await(NULL, future, GR_FOREVER), GR_ETIMEOUT); /* its own deadline ended it */
    CHECK(gr_future_done(future));
    CHECK(gr_future_value(future, get_sum) == NULL);
    gr_future_release(future);
    gr_future_release(gr_ask(NULL, ref, GR_FOREVER, get_sum));
    gr_future *pending = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    struct gr_system_counts counts;
    CHECK_EQ(gr_kill(NULL, ref), 0);
    CHECK_EQ(gr_await(NULL, pending, GR_FOREVER), GR_EDOWN);
    gr_future_release(pending);
    gr_system_count(r.system, &counts);
    CHECK_EQ(counts.dead_letters[GR_DEAD_LATE_REPLY], 4);
    CHECK_EQ(counts.requests, 5);
    end(&r);
}

Case(foreign, g10_references_to_nobody_are_errors_for_plain_threads)
{
    struct number out;
    gr_ref null = {0, 0, 0}, nowhere = {200, 1, 1}, beyond = {UINT32_MAX, 1, 1};
    CHECK_EQ(gr_send(NULL, null, ping), GR_ESTALE);
    CHECK_TEXT(gr_last_error(NULL), "a ping was not sent: the reference is null (did a spawn fail?)");
    CHECK_EQ(gr_send(NULL, nowhere, ping), GR_ESYSTEM);
    CHECK_EQ(gr_send(NULL, beyond, ping), GR_ESYSTEM);
    CHECK(strstr(gr_last_error(NULL), "ping") != NULL);
    CHECK_EQ(gr_try_send(NULL, null, ping), GR_ESTALE);
    CHECK_EQ(gr_try_send(NULL, nowhere, ping), GR_ESYSTEM);
    CHECK_EQ(gr_call(NULL, null, &out, GR_FOREVER, get_sum), GR_ESTALE);
    CHECK_TEXT(gr_last_error(NULL),
               "a get_sum request was not sent: the reference is null (did a spawn fail?)");
    CHECK_EQ(gr_call(NULL, nowhere, &out, GR_FOREVER, get_sum), GR_ESYSTEM);
    CHECK_EQ(gr_stop(NULL, null, 1), 0);
    CHECK_EQ(gr_kill(NULL, null), 0);
    CHECK_EQ(gr_stop(NULL, nowhere, 1), GR_ESYSTEM);
    CHECK_EQ(gr_kill(NULL, nowhere), GR_ESYSTEM);
    gr_future *future = gr_ask(NULL, nowhere, GR_FOREVER, get_words, .value = 1);
    CHECK_EQ(gr_future_error(future), GR_ESYSTEM);
    gr_future_release(future);
}

Case(foreign, g10_references_to_a_destroyed_system_are_errors)
{
    gr_system *system;
    cr_assert_eq(gr_system_create(&system, .loops = 1), 0);
    gr_ref ref = gr_system_spawn(system, server, (), .value = 1);
    gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
    gr_system_destroy(system);
    CHECK_EQ(gr_send(NULL, ref, ping), GR_ESYSTEM);
    CHECK_EQ(gr_kill(NULL, ref), GR_ESYSTEM);
    int error = gr_await(NULL, future, GR_FOREVER);
    CHECK(error == 0 || error == GR_EDOWN || error == GR_ESTOPPED);
    gr_future_release(future);
    /* The next system may have the same seat and slots, but other names. */
    cr_assert_eq(gr_system_create(&system, .loops = 1), 0);
    gr_ref second = gr_system_spawn(system, server, (), .value = 1);
    CHECK_EQ(second.seat, ref.seat);
    CHECK_EQ(second.slot, ref.slot);
    CHECK_EQ(gr_send(NULL, ref, ping), GR_ESTALE);
    CHECK_EQ(gr_send(NULL, second, ping), 0);
    gr_system_destroy(system);
}

Case(foreign, g15_a_plain_thread_is_refused_at_the_bound_by_each_policy)
{
    static const struct {
        enum gr_policy policy; /* of the receiver */
        int error;             /* of a send to it when it is full */
    } table[] = {{GR_POLICY_REJECT, GR_EFULL},
                 {GR_POLICY_WAIT, GR_EFULL},
                 {GR_POLICY_DROP_NEWEST, 0},
                 {GR_POLICY_DROP_OLDEST, 0}};
    for (int i = 0; i < 4; i++) {
        gr_system *system;
        bool more;
        cr_assert_eq(gr_system_create(&system, .loops = 1, .seed = 1), 0);
        gr_ref ref = gr_system_spawn(system, sleeper, (.mailbox = {.messages = 4, .policy = table[i].policy}),
                                     .value = GR_FOREVER);
        for (more = true; more;) CHECK_EQ(gr_system_step(system, &more), 0);
        for (int s = 0; s < 4; s++) CHECK_EQ(gr_send(NULL, ref, ping), 0);
        for (more = true; more;) CHECK_EQ(gr_system_step(system, &more), 0);
        CHECK_EQ(gr_send(NULL, ref, ping), table[i].error);
        CHECK_EQ(gr_try_send(NULL, ref, ping), table[i].error);
        gr_future *future = gr_ask(NULL, ref, GR_FOREVER, get_sum);
        if (table[i].policy != GR_POLICY_DROP_OLDEST) CHECK_EQ(gr_future_error(future), GR_EFULL);
        gr_future_release(future);
        gr_system_destroy(system);
    }
}

Case(foreign, g15_what_waits_for_a_loop_from_outside_is_bounded)
{
    gr_system *system;
    cr_assert_eq(gr_system_create(&system, .loops = 1), 0);
    gr_ref ref = gr_system_spawn(system, server, (), .value = 0);
    static struct large message;
    int sent = 0;
    while (sent < 100000 && gri_try_send(NULL, ref, &large_gr_type, &message) == 0) sent++;
    CHECK(sent >= 1000 && sent <= (64 << 20) / 60000 + 1);
    CHECK_EQ(gri_try_send(NULL, ref, &large_gr_type, &message), GR_EFULL);
    gr_system_destroy(system);
}

/* ---- several systems ---- */

static int call_other(gr_actor *self, void *argument)
{
    gr_ref other = *(gr_ref *)argument;
    struct number out;
    CHECK_EQ(gr_send(self, other, number, .value = 1), GR_ESYSTEM);
    CHECK_EQ(gr_kill(self, other), GR_ESYSTEM);
    CHECK_EQ(gr_stop(self, other, 0), GR_ESYSTEM);
    CHECK_EQ(gr_send(NULL, other, number, .value = 1), 0); /* as any thread may */
    int error = gr_call(NULL, other, &out, GR_FOREVER,
                        get_sum); /* it may be answered already, but can't be waited for */
    CHECK(error == GR_ECONTEXT || error == 0);
    CHECK_EQ(wait_down(self, other), GR_ESYSTEM);
    return 0;
}

Case(foreign, g10_actors_of_two_systems_do_not_reach_each_other_but_as_any_thread)
{
    struct running r = start(1);
    gr_ref ref = gr_system_spawn(r.system, server, (), .value = 0);
    CHECK_EQ(gr_run_with(call_other, &ref, (.loops = 1)), 0);
    struct number sum;
    CHECK_EQ(gr_call(NULL, ref, &sum, GR_FOREVER, get_sum), 0);
    CHECK_EQ(sum.value, 1);
    end(&r);
}

/* ---- control ---- */

Case(foreign, plain_threads_may_stop_and_kill_actors)
{
    struct running r = start(2);
    struct number out;
    for (int i = 0; i < 4; i++) {
        gr_ref ref = gr_system_spawn(r.system, server, (.loop = GR_LOOP(i % 2)), .value = 0);
        CHECK_EQ(gr_call(NULL, ref, &out, GR_FOREVER, get_sum), 0);
        CHECK_EQ(i < 2 ? gr_stop(NULL, ref, 4) : gr_kill(NULL, ref), 0);
        int error;
        do error = gr_call(NULL, ref, &out, GR_FOREVER, get_sum);
        while (error == 0);
        CHECK(error == GR_EDOWN || error == GR_ESTALE);
    }
    end(&r);
}
