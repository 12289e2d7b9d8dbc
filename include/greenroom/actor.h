/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actors: how one is written, spawned and ended. Sending is in send.h, requests in ask.h, waiting in coroutine.h.
 *
 * A handler actor is a struct of state and a function per message type; it costs bytes and lives in millions. A
 * coroutine actor is a function with a stack of its own that may wait. Both are addressed by a gr_ref.
 *
 * Threads: an actor runs on one loop, one message at a time. `self` is the actor that runs just now: it is valid in its
 * own functions only and is given to no other thread. Where a function allows NULL for `self`, any thread may call it.
 */
#ifndef GREENROOM_ACTOR_H
#define GREENROOM_ACTOR_H

#include <greenroom/base.h>
#include <greenroom/error.h>
#include <greenroom/message.h>
#include <greenroom/ref.h>
#include <greenroom/time.h>

typedef struct gr_actor gr_actor;
struct gr_mail;
struct gr_signal;

/* What the entries of a behaviour's table do. */
enum gr_on_kind {
    GR_ON_KIND_MESSAGE = 1, /* messages of one type */
    GR_ON_KIND_ANY,         /* messages of any other type */
    GR_ON_KIND_SIGNAL,      /* down, exit and room */
    GR_ON_KIND_END          /* the end of the actor's life */
};

/* Handlers as they are stored; the macros below check the real types and cast. */
typedef void (*gri_handler)(gr_actor *self, void *state, const void *message);
typedef int (*gri_start)(gr_actor *self, void *state, const void *message);
typedef int (*gri_coroutine_main)(gr_actor *self, const void *message);
typedef int (*gri_task_function)(gr_actor *self, const void *arguments, void *result);

/* One entry of a behaviour's table; written by GR_ON and its like. */
struct gr_on {
    enum gr_on_kind kind;       /* what it is for */
    const struct gr_type *type; /* for GR_ON_KIND_MESSAGE, else NULL */
    gri_handler handler;        /* what is called */
};

/* An actor's definition, known by its name. The first part is constant; the library fills the second. */
struct gr_behaviour {
    const char *name;                  /* as in the source */
    uint32_t state_size;               /* bytes of the state struct; 0 for a coroutine */
    uint32_t on_count;                 /* elements of `on` */
    const struct gr_on *on;            /* the handlers; NULL for a coroutine */
    const struct gr_type *start_type;  /* the message that a spawn carries */
    gri_start start;                   /* NULL for a coroutine */
    gri_coroutine_main coroutine;      /* NULL for a handler actor */
    gri_task_function task;            /* of a task, else NULL */
    const struct gr_type *result_type; /* of a task, else NULL */
    uint32_t id;                       /* from 1, in order of registration */
    struct gr_behaviour *next;         /* chain of the registry */
};

/* What a full mailbox does with one more message. */
enum gr_policy {
    GR_POLICY_REJECT = 0, /* the send fails with GR_EFULL */
    /* A coroutine sender waits; a handler sender is accepted, then rests until there is room, and gets GR_EFULL at twice
     * the bound; a plain thread, and gr_try_send, get that at the bound. Coroutines that send to each other in a circle
     * may wait for each other's room for ever, and nothing tells: where mail goes in circles, send one way by gr_try_send
     * or with another policy. */
    GR_POLICY_WAIT,
    GR_POLICY_DROP_NEWEST, /* the new message becomes a dead letter; the send succeeds */
    GR_POLICY_DROP_OLDEST  /* the oldest message becomes a dead letter; the send succeeds */
};

/*
 * A mailbox's bound. Zero means the default. Signals and replies are exempt. A message weighs full 64 bytes: its block, and
 * the lengths of its strings and buffers; what a slice keeps alive beyond its length does not count.
 */
struct gr_mailbox_options {
    uint32_t messages;     /* default 65,536 */
    uint64_t bytes;        /* their weight; default 64 MiB, at most 64 GiB, rounded up to KiB */
    enum gr_policy policy; /* what happens beyond the bound */
};

