/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the poller over libuv, on real pipes, sockets and clocks. None waits for a time but those that test
 * times. */
#define _GNU_SOURCE /* pipe2 */
#include "base/clock.h"
#include "base/error.h"
#include "base/platform.h"
#include "io/uv_poller.h"
#include "tests/support/share.h"
#include "tests/unit/base/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>

#define SECOND      INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)

static struct gri_poller *poller;
static struct gri_memory_account account;

static gr_time now(void)
{
    return gri_clock_now(gri_clock_monotonic());
}

static void start(void)
{
    gri_memory_account_init(&account, gri_memory_default(), 0);
    int err = gri_uv_poller_create(&account.memory, &poller);
    cr_assert_eq(err, 0, "%s: %s", gr_error_name(err), gri_thread_error());
}

static void end(void)
{
    gri_poller_destroy(poller);
    cr_assert_eq(gri_memory_used(&account.memory), 0);
}

/* Parks, and tells how long that took. */
static gr_time park(gr_time timeout_ns)
{
    gr_time before = now();
    gri_poller_park(poller, timeout_ns);
    return now() - before;
}

/* A park that nothing ends early lasts at least this long. */
#define NOT_WOKEN (5 * MILLISECOND)

static void must_not_be_woken(void)
{
    cr_assert_geq(park(NOT_WOKEN), NOT_WOKEN, "something ended the park");
}

/* A watch that notes its calls, and may do something in them. */
struct noted {
    struct gri_watch watch;       /* must be first */
    int ends[2];                  /* of a pipe: reading, writing */
    int calls;                    /* of ready */
    unsigned events;              /* of the last call */
    void (*then)(struct noted *); /* called by ready, or NULL */
    struct noted *other;          /* for `then` */
};

static void on_ready(struct gri_watch *watch, unsigned events)
{
    struct noted *n = (struct noted *)watch;
    n->calls++;
    n->events = events;
    if (n->then) n->then(n);
}

static void take_byte(struct noted *n)
{
    char byte;
    cr_assert_eq(read(n->ends[0], &byte, 1), 1);
}

static void init_noted(struct noted *n, void (*then)(struct noted *))
{
    *n = (struct noted){.watch.ready = on_ready, .then = then};
    cr_assert_eq(pipe2(n->ends, O_CLOEXEC), 0);
}

static void fini_noted(struct noted *n)
{
    gri_poller_unwatch(poller, &n->watch);
    close(n->ends[0]);
    close(n->ends[1]);
}

static void put_byte(struct noted *n)
{
    cr_assert_eq(write(n->ends[1], "x", 1), 1);
}

static void watch_reading(struct noted *n)
{
    int err = gri_poller_watch(poller, &n->watch, n->ends[0], GRI_WATCH_READ);
    cr_assert_eq(err, 0, "%s: %s", gr_error_name(err), gri_thread_error());
}

/* Parks until the watch was called, since a park may return early. */
static void park_until_called(struct noted *n, int calls)
{
    while (n->calls < calls) gri_poller_park(poller, GR_FOREVER);
}

Test(uv_poller, a_park_lasts_its_time_to_the_nanosecond_and_not_much_longer)
{
    static const gr_time times[] = {1, 999, 20000, 150000, 999999, MILLISECOND, 1500000, 12345678};
    start();
    for (int watched = 0; watched < 2; watched++) {
        struct noted n;
        init_noted(&n, NULL);
        if (watched) watch_reading(&n);
        for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
            gr_time best = GR_FOREVER;
            for (int run = 0; run < 5; run++) {
                gr_time took = park(times[i]);
                cr_assert_geq(took, times[i]);
                if (took < best) best = took;
            }
            cr_assert_lt(best, times[i] + 2 * MILLISECOND, "%ld ns took %ld", (long)times[i], (long)best);
        }
        fini_noted(&n);
    }
    end();
}

Test(uv_poller, a_park_of_zero_looks_without_blocking)
{
    struct noted n;
    start();
    init_noted(&n, take_byte);
    gri_poller_park(poller, 0);
    watch_reading(&n);
    gri_poller_park(poller, 0);
    cr_assert_eq(n.calls, 0);
    put_byte(&n);
    gri_poller_park(poller, 0);
    cr_assert_eq(n.calls, 1);
    cr_assert_eq(n.events, GRI_WATCH_READ);
    gri_poller_park(poller, 0);
    cr_assert_eq(n.calls, 1);
    fini_noted(&n);
    end();
}

