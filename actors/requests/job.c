/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking work of actors: a job for the pool whose end comes back as the reply of a request. With a call the job holds the
 * arguments, and the reply's envelope takes the result: whatever ends the wait, the work has nothing but these two.
 */
#include "actors/requests/requests.h"
#include "base/error.h"
#include "messages/visit.h"

#include <greenroom/blocking.h>

/* A job with its reply. It is freed where the reply arrives, or where the job is taken back. */
struct gri_actor_job {
    struct gri_job job;         /* what the pool runs */
    struct gr_system *system;   /* whose */
    struct gri_loop *loop;      /* where the reply is given to */
    struct gri_message *reply;  /* its envelope: of a call the result, then in any case this job's address */
    gri_blocking_function call; /* of a call, else NULL */
    const struct gr_type *type; /* of a call's arguments, else NULL */
    _Alignas(GR_MESSAGE_ALIGN_MAX) unsigned char arguments[]; /* of a call: owned; else nothing */
};

static size_t size_of_job(const struct gr_type *type)
{
    return sizeof(struct gri_actor_job) + (type == NULL ? 0 : type->size);
}

/* Where a reply holds its job's address, behind a result of that type, if there is one. */
static uint64_t *job_in(struct gri_message *reply, const struct gr_type *result_type)
{
    size_t words = result_type == NULL ? 0 : (result_type->size + sizeof(uint64_t) - 1) / sizeof(uint64_t);
    return &reply->payload[words];
}

static bool is_counted(const struct gr_type *type)
{
    return type != NULL && (type->flags & GRI_TYPE_COUNTED);
}

static void free_job(struct gri_actor_job *job)
{
    if (is_counted(job->type)) gr_message_release(job->type, job->arguments);
    gri_memory_release(&job->system->memory.memory, job, size_of_job(job->type));
}

/* ---- on the thread that runs the work ---- */

static int run_call(void *argument)
{
    struct gri_actor_job *job = argument;
    return job->call(job->arguments, job->reply->payload);
}

/* Sends the reply. */
static void job_done(struct gri_job *job)
{
    struct gri_actor_job *self = GRI_CONTAINER_OF(job, struct gri_actor_job, job);
    struct gri_message *reply = self->reply;
    const struct gr_type *result_type = self->call == NULL ? NULL : gri_type_by_id(reply->type);
    reply->error = job->result;
    if (is_counted(result_type) && job->result == 0) reply->flags |= GRI_MAIL_HEAVY;
    if (is_counted(result_type) && job->result != 0) gr_message_release(result_type, reply->payload);
    gri_loop_inject(self->loop, reply);
}

/* ---- on the loop ---- */

void gri_job_arrived(struct gri_message *reply)
{
    /* The id of no type is 0. */
    free_job((struct gri_actor_job *)(uintptr_t)*job_in(reply, gri_type_by_id(reply->type)));
}

/* Ends a job that the pool does not have. */
static void drop(struct gri_actor_job *job)
{
    gri_message_destroy(&job->system->memory.memory, job->reply);
    free_job(job);
}

void gri_job_abandon(struct gr_future *future)
{
    struct gri_actor_job *job = future->job;
    future->job = NULL;
    if (job->system->jobs->cancel(job->system->jobs, &job->job)) drop(job);
}

/* Makes the envelope of a reply, with room for a result, which is zeroed. */
static struct gri_message *create_reply(struct gr_actor *self, uint64_t handle, const struct gr_type *type)
{
    struct gr_system *system = gri_loop_system(self->loop);
    size_t size = (type == NULL ? 0 : type->size) + 2 * sizeof(uint64_t);
    struct gri_message *reply = gri_message_create(&system->memory.memory, size);
    if (reply == NULL) return NULL;
    reply->to_slot = self->slot;
    reply->to_generation = gri_load(&self->generation, GRI_RELAXED);
    reply->handle = handle;
    reply->reply = NULL;
    reply->type = type == NULL ? 0 : (uint16_t)type->id;
    reply->kind = GRI_MAIL_REPLY;
    reply->flags = GRI_MAIL_JOB;
    if (type != NULL) memset(reply->payload, 0, type->size);
    return reply;
}

/* Makes the job and its reply; takes nothing of the arguments yet. NULL when there is no memory. */
static struct gri_actor_job *create_job(struct gr_actor *self, uint64_t handle, const struct gr_type *type,
                                        const struct gr_type *result_type)
{
    struct gr_system *system = gri_loop_system(self->loop);
    struct gri_actor_job *job = gri_memory_allocate(&system->memory.memory, size_of_job(type));
    if (job == NULL) return NULL;
    *job = (struct gri_actor_job){.job.done = job_done, .system = system, .loop = self->loop, .type = type};
    job->reply = create_reply(self, handle, result_type);
    if (job->reply == NULL) {
        gri_memory_release(&system->memory.memory, job, size_of_job(type));
        return NULL;
    }
    *job_in(job->reply, result_type) = (uintptr_t)job;
    return job;
}

/* Ends a future whose work can't begin. Returns it. */
static gr_future *fail(struct gr_actor *self, struct gr_future *future, int error, const char *what,
                       const char *why)
{
    gri_fail(self, error, "%s: %s", what, why);
    gri_future_complete(future, error, gri_error_answer(self, error));
    return future;
}

/* Gives a job to the pool. Errors: with the thread's error text. */
static int submit(struct gr_future *future, struct gri_actor_job *job)
{
    int error = job->system->jobs->submit(job->system->jobs, &job->job);
    if (error != 0) return error;
    future->job = job;
    gri_count(&job->loop->counters, GRI_COUNTER_JOBS, 1);
    return 0;
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
    struct gri_actor_job *job = create_job(self, future->obligation.handle, NULL, NULL);
    if (job == NULL) return fail(self, future, GR_ENOMEM, "gr_blocking", gr_error_text(GR_ENOMEM));
    job->job.work = work;
    job->job.argument = argument;
    int error = submit(future, job);
    if (error == 0) return future;
    drop(job);
    return fail(self, future, error, "gr_blocking", gri_thread_error());
}

/* Ends what can't begin. Returns the future, or NULL if there is none. */
static gr_future *refuse_call(struct gr_actor *self, struct gr_future *future, int error, const char *why,
                              const struct gr_type *type, const void *arguments)
{
    if (is_counted(type)) gr_message_release(type, arguments);
    if (future != NULL) return fail(self, future, error, "gr_blocking_call", why);
    gri_fail(self, error, "gr_blocking_call: %s", why);
    return NULL;
}

gr_future *gri_blocking_call(gr_actor *self, gri_blocking_function call, const struct gr_type *result_type,
                             const struct gr_type *type, const void *arguments)
{
    if (self == NULL)
        return refuse_call(self, NULL, GR_ECONTEXT, "only an actor can start it; a plain thread may block",
                           type, arguments);
    bool is_valid = type->id != 0 && result_type->id != 0;
    struct gr_future *future = gri_future_create(self, GRI_FUTURE_JOB);
    struct gri_actor_job *job = NULL;
    if (future != NULL && is_valid) job = create_job(self, future->obligation.handle, type, result_type);
    if (job == NULL) {
        int error = is_valid || future == NULL ? GR_ENOMEM : GR_EINVALID;
        return refuse_call(self, future, error, gr_error_text(error), type, arguments);
    }
    job->call = call;
    job->job.work = run_call;
    job->job.argument = job;
    memcpy(job->arguments, arguments, type->size); /* with what they own */
    int error = submit(future, job);
    if (error == 0) return future;
    drop(job);
    return fail(self, future, error, "gr_blocking_call", gri_thread_error());
}
