/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of links: reasons travel, one exit for one link, none after it was ended, whoever linked and whenever. */
#include "actors/links/links.h"
#include "tests/support/world/case.h"

#include <greenroom/promise.h>

#define SPREAD(self, A, ...) gr_spawn_with(self, A, (.loop = GR_SPREAD), __VA_ARGS__)

struct plan {
    gr_ref peer;   /* whom it links with; or null */
    gr_ref parent; /* gets the reason of each exit as a `number`; or null */
    bool traps;    /* exits */
};
GR_MESSAGE(plan, GR_FIELD(plan, peer), GR_FIELD(plan, parent), GR_FIELD(plan, traps));

struct undo {
    gr_ref peer; /* with whom a link is to end */
};
GR_MESSAGE(undo, GR_FIELD(undo, peer));

/* ---- two actors that do as they are told, one of each kind ---- */

static void do_link(gr_actor *self, gr_ref peer)
{
    if (!gr_ref_is_null(peer)) CHECK_EQ(gr_link(self, peer), 0);
}

struct tied {
    gr_ref parent; /* gets the reason of each exit as a `number` */
    gr_ref peer;   /* with whom it linked at its start */
};

static int tied_start(gr_actor *self, struct tied *tied, const struct plan *m)
{
    tied->parent = m->parent;
    tied->peer = m->peer;
    gr_trap_exits(self, m->traps);
    do_link(self, m->peer);
    return 0;
}

static void tied_address(gr_actor *self, struct tied *tied, const struct address *m)
{
    do_link(self, m->ref);
}

static void tied_undo(gr_actor *self, struct tied *tied, const struct undo *m)
{
    gr_unlink(self, m->peer);
}

static void tied_get_sum(gr_actor *self, struct tied *tied, const struct get_sum *m)
{
    gr_reply(self, get_sum, .value = 1);
}

/* Passes a get_words on along the links: the first of the row answers. */
static void pass_on(gr_actor *self, gr_ref peer)
{
    if (gr_ref_is_null(peer))
        gr_reply_error(self, 1);
    else
        gr_forward(self, peer);
}

static void tied_get_words(gr_actor *self, struct tied *tied, const struct get_words *m)
{
    pass_on(self, tied->peer);
}

static void tied_quit(gr_actor *self, struct tied *tied, const struct quit *m)
{
    gr_exit(self, m->reason);
}

static void tied_signal(gr_actor *self, struct tied *tied, const struct gr_signal *signal)
{
    CHECK_EQ(signal->kind, GR_SIGNAL_EXIT);
    gr_send(self, tied->parent, number, .value = signal->reason);
}

GR_ACTOR(tied, struct tied, plan, tied_start, GR_ON(address, tied_address), GR_ON(undo, tied_undo),
         GR_ON(get_sum, tied_get_sum), GR_ON(get_words, tied_get_words), GR_ON(quit, tied_quit),
         GR_ON_SIGNAL(tied_signal));

static int bound_main(gr_actor *self, const struct plan *m)
{
    struct gr_mail mail;
    int error;
    gr_trap_exits(self, m->traps);
    do_link(self, m->peer);
    while ((error = gr_receive(self, &mail, GR_FOREVER)) == 0) {
        const struct quit *quit = gr_mail_as(&mail, quit);
        if (quit != NULL) return quit->reason;
        if (gr_mail_as(&mail, address) != NULL) do_link(self, gr_mail_as(&mail, address)->ref);
        if (gr_mail_as(&mail, undo) != NULL) gr_unlink(self, gr_mail_as(&mail, undo)->peer);
        if (gr_mail_as(&mail, get_sum) != NULL) gr_reply(self, get_sum, .value = 1);
        if (gr_mail_as(&mail, get_words) != NULL) pass_on(self, m->peer);
        if (mail.signal != NULL) gr_send(self, m->parent, number, .value = mail.signal->reason);
    }
    if (error == GR_ESTOPPED) return error;
    CHECK_EQ(error, GR_EKILLED);
    CHECK_EQ(gr_sleep(self, 1), GR_EKILLED);
    CHECK_EQ(gr_sleep(self, 0), GR_EKILLED);
    return 0; /* the reason that travels is the one that counts */
}

GR_COROUTINE(bound, plan, bound_main);

