/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of requests that wait on each other in a cycle: one of them ends, whatever the way in which the cycle came to be;
 * and of what looks like a cycle but is none. */
#include "tests/unit/actors/tasks/tasks.h"

#include <greenroom/promise.h>
#include <greenroom/scope.h>

static int deadlocks, values, others; /* outcomes of the requests of a ring */
static gr_time last_outcome;          /* when the last of them came */

static void count_outcome(gr_actor *self, int error)
{
    if (gr_now(self) > last_outcome) last_outcome = gr_now(self);
    deadlocks += error == GR_EDEADLOCK;
    values += error == 0;
    others += error != 0 && error != GR_EDEADLOCK;
}

static int
    unserved; /* members that were not asked: the one whose asker yielded, unless it had set that aside */

/* How a ring's members ask. */
enum { BY_CALL, BY_ASK, BY_CALL_WITH_MAIL, BY_CALL_LATER, BY_STASH, BY_CHOICE, BY_DEFER, WAYS };

/* Answers one request; if none comes, GR_ETIMEOUT. */
static int serve(gr_actor *self)
{
    struct gr_mail mail;
    int error = gr_receive_type(self, &mail, get_sum, gr_seconds(10));
    if (error == 0) gr_reply(self, get_sum, .value = 1);
    return error;
}

static int ask_next(gr_actor *self, gr_ref next, int64_t way)
{
    struct gr_mail mail;
    struct number number;
    if (way == BY_CALL_LATER && gr_random(self) % 2) CHECK_EQ(gr_sleep(self, 10), 0);
    for (int i = 0; way == BY_CALL_WITH_MAIL && i < 200; i++) gr_send(self, gr_self(self), ping);
    if (way == BY_STASH && gr_receive_type(self, &mail, get_sum, 1000) == 0) CHECK_EQ(gr_stash(self), 0);
    if (way == BY_CHOICE)
        CHECK_EQ(gr_receive_type(self, &mail, words, 1000), GR_ETIMEOUT); /* passes it over */
    if (way != BY_ASK) return gr_call(self, next, &number, gr_seconds(100), get_sum);
    gr_future *future = gr_ask(self, next, GR_FOREVER, get_sum);
    CHECK_EQ(gr_sleep(self, (gr_time)(gr_random(self) % 3) * 10), 0);
    int error = gr_await(self, future, GR_FOREVER);
    gr_future_release(future);
    return error;
}

/* The same once it has put aside the request of who asks itself, to be answered by the promise. */
static int ask_with_deferred(gr_actor *self, gr_ref next, gr_promise *promise)
{
    struct gr_mail mail;
    gr_future *future = gr_ask(self, next, GR_FOREVER, get_sum);
    CHECK_EQ(gr_receive_type(self, &mail, get_sum, GR_FOREVER), 0);
    CHECK_EQ(gr_defer(self, get_sum, promise), 0);
    int error = gr_await(self, future, GR_FOREVER);
    gr_future_release(future);
    return error;
}

/* A member: learns who is next, asks it, and then answers whoever asks. */
static int member_main(gr_actor *self, const struct number *way)
{
    struct gr_mail mail;
    if (gr_receive_type(self, &mail, address, GR_FOREVER) != 0) return 1;
    gr_promise promise = {0};
    gr_ref next = gr_mail_as(&mail, address)->ref;
    int error = way->value == BY_DEFER ? ask_with_deferred(self, next, &promise)
                                       : ask_next(self, next, way->value);
    count_outcome(self, error);
    if (error == GR_EDEADLOCK) note("%s", gr_last_error(self));
    if (way->value == BY_STASH) gr_unstash(self);
    if (way->value == BY_DEFER)
        unserved += gr_fulfil(self, promise, number, .value = 1) == GR_ENOTFOUND;
    else
        unserved += serve(self) == GR_ETIMEOUT;
    return 0;
}

GR_COROUTINE(member, number, member_main);

