/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of handles: names of obligations that never name another one later. */
#include "base/random.h"
#include "futures/handles.h"

#include <criterion/criterion.h>

static struct gri_pool pool;
static struct gri_handles handles;
static struct gri_obligation objects[2000];

static void start(struct gri_memory *memory)
{
    cr_assert_eq(gri_pool_init(&pool, memory, true), 0);
    handles = (struct gri_handles){.capacity = 0};
}

static void end(struct gri_memory *memory)
{
    gri_handles_fini(&handles, &pool);
    gri_pool_fini(&pool);
    cr_assert_eq(gri_memory_used(memory), 0);
}

static struct gri_memory_account account;

static struct gri_memory *counted(void)
{
    gri_memory_account_init(&account, gri_memory_default(), 0);
    return &account.memory;
}

Test(handles, a_handle_finds_its_object_until_it_is_removed)
{
    struct gri_memory *memory = counted();
    start(memory);
    uint64_t first = gri_handles_add(&handles, &pool, &objects[0]);
    uint64_t second = gri_handles_add(&handles, &pool, &objects[1]);
    cr_assert(first != 0 && second != 0 && first != second);
    cr_assert_eq(gri_handles_find(&handles, first), &objects[0]);
    cr_assert_eq(gri_handles_find(&handles, second), &objects[1]);
    gri_handles_remove(&handles, first);
    cr_assert_null(gri_handles_find(&handles, first));
    cr_assert_eq(gri_handles_find(&handles, second), &objects[1]);
    end(memory);
}

Test(handles, g9_a_handle_never_names_what_took_its_place)
{
    struct gri_memory *memory = counted();
    start(memory);
    uint64_t old = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t handle = gri_handles_add(&handles, &pool, &objects[0]);
        cr_assert_neq(handle, old);
        cr_assert_null(gri_handles_find(&handles, old));
        gri_handles_remove(&handles, handle);
        gri_handles_remove(&handles, old);
        cr_assert_null(gri_handles_find(&handles, handle));
        old = handle;
    }
    cr_assert_eq(handles.capacity, 8, "one place is used again and again");
    end(memory);
}

Test(handles, g9_the_name_of_a_call_is_none_of_the_table_and_used_once)
{
    struct gri_memory *memory = counted();
    start(memory);
    uint64_t other = gri_handles_add(&handles, &pool, &objects[1]);
    uint64_t old = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t handle = gri_handles_add_call(&handles, &objects[0]);
        cr_assert(handle != 0 && handle != old && handle != other);
        cr_assert_eq(gri_handles_find(&handles, handle), &objects[0]);
        cr_assert_null(gri_handles_find(&handles, old));
        gri_handles_remove(&handles, old);
        cr_assert_eq(gri_handles_find(&handles, handle), &objects[0]);
        gri_handles_remove(&handles, handle);
        cr_assert_null(gri_handles_find(&handles, handle));
        old = handle;
    }
    cr_assert_eq(gri_handles_find(&handles, other), &objects[1]);
    cr_assert_null(gri_handles_find(&handles, 0));
    end(memory);
}

Test(handles, no_number_finds_anything_in_an_empty_table)
{
    handles = (struct gri_handles){.capacity = 0};
    for (int shift = 0; shift < 64; shift++) {
        cr_assert_null(gri_handles_find(&handles, UINT64_C(1) << shift));
        gri_handles_remove(&handles, UINT64_C(1) << shift);
    }
    cr_assert_null(gri_handles_find(&handles, 0));
    cr_assert_null(gri_handles_find(&handles, UINT64_MAX));
}

Test(handles, guessed_numbers_find_nothing_or_a_living_object)
{
    struct gri_memory *memory = counted();
    struct gri_random random;
    uint64_t handle[16];
    gri_random_seed(&random, 1);
    start(memory);
    for (int i = 0; i < 16; i++) handle[i] = gri_handles_add(&handles, &pool, &objects[i]);
    for (int i = 0; i < 16; i += 2) gri_handles_remove(&handles, handle[i]);
    for (int i = 0; i < 100000; i++) {
        uint64_t guess = gri_random_next(&random) & ((UINT64_C(7) << 24) | 31);
        struct gri_obligation *found = gri_handles_find(&handles, guess);
        cr_assert(found == NULL || (found < objects + 16 && (found - objects) % 2 == 1), "guess %llx",
                  (unsigned long long)guess);
    }
    end(memory);
}

Test(handles, the_table_grows_and_every_name_stays_valid)
{
    struct gri_memory *memory = counted();
    static uint64_t handle[2000];
    start(memory);
    for (int i = 0; i < 2000; i++) {
        handle[i] = gri_handles_add(&handles, &pool, &objects[i]);
        cr_assert_neq(handle[i], 0);
    }
    for (int i = 0; i < 2000; i++) cr_assert_eq(gri_handles_find(&handles, handle[i]), &objects[i]);
    for (int i = 0; i < 2000; i++) gri_handles_remove(&handles, handle[i]);
    for (int i = 0; i < 2000; i++) cr_assert_null(gri_handles_find(&handles, handle[i]));
    end(memory);
}

Test(handles, without_memory_there_is_no_name_and_the_others_stay)
{
    struct gri_memory_fault fault;
    gri_memory_fault_init(&fault, gri_memory_default(), 1);
    start(&fault.memory);
    cr_assert_eq(gri_handles_add(&handles, &pool, &objects[0]), 0);
    uint64_t handle[9];
    for (int i = 0; i < 8; i++) handle[i] = gri_handles_add(&handles, &pool, &objects[i]);
    fault.nth = gri_memory_fault_count(&fault) + 1;
    cr_assert_eq(gri_handles_add(&handles, &pool, &objects[8]), 0, "growing failed");
    for (int i = 0; i < 8; i++) cr_assert_eq(gri_handles_find(&handles, handle[i]), &objects[i]);
    handle[8] = gri_handles_add(&handles, &pool, &objects[8]);
    cr_assert_eq(gri_handles_find(&handles, handle[8]), &objects[8]);
    end(&fault.memory);
}