static const gr_ref nobody = {0, 0, 0};

/* One of either kind, by chance. */
static gr_ref make(gr_actor *self, gr_ref peer, bool traps)
{
    gr_ref me = gr_self(self);
    return gr_random(self) % 2 ? SPREAD(self, tied, .peer = peer, .parent = me, .traps = traps)
                               : SPREAD(self, bound, .peer = peer, .parent = me, .traps = traps);
}

/* Returns when the actor has handled all that it was sent by the caller before. */
static void settle(gr_actor *self, gr_ref actor)
{
    struct number number;
    CHECK_EQ(gr_call(self, actor, &number, gr_seconds(60), get_sum), 0);
}

/* Returns when the links that it and those before it made at their starts have reached their other ends. */
static void settle_links(gr_actor *self, gr_ref actor)
{
    struct words words;
    CHECK_EQ(gr_call(self, actor, &words, gr_seconds(60), get_words), 1);
}

/* Returns when the actor is known to have ended, without looking into the mailbox. */
static void wait_end(gr_actor *self, gr_ref actor)
{
    while (gr_try_send(self, actor, ping) != GR_ESTALE) CHECK_EQ(gr_sleep(self, gr_microseconds(10)), 0);
}

/* ---- reasons ---- */

static int chain(gr_actor *self, void *argument)
{
    enum { LENGTH = 6 };
    gr_ref refs[LENGTH] = {nobody};
    int reasons[] = {5, GR_ELIMIT, GR_EKILLED};
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < LENGTH; i++) {
            refs[i] = make(self, i > 0 ? refs[i - 1] : nobody, false);
            watch(self, refs[i]);
            settle_links(self, refs[i]);
        }
        int at = (int)(gr_random(self) % LENGTH);
        if (round == 2)
            CHECK_EQ(gr_kill(self, refs[at]), 0);
        else
            gr_send(self, refs[at], quit, .reason = reasons[round]);
        int64_t sum = 0;
        for (int i = 0; i < LENGTH; i++) sum += wait_downs(self, 1);
        CHECK_EQ(sum, LENGTH * reasons[round]);
    }
    return 0;
}

Case(links, g6_an_abnormal_end_travels_along_the_links_with_its_reason)
{
    run_everywhere(chain);
}

static int normal(gr_actor *self, void *argument)
{
    gr_ref first = make(self, nobody, false), second = make(self, first, false);
    settle_links(self, second);
    uint64_t monitor = watch(self, first);
    gr_send(self, first, quit, .reason = 0);
    CHECK_EQ(wait_for(self, monitor), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    settle(self, second); /* lives, and has no link any more */
    kill_and_wait(self, second);
    return 0;
}

Case(links, a_normal_end_only_ends_the_link)
{
    run_everywhere(normal);
}

static int trapped(gr_actor *self, void *argument)
{
    int reasons[] = {0, 9, GR_EKILLED};
    for (int i = 0; i < 3; i++) {
        gr_ref first = make(self, nobody, false), second = make(self, first, true);
        settle_links(self, second);
        if (i == 2)
            CHECK_EQ(gr_kill(self, first), 0);
        else
            gr_send(self, first, quit, .reason = reasons[i]);
        CHECK_EQ(next_number(self), reasons[i]);
        no_mail(self, gr_milliseconds(2));
        settle(self, second);
        kill_and_wait(self, second);
    }
    return 0;
}

Case(links, g6_who_traps_exits_gets_one_signal_whatever_the_reason)
{
    run_everywhere(trapped);
}

static int killed(gr_actor *self, void *argument)
{
    gr_trap_exits(self, true);
    gr_ref first = make(self, nobody, true);
    CHECK_EQ(gr_link(self, first), 0);
    uint64_t monitor = watch(self, first);
    CHECK_EQ(gr_kill(self, first), 0); /* trapping is no help */
    int exits = 0;
    for (int i = 0; i < 2; i++) {
        struct gr_mail mail = next_mail(self);
        if (!CHECK(mail.signal != NULL)) return 1;
        CHECK_EQ(mail.signal->reason, GR_EKILLED);
        CHECK(gr_ref_equal(mail.signal->actor, first));
        exits += mail.signal->kind == GR_SIGNAL_EXIT;
        CHECK_EQ(mail.signal->monitor, mail.signal->kind == GR_SIGNAL_EXIT ? 0 : monitor);
    }
    CHECK_EQ(exits, 1);
    return 0;
}

Case(links, a_killed_actor_exits_with_killed)
{
    run_everywhere(killed);
}

/* ---- ends that were there before, and nobody ---- */

static int already_dead(gr_actor *self, void *argument)
{
    gr_ref ref = make(self, nobody, false);
    kill_and_wait(self, ref);
    gr_ref refs[] = {
        ref, nobody, {ref.seat, 1u << 28, ref.generation}, {ref.seat + 1, ref.slot, ref.generation}};
    int reasons[] = {GR_ESTALE, GR_ESTALE, GR_ESTALE, GR_ESYSTEM};
    gr_trap_exits(self, true);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(gr_link(self, refs[i]), 0);
        CHECK_EQ(gr_link(self, refs[i]), 0); /* the same link */
        struct gr_mail mail = next_mail(self);
        if (!CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_EXIT)) return 1;
        CHECK_EQ(mail.signal->reason, reasons[i]);
        CHECK(gr_ref_equal(mail.signal->actor, refs[i]));
        no_mail(self, gr_milliseconds(1));
        CHECK_EQ(gr_unlink(self, refs[i]), GR_ENOTFOUND);
    }
    uint64_t monitor = watch(self, make(self, ref, false)); /* who does not trap ends of it */
    int reason = wait_for(self, monitor);
    CHECK(reason == GR_ESTALE);
    return 0;
}

