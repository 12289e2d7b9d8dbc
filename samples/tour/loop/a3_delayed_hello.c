/* SPDX-License-Identifier: Apache-2.0 */
/* A3: sleeping suspends one coroutine, others run on. */
/* Python: await asyncio.sleep(1) */
#include <greenroom/greenroom.h>

#include <stdio.h>

static int ticker_run(gr_actor *self, const struct gr_nothing *m, struct gr_nothing *result)
{
    for (int i = 0; i < 2; i++) {
        int err = gr_sleep(self, gr_milliseconds(300));
        if (err) return err;
        printf("tick\n");
    }
    return 0;
}
GR_TASK(ticker, gr_nothing, gr_nothing, ticker_run);

static int delayed_hello(gr_actor *self, void *argument)
{
    gr_time start = gr_now(self);
    gr_future *ticks = gr_start(self, ticker);
    printf("Hello\n");
    int err = gr_sleep(self, gr_seconds(1));
    if (err) return err;
    printf("World! after %.3f s\n", (gr_now(self) - start) / 1e9);
    return gr_await(self, ticks, GR_FOREVER);
}

int main(void)
{
    return gr_run(delayed_hello, NULL);
}
