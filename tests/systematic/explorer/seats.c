/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on actors/slots/seats.c: who entered a seat may use its system until it leaves, so a system is freed only
 * after everyone inside has left, and its seat may then be another's.
 */
#include "tests/support/explorer/explorer.h"

#include <sched.h>

/* What seats.c calls while it waits. */
static void yield(void)
{
    gri_pause();
}

#define sched_yield() yield()
#include "../../../actors/slots/seats.c"
#undef sched_yield

#include <string.h>

#define SYSTEMS 2
#define NUMBER  1 /* the first seat: that all take */

static struct gr_system systems[SYSTEMS];
static uint64_t payloads[SYSTEMS]; /* what is used of each, and freed */
static int entered[2];             /* how often each thread found a system */
static uint32_t taken;             /* which seat the second of two makers got; 0: there is none */

/* The types' registration, that headers ask for; there are none here. */
void gri_type_register(struct gr_type *type)
{
    (void)type;
}

/* seats.c writes the seat's own field right after it took it and right before it gives it up; so does this. */
static void write_seat(void)
{
    GRI_PLAIN_WRITE(seats[NUMBER - 1].system, seats[NUMBER - 1].system);
}

static void open_system(int which)
{
    GRI_PLAIN_WRITE(payloads[which], 42);
    int result = gri_seat_take(&systems[which]);
    GRI_EXPLORER_CHECK(result == 0);
    if (systems[which].seat == NUMBER) write_seat();
    gri_seat_open(&systems[which]);
}

static void close_system(int which)
{
    if (systems[which].seat == NUMBER) write_seat();
    gri_seat_give(&systems[which]);
    gri_explorer_free(&payloads[which], sizeof payloads[which]);
}

static void setup(void)
{
    memset(seats, 0, sizeof seats);
    memset(systems, 0, sizeof systems);
    taken = 0;
    memset(entered, 0, sizeof entered);
}

static void setup_open(void)
{
    setup();
    open_system(0);
}

/* Enters, uses what it finds, and leaves. */
static void visit(int thread)
{
    struct gr_system *system = gri_seat_enter(NUMBER);
    if (system == NULL) return;
    GRI_EXPLORER_CHECK(GRI_PLAIN_READ(payloads[system - systems]) == 42);
    gri_seat_leave(NUMBER);
    entered[thread]++;
}

static void visit_twice(void)
{
    visit(0);
    visit(0);
}

static void visit_once(void)
{
    visit(0);
}

static void visit_once_too(void)
{
    visit(1);
}

static void close_first(void)
{
    close_system(0);
}

static void close_first_open_second(void)
{
    close_system(0);
    open_system(1);
}

static void open_close_open_close(void)
{
    open_system(0);
    close_system(0);
    open_system(1);
    close_system(1);
}

static void open_second(void)
{
    open_system(1);
    taken = systems[1].seat;
    close_system(1);
}

/* --- the end of a system that stays in its seat: who comes in then is refused, who was in before is waited for --- */

static uint64_t mail; /* brought by who came in, collected at the end */

static void bring_mail(int thread)
{
    struct gr_system *system = gri_seat_enter(NUMBER);
    GRI_EXPLORER_CHECK(system == &systems[0]);
    if (gri_load(&system->closed, GRI_ACQUIRE) == 0) {
        GRI_PLAIN_WRITE(mail, 1);
        entered[thread]++;
    }
    gri_seat_leave(NUMBER);
}

static void bring_mail_twice(void)
{
    bring_mail(0);
    bring_mail(0);
}

static void collect_mail(void)
{
    gri_store(&systems[0].closed, 1, GRI_RELEASE);
    gri_seat_wait(NUMBER);
    (void)GRI_PLAIN_READ(mail);
}

static void finish(void)
{
    gri_explorer_outcome((uint64_t)(taken << 8 | (unsigned)(entered[0] << 4 | entered[1])));
}

static const struct gri_explorer_scenario scenarios[] = {
    {"close",
     setup_open,
     {close_first, visit_once, visit_once_too},
     finish,
     GRI_EXPLORER_SET(0, 0x01, 0x10, 0x11)},
    {"reopen", setup_open, {close_first_open_second, visit_twice}, finish, GRI_EXPLORER_SET(0, 0x10, 0x20)},
    {"both", setup, {open_close_open_close, visit_twice}, finish, GRI_EXPLORER_SET(0, 0x10, 0x20)},
    {"makers",
     setup_open,
     {close_first, open_second, visit_once},
     finish,
     GRI_EXPLORER_SET(0x100, 0x110, 0x200, 0x210)},
    {"wait", setup_open, {collect_mail, bring_mail_twice}, finish, GRI_EXPLORER_SET(0, 0x10, 0x20)},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"actors/slots/seats.c", NULL};
    static const struct gri_explorer_program program = {"seats", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
