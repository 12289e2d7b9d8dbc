/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random traffic among actors on several loops: every message that was accepted arrives exactly once and in its
 * sender's order (G1, G2, G3), with strings, large messages, requests and timers between them.
 */
#include "tests/support/share.h"
#include "tests/support/world/world.h"

#define ACTORS 24

/* What each actor does: sends this many messages to each other one, a few at a time. */
static int64_t per_pair;

struct letter {
    int64_t from;   /* number of the sender */
    int64_t number; /* of this sender's letters to this receiver, from 0 */
    gr_string text; /* both, as text */
};
GR_MESSAGE(letter, GR_FIELD(letter, from), GR_FIELD(letter, number), GR_FIELD(letter, text));

struct crew {
    gr_ref refs[ACTORS]; /* everybody */
};
GR_MESSAGE(crew, GR_ARRAY(crew, refs));

GR_MESSAGE_EMPTY(go_on);

struct worker {
    int64_t self;         /* its number */
    struct crew crew;     /* everybody */
    int64_t sent[ACTORS]; /* letters to each */
    int64_t next[ACTORS]; /* the letter that is expected from each */
    int64_t missing;      /* letters still to come */
};

static int worker_start(gr_actor *self, struct worker *w, const struct number *m)
{
    w->self = m->value;
    w->missing = per_pair * ACTORS;
    return 0;
}

static bool send_one(gr_actor *self, struct worker *w, int to)
{
    gr_string text;
    if (gr_string_format(self, &text, "%lld/%lld", (long long)w->self, (long long)w->sent[to]) != 0)
        return false;
    int error = gr_try_send(self, w->crew.refs[to], letter, .from = w->self, .number = w->sent[to],
                            .text = text);
    if (error == 0) {
        w->sent[to]++;
        return true;
    }
    CHECK_EQ(error, GR_EFULL);
    gr_string_release(text);
    return false;
}

static void send_some(gr_actor *self, struct worker *w)
{
    bool more = false;
    for (int i = 0; i < 16; i++) {
        int to = (int)(gr_random(self) % ACTORS);
        for (int burst = (int)(gr_random(self) % 8); burst > 0 && w->sent[to] < per_pair; burst--)
            if (!send_one(self, w, to)) break;
    }
    for (int to = 0; to < ACTORS; to++) more |= w->sent[to] < per_pair;
    if (!more) return;
    if (gr_random(self) % 4 == 0)
        CHECK_EQ(gr_send_after(self, gr_self(self), (gr_time)(gr_random(self) % 20000), NULL, go_on), 0);
    else
        gr_send(self, gr_self(self), go_on);
}

static void worker_crew(gr_actor *self, struct worker *w, const struct crew *m)
{
    w->crew = *m;
    send_some(self, w);
}

static void worker_go_on(gr_actor *self, struct worker *w, const struct go_on *m)
{
    send_some(self, w);
}

static void worker_letter(gr_actor *self, struct worker *w, const struct letter *m)
{
    char wanted[48];
    snprintf(wanted, sizeof wanted, "%lld/%lld", (long long)m->from, (long long)m->number);
    CHECK_EQ(gr_string_compare(m->text, gr_string_static(wanted)), 0);
    CHECK_EQ(m->number, w->next[m->from]);
    w->next[m->from]++;
    CHECK(--w->missing >= 0);
}

static void worker_get_sum(gr_actor *self, struct worker *w, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = w->missing);
}

GR_ACTOR(worker, struct worker, number, worker_start, GR_ON(crew, worker_crew), GR_ON(go_on, worker_go_on),
         GR_ON(letter, worker_letter), GR_ON(get_sum, worker_get_sum));

static int root(gr_actor *self, void *argument)
{
    struct crew everybody;
    for (int i = 0; i < ACTORS; i++)
        everybody.refs[i] = gr_spawn_with(self, worker, (.loop = GR_SPREAD), .value = i);
    for (int i = 0; i < ACTORS; i++)
        CHECK_EQ(gri_send(self, everybody.refs[i], &crew_gr_type, &everybody), 0);
    for (int i = 0; i < ACTORS && failures() == 0;) {
        struct number missing = {1};
        int error = gr_call(self, everybody.refs[i], &missing, gr_seconds(100), get_sum);
        if (error != GR_EFULL) CHECK_EQ(error, 0);
        if (missing.value == 0)
            i++;
        else
            CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    }
    for (int cause = 0; cause < GR_DEAD_LETTER_COUNT; cause++)
        if (cause != GR_DEAD_FULL) CHECK_EQ(dead_letters(self, (enum gr_dead_letter)cause), 0);
    return 0;
}

int main(void)
{
    int passed = 0, failed = 0;
    per_pair = (int64_t)test_share(600);
    for (int loops = 1; loops <= 4; loops++) {
        int before = failures();
        CHECK_EQ(gr_run_with(root, NULL, (.loops = loops)), 0);
        bool ok = failures() == before;
        printf("traffic on %d loops: %lld messages, %s\n", loops, (long long)per_pair * ACTORS * ACTORS,
               ok ? "ok" : "failed");
        passed += ok;
        failed += !ok;
    }
    printf("stress_traffic: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
