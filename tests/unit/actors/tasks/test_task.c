/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tasks: results, errors, cancelling, and how they end with others. */
#include "tests/unit/actors/tasks/tasks.h"

static int results(gr_actor *self, void *argument)
{
    gr_future *future = START(self, .value = 5);
    CHECK(!gr_future_done(future));
    CHECK_EQ(gr_future_error(future), GR_EBUSY);
    CHECK_EQ(gr_future_state(future), GR_FUTURE_PENDING);
    CHECK(gr_task_value(future, work) == NULL);
    CHECK(!gr_ref_is_null(gr_future_task(future)));
    CHECK_EQ(gr_await(self, future, gr_seconds(60)), 0);
    CHECK_EQ(gr_future_state(future), GR_FUTURE_FINISHED);
    CHECK(gr_ref_is_null(gr_future_task(future)));
    CHECK_EQ(gr_task_value(future, work)->value, 5);
    CHECK(gr_task_value(future, speak) == NULL); /* of another type */
    gr_future_release(future);

    future = START(self, .value = 6, .error = GR_ELIMIT);
    CHECK_EQ(gr_await(self, future, gr_seconds(60)), GR_ELIMIT);
    CHECK_TEXT(gr_future_text(future), "job 6 failed");
    CHECK(gr_task_value(future, work) == NULL);
    gr_future_release(future);
    CHECK_EQ(take_number(self, START(self, .value = 6, .error = 77)), 77);
    return 0;
}

Case(task, g8_a_task_gives_its_result_or_its_error_to_its_future)
{
    run_everywhere(results);
}

static int chained(gr_actor *self, void *argument)
{
    int64_t first = take_number(self, START(self, .value = 20, .sleep = gr_seconds(1)));
    int64_t second = take_number(self, START(self, .value = first + 1, .sleep = gr_seconds(1)));
    CHECK_EQ(first, 20);
    CHECK_EQ(second, 21);
    return 0;
}

Case(task, the_result_of_one_feeds_the_next)
{
    run_seeds(1, 3, chained);
    run_seeds(2, 3, chained);
}

static int strings(gr_actor *self, void *argument)
{
    for (int i = 0; i < 10; i++) {
        gr_future *future = gr_start_with(self, speak, (.loop = far(self)), .value = i);
        gr_future *bad = gr_start_with(self, speak, (.loop = far(self)), .value = -5 - i);
        gr_future *late = gr_start_with(self, speak, (.loop = far(self)), .value = i);
        gr_future_release(late); /* its result is dropped when it comes */
        CHECK_EQ(gr_await(self, future, gr_seconds(60)), 0);
        char wanted[80];
        snprintf(wanted, sizeof wanted, "a text that is long enough to be counted: number %d", i);
        CHECK_EQ(gr_string_compare(gr_task_value(future, speak)->text, gr_string_static(wanted)), 0);
        gr_future_release(future);
        CHECK_EQ(gr_await(self, bad, gr_seconds(60)), -5 - i);
        CHECK_TEXT(gr_future_text(bad), gr_error_text(-5 - i));
        gr_future_release(bad);
    }
    return 0;
}

Case(task, results_carry_strings_and_failures_release_them)
{
    run_everywhere(strings);
}

