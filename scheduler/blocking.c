/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking pool. One mutex; a condition for each thread, so that the thread that worked last gets the next job and
 * those that are not needed end.
 */
#include "scheduler/blocking.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>

/* One thread of a pool. */
struct gri_blocking_thread {
    struct gri_list_node node;      /* in the pool's idle */
    gri_cond wake;                  /* it was taken out of idle */
    struct gri_blocking_pool *pool; /* whose */
    gri_thread handle;              /* to join */
};

void gri_blocking_init(struct gri_blocking_pool *pool, struct gri_memory *memory, int threads_max,
                       uint32_t queue_max)
{
    GRI_ASSERT(threads_max >= 1 && queue_max >= 1);
    *pool = (struct gri_blocking_pool){
        .memory = memory,
        .idle_ns = GRI_BLOCKING_IDLE_NS,
        .create_thread = gri_thread_create,
        .threads_max = threads_max,
        .queue_max = queue_max,
    };
    gri_mutex_init(&pool->mutex);
    gri_cond_init(&pool->quiet);
    gri_list_init(&pool->queue);
    gri_list_init(&pool->running);
    gri_list_init(&pool->idle);
}

static gr_time now(void)
{
    return gri_clock_now(gri_clock_monotonic());
}

/* Waits for a thread that has ended, or is about to, and frees it; NULL is fine. */
static void join(struct gri_blocking_thread *thread)
{
    if (!thread) return;
    struct gri_memory *memory = thread->pool->memory;
    gri_thread_join(thread->handle);
    gri_cond_fini(&thread->wake);
    gri_memory_release(memory, thread, sizeof(*thread));
}

/* Takes the next job, waiting for one while the thread may be idle. NULL: the thread is to end. With the mutex held. */
static struct gri_job *next_job(struct gri_blocking_thread *thread)
{
    struct gri_blocking_pool *pool = thread->pool;
    gr_time deadline = gri_clock_after(now(), pool->idle_ns);
    while (gri_list_is_empty(&pool->queue)) {
        if (pool->stopped) return NULL;
        gri_list_push_back(&pool->idle, &thread->node);
        int err = gri_cond_wait_until(&thread->wake, &pool->mutex, deadline);
        if (gri_list_is_linked(&thread->node)) gri_list_remove(&thread->node);
        if (err == GR_ETIMEOUT && gri_list_is_empty(&pool->queue)) return NULL;
    }
    struct gri_list_node *node = gri_list_pop_front(&pool->queue);
    pool->queue_count--;
    return GRI_CONTAINER_OF(node, struct gri_job, node);
}

/* With the mutex held, but for the calls. */
static void run(struct gri_blocking_pool *pool, struct gri_job *job)
{
    job->state = GRI_JOB_RUNNING;
    job->started_ns = now();
    gri_list_push_back(&pool->running, &job->node);
    pool->busy_count++;
    gri_mutex_unlock(&pool->mutex);

    job->result = job->work(job->argument);

    gri_mutex_lock(&pool->mutex);
    gri_list_remove(&job->node);
    job->state = GRI_JOB_IDLE;
    gri_mutex_unlock(&pool->mutex);

    job->done(job);

    gri_mutex_lock(&pool->mutex);
    pool->busy_count--;
}

static void *thread_main(void *argument)
{
    struct gri_blocking_thread *thread = argument;
    struct gri_blocking_pool *pool = thread->pool;
    gri_mutex_lock(&pool->mutex);
    for (struct gri_job *job; (job = next_job(thread));) run(pool, job);
    /* After a stop this comes right after the last job, so it also tells that no job is left. */
    pool->thread_count--;
    struct gri_blocking_thread *before = pool->ended;
    pool->ended = thread;
    gri_cond_broadcast(&pool->quiet);
    gri_mutex_unlock(&pool->mutex);
    join(before);
    return NULL;
}

/* Starts a thread, with the mutex held, so that nobody counts on a thread that may yet fail to start. */
static int start_thread(struct gri_blocking_pool *pool)
{
    char name[16];
    struct gri_blocking_thread *thread = gri_memory_allocate(pool->memory, sizeof(*thread));
    if (!thread) {
        gri_thread_error_set("out of memory: no record for a blocking thread");
        return GR_ENOMEM;
    }
    *thread = (struct gri_blocking_thread){.pool = pool};
    gri_cond_init(&thread->wake);
    snprintf(name, sizeof(name), "gr-block-%u", pool->thread_number % 100000);
    int err = pool->create_thread(&thread->handle, thread_main, thread, name);
    if (err) goto fail_release;
    pool->thread_number++;
    pool->thread_count++;
    return 0;

fail_release:
    gri_cond_fini(&thread->wake);
    gri_memory_release(pool->memory, thread, sizeof(*thread));
    return err;
}

