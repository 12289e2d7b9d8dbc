/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of actors share; see world.h. */
#include "tests/support/world/world.h"

#include "base/atomic.h"
#include "base/platform.h"

#include <stdarg.h>
#include <stdlib.h>

/* ---- checks ---- */

static gri_atomic_u32 failed;

int failures(void)
{
    return (int)gri_load(&failed, GRI_RELAXED);
}

bool check_that(bool holds, const char *condition, const char *file, int line)
{
    if (holds) return true;
    gri_fetch_add(&failed, 1, GRI_RELAXED);
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    return false;
}

bool check_equal(long long got, long long wanted, const char *what, const char *file, int line)
{
    if (got == wanted) return true;
    gri_fetch_add(&failed, 1, GRI_RELAXED);
    fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, got, wanted);
    return false;
}

bool check_text(const char *got, const char *wanted, const char *file, int line)
{
    if (strcmp(got, wanted) == 0) return true;
    gri_fetch_add(&failed, 1, GRI_RELAXED);
    fprintf(stderr, "%s:%d: got \"%s\", not \"%s\"\n", file, line, got, wanted);
    return false;
}

/* ---- the journal ---- */

static gri_mutex journal_mutex = {PTHREAD_MUTEX_INITIALIZER};
static char journal[65536];
static size_t journal_length;

void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gri_mutex_lock(&journal_mutex);
    if (journal_length > 0 && journal_length + 1 < sizeof journal) journal[journal_length++] = ' ';
    size_t left = sizeof journal - journal_length;
    int written = vsnprintf(journal + journal_length, left, format, arguments);
    journal_length += (size_t)written < left ? (size_t)written : left - 1;
    gri_mutex_unlock(&journal_mutex);
    va_end(arguments);
}

const char *notes(void)
{
    return journal;
}

void notes_clear(void)
{
    gri_mutex_lock(&journal_mutex);
    journal[journal_length = 0] = '\0';
    gri_mutex_unlock(&journal_mutex);
}

/* ---- running ---- */

void run_seeds(int loops, unsigned seeds, root_function root)
{
    for (unsigned seed = 1; seed <= seeds; seed++) {
        int before = failures();
        notes_clear();
        int code = gr_run_with(root, &seed, (.loops = loops, .seed = seed));
        CHECK_EQ(code, 0);
        if (failures() == before) continue;
        fprintf(stderr, "that was seed %u on %d loops\n", seed, loops);
        return;
    }
}

void run_real(int loops, root_function root)
{
    unsigned seed = 0;
    notes_clear();
    int before = failures();
    CHECK_EQ(gr_run_with(root, &seed, (.loops = loops)), 0);
    if (failures() != before) fprintf(stderr, "that was for real on %d loops\n", loops);
}

void run_everywhere(root_function root)
{
    run_seeds(1, 4, root);
    run_seeds(2, 8, root);
    run_seeds(3, 8, root);
    run_real(1, root);
    run_real(2, root);
}

/* ---- what roots do often ---- */

struct gr_mail next_mail(gr_actor *self)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, gr_seconds(60)), 0);
    return mail;
}

uint64_t watch(gr_actor *self, gr_ref actor)
{
    uint64_t monitor;
    CHECK_EQ(gr_monitor(self, actor, &monitor), 0);
    CHECK(monitor != 0);
    return monitor;
}

int wait_for(gr_actor *self, uint64_t monitor)
{
    for (int i = 0; i < 100000; i++) {
        struct gr_mail mail;
        if (!CHECK_EQ(gr_receive(self, &mail, gr_seconds(60)), 0)) break;
        if (mail.signal == NULL || mail.signal->kind != GR_SIGNAL_DOWN || mail.signal->monitor != monitor)
            continue;
        return mail.signal->reason;
    }
    CHECK(!"no down came");
    return INT32_MIN;
}

int64_t wait_downs(gr_actor *self, int count)
{
    int64_t sum = 0;
    while (count > 0) {
        struct gr_mail mail;
        if (!CHECK_EQ(gr_receive(self, &mail, gr_seconds(60)), 0)) break;
        if (mail.signal == NULL || mail.signal->kind != GR_SIGNAL_DOWN) continue;
        sum += mail.signal->reason;
        count--;
    }
    return sum;
}

int wait_down(gr_actor *self, gr_ref actor)
{
    return wait_for(self, watch(self, actor));
}

void kill_and_wait(gr_actor *self, gr_ref actor)
{
    uint64_t monitor = watch(self, actor);
    CHECK_EQ(gr_kill(self, actor), 0);
    CHECK_EQ(wait_for(self, monitor), GR_EKILLED);
}

