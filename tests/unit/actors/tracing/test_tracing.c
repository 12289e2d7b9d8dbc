/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what actors tell the tracer, in exact virtual time; the file's form is tested in tests/integration/tracing. */
#include "base/atomic.h"
#include "base/platform.h"
#include "tests/support/world/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char text[1 << 20];

/* Runs a root on one loop, a real one if the seed is 0; `text` becomes its trace. */
static void run_traced_with(root_function root, uint64_t seed)
{
    char path[] = "/tmp/greenroom-tracing-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_EQ(gr_run_with(root, NULL, (.loops = 1, .seed = seed, .trace = path)), 0);
    ssize_t length = read(fd, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    close(fd);
    unlink(path);
}

static void run_traced(root_function root)
{
    run_traced_with(root, 3);
}

static int times(const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) count++;
    return count;
}

/* Whether a line holds both. */
static bool has(const char *name, const char *part)
{
    for (const char *line = text; line != NULL; line = strchr(line + 1, '\n')) {
        const char *end = strchr(line + 1, '\n');
        const char *a = strstr(line, name), *b = strstr(line, part);
        if (a != NULL && b != NULL && (end == NULL || (a < end && b < end))) return true;
    }
    fprintf(stderr, "no line has %s and %s in:\n%s\n", name, part, text);
    return false;
}

static int does_everything(gr_actor *self, void *argument)
{
    struct number sum;
    gr_ref ref = gr_spawn(self, server, .value = 1);
    gr_ref gone = gr_spawn(self, refuser, .value = 5);
    CHECK_EQ(gr_send(self, ref, number, .value = 2), 0);
    CHECK_EQ(gr_send(self, ref, unknown), 0); /* no handler */
    CHECK_EQ(gr_call(self, ref, &sum, GR_FOREVER, get_sum), 0);
    CHECK_EQ(gr_send_after(self, gr_self(self), gr_milliseconds(3), NULL, ping), 0);
    next_ping(self);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(7)), 0);
    CHECK_EQ(gr_send(self, gone, ping), GR_ESTALE);
    return 0;
}

Case(tracing, everything_that_actors_do_is_in_the_trace)
{
    run_traced(does_everything);
    CHECK(has("\"server\"", "\"cat\":\"spawn\""));
    CHECK(has("\"root\"", "\"cat\":\"spawn\"")); /* from outside */
    CHECK_EQ(times("\"cat\":\"send\""), 4);
    CHECK(has("\"unknown\"", "\"cat\":\"send\""));
    CHECK(has("\"number\"", "\"cat\":\"handle\""));
    CHECK(has("\"get_sum\"", "\"cat\":\"handle\""));
    CHECK(has("\"ping\"", "\"args\":{\"actor\":\"root\"")); /* which a coroutine received */
    CHECK_EQ(times("\"cat\":\"handle\""), 3);               /* nobody handled the unknown */
    CHECK(has("\"unknown\"", "\"cause\":\"dead: unhandled\""));
    CHECK(has("\"ping\"", "\"cause\":\"dead: stale\""));
    CHECK(has("\"start\"", "\"args\":{\"actor\":\"server\""));
    CHECK(has("\"actor\":\"refuser\"", "\"reason\":5"));
    CHECK(has("\"actor\":\"root\"", "\"reason\":0"));
    CHECK(has("\"waits for a future\"", "\"ph\":\"b\""));
    CHECK(has("\"waits for mail\"", "\"ph\":\"e\""));
    CHECK(has("\"sleeps\"", "\"ph\":\"b\""));
    CHECK_EQ(times("\"ph\":\"b\""), times("\"ph\":\"e\""));
    CHECK_EQ(times("\"ph\":\"s\""), 4);
    CHECK_EQ(times("\"ph\":\"f\""), 4); /* the dead letter's too */
    CHECK(has("\"counts\"", "\"spawned\":3,\"ended\":3,\"sent\":4,\"handled\":3"));
}

/* The time of the line that holds both, in microseconds. */
static double time_of(const char *name, const char *part)
{
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *ts = strstr(line, "\"ts\":");
        if (strstr(line, name) != NULL && strstr(line, part) != NULL && ts != NULL) return atof(ts + 5);
    }
    return -1;
}

static int sleeps_once(gr_actor *self, void *argument)
{
    return gr_sleep(self, gr_seconds(3));
}

Case(tracing, times_are_those_of_the_systems_clock)
{
    run_traced(sleeps_once);
    double took = time_of("\"sleeps\"", "\"ph\":\"e\"");
    CHECK(took >= 3e6 && took < 3.01e6);
}

static gri_atomic_u32 has_begun, gate;

static int waits_for_gate(void *argument)
{
    gri_store(&has_begun, 1, GRI_RELEASE);
    gri_futex_wake(&has_begun, 1);
    while (gri_load(&gate, GRI_ACQUIRE) == 0) gri_futex_wait(&gate, 0, GR_FOREVER);
    return 0;
}

static int leaves_work(gr_actor *self, void *argument)
{
    gr_future *future = gr_blocking(self, waits_for_gate, NULL);
    while (gri_load(&has_begun, GRI_ACQUIRE) == 0) gri_futex_wait(&has_begun, 0, GR_FOREVER);
    gr_future_release(future);
    gri_store(&gate, 1, GRI_RELEASE);
    gri_futex_wake(&gate, 1);
    while (dead_letters(self, GR_DEAD_LATE_REPLY) == 0)
        if (!CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0)) break;
    return 0;
}

Case(tracing, the_end_of_work_that_nobody_waits_for_is_a_dead_letter_without_a_type)
{
    run_traced_with(leaves_work, 0);
    CHECK(has("\"reply\"", "\"cause\":\"dead: late reply\""));
}

static int timers(gr_actor *self, void *argument)
{
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(gr_send_after(self, gr_self(self), gr_milliseconds(1), NULL, ping), 0);
        next_ping(self);
    }
    return 0;
}

Case(tracing, a_program_goes_on_when_its_trace_can_not_be_written)
{
    CHECK_EQ(gr_run_with(timers, NULL, (.loops = 1, .seed = 3, .trace = "/dev/full")), 0);
    CHECK_EQ(gr_run_with(timers, NULL, (.loops = 1, .trace = "/dev/full")), 0);
}

static int copies(gr_actor *self, void *argument)
{
    struct words reply;
    gr_ref ref = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 1);
    for (int i = 0; i < 300; i++) {
        if (!CHECK_EQ(gr_call(self, ref, &reply, GR_FOREVER, get_words, .value = i), 0)) break;
        gr_string_release(reply.text);
    }
    return 0;
}

Case(tracing, a_traced_program_does_the_same_on_all_kinds_of_loops)
{
    CHECK_EQ(setenv("GR_TRACE", "/dev/null", 1), 0);
    run_everywhere(copies);
    CHECK_EQ(unsetenv("GR_TRACE"), 0);
}
