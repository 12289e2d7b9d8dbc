/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks, scopes, cancelling and requests put aside, in random programs: each outcome comes once, and with a cause. */
#include "tests/systematic/actors/acts.h"

#include <stdio.h>
#include <string.h>

/* What a task does, by its order. */
enum {
    TASK_FAILS = 1,    /* returns an error of its own */
    TASK_STUBBORN = 2, /* sleeps on when it is cancelled, and ends as if it had not been */
    TASK_FAR = 4,      /* runs on any loop */
    TASK_RELEASED = 8, /* of a scope: its future is released at once */
    TASK_RECEIVES =
        16,         /* sends itself mail, and receives it, before it waits in a receive in place of a sleep */
    TASK_NESTS = 32 /* has tasks of its own, in a scope or in two */
};

/* Whether a task may have been told to cancel. */
static bool may_be_cancelled(const struct rp_request *r)
{
    return r->cancels != 0 || r->maybe_cancelled != 0 || r->is_scoped || r->owner_ended;
}

/* ---- the task's side ---- */

static void check_cancelled(int request)
{
    struct rp_request *r = &rp_world.requests[request];
    r->cancelled++;
    if (!may_be_cancelled(r)) rp_fail(RP_G8, r->asker, -1, "task %d was cancelled by nobody", request);
    if (r->cancelled > r->cancels + r->maybe_cancelled + 1)
        rp_fail(RP_G8, r->asker, -1, "task %d was told %u times of %u cancels", request, r->cancelled,
                r->cancels);
}

static int nest(gr_actor *self, const struct rp_order *order);

/* Mail to itself comes in order; then it waits for more, which does not come. */
static int receive_own(gr_actor *self, const struct rp_order *order)
{
    struct gr_mail mail;
    uint64_t sent = 0, next = 0;
    int error;
    for (uint64_t i = 0; i < 2; i++) {
        rp_world.born++;
        sent += gr_send(self, gr_self(self), rp_note_m, .number = i) == 0;
    }
    while ((error = gr_receive(self, &mail, 0)) == 0) {
        const struct rp_note_m *note = gr_mail_as(&mail, rp_note_m);
        rp_world.handled++;
        if (note == NULL || note->number < next || !gr_ref_equal(mail.sender, gr_self(self)))
            rp_fail(RP_G1, -1, -1, "a task's mail to itself came in another order");
        else
            next = note->number + 1;
        sent--;
    }
    if (error == GR_ETIMEOUT && sent != 0) rp_fail(RP_G3, -1, -1, "a task's mail to itself is missing");
    if (error == GR_ETIMEOUT) error = gr_receive(self, &mail, rp_duration(order->amount, true));
    return error == GR_ETIMEOUT ? 0 : error;
}

/* What a task spends its time with. */
static int work(gr_actor *self, const struct rp_order *order)
{
    if (order->how & TASK_NESTS) return nest(self, order);
    if (order->how & TASK_RECEIVES) return receive_own(self, order);
    return gr_sleep(self, rp_duration(order->amount, true));
}

static int rp_task_main(gr_actor *self, const struct rp_order *order, struct rp_made *made)
{
    int request = (int)order->request;
    struct rp_request *r = &rp_world.requests[request];
    rp_note("begins task", r->asker, -1, request);
    if (r->began) rp_fail(RP_G8, r->asker, -1, "task %d began twice", request);
    if (r->near && r->cancels != 0)
        rp_fail(RP_G8, r->asker, -1, "task %d had been cancelled and began", request);
    if (r->near && r->killed) rp_fail(RP_G11, r->asker, -1, "task %d had been killed and began", request);
    r->began = true;
    made->request = order->request;
    made->text = rp_text(self, request);
    int error = work(self, order);
    if (error == GR_ECANCELLED) {
        check_cancelled(request);
        if (order->how & TASK_STUBBORN) error = gr_sleep(self, 100);
        if (error == GR_ECANCELLED && (order->how & TASK_STUBBORN)) check_cancelled(request);
    }
    if (error == 0 && (order->how & TASK_FAILS)) error = 50 + order->how % 7;
    r->returned = true;
    r->result = error;
    r->answered_at = rp_now();
    rp_note("ends task", r->asker, -1, error);
    return error;
}
GR_TASK(rp_task, rp_order, rp_made, rp_task_main);

bool rp_is_task(const struct gr_actor_info *info)
{
    return strcmp(info->behaviour, "rp_task") == 0;
}

