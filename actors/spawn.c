/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spawning: the spawner names the actor from free slots, on its own loop or on lease from another, and the spawn travels
 * ahead of its first message on the same path. So a spawn never waits.
 */
#include "actors/admission.h"
#include "actors/links/links.h"
#include "actors/tasks/task.h"
#include "messages/visit.h"

#include <stdio.h>

/* What an actor is born with. On the way to another loop it stands behind the start message. */
struct spawn_order {
    const struct gr_behaviour *behaviour; /* what is spawned */
    struct gr_mailbox_options mailbox;    /* its bound */
    uint32_t stack_size;                  /* of a coroutine */
    bool holds_exit;                      /* gr_run waits for it */
    struct gri_name *name;                /* in the registry, or NULL */
};

/* What a spawn needs beside the actor itself, taken before anything is certain. */
struct company {
    struct gri_name *name;     /* reserved, or NULL */
    struct gri_link_pair pair; /* of a link with the spawner, or all zeroes */
};

_Static_assert(sizeof(struct spawn_order) <= GRI_MAIL_ORDER_BYTES, "an order fits behind its start message");

static size_t order_offset(const struct gr_type *type)
{
    return (type->size + 7u) & ~(size_t)7;
}

static struct spawn_order *order_of(struct gri_message *m, const struct gr_type *type)
{
    return (struct spawn_order *)((char *)m->payload + order_offset(type));
}

/* ---- the new actor, on its own loop ---- */

static void *take_state(struct gri_loop *loop, uint32_t size)
{
    unsigned pool_class = gri_pool_class(size);
    void *state = pool_class == GRI_POOL_LARGE ? gri_pool_take_large(&loop->pool, size)
                                               : gri_pool_take(&loop->pool, pool_class);
    if (state != NULL) memset(state, 0, size);
    return state;
}

/*
 * Whether an actor is born with its extra. A task makes it in its first turn, as its future can be told that there is no
 * memory: of many that are started together and end at once, one at a time has it.
 */
static bool needs_extra(const struct spawn_order *order)
{
    const struct gr_behaviour *behaviour = order->behaviour;
    bool is_late = behaviour->task != NULL && order->stack_size == 0;
    return order->name != NULL || (behaviour->coroutine != NULL && !is_late);
}

/* Makes an actor of a free slot of this loop. Errors: GR_ENOMEM; the slot is then as before. */
static int bring_to_life(struct gri_loop *loop, struct gr_actor *actor, const struct spawn_order *order)
{
    const struct gr_behaviour *behaviour = order->behaviour;
    const struct gri_dispatch *dispatch = gri_dispatch_of(loop, behaviour);
    if (dispatch == NULL) return GR_ENOMEM;
    actor->loop = loop;
    if (needs_extra(order) && gri_actor_extra(actor) == NULL) return GR_ENOMEM;
    if (behaviour->coroutine != NULL) {
        if (order->stack_size != 0) actor->extra->stack_size = order->stack_size;
        actor->work.run = gri_coroutine_turn;
    } else {
        if (behaviour->state_size != 0) {
            actor->state = take_state(loop, behaviour->state_size);
            if (actor->state == NULL) return GR_ENOMEM;
        }
        actor->work.run = gri_handler_turn;
    }
    const struct gr_mailbox_options *mailbox = &order->mailbox;
    if (mailbox->messages | mailbox->bytes | mailbox->policy) gri_mailbox_configure(&actor->mailbox, mailbox);
    if (order->name != NULL) actor->extra->name = order->name;
    if (order->holds_exit) actor->flags |= GRI_ACTOR_HOLDS_EXIT; /* a stop may have come before it */
    gri_store(&actor->dispatch, (void *)dispatch, GRI_RELEASE);  /* acquired by listings */
    return 0;
}

/* Queues the new actor with its start message in front of all mail. */
static void queue_start(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    gri_mailbox_push_start(&actor->mailbox, m);
    actor->busy = GRI_BUSY_SCHEDULED;
    gri_loop_schedule(loop, &actor->work);
}

