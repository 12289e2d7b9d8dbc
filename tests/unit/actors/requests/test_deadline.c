/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of deadlines that travel: through nested requests, with forwarded and stashed ones, and across loops. */
#include "runtime/runtime.h"
#include "tests/support/world/case.h"

/* A link of a chain: asks the next one with a deadline of its own, and answers with what it got. */
struct link_start {
    gr_ref next;     /* who is asked; null: nobody, the last one never answers */
    int64_t own;     /* its own deadline */
    int64_t expects; /* gr_time_left when a request comes */
};
GR_MESSAGE(link_start, GR_FIELD(link_start, next), GR_FIELD(link_start, own), GR_FIELD(link_start, expects));

/* The time as it is, not as the loop read it last. Simulated only. */
static gr_time *clock_of(gr_actor *self)
{
    return &gri_runtime_of(gr_actor_system(self))->simulation->now;
}

static int link_main(gr_actor *self, const struct link_start *start)
{
    struct gr_mail mail;
    struct number number;
    CHECK_EQ(gr_time_left(self), GR_FOREVER);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK(mail.is_request);
    CHECK_EQ(gr_time_left(self), start->expects);
    if (gr_ref_is_null(start->next)) return gr_sleep(self, gr_seconds(10));
    gr_time begin = *clock_of(self);
    int error = gr_call(self, start->next, &number, start->own, get_sum);
    note("%d after %d", error, (int)(*clock_of(self) - begin));
    gr_reply_error(self, error);
    CHECK_EQ(gr_time_left(self), GR_FOREVER); /* nothing is being handled any more */
    return 0;
}

GR_COROUTINE(link_of_chain, link_start, link_main);

/* The same where the answer is deferred first, as who answers later does. */
static int deferring_main(gr_actor *self, const struct address *next)
{
    struct gr_mail mail;
    struct number number;
    gr_promise promise;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    gr_time begin = *clock_of(self);
    CHECK_EQ(gr_defer(self, get_sum, &promise), 0);
    CHECK_EQ(gr_time_left(self), 300);
    CHECK_EQ(gr_call(self, next->ref, &number, GR_FOREVER, get_sum), GR_ETIMEOUT);
    CHECK_EQ(*clock_of(self) - begin, 300);
    CHECK_EQ(gr_time_left(self), 0);
    CHECK_EQ(gr_receive(self, &mail, 0), GR_ETIMEOUT);
    CHECK_EQ(gr_time_left(self), GR_FOREVER); /* nothing is being handled any more */
    note("done");
    return 0;
}

GR_COROUTINE(deferring, address, deferring_main);

static int deferred(gr_actor *self, void *argument)
{
    struct number number;
    notes_clear();
    gr_ref last = gr_spawn_with(self, link_of_chain, (.loop = GR_SPREAD), .expects = 300);
    gr_ref first = gr_spawn_with(self, deferring, (.loop = GR_SPREAD), .ref = last);
    CHECK_EQ(gr_call(self, first, &number, 300, get_sum), GR_ETIMEOUT);
    CHECK_EQ(gr_sleep(self, 10), 0);
    CHECK_TEXT(notes(), "done");
    return 0;
}

Case(deadline, one_whose_answer_is_deferred_goes_on_to_bound_what_is_asked)
{
    run_seeds(1, 3, deferred);
    run_seeds(3, 10, deferred);
}

static int chain(gr_actor *self, void *argument)
{
    struct number number;
    notes_clear();
    gr_ref last = gr_spawn_with(self, link_of_chain, (.loop = GR_SPREAD), .expects = 300);
    gr_ref third = gr_spawn_with(self, link_of_chain, (.loop = GR_SPREAD), .next = last, .own = GR_FOREVER,
                                 .expects = 300);
    gr_ref second = gr_spawn_with(self, link_of_chain, (.loop = GR_SPREAD), .next = third, .own = 300,
                                  .expects = 1000);
    gr_ref first = gr_spawn_with(self, link_of_chain, (.loop = GR_SPREAD), .next = second, .own = 5000,
                                 .expects = 1000);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_call(self, first, &number, 1000, get_sum), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, 300);
    CHECK_EQ(gr_sleep(self, 1), 0); /* all end at the same time, in any order */
    CHECK_TEXT(notes(), "-6 after 300 -6 after 300 -6 after 300");
    return 0;
}

