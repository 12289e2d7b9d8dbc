/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bounds: the four policies on one loop and across loops, resting and waiting senders, and that nobody waits
 * for ever. */
#include "base/atomic.h"
#include "tests/support/world/case.h"

/* The slow one takes no mail before the gate opens; `is_waiting` says that it is there. */
static gri_atomic_u32 is_open, is_waiting;

/* A coroutine that waits for the gate, then takes its mail and notes each number. It ends when a negative one comes. */
static int slow_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    gri_store(&is_waiting, 1, GRI_RELEASE);
    while (gri_load(&is_open, GRI_ACQUIRE) == 0) {
        int error = gr_sleep(self, gr_microseconds(100));
        if (error != 0) return error;
    }
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        const struct number *got = gr_mail_as(&mail, number);
        if (got == NULL) continue;
        if (got->value < 0) return 0;
        note("%lld", (long long)got->value);
    }
    return 0;
}

GR_COROUTINE(slow, gr_nothing, slow_main);

/* Starts a slow one, which then waits with an empty mailbox. */
static gr_ref start_slow(gr_actor *self, int home, struct gr_mailbox_options mailbox)
{
    notes_clear();
    gri_store(&is_open, 0, GRI_RELAXED);
    gri_store(&is_waiting, 0, GRI_RELAXED);
    gr_ref ref = gr_spawn_with(self, slow, (.loop = GR_LOOP(home), .mailbox = mailbox));
    while (gri_load(&is_waiting, GRI_ACQUIRE) == 0) CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0);
    return ref;
}

#define START_SLOW(self, home, max, kind)                                                                    \
    start_slow(self, home, (struct gr_mailbox_options){.messages = (max), .policy = (kind)})

static void open_gate(void)
{
    gri_store(&is_open, 1, GRI_RELEASE);
}

/* Waits until the journal is as wanted, for a minute at most. */
static void wait_notes(gr_actor *self, const char *wanted)
{
    for (int i = 0; i < 60000 && strcmp(notes(), wanted) != 0; i++)
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_TEXT(notes(), wanted);
}

/* Lets the slow one take its mail and end. */
static void finish(gr_actor *self, gr_ref ref)
{
    uint64_t monitor = watch(self, ref);
    open_gate();
    int error;
    while ((error = gr_try_send(self, ref, number, .value = -1)) == GR_EFULL)
        CHECK_EQ(gr_sleep(self, gr_microseconds(100)), 0);
    CHECK_EQ(error, 0);
    CHECK_EQ(wait_for(self, monitor), 0);
}

static int last_loop(gr_actor *self)
{
    return gr_system_loops(gr_actor_system(self)) - 1;
}

/* ---- reject ---- */

static int reject_here(gr_actor *self, void *argument)
{
    gr_ref ref = START_SLOW(self, 0, 4, GR_POLICY_REJECT);
    uint64_t before = dead_letters(self, GR_DEAD_FULL);
    for (int i = 0; i < 4; i++) CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
    CHECK_EQ(gr_send(self, ref, number, .value = 99), GR_EFULL);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), before + 1);
    CHECK_EQ(gr_try_send(self, ref, number, .value = 99), GR_EFULL);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), before + 1);
    struct number sum;
    CHECK_EQ(gr_call(self, ref, &sum, gr_seconds(1), get_sum), GR_EFULL);
    finish(self, ref);
    CHECK_TEXT(notes(), "0 1 2 3");
    return 0;
}

Case(admission, g15_reject_is_exact_on_the_same_loop)
{
    run_everywhere(reject_here);
}

static int reject_there(gr_actor *self, void *argument)
{
    gr_ref ref = START_SLOW(self, last_loop(self), 8, GR_POLICY_REJECT);
    int accepted = 0, error = 0;
    for (; accepted < 100000 && error == 0; accepted++) {
        error = gr_try_send(self, ref, number, .value = accepted);
        if (accepted % 8 == 7) CHECK_EQ(gr_sleep(self, 0), 0);
    }
    CHECK_EQ(error, GR_EFULL);
    /* At most the bound, and what the link holds. */
    CHECK(accepted <= 8 + 2 * 1024 + 1);
    uint64_t monitor;
    CHECK_EQ(gr_monitor(self, ref, &monitor), 0);
    CHECK_EQ(gr_kill(self, ref), 0);
    struct gr_mail mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->reason == GR_EKILLED);
    CHECK_EQ(dead_letters(self, GR_DEAD_DOWN), accepted - 1);
    return 0;
}