static void ring(gr_actor *self, int size, int64_t way)
{
    gr_ref refs[8];
    deadlocks = values = others = unserved = 0;
    last_outcome = 0;
    notes_clear();
    for (int i = 0; i < size; i++) {
        refs[i] = gr_spawn_with(self, member, (.loop = GR_SPREAD, .name = i == 0 ? "first" : NULL),
                                .value = way);
        watch(self, refs[i]);
    }
    gr_time begin = gr_now(self);
    for (int i = 0; i < size; i++) gr_send(self, refs[i], address, .ref = refs[(i + 1) % size]);
    CHECK_EQ(wait_downs(self, size), 0);
    CHECK_EQ(deadlocks, 1);
    CHECK_EQ(values, size - 1);
    CHECK_EQ(others, 0);
    CHECK(unserved == 1 || (way == BY_STASH && unserved == 0));
    CHECK(last_outcome - begin <= 3000); /* at once, not by a deadline */
    CHECK(strstr(notes(), "deadlock: member ") == notes() && strstr(notes(), " -> member ") != NULL);
    CHECK(size > 2 || strstr(notes(), "member \"first\" 1:") != NULL);
}

static int rings(gr_actor *self, void *argument)
{
    for (int64_t way = 0; way < WAYS; way++)
        for (int size = 1; size <= 6; size++)
            if (size > 1 || (way != BY_STASH && way != BY_CHOICE)) ring(self, size, way);
    ring(self, 2, BY_STASH);
    return 0;
}

Case(deadlock, g8_in_a_cycle_of_requests_one_ends_and_the_others_go_on)
{
    run_seeds(1, 10, rings);
    run_seeds(2, 30, rings);
    run_seeds(4, 30, rings);
}

/* ---- a server between ---- */

/* Answers get_sum by asking another. */
static int relay_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    struct number number;
    gr_ref to = m->ref;
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        if (gr_mail_as(&mail, address) != NULL) to = gr_mail_as(&mail, address)->ref;
        if (gr_mail_as(&mail, get_sum) == NULL) continue;
        int error = gr_call(self, to, &number, GR_FOREVER, get_sum);
        count_outcome(self, error);
        if (error == 0)
            gr_reply(self, get_sum, .value = number.value + 1);
        else
            gr_reply_error(self, error);
    }
    return 0;
}

GR_COROUTINE(relay, address, relay_main);

static int nested(gr_actor *self, void *argument)
{
    /* A client asks a, which asks b, which asks c, which asks a. Meanwhile others ask them too. */
    gr_ref refs[3], null = {0, 0, 0};
    gr_future *futures[6];
    deadlocks = values = others = 0;
    for (int i = 0; i < 3; i++) refs[i] = gr_spawn_with(self, relay, (.loop = GR_SPREAD), .ref = null);
    for (int i = 0; i < 3; i++) gr_send(self, refs[i], address, .ref = refs[(i + 1) % 3]);
    CHECK_EQ(gr_sleep(self, 1), 0);
    for (int i = 0; i < 6; i++) {
        futures[i] = gr_ask(self, refs[i % 3 * (i < 3 ? 0 : 1)], GR_FOREVER, get_sum);
        if (gr_random(self) % 3 == 0) CHECK_EQ(gr_sleep(self, 5), 0);
    }
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(gr_await(self, futures[i], gr_seconds(1)),
                 GR_EDEADLOCK); /* each ends, by the error passed on */
        gr_future_release(futures[i]);
    }
    CHECK(deadlocks >= 1 && values == 0 && others == 0);
    for (int i = 0; i < 3; i++) kill_and_wait(self, refs[i]);
    return 0;
}

Case(deadlock, g8_servers_that_ask_each_other_are_found_while_others_ask_them)
{
    run_seeds(1, 10, nested);
    run_seeds(3, 40, nested);
}

/* ---- no cycles ---- */

static int busy_chain(gr_actor *self, void *argument)
{
    /* Many wait on one that waits on a server: a tree, not a cycle. */
    gr_ref last = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 5), middle[4];
    gr_future *futures[20];
    deadlocks = 0;
    for (int i = 0; i < 4; i++)
        middle[i] = gr_spawn_with(self, relay, (.loop = GR_SPREAD), .ref = i == 0 ? last : middle[i - 1]);
    for (int i = 0; i < 20; i++) futures[i] = gr_ask(self, middle[i % 4], GR_FOREVER, get_sum);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(gr_await(self, futures[i], gr_seconds(1)), 0);
        CHECK_EQ(gr_future_value(futures[i], get_sum)->value, 6 + i % 4);
        gr_future_release(futures[i]);
    }
    CHECK_EQ(deadlocks, 0);
    for (int i = 0; i < 4; i++) kill_and_wait(self, middle[i]);
    kill_and_wait(self, last);
    return 0;
}

