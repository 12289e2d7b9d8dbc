/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actor itself, as it lies in its slot, and what the files of this folder share. Slots are type-stable: a reference
 * to an actor that has ended still leads to a struct gr_actor, of another generation.
 *
 * Threads: other loops and threads read only `generation`, `home`, `dispatch` and the mailbox's atomics. Everything else
 * belongs to the home loop.
 *
 * Invariants: `busy` is 0 exactly when mail alone makes the actor runnable; an actor is in the run queue or running
 * exactly when GRI_BUSY_SCHEDULED is set. A slot at rest has an empty mailbox, no extra and GRI_BUSY_UNBORN, but mail
 * and watches of third parties may reach a named actor before its spawn does, and wait for it there.
 */
#ifndef GRI_ACTORS_ACTOR_H
#define GRI_ACTORS_ACTOR_H

#include "actors/system.h"
#include "futures/future.h"
#include "mailbox/mailbox.h"
#include "messages/registry.h"
#include "scheduler/coroutines/coroutine.h"
#include "scheduler/loop.h"

#include <greenroom/coroutine.h>
#include <greenroom/monitor.h>

#include <stdarg.h>

/* struct gr_actor.busy: why mail alone doesn't schedule it. */
enum {
    GRI_BUSY_SCHEDULED = 1, /* in the run queue, or running */
    GRI_BUSY_WAITING = 2,   /* a coroutine that waits for something other than mail */
    GRI_BUSY_RESTING = 4,   /* a handler actor that sent to a full mailbox, until there is room */
    GRI_BUSY_UNBORN = 8     /* its spawn has not arrived */
};

/* struct gr_actor.control: what it has been told; acted upon before its next message. */
enum {
    GRI_CONTROL_EXIT = 1,       /* its handler called gr_exit */
    GRI_CONTROL_STOP = 2,       /* gr_stop, or the system stops */
    GRI_CONTROL_KILL = 4,       /* gr_kill */
    GRI_CONTROL_LINK = 8,       /* a linked actor ended; `reason` is its reason */
    GRI_CONTROL_CANCEL = 16,    /* a coroutine: its next wait is to be cancelled */
    GRI_CONTROL_CALLBACKS = 32, /* futures are done that it has callbacks for */
    GRI_CONTROL_DOOMED = GRI_CONTROL_KILL | GRI_CONTROL_LINK, /* waits are refused */
    GRI_CONTROL_ENDS = GRI_CONTROL_EXIT | GRI_CONTROL_STOP |
                       GRI_CONTROL_DOOMED /* a handler actor is to end */
};

/* struct gr_actor.flags */
enum {
    GRI_ACTOR_STARTED = 1,    /* its start succeeded */
    GRI_ACTOR_HOLDS_EXIT = 2, /* gr_run waits for it */
    GRI_ACTOR_ENDING = 4,     /* gri_actor_end is under way */
    GRI_ACTOR_STOPPING = 8,   /* a stop waits in its mailbox, behind the mail that came before */
    GRI_ACTOR_TRAPS = 16,     /* exits of linked actors are signals */
    GRI_ACTOR_CANCELLED = 32, /* a task that was told to cancel, if only once */
    GRI_ACTOR_FAILED = 64,    /* it ends with a reason: nobody could look at its futures */
    GRI_ACTOR_STASHED = 128   /* it has set messages aside */
};

/* struct gri_actor_extra.shield: which cancelling a wait does not heed. */
enum {
    GRI_SHIELD_NOTHING, /* it heeds all */
    GRI_SHIELD_SCOPES,  /* that of scopes */
    GRI_SHIELD_ALL      /* any */
};

/* What a coroutine waits for. */
enum gri_wait {
    GRI_WAIT_NOTHING,
    GRI_WAIT_MAIL,
    GRI_WAIT_FUTURE,
    GRI_WAIT_TIME,
    GRI_WAIT_ROOM,
    GRI_WAIT_TURN
};

/* One entry of a dispatch table. */
struct gri_dispatch_entry {
    uint32_t type;       /* id of the message's type; 0: empty */
    gri_handler handler; /* what is called */
};

