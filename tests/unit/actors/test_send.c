/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of sends and forwards between actors: order, errors, ownership, large messages, and the right to answer. */
#include "tests/support/world/case.h"

#include <stdlib.h>

/* ---- order and content ---- */

static int numbers_in_order(gr_actor *self, void *argument)
{
    gr_ref echoes[2] = {gr_spawn(self, echo), gr_spawn_with(self, echo, (.loop = GR_SPREAD))};
    for (int64_t i = 0; i < 300; i++)
        for (int e = 0; e < 2; e++) CHECK_EQ(gr_send(self, echoes[e], number, .value = i), 0);
    int64_t next[2] = {0, 0};
    for (int i = 0; i < 600; i++) {
        struct gr_mail mail = next_mail(self);
        const struct number *m = gr_mail_as(&mail, number);
        int from = gr_ref_equal(mail.sender, echoes[1]);
        if (!CHECK(m != NULL) || !CHECK(from || gr_ref_equal(mail.sender, echoes[0]))) return 1;
        if (!CHECK_EQ(m->value, next[from]++)) return 1;
    }
    return 0;
}

Case(send, g1_messages_of_one_sender_arrive_in_the_order_sent)
{
    run_everywhere(numbers_in_order);
}

static int to_itself(gr_actor *self, void *argument)
{
    for (int64_t i = 0; i < 10; i++) CHECK_EQ(gr_send(self, gr_self(self), number, .value = i), 0);
    for (int64_t i = 0; i < 10; i++) CHECK_EQ(next_number(self), i);
    no_mail(self, 0);
    return 0;
}

Case(send, an_actor_may_send_to_itself)
{
    run_everywhere(to_itself);
}

static int strings(gr_actor *self, void *argument)
{
    gr_ref echoes[2] = {
        gr_spawn(self, echo),
        gr_spawn_with(self, echo, (.loop = GR_LOOP(gr_system_loops(gr_actor_system(self)) - 1)))};
    for (int e = 0; e < 2; e++) {
        gr_string text;
        CHECK_EQ(gr_string_format(self, &text, "some text, number %d", 17), 0);
        CHECK_EQ(gr_send(self, echoes[e], words, .text = text), 0);
        struct gr_mail mail = next_mail(self);
        const struct words *m = gr_mail_as(&mail, words);
        if (!CHECK(m != NULL)) return 1;
        CHECK_EQ(gr_string_compare(m->text, gr_string_static("some text, number 17")), 0);
        CHECK_EQ(gr_send(self, echoes[e], words, .text = gr_string_static("static")), 0);
        mail = next_mail(self);
        m = gr_mail_as(&mail, words);
        CHECK(m != NULL && gr_string_compare(m->text, gr_string_static("static")) == 0);
        CHECK(gr_mail_as(&mail, number) == NULL);
    }
    return 0;
}

Case(send, strings_cross_loops_and_come_back)
{
    run_everywhere(strings);
}

/* ---- payloads of every size class, and around the sizes that are copied in special ways ---- */

#define SMALL(X)  X(1) X(2) X(3) X(4) X(5) X(7) X(8) X(9) X(12) X(15) X(16)
#define MIDDLE(X) X(17) X(23) X(24) X(25) X(79) X(80) X(81)
#define GREAT(X)  X(208) X(209) X(4048) X(4049)
#define DECLARE_SIZE(n)                                                                                      \
    struct sized_##n {                                                                                       \
        uint8_t bytes[n]; /* any */                                                                          \
    };                                                                                                       \
    GR_MESSAGE(sized_##n, GR_ARRAY(sized_##n, bytes));
#define TYPE_OF_SIZE(n) &sized_##n##_gr_type,

SMALL(DECLARE_SIZE)
MIDDLE(DECLARE_SIZE)
GREAT(DECLARE_SIZE)
static const struct gr_type *const sized[] = {SMALL(TYPE_OF_SIZE) MIDDLE(TYPE_OF_SIZE) GREAT(TYPE_OF_SIZE)};

#define SIZED (sizeof sized / sizeof *sized)

static int mirror_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    return 0;
}

static void mirror_any(gr_actor *self, char *state, const struct gr_mail *mail)
{
    CHECK_EQ(gri_send(self, mail->sender, mail->type, mail->data), 0);
}

GR_ACTOR(mirror, char, gr_nothing, mirror_start, GR_ON_ANY(mirror_any));

