/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a system: defaults, GR_ environment variables, and refusing what makes no sense. */
#ifndef GRI_RUNTIME_OPTIONS_H
#define GRI_RUNTIME_OPTIONS_H

#include <greenroom/system.h>

/*
 * Fills *out from what the caller gave (NULL: nothing), the environment where that is zero, and the defaults. Errors:
 * GR_EINVALID, with a text in gr_last_error(NULL) that names the option or variable and what it may be.
 */
int gri_options_resolve(const struct gr_system_options *given, struct gr_system_options *out);

#endif
