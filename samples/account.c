/* SPDX-License-Identifier: Apache-2.0 */
/* A bank account as an actor: it is spawned with a balance, takes deposits, and answers what it holds. */
#include <greenroom/greenroom.h>

#include <inttypes.h>
#include <stdio.h>

/* What the program's messages hold. The arguments of a spawn are a message too. */
struct open_account {
    int64_t cents;
};
struct deposit {
    int64_t cents;
};
struct balance {
    int64_t cents;
};
GR_MESSAGE(open_account, GR_FIELD(open_account, cents));
GR_MESSAGE(deposit, GR_FIELD(deposit, cents));
GR_MESSAGE(balance, GR_FIELD(balance, cents));
GR_MESSAGE_EMPTY(get_balance);    /* declares the struct as well */
GR_REQUEST(get_balance, balance); /* a get_balance is answered by a balance */

struct account {
    int64_t cents;
};

static int account_start(gr_actor *self, struct account *a, const struct open_account *m)
{
    a->cents = m->cents;
    return 0;
}

static void on_deposit(gr_actor *self, struct account *a, const struct deposit *m)
{
    a->cents += m->cents;
}

static void on_get_balance(gr_actor *self, struct account *a, const struct get_balance *m)
{
    gr_reply(self, get_balance, .cents = a->cents); /* checked: get_balance is answered by a balance */
}

GR_ACTOR(account, struct account, open_account, account_start, GR_ON(deposit, on_deposit),
         GR_ON(get_balance, on_get_balance));

static int run(gr_actor *self, void *arg) /* a coroutine actor: it may wait */
{
    gr_ref alice = gr_spawn(self, account, .cents = 100);
    gr_send(self, alice, deposit, .cents = 500);

    struct balance b;
    int err = gr_call(self, alice, &b, gr_seconds(1), get_balance);
    if (err) return err;
    printf("%" PRId64 " cents\n", b.cents); /* 600 cents */
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