Case(deadline, a_deadline_bounds_the_requests_made_to_answer)
{
    run_seeds(1, 3, chain);
    run_seeds(3, 10, chain);
}

/* ---- nothing is left; and handlers ---- */

/* Does work for so long, then asks; a handler or a coroutine. */
struct slow {
    gr_ref next;       /* who is asked */
    gr_future *future; /* of that */
};

static int slow_start(gr_actor *self, struct slow *slow, const struct address *m)
{
    slow->next = m->ref;
    return 0;
}

static void slow_sum(gr_actor *self, struct slow *slow, const struct get_sum *m)
{
    struct gr_system_counts before, after;
    gr_system_count(gr_actor_system(self), &before);
    CHECK_EQ(gr_time_left(self), 0);
    gr_future *future = gr_ask(self, slow->next, GR_FOREVER, get_sum);
    CHECK_EQ(gr_future_error(future), GR_ETIMEOUT);
    gr_future_release(future);
    gr_system_count(gr_actor_system(self), &after);
    CHECK_EQ(after.sent, before.sent);
    CHECK_EQ(after.dead_letters[GR_DEAD_EXPIRED] - before.dead_letters[GR_DEAD_EXPIRED], 1);
    gr_reply(self, get_sum, .value = 1);
    future = gr_ask(self, slow->next, 50, get_sum);
    CHECK_EQ(gr_future_error(future), GR_EBUSY); /* it is answered: no bound any more */
    gr_future_release(future);
    note("late");
}

static void slow_words(gr_actor *self, struct slow *slow, const struct get_words *m)
{
    CHECK_EQ(gr_time_left(self), 500 - m->value);
    slow->future = gr_ask(self, slow->next, GR_FOREVER, get_sum); /* ends when the request does */
    CHECK_EQ(gr_stash(self), 0);
}

static void slow_ping(gr_actor *self, struct slow *slow, const struct ping *m)
{
    note("%d", gr_future_error(slow->future));
    gr_future_release(slow->future);
    slow->future = NULL;
}

GR_ACTOR(slow_asker, struct slow, address, slow_start, GR_ON(get_sum, slow_sum), GR_ON(get_words, slow_words),
         GR_ON(ping, slow_ping));

static int late(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref deaf = gr_spawn(self, sleeper, .value = gr_seconds(10));
    gr_ref ref = gr_spawn_with(self, slow_asker, (.loop = GR_SPREAD), .ref = deaf);
    gr_future *future = gr_ask(self, ref, 0, get_sum);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0); /* the answer came before the clock was read */
    gr_future_release(future);
    CHECK_TEXT(notes(), "late");
    return 0;
}

static int bounded(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref deaf = gr_spawn(self, sleeper, .value = gr_seconds(10));
    gr_ref ref = gr_spawn_with(self, slow_asker, (.loop = GR_SPREAD), .ref = deaf);
    gr_future *future = gr_ask(self, ref, 500, get_words, .value = 0);
    if (*(const unsigned *)argument % 2) gr_future_release(future), future = NULL; /* changes nothing */
    CHECK_EQ(gr_sleep(self, 499), 0);
    gr_send(self, ref, ping);
    CHECK_EQ(gr_sleep(self, 0), 0);
    gr_future_release(future);
    future = gr_ask(self, ref, 500, get_words, .value = 0);
    CHECK_EQ(gr_sleep(self, 500), 0);
    gr_send(self, ref, ping);
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK_TEXT(notes(), "-14 -6");
    gr_future_release(future);
    return 0;
}

Case(deadline, what_is_asked_when_nothing_is_left_ends_at_once)
{
    run_seeds(1, 5, late);
}

Case(deadline, a_handler_s_requests_end_with_the_one_it_handles)
{
    run_seeds(1, 6, bounded);
}

/* ---- the clock ---- */

