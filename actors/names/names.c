/* SPDX-License-Identifier: Apache-2.0 */
/* Names of actors; see names.h and greenroom/name.h. */
#include "actors/names/names.h"

#include "actors/actor.h"
#include "base/text.h"

#include <greenroom/name.h>

#include <stdio.h>
#include <string.h>

void gri_names_init(struct gri_names *names, struct gri_memory *memory)
{
    gri_mutex_init(&names->mutex);
    gri_table_init(&names->table, memory);
    names->memory = memory;
}

void gri_names_fini(struct gri_names *names)
{
    gri_table_fini(&names->table);
    gri_mutex_fini(&names->mutex);
}

static uint64_t hash_of(const char *text, size_t length)
{
    return gri_table_stir(0, gri_hash(text, length, 0));
}

/* The name with a text, or NULL. With the mutex held. */
static struct gri_name *find(const struct gri_names *names, const char *text, uint64_t hash)
{
    struct gri_table_node *node = gri_table_first(&names->table, hash);
    for (; node != NULL; node = gri_table_next(node)) {
        struct gri_name *name = GRI_CONTAINER_OF(node, struct gri_name, node);
        if (strcmp(name->text, text) == 0) return name;
    }
    return NULL;
}

/* The length of a text that can be a name; 0: it can't. */
static size_t length_of(const char *text)
{
    size_t length = text != NULL ? strnlen(text, GR_NAME_SIZE) : 0;
    return length < GR_NAME_SIZE ? length : 0;
}

bool gri_names_is_bad(const char *text)
{
    return length_of(text) == 0;
}

void gri_names_explain(const char *text, int error, char *out, size_t size)
{
    const char *limits = "a name has 1 to 63 bytes";
    _Static_assert(GR_NAME_SIZE == 64, "the sentence tells the limit");
    if (error == GR_EEXISTS)
        snprintf(out, size, "the name \"%s\" is taken: choose another one, or end who has it", text);
    else if (error != GR_EINVALID)
        snprintf(out, size, "the name \"%s\": %s", text, gr_error_text(error));
    else if (text == NULL || text[0] == '\0')
        snprintf(out, size, "the name is %s: %s", text == NULL ? "NULL" : "empty", limits);
    else
        snprintf(out, size, "the name \"%.20s...\" is too long: %s", text, limits);
}

int gri_names_reserve(struct gri_names *names, const char *text, struct gri_name **name)
{
    *name = NULL;
    size_t length = length_of(text);
    if (length == 0) return GR_EINVALID;
    struct gri_name *added = gri_memory_allocate(names->memory, sizeof *added);
    if (added == NULL) return GR_ENOMEM;
    memset(added, 0, sizeof *added);
    memcpy(added->text, text, length);
    uint64_t hash = hash_of(text, length);
    gri_mutex_lock(&names->mutex);
    bool is_free = find(names, text, hash) == NULL;
    if (is_free) gri_table_add(&names->table, &added->node, hash);
    gri_mutex_unlock(&names->mutex);
    if (!is_free) {
        gri_memory_release(names->memory, added, sizeof *added);
        return GR_EEXISTS;
    }
    *name = added;
    return 0;
}

void gri_names_give(struct gri_names *names, struct gri_name *name, gr_ref ref)
{
    gri_mutex_lock(&names->mutex);
    name->ref = ref;
    gri_mutex_unlock(&names->mutex);
}

void gri_names_free(struct gri_names *names, struct gri_name *name)
{
    if (name == NULL) return;
    gri_mutex_lock(&names->mutex);
    gri_table_remove(&names->table, &name->node);
    gri_mutex_unlock(&names->mutex);
    gri_memory_release(names->memory, name, sizeof *name);
}

gr_ref gri_names_find(struct gri_names *names, const char *text)
{
    gr_ref ref = {0, 0, 0};
    size_t length = length_of(text);
    if (length == 0) return ref;
    uint64_t hash = hash_of(text, length);
    gri_mutex_lock(&names->mutex);
    const struct gri_name *name = find(names, text, hash);
    if (name != NULL) ref = name->ref;
    gri_mutex_unlock(&names->mutex);
    return ref;
}

