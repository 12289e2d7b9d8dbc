/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links between actors (not those between loops: scheduler/link.h). Each of the two has an end, kept by its own loop;
 * the envelope that an end lies in becomes its last word - the exit, or the end of the link - so that telling needs no
 * memory.
 */
#ifndef GRI_ACTORS_LINKS_H
#define GRI_ACTORS_LINKS_H

#include "actors/actor.h"

#include <greenroom/link.h>

/*
 * One end of a link: the payload of an envelope whose sender is the end's owner. While it travels, `peer` is whom it is
 * about: of an exit and an unlink who sent it, of a link that is to be made whom it is to be made with.
 *
 * Each wish to link has a number of its own. `mine` is that of the owner's wish, `theirs` of the peer's, 0 where there
 * was none; who links with whom already adds no wish. What travels says which wishes its sender knew of, so that the
 * last word about a link that has ended does nothing to a later one.
 */
struct gri_link_end {
    struct gri_list_node node;   /* in the ring of what waits for the owner's end */
    struct gri_table_node place; /* in the table of its loop */
    gr_ref peer;                 /* the other actor, see above */
    uint64_t mine;               /* number of the owner's wish */
    uint64_t theirs;             /* number of the peer's */
    int32_t reason;              /* of an exit */
    bool told;                   /* the peer's exit waits in the owner's mailbox */
};

/* What one link needs, taken before it is certain. */
struct gri_link_pair {
    struct gri_message *own;   /* will be the end of who links */
    struct gri_message *other; /* travels, and becomes the peer's end */
};

/* Takes memory for a link. False if there is none. */
bool gri_links_prepare(struct gr_actor *self, struct gri_link_pair *pair);

/* Gives it back; all zeroes is fine. */
void gri_links_discard(struct gr_actor *self, struct gri_link_pair *pair);

/* Links with an actor that self has no link with, living or not; takes the pair. */
void gri_links_make(struct gr_actor *self, gr_ref actor, struct gri_link_pair *pair);

/* Arrived at the actor's loop; each takes the envelope. */
void gri_links_arrived(struct gr_actor *actor, struct gri_message *m);
void gri_links_unlink_arrived(struct gr_actor *actor, struct gri_message *m);
void gri_links_exit_arrived(struct gr_actor *actor, struct gri_message *m);

/* A link that is to be made finds no such actor: answered by an exit. */
void gri_links_bounced(struct gri_loop *loop, struct gri_message *m);

/* At the owner's end, for an end taken out of the ring: becomes the exit. */
void gri_links_tell(struct gr_actor *actor, struct gri_message *m, int reason);

/* What an exit in the mailbox of an actor that trapped it says. False if it is void. */
bool gri_links_see_exit(const struct gr_actor *actor, const struct gri_message *m, struct gr_signal *signal);

/* It has come to its turn, and is not void: its link is over. */
void gri_links_forget_exit(struct gr_actor *actor, const struct gri_message *m);

#endif
