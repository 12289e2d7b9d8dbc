/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: the registry of a system, by which actors find each other without a reference. A name belongs to one actor, an
 * actor has at most one name, and only the actor itself, or the spawn that makes it, gives it. When the actor ends, the
 * name is free before anyone is told of its end.
 */
#ifndef GREENROOM_NAME_H
#define GREENROOM_NAME_H

#include <greenroom/actor.h>
#include <greenroom/system.h>

GRI_BEGIN_C

/*
 * Names the calling actor. `name` has 1 to GR_NAME_SIZE - 1 bytes and is copied.
 * Errors: GR_EEXISTS if the name is taken or the actor has one, GR_EINVALID, GR_ENOMEM; GR_ECONTEXT if `self` is NULL.
 * gr_spawn_with(self, A, (.name = "door")) names an actor before it begins.
 */
GR_API GR_MUST_USE int gr_register(gr_actor *self, const char *name);

/* Gives the caller's name back. GR_ENOTFOUND if it is not the caller's, which may be ignored. Needs `self`. */
GR_API int gr_unregister(gr_actor *self, const char *name);

/* The caller's name, ended by a zero byte; NULL if it has none, or if `self` is NULL. The text stays until the name is given
 * back, or the actor has ended. */
GR_API const char *gr_name(const gr_actor *self);

/* Who has a name just now, in the caller's system; the null reference if nobody has, as nobody has a text that can't be a
 * name, or if `self` is NULL. */
GR_API gr_ref gr_whereis(gr_actor *self, const char *name);

/* The same for a system. Any thread. */
GR_API gr_ref gr_system_whereis(gr_system *system, const char *name);

GRI_END_C

#endif
