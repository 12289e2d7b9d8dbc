/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of random programs: each asked, answered or not, and its one outcome checked. */
#include "tests/systematic/actors/acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- outcomes ---- */

static void unlikely(int request, const char *why)
{
    const struct rp_request *r = &rp_world.requests[request];
    rp_fail(RP_G8, r->asker, r->message, "request %d ended with %d (%s) at %lld: %s", request, r->error,
            gr_error_name(r->error), (long long)r->done_at, why);
}

/* Whether something that happened at `then` is what ended the request: nothing else may have taken time. The steps of
 * gr_system_stop are not looked at one by one. */
static void check_promptness(int request, gr_time then)
{
    struct rp_request *r = &rp_world.requests[request];
    if (r->done_at != then && !rp_world.stopping) unlikely(request, "its cause came at another time");
}

/* It ended because its receiver had ended. */
static void check_receiver_end(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    const struct rp_message *m = &rp_world.messages[r->message];
    if (m->births > 1 && rp_world.waits)
        return; /* who forwarded it may have been killed while it waited for room */
    if (rp_exists(m->to)) {
        unlikely(request, "but the receiver lives");
        return;
    }
    if (m->receiver < 0 || r->future == NULL) return; /* a call may have waited for room before */
    const struct rp_actor *receiver = &rp_world.actors[m->receiver];
    gr_time then = receiver->gone ? receiver->gone_at : rp_now();
    if (r->sent && r->asker != RP_OUTSIDE && m->births == 1 && then > r->asked_at)
        check_promptness(request, then);
}

static void check_timeout(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    if (r->deadline == GR_FOREVER || r->done_at < r->deadline) unlikely(request, "before its deadline");
    if (r->answered && r->answered_at < r->deadline) unlikely(request, "it had been answered before");
    /* A plain thread's deadline is seen when it looks. */
    if (r->asker != RP_OUTSIDE && r->done_at != r->deadline && !rp_world.stopping)
        unlikely(request, "not at its deadline");
}

static bool is_policy(const struct rp_message *m, enum gr_policy policy)
{
    return m->receiver >= 0 && rp_world.actors[m->receiver].role->policy == policy;
}

static void check_refusal(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    const struct rp_message *m = &rp_world.messages[r->message];
    bool hops = m->births > 1; /* it may have been refused by one that it was forwarded to */
    bool bounded = m->receiver >= 0 && (rp_world.actors[m->receiver].role->messages != 0 ||
                                        rp_world.actors[m->receiver].role->bytes != 0);
    if (!bounded && !hops) unlikely(request, "but the receiver has the default bound");
    if (r->sent && !hops && r->future != NULL && !is_policy(m, GR_POLICY_DROP_OLDEST))
        unlikely(request, "but it was accepted");
}

/* Whether a request's receiver waits, or did just now, for what leads back to `asker`; `left` bounds the way. */
static bool leads_to(int request, int asker, unsigned hops, int left)
{
    const struct rp_world *w = &rp_world;
    if (left == 0 || request < 0 || w->requests[request].message < 0) return false;
    const struct rp_request *r = &w->requests[request];
    const struct rp_message *m = &w->messages[r->message];
    bool just_now = hops > 1 && (!r->done || r->done_at == rp_now());
    if (m->births > hops || m->receiver < 0 || (r->answered && !just_now)) return false;
    if (m->receiver == asker) return true;
    const struct rp_actor *next = &w->actors[m->receiver];
    if (hops > 1 && (next->killed || w->stopping)) return true; /* since it was found */
    if (next->gone && hops == 1) return false;
    if (!next->gone && next->wait == RP_WAIT_AWAIT && leads_to(next->awaited, asker, hops, left - 1))
        return true;
    if (hops == 1) return false;
    /* It was found before the victim hears of it: what the others waited for may have ended since, at the same time. */
    for (int i = 0; i < w->request_count; i++)
        if (w->requests[i].asker == m->receiver && w->requests[i].done &&
            w->requests[i].done_at == rp_now() && leads_to(i, asker, hops, left - 1))
            return true;
    return false;
}

