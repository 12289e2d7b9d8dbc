/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope: the 48 bytes before each message's payload while it travels and waits. A payload of up to 16 bytes
 * shares one 64-byte cache line with it. It knows no mailbox, loop or actor, only their numbers.
 *
 * Everything that travels between actors is one of these: user messages, signals, and control. Who creates an
 * obligation (a request, a monitor, ...) allocates the envelope of its answer then, so answering never allocates.
 */
#ifndef GRI_MESSAGES_ENVELOPE_H
#define GRI_MESSAGES_ENVELOPE_H

#include <greenroom/base.h>
#include <greenroom/ref.h>

/* What an envelope is. The order matters: those up to GRI_MAIL_LAST_IN_LANE wait in the mailbox. */
enum gri_mail_kind {
    GRI_MAIL_USER = 0, /* a user's message; the only kind that bounds and policies apply to */
    GRI_MAIL_START,    /* a spawn with its start message; always an actor's first */
    GRI_MAIL_DOWN,     /* signal: payload struct gri_watch_notice */
    GRI_MAIL_ROOM,     /* signal: payload struct gri_watch_notice */
    GRI_MAIL_EXIT,     /* signal of a linked actor's end, or control: payload struct gri_link_end */
    GRI_MAIL_LAST_IN_LANE = GRI_MAIL_EXIT,
    GRI_MAIL_REPLY,       /* control: the outcome of a request */
    GRI_MAIL_STOP,        /* waits in the mailbox like a signal: end; `error` is the reason */
    GRI_MAIL_KILL,        /* control: end at once */
    GRI_MAIL_CANCEL,      /* control, to a task: its next wait is to be cancelled */
    GRI_MAIL_MONITOR,     /* control: payload struct gri_watch_notice, becomes its DOWN */
    GRI_MAIL_DEMONITOR,   /* control: payload struct gri_watch_record */
    GRI_MAIL_NOTIFY_ROOM, /* control: payload struct gri_watch_notice, becomes its ROOM */
    GRI_MAIL_LINK,        /* control: payload struct gri_link_end, becomes the other end of the link */
    GRI_MAIL_UNLINK,      /* control: payload struct gri_link_end */
    GRI_MAIL_PROBE, /* control: payload struct probe of requests/deadlock.c; looks for a cycle of requests */
    GRI_MAIL_LEASE, /* control, to a loop: asks for or brings free slots */
    GRI_MAIL_LOOP   /* control, to a loop: payload a function to run there */
};

enum {
    GRI_MAIL_HEAVY = 1,    /* weighs more than its pool class: large, or holds strings or buffers */
    GRI_MAIL_FOREIGN = 2,  /* a reply envelope whose asker is a plain thread: to_generation is its box */
    GRI_MAIL_ORDERED = 4,  /* a start message with GRI_MAIL_ORDER_BYTES of spawn order behind it */
    GRI_MAIL_JOB = 8,      /* a reply whose payload ends with the address of a blocking job */
    GRI_MAIL_TEXT = 16,    /* a reply with an error whose payload is its sentence */
    GRI_MAIL_TASK = 32,    /* a reply that says that a task has failed */
    GRI_MAIL_HOLDER = 128, /* a reply whose asker held requests of others when it asked */
    /* A reply still to be given, whose payload begins with its request's deadline. A request that is being handled, and
     * whose answer is deferred: its deadline is in to_generation. */
    GRI_MAIL_DEADLINE = 64
};

/* Room for the order that tells another loop what to spawn. */
#define GRI_MAIL_ORDER_BYTES 64u

/* `home` of an envelope that came straight from the memory seam, not from a loop's pool. */
#define GRI_HOME_MEMORY 255

struct gri_message {
    struct gri_message *next; /* in a mailbox, an outbox or a chain */
    uint64_t to_generation;   /* the receiver's; as to_slot */
    union {
        uint64_t sender_generation; /* the sender's, 0 for none */
        uint64_t handle;            /* of a reply: which of the asker's requests it ends */
    };
    struct gri_message
        *reply; /* of a request, and of a task's start: the envelope of the answer; else NULL */
    /* The receiver's, checked by its owner on arrival: of what travels. A plain message within a loop goes straight into
     * the mailbox without it. Of a lease the loop that asks, of other control to a loop unused. */
    uint32_t to_slot;
    union {
        uint32_t sender_slot; /* the sender's */
        int32_t error;        /* of a reply: the request's error; of a stop: the reason */
    };
    union {
        struct {
            union {
                uint16_t sender_seat; /* the sender's, and GRI_SEAT_RETURNED */
                uint16_t task;        /* of a reply with GRI_MAIL_TASK: the id of the task's behaviour */
            };
            uint16_t type;      /* id of the payload's type */
            uint8_t kind;       /* enum gri_mail_kind */
            uint8_t flags;      /* GRI_MAIL_ */
            uint8_t pool_class; /* size class of the block, or GRI_POOL_LARGE */
            uint8_t home;       /* index of the loop whose pool it came from, or GRI_HOME_MEMORY */
        };
        uint64_t header; /* the same as one word: what a type and a loop give is stored at once */
    };
    uint64_t payload[]; /* the message */
};

/* In sender_seat: the message was set aside and put back alone, so it is older than others. It lies here because the fast
 * paths compare the flags. */
#define GRI_SEAT_RETURNED 0x8000u

/* Where things are in the header as one word. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define GRI_HEADER_CLASS_SHIFT 48
#define GRI_HEADER_WHAT        (UINT64_C(0x00ffffff) << 32) /* kind, flags and pool class */
#define GRI_HEADER_PLAIN       (UINT64_C(0xffff) << 32) /* kind and flags: 0 in a plain message of any size */
#define GRI_HEADER_HOME        (UINT64_C(0xff) << 56)
#else
#define GRI_HEADER_CLASS_SHIFT 8
#define GRI_HEADER_WHAT        (UINT64_C(0x00ffffff) << 8)
#define GRI_HEADER_PLAIN       (UINT64_C(0xffff) << 16)
#define GRI_HEADER_HOME        UINT64_C(0xff)
#endif

/* The header of a user message of a type, without seat and home. */
static inline uint64_t gri_header_of_type(uint32_t type, bool is_counted, unsigned pool_class, bool is_large)
{
    struct gri_message m = {.type = (uint16_t)type,
                            .flags = is_counted || is_large ? GRI_MAIL_HEAVY : 0,
                            .pool_class = (uint8_t)pool_class,
                            .home = is_large ? GRI_HOME_MEMORY : 0};
    return m.header;
}

/* The header's part that a sender's seat and a loop's pool give. */
static inline uint64_t gri_header_of_loop(uint32_t seat, unsigned home)
{
    struct gri_message m = {.sender_seat = (uint16_t)seat, .home = (uint8_t)home};
    return m.header;
}

_Static_assert(sizeof(struct gri_message) == 48, "an envelope and 16 bytes of payload fill one cache line");

static inline gr_ref gri_message_sender(const struct gri_message *m)
{
    gr_ref ref = {m->sender_seat & ~GRI_SEAT_RETURNED, m->sender_slot, m->sender_generation};
    return m->sender_generation ? ref : (gr_ref){0, 0, 0};
}

#endif
