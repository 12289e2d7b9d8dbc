/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: messages that can't be delivered. Each is counted by cause, its request ends, its memory goes home. */
#include "actors/requests/requests.h"
#include "actors/tasks/task.h"
#include "actors/tracing/tracing.h"
#include "messages/visit.h"
#include "observe/trace.h"

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
    case GR_ETIMEOUT:   /* there was no room in time */
    case GR_ECANCELLED: /* a request's wait for room was cancelled */
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

/* Counts one on a loop, and reports it to who wants to hear of it. `m` is NULL where none was sent; `type` is NULL where no
 * message came: a blocking job's end, or an error. */
static void note(struct gri_loop *loop, const struct gri_message *m, gr_ref from, gr_ref to,
                 const struct gr_type *type, enum gr_dead_letter cause)
{
    struct gr_system *system = gri_loop_system(loop);
    gri_count(&loop->counters, (enum gri_counter)(GRI_COUNTER_DEAD_STALE + cause), 1);
    gri_trace(loop->events, loop->now, GRI_TRACE_DEAD, to.slot, type == NULL ? 0 : type->id, cause);
    if (loop->tracer != NULL) gri_trace_dead(loop, m, type == NULL ? "reply" : type->name, to.slot, cause);
    if (__builtin_expect(gri_subscribers_any(&system->letters), 0))
        gri_report_dead_letter(system, loop, from, to, type, cause);
}

void gri_message_dispose(struct gri_loop *loop, struct gri_message *m)
{
    if (m->flags & GRI_MAIL_HEAVY) {
        const struct gr_type *type = gri_type_by_id(m->type);
        if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, m->payload);
    }
    gri_loop_free_message(loop, m);
}

/* What follows the note of an envelope. */
static void end_letter(struct gri_loop *loop, struct gri_message *m, enum gr_dead_letter cause)
{
    struct gri_message *reply = m->reply;
    gri_message_dispose(loop, m);
    if (reply != NULL) gri_request_end(loop, reply, gri_dead_letter_error(cause));
}

void gri_dead_letter(struct gri_loop *loop, struct gri_message *m, gr_ref to, enum gr_dead_letter cause)
{
    note(loop, m, gri_message_sender(m), to, gri_type_by_id(m->type), cause);
    end_letter(loop, m, cause);
}

void gri_dead_send(struct gri_loop *loop, struct gri_message *m, gr_ref to, int error)
{
    enum gr_dead_letter cause = error == 0 ? GR_DEAD_FULL : gri_dead_letter_cause(error);
    note(loop, NULL, gri_message_sender(m), to, gri_type_by_id(m->type), cause);
    end_letter(loop, m, cause);
}

void gri_dead_message(struct gr_actor *self, gr_ref to, const struct gr_type *type, const void *message,
                      enum gr_dead_letter cause)
{
    note(self->loop, NULL, gri_actor_ref(self), to, type, cause);
    if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
}

void gri_foreign_dead_message(struct gr_system *system, gr_ref to, const struct gr_type *type,
                              const void *message, enum gr_dead_letter cause)
{
    if (system != NULL) {
        gri_fetch_add(&system->dead_letters[cause], 1, GRI_RELAXED); /* a number; publishes nothing */
        if (gri_subscribers_any(&system->letters))
            gri_report_dead_letter(system, NULL, (gr_ref){0, 0, 0}, to, type, cause);
    }
    if (type->flags & GRI_TYPE_COUNTED) gr_message_release(type, message);
}

void gri_late_reply(struct gri_loop *loop, const struct gri_message *reply)
{
    gr_ref nobody = {0, 0, 0};
    gr_ref asker = {loop->desk.seat, reply->to_slot, reply->to_generation};
    note(loop, reply, nobody, reply->flags & GRI_MAIL_FOREIGN ? nobody : asker, gri_type_by_id(reply->type),
         GR_DEAD_LATE_REPLY);
    if (reply->flags & GRI_MAIL_TASK) gri_task_failed_late(loop, reply);
}