Test(uv_poller, a_wake_ends_the_next_park_and_many_are_one)
{
    start();
    for (int wakes = 1; wakes <= 1000; wakes *= 10) {
        for (int i = 0; i < wakes; i++) gri_poller_wake(poller);
        cr_assert_lt(park(10 * SECOND), 5 * SECOND);
        must_not_be_woken();
    }
    end();
}

Test(uv_poller, a_park_of_zero_takes_a_wake_too)
{
    start();
    gri_poller_wake(poller);
    gri_poller_park(poller, 0);
    must_not_be_woken();
    end();
}

static void *wake_it(void *unused)
{
    gri_poller_wake(poller);
    return NULL;
}

Test(uv_poller, another_thread_wakes_a_park_without_end)
{
    gri_thread thread;
    start();
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(gri_thread_create(&thread, wake_it, NULL, "waker"), 0);
        gri_poller_park(poller, GR_FOREVER);
        gri_thread_join(thread);
        gri_poller_park(poller, 0); /* if the first returned early, the wake comes now */
    }
    end();
}

static volatile sig_atomic_t signals;

static void on_signal(int signal)
{
    signals++;
    errno = EDOM;
    gri_poller_wake(poller);
    if (errno != EDOM) abort();
}

Test(uv_poller, a_signal_handler_may_wake)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct itimerval soon = {.it_value = {.tv_usec = 1000}};
    start();
    sigaction(SIGALRM, &action, NULL);
    for (int i = 1; i <= 20; i++) {
        setitimer(ITIMER_REAL, &soon, NULL);
        while (signals < i) gri_poller_park(poller, GR_FOREVER);
        gri_poller_park(poller, 0);
    }
    must_not_be_woken();
    end();
}

/* Two pollers wake each other in turn: a lost wake would hang it. */
struct turns {
    struct gri_poller *pollers[2]; /* of the two threads */
    gri_atomic_u64 turn;           /* counts up; even: the first thread's */
    uint64_t rounds;               /* when to end */
};

static void take_turns(struct turns *t, unsigned who)
{
    for (;;) {
        uint64_t turn = gri_load(&t->turn, GRI_ACQUIRE);
        if (turn >= t->rounds) break;
        if (turn % 2 != who) {
            gri_poller_park(t->pollers[who], GR_FOREVER);
            continue;
        }
        gri_store(&t->turn, turn + 1, GRI_RELEASE);
        gri_poller_wake(t->pollers[!who]);
    }
    gri_poller_wake(t->pollers[!who]);
}

static void *take_second_turns(void *turns)
{
    take_turns(turns, 1);
    return NULL;
}

Test(uv_poller, no_wake_is_lost, .timeout = 60)
{
    static struct turns t;
    gri_thread thread;
    start();
    t.rounds = test_share(40000);
    t.pollers[0] = poller;
    cr_assert_eq(gri_uv_poller_create(&account.memory, &t.pollers[1]), 0);
    cr_assert_eq(gri_thread_create(&thread, take_second_turns, &t, "second"), 0);
    take_turns(&t, 0);
    gri_thread_join(thread);
    gri_poller_destroy(t.pollers[1]);
    end();
}

/* Descriptors. */

Test(uv_poller, a_descriptor_that_becomes_ready_ends_a_park)
{
    struct noted n;
    start();
    init_noted(&n, take_byte);
    watch_reading(&n);
    for (int i = 1; i <= 10; i++) {
        put_byte(&n);
        park_until_called(&n, i);
        cr_assert_eq(n.events, GRI_WATCH_READ);
        cr_assert_eq(n.calls, i);
    }
    must_not_be_woken();
    fini_noted(&n);
    end();
}

Test(uv_poller, it_is_called_again_while_the_descriptor_is_ready)
{
    struct noted n;
    start();
    init_noted(&n, NULL);
    watch_reading(&n);
    put_byte(&n);
    park_until_called(&n, 5);
    fini_noted(&n);
    end();
}

