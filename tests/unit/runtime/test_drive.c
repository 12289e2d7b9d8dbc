/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of running a system, and of stepping it inside of a foreign loop. */
#include "base/atomic.h"
#include "base/platform.h"
#include "runtime/runtime.h"
#include "tests/support/world/case.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

/* ---- threads that can't be started ---- */

static int threads_allowed = -1; /* then each further one fails; -1: all may start */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                          void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                          void *argument)
{
    if (threads_allowed == 0) return EAGAIN;
    if (threads_allowed > 0) threads_allowed--;
    return __real_pthread_create(thread, attributes, main, argument);
}

static int64_t sum_of(gr_ref ref)
{
    struct number sum = {-1};
    CHECK_EQ(gr_call(NULL, ref, &sum, GR_FOREVER, get_sum), 0);
    return sum.value;
}

static void *run_main(void *system)
{
    return (void *)(intptr_t)gr_system_run(system);
}

Case(drive, a_thread_that_can_not_be_started_ends_the_run_with_an_error_and_its_actors)
{
    for (int allowed = 0; allowed < 3; allowed++) { /* of the watchdog and two loops */
        for (int steps = 0; steps < 2; steps++) {
            gr_system *system;
            bool more;
            CHECK_EQ(gr_system_create(&system, .loops = 3), 0);
            for (int i = 0; i < 3; i++)
                CHECK(!gr_ref_is_null(gr_system_spawn(system, server, (.loop = GR_LOOP(i)), .value = 1)));
            threads_allowed = allowed;
            CHECK_EQ(steps ? gr_system_step(system, &more) : gr_system_run(system), GR_ESYS);
            threads_allowed = -1;
            struct gr_system_counts counts;
            gr_system_count(system, &counts);
            CHECK_EQ(counts.ended, 3);
            /* It may be tried again. */
            gr_ref ref = gr_system_spawn(system, server, (.loop = GR_LOOP(2)), .value = 7);
            gri_thread thread;
            CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0);
            CHECK_EQ(sum_of(ref), 7);
            CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
            CHECK_EQ((intptr_t)gri_thread_join(thread), 0);
            gr_system_destroy(system);
        }
    }
}

static int hook_error;

static int hook(struct gri_runtime *runtime)
{
    CHECK_EQ(runtime->thread_count, 0);
    CHECK(!runtime->watchdog_runs);
    note("hook");
    return hook_error;
}

Case(drive, the_hook_before_the_first_thread_may_refuse)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 2), 0);
    gri_runtime_of(system)->before_threads = hook;
    CHECK(!gr_ref_is_null(gr_system_spawn(system, server, (.loop = GR_LOOP(1)), .value = 1)));
    hook_error = GR_EUNSUPPORTED;
    CHECK_EQ(gr_system_run(system), GR_EUNSUPPORTED);
    CHECK_TEXT(notes(), "hook");
    CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
    gr_system_destroy(system);
}

/* ---- one driver ---- */

static int runs_own(gr_actor *self, void *argument)
{
    bool more = true;
    gr_system *system = gr_actor_system(self);
    CHECK_EQ(gr_system_run(system), GR_EBUSY);
    CHECK(strstr(gr_last_error(NULL), "runs already") != NULL);
    CHECK_EQ(gr_system_step(system, &more), GR_EBUSY);
    CHECK(!more);
    return 0;
}

Case(drive, a_system_that_runs_is_not_run_again_from_inside)
{
    run_everywhere(runs_own);
}

Case(drive, a_system_that_runs_is_not_run_again_by_another_thread)
{
    gr_system *system;
    gri_thread thread;
    bool more = true;
    CHECK_EQ(gr_system_create(&system, .loops = 1), 0);
    gr_ref ref = gr_system_spawn(system, server, (), .value = 7);
    CHECK_EQ(gri_thread_create(&thread, run_main, system, "runs"), 0);
    CHECK_EQ(sum_of(ref), 7); /* so it runs */
    CHECK_EQ(gr_system_run(system), GR_EBUSY);
    CHECK_EQ(gr_system_step(system, &more), GR_EBUSY);
    CHECK(!more);
    CHECK_EQ(sum_of(ref), 7);
    CHECK_EQ(gr_system_stop(system, gr_seconds(60), NULL, 0, NULL), 0);
    CHECK_EQ((intptr_t)gri_thread_join(thread), 0);
    gr_system_destroy(system);
}

/* ---- embedding ---- */

