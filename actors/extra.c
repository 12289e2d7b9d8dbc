/* SPDX-License-Identifier: Apache-2.0 */
/* The part of an actor that only some need, and the text of its last error. */
#include "actors/actor.h"
#include "actors/mail/saved.h"
#include "base/error.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct gri_actor_extra *gri_actor_extra(struct gr_actor *actor)
{
    if (actor->extra != NULL) return actor->extra;
    struct gri_actor_extra *extra = gri_pool_take(&actor->loop->pool, gri_pool_class(sizeof *extra));
    if (extra == NULL) return NULL;
    memset(extra, 0, sizeof *extra);
    extra->owner = actor;
    extra->stash_end = &extra->stash;
    gri_list_init(&extra->obligations);
    gri_list_init(&extra->callbacks);
    /* A promise that went to another actor must not name something of that one's. Not by the part of the generation that
     * is the system's: a seed gives the same numbers in each. */
    gri_handles_seed(&extra->handles, gri_load(&actor->generation, GRI_RELAXED) << 24 ^ actor->slot);
    actor->extra = extra;
    return extra;
}

void gri_actor_free_extra(struct gr_actor *actor)
{
    struct gri_actor_extra *extra = actor->extra;
    if (extra == NULL) return; /* the actor may not have a loop yet */
    struct gri_pool *pool = &actor->loop->pool;
    if (extra->saved != NULL) gri_saved_free(actor);
    if (extra->locals != NULL) gri_actor_free_locals(actor);
    if (extra->handles.capacity != 0) gri_handles_fini(&extra->handles, pool);
    if (extra->error_text != NULL)
        gri_pool_give(pool, extra->error_text, gri_pool_class(GRI_ERROR_TEXT_SIZE));
    gri_pool_give(pool, extra, gri_pool_class(sizeof *extra));
    actor->extra = NULL;
}

/* Where the actor's text goes, or NULL without memory. */
static char *error_text(struct gr_actor *self)
{
    struct gri_actor_extra *extra = gri_actor_extra(self);
    if (extra == NULL) return NULL;
    if (extra->error_text == NULL)
        extra->error_text = gri_pool_take(&self->loop->pool, gri_pool_class(GRI_ERROR_TEXT_SIZE));
    return extra->error_text;
}

int gri_fail_list(struct gr_actor *self, int error, const char *format, va_list arguments)
{
    char text[GRI_ERROR_TEXT_SIZE];
    vsnprintf(text, sizeof text, format, arguments);
    if (self == NULL) {
        gri_thread_error_set("%s", text);
        return error;
    }
    char *out = error_text(self);
    if (out == NULL) return gri_told(self, error); /* without memory the code alone */
    memcpy(out, text, sizeof text);
    self->extra->error = error;
    return error;
}

int gri_fail(struct gr_actor *self, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gri_fail_list(self, error, format, arguments);
    va_end(arguments);
    return error;
}

/* A null reference is mostly a spawn's whose error nobody looked at. */
static const char *why_not_sent(gr_ref to, int error)
{
    return error == GR_ESTALE && gr_ref_is_null(to) ? "the reference is null (did a spawn fail?)"
                                                    : gr_error_text(error);
}

int gri_fail_send(struct gr_actor *self, gr_ref to, const struct gr_type *type, int error)
{
    if (gr_ref_is_null(to))
        return gri_fail(self, error, "a %s was not sent: %s", type->name, why_not_sent(to, error));
    return gri_fail(self, error, "a %s to actor " GRI_REF_FORMAT " was not sent: %s", type->name,
                    GRI_REF_VALUES(to), gr_error_text(error));
}

int gri_fail_request(struct gr_actor *self, gr_ref to, const struct gr_type *type, int error)
{
    return gri_fail(self, error, "a %s request was not sent: %s", type->name, why_not_sent(to, error));
}

int gri_told_code(struct gr_actor *self, int error)
{
    if (self->extra == NULL) return error;
    self->extra->error = error;
    if (self->extra->error_text != NULL) self->extra->error_text[0] = '\0';
    return error;
}

const char *gri_error_text_of(const struct gr_actor *self, int error)
{
    const struct gri_actor_extra *extra = self->extra;
    if (extra == NULL || extra->error != error || extra->error_text == NULL) return NULL;
    return extra->error_text[0] != '\0' ? extra->error_text : NULL;
}

struct gri_message *gri_error_answer(struct gr_actor *self, int error)
{
    const char *text = gri_error_text_of(self, error);
    size_t size = text == NULL ? 0 : strlen(text) + 1;
    struct gri_message *m = text == NULL ? NULL : gri_loop_new_message(self->loop, size);
    if (m == NULL) return NULL;
    m->reply = NULL;
    m->type = 0;
    m->kind = GRI_MAIL_REPLY;
    m->flags = GRI_MAIL_TEXT;
    memcpy(m->payload, text, size);
    return m;
}

const char *gr_last_error(const gr_actor *self)
{
    if (self == NULL) return gri_thread_error();
    if (self->extra == NULL) return gr_error_text(GR_OK);
    const char *text = gri_error_text_of(self, self->extra->error);
    return text != NULL ? text : gr_error_text(self->extra->error);
}
