/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: what this machine can do at all, without Greenroom. `probe round_trip` tells how far two processors are
 * from each other just now, which on virtual machines changes within minutes; bench/run asks it before and after each
 * run. The other rows show what is physically possible for a runtime of this kind. It uses atomics of its own.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CACHE_LINE 64

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "probe: %s\n", what);
    exit(1);
}

static void print(const char *name, uint64_t n, double ns_each, const char *unit)
{
    printf("{\"name\":\"%s\",\"n\":%llu,\"ns\":%.2f,\"rate\":%.1f,\"unit\":\"%s\",\"peer\":\"probe\"}\n",
           name, (unsigned long long)n, ns_each, 1e9 / ns_each, unit);
}

/* ---- two processors ---- */

/* What two threads share. Each word has a cache line of its own. */
struct pair {
    _Alignas(CACHE_LINE) atomic_uint_fast64_t ball; /* odd: the second thread's turn */
    _Alignas(CACHE_LINE) atomic_uint_fast64_t tail; /* the ring: published by the producer */
    _Alignas(CACHE_LINE) atomic_uint_fast64_t head; /* the ring: published by the consumer */
    _Alignas(CACHE_LINE) atomic_bool quit;          /* the second thread ends */
    int cpus[2];                                    /* where the threads run */
    uint64_t items;                                 /* through the ring */
    uint64_t sum;                                   /* of what the consumer took */
};

static void stay_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0)
        fail("a thread can't be bound to a processor");
}

/* The first two processors that this process may use; false if there is only one. */
static bool find_cpus(int cpus[2])
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return false;
    int found = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++) {
        if (CPU_ISSET(cpu, &set)) cpus[found++] = cpu;
    }
    return found == 2;
}

static void relax(void)
{
#if defined __x86_64__
    __builtin_ia32_pause();
#endif
}

static void *answer_main(void *argument)
{
    struct pair *pair = argument;
    stay_on(pair->cpus[1]);
    while (!atomic_load_explicit(&pair->quit, memory_order_relaxed)) {
        uint64_t ball = atomic_load_explicit(&pair->ball, memory_order_acquire);
        if (ball & 1) atomic_store_explicit(&pair->ball, ball + 1, memory_order_release);
    }
    return NULL;
}

/*
 * Batches of round trips, the fastest of which counts: others may use the processors meanwhile. Ends after a fifth of a
 * second whatever happens.
 */
static void round_trip(struct pair *pair)
{
    enum { BATCH = 500, BATCHES = 60 };
    pthread_t other;
    if (pthread_create(&other, NULL, answer_main, pair) != 0) fail("no thread could be started");
    stay_on(pair->cpus[0]);
    int64_t give_up_ns = now_ns() + 200000000;
    double best = INFINITY;
    uint64_t ball = 0;
    int batch = 0;
    for (; batch < BATCHES && now_ns() < give_up_ns; batch++) {
        int64_t begin_ns = now_ns();
        for (int i = 0; i < BATCH; i++) {
            atomic_store_explicit(&pair->ball, ++ball, memory_order_release);
            ball++;
            while (atomic_load_explicit(&pair->ball, memory_order_acquire) != ball) { /* spins */
            }
        }
        double each = (double)(now_ns() - begin_ns) / BATCH;
        if (each < best) best = each;
    }
    atomic_store(&pair->quit, true);
    pthread_join(other, NULL);
    print("round_trip", (uint64_t)batch * BATCH, best, "round trips/s");
}

/* ---- one thread ---- */

/* A message as a runtime would have it: a header and a payload in one cache line. */
struct message {
    _Alignas(CACHE_LINE) struct message *next; /* in the FIFO, the mailbox or the free list */
    uint32_t type;                             /* index of its handler */
    uint32_t slot;                             /* of the receiver */
    uint64_t generation;                       /* of the receiver */
    uint64_t sender;                           /* who sent it */
    uint64_t payload[2];                       /* what it says */
};

struct queue {
    struct message *first; /* NULL: empty */
    struct message **last; /* where the next one is linked */
};

struct receiver;
typedef void (*handler)(struct receiver *self, void *state, const void *payload);

