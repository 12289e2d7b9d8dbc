/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gr_call: a request and the wait for its answer in one. The future lies on the caller's stack and is known to nobody
 * else, so it has no listeners and is never released early; since a coroutine makes one call at a time, its name has a
 * place of its own.
 */
#include "actors/admission.h"
#include "actors/requests/requests.h"

#include <greenroom/ask.h>

/* A call's future: pending, named, and dropped with its actor. */
static inline void begin(struct gr_actor *self, struct gr_future *future)
{
    struct gri_actor_extra *extra = self->extra;
    *future = (struct gr_future){.obligation.drop = gri_future_drop,
                                 .kind = GRI_FUTURE_REQUEST,
                                 .flags = GRI_FUTURE_ON_STACK,
                                 .error = GRI_FUTURE_PENDING,
                                 .owner = self,
                                 .timer.fire = gri_future_timed_out};
    future->obligation.handle = gri_handles_add_call(&extra->handles, &future->obligation);
    gri_list_push_back(&extra->obligations, &future->obligation.node);
}

/* Whether the request being handled has a deadline, which would bound a call. */
static inline bool is_bound(const struct gr_actor *self)
{
    const struct gri_message *m = self->current;
    return m != NULL && ((m->reply != NULL ? m->reply : m)->flags & GRI_MAIL_DEADLINE);
}

/* The common case: a small plain request without a deadline to an actor of this loop that has room. False: nothing was
 * done. */
static inline bool send_here(struct gr_actor *self, struct gr_future *future, gr_ref to,
                             const struct gr_type *reply_type, const struct gr_type *type,
                             const void *message)
{
    struct gri_loop *loop = self->loop;
    struct gr_actor *actor;
    if (!gri_type_is_small(type) || !gri_type_is_small(reply_type) || is_bound(self)) return false;
    if (gri_find(&loop->desk, to, &actor) != 0) return false;
    if (gri_load(&actor->home, GRI_RELAXED) != loop->desk.here) return false;
    uint32_t count = gri_mailbox_count_with_one(&actor->mailbox);
    if (__builtin_expect(!gri_mailbox_has_room_for(&actor->mailbox, count, 0), 0)) return false;
    struct gri_message *reply = gri_new_reply(self, future->obligation.handle, reply_type);
    if (__builtin_expect(reply == NULL, 0)) return false;
    struct gri_message *m = gri_new_user_message(self, type, message);
    if (__builtin_expect(m == NULL, 0)) {
        gri_loop_free_message(loop, reply);
        return false;
    }
    m->reply = reply;
    future->to = to;
    future->is_suspect = actor == self || (actor->busy & GRI_BUSY_WAITING) != 0;
    gri_count(&loop->counters, GRI_COUNTER_REQUESTS, 1);
    gri_count(&loop->counters, GRI_COUNTER_SENT, 1);
    gri_mailbox_push_plain(&actor->mailbox, m, count, 0);
    gri_actor_has_mail(actor);
    return true;
}

/* Waits for the outcome. Returns its error, or what ended the wait. */
static inline int await(struct gr_actor *self, struct gr_future *future)
{
    struct gri_actor_extra *extra = self->extra;
    int error = 0;
    future->flags |= GRI_FUTURE_WATCHED;
    extra->watched = 1;
    extra->watch_until = GR_WAIT_ALL;
    extra->watch_is_over = false;
    extra->awaited = future;
    extra->is_blocked = true;
    extra->probed = false;
    /* Who calls another loop, or one that does not wait, completes no cycle yet. */
    if (__builtin_expect(future->is_suspect, 0)) gri_deadlock_blocks(self, future);
    if (!extra->watch_is_over) error = gri_actor_wait(self, GRI_WAIT_FUTURE);
    while (__builtin_expect(error == 0 && !extra->watch_is_over, 0)) {
        gri_deadlock_blocks(self,
                            future); /* callbacks ran, and may have left unanswered what they could answer */
        if (!extra->watch_is_over) error = gri_actor_wait(self, GRI_WAIT_FUTURE);
    }
    extra->awaited = NULL;
    extra->is_blocked = false;
    return gri_future_is_done(future) && error != GR_EKILLED ? future->error : error;
}

/* Moves a value out of the answer's envelope. */
static inline void take_value(struct gr_future *future, void *out, const struct gr_type *type)
{
    gri_copy_payload(out, future->answer->payload, type->size);
    future->answer->flags &= (uint8_t)~GRI_MAIL_HEAVY;
}

/* A call that failed, or found no answer: whatever it has is given back. */
__attribute__((noinline)) static int end_failed(struct gr_future *future, int error)
{
    (void)gri_future_told(future->owner, future, error);
    gri_future_free(future);
    return error;
}

static int call_foreign(gr_ref to, const struct gr_type *reply_type, void *out, gr_time deadline,
                        const struct gr_type *type, const void *message)
{
    int error = gri_foreign_may_call(to);
    if (error != 0) { /* nothing is sent: it is no dead letter */
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
        return error;
    }
    struct gr_future *future = gri_foreign_ask(to, reply_type, deadline, type, message);
    if (future == NULL) return GR_ENOMEM;
    error = gri_foreign_await(future, GR_FOREVER);
    if (error == 0) take_value(future, out, reply_type);
    gr_future_release(future);
    return error;
}

int gri_call(gr_actor *self, gr_ref to, const struct gr_type *reply_type, void *out, gr_time deadline,
             const struct gr_type *type, const void *message)
{
    if (self == NULL) return call_foreign(to, reply_type, out, deadline, type, message);
    if (__builtin_expect(!gri_can_wait(self), 0)) { /* a call that is not allowed is no dead letter */
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
        return gri_may_wait(self, 0, "gr_call");
    }
    struct gr_future future;
    begin(self, &future);
    bool is_sent = deadline == GR_FOREVER && send_here(self, &future, to, reply_type, type, message);
    if (__builtin_expect(!is_sent, 0))
        gri_request_send(self, &future, to, reply_type, deadline, type, message);
    int error = future.error != GRI_FUTURE_PENDING ? future.error : await(self, &future);
    if (__builtin_expect(error != 0, 0)) return end_failed(&future, error);
    take_value(&future, out, reply_type);
    gri_loop_free_message(self->loop, future.answer);
    gri_list_remove(&future.obligation.node);
    return 0;
}
