/* SPDX-License-Identifier: Apache-2.0 */
/* What a system tells about itself from outside: counts, and who lives. Numbers of a moment ago; nothing is stopped. */
#include "actors/actor.h"

#include <greenroom/system.h>

int gr_system_loops(const gr_system *system)
{
    return system != NULL ? (int)system->loop_count : 0;
}

void gr_system_count(const gr_system *system, struct gr_system_counts *counts)
{
    uint64_t sums[GRI_COUNTER_COUNT] = {0};
    if (system == NULL) {
        *counts = (struct gr_system_counts){0};
        return;
    }
    for (unsigned i = 0; i < system->loop_count; i++) gri_counters_sum(&system->loops[i]->counters, sums);
    /* A turn counts all that it took, also what nobody handled or what was set aside; its sum is written last, so it may
     * be behind. */
    uint64_t taken = sums[GRI_COUNTER_HANDLED];
    uint64_t unhandled = sums[GRI_COUNTER_DEAD_UNHANDLED] + sums[GRI_COUNTER_STASHED];
    uint64_t handled = taken > unhandled ? taken - unhandled : 0;
    *counts = (struct gr_system_counts){
        .spawned = sums[GRI_COUNTER_SPAWNED] + gri_load(&system->foreign_spawned, GRI_RELAXED),
        .ended = sums[GRI_COUNTER_ENDED],
        .sent = sums[GRI_COUNTER_SENT] + gri_load(&system->foreign_sent, GRI_RELAXED),
        .handled = handled,
        .requests = sums[GRI_COUNTER_REQUESTS] + gri_load(&system->foreign_requests, GRI_RELAXED),
        .replies = sums[GRI_COUNTER_REPLIES] + gri_load(&system->foreign_replies, GRI_RELAXED),
    };
    for (int cause = 0; cause < GR_DEAD_LETTER_COUNT; cause++)
        counts->dead_letters[cause] = sums[GRI_COUNTER_DEAD_STALE + cause] +
                                      gri_load(&system->dead_letters[cause], GRI_RELAXED);
}

bool gri_system_running(const gr_system *system, unsigned loop, uint32_t *slot)
{
    /* Acquires the slot's number, which the loop knew when it gave the turn. */
    const struct gri_work *work = gri_load(&system->loops[loop]->running, GRI_ACQUIRE);
    if (work == NULL) return false;
    *slot = GRI_CONTAINER_OF(work, const struct gr_actor, work)->slot;
    return true;
}

static bool describe(const gr_system *system, const struct gr_actor *actor, struct gr_actor_info *info)
{
    /* Acquires the dispatch table that the spawn published. The generation is read before: if the actor ends meanwhile,
     * the reference is a stale one. */
    uint64_t generation = gri_load(&actor->generation, GRI_RELAXED);
    const struct gri_dispatch *dispatch = gri_load(&actor->dispatch, GRI_ACQUIRE);
    if (dispatch == NULL) return false;
    const struct gr_behaviour *behaviour = dispatch->behaviour;
    bool is_coroutine = behaviour->coroutine != NULL;
    size_t stack = system->stack_size ? system->stack_size : GRI_STACK_BYTES_DEFAULT;
    *info = (struct gr_actor_info){
        .ref = {system->seat, actor->slot, generation},
        .behaviour = behaviour->name,
        .loop = (int)gri_load(&actor->home, GRI_RELAXED),
        .is_coroutine = is_coroutine,
        .mailbox = gri_load(&actor->mailbox.count, GRI_RELAXED),
        .bytes = sizeof *actor + behaviour->state_size + (is_coroutine ? stack : 0) +
                 (uint64_t)gri_mailbox_lines(&actor->mailbox) * GRI_LINE_BYTES,
    };
    return true;
}

bool gri_system_describe(const gr_system *system, uint32_t slot, struct gr_actor_info *info)
{
    const struct gr_actor *chunk = gri_slots_chunk(&system->slots, slot / GRI_SLOTS_PER_CHUNK);
    return describe(system, &chunk[slot % GRI_SLOTS_PER_CHUNK], info);
}

size_t gr_system_actors(const gr_system *system, struct gr_actor_info *list, size_t capacity)
{
    size_t count = 0;
    if (system == NULL) return 0;
    if (list == NULL) capacity = 0;
    uint32_t chunks = gri_load(&system->slots.chunk_count, GRI_ACQUIRE);
    for (uint32_t i = 0; i < chunks * GRI_SLOTS_PER_CHUNK; i++) {
        struct gr_actor_info info;
        if (!gri_system_describe(system, i, &info)) continue;
        if (count < capacity) list[count] = info;
        count++;
    }
    gri_names_tell(&((gr_system *)system)->names, list, sizeof *list, count < capacity ? count : capacity);
    return count;
}
