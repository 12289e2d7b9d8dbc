/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of actors. The asker makes the answer's envelope together with the request; whoever ends the request, with a
 * value or an error, sends that envelope back, so ending one needs no memory and happens exactly once (G8): the envelope
 * is in one place at a time. It carries a handle, so an answer that comes late finds nothing (G9).
 */
#include "actors/admission.h"
#include "actors/requests/requests.h"
#include "messages/visit.h"

#include <greenroom/ask.h>
#include <greenroom/coroutine.h>

/* ---- the asker's side ---- */

struct gri_message *gri_new_reply(struct gr_actor *self, uint64_t handle, const struct gr_type *type)
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
    if (*deadline == GR_FOREVER || !gri_can_wait(self))
        return gri_admit(self, to, target, GRI_PATIENCE_HEEDS);
    enum gri_verdict verdict;
    int error = gri_look(self->loop, to, target, &verdict);
    if (error != 0 || verdict == GRI_ACCEPT) return error;
    /* The loop's reading may be a whole turn old, and what was computed since is not to be taken off. */
    gr_time end = gri_clock_after(gri_clock_now(self->loop->clock), *deadline);
    gri_actor_begin_wait(self, *deadline);
    error = gri_admit_full(self, to, target, verdict, GRI_PATIENCE_HEEDS);
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

void gri_request_send(struct gr_actor *self, struct gr_future *future, gr_ref to,
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
        struct gri_message *reply = gri_new_reply(self, handle, reply_type);
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
    if (deadline < 0)
        gri_fail(self, error, "a %s request was not sent: its deadline is negative", type->name);
    else
        gri_fail_request(self, to, type, error);
    gri_future_complete(future, error, gri_error_answer(self, error));
}

gr_future *gri_ask(gr_actor *self, gr_ref to, const struct gr_type *reply_type, gr_time deadline,
                   const struct gr_type *type, const void *message)
{
    if (self == NULL) return gri_foreign_ask(to, reply_type, deadline, type, message);
    struct gr_future *future = gri_future_create(self, GRI_FUTURE_REQUEST);
    if (future == NULL) {
        gri_dead_message(self, to, type, message, GR_DEAD_NO_MEMORY);
        gri_fail(self, GR_ENOMEM, "no memory to ask for a %s", reply_type->name);
        return NULL;
    }
    gri_request_send(self, future, to, reply_type, deadline, type, message);
    return future;
}

/* Whom an answer is for, or another actor of that slot. */
static inline struct gr_actor *asker_of(const struct gri_loop *loop, const struct gri_message *reply)
{
    struct gr_actor *chunk = gri_load(&loop->desk.chunks[reply->to_slot / GRI_SLOTS_PER_CHUNK], GRI_ACQUIRE);
    return &chunk[reply->to_slot % GRI_SLOTS_PER_CHUNK];
}

/* An answer has come to the asker's loop; takes it. */
static inline void arrived(struct gri_loop *loop, struct gr_actor *asker, struct gri_message *reply)
{
    struct gri_obligation *obligation = NULL;
    if (gri_load(&asker->generation, GRI_RELAXED) == reply->to_generation && asker->extra != NULL)
        obligation = gri_handles_find(&asker->extra->handles, reply->handle);
    if (__builtin_expect((reply->flags & GRI_MAIL_JOB) != 0, 0)) gri_job_arrived(reply);
    if (__builtin_expect(obligation == NULL, 0)) {
        gri_late_reply(loop, reply);
        gri_message_dispose(loop, reply);
        return;
    }
    struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
    if (reply->flags & GRI_MAIL_JOB) future->job = NULL;
    int error = gri_outcome(reply->error);
    gri_count(&loop->counters, GRI_COUNTER_REPLIES, 1);
    if (__builtin_expect(error != 0, 0) && !(reply->flags & GRI_MAIL_TEXT)) {
        gri_message_dispose(loop, reply);
        reply = NULL;
    }
    gri_future_complete(future, error, reply);
}

void gri_request_arrived(struct gri_loop *loop, struct gri_message *reply)
{
    arrived(loop, asker_of(loop, reply), reply);
}

