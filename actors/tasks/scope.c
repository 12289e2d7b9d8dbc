/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes: the tasks that an actor started in one end together. A scope listens to its children's futures. */
#include "actors/requests/requests.h"
#include "actors/tasks/task.h"

#include <greenroom/log.h>

/* A task of a scope, until it is done. */
struct child {
    struct gri_listener listener; /* to its future; in the scope's list by its node */
    struct gr_scope *scope;       /* whose */
};

struct gr_scope {
    struct gri_obligation obligation; /* its place at the actor; it has no name */
    struct gr_actor *owner;           /* who opened it */
    struct gr_scope *outer;           /* the one that was innermost before, or NULL */
    struct gri_list children;         /* those that are pending */
    struct gri_timer timer;           /* cancels it at its deadline */
    bool is_cancelled;                /* for the reason `error` */
    int error;                        /* what gr_scope_close will say */
};

bool gri_scope_is_cancelled(const struct gr_scope *scope)
{
    return scope->is_cancelled;
}

/* Cancels one scope, not those inside of it. */
static void cancel_one(struct gr_scope *scope, int error)
{
    if (scope->is_cancelled) return;
    scope->is_cancelled = true;
    scope->error = error;
    struct gri_list_node *node = gri_list_first(&scope->children);
    for (; node != NULL; node = gri_list_next(&scope->children, node)) {
        struct child *child = GRI_CONTAINER_OF(node, struct child, listener.node);
        (void)gri_task_cancel_again(child->listener.future); /* needs memory if it was told before */
    }
}

/* Cancels a scope and those inside of it, and wakes its actor. */
static void cancel(struct gr_scope *scope, int error)
{
    struct gr_scope *inner = scope->owner->extra->scope;
    for (; inner != scope; inner = inner->outer) cancel_one(inner, GR_ECANCELLED);
    cancel_one(scope, error);
    gri_actor_wake(scope->owner);
}

bool gri_scope_cancel_all(struct gr_actor *actor)
{
    struct gr_scope *scope = actor->extra == NULL ? NULL : actor->extra->scope;
    if (scope == NULL) return false;
    while (scope->outer != NULL) scope = scope->outer;
    if (scope->is_cancelled) return false;
    cancel(scope, GR_ECANCELLED);
    return true;
}

static void timed_out(struct gri_timer *timer, void *context)
{
    (void)context;
    cancel(GRI_CONTAINER_OF(timer, struct gr_scope, timer), GR_ETIMEOUT);
}

static void free_child(struct child *child)
{
    gri_list_remove(&child->listener.node);
    gri_pool_give(&child->scope->owner->loop->pool, child, gri_pool_class(sizeof *child));
}

void gri_scope_told(struct gri_listener *listener, bool is_done)
{
    struct child *child = GRI_CONTAINER_OF(listener, struct child, listener);
    struct gr_scope *scope = child->scope;
    struct gr_future *future = listener->future;
    future->flags &= (uint8_t)~GRI_FUTURE_SCOPED;
    if (is_done) {
        future->flags |= GRI_FUTURE_READ;
        gri_listener_remove(listener);
    }
    free_child(child);
    if (!is_done) return;
    if (future->error != 0 && future->error != GR_ECANCELLED) cancel(scope, future->error);
    if (gri_list_is_empty(&scope->children)) gri_actor_wake(scope->owner);
}

/* Frees a scope; its children go on, but for those of an actor that ends. */
static void free_scope(struct gr_actor *owner, struct gr_scope *scope)
{
    struct gri_list_node *node;
    while ((node = gri_list_first(&scope->children)) != NULL) {
        struct child *child = GRI_CONTAINER_OF(node, struct child, listener.node);
        child->listener.future->flags &= (uint8_t)~GRI_FUTURE_SCOPED;
        gri_listener_remove(&child->listener);
        free_child(child);
    }
    gri_loop_disarm(owner->loop, &scope->timer);
    gri_list_remove(&scope->obligation.node);
    gri_pool_give(&owner->loop->pool, scope, gri_pool_class(sizeof *scope));
}

/* Its actor ends and has not closed it: who would have told why it was cancelled? */
static void drop_scope(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct gr_scope *scope = GRI_CONTAINER_OF(obligation, struct gr_scope, obligation);
    if (scope->error != 0 && scope->error != GR_ECANCELLED && !(owner->flags & GRI_ACTOR_FAILED)) {
        char who[GRI_ACTOR_TEXT];
        const char *name = scope->error < 0 ? gr_error_name(scope->error) : "its own";
        gr_log(GR_LOG_WARNING, "actor %s ended without closing a scope that had failed: error %d (%s)",
               gri_describe_actor(owner, who), scope->error, name);
    }
    free_scope(owner, scope);
}

