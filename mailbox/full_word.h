/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word of a mailbox that senders of other loops read before they send: bit 0 says full, the other bits are
 * the owner's (its policy). Only the owner stores it: it sets the bit when the bound is reached and clears it at
 * three quarters; the owner decides when. Of an actor that isn't born yet, who spawns it and has its slot on lease
 * stores the policy.
 *
 * It is a hint and publishes nothing, so every access is relaxed: what it refuses or lets through late is bounded
 * by what the sender's links hold. That bound is exact when the owner sets the bit before it gives the cells of a link
 * back, and a sender has a place in its link before it looks at the word; if it looks first, each sending thread may
 * bring one message more. It doesn't count messages and doesn't wake who waits for room.
 */
#ifndef GRI_MAILBOX_FULL_WORD_H
#define GRI_MAILBOX_FULL_WORD_H

#include "base/atomic.h"

/* The bit that says full. */
#define GRI_FULL 1u

struct gri_full_word {
    gri_atomic_u32 word; /* GRI_FULL and the owner's bits; stored by the owner, read by any thread */
};

/* Starts as not full. `bits` are the owner's: any but GRI_FULL. */
static inline void gri_full_init(struct gri_full_word *full, uint32_t bits)
{
    gri_store(&full->word, bits & ~GRI_FULL, GRI_RELAXED);
}

/* The whole word: test it with GRI_FULL. Any thread; never older than what this thread read before. */
static inline uint32_t gri_full_read(const struct gri_full_word *full)
{
    return gri_load(&full->word, GRI_RELAXED);
}

/* Says full; the owner's bits stay. Owner only: that is why no read-modify-write is needed. */
static inline void gri_full_set(struct gri_full_word *full)
{
    gri_store(&full->word, gri_full_read(full) | GRI_FULL, GRI_RELAXED);
}

/* Says not full; the owner's bits stay. Owner only. */
static inline void gri_full_clear(struct gri_full_word *full)
{
    gri_store(&full->word, gri_full_read(full) & ~GRI_FULL, GRI_RELAXED);
}

/* Changes the owner's bits; GRI_FULL stays. Owner only. */
static inline void gri_full_set_bits(struct gri_full_word *full, uint32_t bits)
{
    gri_store(&full->word, (gri_full_read(full) & GRI_FULL) | (bits & ~GRI_FULL), GRI_RELAXED);
}

#endif /* GRI_MAILBOX_FULL_WORD_H */
