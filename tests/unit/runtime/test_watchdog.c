/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the watchdog: it names hogs and enforces deadlines. What it reads is held still by a pipe. */
#include "base/atomic.h"
#include "base/clock.h"
#include "base/platform.h"
#include "runtime/runtime.h"
#include "tests/support/world/case.h"
#include "tests/unit/base/child.h"

#include <unistd.h>

static int lines[2]; /* what is written on stderr */
static char text[4096];

/* Puts stderr on a pipe; back by restore. */
static int divert(void)
{
    int saved = dup(STDERR_FILENO);
    CHECK_EQ(pipe(lines), 0);
    CHECK_EQ(dup2(lines[1], STDERR_FILENO), STDERR_FILENO);
    return saved;
}

static void restore(int saved)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(lines[0]);
    close(lines[1]);
}

/* Reads the next line from stderr, however long it takes. */
static void read_line(void)
{
    size_t length = 0;
    while (length + 1 < sizeof text && read(lines[0], text + length, 1) == 1 && text[length] != '\n')
        length++;
    text[length] = '\0';
}

struct hog {
    gr_ref tell; /* who hears that it is over */
    int times;   /* that it was named */
};

static int hog_start(gr_actor *self, struct hog *hog, const struct address *m)
{
    hog->tell = m->ref;
    return 0;
}

/* Runs until the watchdog has named it. */
static void hog_ping(gr_actor *self, struct hog *hog, const struct ping *m)
{
    read_line();
    gr_ref own = gr_self(self);
    char name[64];
    snprintf(name, sizeof name, "actor hog %u:%u:%llu has been running for", own.seat, own.slot,
             (unsigned long long)own.generation);
    CHECK(strstr(text, name) != NULL);
    snprintf(name, sizeof name, "loop %d", gr_loop_index(self));
    CHECK(strstr(text, name) != NULL);
    CHECK(strstr(text, "gr_blocking") != NULL);
    struct gri_loop *loop = gri_runtime_of(gr_actor_system(self))->system.loops[gr_loop_index(self)];
    CHECK_EQ(gri_counter_read(&loop->counters, GRI_COUNTER_HOGS), ++hog->times);
    gr_send(self, hog->tell, number, .value = 1);
}

GR_ACTOR(hog, struct hog, address, hog_start, GR_ON(ping, hog_ping));

static int has_hogs(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < loops; i++) {
        gr_ref ref = gr_spawn_with(self, hog, (.loop = GR_LOOP(i)), .ref = gr_self(self));
        gr_send(self, ref, ping);
        CHECK_EQ(next_number(self), 1);
        gr_send(self, ref, ping); /* another time is another line */
        CHECK_EQ(next_number(self), 1);
    }
    return 0;
}

Case(watchdog, g19_a_handler_that_holds_up_its_loop_is_named)
{
    int saved = divert();
    int code = gr_run_with(has_hogs, NULL, (.loops = 2, .hog_after = gr_milliseconds(5)));
    restore(saved);
    CHECK_EQ(code, 0);
}

struct busy {
    gr_ref tell; /* who hears that it is over */
};

static int busy_start(gr_actor *self, struct busy *busy, const struct address *m)
{
    busy->tell = m->ref;
    return 0;
}

/* Sends itself the next one, until the clock shows the time that they carry. */
static void busy_number(gr_actor *self, struct busy *busy, const struct number *m)
{
    if (gri_clock_now(gri_clock_monotonic()) < m->value)
        gr_send(self, gr_self(self), number, .value = m->value);
    else
        gr_send(self, busy->tell, ping);
}

GR_ACTOR(busy, struct busy, address, busy_start, GR_ON(number, busy_number));

/* A coroutine that does the same, receiving. */
static int busy_receiver_main(gr_actor *self, const struct address *m)
{
    struct gr_mail mail;
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        const struct number *until = gr_mail_as(&mail, number);
        if (until == NULL) continue;
        busy_number(self, &(struct busy){.tell = m->ref}, until);
    }
    return 0;
}

GR_COROUTINE(busy_receiver, address, busy_receiver_main);

/* Long enough for the watchdog to see them at it many times. */
static int has_busy_ones(gr_actor *self, void *argument)
{
    gr_time until = gri_clock_now(gri_clock_monotonic()) + gr_milliseconds(700);
    gr_ref refs[4];
    for (int i = 0; i < 4; i++) {
        refs[i] = i < 2 ? gr_spawn_with(self, busy, (.loop = GR_LOOP(i)), .ref = gr_self(self))
                        : gr_spawn_with(self, busy_receiver, (.loop = GR_LOOP(i - 2)), .ref = gr_self(self));
        for (int j = 0; j < 50; j++) gr_send(self, refs[i], number, .value = until);
    }
    for (int i = 0; i < 4 * 50; i++) next_ping(self);
    return 0;
}

