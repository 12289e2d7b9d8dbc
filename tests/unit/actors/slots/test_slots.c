/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the slot table: chunks, chains, what plain threads take, the limit, lack of memory. */
#include "actors/actor.h"
#include "actors/slots/slots.h"
#include "tests/support/world/case.h"

static struct gri_slots slots;
static struct gri_memory_fault fault;

static void start(uint32_t actors_max, unsigned loops)
{
    gri_memory_fault_init(&fault, gri_memory_default(), 0);
    cr_assert_eq(gri_slots_init(&slots, &fault.memory, actors_max, loops, 1000), 0);
}

static void end(void)
{
    gri_slots_fini(&slots);
    CHECK_EQ(gri_memory_used(&fault.memory), 0);
}

Case(slots, a_chunk_has_slots_in_order_that_belong_to_its_loop)
{
    struct gri_slot_chain chain = {NULL, 0};
    start(1 << 20, 3);
    CHECK(gri_slots_chunk(&slots, 0) == NULL);
    CHECK_EQ(gri_slots_add(&slots, 2, &chain), 0);
    CHECK_EQ(gri_slots_add(&slots, 1, &(struct gri_slot_chain){NULL, 0}), 0);
    CHECK_EQ(chain.count, GRI_SLOTS_PER_CHUNK);
    for (uint32_t i = 0; i < GRI_SLOTS_PER_CHUNK; i++) {
        struct gr_actor *actor = gri_slot_chain_pop(&chain);
        CHECK_EQ(actor->slot, i);
        CHECK_EQ(gri_load(&actor->home, GRI_RELAXED), 2);
        CHECK_EQ(gri_load(&actor->generation, GRI_RELAXED), 1000);
        CHECK_EQ(actor->busy, GRI_BUSY_UNBORN);
        CHECK(&gri_slots_chunk(&slots, 0)[i] == actor);
    }
    CHECK_EQ(chain.count, 0);
    CHECK(chain.first == NULL);
    CHECK_EQ(gri_slots_chunk(&slots, 1)->slot, GRI_SLOTS_PER_CHUNK);
    CHECK(gri_slots_chunk(&slots, 2) == NULL);
    CHECK(gri_slots_chunk(&slots, UINT32_MAX) == NULL);
    end();
}

Case(slots, chains_are_moved_in_parts_and_whole)
{
    struct gri_slot_chain a = {NULL, 0}, b = {NULL, 0};
    start(1 << 20, 1);
    CHECK_EQ(gri_slots_add(&slots, 0, &a), 0);
    gri_slot_chain_move(&b, &a, 10);
    CHECK_EQ(b.count, 10);
    CHECK_EQ(a.count, GRI_SLOTS_PER_CHUNK - 10);
    gri_slot_chain_move(&b, &a, UINT32_MAX);
    CHECK_EQ(b.count, GRI_SLOTS_PER_CHUNK);
    CHECK_EQ(a.count, 0);
    gri_slot_chain_move(&a, &b, GRI_SLOTS_PER_CHUNK);
    CHECK_EQ(a.count, GRI_SLOTS_PER_CHUNK);
    gri_slot_chain_move(&b, &a, 0);
    CHECK_EQ(b.count, 0);
    struct gr_actor *actor = gri_slot_chain_pop(&a);
    gri_slot_chain_push(&b, actor);
    CHECK_EQ(b.count, 1);
    CHECK(gri_slot_chain_pop(&b) == actor);
    uint32_t seen = 0;
    for (; a.count > 0; seen++) (void)gri_slot_chain_pop(&a);
    CHECK_EQ(seen, GRI_SLOTS_PER_CHUNK - 1);
    end();
}

Case(slots, plain_threads_take_slots_of_the_loop_they_name)
{
    start(1 << 20, 2);
    int error = 0, asked = 0;
    for (uint32_t i = 0; i < 2 * GRI_SLOTS_PER_CHUNK; i++) {
        bool wants_more = false;
        struct gr_actor *actor = gri_slots_take_outside(&slots, 1, &error, &wants_more);
        if (!CHECK(actor != NULL)) break;
        CHECK_EQ(gri_load(&actor->home, GRI_RELAXED), 1);
        asked += wants_more;
    }
    CHECK(asked >= 1);
    struct gri_slot_chain chain = {NULL, 0};
    CHECK_EQ(gri_slots_add(&slots, 0, &chain), 0);
    gri_slots_give_outside(&slots, 0, chain);
    bool wants_more;
    CHECK(gri_slots_take_outside(&slots, 0, &error, &wants_more)->slot == 2 * GRI_SLOTS_PER_CHUNK);
    end();
}

Case(slots, the_limit_is_an_error)
{
    struct gri_slot_chain chain = {NULL, 0};
    int error = 0, batches = 0;
    bool wants_more;
    start(3000, 1);
    while (batches < 1000 && (error = gri_slots_add(&slots, 0, &chain)) == 0) batches++;
    CHECK_EQ(error, GR_ELIMIT);
    CHECK(chain.count >= 3000 && chain.count <= 3000 + 3000 / 8);
    CHECK(gri_slots_take_outside(&slots, 0, &error, &wants_more) == NULL);
    CHECK_EQ(error, GR_ELIMIT);
    end();
}

/* All that can be had: by one holder, or by each of them a batch in turn. */
static uint32_t count_all(uint32_t actors_max, unsigned loops, bool in_turn)
{
    struct gri_slot_chain chain = {NULL, 0};
    uint8_t *seen = calloc(actors_max * 2 + loops * 4096, 1);
    start(actors_max, loops);
    for (unsigned i = 0; gri_slots_add(&slots, in_turn ? i % loops : 0, &chain) == 0; i++) {
    }
    uint32_t count = chain.count;
    while (chain.count > 0) {
        struct gr_actor *actor = gri_slot_chain_pop(&chain);
        CHECK_EQ(seen[actor->slot]++, 0); /* each once */
        CHECK(in_turn || gri_load(&actor->home, GRI_RELAXED) == 0);
    }
    free(seen);
    end();
    return count;
}

Case(slots, no_more_than_an_eighth_or_a_slot_for_each_holder_is_had_beyond_the_limit)
{
    static const uint32_t limits[] = {1, 60, 100, 1024, 5000, 100000};
    for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++)
        for (unsigned loops = 1; loops <= 64; loops *= 4)
            for (int in_turn = 0; in_turn < 2; in_turn++) {
                uint32_t count = count_all(limits[i], loops, in_turn), more = limits[i] / 8;
                if (more < loops * (loops + 1)) more = loops * (loops + 1);
                CHECK(count >= limits[i] && count <= limits[i] + more);
            }
}

Case(slots, lack_of_memory_is_an_error_and_leaves_nothing)
{
    struct gri_slot_chain chain = {NULL, 0};
    start(3000, 1);
    fault.nth = gri_memory_fault_count(&fault) + 1;
    CHECK_EQ(gri_slots_add(&slots, 0, &chain), GR_ENOMEM);
    CHECK_EQ(chain.count, 0);
    CHECK_EQ(gri_slots_add(&slots, 0, &chain), 0);
    end();
    for (uint64_t nth = 1; nth <= 2; nth++) {
        gri_memory_fault_init(&fault, gri_memory_default(), nth);
        CHECK_EQ(gri_slots_init(&slots, &fault.memory, 3000, 1, 1), GR_ENOMEM);
        CHECK_EQ(gri_memory_used(&fault.memory), 0);
    }
}
