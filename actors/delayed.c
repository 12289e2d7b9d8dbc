/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that are sent later, once or again and again, by timers of an actor, which end with it.
 *
 * Of a million timers each is found in cold memory, so the usual one is a single block: the envelope, as it will be sent,
 * and the record at the block's end, behind the payload. What is unusual has a record of its own: a timer that repeats,
 * a message that is too large for this, a receiver of another system.
 */
#include "actors/admission.h"
#include "messages/visit.h"

#include <greenroom/timer.h>

/* What all timers of messages have; alone, it lies in the envelope's block, `timer.mark` bytes after its beginning. */
struct delayed {
    struct gri_obligation obligation; /* its place, and name if the program wants to know it */
    struct gri_timer timer;           /* in the loop's wheel; last, so that it is in one cache line */
};

/* One with a block of its own. */
struct apart {
    struct delayed delayed;      /* what all have */
    struct gr_actor *owner;      /* whose */
    gr_ref to;                   /* where the message goes */
    struct gri_message *message; /* what is sent; by a periodic timer, copies of it */
    gr_time interval;            /* of a periodic timer; else 0 */
};

static struct delayed *delayed_of(struct gri_timer *timer)
{
    return GRI_CONTAINER_OF(timer, struct delayed, timer);
}

static struct apart *apart_of(struct delayed *delayed)
{
    return GRI_CONTAINER_OF(delayed, struct apart, delayed);
}

/* The envelope in whose block the record is. */
static struct gri_message *envelope_of(struct delayed *delayed)
{
    return (struct gri_message *)(void *)((char *)delayed - delayed->timer.mark);
}

/* Its actor forgets a timer. */
static void forget(struct gr_actor *owner, struct delayed *delayed)
{
    gri_handles_remove(&owner->extra->handles, delayed->obligation.handle);
    gri_list_remove(&delayed->obligation.node);
}

static void free_apart(struct apart *apart)
{
    forget(apart->owner, &apart->delayed);
    gri_pool_give(&apart->owner->loop->pool, apart, gri_pool_class(sizeof *apart));
}

/* Sends without a sender that could wait, rest or be told: what is refused becomes a dead letter. Returns the error. */
static int send_due(struct gri_loop *loop, gr_ref to, struct gri_message *m)
{
    struct gri_target target;
    enum gri_verdict verdict = GRI_ACCEPT;
    int error = gri_look(loop, to, &target, &verdict);
    if (__builtin_expect(error == 0 && verdict == GRI_ACCEPT && loop->tracer == NULL, 1)) {
        gri_put(loop, &target, to.generation, m);
        return 0;
    }
    if (error == 0 && (verdict == GRI_DROP_NEWEST || verdict == GRI_REJECT)) error = GR_EFULL;
    if (error != 0) {
        gri_dead_send(loop, m, to, error);
        return error;
    }
    gri_count(&loop->counters, GRI_COUNTER_SENT, 1);
    m->to_slot = to.slot;
    if (loop->tracer != NULL) gri_trace_timer(loop, m);
    gri_post(loop, to, m);
    return 0;
}

static void drop_near(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct delayed *delayed = GRI_CONTAINER_OF(obligation, struct delayed, obligation);
    gri_loop_disarm(owner->loop, &delayed->timer);
    forget(owner, delayed);
    gri_message_dispose(owner->loop, envelope_of(delayed));
}

static void drop_apart(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct apart *apart = apart_of(GRI_CONTAINER_OF(obligation, struct delayed, obligation));
    gri_loop_disarm(owner->loop, &apart->delayed.timer);
    gri_message_dispose(owner->loop, apart->message);
    free_apart(apart);
}

/* The first due time after now: a multiple of the interval from the start on, whatever was missed. */
static gr_time next_due(gr_time due, gr_time interval, gr_time now)
{
    if (now - due >= interval) due += (now - due) / interval * interval;
    return gri_clock_after(due, interval);
}

/* Sends a copy. Returns why not, if that is so. */
static int send_copy(struct gri_loop *loop, const struct apart *apart)
{
    const struct gri_message *kept = apart->message;
    const struct gr_type *type = gri_type_by_id(kept->type);
    struct gri_message *m = gri_new_user_message(apart->owner, type, kept->payload);
    gri_message_hold(type, kept->payload);
    if (m != NULL) return send_due(loop, apart->to, m);
    gri_dead_message(apart->owner, apart->to, type, kept->payload, GR_DEAD_NO_MEMORY);
    return GR_ENOMEM;
}

static void fire_again(struct gri_timer *timer, void *context)
{
    struct gri_loop *loop = context;
    struct apart *apart = apart_of(delayed_of(timer));
    gri_timer_wheel_arm(&loop->timers, timer, next_due(timer->deadline_ns, apart->interval, loop->now));
    int error = send_copy(loop, apart);
    if (error == GR_ESTALE || error == GR_ESYSTEM) drop_apart(apart->owner, &apart->delayed.obligation);
}

static void fire_apart(struct gri_timer *timer, void *context)
{
    struct apart *apart = apart_of(delayed_of(timer));
    struct gri_message *m = apart->message;
    gr_ref to = apart->to;
    free_apart(apart);
    (void)send_due(context, to, m);
}

static void fire_near(struct gri_timer *timer, void *context)
{
    struct gri_loop *loop = context;
    struct delayed *delayed = delayed_of(timer);
    struct gri_message *m = envelope_of(delayed);
    gr_ref to = {loop->desk.seat, m->to_slot, m->to_generation};
    if (delayed->obligation.handle != 0) {
        struct gr_actor *owner = NULL; /* who sends */
        (void)gri_find(&loop->desk, gri_message_sender(m), &owner);
        gri_handles_remove(&owner->extra->handles, delayed->obligation.handle);
    }
    gri_list_remove(&delayed->obligation.node);
    (void)send_due(loop, to, m);
}