Test(uv_poller, the_events_of_a_watch_can_be_changed)
{
    int ends[2];
    struct noted n = {.watch.ready = on_ready};
    start();
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    cr_assert_eq(gri_poller_watch(poller, &n.watch, ends[0], GRI_WATCH_READ), 0);
    must_not_be_woken();
    cr_assert_eq(gri_poller_watch(poller, &n.watch, ends[0], GRI_WATCH_READ | GRI_WATCH_WRITE), 0);
    park_until_called(&n, 1);
    cr_assert_eq(n.events, GRI_WATCH_WRITE);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    park_until_called(&n, 2);
    cr_assert_eq(n.events, GRI_WATCH_READ | GRI_WATCH_WRITE);
    cr_assert_eq(gri_poller_watch(poller, &n.watch, ends[0], GRI_WATCH_READ), 0);
    park_until_called(&n, 3);
    cr_assert_eq(n.events, GRI_WATCH_READ);
    gri_poller_unwatch(poller, &n.watch);
    gri_poller_unwatch(poller, &n.watch);
    n.calls = 0;
    must_not_be_woken();
    cr_assert_eq(n.calls, 0);
    close(ends[0]);
    close(ends[1]);
    end();
}

Test(uv_poller, a_closed_peer_is_readable_and_a_broken_pipe_an_error)
{
    struct noted reader, writer;
    start();
    init_noted(&reader, NULL);
    init_noted(&writer, NULL);
    watch_reading(&reader);
    close(reader.ends[1]);
    park_until_called(&reader, 1);
    cr_assert(reader.events & GRI_WATCH_READ);
    gri_poller_unwatch(poller, &reader.watch);
    close(reader.ends[0]);

    cr_assert_eq(gri_poller_watch(poller, &writer.watch, writer.ends[1], GRI_WATCH_READ), 0);
    close(writer.ends[0]);
    park_until_called(&writer, 1);
    cr_assert_eq(writer.events, GRI_WATCH_ERROR);
    must_not_be_woken();
    cr_assert_eq(writer.calls, 1, "after an error it reports nothing more");
    gri_poller_unwatch(poller, &writer.watch);
    close(writer.ends[1]);
    end();
}

static void unwatch_itself(struct noted *n)
{
    gri_poller_unwatch(poller, &n->watch);
}

static void unwatch_other(struct noted *n)
{
    gri_poller_unwatch(poller, &n->watch);
    gri_poller_unwatch(poller, &n->other->watch);
    memset(&n->other->watch, 0xff, sizeof n->other->watch); /* it is not touched any more */
}

static void watch_other(struct noted *n)
{
    gri_poller_unwatch(poller, &n->watch);
    watch_reading(n->other);
}

Test(uv_poller, a_callback_may_end_and_start_watches)
{
    struct noted a, b;
    start();
    for (int i = 0; i < 20; i++) {
        init_noted(&a, unwatch_itself);
        watch_reading(&a);
        put_byte(&a);
        park_until_called(&a, 1);
        must_not_be_woken();
        cr_assert_eq(a.calls, 1);
        fini_noted(&a);

        /* Both are ready in the same park: who comes first ends the other. */
        init_noted(&a, unwatch_other);
        init_noted(&b, unwatch_other);
        a.other = &b;
        b.other = &a;
        put_byte(&a);
        put_byte(&b);
        watch_reading(&a);
        watch_reading(&b);
        while (a.calls + b.calls == 0) gri_poller_park(poller, GR_FOREVER);
        gri_poller_park(poller, 0);
        cr_assert_eq(a.calls + b.calls, 1);
        memset(&a.watch, 0, sizeof a.watch);
        memset(&b.watch, 0, sizeof b.watch);
        fini_noted(&a);
        fini_noted(&b);

        init_noted(&a, watch_other);
        init_noted(&b, take_byte);
        a.other = &b;
        watch_reading(&a);
        put_byte(&a);
        put_byte(&b);
        park_until_called(&b, 1);
        cr_assert_eq(a.calls, 1);
        fini_noted(&a);
        fini_noted(&b);
    }
    end();
}

