/* SPDX-License-Identifier: Apache-2.0 */
/* The table of handles: a handle is 24 bits of index and 40 bits of generation. The last index is never the table's. */
#include "futures/handles.h"

#include <string.h>

#define FIRST_SIZE 8u

static struct gri_handle_entry *take_entries(struct gri_pool *pool, uint32_t capacity)
{
    size_t size = capacity * sizeof(struct gri_handle_entry);
    unsigned pool_class = gri_pool_class(size);
    return pool_class == GRI_POOL_LARGE ? gri_pool_take_large(pool, size) : gri_pool_take(pool, pool_class);
}

static void give_entries(struct gri_pool *pool, struct gri_handle_entry *entries, uint32_t capacity)
{
    size_t size = capacity * sizeof *entries;
    unsigned pool_class = gri_pool_class(size);
    if (pool_class == GRI_POOL_LARGE)
        gri_pool_give_large(pool, entries, size);
    else
        gri_pool_give(pool, entries, pool_class);
}

static bool grow(struct gri_handles *handles, struct gri_pool *pool)
{
    uint32_t old = handles->capacity;
    uint32_t capacity = old ? old * 2 : FIRST_SIZE;
    if (capacity > GRI_HANDLE_INDEX_MASK) return false;
    struct gri_handle_entry *entries = take_entries(pool, capacity);
    if (entries == NULL) return false;
    if (old) {
        memcpy(entries, handles->entries, old * sizeof *entries);
        give_entries(pool, handles->entries, old);
    }
    for (uint32_t i = old; i < capacity; i++) {
        uint32_t next = i + 1 < capacity ? i + 2 : 0;
        entries[i] = (struct gri_handle_entry){(void *)(uintptr_t)next, handles->first};
    }
    handles->entries = entries;
    handles->capacity = capacity;
    handles->free = old + 1;
    return true;
}

uint64_t gri_handles_add(struct gri_handles *handles, struct gri_pool *pool, struct gri_obligation *object)
{
    if (handles->free == 0 && !grow(handles, pool)) return 0;
    uint32_t index = handles->free - 1;
    struct gri_handle_entry *entry = &handles->entries[index];
    handles->free = (uint32_t)(uintptr_t)entry->object;
    entry->object = object;
    entry->generation++;
    return entry->generation << GRI_HANDLE_INDEX_BITS | index;
}

static struct gri_handle_entry *find(const struct gri_handles *handles, uint64_t handle)
{
    uint64_t index = handle & GRI_HANDLE_INDEX_MASK;
    if (handle == 0 || index >= handles->capacity) return NULL;
    struct gri_handle_entry *entry = &handles->entries[index];
    /* A place in use has an odd generation, so a made-up number can't name a free one. */
    return entry->generation == handle >> GRI_HANDLE_INDEX_BITS && (entry->generation & 1) ? entry : NULL;
}

struct gri_obligation *gri_handles_find_entry(const struct gri_handles *handles, uint64_t handle)
{
    struct gri_handle_entry *entry = find(handles, handle);
    return entry ? entry->object : NULL;
}

void gri_handles_remove_entry(struct gri_handles *handles, uint64_t handle)
{
    struct gri_handle_entry *entry = find(handles, handle);
    if (entry == NULL) return;
    entry->generation++;
    entry->object = (void *)(uintptr_t)handles->free;
    handles->free = (uint32_t)(handle & GRI_HANDLE_INDEX_MASK) + 1;
}

void gri_handles_fini(struct gri_handles *handles, struct gri_pool *pool)
{
    if (handles->capacity) give_entries(pool, handles->entries, handles->capacity);
    *handles = (struct gri_handles){.capacity = 0};
}