static int every_size(gr_actor *self, void *argument)
{
    uint8_t bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7 + 1);
    gr_ref ref = gr_spawn_with(self, mirror, (.loop = GR_SPREAD));
    for (int round = 0; round < 3; round++) { /* at first no pool has a block */
        for (size_t i = 0; i < SIZED; i++) {
            CHECK_EQ(gri_send(self, ref, sized[i], bytes), 0);
            CHECK_EQ(gri_try_send(self, ref, sized[i], bytes), 0);
        }
        for (size_t i = 0; i < 2 * SIZED; i++) {
            struct gr_mail mail = next_mail(self);
            CHECK(mail.type == sized[i / 2]);
            CHECK_EQ(memcmp(mail.data, bytes, sized[i / 2]->size), 0);
        }
    }
    kill_and_wait(self, ref);
    return 0;
}

Case(send, messages_of_every_size_arrive_whole_and_in_order)
{
    run_everywhere(every_size);
}

static int sizes_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    return 0;
}

static void sizes_large(gr_actor *self, char *state, const struct large *m)
{
    for (size_t i = 0; i < sizeof m->bytes; i++)
        if (m->bytes[i] != (uint8_t)(i * 7)) return;
    gr_send(self, gr_sender(self), number, .value = sizeof m->bytes);
}

static void sizes_largest(gr_actor *self, char *state, const struct largest *m)
{
    for (size_t i = 0; i < sizeof m->bytes; i++)
        if (m->bytes[i] != (uint8_t)(i * 7)) return;
    gr_send(self, gr_sender(self), number, .value = sizeof m->bytes);
}

GR_ACTOR(sizes, char, gr_nothing, sizes_start, GR_ON(large, sizes_large), GR_ON(largest, sizes_largest));

static int large_messages(gr_actor *self, void *argument)
{
    uint8_t *bytes = malloc(GR_MESSAGE_SIZE_MAX);
    for (size_t i = 0; i < GR_MESSAGE_SIZE_MAX; i++) bytes[i] = (uint8_t)(i * 7);
    for (int loop = 0; loop < gr_system_loops(gr_actor_system(self)); loop++) {
        gr_ref ref = gr_spawn_with(self, sizes, (.loop = GR_LOOP(loop)));
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(gri_send(self, ref, &large_gr_type, bytes), 0);
            CHECK_EQ(gri_try_send(self, ref, &largest_gr_type, bytes), 0);
        }
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(next_number(self), 60000);
            CHECK_EQ(next_number(self), GR_MESSAGE_SIZE_MAX);
        }
    }
    free(bytes);
    return 0;
}

Case(send, messages_of_more_than_a_pools_block_up_to_the_largest_arrive_whole)
{
    run_everywhere(large_messages);
}

/* ---- errors ---- */

static int errors(gr_actor *self, void *argument)
{
    gr_ref null = {0, 0, 0};
    gr_ref gone = gr_spawn(self, server, .value = 1);
    kill_and_wait(self, gone);
    gr_ref elsewhere = {gone.seat + 1, gone.slot, gone.generation};
    gr_ref never = {gone.seat, 1u << 29, gone.generation}, beyond = {gone.seat, UINT32_MAX, gone.generation};
    uint64_t stale = dead_letters(self, GR_DEAD_STALE), other = dead_letters(self, GR_DEAD_SYSTEM);

    CHECK_EQ(gr_send(self, null, ping), GR_ESTALE);
    CHECK_TEXT(gr_last_error(self), "a ping was not sent: the reference is null (did a spawn fail?)");
    CHECK_EQ(gr_send(self, gone, ping), GR_ESTALE);
    CHECK(strstr(gr_last_error(self), gr_error_text(GR_ESTALE)) != NULL);
    CHECK_EQ(gr_send(self, never, ping), GR_ESTALE);
    CHECK_EQ(gr_send(self, beyond, ping), GR_ESTALE);
    CHECK(strstr(gr_last_error(self), "ping") != NULL);
    CHECK_EQ(gr_send(self, elsewhere, ping), GR_ESYSTEM);
    CHECK_EQ(dead_letters(self, GR_DEAD_STALE), stale + 4);
    CHECK_EQ(dead_letters(self, GR_DEAD_SYSTEM), other + 1);

    CHECK_EQ(gr_try_send(self, null, ping), GR_ESTALE);
    CHECK_TEXT(gr_last_error(self), "a ping was not sent: the reference is null (did a spawn fail?)");
    CHECK_EQ(gr_try_send(self, gone, ping), GR_ESTALE);
    CHECK_EQ(gr_try_send(self, elsewhere, ping), GR_ESYSTEM);
    CHECK_EQ(dead_letters(self, GR_DEAD_STALE), stale + 4);
    CHECK_EQ(dead_letters(self, GR_DEAD_SYSTEM), other + 1);
    return 0;
}

Case(send, g10_stale_null_and_foreign_references_are_errors_and_dead_letters)
{
    run_everywhere(errors);
}

