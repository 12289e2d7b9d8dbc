/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that plain threads start: their results arrive in a box, as answers to plain threads do. */
#include "actors/admission.h"
#include "actors/requests/requests.h"
#include "actors/tasks/task.h"
#include "messages/visit.h"

/* Starts the task of a future. Returns its error so far. */
static int begin(struct gr_system *system, struct gr_future *future, const struct gr_behaviour *behaviour,
                 const struct gr_spawn_options *options, const void *start)
{
    if (behaviour->result_type == NULL || behaviour->result_type->id == 0)
        return gri_fail(NULL, GR_EINVALID, "%s is no task", behaviour->name);
    if (gri_system_given(system, "gr_system_start") != 0) return GR_EINVALID;
    struct gri_foreign_box *box = gri_foreign_box_create(system);
    struct gri_message *reply = box == NULL ? NULL : gri_foreign_new_reply(box, behaviour->result_type);
    int error = GR_ENOMEM;
    if (reply != NULL)
        error = gri_spawn_outside(system, behaviour, options, start, reply, &future->to);
    else
        gri_fail(NULL, error, "no memory to start %s", behaviour->name);
    if (error == 0) {
        future->foreign.box = box;
        future->foreign.deadline = GR_FOREVER;
        return GRI_FUTURE_PENDING;
    }
    if (reply != NULL) gri_message_destroy(&system->memory.memory, reply);
    if (box != NULL) gri_foreign_box_free(box);
    return error;
}

gr_future *gri_task_start_outside(gr_system *system, const struct gr_behaviour *behaviour,
                                  const struct gr_spawn_options *options, const void *start)
{
    struct gri_memory *memory = gri_memory_default();
    struct gr_future *future = gri_memory_allocate(memory, sizeof *future);
    if (future != NULL) {
        *future = (struct gr_future){.is_foreign = true, .kind = GRI_FUTURE_TASK, .foreign.memory = memory};
        future->foreign.behaviour = behaviour;
        future->error = begin(system, future, behaviour, options, start);
        if (future->error == GRI_FUTURE_PENDING) return future;
    } else {
        gri_fail(NULL, GR_ENOMEM, "no memory to start %s", behaviour->name);
    }
    if (behaviour->start_type->flags & GRI_TYPE_COUNTED) gr_message_release(behaviour->start_type, start);
    return future;
}