Case(links, g6_a_link_with_an_actor_that_has_ended_is_an_exit)
{
    run_everywhere(already_dead);
}

static int with_itself(gr_actor *self, void *argument)
{
    gr_trap_exits(self, true);
    CHECK_EQ(gr_link(self, gr_self(self)), 0);
    CHECK_EQ(gr_unlink(self, gr_self(self)), GR_ENOTFOUND);
    gr_ref first = make(self, nobody, false);
    gr_send(self, first, address, .ref = first);
    settle(self, first);
    uint64_t monitor = watch(self, first);
    gr_send(self, first, quit, .reason = 3);
    CHECK_EQ(wait_for(self, monitor), 3);
    no_mail(self, gr_milliseconds(2));
    return 0;
}

Case(links, a_link_with_oneself_is_none)
{
    run_everywhere(with_itself);
}

/* ---- ended links ---- */

static int unlinked(gr_actor *self, void *argument)
{
    gr_ref first = make(self, nobody, false), second = make(self, first, true);
    settle(self, second);
    gr_ref enders[] = {first, second}, others[] = {second, first};
    int who = (int)(gr_random(self) % 2); /* either side ends it, for both */
    gr_send(self, enders[who], undo, .peer = others[who]);
    settle(self, enders[who]);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    uint64_t monitor = watch(self, first);
    gr_send(self, first, quit, .reason = 4);
    CHECK_EQ(wait_for(self, monitor), 4);
    no_mail(self, gr_milliseconds(5));
    settle(self, second);
    return 0;
}

Case(links, either_side_ends_a_link_for_both)
{
    run_everywhere(unlinked);
}

static int in_the_mailbox(gr_actor *self, void *argument)
{
    gr_trap_exits(self, true);
    gr_ref first = make(self, nobody, false), second = make(self, nobody, false);
    CHECK_EQ(gr_link(self, first), 0);
    CHECK_EQ(gr_link(self, second), 0);
    gr_send(self, first, quit, .reason = 4);
    gr_send(self, second, quit, .reason = 5);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    /* Both exits lie in the mailbox now. */
    CHECK_EQ(gr_link(self, second), 0); /* it is linked: one exit is to come, and no more */
    CHECK_EQ(gr_unlink(self, first), 0);
    CHECK_EQ(gr_unlink(self, first), GR_ENOTFOUND);
    struct gr_mail mail = next_mail(self);
    CHECK(mail.signal != NULL && gr_ref_equal(mail.signal->actor, second) && mail.signal->reason == 5);
    no_mail(self, gr_milliseconds(5));
    /* Linked again after the unlink: a new link, which has its own exit. */
    gr_ref third = make(self, nobody, false);
    CHECK_EQ(gr_link(self, third), 0);
    gr_send(self, third, quit, .reason = 6);
    wait_end(self, third);
    CHECK_EQ(gr_unlink(self, third), 0);
    CHECK_EQ(gr_link(self, third), 0);
    mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->reason == GR_ESTALE);
    no_mail(self, gr_milliseconds(5));
    return 0;
}