Case(admission, g15_reject_across_loops_is_bounded_by_the_link)
{
    run_seeds(2, 10, reject_there);
    run_real(2, reject_there);
}

/* ---- drop newest, drop oldest ---- */

static int drop_newest(gr_actor *self, void *argument)
{
    gr_ref ref = START_SLOW(self, 0, 3, GR_POLICY_DROP_NEWEST);
    uint64_t before = dead_letters(self, GR_DEAD_FULL);
    for (int i = 0; i < 10; i++) CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
    CHECK_EQ(gr_try_send(self, ref, number, .value = 10), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), before + 8);
    struct number sum;
    CHECK_EQ(gr_call(self, ref, &sum, gr_seconds(1), get_sum), GR_EFULL);
    open_gate();
    wait_notes(self, "0 1 2");
    finish(self, ref);
    CHECK_TEXT(notes(), "0 1 2");
    return 0;
}

Case(admission, g15_drop_newest_keeps_the_first_ones)
{
    run_everywhere(drop_newest);
}

static int drop_oldest(gr_actor *self, void *argument)
{
    int home = last_loop(self);
    gr_ref ref = START_SLOW(self, home, 3, GR_POLICY_DROP_OLDEST);
    uint64_t before = dead_letters(self, GR_DEAD_FULL);
    gr_future *asked = gr_ask(self, ref, gr_seconds(1), get_sum);
    for (int i = 0; i < 10; i++) CHECK_EQ(gr_send(self, ref, number, .value = i), 0);
    CHECK_EQ(gr_await(self, asked, GR_FOREVER), GR_EFULL);
    gr_future_release(asked);
    for (int i = 0; i < 60000 && dead_letters(self, GR_DEAD_FULL) < before + 8; i++)
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), before + 8);
    open_gate();
    wait_notes(self, "7 8 9");
    finish(self, ref);
    CHECK_TEXT(notes(), "7 8 9");
    return 0;
}

Case(admission, g15_drop_oldest_keeps_the_last_ones_and_ends_dropped_requests)
{
    run_everywhere(drop_oldest);
}

/* ---- bytes ---- */

static int bytes_bound(gr_actor *self, void *argument)
{
    gr_ref ref = start_slow(self, 0, (struct gr_mailbox_options){.bytes = 100000});
    gr_buffer buffer;
    uint8_t *bytes;
    CHECK_EQ(gr_buffer_create(self, 60000, &buffer, &bytes), 0);
    memset(bytes, 'x', 60000);
    gr_string text = {(const char *)buffer.data, buffer.size, buffer.block};
    CHECK_EQ(gr_send(self, ref, words, .text = gr_string_hold(text)), 0);
    CHECK_EQ(gr_send(self, ref, words, .text = gr_string_hold(text)), 0);
    CHECK_EQ(gr_try_send(self, ref, words, .text = text), GR_EFULL);
    gr_string_release(text);
    kill_and_wait(self, ref);
    return 0;
}

Case(admission, g15_the_bound_in_bytes_counts_strings)
{
    run_everywhere(bytes_bound);
}

struct eighty {
    uint8_t bytes[80]; /* with its envelope it fills the second smallest block */
};
GR_MESSAGE(eighty, GR_ARRAY(eighty, bytes));

/* How many are accepted in a row, smaller and larger ones in turn. */
static int fill_bytes(gr_actor *self, gr_ref ref)
{
    struct eighty m = {{0}};
    int count = 0, error = 0;
    while (count < 100) {
        error = count % 2 == 0 ? gr_try_send(self, ref, number, .value = count)
                               : gri_try_send(self, ref, &eighty_gr_type, &m);
        if (error != 0) break;
        count++;
    }
    CHECK_EQ(error, GR_EFULL);
    return count;
}

