/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of callbacks of futures: in turns of their owner, in order, and free to do what actors do. */
#include "tests/unit/actors/tasks/tasks.h"

struct begin {
    gr_ref server; /* whom it asks */
    gr_ref root;   /* who is told */
    int32_t loop;  /* where its tasks run */
};
GR_MESSAGE(begin, GR_FIELD(begin, server), GR_FIELD(begin, root), GR_FIELD(begin, loop));

struct listening {
    gr_ref root;      /* who is told */
    int64_t sum;      /* of the answers */
    gr_future *kept;  /* released by a callback */
    bool is_handling; /* a handler runs */
};

static void answered(gr_actor *self, struct listening *listening, gr_future *future)
{
    CHECK(!listening->is_handling);
    CHECK_EQ(gr_future_error(future), 0);
    listening->sum += gr_future_as(future, number)->value;
    note("%lld", (long long)listening->sum);
    if (listening->sum == 12) gr_send(self, listening->root, ping);
}

static void other_state(gr_actor *self, struct number *state, gr_future *future)
{
    CHECK(!"of another state");
}

static void counted(gr_actor *self, gr_future *future, void *context)
{
    note("%s", (const char *)context);
    if (strcmp(context, "release") == 0) gr_future_release(future);
}

static int listening_start(gr_actor *self, struct listening *listening, const struct begin *m)
{
    listening->root = m->root;
    gr_future *first = gr_ask(self, m->server, GR_FOREVER, get_sum);
    gr_future *second = gr_start_with(self, work, (.loop = m->loop), .value = 5, .sleep = gr_seconds(1));
    CHECK_EQ(gr_then(self, first, struct listening, answered), 0);
    CHECK_EQ(gr_then(self, second, struct listening, answered), 0);
    CHECK_EQ(gr_then(self, second, struct number, other_state), GR_EINVALID);
    CHECK_EQ(gr_then(self, NULL, struct listening, answered), GR_ENOMEM);
    CHECK_EQ(gr_await(self, second, GR_FOREVER), GR_ECONTEXT);
    return 0;
}

static void listening_ping(gr_actor *self, struct listening *listening, const struct ping *m)
{
    listening->is_handling = true;
    gr_promise promise;
    gr_future *done = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_on_done(self, done, counted, (void *)"a"), 0);
    CHECK_EQ(gr_future_on_done(self, done, counted, (void *)"b"), 0);
    gr_fulfil(self, promise, number, .value = 1);
    CHECK_EQ(gr_future_on_done(self, done, counted, (void *)"release"), 0);
    CHECK_EQ(gr_future_on_done(self, done, counted, (void *)"never"), 0); /* it was released */
    note("handled");
    listening->is_handling = false;
}

static void listening_quit(gr_actor *self, struct listening *listening, const struct quit *m)
{
    gr_exit(self, m->reason);
}
GR_ACTOR(listening, struct listening, begin, listening_start, GR_ON(ping, listening_ping),
         GR_ON(quit, listening_quit));

static int handler_actors(gr_actor *self, void *argument)
{
    gr_ref answers = gr_spawn_with(self, server, (.loop = far(self)), .value = 7);
    gr_ref ref = gr_spawn(self, listening, .server = answers, .root = gr_self(self), .loop = far(self));
    next_ping(self);
    CHECK_TEXT(notes(), "7 12");
    notes_clear();
    gr_send(self, ref, ping);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_TEXT(notes(), "handled a b release");
    gr_send(self, ref, quit, .reason = 3);
    CHECK_EQ(wait_down(self, ref), 3);
    return 0;
}

Case(callback, a_handler_actor_runs_them_between_messages_in_order)
{
    run_seeds(1, 4, handler_actors);
    run_seeds(2, 8, handler_actors);
}

static void noted(gr_actor *self, gr_future *future, void *context)
{
    struct number out;
    struct gr_mail mail;
    note("%s:%lld", (const char *)context, (long long)gr_future_as(future, number)->value);
    CHECK_EQ(gr_sleep(self, 1), GR_ECONTEXT);
    CHECK_EQ(gr_receive(self, &mail, 1), GR_ECONTEXT);
    CHECK_EQ(gr_call(self, gr_self(self), &out, 1, get_sum), GR_ECONTEXT);
}

/* The scenario of two that set futures after three seconds and one. */
static int order(gr_actor *self, void *argument)
{
    gr_future *slow = START(self, .value = 3, .sleep = gr_seconds(3));
    gr_future *quick = START(self, .value = 1, .sleep = gr_seconds(1));
    CHECK_EQ(gr_future_on_done(self, slow, noted, (void *)"slow"), 0);
    CHECK_EQ(gr_future_on_done(self, quick, noted, (void *)"quick"), 0);
    CHECK_EQ(gr_future_on_done(self, quick, noted, (void *)"again"), 0);
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, gr_seconds(2)), GR_ETIMEOUT);
    CHECK_TEXT(notes(), "quick:1 again:1");
    CHECK_EQ(gr_sleep(self, gr_seconds(2)), 0);
    CHECK_TEXT(notes(), "quick:1 again:1 slow:3");
    CHECK_EQ(gr_future_on_done(self, quick, noted, (void *)"late"), 0);
    CHECK_TEXT(notes(), "quick:1 again:1 slow:3"); /* soon, not at once */
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    CHECK_TEXT(notes(), "quick:1 again:1 slow:3 late:1");
    return 0;
}