Case(deadlock, a_tree_of_requests_is_no_cycle)
{
    run_seeds(1, 5, busy_chain);
    run_seeds(3, 20, busy_chain);
}

/* Passes a request on to the other address, then asks its asker. */
static int passer_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    struct number number;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    gr_ref asker = mail.sender;
    CHECK_EQ(gr_forward(self, m->ref), 0);
    CHECK_EQ(gr_call(self, asker, &number, GR_FOREVER, get_sum), 0); /* the asker goes on, and answers */
    return 0;
}

GR_COROUTINE(passer, address, passer_main);

static int slow_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, 1000), 0);
    gr_reply(self, get_sum, .value = 3);
    return 0;
}

GR_COROUTINE(slow_server, gr_nothing, slow_main);

static int forwarded(gr_actor *self, void *argument)
{
    struct number number;
    gr_ref last = gr_spawn_with(self, slow_server, (.loop = GR_SPREAD));
    gr_ref passer = gr_spawn_with(self, passer, (.loop = GR_SPREAD), .ref = last);
    uint64_t monitor = watch(self, passer);
    CHECK_EQ(gr_call(self, passer, &number, GR_FOREVER, get_sum), 0);
    CHECK_EQ(number.value, 3);
    CHECK_EQ(serve(self), 0);
    CHECK_EQ(wait_for(self, monitor), 0);
    return 0;
}

Case(deadlock, a_forwarded_request_gives_no_false_alarm)
{
    run_seeds(1, 5, forwarded);
    run_seeds(3, 20, forwarded);
}

/* Awaits for a while only, then answers. */
static int patient_main(gr_actor *self, const struct address *m)
{
    gr_future *future = gr_ask(self, m->ref, GR_FOREVER, get_sum);
    CHECK_EQ(gr_await(self, future, 500), GR_ETIMEOUT);
    CHECK_EQ(serve(self), 0);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
    gr_future_release(future);
    return 0;
}

GR_COROUTINE(patient, address, patient_main);

static int limited(gr_actor *self, void *argument)
{
    struct number number;
    gr_ref ref = gr_spawn_with(self, patient, (.loop = GR_SPREAD), .ref = gr_self(self));
    uint64_t monitor = watch(self, ref);
    CHECK_EQ(gr_call(self, ref, &number, GR_FOREVER, get_sum), 0);
    CHECK_EQ(serve(self), 0);
    CHECK_EQ(wait_for(self, monitor), 0);
    return 0;
}

Case(deadlock, who_waits_for_a_while_only_is_not_blocked)
{
    run_seeds(1, 5, limited);
    run_seeds(2, 10, limited);
}

/* ---- callbacks, which run while their coroutine is blocked ---- */

enum { FORGETS = 0, FULFILS = 1, REPLIES = 2, HAS_DEFERRED = 4 };

static struct {
    gr_promise promise; /* of the request that was put aside */
    int64_t way;        /* what the callback does */
    gr_time began;      /* when the coroutine was blocked */
} held;

static void answer_held(gr_actor *self, gr_future *future, void *context)
{
    if (held.way & FULFILS) CHECK_EQ(gr_fulfil(self, held.promise, number, .value = 7), 0);
    if (held.way & REPLIES) CHECK_EQ(gr_reply(self, get_sum, .value = 7), 0);
}

/* Asks back whoever asks it, with a callback to come 1000 nanoseconds later. */
static int asker_back_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    struct number number;
    CHECK_EQ(gr_receive_type(self, &mail, get_sum, GR_FOREVER), 0);
    gr_ref asker = mail.sender;
    if (held.way & HAS_DEFERRED) CHECK_EQ(gr_defer(self, get_sum, &held.promise), 0);
    gr_future *other = gr_ask(self, m->ref, 1000, get_sum); /* times out */
    CHECK_EQ(gr_future_on_done(self, other, answer_held, NULL), 0);
    held.began = gr_now(self);
    count_outcome(self, gr_call(self, asker, &number, GR_FOREVER, get_sum));
    gr_future_release(other);
    return 0;
}

