/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest program: one actor, which prints a line and ends. When it has ended, the program ends. */
#include <greenroom/greenroom.h>

#include <stdio.h>

/* The root actor: a function with a stack of its own. What it returns is the program's success (0) or error. */
static int run(gr_actor *self, void *argument)
{
    printf("Hello from actor %u on loop %d of %d\n", gr_self(self).slot, gr_loop_index(self),
           gr_system_loops(gr_actor_system(self)));
    return 0;
}

int main(void)
{
    return gr_run(run, NULL);
}
