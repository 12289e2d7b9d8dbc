/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines that travel: a request's deadline lies in the envelope of its answer until that is given, so it goes where
 * the right to answer goes, and bounds the requests that are made while the request is handled.
 *
 * It is an absolute time of the monotonic clock, which all loops share. On the asker's own loop it was made from the last
 * reading, which may be old; there the future's timer says it exactly.
 */
#include "actors/requests/requests.h"

#include <greenroom/ask.h>

void gri_request_bound(struct gri_message *reply, gr_time deadline)
{
    if (deadline == GR_FOREVER) return;
    reply->flags |= GRI_MAIL_DEADLINE;
    reply->payload[0] = (uint64_t)deadline; /* the smallest block has room for it */
}

/* The future that waits for an answer, if its actor is on this loop and it is still pending; else NULL. */
static const struct gr_future *pending_here(const struct gri_loop *loop, const struct gri_message *reply)
{
    if (reply->flags & GRI_MAIL_FOREIGN) return NULL;
    const struct gr_system *system = gri_loop_system(loop);
    const struct gr_actor *asker = &gri_slots_chunk(
        &system->slots, reply->to_slot / GRI_SLOTS_PER_CHUNK)[reply->to_slot % GRI_SLOTS_PER_CHUNK];
    if (gri_load(&asker->home, GRI_RELAXED) != loop->index) return NULL;
    if (gri_load(&asker->generation, GRI_RELAXED) != reply->to_generation || asker->extra == NULL)
        return NULL;
    struct gri_obligation *obligation = gri_handles_find(&asker->extra->handles, reply->handle);
    return obligation == NULL ? NULL : GRI_CONTAINER_OF(obligation, struct gr_future, obligation);
}

gr_time gri_request_left(const struct gri_loop *loop, const struct gri_message *reply)
{
    if (!(reply->flags & GRI_MAIL_DEADLINE)) return GR_FOREVER;
    const struct gr_future *future = pending_here(loop, reply);
    if (future != NULL && gri_timer_armed(&future->timer)) return gri_timer_left(&future->timer, loop->now);
    return gri_clock_left(loop->now, (gr_time)reply->payload[0]);
}

void gri_request_leaves(const struct gri_loop *loop, struct gri_message *reply)
{
    gr_time left = gri_request_left(loop, reply);
    if (left != GR_FOREVER) gri_request_bound(reply, gri_clock_after(gri_clock_now(loop->clock), left));
}

void gri_request_deferred(const struct gri_loop *loop, struct gri_message *m, const struct gri_message *reply)
{
    gr_time left = gri_request_left(loop, reply);
    if (left == GR_FOREVER) return;
    m->flags |= GRI_MAIL_DEADLINE;
    m->to_generation = (uint64_t)gri_clock_after(loop->now, left);
}

gr_time gr_time_left(const gr_actor *self)
{
    const struct gri_message *m = self == NULL ? NULL : self->current;
    if (m == NULL) return GR_FOREVER;
    if (m->reply != NULL) return gri_request_left(self->loop, m->reply);
    if (!(m->flags & GRI_MAIL_DEADLINE)) return GR_FOREVER;
    return gri_clock_left(self->loop->now, (gr_time)m->to_generation);
}
