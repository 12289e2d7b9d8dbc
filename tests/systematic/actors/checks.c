/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold after each step of the simulation, when nothing can happen any more, and when the system has stopped. */
#include "tests/systematic/actors/acts.h"

#include <inttypes.h>

/* ---- after each step ---- */

/* A mailbox that drops its oldest keeps its bound also against other loops; the last message may pass it in bytes. */
static void check_bound(int actor)
{
    const struct rp_actor *a = &rp_world.actors[actor];
    uint32_t count;
    uint64_t bytes;
    int loop;
    if (a->role->policy != GR_POLICY_DROP_OLDEST || !rp_mailbox(a->ref, &count, &bytes, &loop)) return;
    if (a->phase != RP_STARTED || a->overfull) return;
    uint64_t heaviest = RP_LARGE_BYTES + 4096;
    if (a->stashes)
        heaviest *= 2; /* it may take one, and set it aside when another has come into its place */
    if (count > rp_bound_messages(a->role) + a->stashes || bytes > rp_bound_bytes(a->role) + heaviest)
        rp_fail(RP_G15, actor, -1, "actor %d drops its oldest but holds %u messages, %" PRIu64 " bytes",
                actor, count, bytes);
}

void rp_check_step(void)
{
    struct rp_world *w = &rp_world;
    for (int i = 0; i < w->actor_count; i++) {
        struct rp_actor *a = &w->actors[i];
        if (a->gone) continue;
        if (rp_exists(a->ref)) {
            check_bound(i);
            continue;
        }
        a->gone = true;
        a->gone_step = rp_world.steps;
        a->gone_at = a->phase == RP_ENDED ? a->ended_at : rp_now();
        rp_note("is gone", i, -1, a->reason);
    }
    rp_poll_all();
    if (rp_has_ties(w->program)) rp_check_names();
}

/* ---- when all is quiet ---- */

/* Somebody with the wait policy is full, so that others may rest or wait. */
bool rp_somebody_is_full(void)
{
    for (int i = 0; i < rp_world.actor_count; i++) {
        const struct rp_actor *a = &rp_world.actors[i];
        uint32_t count;
        uint64_t bytes;
        int loop;
        if (a->role->policy != GR_POLICY_WAIT || !rp_mailbox(a->ref, &count, &bytes, &loop)) continue;
        uint64_t bound = rp_bound_messages(a->role);
        if (count > bound - (bound + 3) / 4 || bytes > rp_bound_bytes(a->role) / 4 * 3) return true;
    }
    return false;
}

/* A call that waits, or that was ended while it did: perhaps for room, before its message was sent. */
static bool is_maybe_unsent(const struct rp_request *r)
{
    bool gave_up = r->error == GR_ETIMEOUT || !r->done;
    return r->error == GR_EKILLED || (r->future == NULL && gave_up && rp_world.waits);
}

/* Messages that an actor was sent and has not handled; *odd: those that perhaps were not sent, or are dead letters. */
static uint64_t unhandled(int actor, uint64_t *odd)
{
    uint64_t count = 0;
    *odd = 0;
    for (int i = 0; i < rp_world.message_count; i++) {
        const struct rp_message *m = &rp_world.messages[i];
        bool unsent = m->request >= 0 && !rp_world.requests[m->request].sent;
        if (m->receiver != actor || !m->accepted || m->dropped || unsent || m->handled >= m->births) continue;
        if (m->timer >= 0 && rp_world.timers[m->timer].interval != 0) {
            bool unsure;
            *odd += rp_ticks(&rp_world.timers[m->timer], &unsure) - m->handled;
            continue;
        }
        bool is_odd = m->type == RP_ODD || m->type == RP_ODD_QUESTION;
        bool is_unsure = m->timer >= 0 ||
                         (m->request >= 0 && is_maybe_unsent(&rp_world.requests[m->request]));
        if (is_unsure || (is_odd && rp_world.actors[actor].role->kind == RP_KIND_TYPED))
            (*odd)++;
        else
            count++;
    }
    return count;
}

static bool is_periodic(const struct rp_message *m)
{
    return m->timer >= 0 && rp_world.timers[m->timer].interval != 0;
}

