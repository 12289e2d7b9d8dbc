/* SPDX-License-Identifier: Apache-2.0 */
/* A2: a program of one coroutine. */
/* Python: asyncio.run(hello()) */
#include <greenroom/greenroom.h>

#include <stdio.h>

static int hello(gr_actor *self, void *argument)
{
    printf("Hello World!\n");
    return 0;
}

int main(void)
{
    return gr_run(hello, NULL);
}
