/* SPDX-License-Identifier: Apache-2.0 */
/* The memory model; model.h tells its rules and what it leaves out. */
#include "tests/support/explorer/model.h"

#include "base/atomic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCATIONS_MAX 48
#define CELLS_MAX     256
#define FREED_MAX     8
#define SC_MAX        96

struct clock {
    uint16_t at[MODEL_THREADS]; /* how far each thread's past is known */
};

struct store {
    int64_t serial;                  /* its number; 0: the value the location had before */
    uint64_t value;                  /* what was stored */
    struct clock release;            /* what an acquire read of it takes */
    uint16_t read_at[MODEL_THREADS]; /* when each thread first read it; 0: never */
    uint16_t time;                   /* when its thread stored it */
    uint8_t tid;                     /* which thread that was */
    bool taken;                      /* a read-modify-write read it: nothing may get between */
};

struct location {
    const volatile void *address;          /* where */
    unsigned size;                         /* bytes */
    int count;                             /* stores */
    uint8_t order[MODEL_STORES_MAX];       /* modification order: indices into stores */
    struct store stores[MODEL_STORES_MAX]; /* as they came */
    uint16_t used_at[MODEL_THREADS];       /* when each thread last used it */
    struct clock woken;                    /* what threads knew that did a futex wake on it */
};

/* Plain bytes that were accessed together. */
struct cell {
    uintptr_t from, to;              /* where */
    uint16_t read_at[MODEL_THREADS]; /* when each thread last read it; 0: never */
    uint16_t write_at;               /* when it was last written; 0: never */
    uint8_t writer;                  /* by which thread */
    const char *file[MODEL_THREADS]; /* where each thread last used it */
    int line[MODEL_THREADS];         /* where each thread last used it */
};

struct sc_event {
    struct clock clock;        /* its thread's, after the access */
    uint16_t time;             /* when */
    uint8_t tid;               /* which thread */
    uint8_t store;             /* which of the location's stores it made or read */
    bool reads;                /* only read it */
    struct location *location; /* where */
};

static struct clock clocks[MODEL_THREADS];
static struct location locations[LOCATIONS_MAX];
static int location_count;
static struct cell cells[CELLS_MAX];
static int cell_count;
static struct sc_event sc[SC_MAX];
static int sc_count;
static struct {
    uintptr_t from, to; /* freed memory */
} freed[FREED_MAX];
static int freed_count;
static int64_t serial;
static uint64_t hash;
static char problem[300];

static void join(struct clock *into, const struct clock *from)
{
    for (int t = 0; t < MODEL_THREADS; t++)
        if (into->at[t] < from->at[t]) into->at[t] = from->at[t];
}

static bool acquires(int order)
{
    return order == GRI_ACQUIRE || order == GRI_ACQ_REL || order == GRI_SEQ_CST;
}

static bool releases(int order)
{
    return order == GRI_RELEASE || order == GRI_ACQ_REL || order == GRI_SEQ_CST;
}

static uint64_t truncated(uint64_t value, unsigned size)
{
    return size >= 8 ? value : value & ((UINT64_C(1) << (size * 8)) - 1);
}

static void out_of_room(const char *what)
{
    fprintf(stderr, "explorer: too many %s in one execution: make the scenario smaller\n", what);
    exit(2);
}

void model_reset(void)
{
    memset(clocks, 0, sizeof clocks);
    location_count = cell_count = sc_count = freed_count = 0;
    serial = 0;
    hash = 0;
}

void model_fork(int tid)
{
    clocks[tid] = clocks[0];
}

void model_join(void)
{
    for (int t = 1; t < MODEL_THREADS; t++) join(&clocks[0], &clocks[t]);
}

int64_t model_serial(void)
{
    return serial;
}

static struct location *locate(const volatile void *address, unsigned size)
{
    for (int i = 0; i < location_count; i++)
        if (locations[i].address == address) return &locations[i];
    if (location_count == LOCATIONS_MAX) out_of_room("locations");
    struct location *l = &locations[location_count++];
    memset(l, 0, offsetof(struct location, stores) + sizeof l->stores[0]);
    memset(l->used_at, 0, sizeof l->used_at);
    memset(&l->woken, 0, sizeof l->woken);
    l->address = address;
    l->size = size;
    l->count = 1;
    memcpy(&l->stores[0].value, (const void *)(uintptr_t)address, size); /* little-endian */
    return l;
}

static bool known(const struct store *s, const struct clock *clock)
{
    if (clock->at[s->tid] >= s->time) return true;
    for (int t = 0; t < MODEL_THREADS; t++)
        if (s->read_at[t] != 0 && clock->at[t] >= s->read_at[t]) return true;
    return false;
}

/* The index of the newest store that a thread with this clock knows. */
static int newest_known(const struct location *l, const struct clock *clock)
{
    int at = l->count - 1;
    while (!known(&l->stores[l->order[at]], clock)) at--; /* all know the first */
    return at;
}

bool model_is_current(int tid, const volatile void *address, unsigned size)
{
    const struct location *l = locate(address, size);
    return newest_known(l, &clocks[tid]) == l->count - 1;
}