const struct gr_behaviour *gri_spawn_behaviour(const struct gri_message *m)
{
    return order_of((struct gri_message *)m, gri_type_by_id(m->type))->behaviour;
}

void gri_spawn_arrived(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m)
{
    const struct spawn_order *order = order_of(m, gri_type_by_id(m->type));
    /* Closed: all loops have ended, and this is what was still on its way. */
    int error = GR_ESTOPPED;
    if (!gri_load(&gri_loop_system(loop)->closed, GRI_RELAXED)) error = bring_to_life(loop, actor, order);
    if (error != 0) {
        gri_names_free(&gri_loop_system(loop)->names, order->name);
        if (order->holds_exit) actor->flags = GRI_ACTOR_HOLDS_EXIT;
        gri_start_end(actor, m, error);
        gri_actor_end(actor, error);
        return;
    }
    uint8_t told = ((struct gri_loop_actors *)loop->local)->told;
    if ((told & GRI_CONTROL_STOP) && !(actor->control & (GRI_CONTROL_STOP | GRI_CONTROL_LINK)))
        actor->reason = GR_ESTOPPED;
    actor->control |= told;
    queue_start(loop, actor, m);
}

/* ---- names ---- */

/* A free slot that was born on this loop, or NULL with *error. */
static struct gr_actor *take_own_slot(struct gri_loop *loop, int *error)
{
    struct gri_loop_actors *actors = loop->local;
    if (actors->free.count == 0) {
        *error = gri_slots_add(&gri_loop_system(loop)->slots, loop->index, &actors->free);
        if (*error != 0) return NULL;
    }
    return gri_slot_chain_pop(&actors->free);
}

/* Asks another loop for free slots; without memory it is tried again at the next spawn. */
static void ask_for_lease(struct gri_loop *loop, unsigned of)
{
    struct gri_loop_actors *actors = loop->local;
    struct gri_message *m = gri_loop_new_message(loop, sizeof(struct gri_slot_chain));
    if (m == NULL) return;
    m->kind = GRI_MAIL_LEASE;
    m->flags = 0;
    m->reply = NULL;
    m->to_slot = loop->index;
    m->error = 0; /* a question */
    actors->lease_asked[of] = true;
    gri_link_send(loop, of, m);
}

static struct gr_actor *take_leased_slot(struct gri_loop *loop, unsigned of, int *error)
{
    struct gri_loop_actors *actors = loop->local;
    struct gri_slots *slots = &gri_loop_system(loop)->slots;
    struct gri_slot_chain *lease = &actors->leases[of];
    bool is_low = lease->count <=
                  (gri_slots_lease(slots) + 1) / 2; /* before there is none: the answer takes its time */
    if (is_low && !actors->lease_asked[of]) ask_for_lease(loop, of);
    if (lease->count == 0) {
        *error = gri_slots_add(slots, of, lease);
        if (*error != 0) return NULL;
    }
    return gri_slot_chain_pop(lease);
}

void gri_lease_arrived(struct gri_loop *loop, struct gri_message *m)
{
    struct gri_loop_actors *actors = loop->local;
    struct gri_slot_chain *chain = (struct gri_slot_chain *)m->payload;
    unsigned who = m->to_slot; /* who asked, or whose slots these are; loop_count: plain threads */
    if (m->error != 0) {
        gri_slot_chain_move(&actors->leases[who], chain, chain->count);
        actors->lease_asked[who] = false;
        gri_loop_free_message(loop, m);
        return;
    }
    *chain = (struct gri_slot_chain){NULL, 0};
    struct gri_slots *slots = &gri_loop_system(loop)->slots;
    gri_slot_chain_move(chain, &actors->free, gri_slots_lease(slots));
    if (who == loop->count) {
        gri_slots_give_outside(slots, loop->index, *chain);
        gri_loop_free_message(loop, m);
        return;
    }
    m->error = 1; /* the answer */
    m->to_slot = loop->index;
    gri_link_send(loop, who, m);
}

