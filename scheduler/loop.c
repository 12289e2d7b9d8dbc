/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's step and its real driver; see loop.h for who may touch what. */
#include "scheduler/loop.h"

#include "base/assert.h"
#include "mailbox/mailbox.h"

#include <string.h>

const struct gri_step_limits gri_step_limits_default = {
    .turns = 64, .messages = GRI_TURN_MESSAGES, .batch = 256, .inbound = UINT64_MAX};

/* How often an empty loop looks again before it parks; each look costs some nanoseconds. */
#define SPIN_LOOKS_MAX 2000u

static _Thread_local struct gri_loop *current_loop;

struct gri_loop *gri_loop_current(void)
{
    return current_loop;
}

static void fini_arrays(struct gri_loop *loop)
{
    size_t n = loop->count;
    gri_memory_release(loop->memory, loop->links, n * sizeof *loop->links);
    gri_memory_release(loop->memory, loop->inbound, n * sizeof *loop->inbound);
    gri_memory_release(loop->memory, loop->returns, n * sizeof *loop->returns);
}

/* The reading is shown to others as well: what has the turn began after it. */
static void read_clock(struct gri_loop *loop)
{
    loop->now = gri_clock_now(loop->clock);
    gri_store(&loop->read_at, (uint64_t)loop->now, GRI_RELAXED); /* a hint */
}

int gri_loop_init(struct gri_loop *loop, const struct gri_loop_options *options)
{
    memset(loop, 0, sizeof *loop);
    loop->index = options->index;
    loop->count = options->count;
    loop->peers = options->peers;
    loop->memory = options->memory;
    loop->clock = options->clock;
    loop->owner = options->owner;
    read_clock(loop);
    loop->links = gri_memory_allocate_zeroed(loop->memory, loop->count * sizeof *loop->links);
    loop->inbound = gri_memory_allocate_zeroed(loop->memory, loop->count * sizeof *loop->inbound);
    loop->returns = gri_memory_allocate_zeroed(loop->memory, loop->count * sizeof *loop->returns);
    if (loop->links == NULL || loop->inbound == NULL || loop->returns == NULL || gri_links_init(loop) != 0) {
        fini_arrays(loop);
        return GR_ENOMEM;
    }
    gri_work_queue_init(&loop->runnable);
    gri_pool_init(&loop->pool, loop->memory, options->bypass_pools);
    gri_timer_wheel_init(&loop->timers, loop->now);
    gri_random_seed(&loop->random, options->seed);
    gri_stack_pool_init(&loop->stacks, loop->memory, GRI_STACK_GUARD_AUTO);
    gri_list_mpsc_init(&loop->inject);
    gri_doorbell_init(&loop->doorbell);
    loop->poller = options->poller;
    return 0;
}

void gri_loop_fini(struct gri_loop *loop)
{
    GRI_ASSERT(gri_work_queue_is_empty(&loop->runnable) && loop->injected == NULL);
    gri_links_fini(loop);
    gri_stack_pool_fini(&loop->stacks);
    gri_pool_fini(&loop->pool);
    fini_arrays(loop);
    gri_poller_destroy(loop->poller);
}

void gri_loop_ring(struct gri_loop *loop, uint64_t bits)
{
    if (gri_doorbell_ring(&loop->doorbell, bits) && loop->poller != NULL) gri_poller_wake(loop->poller);
}

void gri_loop_ask_pause(struct gri_loop *loop)
{
    gri_store(&loop->asked, 1, GRI_RELEASE); /* publishes to gri_loop_drive what `pause` is to find */
    gri_loop_ring(loop, GRI_DOORBELL_INJECT);
}

void gri_loop_inject(struct gri_loop *loop, struct gri_message *m)
{
    gri_fetch_add(&loop->inject_bytes, gri_message_weight(m), GRI_RELAXED);
    struct gri_mpsc_node *node = (struct gri_mpsc_node *)m; /* `next` is the first field of both */
    gri_list_mpsc_push(&loop->inject, node, node);
    gri_loop_ring(loop, GRI_DOORBELL_INJECT);
}

void gri_loop_read_clock(struct gri_loop *loop)
{
    read_clock(loop);
    loop->turns_since_clock = 0;
    uint64_t fired = gri_timer_wheel_advance(&loop->timers, loop->now, loop);
    if (fired != 0) gri_count(&loop->counters, GRI_COUNTER_TIMERS, fired);
}

/* Inside of a turn the clock was read: ends the step after it if timers have not been looked at for long. */
static void bound_step(struct gri_loop *loop)
{
    if (loop->timers.count == 0 || loop->now - loop->timers.base_ns < GRI_STEP_NS) return;
    loop->turns_per_step = 0;
    loop->turns_since_clock = GRI_CLOCK_TURNS;
}

