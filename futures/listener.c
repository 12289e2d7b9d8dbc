/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of those who listen to a future: short, so it is walked. */
#include "futures/future.h"

void gri_listener_add(struct gr_future *future, struct gri_listener *listener)
{
    struct gri_listener **place = &future->listeners;
    while (*place != NULL) place = &(*place)->next;
    listener->future = future;
    listener->next = NULL;
    *place = listener;
}

void gri_listener_remove(struct gri_listener *listener)
{
    struct gri_listener **place = &listener->future->listeners;
    while (*place != listener) place = &(*place)->next;
    *place = listener->next;
    listener->next = NULL;
}

void gri_listeners_tell_done(struct gr_future *future)
{
    struct gri_listener *listener = future->listeners;
    while (listener != NULL) {
        struct gri_listener *next = listener->next;
        listener->tell(listener, true);
        listener = next;
    }
}

void gri_listeners_drop(struct gr_future *future, void (*keep)(struct gri_listener *, bool))
{
    struct gri_listener **place = &future->listeners;
    while (*place != NULL) {
        struct gri_listener *listener = *place;
        if (keep != NULL && listener->tell == keep) {
            place = &listener->next;
            continue;
        }
        *place = listener->next;
        listener->next = NULL;
        listener->tell(listener, false);
    }
}
