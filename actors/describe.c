/* SPDX-License-Identifier: Apache-2.0 */
/* How people see an actor in reports and logs: its behaviour, the name that it has, if any, and its reference. */
#include "actors/actor.h"
#include "base/text.h"

#include <string.h>

#define BEHAVIOUR_MAX 64 /* a longer name is cut, so that what follows has room */

static void append(struct gri_text *text, const char *behaviour, const char *name, gr_ref ref)
{
    gri_text_append(text, behaviour, strnlen(behaviour, BEHAVIOUR_MAX));
    if (name != NULL) {
        gri_text_append(text, " \"", 2);
        gri_text_append_line(text, name, strlen(name));
        gri_text_append(text, "\"", 1);
    }
    gri_text_append(text, " ", 1);
    gri_text_append_number(text, ref.seat, 10);
    gri_text_append(text, ":", 1);
    gri_text_append_number(text, ref.slot, 10);
    gri_text_append(text, ":", 1);
    gri_text_append_number(text, ref.generation, 10);
}

void gri_append_actor(struct gri_text *text, const struct gr_actor *actor)
{
    const struct gri_dispatch *dispatch = gri_actor_dispatch(actor);
    const struct gri_name *name = actor->extra != NULL ? actor->extra->name : NULL;
    append(text, dispatch != NULL ? dispatch->behaviour->name : "?", name != NULL ? name->text : NULL,
           gri_actor_ref(actor));
}

const char *gri_describe_actor(const struct gr_actor *actor, char out[GRI_ACTOR_TEXT])
{
    struct gri_text text;
    gri_text_init(&text, out, GRI_ACTOR_TEXT);
    gri_append_actor(&text, actor);
    return out;
}

const char *gri_describe_ref(struct gr_system *system, const char *behaviour, gr_ref ref,
                             char out[GRI_ACTOR_TEXT])
{
    struct gr_actor_info info = {.ref = ref};
    struct gri_text text;
    gri_names_tell(&system->names, &info, sizeof info, 1);
    gri_text_init(&text, out, GRI_ACTOR_TEXT);
    append(&text, behaviour, info.name[0] != '\0' ? info.name : NULL, ref);
    return out;
}
