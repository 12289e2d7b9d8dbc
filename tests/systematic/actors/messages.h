/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of random programs. Each carries its number in the world; what else it says follows from that. */
#ifndef TESTS_SYSTEMATIC_ACTORS_MESSAGES_H
#define TESTS_SYSTEMATIC_ACTORS_MESSAGES_H

#include <greenroom/greenroom.h>

#define RP_LARGE_BYTES 5000

struct rp_begin {
    uint32_t actor; /* its number */
    gr_string text; /* so that lost start messages are leaks */
};
GR_MESSAGE(rp_begin, GR_FIELD(rp_begin, actor), GR_FIELD(rp_begin, text));

struct rp_note_m {
    uint64_t number; /* of the message, as in all that follow */
};
GR_MESSAGE(rp_note_m, GR_FIELD(rp_note_m, number));

struct rp_text_m {
    uint64_t number; /* likewise */
    gr_string text;  /* the number in decimal, or empty for lack of memory */
    gr_buffer data;  /* some bytes, all the number's lowest */
};
GR_MESSAGE(rp_text_m, GR_FIELD(rp_text_m, number), GR_FIELD(rp_text_m, text), GR_FIELD(rp_text_m, data));

struct rp_large_m {
    uint64_t number;               /* likewise */
    uint8_t bytes[RP_LARGE_BYTES]; /* all the number's lowest */
};
GR_MESSAGE(rp_large_m, GR_FIELD(rp_large_m, number), GR_ARRAY(rp_large_m, bytes));

struct rp_odd_m {
    uint64_t number; /* likewise; typed handlers don't know this type */
};
GR_MESSAGE(rp_odd_m, GR_FIELD(rp_odd_m, number));

struct rp_poke_m {
    uint64_t number; /* likewise; an actor sends it to itself to go on */
};
GR_MESSAGE(rp_poke_m, GR_FIELD(rp_poke_m, number));

struct rp_question_m {
    uint64_t number; /* likewise */
    gr_string text;  /* as above */
};
GR_MESSAGE(rp_question_m, GR_FIELD(rp_question_m, number), GR_FIELD(rp_question_m, text));

struct rp_answer_m {
    uint64_t number; /* of the question */
    gr_string text;  /* as above */
};
GR_MESSAGE(rp_answer_m, GR_FIELD(rp_answer_m, number), GR_FIELD(rp_answer_m, text));
GR_REQUEST(rp_question_m, rp_answer_m);

struct rp_big_question_m {
    uint64_t number;               /* likewise */
    uint8_t bytes[RP_LARGE_BYTES]; /* as above */
};
GR_MESSAGE(rp_big_question_m, GR_FIELD(rp_big_question_m, number), GR_ARRAY(rp_big_question_m, bytes));

struct rp_big_answer_m {
    uint64_t number;               /* of the question */
    uint8_t bytes[RP_LARGE_BYTES]; /* as above */
};
GR_MESSAGE(rp_big_answer_m, GR_FIELD(rp_big_answer_m, number), GR_ARRAY(rp_big_answer_m, bytes));
GR_REQUEST(rp_big_question_m, rp_big_answer_m);

struct rp_odd_question_m {
    uint64_t number; /* likewise; typed handlers don't know this type */
};
GR_MESSAGE(rp_odd_question_m, GR_FIELD(rp_odd_question_m, number));
GR_REQUEST(rp_odd_question_m, rp_answer_m);

struct rp_small_question_m {
    uint64_t number; /* likewise; with its answer small enough for the short way of a call */
};
GR_MESSAGE(rp_small_question_m, GR_FIELD(rp_small_question_m, number));

struct rp_small_answer_m {
    uint64_t number; /* of the question */
};
GR_MESSAGE(rp_small_answer_m, GR_FIELD(rp_small_answer_m, number));
GR_REQUEST(rp_small_question_m, rp_small_answer_m);

struct rp_order {
    uint32_t request; /* its number */
    uint8_t how;      /* what it does */
    uint8_t amount;   /* how long it sleeps */
    gr_string text;   /* so that lost orders are leaks */
};
GR_MESSAGE(rp_order, GR_FIELD(rp_order, request), GR_FIELD(rp_order, how), GR_FIELD(rp_order, amount),
           GR_FIELD(rp_order, text));

struct rp_made {
    uint64_t request; /* the order's */
    gr_string text;   /* the number in decimal, or empty for lack of memory */
};
GR_MESSAGE(rp_made, GR_FIELD(rp_made, request), GR_FIELD(rp_made, text));

#endif
