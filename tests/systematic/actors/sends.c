/* SPDX-License-Identifier: Apache-2.0 */
/* Sends of random programs: what must come of each, told by the receiver's mailbox before it, and what did. */
#include "actors/actor.h"
#include "messages/registry.h"
#include "scheduler/coroutines/stack.h"
#include "tests/systematic/actors/acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The actor that was seen to end last, or NULL. */
static const struct rp_actor *last_gone(void)
{
    const struct rp_actor *last = NULL;
    for (int i = 0; i < rp_world.actor_count; i++) {
        const struct rp_actor *a = &rp_world.actors[i];
        if (a->gone && (last == NULL || a->gone_at >= last->gone_at)) last = a;
    }
    return last;
}

gr_ref rp_target(int actor, uint8_t target)
{
    struct rp_world *w = &rp_world;
    gr_ref null = {0, 0, 0};
    if (w->actor_count == 0) return null;
    const struct rp_actor *self = actor == RP_OUTSIDE ? NULL : &w->actors[actor];
    const struct rp_actor *any = &w->actors[target % w->actor_count];
    const struct rp_actor *gone = last_gone();
    gr_ref ref = any->ref;
    switch (target) {
    case 0:
        return self != NULL ? self->ref : null;
    case 1:
        return self != NULL && self->parent != RP_OUTSIDE ? w->actors[self->parent].ref : ref;
    case 2:
        return self != NULL && self->last_child >= 0 ? w->actors[self->last_child].ref : ref;
    case 3:
        return null;
    case 4:
        ref.slot = UINT32_MAX - 7;
        return ref;
    case 5:
        ref.generation += UINT64_C(1) << 39;
        return ref; /* nobody ever had it */
    case 6:
        ref.seat += 7;
        return self != NULL ? ref : null; /* of another system */
    case 7:
    case 8:
    case 9:
        return gone != NULL ? gone->ref : ref;
    default:
        break;
    }
    /* Every other one of the newest, which mostly live. */
    int newest = w->actor_count < 6 ? w->actor_count : 6;
    return target % 2 ? w->actors[w->actor_count - 1 - target / 2 % newest].ref : ref;
}

uint64_t rp_bound_messages(const struct rp_role *role)
{
    return role->messages != 0 ? role->messages : 65536;
}

uint64_t rp_bound_bytes(const struct rp_role *role)
{
    return role->bytes != 0 ? (role->bytes + UINT64_C(1023)) / 1024 * 1024 : UINT64_C(64) << 20;
}

bool rp_mailbox(gr_ref ref, uint32_t *messages, uint64_t *bytes, int *loop)
{
    struct gr_actor_info info;
    if (!rp_exists(ref) || !gri_system_describe(rp_world.system, ref.slot, &info)) return false;
    int number = rp_find_actor(ref);
    if (number < 0 || !gr_ref_equal(info.ref, ref)) return false;
    size_t stack = rp_world.system->stack_size ? rp_world.system->stack_size : GRI_STACK_BYTES_DEFAULT;
    bool is_coroutine = rp_world.actors[number].role->kind == RP_KIND_COROUTINE;
    *messages = info.mailbox;
    *bytes = info.bytes - sizeof(struct gr_actor) - (is_coroutine ? stack : sizeof(uint64_t));
    *loop = info.loop;
    return true;
}

/* What a full mailbox does. `hard`: it is at twice its bound. */
static void foresee_full(struct rp_forecast *f, const struct rp_role *sender, bool to_itself, bool hard,
                         bool try)
{
    if (f->policy == GR_POLICY_REJECT) f->error = GR_EFULL;
    if (f->policy == GR_POLICY_DROP_NEWEST) f->drops = true;
    if (f->policy != GR_POLICY_WAIT) return;
    if (try)
        f->error = GR_EFULL;
    else if (sender != NULL && sender->kind == RP_KIND_COROUTINE && !to_itself)
        f->may_suspend = true;
    else if (sender == NULL || hard)
        f->error = GR_EFULL;
}

