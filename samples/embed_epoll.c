/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actors inside of a program that has a main loop already: here one around epoll. The system gives the loop a descriptor,
 * which is readable when gr_system_step has something to do; whatever else the loop waits for goes on beside it.
 */
#include <greenroom/greenroom.h>

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct order {
    int32_t dishes;
};
struct served {
    int32_t dishes;
};
GR_MESSAGE(order, GR_FIELD(order, dishes));
GR_MESSAGE(served, GR_FIELD(served, dishes));
GR_REQUEST(order, served);

/* A cook who needs a moment for each dish. */
static int cook(gr_actor *self, const struct gr_nothing *start)
{
    struct gr_mail mail;
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        const struct order *order = gr_mail_as(&mail, order);
        if (order == NULL) continue;
        for (int i = 0; i < order->dishes; i++)
            if (gr_sleep(self, gr_milliseconds(2)) != 0) return 0;
        gr_reply(self, order, .dishes = order->dishes);
    }
    return 0;
}

GR_COROUTINE(cook, gr_nothing, cook);

/* A timer of the program's own, which has nothing to do with the actors. */
static int ticker(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec every = {.it_interval.tv_nsec = 1000000, .it_value.tv_nsec = 1000000};
    if (fd >= 0 && timerfd_settime(fd, 0, &every, NULL) != 0) return -1;
    return fd;
}

static int watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* The program's main loop, until the order is served. Returns how often its own timer ticked, or -1. */
static long serve(gr_system *system, int epoll, int ticks_fd, gr_future *dinner)
{
    uint64_t ticks = 0, more_ticks;
    bool more = true;
    while (!gr_future_done(dinner)) {
        struct epoll_event events[2];
        int count = epoll_wait(epoll, events, 2,
                               more ? 0 : -1); /* `more`: it is to be stepped again at once */
        for (int i = 0; i < count; i++)
            if (events[i].data.fd == ticks_fd && read(ticks_fd, &more_ticks, sizeof more_ticks) > 0)
                ticks += more_ticks;
        if (gr_system_step(system, &more) != 0) return -1;
    }
    return (long)ticks;
}

int main(void)
{
    gr_system *system;
    int err = gr_system_create(&system);
    if (err) return fprintf(stderr, "%s\n", gr_last_error(NULL)), 1;
    int epoll = epoll_create1(EPOLL_CLOEXEC), ticks_fd = ticker(), fd = gr_system_fd(system);
    if (fd < 0) return fprintf(stderr, "a simulation has no descriptor to wait for\n"), 1;
    if (ticks_fd < 0 || watch(epoll, ticks_fd) != 0 || watch(epoll, fd) != 0) return perror("epoll"), 1;

    gr_ref ref = gr_system_spawn(system, cook, ());
    gr_future *dinner = gr_ask(NULL, ref, gr_seconds(60), order, .dishes = 5);
    if (dinner == NULL) return fprintf(stderr, "%s\n", gr_last_error(NULL)), 1; /* there is no memory */
    long ticks = serve(system, epoll, ticks_fd, dinner);
    const struct served *served = gr_future_value(dinner, order);
    if (served != NULL)
        printf("%d dishes served, and the program's own timer ticked%s\n", served->dishes,
               ticks > 0 ? "" : " never");
    else
        fprintf(stderr, "no dinner: %s\n", gr_future_text(dinner));
    gr_future_release(dinner);
    gr_system_destroy(system);
    close(ticks_fd);
    close(epoll);
    return served == NULL;
}
