/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of an actor (G11): its own end handler, its obligations, its mail, who watches it, its slot, in that order.
 * The generation changes last but before the slot is free, so what arrives later is stale.
 */
#include "actors/mail/mail.h"
#include "actors/tasks/task.h"
#include "actors/tracing/tracing.h"
#include "observe/trace.h"

#include <greenroom/log.h>

static void drop_obligations(struct gr_actor *actor)
{
    struct gri_list_node *node;
    while ((node = gri_list_first(&actor->extra->obligations)) != NULL) {
        struct gri_obligation *obligation = GRI_CONTAINER_OF(node, struct gri_obligation, node);
        obligation->drop(actor, obligation);
    }
}

/* Empties the mailbox: user messages are dead letters, which also fails their requests. */
static void drain(struct gr_actor *actor, int reason)
{
    for (;;) {
        bool room = false;
        struct gri_message *m = gri_mailbox_pop(&actor->mailbox, &room);
        if (m == NULL) return;
        if (m->kind == GRI_MAIL_USER)
            gri_dead_letter(actor->loop, m, gri_actor_ref(actor), GR_DEAD_DOWN);
        else if (m->kind == GRI_MAIL_START)
            gri_start_end(actor, m, reason);
        else
            gri_message_dispose(actor->loop, m);
    }
}

static void free_state(struct gr_actor *actor)
{
    const struct gri_dispatch *dispatch = gri_actor_dispatch(actor);
    uint32_t size = dispatch->behaviour->state_size;
    unsigned pool_class = gri_pool_class(size);
    if (pool_class == GRI_POOL_LARGE)
        gri_pool_give_large(&actor->loop->pool, actor->state, size);
    else
        gri_pool_give(&actor->loop->pool, actor->state, pool_class);
    actor->state = NULL;
}

/* ---- failures that nobody is told of ---- */

#define FAILURES_MAX 10u /* lines in a second; a crowd that fails together says the same */

/* Whether a monitor or link is told of the end, a future of a task's, or gr_run of its root's. */
static bool is_watched(const struct gr_actor *actor, const struct gr_behaviour *behaviour)
{
    if (behaviour->task != NULL || behaviour == gri_loop_system(actor->loop)->root) return true;
    const struct gri_list_node *first = actor->notices, *node = first;
    if (first == NULL) return false;
    do {
        const struct gri_watch_notice *notice = GRI_CONTAINER_OF(node, const struct gri_watch_notice, node);
        if (gri_envelope_of((void *)notice)->kind != GRI_MAIL_NOTIFY_ROOM) return true;
        node = node->next;
    } while (node != first);
    return false;
}

/* Whether there is a line left in this second; the one after the last says that there is none. */
static bool may_log(struct gri_loop *loop)
{
    struct gri_loop_actors *actors = loop->local;
    if (actors->failures == 0 || loop->now - actors->failures_since >= gr_seconds(1)) {
        actors->failures_since = loop->now;
        actors->failures = 0;
    }
    if (actors->failures++ == FAILURES_MAX)
        gr_log(GR_LOG_WARNING, "more actors failed in this second that nobody watches: see their monitors");
    return actors->failures <= FAILURES_MAX;
}

/* An actor failed that nobody watches: without a line in the log its failure would be lost. */
static void log_failure(const struct gr_actor *actor, const struct gr_behaviour *behaviour, int reason)
{
    if (gri_load(&gri_loop_system(actor->loop)->stopping, GRI_RELAXED) || is_watched(actor, behaviour))
        return;
    if (!gr_log_shows(GR_LOG_WARNING) || !may_log(actor->loop)) return;
    char who[GRI_ACTOR_TEXT];
    const char *text = gri_error_text_of(actor, reason);
    gr_log(GR_LOG_WARNING, "actor %s failed, and nobody watches it: reason %d (%s): %s",
           gri_describe_actor(actor, who), reason, reason < 0 ? gr_error_name(reason) : "its own",
           text != NULL ? text : gr_error_text(reason));
}

