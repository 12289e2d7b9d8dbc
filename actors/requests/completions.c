/* SPDX-License-Identifier: Apache-2.0 */
/* Futures in the order in which they are done. Each is listened to; one that is done goes to the end of a list. */
#include "actors/actor.h"

#include <stdlib.h>

/* One of the futures, until it was given out or dropped. */
struct entry {
    struct gri_listener listener;       /* to its future, NULL once that is over; in `done` by its node */
    struct gr_completions *completions; /* whose */
};

struct gr_completions {
    struct gri_obligation obligation; /* its place at the actor; it has no name */
    struct gr_actor *owner;           /* whose it is */
    struct gri_list done;             /* entries that are done and were not given out */
    size_t left;                      /* that are not done */
    size_t count;                     /* entries */
    size_t size;                      /* bytes of this */
    bool is_waiting;                  /* its actor waits for the next one */
    bool is_released;                 /* a callback gave it back meanwhile: freed when the wait is over */
    struct entry entries[];           /* one for each future */
};

static void tell(struct gri_listener *listener, bool is_done)
{
    struct entry *entry = GRI_CONTAINER_OF(listener, struct entry, listener);
    struct gr_completions *completions = entry->completions;
    bool was_done = gri_list_is_linked(&listener->node);
    if (!was_done) completions->left--;
    if (is_done) {
        gri_list_push_back(&completions->done, &listener->node);
    } else {
        if (was_done) gri_list_remove(&listener->node);
        listener->future = NULL;
    }
    if (completions->is_waiting) gri_actor_wake(completions->owner);
}

static size_t size_of(size_t count)
{
    return sizeof(struct gr_completions) + count * sizeof(struct entry);
}

static void free_memory(struct gr_actor *owner, struct gr_completions *completions)
{
    struct gri_pool *pool = &owner->loop->pool;
    unsigned pool_class = gri_pool_class(completions->size);
    if (pool_class == GRI_POOL_LARGE)
        gri_pool_give_large(pool, completions, completions->size);
    else
        gri_pool_give(pool, completions, pool_class);
}

static void drop(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct gr_completions *completions = GRI_CONTAINER_OF(obligation, struct gr_completions, obligation);
    for (size_t i = 0; i < completions->count; i++) {
        struct gri_listener *listener = &completions->entries[i].listener;
        if (listener->future != NULL) gri_listener_remove(listener);
    }
    gri_list_remove(&completions->obligation.node);
    free_memory(owner, completions);
}

/* Waits until one is done, if any is to come, or a callback gives it back. */
static int wait_next(struct gr_actor *self, struct gr_completions *completions, gr_time deadline)
{
    if (!gri_list_is_empty(&completions->done) || completions->left == 0) return 0;
    int error = 0;
    gri_actor_begin_wait(self, deadline);
    completions->is_waiting = true;
    while (error == 0 && !completions->is_released && gri_list_is_empty(&completions->done) &&
           completions->left != 0)
        error = gri_actor_wait(self, GRI_WAIT_FUTURE);
    completions->is_waiting = false;
    gri_actor_end_wait(self);
    return error;
}

/* Those that are done first, in the order in which they were. */
static int by_order(const void *a, const void *b)
{
    const struct gr_future *left = ((const struct entry *)a)->listener.future;
    const struct gr_future *right = ((const struct entry *)b)->listener.future;
    bool left_done = gri_future_is_done(left), right_done = gri_future_is_done(right);
    if (!left_done || !right_done) return (int)right_done - (int)left_done;
    return left->order < right->order ? -1 : left->order > right->order;
}

/* Whether a future that is in the array more than once has its entry. */
static bool is_listened(const struct gr_completions *completions, const struct gr_future *future)
{
    const struct gri_listener *other = gri_listener_first(future);
    for (; other != NULL; other = gri_listener_next(future, other)) {
        if (other->tell != tell) continue;
        if (GRI_CONTAINER_OF(other, const struct entry, listener)->completions == completions) return true;
    }
    return false;
}

