/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of actors. The asker makes the answer's envelope together with the request; whoever ends the request, with a
 * value or an error, sends that envelope back, so ending one needs no memory and happens exactly once (G8): the envelope
 * is in one place at a time. It carries a handle, so an answer that comes late finds nothing (G9).
 */
#include "actors/admission.h"
#include "messages/visit.h"

#include <greenroom/coroutine.h>

/* ---- the asker's side ---- */

static void future_timed_out(struct gri_timer *timer, void *context)
{
    (void)context;
    gri_future_complete(GRI_CONTAINER_OF(timer, struct gr_future, timer), GR_ETIMEOUT, NULL);
}

void gri_future_complete(struct gr_future *future, int error, struct gri_message *answer)
{
    struct gr_actor *owner = future->owner;
    gri_handles_remove(&owner->extra->handles, future->obligation.handle);
    future->obligation.handle = 0;
    gri_loop_disarm(owner->loop, &future->timer);
    future->error = error;
    future->answer = answer;
    if (owner->extra->wait == GRI_WAIT_FUTURE && owner->extra->awaited == future) gri_actor_wake(owner);
}

/* Gives an actor's future back, whatever has become of it. */
static void drop_future(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
    gri_handles_remove(&owner->extra->handles, future->obligation.handle);
    future->obligation.handle = 0;
    gri_loop_disarm(owner->loop, &future->timer);
    if (future->job != NULL) gri_job_abandon(future);
    if (future->answer != NULL) gri_message_dispose(owner->loop, future->answer);
    future->answer = NULL;
    gri_list_remove(&future->obligation.node);
    if (!future->on_stack) gri_pool_give(&owner->loop->pool, future, gri_pool_class(sizeof *future));
}

uint32_t gri_actor_requests(const struct gr_actor *actor)
{
    if (actor->extra == NULL) return 0;
    uint32_t count = 0;
    const struct gri_list *list = &actor->extra->obligations;
    for (struct gri_list_node *node = gri_list_first(list); node != NULL; node = gri_list_next(list, node)) {
        struct gri_obligation *obligation = GRI_CONTAINER_OF(node, struct gri_obligation, node);
        if (obligation->drop != drop_future) continue;
        count += GRI_CONTAINER_OF(obligation, struct gr_future, obligation)->error == GRI_FUTURE_PENDING;
    }
    return count;
}

/* Makes a pending future of the caller's memory. Errors: GR_ENOMEM. */
static int init_future(struct gr_actor *self, struct gr_future *future)
{
    struct gri_actor_extra *extra = gri_actor_extra(self);
    if (extra == NULL) return GR_ENOMEM;
    *future = (struct gr_future){.obligation.drop = drop_future, .error = GRI_FUTURE_PENDING, .owner = self};
    future->timer.fire = future_timed_out;
    future->obligation.handle = gri_handles_add(&extra->handles, &self->loop->pool, &future->obligation);
    if (future->obligation.handle == 0) return GR_ENOMEM;
    gri_list_push_back(&extra->obligations, &future->obligation.node);
    return 0;
}

struct gr_future *gri_future_create(struct gr_actor *self)
{
    struct gr_future *future = gri_pool_take(&self->loop->pool, gri_pool_class(sizeof *future));
    if (future == NULL) return NULL;
    if (init_future(self, future) == 0) return future;
    gri_pool_give(&self->loop->pool, future, gri_pool_class(sizeof *future));
    return NULL;
}

/* The answer's envelope, addressed to the asker. */
static struct gri_message *new_reply(struct gr_actor *self, uint64_t handle, const struct gr_type *type)
{
    struct gri_message *reply = gri_loop_new_message(self->loop, type->size);
    if (reply == NULL) return NULL;
    reply->to_slot = self->slot;
    reply->to_generation = gri_load(&self->generation, GRI_RELAXED);
    reply->handle = handle;
    reply->reply = NULL;
    reply->error = 0;
    reply->type = (uint16_t)type->id;
    reply->kind = GRI_MAIL_REPLY;
    reply->flags = 0;
    return reply;
}

