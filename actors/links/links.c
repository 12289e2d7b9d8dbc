/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links between actors; see links.h. A link's ends are found by their owner and peer in a table of the loop, and by the
 * owner's end in its ring of notices: so an actor needs nothing of its own to be linked with, and be it not yet born.
 *
 * Two actors may link, unlink and end at the same time. What each sends the other keeps its order, and so:
 *   link    makes the peer's end, or adds the wish to the end that is there.
 *   unlink  takes away the wishes that its sender knew of. If the receiver's own was not among them it is still on its
 *           way, and makes a link again at its arrival: both agree that there is one.
 *   exit    ends the link if it knows of a wish that the receiver's end has; else that link had ended before.
 */
#include "actors/links/links.h"

_Static_assert(offsetof(struct gri_link_end, node) == 0, "an end lies in the ring like a notice");
_Static_assert(offsetof(struct gri_watch_notice, node) == 0, "a notice lies in the ring like an end");

static struct gri_link_end *end_of(struct gri_message *m)
{
    return (struct gri_link_end *)m->payload;
}

/* What an envelope that travelled says. */
static const struct gri_link_end *said_in(const struct gri_message *m)
{
    return (const struct gri_link_end *)m->payload;
}

static struct gri_table *table_of(const struct gr_actor *actor)
{
    return &((struct gri_loop_actors *)actor->loop->local)->links;
}

static uint64_t hash_of(const struct gr_actor *owner, gr_ref peer)
{
    uint64_t hash = gri_table_stir(owner->slot, peer.generation);
    return gri_table_stir(hash, (uint64_t)peer.seat << 32 | peer.slot);
}

/* The actor's end of its link with `peer`, or NULL. */
static struct gri_link_end *find_end(const struct gr_actor *owner, gr_ref peer)
{
    struct gri_table_node *node = gri_table_first(table_of(owner), hash_of(owner, peer));
    for (; node != NULL; node = gri_table_next(node)) {
        struct gri_link_end *end = GRI_CONTAINER_OF(node, struct gri_link_end, place);
        if (gri_envelope_of(end)->sender_slot == owner->slot && gr_ref_equal(end->peer, peer)) return end;
    }
    return NULL;
}

static void set_owner(struct gri_message *m, const struct gr_actor *owner)
{
    m->sender_seat = (uint16_t)owner->loop->desk.seat;
    m->sender_slot = owner->slot;
    m->sender_generation = gri_load(&owner->generation, GRI_RELAXED);
}

/* Puts an end into its owner's books. */
static void keep(struct gr_actor *owner, struct gri_message *m)
{
    struct gri_link_end *end = end_of(m);
    set_owner(m, owner);
    gri_notices_add(owner, &end->node);
    gri_table_add(table_of(owner), &end->place, hash_of(owner, end->peer));
}

/* Takes it out of them; its envelope is then free for something else. */
static struct gri_message *forget(struct gr_actor *owner, struct gri_link_end *end)
{
    gri_notices_remove(owner, &end->node);
    gri_table_remove(table_of(owner), &end->place);
    return gri_envelope_of(end);
}

/* ---- who links ---- */

static struct gri_message *new_end(struct gr_actor *self)
{
    struct gri_message *m = gri_loop_new_message(self->loop, sizeof(struct gri_link_end));
    if (m == NULL) return NULL;
    m->type = 0; /* traces show it */
    m->kind = GRI_MAIL_LINK;
    m->flags = 0;
    m->reply = NULL;
    return m;
}

bool gri_links_prepare(struct gr_actor *self, struct gri_link_pair *pair)
{
    *pair = (struct gri_link_pair){new_end(self), new_end(self)};
    if (pair->own != NULL && pair->other != NULL) return true;
    gri_links_discard(self, pair);
    return false;
}

void gri_links_discard(struct gr_actor *self, struct gri_link_pair *pair)
{
    if (pair->own != NULL) gri_loop_free_message(self->loop, pair->own);
    if (pair->other != NULL) gri_loop_free_message(self->loop, pair->other);
    *pair = (struct gri_link_pair){NULL, NULL};
}

void gri_links_make(struct gr_actor *self, gr_ref actor, struct gri_link_pair *pair)
{
    uint64_t wish = ++((struct gri_loop_actors *)self->loop->local)->link_count;
    *end_of(pair->own) = (struct gri_link_end){.peer = actor, .mine = wish};
    *end_of(pair->other) = (struct gri_link_end){.peer = actor, .mine = wish};
    keep(self, pair->own);
    set_owner(pair->other, self);
    gri_post(self->loop, actor, pair->other);
    *pair = (struct gri_link_pair){NULL, NULL};
}

int gr_link(gr_actor *self, gr_ref actor)
{
    struct gri_link_pair pair;
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_link: only an actor can be linked");
    if (gr_ref_equal(actor, gri_actor_ref(self)) || find_end(self, actor) != NULL) return 0;
    if (!gri_links_prepare(self, &pair)) return gri_fail(self, GR_ENOMEM, "gr_link: no memory");
    gri_links_make(self, actor, &pair);
    return 0;
}

