/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sender of increments and the counter that adds them up, which counting, counting_burst and fan_in share. The sender
 * keeps its place where the counter is full, and goes on at its room signal: every increment arrives.
 */
#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#include "bench.h"

struct increment {
    uint64_t amount;
};
GR_MESSAGE(increment, GR_FIELD(increment, amount));

/* A sender has sent all; the counter answers to the root actor when all senders have. */
GR_MESSAGE_EMPTY(sum_wanted);

struct bench_counter_start {
    gr_ref root;      /* gets a bench_finished with count and sum */
    uint32_t senders; /* how many will say sum_wanted */
};
GR_MESSAGE(bench_counter_start, GR_FIELD(bench_counter_start, root), GR_FIELD(bench_counter_start, senders));

struct bench_sender_start {
    gr_ref counter;  /* receives */
    uint64_t count;  /* increments to send */
    uint64_t amount; /* in each */
    uint32_t turn;   /* so many, then a message to itself; 0: on until the counter is full */
};
GR_MESSAGE(bench_sender_start, GR_FIELD(bench_sender_start, counter), GR_FIELD(bench_sender_start, count),
           GR_FIELD(bench_sender_start, amount), GR_FIELD(bench_sender_start, turn));

GR_ACTOR_DECLARE(bench_counter, bench_counter_start);

/* Begins at a bench_turn. */
GR_ACTOR_DECLARE(bench_sender, bench_sender_start);

#endif
