/* SPDX-License-Identifier: Apache-2.0 */
/* Makes random programs from seeds, and prints them. */
#include "tests/systematic/actors/program.h"

#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const op_names[RP_OP_COUNT] = {
    "nothing", "spawn",         "send",       "try_send", "ask",        "stop",   "kill",        "poll",
    "release", "monitor",       "demonitor",  "exit",     "send_after", "cancel", "notify_room", "blocking",
    "stash",   "unstash",       "send_every", "link",     "unlink",     "trap",   "register",    "unregister",
    "task",    "cancel_future", "kill_task",  "on_done",  "promise",    "become", "set",         "call",
    "await",   "sleep",         "receive",    "choose",   "scope",      "join"};

static const char *const type_names[RP_TYPES] = {
    "note", "text", "large", "odd", "poke", "question", "big_question", "odd_question", "small_question"};
static const char *const mode_names[RP_MODES] = {"answer", "answer twice", "answer late", "error",
                                                 "ignore", "forward",      "exit"};
static const char *const kind_names[RP_KINDS] = {"typed handler", "catch-all handler", "coroutine"};
static const char *const policy_names[] = {"reject", "wait", "drop newest", "drop oldest"};

const char *rp_op_name(unsigned op)
{
    return op_names[op];
}

const char *rp_type_name(unsigned type)
{
    return type_names[type];
}

gr_time rp_duration(uint8_t amount, bool forever)
{
    static const gr_time table[] = {0,    1,    2,     63,      64,      100,     1000,
                                    4095, 4096, 65536, 1000000, 1000001, 3000000, (gr_time)10000000000};
    unsigned n = sizeof table / sizeof *table;
    if (forever && amount % 4 == 3) return GR_FOREVER;
    return table[amount / 4 % n];
}

static unsigned below(struct gri_random *random, unsigned n)
{
    return (unsigned)gri_random_below(random, n);
}

static bool one_in(struct gri_random *random, unsigned n)
{
    return below(random, n) == 0;
}

/* Mostly what a test of messages wants most. */
static enum rp_op random_op(struct gri_random *random, bool outside, bool coroutine)
{
    static const uint8_t inside_ops[] = {
        RP_OP_SPAWN,   RP_OP_SPAWN,       RP_OP_SEND,      RP_OP_SEND, RP_OP_SEND,  RP_OP_TRY_SEND,
        RP_OP_ASK,     RP_OP_ASK,         RP_OP_STOP,      RP_OP_KILL, RP_OP_POLL,  RP_OP_RELEASE,
        RP_OP_MONITOR, RP_OP_MONITOR,     RP_OP_DEMONITOR, RP_OP_EXIT, RP_OP_AFTER, RP_OP_AFTER,
        RP_OP_CANCEL,  RP_OP_NOTIFY_ROOM, RP_OP_BLOCKING,  RP_OP_SEND};
    static const uint8_t waiting_ops[] = {RP_OP_CALL,  RP_OP_CALL,    RP_OP_AWAIT,
                                          RP_OP_SLEEP, RP_OP_RECEIVE, RP_OP_RECEIVE};
    static const uint8_t outside_ops[] = {RP_OP_SEND, RP_OP_SEND, RP_OP_TRY_SEND, RP_OP_ASK,     RP_OP_ASK,
                                          RP_OP_STOP, RP_OP_KILL, RP_OP_POLL,     RP_OP_RELEASE, RP_OP_SPAWN};
    if (outside) return outside_ops[below(random, sizeof outside_ops)];
    if (coroutine && one_in(random, 3)) return waiting_ops[below(random, sizeof waiting_ops)];
    return inside_ops[below(random, sizeof inside_ops)];
}

/* Bursts fill mailboxes; most sends are single. */
static uint8_t random_amount(struct gri_random *random, enum rp_op op)
{
    if (op != RP_OP_SEND && op != RP_OP_TRY_SEND) return (uint8_t)below(random, 256);
    return (uint8_t)(one_in(random, 4) ? 2 + below(random, 12) : 1);
}

static uint8_t random_how(struct gri_random *random, enum rp_op op)
{
    static const uint8_t sent[] = {RP_NOTE, RP_NOTE, RP_NOTE, RP_TEXT, RP_TEXT, RP_LARGE, RP_ODD};
    if (op == RP_OP_SEND || op == RP_OP_TRY_SEND || op == RP_OP_AFTER)
        return sent[below(random, sizeof sent)];
    return (uint8_t)below(random, 256);
}