Test(uv_poller, many_descriptors_are_watched_at_once)
{
    enum { COUNT = 400 };
    static struct noted many[COUNT];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 2000 ? limit.rlim_max : 2000;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    start();
    for (int i = 0; i < COUNT; i++) {
        init_noted(&many[i], take_byte);
        watch_reading(&many[i]);
    }
    for (int round = 1; round <= 3; round++) {
        for (int i = round; i < COUNT; i += round) put_byte(&many[i]);
        for (int i = round; i < COUNT; i += round) park_until_called(&many[i], 1);
        gri_poller_park(poller, 0);
        for (int i = 0; i < COUNT; i++) {
            cr_assert_eq(many[i].calls, i >= round && i % round == 0, "%d in round %d", i, round);
            many[i].calls = 0;
        }
    }
    for (int i = 0; i < COUNT; i++) fini_noted(&many[i]);
    end();
}

Test(uv_poller, a_number_is_free_again_after_unwatch_and_close)
{
    struct noted n;
    start();
    for (int i = 0; i < 100; i++) {
        init_noted(&n, take_byte);
        watch_reading(&n);
        if (i % 3) gri_poller_park(poller, 0);
        put_byte(&n);
        if (i % 2) park_until_called(&n, 1);
        fini_noted(&n); /* the next pipe gets the same numbers */
    }
    end();
}

/* Embedding. */

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int count = poll(&poll_fd, 1, timeout_ms);
    cr_assert_geq(count, 0);
    return count > 0;
}

Test(uv_poller, its_descriptor_is_readable_for_a_wake_an_event_and_the_armed_time)
{
    struct noted n;
    start();
    cr_assert_eq(gri_poller_arm(poller, 0), GR_ECONTEXT);
    int fd = gri_poller_fd(poller);
    cr_assert_geq(fd, 0);
    cr_assert_eq(gri_poller_fd(poller), fd);
    cr_assert_eq(gri_poller_arm(poller, GR_FOREVER), 0);
    cr_assert(!is_readable(fd, 5));

    gri_poller_wake(poller);
    cr_assert(is_readable(fd, -1));
    gri_poller_park(poller, 0);
    cr_assert(!is_readable(fd, 0));

    init_noted(&n, take_byte);
    watch_reading(&n);
    cr_assert_eq(gri_poller_arm(poller, GR_FOREVER), 0);
    cr_assert(!is_readable(fd, 0));
    put_byte(&n);
    cr_assert(is_readable(fd, -1), "a watch that was new before arm counts");
    gri_poller_park(poller, 0);
    cr_assert_eq(n.calls, 1);
    cr_assert(!is_readable(fd, 0));

    gr_time before = now();
    cr_assert_eq(gri_poller_arm(poller, 3 * MILLISECOND), 0);
    cr_assert(is_readable(fd, -1));
    cr_assert_geq(now() - before, 3 * MILLISECOND);
    cr_assert_eq(gri_poller_arm(poller, GR_FOREVER), 0);
    cr_assert(!is_readable(fd, 5), "arming again takes the time back");
    cr_assert_eq(gri_poller_arm(poller, 3600 * SECOND), 0);
    cr_assert(!is_readable(fd, 0));
    cr_assert_eq(gri_poller_arm(poller, 0), 0);
    cr_assert(is_readable(fd, -1));
    fini_noted(&n);
    end();
}

Test(uv_poller, arm_makes_it_readable_at_once_after_it_called_a_watch)
{
    struct noted n;
    start();
    int fd = gri_poller_fd(poller);
    init_noted(&n, take_byte);
    put_byte(&n);
    watch_reading(&n);
    cr_assert_eq(gri_poller_arm(poller, GR_FOREVER), 0);
    cr_assert_eq(n.calls, 1);
    cr_assert(is_readable(fd, -1));
    fini_noted(&n);
    end();
}

/* Errors. */

static int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;
    cr_assert_not_null(dir);
    while (readdir(dir)) count++;
    closedir(dir);
    return count;
}

Test(uv_poller, no_descriptor_is_left_behind)
{
    start(); /* libuv makes a pipe of the process's own, once */
    end();
    int before = count_descriptors();
    for (int i = 0; i < 20; i++) {
        struct noted n;
        start();
        init_noted(&n, take_byte);
        watch_reading(&n);
        if (i % 2) cr_assert_geq(gri_poller_fd(poller), 0);
        if (i % 3) gri_poller_park(poller, 0);
        fini_noted(&n);
        end();
        cr_assert_eq(count_descriptors(), before);
    }
}