/* A behaviour with its handlers by type id: open addressing, at most half full. */
struct gri_dispatch {
    const struct gr_behaviour *behaviour; /* whose: the actor's definition, also of further handlers */
    const struct gr_behaviour *handlers;  /* where they are from: that, or a GR_HANDLERS */
    const struct gri_dispatch *own;       /* the one with the definition's own handlers */
    struct gri_dispatch *next;            /* further handlers that actors of this behaviour became */
    gri_handler any;                      /* for other types, or NULL */
    gri_handler signal;                   /* or NULL */
    gri_handler end;                      /* or NULL */
    uint32_t mask;                        /* entries - 1 */
    uint32_t unhandled;                   /* types without a handler that came, a bit for each id modulo 32 */
    struct gri_dispatch_entry entries[];  /* a power of two */
};

/* A killed coroutine that begins so many waits, instead of returning, is ended where it stands. */
#define GRI_DEAF_MAX 10000u

/* What only some actors need. What every turn of a coroutine touches comes first. */
struct gri_actor_extra {
    struct gr_actor *owner;          /* whose this is */
    struct gri_coroutine *coroutine; /* of a coroutine actor, once started */
    struct gri_message *start;       /* its start message, kept while it runs */
    struct gr_scope *scope;          /* the innermost one that is open, or NULL */
    struct gri_saved *saved;         /* what selective receives passed over; NULL until needed */
    uint32_t received;               /* messages since it was resumed */
    uint32_t stack_size;             /* bytes; 0: the system's */
    int error;                       /* what error_text is about */
    uint16_t deaf;          /* waits that told it that it is killed; GRI_DEAF_MAX: it is to end as it is */
    enum gri_wait wait : 8; /* what it waits for */
    enum gr_wait_until watch_until : 8; /* what the wait for futures under way waits for */
    bool watch_is_over;                 /* that has come */
    bool timed_out;                     /* the timer of the wait that was begun fired */
    bool in_callback;                   /* a callback runs: it may not wait */
    bool has_released;                  /* a callback released a future of the wait */
    bool is_blocked;                    /* on `awaited` alone, without a limit */
    bool probed;                        /* a cycle was looked for since it is */
    uint8_t shield;                     /* GRI_SHIELD_ */
    bool has_room : 1;                  /* the room signal that it waits for came */
    bool has_received : 1;          /* it called a receive, so that its sender is no longer who spawned it */
    bool task_returned : 1;         /* of a task: its function has returned */
    struct gri_list obligations;    /* futures, watches and timers of this actor */
    struct gri_handles handles;     /* their names */
    struct gr_future *awaited;      /* while waiting for a single one */
    uint64_t completed;             /* futures that are done, ever */
    size_t watched;                 /* pending futures of the wait under way */
    struct gri_message *stash;      /* what was set aside, the oldest first; NULL without GRI_ACTOR_STASHED */
    struct gri_message **stash_end; /* where the next one is linked */
    struct gri_list callbacks; /* of futures that are done, in the order in which they are to be called */
    struct gri_timer timer;    /* of the wait */
    gr_time wait_began;        /* when the wait began, if that is traced */
    uint32_t deferred;         /* requests that it put aside, among its obligations */
    struct gr_signal signal;   /* the one that gr_receive gave last */
    char *error_text;          /* GRI_ERROR_TEXT_SIZE bytes, or NULL */
    struct gri_name *name;     /* in the system's registry, or NULL */
    struct gri_local_value *locals; /* its own values, the newest first */
};

_Static_assert(offsetof(struct gri_actor_extra, obligations) == 64,
               "what every turn of a coroutine touches is one line");

struct gr_actor {
    /* The first line, with the first two fields of the mailbox: read by senders of other loops, and hardly ever written. */
    gri_atomic_u64 generation;     /* which actor of this slot; stored by the owner when the slot is freed */
    gri_atomic_u32 home;           /* index of its loop; stored by the owner, read by every send */
    uint32_t slot;                 /* its number; never changes */
    gri_atomic_ptr dispatch;       /* struct gri_dispatch, NULL while not alive; stored by the owner */
    void *state;                   /* of a handler actor */
    struct gri_actor_extra *extra; /* NULL until needed */
    struct gri_loop *loop;         /* its home */
    struct gri_list_node *notices; /* ring of what waits for its end or for room; or NULL */
    /* The second line: what each message changes. */
    struct gri_mailbox mailbox;  /* its mail */
    uint8_t busy;                /* GRI_BUSY_ */
    uint8_t control;             /* GRI_CONTROL_ */
    uint8_t flags;               /* GRI_ACTOR_ */
    uint8_t birth;               /* index of the loop that plain threads send to */
    int32_t reason;              /* why it is to end */
    struct gri_work work;        /* its place in the run queue, or in a list of free slots */
    struct gri_message *current; /* what is being handled; NULL once forwarded */
};