/* A foreign main loop: an epoll with the system's descriptor and a pipe of its own. */
struct foreign {
    gr_system *system; /* stepped */
    int epoll;         /* the loop */
    int own[2];        /* the program's own pipe */
    int own_events;    /* bytes that came through it */
    int waits;         /* times that it slept */
};

static void foreign_add(struct foreign *foreign, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    CHECK_EQ(epoll_ctl(foreign->epoll, EPOLL_CTL_ADD, fd, &event), 0);
}

static void foreign_init(struct foreign *foreign, int loops)
{
    *foreign = (struct foreign){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    CHECK_EQ(gr_system_create(&foreign->system, .loops = loops), 0);
    int fd = gr_system_fd(foreign->system);
    CHECK(fd >= 0);
    CHECK_EQ(gr_system_fd(foreign->system), fd);
    CHECK_EQ(pipe(foreign->own), 0);
    foreign_add(foreign, fd);
    foreign_add(foreign, foreign->own[0]);
}

static void foreign_fini(struct foreign *foreign)
{
    gr_system_destroy(foreign->system);
    close(foreign->epoll);
    close(foreign->own[0]);
    close(foreign->own[1]);
}

/* Steps until nothing is left to do at once. */
static int foreign_step(struct foreign *foreign)
{
    bool more = true;
    int error = 0;
    while (more && error == 0) error = gr_system_step(foreign->system, &more);
    return error;
}

/* Sleeps until the system or the own pipe has something, however long that takes. */
static void foreign_wait(struct foreign *foreign)
{
    struct epoll_event events[2];
    int count = epoll_wait(foreign->epoll, events, 2, -1);
    CHECK(count > 0);
    foreign->waits++;
    for (int i = 0; i < count; i++) {
        char byte;
        if (events[i].data.fd != foreign->own[0]) continue;
        CHECK_EQ(read(foreign->own[0], &byte, 1), 1);
        foreign->own_events++;
    }
}

/* Steps and sleeps until the own pipe has told so many times. */
static void foreign_run(struct foreign *foreign, int own_events)
{
    while (foreign->own_events < own_events) {
        if (!CHECK_EQ(foreign_step(foreign), 0)) return;
        foreign_wait(foreign);
    }
}

/* Tells the foreign loop through its own pipe, after so many timers of its own. */
static int tells_main(gr_actor *self, const struct number *m)
{
    for (int i = 0; i < 5; i++) {
        gr_time begin = gr_now(self);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(2)), 0);
        CHECK(gr_now(self) - begin >= gr_milliseconds(2)); /* never early */
    }
    CHECK_EQ(write((int)m->value, "t", 1), 1);
    return 0;
}

GR_COROUTINE(tells, number, tells_main);

Case(drive, embedded_actors_run_and_their_timers_fire_in_a_foreign_loop)
{
    for (int loops = 1; loops <= 2; loops++) {
        struct foreign foreign;
        foreign_init(&foreign, loops);
        for (int i = 0; i < loops; i++)
            CHECK(!gr_ref_is_null(
                gr_system_spawn(foreign.system, tells, (.loop = GR_LOOP(i)), .value = foreign.own[1])));
        foreign_run(&foreign, loops);
        CHECK(foreign.waits > 0);
        foreign_fini(&foreign);
    }
}

Case(drive, the_descriptor_is_quiet_while_there_is_nothing_to_do)
{
    struct foreign foreign;
    foreign_init(&foreign, 1);
    gr_ref ref = gr_system_spawn(foreign.system, server, (), .value = 1);
    struct pollfd fd = {.fd = gr_system_fd(foreign.system), .events = POLLIN};
    CHECK_EQ(foreign_step(&foreign), 0);
    CHECK_EQ(poll(&fd, 1, 0), 0);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(gr_send(NULL, ref, number, .value = 1), 0);
        CHECK_EQ(poll(&fd, 1, -1), 1);
        CHECK_EQ(poll(&fd, 1, 0), 1); /* until it is stepped */
        CHECK_EQ(foreign_step(&foreign), 0);
        CHECK_EQ(poll(&fd, 1, 0), 0);
    }
    struct gr_system_counts counts;
    gr_system_count(foreign.system, &counts);
    CHECK_EQ(counts.handled, 10);
    foreign_fini(&foreign);
}

/* What another thread does with an embedded system. */
struct outside {
    gr_ref ref;    /* a server */
    int tell;      /* told at the end */
    int64_t asked; /* the last answer */
};

