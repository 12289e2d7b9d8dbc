/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The poller over libuv between real threads: several wake one that parks, which must see what each wrote before its
 * wake, and lose none. What they write is plain memory, so the thread sanitizer checks that a wake publishes it.
 */
#include "base/error.h"
#include "base/platform.h"
#include "io/uv_poller.h"
#include "tests/support/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WAKERS      3
#define CIRCULATING 5 /* bytes in the relay */

/* What one waker and the parked thread share. */
struct waker {
    gri_thread thread;     /* itself */
    struct gri_poller *to; /* whom to wake */
    uint64_t rounds;       /* how often */
    gri_atomic_u64 sent;   /* rounds begun by the waker; relaxed: a wake publishes it */
    gri_atomic_u32 taken;  /* rounds that the parked thread has seen, to wait for */
};

static void *run_waker(void *argument)
{
    struct waker *w = argument;
    for (uint64_t i = 1; i <= w->rounds; i++) {
        gri_store(&w->sent, i, GRI_RELAXED);
        gri_poller_wake(w->to);
        uint32_t seen;
        while ((seen = gri_load(&w->taken, GRI_ACQUIRE)) != (uint32_t)i)
            (void)gri_futex_wait(&w->taken, seen, GR_FOREVER);
    }
    return NULL;
}

/* Parks until every waker has had its rounds; a lost wake would hang it. */
static bool test_wakes(struct gri_poller *poller)
{
    static struct waker wakers[WAKERS];
    uint64_t rounds = test_share(20000), left = rounds * WAKERS, parks = 0;
    for (int i = 0; i < WAKERS; i++) {
        wakers[i].to = poller;
        wakers[i].rounds = rounds;
        if (gri_thread_create(&wakers[i].thread, run_waker, &wakers[i], "waker")) return false;
    }
    for (; left > 0; parks++) {
        gri_poller_park(poller, GR_FOREVER);
        for (int i = 0; i < WAKERS; i++) {
            uint64_t sent = gri_load(&wakers[i].sent, GRI_RELAXED);
            if ((uint32_t)sent == gri_load(&wakers[i].taken, GRI_RELAXED)) continue;
            left--;
            gri_store(&wakers[i].taken, (uint32_t)sent, GRI_RELEASE);
            gri_futex_wake(&wakers[i].taken, 1);
        }
    }
    for (int i = 0; i < WAKERS; i++) gri_thread_join(wakers[i].thread);
    printf("wakes: %lu rounds of %d threads in %lu parks\n", (unsigned long)rounds, WAKERS,
           (unsigned long)parks);
    return true;
}

/* Bytes go round through pipes between two pollers, with wakes in between. */
struct relay {
    struct gri_watch watch;    /* must be first; of `from` */
    struct gri_poller *poller; /* whose thread this is */
    struct gri_poller *next;   /* to wake now and then */
    int from, to;              /* pipes */
    uint64_t left;             /* bytes to pass on */
    uint64_t wrong;            /* bytes that were not the one expected, and calls that failed */
    unsigned char expected;    /* the next byte */
};

static void pass_on(struct gri_watch *watch, unsigned events)
{
    struct relay *r = (struct relay *)watch;
    unsigned char byte;
    if (r->left == 0) return;
    if (read(r->from, &byte, 1) != 1 || byte != r->expected) r->wrong++;
    r->expected = (unsigned char)((r->expected + 1) % CIRCULATING);
    if (r->left % 7 == 0) gri_poller_wake(r->next);
    if (write(r->to, &byte, 1) != 1) r->wrong++;
    if (--r->left == 0) gri_poller_unwatch(r->poller, watch);
}

static void *run_relay(void *argument)
{
    struct relay *r = argument;
    if (gri_poller_watch(r->poller, &r->watch, r->from, GRI_WATCH_READ)) {
        fprintf(stderr, "poller: %s\n", gri_thread_error());
        exit(1);
    }
    while (r->left > 0) gri_poller_park(r->poller, GR_FOREVER);
    return NULL;
}

static bool test_relay(struct gri_poller *first, struct gri_poller *second)
{
    int pipes[2][2];
    uint64_t bytes = test_share(20000), wrong = 0;
    struct gri_poller *pollers[2] = {first, second};
    gri_thread thread;
    if (pipe(pipes[0]) || pipe(pipes[1])) return false;
    struct relay relays[2];
    for (int i = 0; i < 2; i++) {
        relays[i] = (struct relay){
            .watch.ready = pass_on, .poller = pollers[i], .next = pollers[!i], .left = bytes};
        relays[i].from = pipes[i][0];
        relays[i].to = pipes[!i][1];
    }
    /* Several bytes under way at once. */
    for (unsigned char i = 0; i < CIRCULATING; i++) wrong += write(pipes[0][1], &i, 1) != 1;
    if (gri_thread_create(&thread, run_relay, &relays[1], "relay")) return false;
    run_relay(&relays[0]);
    gri_thread_join(thread);
    for (int i = 0; i < 2; i++) {
        wrong += relays[i].wrong;
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    printf("relay: %lu bytes each way, %lu wrong\n", (unsigned long)bytes, (unsigned long)wrong);
    return wrong == 0;
}

int main(void)
{
    struct gri_poller *first, *second;
    int failed = 0;
    if (gri_uv_poller_create(gri_memory_default(), &first) ||
        gri_uv_poller_create(gri_memory_default(), &second)) {
        fprintf(stderr, "poller: %s\n", gri_thread_error());
        return 1;
    }
    failed += !test_wakes(first);
    failed += !test_relay(first, second);
    gri_poller_destroy(first);
    gri_poller_destroy(second);
    printf("poller: %d passed, %d failed\n", 2 - failed, failed);
    return failed > 0;
}
