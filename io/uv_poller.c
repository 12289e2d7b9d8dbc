/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The poller over libuv. libuv watches the descriptors; the sleep itself is a ppoll on libuv's own descriptor and on an
 * eventfd for wakes, since uv_run knows milliseconds only, and costs several system calls where a wake needs two.
 *
 * libuv registers a new watch with the kernel, and ends a closed one, in its next uv_run: `stale` says that one is due.
 */
#define _GNU_SOURCE /* ppoll */
#include "io/uv_poller.h"

#include "base/assert.h"
#include "base/atomic.h"
#include "base/error.h"
#include "scheduler/coroutines/annotate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

#define NS_PER_S 1000000000

struct uv_poller {
    struct gri_poller poller;  /* must be first */
    struct gri_memory *memory; /* where this and the watches come from */
    uv_loop_t loop;            /* libuv's */
    int wake_fd;               /* eventfd, readable after a wake */
    int outer_fd;              /* for a foreign loop: an epoll of all that ends a park; -1 until asked for */
    int timer_fd;              /* for arm, in outer_fd; -1 until then */
    unsigned watch_count;      /* handles that were not closed yet, those being closed included */
    unsigned ready_count;      /* calls of `ready` so far; wraps */
    bool stale;                /* uv_run has to be called before sleeping */
    gri_atomic_u32 woken;      /* 1 from the first wake until a park has seen it: then more need not write */
};

/* One watched descriptor. */
struct uv_watch {
    uv_poll_t handle;        /* must be first; libuv's */
    struct gri_watch *watch; /* whose; NULL once it is unwatched */
};

static struct uv_poller *poller_of(struct gri_poller *poller)
{
    return (struct uv_poller *)poller;
}

/* An error of libuv (negative errno) or of the system (positive), with its text. */
static int failed(const char *call, int error)
{
    error = error < 0 ? -error : error;
    gri_thread_error_set("%s: %s", call, strerror(error));
    return error == ENOMEM ? GR_ENOMEM : error == EEXIST ? GR_EEXISTS : GR_ESYS;
}

/* Registers what is new, and calls `ready` for what is. Returns whether anything was. */
static bool run(struct uv_poller *p)
{
    unsigned before = p->ready_count;
    p->stale = false;
    uv_run(&p->loop, UV_RUN_NOWAIT);
    return p->ready_count != before;
}

/* Takes the wakes so far. */
static void take_wake(struct uv_poller *p)
{
    uint64_t count;
    ssize_t got = read(p->wake_fd, &count, sizeof(count));
    GRI_ASSERT(got == sizeof(count) || errno == EAGAIN || errno == EINTR);
    /* Acquires what wakers wrote before their exchange. Release, so that it does not come before the read: then a wake
     * in between could be read away while the word says that it is still to come. */
    gri_exchange(&p->woken, 0, GRI_ACQ_REL);
}

static void park(struct gri_poller *poller, gr_time timeout_ns)
{
    struct uv_poller *p = poller_of(poller);
    if (p->stale && run(p)) return;
    struct pollfd fds[] = {{.fd = p->wake_fd, .events = POLLIN},
                           {.fd = uv_backend_fd(&p->loop), .events = POLLIN}};
    struct timespec limit = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};
    /* Without watches nothing can happen but a wake, and that is known without asking the kernel. */
    /* Relaxed: a wake that is missed here is seen by the next park. */
    if (timeout_ns == 0 && p->watch_count == 0 && gri_load(&p->woken, GRI_RELAXED) == 0) return;
    int count = ppoll(fds, p->watch_count ? 2 : 1, timeout_ns == GR_FOREVER ? NULL : &limit, NULL);
    if (count <= 0) return; /* the time has passed; or a signal, which may well have woken */
    if (fds[0].revents) take_wake(p);
    if (fds[1].revents) run(p);
}

static void wake(struct gri_poller *poller)
{
    struct uv_poller *p = poller_of(poller);
    static const uint64_t one = 1;
    /* Publishes the caller's work to take_wake; where another wake's write stands for this one, as part of a chain of
     * exchanges. */
    if (gri_exchange(&p->woken, 1, GRI_RELEASE) != 0) return;
    int error = errno; /* this may be in a signal handler */
    ssize_t put;
    do put = write(p->wake_fd, &one, sizeof(one));
    while (put < 0 && errno == EINTR);
    GRI_ASSERT(put == sizeof(one));
    errno = error;
}

GRI_CALLED_BY_LIBRARY static void on_ready(uv_poll_t *handle, int status, int uv_events)
{
    struct gri_watch *watch = ((struct uv_watch *)handle)->watch;
    struct uv_poller *p = handle->loop->data;
    unsigned events = status < 0 ? GRI_WATCH_ERROR : 0;
    /* libuv stops it too, but leaves it in the kernel's set, where it would end every park. */
    if (status < 0) uv_poll_stop(handle);
    if (uv_events & UV_READABLE) events |= GRI_WATCH_READ;
    if (uv_events & UV_WRITABLE) events |= GRI_WATCH_WRITE;
    p->ready_count++;
    watch->ready(watch, events);
}

GRI_CALLED_BY_LIBRARY static void on_closed(uv_handle_t *handle)
{
    struct uv_poller *p = handle->loop->data;
    p->watch_count--;
    gri_memory_release(p->memory, handle, sizeof(struct uv_watch));
}

static int add_watch(struct uv_poller *p, struct gri_watch *watch, int fd)
{
    struct uv_watch *w = gri_memory_allocate(p->memory, sizeof(*w));
    if (!w) {
        gri_thread_error_set("out of memory: no record to watch a descriptor");
        return GR_ENOMEM;
    }
    int err = uv_poll_init(&p->loop, &w->handle, fd);
    if (err) goto fail_release;
    w->watch = watch;
    watch->fd = fd;
    watch->handle = w;
    p->watch_count++;
    return 0;

fail_release:
    gri_memory_release(p->memory, w, sizeof(*w));
    return failed("uv_poll_init", err);
}