static int bytes_of_blocks(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, server, (.mailbox = {.bytes = 1024}), .value = 0);
    CHECK_EQ(gr_sleep(self, 1), 0);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(fill_bytes(self, ref), 11); /* 6 of 64 bytes, and 5 of 128 */
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    }
    kill_and_wait(self, ref);
    return 0;
}

Case(admission, g15_the_bound_in_bytes_is_exact_for_blocks_of_several_sizes)
{
    run_seeds(1, 3, bytes_of_blocks);
    run_real(1, bytes_of_blocks);
}

/* ---- wait: who only tries ---- */

struct only_trier {
    gr_ref to; /* the full one */
};

static int only_trier_start(gr_actor *self, struct only_trier *t, const struct address *m)
{
    t->to = m->ref;
    return 0;
}

static void only_trier_get_sum(gr_actor *self, struct only_trier *t, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = gr_try_send(self, t->to, number, .value = 1));
}

GR_ACTOR(only_trier, struct only_trier, address, only_trier_start, GR_ON(get_sum, only_trier_get_sum));

static int try_wait(gr_actor *self, void *argument)
{
    gr_ref ref = START_SLOW(self, 0, 4, GR_POLICY_WAIT);
    uint64_t before = dead_letters(self, GR_DEAD_FULL);
    gr_time begin = gr_now(self);
    for (int i = 0; i < 4; i++) CHECK_EQ(gr_try_send(self, ref, number, .value = i), 0);
    CHECK_EQ(gr_try_send(self, ref, number, .value = 99), GR_EFULL);
    CHECK(strstr(gr_last_error(self), "full") != NULL);
    gr_ref handler = gr_spawn(self, only_trier, .ref = ref);
    struct number tried;
    for (int i = 0; i < 2; i++) { /* it does not rest either: it answers twice */
        CHECK_EQ(gr_call(self, handler, &tried, GR_FOREVER, get_sum), 0);
        CHECK_EQ(tried.value, GR_EFULL);
    }
    if (*(const unsigned *)argument != 0) CHECK_EQ(gr_now(self), begin);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), before);
    finish(self, ref);
    CHECK_TEXT(notes(), "0 1 2 3");
    return 0;
}

Case(admission, g15_a_try_send_neither_waits_nor_rests)
{
    run_everywhere(try_wait);
}

/* ---- wait: a coroutine ---- */

static int pour_main(gr_actor *self, const struct address *m)
{
    for (int i = 0; i < 3000; i++) {
        int error = gr_send(self, m->ref, number, .value = 1);
        if (error != 0) return error;
    }
    return 0;
}

GR_COROUTINE(pour, address, pour_main);

/* Several at once, from all loops: some find the hard bound, where a handler would be refused. */
static int wait_coroutine(gr_actor *self, void *argument)
{
    for (int home = 0; home <= last_loop(self); home++) {
        notes_clear();
        gr_ref ref = START_SLOW(self, home, 4, GR_POLICY_WAIT);
        for (int i = 0; i < 6; i++) watch(self, gr_spawn_with(self, pour, (.loop = GR_SPREAD), .ref = ref));
        open_gate();
        CHECK_EQ(wait_downs(self, 6), 0);
        /* A sender's down may overtake its last messages, which went another way. */
        for (int i = 0; i < 60000 && strlen(notes()) < 6 * 3000 * 2 - 1; i++)
            CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        finish(self, ref);
        CHECK_EQ(strlen(notes()), 6 * 3000 * 2 - 1); /* "1 1 1": none was lost */
    }
    return 0;
}

Case(admission, g15_coroutines_wait_for_room_and_lose_nothing)
{
    run_seeds(1, 2, wait_coroutine);
    run_seeds(2, 4, wait_coroutine);
    run_seeds(3, 4, wait_coroutine);
    run_real(2, wait_coroutine);
}