/* Makes a record behind its envelope, of a size class that both fit into; NULL when there is no memory. */
static struct delayed *make_near(struct gr_actor *self, gr_ref to, unsigned pool_class,
                                 const struct gr_type *type, const void *message)
{
    struct gri_loop *loop = self->loop;
    struct gri_message *m = gri_pool_take(&loop->pool, pool_class);
    if (m == NULL) return NULL;
    m->header = type->envelope | loop->desk.header;
    m->pool_class = (uint8_t)pool_class;
    m->reply = NULL;
    m->to_slot = to.slot;
    m->to_generation = to.generation;
    m->sender_slot = self->slot;
    m->sender_generation = gri_load(&self->generation, GRI_RELAXED);
    gri_copy_payload(m->payload, message, type->size);
    uint32_t mark = (uint32_t)(gri_pool_class_size(pool_class) - sizeof(struct delayed));
    struct delayed *delayed = (void *)((char *)m + mark);
    *delayed = (struct delayed){.obligation.drop = drop_near, .timer.fire = fire_near, .timer.mark = mark};
    return delayed;
}

static struct delayed *make_apart(struct gr_actor *self, gr_ref to, gr_time interval,
                                  const struct gr_type *type, const void *message)
{
    struct gri_loop *loop = self->loop;
    struct apart *apart = gri_pool_take(&loop->pool, gri_pool_class(sizeof *apart));
    if (apart == NULL) return NULL;
    struct gri_message *m = gri_new_user_message(self, type, message);
    if (m == NULL) {
        gri_pool_give(&loop->pool, apart, gri_pool_class(sizeof *apart));
        return NULL;
    }
    *apart = (struct apart){.delayed.obligation.drop = drop_apart,
                            .delayed.timer.fire = interval == 0 ? fire_apart : fire_again,
                            .owner = self,
                            .to = to,
                            .message = m,
                            .interval = interval};
    return &apart->delayed;
}

/* Frees a record that was just made; the message's counts stay the caller's. */
static void unmake(struct gri_loop *loop, struct delayed *delayed)
{
    if (delayed->obligation.drop == drop_near) {
        gri_loop_free_message(loop, envelope_of(delayed));
        return;
    }
    struct apart *apart = apart_of(delayed);
    gri_loop_free_message(loop, apart->message);
    gri_pool_give(&loop->pool, apart, gri_pool_class(sizeof *apart));
}

/* Arms a timer with its message. Errors: GR_ENOMEM. */
static int arm(gr_actor *self, gr_ref to, gr_time delay, gr_time interval, uint64_t *timer,
               const struct gr_type *type, const void *message)
{
    struct gri_loop *loop = self->loop;
    struct gri_actor_extra *extra = gri_actor_extra(self);
    size_t payload = ((size_t)type->size + 7) & ~(size_t)7;
    unsigned pool_class = gri_pool_class(sizeof(struct gri_message) + payload + sizeof(struct delayed));
    bool is_near = interval == 0 && to.seat == loop->desk.seat && pool_class != GRI_POOL_LARGE;
    if (extra == NULL) goto fail;
    struct delayed *delayed = is_near ? make_near(self, to, pool_class, type, message)
                                      : make_apart(self, to, interval, type, message);
    if (delayed == NULL) goto fail;
    if (timer != NULL) {
        *timer = gri_handles_add(&extra->handles, &loop->pool, &delayed->obligation);
        if (*timer == 0) goto fail_record;
        delayed->obligation.handle = *timer;
    }
    gri_list_push_back(&extra->obligations, &delayed->obligation.node);
    gri_loop_arm(loop, &delayed->timer, delay);
    return 0;

fail_record:
    unmake(loop, delayed);
fail:
    return gri_fail(self, GR_ENOMEM, "no memory for a timer");
}

static int bad_type(gr_actor *self, const char *function, const struct gr_type *type)
{
    return gri_fail(self, GR_EINVALID, "%s: the message %s is not registered", function, type->name);
}

int gri_send_after(gr_actor *self, gr_ref to, gr_time delay, uint64_t *timer, const struct gr_type *type,
                   const void *message)
{
    if (timer != NULL) *timer = 0;
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_send_after: only an actor has timers");
    if (delay < 0) return gri_fail(self, GR_EINVALID, "gr_send_after: the delay is negative");
    if (type->id == 0) return bad_type(self, "gr_send_after", type);
    return arm(self, to, delay, 0, timer, type, message);
}

int gri_send_every(gr_actor *self, gr_ref to, gr_time interval, uint64_t *timer, const struct gr_type *type,
                   const void *message)
{
    if (timer != NULL) *timer = 0;
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_send_every: only an actor has timers");
    if (interval <= 0) return gri_fail(self, GR_EINVALID, "gr_send_every: the interval is not positive");
    if (type->id == 0) return bad_type(self, "gr_send_every", type);
    return arm(self, to, interval, interval, timer, type, message);
}

int gr_timer_cancel(gr_actor *self, uint64_t timer)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_timer_cancel: only an actor has timers");
    struct gri_obligation *obligation = self->extra == NULL ? NULL
                                                            : gri_handles_find(&self->extra->handles, timer);
    if (obligation == NULL || (obligation->drop != drop_near && obligation->drop != drop_apart))
        return gri_fail(self, GR_ENOTFOUND, "gr_timer_cancel: it has ended, or there is no such timer");
    obligation->drop(self, obligation);
    return 0;
}
