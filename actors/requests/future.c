/* SPDX-License-Identifier: Apache-2.0 */
/* Futures of actors: their lives, what can be asked of them, and cancelling. Waiting is in await.c. */
#include "actors/requests/requests.h"
#include "actors/tasks/task.h"
#include "base/text.h"

#include <greenroom/blocking.h>
#include <greenroom/log.h>

#include <stdio.h>

void gri_future_timed_out(struct gri_timer *timer, void *context)
{
    (void)context;
    gri_future_complete(GRI_CONTAINER_OF(timer, struct gr_future, timer), GR_ETIMEOUT, NULL);
}

/* The obligation is over: it has no name and no timer any more. */
static void close_future(struct gr_actor *owner, struct gr_future *future)
{
    gri_handles_remove(&owner->extra->handles, future->obligation.handle);
    future->obligation.handle = 0;
    if (future->kind == GRI_FUTURE_REQUEST) gri_loop_disarm(owner->loop, &future->timer);
}

/* A wait of the owner's has this one among its futures. */
static void tell_wait(struct gr_actor *owner, int error)
{
    struct gri_actor_extra *extra = owner->extra;
    extra->watched--;
    if (extra->watched != 0 && extra->watch_until != GR_WAIT_FIRST &&
        !(extra->watch_until == GR_WAIT_FIRST_ERROR && error != 0))
        return;
    extra->watch_is_over = true;
    gri_actor_wake(owner);
}

void gri_future_complete(struct gr_future *future, int error, struct gri_message *answer)
{
    struct gr_actor *owner = future->owner;
    close_future(owner, future);
    future->error = error;
    future->answer = answer;
    future->order = ++owner->extra->completed;
    if (future->flags & GRI_FUTURE_WATCHED) tell_wait(owner, error);
    if (__builtin_expect(future->listeners != NULL, 0)) {
        gri_listeners_tell_done(future);
        if ((future->flags & (GRI_FUTURE_RELEASED | GRI_FUTURE_WATCHED)) == GRI_FUTURE_RELEASED)
            gri_future_free(future);
    }
}

/* What a future is about, for people. */
static const char *describe(const struct gr_future *future, char *out, size_t size)
{
    const struct gr_behaviour *task = future->kind != GRI_FUTURE_TASK ? NULL
                                      : future->is_foreign            ? future->foreign.behaviour
                                                                      : future->task.behaviour;
    if (future->kind == GRI_FUTURE_REQUEST)
        snprintf(out, size, "a request to " GRI_REF_FORMAT, GRI_REF_VALUES(future->to));
    else if (future->kind == GRI_FUTURE_TASK)
        snprintf(out, size, "task %s", task != NULL ? task->name : "that did not begin");
    else
        snprintf(out, size, future->kind == GRI_FUTURE_JOB ? "blocking work" : "a promise");
    return out;
}

/* Who had a future, for people. */
static const char *describe_owner(const struct gr_future *future, char *out, size_t size)
{
    if (future->is_foreign) return "a plain thread";
    char who[GRI_ACTOR_TEXT];
    snprintf(out, size, "actor %s", gri_describe_actor(future->owner, who));
    return out;
}

void gri_future_log_unread(const struct gr_future *future)
{
    bool is_failure = future->error != 0 && future->error != GRI_FUTURE_PENDING &&
                      future->error != GR_ECANCELLED;
    if (!is_failure || (!future->is_foreign && (future->owner->flags & GRI_ACTOR_FAILED)) ||
        (future->flags & (GRI_FUTURE_READ | GRI_FUTURE_ON_STACK)))
        return;
    char who[GRI_ACTOR_TEXT + sizeof "actor "], what[96];
    const char *name = future->error < 0 ? gr_error_name(future->error) : "its own";
    gr_log(GR_LOG_WARNING, "%s dropped a failure that it never looked at: %s, error %d (%s): %s",
           describe_owner(future, who, sizeof who), describe(future, what, sizeof what), future->error, name,
           gri_future_text(future));
}

/* Nobody waits for it any more: work that has not begun is taken back. */
static void abandon(struct gr_actor *owner, struct gr_future *future)
{
    if (future->kind == GRI_FUTURE_JOB && future->job != NULL) gri_job_abandon(future);
    if (future->kind != GRI_FUTURE_JOB && future->held != NULL)
        gri_loop_free_message(owner->loop, future->held);
    future->held = NULL;
}

void gri_future_free(struct gr_future *future)
{
    struct gr_actor *owner = future->owner;
    if (__builtin_expect(future->listeners != NULL, 0)) gri_listeners_drop(future, NULL);
    if (future->error != 0) gri_future_log_unread(future);
    if (future->kind != GRI_FUTURE_REQUEST) abandon(owner, future);
    if (!gri_future_is_done(future)) close_future(owner, future);
    if (future->answer != NULL) gri_message_dispose(owner->loop, future->answer);
    future->answer = NULL;
    gri_list_remove(&future->obligation.node);
    if (!(future->flags & GRI_FUTURE_ON_STACK))
        gri_pool_give(&owner->loop->pool, future, gri_pool_class(sizeof *future));
}

void gri_future_drop(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
    (void)owner;
    if (future->kind == GRI_FUTURE_TASK && !gri_future_is_done(future)) gri_task_cancel(future);
    gri_future_free(future);
}

