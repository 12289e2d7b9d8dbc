/* SPDX-License-Identifier: Apache-2.0 */
/* Making, checking and reading event rings; writing is inline in event_ring.h, with the invariants. */
#include "observe/event_ring.h"

#include <greenroom/error.h>

#include <string.h>

#define MAGIC        0x67724576u /* "vErg" in memory, little endian */
#define CAPACITY_MAX (1u << 24)

size_t gri_event_ring_size(uint32_t capacity)
{
    if (capacity == 0 || capacity > CAPACITY_MAX || (capacity & (capacity - 1)) != 0) return 0;
    return sizeof(struct gri_event_ring) + capacity * sizeof(struct gri_event_slot);
}

int gri_event_ring_init(struct gri_event_ring *ring, uint32_t capacity)
{
    size_t size = gri_event_ring_size(capacity);
    if (size == 0) return GR_EINVALID;
    memset(ring, 0, size);
    ring->magic = MAGIC;
    ring->capacity = capacity;
    return GR_OK;
}

int gri_event_ring_check(const void *memory, size_t size)
{
    const struct gri_event_ring *ring = memory;
    if (size < sizeof *ring || (uintptr_t)memory % _Alignof(struct gri_event_ring) != 0) return GR_EINVALID;
    size_t needed = gri_event_ring_size(ring->capacity);
    return ring->magic == MAGIC && needed != 0 && needed <= size ? GR_OK : GR_EINVALID;
}

uint64_t gri_event_ring_end(const struct gri_event_ring *ring)
{
    return gri_load(&ring->ended,
                    GRI_ACQUIRE); /* pairs with gri_event_ring_write: events before it can be copied */
}

static void copy_event(const struct gri_event_slot *slot, struct gri_event *out)
{
    uint64_t words[4];
    /* Acquire: pairs with the release of whichever event's word is seen (invariant 2). */
    for (int i = 0; i < 4; i++) words[i] = gri_load(&slot->words[i], GRI_ACQUIRE);
    *out = (struct gri_event){
        .time_ns = (int64_t)words[0],
        .kind = (uint32_t)words[1],
        .a = (uint32_t)(words[1] >> 32),
        .b = words[2],
        .c = words[3],
    };
}

size_t gri_event_ring_copy(const struct gri_event_ring *ring, uint64_t *position, struct gri_event *out,
                           size_t count, uint64_t *lost)
{
    uint64_t capacity = ring->capacity;
    uint64_t end = gri_event_ring_end(ring);
    uint64_t start = *position > end ? end : *position;
    uint64_t missed = 0;
    if (end - start > capacity) {
        missed = end - capacity - start;
        start = end - capacity;
    }
    if (count > end - start) count = (size_t)(end - start);
    for (uint64_t i = 0; i < count; i++) copy_event(&ring->slots[(start + i) & (capacity - 1)], &out[i]);

    /* Relaxed: ordered after the words' acquire loads. Events below `whole` were being overwritten (invariant 3). */
    uint64_t begun = gri_load(&ring->begun, GRI_RELAXED);
    uint64_t whole = begun > capacity ? begun - capacity : 0;
    size_t torn = whole > start ? (size_t)(whole - start) : 0;
    if (torn > count) torn = count;
    memmove(out, out + torn, (count - torn) * sizeof *out);
    *position = start + count;
    if (lost) *lost += missed + torn;
    return count - torn;
}