/* ---- the spawner's side ---- */

/* Whether the request to spawn makes sense. `explain` knows all that it refuses. */
static int check(const struct gr_system *system, const struct gr_behaviour *behaviour,
                 const struct gr_spawn_options *options)
{
    if (options->size != sizeof *options) return GR_EINVALID;
    if (behaviour->id == 0 || behaviour->start_type->id == 0) return GR_EINVALID;
    if (options->loop < GR_SPREAD || options->loop > (int)system->loop_count) return GR_EINVALID;
    if (options->mailbox.policy > GR_POLICY_DROP_OLDEST) return GR_EINVALID;
    if (options->stack_size > GRI_STACK_BYTES_MAX) return GR_EINVALID;
    return gri_load(&system->stopping, GRI_RELAXED) ? GR_ESTOPPED : 0;
}

/* A sentence about what is invalid: the option and its value. */
static void explain_invalid(const struct gr_system *system, const struct gr_behaviour *behaviour,
                            const struct gr_spawn_options *options, char *text, size_t size)
{
    if (options->size != sizeof *options)
        snprintf(text, size, "options of %u bytes: the program was built for another version of the library",
                 options->size);
    else if (behaviour->id == 0 || behaviour->start_type->id == 0)
        snprintf(text, size, "it, or its start message %s, is not registered", behaviour->start_type->name);
    else if (options->loop < GR_SPREAD)
        snprintf(text, size, ".loop = %d is none of GR_SAME_LOOP, GR_SPREAD and GR_LOOP(n)", options->loop);
    else if (options->loop > (int)system->loop_count)
        snprintf(text, size, ".loop = GR_LOOP(%d): there are %u loops, counted from 0", options->loop - 1,
                 system->loop_count);
    else if (options->mailbox.policy > GR_POLICY_DROP_OLDEST)
        snprintf(text, size, ".mailbox.policy = %d is no policy", (int)options->mailbox.policy);
    else if (options->stack_size > GRI_STACK_BYTES_MAX)
        snprintf(text, size, ".stack_size = %u is more than %zu bytes", options->stack_size,
                 GRI_STACK_BYTES_MAX);
    else if (options->name != NULL && gri_names_is_bad(options->name))
        gri_names_explain(options->name, GR_EINVALID, text, size);
    else
        snprintf(text, size, ".link = true: from outside there is no actor to link with");
}

/* Notes why there is no actor. Returns the error. */
__attribute__((cold, noinline)) static int failed(struct gr_actor *self, const struct gr_system *system,
                                                  const struct gr_behaviour *behaviour,
                                                  const struct gr_spawn_options *options, int error)
{
    char text[GRI_ERROR_TEXT_SIZE];
    bool is_closed = error == GR_ESTOPPED && system != NULL &&
                     gri_load(&system->closed, GRI_ACQUIRE) == GRI_CLOSED_FOR_GOOD;
    if (error == GR_EINVALID)
        explain_invalid(system, behaviour, options, text, sizeof text);
    else if (error == GR_EEXISTS)
        gri_names_explain(options->name, error, text, sizeof text);
    else if (error == GR_ELIMIT)
        snprintf(text, sizeof text, "no more than .actors_max = %u (GR_ACTORS_MAX) can live at once",
                 system->slots.actors_max);
    else
        snprintf(text, sizeof text, "%s", is_closed ? "the system is closed" : gr_error_text(error));
    return gri_fail(self, error, "%s was not spawned: %s", behaviour->name, text);
}

static void fill_start(struct gri_message *m, const struct gr_behaviour *behaviour, const void *start,
                       struct gri_message *reply)
{
    gri_fill(m, behaviour->start_type, start);
    m->reply = reply;
    m->kind = GRI_MAIL_START;
}