static int sender_run(gr_actor *self, const struct address *m, struct gr_nothing *result)
{
    for (int i = 0; i < 4; i++) gr_send(self, m->ref, number, .value = i);
    note("sent");
    return gr_sleep(self, gr_seconds(3600));
}

GR_TASK(ignorant_sender, address, gr_nothing, sender_run);

static int cancel_the_waiting(gr_actor *self, void *argument)
{
    notes_clear();
    gr_ref ref = START_SLOW(self, 0, 2, GR_POLICY_WAIT);
    gr_future *task = gr_start(self, ignorant_sender, .ref = ref);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    CHECK_EQ(gr_future_cancel(self, task), 0);
    CHECK_EQ(gr_await(self, task, gr_milliseconds(1)), GR_ETIMEOUT); /* it waits for room still */
    open_gate();
    CHECK_EQ(gr_await(self, task, gr_seconds(60)), GR_ECANCELLED);
    gr_future_release(task);
    finish(self, ref);
    CHECK(strstr(notes(), "0") != NULL && strstr(notes(), "3") != NULL && strstr(notes(), "sent") != NULL);
    CHECK_EQ(dead_letters(self, GR_DEAD_FULL), 0);
    return 0;
}

Case(admission, a_cancel_while_a_send_waits_for_room_is_told_by_the_next_wait_and_loses_no_message)
{
    run_everywhere(cancel_the_waiting);
}

static int wait_for_the_dead(gr_actor *self, void *argument)
{
    for (int home = 0; home <= last_loop(self); home++) {
        gr_ref ref = START_SLOW(self, home, 2, GR_POLICY_WAIT);
        gr_ref sender = gr_spawn(self, pour, .ref = ref);
        uint64_t monitor = watch(self, sender);
        CHECK_EQ(gr_kill(self, ref), 0);
        CHECK_EQ(wait_for(self, monitor), GR_ESTALE); /* what its send returned */
    }
    return 0;
}

Case(admission, g15_a_coroutine_that_waits_for_room_learns_of_the_receivers_end)
{
    run_everywhere(wait_for_the_dead);
}

static int kill_the_waiting(gr_actor *self, void *argument)
{
    gr_ref ref = START_SLOW(self, last_loop(self), 2, GR_POLICY_WAIT);
    gr_ref sender = gr_spawn(self, pour, .ref = ref);
    kill_and_wait(self, sender);
    CHECK_EQ(gr_kill(self, ref), 0);
    return 0;
}

Case(admission, g15_a_coroutine_that_waits_for_room_can_be_killed)
{
    run_everywhere(kill_the_waiting);
}

/* ---- wait: handler actors ---- */

struct pusher {
    gr_ref to;   /* the full one */
    int sent;    /* accepted */
    int refused; /* at the hard bound */
};

static int pusher_start(gr_actor *self, struct pusher *p, const struct address *m)
{
    p->to = m->ref;
    return 0;
}

/* Sends one number on; the next one is its own mail, so resting holds it up. */
static void pusher_number(gr_actor *self, struct pusher *p, const struct number *m)
{
    int error = gr_send(self, p->to, number, .value = m->value);
    if (error == 0)
        p->sent++;
    else if (CHECK_EQ(error, GR_EFULL))
        p->refused++;
}

static void pusher_get_sum(gr_actor *self, struct pusher *p, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = p->sent - 1000 * p->refused);
}

GR_ACTOR(pusher, struct pusher, address, pusher_start, GR_ON(number, pusher_number),
         GR_ON(get_sum, pusher_get_sum));

static int rest(gr_actor *self, void *argument)
{
    for (int home = 0; home <= last_loop(self); home++) {
        notes_clear();
        gr_ref ref = START_SLOW(self, home, 4, GR_POLICY_WAIT);
        gr_ref sender = gr_spawn(self, pusher, .ref = ref);
        for (int i = 0; i < 40; i++) gr_send(self, sender, number, .value = i);
        open_gate();
        struct number sent;
        /* The answer comes when it has sent everything: it rested until there was room, and lost nothing. */
        CHECK_EQ(gr_call(self, sender, &sent, gr_seconds(60), get_sum), 0);
        /* From another loop what was on the way may have reached the hard bound before it could know. */
        if (home == 0) CHECK_EQ(sent.value, 40);
        finish(self, ref);
        if (home == 0) CHECK(strstr(notes(), "37 38 39") != NULL);
        CHECK_EQ(gr_kill(self, sender), 0);
    }
    return 0;
}