bool rp_is_cycle(int request, unsigned hops)
{
    int longest = hops > 1 ? rp_world.actor_count : 24; /* longer ones need not be found */
    return leads_to(request, rp_world.requests[request].asker, hops, longest);
}

/* By the error: is there a cause? */
static void check_error(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    const struct rp_message *m = &rp_world.messages[r->message];
    const struct rp_actor *asker = r->asker == RP_OUTSIDE ? NULL : &rp_world.actors[r->asker];
    switch (r->error) {
    case GR_ETIMEOUT:
        check_timeout(request);
        return;
    case GR_ECANCELLED:
        if (r->cancels + r->maybe_cancelled == 0) unlikely(request, "but nobody cancelled it");
        return;
    case GR_EUNANSWERED:
        if (!r->ignored || r->answered) unlikely(request, "but nobody dropped it");
        if (r->asker != RP_OUTSIDE) check_promptness(request, r->ignored_at);
        return;
    case GR_EUNHANDLED:
        if (m->type != RP_ODD_QUESTION) unlikely(request, "but there is a handler");
        return;
    case GR_EDOWN:
    case GR_ESTALE:
        check_receiver_end(request);
        return;
    case GR_EFULL:
        check_refusal(request);
        return;
    case GR_ENOMEM:
        if (!rp_may_fail()) unlikely(request, "but there is memory");
        return;
    case GR_ESYSTEM:
        if (m->to.seat == rp_world.system->seat) unlikely(request, "but it is the same system");
        return;
    case GR_EKILLED:
        if (asker == NULL || !(asker->killed || rp_world.stopping || rp_may_exit(r->asker, RP_ANY_REASON)))
            unlikely(request, "but nobody killed the asker");
        return;
    case GR_ESTOPPED:
        if (!rp_world.stopping) unlikely(request, "but the system runs");
        return;
    case GR_EDEADLOCK:
        if (r->answered || !rp_is_cycle(request, 9)) unlikely(request, "but there is no cycle");
        if (m->handled == 0 && !m->stashed)
            rp_world.messages[r->message].dropped = true; /* it was taken back */
        return;
    default:
        break;
    }
    if (!r->answered || r->answer_error != r->error) unlikely(request, "nobody answered so");
    if (r->asker != RP_OUTSIDE) check_promptness(request, r->answered_at);
}

/* The value is that of this question, whole. */
static void check_value(int request, uint64_t number, const gr_string *text, const uint8_t *bytes)
{
    const struct rp_request *r = &rp_world.requests[request];
    char expected[16];
    size_t length = (size_t)snprintf(expected, sizeof expected, "%d", r->message);
    if (number != (uint64_t)r->message) {
        rp_fail(RP_G9, r->asker, r->message, "request %d got the answer to question %llu", request,
                (unsigned long long)number);
        return;
    }
    bool damaged = text != NULL && text->length != 0 &&
                   (text->length != length || memcmp(text->data, expected, length) != 0);
    for (int i = 0; bytes != NULL && i < RP_LARGE_BYTES; i++)
        damaged |= bytes[i] != (uint8_t)(r->message & 255);
    if (damaged) unlikely(request, "its value is damaged");
    if (!r->answered || r->answer_error != 0) unlikely(request, "but nobody answered it");
    if (r->asker != RP_OUTSIDE) check_promptness(request, r->answered_at);
}

