/* SPDX-License-Identifier: Apache-2.0 */
/* The second file that includes the shared tables; it tests nothing itself. */
#include "messages/registry.h"
#include "shared_types.h"

static const struct gr_type *const types[] = {
    &shared_point_gr_type,   &shared_all_gr_type,  &shared_arrays_gr_type,
    &shared_nothing_gr_type, &shared_deep_gr_type, &shared_qualified_gr_type,
};

int shared_second_count(void)
{
    return (int)(sizeof types / sizeof *types);
}

const struct gr_type *shared_second_type(int index)
{
    return types[index];
}

int shared_finish(void)
{
    return gri_types_finish();
}