_Static_assert(sizeof(struct gr_actor) == 128 && offsetof(struct gr_actor, mailbox.head) == 64,
               "an actor fills two cache lines; senders of other loops touch the first alone");

/* ---- small readers ---- */

static inline const struct gri_dispatch *gri_actor_dispatch(const struct gr_actor *actor)
{
    return gri_load(&actor->dispatch, GRI_RELAXED); /* the owner reads its own store */
}

static inline struct gr_system *gri_loop_system(const struct gri_loop *loop)
{
    return loop->owner;
}

static inline gr_ref gri_actor_ref(const struct gr_actor *actor)
{
    return (gr_ref){gri_loop_system(actor->loop)->seat, actor->slot,
                    gri_load(&actor->generation, GRI_RELAXED)};
}

static inline bool gri_actor_is_coroutine(const struct gr_actor *actor)
{
    return gri_actor_dispatch(actor)->behaviour->coroutine != NULL;
}

/* ---- extra.c: what only some actors need ---- */

#define GRI_ERROR_TEXT_SIZE 192

/* The actor's extra, made if need be; NULL when there is no memory. */
struct gri_actor_extra *gri_actor_extra(struct gr_actor *actor);

/* Frees the extra; its lists must be empty. */
void gri_actor_free_extra(struct gr_actor *actor);

/* Notes why a call with this self failed, and returns `error`. self may be NULL. */
int gri_fail_list(struct gr_actor *self, int error, const char *format, va_list arguments);
int gri_fail(struct gr_actor *self, int error, const char *format, ...) GR_PRINTF(3, 4);

/* The same for a message or a request of a type that was not sent. */
int gri_fail_send(struct gr_actor *self, gr_ref to, const struct gr_type *type, int error);
int gri_fail_request(struct gr_actor *self, gr_ref to, const struct gr_type *type, int error);

/* The same for a call whose code says all: gr_last_error then has the table's sentence. 0 is no error. Returns it. */
int gri_told_code(struct gr_actor *self, int error);
static inline int gri_told(struct gr_actor *self, int error)
{
    return __builtin_expect(error == 0, 1) ? 0 : gri_told_code(self, error);
}

/* What gri_fail noted of the actor's last error, if that has this code and a text of its own; or NULL. */
const char *gri_error_text_of(const struct gr_actor *self, int error);

/* That text as the answer of a future that fails at once; NULL if there is none, or no memory. */
struct gri_message *gri_error_answer(struct gr_actor *self, int error);

/* ---- turn.c: running actors ---- */

/* A turn of a handler actor. */
void gri_handler_turn(struct gri_loop *loop, struct gri_work *work);

/* Makes an actor run again, whatever it waits for; nothing if it is scheduled already. */
void gri_actor_wake(struct gr_actor *actor);

/* Ends what a handler or receive left of the message being handled: an unanswered request fails, memory goes home. */
void gri_actor_finish_current(struct gr_actor *actor);

/* A stop has come to its turn: the actor is to end. Takes it. */
void gri_actor_take_stop(struct gr_actor *actor, struct gri_message *m);

/* Why an actor is to end, by what it was told. */
static inline int gri_actor_reason(const struct gr_actor *actor)
{
    return actor->control & GRI_CONTROL_KILL ? GR_EKILLED : actor->reason;
}

/* ---- spawn.c ---- */

/* As gri_spawn and gri_system_spawn, but the start carries a task's answer, which is taken if this returns 0. The error
 * is told by gri_fail, and the start message stays the caller's. */
int gri_spawn_with_reply(struct gr_actor *self, const struct gr_behaviour *behaviour,
                         const struct gr_spawn_options *options, const void *start, struct gri_message *reply,
                         gr_ref *ref);
int gri_spawn_outside(struct gr_system *system, const struct gr_behaviour *behaviour,
                      const struct gr_spawn_options *options, const void *start, struct gri_message *reply,
                      gr_ref *ref);

/* What a spawn from another loop or a plain thread is to make. */
const struct gr_behaviour *gri_spawn_behaviour(const struct gri_message *m);