static void *outside_main(void *argument)
{
    struct outside *outside = argument;
    for (int i = 0; i < 200; i++) {
        CHECK_EQ(gr_send(NULL, outside->ref, number, .value = 1), 0);
        if (i % 20 == 0) outside->asked = sum_of(outside->ref);
    }
    outside->asked = sum_of(outside->ref);
    CHECK_EQ(write(outside->tell, "o", 1), 1);
    return NULL;
}

Case(drive, other_threads_send_to_an_embedded_system_and_ask_it)
{
    for (int loops = 1; loops <= 2; loops++) {
        struct foreign foreign;
        foreign_init(&foreign, loops);
        struct outside outside = {.tell = foreign.own[1]};
        outside.ref = gr_system_spawn(foreign.system, server, (.loop = GR_LOOP(loops - 1)), .value = 0);
        gri_thread thread;
        CHECK_EQ(gri_thread_create(&thread, outside_main, &outside, "outside"), 0);
        foreign_run(&foreign, 1);
        gri_thread_join(thread);
        CHECK_EQ(outside.asked, 200);
        foreign_fini(&foreign);
    }
}

static int relays_main(gr_actor *self, const struct address *m)
{
    for (int i = 1; i <= 300; i++) {
        struct number sum;
        gr_send(self, m->ref, number, .value = 1);
        CHECK_EQ(gr_call(self, m->ref, &sum, GR_FOREVER, get_sum), 0);
        CHECK_EQ(sum.value, i);
    }
    note("relayed");
    return gr_system_stop(gr_actor_system(self), gr_seconds(60), NULL, 0, NULL) == GR_EBUSY ? 0 : 1;
}

GR_COROUTINE(relays, address, relays_main);

Case(drive, the_first_loop_is_stepped_while_the_second_has_a_thread_until_an_actor_stops_both)
{
    struct foreign foreign;
    foreign_init(&foreign, 2);
    for (int i = 0; i < 20; i++) {
        notes_clear();
        gr_ref ref = gr_system_spawn(foreign.system, server, (.loop = GR_LOOP(i % 2)), .value = 0);
        gr_ref relay = gr_system_spawn(foreign.system, relays, (.loop = GR_LOOP(1 - i % 2)), .ref = ref);
        CHECK(!gr_ref_is_null(relay));
        int error;
        while ((error = foreign_step(&foreign)) == 0) foreign_wait(&foreign);
        CHECK_EQ(error, GR_ESTOPPED);
        CHECK_TEXT(notes(), "relayed");
        CHECK_EQ(gr_system_actors(foreign.system, NULL, 0), 0);
    }
    foreign_fini(&foreign);
}

Case(drive, g16_the_stepping_thread_may_stop_the_system_itself)
{
    for (int loops = 1; loops <= 2; loops++) {
        struct foreign foreign;
        foreign_init(&foreign, loops);
        for (int i = 0; i < 10; i++) {
            gr_ref ref = gr_system_spawn(foreign.system, listener, (.loop = GR_LOOP(loops - 1)));
            CHECK(!gr_ref_is_null(ref));
            CHECK_EQ(foreign_step(&foreign), 0);
            CHECK_EQ(gr_system_stop(foreign.system, gr_seconds(60), NULL, 0, NULL), 0);
            CHECK_EQ(gr_try_send(NULL, ref, number, .value = 1), GR_ESTALE);
            CHECK_EQ(gr_system_stop(foreign.system, gr_seconds(60), NULL, 0, NULL), 0);
        }
        CHECK(!gr_ref_is_null(gr_system_spawn(foreign.system, listener, (.loop = GR_SPREAD))));
        CHECK_EQ(foreign_step(&foreign), 0);
        foreign_fini(&foreign); /* or just destroy it */
    }
}

static void *stop_main(void *system)
{
    return (void *)(intptr_t)gr_system_stop(system, gr_seconds(60), NULL, 0, NULL);
}

Case(drive, g16_another_threads_stop_ends_the_steps)
{
    struct foreign foreign;
    foreign_init(&foreign, 2);
    for (int i = 0; i < 20; i++) {
        gr_ref ref = gr_system_spawn(foreign.system, listener, (.loop = GR_LOOP(i % 2)));
        CHECK(!gr_ref_is_null(ref));
        CHECK_EQ(foreign_step(&foreign), 0);
        gri_thread thread;
        CHECK_EQ(gri_thread_create(&thread, stop_main, foreign.system, "stops"), 0);
        int error;
        while ((error = foreign_step(&foreign)) == 0) foreign_wait(&foreign);
        CHECK_EQ(error, GR_ESTOPPED);
        CHECK_EQ((intptr_t)gri_thread_join(thread), 0);
    }
    foreign_fini(&foreign);
}

