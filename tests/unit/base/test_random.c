/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the random numbers: known answers, and that a bounded number is fair. All seeds are fixed. */
#include "base/random.h"
#include "tests/unit/base/child.h"

Test(random, splitmix64_gives_the_published_numbers)
{
    uint64_t state = 1234567;
    cr_assert_eq(gri_random_split(&state), 6457827717110365317u);
    cr_assert_eq(gri_random_split(&state), 3203168211198807973u);
    cr_assert_eq(gri_random_split(&state), 9817491932198370423u);
}

Test(random, xoshiro256_gives_the_published_numbers)
{
    struct gri_random random = {{1, 2, 3, 4}};
    static const uint64_t expected[] = {11520,
                                        0,
                                        1509978240,
                                        1215971899390074240,
                                        1216172134540287360,
                                        607988272756665600,
                                        16172922978634559625u,
                                        8476171486693032832,
                                        10595114339597558777u,
                                        2904607092377533576};
    for (int i = 0; i < 10; i++) cr_assert_eq(gri_random_next(&random), expected[i], "number %d", i);
}

Test(random, a_seed_gives_the_same_numbers_each_time_and_another_seed_others)
{
    struct gri_random a, b, c;
    int same = 0;
    gri_random_seed(&a, 99);
    gri_random_seed(&b, 99);
    gri_random_seed(&c, 100);
    for (int i = 0; i < 1000; i++) {
        uint64_t next = gri_random_next(&a);
        cr_assert_eq(next, gri_random_next(&b));
        same += next == gri_random_next(&c);
    }
    cr_assert_eq(same, 0);
}

Test(random, seed_zero_is_a_good_seed)
{
    struct gri_random random;
    uint64_t bits = 0;
    gri_random_seed(&random, 0);
    for (int i = 0; i < 100; i++) bits |= gri_random_next(&random);
    cr_assert_eq(bits, UINT64_MAX);
}

Test(random, a_bounded_number_stays_below_and_reaches_every_value)
{
    struct gri_random random;
    gri_random_seed(&random, 1);
    for (uint64_t n = 1; n <= 40; n++) {
        uint64_t seen = 0;
        for (int i = 0; i < 2000; i++) {
            uint64_t value = gri_random_below(&random, n);
            cr_assert_lt(value, n);
            seen |= (uint64_t)1 << value;
        }
        cr_assert_eq(seen, ((uint64_t)1 << n) - 1, "below %d", (int)n);
    }
}

/* Counts 30,000 numbers below n by their rest modulo 3; a fair generator gives 10,000 each, +- 82 (one deviation). */
static void count_thirds(uint64_t n, int counts[3])
{
    struct gri_random random;
    gri_random_seed(&random, 7);
    counts[0] = counts[1] = counts[2] = 0;
    for (int i = 0; i < 30000; i++) counts[gri_random_below(&random, n) % 3]++;
}

Test(random, a_bounded_number_is_fair_where_a_plain_multiplication_is_not)
{
    /* Of 2^64 numbers 3 * 2^62 are wanted: without drawing again, each third value would come twice as often. */
    int counts[3];
    count_thirds((uint64_t)3 << 62, counts);
    for (int i = 0; i < 3; i++) cr_assert(abs(counts[i] - 10000) < 500, "%d: %d", i, counts[i]);
    count_thirds(3, counts);
    for (int i = 0; i < 3; i++) cr_assert(abs(counts[i] - 10000) < 500, "%d: %d", i, counts[i]);
}

Test(random, the_largest_bound_works)
{
    struct gri_random random;
    gri_random_seed(&random, 3);
    for (int i = 0; i < 1000; i++) cr_assert_lt(gri_random_below(&random, UINT64_MAX), UINT64_MAX);
}

static void draw_below_zero(void *random)
{
    gri_random_below(random, 0);
}

Test(random, a_bound_of_zero_is_our_own_mistake)
{
    struct gri_random random;
    gri_random_seed(&random, 3);
    child_must_abort(draw_below_zero, &random, "n > 0");
}
