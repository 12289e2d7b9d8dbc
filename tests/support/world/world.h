/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of actors share: messages, a few actors, checks that work on every thread and stack, a journal of what
 * happened, and running a root function under many seeds and for real. It is no test itself.
 */
#ifndef TESTS_SUPPORT_WORLD_WORLD_H
#define TESTS_SUPPORT_WORLD_WORLD_H

#include <greenroom/greenroom.h>

/* ---- checks: they count and print, and go on; who runs the test looks at the count ---- */

/* Notes a failure and prints it, if `holds` is false. Any thread. Returns `holds`. */
bool check_that(bool holds, const char *condition, const char *file, int line);
bool check_equal(long long got, long long wanted, const char *what, const char *file, int line);
bool check_text(const char *got, const char *wanted, const char *file, int line);
#define CHECK(condition)        check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(got, wanted)   check_equal((long long)(got), (long long)(wanted), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, wanted) check_text((got), (wanted), __FILE__, __LINE__)

/* How many checks failed so far. */
int failures(void);

/* ---- the journal: words, in the order in which they were noted. Any thread ---- */

void note(const char *format, ...) GR_PRINTF(1, 2);

/* All words since the last clear, with one space between. */
const char *notes(void);
void notes_clear(void);

/* ---- running ---- */

typedef int (*root_function)(gr_actor *self, void *argument);

/* Runs `root` under `seeds` seeds on `loops` simulated loops; each must end with exit code 0. The argument is the seed. */
void run_seeds(int loops, unsigned seeds, root_function root);

/* Runs it once with real threads. */
void run_real(int loops, root_function root);

/* Under seeds on 1, 2 and 3 loops, and for real on 1 and 2. */
void run_everywhere(root_function root);

/* ---- what roots do often; all need a coroutine ---- */

/* Monitors an actor; waits for the down of a monitor and returns its reason. Other mail is dropped meanwhile. */
uint64_t watch(gr_actor *self, gr_ref actor);
int wait_for(gr_actor *self, uint64_t monitor);

/* Waits for so many downs, of whomever, and returns the sum of their reasons. */
int64_t wait_downs(gr_actor *self, int count);

/* Both at once. If it may have ended already, the reason may be GR_ESTALE. */
int wait_down(gr_actor *self, gr_ref actor);

/* Kills an actor that lives, and waits for its down. */
void kill_and_wait(gr_actor *self, gr_ref actor);

/* Waits for the next message or signal, for a simulated or real minute at most, and checks that it came. */
struct gr_mail next_mail(gr_actor *self);

/* Waits for a message `number` and returns its value; anything else is a failure. */
int64_t next_number(gr_actor *self);

/* Waits for a message `ping`; anything else is a failure. */
void next_ping(gr_actor *self);

/* Checks that nothing is in the mailbox for the time. */
void no_mail(gr_actor *self, gr_time time);

/* The system's dead letters of one cause. */
uint64_t dead_letters(gr_actor *self, enum gr_dead_letter cause);

/* ---- messages ---- */

struct number {
    int64_t value; /* any */
};
GR_MESSAGE(number, GR_FIELD(number, value));

struct words {
    gr_string text; /* any */
};
GR_MESSAGE(words, GR_FIELD(words, text));

struct large {
    uint8_t bytes[60000]; /* all alike */
};
GR_MESSAGE(large, GR_ARRAY(large, bytes));

struct largest {
    uint8_t bytes[GR_MESSAGE_SIZE_MAX]; /* all alike */
};
GR_MESSAGE(largest, GR_ARRAY(largest, bytes));

struct address {
    gr_ref ref; /* somebody */
};
GR_MESSAGE(address, GR_FIELD(address, ref));

GR_MESSAGE_EMPTY(ping);
GR_MESSAGE_EMPTY(unknown); /* no actor has a handler for it */

struct quit {
    int32_t reason; /* for gr_exit */
};
GR_MESSAGE(quit, GR_FIELD(quit, reason));

GR_MESSAGE_EMPTY(get_sum);
GR_REQUEST(get_sum, number);

struct get_words {
    int64_t value; /* comes back in text */
};
GR_MESSAGE(get_words, GR_FIELD(get_words, value));
GR_REQUEST(get_words, words);

struct fail_with {
    int32_t error; /* comes back */
};
GR_MESSAGE(fail_with, GR_FIELD(fail_with, error));
GR_REQUEST(fail_with, number);

GR_MESSAGE_EMPTY(get_nothing); /* handled without an answer */
GR_REQUEST(get_nothing, number);
GR_MESSAGE_EMPTY(unknown_request); /* not handled */
GR_REQUEST(unknown_request, number);

struct get_large {
    uint8_t bytes[60000]; /* come back */
};
GR_MESSAGE(get_large, GR_ARRAY(get_large, bytes));
GR_REQUEST(get_large, large);

/* ---- actors ---- */

/* Starts with a sum; adds each `number`; answers get_sum, get_words, get_large, fail_with; ends on `quit`. A `ping` does
 * nothing. An actor that is sent its `address` makes a server pass every further get_sum on to it. */
GR_ACTOR_DECLARE(server, number);

/* Its start refuses with the number as the reason. */
GR_ACTOR_DECLARE(refuser, number);

/* A coroutine that takes all mail and does nothing until it is stopped, and then returns 0. */
GR_ACTOR_DECLARE(listener, gr_nothing);

/* A coroutine that sleeps for the number's nanoseconds, then returns 7; if it is killed or stopped, that error, so that it
 * ends with the stop's reason. */
GR_ACTOR_DECLARE(sleeper, number);

/* Sends every message `number` and `words` back to its sender. */
GR_ACTOR_DECLARE(echo, gr_nothing);

#endif
