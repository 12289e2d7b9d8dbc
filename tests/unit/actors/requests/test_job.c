/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of blocking work: its outcome, its errors, and what becomes of it when nobody waits any more. */
#include "base/atomic.h"
#include "messages/block.h"
#include "tests/support/world/case.h"

#include <pthread.h>

static gri_atomic_u32 ran, gate;

static int quick(void *argument)
{
    gri_fetch_add(&ran, 1, GRI_RELAXED);
    return argument != NULL ? *(int *)argument : 0;
}

static int outcome(gr_actor *self, void *argument)
{
    int five = 5, error = GR_ELIMIT;
    gr_future *futures[3] = {gr_blocking(self, quick, NULL), gr_blocking(self, quick, &five),
                             gr_blocking(self, quick, &error)};
    CHECK_EQ(gr_await(self, futures[0], GR_FOREVER), 0);
    CHECK_EQ(gr_await(self, futures[1], GR_FOREVER), 5);
    CHECK_EQ(gr_await(self, futures[2], GR_FOREVER), GR_ELIMIT);
    CHECK_EQ(gr_future_error(futures[1]), 5);
    CHECK(gri_future_value(futures[0], &number_gr_type) == NULL);
    for (int i = 0; i < 3; i++) gr_future_release(futures[i]);
    return 0;
}

Case(job, what_the_work_returns_is_the_outcome)
{
    run_everywhere(outcome);
}

static pthread_t loop_thread;

static int elsewhere(void *argument)
{
    return pthread_equal(loop_thread, pthread_self()) ? 1 : 2;
}

static int on_a_thread(gr_actor *self, void *argument)
{
    loop_thread = pthread_self();
    for (int i = 0; i < 200; i++) {
        gr_future *future = gr_blocking(self, elsewhere, NULL);
        CHECK_EQ(gr_await(self, future, GR_FOREVER), 2);
        gr_future_release(future);
    }
    return 0;
}

Case(job, real_work_runs_on_another_thread)
{
    run_real(1, on_a_thread);
    run_real(2, on_a_thread);
}

static int calls(void *argument)
{
    struct number sum;
    gr_ref ref = *(gr_ref *)argument;
    CHECK_EQ(gr_send(NULL, ref, number, .value = 1), 0);
    return gr_call(NULL, ref, &sum, GR_FOREVER, get_sum) == 0 ? (int)sum.value : -1;
}

static int jobs_send(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 40);
    gr_future *future = gr_blocking(self, calls, &ref);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 41);
    return 0;
}

Case(job, work_may_send_and_call_as_a_plain_thread)
{
    run_real(1, jobs_send);
    run_real(2, jobs_send);
}

/* ---- nobody waits ---- */

static int waits_for_gate(void *argument)
{
    gri_fetch_add(&ran, 1, GRI_RELAXED);
    while (gri_load(&gate, GRI_ACQUIRE) == 0) {
        struct timespec pause = {.tv_nsec = 100000};
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int abandons_main(gr_actor *self, const struct gr_nothing *m)
{
    for (int i = 0; i < 20; i++) CHECK(gr_blocking(self, waits_for_gate, NULL) != NULL);
    while (gri_load(&ran, GRI_RELAXED) < 2)
        if (gr_sleep(self, gr_microseconds(100)) != 0) return 1;
    return 0;
}

GR_COROUTINE(abandons, gr_nothing, abandons_main);

static int cancelled(gr_actor *self, void *argument)
{
    uint64_t monitor = watch(self, gr_spawn(self, abandons));
    CHECK_EQ(wait_for(self, monitor), 0);
    gri_store(&gate, 1, GRI_RELEASE);
    for (int i = 0; i < 60000 && dead_letters(self, GR_DEAD_LATE_REPLY) < 2; i++)
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 2); /* two ran; their ends came late */
    CHECK_EQ(gri_load(&ran, GRI_RELAXED), 2);            /* the others never did */
    return 0;
}

Case(job, work_that_has_not_started_when_its_actor_ends_never_starts)
{
    CHECK_EQ(gr_run_with(cancelled, NULL, (.loops = 1, .blocking_threads = 2)), 0);
}

static int released(gr_actor *self, void *argument)
{
    gri_store(&ran, 0, GRI_RELAXED);
    for (int i = 0; i < 50; i++) gr_future_release(gr_blocking(self, quick, NULL));
    gr_future *last = gr_blocking(self, quick, NULL);
    CHECK_EQ(gr_await(self, last, GR_FOREVER), 0);
    CHECK(gri_load(&ran, GRI_RELAXED) >= 1 && gri_load(&ran, GRI_RELAXED) <= 51);
    return 0;
}

Case(job, futures_of_work_may_be_released_early)
{
    run_everywhere(released);
}

static int handler_start(gr_actor *self, gr_future **state, const struct gr_nothing *m)
{
    static int seven = 7;
    *state = gr_blocking(self, quick, &seven);
    return *state == NULL;
}

static void handler_get_sum(gr_actor *self, gr_future **state, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = gr_future_error(*state));
}