static void check_future_value(int request)
{
    struct rp_request *r = &rp_world.requests[request];
    if (r->message < 0) return;
    if (rp_world.messages[r->message].type == RP_BIG_QUESTION) {
        const struct rp_big_answer_m *big = gr_future_value(r->future, rp_big_question_m);
        if (big == NULL)
            unlikely(request, "it has no value");
        else
            check_value(request, big->number, NULL, big->bytes);
        return;
    }
    if (rp_world.messages[r->message].type == RP_SMALL_QUESTION) {
        const struct rp_small_answer_m *small = gr_future_value(r->future, rp_small_question_m);
        if (small == NULL)
            unlikely(request, "it has no value");
        else
            check_value(request, small->number, NULL, NULL);
        return;
    }
    const struct rp_answer_m *answer = gr_future_value(r->future, rp_question_m);
    if (answer == NULL)
        unlikely(request, "it has no value");
    else
        check_value(request, answer->number, &answer->text, NULL);
}

void rp_see_outcome(int request, int error)
{
    struct rp_request *r = &rp_world.requests[request];
    if (r->done) {
        if (error != r->error) {
            rp_fail(RP_G8, r->asker, r->message, "request %d had ended with %d and now says %d", request,
                    r->error, error);
        } else if (error == 0 && !r->is_task && !r->is_promise) {
            r->done_at = r->message < 0 ? r->done_at : r->answered_at;
            check_future_value(request);
        }
        return;
    }
    r->done = true;
    r->error = error;
    r->done_at = rp_now();
    rp_note("outcome", r->asker, r->message, error);
    if (r->is_task) {
        rp_check_task(request);
    } else if (r->is_promise) {
        rp_check_promise(request);
    } else if (r->message < 0) {
        if (error == GR_ECANCELLED && r->cancels + r->maybe_cancelled != 0) return;
        if (error != GR_ENOMEM && error != GR_ESTOPPED && (!r->ran || error != r->result))
            unlikely(request, "blocking work gave something else");
    } else if (error == 0) {
        check_future_value(request);
    } else {
        check_error(request);
    }
}

void rp_poll_all(void)
{
    for (int i = 0; i < rp_world.request_count; i++) {
        struct rp_request *r = &rp_world.requests[i];
        if (r->future == NULL || r->done) continue;
        int error = gr_future_error(r->future);
        if (error != GR_EBUSY) rp_see_outcome(i, error);
    }
}

void rp_drop_requests(int actor)
{
    for (int i = 0; i < rp_world.request_count; i++) {
        struct rp_request *r = &rp_world.requests[i];
        if (r->asker != actor) continue;
        if (r->is_task && r->future == NULL && !r->is_scoped) continue; /* it was released: it goes on */
        r->owner_ended = !r->done;
        r->future = NULL;
    }
    rp_drop_deferred(actor);
}

/* ---- asking ---- */

gr_time rp_bound(int actor)
{
    if (actor == RP_OUTSIDE || rp_world.actors[actor].current < 0) return GR_FOREVER;
    const struct rp_message *m = &rp_world.messages[rp_world.actors[actor].current];
    const struct rp_request *r = m->request < 0 ? NULL : &rp_world.requests[m->request];
    if (r != NULL && m->deferred) return r->deadline;
    if (r == NULL || r->answered || r->holder != actor) return GR_FOREVER;
    return r->done && r->error == GR_EDEADLOCK ? GR_FOREVER : r->deadline; /* then it was taken back */
}

int rp_new_request(int asker, int message, gr_time deadline)
{
    struct rp_world *w = &rp_world;
    gr_time end = gri_clock_after(rp_now(), deadline), bound = message < 0 ? GR_FOREVER : rp_bound(asker);
    if (bound < end) end = bound > rp_now() ? bound : rp_now();
    if (w->request_count == RP_REQUESTS_MAX) return -1;
    w->requests[w->request_count] = (struct rp_request){
        .message = message, .asker = asker, .asked_at = rp_now(), .deadline = end, .holder = -1};
    return w->request_count++;
}