/* Notes whatever is written on stderr but the last line. */
static void *read_main(void *argument)
{
    for (;;) {
        read_line();
        if (strcmp(text, "over") == 0) return NULL;
        note("%s", text);
    }
}

Case(watchdog, g19_actors_that_are_merely_busy_with_short_messages_are_not_named)
{
    gri_thread reader;
    int saved = divert();
    CHECK_EQ(gri_thread_create(&reader, read_main, NULL, "reads"), 0);
    int code = gr_run_with(has_busy_ones, NULL, (.loops = 2, .hog_after = gr_milliseconds(200)));
    CHECK_EQ(write(lines[1], "over\n", 5), 5);
    gri_thread_join(reader);
    restore(saved);
    CHECK_EQ(code, 0);
    CHECK_TEXT(notes(), "");
}

static int hogs_itself(gr_actor *self, void *argument)
{
    read_line();
    CHECK(strstr(text, "actor root ") != NULL);
    return 0;
}

Case(watchdog, g19_a_coroutine_that_does_not_wait_is_named_too)
{
    int saved = divert();
    int code = gr_run_with(hogs_itself, NULL, (.loops = 1, .hog_after = gr_milliseconds(5)));
    restore(saved);
    CHECK_EQ(code, 0);
}

/* Waits for an answer that never comes, whatever it is told. */
static int unmoved_main(gr_actor *self, const struct gr_nothing *m)
{
    gr_promise unset;
    gr_future *never = gr_promise_create(self, number, &unset);
    int error = gr_await(self, never, GR_FOREVER);
    struct gri_runtime *runtime = gri_runtime_of(gr_actor_system(self));
    bool in_time = gri_clock_now(gri_clock_monotonic()) < runtime->stop_deadline;
    note("%d%s", error, in_time || runtime->options.stop_deadline != gr_seconds(1) ? "" : ":late");
    return 0;
}

GR_COROUTINE(unmoved, gr_nothing, unmoved_main);

static int leaves_unmoved(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    for (int i = 0; i < 2 * loops; i++)
        CHECK(!gr_ref_is_null(gr_spawn_with(self, unmoved, (.loop = GR_LOOP(i % loops)))));
    return 0;
}

Case(watchdog, g16_what_ignores_the_stop_of_a_run_is_killed_at_half_of_its_deadline)
{
    CHECK_EQ(gr_run_with(leaves_unmoved, NULL, (.loops = 2, .stop_deadline = gr_seconds(1))), 0);
    CHECK_TEXT(notes(), "-11 -11 -11 -11");
}

static int stops_with_little_time(gr_actor *self, void *argument)
{
    CHECK_EQ(leaves_unmoved(self, NULL), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(gr_system_stop(gr_actor_system(self), gr_milliseconds(100), NULL, 0, NULL), GR_EBUSY);
    return 0;
}

Case(watchdog, g16_a_stop_from_inside_brings_its_own_deadline)
{
    CHECK_EQ(gr_run_with(stops_with_little_time, NULL, (.loops = 2, .hog_after = gr_seconds(3600))), 0);
    CHECK_TEXT(notes(), "-11 -11 -11 -11");
}

/* ---- many healthy ones and a short deadline ---- */

static int started, ended; /* of them */

static int slow_start(gr_actor *self, int *state, const struct gr_nothing *m)
{
    started++;
    return 0;
}

/* Takes two milliseconds to end: a hundred of them take ten times the deadline. */
static void slow_end(gr_actor *self, int *state, const int *reason)
{
    gr_time until = gri_clock_now(gri_clock_monotonic()) + gr_milliseconds(2);
    while (gri_clock_now(gri_clock_monotonic()) < until) continue;
    ended++;
}

GR_ACTOR(slow_to_end, int, gr_nothing, slow_start, GR_ON_END(slow_end));

static int leaves_slow_ones(gr_actor *self, void *argument)
{
    for (int i = 0; i < 100; i++) CHECK(!gr_ref_is_null(gr_spawn(self, slow_to_end)));
    while (started < 100)
        if (gr_sleep(self, 0) != 0) return 1;
    return 0;
}

static void run_slow_ones(void *argument)
{
    int code = gr_run_with(leaves_slow_ones, NULL, (.loops = 1, .stop_deadline = gr_milliseconds(20)));
    fprintf(stderr, "code %d, %d ended", code, ended);
    _exit(0);
}

Case(watchdog, g16_a_run_whose_actors_go_on_ending_after_its_deadline_is_not_left)
{
    struct child child;
    child_run(&child, run_slow_ones, NULL);
    CHECK_EQ(child.status, 0);
    CHECK_TEXT(child.output, "code 0, 100 ended");
}
