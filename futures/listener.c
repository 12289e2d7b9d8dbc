/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of those who listen to a future: it is entered at the last one, whose next is the first. */
#include "futures/future.h"

void gri_listener_add(struct gr_future *future, struct gri_listener *listener)
{
    struct gri_listener *last = future->listeners;
    listener->future = future;
    listener->next = last == NULL ? listener : last->next;
    if (last != NULL) last->next = listener;
    future->listeners = listener;
}

/* Takes out the one behind `before`. */
static void unlink_behind(struct gr_future *future, struct gri_listener *before)
{
    struct gri_listener *listener = before->next;
    before->next = listener->next;
    if (future->listeners == listener) future->listeners = before == listener ? NULL : before;
    listener->next = NULL;
}

/* They mostly leave in the order in which they came, and then this finds the one at once. */
void gri_listener_remove(struct gri_listener *listener)
{
    struct gri_listener *before = listener->future->listeners;
    while (before->next != listener) before = before->next;
    unlink_behind(listener->future, before);
}

void gri_listeners_tell_done(struct gr_future *future)
{
    struct gri_listener *listener = gri_listener_first(future);
    while (listener != NULL) {
        struct gri_listener *next = gri_listener_next(future, listener);
        listener->tell(listener, true);
        listener = next;
    }
}

void gri_listeners_drop(struct gr_future *future, void (*keep)(struct gri_listener *, bool))
{
    struct gri_listener *before = future->listeners, *last = before;
    bool is_last = before == NULL;
    while (!is_last) {
        struct gri_listener *listener = before->next;
        is_last = listener == last;
        if (keep != NULL && listener->tell == keep) {
            before = listener;
            continue;
        }
        unlink_behind(future, before);
        listener->tell(listener, false);
    }
}
