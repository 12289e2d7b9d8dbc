/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks of actors: how they start, end and are cancelled. Those of plain threads are in outside.c. */
#include "actors/tasks/task.h"

#include "actors/admission.h"
#include "actors/requests/requests.h"
#include "messages/visit.h"

#include <greenroom/log.h>

/* Bytes of an envelope that is small: two of the smallest blocks. */
#define SHARED_BYTES_MAX 128u

/* ---- the starter's side ---- */

/* A task on another loop is told by an envelope, which is made now so that telling it can't fail. */
static struct gri_message *new_cancel(struct gri_loop *loop)
{
    struct gri_message *m = gri_loop_new_message(loop, 0);
    if (m == NULL) return NULL;
    m->type = 0; /* traces show it */
    m->kind = GRI_MAIL_CANCEL;
    m->flags = 0;
    m->reply = NULL;
    return m;
}

/* Where the result is in an envelope that the start shares with the answer, behind the start's payload. */
static size_t result_offset(const struct gr_behaviour *behaviour)
{
    size_t align = behaviour->result_type->align;
    return (behaviour->start_type->size + align - 1) & ~(align - 1);
}

/* Whether they share one: where that is small. A large start would keep its memory as long as the answer. */
static bool shares(const struct gr_behaviour *behaviour)
{
    size_t size = sizeof(struct gri_message) + result_offset(behaviour) + behaviour->result_type->size;
    return size <= SHARED_BYTES_MAX;
}

static struct gri_message *new_shared(struct gr_actor *self, uint64_t handle,
                                      const struct gr_behaviour *behaviour)
{
    size_t size = result_offset(behaviour) + behaviour->result_type->size;
    struct gri_message *m = gri_loop_new_message(self->loop, size);
    if (m == NULL) return NULL;
    m->to_slot = self->slot;
    m->to_generation = gri_load(&self->generation, GRI_RELAXED);
    m->handle = handle;
    m->reply = m;
    return m;
}

/* The envelope of the answer to a pending future, or NULL when there is no memory. */
static struct gri_message *new_answer(struct gr_actor *self, const struct gr_future *future,
                                      const struct gr_behaviour *behaviour, bool is_near)
{
    uint64_t handle = future->obligation.handle;
    return is_near && shares(behaviour) ? new_shared(self, handle, behaviour)
                                        : gri_new_reply(self, handle, behaviour->result_type);
}

void gri_task_begin(struct gr_actor *self, struct gr_future *future, const struct gr_behaviour *behaviour,
                    const struct gr_spawn_options *options, const void *start)
{
    struct gri_loop *loop = self->loop;
    int error = GR_ENOMEM;
    gr_ref ref = {0, 0, 0};
    future->task.behaviour = behaviour;
    bool is_near = options->loop == GR_SAME_LOOP || options->loop == GR_LOOP((int)loop->index);
    if (behaviour->result_type == NULL || behaviour->result_type->id == 0) error = GR_EINVALID;
    struct gri_message *reply = error == GR_EINVALID ? NULL : new_answer(self, future, behaviour, is_near);
    if (reply != NULL && !is_near) future->held = new_cancel(loop);
    if (reply != NULL && (is_near || future->held != NULL))
        error = gri_spawn_with_reply(self, behaviour, options, start, reply, &ref);
    else
        gri_fail(self, error, "%s was not started: %s", behaviour->name, gr_error_text(error));
    if (error == 0) {
        future->task.ref = ref;
        return;
    }
    if (reply != NULL) gri_loop_free_message(loop, reply);
    if (behaviour->start_type->flags & GRI_TYPE_COUNTED) gr_message_release(behaviour->start_type, start);
    gri_future_complete(future, error, gri_error_answer(self, error));
}

gr_future *gri_task_start(gr_actor *self, const struct gr_behaviour *behaviour,
                          const struct gr_spawn_options *options, const void *start)
{
    struct gr_future *future = self == NULL ? NULL : gri_future_create(self, GRI_FUTURE_TASK);
    if (future == NULL) {
        if (behaviour->start_type->flags & GRI_TYPE_COUNTED) gr_message_release(behaviour->start_type, start);
        if (self == NULL)
            gri_fail(NULL, GR_ECONTEXT, "%s was not started: from outside, use gr_system_start",
                     behaviour->name);
        else
            gri_fail(self, GR_ENOMEM, "no memory to start %s", behaviour->name);
        return NULL;
    }
    gri_task_begin(self, future, behaviour, options, start);
    return future;
}

/* The task's actor if it lives on this loop, else NULL; *is_far: it is on another one. */
static struct gr_actor *find_near(const struct gr_future *future, bool *is_far)
{
    const struct gri_loop *loop = future->owner->loop;
    struct gr_actor *actor = NULL;
    *is_far = false;
    if (gri_find(&loop->desk, future->task.ref, &actor) != 0) return NULL;
    *is_far = gri_load(&actor->home, GRI_RELAXED) != loop->index; /* coroutines stay where they started */
    return *is_far ? NULL : actor;
}

void gri_task_cancel(struct gr_future *future)
{
    bool is_far;
    struct gr_actor *actor = find_near(future, &is_far);
    bool was_told = is_far ? future->held == NULL : actor == NULL || (actor->flags & GRI_ACTOR_CANCELLED);
    if (!was_told) (void)gri_task_cancel_again(future);
}