struct receiver {
    uint64_t generation;       /* changes when the slot is used again */
    const handler *handlers;   /* by type */
    uint32_t handler_count;    /* elements of `handlers` */
    uint32_t waiting;          /* messages in the mailbox */
    uint32_t bound;            /* most messages */
    bool runnable;             /* it is in the run queue */
    struct queue mail;         /* its messages */
    struct receiver *run_next; /* in the run queue */
    uint64_t state;            /* the actor's own */
};

static struct message *free_list;
static struct receiver slots[2];
static struct receiver *run_first;
static struct receiver **run_last = &run_first;
static uint64_t left_to_send;

static void push(struct queue *queue, struct message *m)
{
    m->next = NULL;
    *queue->last = m;
    queue->last = &m->next;
}

static struct message *pop(struct queue *queue)
{
    struct message *m = queue->first;
    queue->first = m->next;
    if (m->next == NULL) queue->last = &queue->first;
    return m;
}

static void fill_free_list(size_t count)
{
    struct message *all = aligned_alloc(CACHE_LINE, count * sizeof *all);
    if (all == NULL) fail("out of memory");
    memset(all, 0, count * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        all[i].next = free_list;
        free_list = &all[i];
    }
}

/* Messages of 64 bytes through one FIFO, `depth` at a time, from a free list and back. */
static void fifo(const char *name, uint64_t n, uint64_t depth)
{
    struct queue queue = {.last = &queue.first};
    uint64_t sum = 0;
    int64_t begin_ns = now_ns();
    for (uint64_t done = 0; done < n; done += depth) {
        for (uint64_t i = 0; i < depth; i++) {
            struct message *m = free_list;
            free_list = m->next;
            m->payload[0] = done + i;
            push(&queue, m);
        }
        for (uint64_t i = 0; i < depth; i++) {
            struct message *m = pop(&queue);
            sum += m->payload[0];
            m->next = free_list;
            free_list = m;
        }
    }
    double each = (double)(now_ns() - begin_ns) / (double)n;
    if (sum != n / 2 * (n - 1)) fail("wrong result: the sum of the FIFO");
    print(name, n, each, "messages/s");
}

static bool send(uint32_t slot, uint64_t generation, uint32_t type, uint64_t sender, uint64_t value)
{
    struct receiver *to = &slots[slot];
    if (to->generation != generation || to->waiting >= to->bound) return false;
    struct message *m = free_list;
    if (m == NULL) return false;
    free_list = m->next;
    m->type = type;
    m->slot = slot;
    m->generation = generation;
    m->sender = sender;
    m->payload[0] = value;
    push(&to->mail, m);
    to->waiting++;
    if (!to->runnable) {
        to->runnable = true;
        to->run_next = NULL;
        *run_last = to;
        run_last = &to->run_next;
    }
    return true;
}

static void on_number(struct receiver *self, void *state, const void *payload)
{
    *(uint64_t *)state += 1;
    if (left_to_send == 0) return;
    left_to_send--;
    uint32_t other = self == &slots[0];
    if (!send(other, slots[other].generation, 1, 0, *(const uint64_t *)payload + 1))
        fail("a message was refused");
}

static void on_nothing(struct receiver *self, void *state, const void *payload)
{
    *(uint64_t *)state += 2;
}

static void run_one(void)
{
    struct receiver *self = run_first;
    run_first = self->run_next;
    if (run_first == NULL) run_last = &run_first;
    self->runnable = false;
    while (self->mail.first != NULL) {
        struct message *m = pop(&self->mail);
        self->waiting--;
        if (m->type < self->handler_count) self->handlers[m->type](self, &self->state, m->payload);
        m->next = free_list;
        free_list = m;
    }
}

/*
 * The same with what a runtime has to do at least: two receivers with mailboxes, a run queue, the check of the
 * generation, a bound, and a call through a table. `depth` messages are on their way at once.
 */
