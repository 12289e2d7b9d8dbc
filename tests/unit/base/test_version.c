/* SPDX-License-Identifier: Apache-2.0 */
/* Test of the library's version: PROJECT_VERSION is what the build calls it. */
#include <greenroom/base.h>

#include <criterion/criterion.h>

/* As in greenroom/system.h, which would need the parts above base/. */
GR_API const char *gr_version(void);

Test(version, the_library_says_the_version_of_the_build)
{
    cr_assert_str_eq(gr_version(), PROJECT_VERSION);
}