/* A coroutine that waits for what it chose: that must not be there. */
static void check_chooser(int actor)
{
    const struct rp_actor *a = &rp_world.actors[actor];
    if (a->wait != RP_WAIT_CHOOSE || a->role->policy != GR_POLICY_REJECT) return;
    for (int i = 0; i < rp_world.message_count; i++) {
        const struct rp_message *m = &rp_world.messages[i];
        if (m->receiver != actor || !m->direct || !m->accepted || m->handled != 0 || m->stashed) continue;
        if (m->request < 0 && m->timer < 0 && rp_fits(&a->choice, i))
            rp_fail(RP_G3, actor, i, "message %d waits at actor %d, which has chosen it", i, actor);
    }
}

/* An actor that lives: it has started, and no mail waits that it could handle. */
static void check_living(int actor, bool may_rest)
{
    const struct rp_actor *a = &rp_world.actors[actor];
    uint32_t count;
    uint64_t bytes, odd;
    int loop;
    if (a->phase != RP_STARTED || !rp_mailbox(a->ref, &count, &bytes, &loop)) {
        rp_fail(a->phase == RP_ENDED ? RP_G11 : RP_G7, actor, -1, "actor %d neither runs nor is gone", actor);
        return;
    }
    bool waits_for_mail = a->role->kind != RP_KIND_COROUTINE || a->wait == RP_WAIT_RECEIVE;
    check_chooser(actor);
    if (waits_for_mail && count > rp_stashed(actor) && !(may_rest && a->role->kind != RP_KIND_COROUTINE))
        rp_fail(RP_G3, actor, -1, "%u messages wait at actor %d, which could handle them", count, actor);
    if (a->wait == RP_WAIT_OTHER && !may_rest)
        rp_fail(RP_G15, actor, -1, "actor %d waits for room that is there", actor);
    uint64_t left = unhandled(actor, &odd);
    bool drops = a->role->policy >= GR_POLICY_DROP_NEWEST;
    bool forwards = false;
    for (int i = 0; i < rp_world.message_count; i++)
        forwards |= rp_world.messages[i].births > 1 && !is_periodic(&rp_world.messages[i]);
    if (!drops && !forwards && (count < left || count > left + odd))
        rp_fail(RP_G3, actor, -1, "actor %d has %" PRIu64 " messages to handle, but %u wait", actor, left,
                count);
    if (a->killed) rp_fail(RP_G11, actor, -1, "actor %d was killed and lives", actor);
}

/* Whether the coroutine that waits for a request may wait for ever. */
static void check_pending(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    bool waits = r->asker != RP_OUTSIDE && rp_world.actors[r->asker].wait == RP_WAIT_AWAIT &&
                 rp_world.actors[r->asker].awaited == request;
    if (r->done || r->owner_ended || (r->future == NULL && !waits)) return;
    if (r->asker != RP_OUTSIDE && rp_world.actors[r->asker].gone) return;
    if (r->is_task) return;    /* see rp_check_quiet_task */
    if (r->is_promise) return; /* nobody may set it any more */
    if (r->message < 0) {
        rp_fail(RP_G8, r->asker, -1, "blocking work of request %d never ended", request);
        return;
    }
    const struct rp_message *m = &rp_world.messages[r->message];
    bool certain = !rp_may_fail() && !rp_world.waits;
    if (waits && certain && r->sent && m->accepted && rp_is_cycle(request, 1))
        rp_fail(RP_G8, r->asker, r->message, "request %d is in a cycle that was not found", request);
    if (r->deadline != GR_FOREVER && r->asker != RP_OUTSIDE)
        rp_fail(RP_G8, r->asker, r->message, "request %d passed its deadline", request);
    if (r->answered || r->ignored)
        rp_fail(RP_G8, r->asker, r->message, "request %d was ended by its receiver, but is pending", request);
    if (r->deadline == GR_FOREVER && !rp_exists(m->to))
        rp_fail(RP_G8, r->asker, r->message, "request %d is pending though its receiver is gone", request);
}