GR_ACTOR(asks_for_work, gr_future *, gr_nothing, handler_start, GR_ON(get_sum, handler_get_sum));

static int from_handlers(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, asks_for_work, (.loop = GR_SPREAD));
    struct number out = {0};
    for (int i = 0; i < 60000 && out.value != 7; i++) {
        CHECK_EQ(gr_call(self, ref, &out, GR_FOREVER, get_sum), 0);
        CHECK(out.value == 7 || out.value == GR_EBUSY);
        CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0);
    }
    CHECK_EQ(out.value, 7);
    return 0;
}

Case(job, handler_actors_may_ask_for_work_and_look_later)
{
    run_everywhere(from_handlers);
}

static int many(gr_actor *self, void *argument)
{
    static gr_future *futures[2000];
    static int results[2000];
    for (int i = 0; i < 2000; i++) {
        results[i] = i;
        futures[i] = gr_blocking(self, quick, &results[i]);
    }
    for (int i = 0; i < 2000; i++) CHECK_EQ(gr_await(self, futures[i], GR_FOREVER), i);
    return 0;
}

Case(job, two_thousand_jobs_each_have_their_own_outcome)
{
    run_seeds(2, 2, many);
    run_real(2, many);
}

static int too_many(gr_actor *self, void *argument)
{
    int full = 0;
    gri_store(&gate, 0, GRI_RELAXED);
    for (int i = 0; i < 65536 + 100; i++) {
        gr_future *future = gr_blocking(self, waits_for_gate, NULL);
        if (!CHECK(future != NULL)) break;
        if (gr_future_error(future) != GR_EFULL) continue;
        full++;
        CHECK(strstr(gr_future_text(future), "blocking jobs wait already") != NULL);
    }
    CHECK(full >= 90);
    CHECK(strstr(gr_last_error(self),
                 "gr_blocking: 65536 blocking jobs wait already, and all 1 threads are busy"));
    gri_store(&gate, 1, GRI_RELEASE);
    return 0;
}

Case(job, g15_the_queue_of_work_is_bounded)
{
    CHECK_EQ(gr_run_with(too_many, NULL, (.loops = 1, .blocking_threads = 1)), 0);
}

/* ---- calls: data by value ---- */

static int doubles(const struct number *in, struct number *out)
{
    CHECK_EQ(out->value, 0);
    out->value = 2 * in->value;
    return in->value < 0 ? (int)in->value : 0;
}

static int call_value(gr_actor *self, void *argument)
{
    gr_future *futures[3];
    for (int i = 0; i < 3; i++) futures[i] = gr_blocking_call(self, number, number, doubles, .value = 20 + i);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_await(self, futures[i], GR_FOREVER), 0);
        CHECK_EQ(gr_future_as(futures[i], number)->value, 40 + 2 * i);
        CHECK(gr_future_as(futures[i], words) == NULL);
        gr_future_release(futures[i]);
    }
    gr_future *failed = gr_blocking_call(self, number, number, doubles, .value = GR_ENOTFOUND);
    CHECK_EQ(gr_await(self, failed, GR_FOREVER), GR_ENOTFOUND);
    CHECK(gr_future_as(failed, number) == NULL);
    gr_future_release(failed);
    return 0;
}

Case(job, a_call_has_its_arguments_by_value_and_its_result_is_the_futures_value)
{
    run_everywhere(call_value);
}

static gr_string shared; /* whose counts are looked at */

static uint32_t counts(void)
{
    return gri_load(&shared.block->count, GRI_RELAXED);
}

/* Waits at the gate, then gives back what it got, and with it a value or an error. */
static int returns_words(const struct words *in, struct words *out)
{
    int error = waits_for_gate(NULL);
    out->text = gr_string_hold(in->text);
    CHECK(in->text.length == 6 && memcmp(in->text.data, "shared", 6) == 0);
    return error != 0 ? error : (int)gri_load(&gate, GRI_RELAXED) - 1;
}

