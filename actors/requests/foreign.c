/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain threads: sends, requests and control with self NULL. They find the system by the reference's seat, take memory
 * straight from the seam, and give their envelopes to the loop where the receiver's slot was born, which forwards them.
 */
#include "actors/admission.h"
#include "actors/requests/requests.h"
#include "base/text.h"
#include "messages/visit.h"

/* The time of a system's clock: not by a loop, which is gone before the last future of a destroyed system. */
static gr_time now_of(const struct gr_system *system)
{
    return gri_clock_now(system->is_simulated ? system->loops[0]->clock : gri_clock_monotonic());
}

/* The verdict about one more message from a plain thread, which can't wait. */
static int admit(const struct gr_system *system, const struct gr_actor *actor, bool *drop)
{
    if (gri_load(&system->closed, GRI_ACQUIRE)) return GR_ESTOPPED;
    enum gri_verdict verdict = gri_full_verdict(gri_full_read(&actor->mailbox.full));
    uint64_t waiting = gri_load(&system->loops[actor->birth]->inject_bytes, GRI_RELAXED);
    if (verdict == GRI_ACCEPT && waiting >= GRI_INJECT_BYTES) verdict = GRI_REJECT;
    *drop = verdict == GRI_DROP_NEWEST;
    return verdict == GRI_REJECT || verdict == GRI_ACCEPT_REST ? GR_EFULL : 0;
}

/* A user message from nobody. NULL when there is no memory. */
static struct gri_message *new_message(struct gr_system *system, gr_ref to, const struct gr_type *type,
                                       const void *message)
{
    struct gri_message *m = gri_message_create(&system->memory.memory, type->size);
    if (m == NULL) return NULL;
    gri_fill(m, type, message);
    m->sender_seat = 0;
    m->sender_slot = 0;
    m->sender_generation = 0;
    m->to_slot = to.slot;
    m->to_generation = to.generation;
    return m;
}

struct gri_message *gri_foreign_new_reply(struct gri_foreign_box *box, const struct gr_type *type)
{
    struct gri_message *reply = gri_message_create(&box->system->memory.memory, type->size);
    if (reply == NULL) return NULL;
    reply->kind = GRI_MAIL_REPLY;
    reply->flags = GRI_MAIL_FOREIGN;
    reply->reply = NULL;
    reply->type = (uint16_t)type->id;
    reply->to_generation = (uintptr_t)box;
    return reply;
}

/* Sends inside of the seat. *box, if not NULL, is a request's, with its absolute deadline: its reply envelope is made
 * here. */
static int send_inside(struct gr_system *system, gr_ref to, const struct gr_type *type, const void *message,
                       const struct gr_type *reply_type, struct gri_foreign_box *box, gr_time deadline)
{
    struct gr_actor *actor;
    bool drop = false;
    int error = gri_find(&system->loops[0]->desk, to, &actor);
    if (error == 0) error = admit(system, actor, &drop);
    if (error != 0) return error;
    if (drop) {
        gri_foreign_dead_message(system, to, type, message, GR_DEAD_FULL);
        return box == NULL ? 0 : GRI_FUTURE_PENDING; /* told apart by the asker: full, and already counted */
    }
    struct gri_message *m = new_message(system, to, type, message);
    if (m == NULL) return GR_ENOMEM;
    if (box != NULL) {
        m->reply = gri_foreign_new_reply(box, reply_type);
        if (m->reply == NULL) {
            gri_message_destroy(&system->memory.memory, m);
            return GR_ENOMEM;
        }
        gri_request_bound(m->reply, deadline);
        gri_fetch_add(&system->foreign_requests, 1, GRI_RELAXED); /* a number; publishes nothing */
    }
    gri_fetch_add(&system->foreign_sent, 1, GRI_RELAXED); /* likewise */
    gri_loop_inject(system->loops[actor->birth], m);
    return 0;
}

void gri_foreign_report(struct gr_system *system, gr_ref to, const struct gr_type *type, const void *report)
{
    struct gr_actor *actor;
    bool drop = false;
    if (gri_find(&system->loops[0]->desk, to, &actor) != 0 || admit(system, actor, &drop) != 0 || drop)
        return;
    struct gri_message *m = new_message(system, to, type, report);
    if (m == NULL) return;
    gri_fetch_add(&system->foreign_sent, 1, GRI_RELAXED); /* a number; publishes nothing */
    gri_loop_inject(system->loops[actor->birth], m);
}

static int missing_system(gr_ref to)
{
    return gr_ref_is_null(to) ? GR_ESTALE : GR_ESYSTEM;
}

