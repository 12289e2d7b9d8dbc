/* SPDX-License-Identifier: Apache-2.0 */
/* Closing a system for good: it stays, empty, and refuses everything, until it is destroyed. */
#include "base/error.h"
#include "runtime/runtime.h"

bool gri_runtime_is_shut(const struct gri_runtime *runtime)
{
    if (gri_load(&runtime->shut, GRI_ACQUIRE) == 0) return false;
    gri_thread_error_set("the system is closed");
    return true;
}

int gr_system_close(gr_system *system)
{
    if (gri_system_given(system, "gr_system_close") != 0) return GR_EINVALID;
    struct gri_runtime *runtime = gri_runtime_of(system);
    struct gri_loop *loop = gri_loop_current();
    if (loop != NULL && loop->owner == system) {
        gri_thread_error_set("gr_system_close: an actor can't close its own system, only stop it");
        return GR_EBUSY;
    }
    /* From here on no run begins. The end of a stop leaves the system closed for senders too; one that had come too far
     * to see that is followed by another. */
    gri_store(&runtime->shut, 1, GRI_RELEASE);
    do {
        int error = gri_runtime_stop(runtime, runtime->options.stop_deadline, NULL, 0, NULL);
        if (error != 0) return error;
    } while (gri_load(&system->closed, GRI_ACQUIRE) == 0);
    return 0;
}