static void call(const char *name, uint64_t n, uint64_t depth)
{
    static const handler handlers[] = {on_nothing, on_number};
    for (int i = 0; i < 2; i++) {
        slots[i] = (struct receiver){
            .generation = 7, .handlers = handlers, .handler_count = 2, .bound = 65536};
        slots[i].mail.last = &slots[i].mail.first;
    }
    left_to_send = n - depth;
    int64_t begin_ns = now_ns();
    for (uint64_t i = 0; i < depth; i++) {
        if (!send(0, 7, 1, 0, i)) fail("a message was refused");
    }
    while (run_first != NULL) run_one();
    double each = (double)(now_ns() - begin_ns) / (double)n;
    if (slots[0].state + slots[1].state != n) fail("wrong result: the messages handled");
    print(name, n, each, "messages/s");
}

static void sines(uint64_t n)
{
    double sum = 0;
    int64_t begin_ns = now_ns();
    for (uint64_t i = 0; i < n; i++) {
        double s = sin(37.2 + (double)i);
        sum += s * s;
    }
    double each = (double)(now_ns() - begin_ns) / (double)n;
    if (fabs(sum - (double)n / 2) > (double)n / 100) fail("wrong result: the sum of the squares");
    print("sine", n, each, "calls/s");
}

/* ---- two threads with messages ---- */

enum { RING_SLOTS = 4096, RING_BATCH = 32 };
static struct message *ring_slots[RING_SLOTS];
static struct message ring_messages[RING_SLOTS];

static void *consume_main(void *argument)
{
    struct pair *pair = argument;
    stay_on(pair->cpus[1]);
    uint64_t head = 0;
    while (head < pair->items) {
        uint64_t tail = atomic_load_explicit(&pair->tail, memory_order_acquire);
        if (tail == head) relax();
        for (; head < tail; head++) pair->sum += ring_slots[head % RING_SLOTS]->payload[0];
        atomic_store_explicit(&pair->head, head, memory_order_release);
    }
    return NULL;
}

/* Messages of 64 bytes by pointer through a ring of one producer and one consumer, published every 32 of them. */
static void ring(struct pair *pair)
{
    pair->items = 10000000 / RING_BATCH * RING_BATCH;
    pthread_t other;
    if (pthread_create(&other, NULL, consume_main, pair) != 0) fail("no thread could be started");
    stay_on(pair->cpus[0]);
    int64_t begin_ns = now_ns();
    uint64_t tail = 0;
    while (tail < pair->items) {
        while (tail + RING_BATCH - atomic_load_explicit(&pair->head, memory_order_acquire) > RING_SLOTS)
            relax();
        for (int i = 0; i < RING_BATCH; i++, tail++) {
            struct message *m = &ring_messages[tail % RING_SLOTS];
            m->next = NULL;
            m->type = 1;
            m->generation = 7;
            m->payload[0] = tail;
            ring_slots[tail % RING_SLOTS] = m;
        }
        atomic_store_explicit(&pair->tail, tail, memory_order_release);
    }
    pthread_join(other, NULL);
    double each = (double)(now_ns() - begin_ns) / (double)pair->items;
    if (pair->sum != pair->items / 2 * (pair->items - 1)) fail("wrong result: the sum of the ring");
    print("ring_of_two", pair->items, each, "messages/s");
}

int main(int argc, char **argv)
{
    const char *name = argc == 2 ? argv[1] : "";
    bool all = strcmp(name, "all") == 0;
    struct pair pair = {.sum = 0};
    bool known = all;
    if (all || strcmp(name, "round_trip") == 0 || strcmp(name, "ring_of_two") == 0) {
        known = true;
        if (!find_cpus(pair.cpus)) fail("this needs two processors");
        if (strcmp(name, "ring_of_two") != 0) round_trip(&pair);
        if (strcmp(name, "round_trip") != 0) ring(&pair);
    }
    if (all || strcmp(name, "limits") == 0) {
        known = true;
        fill_free_list(2000);
        fifo("fifo_1", 50000000, 1);
        fifo("fifo_1000", 50000000, 1000);
        call("call_1", 50000000, 1);
        call("call_1000", 50000000, 1000);
        sines(10000000);
    }
    if (known) return 0;
    fprintf(stderr, "usage: probe round_trip|ring_of_two|limits|all\n");
    return 2;
}
