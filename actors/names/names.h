/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of a system: names of actors, in one table under one mutex, which no actor without a name ever takes. It
 * knows names and references, not actors.
 */
#ifndef GRI_ACTORS_NAMES_H
#define GRI_ACTORS_NAMES_H

#include "base/platform.h"
#include "base/table.h"

#include <greenroom/system.h>

/* One name. */
struct gri_name {
    struct gri_table_node node; /* in the registry */
    gr_ref ref;                 /* whose it is; null while it is only reserved */
    char text[GR_NAME_SIZE];    /* ended by a zero byte */
};

struct gri_names {
    gri_mutex mutex;           /* over all else, and the names' references */
    struct gri_table table;    /* by text */
    struct gri_memory *memory; /* where names come from */
};

void gri_names_init(struct gri_names *names, struct gri_memory *memory);
void gri_names_fini(struct gri_names *names);

/* Takes a name that nobody finds until it is given. Errors: GR_EINVALID, GR_EEXISTS, GR_ENOMEM; *name is then NULL. */
int gri_names_reserve(struct gri_names *names, const char *text, struct gri_name **name);

/* Whether a text can't be a name, whoever has it. */
bool gri_names_is_bad(const char *text);

/* Says why gri_names_reserve refused a text. */
void gri_names_explain(const char *text, int error, char *out, size_t size);

/* Makes a reserved name an actor's. */
void gri_names_give(struct gri_names *names, struct gri_name *name, gr_ref ref);

/* Frees a name, reserved or given; NULL is fine. */
void gri_names_free(struct gri_names *names, struct gri_name *name);

/* Whose a name is, or the null reference. */
gr_ref gri_names_find(struct gri_names *names, const char *text);

/* Fills in the names of a list of actors that is in order of slots; `stride` bytes from one info to the next. */
void gri_names_tell(struct gri_names *names, struct gr_actor_info *list, size_t stride, size_t count);

#endif