gr_scope *gr_scope_open(gr_actor *self, gr_time deadline)
{
    if (gri_may_wait(self, deadline, "gr_scope_open") != 0) return NULL;
    struct gri_actor_extra *extra = self->extra;
    struct gr_scope *scope = gri_pool_take(&self->loop->pool, gri_pool_class(sizeof *scope));
    if (scope == NULL) {
        gri_fail(self, GR_ENOMEM, "gr_scope_open: no memory");
        return NULL;
    }
    *scope = (struct gr_scope){.obligation.drop = drop_scope, .owner = self, .outer = extra->scope};
    gri_list_init(&scope->children);
    if (extra->scope != NULL && extra->scope->is_cancelled) {
        scope->is_cancelled = true;
        scope->error = GR_ECANCELLED;
    } else if (deadline == 0) {
        scope->is_cancelled = true;
        scope->error = GR_ETIMEOUT;
    }
    scope->timer.fire = timed_out;
    if (deadline != GR_FOREVER && !scope->is_cancelled) gri_loop_arm(self->loop, &scope->timer, deadline);
    gri_list_push_back(&extra->obligations, &scope->obligation.node);
    extra->scope = scope;
    return scope;
}

/* Whether the scope is among the actor's that are open; if it was closed, nothing of it is there to look at. */
static bool is_open(const struct gr_actor *self, const struct gr_scope *scope)
{
    const struct gr_scope *open = self->extra != NULL ? self->extra->scope : NULL;
    while (open != NULL && open != scope) open = open->outer;
    return open != NULL && scope != NULL;
}

int gr_scope_cancel(gr_actor *self, gr_scope *scope)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_scope_cancel: only an actor has scopes");
    if (!is_open(self, scope))
        return gri_fail(self, GR_EINVALID, "gr_scope_cancel: no such scope of this actor is open");
    cancel(scope, GR_ECANCELLED);
    return 0;
}

/* Makes the future of a task that is to begin in the scope. NULL when there is no memory. */
static struct gr_future *new_child(struct gr_actor *self, struct gr_scope *scope)
{
    struct child *child = gri_pool_take(&self->loop->pool, gri_pool_class(sizeof *child));
    if (child == NULL) return NULL;
    struct gr_future *future = gri_future_create(self, GRI_FUTURE_TASK);
    if (future == NULL) {
        gri_pool_give(&self->loop->pool, child, gri_pool_class(sizeof *child));
        return NULL;
    }
    *child = (struct child){.listener.tell = gri_scope_told, .scope = scope};
    gri_listener_add(future, &child->listener);
    gri_list_push_back(&scope->children, &child->listener.node);
    future->flags |= GRI_FUTURE_SCOPED;
    return future;
}

gr_future *gri_scope_start(gr_actor *self, gr_scope *scope, const struct gr_behaviour *behaviour,
                           const struct gr_spawn_options *options, const void *start)
{
    bool is_own = self != NULL && is_open(self, scope);
    struct gr_future *future = is_own ? new_child(self, scope) : NULL;
    if (future != NULL && !scope->is_cancelled) {
        gri_task_begin(self, future, behaviour, options, start);
        return future;
    }
    if (behaviour->start_type->flags & GRI_TYPE_COUNTED) gr_message_release(behaviour->start_type, start);
    if (future != NULL) {
        gri_future_complete(future, GR_ECANCELLED, NULL);
        return future;
    }
    int error = is_own ? GR_ENOMEM : GR_EINVALID;
    gri_fail(self, error, "%s was not started in a scope: %s", behaviour->name,
             is_own ? gr_error_text(error) : "no such scope of this actor is open");
    if (is_own) cancel(scope, error);
    return NULL;
}

/* Waits until the innermost scope has no children, and frees it. Returns why it was cancelled, or GR_EKILLED. */
static int close_innermost(struct gr_actor *self)
{
    struct gri_actor_extra *extra = self->extra;
    struct gr_scope *scope = extra->scope;
    int killed = 0;
    extra->shield = GRI_SHIELD_ALL;
    while (killed == 0 && !gri_list_is_empty(&scope->children))
        killed = gri_actor_wait(self, GRI_WAIT_FUTURE);
    extra->shield = GRI_SHIELD_NOTHING;
    if (killed != 0) return killed;
    int error = scope->error;
    extra->scope = scope->outer;
    free_scope(self, scope);
    return error;
}

int gr_scope_close(gr_actor *self, gr_scope *scope)
{
    int error = gri_may_wait(self, 0, "gr_scope_close");
    if (error != 0) return error;
    if (!is_open(self, scope))
        return gri_fail(self, GR_EINVALID, "gr_scope_close: no such scope of this actor is open");
    while (self->extra->scope != scope) {
        cancel(self->extra->scope, GR_ECANCELLED);
        error = close_innermost(self);
        if (self->control & GRI_CONTROL_DOOMED) return gri_told(self, GR_EKILLED);
        /* Nobody else is told of that failure: it counts as one of this scope's. */
        if (error != 0 && error != GR_ECANCELLED) cancel(scope, error);
    }
    return gri_told(self, close_innermost(self));
}