/* ---- its owner's ---- */

/* A request and its order; false if there were enough. */
static bool new_order(int actor, gr_actor *self, unsigned how, uint8_t amount, struct rp_order *order)
{
    int request = rp_new_request(actor, -1, GR_FOREVER);
    if (request < 0) return false;
    struct rp_request *r = &rp_world.requests[request];
    r->is_task = true;
    r->near = !(how & TASK_FAR);
    r->waits_for_ever = rp_duration(amount, true) == GR_FOREVER;
    *order = (struct rp_order){
        .request = (uint32_t)request, .how = (uint8_t)how, .amount = amount, .text = rp_text(self, request)};
    return true;
}

/* In some programs tasks do more than sleep. */
static unsigned task_how(unsigned how, unsigned more)
{
    return rp_has_joins(rp_world.program) ? how | (more & (TASK_RECEIVES | TASK_NESTS)) : how;
}

/* What a start returned. */
static void started(int actor, int request, gr_future *future)
{
    struct rp_request *r = &rp_world.requests[request];
    int error = future == NULL ? GR_ENOMEM : gr_future_error(future);
    rp_note("starts task", actor, -1, request);
    r->future = future;
    if (error == GR_EBUSY) {
        rp_world.tasks++;
        rp_world.spawned++;
    } else if (future != NULL) {
        rp_see_outcome(request, error);
    } else {
        r->done = true;
        r->error = error;
        if (!rp_may_fail()) rp_fail(RP_G8, actor, -1, "task %d was refused though there is memory", request);
    }
}

void rp_task(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_order order;
    if (!new_order(actor, self, task_how(action->how % 8u, action->forward), action->amount, &order)) return;
    gri_spawn_options options = {.size = sizeof options,
                                 .loop = order.how & TASK_FAR ? GR_SPREAD : GR_SAME_LOOP};
    started(actor, (int)order.request, gri_task_start(self, rp_task_gr_behaviour(), &options, &order));
}

void rp_check_task(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    if (r->error == 0) {
        const struct rp_made *made = gr_task_value(r->future, rp_task);
        char expected[16];
        size_t length = (size_t)snprintf(expected, sizeof expected, "%d", request);
        bool whole = made != NULL && made->request == (uint64_t)request &&
                     (made->text.length == 0 ||
                      (made->text.length == length && memcmp(made->text.data, expected, length) == 0));
        if (!whole || !r->returned || r->result != 0)
            rp_fail(RP_G8, r->asker, -1, "task %d has a value that it did not make", request);
        return;
    }
    bool fits = r->returned && r->error == r->result;
    if (r->error == GR_ECANCELLED && !r->began) fits = may_be_cancelled(r);
    if (r->error == GR_EKILLED) fits |= r->maybe_killed;
    if (r->error == GR_ENOMEM) fits |= rp_may_fail();
    if (r->error == GR_ELIMIT) fits |= rp_world.program->actors_max < 65536;
    if (r->error == GR_ESTOPPED || r->error == GR_EKILLED) fits |= rp_world.stopping;
    if (!fits)
        rp_fail(RP_G8, r->asker, -1, "task %d ended with %d; it %s %d", request, r->error,
                r->returned ? "returned" : "did not return", r->result);
}

void rp_check_quiet_task(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    if (!r->is_task || r->done) return;
    bool sleeps = r->began && !r->returned && r->waits_for_ever;
    if (r->future != NULL && !sleeps)
        rp_fail(RP_G8, r->asker, -1, "task %d %s, and its future is pending", request,
                r->returned ? "has returned"
                : r->began  ? "has stopped"
                            : "never began");
    if (sleeps && r->cancels != 0 && r->cancelled == 0)
        rp_fail(RP_G8, r->asker, -1, "task %d was cancelled, and sleeps", request);
    if (sleeps && r->killed) rp_fail(RP_G11, r->asker, -1, "task %d was killed, and sleeps", request);
    if (sleeps && r->owner_ended && r->cancelled == 0)
        rp_fail(RP_G11, r->asker, -1, "task %d sleeps though its owner has ended", request);
}