int gri_foreign_send(gr_ref to, const struct gr_type *type, const void *message, bool keep_on_failure)
{
    struct gr_system *system = gri_seat_enter(to.seat);
    int error = type->id == 0 ? GR_EINVALID : missing_system(to);
    if (system != NULL && type->id != 0)
        error = send_inside(system, to, type, message, NULL, NULL, GR_FOREVER);
    if (error != 0 && !keep_on_failure)
        gri_foreign_dead_message(system, to, type, message, gri_dead_letter_cause(error));
    if (system != NULL) gri_seat_leave(to.seat);
    return error == 0 ? 0 : gri_fail_send(NULL, to, type, error);
}

int gri_foreign_control(gr_ref to, enum gri_mail_kind kind, int reason)
{
    struct gr_system *system = gri_seat_enter(to.seat);
    if (system == NULL) {
        if (gr_ref_is_null(to)) return 0;
        return gri_fail(NULL, GR_ESYSTEM, "an actor of another or destroyed system can't be ended");
    }
    struct gr_actor *actor;
    struct gri_message *m = NULL;
    bool gone = gri_find(&system->loops[0]->desk, to, &actor) != 0 || gri_load(&system->closed, GRI_ACQUIRE);
    if (!gone) m = gri_message_create(&system->memory.memory, 0);
    if (m != NULL) {
        m->type = 0; /* traces show it */
        m->kind = (uint8_t)kind;
        m->flags = 0;
        m->reply = NULL;
        m->error = reason;
        m->to_slot = to.slot;
        m->to_generation = to.generation;
        gri_loop_inject(system->loops[actor->birth], m);
    }
    gri_seat_leave(to.seat);
    return gone || m != NULL ? 0 : gri_fail(NULL, GR_ENOMEM, "no memory to end an actor");
}

/* ---- requests ---- */

void gri_foreign_box_free(struct gri_foreign_box *box)
{
    struct gr_system *system = box->system;
    struct gri_message *answer = box->answer;
    if (answer != NULL) {
        const struct gr_type *type = gri_type_by_id(answer->type);
        if (answer->flags & GRI_MAIL_HEAVY) gr_message_release(type, answer->payload);
        gri_message_destroy(&system->memory.memory, answer);
    }
    gri_memory_release(&system->memory.memory, box, sizeof *box);
    gri_system_release(system);
}

struct gri_foreign_box *gri_foreign_box_create(struct gr_system *system)
{
    struct gri_foreign_box *box = gri_memory_allocate(&system->memory.memory, sizeof *box);
    if (box == NULL) return NULL;
    gri_cell_init(&box->cell);
    box->error = GRI_FUTURE_PENDING;
    box->answer = NULL;
    box->system = system;
    gri_system_hold(system);
    return box;
}

/* Sends the request of `future`, inside of the seat. Returns its error so far. */
static int ask_inside(struct gr_system *system, struct gr_future *future, gr_ref to,
                      const struct gr_type *reply_type, gr_time deadline, const struct gr_type *type,
                      const void *message)
{
    struct gri_foreign_box *box = gri_foreign_box_create(system);
    int error = GR_ENOMEM;
    future->foreign.deadline = gri_clock_after(now_of(system), deadline);
    if (box != NULL)
        error = send_inside(system, to, type, message, reply_type, box, future->foreign.deadline);
    if (error == 0) {
        future->foreign.box = box;
        return GRI_FUTURE_PENDING;
    }
    if (box != NULL) gri_foreign_box_free(box);
    if (error == GRI_FUTURE_PENDING) return GR_EFULL;
    gri_foreign_dead_message(system, to, type, message, gri_dead_letter_cause(error));
    return error;
}

gr_future *gri_foreign_ask(gr_ref to, const struct gr_type *reply_type, gr_time deadline,
                           const struct gr_type *type, const void *message)
{
    struct gri_memory *memory = gri_memory_default();
    struct gr_future *future = gri_memory_allocate(memory, sizeof *future);
    struct gr_system *system = gri_seat_enter(to.seat);
    int error = type->id == 0 || reply_type->id == 0 || deadline < 0 ? GR_EINVALID : missing_system(to);
    if (future == NULL) error = GR_ENOMEM;
    if (future != NULL) *future = (struct gr_future){.is_foreign = true, .to = to, .foreign.memory = memory};
    if (future != NULL && system != NULL && error != GR_EINVALID)
        error = ask_inside(system, future, to, reply_type, deadline, type, message);
    else
        gri_foreign_dead_message(system, to, type, message, gri_dead_letter_cause(error));
    if (system != NULL) gri_seat_leave(to.seat);
    if (error != GRI_FUTURE_PENDING) gri_fail_request(NULL, to, type, error);
    if (future != NULL) future->error = error;
    return future;
}