/* Listens to the futures of the entries. */
static void listen(struct gr_completions *completions)
{
    qsort(completions->entries, completions->count, sizeof *completions->entries, by_order);
    for (size_t i = 0; i < completions->count; i++) {
        struct gri_listener *listener = &completions->entries[i].listener;
        if (is_listened(completions, listener->future)) {
            listener->future = NULL;
            continue;
        }
        gri_listener_add(listener->future, listener);
        if (gri_future_is_done(listener->future))
            gri_list_push_back(&completions->done, &listener->node);
        else
            completions->left++;
    }
}

static struct gr_completions *create(struct gr_actor *self, size_t count)
{
    if (count > (SIZE_MAX - sizeof(struct gr_completions)) / sizeof(struct entry)) return NULL;
    size_t size = size_of(count);
    unsigned pool_class = gri_pool_class(size);
    struct gr_completions *completions = pool_class == GRI_POOL_LARGE
                                             ? gri_pool_take_large(&self->loop->pool, size)
                                             : gri_pool_take(&self->loop->pool, pool_class);
    struct gri_actor_extra *extra = completions == NULL ? NULL : gri_actor_extra(self);
    if (completions == NULL) return NULL;
    *completions = (struct gr_completions){.obligation.drop = drop, .owner = self, .size = size};
    gri_list_init(&completions->done);
    if (extra == NULL) {
        free_memory(self, completions);
        return NULL;
    }
    gri_list_push_back(&extra->obligations, &completions->obligation.node);
    return completions;
}

gr_completions *gr_as_completed(gr_actor *self, gr_future *const *futures, size_t count)
{
    if (self == NULL) {
        gri_fail(NULL, GR_ECONTEXT, "gr_as_completed: only an actor can wait for several futures");
        return NULL;
    }
    if (futures == NULL && count != 0) {
        gri_fail(self, GR_EINVALID, "gr_as_completed: there is no array of futures");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (futures[i] == NULL || (!futures[i]->is_foreign && futures[i]->owner == self)) continue;
        gri_fail(self, GR_ECONTEXT, "gr_as_completed: a future belongs to somebody else");
        return NULL;
    }
    struct gr_completions *completions = create(self, count);
    if (completions == NULL) {
        gri_fail(self, GR_ENOMEM, "gr_as_completed: no memory");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (futures[i] == NULL) continue;
        completions->entries[completions->count++] = (struct entry){
            .listener = {.tell = tell, .future = futures[i]}, .completions = completions};
    }
    listen(completions);
    return completions;
}

int gr_next_done(gr_actor *self, gr_completions *completions, gr_future **future, gr_time deadline)
{
    *future = NULL;
    if (completions == NULL || completions->owner != self || deadline < 0)
        return gri_fail(self, GR_EINVALID, "gr_next_done: a negative deadline, or nothing to take from");
    int error = 0;
    if (gri_list_is_empty(&completions->done) && completions->left != 0 && deadline != 0)
        error = gri_may_wait(self, deadline, "gr_next_done");
    if (error != 0) return error;
    if (deadline != 0) error = wait_next(self, completions, deadline);
    if (completions->is_released) {
        drop(self, &completions->obligation);
        if (error == GR_ECANCELLED || error == GR_EKILLED) return error; /* told once: it may not be lost */
        return gri_fail(self, GR_ENOTFOUND, "gr_next_done: a callback released what it takes from");
    }
    struct gri_list_node *node = gri_list_first(&completions->done);
    if (node == NULL && error == 0) error = completions->left != 0 ? GR_ETIMEOUT : GR_ENOTFOUND;
    if (node == NULL || (error != 0 && error != GR_ETIMEOUT)) return gri_told(self, error);
    struct gri_listener *listener = GRI_CONTAINER_OF(node, struct gri_listener, node);
    *future = listener->future;
    gri_list_remove(node);
    gri_listener_remove(listener);
    listener->future = NULL;
    return 0;
}

void gr_completions_release(gr_completions *completions)
{
    if (completions == NULL) return;
    if (completions->is_waiting) {
        completions->is_released = true;
        gri_actor_wake(completions->owner);
    } else {
        drop(completions->owner, &completions->obligation);
    }
}
