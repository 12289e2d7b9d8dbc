/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for several futures at once in random programs, waits that cancel, promises and callbacks: each ends with a cause,
 * and when that comes. And locals. */
#include "tests/systematic/actors/acts.h"

#define JOIN_MAX 4

/* A wait for some of an actor's futures. */
struct join {
    int actor;                    /* who waits */
    unsigned count;               /* futures */
    int requests[JOIN_MAX];       /* their numbers; -1: NULL is in its place */
    gr_future *futures[JOIN_MAX]; /* they */
    gr_time begin, deadline, end; /* when it began, and its deadline: from then on, and absolute */
};

/* ---- what is waited for ---- */

/* Some of the actor's futures, one after the other; none if it has none. With `odd`, one may be there twice, or missing. */
static void choose(struct join *j, int actor, const struct rp_action *action, bool odd)
{
    *j = (struct join){.actor = actor, .begin = rp_now(), .deadline = rp_duration(action->amount, true)};
    j->end = gri_clock_after(j->begin, j->deadline);
    for (unsigned i = 0; i < 1u + action->target % JOIN_MAX; i++) {
        int request = rp_choose_future(actor, action->how + i);
        if (request < 0 || (i > 0 && request == j->requests[0])) break; /* all are there */
        j->requests[j->count] = request;
        j->futures[j->count++] = rp_world.requests[request].future;
    }
    if (!odd || j->count == 0 || j->count == JOIN_MAX) return;
    if (action->forward % 8 == 0) {
        j->requests[j->count] = j->requests[0];
        j->futures[j->count++] = j->futures[0];
    } else if (action->forward % 8 == 1) {
        j->requests[j->count] = -1;
        j->futures[j->count++] = NULL;
    }
}

static int error_of(const struct join *j, unsigned i)
{
    return j->futures[i] == NULL ? GR_ENOMEM : gr_future_error(j->futures[i]);
}

/* When it was done: now, if nobody saw it before. */
static gr_time done_at(const struct join *j, unsigned i)
{
    if (j->requests[i] < 0) return j->begin;
    const struct rp_request *r = &rp_world.requests[j->requests[i]];
    gr_time at = r->done ? r->done_at : rp_now();
    return at > j->begin ? at : j->begin;
}

/* How it stands: how many are done, and failed; since when the first, the last, and the first failure. */
struct standing {
    unsigned done, failed;              /* futures */
    gr_time first, last, first_failure; /* absolute */
};

static struct standing look(const struct join *j)
{
    struct standing s = {.first = GR_FOREVER, .last = j->begin, .first_failure = GR_FOREVER};
    for (unsigned i = 0; i < j->count; i++) {
        int error = error_of(j, i);
        if (error == GR_EBUSY) continue;
        gr_time at = done_at(j, i);
        s.done++;
        if (at < s.first) s.first = at;
        if (at > s.last) s.last = at;
        if (error == 0) continue;
        s.failed++;
        if (at < s.first_failure) s.first_failure = at;
    }
    return s;
}

/* Whether this is the error of the failure that came first; of those that came at one moment it may be any. */
static bool is_first_error(const struct join *j, int error)
{
    gr_time first = GR_FOREVER, own = GR_FOREVER;
    for (unsigned i = 0; i < j->count; i++) {
        int found = error_of(j, i);
        const struct rp_request *r = j->requests[i] < 0 ? NULL : &rp_world.requests[j->requests[i]];
        gr_time at = r == NULL ? -1
                     : r->done ? r->done_at
                               : rp_now(); /* without memory it never was anything else */
        if (found == 0 || found == GR_EBUSY) continue;
        if (at < first) first = at;
        if (found == error && at < own) own = at;
    }
    return own == first && own != GR_FOREVER;
}

static void see_all(const struct join *j)
{
    for (unsigned i = 0; i < j->count; i++)
        if (error_of(j, i) != GR_EBUSY && j->requests[i] >= 0) rp_see_outcome(j->requests[i], error_of(j, i));
}

/* ---- the wait ---- */

static void begin(const struct join *j, const char *what)
{
    rp_note(what, j->actor, -1, j->count);
    rp_world.actors[j->actor].wait = RP_WAIT_AWAIT;
    rp_world.actors[j->actor].awaited = -1;
}