/* Whether it failed: it was neither ended on purpose, nor asked to end. */
static bool has_failed(const struct gr_actor *actor, int reason)
{
    return reason != 0 && reason != GR_EKILLED && reason != GR_ESTOPPED &&
           !(actor->control & GRI_CONTROL_STOP);
}

/* ---- the end ---- */

/* Puts the slot back to rest under the next generation. */
static void free_slot(struct gr_actor *actor)
{
    struct gri_loop *loop = actor->loop;
    struct gri_loop_actors *actors = loop->local;
    gri_store(&actor->dispatch, NULL, GRI_RELAXED);
    /* Read by senders as a hint; what is on the way is checked again on this loop. */
    gri_store(&actor->generation, gri_load(&actor->generation, GRI_RELAXED) + 1, GRI_RELAXED);
    actor->busy = GRI_BUSY_UNBORN;
    actor->control = 0;
    actor->flags = 0;
    actor->reason = 0;
    gri_mailbox_init(&actor->mailbox);
    gri_slot_chain_push(&actors->free, actor);
}

static void release_holder(struct gr_system *system)
{
    /* Publishes what the last holder did to whoever then stops the system. */
    if (gri_fetch_sub(&system->holders, 1, GRI_ACQ_REL) == 1 && system->no_holder != NULL)
        system->no_holder(system);
}

void gri_actor_end(struct gr_actor *actor, int reason)
{
    struct gri_loop *loop = actor->loop;
    const struct gri_dispatch *dispatch = gri_actor_dispatch(actor);
    bool holds_exit = (actor->flags & GRI_ACTOR_HOLDS_EXIT) != 0;
    actor->flags |= reason == 0 ? GRI_ACTOR_ENDING : GRI_ACTOR_ENDING | GRI_ACTOR_FAILED;
    actor->busy = GRI_BUSY_SCHEDULED; /* it is never scheduled again, whatever arrives */
    gri_trace(loop->events, loop->now, GRI_TRACE_END, actor->slot, (uint64_t)(int64_t)reason, 0);
    if (dispatch != NULL && has_failed(actor, reason)) log_failure(actor, dispatch->behaviour, reason);
    const char *name = dispatch == NULL ? NULL : dispatch->behaviour->name;
    gr_time began = loop->tracer == NULL ? 0 : gri_trace_now(loop);
    gri_actor_finish_current(actor);
    if (dispatch != NULL && dispatch->end != NULL && (actor->flags & GRI_ACTOR_STARTED))
        dispatch->end(actor, actor->state, &reason);
    struct gri_actor_extra *extra = actor->extra;
    if (extra != NULL) {
        if (extra->name != NULL)
            gri_actor_free_name(actor); /* before anyone is told, and be it by a request that ends */
        if (extra->start != NULL) gri_start_end(actor, extra->start, reason);
        drop_obligations(actor);
        if (extra->stash != NULL || extra->saved != NULL) gri_actor_put_back(actor);
        gri_coroutine_destroy(extra->coroutine); /* the future of a call may have lain on its stack */
        extra->coroutine = NULL;
    }
    if (actor->mailbox.head != NULL) drain(actor, reason);
    if (actor->notices != NULL) {
        gri_actor_tell_end(actor, reason);
        drain(actor, reason); /* it may have watched itself */
    }
    gri_actor_free_extra(actor);
    if (actor->state != NULL) free_state(actor);
    free_slot(actor);
    if (loop->tracer != NULL) gri_trace_end(loop, name, actor->slot, reason, began);
    /* Publishes the spawns that this loop knows of before the end; acquired by gri_system_living. */
    gri_atomic_u64 *ended = &loop->counters.values[GRI_COUNTER_ENDED];
    gri_store(ended, gri_load(ended, GRI_RELAXED) + 1, GRI_RELEASE);
    if (holds_exit) release_holder(gri_loop_system(loop));
}
