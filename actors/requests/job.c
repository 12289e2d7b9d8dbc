/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking work of actors: a job for the pool whose end comes back as the reply of a request. */
#include "actors/actor.h"

#include <greenroom/blocking.h>

/* A job with its reply. It is freed where the reply arrives, or where the job is taken back. */
struct gri_actor_job {
    struct gri_job job;        /* what the pool runs */
    struct gr_system *system;  /* whose */
    struct gri_loop *loop;     /* where the reply is given to */
    struct gri_message *reply; /* its envelope */
};

static void free_job(struct gri_actor_job *job)
{
    gri_memory_release(&job->system->memory.memory, job, sizeof *job);
}

/* On the thread that ran the work: sends the reply. */
static void job_done(struct gri_job *job)
{
    struct gri_actor_job *self = GRI_CONTAINER_OF(job, struct gri_actor_job, job);
    self->reply->error = job->result;
    gri_loop_inject(self->loop, self->reply);
}

void gri_job_arrived(struct gri_message *reply)
{
    free_job((struct gri_actor_job *)(uintptr_t)reply->payload[0]);
}

void gri_job_abandon(struct gr_future *future)
{
    struct gri_actor_job *job = future->job;
    future->job = NULL;
    if (!job->system->jobs->cancel(job->system->jobs, &job->job)) return;
    gri_message_destroy(&job->system->memory.memory, job->reply);
    free_job(job);
}

/* Makes the job and its reply. NULL when there is no memory. */
static struct gri_actor_job *create_job(struct gr_actor *self, uint64_t handle)
{
    struct gr_system *system = gri_loop_system(self->loop);
    struct gri_actor_job *job = gri_memory_allocate(&system->memory.memory, sizeof *job);
    struct gri_message *reply = gri_message_create(&system->memory.memory, sizeof(uint64_t));
    if (job == NULL || reply == NULL) {
        if (job != NULL) gri_memory_release(&system->memory.memory, job, sizeof *job);
        if (reply != NULL) gri_message_destroy(&system->memory.memory, reply);
        return NULL;
    }
    *job = (struct gri_actor_job){.system = system, .loop = self->loop, .reply = reply};
    reply->to_slot = self->slot;
    reply->to_generation = gri_load(&self->generation, GRI_RELAXED);
    reply->handle = handle;
    reply->reply = NULL;
    reply->type = 0;
    reply->kind = GRI_MAIL_REPLY;
    reply->flags = GRI_MAIL_JOB;
    reply->payload[0] = (uintptr_t)job;
    return job;
}

gr_future *gr_blocking(gr_actor *self, int (*work)(void *argument), void *argument)
{
    if (self == NULL) {
        gri_fail(NULL, GR_ECONTEXT, "gr_blocking: only an actor can start it; a plain thread may block");
        return NULL;
    }
    struct gr_future *future = gri_future_create(self, GRI_FUTURE_JOB);
    if (future == NULL) {
        gri_fail(self, GR_ENOMEM, "gr_blocking: no memory");
        return NULL;
    }
    int error = GR_ENOMEM;
    struct gri_actor_job *job = create_job(self, future->obligation.handle);
    if (job != NULL) {
        job->job.work = work;
        job->job.argument = argument;
        job->job.done = job_done;
        future->job = job;
        error = job->system->jobs->submit(job->system->jobs, &job->job);
        gri_count(&self->loop->counters, GRI_COUNTER_JOBS, error == 0);
    }
    if (error == 0) return future;
    if (job != NULL) {
        gri_message_destroy(&job->system->memory.memory, job->reply);
        free_job(job);
        future->job = NULL;
    }
    gri_fail(self, error, "gr_blocking: %s", gr_error_text(error));
    gri_future_complete(future, error, gri_error_answer(self, error));
    return future;
}