static gr_future *ask_for_words(gr_actor *self)
{
    return gr_blocking_call(self, words, words, returns_words, .text = gr_string_hold(shared));
}

static void begin_words(uint32_t gate_state)
{
    CHECK_EQ(gr_string_copy(NULL, "shared", 6, &shared), 0);
    gri_store(&ran, 0, GRI_RELAXED);
    gri_store(&gate, gate_state, GRI_RELAXED);
}

static void end_words(void)
{
    CHECK_EQ(counts(), 1);
    gr_string_release(shared);
}

static int gives_words(gr_actor *self, void *argument)
{
    begin_words(1);
    gr_future *future = ask_for_words(self);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 0);
    CHECK_EQ(counts(), 2); /* the arguments' is given back */
    CHECK(gr_future_as(future, words)->text.data == shared.data);
    gr_future_release(future);
    end_words();
    begin_words(2);
    future = ask_for_words(self);
    CHECK_EQ(gr_await(self, future, GR_FOREVER), 1);
    CHECK(gr_future_as(future, words) == NULL);
    CHECK_EQ(counts(), 1); /* with an error, what the result holds as well */
    gr_future_release(future);
    end_words();
    return 0;
}

Case(job, g9_what_a_call_and_its_result_own_is_given_back)
{
    run_everywhere(gives_words);
}

static int waits_for_words_main(gr_actor *self, const struct gr_nothing *m)
{
    gr_future *future = ask_for_words(self);
    int error = gr_await(self, future, GR_FOREVER);
    gr_future_release(future);
    return error;
}

GR_COROUTINE(waits_for_words, gr_nothing, waits_for_words_main);

/* Has the stacks of those before, and does not want them written to. */
static int keeps_its_stack_main(gr_actor *self, const struct gr_nothing *m)
{
    volatile uint64_t mine[256];
    for (int i = 0; i < 256; i++) mine[i] = 1;
    while (dead_letters(self, GR_DEAD_LATE_REPLY) < 2)
        if (gr_sleep(self, gr_microseconds(100)) != 0) break;
    for (int i = 0; i < 256; i++) CHECK_EQ(mine[i], 1);
    return 0;
}

GR_COROUTINE(keeps_its_stack, gr_nothing, keeps_its_stack_main);

static int kills_waiters(gr_actor *self, void *argument)
{
    gr_ref refs[4];
    begin_words(0);
    for (int i = 0; i < 4; i++) refs[i] = gr_spawn(self, waits_for_words);
    while (gri_load(&ran, GRI_RELAXED) < 2) CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0);
    for (int i = 0; i < 4; i++) kill_and_wait(self, refs[i]);
    CHECK_EQ(counts(), 3); /* two run yet; the others never will */
    gr_ref keepers[2] = {gr_spawn(self, keeps_its_stack), gr_spawn(self, keeps_its_stack)};
    CHECK_EQ(gr_sleep(self, 0), 0);
    gri_store(&gate, 1, GRI_RELEASE);
    for (int i = 0; i < 2; i++) wait_down(self, keepers[i]);
    CHECK_EQ(gri_load(&ran, GRI_RELAXED), 2);
    end_words();
    return 0;
}

Case(job, g9_a_call_runs_on_with_its_own_data_when_whoever_waits_is_killed)
{
    CHECK_EQ(gr_run_with(kills_waiters, NULL, (.loops = 1, .blocking_threads = 2)), 0);
}

static int opens_the_gate(void *argument)
{
    gri_store(&gate, 1, GRI_RELEASE);
    return 0;
}

static int leaves_calls(gr_actor *self, void *argument)
{
    for (int i = 0; i < 10; i++) CHECK(ask_for_words(self) != NULL);
    return 0;
}

static int cancels_calls(gr_actor *self, void *argument)
{
    gr_future *futures[5];
    for (int i = 0; i < 5; i++) futures[i] = ask_for_words(self);
    for (int i = 0; i < 5; i++) CHECK_EQ(gr_future_cancel(self, futures[i]), 0);
    opens_the_gate(NULL);
    return 0;
}

Case(job, g16_calls_that_a_stop_or_a_cancel_ends_give_back_what_they_own)
{
    for (int i = 0; i < 10; i++) {
        begin_words(1);
        CHECK_EQ(gr_run_with(leaves_calls, NULL, (.loops = 1, .seed = i / 2, .blocking_threads = 2)), 0);
        end_words();
        begin_words(i % 2 == 0);
        CHECK_EQ(gr_run_with(cancels_calls, NULL, (.loops = 1, .blocking_threads = 2)), 0);
        end_words();
    }
}