static void check_monitor(int monitor)
{
    const struct rp_monitor *m = &rp_world.monitors[monitor];
    const struct rp_actor *watcher = &rp_world.actors[m->watcher];
    uint32_t count;
    uint64_t bytes;
    int loop;
    if (m->ended || m->downs != 0 || watcher->gone || rp_exists(m->ref)) return;
    bool reads = watcher->role->kind != RP_KIND_COROUTINE || watcher->wait == RP_WAIT_RECEIVE;
    if (reads && rp_mailbox(watcher->ref, &count, &bytes, &loop) && !rp_somebody_is_full())
        rp_fail(RP_G6, m->watcher, -1, "monitor %d of actor %d has no down", monitor, m->target);
}

/* A wish whose signal has not come: the target must live and be full, or the watcher does not look. */
static void check_wish(int wish_number)
{
    const struct rp_wish *wish = &rp_world.wishes[wish_number];
    const struct rp_actor *watcher = &rp_world.actors[wish->watcher];
    bool reads = watcher->role->kind != RP_KIND_COROUTINE || watcher->wait == RP_WAIT_RECEIVE;
    if (wish->done || watcher->gone || !reads || rp_somebody_is_full()) return;
    uint32_t count;
    uint64_t bytes;
    int loop;
    if (wish->target >= 0 && rp_mailbox(wish->ref, &count, &bytes, &loop)) {
        const struct rp_role *role = rp_world.actors[wish->target].role;
        uint64_t bound = rp_bound_messages(role);
        bool low = count <= bound - (bound + 3) / 4 && bytes <= rp_bound_bytes(role) / 4 * 3;
        if (!low && role->policy <= GR_POLICY_WAIT) return;
    }
    rp_fail(RP_G15, wish->watcher, -1, "no room signal about actor %d", wish->target);
}

/* Whether a timer has fired, its owner being what it is: 1 yes, 0 no, -1 can't be told. */
static int has_fired(const struct rp_timer *t)
{
    const struct rp_actor *owner = &rp_world.actors[t->owner];
    if (t->fired) return 1;
    if (t->cancelled) return 0;
    if (!owner->gone) return t->due <= rp_now();
    return owner->gone_at < t->due ? 0 : owner->gone_at > t->due ? 1 : -1;
}

static void check_timer(int timer)
{
    const struct rp_timer *t = &rp_world.timers[timer];
    const struct rp_message *m = &rp_world.messages[t->message];
    if (t->interval != 0) return;
    if (has_fired(t) == 0 && !t->cancelled && !rp_world.actors[t->owner].gone)
        rp_fail(RP_G14, t->owner, t->message, "a timer for %lld has not fired", (long long)t->due);
    if (has_fired(t) != 1 || m->receiver < 0 || m->handled != 0 || m->was_stashed) return;
    const struct rp_actor *receiver = &rp_world.actors[m->receiver];
    bool unbounded = receiver->role->messages == 0 && receiver->role->bytes == 0;
    if (receiver->gone || !unbounded || receiver->role->kind == RP_KIND_COROUTINE || rp_world.waits) return;
    rp_fail(RP_G14, t->owner, t->message, "the message of a timer for %lld never arrived", (long long)t->due);
}

/* Everything that was sent was handled, or is a dead letter, or waits. */
static void check_sums(uint64_t waiting)
{
    struct rp_world *w = &rp_world;
    struct gr_system_counts counts = rp_counts();
    uint64_t dead = 0, fired = 0, unsure = 0;
    for (int i = 0; i < GR_DEAD_LETTER_COUNT; i++)
        if (i != GR_DEAD_LATE_REPLY) dead += counts.dead_letters[i];
    for (int i = 0; i < w->timer_count; i++) {
        bool one_less = false;
        if (w->timers[i].interval != 0) {
            uint64_t ticks = rp_ticks(&w->timers[i], &one_less);
            fired += ticks - one_less;
            unsure += one_less;
            continue;
        }
        int has = has_fired(&w->timers[i]);
        fired += has == 1;
        unsure += has == -1;
    }
    uint64_t found = w->handled + dead + waiting, born = w->born + fired;
    if (found < born || found > born + unsure)
        rp_fail(RP_G3, -1, -1,
                "%" PRIu64 " messages and %" PRIu64 " of timers (or %" PRIu64 " more) were sent; %" PRIu64
                " were handled, %" PRIu64 " are dead letters, %" PRIu64 " wait",
                w->born, fired, unsure, w->handled, dead, waiting);
    if (counts.handled != w->handled)
        rp_fail(RP_G3, -1, -1, "%" PRIu64 " messages were handled, the system counts %" PRIu64, w->handled,
                counts.handled);
    if (counts.spawned != w->spawned)
        rp_fail(RP_G7, -1, -1, "%" PRIu64 " actors were spawned, the system counts %" PRIu64, w->spawned,
                counts.spawned);
}