Case(links, g6_after_unlink_no_exit_arrives_not_even_one_in_the_mailbox)
{
    run_everywhere(in_the_mailbox);
}

/* ---- trapping that changes ---- */

static int changed(gr_actor *self, void *argument)
{
    gr_ref first = make(self, nobody, false), second = make(self, nobody, false);
    gr_trap_exits(self, true);
    CHECK_EQ(gr_link(self, first), 0);
    gr_send(self, first, quit, .reason = 4);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(5)), 0);
    gr_trap_exits(self, false); /* what has arrived stays a signal */
    CHECK_EQ(gr_link(self, second), 0);
    struct gr_mail mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_EXIT && mail.signal->reason == 4);
    gr_trap_exits(self, true);
    gr_send(self, second, quit, .reason = 5);
    mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_EXIT && mail.signal->reason == 5);
    return 0;
}

Case(links, trapping_counts_when_the_exit_arrives)
{
    for (int loops = 1; loops <= 3; loops++) run_seeds(loops, 8, changed);
}

/* ---- order ---- */

static int chatty_main(gr_actor *self, const struct address *m)
{
    CHECK_EQ(gr_link(self, m->ref), 0);
    for (int i = 1; i <= 100; i++) gr_send(self, m->ref, number, .value = i);
    return 8;
}

GR_COROUTINE(chatty, address, chatty_main);

static int last_message_first(gr_actor *self, void *argument)
{
    gr_trap_exits(self, true);
    CHECK(!gr_ref_is_null(SPREAD(self, chatty, .ref = gr_self(self))));
    for (int i = 1; i <= 100; i++) CHECK_EQ(next_number(self), i);
    struct gr_mail mail = next_mail(self);
    CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_EXIT && mail.signal->reason == 8);
    return 0;
}

Case(links, g4_the_last_message_comes_before_the_exit)
{
    run_everywhere(last_message_first);
}

/* ---- waits of a coroutine whose linked actor ends ---- */

static int wait_for_an_answer(gr_actor *self, const struct plan *m)
{
    struct number number;
    CHECK_EQ(gr_link(self, m->peer), 0);
    CHECK_EQ(gr_call(self, m->peer, &number, GR_FOREVER, get_nothing), GR_EKILLED);
    CHECK_EQ(gr_send(self, m->peer, ping), GR_ESTALE); /* what does not wait still works */
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_EKILLED);
    gr_exit(self, 77); /* the exit came first */
    return 78;
}

GR_COROUTINE(answer_waiter, plan, wait_for_an_answer);

/* Takes a request and ends some time later without an answer. */
static int silent_main(gr_actor *self, const struct gr_nothing *m)
{
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    return 6;
}

GR_COROUTINE(silent, gr_nothing, silent_main);

static int in_a_call(gr_actor *self, void *argument)
{
    gr_ref silent_one = SPREAD(self, silent);
    uint64_t monitor = watch(self, SPREAD(self, answer_waiter, .peer = silent_one));
    CHECK_EQ(wait_for(self, monitor), 6);
    return 0;
}

Case(links, a_wait_for_the_linked_actor_ends_with_killed_and_the_reason_travels)
{
    run_seeds(1, 4, in_a_call); /* on one loop the unanswered request ends at the same moment, but before */
}

/* ---- both at once ---- */

/* Links and unlinks with its peer at random; then, when told, says whether there is a link, by ending it, and at last
 * ends. */
