/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory model: C11 with the repairs that hardware and compilers agree on, by operations. It knows nothing of
 * scheduling: it says which stores an access may read, or where among a location's stores a new one may go, and
 * records what was picked.
 *
 *   - Each location has a modification order: a list of stores. A store may enter it anywhere after those its thread
 *     knows; a read-modify-write enters right after the store it read, and nothing ever gets between the two.
 *   - A thread knows a store if the store, or a read of it, happens before (vector clocks). A load reads any store
 *     from the newest known one on: that is coherence, all four kinds of it.
 *   - A release store carries its thread's clock; an acquire read of it takes that. Read-modify-writes, relaxed ones
 *     too, pass on what they read (release sequences; C11's other kind, by later stores of the same thread, is
 *     left out as in C++20, so less is ordered).
 *   - Sequentially consistent accesses have one order S, in agreement with happens-before, and with the coherence
 *     order of each location among them (C++20): an access that would close a cycle is not allowed.
 *   - Plain accesses must be ordered by happens-before unless both are reads.
 *
 * Not covered: a load that reads a store which is executed later (load buffering: the model of RC11 forbids it too);
 * fences and consume (the library has none); mixed sizes at one address.
 */
#ifndef GRI_EXPLORER_MODEL_H
#define GRI_EXPLORER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_THREADS    4  /* 0 is setup and finish */
#define MODEL_STORES_MAX 96 /* in one location */

enum op_kind {
    OP_LOAD,
    OP_STORE,
    OP_RMW,
    OP_FUTEX_WAIT,
    OP_FUTEX_WAKE,
    OP_EVENT_SIGNAL,
    OP_EVENT_WAIT,
    OP_PAUSE
};
enum op_rmw { RMW_EXCHANGE, RMW_ADD, RMW_SUB, RMW_OR, RMW_AND, RMW_COMPARE_EXCHANGE };

/* One access, before and after it is made. */
struct op {
    enum op_kind kind;
    enum op_rmw rmw;              /* of an OP_RMW */
    const volatile void *address; /* the location, futex word or event */
    unsigned size;                /* bytes of the location */
    int order;                    /* GRI_RELAXED... */
    uint64_t operand;             /* what is stored, added...; of a wake how many */
    uint64_t expected;            /* of a compare-exchange or a futex wait */
    bool may_time_out;            /* of a wait */
    const char *file;             /* where in the source */
    int line;                     /* where in the source */
    uint64_t value;               /* result: what was read; of a wait whether it timed out */
    uint64_t stored;              /* result: what was stored */
    bool wrote;                   /* result: whether it stored */
};

/* Whether it reads an atomic word; whether it is any access to one. */
static inline bool op_reads(const struct op *op)
{
    return op->kind == OP_LOAD || op->kind == OP_RMW;
}

static inline bool op_is_access(const struct op *op)
{
    return op_reads(op) || op->kind == OP_STORE;
}

/* Forgets everything: a new execution, in which thread 0 is alone. */
void model_reset(void);

/* The threads start after what thread 0 did; later thread 0 goes on after all of them. */
void model_fork(int tid);
void model_join(void);

/* The number of the newest store. */
int64_t model_serial(void);

/*
 * Where `op` of thread `tid` may go: for a read the indices of readable stores (only those with a number above
 * `after`), for a store the indices it may get. Returns how many it put in `out`. Changes nothing.
 */
int model_choices(int tid, const struct op *op, int64_t after, uint8_t out[MODEL_STORES_MAX]);

/* Makes the access at one of those; fills the op's results. Returns NULL, or what is wrong with it. */
const char *model_apply(int tid, struct op *op, int at);

/* A plain access, or the end of memory. Each returns NULL, or what is wrong with it. */
const char *model_plain(int tid, const volatile void *address, size_t size, bool write, const char *file,
                        int line);
const char *model_free(int tid, const volatile void *address, size_t size, const char *file, int line);

/* Whether the newest store of a location is one that the thread knows. */
bool model_is_current(int tid, const volatile void *address, unsigned size);

/* What a wake makes visible to later waits on that word, though not to the program. */
void model_wake(int tid, const volatile void *word);

/* A hash of who read and stored what in which order: two executions are the same if and only if it is. */
uint64_t model_hash(void);
void model_hash_add(int tid, uint64_t what, uint64_t result);

#endif