static bool would_write(const struct op *op, uint64_t read)
{
    if (op->kind == OP_STORE) return true;
    if (op->kind != OP_RMW) return false;
    return op->rmw != RMW_COMPARE_EXCHANGE || read == truncated(op->expected, op->size);
}

static uint64_t written(const struct op *op, uint64_t read)
{
    if (op->kind == OP_STORE) return truncated(op->operand, op->size);
    switch (op->rmw) {
    case RMW_ADD:
        return truncated(read + op->operand, op->size);
    case RMW_SUB:
        return truncated(read - op->operand, op->size);
    case RMW_OR:
        return truncated(read | op->operand, op->size);
    case RMW_AND:
        return truncated(read & op->operand, op->size);
    default:
        return truncated(op->operand, op->size);
    }
}

/* The order that an access has in the end: a compare-exchange that fails is a load. */
static int final_order(const struct op *op, uint64_t read)
{
    return op->kind == OP_RMW && !would_write(op, read) ? GRI_FAILURE_ORDER(op->order) : op->order;
}

/* --- sequential consistency --- */

static int position(const struct location *l, int store)
{
    int at = 0;
    while (l->order[at] != store) at++;
    return at;
}

/* Whether a must be before b in S. */
static bool sc_before(const struct sc_event *a, const struct sc_event *b)
{
    if (b->clock.at[a->tid] >= a->time) return true;
    if (a->location != b->location) return false;
    int at_a = 2 * position(a->location, a->store) + a->reads;
    int at_b = 2 * position(b->location, b->store) + b->reads;
    return at_a < at_b;
}

/* Whether the newest event closes a cycle: whether it is reached from itself. */
static bool sc_cycle(void)
{
    bool reached[SC_MAX] = {false};
    int stack[SC_MAX], depth = 0, last = sc_count - 1;
    stack[depth++] = last;
    while (depth > 0) {
        int from = stack[--depth];
        for (int to = 0; to < sc_count; to++) {
            if (to == from || reached[to] || !sc_before(&sc[from], &sc[to])) continue;
            if (to == last) return true;
            reached[to] = true;
            stack[depth++] = to;
        }
    }
    return false;
}

static void sc_push(int tid, const struct clock *clock, struct location *l, int store, bool reads)
{
    if (sc_count == SC_MAX) out_of_room("sequentially consistent accesses");
    sc[sc_count++] = (struct sc_event){.clock = *clock,
                                       .time = clock->at[tid],
                                       .tid = (uint8_t)tid,
                                       .store = (uint8_t)store,
                                       .reads = reads,
                                       .location = l};
}

/* --- accesses --- */

static int insert_store(struct location *l, int at)
{
    if (l->count == MODEL_STORES_MAX) out_of_room("stores of one location");
    int store = l->count++;
    memmove(&l->order[at + 1], &l->order[at], (size_t)(l->count - 1 - at));
    l->order[at] = (uint8_t)store;
    return store;
}

static void remove_store(struct location *l, int at)
{
    l->count--;
    memmove(&l->order[at], &l->order[at + 1], (size_t)(l->count - at));
}

/* Whether S allows the access here: tries it, looks, and takes it back. */
static bool sc_allows(int tid, const struct op *op, struct location *l, int at)
{
    const struct store *read = op->kind == OP_STORE ? NULL : &l->stores[l->order[at]];
    bool writes = would_write(op, read ? read->value : 0);
    if (final_order(op, read ? read->value : 0) != GRI_SEQ_CST) return true;
    struct clock clock = clocks[tid];
    clock.at[tid]++;
    if (read) join(&clock, &read->release);
    int where = read ? at + 1 : at;
    int store = writes ? insert_store(l, where) : l->order[at];
    sc_push(tid, &clock, l, store, !writes);
    bool allowed = !sc_cycle();
    sc_count--;
    if (writes) remove_store(l, where);
    return allowed;
}

