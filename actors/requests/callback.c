/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks of futures. When a future is done its callbacks are put on a list of its owner, which is told: a handler actor
 * runs them in place of mail, a coroutine inside its waits.
 */
#include "actors/requests/requests.h"

/* A callback, from its registration until it was called or its future was dropped. */
struct callback {
    struct gri_listener listener; /* to its future; in its owner's list by its node once it is due */
    union {
        gr_future_callback fn;  /* of gr_future_on_done */
        gri_then_function then; /* of gr_then */
    };
    void *context; /* of gr_future_on_done */
};

static void free_callback(struct callback *callback)
{
    struct gri_pool *pool = &callback->listener.future->owner->loop->pool;
    gri_pool_give(pool, callback, gri_pool_class(sizeof *callback));
}

/* It is to be called. */
static void make_due(struct gri_listener *listener)
{
    struct gr_actor *owner = listener->future->owner;
    gri_list_push_back(&owner->extra->callbacks, &listener->node);
    owner->control |= GRI_CONTROL_CALLBACKS;
    gri_actor_wake(owner);
}

static void tell(struct gri_listener *listener, bool is_done)
{
    if (is_done) {
        make_due(listener);
        return;
    }
    if (gri_list_is_linked(&listener->node)) gri_list_remove(&listener->node);
    free_callback(GRI_CONTAINER_OF(listener, struct callback, listener));
}

/* The same, to be told apart from the above. */
static void tell_then(struct gri_listener *listener, bool is_done)
{
    tell(listener, is_done);
}

bool gri_future_has_callbacks(const struct gr_future *future)
{
    const struct gri_listener *listener = gri_listener_first(future);
    while (listener != NULL && listener->tell != tell && listener->tell != tell_then)
        listener = gri_listener_next(future, listener);
    return listener != NULL;
}

static void call(struct gr_actor *self, struct callback *callback)
{
    struct gr_future *future = callback->listener.future;
    struct callback copy = *callback;
    gri_list_remove(&callback->listener.node);
    gri_listener_remove(&callback->listener);
    free_callback(callback);
    future->flags |= GRI_FUTURE_READ;
    if (copy.listener.tell == tell_then) {
        copy.then(self, self->state, future);
        gr_future_release(future);
    } else {
        copy.fn(self, future, copy.context);
    }
}

#define CALLBACKS_MAX 64u /* in one go: others of the loop have their turns between */

void gri_run_callbacks(struct gr_actor *self)
{
    struct gri_actor_extra *extra = self->extra;
    const uint8_t ends = gri_actor_is_coroutine(self) ? GRI_CONTROL_DOOMED : GRI_CONTROL_ENDS;
    struct gri_list due;
    gri_list_init(&due);
    gri_list_move(&due, &extra->callbacks); /* those that become due meanwhile wait for the next time */
    self->control &= (uint8_t)~GRI_CONTROL_CALLBACKS;
    extra->in_callback = true;
    struct gri_list_node *node;
    for (unsigned i = 0; i < CALLBACKS_MAX && (node = gri_list_first(&due)) != NULL; i++) {
        if (self->control & ends) break;
        call(self, GRI_CONTAINER_OF(node, struct callback, listener.node));
    }
    extra->in_callback = false;
    if (gri_list_is_empty(&due)) return;
    gri_list_move(&due, &extra->callbacks); /* what became due meanwhile comes after the rest */
    gri_list_move(&extra->callbacks, &due);
    self->control |= GRI_CONTROL_CALLBACKS;
}

static int add(struct gr_actor *self, struct gr_future *future, struct callback callback)
{
    struct callback *new = gri_pool_take(&self->loop->pool, gri_pool_class(sizeof *new));
    if (new == NULL) return gri_fail(self, GR_ENOMEM, "no memory for a callback");
    *new = callback;
    gri_listener_add(future, &new->listener);
    if (gri_future_is_done(future)) make_due(&new->listener);
    return 0;
}

int gr_future_on_done(gr_actor *self, gr_future *future, gr_future_callback fn, void *context)
{
    if (future == NULL)
        return gri_fail(self, GR_ENOMEM, "gr_future_on_done: there was no memory for the future");
    if (future->is_foreign || future->owner != self)
        return gri_fail(self, GR_ECONTEXT, "gr_future_on_done: the future belongs to somebody else");
    if (fn == NULL) return gri_fail(self, GR_EINVALID, "gr_future_on_done: there is no function");
    return add(self, future, (struct callback){.listener.tell = tell, .fn = fn, .context = context});
}

int gri_then(gr_actor *self, gr_future *future, size_t state_size, gri_then_function fn)
{
    if (future == NULL) return gri_fail(self, GR_ENOMEM, "gr_then: there was no memory for the future");
    if (future->is_foreign || future->owner != self || gri_actor_is_coroutine(self))
        return gri_fail(self, GR_ECONTEXT, "gr_then: not a future of this handler actor");
    if (gri_actor_dispatch(self)->behaviour->state_size != state_size)
        return gri_fail(self, GR_EINVALID, "gr_then: the actor's state is of another type");
    return add(self, future, (struct callback){.listener.tell = tell_then, .then = fn});
}

int gr_future_off_done(gr_actor *self, gr_future *future, gr_future_callback fn, void *context)
{
    if (future == NULL) return 0;
    if (future->is_foreign || future->owner != self)
        return gri_fail(self, GR_ECONTEXT, "gr_future_off_done: the future belongs to somebody else");
    int count = 0;
    for (struct gri_listener *listener = gri_listener_first(future), *next; listener != NULL;
         listener = next) {
        next = gri_listener_next(future, listener);
        struct callback *callback = GRI_CONTAINER_OF(listener, struct callback, listener);
        if (listener->tell != tell || callback->fn != fn || callback->context != context) continue;
        gri_listener_remove(listener);
        tell(listener, false);
        count++;
    }
    return count;
}