void rp_cancel_future(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = rp_choose_future(actor, action->how);
    if (request < 0) return;
    struct rp_request *r = &rp_world.requests[request];
    int before = gr_future_error(r->future);
    if (before != GR_EBUSY) rp_see_outcome(request, before);
    if (before == GR_EBUSY) r->cancels++;
    int error = gr_future_cancel(self, r->future);
    rp_note("cancels", actor, r->message, request);
    int after = gr_future_error(r->future);
    bool may_lack = error == GR_ENOMEM && rp_may_fail() && r->is_task && r->cancels > 1;
    if (error != (before == GR_EBUSY ? 0 : GR_EBUSY) && !may_lack)
        rp_fail(RP_G8, actor, r->message, "cancelling request %d gave %d", request, error);
    int expected = before != GR_EBUSY ? before : r->is_task ? GR_EBUSY : GR_ECANCELLED;
    if (after != expected)
        rp_fail(RP_G8, actor, r->message, "request %d says %d after its cancel, not %d", request, after,
                expected);
    if (after != GR_EBUSY) rp_see_outcome(request, after);
}

void rp_kill_task(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = rp_choose_future(actor, action->how);
    if (request < 0 || !rp_world.requests[request].is_task) return;
    struct rp_request *r = &rp_world.requests[request];
    gr_ref task = gr_future_task(r->future);
    if (gr_ref_is_null(task)) return; /* it is done */
    rp_note("kills task", actor, -1, request);
    r->maybe_killed = true;
    int error = gr_kill(self, task);
    r->killed |= error == 0;
    if (error != 0 && (error != GR_ENOMEM || !rp_may_fail()))
        rp_fail(RP_G11, actor, -1, "killing task %d gave %d", request, error);
}

/* ---- scopes ---- */

/* Starts some tasks in a scope. Their numbers go from *first to below what is returned. */
static int fill_scope(int actor, gr_actor *self, gr_scope *scope, const struct rp_action *action, int *first)
{
    *first = rp_world.request_count;
    for (unsigned i = 0; i < 1u + action->target % 3u; i++) {
        struct rp_order order;
        unsigned how = task_how((action->how >> i) % 16u, action->amount >> i);
        if (!new_order(actor, self, how, (uint8_t)(action->forward + 37 * i), &order)) break;
        int request = (int)order.request;
        struct rp_request *r = &rp_world.requests[request];
        gri_spawn_options options = {.size = sizeof options,
                                     .loop = order.how & TASK_FAR ? GR_SPREAD : GR_SAME_LOOP};
        r->is_scoped = true;
        started(actor, request, gri_scope_start(self, scope, rp_task_gr_behaviour(), &options, &order));
        if (!(order.how & TASK_RELEASED)) continue;
        gr_future_release(r->future);
        r->future = NULL;
    }
    return rp_world.request_count;
}

/* Whether a scope's error has a cause. */
static bool has_cause(int error, int first, int end, bool limited, bool cancelled)
{
    if (error == 0 || (error == GR_ETIMEOUT && limited) || (error == GR_ECANCELLED && cancelled)) return true;
    for (int i = first; i < end; i++) {
        const struct rp_request *r = &rp_world.requests[i];
        if ((r->returned && r->result == error) || (r->done && r->error == error)) return true;
        if (r->maybe_killed && error == GR_EKILLED) return true;
    }
    return (error == GR_ENOMEM && rp_may_fail()) || rp_world.stopping ||
           (error == GR_ELIMIT && rp_world.program->actors_max < 65536);
}

/* A task's own tasks, one or two, in a scope. They end, but for those that its own order lets wait for ever. */
static int start_nested(gr_actor *self, gr_scope *scope, const struct rp_order *order, gr_future **futures)
{
    int count = 1 + (int)order->request % 2;
    for (int i = 0; i < count; i++) {
        struct rp_order own;
        unsigned how = (order->request * 5u + (unsigned)i * 3u) % 8u;
        if (!new_order(RP_OUTSIDE, self, how, (uint8_t)((order->amount + 52 * i) & ~3), &own)) return i;
        struct rp_request *r = &rp_world.requests[own.request];
        gri_spawn_options options = {.size = sizeof options,
                                     .loop = how & TASK_FAR ? GR_SPREAD : GR_SAME_LOOP};
        r->is_scoped = r->is_nested = true;
        started(RP_OUTSIDE, (int)own.request,
                gri_scope_start(self, scope, rp_task_gr_behaviour(), &options, &own));
        futures[i] = r->future;
        r->future = NULL; /* it is the task's, not of who acts outside */
    }
    return count;
}

