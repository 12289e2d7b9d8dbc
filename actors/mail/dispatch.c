/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch tables: a behaviour's handlers by type, for each loop; and how an actor changes from one to another. */
#include "actors/actor.h"

#include <greenroom/become.h>

#include <string.h>

static void fill_dispatch(struct gri_dispatch *dispatch, const struct gr_behaviour *behaviour)
{
    for (uint32_t i = 0; i < behaviour->on_count; i++) {
        const struct gr_on *on = &behaviour->on[i];
        if (on->kind == GR_ON_KIND_ANY) dispatch->any = on->handler;
        if (on->kind == GR_ON_KIND_SIGNAL) dispatch->signal = on->handler;
        if (on->kind == GR_ON_KIND_END) dispatch->end = on->handler;
        if (on->kind != GR_ON_KIND_MESSAGE) continue;
        uint32_t at = on->type->id & dispatch->mask;
        while (dispatch->entries[at].type != 0 && dispatch->entries[at].type != on->type->id)
            at = (at + 1) & dispatch->mask;
        dispatch->entries[at] = (struct gri_dispatch_entry){on->type->id, on->handler};
    }
}

/* A table of `handlers`; *own, if not NULL, has those that the actor was defined with. */
static struct gri_dispatch *make_dispatch(struct gri_loop *loop, const struct gr_behaviour *handlers,
                                          const struct gri_dispatch *own)
{
    uint32_t entries = 2;
    while (entries < handlers->on_count * 2) entries *= 2;
    size_t size = sizeof(struct gri_dispatch) + entries * sizeof(struct gri_dispatch_entry);
    struct gri_dispatch *dispatch = gri_memory_allocate(loop->memory, size);
    if (dispatch == NULL) return NULL;
    memset(dispatch, 0, size);
    dispatch->behaviour = own == NULL ? handlers : own->behaviour;
    dispatch->handlers = handlers;
    dispatch->own = own == NULL ? dispatch : own;
    dispatch->mask = entries - 1;
    if (own != NULL) dispatch->signal = own->signal;
    if (own != NULL) dispatch->end = own->end;
    fill_dispatch(dispatch, handlers);
    return dispatch;
}

/* Makes the table by behaviour id long enough. */
static bool grow_dispatch(struct gri_loop *loop, struct gri_loop_actors *actors, uint32_t id)
{
    uint32_t count = actors->dispatch_count ? actors->dispatch_count : 64;
    while (count <= id) count *= 2;
    const struct gri_dispatch **table = gri_memory_allocate(loop->memory, count * sizeof *table);
    if (table == NULL) return false;
    memset(table, 0, count * sizeof *table);
    if (actors->dispatch_count) memcpy(table, actors->dispatch, actors->dispatch_count * sizeof *table);
    gri_memory_release(loop->memory, actors->dispatch, actors->dispatch_count * sizeof *table);
    actors->dispatch = table;
    actors->dispatch_count = count;
    return true;
}

const struct gri_dispatch *gri_dispatch_of(struct gri_loop *loop, const struct gr_behaviour *behaviour)
{
    struct gri_loop_actors *actors = loop->local;
    if (behaviour->id >= actors->dispatch_count && !grow_dispatch(loop, actors, behaviour->id)) return NULL;
    const struct gri_dispatch **place = &actors->dispatch[behaviour->id];
    if (*place == NULL) *place = make_dispatch(loop, behaviour, NULL);
    return *place;
}

static void free_dispatch(struct gr_system *system, const struct gri_dispatch *dispatch)
{
    size_t size = sizeof *dispatch + (dispatch->mask + 1) * sizeof dispatch->entries[0];
    gri_memory_release(&system->memory.memory, (void *)dispatch, size);
}

void gri_dispatch_free_all(struct gr_system *system, struct gri_loop_actors *actors)
{
    for (uint32_t i = 0; i < actors->dispatch_count; i++) {
        for (const struct gri_dispatch *dispatch = actors->dispatch[i], *next; dispatch != NULL;
             dispatch = next) {
            next = dispatch->next;
            free_dispatch(system, dispatch);
        }
    }
    gri_memory_release(&system->memory.memory, actors->dispatch,
                       actors->dispatch_count * sizeof *actors->dispatch);
}

/* ---- become ---- */

static bool has_end(const struct gr_behaviour *handlers)
{
    for (uint32_t i = 0; i < handlers->on_count; i++)
        if (handlers->on[i].kind == GR_ON_KIND_END) return true;
    return false;
}

/* Whether two are for the same, so that one would never be called. */
static bool has_clash(const struct gr_behaviour *handlers)
{
    for (uint32_t i = 0; i < handlers->on_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            const struct gr_on *a = &handlers->on[i], *b = &handlers->on[k];
            if (a->kind == b->kind && (a->kind != GR_ON_KIND_MESSAGE || a->type->id == b->type->id))
                return true;
        }
    }
    return false;
}

/* Why an actor of `own` can't have these handlers, or NULL. */
static const char *check(const struct gri_dispatch *own, const struct gr_behaviour *handlers)
{
    if (handlers->start_type != NULL) return "that is another actor's name";
    if (handlers->state_size != own->behaviour->state_size) return "its state has another size";
    if (has_end(handlers)) return "it has a GR_ON_END, which only the actor itself may have";
    return has_clash(handlers) ? "it has two handlers for one type, or two of one kind" : NULL;
}

/* The table of further handlers for actors of `own`; NULL when there is no memory, or it can't be. *error and *why tell. */
static const struct gri_dispatch *further(struct gri_loop *loop, const struct gri_dispatch *own,
                                          const struct gr_behaviour *handlers, int *error, const char **why)
{
    const struct gri_dispatch *found = own;
    while (found != NULL && found->handlers != handlers) found = found->next;
    if (found != NULL) return found;
    *error = GR_EINVALID;
    *why = check(own, handlers);
    if (*why != NULL) return NULL;
    *error = GR_ENOMEM;
    *why = gr_error_text(GR_ENOMEM);
    struct gri_dispatch *made = make_dispatch(loop, handlers, own);
    if (made == NULL) return NULL;
    made->next = own->next;
    ((struct gri_dispatch *)own)->next =
        made; /* the chain is the loop's own; readers elsewhere don't follow it */
    return made;
}

/* `name` is the function that was called. */
static int become(struct gr_actor *self, const struct gr_behaviour *handlers, const char *name)
{
    if (self == NULL || gri_actor_is_coroutine(self))
        return gri_fail(self, GR_ECONTEXT, "%s: only a handler actor has handlers", name);
    const struct gri_dispatch *now = gri_actor_dispatch(self), *then = now->own;
    const char *why = NULL;
    int error = 0;
    if (handlers != NULL) then = further(self->loop, then, handlers, &error, &why);
    if (then == NULL)
        return gri_fail(self, error, "gr_become: %s can't become %s: %s", now->behaviour->name,
                        handlers->name, why);
    gri_store(&self->dispatch, (void *)then, GRI_RELEASE); /* acquired by listings */
    return 0;
}

int gri_become(gr_actor *self, const struct gr_behaviour *handlers)
{
    return become(self, handlers, "gr_become");
}

int gr_unbecome(gr_actor *self)
{
    return become(self, NULL, "gr_unbecome");
}