/* A question about to be asked; -1 if there were enough. */
static int new_question(int actor, gr_ref to, const struct rp_action *action, gr_time deadline)
{
    if (rp_world.request_count == RP_REQUESTS_MAX) return -1;
    unsigned kind = action->how / RP_MODES % 6;
    enum rp_type type = kind == 0 ? RP_BIG_QUESTION : kind == 1 ? RP_ODD_QUESTION : RP_QUESTION;
    if (kind >= 3 && rp_world.program->seed % 5 >= 3) type = RP_SMALL_QUESTION;
    int number = rp_new_message(actor, to, type);
    if (number < 0) return -1;
    struct rp_message *m = &rp_world.messages[number];
    m->mode = action->how % RP_MODES;
    m->forward = action->forward;
    m->accepted = true;
    m->request = rp_new_request(actor, number, deadline);
    return number;
}

/* A big question; on the heap, as a coroutine's stack is small. */
static struct rp_big_question_m *new_big_question(int number)
{
    struct rp_big_question_m *big = malloc(sizeof *big);
    if (big == NULL) abort();
    big->number = (uint64_t)number;
    rp_fill(big->bytes, sizeof big->bytes, number);
    return big;
}

static gr_future *ask_big(gr_actor *self, gr_ref to, gr_time deadline, int number)
{
    struct rp_big_question_m *big = new_big_question(number);
    gr_future *future = gri_ask(self, to, rp_big_question_m_gr_reply_type, deadline,
                                &rp_big_question_m_gr_type, big);
    free(big);
    return future;
}

static gr_future *call_ask(gr_actor *self, gr_ref to, gr_time deadline, int number)
{
    uint64_t n = (uint64_t)number;
    switch (rp_world.messages[number].type) {
    case RP_BIG_QUESTION:
        return ask_big(self, to, deadline, number);
    case RP_ODD_QUESTION:
        return gr_ask(self, to, deadline, rp_odd_question_m, .number = n);
    case RP_SMALL_QUESTION:
        return gr_ask(self, to, deadline, rp_small_question_m, .number = n);
    default:
        return gr_ask(self, to, deadline, rp_question_m, .number = n, .text = rp_text(self, number));
    }
}

void rp_ask(int actor, gr_actor *self, const struct rp_action *action)
{
    gr_ref to = rp_target(actor, action->target);
    gr_time deadline = rp_duration(action->amount, true);
    int number = new_question(actor, to, action, deadline);
    if (number < 0) return;
    int request = rp_world.messages[number].request;
    struct rp_request *r = &rp_world.requests[request];
    struct rp_forecast f = rp_foresee(actor, self, to, false);
    if (f.drops) f.error = GR_EFULL; /* it is counted as a failed send, with an outcome */
    f.drops = false;
    if (rp_bound(actor) <= rp_now()) f = (struct rp_forecast){true, GR_ETIMEOUT, .expired = true};
    bool not_sure = f.policy == GR_POLICY_DROP_NEWEST && !f.known;
    struct gr_system_counts before = rp_counts();
    rp_note("asks", actor, number, deadline);
    if (self != NULL) rp_world.actors[actor].wait = RP_WAIT_OTHER;
    gr_future *future = call_ask(self, to, deadline, number);
    if (self != NULL) rp_world.actors[actor].wait = RP_WAIT_NONE;
    int error = future == NULL ? GR_ENOMEM : gr_future_error(future);
    r->future = future;
    r->sent = error == GR_EBUSY;
    rp_world.asked += r->sent;
    if (self == NULL && error == GR_ETIMEOUT && deadline == 0) { /* sent, but looking at it ended it */
        r->sent = true;
        rp_world.asked++;
    }
    int sent = r->sent ? 0 : error;
    f.policy = not_sure ? GR_POLICY_REJECT : f.policy;
    bool nowhere = self == NULL && gr_ref_is_null(to);
    rp_check_send(number, &f, sent, !nowhere, &before);
    rp_note("asked", actor, number, error);
    if (future == NULL) {
        r->done = true;
        r->error = error;
    } else if (error != GR_EBUSY) {
        rp_see_outcome(request, error);
    }
}