/* Whether all tasks that a scope had have ended; and if its error has a cause. */
static void check_nested(int request, int first, int end, int error, bool limited)
{
    const struct rp_request *r = &rp_world.requests[request];
    for (int i = first; i < end; i++) {
        const struct rp_request *own = &rp_world.requests[i];
        if (own->is_nested && own->began && !own->returned)
            rp_fail(RP_G8, r->asker, -1, "the scope of task %d was closed while its task %d goes on", request,
                    i);
    }
    if (!has_cause(error, first, end, limited, may_be_cancelled(r)))
        rp_fail(RP_G8, r->asker, -1, "the scope of task %d ended with %d without a cause", request, error);
}

/* A scope, and in some a second one inside, which the close of the first closes. */
static int nest(gr_actor *self, const struct rp_order *order)
{
    int request = (int)order->request, first = rp_world.request_count;
    gr_time deadline = rp_duration(order->amount, true);
    gr_scope *scope = gr_scope_open(self, deadline), *inner = NULL;
    if (scope == NULL) {
        if (!rp_may_fail()) rp_fail(RP_G8, -1, -1, "a task's scope was refused though there is memory");
        return GR_ENOMEM;
    }
    gr_future *futures[4] = {NULL};
    int count = start_nested(self, scope, order, futures);
    if (request % 3 == 0) inner = gr_scope_open(self, GR_FOREVER);
    if (inner != NULL) count += start_nested(self, inner, order, futures + count);
    int end = rp_world.request_count;
    int slept = request % 4 == 0 ? gr_sleep(self, 64)
                                 : gr_gather(self, futures, (size_t)count, GR_GATHER_ALL, GR_FOREVER);
    int error = gr_scope_close(self, scope);
    for (int i = 0; i < count; i++) gr_future_release(futures[i]);
    rp_note("closed its scope", -1, -1, error);
    struct rp_request *r = &rp_world.requests[request];
    bool dying = r->maybe_killed || rp_world.stopping;
    if ((slept == GR_EKILLED || error == GR_EKILLED) && dying) return GR_EKILLED;
    check_nested(request, first, end, error, deadline != GR_FOREVER);
    return error;
}

void rp_scope(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_actor *a = &rp_world.actors[actor];
    gr_time deadline = rp_duration(action->amount, true);
    gr_scope *scope = gr_scope_open(self, deadline);
    if (scope == NULL) {
        if (!rp_may_fail()) rp_fail(RP_G8, actor, -1, "a scope was refused though there is memory");
        return;
    }
    int first, inner_first, end = fill_scope(actor, self, scope, action, &first);
    gr_time inner_deadline = rp_duration((uint8_t)(action->amount + 8), false);
    gr_scope *inner = rp_has_joins(rp_world.program) && action->how % 4 == 1
                          ? gr_scope_open(self, inner_deadline)
                          : NULL; /* the close of the first closes it, and tells of its failure */
    if (inner != NULL) end = fill_scope(actor, self, inner, action, &inner_first);
    bool cancelled = action->how % 3 == 0;
    rp_note("closes a scope", actor, -1, end - first);
    a->wait = RP_WAIT_AWAIT;
    a->awaited = -1;
    int slept = action->how % 5 == 0 ? gr_sleep(self, 64) : 0;
    if (cancelled) gr_scope_cancel(self, scope);
    if (cancelled && gr_sleep(self, 64) == 0)
        rp_fail(RP_G8, actor, -1, "a cancelled scope lets its actor sleep");
    bool for_ever = false; /* without a cause to end */
    for (int i = first; i < end; i++) for_ever |= rp_world.requests[i].waits_for_ever;
    int error = for_ever && deadline == GR_FOREVER
                    ? (gr_scope_cancel(self, scope), gr_scope_close(self, scope))
                    : gr_scope_close(self, scope);
    cancelled |= for_ever && deadline == GR_FOREVER;
    a->wait = RP_WAIT_NONE;
    rp_note("closed a scope", actor, -1, error);
    if (slept == GR_EKILLED ||
        (error == GR_EKILLED && (a->killed || rp_world.stopping || rp_may_exit(actor, RP_ANY_REASON)))) {
        a->dying = true;
        return;
    }
    for (int i = first; i < end; i++) {
        const struct rp_request *r = &rp_world.requests[i];
        if (r->began && !r->returned)
            rp_fail(RP_G8, actor, -1, "a scope was closed while its task %d goes on", i);
    }
    bool limited = deadline != GR_FOREVER || (inner != NULL && inner_deadline != GR_FOREVER);
    if (!has_cause(error, first, end, limited, cancelled))
        rp_fail(RP_G8, actor, -1, "a scope ended with %d without a cause", error);
}

