/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explorer on messages/block.h: the last of a block's owners, and nobody else, frees it, after all others have
 * read its bytes for the last time.
 */
#include "messages/block.h"

#include "base/memory.h"
#include "tests/support/explorer/explorer.h"

#define SIZE 8

static _Alignas(64) char space[sizeof(struct gri_block) + SIZE];
static struct gri_block *block;
static int freed; /* how often; only who frees writes it, and the explorer sees if there are two */

/* The memory seam: one block. */
struct gri_memory *gri_memory_default(void)
{
    return NULL;
}

void *gri_memory_allocate(struct gri_memory *memory, size_t size)
{
    GRI_EXPLORER_CHECK(size == sizeof space);
    return space;
}

void gri_memory_release(struct gri_memory *memory, void *p, size_t size)
{
    gri_explorer_free(p, size);
    freed++;
}

/* As many counts as there are threads. */
static void setup_for(int owners)
{
    freed = 0;
    block = gri_block_create(SIZE);
    GRI_PLAIN_WRITE(*(uint64_t *)gri_block_bytes(block), 42);
    for (int i = 1; i < owners; i++) gri_block_hold(block);
}

static void setup_two(void)
{
    setup_for(2);
}

static void setup_three(void)
{
    setup_for(3);
}

static void use(void)
{
    GRI_EXPLORER_CHECK(GRI_PLAIN_READ(*(uint64_t *)gri_block_bytes(block)) == 42);
}

static void use_and_release(void)
{
    use();
    gri_block_release(block);
}

/* Four operations. */
static void share_and_release(void)
{
    gri_block_hold(block);
    use_and_release();
    use_and_release();
}

static void finish(void)
{
    GRI_EXPLORER_CHECK(freed == 1);
}

static const struct gri_explorer_scenario scenarios[] = {
    {"two", setup_two, {share_and_release, share_and_release}, finish, NULL, 0},
    {"three", setup_three, {use_and_release, use_and_release, use_and_release}, finish, NULL, 0},
    {"mixed", setup_three, {share_and_release, use_and_release, use_and_release}, finish, NULL, 0},
};

int main(int argc, char **argv)
{
    static const char *const sources[] = {"messages/block.h", "messages/block.c", NULL};
    static const struct gri_explorer_program program = {"block", scenarios,
                                                        sizeof scenarios / sizeof scenarios[0], sources};
    return gri_explorer_main(&program, argc, argv);
}