/* Whether the wait ended because the actor is killed. */
static bool is_killed(const struct join *j, int error)
{
    struct rp_actor *a = &rp_world.actors[j->actor];
    a->wait = RP_WAIT_NONE;
    rp_note("joined", j->actor, -1, error);
    if (error != GR_EKILLED) return false;
    if (a->killed || rp_world.stopping || rp_may_exit(j->actor, RP_ANY_REASON)) {
        a->dying = true;
        return true;
    }
    return false;
}

static void wrong(const struct join *j, const char *what, int error)
{
    rp_fail(RP_G8, j->actor, -1, "%s gave %d at %lld, begun at %lld, until %lld", what, error,
            (long long)rp_now(), (long long)j->begin, (long long)j->end);
}

/* It returned what it should, and at the time `due`; `met`: what it waits for has come. */
static void check(const struct join *j, const char *what, int error, bool met, gr_time due)
{
    if (rp_world.stopping) return;
    if (error == GR_ETIMEOUT && rp_now() == j->end && j->deadline != GR_FOREVER) return;
    if (!met) wrong(j, what, error);
    if (met && rp_now() != due) wrong(j, "too late or too early, it", error);
}

static void gather(gr_actor *self, int actor, const struct rp_action *action)
{
    struct join j;
    choose(&j, actor, action, true);
    if (j.count == 0) return;
    bool all = action->forward % 2 != 0;
    begin(&j, "gathers");
    int error = gr_gather(self, j.futures, j.count, all ? GR_GATHER_ALL : GR_GATHER_FIRST_ERROR, j.deadline);
    if (is_killed(&j, error)) return;
    struct standing s = look(&j);
    bool whole = error == 0 && s.done == j.count && (all || s.failed == 0);
    bool failed = error != 0 && !all && is_first_error(&j, error);
    check(&j, "a gather", error, whole || failed, whole ? s.last : s.first_failure);
    see_all(&j);
}

static void wait_for_some(gr_actor *self, int actor, const struct rp_action *action)
{
    struct join j;
    size_t done = 99;
    choose(&j, actor, action, true);
    if (j.count == 0) return;
    enum gr_wait_until until = (enum gr_wait_until)(GR_WAIT_ALL + action->forward % 3);
    begin(&j, "waits for some");
    int error = gr_wait(self, j.futures, j.count, until, &done, j.deadline);
    if (is_killed(&j, error)) return;
    struct standing s = look(&j);
    if (done != s.done) rp_fail(RP_G8, actor, -1, "a wait counted %zu that are done, not %u", done, s.done);
    bool met = error == 0 && (s.done == j.count || (until == GR_WAIT_FIRST && s.done > 0) ||
                              (until == GR_WAIT_FIRST_ERROR && s.failed > 0));
    gr_time due = until == GR_WAIT_FIRST                         ? s.first
                  : until == GR_WAIT_FIRST_ERROR && s.failed > 0 ? s.first_failure
                                                                 : s.last;
    check(&j, "a wait", error, met, due);
    see_all(&j);
}

static void race(gr_actor *self, int actor, const struct rp_action *action)
{
    struct join j;
    size_t first = 99;
    choose(&j, actor, action, false);
    if (j.count == 0) return;
    begin(&j, "races");
    int error = gr_race(self, j.futures, j.count, &first, j.deadline);
    for (unsigned i = 0; i < j.count; i++)
        if (i != first) rp_world.requests[j.requests[i]].cancels++;
    if (is_killed(&j, error)) return;
    bool met = first < j.count && error_of(&j, (unsigned)first) == error;
    if (error == GR_ETIMEOUT && !met && first != j.count)
        rp_fail(RP_G8, actor, -1, "a race without a winner names %zu of %u", first, j.count);
    check(&j, "a race", error, met, met ? done_at(&j, (unsigned)first) : 0);
    for (unsigned i = 0; i < j.count; i++)
        if (error_of(&j, i) == GR_EBUSY && !rp_world.requests[j.requests[i]].is_task)
            rp_fail(RP_G8, actor, -1, "request %d lost a race and is pending", j.requests[i]);
    see_all(&j);
}

