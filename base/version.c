/* SPDX-License-Identifier: Apache-2.0 */
/* The library's version, kept equal to the build's by a test. It is not the wire format's version. */
#include <greenroom/base.h>

/* As in greenroom/system.h, which is not included: its message types would need the parts above this one. */
GR_API const char *gr_version(void);

const char *gr_version(void)
{
    return "0.1.0";
}
