/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and naming counters; counting itself is inline in counters.h. */
#include "observe/counters.h"

void gri_counters_sum(const struct gri_counters *counters, uint64_t *sums)
{
    for (int id = 0; id < GRI_COUNTER_COUNT; id++)
        sums[id] += gri_counter_read(counters, (enum gri_counter)id);
}

const char *gri_counter_name(unsigned id)
{
    static const char *const names[GRI_COUNTER_COUNT] = {
#define GRI_COUNTER_NAME(id, name) [id] = name,
        GRI_COUNTER_TABLE(GRI_COUNTER_NAME)
#undef GRI_COUNTER_NAME
    };
    return id < GRI_COUNTER_COUNT ? names[id] : "unknown";
}
