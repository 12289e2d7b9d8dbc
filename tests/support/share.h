/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a long test to run: TEST_SHARE=20 in the environment means a fifth of what ./dev test runs (which
 * ./dev sanitize --short sets). It scales counts of rounds and seeds; it never leaves out a case.
 */
#ifndef TESTS_SUPPORT_SHARE_H
#define TESTS_SUPPORT_SHARE_H

#include <stdint.h>
#include <stdlib.h>

/* The share of `count` to run, at least 1. A TEST_SHARE that is no percentage from 1 to 100 counts as 100. */
static inline uint64_t test_share(uint64_t count)
{
    const char *text = getenv("TEST_SHARE");
    long percent = text != NULL ? strtol(text, NULL, 10) : 100;
    if (percent < 1 || percent > 100) percent = 100;
    uint64_t part = count / 100 * (uint64_t)percent + count % 100 * (uint64_t)percent / 100;
    return part > 0 ? part : 1;
}

#endif