static struct gr_actor_info *info_at(struct gr_actor_info *list, size_t stride, size_t index)
{
    return (struct gr_actor_info *)((char *)list + index * stride);
}

/* The entry of an actor in a list in order of slots, or NULL. */
static struct gr_actor_info *entry_of(struct gr_actor_info *list, size_t stride, size_t count, gr_ref ref)
{
    size_t first = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (info_at(list, stride, first + half)->ref.slot < ref.slot) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    /* Past the end only if all slots are lower: the caller's last slot tells. */
    struct gr_actor_info *info = info_at(list, stride, first);
    return gr_ref_equal(info->ref, ref) ? info : NULL;
}

void gri_names_tell(struct gri_names *names, struct gr_actor_info *list, size_t stride, size_t count)
{
    if (count == 0) return;
    uint32_t last = info_at(list, stride, count - 1)->ref.slot;
    gri_mutex_lock(&names->mutex);
    for (uint64_t i = 0; i <= names->table.mask; i++) {
        struct gri_table_node *node = gri_table_bucket(&names->table, i);
        for (; node != NULL; node = node->next) {
            const struct gri_name *name = GRI_CONTAINER_OF(node, struct gri_name, node);
            if (gr_ref_is_null(name->ref) || name->ref.slot > last) continue;
            struct gr_actor_info *entry = entry_of(list, stride, count, name->ref);
            if (entry != NULL) memcpy(entry->name, name->text, sizeof entry->name);
        }
    }
    gri_mutex_unlock(&names->mutex);
}

/* ---- actors ---- */

int gr_register(gr_actor *self, const char *name)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_register: only an actor has a name");
    struct gri_names *names = &gri_loop_system(self->loop)->names;
    struct gri_actor_extra *extra = gri_actor_extra(self);
    if (extra == NULL) return gri_fail(self, GR_ENOMEM, "gr_register: no memory");
    if (extra->name != NULL)
        return gri_fail(self, GR_EEXISTS, "gr_register: the actor is \"%s\" already", extra->name->text);
    struct gri_name *reserved;
    int error = gri_names_reserve(names, name, &reserved);
    if (error != 0) {
        char text[GRI_ERROR_TEXT_SIZE];
        gri_names_explain(name, error, text, sizeof text);
        return gri_fail(self, error, "gr_register: %s", text);
    }
    gri_names_give(names, reserved, gri_actor_ref(self));
    extra->name = reserved;
    return 0;
}

void gri_actor_free_name(struct gr_actor *actor)
{
    struct gri_name *name = actor->extra->name;
    actor->extra->name = NULL;
    gri_names_free(&gri_loop_system(actor->loop)->names, name);
}

int gr_unregister(gr_actor *self, const char *name)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_unregister: only an actor has a name");
    const struct gri_name *own = self->extra != NULL ? self->extra->name : NULL;
    if (own == NULL || name == NULL || strcmp(own->text, name) != 0)
        return gri_fail(self, GR_ENOTFOUND, "gr_unregister: the name is not the caller's");
    gri_actor_free_name(self);
    return 0;
}

const char *gr_name(const gr_actor *self)
{
    return self != NULL && self->extra != NULL && self->extra->name != NULL ? self->extra->name->text : NULL;
}

gr_ref gr_whereis(gr_actor *self, const char *name)
{
    if (self == NULL) {
        gri_fail(NULL, GR_ECONTEXT, "gr_whereis: from outside, use gr_system_whereis");
        return (gr_ref){0, 0, 0};
    }
    return gri_names_find(&gri_loop_system(self->loop)->names, name);
}

gr_ref gr_system_whereis(gr_system *system, const char *name)
{
    return system != NULL ? gri_names_find(&system->names, name) : (gr_ref){0, 0, 0};
}