static int wild_main(gr_actor *self, const struct plan *m)
{
    struct gr_mail mail;
    gr_trap_exits(self, true);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    gr_ref peer = gr_mail_as(&mail, address)->ref;
    for (uint64_t left = gr_random(self) % 12; left > 0; left--) {
        uint64_t what = gr_random(self) % 4;
        int error = what == 2 ? gr_unlink(self, peer) : 0;
        CHECK(error == 0 || error == GR_ENOTFOUND);
        if (what < 2) CHECK_EQ(gr_link(self, peer), 0);
        if (what == 3) CHECK_EQ(gr_sleep(self, gr_microseconds(gr_random(self) % 3)), 0);
    }
    gr_send(self, m->parent, ping);
    int exits = 0;
    while (gr_receive(self, &mail, GR_FOREVER) == 0) {
        exits += mail.signal != NULL;
        if (gr_mail_as(&mail, quit) != NULL) return gr_mail_as(&mail, quit)->reason;
        if (gr_mail_as(&mail, get_sum) != NULL) gr_reply(self, get_sum, .value = gr_unlink(self, peer) == 0);
        if (gr_mail_as(&mail, get_words) != NULL) gr_reply_error(self, 1 + exits);
    }
    return 0;
}

GR_COROUTINE(wild, plan, wild_main);

/* Whether `a` still has its end of a link, which it then ends. */
static bool was_linked(gr_actor *self, gr_ref a)
{
    struct number number;
    CHECK_EQ(gr_call(self, a, &number, gr_seconds(60), get_sum), 0);
    return number.value != 0;
}

static int exits_of(gr_actor *self, gr_ref a)
{
    struct words words;
    return gr_call(self, a, &words, gr_seconds(60), get_words) - 1;
}

/* How many ends of links there are; only under simulation one thread may look at all of them. */
static uint64_t ends(gr_actor *self)
{
    const gr_system *system = gr_actor_system(self);
    uint64_t sum = 0;
    for (unsigned i = 0; i < system->loop_count && system->is_simulated; i++)
        sum += system->actors[i].links.count;
    return sum;
}

/* When it is quiet both sides know of the same link: either both of one, or neither. */
static int crossing(gr_actor *self, void *argument)
{
    int linked = 0;
    for (int round = 0; round < 60; round++) {
        gr_ref a = SPREAD(self, wild, .parent = gr_self(self)),
               b = SPREAD(self, wild, .parent = gr_self(self));
        gr_send(self, a, address, .ref = b);
        gr_send(self, b, address, .ref = a);
        next_ping(self);
        next_ping(self);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        CHECK_EQ(exits_of(self, a) + exits_of(self, b), 0);
        CHECK_EQ(ends(self) % 2, 0);
        if (round % 3 == 0) { /* one ends it, and both have none */
            linked += was_linked(self, a);
            CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
            CHECK(!was_linked(self, b));
        } else if (round % 3 == 1) { /* both end it at once */
            gr_future *first = gr_ask(self, a, gr_seconds(60), get_sum);
            gr_future *second = gr_ask(self, b, gr_seconds(60), get_sum);
            CHECK_EQ(gr_await(self, first, GR_FOREVER), 0);
            CHECK_EQ(gr_await(self, second, GR_FOREVER), 0);
            bool both = gr_future_value(first, get_sum)->value && gr_future_value(second, get_sum)->value;
            linked += both;
            gr_future_release(first);
            gr_future_release(second);
        }
        uint64_t monitor = watch(self, a);
        gr_send(self, a, quit, .reason = 3);
        CHECK_EQ(wait_for(self, monitor), 3);
        CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
        int exits = exits_of(self, b);
        CHECK(exits <= (round % 3 == 2));
        CHECK(!was_linked(self, b));
        linked += exits;
        kill_and_wait(self, b);
    }
    CHECK(linked > 10);
    return 0;
}

Case(links, g6_links_and_their_ends_may_cross)
{
    run_seeds(1, 4, crossing);
    run_seeds(2, 20, crossing);
    run_seeds(3, 20, crossing);
    run_real(2, crossing);
}

/* ---- spawns that link ---- */

static int spawned(gr_actor *self, void *argument)
{
    gr_trap_exits(self, true);
    for (int i = 0; i < 12; i++) {
        gr_ref ref = gr_spawn_with(self, refuser, (.loop = GR_SPREAD, .link = true), .value = 20 + i);
        struct gr_mail mail = next_mail(self);
        if (!CHECK(mail.signal != NULL && mail.signal->kind == GR_SIGNAL_EXIT)) return 1;
        CHECK_EQ(mail.signal->reason, 20 + i); /* the reason, not that it was gone already */
        CHECK(gr_ref_equal(mail.signal->actor, ref));
    }
    no_mail(self, gr_milliseconds(2));
    return 0;
}