/* Lets the process open `count` more descriptors: takes all that it may have, but these. */
static void allow_descriptors(int count)
{
    static int taken[256], taken_count;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 256;
    while (taken_count > 0) close(taken[--taken_count]);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while ((taken[taken_count] = dup(STDIN_FILENO)) >= 0) taken_count++;
    cr_assert_geq(taken_count, count);
    while (count-- > 0) close(taken[--taken_count]);
}

Test(uv_poller, too_few_descriptors_are_an_error_that_names_the_call)
{
    bool created = false;
    for (int count = 0; count < 8 && !created; count++) {
        allow_descriptors(count);
        int err = gri_uv_poller_create(gri_memory_default(), &poller);
        created = err == 0;
        if (created) break;
        cr_assert_eq(err, GR_ESYS, "with %d", count);
        cr_assert_null(poller);
        cr_assert(strstr(gri_thread_error(), count == 0 ? "eventfd: " : "uv_loop_init: "), "%s",
                  gri_thread_error());
        cr_assert(strstr(gri_thread_error(), strerror(EMFILE)), "%s", gri_thread_error());
    }
    cr_assert(created);
    static const char *const calls[] = {"epoll_create1", "timerfd_create"};
    for (int count = 0; count < 2; count++) {
        allow_descriptors(count);
        cr_assert_eq(gri_poller_fd(poller), GR_ESYS);
        cr_assert(strstr(gri_thread_error(), calls[count]), "%s", gri_thread_error());
    }
    allow_descriptors(2);
    cr_assert_geq(gri_poller_fd(poller), 0);
    gri_poller_destroy(poller);
}

Test(uv_poller, no_memory_is_an_error_for_it_and_for_a_watch)
{
    struct gri_memory_fault fault;
    struct noted n;
    gri_memory_account_init(&account, gri_memory_default(), 0);
    gri_memory_fault_init(&fault, &account.memory, 1);
    cr_assert_eq(gri_uv_poller_create(&fault.memory, &poller), GR_ENOMEM);
    cr_assert_null(poller);
    gri_memory_fault_init(&fault, &account.memory, 2);
    cr_assert_eq(gri_uv_poller_create(&fault.memory, &poller), 0);
    init_noted(&n, take_byte);
    cr_assert_eq(gri_poller_watch(poller, &n.watch, n.ends[0], GRI_WATCH_READ), GR_ENOMEM);
    cr_assert(strstr(gri_thread_error(), "out of memory"), "%s", gri_thread_error());
    cr_assert_null(n.watch.handle);
    watch_reading(&n);
    put_byte(&n);
    park_until_called(&n, 1);
    fini_noted(&n);
    end();
}

Test(uv_poller, what_can_not_be_watched_is_an_error)
{
    struct noted n, same = {.watch.ready = on_ready};
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    start();
    init_noted(&n, take_byte);
    cr_assert_eq(gri_poller_watch(poller, &same.watch, fileno(file), GRI_WATCH_READ), GR_ESYS);
    cr_assert(strstr(gri_thread_error(), "uv_poll_init: "), "%s", gri_thread_error());
    cr_assert_eq(gri_poller_watch(poller, &same.watch, 999, GRI_WATCH_READ), GR_ESYS);
    watch_reading(&n);
    cr_assert_eq(gri_poller_watch(poller, &same.watch, n.ends[0], GRI_WATCH_READ), GR_EEXISTS);
    gri_poller_park(poller, 0);
    cr_assert_eq(gri_poller_watch(poller, &same.watch, n.ends[0], GRI_WATCH_READ), GR_EEXISTS);
    cr_assert_null(same.watch.handle);
    put_byte(&n);
    park_until_called(&n, 1);
    fini_noted(&n);
    fclose(file);
    end();
}

static void destroy_it(void *unused)
{
    gri_poller_destroy(poller);
}

Test(uv_poller, it_can_not_be_destroyed_while_it_watches)
{
    struct noted n;
    start();
    init_noted(&n, NULL);
    watch_reading(&n);
    child_must_abort(destroy_it, NULL, "watch_count == 0");
    fini_noted(&n);
    end();
    gri_poller_destroy(NULL);
}