/* ---- the receiver's side ---- */

/* Sends an answer home, to an actor or one that had its slot later. */
static inline void answer(struct gri_loop *loop, struct gr_actor *asker, struct gri_message *reply)
{
    unsigned home = gri_load(&asker->home, GRI_RELAXED);
    if (__builtin_expect(home == loop->index, 1))
        arrived(loop, asker, reply);
    else
        gri_link_send(loop, home, reply);
}

void gri_request_end(struct gri_loop *loop, struct gri_message *reply, int error)
{
    reply->error = error;
    if (reply->flags & GRI_MAIL_FOREIGN)
        gri_foreign_complete(loop, reply);
    else
        answer(loop, asker_of(loop, reply), reply);
}

struct gri_message *gri_request_text(struct gri_loop *loop, struct gri_message *reply, const char *text)
{
    size_t length = strnlen(text, GRI_ERROR_TEXT_SIZE - 1);
    bool is_foreign = (reply->flags & GRI_MAIL_FOREIGN) != 0;
    struct gri_message *m = is_foreign ? gri_message_create(&gri_loop_system(loop)->memory.memory, length + 1)
                                       : gri_loop_new_message(loop, length + 1);
    if (m == NULL) return reply;
    m->to_slot = reply->to_slot;
    m->to_generation = reply->to_generation;
    m->handle = reply->handle;
    m->reply = NULL;
    m->task = reply->task;
    m->type = reply->type;
    m->kind = GRI_MAIL_REPLY;
    m->flags = (uint8_t)((reply->flags & ~GRI_MAIL_DEADLINE) | GRI_MAIL_TEXT);
    memcpy(m->payload, text, length);
    ((char *)m->payload)[length] = '\0';
    gri_loop_free_message(loop, reply);
    return m;
}

void gri_request_fail(struct gri_loop *loop, struct gri_message *reply, int error, const char *text)
{
    gri_request_end(loop, gri_request_text(loop, reply, text), error);
}

struct gri_message *gri_take_reply(struct gr_actor *self, const struct gr_type *request)
{
    struct gri_message *m = self->current;
    if (m == NULL || m->reply == NULL || (request != NULL && m->type != request->id)) return NULL;
    struct gri_message *reply = m->reply;
    m->reply = NULL;
    return reply;
}

bool gri_reply_is_stale(const struct gri_loop *loop, const struct gri_message *reply)
{
    if (reply->flags & GRI_MAIL_FOREIGN) return false;
    return gri_load(&asker_of(loop, reply)->generation, GRI_RELAXED) != reply->to_generation;
}

int gri_reply(gr_actor *self, const struct gr_type *request, const struct gr_type *type, const void *message)
{
    struct gri_message *reply = self == NULL ? NULL : gri_take_reply(self, request);
    if (reply == NULL || reply->type != type->id) {
        if (reply != NULL) self->current->reply = reply;
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
        return gri_fail(self, GR_ECONTEXT, "gr_reply: no %s is being handled, or it was answered",
                        request->name);
    }
    gri_copy_payload(reply->payload, message, type->size);
    if (type->flags & GRI_TYPE_COUNTED) reply->flags |= GRI_MAIL_HEAVY;
    reply->error = 0;
    if (reply->flags & GRI_MAIL_FOREIGN) {
        gri_foreign_complete(self->loop, reply);
        return 0;
    }
    struct gr_actor *asker = asker_of(self->loop, reply);
    bool stale = gri_load(&asker->generation, GRI_RELAXED) != reply->to_generation;
    answer(self->loop, asker, reply);
    return stale ? gri_fail(self, GR_ESTALE, "gr_reply: the asker has ended") : 0;
}

int gr_reply_error(gr_actor *self, int error)
{
    if (error == 0)
        return gri_fail(self, GR_EINVALID, "gr_reply_error: 0 is no error: gr_reply answers with a value");
    struct gri_message *reply = self == NULL ? NULL : gri_take_reply(self, NULL);
    if (reply == NULL) return gri_fail(self, GR_ECONTEXT, "gr_reply_error: no request is being handled");
    gri_request_end(self->loop, reply, error);
    return 0;
}