struct rp_forecast rp_foresee(int actor, gr_actor *self, gr_ref to, bool try)
{
    struct rp_forecast f = {.known = true};
    uint32_t count;
    uint64_t bytes;
    int loop;
    if (gr_ref_is_null(to) || !rp_exists(to)) {
        f.error = !gr_ref_is_null(to) && to.seat != rp_world.system->seat ? GR_ESYSTEM : GR_ESTALE;
        return f;
    }
    const struct rp_role *role = rp_world.actors[rp_find_actor(to)].role;
    if (!rp_mailbox(to, &count, &bytes, &loop)) return f; /* not born: no bound yet */
    f.policy = role->policy;
    uint64_t bound = rp_bound_messages(role), bound_bytes = rp_bound_bytes(role);
    bool full = count >= bound || bytes >= bound_bytes;
    bool low = count <= bound - (bound + 3) / 4 && bytes <= bound_bytes / 4 * 3;
    bool same_loop = self != NULL && gr_loop_index(self) == loop;
    const struct rp_role *sender = self == NULL ? NULL : rp_world.actors[actor].role;
    bool to_itself = self != NULL && gr_ref_equal(to, rp_world.actors[actor].ref);
    if (full || (!same_loop && !low))
        foresee_full(&f, sender, to_itself, count >= bound * 2 || bytes / 2 >= bound_bytes, try);
    f.known = full || low || same_loop;
    return f;
}

int rp_new_message(int sender, gr_ref to, enum rp_type type)
{
    struct rp_world *w = &rp_world;
    if (w->message_count == RP_MESSAGES_MAX) return -1;
    int number = w->message_count++;
    w->messages[number] = (struct rp_message){.type = (uint8_t)type,
                                              .sender = sender,
                                              .to = to,
                                              .receiver = rp_find_actor(to),
                                              .direct = true,
                                              .births = 1,
                                              .request = -1,
                                              .timer = -1};
    int old = w->messages[number].receiver;
    if (old >= 0 && w->actors[old].gone)
        for (int i = 0; i < w->actor_count; i++)
            if (i != old && w->actors[i].ref.slot == to.slot && rp_exists(w->actors[i].ref)) {
                w->stale_sends++;
                break;
            }
    return number;
}

gr_string rp_text(gr_actor *self, int number)
{
    gr_string text;
    int error = gr_string_format(self, &text, "%d", number);
    if (error != 0 && !rp_may_fail()) rp_fail(RP_G3, -1, number, "a string could not be made: %d", error);
    return text; /* empty after an error */
}

void rp_fill(uint8_t *bytes, size_t size, int number)
{
    memset(bytes, number & 255, size);
}

struct gr_system_counts rp_counts(void)
{
    struct gr_system_counts counts = {0};
    if (rp_world.system != NULL) gr_system_count(rp_world.system, &counts);
    return counts;
}

/* The cause that a failed send is counted under. */
static enum gr_dead_letter cause_of(int error, bool expired)
{
    if (expired && error == GR_ETIMEOUT) return GR_DEAD_EXPIRED;
    switch (error) {
    case GR_EFULL:
    case GR_ETIMEOUT:
        return GR_DEAD_FULL;
    case GR_ENOMEM:
        return GR_DEAD_NO_MEMORY;
    case GR_ESYSTEM:
        return GR_DEAD_SYSTEM;
    case GR_ESTOPPED:
        return GR_DEAD_STOPPED;
    case GR_EKILLED:
        return GR_DEAD_DOWN;
    default:
        return GR_DEAD_STALE;
    }
}

static bool is_plausible(const struct rp_forecast *f, int error)
{
    if (error == GR_ENOMEM) return rp_may_fail();
    if (f->may_suspend)
        return error == 0 || error == GR_EFULL || error == GR_ESTALE || error == GR_EKILLED ||
               error == GR_ETIMEOUT;
    if (f->known) return error == f->error;
    return error == 0 || (error == GR_EFULL && f->policy <= GR_POLICY_WAIT);
}