/* The value of a call is seen, and released. */
static int call_big(gr_actor *self, gr_ref to, gr_time deadline, int request)
{
    struct rp_big_answer_m *out = malloc(sizeof *out);
    struct rp_big_question_m *big = new_big_question(rp_world.requests[request].message);
    int error = gri_call(self, to, rp_big_question_m_gr_reply_type, out, deadline, &rp_big_question_m_gr_type,
                         big);
    free(big);
    rp_world.requests[request].done_at = rp_now();
    if (error == 0) check_value(request, out->number, NULL, out->bytes);
    free(out);
    return error;
}

static int call_small(gr_actor *self, gr_ref to, gr_time deadline, int request)
{
    struct rp_small_answer_m out;
    uint64_t n = (uint64_t)rp_world.requests[request].message;
    int error = gr_call(self, to, &out, deadline, rp_small_question_m, .number = n);
    rp_world.requests[request].done_at = rp_now();
    if (error == 0) check_value(request, out.number, NULL, NULL);
    return error;
}

static int call_plain(gr_actor *self, gr_ref to, gr_time deadline, int request)
{
    struct rp_answer_m out;
    int number = rp_world.requests[request].message;
    uint64_t n = (uint64_t)number;
    int error = rp_world.messages[number].type == RP_ODD_QUESTION
                    ? gr_call(self, to, &out, deadline, rp_odd_question_m, .number = n)
                    : gr_call(self, to, &out, deadline, rp_question_m, .number = n,
                              .text = rp_text(self, number));
    rp_world.requests[request].done_at = rp_now();
    if (error != 0) return error;
    check_value(request, out.number, &out.text, NULL);
    gr_string_release(out.text);
    return 0;
}

void rp_call(int actor, gr_actor *self, const struct rp_action *action)
{
    gr_ref to = rp_target(actor, action->target);
    gr_time deadline = rp_duration(action->amount, true);
    int number = new_question(actor, to, action, deadline);
    if (number < 0) return;
    struct rp_actor *a = &rp_world.actors[actor];
    int request = rp_world.messages[number].request;
    struct rp_request *r = &rp_world.requests[request];
    rp_world.calls++;
    rp_world.born++;
    r->sent = true;
    bool expired = rp_bound(actor) <= rp_now();
    rp_note("calls", actor, number, deadline);
    a->wait = RP_WAIT_AWAIT;
    a->awaited = request;
    enum rp_type type = (enum rp_type)rp_world.messages[number].type;
    int error = type == RP_BIG_QUESTION     ? call_big(self, to, deadline, request)
                : type == RP_SMALL_QUESTION ? call_small(self, to, deadline, request)
                                            : call_plain(self, to, deadline, request);
    a->wait = RP_WAIT_NONE;
    rp_note("called", actor, number, error);
    r->done = true;
    r->error = error;
    if (error == GR_EKILLED) a->dying = true;
    bool refused = error == GR_ENOMEM || error == GR_EFULL || error == GR_ESTALE || error == GR_ESYSTEM;
    if (expired && error == GR_ETIMEOUT) refused = true;
    if (refused) r->sent = false;
    if (error != 0) check_error(request);
}

static int blocking_work(void *argument)
{
    struct rp_request *r = argument;
    if (r->ran) rp_fail(RP_G8, r->asker, -1, "blocking work ran twice");
    r->ran = true;
    rp_world.jobs_ran++;
    return r->result;
}

void rp_blocking(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = rp_new_request(actor, -1, GR_FOREVER);
    if (request < 0) return;
    struct rp_request *r = &rp_world.requests[request];
    r->result = action->amount % 3;
    rp_note("gives blocking work", actor, -1, r->result);
    r->future = gr_blocking(self, blocking_work, r);
    if (r->future != NULL) return;
    if (!rp_may_fail()) rp_fail(RP_G8, actor, -1, "blocking work was refused though there is memory");
    r->done = true;
    r->error = GR_ENOMEM;
}