static struct spawn_order make_order(const struct gr_behaviour *behaviour,
                                     const struct gr_spawn_options *options, const struct company *company)
{
    return (struct spawn_order){behaviour, options->mailbox, options->stack_size, options->holds_exit,
                                company->name};
}

static void fill_order(struct gri_message *m, struct gr_actor *actor, const struct gr_behaviour *behaviour,
                       const struct gr_spawn_options *options, const struct company *company)
{
    /* The policy at once: senders may meet a full link before the order arrives. The slot is this spawner's until then. */
    gri_full_set_bits(&actor->mailbox.full, (uint32_t)options->mailbox.policy << GRI_FULL_POLICY_SHIFT);
    m->flags |= GRI_MAIL_ORDERED;
    *order_of(m, behaviour->start_type) = make_order(behaviour, options, company);
}

static size_t ordered_size(const struct gr_behaviour *behaviour)
{
    return order_offset(behaviour->start_type) + GRI_MAIL_ORDER_BYTES;
}

/* Takes what the options ask for. */
static int take_company(struct gr_actor *self, struct gr_system *system,
                        const struct gr_spawn_options *options, struct company *company)
{
    *company = (struct company){.name = NULL};
    if (options->name != NULL) {
        int error = gri_names_reserve(&system->names, options->name, &company->name);
        if (error != 0) return error;
    }
    if (!options->link || gri_links_prepare(self, &company->pair)) return 0;
    gri_names_free(&system->names, company->name);
    return GR_ENOMEM;
}

/* Gives it back when there is no actor for it. */
static void drop_company(struct gr_actor *self, struct gr_system *system, struct company *company)
{
    gri_names_free(&system->names, company->name);
    if (company->pair.own != NULL) gri_links_discard(self, &company->pair);
}

/* Before its start: the actor is known by its name, and a link that it has from its beginning ends it or tells of it
 * whatever becomes of its start. */
static void give_company(struct gr_actor *self, struct gr_system *system, struct company *company, gr_ref ref)
{
    if (company->name != NULL) gri_names_give(&system->names, company->name, ref);
    if (company->pair.own != NULL) gri_links_make(self, ref, &company->pair);
}

/* Spawns on the spawner's own loop. */
static int spawn_here(struct gr_actor *self, const struct gr_behaviour *behaviour,
                      const struct gr_spawn_options *options, struct company *company, const void *start,
                      struct gri_message *reply, gr_ref *ref)
{
    const struct spawn_order order = make_order(behaviour, options, company);
    struct gri_loop *loop = self->loop;
    struct gri_loop_actors *actors = loop->local;
    int error = GR_ENOMEM;
    bool is_shared = reply != NULL && reply->reply == reply; /* see tasks/task.h */
    struct gri_message *m = is_shared ? reply : gri_loop_new_message(loop, behaviour->start_type->size);
    if (m == NULL) return GR_ENOMEM;
    struct gr_actor *actor = take_own_slot(loop, &error);
    if (actor == NULL) goto fail_message;
    error = bring_to_life(loop, actor, &order);
    if (error != 0) goto fail_slot;
    fill_start(m, behaviour, start, reply);
    if (!is_shared) gri_fill_sender(m, self); /* else it says where the answer goes */
    *ref = gri_actor_ref(actor);
    give_company(self, gri_loop_system(loop), company, *ref);
    queue_start(loop, actor, m);
    return 0;

fail_slot:
    gri_actor_free_extra(actor);
    gri_slot_chain_push(&actors->free, actor);
fail_message:
    if (!is_shared) gri_loop_free_message(loop, m);
    return error;
}