void gri_foreign_complete(struct gri_loop *loop, struct gri_message *reply)
{
    struct gri_foreign_box *box = (struct gri_foreign_box *)(uintptr_t)reply->to_generation;
    struct gr_system *system = box->system;
    box->error = gri_outcome(reply->error);
    box->answer = reply;
    if (reply->error != 0) reply->flags &= (uint8_t)~GRI_MAIL_HEAVY; /* it holds no value */
    gri_system_hold(system); /* the thread may free the box, and with it the system, as soon as it is set */
    if (gri_cell_set(&box->cell)) {
        gri_fetch_add(&system->foreign_replies, 1, GRI_RELAXED); /* a number; publishes nothing */
        /* The box may be gone, and its address another's: whoever waits looks again. The start of the loops published it. */
        if (gri_load(&system->awaited, GRI_RELAXED) == box) system->awaited_done(system);
    } else {
        gri_late_reply(loop, reply);
        gri_foreign_box_free(box);
    }
    gri_system_release(system);
}

/* Takes the outcome out of a box that is set. */
static void collect(struct gr_future *future)
{
    struct gri_foreign_box *box = future->foreign.box;
    future->error = box->error;
    bool has_text = box->error != 0 && (box->answer->flags & GRI_MAIL_TEXT);
    future->answer = box->error == 0 || has_text ? box->answer : NULL;
}

/* Ends a request that nobody has answered, with an error of the asker's. */
static void give_up(struct gr_future *future, int error)
{
    if (gri_cell_abandon(&future->foreign.box->cell)) {
        future->foreign.box = NULL;
        future->error = error;
    } else {
        collect(future);
    }
}

int gri_foreign_error(gr_future *future)
{
    if (future->error != GRI_FUTURE_PENDING) return future->error;
    struct gri_foreign_box *box = future->foreign.box;
    if (gri_cell_done(&box->cell))
        collect(future);
    else if (now_of(box->system) >= future->foreign.deadline)
        give_up(future, GR_ETIMEOUT);
    return future->error;
}

/* Whether this thread may wait for what a system is to bring; `what` waits. */
static int may_wait(const struct gr_system *system, const char *what)
{
    if (gri_loop_current() == NULL && !system->is_simulated) return 0;
    return gri_fail(NULL, GR_ECONTEXT,
                    "%s: waiting here would stop the loop that is to answer; the thread that runs the system "
                    "waits by gr_system_run_until",
                    what);
}

int gri_foreign_may_call(gr_ref to)
{
    struct gr_system *system = gri_seat_enter(to.seat);
    if (system == NULL) return 0; /* the request will tell why it can't be sent */
    int error = may_wait(system, "gr_call");
    gri_seat_leave(to.seat);
    return error;
}

static int wait_for(gr_future *future, gr_time deadline)
{
    if (gri_foreign_error(future) != GRI_FUTURE_PENDING) return future->error;
    struct gr_system *system = future->foreign.box->system;
    if (deadline == 0) return GR_ETIMEOUT;
    int error = may_wait(system, "gr_await");
    if (error != 0) return error;
    gr_time left = gri_clock_left(now_of(system), future->foreign.deadline);
    bool own_deadline = left <= deadline;
    if (gri_cell_wait(&future->foreign.box->cell, own_deadline ? left : deadline) == 0)
        collect(future);
    else if (own_deadline)
        give_up(future, GR_ETIMEOUT);
    return future->error == GRI_FUTURE_PENDING ? GR_ETIMEOUT : future->error;
}

int gri_foreign_await(gr_future *future, gr_time deadline)
{
    int error = wait_for(future, deadline);
    if (gri_future_is_done(future)) future->flags |= GRI_FUTURE_READ;
    return error;
}

int gri_foreign_cancel(gr_future *future)
{
    if (future->kind == GRI_FUTURE_TASK) return gri_foreign_control(future->to, GRI_MAIL_CANCEL, 0);
    give_up(future, GR_ECANCELLED);
    return future->error == GR_ECANCELLED ? 0 : GR_EBUSY;
}

void gri_foreign_release(gr_future *future)
{
    struct gri_foreign_box *box = future->foreign.box;
    if (future->error == GRI_FUTURE_PENDING) {
        if (gri_cell_abandon(&box->cell))
            box = NULL; /* whoever answers frees it */
        else
            collect(future);
    }
    gri_future_log_unread(future);
    if (box != NULL) gri_foreign_box_free(box);
    gri_memory_release(future->foreign.memory, future, sizeof *future);
}
