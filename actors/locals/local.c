/* SPDX-License-Identifier: Apache-2.0 */
/* Actor-local values: a short list at each actor that has any, since few libraries keep one. */
#include "actors/actor.h"

#include <greenroom/local.h>

#include <string.h>

/* One actor's value of one local; the value follows, aligned to GR_LOCAL_ALIGN_MAX. */
struct gri_local_value {
    struct gri_local_value *next; /* of the same actor */
    const struct gr_local *local; /* whose value this is */
};

_Static_assert(sizeof(struct gri_local_value) == GR_LOCAL_ALIGN_MAX, "a value behind it is aligned");

static struct gri_local_value *make(struct gr_actor *self, const struct gr_local *local)
{
    size_t size = sizeof(struct gri_local_value) + local->size;
    unsigned pool_class = gri_pool_class(size);
    struct gri_local_value *value = pool_class == GRI_POOL_LARGE
                                        ? gri_pool_take_large(&self->loop->pool, size)
                                        : gri_pool_take(&self->loop->pool, pool_class);
    if (value == NULL) return NULL;
    *value = (struct gri_local_value){self->extra->locals, local};
    memcpy(value + 1, local->initial, local->size);
    self->extra->locals = value;
    return value;
}

void *gri_local(gr_actor *self, const struct gr_local *local)
{
    if (self == NULL) {
        gri_fail(NULL, GR_ECONTEXT, "gr_local: only an actor has values of its own");
        return NULL;
    }
    struct gri_actor_extra *extra = gri_actor_extra(self);
    if (extra != NULL) {
        struct gri_local_value *value = extra->locals;
        while (value != NULL && value->local != local) value = value->next;
        if (value == NULL) value = make(self, local);
        if (value != NULL) return value + 1;
    }
    gri_fail(self, GR_ENOMEM, "gr_local: no memory");
    return NULL;
}

void gri_actor_free_locals(struct gr_actor *actor)
{
    struct gri_pool *pool = &actor->loop->pool;
    struct gri_local_value *value;
    while ((value = actor->extra->locals) != NULL) {
        size_t size = sizeof *value + value->local->size;
        unsigned pool_class = gri_pool_class(size);
        actor->extra->locals = value->next;
        if (pool_class == GRI_POOL_LARGE)
            gri_pool_give_large(pool, value, size);
        else
            gri_pool_give(pool, value, pool_class);
    }
}