void rp_check_send(int number, const struct rp_forecast *f, int error, bool counts_failure,
                   const struct gr_system_counts *before)
{
    struct rp_world *w = &rp_world;
    struct rp_message *m = &w->messages[number];
    struct gr_system_counts after = rp_counts();
    if (!is_plausible(f, error))
        rp_fail(error == GR_ESTALE || f->error == GR_ESTALE || f->error == GR_ESYSTEM ? RP_G10 : RP_G15,
                m->receiver, number, "a send gave %d where %d was due%s", error, f->error,
                f->known ? "" : ", or not full");
    m->accepted = error == 0;
    bool may_drop = f->policy == GR_POLICY_DROP_NEWEST && !f->may_suspend;
    m->dropped = error == 0 && may_drop && after.sent == before->sent;
    if (f->known && error == 0 && !f->may_suspend && m->dropped != f->drops)
        rp_fail(RP_G15, m->receiver, number, "drop newest: it was %s",
                m->dropped ? "dropped" : "not dropped");
    if (error == 0 || counts_failure) w->born++;
    if (f->may_suspend) return;
    uint64_t sent = after.sent - before->sent;
    if (sent != (error == 0 && !m->dropped))
        rp_fail(RP_G3, m->receiver, number, "a send that gave %d counted %llu sent", error,
                (unsigned long long)sent);
    if (error == 0) return;
    enum gr_dead_letter cause = cause_of(error, f->expired);
    uint64_t dead = after.dead_letters[cause] - before->dead_letters[cause];
    if (dead != counts_failure)
        rp_fail(RP_G3, m->receiver, number, "a send that gave %d counted %llu dead letters of its cause",
                error, (unsigned long long)dead);
}

/* The call itself, by type. */
static int send_note(gr_actor *self, gr_ref to, int number, bool try)
{
    uint64_t n = (uint64_t)number;
    return try ? gr_try_send(self, to, rp_note_m, .number = n) : gr_send(self, to, rp_note_m, .number = n);
}

static int send_odd(gr_actor *self, gr_ref to, int number, bool try)
{
    uint64_t n = (uint64_t)number;
    return try ? gr_try_send(self, to, rp_odd_m, .number = n) : gr_send(self, to, rp_odd_m, .number = n);
}

static int send_text(gr_actor *self, gr_ref to, int number, bool try)
{
    struct rp_text_m m = {.number = (uint64_t)number, .text = rp_text(self, number)};
    uint8_t *bytes;
    size_t size = (size_t)(number % 7) * 300;
    if (gr_buffer_create(self, size, &m.data, &bytes) == 0) rp_fill(bytes, size, number);
    if (!try) return gri_send(self, to, &rp_text_m_gr_type, &m);
    int error = gri_try_send(self, to, &rp_text_m_gr_type, &m);
    if (error != 0) gr_message_release(&rp_text_m_gr_type, &m);
    return error;
}

static int send_large(gr_actor *self, gr_ref to, int number, bool try)
{
    struct rp_large_m *m = malloc(sizeof *m); /* a coroutine's stack is small */
    if (m == NULL) abort();
    m->number = (uint64_t)number;
    rp_fill(m->bytes, sizeof m->bytes, number);
    int error = try ? gri_try_send(self, to, &rp_large_m_gr_type, m)
                    : gri_send(self, to, &rp_large_m_gr_type, m);
    free(m);
    return error;
}

static int call_send(gr_actor *self, gr_ref to, enum rp_type type, int number, bool try)
{
    switch (type) {
    case RP_TEXT:
        return send_text(self, to, number, try);
    case RP_LARGE:
        return send_large(self, to, number, try);
    case RP_ODD:
        return send_odd(self, to, number, try);
    case RP_POKE:
        return gr_try_send(self, to, rp_poke_m, .number = (uint64_t)number);
    default:
        return send_note(self, to, number, try);
    }
}

void rp_send(int actor, gr_actor *self, gr_ref to, enum rp_type type, bool try)
{
    if (self == NULL && type == RP_TEXT && gr_ref_is_null(to)) type = RP_NOTE;
    int number = rp_new_message(actor, to, type);
    if (number < 0) return;
    struct rp_forecast f = rp_foresee(actor, self, to, try);
    struct gr_system_counts before = rp_counts();
    bool counted = !try && !(self == NULL && gr_ref_is_null(to)); /* no system to count it */
    rp_note("sends", actor, number, try);
    if (self != NULL) rp_world.actors[actor].wait = RP_WAIT_OTHER;
    int error = call_send(self, to, type, number, try);
    if (self != NULL) rp_world.actors[actor].wait = RP_WAIT_NONE;
    rp_check_send(number, &f, error, counted, &before);
    rp_note("sent", actor, number, error);
}

void rp_poke(int actor, gr_actor *self)
{
    struct rp_actor *a = &rp_world.actors[actor];
    if (a->poked || a->cursor >= a->role->count) return;
    int before = rp_world.message_count;
    rp_send(actor, self, a->ref, RP_POKE, true);
    a->poked = rp_world.message_count > before && rp_world.messages[before].accepted &&
               !rp_world.messages[before].dropped;
}
