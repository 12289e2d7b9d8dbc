/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions about Greenroom's own invariants. They stay on in release builds. They are not for input: what a user, a
 * peer or the operating system did is answered with an error.
 */
#ifndef GRI_BASE_ASSERT_H
#define GRI_BASE_ASSERT_H

/* Aborts, after one write to stderr that names place and condition, unless `condition` is true. It is evaluated once. */
#define GRI_ASSERT(condition)                                                                                \
    (__builtin_expect(!!(condition), 1) ? (void)0 : gri_assert_fail(__FILE__, __LINE__, #condition))

/* What a failed assertion calls. Any thread. */
_Noreturn __attribute__((cold)) void gri_assert_fail(const char *file, int line, const char *condition);

#endif
