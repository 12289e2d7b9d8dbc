/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promises: futures that are set by hand, and requests that are put aside. Either holds the envelope of the answer from
 * the beginning, so setting it needs no memory. A promise names an obligation of its actor.
 */
#include "actors/admission.h"
#include "actors/requests/requests.h"
#include "messages/visit.h"

#include <greenroom/promise.h>

/* A request that was put aside. */
struct token {
    struct gri_obligation obligation; /* its place and name */
    struct gri_message *reply;        /* the envelope of its answer */
};

static struct gri_message *free_token(struct gr_actor *owner, struct token *token)
{
    struct gri_message *reply = token->reply;
    gri_handles_remove(&owner->extra->handles, token->obligation.handle);
    gri_list_remove(&token->obligation.node);
    owner->extra->deferred--;
    gri_pool_give(&owner->loop->pool, token, gri_pool_class(sizeof *token));
    return reply;
}

/* The actor ends. */
static void drop_token(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct gri_message *reply = free_token(owner, GRI_CONTAINER_OF(obligation, struct token, obligation));
    gri_request_end(owner->loop, reply, GR_EUNANSWERED);
}

const struct gri_message *gri_deferred_reply(const struct gri_obligation *obligation)
{
    return obligation->drop == drop_token ? GRI_CONTAINER_OF(obligation, struct token, obligation)->reply
                                          : NULL;
}

struct gri_message *gri_deferred_take(struct gr_actor *owner, struct gri_obligation *obligation)
{
    return free_token(owner, GRI_CONTAINER_OF(obligation, struct token, obligation));
}

gr_future *gri_promise_create(gr_actor *self, const struct gr_type *type, gr_promise *promise)
{
    promise->handle = 0;
    if (self == NULL) {
        gri_fail(NULL, GR_ECONTEXT, "gr_promise_create: a promise is its actor's");
        return NULL;
    }
    struct gr_future *future = type->id == 0 ? NULL : gri_future_create(self, GRI_FUTURE_PROMISE);
    if (future != NULL) {
        future->held = gri_new_reply(self, future->obligation.handle, type);
        if (future->held != NULL) {
            promise->handle = future->obligation.handle;
            return future;
        }
        gri_future_free(future);
    }
    gri_fail(self, type->id == 0 ? GR_EINVALID : GR_ENOMEM, "gr_promise_create: a bad type, or no memory");
    return NULL;
}

int gri_defer(gr_actor *self, const struct gr_type *request, gr_promise *promise)
{
    promise->handle = 0;
    struct gri_message *reply = self == NULL ? NULL : gri_take_reply(self, request);
    if (reply == NULL)
        return gri_fail(self, GR_ECONTEXT, "gr_defer: no %s is being handled, or it was answered",
                        request->name);
    struct gri_actor_extra *extra = gri_actor_extra(self);
    struct token *token = gri_pool_take(&self->loop->pool, gri_pool_class(sizeof *token));
    if (extra == NULL || token == NULL) goto fail;
    *token = (struct token){.obligation.drop = drop_token, .reply = reply};
    token->obligation.handle = gri_handles_add(&extra->handles, &self->loop->pool, &token->obligation);
    if (token->obligation.handle == 0) goto fail;
    gri_list_push_back(&extra->obligations, &token->obligation.node);
    extra->deferred++;
    promise->handle = token->obligation.handle;
    gri_request_deferred(self->loop, self->current, reply);
    return 0;

fail:
    if (token != NULL) gri_pool_give(&self->loop->pool, token, gri_pool_class(sizeof *token));
    self->current->reply = reply;
    return gri_fail(self, GR_ENOMEM, "gr_defer: no memory");
}

/* What a promise names: one of the two, or neither if it was set. */
struct target {
    struct token *token;      /* a request that was put aside */
    struct gr_future *future; /* a future of this actor */
};

static struct target find(struct gr_actor *self, gr_promise promise)
{
    struct target target = {NULL, NULL};
    struct gri_obligation *obligation = self->extra == NULL
                                            ? NULL
                                            : gri_handles_find(&self->extra->handles, promise.handle);
    if (obligation == NULL) return target;
    if (obligation->drop == drop_token) target.token = GRI_CONTAINER_OF(obligation, struct token, obligation);
    if (obligation->drop != gri_future_drop) return target;
    struct gr_future *future = GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
    if (future->kind == GRI_FUTURE_PROMISE) target.future = future;
    return target;
}

static int not_found(struct gr_actor *self, const char *what)
{
    return gri_fail(self, GR_ENOTFOUND, "%s: the promise was set, or nobody waits for it any more", what);
}

/* Takes the answer's envelope out of what is to be set, a future by hand. */
static struct gri_message *take_held(struct gr_future *future)
{
    struct gri_message *held = future->held;
    future->held = NULL;
    return held;
}

int gri_fulfil(gr_actor *self, gr_promise promise, const struct gr_type *type, const void *message)
{
    if (self == NULL) {
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
        return gri_fail(NULL, GR_ECONTEXT, "gr_fulfil: a promise is its actor's");
    }
    struct target target = find(self, promise);
    struct gri_message *reply = target.token != NULL    ? target.token->reply
                                : target.future != NULL ? target.future->held
                                                        : NULL;
    if (reply == NULL || reply->type != type->id) {
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
        if (reply == NULL) return not_found(self, "gr_fulfil");
        return gri_fail(self, GR_EINVALID, "gr_fulfil: the promise is not for a %s", type->name);
    }
    gri_copy_payload(reply->payload, message, type->size);
    if (type->flags & GRI_TYPE_COUNTED) reply->flags |= GRI_MAIL_HEAVY;
    if (target.future != NULL) {
        gri_future_complete(target.future, 0, take_held(target.future));
        return 0;
    }
    bool stale = gri_reply_is_stale(self->loop, reply);
    gri_request_end(self->loop, free_token(self, target.token), 0);
    return stale ? gri_fail(self, GR_ESTALE, "gr_fulfil: the asker has ended") : 0;
}

/* Fails a future by hand: no answer of anybody's arrives. */
static void fail_own(struct gr_actor *self, struct gr_future *future, int error, const char *text)
{
    struct gri_message *held = take_held(future);
    if (text != NULL) held = gri_request_text(self->loop, held, text);
    bool has_text = (held->flags & GRI_MAIL_TEXT) != 0;
    if (!has_text) gri_loop_free_message(self->loop, held);
    gri_future_complete(future, gri_outcome(error), has_text ? held : NULL);
}

int gr_promise_fail(gr_actor *self, gr_promise promise, int error, const char *text)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_promise_fail: a promise is its actor's");
    if (error == 0) return gri_fail(self, GR_EINVALID, "gr_promise_fail: 0 is no error");
    struct target target = find(self, promise);
    if (target.token == NULL && target.future == NULL) return not_found(self, "gr_promise_fail");
    if (target.future != NULL) {
        fail_own(self, target.future, error, text);
        return 0;
    }
    bool stale = gri_reply_is_stale(self->loop, target.token->reply);
    struct gri_message *reply = free_token(self, target.token);
    if (text != NULL)
        gri_request_fail(self->loop, reply, error, text);
    else
        gri_request_end(self->loop, reply, error);
    return stale ? gri_fail(self, GR_ESTALE, "gr_promise_fail: the asker has ended") : 0;
}