Case(callback, a_coroutine_runs_them_in_its_waits_the_first_done_first)
{
    run_seeds(1, 4, order);
    run_seeds(2, 8, order);
}

static void releases(gr_actor *self, gr_future *future, void *context)
{
    gr_future_release(future);
    *(int *)context += 1;
}

static void starts_other(gr_actor *self, gr_future *future, void *context)
{
    CHECK_EQ(take_number(self, future), 2); /* done: no wait */
    gr_future *next = START(self, .value = 3);
    CHECK_EQ(gr_future_on_done(self, next, releases, context), 0);
}

static int freely(gr_actor *self, void *argument)
{
    int count = 0;
    gr_future *tasks[] = {START(self, .value = 1, .sleep = gr_milliseconds(1)),
                          START(self, .value = 2, .sleep = gr_milliseconds(1)),
                          START(self, .value = 4, .sleep = gr_milliseconds(5))};
    CHECK_EQ(gr_future_on_done(self, tasks[0], releases, &count), 0);
    CHECK_EQ(gr_future_on_done(self, tasks[1], starts_other, &count), 0);
    /* While it waits for them, callbacks release two of the three. */
    CHECK_EQ(gr_gather(self, tasks, 3, GR_GATHER_ALL, GR_FOREVER), 0);
    while (count < 2) CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0); /* the one that a callback started */
    gr_future_release(tasks[2]);
    /* A callback that releases what is awaited just now. */
    gr_future *single = START(self, .value = 9, .sleep = gr_milliseconds(1));
    CHECK_EQ(gr_future_on_done(self, single, releases, &count), 0);
    CHECK_EQ(gr_await(self, single, GR_FOREVER), 0);
    /* One of a future that was released before is not called. */
    gr_future *gone = START(self, .value = 9, .sleep = gr_milliseconds(1));
    CHECK_EQ(gr_future_on_done(self, gone, releases, &count), 0);
    gr_future_release(gone);
    CHECK_EQ(gr_sleep(self, gr_seconds(1)), 0);
    CHECK_EQ(count, 3);
    return 0;
}

Case(callback, may_start_and_release_futures_also_those_that_are_waited_for)
{
    run_everywhere(freely);
}

static void for_ever(gr_actor *self, gr_future *future, void *context)
{
    *(int *)context += 1;
    CHECK_EQ(gr_future_on_done(self, future, for_ever, context), 0);
}

static int fair(gr_actor *self, void *argument)
{
    gr_promise promise;
    int count = 0;
    gr_future *done = gr_promise_create(self, number, &promise);
    gr_fulfil(self, promise, number, .value = 1);
    CHECK_EQ(gr_future_on_done(self, done, for_ever, &count), 0);
    CHECK_EQ(take_number(self, START(self, .value = 1)), 1); /* others have their turns */
    CHECK(count > 0);
    gr_future_release(done);
    return 0;
}

static int called, called_before_ping;

static void counts(gr_actor *self, gr_future *future, void *context)
{
    if (called++ == 0) gr_send(self, *(gr_ref *)context, ping);
}

static int neighbour_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    called_before_ping = called;
    return 0;
}

GR_COROUTINE(neighbour, gr_nothing, neighbour_main);

static int many(gr_actor *self, void *argument)
{
    gr_promise promise;
    gr_ref other = gr_spawn(self, neighbour);
    called = called_before_ping = 0;
    gr_future *future = gr_promise_create(self, number, &promise);
    for (int i = 0; i < 1000; i++) CHECK_EQ(gr_future_on_done(self, future, counts, &other), 0);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 1), 0);
    CHECK_EQ(gr_sleep(self, 10), 0);
    CHECK_EQ(called, 1000);
    CHECK(called_before_ping > 0 && called_before_ping < 200);
    gr_future_release(future);
    return 0;
}

Case(callback, g19_many_that_are_due_at_once_let_others_have_their_turns)
{
    run_seeds(1, 3, many);
    run_real(1, many);
}

Case(callback, g19_one_that_registers_itself_again_and_again_holds_nobody_up)
{
    run_seeds(1, 3, fair);
    run_real(1, fair);
}

static int taken_away(gr_actor *self, void *argument)
{
    gr_promise promise;
    static char due[] = "due";
    int count = 0;
    gr_future *future = gr_promise_create(self, number, &promise);
    CHECK_EQ(gr_future_on_done(self, future, releases, &count), 0);
    CHECK_EQ(gr_future_on_done(self, future, noted, (void *)"kept"), 0);
    CHECK_EQ(gr_future_off_done(self, future, noted, &count), 0); /* both have to fit */
    CHECK_EQ(gr_future_off_done(self, future, releases, &count), 1);
    CHECK_EQ(gr_fulfil(self, promise, number, .value = 1), 0);
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(gr_future_on_done(self, future, noted, due), 0);
    CHECK_EQ(gr_future_off_done(self, future, noted, due), 1); /* before its turn */
    CHECK_EQ(gr_sleep(self, 0), 0);
    CHECK_EQ(count, 0);
    CHECK_TEXT(notes(), "kept:1");
    CHECK_EQ(gr_future_off_done(self, NULL, noted, NULL), 0);
    gr_future_release(future);
    return 0;
}

Case(callback, one_that_was_taken_away_is_not_called_even_if_it_is_due)
{
    run_seeds(1, 5, taken_away);
    run_seeds(2, 5, taken_away);
}