int gri_task_cancel_again(struct gr_future *future)
{
    bool is_far;
    struct gr_actor *actor = find_near(future, &is_far);
    if (actor != NULL) gri_actor_cancel(actor);
    if (!is_far) return 0;
    struct gri_loop *loop = future->owner->loop;
    struct gri_message *m = future->held != NULL ? future->held : new_cancel(loop);
    future->held = NULL;
    if (m == NULL) return GR_ENOMEM;
    gri_post(loop, future->task.ref, m);
    return 0;
}

bool gri_task_is_running(const struct gr_future *future)
{
    bool is_far;
    const struct gr_actor *actor = find_near(future, &is_far);
    return actor != NULL && (actor->flags & GRI_ACTOR_STARTED);
}

gr_ref gr_future_task(const gr_future *future)
{
    gr_ref none = {0, 0, 0};
    if (future == NULL || future->kind != GRI_FUTURE_TASK || gr_future_done(future)) return none;
    return future->is_foreign ? future->to : future->task.ref;
}

const void *gri_task_value(const gr_future *future, const struct gr_behaviour *behaviour)
{
    return gri_future_value(future, behaviour->result_type);
}

/* ---- the task's side ---- */

int gri_task_main(gr_actor *self, const void *message)
{
    const struct gr_behaviour *behaviour = gri_actor_dispatch(self)->behaviour;
    struct gri_message *start = self->extra->start, *reply = start->reply;
    if (reply == NULL) return GR_ECONTEXT; /* spawned, not started */
    /* The result is made in the answer's envelope. */
    char *result = (char *)reply->payload + (reply == start ? result_offset(behaviour) : 0);
    memset(result, 0, behaviour->result_type->size);
    int error = behaviour->task(self, message, result);
    self->extra->task_returned = true;
    return error;
}

/* A start becomes the answer whose envelope it shares. */
static void become_answer(const struct gr_actor *actor, struct gri_message *m)
{
    const struct gr_behaviour *behaviour = gri_actor_dispatch(actor)->behaviour;
    if (behaviour->start_type->flags & GRI_TYPE_COUNTED)
        gr_message_release(behaviour->start_type, m->payload);
    memmove(m->payload, (char *)m->payload + result_offset(behaviour), behaviour->result_type->size);
    m->reply = NULL;
    m->type = (uint16_t)behaviour->result_type->id;
    m->kind = GRI_MAIL_REPLY;
    m->flags = 0;
}

void gri_start_end(struct gr_actor *actor, struct gri_message *start, int reason)
{
    struct gri_loop *loop = actor->loop;
    struct gri_actor_extra *extra = actor->extra;
    struct gri_message *reply = start->reply;
    if (reply == start)
        become_answer(actor, start);
    else
        gri_message_dispose(loop, start);
    if (reply == NULL) return;
    const struct gr_type *type = gri_type_by_id(reply->type);
    bool has_result = extra != NULL && extra->task_returned;
    if (!has_result && reason == 0) reason = GR_EDOWN;
    if (has_result && (type->flags & GRI_TYPE_COUNTED)) {
        if (reason == 0)
            reply->flags |= GRI_MAIL_HEAVY;
        else
            gr_message_release(type, reply->payload);
    }
    if (reason != 0 && reason != GR_ECANCELLED) {
        reply->flags |= GRI_MAIL_TASK;
        const struct gri_dispatch *dispatch = gri_actor_dispatch(actor);
        reply->task = dispatch == NULL ? 0 : (uint16_t)dispatch->behaviour->id; /* it was refused a place */
    }
    const char *text = reason != 0 ? gri_error_text_of(actor, reason) : NULL;
    if (text != NULL)
        gri_request_fail(loop, reply, reason, text);
    else
        gri_request_end(loop, reply, reason);
}

void gri_task_failed_late(const struct gri_loop *loop, const struct gri_message *reply)
{
    if (gri_load(&gri_loop_system(loop)->stopping, GRI_RELAXED)) return; /* that ends everybody */
    int error = gri_outcome(reply->error);
    const char *text = reply->flags & GRI_MAIL_TEXT ? (const char *)reply->payload : gr_error_text(error);
    const struct gr_behaviour *task = gri_behaviour_by_id(reply->task);
    gr_log(GR_LOG_WARNING, "task %s failed, and its future had been released: error %d (%s): %s",
           task == NULL ? "that did not begin" : task->name, error,
           error < 0 ? gr_error_name(error) : "its own", text);
}

void gri_actor_cancel(struct gr_actor *actor)
{
    if (actor->flags & GRI_ACTOR_ENDING) return;
    actor->flags |= GRI_ACTOR_CANCELLED;
    actor->control |=
        GRI_CONTROL_CANCEL; /* acted on in its own turn, or a deep tree of tasks would recurse */
    gri_actor_wake(actor);
}

bool gr_is_cancelled(const gr_actor *self)
{
    if (self == NULL) return false;
    if (self->flags & GRI_ACTOR_CANCELLED) return true;
    return self->extra != NULL && self->extra->scope != NULL && gri_scope_is_cancelled(self->extra->scope);
}

int gr_fail(gr_actor *self, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gri_fail_list(self, error, format, arguments);
    va_end(arguments);
    return error;
}
