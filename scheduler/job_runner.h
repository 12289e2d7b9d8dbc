/* SPDX-License-Identifier: Apache-2.0 */
/* The seam for blocking work: where jobs go. The pool of threads implements it for real, the simulation inline. */
#ifndef GRI_SCHEDULER_JOB_RUNNER_H
#define GRI_SCHEDULER_JOB_RUNNER_H

#include "scheduler/blocking.h"

struct gri_job_runner {
    int (*submit)(struct gri_job_runner *runner, struct gri_job *job);  /* as gri_blocking_submit */
    bool (*cancel)(struct gri_job_runner *runner, struct gri_job *job); /* as gri_blocking_cancel */
};

#endif