const struct gr_future *gri_actor_requests(const struct gr_actor *actor, uint32_t *count)
{
    const struct gr_future *first = NULL;
    *count = 0;
    if (actor->extra == NULL) return NULL;
    const struct gri_list *list = &actor->extra->obligations;
    for (struct gri_list_node *node = gri_list_first(list); node != NULL; node = gri_list_next(list, node)) {
        struct gri_obligation *obligation = GRI_CONTAINER_OF(node, struct gri_obligation, node);
        if (obligation->drop != gri_future_drop) continue;
        const struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
        if (gri_future_is_done(future)) continue;
        bool is_awaited = (future->flags & GRI_FUTURE_WATCHED) != 0;
        if (first == NULL || (is_awaited && !(first->flags & GRI_FUTURE_WATCHED))) first = future;
        ++*count;
    }
    return first;
}

struct gr_future *gri_future_create(struct gr_actor *self, enum gri_future_kind kind)
{
    struct gri_pool *pool = &self->loop->pool;
    struct gri_actor_extra *extra = gri_actor_extra(self);
    struct gr_future *future = extra == NULL ? NULL : gri_pool_take(pool, gri_pool_class(sizeof *future));
    if (future == NULL) return NULL;
    *future = (struct gr_future){.obligation.drop = gri_future_drop,
                                 .kind = (uint8_t)kind,
                                 .error = GRI_FUTURE_PENDING,
                                 .owner = self};
    if (kind == GRI_FUTURE_REQUEST) future->timer.fire = gri_future_timed_out;
    future->obligation.handle = gri_handles_add(&extra->handles, pool, &future->obligation);
    if (future->obligation.handle == 0) {
        gri_pool_give(pool, future, gri_pool_class(sizeof *future));
        return NULL;
    }
    gri_list_push_back(&extra->obligations, &future->obligation.node);
    return future;
}

/* ---- what can be asked of a future ---- */

/* The outcome's error, or GRI_FUTURE_PENDING. Looking may find that a plain thread's deadline has passed, which ends its
 * request. NULL is a future that there was no memory for. */
static int outcome_of(const gr_future *future)
{
    if (future == NULL) return GR_ENOMEM;
    return future->is_foreign ? gri_foreign_error((gr_future *)future) : future->error;
}

/* The same, for who then knows the outcome. */
static int read_outcome(const gr_future *future)
{
    int error = outcome_of(future);
    if (future != NULL && error != GRI_FUTURE_PENDING) ((gr_future *)future)->flags |= GRI_FUTURE_READ;
    return error;
}

bool gr_future_done(const gr_future *future)
{
    return outcome_of(future) != GRI_FUTURE_PENDING;
}

int gr_future_error(const gr_future *future)
{
    int error = read_outcome(future);
    return error == GRI_FUTURE_PENDING ? GR_EBUSY : error;
}

enum gr_future_state gr_future_state(const gr_future *future)
{
    int error = outcome_of(future);
    if (error == GR_ECANCELLED) return GR_FUTURE_CANCELLED;
    if (error != GRI_FUTURE_PENDING) return GR_FUTURE_FINISHED;
    bool is_running = !future->is_foreign && future->kind == GRI_FUTURE_TASK && gri_task_is_running(future);
    return is_running ? GR_FUTURE_RUNNING : GR_FUTURE_PENDING;
}

const char *gr_future_state_name(enum gr_future_state state)
{
    static const char *const names[] = {[GR_FUTURE_PENDING] = "pending",
                                        [GR_FUTURE_RUNNING] = "running",
                                        [GR_FUTURE_CANCELLED] = "cancelled",
                                        [GR_FUTURE_FINISHED] = "finished"};
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

const char *gri_future_text(const gr_future *future)
{
    if (future->error == GRI_FUTURE_PENDING) return "no outcome yet";
    bool has_text = future->answer != NULL && (future->answer->flags & GRI_MAIL_TEXT) && future->error != 0;
    return has_text ? (const char *)future->answer->payload : gr_error_text(future->error);
}

const char *gr_future_text(const gr_future *future)
{
    int error = read_outcome(future);
    return future == NULL ? gr_error_text(error) : gri_future_text(future);
}

const void *gri_future_value(const gr_future *future, const struct gr_type *type)
{
    if (read_outcome(future) != 0 || future->answer == NULL || future->answer->type != type->id) return NULL;
    return future->answer->payload;
}

/* ---- ending one early ---- */

int gr_future_cancel(gr_actor *self, gr_future *future)
{
    if (future == NULL)
        return gri_fail(self, GR_EBUSY, "gr_future_cancel: it has failed: there was no memory for it");
    if (future->is_foreign != (self == NULL) || (self != NULL && future->owner != self))
        return gri_fail(self, GR_ECONTEXT, "gr_future_cancel: the future belongs to somebody else");
    if (outcome_of(future) != GRI_FUTURE_PENDING)
        return gri_fail(self, GR_EBUSY, "gr_future_cancel: it is done already");
    if (self == NULL) return gri_foreign_cancel(future);
    if (future->kind == GRI_FUTURE_TASK)
        return gri_task_cancel_again(future) == 0 ? 0
                                                  : gri_fail(self, GR_ENOMEM, "gr_future_cancel: no memory");
    if (future->kind != GRI_FUTURE_REQUEST) abandon(self, future);
    gri_future_complete(future, GR_ECANCELLED, NULL);
    return 0;
}

void gr_future_release(gr_future *future)
{
    if (future == NULL) return;
    if (future->is_foreign) {
        gri_foreign_release(future);
    } else if (__builtin_expect(future->flags & (GRI_FUTURE_WATCHED | GRI_FUTURE_SCOPED), 0)) {
        future->flags |= GRI_FUTURE_RELEASED;
        if (future->flags & GRI_FUTURE_WATCHED) future->owner->extra->has_released = true;
        gri_listeners_drop(future, gri_scope_told);
    } else {
        gri_future_free(future);
    }
}
