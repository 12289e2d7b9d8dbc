/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the texts of errors: each actor has its own, each thread too. */
#include "tests/support/world/case.h"

static int one_start(gr_actor *self, char *state, const struct gr_nothing *m)
{
    gr_ref null = {0, 0, 0};
    CHECK_TEXT(gr_last_error(self), gr_error_text(GR_OK));
    CHECK_EQ(gr_send(self, null, ping), GR_ESTALE);
    CHECK(strstr(gr_last_error(self), "ping") != NULL);
    return 0;
}

static void one_ping(gr_actor *self, char *state, const struct ping *m)
{
    CHECK(strstr(gr_last_error(self), "ping") != NULL); /* it stays until the next failure */
    CHECK_EQ(gr_demonitor(self, 5), GR_ENOTFOUND);
    CHECK(strstr(gr_last_error(self), "gr_demonitor") != NULL);
    gr_exit(self, 4);
}

GR_ACTOR(one, char, gr_nothing, one_start, GR_ON(ping, one_ping));

static int texts(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_timer_cancel(self, 1), GR_ENOTFOUND);
    gr_ref ref = gr_spawn(self, one);
    uint64_t monitor = watch(self, ref);
    gr_send(self, ref, ping);
    CHECK_EQ(wait_for(self, monitor), 4);
    CHECK(strstr(gr_last_error(self), "gr_timer_cancel") != NULL); /* another actor's errors don't matter */
    gr_ref null = {0, 0, 0};
    CHECK_EQ(gr_send(NULL, null, unknown), GR_ESTALE);
    CHECK(strstr(gr_last_error(NULL), "unknown") != NULL);
    CHECK(strstr(gr_last_error(self), "gr_timer_cancel") != NULL);
    return 0;
}

Case(extra, each_actor_keeps_the_text_of_its_last_error)
{
    run_everywhere(texts);
}

static int long_names(gr_actor *self, void *argument)
{
    CHECK_EQ(gr_await(self, NULL, 0), GR_ENOMEM);
    CHECK(strlen(gr_last_error(self)) > 0 && strlen(gr_last_error(self)) < 200);
    return 0;
}

Case(extra, a_text_is_never_empty)
{
    run_seeds(1, 1, long_names);
    CHECK(strlen(gr_last_error(NULL)) > 0);
}