/* One that is not done at the deadline is cancelled meanwhile, so that a task may be told before this returns. */
static void wait_and_cancel(gr_actor *self, int actor, const struct rp_action *action)
{
    struct join j;
    choose(&j, actor, action, false);
    if (j.count == 0) return;
    j.count = 1;
    struct rp_request *r = &rp_world.requests[j.requests[0]];
    r->maybe_cancelled++;
    begin(&j, "waits for one");
    rp_world.actors[actor].awaited = j.requests[0]; /* which may close a cycle, as by gr_await */
    int error = gr_wait_for(self, j.futures[0], j.deadline);
    if (is_killed(&j, error)) return;
    int seen = error_of(&j, 0);
    bool in_time = error == seen && error != GR_EBUSY;
    r->maybe_cancelled--;
    if (!in_time || seen == GR_ECANCELLED) r->cancels++;
    bool untold = error == GR_ENOMEM && rp_may_fail(); /* of a task elsewhere that was cancelled before */
    if (seen == GR_EBUSY && !untold) wrong(&j, "a wait that cancels left it pending and", error);
    if (!in_time && !untold && !rp_world.stopping &&
        (error != GR_ETIMEOUT || j.deadline == GR_FOREVER || rp_now() < j.end))
        wrong(&j, "a wait that cancels", error);
    if (!in_time && !r->is_task && !rp_world.stopping && rp_now() != j.end)
        wrong(&j, "a wait for what ends at once", error);
    see_all(&j);
}

/* ---- as they are done ---- */

static bool is_given(const struct join *j, const gr_future *future, gr_future *const *given, unsigned count)
{
    bool is_one = false;
    for (unsigned i = 0; i < j->count; i++) is_one |= j->futures[i] == future;
    for (unsigned i = 0; i < count; i++)
        if (given[i] == future) is_one = false;
    return is_one && gr_future_done(future);
}

static unsigned distinct(const struct join *j)
{
    unsigned count = 0;
    for (unsigned i = 0; i < j->count; i++)
        count += j->futures[i] != NULL && (i == 0 || j->futures[i] != j->futures[0]);
    return count;
}

static void take_as_done(gr_actor *self, int actor, const struct rp_action *action)
{
    struct join j;
    gr_future *given[JOIN_MAX], *future = NULL;
    unsigned count = 0;
    choose(&j, actor, action, true);
    gr_completions *completions = gr_as_completed(self, j.futures, j.count);
    if (completions == NULL) {
        if (!rp_may_fail()) rp_fail(RP_G8, actor, -1, "completions were refused though there is memory");
        return;
    }
    for (;;) {
        gr_time end = gri_clock_after(rp_now(), j.deadline);
        begin(&j, "takes the next");
        int error = gr_next_done(self, completions, &future, j.deadline);
        if (is_killed(&j, error)) return;
        if (error == GR_ENOTFOUND && count != distinct(&j))
            rp_fail(RP_G8, actor, -1, "completions end after %u of %u", count, distinct(&j));
        if (error == GR_ETIMEOUT && rp_now() != end && !rp_world.stopping) wrong(&j, "the next one", error);
        if (error != 0 && error != GR_ENOTFOUND && error != GR_ETIMEOUT) wrong(&j, "the next one", error);
        if (error != 0) break;
        if (!is_given(&j, future, given, count)) {
            rp_fail(RP_G8, actor, -1, "completions gave what is not due");
            break;
        }
        given[count++] = future;
    }
    see_all(&j);
    if (action->forward % 4 != 3) gr_completions_release(completions); /* else at the actor's end */
}

void rp_join(int actor, gr_actor *self, const struct rp_action *action)
{
    static void (*const joins[])(gr_actor *, int, const struct rp_action *) = {gather, wait_for_some, race,
                                                                               wait_and_cancel, take_as_done};
    joins[action->how % (sizeof joins / sizeof *joins)](self, actor, action);
}

/* ---- callbacks ---- */

static void called_back(gr_actor *self, gr_future *future, void *context)
{
    struct rp_request *r = context;
    int request = (int)(r - rp_world.requests);
    rp_note("is called back", r->asker, r->message, request);
    if (r->future != future || !gr_future_done(future) || r->called == r->promised)
        rp_fail(RP_G8, r->asker, -1, "a callback of request %d that is not due", request);
    r->called++;
    if (r->future == future && gr_future_done(future)) rp_see_outcome(request, gr_future_error(future));
}