/* As gri_admit, but a coroutine waits for room within its deadline; *deadline becomes what is left of that. */
static int admit_request(struct gr_actor *self, gr_ref to, struct gri_target *target, gr_time *deadline)
{
    if (*deadline == GR_FOREVER || !gri_actor_is_coroutine(self)) return gri_admit(self, to, target);
    enum gri_verdict verdict;
    int error = gri_look(self->loop, to, target, &verdict);
    if (error != 0 || verdict == GRI_ACCEPT) return error;
    gr_time end = gri_clock_after(self->loop->now, *deadline);
    gri_actor_begin_wait(self, *deadline);
    error = gri_admit_full(self, to, target, verdict);
    gri_actor_end_wait(self);
    *deadline = gri_clock_left(self->loop->now, end);
    return error;
}

/* Ends the request at its deadline, and lets that travel with it. On this loop the future's timer is looked at, where it
 * matters: it begins with the next reading of the clock. Another loop needs the time as it is. */
static void arm_deadline(struct gr_future *future, struct gri_message *reply, gr_time deadline, bool stays)
{
    struct gri_loop *loop = future->owner->loop;
    gr_time now = stays ? loop->now : gri_clock_now(loop->clock);
    gri_loop_arm(loop, &future->timer, deadline);
    gri_request_bound(reply, gri_clock_after(now, deadline));
}

/* Sends the request of a future that is pending. What can't be sent ends it. Takes the counts. */
static void send_request(struct gr_actor *self, struct gr_future *future, gr_ref to,
                         const struct gr_type *reply_type, gr_time deadline, const struct gr_type *type,
                         const void *message)
{
    struct gri_loop *loop = self->loop;
    struct gri_target target = {.drop = false};
    uint64_t handle = future->obligation.handle;
    int error = type->id == 0 || reply_type->id == 0 || deadline < 0 ? GR_EINVALID : 0;
    gr_time left = gr_time_left(self);
    bool expired = error == 0 && left == 0;
    if (expired) error = GR_ETIMEOUT;
    if (left < deadline) deadline = left;
    if (error == 0) error = admit_request(self, to, &target, &deadline);
    if (error == 0 && target.drop) error = GR_EFULL;
    if (error == 0) {
        error = GR_ENOMEM;
        struct gri_message *reply = new_reply(self, handle, reply_type);
        struct gri_message *m = reply == NULL ? NULL : gri_new_user_message(self, type, message);
        if (m != NULL) {
            m->reply = reply;
            if (deadline != GR_FOREVER) arm_deadline(future, reply, deadline, target.home == loop->index);
            gri_count(&loop->counters, GRI_COUNTER_REQUESTS, 1);
            future->to = to;
            if (target.home != loop->index)
                gri_deadlock_asks(self, reply);
            else
                future->is_suspect = target.actor == self || (target.actor->busy & GRI_BUSY_WAITING) != 0;
            gri_put(loop, &target, to.generation, m);
            if (target.rest) gri_rest(self, to);
            return;
        }
        if (reply != NULL) gri_loop_free_message(loop, reply);
    }
    gri_dead_message(self, to, type, message, expired ? GR_DEAD_EXPIRED : gri_dead_letter_cause(error));
    gri_fail(self, error, "a %s request was not sent: %s", type->name, gr_error_text(error));
    gri_future_complete(future, error, NULL);
}

gr_future *gri_ask(gr_actor *self, gr_ref to, const struct gr_type *reply_type, gr_time deadline,
                   const struct gr_type *type, const void *message)
{
    if (self == NULL) return gri_foreign_ask(to, reply_type, deadline, type, message);
    struct gr_future *future = gri_future_create(self);
    if (future == NULL) {
        gri_dead_message(self, to, type, message, GR_DEAD_NO_MEMORY);
        gri_fail(self, GR_ENOMEM, "no memory to ask for a %s", reply_type->name);
        return NULL;
    }
    send_request(self, future, to, reply_type, deadline, type, message);
    return future;
}