static struct rp_action random_action(struct gri_random *random, bool outside, bool coroutine)
{
    enum rp_op op = random_op(random, outside, coroutine);
    /* Most targets are living actors: the low numbers are special, see rp_target. */
    unsigned target = one_in(random, 4) ? below(random, 10) : 10 + below(random, 246);
    return (struct rp_action){.op = (uint8_t)op,
                              .target = (uint8_t)target,
                              .how = random_how(random, op),
                              .amount = random_amount(random, op),
                              .forward = (uint8_t)below(random, 256)};
}

static void make_role(struct rp_role *role, struct gri_random *random, unsigned longest)
{
    role->kind = (enum rp_kind)below(random, RP_KINDS);
    role->policy = (enum gr_policy)below(random, 4);
    if (one_in(random, 2)) role->messages = 1 + below(random, 8);
    if (one_in(random, 4)) role->bytes = 1 + below(random, 8192);
    role->refuses = one_in(random, 16);
    role->sends_at_end = one_in(random, 4);
    role->patience = one_in(random, 2) ? (uint8_t)(1 + below(random, 6)) : 0;
    role->count = (uint8_t)(2 + below(random, longest - 1));
    for (unsigned i = 0; i < role->count; i++)
        role->actions[i] = random_action(random, false, role->kind == RP_KIND_COROUTINE);
}

/* In some programs new operations take the place of others; the others' seeds keep their programs. */
static void add_tasks(struct rp_program *program)
{
    static const uint8_t ops[] = {RP_OP_TASK,          RP_OP_TASK,          RP_OP_TASK,
                                  RP_OP_CANCEL_FUTURE, RP_OP_CANCEL_FUTURE, RP_OP_SET,
                                  RP_OP_CANCEL_FUTURE, RP_OP_SET,           RP_OP_SCOPE};
    struct gri_random random;
    gri_random_seed(&random, program->seed ^ 0x7a5c);
    for (unsigned i = 0; i < program->role_count; i++) {
        struct rp_role *role = &program->roles[i];
        for (unsigned k = 0; k < role->count; k++) {
            uint8_t op = ops[below(&random, sizeof ops)];
            bool fits = op != RP_OP_SCOPE || role->kind == RP_KIND_COROUTINE;
            if (one_in(&random, 3) && fits) role->actions[k].op = op;
        }
    }
}

/* In place of some actions: what concerns mail that is not handled at once. Programs of other seeds stay as they are. */
static void add_patterns(struct rp_program *program)
{
    static const uint8_t handler_ops[] = {RP_OP_STASH, RP_OP_STASH, RP_OP_UNSTASH, RP_OP_UNSTASH,
                                          RP_OP_EVERY};
    static const uint8_t coroutine_ops[] = {RP_OP_STASH,  RP_OP_UNSTASH, RP_OP_CHOOSE, RP_OP_CHOOSE,
                                            RP_OP_CHOOSE, RP_OP_RECEIVE, RP_OP_ASK};
    struct gri_random random;
    gri_random_seed(&random, program->seed ^ 0x9a77);
    for (unsigned i = 0; i < program->role_count; i++) {
        struct rp_role *role = &program->roles[i];
        for (unsigned k = 0; k < role->count; k++) {
            if (!one_in(&random, 2)) continue;
            bool waits = role->kind == RP_KIND_COROUTINE;
            role->actions[k].op = waits ? coroutine_ops[below(&random, sizeof coroutine_ops)]
                                        : handler_ops[below(&random, sizeof handler_ops)];
        }
    }
}

/* Likewise: what concerns links and names. */
static void add_ties(struct rp_program *program)
{
    static const uint8_t tie_ops[] = {RP_OP_LINK, RP_OP_LINK,     RP_OP_LINK,      RP_OP_UNLINK,
                                      RP_OP_TRAP, RP_OP_REGISTER, RP_OP_UNREGISTER};
    struct gri_random random;
    gri_random_seed(&random, program->seed ^ 0x7135);
    for (unsigned i = 0; i < program->role_count; i++) {
        struct rp_role *role = &program->roles[i];
        bool traps = one_in(&random, 2);
        for (unsigned k = 0; k < role->count; k++) {
            if (one_in(&random, 3)) role->actions[k].op = tie_ops[below(&random, sizeof tie_ops)];
            if (k == 0 && traps) role->actions[k].op = RP_OP_TRAP;
        }
    }
}