GR_COROUTINE(asker_back, address, asker_back_main);

static int with_callback(gr_actor *self, int64_t way)
{
    struct number number;
    deadlocks = values = others = 0;
    held.way = way;
    gr_ref silent = gr_spawn_with(self, member, (.loop = GR_SPREAD), .value = 0); /* heeds no get_sum */
    CHECK_EQ(gr_sleep(self, 100), 0);
    gr_ref ref = gr_spawn_with(self, asker_back, (.loop = GR_SPREAD), .ref = silent);
    uint64_t monitor = watch(self, ref);
    int error = gr_call(self, ref, &number, GR_FOREVER, get_sum);
    count_outcome(self, error);
    gr_time took = gr_now(self) - held.began;
    CHECK(took >= 1000);
    if (gr_system_loops(gr_actor_system(self)) == 1) CHECK_EQ(took, 1000);
    if (error == 0 || error == GR_EDEADLOCK) CHECK_EQ(serve(self), 0);
    CHECK_EQ(wait_for(self, monitor), 0);
    kill_and_wait(self, silent);
    return error;
}

static int called_back(gr_actor *self, void *argument)
{
    CHECK_EQ(with_callback(self, HAS_DEFERRED | FULFILS), 0);
    CHECK(values == 2 && deadlocks == 0);
    CHECK_EQ(with_callback(self, REPLIES), 0);
    CHECK(values == 2 && deadlocks == 0);
    return 0;
}

Case(deadlock, a_request_that_a_callback_may_answer_gives_no_false_alarm)
{
    run_seeds(1, 5, called_back);
    run_seeds(3, 20, called_back);
}

static int forgotten(gr_actor *self, void *argument)
{
    for (int64_t way = 0; way <= HAS_DEFERRED; way += HAS_DEFERRED) {
        int error = with_callback(self,
                                  FORGETS | way); /* if the other one yields, it ends without an answer */
        CHECK(error == GR_EDEADLOCK || error == GR_EUNANSWERED);
        CHECK_EQ(deadlocks, 1);
    }
    return 0;
}

Case(deadlock, g8_a_cycle_that_a_callback_could_have_broken_is_found_when_it_has_run)
{
    run_seeds(1, 5, forgotten);
    run_seeds(3, 20, forgotten);
}

/* Asks back whoever asks it, while a scope and completions count a task that lasts: neither of them calls anything. */
static int asker_counting_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    struct number number;
    CHECK_EQ(gr_receive_type(self, &mail, get_sum, GR_FOREVER), 0);
    gr_scope *scope = gr_scope_open(self, GR_FOREVER);
    gr_future *task = gr_scope_start(self, scope, work, .sleep = gr_seconds(1));
    gr_completions *completions = gr_as_completed(self, &task, 1);
    CHECK(completions != NULL);
    gr_time began = gr_now(self);
    count_outcome(self, gr_call(self, mail.sender, &number, GR_FOREVER, get_sum));
    CHECK(gr_now(self) - began <= 3000);
    gr_reply(self, get_sum, .value = 1); /* refused if its asker yielded */
    gr_scope_cancel(self, scope);
    CHECK_EQ(gr_scope_close(self, scope), GR_ECANCELLED);
    gr_completions_release(completions);
    gr_future_release(task);
    return 0;
}

GR_COROUTINE(asker_counting, gr_nothing, asker_counting_main);

static int counted(gr_actor *self, void *argument)
{
    struct number number;
    deadlocks = values = others = 0;
    gr_ref ref = gr_spawn_with(self, asker_counting, (.loop = GR_SPREAD));
    uint64_t monitor = watch(self, ref);
    int error = gr_call(self, ref, &number, GR_FOREVER, get_sum);
    count_outcome(self, error);
    if (error == GR_EDEADLOCK) CHECK_EQ(serve(self), 0);
    CHECK_EQ(wait_for(self, monitor), 0);
    CHECK(deadlocks == 1 && values == 1);
    return 0;
}

Case(deadlock, g8_a_cycle_is_found_beside_futures_that_only_a_scope_or_completions_count)
{
    run_seeds(1, 5, counted);
    run_seeds(3, 20, counted);
}
