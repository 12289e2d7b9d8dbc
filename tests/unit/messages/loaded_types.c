/* SPDX-License-Identifier: Apache-2.0 */
/* An object that test_registry.c loads while it runs: a type of its own, one that the program has too, a behaviour. */
#include "shared_types.h"

struct loaded {
    int32_t number;
    gr_string text;
};
GR_MESSAGE(loaded, GR_FIELD(loaded, number), GR_FIELD(loaded, text));

static int loaded_run(gr_actor *self, const struct loaded *m)
{
    return self && m->number;
}

GR_COROUTINE(loaded_actor, loaded, loaded_run);