Case(admission, g15_a_handler_that_sent_to_a_full_mailbox_rests_until_there_is_room)
{
    run_everywhere(rest);
}

static int rest_dead(gr_actor *self, void *argument)
{
    for (int home = 0; home <= last_loop(self); home++) {
        gr_ref ref = START_SLOW(self, home, 2, GR_POLICY_WAIT);
        gr_ref sender = gr_spawn(self, server, .value = 0);
        gr_ref resting = gr_spawn(self, pusher, .ref = ref);
        for (int i = 0; i < 30; i++) gr_send(self, resting, number, .value = i);
        kill_and_wait(self, resting);
        CHECK_EQ(gr_kill(self, ref), 0);
        CHECK_EQ(gr_kill(self, sender), 0);
    }
    return 0;
}

Case(admission, a_resting_actor_can_be_killed)
{
    run_everywhere(rest_dead);
}

/* A handler that sends all at once, which resting can't prevent. */
static void burst_number(gr_actor *self, struct pusher *p, const struct number *m)
{
    for (int64_t i = 0; i < m->value; i++) pusher_number(self, p, &(struct number){i});
}

GR_ACTOR(burst, struct pusher, address, pusher_start, GR_ON(number, burst_number),
         GR_ON(get_sum, pusher_get_sum));

static int hard_bound(gr_actor *self, void *argument)
{
    gr_ref ref = START_SLOW(self, 0, 10, GR_POLICY_WAIT);
    gr_ref sender = gr_spawn(self, burst, .ref = ref);
    gr_send(self, sender, number, .value = 25);
    open_gate(); /* it still gets all in one turn */
    struct number sent;
    CHECK_EQ(gr_call(self, sender, &sent, gr_seconds(60), get_sum), 0);
    CHECK_EQ(sent.value, 20 - 1000 * 5); /* twice the bound is taken, the rest refused */
    CHECK_EQ(gr_kill(self, ref), 0);
    return 0;
}

Case(admission, g15_a_resting_policy_has_a_hard_bound_at_twice_the_bound)
{
    run_everywhere(hard_bound);
}

/* ---- nobody waits for each other for ever ---- */

struct rival {
    gr_ref other; /* the one who is sent to */
    int64_t left; /* answers still to give */
    int64_t lost; /* refused by the other's hard bound */
};

static int rival_start(gr_actor *self, struct rival *r, const struct number *m)
{
    r->left = m->value;
    return 0;
}

static void rival_address(gr_actor *self, struct rival *r, const struct address *m)
{
    r->other = m->ref;
}

/* Each message becomes two, as long as there are any left: both mailboxes are soon full. */
static void rival_number(gr_actor *self, struct rival *r, const struct number *m)
{
    for (int i = 0; i < 2 && r->left > 0; i++, r->left--)
        gr_send(self, r->other, number, .value = m->value + 1);
}

static void rival_get_sum(gr_actor *self, struct rival *r, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = r->left);
}

GR_ACTOR(rival, struct rival, number, rival_start, GR_ON(address, rival_address), GR_ON(number, rival_number),
         GR_ON(get_sum, rival_get_sum));

static int rivals(gr_actor *self, void *argument)
{
    gr_ref refs[2];
    for (int i = 0; i < 2; i++)
        refs[i] = gr_spawn_with(
            self, rival,
            (.loop = GR_LOOP(i * last_loop(self)), .mailbox = {.messages = 8, .policy = GR_POLICY_WAIT}),
            .value = 500);
    for (int i = 0; i < 2; i++) gr_send(self, refs[i], address, .ref = refs[1 - i]);
    for (int i = 0; i < 4; i++) gr_send(self, refs[i % 2], number, .value = i);
    for (int i = 0; i < 2; i++) {
        /* It answers, so it does not rest; what was refused at the hard bound is lost, so some may be left. */
        struct number left = {1000};
        CHECK_EQ(gr_call(self, refs[i], &left, gr_seconds(5), get_sum), 0);
        CHECK(left.value < 500);
    }
    return 0;
}

