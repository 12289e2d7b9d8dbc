/* SPDX-License-Identifier: Apache-2.0 */
/* Monitors, and the signals that actors get about each other. */
#ifndef GREENROOM_MONITOR_H
#define GREENROOM_MONITOR_H

#include <greenroom/actor.h>

enum gr_signal_kind {
    GR_SIGNAL_DOWN = 1, /* a monitored actor has ended */
    GR_SIGNAL_EXIT,     /* a linked actor has ended, and this one traps exits: see link.h */
    GR_SIGNAL_ROOM      /* an actor asked about with gr_notify_room has room, or has ended */
};

/* A signal. It keeps its place in line: the last message of an actor comes before the down or exit that tells of its
 * end. */
struct gr_signal {
    enum gr_signal_kind kind; /* which */
    gr_ref actor;             /* whom it is about */
    uint64_t monitor;         /* for a down: what gr_monitor gave */
    int reason; /* for a down or an exit: 0 normal, else why it ended, or as gr_monitor and gr_link say */
};

GRI_BEGIN_C

/*
 * Watches `actor`: one down signal arrives when it ends, at once if it already has. *monitor, never 0, names the watch.
 * The down of an actor that had ended before has the reason GR_ESTALE; of one of another system, GR_ESYSTEM. An actor
 * just spawned on the same loop has not begun yet, so a watch that begins in the same turn tells why its start refused.
 * On another loop it may begin, refuse and be gone before the watch arrives there; nothing remembers why it ended.
 * Errors: GR_ENOMEM; GR_ECONTEXT if `self` is NULL.
 */
GR_API GR_MUST_USE int gr_monitor(gr_actor *self, gr_ref actor, uint64_t *monitor);

/* Ends a watch: after this returns, no down of it arrives, not even one already in the mailbox. Returns 0;
 * GR_ENOTFOUND if it was delivered before, or never was, which may be ignored; GR_ECONTEXT if `self` is NULL. */
GR_API int gr_demonitor(gr_actor *self, uint64_t monitor);

GRI_END_C

#endif