static int cancelled(gr_actor *self, void *argument)
{
    gr_future *early = START(self, .value = 1, .sleep = -1, .notes = true);
    CHECK_EQ(gr_future_cancel(self, early), 0);
    CHECK_EQ(gr_await(self, early, GR_FOREVER), GR_ECANCELLED);
    CHECK_EQ(gr_future_state(early), GR_FUTURE_CANCELLED);
    CHECK_EQ(gr_future_cancel(self, early), GR_EBUSY);
    if (far(self) == GR_LOOP(0)) CHECK_TEXT(notes(), ""); /* it never ran */
    notes_clear();

    gr_future *waiting = START(self, .value = 2, .sleep = -1, .notes = true, .cleans_up = true);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_EQ(gr_future_state(waiting), far(self) == GR_LOOP(0) ? GR_FUTURE_RUNNING : GR_FUTURE_PENDING);
    gr_time begin = gr_now(self);
    CHECK_EQ(gr_future_cancel(self, waiting), 0);
    CHECK(!gr_future_done(waiting)); /* it cleans up first */
    CHECK_EQ(gr_await(self, waiting, GR_FOREVER), GR_ECANCELLED);
    CHECK(ms_since(self, begin) >= 999 && ms_since(self, begin) < 1100);
    CHECK_TEXT(notes(), "2:begun 2:GR_ECANCELLED 2:clean 2:ended");

    gr_future *stubborn = START(self, .value = 3, .sleep = -1, .stubborn = true);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_EQ(gr_future_cancel(self, stubborn), 0);
    CHECK_EQ(gr_await(self, stubborn, GR_FOREVER), 0); /* its return value decides */
    CHECK_EQ(gr_task_value(stubborn, work)->value, 3);

    gr_future *twice = START(self, .value = 4, .sleep = -1, .stubborn = true);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_EQ(gr_future_cancel(self, twice), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(2)), 0);
    CHECK_EQ(gr_future_cancel(self, twice), 0);
    CHECK_EQ(gr_await(self, twice, GR_FOREVER), GR_ECANCELLED);
    gr_future_release(early);
    gr_future_release(waiting);
    gr_future_release(stubborn);
    gr_future_release(twice);
    return 0;
}

Case(task, g8_a_cancelled_task_is_told_once_at_its_wait_and_decides_its_outcome)
{
    run_seeds(1, 4, cancelled);
    run_seeds(2, 8, cancelled);
}

/* What each kind of wait returns in a task that is cancelled meanwhile. */
static int waits_main(gr_actor *self, const struct number *m, struct number *result)
{
    gr_promise promise;
    struct gr_mail mail;
    struct number out;
    gr_future *future = gr_promise_create(self, number, &promise);
    gr_completions *completions = gr_as_completed(self, &future, 1);
    int error = 0;
    switch (m->value) {
    case 0:
        error = gr_await(self, future, GR_FOREVER);
        break;
    case 1:
        error = gr_receive(self, &mail, GR_FOREVER);
        break;
    case 2:
        error = gr_call(self, gr_spawn(self, sleeper, .value = gr_seconds(3600)), &out, GR_FOREVER, get_sum);
        break;
    case 3:
        error = gr_wait(self, &future, 1, GR_WAIT_ALL, NULL, GR_FOREVER);
        break;
    case 4:
        error = gr_gather(self, &future, 1, GR_GATHER_ALL, GR_FOREVER);
        break;
    case 5:
        error = gr_next_done(self, completions, &future, GR_FOREVER);
        break;
    case 6:
        error = gr_wait_for(self, future, GR_FOREVER);
        break;
    case 7:
        error = gr_race(self, &future, 1, NULL, GR_FOREVER);
        break;
    case 8:
        while ((error = gr_sleep(self, 0)) == 0) {
        }
        break;
    }
    CHECK_EQ(error, GR_ECANCELLED);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0); /* once */
    return error;
}
GR_TASK(waits, number, number, waits_main);

static int each_wait(gr_actor *self, void *argument)
{
    for (int kind = 0; kind <= 8; kind++) {
        gr_future *future = gr_start_with(self, waits, (.loop = far(self)), .value = kind);
        /* Virtual time stands still while a task yields again and again. */
        for (int i = 0; i < 5; i++) CHECK_EQ(gr_sleep(self, kind == 8 ? 0 : gr_milliseconds(10)), 0);
        CHECK_EQ(gr_future_cancel(self, future), 0);
        CHECK_EQ(take_number(self, future), GR_ECANCELLED);
    }
    return 0;
}