/* ---- requests put aside ---- */

static const struct gr_type *question_type(int number)
{
    switch (rp_world.messages[number].type) {
    case RP_BIG_QUESTION:
        return &rp_big_question_m_gr_type;
    case RP_ODD_QUESTION:
        return &rp_odd_question_m_gr_type;
    case RP_SMALL_QUESTION:
        return &rp_small_question_m_gr_type;
    default:
        return &rp_question_m_gr_type;
    }
}

bool rp_defer(int actor, gr_actor *self, int number)
{
    struct rp_world *w = &rp_world;
    struct rp_message *m = &w->messages[number];
    bool patterns = w->program->seed % 4 ==
                    3; /* the question may be stashed afterwards, and come without its asker */
    bool wanted = w->program->has_tasks && !patterns && (m->mode == RP_ANSWER || m->mode == RP_IGNORE) &&
                  m->forward % 2 == 0;
    if (!wanted || m->births > 1 || w->deferred_count == RP_REQUESTS_MAX) return false;
    gr_promise promise;
    int error = gri_defer(self, question_type(number), &promise);
    if (error == GR_ENOMEM && rp_may_fail()) return false;
    if (error != 0) rp_fail(RP_G8, actor, number, "gr_defer gave %d", error);
    if (gr_reply_error(self, 1) != GR_ECONTEXT)
        rp_fail(RP_G8, actor, number, "a question that was put aside could be answered");
    w->deferred[w->deferred_count++] = (struct rp_deferred){actor, number, promise, false};
    w->requests[m->request].holder = -1;
    m->deferred = true;
    rp_note("puts aside", actor, number, 0);
    return true;
}

/* Sets the promise of a question by its answer. */
static int fulfil(gr_actor *self, gr_promise promise, int number)
{
    static struct rp_big_answer_m big;
    if (rp_world.messages[number].type == RP_BIG_QUESTION) {
        big.number = (uint64_t)number;
        rp_fill(big.bytes, sizeof big.bytes, number);
        return gri_fulfil(self, promise, &rp_big_answer_m_gr_type, &big);
    }
    if (rp_world.messages[number].type == RP_SMALL_QUESTION)
        return gr_fulfil(self, promise, rp_small_answer_m, .number = (uint64_t)number);
    return gr_fulfil(self, promise, rp_answer_m, .number = (uint64_t)number, .text = rp_text(self, number));
}

void rp_set(int actor, gr_actor *self, const struct rp_action *action)
{
    struct rp_world *w = &rp_world;
    int found = -1;
    for (int i = 0; i < w->deferred_count && found < 0; i++)
        if (w->deferred[i].actor == actor && !w->deferred[i].over) found = i;
    if (found < 0) return;
    struct rp_deferred *d = &w->deferred[found];
    struct rp_request *r = &w->requests[w->messages[d->message].request];
    bool asker_lives = r->asker == RP_OUTSIDE || rp_exists(w->actors[r->asker].ref);
    bool is_taken_back = r->done && r->error == GR_EDEADLOCK;
    d->over = true;
    r->answered = !is_taken_back;
    r->answer_error = action->amount % 3 == 0 ? 80 : 0;
    r->answered_at = rp_now();
    rp_note("sets", actor, d->message, r->answer_error);
    int error = r->answer_error == 0
                    ? fulfil(self, d->promise, d->message)
                    : gr_promise_fail(self, d->promise, 80, "a text of some length, to be kept");
    if (error != (is_taken_back ? GR_ENOTFOUND : asker_lives ? 0 : GR_ESTALE))
        rp_fail(RP_G8, actor, d->message, "a promise's set gave %d", error);
    int again = action->how % 2 ? fulfil(self, d->promise, d->message)
                                : gr_promise_fail(self, d->promise, 81, NULL);
    if (again != GR_ENOTFOUND) rp_fail(RP_G8, actor, d->message, "a promise could be set again: %d", again);
}

void rp_drop_deferred(int actor)
{
    for (int i = 0; i < rp_world.deferred_count; i++) {
        struct rp_deferred *d = &rp_world.deferred[i];
        if (d->actor != actor || d->over) continue;
        struct rp_request *r = &rp_world.requests[rp_world.messages[d->message].request];
        d->over = true;
        r->ignored = true;
        r->ignored_at = rp_now();
    }
}