/* ---- with futures ---- */

int rp_choose_future(int actor, unsigned which)
{
    int found[RP_REQUESTS_MAX], count = 0;
    for (int i = 0; i < rp_world.request_count; i++)
        if (rp_world.requests[i].asker == actor && rp_world.requests[i].future != NULL) found[count++] = i;
    return count == 0 ? -1 : found[which % (unsigned)count];
}

void rp_poll(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = rp_choose_future(actor, action->how);
    if (request < 0) return;
    struct rp_request *r = &rp_world.requests[request];
    int error = gr_await(self, r->future, 0);
    bool handler = self != NULL && rp_world.actors[actor].role->kind != RP_KIND_COROUTINE;
    int seen = gr_future_error(r->future);
    if (seen != GR_EBUSY)
        rp_see_outcome(request, seen);
    else if (error != (handler ? GR_ECONTEXT : GR_ETIMEOUT))
        rp_fail(RP_G8, actor, r->message, "an await of 0 on a pending future gave %d", error);
}

void rp_release(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = rp_choose_future(actor, action->how);
    if (request < 0) return;
    struct rp_request *r = &rp_world.requests[request];
    rp_note("releases", actor, r->message, request);
    gr_future_release(r->future);
    r->future = NULL;
}

void rp_await(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = rp_choose_future(actor, action->how);
    if (request < 0) return;
    struct rp_actor *a = &rp_world.actors[actor];
    struct rp_request *r = &rp_world.requests[request];
    gr_time deadline = rp_duration(action->amount, true);
    gr_time end = gri_clock_after(rp_now(), deadline);
    rp_note("awaits", actor, r->message, deadline);
    a->wait = RP_WAIT_AWAIT;
    a->awaited = request;
    int error = gr_await(self, r->future, deadline);
    a->wait = RP_WAIT_NONE;
    rp_note("awaited", actor, r->message, error);
    int seen = gr_future_error(r->future);
    if (seen != GR_EBUSY) rp_see_outcome(request, seen);
    if (error == GR_EKILLED && seen != GR_EKILLED) {
        a->dying = true;
        if (!a->killed && !rp_world.stopping && !rp_may_exit(actor, RP_ANY_REASON))
            rp_fail(RP_G8, actor, r->message, "an await said killed, but nobody did");
    } else if (seen == GR_EBUSY) {
        if (error != GR_ETIMEOUT)
            rp_fail(RP_G8, actor, r->message, "an await of a pending future gave %d", error);
        if (rp_now() != end)
            rp_fail(RP_G14, actor, r->message, "an await gave up at %lld, not %lld", (long long)rp_now(),
                    (long long)end);
    } else if (error != seen) {
        rp_fail(RP_G8, actor, r->message, "an await gave %d, its future %d", error, seen);
    }
}

/* ---- answering ---- */

static void reply(int actor, gr_actor *self, int number)
{
    static struct rp_big_answer_m big;
    struct rp_request *r = &rp_world.requests[rp_world.messages[number].request];
    bool asker_lives = r->asker == RP_OUTSIDE || rp_exists(rp_world.actors[r->asker].ref);
    bool again = r->answered || (r->done && r->error == GR_EDEADLOCK);
    if (!again) {
        r->answered = true;
        r->answer_error = 0;
        r->answered_at = rp_now();
    }
    rp_note("replies", actor, number, again);
    int error;
    if (rp_world.messages[number].type == RP_BIG_QUESTION) {
        big.number = (uint64_t)number;
        rp_fill(big.bytes, sizeof big.bytes, number);
        error = gri_reply(self, &rp_big_question_m_gr_type, rp_big_question_m_gr_reply_type, &big);
    } else if (rp_world.messages[number].type == RP_ODD_QUESTION) {
        error = gr_reply(self, rp_odd_question_m, .number = (uint64_t)number);
    } else if (rp_world.messages[number].type == RP_SMALL_QUESTION) {
        error = gr_reply(self, rp_small_question_m, .number = (uint64_t)number);
    } else {
        error = gr_reply(self, rp_question_m, .number = (uint64_t)number, .text = rp_text(self, number));
    }
    int expected = again ? GR_ECONTEXT : asker_lives ? 0 : GR_ESTALE;
    if (error != expected) rp_fail(RP_G8, actor, number, "a reply gave %d where %d was due", error, expected);
}