void gri_loop_start_delays(struct gri_loop *loop)
{
    read_clock(loop);
    gri_timer_wheel_start(&loop->timers, loop->now);
    bound_step(loop);
}

bool gri_loop_slice_is_over(struct gri_loop *loop, bool first)
{
    read_clock(loop);
    bound_step(loop);
    if (first) loop->slice_began = loop->now;
    return loop->now - loop->slice_began > GRI_SLICE_NS;
}

gr_time gri_loop_next_timer(struct gri_loop *loop)
{
    return gri_timer_wheel_next(&loop->timers);
}

struct gri_message *gri_loop_take_injected(struct gri_loop *loop)
{
    if (loop->injected == NULL) loop->injected = (struct gri_message *)gri_list_mpsc_take(&loop->inject);
    struct gri_message *m = loop->injected;
    if (m == NULL) return NULL;
    loop->injected = m->next;
    if (loop->tracer != NULL) loop->trace_injected(loop, m);
    gri_fetch_sub(&loop->inject_bytes, gri_message_weight(m), GRI_RELAXED); /* a bound; publishes nothing */
    return m;
}

/* Delivers what plain threads sent, at most `max`; whether all was. */
static bool receive_injected(struct gri_loop *loop, unsigned max)
{
    while (max-- > 0) {
        struct gri_message *m = gri_loop_take_injected(loop);
        if (m == NULL) return true;
        gri_count(&loop->counters, GRI_COUNTER_INJECTED, 1);
        loop->deliver(loop, m);
    }
    return false;
}

/* Delivers what came from the places that `bits` name; what is left over stays pending. */
static void receive(struct gri_loop *loop, uint64_t bits, unsigned max)
{
    if ((bits & GRI_DOORBELL_INJECT) && receive_injected(loop, max)) loop->pending &= ~GRI_DOORBELL_INJECT;
    for (uint64_t left = bits & ~GRI_DOORBELL_INJECT; left != 0; left &= left - 1) {
        unsigned from = (unsigned)__builtin_ctzll(left);
        /* A peer that wants its outbox moved rings too: then there may be nothing to drain. */
        if (gri_link_drain(loop, from, max) < max) loop->pending &= ~gri_doorbell_bit(from);
    }
}

/* Gives blocks of other loops' pools back. */
static void flush_returns(struct gri_loop *loop)
{
    for (unsigned i = 0; i < loop->count; i++)
        if (loop->returns[i].count != 0) gri_pool_batch_flush(&loop->returns[i], &loop->peers[i]->pool);
}

bool gri_loop_step(struct gri_loop *loop, const struct gri_step_limits *limits)
{
    struct gri_loop *outer = current_loop; /* an actor may bring another system to its end */
    current_loop = loop;
    loop->messages_per_turn = limits->messages;
    loop->turns_per_step = limits->turns;
    gri_count(&loop->counters, GRI_COUNTER_STEPS, 1);
    loop->pending |= gri_doorbell_take(&loop->doorbell);
    if (loop->pending & limits->inbound) receive(loop, loop->pending & limits->inbound, limits->batch);
    if (loop->turns_since_clock >= GRI_CLOCK_TURNS) gri_loop_read_clock(loop);

    uint32_t turns = 0;
    for (struct gri_work *work;
         turns < loop->turns_per_step && (work = gri_work_pop(&loop->runnable)) != NULL; turns++) {
        gri_store(&loop->running, work, GRI_RELEASE); /* for the watchdog; publishes the work */
        work->run(loop, work);
    }
    gri_store(&loop->running, NULL, GRI_RELAXED);
    loop->turns_since_clock += turns;
    gri_count(&loop->counters, GRI_COUNTER_TURNS, turns);

    if (gri_work_queue_is_empty(&loop->runnable) && loop->timers.count != 0) gri_loop_read_clock(loop);
    bool waiting = loop->dirty != 0 && gri_link_flush(loop);
    if (loop->count > 1) flush_returns(loop);
    if (__builtin_expect(loop->tracer != NULL, 0)) gri_tracer_rest(loop->tracer, gri_clock_now(loop->clock));
    current_loop = outer;
    return !gri_work_queue_is_empty(&loop->runnable) || loop->pending != 0 ||
           (waiting && loop->poller == NULL);
}

bool gri_loop_has_work(const struct gri_loop *loop)
{
    return !gri_work_queue_is_empty(&loop->runnable) || loop->pending != 0 || loop->dirty != 0 ||
           gri_load(&loop->doorbell.word, GRI_RELAXED) != 0;
}