/* A spawn from another loop or a plain thread arrived; takes it. */
void gri_spawn_arrived(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m);

/* Somebody asks for free slots of this loop, or brings some of theirs; takes it. */
void gri_lease_arrived(struct gri_loop *loop, struct gri_message *m);

/* ---- coroutine_actor.c ---- */

/* A turn of a coroutine actor. */
void gri_coroutine_turn(struct gri_loop *loop, struct gri_work *work);

/* The rare half of a wait, before it suspends and after: the actor was told something, or is in a scope. */
int gri_actor_wait_told(struct gr_actor *self, enum gri_wait what);
int gri_actor_woken_told(struct gr_actor *self);

/* Suspends the calling coroutine until it is woken, perhaps for no reason. Returns 0; GR_EKILLED; GR_ETIMEOUT once the
 * time of the wait that was begun has passed; GR_ECANCELLED, which is then told for good, instead of suspending. So a
 * caller looks first whether what it waits for is there. Callbacks run in here. */
static inline int gri_actor_wait(struct gr_actor *self, enum gri_wait what)
{
    struct gri_actor_extra *extra = self->extra;
    if (__builtin_expect(self->control != 0 || extra->scope != NULL || extra->timed_out, 0))
        return gri_actor_wait_told(self, what);
    extra->wait = what;
    gri_coroutine_suspend(extra->coroutine);
    if (__builtin_expect(self->control != 0, 0)) return gri_actor_woken_told(self);
    return extra->timed_out ? GR_ETIMEOUT : 0;
}

/* Whether self may wait for `timeout` here: 0, or the error of the function `what`. */
int gri_may_wait(struct gr_actor *self, gr_time timeout, const char *what);

/* Whether it is a coroutine outside of callbacks. */
static inline bool gri_can_wait(const struct gr_actor *self)
{
    const struct gri_actor_extra *extra = self->extra;
    return extra != NULL && extra->coroutine != NULL && !extra->in_callback;
}

/* Around waits that have a limit together: arms the actor's timer, and disarms it. */
void gri_actor_begin_wait(struct gr_actor *self, gr_time timeout);
void gri_actor_end_wait(struct gr_actor *self);

/* ---- describe.c: actors as people see them, as in: parser "door" 1:1024:7 ---- */

#define GRI_ACTOR_TEXT 512 /* bytes that always suffice, however much of a name is escaped */

struct gri_text;

/* Adds an actor of the calling thread's loop. Async-signal-safe. */
void gri_append_actor(struct gri_text *text, const struct gr_actor *actor);

/* The same as a text of its own. Returns `out`. */
const char *gri_describe_actor(const struct gr_actor *actor, char out[GRI_ACTOR_TEXT]);

/* The same of any actor of the system whose behaviour's name is known. Takes the mutex of the names. */
const char *gri_describe_ref(struct gr_system *system, const char *behaviour, gr_ref ref,
                             char out[GRI_ACTOR_TEXT]);

/* ---- overflow.c ---- */

/* Writes one line on stderr about an actor whose stack overflowed. Async-signal-safe. */
void gri_report_overflow(const struct gri_coroutine *coroutine);

/* The same, as a pool of stacks calls it. */
void gri_report_canary(void *context, struct gri_stack *stack);

/* ---- end.c ---- */

/* Ends an actor for good, on its loop, outside of its handlers. */
void gri_actor_end(struct gr_actor *actor, int reason);

/* ---- admission.c ---- */

/* Ends the rest of an actor that waited for room at another. */
void gri_actor_end_rest(struct gr_actor *actor);

/* ---- deliver.c ---- */

/* Takes an envelope that arrived at its loop. */
void gri_deliver(struct gri_loop *loop, struct gri_message *m);

/* Queues an actor whose mailbox just got mail, if mail makes it runnable. */
static inline void gri_actor_has_mail(struct gr_actor *actor)
{
    if (actor->busy == 0) {
        actor->busy = GRI_BUSY_SCHEDULED;
        gri_loop_schedule(actor->loop, &actor->work);
    } else if (__builtin_expect((actor->busy & GRI_BUSY_RESTING) != 0, 0) &&
               gri_mailbox_is_full(&actor->mailbox)) {
        gri_actor_end_rest(actor); /* others may rest for this one: in a ring of them nobody would go on */
    }
}