static void check_listing(uint64_t living)
{
    enum { LISTED_MAX = RP_ACTORS_MAX + RP_REQUESTS_MAX };
    static struct gr_actor_info list[LISTED_MAX];
    size_t listed = gr_system_actors(rp_world.system, list, LISTED_MAX), count = 0;
    for (size_t i = 0; i < listed && i < LISTED_MAX; i++)
        if (!rp_is_task(&list[i])) list[count++] = list[i];
    if (count != living) rp_fail(RP_G11, -1, -1, "%zu actors are listed, %" PRIu64 " live", count, living);
    for (size_t i = 0; i < count && i < RP_ACTORS_MAX; i++)
        if (rp_find_actor(list[i].ref) < 0) rp_fail(RP_G10, -1, -1, "an unknown actor is listed");
}

void rp_check_quiet(void)
{
    struct rp_world *w = &rp_world;
    bool may_rest = w->waits && rp_somebody_is_full();
    uint64_t waiting = 0, living = 0;
    for (int i = 0; i < w->actor_count; i++) {
        uint32_t count;
        uint64_t bytes;
        int loop;
        if (w->actors[i].gone) continue;
        living++;
        if (rp_mailbox(w->actors[i].ref, &count, &bytes, &loop)) waiting += count;
        check_living(i, may_rest);
    }
    for (int i = 0; i < w->request_count; i++) check_pending(i);
    for (int i = 0; i < w->request_count; i++) rp_check_quiet_task(i);
    for (int i = 0; i < w->request_count; i++) rp_check_callbacks(i);
    for (int i = 0; i < w->monitor_count; i++) check_monitor(i);
    for (int i = 0; i < w->wish_count; i++) check_wish(i);
    rp_check_ties();
    for (int i = 0; i < w->timer_count; i++) check_timer(i);
    bool suspended = false; /* a send that has not returned is not known yet */
    for (int i = 0; i < w->actor_count; i++)
        suspended |= !w->actors[i].gone && w->actors[i].wait == RP_WAIT_OTHER;
    for (int i = 0; i < w->request_count; i++) {
        const struct rp_request *r = &w->requests[i];
        suspended |= w->waits && !r->done && r->future == NULL &&
                     !r->owner_ended; /* a call that waits for room */
    }
    if (!suspended) check_sums(waiting);
    if (w->program->seed % 8 == 0) check_listing(living);
}

/* ---- when the system has stopped ---- */

/* The mail before a stop was handled, if the stop is what ended the actor. */
static void check_stop(int stop)
{
    const struct rp_stop *s = &rp_world.stops[stop];
    if (s->target < 0) return;
    const struct rp_actor *a = &rp_world.actors[s->target];
    if (!a->reason_known || a->reason != RP_STOP_REASON + stop || a->role->policy >= GR_POLICY_DROP_NEWEST)
        return;
    if (a->role->kind == RP_KIND_COROUTINE) return; /* it may return before it has read all */
    for (int i = 0; i < s->messages; i++) {
        const struct rp_message *m = &rp_world.messages[i];
        bool odd = m->type == RP_ODD || m->type == RP_ODD_QUESTION;
        bool sent = m->request < 0 ? m->accepted : rp_world.requests[m->request].sent;
        if (m->sender == s->sender && m->receiver == s->target && m->direct && sent && m->handled == 0 &&
            !odd && !m->was_stashed)
            rp_fail(RP_G11, s->target, i, "message %d came before stop %d and was not handled", i, stop);
    }
}