/* Spawns on another loop: names the actor, sends the order. */
static int spawn_there(struct gr_actor *self, unsigned home, const struct gr_behaviour *behaviour,
                       const struct gr_spawn_options *options, struct company *company, const void *start,
                       struct gri_message *reply, gr_ref *ref)
{
    struct gri_loop *loop = self->loop;
    int error = GR_ENOMEM;
    struct gri_message *m = gri_loop_new_message(loop, ordered_size(behaviour));
    if (m == NULL) return GR_ENOMEM;
    struct gr_actor *actor = take_leased_slot(loop, home, &error);
    if (actor == NULL) {
        gri_loop_free_message(loop, m);
        return error;
    }
    fill_start(m, behaviour, start, reply);
    fill_order(m, actor, behaviour, options, company);
    gri_fill_sender(m, self);
    /* Read before it can run and end over there. */
    *ref = (gr_ref){gri_loop_system(loop)->seat, actor->slot, gri_load(&actor->generation, GRI_RELAXED)};
    give_company(self, gri_loop_system(loop), company, *ref);
    m->to_slot = ref->slot;
    m->to_generation = ref->generation;
    gri_link_send(loop, home, m);
    return 0;
}

/* The loop that the options ask for. */
static unsigned choose_loop(const struct gr_actor *self, const struct gr_spawn_options *options)
{
    const struct gri_loop *loop = self->loop;
    struct gri_loop_actors *actors = loop->local;
    if (options->loop == GR_SAME_LOOP) return loop->index;
    if (options->loop > 0) return (unsigned)options->loop - 1;
    unsigned chosen = actors->next_loop;
    actors->next_loop = (chosen + 1) % loop->count;
    return chosen;
}

int gri_spawn_with_reply(struct gr_actor *self, const struct gr_behaviour *behaviour,
                         const struct gr_spawn_options *options, const void *start, struct gri_message *reply,
                         gr_ref *ref)
{
    *ref = (gr_ref){0, 0, 0};
    if (__builtin_expect(self == NULL, 0))
        return gri_fail(NULL, GR_ECONTEXT, "%s was not spawned: from outside, use gr_system_spawn",
                        behaviour->name);
    struct gr_system *system = gri_loop_system(self->loop);
    struct company company;
    int error = check(system, behaviour, options);
    company = (struct company){.name = NULL};
    if (error == 0 && __builtin_expect(options->name != NULL || options->link, 0))
        error = take_company(self, system, options, &company);
    if (error == 0) {
        unsigned home = choose_loop(self, options);
        if (options->holds_exit) gri_fetch_add(&system->holders, 1, GRI_RELAXED);
        error = home == self->loop->index
                    ? spawn_here(self, behaviour, options, &company, start, reply, ref)
                    : spawn_there(self, home, behaviour, options, &company, start, reply, ref);
        if (error != 0 && options->holds_exit) gri_fetch_sub(&system->holders, 1, GRI_RELAXED);
        if (error != 0) drop_company(self, system, &company);
    }
    if (error != 0) return failed(self, system, behaviour, options, error);
    gri_count(&self->loop->counters, GRI_COUNTER_SPAWNED, 1);
    if (__builtin_expect(self->loop->tracer != NULL, 0)) gri_trace_spawn(self->loop, behaviour, *ref);
    return 0;
}

gr_ref gri_spawn(gr_actor *self, const struct gr_behaviour *behaviour, const struct gr_spawn_options *options,
                 const void *start)
{
    gr_ref ref;
    int error = gri_spawn_with_reply(self, behaviour, options, start, NULL, &ref);
    if (error != 0 && (behaviour->start_type->flags & GRI_TYPE_COUNTED))
        gr_message_release(behaviour->start_type, start);
    return ref;
}

/* ---- from outside ---- */

/* Asks a loop for free slots of its own, or frees the envelope if that is not wanted. NULL is fine. */
static void ask_for_slots(struct gr_system *system, unsigned home, struct gri_message *lease, bool wanted)
{
    if (lease == NULL) return;
    if (!wanted) {
        gri_message_destroy(&system->memory.memory, lease);
        return;
    }
    lease->kind = GRI_MAIL_LEASE;
    lease->flags = 0;
    lease->reply = NULL;
    lease->to_slot = system->loop_count;
    lease->error = 0;
    gri_loop_inject(system->loops[home], lease);
}

