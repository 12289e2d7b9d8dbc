/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for test suites that must leave none behind: `.init = use_account, .fini = expect_no_leak`. */
#ifndef TESTS_UNIT_MESSAGES_ACCOUNT_H
#define TESTS_UNIT_MESSAGES_ACCOUNT_H

#include "base/memory.h"

#include <criterion/criterion.h>

static struct gri_memory_account account; /* what the tests allocate from; empty again at the end of each */

static inline void use_account(void)
{
    gri_memory_account_init(&account, gri_memory_default(), 0);
    gri_memory_override(&account.memory);
}

static inline void expect_no_leak(void)
{
    gri_memory_override(NULL);
    cr_assert_eq(gri_memory_used(&account.memory), 0, "%llu bytes leaked",
                 (unsigned long long)gri_memory_used(&account.memory));
}

#endif
