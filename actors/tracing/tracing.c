/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of what actors do. The clock is read for each: traced times are exact to what the clock can tell. */
#include "actors/tracing/tracing.h"

#include "observe/counters.h"

gr_time gri_trace_now(struct gri_loop *loop)
{
    return gri_clock_now(loop->clock);
}

static const char *who_is(const struct gr_actor *actor)
{
    const struct gri_dispatch *dispatch = gri_actor_dispatch(actor);
    return dispatch == NULL ? NULL : dispatch->behaviour->name;
}

static const char *type_name(uint32_t id)
{
    const struct gr_type *type = gri_type_by_id(id);
    return type == NULL ? NULL : type->name;
}

static const char *mail_name(const struct gri_message *m)
{
    switch ((enum gri_mail_kind)m->kind) {
    case GRI_MAIL_USER:
        return type_name(m->type);
    case GRI_MAIL_START:
        return "start";
    case GRI_MAIL_DOWN:
        return "down";
    case GRI_MAIL_ROOM:
        return "room";
    case GRI_MAIL_STOP:
        return "stop";
    default:
        return "signal";
    }
}

/* The arrow to a message: from actors only, whose sends are all traced. An address is one message's until it is freed,
 * which is when it has been handled or is a dead letter: both end the arrow. */
static uint64_t flow_of(const struct gri_message *m)
{
    return m->kind == GRI_MAIL_USER && m->sender_generation != 0 ? (uintptr_t)m : 0;
}

static struct gri_span span_of(const struct gr_actor *self, const struct gri_message *m)
{
    return (struct gri_span){.at = gri_trace_now(self->loop),
                             .name = mail_name(m),
                             .who = who_is(self),
                             .number = flow_of(m),
                             .slot = self->slot,
                             .kind = m->kind == GRI_MAIL_USER ? GRI_SPAN_HANDLE : GRI_SPAN_SIGNAL};
}

/* Messages that were not handled: a dead letter, or set aside until later. Such a slice does not count as handled. */
static uint64_t unhandled_of(const struct gri_loop *loop)
{
    return gri_counter_read(&loop->counters, GRI_COUNTER_DEAD_UNHANDLED) +
           gri_counter_read(&loop->counters, GRI_COUNTER_STASHED);
}

void gri_trace_before(const struct gr_actor *self, const struct gri_message *m, struct gri_traced *traced)
{
    traced->span = span_of(self, m);
    traced->unhandled = unhandled_of(self->loop);
}

void gri_trace_after(const struct gr_actor *self, const struct gri_traced *traced)
{
    struct gri_loop *loop = self->loop;
    struct gri_span span = traced->span;
    if (unhandled_of(loop) != traced->unhandled) span.kind = GRI_SPAN_SIGNAL;
    span.took = gri_trace_now(loop) - span.at;
    gri_tracer_add(loop->tracer, &span);
}

/* ---- coroutines ---- */

void gri_trace_received(const struct gr_actor *self, const struct gri_message *m)
{
    gri_trace_received_over(self->loop);
    self->loop->tracer->open = span_of(self, m);
    self->loop->tracer->has_open = true;
    self->loop->tracer->unhandled = unhandled_of(self->loop);
}

void gri_trace_received_over(struct gri_loop *loop)
{
    struct gri_tracer *tracer = loop->tracer;
    if (!tracer->has_open) return;
    tracer->has_open = false;
    if (unhandled_of(loop) != tracer->unhandled) tracer->open.kind = GRI_SPAN_SIGNAL;
    tracer->open.took = gri_trace_now(loop) - tracer->open.at;
    gri_tracer_add(tracer, &tracer->open);
}

static const char *wait_name(enum gri_wait wait)
{
    switch (wait) {
    case GRI_WAIT_MAIL:
        return "waits for mail";
    case GRI_WAIT_FUTURE:
        return "waits for a future";
    case GRI_WAIT_TIME:
        return "sleeps";
    case GRI_WAIT_ROOM:
        return "waits for room";
    case GRI_WAIT_NOTHING:
    case GRI_WAIT_TURN:
        break;
    }
    return NULL; /* it did not wait */
}