/* A spawn order for the loop, from the memory seam. */
static int order_outside(struct gr_system *system, unsigned home, const struct gr_behaviour *behaviour,
                         const struct gr_spawn_options *options, struct company *company, const void *start,
                         struct gri_message *reply, gr_ref *ref)
{
    int error = GR_ENOMEM;
    bool wants_more = false;
    struct gri_message *m = gri_message_create(&system->memory.memory, ordered_size(behaviour));
    struct gri_message *lease = gri_message_create(&system->memory.memory, sizeof(struct gri_slot_chain));
    if (m == NULL || lease == NULL) goto fail;
    struct gr_actor *actor = gri_slots_take_outside(&system->slots, home, &error, &wants_more);
    if (actor == NULL) goto fail;
    fill_start(m, behaviour, start, reply);
    fill_order(m, actor, behaviour, options, company);
    m->sender_seat = 0;
    m->sender_slot = 0;
    m->sender_generation = 0;
    m->to_slot = actor->slot;
    m->to_generation = gri_load(&actor->generation, GRI_RELAXED);
    *ref = (gr_ref){system->seat, actor->slot, m->to_generation};
    give_company(NULL, system, company, *ref);
    if (options->holds_exit) gri_fetch_add(&system->holders, 1, GRI_RELAXED);
    gri_fetch_add(&system->foreign_spawned, 1,
                  GRI_RELEASE); /* before the actor can end; see gri_system_living */
    gri_loop_inject(system->loops[home], m);
    ask_for_slots(system, home, lease, wants_more);
    return 0;

fail:
    if (m != NULL) gri_message_destroy(&system->memory.memory, m);
    ask_for_slots(system, home, lease, wants_more);
    return error;
}

/* The same with its name, inside of the seat. */
static int spawn_outside(struct gr_system *system, unsigned home, const struct gr_behaviour *behaviour,
                         const struct gr_spawn_options *options, const void *start, struct gri_message *reply,
                         gr_ref *ref)
{
    struct company company;
    int error = options->link ? GR_EINVALID : take_company(NULL, system, options, &company);
    if (error != 0) return error;
    error = order_outside(system, home, behaviour, options, &company, start, reply, ref);
    if (error != 0) drop_company(NULL, system, &company);
    return error;
}

int gri_spawn_outside(struct gr_system *system, const struct gr_behaviour *behaviour,
                      const struct gr_spawn_options *options, const void *start, struct gri_message *reply,
                      gr_ref *ref)
{
    *ref = (gr_ref){0, 0, 0};
    if (gri_system_given(system, "gr_system_spawn") != 0) return GR_EINVALID;
    int error = check(system, behaviour, options);
    if (error == 0) {
        unsigned home = options->loop > 0 ? (unsigned)options->loop - 1 : 0;
        if (options->loop == GR_SPREAD)
            home = (unsigned)(gri_load(&system->foreign_spawned, GRI_RELAXED) % system->loop_count);
        /* Inside of the seat, so that the end of a stop waits for it; who comes later finds the system closed. */
        bool inside = gri_seat_enter(system->seat) != NULL;
        error = inside && !gri_load(&system->closed, GRI_ACQUIRE)
                    ? spawn_outside(system, home, behaviour, options, start, reply, ref)
                    : GR_ESTOPPED;
        if (inside) gri_seat_leave(system->seat);
    }
    return error == 0 ? 0 : failed(NULL, system, behaviour, options, error);
}

gr_ref gri_system_spawn(gr_system *system, const struct gr_behaviour *behaviour,
                        const struct gr_spawn_options *options, const void *start)
{
    gr_ref ref;
    int error = gri_spawn_outside(system, behaviour, options, start, NULL, &ref);
    if (error != 0 && (behaviour->start_type->flags & GRI_TYPE_COUNTED))
        gr_message_release(behaviour->start_type, start);
    return ref;
}