int model_choices(int tid, const struct op *op, int64_t after, uint8_t out[MODEL_STORES_MAX])
{
    struct location *l = locate(op->address, op->size);
    struct clock clock = clocks[tid];
    if (op->kind == OP_FUTEX_WAIT) join(&clock, &l->woken);
    int first = newest_known(l, &clock), count = 0;
    if (op->kind == OP_STORE) first++;
    int end = op->kind == OP_STORE ? l->count + 1 : l->count;
    for (int at = first; at < end; at++) {
        const struct store *s = &l->stores[l->order[op->kind == OP_STORE ? at - 1 : at]];
        if (op->kind != OP_STORE && s->serial <= after) continue;
        if (s->taken && would_write(op, s->value)) continue;
        if (op->order == GRI_SEQ_CST && !sc_allows(tid, op, l, at)) continue;
        out[count++] = (uint8_t)at;
    }
    return count;
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void model_hash_add(int tid, uint64_t what, uint64_t result)
{
    hash += mixed(mixed(mixed((uint64_t)tid << 16 | clocks[tid].at[tid]) + what) + result);
}

uint64_t model_hash(void)
{
    uint64_t sum = hash;
    for (int i = 0; i < location_count; i++) {
        uint64_t h = (uintptr_t)locations[i].address;
        for (int at = 0; at < locations[i].count; at++) {
            const struct store *s = &locations[i].stores[locations[i].order[at]];
            h = mixed(h + ((uint64_t)s->tid << 16 | s->time));
        }
        sum += h;
    }
    return sum;
}

static const char *in_freed(uintptr_t from, uintptr_t to, const char *file, int line)
{
    for (int i = 0; i < freed_count; i++) {
        if (from >= freed[i].to || to <= freed[i].from) continue;
        snprintf(problem, sizeof problem, "access to freed memory at %s:%d", file, line);
        return problem;
    }
    return NULL;
}

const char *model_apply(int tid, struct op *op, int at)
{
    struct location *l = locate(op->address, op->size);
    struct clock *clock = &clocks[tid];
    struct store *read = op->kind == OP_STORE ? NULL : &l->stores[l->order[at]];
    int store = read ? l->order[at] : 0;
    uint16_t now = ++clock->at[tid];
    l->used_at[tid] = now;
    op->wrote = would_write(op, read ? read->value : 0);
    int order = final_order(op, read ? read->value : 0);
    if (read) {
        op->value = read->value;
        if (read->read_at[tid] == 0) read->read_at[tid] = now;
        if (acquires(order)) join(clock, &read->release);
        model_hash_add(tid, (uintptr_t)l->address, (uint64_t)read->tid << 16 | read->time);
    }
    if (op->wrote) {
        store = insert_store(l, read ? at + 1 : at);
        struct store *s = &l->stores[store];
        *s = (struct store){.serial = ++serial, .time = now, .tid = (uint8_t)tid};
        s->value = op->stored = written(op, op->value);
        if (read) s->release = read->release;
        if (releases(order)) join(&s->release, clock);
        if (read) read->taken = true;
        memcpy((void *)(uintptr_t)l->address, &l->stores[l->order[l->count - 1]].value, l->size);
    }
    if (order == GRI_SEQ_CST) sc_push(tid, clock, l, store, !op->wrote);
    return in_freed((uintptr_t)op->address, (uintptr_t)op->address + op->size, op->file, op->line);
}

void model_wake(int tid, const volatile void *word)
{
    clocks[tid].at[tid]++;
    join(&locate(word, sizeof(uint32_t))->woken, &clocks[tid]);
}

/* --- plain memory --- */

static const char *race(const struct cell *cell, int other, const char *was, const char *file, int line)
{
    snprintf(problem, sizeof problem, "data race: %s:%d against the %s of thread %d at %s:%d", file, line,
             was, other, cell->file[other], cell->line[other]);
    return problem;
}

/* What is wrong with an access of thread `tid` to this cell. */
static const char *cell_conflict(int tid, const struct cell *cell, bool write, const char *file, int line)
{
    const struct clock *clock = &clocks[tid];
    if (cell->write_at > clock->at[cell->writer]) return race(cell, cell->writer, "write", file, line);
    for (int t = 0; write && t < MODEL_THREADS; t++)
        if (cell->read_at[t] > clock->at[t]) return race(cell, t, "read", file, line);
    return NULL;
}

const char *model_plain(int tid, const volatile void *address, size_t size, bool write, const char *file,
                        int line)
{
    uintptr_t from = (uintptr_t)address, to = from + size;
    uint16_t now = ++clocks[tid].at[tid];
    struct cell *cell = NULL;
    for (int i = 0; i < cell_count; i++) {
        if (from >= cells[i].to || to <= cells[i].from) continue;
        const char *wrong = cell_conflict(tid, &cells[i], write, file, line);
        if (wrong) return wrong;
        if (cells[i].from == from && cells[i].to == to) cell = &cells[i];
    }
    if (cell == NULL) {
        if (cell_count == CELLS_MAX) out_of_room("plain words");
        cell = &cells[cell_count++];
        *cell = (struct cell){.from = from, .to = to};
    }
    cell->file[tid] = file;
    cell->line[tid] = line;
    if (write)
        cell->writer = (uint8_t)tid, cell->write_at = now;
    else
        cell->read_at[tid] = now;
    return in_freed(from, to, file, line);
}

const char *model_free(int tid, const volatile void *address, size_t size, const char *file, int line)
{
    uintptr_t from = (uintptr_t)address;
    const char *wrong = model_plain(tid, address, size, true, file, line);
    if (wrong) return wrong;
    for (int i = 0; i < location_count; i++) {
        uintptr_t at = (uintptr_t)locations[i].address;
        for (int t = 0; at >= from && at < from + size && t < MODEL_THREADS; t++) {
            if (locations[i].used_at[t] <= clocks[tid].at[t]) continue;
            snprintf(problem, sizeof problem, "freed at %s:%d while thread %d may still use it", file, line,
                     t);
            return problem;
        }
    }
    if (freed_count == FREED_MAX) out_of_room("pieces of freed memory");
    freed[freed_count].from = from;
    freed[freed_count++].to = from + size;
    return NULL;
}