gr_time gri_trace_turn_begins(const struct gr_actor *self)
{
    gr_time now = gri_trace_now(self->loop);
    const struct gri_actor_extra *extra = self->extra; /* NULL before its first turn */
    const char *wait = extra == NULL ? NULL : wait_name(extra->wait);
    if (wait == NULL) return now;
    struct gri_span span = {.at = extra->wait_began,
                            .took = now - extra->wait_began,
                            .name = wait,
                            .who = who_is(self),
                            .slot = self->slot,
                            .kind = GRI_SPAN_WAIT};
    gri_tracer_add(self->loop->tracer, &span);
    return now;
}

void gri_trace_turn_ends(const struct gr_actor *self, gr_time began)
{
    struct gri_loop *loop = self->loop;
    gri_trace_received_over(loop);
    gr_time now = gri_trace_now(loop);
    struct gri_span span = {
        .at = began, .took = now - began, .who = who_is(self), .slot = self->slot, .kind = GRI_SPAN_TURN};
    if (self->extra != NULL) self->extra->wait_began = now;
    gri_tracer_add(loop->tracer, &span);
}

/* ---- moments ---- */

/* Adds a send, and returns it. */
static struct gri_span add_send(struct gri_loop *loop, const struct gri_message *m)
{
    struct gri_span span = {.at = gri_trace_now(loop),
                            .name = type_name(m->type),
                            .number = flow_of(m),
                            .slot = m->to_slot,
                            .kind = GRI_SPAN_SEND};
    gri_tracer_add(loop->tracer, &span);
    return span;
}

void gri_trace_send(struct gri_loop *loop, const struct gri_message *m)
{
    (void)add_send(loop, m);
}

void gri_trace_timer(struct gri_loop *loop, const struct gri_message *m)
{
    struct gri_span span = add_send(loop, m);
    span.took = gri_trace_now(loop) - span.at;
    span.name = "timer";
    span.slot = m->sender_slot;
    span.kind = GRI_SPAN_SIGNAL;
    gri_tracer_add(loop->tracer, &span);
}

void gri_trace_injected(struct gri_loop *loop, const struct gri_message *m)
{
    if (m->kind != GRI_MAIL_USER && m->kind != GRI_MAIL_START) return;
    bool is_spawn = m->kind == GRI_MAIL_START;
    struct gri_span span = {.at = gri_trace_now(loop),
                            .name = is_spawn ? gri_spawn_behaviour(m)->name : type_name(m->type),
                            .number = is_spawn ? loop->index : 0,
                            .slot = m->to_slot,
                            .kind = is_spawn ? GRI_SPAN_SPAWN : GRI_SPAN_SEND};
    gri_tracer_add(loop->tracer, &span);
}

void gri_trace_spawn(struct gri_loop *loop, const struct gr_behaviour *behaviour, gr_ref ref)
{
    const struct gr_system *system = gri_loop_system(loop);
    const struct gr_actor *actor = &gri_slots_chunk(
        &system->slots, ref.slot / GRI_SLOTS_PER_CHUNK)[ref.slot % GRI_SLOTS_PER_CHUNK];
    struct gri_span span = {.at = gri_trace_now(loop),
                            .name = behaviour->name,
                            .number = gri_load(&actor->home, GRI_RELAXED),
                            .slot = ref.slot,
                            .kind = GRI_SPAN_SPAWN};
    gri_tracer_add(loop->tracer, &span);
}

void gri_trace_end(struct gri_loop *loop, const char *who, uint32_t slot, int reason, gr_time began)
{
    struct gri_span span = {.at = began,
                            .took = gri_trace_now(loop) - began,
                            .who = who,
                            .number = (uint64_t)(int64_t)reason,
                            .slot = slot,
                            .kind = GRI_SPAN_END};
    gri_tracer_add(loop->tracer, &span);
}

void gri_trace_dead(struct gri_loop *loop, const struct gri_message *m, const char *type, uint32_t slot,
                    enum gr_dead_letter cause)
{
    struct gri_span span = {.at = gri_trace_now(loop),
                            .name = type,
                            .who = gri_counter_name((unsigned)(GRI_COUNTER_DEAD_STALE + cause)),
                            .number = m != NULL ? flow_of(m) : 0,
                            .slot = slot,
                            .kind = GRI_SPAN_DEAD};
    gri_tracer_add(loop->tracer, &span);
}