static void reply_error(int actor, gr_actor *self, int number)
{
    struct rp_request *r = &rp_world.requests[rp_world.messages[number].request];
    if (r->answered || (r->done && r->error == GR_EDEADLOCK))
        return; /* by an earlier turn, before it was set aside */
    r->answered = true;
    r->answer_error = 70 + number % 5;
    r->answered_at = rp_now();
    rp_note("replies an error", actor, number, r->answer_error);
    int error = gr_reply_error(self, r->answer_error);
    if (error != 0) rp_fail(RP_G8, actor, number, "an error as reply gave %d", error);
}

static void forward(int actor, gr_actor *self, int number)
{
    struct rp_message *m = &rp_world.messages[number];
    struct rp_request *r = &rp_world.requests[m->request];
    gr_ref to = rp_target(actor, m->forward);
    struct rp_forecast f = rp_foresee(actor, self, to, false);
    m->to = to;
    m->receiver = rp_find_actor(to);
    m->direct = false;
    m->births++;
    m->mode = RP_ANSWER; /* one hop is enough */
    r->holder = -1;
    struct gr_system_counts before = rp_counts();
    rp_note("forwards", actor, number, m->receiver);
    rp_world.actors[actor].wait = RP_WAIT_OTHER;
    int error = gr_forward(self, to);
    rp_world.actors[actor].wait = RP_WAIT_NONE;
    rp_check_send(number, &f, error, true, &before);
    m->accepted = true;
    rp_world.actors[actor].current = -1;
    int again = gr_reply_error(self, 1);
    if (again != GR_ECONTEXT)
        rp_fail(RP_G8, actor, number, "a forwarded question could be answered: %d", again);
}

bool rp_handle_question(int actor, gr_actor *self, int number)
{
    struct rp_actor *a = &rp_world.actors[actor];
    struct rp_message *m = &rp_world.messages[number];
    rp_world.requests[m->request].holder = actor;
    if (rp_defer(actor, self, number)) return false;
    switch ((enum rp_mode)m->mode) {
    case RP_ANSWER_LATE:
        if (a->role->kind == RP_KIND_COROUTINE) {
            const struct rp_action sleep = {.op = RP_OP_SLEEP, .amount = m->forward};
            if (rp_act(actor, self, &sleep)) return true;
        }
        reply(actor, self, number);
        return false;
    case RP_ANSWER_TWICE:
        reply(actor, self, number);
        reply(actor, self, number);
        return false;
    case RP_ANSWER:
        reply(actor, self, number);
        return false;
    case RP_ERROR:
        reply_error(actor, self, number);
        return false;
    case RP_FORWARD:
        forward(actor, self, number);
        return false;
    case RP_EXIT:
        return rp_act(actor, self, &(struct rp_action){.op = RP_OP_EXIT, .amount = m->forward});
    case RP_IGNORE:
    case RP_MODES:
        break;
    }
    return false;
}

void rp_leave_question(int actor)
{
    struct rp_actor *a = &rp_world.actors[actor];
    int number = a->current;
    a->current = -1;
    if (number < 0 || rp_world.messages[number].request < 0) return;
    struct rp_request *r = &rp_world.requests[rp_world.messages[number].request];
    if (r->holder == actor && !r->answered) {
        r->ignored = true;
        r->ignored_at = rp_now();
    }
    r->holder = -1;
}
