/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An actor that can't handle everything at all times: it sets messages aside until it can (stash), and a handler actor
 * may handle its messages by other functions for a while (become).
 */
#ifndef GREENROOM_BECOME_H
#define GREENROOM_BECOME_H

#include <greenroom/actor.h>

GRI_BEGIN_C

/*
 * Sets the message being handled aside, for gr_unstash or gr_unstash_one. A request keeps its asker and its deadline.
 * The message counts against the mailbox's bound as before, and is not to be read afterwards; at the actor's end it
 * becomes a dead letter.
 * Errors: GR_ECONTEXT if no message is being handled, or it was stashed or forwarded already; GR_ENOMEM, possible only
 * at an actor's first. From a handler, or a coroutine that has just received it.
 */
GR_API GR_MUST_USE int gr_stash(gr_actor *self);

/*
 * Puts all that was set aside back in front of the mail, the oldest first. In a coroutine, mail that selective receives
 * have passed over will be looked at again. Errors: GR_ECONTEXT if `self` is NULL.
 */
GR_API int gr_unstash(gr_actor *self);

/*
 * The same for the oldest message alone; the rest stays aside, in its order, and comes behind it when it is put back, too.
 * For an actor that may have to set messages aside again before it has handled them all: it calls this whenever it has
 * handled one, so that each is set aside once. One that is set aside again all the same keeps its place. Nothing
 * happens, and 0 is returned, when nothing is aside. Errors: GR_ECONTEXT if `self` is NULL.
 */
GR_API int gr_unstash_one(gr_actor *self);

/* Back to the handlers that the actor was defined with. Errors: GR_ECONTEXT in a coroutine actor. */
GR_API int gr_unbecome(gr_actor *self);

/* What the macro below calls. */
GR_API GR_MUST_USE int gri_become(gr_actor *self, const struct gr_behaviour *handlers);

GRI_END_C

/* For a header, or before the functions that name it: says that the handlers `H` are defined elsewhere. */
#define GR_HANDLERS_DECLARE(H) GRI_EXTERN_C const struct gr_behaviour *H##_gr_behaviour(void)

/*
 * Defines `H`, a further set of handlers for actors with state `S`: one or more GR_ON, GR_ON_ANY, GR_ON_SIGNAL. Without a
 * GR_ON_SIGNAL, signals go to the actor's own function for them. At its end the actor's own GR_ON_END is called; none
 * may stand here. At file scope; one definition per program.
 */
#define GR_HANDLERS(H, S, ...)                                                                               \
    GR_HANDLERS_DECLARE(H);                                                                                  \
    const struct gr_behaviour *H##_gr_behaviour(void)                                                        \
    {                                                                                                        \
        typedef S gri_state;                                                                                 \
        static const struct gr_on on[] = {__VA_ARGS__};                                                      \
        static const struct gr_behaviour handlers = {                                                        \
            #H, sizeof(S), sizeof on / sizeof *on, on, NULL, NULL, NULL, NULL, NULL, 0, NULL};               \
        return &handlers;                                                                                    \
    }                                                                                                        \
    GR_HANDLERS_DECLARE(H)

/*
 * gr_become(self, H): from the next message on, the actor's mail goes to the handlers `H`, until the next gr_become or
 * gr_unbecome. The actor's own name as `H` is gr_unbecome. State, name and mailbox stay.
 * Errors: GR_EINVALID (another actor's name, handlers of a state of another size, with a GR_ON_END, or two for one type),
 * GR_ENOMEM, possible only at the first use on a loop; GR_ECONTEXT in a coroutine actor.
 */
#define gr_become(self, H) gri_become(self, H##_gr_behaviour())

#endif
