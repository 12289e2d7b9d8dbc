/* SPDX-License-Identifier: Apache-2.0 */
/* References: the address of an actor. A reference is a plain value; it keeps nothing alive. */
#ifndef GREENROOM_REF_H
#define GREENROOM_REF_H

#include <greenroom/base.h>

/*
 * Names one actor for ever: the seat of its node, its slot there, and the generation of that slot. A reference to an
 * actor that has ended is stale: using it gives an error or a dead letter, never another actor. All zeroes is the null
 * reference: safe to send to, always stale.
 */
typedef struct gr_ref {
    uint32_t seat;       /* the node's place, counted from 1 */
    uint32_t slot;       /* the actor's slot in that node */
    uint64_t generation; /* which actor of that slot; never 0 but in the null reference */
} gr_ref;

static inline bool gr_ref_is_null(gr_ref ref)
{
    return ref.generation == 0;
}

static inline bool gr_ref_equal(gr_ref a, gr_ref b)
{
    return a.seat == b.seat && a.slot == b.slot && a.generation == b.generation;
}

#endif