/* Loops for gr_spawn_options.loop: the spawner's own, the next in turn, or loop `n` counted from 0. */
#define GR_SAME_LOOP 0
#define GR_SPREAD    (-1)
#define GR_LOOP(n)   ((n) + 1)

/* Bytes of an actor's name with its zero byte. */
#define GR_NAME_SIZE 64

/* Options of a spawn; zero values are the defaults. Write them as (.loop = GR_SPREAD). A stack includes its guard page and
 * is rounded up to a power of two, of 16 KiB to 1 GiB. */
typedef struct gr_spawn_options {
    uint32_t size;                     /* of this struct; the macros fill it; a spawn refuses another one */
    int loop;                          /* GR_SAME_LOOP, GR_SPREAD or GR_LOOP(n) */
    bool holds_exit;                   /* gr_run returns only after this actor has ended */
    uint32_t stack_size;               /* bytes of a coroutine's stack; 0: the system's */
    struct gr_mailbox_options mailbox; /* its bound */
    bool link;        /* linked with the spawner from its beginning (link.h); not from outside */
    const char *name; /* registered when the spawn returns (name.h); copied; NULL: none */
} gri_spawn_options;

GRI_BEGIN_C

/* The actor's own reference; the null reference if `self` is NULL. */
GR_API gr_ref gr_self(const gr_actor *self);

/* Who sent the message that is being handled; in a start function, and in a coroutine that has not called a receive yet,
 * who spawned the actor. The null reference if that was no actor, or if `self` is NULL. */
GR_API gr_ref gr_sender(const gr_actor *self);

/* The sentence that explains the last error that a call with this `self` returned, be it the outcome of a request or
 * task, whose own text it then is; where the code says all, that is the sentence of gr_error_text. NULL: this thread's.
 * Valid until the next failing call with it. Never NULL. */
GR_API const char *gr_last_error(const gr_actor *self);

/* The index of the loop that runs the actor, from 0; -1 if `self` is NULL. */
GR_API int gr_loop_index(const gr_actor *self);

/* Nanoseconds of the loop's monotonic clock as the loop read it last, which it does between turns: after 64 of them, after
 * a sleep, and when nothing is left to do. Virtual under simulation. If `self` is NULL: the machine's own monotonic
 * clock. */
GR_API gr_time gr_now(const gr_actor *self);

/* A number from the loop's seeded generator, any of 64 bits: the same in each run under GR_SEED. 0 if `self`
 * is NULL. */
GR_API uint64_t gr_random(gr_actor *self);

/*
 * Ends the calling actor with `reason`: 0 is normal, a GR_E constant or a positive number of the program's own is not.
 * In a handler actor it takes effect when the handler returns; a coroutine actor ends by returning from its function,
 * and its result is the reason, so there this only notes the reason for when it returns 0. Of a handler actor's reasons
 * the first counts, of a coroutine's the last. In a GR_ON_END, and with `self` NULL, it does nothing.
 */
GR_API void gr_exit(gr_actor *self, int reason);

/*
 * Asks an actor to end with `reason`. The wish keeps its place in line: mail sent before it is handled first, mail behind
 * it becomes dead letters. A coroutine ends itself, after gr_receive has told it by GR_ESTOPPED; a sleep tells it at once.
 * A coroutine that returns GR_ESTOPPED then ends with `reason` too, but for a task, whose future has what it returns.
 * To an actor that has ended, and to the null reference, nothing happens.
 * Errors: GR_ENOMEM, GR_ESYSTEM. `self` may be NULL.
 */
GR_API GR_MUST_USE int gr_stop(gr_actor *self, gr_ref actor, int reason);

/*
 * Ends an actor without regard to its mail, which becomes dead letters: a handler actor before its next message; a
 * coroutine at its next wait, which returns GR_EKILLED, as do all later ones; one that has begun 10,000 waits since, and
 * not returned, is ended inside of the next, and what it holds is lost. Its down says GR_EKILLED.
 * Errors: GR_ENOMEM, GR_ESYSTEM. `self` may be NULL.
 */