/* Likewise: waits for several futures at once, and what tasks and handlers do beside the usual. */
static void add_joins(struct rp_program *program)
{
    static const uint8_t handler_ops[] = {RP_OP_TASK,    RP_OP_TASK,    RP_OP_KILL_TASK,
                                          RP_OP_ON_DONE, RP_OP_BECOME,  RP_OP_BECOME,
                                          RP_OP_ASK,     RP_OP_PROMISE, RP_OP_PROMISE};
    static const uint8_t coroutine_ops[] = {RP_OP_TASK, RP_OP_TASK,   RP_OP_KILL_TASK, RP_OP_ON_DONE,
                                            RP_OP_JOIN, RP_OP_JOIN,   RP_OP_JOIN,      RP_OP_SCOPE,
                                            RP_OP_ASK,  RP_OP_PROMISE};
    struct gri_random random;
    gri_random_seed(&random, program->seed ^ 0x101b);
    for (unsigned i = 0; i < program->role_count; i++) {
        struct rp_role *role = &program->roles[i];
        bool waits = role->kind == RP_KIND_COROUTINE;
        for (unsigned k = 0; k < role->count; k++) {
            if (!one_in(&random, 2)) continue;
            role->actions[k].op = waits ? coroutine_ops[below(&random, sizeof coroutine_ops)]
                                        : handler_ops[below(&random, sizeof handler_ops)];
            if (role->actions[k].op == RP_OP_JOIN && k < 2) role->actions[k].op = RP_OP_TASK;
        }
    }
}

void rp_program_make(struct rp_program *program, uint64_t seed)
{
    struct gri_random random;
    gri_random_seed(&random, seed ^ 0x5eed);
    memset(program, 0, sizeof *program);
    bool is_long = one_in(&random, 4);
    program->seed = seed;
    program->loops = one_in(&random, 3) ? 1 : 2 + (int)below(&random, 3);
    program->bypass_pools = one_in(&random, 4);
    if (one_in(&random, 4)) program->fail_one_in = 5 + below(&random, 60);
    program->actors_max = one_in(&random, 16) ? 1024 * (1 + below(&random, 4)) : 65536;
    if (one_in(&random, 3)) program->stop_at = 1 + below(&random, 400);
    program->role_count = (uint8_t)(1 + below(&random, RP_ROLES_MAX));
    for (unsigned i = 0; i < program->role_count; i++)
        make_role(&program->roles[i], &random, is_long ? RP_ACTIONS_MAX : RP_ACTIONS_MAX / 2);
    unsigned first = 1 + below(&random, 3);
    program->outside_count = (uint8_t)(first +
                                       below(&random, is_long ? RP_OUTSIDE_MAX - 3 : RP_OUTSIDE_MAX / 2));
    uint32_t at = 0;
    for (unsigned i = 0; i < program->outside_count; i++) {
        struct rp_action action = random_action(&random, true, false);
        if (i < first) action.op = RP_OP_SPAWN;
        if (i >= first) at += below(&random, 60);
        program->outside[i] = (struct rp_outside){at, action};
    }
    if (seed % 4 == 3) add_patterns(program);
    if (rp_has_ties(program)) add_ties(program);
    program->has_tasks = seed % 8 == 2 || seed % 8 == 3 || seed % 8 == 7 ||
                         rp_has_joins(program); /* none of the old regressions */
    if (program->has_tasks) add_tasks(program);
    if (rp_has_joins(program)) add_joins(program);
}

static void print_action(const struct rp_action *action)
{
    printf("%s target=%u", op_names[action->op], action->target);
    if (action->op == RP_OP_SEND || action->op == RP_OP_TRY_SEND || action->op == RP_OP_AFTER)
        printf(" type=%s", type_names[action->how % RP_TYPES]);
    if (action->op == RP_OP_ASK || action->op == RP_OP_CALL)
        printf(" mode=%s forward=%u", mode_names[action->how % RP_MODES], action->forward);
    printf(" how=%u amount=%u\n", action->how, action->amount);
}

void rp_program_print(const struct rp_program *program)
{
    printf("program of seed %" PRIu64
           ": %d loops%s, stop at step %u (0: when quiet), one allocation in %u fails (0: "
           "none), at most %u actors\n",
           program->seed, program->loops, program->bypass_pools ? ", no pools" : "", program->stop_at,
           program->fail_one_in, program->actors_max);
    for (unsigned i = 0; i < program->role_count; i++) {
        const struct rp_role *role = &program->roles[i];
        printf("  role %u: %s, mailbox %u messages %u bytes %s%s%s, patience %u\n", i, kind_names[role->kind],
               role->messages, role->bytes, policy_names[role->policy],
               role->refuses ? ", start refuses" : "", role->sends_at_end ? ", sends at its end" : "",
               role->patience);
        for (unsigned k = 0; k < role->count; k++) {
            if (role->actions[k].op == RP_OP_NOTHING) continue;
            printf("    ");
            print_action(&role->actions[k]);
        }
    }
    for (unsigned i = 0; i < program->outside_count; i++) {
        if (program->outside[i].action.op == RP_OP_NOTHING) continue;
        printf("  outside at step %u: ", program->outside[i].at);
        print_action(&program->outside[i].action);
    }
}