Case(task, every_wait_of_a_task_can_be_cancelled)
{
    run_seeds(1, 3, each_wait);
    run_seeds(2, 5, each_wait);
}

static int ended_otherwise(gr_actor *self, void *argument)
{
    CHECK_EQ(take_number(self, START(self, .is_killed = true)), GR_EKILLED);
    gr_future *killed = START(self, .sleep = -1);
    CHECK_EQ(gr_kill(self, gr_future_task(killed)), 0); /* perhaps before it began */
    CHECK_EQ(take_number(self, killed), GR_EKILLED);
    gr_future *stopped = START(self, .sleep = -1);
    CHECK_EQ(gr_stop(self, gr_future_task(stopped), 0), 0);
    CHECK_EQ(take_number(self, stopped), GR_ESTOPPED); /* its sleep says so */
    gr_future *wrong = gr_start_with(self, work, (.loop = 99));
    CHECK(gr_future_done(wrong));
    CHECK_EQ(gr_future_error(wrong), GR_EINVALID);
    gr_future_release(wrong);
    return 0;
}

Case(task, g8_a_task_that_ends_in_any_other_way_ends_its_future_too)
{
    run_everywhere(ended_otherwise);
}

static int short_lived(gr_actor *self, const struct gr_nothing *m)
{
    gr_future *child = START(self, .value = 1, .sleep = -1, .notes = true);
    CHECK(child != NULL);
    return gr_sleep(self, gr_milliseconds(100));
}
GR_COROUTINE(short_lived, gr_nothing, short_lived);