GR_API GR_MUST_USE int gr_kill(gr_actor *self, gr_ref actor);

/* What the macros below call. */
GR_API GR_MUST_USE gr_ref gri_spawn(gr_actor *self, const struct gr_behaviour *behaviour,
                                    const struct gr_spawn_options *options, const void *start);
GR_API void gri_behaviour_register(struct gr_behaviour *behaviour);

GRI_END_C

/* `fn` as a `cast`, if it is a function of the type `want`; else the compiler says so in a sentence. */
#ifdef __cplusplus
extern "C++" {
template <class Want> struct gri_function {
    static constexpr bool fits(Want)
    {
        return true;
    }
    static constexpr bool fits(...)
    {
        return false;
    }
};
template <class Want, bool fits> struct gri_function_check {
    static_assert(fits, "this function must be of the type that the macro asks for: see its comment");
    static constexpr bool ok = fits;
};
}
#define GRI_FUNCTION(cast, want, fn)                                                                         \
    (gri_function_check<want, gri_function<want>::fits(fn)>::ok ? (cast)((want)(fn)) : (cast)0)
#else
#define GRI_FUNCTION(cast, want, fn)                                                                         \
    (GRI_NOT_ZERO(_Generic(&(fn), want : 1, default : 0),                                                    \
                  "this function must be of the type that the macro asks for: " #want                        \
                  ", where gri_state is the actor's state")                                                  \
         ? (cast)(fn)                                                                                        \
         : (cast)0)
#endif
#define GRI_OPTIONS(T, ...) GRI_LITERAL(T, .size = sizeof(T), __VA_ARGS__)
#define GRI_OPEN(...)       __VA_ARGS__

/* A handler for messages of type `T`: void fn(gr_actor *self, struct STATE *state, const struct T *message). */
#define GR_ON(T, fn)                                                                                         \
    {                                                                                                        \
        GR_ON_KIND_MESSAGE, &T##_gr_type,                                                                    \
            GRI_FUNCTION(gri_handler, void (*)(gr_actor *, gri_state *, const struct T *), fn)               \
    }

/* A handler for all other types: void fn(gr_actor *self, struct STATE *state, const struct gr_mail *mail). */
#define GR_ON_ANY(fn)                                                                                        \
    {                                                                                                        \
        GR_ON_KIND_ANY, NULL,                                                                                \
            GRI_FUNCTION(gri_handler, void (*)(gr_actor *, gri_state *, const struct gr_mail *), fn)         \
    }

/* The handler for signals: void fn(gr_actor *self, struct STATE *state, const struct gr_signal *signal). */
#define GR_ON_SIGNAL(fn)                                                                                     \
    {                                                                                                        \
        GR_ON_KIND_SIGNAL, NULL,                                                                             \
            GRI_FUNCTION(gri_handler, void (*)(gr_actor *, gri_state *, const struct gr_signal *), fn)       \
    }

/* Called once when the actor's life ends, after a start that succeeded, to free what the state holds:
 * void fn(gr_actor *self, struct STATE *state, const int *reason). It may send. */
#define GR_ON_END(fn)                                                                                        \
    {                                                                                                        \
        GR_ON_KIND_END, NULL, GRI_FUNCTION(gri_handler, void (*)(gr_actor *, gri_state *, const int *), fn)  \
    }

/* For a header: says that a handler or coroutine actor `A`, started by a message `M`, is defined elsewhere. */
#define GR_ACTOR_DECLARE(A, M)                                                                               \
    typedef M##_gr_struct A##_gr_start GRI_UNUSED;                                                           \
    GRI_EXTERN_C const struct gr_behaviour *A##_gr_behaviour(void)

/*
 * Defines the handler actor `A` with state `S` (a type; it starts zeroed), started by a message `M` through
 * int start_fn(gr_actor *self, S *state, const struct M *message), where non-zero refuses and is the reason of its end.
 * Then come one or more GR_ON, GR_ON_ANY, GR_ON_SIGNAL, GR_ON_END. At file scope; one definition per program.
 */