static int ownership(gr_actor *self, void *argument)
{
    gr_string text;
    gr_ref null = {0, 0, 0};
    CHECK_EQ(gr_string_format(self, &text, "%s", "kept by the caller on failure"), 0);
    CHECK_EQ(gr_try_send(self, null, words, .text = text), GR_ESTALE);
    CHECK_EQ(gr_string_compare(text, gr_string_static("kept by the caller on failure")), 0);
    CHECK_EQ(gr_send(self, null, words, .text = text), GR_ESTALE); /* takes the count */
    return 0;
}

Case(send, a_try_send_that_fails_leaves_the_message_to_the_caller)
{
    run_everywhere(ownership);
}

/* ---- unhandled ---- */

static int unhandled(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, server, .value = 5);
    uint64_t before = dead_letters(self, GR_DEAD_UNHANDLED);
    gr_string text;
    CHECK_EQ(gr_string_copy(self, "abc", 3, &text), 0);
    gr_send(self, ref, unknown);
    gr_send(self, ref, words, .text = text);
    struct number sum;
    CHECK_EQ(gr_call(self, ref, &sum, gr_seconds(9), get_sum), 0);
    CHECK_EQ(sum.value, 5);
    CHECK_EQ(dead_letters(self, GR_DEAD_UNHANDLED), before + 2);
    return 0;
}

Case(send, g3_a_message_without_a_handler_is_a_dead_letter_of_that_cause)
{
    run_everywhere(unhandled);
}

/* ---- forward ---- */

static int forwarded_requests(gr_actor *self, void *argument)
{
    int loops = gr_system_loops(gr_actor_system(self));
    gr_ref last = gr_spawn_with(self, server, (.loop = GR_LOOP(loops - 1)), .value = 42);
    gr_ref middle = gr_spawn_with(self, server, (.loop = GR_LOOP(0)), .value = 1);
    gr_ref first = gr_spawn_with(self, server, (.loop = GR_LOOP(loops / 2)), .value = 2);
    gr_send(self, middle, address, .ref = last);
    gr_send(self, first, address, .ref = middle);
    struct number sum;
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(gr_call(self, first, &sum, gr_seconds(9), get_sum), 0);
        CHECK_EQ(sum.value, 42);
    }
    return 0;
}

Case(send, a_forwarded_request_is_answered_to_the_asker)
{
    run_everywhere(forwarded_requests);
}

static int forwarded_to_nobody(gr_actor *self, void *argument)
{
    gr_ref gone = gr_spawn(self, server, .value = 1);
    uint64_t monitor = watch(self, gone);
    gr_send(self, gone, quit, .reason = 3);
    CHECK_EQ(wait_for(self, monitor), 3);
    gr_ref first = gr_spawn_with(self, server, (.loop = GR_SPREAD), .value = 2);
    gr_send(self, first, address, .ref = gone);
    uint64_t before = dead_letters(self, GR_DEAD_STALE);
    struct number sum;
    CHECK_EQ(gr_call(self, first, &sum, gr_seconds(9), get_sum), GR_ESTALE);
    CHECK_EQ(dead_letters(self, GR_DEAD_STALE), before + 1);
    return 0;
}

Case(send, g8_a_request_forwarded_to_a_stale_reference_ends_at_once)
{
    run_everywhere(forwarded_to_nobody);
}

static int forwards(gr_actor *self, void *argument)
{
    gr_ref back = gr_spawn(self, echo);
    CHECK_EQ(gr_forward(self, back), GR_ECONTEXT);
    gr_send(self, gr_self(self), number, .value = 9);
    struct gr_mail mail = next_mail(self);
    CHECK(gr_ref_equal(mail.sender, gr_self(self)));
    CHECK_EQ(gr_forward(self, back), 0);
    CHECK_EQ(gr_forward(self, back), GR_ECONTEXT);
    CHECK_EQ(next_number(self), 9); /* the sender stayed: echo sends it back to us */
    gr_string text;
    CHECK_EQ(gr_string_format(self, &text, "%d strings move along", 2), 0);
    gr_send(self, gr_self(self), words, .text = text);
    next_mail(self);
    CHECK_EQ(gr_forward(self, back), 0);
    mail = next_mail(self);
    const struct words *m = gr_mail_as(&mail, words);
    CHECK(m != NULL && gr_string_compare(m->text, gr_string_static("2 strings move along")) == 0);
    return 0;
}

Case(send, a_message_is_forwarded_once_with_its_sender_and_strings)
{
    run_everywhere(forwards);
}

Case(send, a_forward_outside_of_an_actor_is_out_of_place)
{
    cr_assert_eq(gr_forward(NULL, (gr_ref){1, 0, 1}), GR_ECONTEXT);
}