/* Sends control or a signal from `loop` to an actor, wherever it is; takes it; always succeeds. */
void gri_post(struct gri_loop *loop, gr_ref to, struct gri_message *m);

/* ---- dead_letter.c ---- */

/* Releases what a message owns and gives its envelope back; its request, if any, must have been ended. */
void gri_message_dispose(struct gri_loop *loop, struct gri_message *m);

/* Makes a dead letter of an envelope that was for `to`: counts and reports it, fails its request, frees it; takes it. */
void gri_dead_letter(struct gri_loop *loop, struct gri_message *m, gr_ref to, enum gr_dead_letter cause);

/* The same for one that was not admitted, with the error of that, or 0 if it was to be dropped. */
void gri_dead_send(struct gri_loop *loop, struct gri_message *m, gr_ref to, int error);

/* The same for a message of an actor that never got an envelope. Takes the counts. */
void gri_dead_message(struct gr_actor *self, gr_ref to, const struct gr_type *type, const void *message,
                      enum gr_dead_letter cause);

/* The same for one of a plain thread, inside of the system's seat; or of no system: NULL. */
void gri_foreign_dead_message(struct gr_system *system, gr_ref to, const struct gr_type *type,
                              const void *message, enum gr_dead_letter cause);

/* Counts and reports an answer that came after its request had ended. The answer stays the caller's. */
void gri_late_reply(struct gri_loop *loop, const struct gri_message *reply);

/* The error that a request ends with when its message becomes a dead letter. */
int gri_dead_letter_error(enum gr_dead_letter cause);

/* The cause of a send that failed with `error`. */
enum gr_dead_letter gri_dead_letter_cause(int error);

/* ---- watch.c ---- */

/* The payload of a notice: it waits at the watched actor, then becomes the signal. */
struct gri_watch_notice {
    struct gri_list_node node; /* in the ring of the watched actor's notices */
    uint64_t handle;           /* of the watch, at the watcher */
    gr_ref actor;              /* who is watched */
    int reason;                /* of its end */
};

/* The watcher's side of a monitor: an envelope's payload, which can itself be sent to end the watch. */
struct gri_watch_record {
    struct gri_obligation obligation; /* its place and name at the watcher */
    gr_ref actor;                     /* who is watched */
    struct gri_message *notice;       /* the envelope that waits there; not to be touched from here */
};

static inline struct gri_watch_notice *gri_notice(struct gri_message *m)
{
    return (struct gri_watch_notice *)m->payload;
}

/* The envelope that a record, notice or end of a link is the payload of. */
static inline struct gri_message *gri_envelope_of(void *payload)
{
    return GRI_CONTAINER_OF((uint64_t *)payload, struct gri_message, payload[0]);
}

/* What waits at an actor for its end: a node at the beginning of an envelope's payload. */
void gri_notices_add(struct gr_actor *actor, struct gri_list_node *node);
void gri_notices_remove(struct gr_actor *actor, struct gri_list_node *node);

/* Arrived at the watched actor's loop. */
void gri_watch_arrived(struct gri_loop *loop, struct gr_actor *actor, struct gri_message *m);

/* A watch or a wish for room, that finds no such actor: answered at once. */
void gri_watch_bounced(struct gri_loop *loop, struct gri_message *m);

/* Fills in a signal from the envelope of one that arrived, and frees that. False if it is void: demonitored, unlinked. */
bool gri_actor_take_signal(struct gr_actor *actor, struct gri_message *m, struct gr_signal *signal);

/* The same without taking it: what it would say, and whether it is valid. */
bool gri_actor_see_signal(const struct gr_actor *actor, const struct gri_message *m,
                          struct gr_signal *signal);

/* Tells all who wait for room at this actor. */
void gri_actor_tell_room(struct gr_actor *actor);

/* At its end: sends each watcher its down, each linked actor its exit, and each who waits for room its room signal. */
void gri_actor_tell_end(struct gr_actor *actor, int reason);

/* Asks for room without a handle: for a resting or waiting sender. False when there is no memory. */
bool gri_watch_room(struct gr_actor *self, gr_ref actor);

/* ---- names/names.c ---- */

/* Gives an actor's name back, if it has one; it has an extra. */
void gri_actor_free_name(struct gr_actor *actor);

/* ---- locals/local.c ---- */

/* Frees an actor's own values. */
void gri_actor_free_locals(struct gr_actor *actor);

#endif
