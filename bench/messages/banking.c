/* SPDX-License-Identifier: Apache-2.0 */
/*
 * banking: n transfers between 1000 accounts, 1000 of them under way. A transfer takes four messages: the teller tells
 * the source to pay, the source tells the destination to take, the destination answers, and the source reports. Until
 * that answer is there the source does nothing else: it stashes what comes, and then takes up one after the other until
 * it pays again. Accounts pay only to later ones, so that no two wait for each other.
 */
#include "bench.h"

#include <stdlib.h>

#define ACCOUNTS  1000
#define SOURCES   800
#define UNDER_WAY 1000
#define SEED      123456

struct pay {
    gr_ref to;
    int64_t amount;
};
struct take {
    int64_t amount;
};
GR_MESSAGE(pay, GR_FIELD(pay, to), GR_FIELD(pay, amount));
GR_MESSAGE(take, GR_FIELD(take, amount));
GR_MESSAGE_EMPTY(taken);
GR_MESSAGE_EMPTY(paid);

GR_MESSAGE_EMPTY(balance_wanted);
struct balance {
    int64_t amount;
};
GR_MESSAGE(balance, GR_FIELD(balance, amount));
GR_REQUEST(balance_wanted, balance);

struct teller_start {
    gr_ref root;
    gr_buffer accounts; /* each a gr_ref */
    uint64_t transfers;
};
GR_MESSAGE(teller_start, GR_FIELD(teller_start, root), GR_FIELD(teller_start, accounts),
           GR_FIELD(teller_start, transfers));

struct account {
    gr_ref teller;   /* whose payment is under way */
    int64_t balance; /* may be negative */
    bool paying;     /* waits for the destination's answer */
};

/* The sequence of transfers, which the check at the end draws once more. */
struct transfers {
    uint32_t value; /* of the generator */
    uint64_t drawn; /* so far */
};

struct transfer {
    uint32_t source;
    uint32_t destination;
    int64_t amount;
};

struct teller {
    gr_ref root;           /* gets a bench_finished with the transfers that were reported */
    gr_buffer accounts;    /* each a gr_ref */
    uint64_t count;        /* transfers to make */
    uint64_t reported;     /* transfers */
    struct transfers next; /* the sequence */
};

static uint32_t draw(struct transfers *t, uint32_t below)
{
    t->value = (t->value * 1309 + 13849) & 65535;
    return t->value % below;
}

static struct transfer next_transfer(struct transfers *t)
{
    uint32_t source = draw(t, SOURCES);
    uint32_t step = draw(t, ACCOUNTS - source);
    return (struct transfer){.source = source,
                             .destination = source + (step > 1 ? step : 1),
                             .amount = (int64_t)(t->drawn++ % 100 + 1)};
}

static int account_begin(gr_actor *self, struct account *a, const struct gr_nothing *m)
{
    return 0;
}

/* Whether the message being handled has to wait until a payment is done. */
static bool set_aside(gr_actor *self, const struct account *a)
{
    if (a->paying) bench_must(self, gr_stash(self));
    return a->paying;
}

static void on_pay(gr_actor *self, struct account *a, const struct pay *m)
{
    if (set_aside(self, a)) return;
    a->balance -= m->amount;
    a->paying = true;
    a->teller = gr_sender(self);
    bench_must(self, gr_send(self, m->to, take, .amount = m->amount));
}

static void on_take(gr_actor *self, struct account *a, const struct take *m)
{
    if (set_aside(self, a)) return;
    a->balance += m->amount;
    bench_must(self, gr_send(self, gr_sender(self), taken));
    bench_must(self, gr_unstash_one(self));
}

static void on_taken(gr_actor *self, struct account *a, const struct taken *m)
{
    a->paying = false;
    bench_must(self, gr_send(self, a->teller, paid));
    bench_must(self, gr_unstash_one(self));
}

static void on_balance_wanted(gr_actor *self, struct account *a, const struct balance_wanted *m)
{
    gr_reply(self, balance_wanted, .amount = a->balance);
}

GR_ACTOR(account, struct account, gr_nothing, account_begin, GR_ON(pay, on_pay), GR_ON(take, on_take),
         GR_ON(taken, on_taken), GR_ON(balance_wanted, on_balance_wanted));

static int teller_begin(gr_actor *self, struct teller *t, const struct teller_start *m)
{
    t->root = m->root;
    t->accounts = gr_buffer_hold(m->accounts);
    t->count = m->transfers;
    t->next.value = SEED;
    return 0;
}

static gr_ref account_of(const struct teller *t, uint32_t index)
{
    gr_ref account;
    memcpy(&account, t->accounts.data + index * sizeof account, sizeof account);
    return account;
}

static void begin_transfer(gr_actor *self, struct teller *t)
{
    struct transfer next = next_transfer(&t->next);
    bench_must(self, gr_send(self, account_of(t, next.source), pay, .to = account_of(t, next.destination),
                             .amount = next.amount));
}

static void on_begin(gr_actor *self, struct teller *t, const struct bench_turn *m)
{
    while (t->next.drawn < t->count && t->next.drawn < UNDER_WAY) begin_transfer(self, t);
}

static void on_paid(gr_actor *self, struct teller *t, const struct paid *m)
{
    t->reported++;
    if (t->next.drawn < t->count) {
        begin_transfer(self, t);
    } else if (t->reported == t->count) {
        bench_must(self, gr_send(self, t->root, bench_finished, .end_ns = bench_now(), .count = t->reported));
    }
}

static void on_teller_end(gr_actor *self, struct teller *t, const int *reason)
{
    gr_buffer_release(t->accounts);
}

GR_ACTOR(teller, struct teller, teller_start, teller_begin, GR_ON(bench_turn, on_begin), GR_ON(paid, on_paid),
         GR_ON_END(on_teller_end));

/* Makes the transfers again in plain C, and compares the balance of each account. */
static void check_balances(gr_actor *self, const gr_ref *accounts, uint64_t count)
{
    int64_t expected[ACCOUNTS] = {0};
    struct transfers all = {.value = SEED};
    while (all.drawn < count) {
        struct transfer next = next_transfer(&all);
        expected[next.source] -= next.amount;
        expected[next.destination] += next.amount;
    }
    for (size_t i = 0; i < ACCOUNTS; i++) {
        struct balance found;
        bench_must(self, gr_call(self, accounts[i], &found, gr_seconds(10), balance_wanted));
        bench_check_equal("the balance of an account", (uint64_t)found.amount, (uint64_t)expected[i]);
    }
}

static int root(gr_actor *self, void *argument)
{
    struct bench_run *run = argument;
    gr_ref accounts[ACCOUNTS];
    for (size_t i = 0; i < ACCOUNTS; i++)
        accounts[i] = bench_spawned(self, gr_spawn_with(self, account, BENCH_PLACED(run)));
    gr_buffer all;
    bench_must(self, gr_buffer_copy(self, accounts, sizeof accounts, &all));
    gr_ref first = bench_spawned(self, gr_spawn_with(self, teller, BENCH_PLACED(run), .root = gr_self(self),
                                                     .accounts = all, .transfers = run->n));
    int64_t begin_ns = bench_now();
    bench_must(self, gr_send(self, first, bench_turn));
    struct bench_finished end = bench_wait(self);
    bench_check_equal("transfers reported", end.count, run->n);
    check_balances(self, accounts, run->n);
    bench_report(run,
                 (struct bench_result){
                     .name = "banking", .count = run->n, .elapsed_ns = end.end_ns - begin_ns, .cpu_ns = -1});
    return 0;
}

const struct bench bench_banking = {"banking", "transfers/s", 1000000, root};