#define GR_ACTOR(A, S, M, start_fn, ...)                                                                     \
    GR_ACTOR_DECLARE(A, M);                                                                                  \
    const struct gr_behaviour *A##_gr_behaviour(void)                                                        \
    {                                                                                                        \
        typedef S gri_state;                                                                                 \
        static const struct gr_on on[] = {__VA_ARGS__};                                                      \
        static struct gr_behaviour behaviour = {                                                             \
            #A,                                                                                              \
            sizeof(S),                                                                                       \
            sizeof on / sizeof *on,                                                                          \
            on,                                                                                              \
            &M##_gr_type,                                                                                    \
            GRI_FUNCTION(gri_start, int (*)(gr_actor *, gri_state *, const struct M *), start_fn),           \
            NULL,                                                                                            \
            NULL,                                                                                            \
            NULL,                                                                                            \
            0,                                                                                               \
            NULL};                                                                                           \
        if (behaviour.id == 0) gri_behaviour_register(&behaviour);                                           \
        return &behaviour;                                                                                   \
    }                                                                                                        \
    GRI_CALL_BEFORE_MAIN(A##_gr_actor, A##_gr_behaviour())                                                   \
    GR_ACTOR_DECLARE(A, M)

/*
 * Defines the coroutine actor `A`, started by a message `M`: int fn(gr_actor *self, const struct M *message). The
 * message is valid until fn returns. What fn returns is the reason of the actor's end; 0 is normal.
 */
#define GR_COROUTINE(A, M, fn)                                                                               \
    GR_ACTOR_DECLARE(A, M);                                                                                  \
    const struct gr_behaviour *A##_gr_behaviour(void)                                                        \
    {                                                                                                        \
        static struct gr_behaviour behaviour = {                                                             \
            #A,                                                                                              \
            0,                                                                                               \
            0,                                                                                               \
            NULL,                                                                                            \
            &M##_gr_type,                                                                                    \
            NULL,                                                                                            \
            GRI_FUNCTION(gri_coroutine_main, int (*)(gr_actor *, const struct M *), fn),                     \
            NULL,                                                                                            \
            NULL,                                                                                            \
            0,                                                                                               \
            NULL};                                                                                           \
        if (behaviour.id == 0) gri_behaviour_register(&behaviour);                                           \
        return &behaviour;                                                                                   \
    }                                                                                                        \
    GRI_CALL_BEFORE_MAIN(A##_gr_actor, A##_gr_behaviour())                                                   \
    GR_ACTOR_DECLARE(A, M)

/*
 * gr_spawn(self, A, fields of the start message ...): a new actor on the spawner's loop.
 * gr_spawn_with(self, A, (options ...), fields ...): one with options.
 *
 * Returns its reference at once; its first message follows its start. A spawn that can't be made gives the null reference,
 * which is safe to use; gr_last_error tells why: GR_ENOMEM; GR_ELIMIT (actors_max live); GR_EEXISTS (the name is taken);
 * GR_ESTOPPED (the system stops); GR_EINVALID (a loop that is not there, no such policy, a stack of more than 1 GiB, a
 * name that is empty or too long, options of another version, an actor that is not registered). A start that refuses
 * ends the actor: monitors and requests learn of it; where there are none, the log tells. Takes the counts of the start
 * message's strings and buffers. GR_ECONTEXT if `self` is NULL: from outside, spawn with gr_system_spawn (system.h).
 */
#define gr_spawn_with(self, A, options, ...)                                                                 \
    gri_spawn(self, A##_gr_behaviour(), GRI_OPTIONS(gri_spawn_options, GRI_OPEN options),                    \
              GRI_LITERAL(A##_gr_start, __VA_ARGS__))
#define gr_spawn(self, A, ...) gr_spawn_with(self, A, (), __VA_ARGS__)

/* The start message of an actor that needs nothing. */
GR_MESSAGE_EMPTY(gr_nothing);

#endif