/* Waits in a coroutine. */
static int await(struct gr_actor *self, struct gr_future *future, gr_time deadline)
{
    int error = 0;
    gri_actor_begin_wait(self, deadline);
    self->extra->awaited = future;
    self->extra->is_blocked = deadline == GR_FOREVER;
    self->extra->probed = false;
    /* Who calls another loop, or one that does not wait, completes no cycle yet. */
    if (self->extra->is_blocked && (future->is_suspect || !future->on_stack))
        gri_deadlock_blocks(self, future);
    while (error == 0 && future->error == GRI_FUTURE_PENDING) error = gri_actor_wait(self, GRI_WAIT_FUTURE);
    self->extra->awaited = NULL;
    self->extra->is_blocked = false;
    gri_actor_end_wait(self);
    return error == GR_EKILLED || future->error == GRI_FUTURE_PENDING ? error : future->error;
}

int gr_await(gr_actor *self, gr_future *future, gr_time deadline)
{
    if (future == NULL) return gri_fail(self, GR_EINVALID, "gr_await: there is no future");
    if (deadline < 0) return gri_fail(self, GR_EINVALID, "gr_await: a negative deadline");
    if (future->is_foreign != (self == NULL))
        return gri_fail(self, GR_ECONTEXT, "gr_await: the future belongs to somebody else");
    if (self == NULL) return gri_foreign_await(future, deadline);
    if (future->error != GRI_FUTURE_PENDING) return future->error;
    if (!gri_actor_is_coroutine(self))
        return gri_fail(self, GR_ECONTEXT, "gr_await: only a coroutine actor can wait");
    return deadline == 0 ? GR_ETIMEOUT : await(self, future, deadline);
}

/* Moves a value out of the answer's envelope. */
static void take_value(struct gr_future *future, void *out, const struct gr_type *type)
{
    gri_copy_payload(out, future->answer->payload, type->size);
    future->answer->flags &= (uint8_t)~GRI_MAIL_HEAVY;
}

int gri_call(gr_actor *self, gr_ref to, const struct gr_type *reply_type, void *out, gr_time deadline,
             const struct gr_type *type, const void *message)
{
    struct gr_future local;
    struct gr_future *future = &local;
    int error = 0;
    if (self == NULL) {
        future = gri_foreign_ask(to, reply_type, deadline, type, message);
        if (future == NULL) return GR_ENOMEM;
    } else if (!gri_actor_is_coroutine(self)) {
        error = gri_fail(self, GR_ECONTEXT, "gr_call: only a coroutine actor can wait");
    } else {
        error = init_future(self, future);
        local.on_stack = true;
    }
    if (error != 0) {
        if (error == GR_ENOMEM) /* as gr_ask; a call that is not allowed here is no dead letter */
            gri_dead_message(self, to, type, message, GR_DEAD_NO_MEMORY);
        else if (type->flags & GRI_TYPE_COUNTED)
            gr_message_release(type, message);
        return error;
    }
    if (self != NULL) send_request(self, future, to, reply_type, deadline, type, message);
    error = gr_await(self, future, GR_FOREVER);
    if (error == 0) take_value(future, out, reply_type);
    gr_future_release(future);
    return error;
}

/* The outcome's error, or GRI_FUTURE_PENDING. Looking may find that a plain thread's deadline has passed, which ends its
 * request. */
static int outcome_of(const gr_future *future)
{
    return future->is_foreign ? gri_foreign_error((gr_future *)future) : future->error;
}

bool gr_future_done(const gr_future *future)
{
    return outcome_of(future) != GRI_FUTURE_PENDING;
}

int gr_future_error(const gr_future *future)
{
    int error = outcome_of(future);
    return error == GRI_FUTURE_PENDING ? GR_EBUSY : error;
}

const void *gri_future_value(const gr_future *future, const struct gr_type *type)
{
    if (outcome_of(future) != 0 || future->answer == NULL || future->answer->type != type->id) return NULL;
    return future->answer->payload;
}

