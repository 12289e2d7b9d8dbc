/* SPDX-License-Identifier: Apache-2.0 */
/* Two handler actors that send each other a ball: ping_pong [ROUND_TRIPS], a million if nothing is said. */
#include <greenroom/greenroom.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct ball {
    int64_t left; /* round trips still to play, this one included */
};
GR_MESSAGE(ball, GR_FIELD(ball, left));

/* ---- ponger: sends every ball back to where it came from ---- */

struct ponger {
    int64_t returned; /* balls sent back */
};

static int ponger_start(gr_actor *self, struct ponger *p, const struct gr_nothing *m)
{
    return 0;
}

static void ponger_ball(gr_actor *self, struct ponger *p, const struct ball *m)
{
    p->returned++;
    int err = gr_send(self, gr_sender(self), ball, .left = m->left);
    if (err != 0) gr_exit(self, err); /* the ball is lost, and the game with it */
}

GR_ACTOR(ponger, struct ponger, gr_nothing, ponger_start, GR_ON(ball, ponger_ball));

/* ---- pinger: serves, counts down, and ends the game ---- */

struct play {
    gr_ref ponger;       /* whom to play with */
    int64_t round_trips; /* how often the ball comes back; at least 1 */
};
GR_MESSAGE(play, GR_FIELD(play, ponger), GR_FIELD(play, round_trips));

struct pinger {
    gr_ref ponger;       /* whom to play with */
    int64_t round_trips; /* of the whole game */
};

static int pinger_start(gr_actor *self, struct pinger *p, const struct play *m)
{
    p->ponger = m->ponger;
    p->round_trips = m->round_trips;
    return gr_send(self, p->ponger, ball, .left = m->round_trips);
}

static void pinger_ball(gr_actor *self, struct pinger *p, const struct ball *m)
{
    if (m->left == 1) {
        printf("%" PRId64 " round trips\n", p->round_trips);
        gr_exit(self, 0);
        return;
    }
    int err = gr_send(self, p->ponger, ball, .left = m->left - 1);
    if (err != 0) gr_exit(self, err);
}

GR_ACTOR(pinger, struct pinger, play, pinger_start, GR_ON(ball, pinger_ball));

/* ---- the program ---- */

/* Spawns both, and waits until one of them has ended: the reason of that is the program's. */
static int run(gr_actor *self, void *argument)
{
    const int64_t *round_trips = argument;
    uint64_t monitor;
    gr_ref pong = gr_spawn(self, ponger);
    gr_ref ping = gr_spawn(self, pinger, .ponger = pong, .round_trips = *round_trips);
    if (gr_ref_is_null(pong) || gr_ref_is_null(ping)) return GR_ENOMEM;
    int err = gr_monitor(self, pong, &monitor);
    if (err == 0) err = gr_monitor(self, ping, &monitor);
    struct gr_mail mail;
    if (err == 0) err = gr_receive(self, &mail, GR_FOREVER);
    return err == 0 ? mail.signal->reason : err; /* nobody sends to it: what comes is a down */
}

int main(int argc, char **argv)
{
    char *end = "";
    int64_t round_trips = argc > 1 ? strtoll(argv[1], &end, 10) : 1000000;
    if (argc > 2 || *end != '\0' || round_trips < 1) {
        fprintf(stderr, "usage: ping_pong [ROUND_TRIPS]\n");
        return GR_EXIT_OPTIONS;
    }
    return gr_run(run, &round_trips);
}