Case(admission, g15_two_full_actors_that_send_to_each_other_go_on)
{
    run_everywhere(rivals);
}

struct hop {
    gr_ref next; /* in the ring */
};

static int hop_start(gr_actor *self, struct hop *h, const struct gr_nothing *m)
{
    return 0;
}

static void hop_address(gr_actor *self, struct hop *h, const struct address *m)
{
    h->next = m->ref;
}

/* Sends a number on, one less. */
static void hop_number(gr_actor *self, struct hop *h, const struct number *m)
{
    if (m->value > 0) gr_send(self, h->next, number, .value = m->value - 1);
}

static void hop_get_sum(gr_actor *self, struct hop *h, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = 1);
}

GR_ACTOR(hop, struct hop, gr_nothing, hop_start, GR_ON(address, hop_address), GR_ON(number, hop_number),
         GR_ON(get_sum, hop_get_sum));

#define RING 8

static int ring(gr_actor *self, void *argument)
{
    gr_ref refs[RING];
    for (int i = 0; i < RING; i++)
        refs[i] = gr_spawn_with(self, hop,
                                (.loop = GR_SPREAD, .mailbox = {.messages = 4, .policy = GR_POLICY_WAIT}));
    for (int i = 0; i < RING; i++) gr_send(self, refs[i], address, .ref = refs[(i + 1) % RING]);
    for (int i = 0; i < 2000; i++) gr_send(self, refs[i % RING], number, .value = 20);
    for (int i = 0; i < RING; i++) {
        struct number out;
        CHECK_EQ(gr_call(self, refs[i], &out, gr_seconds(5), get_sum), 0); /* none rests for ever */
    }
    return 0;
}

/* Each rested for the next one, and filled up while it did. */
Case(admission, g15_a_ring_of_resting_actors_that_fill_up_goes_on)
{
    run_everywhere(ring);
    run_seeds(2, 20, ring);
}

static int own_mailbox(gr_actor *self, void *argument)
{
    /* The root's own mailbox is not bounded here; a small one of its own: */
    gr_ref ref = gr_spawn_with(self, rival, (.mailbox = {.messages = 4, .policy = GR_POLICY_WAIT}),
                               .value = 100);
    gr_send(self, ref, address, .ref = ref);
    for (int i = 0; i < 2; i++) gr_send(self, ref, number, .value = i);
    struct number left = {1};
    for (int tries = 0; tries < 10000 && left.value > 0; tries++) {
        int error = gr_call(self, ref, &left, gr_seconds(5), get_sum);
        if (error != GR_EFULL && !CHECK_EQ(error, 0)) return 1;
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    }
    CHECK_EQ(left.value, 0);
    return 0;
}

Case(admission, g15_an_actor_that_fills_its_own_mailbox_goes_on)
{
    run_everywhere(own_mailbox);
}

static int self_full_main(gr_actor *self, const struct gr_nothing *m)
{
    int accepted = 0;
    while (gr_send(self, gr_self(self), number, .value = accepted) == 0) accepted++;
    struct gr_mail mail;
    for (int i = 0; i < accepted; i++) CHECK_EQ(gr_receive(self, &mail, 0), 0);
    return accepted;
}

GR_COROUTINE(self_full, gr_nothing, self_full_main);

static int coroutine_own_mailbox(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, self_full, (.mailbox = {.messages = 4, .policy = GR_POLICY_WAIT}));
    CHECK_EQ(wait_down(self, ref), 8);
    return 0;
}

Case(admission, g15_a_coroutine_does_not_wait_for_itself)
{
    run_everywhere(coroutine_own_mailbox);
}