void rp_on_done(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = rp_choose_future(actor, action->how);
    if (request < 0) return;
    struct rp_request *r = &rp_world.requests[request];
    rp_note("wants a callback", actor, r->message, request);
    if (action->amount % 4 == 0) {
        int taken = gr_future_off_done(self, r->future, called_back, r);
        if (taken != (int)(r->promised - r->called))
            rp_fail(RP_G8, actor, -1, "%d callbacks of request %d were taken back, of %u", taken, request,
                    r->promised - r->called);
        r->called = r->promised;
        return;
    }
    int error = gr_future_on_done(self, r->future, called_back, r);
    if (error == 0)
        r->promised++;
    else if (error != GR_ENOMEM || !rp_may_fail())
        rp_fail(RP_G8, actor, -1, "gr_future_on_done gave %d", error);
}

void rp_check_callbacks(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    if (r->future == NULL || r->promised == r->called || rp_somebody_is_full()) return;
    if (gr_future_done(r->future) && rp_exists(rp_world.actors[r->asker].ref))
        rp_fail(RP_G8, r->asker, -1, "a callback of request %d, which is done, never came", request);
}

/* ---- promises of an actor's own ---- */

static int pending_promise(int actor)
{
    for (int i = 0; i < rp_world.request_count; i++) {
        const struct rp_request *r = &rp_world.requests[i];
        if (r->asker == actor && r->is_promise && r->future != NULL && !r->returned) return i;
    }
    return -1;
}

static void set_promise(int actor, gr_actor *self, int request, int error)
{
    struct rp_request *r = &rp_world.requests[request];
    bool cancelled = gr_future_error(r->future) == GR_ECANCELLED;
    if (!cancelled) r->result = error;
    r->returned = true;
    rp_note("sets its promise", actor, -1, error);
    int got = error != 0 ? gr_promise_fail(self, r->promise, error, "a text")
                         : gr_fulfil(self, r->promise, rp_note_m, .number = (uint64_t)request);
    if (got != (cancelled ? GR_ENOTFOUND : 0))
        rp_fail(RP_G8, actor, -1, "setting promise %d gave %d", request, got);
    rp_world.promises_failed += error != 0;
    rp_see_outcome(request, gr_future_error(r->future));
    if (gr_promise_fail(self, r->promise, 90, NULL) != GR_ENOTFOUND)
        rp_fail(RP_G8, actor, -1, "promise %d could be set again", request);
}

void rp_promise(int actor, gr_actor *self, const struct rp_action *action)
{
    int request = pending_promise(actor);
    if (request >= 0) {
        set_promise(actor, self, request, action->amount % 3 == 0 ? 91 : 0);
        return;
    }
    request = rp_new_request(actor, -1, GR_FOREVER);
    if (request < 0) return;
    struct rp_request *r = &rp_world.requests[request];
    r->is_promise = true;
    r->future = gr_promise_create(self, rp_note_m, &r->promise);
    rp_note("makes a promise", actor, -1, request);
    if (r->future != NULL) return;
    r->done = true;
    r->error = GR_ENOMEM;
    if (!rp_may_fail()) rp_fail(RP_G8, actor, -1, "a promise was refused though there is memory");
}

void rp_check_promise(int request)
{
    const struct rp_request *r = &rp_world.requests[request];
    const struct rp_note_m *value = gr_future_as(r->future, rp_note_m);
    if (r->error == GR_ECANCELLED && r->cancels + r->maybe_cancelled != 0) return;
    if (!r->returned || r->error != r->result || (r->error == 0) != (value != NULL))
        rp_fail(RP_G8, r->asker, -1, "promise %d has the outcome %d, which nobody set", request, r->error);
    if (value != NULL && value->number != (uint64_t)request)
        rp_fail(RP_G8, r->asker, -1, "promise %d has the value of %d", request, (int)value->number);
}

/* ---- locals ---- */

GR_LOCAL(rp_local, int, -7);

void rp_check_local(int actor, gr_actor *self)
{
    struct rp_actor *a = &rp_world.actors[actor];
    int *mine = gr_local(self, rp_local);
    if (mine == NULL) {
        if (!rp_may_fail() || a->has_local)
            rp_fail(RP_G11, actor, -1, "a local was refused though there is memory");
        return;
    }
    if (*mine != (a->has_local ? actor : -7))
        rp_fail(RP_G11, actor, -1, "the local of actor %d says %d", actor, *mine);
    *mine = actor;
    a->has_local = true;
}
