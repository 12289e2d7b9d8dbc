/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that are sent later, once or again and again, by timers of an actor, which end with it. */
#include "actors/admission.h"
#include "messages/visit.h"

#include <greenroom/timer.h>

/* A timer with its message. */
struct delayed {
    struct gri_obligation obligation; /* its place and name */
    struct gri_timer timer;           /* in the loop's wheel */
    struct gr_actor *owner;           /* whose */
    gr_ref to;                        /* where the message goes */
    struct gri_message *message;      /* what is sent; by a periodic timer, copies of it */
    gr_time interval;                 /* of a periodic timer; else 0 */
};

static void free_delayed(struct delayed *delayed)
{
    gri_handles_remove(&delayed->owner->extra->handles, delayed->obligation.handle);
    gri_list_remove(&delayed->obligation.node);
    gri_pool_give(&delayed->owner->loop->pool, delayed, gri_pool_class(sizeof *delayed));
}

/* Sends without a sender that could wait, rest or be told: what is refused becomes a dead letter. Returns the error. */
static int send_due(struct gri_loop *loop, gr_ref to, struct gri_message *m)
{
    struct gri_target target;
    enum gri_verdict verdict = GRI_ACCEPT;
    int error = gri_look(loop, to, &target, &verdict);
    if (error == 0 && (verdict == GRI_DROP_NEWEST || verdict == GRI_REJECT)) error = GR_EFULL;
    if (error != 0) {
        gri_dead_letter(loop, m, to, gri_dead_letter_cause(error));
        return error;
    }
    gri_count(&loop->counters, GRI_COUNTER_SENT, 1);
    m->to_slot = to.slot;
    if (loop->tracer != NULL) gri_trace_timer(loop, m);
    gri_post(loop, to, m);
    return 0;
}

static void drop_delayed(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct delayed *delayed = GRI_CONTAINER_OF(obligation, struct delayed, obligation);
    gri_loop_disarm(owner->loop, &delayed->timer);
    gri_message_dispose(owner->loop, delayed->message);
    free_delayed(delayed);
}

/* The first due time after now: a multiple of the interval from the start on, whatever was missed. */
static gr_time next_due(gr_time due, gr_time interval, gr_time now)
{
    if (now - due >= interval) due += (now - due) / interval * interval;
    return gri_clock_after(due, interval);
}

/* Sends a copy. Returns why not, if that is so. */
static int send_copy(struct gri_loop *loop, const struct delayed *delayed)
{
    const struct gri_message *kept = delayed->message;
    const struct gr_type *type = gri_type_by_id(kept->type);
    struct gri_message *m = gri_new_user_message(delayed->owner, type, kept->payload);
    gri_message_hold(type, kept->payload);
    if (m != NULL) return send_due(loop, delayed->to, m);
    gri_dead_message(delayed->owner, delayed->to, type, kept->payload, GR_DEAD_NO_MEMORY);
    return GR_ENOMEM;
}

static void fire_again(struct gri_loop *loop, struct delayed *delayed)
{
    gr_time due = next_due(delayed->timer.deadline_ns, delayed->interval, loop->now);
    gri_timer_wheel_arm(&loop->timers, &delayed->timer, due);
    int error = send_copy(loop, delayed);
    if (error == GR_ESTALE || error == GR_ESYSTEM) drop_delayed(delayed->owner, &delayed->obligation);
}

static void fire(struct gri_timer *timer, void *context)
{
    struct delayed *delayed = GRI_CONTAINER_OF(timer, struct delayed, timer);
    if (delayed->interval != 0) {
        fire_again(context, delayed);
        return;
    }
    struct gri_message *m = delayed->message;
    gr_ref to = delayed->to;
    free_delayed(delayed);
    (void)send_due(context, to, m);
}

/* Arms a timer with its message. Errors: GR_ENOMEM. */
static int arm(gr_actor *self, gr_ref to, gr_time delay, gr_time interval, uint64_t *timer,
               const struct gr_type *type, const void *message)
{
    struct gri_loop *loop = self->loop;
    struct gri_actor_extra *extra = gri_actor_extra(self);
    struct gri_message *m = gri_new_user_message(self, type, message);
    struct delayed *delayed = gri_pool_take(&loop->pool, gri_pool_class(sizeof *delayed));
    if (extra == NULL || m == NULL || delayed == NULL) goto fail;
    *delayed = (struct delayed){
        .obligation.drop = drop_delayed, .owner = self, .to = to, .message = m, .interval = interval};
    delayed->timer.fire = fire;
    delayed->obligation.handle = gri_handles_add(&extra->handles, &loop->pool, &delayed->obligation);
    if (delayed->obligation.handle == 0) goto fail;
    gri_list_push_back(&extra->obligations, &delayed->obligation.node);
    gri_loop_arm(loop, &delayed->timer, delay);
    if (timer != NULL) *timer = delayed->obligation.handle;
    return 0;

fail:
    if (m != NULL) gri_loop_free_message(loop, m);
    if (delayed != NULL) gri_pool_give(&loop->pool, delayed, gri_pool_class(sizeof *delayed));
    return gri_fail(self, GR_ENOMEM, "no memory for a timer");
}

int gri_send_after(gr_actor *self, gr_ref to, gr_time delay, uint64_t *timer, const struct gr_type *type,
                   const void *message)
{
    if (timer != NULL) *timer = 0;
    if (delay < 0 || type->id == 0)
        return gri_fail(self, GR_EINVALID, "gr_send_after: a negative delay, or a bad type");
    return arm(self, to, delay, 0, timer, type, message);
}

int gri_send_every(gr_actor *self, gr_ref to, gr_time interval, uint64_t *timer, const struct gr_type *type,
                   const void *message)
{
    if (timer != NULL) *timer = 0;
    if (interval <= 0 || type->id == 0)
        return gri_fail(self, GR_EINVALID, "gr_send_every: the interval is not positive, or a bad type");
    return arm(self, to, interval, interval, timer, type, message);
}

int gr_timer_cancel(gr_actor *self, uint64_t timer)
{
    struct gri_obligation *obligation = self->extra == NULL ? NULL
                                                            : gri_handles_find(&self->extra->handles, timer);
    if (obligation == NULL || obligation->drop != drop_delayed)
        return gri_fail(self, GR_ENOTFOUND, "gr_timer_cancel: it has ended, or there is no such timer");
    drop_delayed(self, obligation);
    return 0;
}