static int owner_ends(gr_actor *self, void *argument)
{
    CHECK_EQ(wait_down(self, gr_spawn(self, short_lived)), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_TEXT(notes(), "1:begun 1:GR_ECANCELLED 1:ended");
    notes_clear();
    gr_future *task = gr_start(self, family);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_EQ(gr_future_cancel(self, task), 0); /* the parent ends, and so its child is cancelled */
    CHECK_EQ(take_number(self, task), GR_ECANCELLED);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_TEXT(notes(), "2:begun 2:GR_ECANCELLED 2:ended");
    return 0;
}

Case(task, the_end_of_its_owner_cancels_a_task)
{
    run_seeds(1, 3, owner_ends);
    run_seeds(2, 5, owner_ends);
}

static int released(gr_actor *self, void *argument)
{
    gr_future_release(START(self, .value = 1, .sleep = gr_milliseconds(1), .notes = true));
    CHECK_EQ(gr_sleep(self, gr_milliseconds(100)), 0);
    CHECK_TEXT(notes(), "1:begun 1:ended");
    CHECK_EQ(dead_letters(self, GR_DEAD_LATE_REPLY), 1);
    return 0;
}

Case(task, g9_a_released_task_goes_on_and_its_result_is_dropped_and_counted)
{
    run_seeds(1, 3, released);
    run_seeds(2, 5, released);
}

/* The scenario of three tasks: two sleep two seconds while a third works and sleeps one. */
static int three(gr_actor *self, void *argument)
{
    gr_time begin = gr_now(self);
    gr_future *tasks[] = {START(self, .value = 1, .sleep = gr_seconds(2), .notes = true),
                          START(self, .value = 2, .sleep = gr_seconds(2), .notes = true),
                          START(self, .value = 3, .sleep = gr_seconds(1), .notes = true)};
    CHECK_EQ(gr_gather(self, tasks, 3, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    CHECK_EQ(ms_since(self, begin), 2000);
    CHECK_TEXT(notes(), "1:begun 2:begun 3:begun 3:ended 1:ended 2:ended");
    return 0;
}

Case(task, three_tasks_take_as_long_as_the_longest)
{
    run_seeds(1, 1, three);
}

/* Nine, one by one and then together. */
static int nine(gr_actor *self, void *argument)
{
    gr_future *tasks[9];
    for (int i = 0; i < 9; i++)
        CHECK_EQ(take_number(self, START(self, .value = i, .sleep = gr_milliseconds(9 - i), .notes = true)),
                 i);
    CHECK_TEXT(notes(), "0:begun 0:ended 1:begun 1:ended 2:begun 2:ended 3:begun 3:ended 4:begun 4:ended "
                        "5:begun 5:ended 6:begun 6:ended 7:begun 7:ended 8:begun 8:ended");
    notes_clear();
    for (int i = 0; i < 9; i++)
        tasks[i] = START(self, .value = i, .sleep = gr_milliseconds(9 - i), .notes = true);
    CHECK_EQ(gr_gather(self, tasks, 9, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    for (int i = 0; i < 9; i++) CHECK_EQ(gr_task_value(tasks[i], work)->value, i);
    CHECK_TEXT(notes(), "0:begun 1:begun 2:begun 3:begun 4:begun 5:begun 6:begun 7:begun 8:begun "
                        "8:ended 7:ended 6:ended 5:ended 4:ended 3:ended 2:ended 1:ended 0:ended");
    return 0;
}

Case(task, tasks_run_one_by_one_or_together)
{
    run_seeds(1, 2, nine);
}

static int yields_main(gr_actor *self, const struct number *m, struct number *result)
{
    note("%s", m->value == 0 ? "foo" : "bar");
    CHECK_EQ(gr_sleep(self, 0), 0);
    note("%s", m->value == 0 ? "foo" : "bar");
    return 0;
}
GR_TASK(yields, number, number, yields_main);

static int switches(gr_actor *self, void *argument)
{
    gr_future *tasks[] = {gr_start(self, yields, .value = 0), gr_start(self, yields, .value = 1)};
    CHECK_EQ(gr_gather(self, tasks, 2, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    CHECK_TEXT(notes(), "foo bar foo bar");
    return 0;
}

Case(task, two_that_yield_once_take_turns)
{
    run_seeds(1, 1, switches);
    run_real(1, switches);
}

/* Answers of each size and alignment, to starts of some: the small ones share an envelope with the start. */

struct aligned {
    _Alignas(16) int64_t value; /* behind it there are 8 bytes of padding */
};
struct wide {
    int64_t first;   /* the value */
    int64_t between; /* less by one than it */
    uint8_t rest[24];
    int64_t last; /* the value */
};
GR_MESSAGE(aligned, GR_FIELD(aligned, value));
GR_MESSAGE(wide, GR_FIELD(wide, first), GR_FIELD(wide, between), GR_ARRAY(wide, rest), GR_FIELD(wide, last));

static gr_ref starter; /* of all of them */

/* Each writes its result before it looks at what it was started with. */
static int number_to_aligned(gr_actor *self, const struct number *m, struct aligned *result)
{
    CHECK_EQ((uintptr_t)result % 16, 0);
    CHECK_EQ(result->value, 0);
    CHECK(gr_ref_equal(gr_sender(self), starter));
    result->value = -1;
    result->value = m->value;
    return gr_sleep(self, 0);
}
GR_TASK(to_aligned, number, aligned, number_to_aligned);

static int words_to_wide(gr_actor *self, const struct words *m, struct wide *result)
{
    memset(result, 0xff, sizeof *result);
    int error = gr_sleep(self, 0);
    CHECK(error == 0 || error == GR_ESTOPPED);
    result->first = result->last = (int64_t)m->text.length;
    result->between = result->first - 1;
    return result->first == 3 ? GR_ELIMIT : 0;
}
GR_TASK(to_wide, words, wide, words_to_wide);

static int wide_to_words(gr_actor *self, const struct wide *m, struct words *result)
{
    CHECK_EQ(gr_string_format(self, &result->text, "a text that is longer than what fits in place"), 0);
    CHECK(gr_ref_equal(gr_sender(self), starter));
    CHECK_EQ(m->first, m->last);
    return (int)m->between;
}
GR_TASK(to_words, wide, words, wide_to_words);

static int shapes(gr_actor *self, void *argument)
{
    int loop = argument == NULL ? GR_SAME_LOOP : far(self);
    starter = gr_self(self);
    gr_future *aligned = gr_start_with(self, to_aligned, (.loop = loop), .value = 7);
    CHECK_EQ(gr_await(self, aligned, GR_FOREVER), 0);
    CHECK_EQ(gr_task_value(aligned, to_aligned)->value, 7);
    CHECK_EQ((uintptr_t)gr_task_value(aligned, to_aligned) % 16, 0);
    gr_future_release(aligned);
    for (int length = 2; length < 100; length += length == 2 ? 1 : 60) {
        gr_string text;
        CHECK_EQ(gr_string_format(self, &text, "%0*d", length, 1), 0);
        gr_future *wide = gr_start_with(self, to_wide, (.loop = loop), .text = text);
        CHECK_EQ(gr_await(self, wide, GR_FOREVER), length == 3 ? GR_ELIMIT : 0);
        if (length != 3) {
            CHECK_EQ(gr_task_value(wide, to_wide)->first, length);
            CHECK_EQ(gr_task_value(wide, to_wide)->between, length - 1);
            CHECK_EQ(gr_task_value(wide, to_wide)->last, length);
            CHECK_EQ(gr_task_value(wide, to_wide)->rest[23], 0xff);
        }
        gr_future_release(wide);
    }
    for (int error = 0; error >= GR_ENOMEM; error += GR_ENOMEM) {
        gr_future *words = gr_start_with(self, to_words, (.loop = loop), .first = 4, .last = 4,
                                         .between = error);
        CHECK_EQ(gr_await(self, words, GR_FOREVER), error);
        if (error == 0) CHECK_EQ(gr_task_value(words, to_words)->text.length, 45);
        gr_future_release(words);
    }
    return 0;
}

/* What a start holds is released by a task that ends before it begins, and one that was dropped. */
static int never_begun(gr_actor *self, void *argument)
{
    for (int i = 0; i < 3; i++) {
        gr_string text;
        CHECK_EQ(gr_string_format(self, &text, "a text that is long enough to be counted: number %d", i), 0);
        gr_future *wide = gr_start(self, to_wide, .text = text);
        if (i == 0) CHECK_EQ(gr_future_cancel(self, wide), 0);
        if (i == 1) CHECK_EQ(gr_kill(self, gr_future_task(wide)), 0);
        if (i < 2) CHECK_EQ(gr_await(self, wide, GR_FOREVER), i == 0 ? GR_ECANCELLED : GR_EKILLED);
        gr_future_release(wide);
    }
    return 0;
}

static int far_shapes(gr_actor *self, void *argument)
{
    return shapes(self, self);
}

Case(task, g8_starts_and_results_of_all_sizes_arrive_whole)
{
    run_everywhere(shapes);
    run_everywhere(far_shapes);
}

Case(task, what_a_start_holds_is_released_by_a_task_that_never_began)
{
    run_everywhere(never_begun);
}

static int many(gr_actor *self, void *argument)
{
    enum { COUNT = 3000 };
    static gr_future *tasks[COUNT];
    for (int i = 0; i < COUNT; i++)
        tasks[i] = gr_start_with(self, work, (.loop = GR_SPREAD, .stack_size = 16384), .value = i,
                                 .sleep = i % 3 == 0 ? gr_milliseconds(1) : 0);
    CHECK_EQ(gr_gather(self, tasks, COUNT, GR_GATHER_FIRST_ERROR, GR_FOREVER), 0);
    int64_t sum = 0;
    for (int i = 0; i < COUNT; i++) {
        sum += gr_task_value(tasks[i], work)->value;
        gr_future_release(tasks[i]);
    }
    CHECK_EQ(sum, COUNT * (COUNT - 1) / 2);
    return 0;
}

Case(task, thousands_at_once_on_all_loops)
{
    run_seeds(3, 1, many);
    run_real(2, many);
}