Case(links, g7_a_linked_spawn_whose_start_refuses_tells_its_reason)
{
    run_everywhere(spawned);
}

static int parent_main(gr_actor *self, const struct address *m)
{
    for (int i = 0; i < 6; i++) {
        gr_ref child = gr_spawn_with(self, bound, (.loop = GR_SPREAD, .link = true), .peer = nobody);
        gr_send(self, m->ref, address, .ref = child);
    }
    struct gr_mail mail;
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), 0);
    return 30;
}

GR_COROUTINE(parent, address, parent_main);

static int children_end(gr_actor *self, void *argument)
{
    gr_ref ref = SPREAD(self, parent, .ref = gr_self(self));
    for (int i = 0; i < 6; i++) {
        struct gr_mail mail = next_mail(self);
        if (!CHECK(gr_mail_as(&mail, address) != NULL)) return 1;
        watch(self, gr_mail_as(&mail, address)->ref);
    }
    gr_send(self, ref, ping);
    CHECK_EQ(wait_downs(self, 6), 6 * 30);
    return 0;
}

Case(links, linked_children_end_with_their_parent)
{
    run_everywhere(children_end);
}

static int from_outside(gr_actor *self, void *argument)
{
    gr_ref ref = gr_system_spawn(gr_actor_system(self), bound, (.link = true), .peer = nobody);
    CHECK(gr_ref_is_null(ref));
    return 0;
}

Case(links, nobody_outside_can_link)
{
    run_seeds(1, 1, from_outside);
}

/* ---- many ---- */

static int many(gr_actor *self, void *argument)
{
    enum { MANY = 3000 };
    static gr_ref refs[MANY];
    gr_trap_exits(self, true);
    for (int i = 0; i < MANY; i++)
        refs[i] = gr_spawn_with(self, tied, (.loop = GR_SPREAD, .link = true), .peer = nobody);
    for (int i = 0; i < MANY; i += 2) CHECK_EQ(gr_unlink(self, refs[i]), 0);
    for (int i = 0; i < MANY; i++)
        while (gr_try_send(self, refs[i], quit, .reason = i % 2 + 1) == GR_EFULL)
            CHECK_EQ(gr_sleep(self, 0), 0);
    for (int i = 0; i < MANY / 2; i++) {
        struct gr_mail mail = next_mail(self);
        if (!CHECK(mail.signal != NULL && mail.signal->reason == 2)) return 1;
    }
    no_mail(self, gr_milliseconds(5));
    return 0;
}

Case(links, an_actor_may_have_many_links)
{
    run_seeds(1, 1, many);
    run_seeds(2, 1, many);
    run_real(2, many);
}

/* ---- the system's stop ---- */

/* Cleans up when it is stopped, which takes a while. */
static int orderly_main(gr_actor *self, const struct plan *m)
{
    struct gr_mail mail;
    do_link(self, m->peer);
    CHECK_EQ(gr_receive(self, &mail, GR_FOREVER), GR_ESTOPPED);
    gr_promise unset;
    gr_future *nothing = gr_promise_create(self, number, &unset);
    CHECK_EQ(gr_await(self, nothing, gr_milliseconds(1)), GR_ETIMEOUT);
    gr_future_release(nothing);
    note("cleaned");
    return 0;
}

GR_COROUTINE(orderly, plan, orderly_main);

static int left_behind(gr_actor *self, void *argument)
{
    gr_ref first = SPREAD(self, tied, .peer = nobody); /* ends at once, with GR_ESTOPPED */
    for (int i = 0; i < 2; i++) CHECK(!gr_ref_is_null(SPREAD(self, orderly, .peer = first)));
    CHECK_EQ(gr_sleep(self, gr_milliseconds(1)), 0);
    return 0;
}

Case(links, g11_exits_end_nobody_while_the_system_stops)
{
    for (unsigned seed = 1; seed <= 10; seed++)
        for (int loops = 1; loops <= 3; loops++) {
            notes_clear();
            CHECK_EQ(gr_run_with(left_behind, &seed, (.loops = loops, .seed = seed)), 0);
            CHECK_TEXT(notes(), "cleaned cleaned");
        }
}