void gr_future_release(gr_future *future)
{
    if (future == NULL) return;
    if (future->is_foreign)
        gri_foreign_release(future);
    else
        drop_future(future->owner, &future->obligation);
}

void gri_request_arrived(struct gri_loop *loop, struct gri_message *reply)
{
    struct gr_system *system = gri_loop_system(loop);
    struct gr_actor *actor = &gri_slots_chunk(
        &system->slots, reply->to_slot / GRI_SLOTS_PER_CHUNK)[reply->to_slot % GRI_SLOTS_PER_CHUNK];
    struct gri_obligation *obligation = NULL;
    if (gri_load(&actor->generation, GRI_RELAXED) == reply->to_generation && actor->extra != NULL)
        obligation = gri_handles_find(&actor->extra->handles, reply->handle);
    if (reply->flags & GRI_MAIL_JOB) gri_job_arrived(reply);
    if (obligation == NULL) {
        gri_late_reply(loop, reply);
        gri_message_dispose(loop, reply);
        return;
    }
    struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
    future->job = NULL;
    int error = gri_outcome(reply->error);
    gri_count(&loop->counters, GRI_COUNTER_REPLIES, 1);
    if (error != 0) {
        gri_message_dispose(loop, reply);
        reply = NULL;
    }
    gri_future_complete(future, error, reply);
}

/* ---- the receiver's side ---- */

void gri_request_end(struct gri_loop *loop, struct gri_message *reply, int error)
{
    reply->error = error;
    if (reply->flags & GRI_MAIL_FOREIGN) {
        gri_foreign_complete(loop, reply);
        return;
    }
    struct gr_system *system = gri_loop_system(loop);
    struct gr_actor *asker = &gri_slots_chunk(
        &system->slots, reply->to_slot / GRI_SLOTS_PER_CHUNK)[reply->to_slot % GRI_SLOTS_PER_CHUNK];
    unsigned home = gri_load(&asker->home, GRI_RELAXED);
    if (home == loop->index)
        gri_request_arrived(loop, reply);
    else
        gri_link_send(loop, home, reply);
}

/* The envelope of the answer to the request being handled; NULL if there is none, or it is of another type. */
static struct gri_message *take_reply(struct gr_actor *self, const struct gr_type *request)
{
    struct gri_message *m = self->current;
    if (m == NULL || m->reply == NULL || (request != NULL && m->type != request->id)) return NULL;
    struct gri_message *reply = m->reply;
    m->reply = NULL;
    return reply;
}

/* Whether the asker is known to have ended. */
static bool is_stale(const struct gri_loop *loop, const struct gri_message *reply)
{
    if (reply->flags & GRI_MAIL_FOREIGN) return false;
    struct gr_actor *asker;
    gr_ref ref = {gri_loop_system(loop)->seat, reply->to_slot, reply->to_generation};
    return gri_find(&loop->desk, ref, &asker) != 0;
}

int gri_reply(gr_actor *self, const struct gr_type *request, const struct gr_type *type, const void *message)
{
    struct gri_message *reply = self == NULL ? NULL : take_reply(self, request);
    if (reply == NULL || reply->type != type->id) {
        if (reply != NULL) self->current->reply = reply;
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
        return gri_fail(self, GR_ECONTEXT, "gr_reply: no %s is being handled, or it was answered",
                        request->name);
    }
    bool stale = is_stale(self->loop, reply);
    gri_copy_payload(reply->payload, message, type->size);
    if (type->flags & GRI_TYPE_COUNTED) reply->flags |= GRI_MAIL_HEAVY;
    gri_request_end(self->loop, reply, 0);
    return stale ? gri_fail(self, GR_ESTALE, "gr_reply: the asker has ended") : 0;
}

int gr_reply_error(gr_actor *self, int error)
{
    struct gri_message *reply = self == NULL || error == 0 ? NULL : take_reply(self, NULL);
    if (reply == NULL) return gri_fail(self, GR_ECONTEXT, "gr_reply_error: no request is being handled");
    gri_request_end(self->loop, reply, error);
    return 0;
}
