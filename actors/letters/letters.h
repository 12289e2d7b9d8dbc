/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets reports of dead letters: a list of the system under a mutex, and a count beside it, so that a dead letter that
 * nobody wants to hear of costs one load.
 */
#ifndef GRI_ACTORS_LETTERS_H
#define GRI_ACTORS_LETTERS_H

#include "base/atomic.h"
#include "base/list.h"
#include "base/platform.h"

#include <greenroom/ref.h>
#include <greenroom/send.h>

struct gr_system;
struct gri_loop;
struct gri_message;

struct gri_subscribers {
    gri_mutex mutex;      /* over the list */
    struct gri_list list; /* of struct subscription */
    gri_atomic_u32 count; /* of the list; stored under the mutex, read as a hint */
};

void gri_subscribers_init(struct gri_subscribers *subscribers);
void gri_subscribers_fini(struct gri_subscribers *subscribers);

/* Whether anyone wants to hear. Who has just subscribed may miss what happens at the same time. */
static inline bool gri_subscribers_any(const struct gri_subscribers *subscribers)
{
    return gri_load(&subscribers->count, GRI_RELAXED) != 0;
}

/* Whether an envelope is a report. */
bool gri_is_report(const struct gri_message *m);

/* Reports a dead letter to all that subscribed, unless it is a report itself. A plain thread, inside of the seat, gives no
 * loop. `type` may be NULL. */
void gri_report_dead_letter(struct gr_system *system, struct gri_loop *loop, gr_ref from, gr_ref to,
                            const struct gr_type *type, enum gr_dead_letter cause);

#endif
