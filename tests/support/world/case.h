/* SPDX-License-Identifier: Apache-2.0 */
/* A Criterion test that also fails if any check of world.h failed, on whatever thread or stack. */
#ifndef TESTS_SUPPORT_WORLD_CASE_H
#define TESTS_SUPPORT_WORLD_CASE_H

#include "tests/support/world/world.h"

#include <criterion/criterion.h>

#define Case(suite, name)                                                                                    \
    static void suite##_##name(void);                                                                        \
    Test(suite, name, .timeout = 120)                                                                        \
    {                                                                                                        \
        suite##_##name();                                                                                    \
        cr_assert_eq(failures(), 0, "%d checks failed: see above", failures());                              \
    }                                                                                                        \
    static void suite##_##name(void)

#endif
