/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of which many never arrive, for each cause that there is, in memory that is used again and again. */
#include <greenroom/greenroom.h>

#define ROUNDS 20

struct item {
    int64_t number; /* 0 ends the receiver */
};
GR_MESSAGE(item, GR_FIELD(item, number));
GR_MESSAGE_EMPTY(odd); /* nobody handles it */

struct sink {
    int64_t count; /* items */
};

static int sink_start(gr_actor *self, struct sink *sink, const struct gr_nothing *m)
{
    return 0;
}

static void sink_item(gr_actor *self, struct sink *sink, const struct item *m)
{
    if (m->number == 0) gr_exit(self, 0);
    sink->count++;
    int error = sink->count == 2 ? gr_stash(self) : sink->count == 3 ? gr_unstash(self) : 0;
    if (error != 0) gr_exit(self, error);
    if (m->number == 3) gr_forward(self, gr_sender(self)); /* who never looks */
    if (m->number == 4) gr_forward(self, (gr_ref){0, 0, 0});
}

GR_ACTOR(sink, struct sink, gr_nothing, sink_start, GR_ON(item, sink_item));

/* Sends more than the bound, and after the end. */
static int fill(gr_actor *self, enum gr_policy policy)
{
    gr_ref to = gr_spawn_with(self, sink, (.loop = GR_SPREAD, .mailbox = {.messages = 4, .policy = policy}));
    gr_send(self, to, odd);
    for (int i = 1; i < 12; i++) gr_send(self, to, item, .number = i % 5);
    int error = gr_sleep(self, gr_microseconds(50));
    gr_send(self, to, item, .number = 0);
    gr_send(self, to, item, .number = 7);
    if (error == 0) error = gr_send_after(self, to, gr_microseconds(1), NULL, item, .number = 8);
    if (error == 0) error = gr_sleep(self, gr_microseconds(100));
    gr_send(self, to, item, .number = 9); /* it has ended */
    return error;
}

static int root(gr_actor *self, void *argument)
{
    int error = 0;
    for (int i = 0; i < ROUNDS && error == 0; i++) {
        error = fill(self, GR_POLICY_DROP_OLDEST);
        if (error == 0) error = fill(self, GR_POLICY_DROP_NEWEST);
        if (error == 0) error = fill(self, GR_POLICY_REJECT);
    }
    return error;
}

int main(void)
{
    return gr_run(root, NULL);
}