/* What drops its oldest keeps its newest: on one loop the last message sent is the last to go. */
static void check_newest(int actor)
{
    const struct rp_actor *a = &rp_world.actors[actor];
    if (a->role->policy != GR_POLICY_DROP_OLDEST || rp_world.program->loops != 1 || rp_may_fail()) return;
    if (a->role->kind == RP_KIND_COROUTINE || a->gone) return;
    for (int i = 0; i < rp_world.message_count; i++) { /* those whose arrival is later than their sending */
        const struct rp_message *m = &rp_world.messages[i];
        if (m->births > 1 || (m->receiver == actor && (!m->direct || m->sender == RP_OUTSIDE))) return;
    }
    for (int i = rp_world.message_count - 1; i >= 0; i--) {
        const struct rp_message *m = &rp_world.messages[i];
        if (m->receiver != actor || !m->direct || !m->accepted || m->sender == RP_OUTSIDE) continue;
        if (m->request >= 0 || m->type == RP_ODD) return;
        uint32_t count;
        uint64_t bytes;
        int loop;
        bool waits = rp_mailbox(a->ref, &count, &bytes, &loop) && count > 0;
        if (m->handled == 0 && !waits)
            rp_fail(RP_G15, actor, i, "message %d is the newest of actor %d and was dropped", i, actor);
        return;
    }
}

void rp_check_newest(void)
{
    for (int i = 0; i < rp_world.actor_count; i++) check_newest(i);
}

static void check_actor_end(int actor)
{
    const struct rp_actor *a = &rp_world.actors[actor];
    if (!a->gone) rp_fail(RP_G11, actor, -1, "actor %d still lives", actor);
    if (a->phase == RP_STARTED) rp_fail(RP_G11, actor, -1, "actor %d is gone without its end", actor);
    bool never_started = a->phase == RP_NAMED;
    for (int i = 0; i < rp_world.actor_count; i++) never_started &= rp_world.ties[i][actor].step == 0;
    bool excused = a->killed || rp_world.stopping || rp_may_fail();
    for (int i = 0; i < rp_world.stop_count; i++) excused |= rp_world.stops[i].target == actor;
    if (never_started && !excused) rp_fail(RP_G7, actor, -1, "actor %d was never started", actor);
}

static void check_replies(const struct gr_system_counts *counts)
{
    struct rp_world *w = &rp_world;
    if (counts->requests < w->asked || counts->requests > w->asked + w->calls)
        rp_fail(RP_G8, -1, -1,
                "%" PRIu64 " requests were sent, and %" PRIu64 " calls; the system counts %" PRIu64, w->asked,
                w->calls, counts->requests);
    uint64_t late = counts->dead_letters[GR_DEAD_LATE_REPLY];
    uint64_t due = counts->requests + w->jobs_ran + w->tasks, got = counts->replies + late;
    if (got < due || got > due + w->promises_failed)
        rp_fail(RP_G9, -1, -1,
                "%" PRIu64 " requests, %" PRIu64 " jobs and %" PRIu64 " tasks got %" PRIu64
                " replies and %" PRIu64 " late ones",
                counts->requests, w->jobs_ran, w->tasks, counts->replies, late);
}

void rp_check_end(void)
{
    struct rp_world *w = &rp_world;
    struct gr_system_counts counts = rp_counts();
    for (int i = 0; i < w->actor_count; i++) check_actor_end(i);
    for (int i = 0; i < w->stop_count; i++) check_stop(i);
    for (int i = 0; i < w->request_count; i++) {
        const struct rp_request *r = &w->requests[i];
        if (r->asker == RP_OUTSIDE && r->future != NULL && !r->done)
            rp_fail(RP_G11, r->asker, r->message, "request %d from outside is pending after the end", i);
    }
    if (counts.ended != counts.spawned)
        rp_fail(RP_G11, -1, -1, "%" PRIu64 " of %" PRIu64 " actors ended", counts.ended, counts.spawned);
    check_replies(&counts);
    check_sums(0);
}
