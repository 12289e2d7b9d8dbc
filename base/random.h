/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded random numbers: the same on every machine for the same seed. Not for secrets.
 *
 * The generator is xoshiro256** by David Blackman and Sebastiano Vigna (https://prng.di.unimi.it/), seeded by
 * splitmix64; a bounded number is made by Daniel Lemire's multiplication ("Fast Random Integer Generation in an
 * Interval", 2019).
 */
#ifndef GRI_BASE_RANDOM_H
#define GRI_BASE_RANDOM_H

#include "base/assert.h"

#include <stdint.h>

/* One generator; one thread at a time. */
struct gri_random {
    uint64_t state[4]; /* never all zero */
};

/* The next number of splitmix64 from *state. */
static inline uint64_t gri_random_split(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Starts a generator; every seed is good, 0 too. */
static inline void gri_random_seed(struct gri_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) random->state[i] = gri_random_split(&seed);
}

static inline uint64_t gri_random_rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

/* A number from all 64-bit numbers. */
static inline uint64_t gri_random_next(struct gri_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = gri_random_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = gri_random_rotate(s[3], 45);
    return result;
}

/* A number below `n`, which is not 0, each equally likely. */
static inline uint64_t gri_random_below(struct gri_random *random, uint64_t n)
{
    GRI_ASSERT(n > 0);
    unsigned __int128 product = (unsigned __int128)gri_random_next(random) * n;
    if ((uint64_t)product < n) {
        /* Of 2^64 numbers, 2^64 mod n are too many: those whose low half is below that are drawn again. */
        uint64_t surplus = (0 - n) % n;
        while ((uint64_t)product < surplus) product = (unsigned __int128)gri_random_next(random) * n;
    }
    return (uint64_t)(product >> 64);
}

#endif
