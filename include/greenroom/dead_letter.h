/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of dead letters, to find out who sends to whom in vain. Dead letters are always counted (system.h); an actor
 * that subscribes is told of each as well, by an ordinary message.
 */
#ifndef GREENROOM_DEAD_LETTER_H
#define GREENROOM_DEAD_LETTER_H

#include <greenroom/actor.h>
#include <greenroom/send.h>

/* One dead letter. */
struct gr_dead_letter_report {
    gr_ref from;    /* who sent it; null if that was no actor, or is not known any more */
    gr_ref to;      /* whom it was for; null if that is not known any more */
    uint32_t cause; /* enum gr_dead_letter */
    char type[32];  /* name of the message's type, cut if it is longer; always ended by a zero byte */
};
GR_MESSAGE(gr_dead_letter_report, GR_FIELD(gr_dead_letter_report, from), GR_FIELD(gr_dead_letter_report, to),
           GR_FIELD(gr_dead_letter_report, cause), GR_ARRAY(gr_dead_letter_report, type));

GRI_BEGIN_C

/*
 * Whether the calling actor gets a gr_dead_letter_report of each dead letter of its system from now on; subscribing again
 * does nothing. A report never waits and never pushes out other mail: where there is no room or memory for it, it is
 * dropped. A report never causes a report, whatever becomes of it; but a subscriber that answers a report by sending in
 * vain is told of that as well.
 * Errors: GR_ENOMEM. Needs `self`.
 */
GR_API GR_MUST_USE int gr_subscribe_dead_letters(gr_actor *self, bool wants);

/* The name of a cause, as "unhandled"; "unknown" for a number that is none. Any thread. */
GR_API const char *gr_dead_letter_name(uint32_t cause);

GRI_END_C

#endif