int64_t next_number(gr_actor *self)
{
    struct gr_mail mail = next_mail(self);
    const struct number *number = gr_mail_as(&mail, number);
    CHECK(number != NULL);
    return number != NULL ? number->value : INT64_MIN;
}

void next_ping(gr_actor *self)
{
    struct gr_mail mail = next_mail(self);
    CHECK(gr_mail_as(&mail, ping) != NULL);
}

void no_mail(gr_actor *self, gr_time time)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, time), GR_ETIMEOUT);
}

uint64_t dead_letters(gr_actor *self, enum gr_dead_letter cause)
{
    struct gr_system_counts counts;
    gr_system_count(gr_actor_system(self), &counts);
    return counts.dead_letters[cause];
}

/* ---- actors ---- */

struct server {
    int64_t sum;  /* so far */
    gr_ref other; /* who answers get_sum instead; or null */
};

static int server_start(gr_actor *self, struct server *server, const struct number *m)
{
    CHECK_EQ(server->sum, 0);
    server->sum = m->value;
    return 0;
}

static void server_number(gr_actor *self, struct server *server, const struct number *m)
{
    server->sum += m->value;
}

static void server_address(gr_actor *self, struct server *server, const struct address *m)
{
    server->other = m->ref;
}

static void server_get_sum(gr_actor *self, struct server *server, const struct get_sum *m)
{
    if (gr_ref_is_null(server->other))
        gr_reply(self, get_sum, .value = server->sum);
    else
        gr_forward(self, server->other);
}

static void server_get_words(gr_actor *self, struct server *server, const struct get_words *m)
{
    gr_string text;
    if (gr_string_format(self, &text, "number %lld", (long long)m->value) == 0)
        gr_reply(self, get_words, .text = text);
    else
        gr_reply_error(self, GR_ENOMEM);
}

static void server_get_large(gr_actor *self, struct server *server, const struct get_large *m)
{
    struct large *answer = malloc(sizeof *answer);
    memcpy(answer->bytes, m->bytes, sizeof m->bytes);
    gri_reply(self, &get_large_gr_type, &large_gr_type, answer);
    free(answer);
}

static void server_fail_with(gr_actor *self, struct server *server, const struct fail_with *m)
{
    CHECK_EQ(gr_reply_error(self, m->error), 0);
}

static void server_get_nothing(gr_actor *self, struct server *server, const struct get_nothing *m)
{
}

static void server_ping(gr_actor *self, struct server *server, const struct ping *m)
{
}

static void server_quit(gr_actor *self, struct server *server, const struct quit *m)
{
    gr_exit(self, m->reason);
}

GR_ACTOR(server, struct server, number, server_start, GR_ON(number, server_number),
         GR_ON(address, server_address), GR_ON(get_sum, server_get_sum), GR_ON(get_words, server_get_words),
         GR_ON(get_large, server_get_large), GR_ON(fail_with, server_fail_with),
         GR_ON(get_nothing, server_get_nothing), GR_ON(ping, server_ping), GR_ON(quit, server_quit));

struct nothing {
    char unused; /* a state has at least a byte */
};

static int refuser_start(gr_actor *self, struct nothing *state, const struct number *m)
{
    return (int)m->value;
}

static void refuser_end(gr_actor *self, struct nothing *state, const int *reason)
{
    CHECK(!"an actor that refused to start has no end");
}

GR_ACTOR(refuser, struct nothing, number, refuser_start, GR_ON_END(refuser_end));

static int listener_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    int error;
    while ((error = gr_receive(self, &mail, GR_FOREVER)) == 0) {
    }
    return error == GR_ESTOPPED ? 0 : error;
}

GR_COROUTINE(listener, gr_nothing, listener_main);

static int sleeper_main(gr_actor *self, const struct number *m)
{
    int error = gr_sleep(self, m->value);
    return error == 0 ? 7 : error;
}

GR_COROUTINE(sleeper, number, sleeper_main);

static int echo_start(gr_actor *self, struct nothing *state, const struct gr_nothing *m)
{
    return 0;
}

static void echo_number(gr_actor *self, struct nothing *state, const struct number *m)
{
    gr_send(self, gr_sender(self), number, .value = m->value);
}

static void echo_words(gr_actor *self, struct nothing *state, const struct words *m)
{
    gr_send(self, gr_sender(self), words, .text = gr_string_hold(m->text));
}

GR_ACTOR(echo, struct nothing, gr_nothing, echo_start, GR_ON(number, echo_number), GR_ON(words, echo_words));
