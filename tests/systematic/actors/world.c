/* SPDX-License-Identifier: Apache-2.0 */
/* The world's bookkeeping: reset, history, failures, and memory that counts and fails. */
#include "tests/systematic/actors/world.h"

#include "actors/actor.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rp_world rp_world;
static struct rp_failure first_failure;
struct rp_failure *rp_failure = &first_failure;

static void *allocate(struct gri_memory *memory, size_t size)
{
    struct rp_memory *self = GRI_CONTAINER_OF(memory, struct rp_memory, memory);
    if (self->fail_one_in != 0 && gri_random_below(&self->random, self->fail_one_in) == 0) {
        self->failures++;
        return NULL;
    }
    return aligned_alloc(GRI_MEMORY_ALIGNMENT, size);
}

static void release(struct gri_memory *memory, void *p, size_t size)
{
    free(p);
}

void rp_world_reset(const struct rp_program *program)
{
    struct rp_world *w = &rp_world;
    memset(w, 0, offsetof(struct rp_world, history));
    w->program = program;
    w->memory.memory = (struct gri_memory){.allocate = allocate, .release = release};
    gri_random_seed(&w->memory.random, program->seed);
    for (unsigned i = 0; i < program->role_count; i++)
        if (program->roles[i].policy == GR_POLICY_WAIT) w->waits = true;
    memset(rp_failure, 0, sizeof *rp_failure);
}

bool rp_may_fail(void)
{
    return rp_world.program->fail_one_in != 0;
}

gr_time rp_now(void)
{
    return rp_world.simulation != NULL ? rp_world.simulation->now : 0;
}

void rp_note(const char *what, int actor, int message, int64_t value)
{
    struct rp_world *w = &rp_world;
    int64_t numbers[] = {rp_now(), actor, message, value};
    w->hash = gri_hash(numbers, sizeof numbers, gri_hash(what, strlen(what), w->hash));
    w->history[w->event_count++ % RP_HISTORY_MAX] = (struct rp_event){rp_now(), w->steps, what,
                                                                      actor,    message,  value};
}

void rp_fail(enum rp_case which, int actor, int message, const char *format, ...)
{
    rp_note("FAILED", actor, message, which);
    if (rp_failure->failed) return;
    *rp_failure = (struct rp_failure){.failed = true, .which = which, .actor = actor, .message = message};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rp_failure->text, sizeof rp_failure->text, format, arguments);
    va_end(arguments);
}

static void print_event(const struct rp_event *e)
{
    printf("    step %5" PRIu64 " at %12" PRId64 " ns: %-22s", e->step, e->now, e->what);
    if (e->actor == RP_OUTSIDE)
        printf(" outside");
    else if (e->actor >= 0)
        printf(" actor %d", e->actor);
    if (e->message >= 0) {
        const struct rp_message *m = &rp_world.messages[e->message];
        printf(" %s %d (%d -> %d)", rp_type_name(m->type), e->message, m->sender, m->receiver);
    }
    printf(" %" PRId64 "\n", e->value);
}

static bool concerns(const struct rp_event *e, const struct rp_failure *failure)
{
    if (failure->actor < 0 && failure->message < 0) return true;
    if (e->actor >= 0 && e->actor == failure->actor) return true;
    if (e->message < 0) return false;
    const struct rp_message *m = &rp_world.messages[e->message];
    return e->message == failure->message || (failure->actor >= 0 && m->receiver == failure->actor);
}

void rp_print_history(bool all)
{
    const struct rp_world *w = &rp_world;
    uint64_t first = w->event_count > RP_HISTORY_MAX ? w->event_count - RP_HISTORY_MAX : 0;
    uint64_t shown = 0, total = 0;
    for (uint64_t i = first; i < w->event_count; i++)
        total += concerns(&w->history[i % RP_HISTORY_MAX], rp_failure);
    for (uint64_t i = first; i < w->event_count; i++) {
        const struct rp_event *e = &w->history[i % RP_HISTORY_MAX];
        if (!all && (!concerns(e, rp_failure) || ++shown + 60 <= total)) continue;
        print_event(e);
    }
}

int rp_find_actor(gr_ref ref)
{
    if (gr_ref_is_null(ref)) return -1;
    for (int i = 0; i < rp_world.actor_count; i++)
        if (gr_ref_equal(rp_world.actors[i].ref, ref)) return i;
    return -1;
}

bool rp_exists(gr_ref ref)
{
    if (rp_world.system == NULL || ref.seat != rp_world.system->seat) return false;
    const struct gr_actor *chunk = gri_slots_chunk(&rp_world.system->slots, ref.slot / GRI_SLOTS_PER_CHUNK);
    return chunk != NULL &&
           gri_load(&chunk[ref.slot % GRI_SLOTS_PER_CHUNK].generation, GRI_RELAXED) == ref.generation;
}