int gr_unlink(gr_actor *self, gr_ref actor)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_unlink: only an actor can be linked");
    struct gri_link_end *end = find_end(self, actor);
    if (end == NULL) return gri_fail(self, GR_ENOTFOUND, "gr_unlink: there is no such link");
    struct gri_message *m = forget(self, end);
    if (end->told) { /* nobody is left to be told; the exit in the mailbox is void now */
        gri_loop_free_message(self->loop, m);
        return 0;
    }
    end->peer = gri_actor_ref(self);
    m->kind = GRI_MAIL_UNLINK;
    gri_post(self->loop, actor, m);
    return 0;
}

void gr_trap_exits(gr_actor *self, bool traps)
{
    if (self == NULL) return;
    if (traps)
        self->flags |= GRI_ACTOR_TRAPS;
    else
        self->flags &= (uint8_t)~GRI_ACTOR_TRAPS;
}

/* ---- what arrives ---- */

void gri_links_arrived(struct gr_actor *actor, struct gri_message *m)
{
    struct gri_link_end *end = end_of(m);
    gr_ref peer = gri_message_sender(m);
    struct gri_link_end *own = find_end(actor, peer);
    if (own != NULL) {
        own->theirs = end->mine;
        gri_loop_free_message(actor->loop, m);
        return;
    }
    *end = (struct gri_link_end){.peer = peer, .theirs = end->mine};
    keep(actor, m);
}

void gri_links_bounced(struct gri_loop *loop, struct gri_message *m)
{
    struct gri_link_end *end = end_of(m);
    bool other = end->peer.seat != gri_loop_system(loop)->seat && !gr_ref_is_null(end->peer);
    *end = (struct gri_link_end){
        .peer = end->peer, .theirs = end->mine, .reason = other ? GR_ESYSTEM : GR_ESTALE};
    m->kind = GRI_MAIL_EXIT;
    gri_post(loop, gri_message_sender(m), m);
}

/* Whether what its sender said of a wish means the one that the receiver's end has. */
static bool is_same(uint64_t known, uint64_t said)
{
    return known != 0 && known == said;
}

void gri_links_unlink_arrived(struct gr_actor *actor, struct gri_message *m)
{
    const struct gri_link_end *said = said_in(m);
    struct gri_link_end *own = find_end(actor, said->peer);
    if (own != NULL && is_same(own->theirs, said->mine)) own->theirs = 0;
    if (own != NULL && is_same(own->mine, said->theirs)) own->mine = 0;
    if (own != NULL && (own->mine | own->theirs) == 0) gri_loop_free_message(actor->loop, forget(actor, own));
    gri_loop_free_message(actor->loop, m);
}

/* The end of the link that an exit is about, or NULL if that link had ended before. */
static struct gri_link_end *find_exited(const struct gr_actor *actor, const struct gri_message *m)
{
    const struct gri_link_end *said = said_in(m);
    struct gri_link_end *own = find_end(actor, said->peer);
    if (own == NULL || !(is_same(own->mine, said->theirs) || is_same(own->theirs, said->mine))) return NULL;
    return own;
}

/* Whether an exit with an error ends the actor: not one that ends already, and nobody while the system stops, when all
 * are asked to stop in order. */
static bool is_mortal(const struct gr_actor *actor)
{
    return !(actor->control & (GRI_CONTROL_EXIT | GRI_CONTROL_DOOMED)) &&
           !gri_load(&gri_loop_system(actor->loop)->stopping, GRI_RELAXED); /* set before anyone is told */
}

void gri_links_exit_arrived(struct gr_actor *actor, struct gri_message *m)
{
    struct gri_link_end *own = find_exited(actor, m);
    if (own == NULL || own->told) { /* one exit for one link */
        gri_loop_free_message(actor->loop, m);
        return;
    }
    if (actor->flags & GRI_ACTOR_TRAPS) {
        own->told = true;
        gri_mailbox_push_signal(&actor->mailbox, m);
        gri_actor_has_mail(actor);
        return;
    }
    int reason = said_in(m)->reason;
    gri_loop_free_message(actor->loop, forget(actor, own));
    gri_loop_free_message(actor->loop, m);
    if (reason == 0 || !is_mortal(actor)) return;
    actor->reason = reason;
    actor->control |= GRI_CONTROL_LINK;
    gri_actor_wake(actor);
}

bool gri_links_see_exit(const struct gr_actor *actor, const struct gri_message *m, struct gr_signal *signal)
{
    const struct gri_link_end *own = find_exited(actor, m);
    if (own == NULL) return false;
    *signal = (struct gr_signal){.kind = GR_SIGNAL_EXIT, .actor = own->peer, .reason = said_in(m)->reason};
    return true;
}

void gri_links_forget_exit(struct gr_actor *actor, const struct gri_message *m)
{
    gri_loop_free_message(actor->loop, forget(actor, find_exited(actor, m)));
}

/* ---- the owner's end ---- */

void gri_links_tell(struct gr_actor *actor, struct gri_message *m, int reason)
{
    struct gri_link_end *end = end_of(m);
    gri_table_remove(table_of(actor), &end->place);
    if (end->told) {
        gri_loop_free_message(actor->loop, m);
        return;
    }
    gr_ref to = end->peer;
    end->peer = gri_actor_ref(actor);
    end->reason = reason;
    m->kind = GRI_MAIL_EXIT;
    gri_post(actor->loop, to, m);
}