static void *step_main(void *system)
{
    bool more;
    return (void *)(intptr_t)gr_system_step(system, &more);
}

Case(drive, only_the_thread_that_began_may_step)
{
    struct foreign foreign;
    gri_thread thread;
    foreign_init(&foreign, 1);
    CHECK_EQ(foreign_step(&foreign), 0);
    CHECK_EQ(gri_thread_create(&thread, step_main, foreign.system, "steps"), 0);
    CHECK_EQ((intptr_t)gri_thread_join(thread), GR_EBUSY);
    CHECK_EQ(gr_system_run(foreign.system), GR_EBUSY);
    CHECK_EQ(foreign_step(&foreign), 0);
    foreign_fini(&foreign);
}

static int steps_inside_main(gr_actor *self, const struct gr_nothing *m)
{
    bool more = true;
    CHECK_EQ(gr_system_step(gr_actor_system(self), &more), GR_EBUSY);
    CHECK(!more);
    note("refused");
    return 0;
}

GR_COROUTINE(steps_inside, gr_nothing, steps_inside_main);

Case(drive, an_actor_does_not_step_the_system_that_steps_it)
{
    for (uint64_t seed = 0; seed < 2; seed++) {
        gr_system *system;
        bool more = true;
        notes_clear();
        CHECK_EQ(gr_system_create(&system, .loops = 1, .seed = seed), 0);
        CHECK(!gr_ref_is_null(gr_system_spawn(system, steps_inside, ())));
        while (more) CHECK_EQ(gr_system_step(system, &more), 0);
        CHECK_TEXT(notes(), "refused");
        gr_system_destroy(system);
    }
}

Case(drive, g16_a_stop_without_time_on_the_stepping_thread_ends_or_lists_what_did_not)
{
    struct foreign foreign;
    foreign_init(&foreign, 2);
    for (int i = 0; i < 50; i++) {
        struct gr_abandoned list[2];
        size_t count = 99;
        CHECK(!gr_ref_is_null(gr_system_spawn(foreign.system, listener, (.loop = GR_LOOP(i % 2)))));
        CHECK_EQ(foreign_step(&foreign), 0);
        int error = gr_system_stop(foreign.system, 0, list, 2, &count);
        if (error == 0) CHECK_EQ(count, 0);
        if (error == 0) continue;
        /* The other loop's thread may have been without a processor for long. */
        CHECK_EQ(error, GR_EABANDONED);
        CHECK(count >= 1 && list[0].name != NULL);
        CHECK_EQ(gr_system_stop(foreign.system, gr_seconds(60), NULL, 0, NULL), 0);
    }
    foreign_fini(&foreign);
}

Case(drive, a_simulated_run_returns_0_when_nothing_can_happen_any_more)
{
    gr_system *system;
    CHECK_EQ(gr_system_create(&system, .loops = 2, .seed = 8), 0);
    for (int i = 0; i < 2; i++) { /* and may be called again */
        CHECK(!gr_ref_is_null(gr_system_spawn(system, listener, (.loop = GR_LOOP(i)))));
        CHECK_EQ(gr_system_run(system), 0);
        CHECK_EQ(gr_system_actors(system, NULL, 0), 0);
    }
    gr_system_destroy(system);
}

Case(drive, a_simulated_system_is_stepped_without_a_descriptor)
{
    gr_system *system;
    bool more = true;
    int ends[2], steps = 0;
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(gr_system_create(&system, .loops = 2, .seed = 8), 0);
    CHECK_EQ(gr_system_fd(system), -1);
    CHECK(!gr_ref_is_null(gr_system_spawn(system, tells, (.loop = GR_LOOP(1)), .value = ends[1])));
    while (more && steps++ < 100000) CHECK_EQ(gr_system_step(system, &more), 0);
    CHECK(!more); /* nothing can happen any more */
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};
    CHECK_EQ(poll(&fd, 1, 0), 1); /* and all of it did */
    CHECK_EQ(gr_system_stop(system, gr_seconds(1), NULL, 0, NULL), 0);
    gr_system_destroy(system);
}
