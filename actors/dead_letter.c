/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: messages that can't be delivered. Each is counted by cause, its request ends, its memory goes home. */
#include "actors/actor.h"
#include "messages/visit.h"

int gri_dead_letter_error(enum gr_dead_letter cause)
{
    switch (cause) {
    case GR_DEAD_FULL:
        return GR_EFULL;
    case GR_DEAD_UNHANDLED:
        return GR_EUNHANDLED;
    case GR_DEAD_NO_MEMORY:
        return GR_ENOMEM;
    case GR_DEAD_SYSTEM:
        return GR_ESYSTEM;
    case GR_DEAD_STOPPED:
        return GR_ESTOPPED;
    case GR_DEAD_EXPIRED:
        return GR_ETIMEOUT;
    case GR_DEAD_STALE:
        return GR_ESTALE;
    case GR_DEAD_DOWN:
    case GR_DEAD_LATE_REPLY:
    case GR_DEAD_LETTER_COUNT:
        break;
    }
    return GR_EDOWN;
}

enum gr_dead_letter gri_dead_letter_cause(int error)
{
    switch (error) {
    case GR_EFULL:
    case GR_ETIMEOUT: /* there was no room in time */
        return GR_DEAD_FULL;
    case GR_ENOMEM:
        return GR_DEAD_NO_MEMORY;
    case GR_ESYSTEM:
        return GR_DEAD_SYSTEM;
    case GR_ESTOPPED:
        return GR_DEAD_STOPPED;
    case GR_EKILLED:
        return GR_DEAD_DOWN; /* the sender was killed while it waited for room */
    default:
        return GR_DEAD_STALE;
    }
}

static void count(struct gr_system *system, struct gri_loop *loop, enum gr_dead_letter cause)
{
    if (loop != NULL)
        gri_count(&loop->counters, (enum gri_counter)(GRI_COUNTER_DEAD_STALE + cause), 1);
    else if (system != NULL)
        gri_fetch_add(&system->dead_letters[cause], 1, GRI_RELAXED); /* a number; publishes nothing */
}

void gri_message_dispose(struct gri_loop *loop, struct gri_message *m)
{
    if (m->flags & GRI_MAIL_HEAVY) {
        const struct gr_type *type = gri_type_by_id(m->type);
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, m->payload);
    }
    gri_loop_free_message(loop, m);
}

void gri_dead_letter(struct gri_loop *loop, struct gri_message *m, enum gr_dead_letter cause)
{
    count(gri_loop_system(loop), loop, cause);
    struct gri_message *reply = m->reply;
    gri_message_dispose(loop, m);
    if (reply != NULL) gri_request_end(loop, reply, gri_dead_letter_error(cause));
}

void gri_dead_message(struct gr_system *system, struct gri_loop *loop, const struct gr_type *type,
                      const void *message, enum gr_dead_letter cause)
{
    count(system, loop, cause);
    if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
}