/* Makes sure that a thread will look at the queue, with the mutex held. */
static int find_thread(struct gri_blocking_pool *pool)
{
    if (!gri_list_is_empty(&pool->idle)) {
        struct gri_blocking_thread *thread = GRI_CONTAINER_OF(pool->idle.ends.prev,
                                                              struct gri_blocking_thread, node);
        gri_list_remove(&thread->node);
        gri_cond_signal(&thread->wake);
        return 0;
    }
    int err = pool->thread_count < pool->threads_max ? start_thread(pool) : 0;
    return pool->thread_count > 0 ? 0 : err;
}

static int submit(struct gri_blocking_pool *pool, struct gri_job *job)
{
    GRI_ASSERT(job->state == GRI_JOB_IDLE);
    if (pool->stopped) {
        gri_thread_error_set("the pool of blocking threads has stopped");
        return GR_ESTOPPED;
    }
    if (pool->queue_count == pool->queue_max) {
        gri_thread_error_set("%u blocking jobs wait already, and all %d threads are busy", pool->queue_count,
                             pool->thread_count);
        return GR_EFULL;
    }
    int err = find_thread(pool);
    if (err) return err;
    job->state = GRI_JOB_QUEUED;
    gri_list_push_back(&pool->queue, &job->node);
    pool->queue_count++;
    return 0;
}

int gri_blocking_submit(struct gri_blocking_pool *pool, struct gri_job *job)
{
    gri_mutex_lock(&pool->mutex);
    int err = submit(pool, job);
    gri_mutex_unlock(&pool->mutex);
    return err;
}

/* Takes a job out of the queue, with the mutex held. */
static void unqueue(struct gri_blocking_pool *pool, struct gri_job *job)
{
    gri_list_remove(&job->node);
    job->state = GRI_JOB_IDLE;
    pool->queue_count--;
}

bool gri_blocking_cancel(struct gri_blocking_pool *pool, struct gri_job *job)
{
    gri_mutex_lock(&pool->mutex);
    bool queued = job->state == GRI_JOB_QUEUED;
    if (queued) unqueue(pool, job);
    gri_mutex_unlock(&pool->mutex);
    return queued;
}

/* Gives back what waits. With the mutex held, but for the calls; nothing is queued any more. */
static void give_back(struct gri_blocking_pool *pool)
{
    struct gri_list_node *node;
    while ((node = gri_list_first(&pool->queue))) {
        struct gri_job *job = GRI_CONTAINER_OF(node, struct gri_job, node);
        unqueue(pool, job);
        job->result = GR_ESTOPPED;
        gri_mutex_unlock(&pool->mutex);
        job->done(job);
        gri_mutex_lock(&pool->mutex);
    }
}

int gri_blocking_stop(struct gri_blocking_pool *pool, gr_time deadline)
{
    gr_time until = gri_clock_after(now(), deadline);
    int err = 0;
    gri_mutex_lock(&pool->mutex);
    pool->stopped = true;
    give_back(pool);
    for (struct gri_list_node *node; (node = gri_list_pop_front(&pool->idle));)
        gri_cond_signal(&GRI_CONTAINER_OF(node, struct gri_blocking_thread, node)->wake);
    while (pool->busy_count > 0 && err == 0) err = gri_cond_wait_until(&pool->quiet, &pool->mutex, until);
    if (pool->busy_count > 0) {
        gri_thread_error_set("%u blocking jobs still run", pool->busy_count);
        gri_mutex_unlock(&pool->mutex);
        return GR_EABANDONED;
    }
    /* Threads without a job end at once, whatever the deadline. */
    while (pool->thread_count > 0) gri_cond_wait(&pool->quiet, &pool->mutex);
    struct gri_blocking_thread *last = pool->ended;
    pool->ended = NULL;
    gri_mutex_unlock(&pool->mutex);
    join(last);
    return 0;
}

size_t gri_blocking_list(struct gri_blocking_pool *pool, struct gri_blocking_entry *list, size_t capacity)
{
    size_t count = 0;
    gri_mutex_lock(&pool->mutex);
    const struct gri_list_node *node = gri_list_first(&pool->running);
    for (; node; node = gri_list_next(&pool->running, node), count++) {
        const struct gri_job *job = GRI_CONTAINER_OF(node, const struct gri_job, node);
        if (count < capacity) list[count] = (struct gri_blocking_entry){job, job->argument, job->started_ns};
    }
    gri_mutex_unlock(&pool->mutex);
    return count;
}

void gri_blocking_reopen(struct gri_blocking_pool *pool)
{
    gri_mutex_lock(&pool->mutex);
    GRI_ASSERT(pool->stopped && pool->thread_count == 0 && !pool->ended);
    pool->stopped = false;
    gri_mutex_unlock(&pool->mutex);
}

void gri_blocking_fini(struct gri_blocking_pool *pool)
{
    GRI_ASSERT(pool->stopped && pool->thread_count == 0 && !pool->ended);
    gri_cond_fini(&pool->quiet);
    gri_mutex_fini(&pool->mutex);
}
