/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The poller seam: where a loop sleeps, how it is woken, and how descriptors tell it that they are ready. io/
 * implements it over libuv, simulation/ with a virtual clock. No policy here: when to spin, park or wake is the
 * loop's business.
 *
 * A poller belongs to one thread. Only gri_poller_wake may be called from others.
 */
#ifndef GRI_SCHEDULER_POLLER_H
#define GRI_SCHEDULER_POLLER_H

#include <greenroom/error.h>
#include <greenroom/time.h>

/* What a watch waits for and reports. ERROR is only reported; the watch then reports nothing more. */
#define GRI_WATCH_READ  1u
#define GRI_WATCH_WRITE 2u
#define GRI_WATCH_ERROR 4u

struct gri_poller;

/* A descriptor to watch, in the caller's memory; it must stay in place while watched. All zeroes is not watched. */
struct gri_watch {
    int fd;          /* set by watch */
    unsigned events; /* set by watch: GRI_WATCH_READ, GRI_WATCH_WRITE or both */
    /* Called on the poller's thread, again and again while the descriptor is ready. It may watch and unwatch
     * anything, itself included, but not park. Set by the caller. */
    void (*ready)(struct gri_watch *watch, unsigned events);
    void *handle; /* the poller's; not NULL while watched */
};

/* What a poller does. */
struct gri_poller_ops {
    /*
     * Waits for an event, a wake, or until timeout_ns from now have passed (0: looks without blocking; GR_FOREVER: no
     * limit), and calls `ready` of the descriptors that are. A wake since the last park ends it at once. It may return
     * early for no reason.
     */
    void (*park)(struct gri_poller *poller, gr_time timeout_ns);

    /* Ends the park that is under way, or the next one. What the caller wrote before is seen after that park. Any
     * thread, also in a signal handler; several wakes before a park are one. */
    void (*wake)(struct gri_poller *poller);

    /*
     * Watches a descriptor, which becomes non-blocking; for a watch that is watched already, changes its events
     * (same descriptor only). Errors, with the thread's error text: GR_ENOMEM, GR_EEXISTS (another watch has
     * this descriptor), GR_ESYS.
     */
    int (*watch)(struct gri_poller *poller, struct gri_watch *watch, int fd, unsigned events);

    /* Ends a watch: when this returns, `ready` is not called any more, and the descriptor may be closed.
     * Nothing if it is not watched. */
    void (*unwatch)(struct gri_poller *poller, struct gri_watch *watch);

    /*
     * One descriptor for a foreign event loop, readable when park would not block: an event, a wake, or the
     * time of `arm` has come. The poller's own; created by the first call. Errors: GR_ESYS, with the thread's
     * error text.
     */
    int (*fd)(struct gri_poller *poller);

    /*
     * Before a foreign loop sleeps on that descriptor: makes it readable timeout_ns from now (GR_FOREVER: never), in
     * place of the time set before. It may call `ready` of descriptors; the descriptor is then readable at once.
     * Errors: GR_ECONTEXT before the first `fd`, GR_ESYS.
     */
    int (*arm)(struct gri_poller *poller, gr_time timeout_ns);

    /* Frees the poller; each descriptor must be unwatched, and no wake under way. */
    void (*destroy)(struct gri_poller *poller);
};

/* A poller; the first field of each implementation. */
struct gri_poller {
    const struct gri_poller_ops *ops; /* its functions */
};

static inline void gri_poller_park(struct gri_poller *poller, gr_time timeout_ns)
{
    poller->ops->park(poller, timeout_ns);
}

static inline void gri_poller_wake(struct gri_poller *poller)
{
    poller->ops->wake(poller);
}

GR_MUST_USE static inline int gri_poller_watch(struct gri_poller *poller, struct gri_watch *watch, int fd,
                                               unsigned events)
{
    return poller->ops->watch(poller, watch, fd, events);
}

static inline void gri_poller_unwatch(struct gri_poller *poller, struct gri_watch *watch)
{
    poller->ops->unwatch(poller, watch);
}

GR_MUST_USE static inline int gri_poller_fd(struct gri_poller *poller)
{
    return poller->ops->fd(poller);
}

GR_MUST_USE static inline int gri_poller_arm(struct gri_poller *poller, gr_time timeout_ns)
{
    return poller->ops->arm(poller, timeout_ns);
}

/* NULL is fine. */
static inline void gri_poller_destroy(struct gri_poller *poller)
{
    if (poller) poller->ops->destroy(poller);
}

#endif