static int watch_fd(struct gri_poller *poller, struct gri_watch *watch, int fd, unsigned events)
{
    struct uv_poller *p = poller_of(poller);
    GRI_ASSERT(events != 0 && (events & ~(GRI_WATCH_READ | GRI_WATCH_WRITE)) == 0);
    GRI_ASSERT(!watch->handle || watch->fd == fd);
    int err = watch->handle ? 0 : add_watch(p, watch, fd);
    if (err) return err;
    int uv_events = (events & GRI_WATCH_READ ? UV_READABLE : 0) |
                    (events & GRI_WATCH_WRITE ? UV_WRITABLE : 0);
    struct uv_watch *w = watch->handle;
    watch->events = events;
    err = uv_poll_start(&w->handle, uv_events, on_ready);
    GRI_ASSERT(err == 0); /* it fails for handles that are being closed only */
    p->stale = true;
    return 0;
}

static void unwatch(struct gri_poller *poller, struct gri_watch *watch)
{
    struct uv_watch *w = watch->handle;
    if (!w) return;
    w->watch = NULL;
    watch->handle = NULL;
    uv_close((uv_handle_t *)&w->handle, on_closed);
    poller_of(poller)->stale = true;
}

static int outer_add(struct uv_poller *p, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(p->outer_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : failed("epoll_ctl", errno);
}

static int outer_create(struct uv_poller *p)
{
    int err;
    p->outer_fd = epoll_create1(EPOLL_CLOEXEC);
    if (p->outer_fd < 0) return failed("epoll_create1", errno);
    p->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (p->timer_fd < 0) {
        err = failed("timerfd_create", errno);
        goto fail_outer;
    }
    err = outer_add(p, p->wake_fd);
    if (err == 0) err = outer_add(p, p->timer_fd);
    if (err == 0) err = outer_add(p, uv_backend_fd(&p->loop));
    if (err) goto fail_timer;
    return 0;

fail_timer:
    close(p->timer_fd);
    p->timer_fd = -1;
fail_outer:
    close(p->outer_fd);
    p->outer_fd = -1;
    return err;
}

static int outer_fd(struct gri_poller *poller)
{
    struct uv_poller *p = poller_of(poller);
    int err = p->outer_fd >= 0 ? 0 : outer_create(p);
    return err ? err : p->outer_fd;
}

static int arm(struct gri_poller *poller, gr_time timeout_ns)
{
    struct uv_poller *p = poller_of(poller);
    if (p->timer_fd < 0) {
        gri_thread_error_set("the poller's descriptor was never asked for");
        return GR_ECONTEXT;
    }
    if (p->stale && run(p)) timeout_ns = 0;
    if (timeout_ns == 0)
        timeout_ns = 1; /* a zero time would stop the timer, which is what GR_FOREVER needs */
    struct itimerspec time = {{0, 0}, {0, 0}};
    if (timeout_ns != GR_FOREVER)
        time.it_value = (struct timespec){timeout_ns / NS_PER_S, timeout_ns % NS_PER_S};
    return timerfd_settime(p->timer_fd, 0, &time, NULL) == 0 ? 0 : failed("timerfd_settime", errno);
}

static void destroy(struct gri_poller *poller)
{
    struct uv_poller *p = poller_of(poller);
    uv_run(&p->loop, UV_RUN_NOWAIT); /* ends what is being closed */
    GRI_ASSERT(p->watch_count == 0);
    GRI_ASSERT(uv_loop_close(&p->loop) == 0);
    if (p->timer_fd >= 0) close(p->timer_fd);
    if (p->outer_fd >= 0) close(p->outer_fd);
    close(p->wake_fd);
    gri_memory_release(p->memory, p, sizeof(*p));
}

static const struct gri_poller_ops uv_ops = {
    .park = park,
    .wake = wake,
    .watch = watch_fd,
    .unwatch = unwatch,
    .fd = outer_fd,
    .arm = arm,
    .destroy = destroy,
};

/* uv_loop_init aborts the process where it lacks descriptors for the pipe that it makes once. So see that it won't. */
static int check_descriptors(const struct uv_poller *p)
{
    int fds[4], count = 0, err = 0;
    while (count < 4 && (fds[count] = fcntl(p->wake_fd, F_DUPFD_CLOEXEC, 0)) >= 0) count++;
    if (count < 4) err = failed("uv_loop_init", errno);
    while (count > 0) close(fds[--count]);
    return err;
}

int gri_uv_poller_create(struct gri_memory *memory, struct gri_poller **out)
{
    int err;
    *out = NULL;
    struct uv_poller *p = gri_memory_allocate(memory, sizeof(*p));
    if (!p) {
        gri_thread_error_set("out of memory: no poller");
        return GR_ENOMEM;
    }
    *p = (struct uv_poller){.poller.ops = &uv_ops, .memory = memory, .outer_fd = -1, .timer_fd = -1};
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->wake_fd < 0) {
        err = failed("eventfd", errno);
        goto fail_release;
    }
    err = check_descriptors(p);
    if (err) goto fail_wake;
    err = uv_loop_init(&p->loop);
    if (err) {
        err = failed("uv_loop_init", err);
        goto fail_wake;
    }
    p->loop.data = p;
    *out = &p->poller;
    return 0;

fail_wake:
    close(p->wake_fd);
fail_release:
    gri_memory_release(memory, p, sizeof(*p));
    return err;
}