static int old_reading(gr_actor *self, void *argument)
{
    /* The asker has run for long, so its loop's reading of the clock is old; its deadline counts from the call. Another
     * loop that has not read the clock since either grants more than is left, never less. */
    bool here = *(const unsigned *)argument % 2 == 0;
    notes_clear();
    gr_ref deaf = gr_spawn(self, sleeper, .value = gr_seconds(10));
    gr_ref first = gr_spawn_with(self, link_of_chain, (.loop = GR_LOOP(here ? 0 : 1)), .next = deaf,
                                 .own = GR_FOREVER, .expects = here ? 1000 : 6000);
    CHECK_EQ(gr_sleep(self, 1), 0);
    struct number number;
    *clock_of(self) += 5000;
    gr_time begin = *clock_of(self);
    CHECK_EQ(gr_call(self, first, &number, 1000, get_sum), GR_ETIMEOUT);
    CHECK_EQ(gr_now(self) - begin, 1000);
    CHECK_EQ(gr_sleep(self, 10000), 0);
    CHECK_TEXT(notes(), here ? "-6 after 1000" : "-6 after 6000");
    return 0;
}

Case(deadline, g14_a_deadline_that_travels_is_never_early)
{
    run_seeds(2, 8, old_reading);
}

/* Takes its first message after 500 nanoseconds, and answers nothing. */
static int late_taker_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_sleep(self, 5500), 0);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    return gr_sleep(self, gr_seconds(10));
}

GR_COROUTINE(late_taker, gr_nothing, late_taker_main);

static int room_after_old_reading(gr_actor *self, void *argument)
{
    gr_ref full = gr_spawn_with(self, late_taker, (.mailbox = {.messages = 1, .policy = GR_POLICY_WAIT}));
    CHECK_EQ(gr_sleep(self, 1), 0);
    CHECK_EQ(gr_send(self, full, ping), 0);
    struct number number;
    *clock_of(self) += 5000; /* it computes */
    gr_time begin = *clock_of(self);
    CHECK_EQ(gr_call(self, full, &number, 1000, get_sum), GR_ETIMEOUT);
    CHECK_EQ(*clock_of(self) - begin, 1000);
    return 0;
}

Case(deadline, g14_one_that_begins_with_a_wait_for_room_is_never_early)
{
    run_seeds(1, 5, room_after_old_reading);
}

/* ---- forwarded, and from outside ---- */

static int forwarder_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, 400), 0);
    CHECK_EQ(gr_forward(self, m->ref), 0);
    CHECK_EQ(gr_time_left(self), GR_FOREVER);
    return 0;
}

GR_COROUTINE(late_forwarder, address, forwarder_main);

static int forwarded(gr_actor *self, void *argument)
{
    notes_clear();
    struct number number;
    gr_ref deaf = gr_spawn(self, sleeper, .value = gr_seconds(10));
    gr_ref second = gr_spawn_with(self, link_of_chain, (.loop = GR_SPREAD), .next = deaf, .own = GR_FOREVER,
                                  .expects = 600);
    gr_ref first = gr_spawn_with(self, late_forwarder, (.loop = GR_SPREAD), .ref = second);
    CHECK_EQ(gr_call(self, first, &number, 1000, get_sum), GR_ETIMEOUT);
    CHECK_EQ(gr_sleep(self, 10), 0);
    CHECK_TEXT(notes(), "-6 after 600");

    notes_clear();
    second = gr_spawn_with(self, link_of_chain, (.loop = GR_SPREAD), .next = deaf, .own = GR_FOREVER,
                           .expects = 700);
    gr_future *future = gr_ask(NULL, second, 700, get_sum); /* as a plain thread would */
    CHECK_EQ(gr_sleep(self, 1000), 0);
    CHECK_EQ(gr_future_error(future), GR_ETIMEOUT);
    CHECK_TEXT(notes(), "-6 after 700");
    gr_future_release(future);
    return 0;
}

Case(deadline, a_deadline_goes_where_the_right_to_answer_goes)
{
    run_seeds(1, 5, forwarded);
    run_seeds(3, 10, forwarded);
}