bool gri_loop_try_park(struct gri_loop *loop)
{
    if (loop->pending != 0 || !gri_work_queue_is_empty(&loop->runnable)) return false;
    return gri_doorbell_park(&loop->doorbell);
}

void gri_loop_unpark(struct gri_loop *loop)
{
    loop->pending |= gri_doorbell_unpark(&loop->doorbell);
}

/* What seems to have come in. Links are looked at, too: what is in them can be seen before the doorbell, which is rung
 * after they were filled. */
static uint64_t look(struct gri_loop *loop)
{
    uint64_t seen = gri_doorbell_take(&loop->doorbell);
    for (unsigned from = 0; from < loop->count; from++)
        if (gri_link_peek(loop, from)) seen |= gri_doorbell_bit(from);
    return seen;
}

/* Looks for a while whether something comes in, for at most the time that was worth it lately. */
static bool spin(struct gri_loop *loop, uint32_t *looks)
{
    for (uint32_t i = 0; i < *looks; i++) {
        loop->pending |= look(loop);
        if (loop->pending != 0) {
            *looks = *looks * 2 > SPIN_LOOKS_MAX ? SPIN_LOOKS_MAX : *looks * 2;
            return true;
        }
        gri_pause();
    }
    if (*looks > 16) *looks /= 2;
    return false;
}

static void park(struct gri_loop *loop)
{
    gr_time next = gri_loop_next_timer(loop);
    gr_time timeout = GR_FOREVER;
    if (next != GR_FOREVER) timeout = gri_clock_left(gri_clock_now(loop->clock), next);
    if (timeout != 0 && !gri_loop_try_park(loop)) return;
    gri_count(&loop->counters, GRI_COUNTER_PARKS, 1);
    struct gri_loop *outer = current_loop; /* of an actor that runs another system */
    current_loop = loop;                   /* watchers of descriptors run in here */
    gri_poller_park(loop->poller, timeout);
    current_loop = outer;
    if (timeout != 0) gri_loop_unpark(loop);
    gri_loop_read_clock(loop);
}

static void drive(struct gri_loop *loop)
{
    uint32_t looks = loop->count > 1 ? SPIN_LOOKS_MAX / 8 : 0;
    uint32_t busy_steps = 0;
    gri_loop_read_clock(loop); /* it may have stood still for long */
    for (;;) {
        if (gri_loop_step(loop, &gri_step_limits_default)) {
            /* Descriptors are looked at now and then even when there is always work. */
            if (++busy_steps % 64 != 0 && gri_load(&loop->asked, GRI_RELAXED) == 0) continue;
            gri_exchange(&loop->asked, 0, GRI_ACQUIRE); /* acquires what gri_loop_ask_pause publishes */
            if (!loop->pause(loop, false)) return;
            gri_poller_park(loop->poller, 0);
            continue;
        }
        if (!loop->pause(loop, true)) return;
        if (!spin(loop, &looks)) park(loop);
    }
}

void gri_loop_drive(struct gri_loop *loop)
{
    drive(loop);
    if (loop->tracer != NULL) gri_tracer_drain(loop->tracer);
}

struct gri_message *gri_loop_new_large(struct gri_loop *loop, size_t payload_bytes)
{
    struct gri_message *m = gri_memory_allocate(loop->memory, sizeof *m + payload_bytes);
    if (m == NULL) return NULL;
    m->pool_class = GRI_POOL_LARGE;
    m->home = GRI_HOME_MEMORY;
    return m;
}

struct gri_message *gri_message_create(struct gri_memory *memory, size_t payload_bytes)
{
    unsigned pool_class = gri_pool_class(sizeof(struct gri_message) + payload_bytes);
    size_t size = sizeof(struct gri_message) + payload_bytes;
    if (pool_class != GRI_POOL_LARGE) size = gri_pool_class_size(pool_class);
    struct gri_message *m = gri_memory_allocate(memory, size);
    if (m == NULL) return NULL;
    m->pool_class = (uint8_t)pool_class;
    m->home = GRI_HOME_MEMORY;
    return m;
}

void gri_message_destroy(struct gri_memory *memory, struct gri_message *m)
{
    gri_memory_release(memory, m, gri_message_block_size(m));
}

void gri_loop_free_away(struct gri_loop *loop, struct gri_message *m)
{
    if (m->home == GRI_HOME_MEMORY) {
        gri_message_destroy(loop->memory, m);
        return;
    }
    unsigned home = m->home;
    gri_pool_batch_add(&loop->returns[home], m, m->pool_class);
    if (loop->returns[home].count >= GRI_RETURN_BATCH)
        gri_pool_batch_flush(&loop->returns[home], &loop->peers[home]->pool);
}
