/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of work for a loop: whatever can be queued and run. It knows no actor. */
#ifndef GRI_SCHEDULER_WORK_H
#define GRI_SCHEDULER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gri_loop;

struct gri_work {
    struct gri_work *next; /* in a run queue; free for its owner's use otherwise */
    void (*run)(struct gri_loop *loop, struct gri_work *); /* one turn; may queue the work again */
};

/* First in, first out. Points into itself while empty, so it stays where it was initialised. */
struct gri_work_queue {
    struct gri_work *head; /* the next to run; anything when empty */
    struct gri_work *
        *end; /* where the next one to queue is noted: the last one's `next`, or `head` when empty */
};

static inline void gri_work_queue_init(struct gri_work_queue *queue)
{
    queue->head = NULL;
    queue->end = &queue->head;
}

static inline bool gri_work_queue_is_empty(const struct gri_work_queue *queue)
{
    return queue->end == &queue->head;
}

/* Queues work if `really`, else leaves a note behind the end that nobody reads. Without a branch: whether a receiver
 * already has a turn coming is often a matter of chance, and a branch that is guessed wrong costs as much as a turn. */
static inline void gri_work_push_if(struct gri_work_queue *queue, struct gri_work *work, bool really)
{
    *queue->end = work;
    queue->end = really ? &work->next : queue->end;
}

static inline void gri_work_push(struct gri_work_queue *queue, struct gri_work *work)
{
    gri_work_push_if(queue, work, true);
}

/* Takes the first, or NULL. The second after it is fetched meanwhile: it was scheduled a while ago, and is often no longer
 * in the nearest cache when its turn comes. */
static inline struct gri_work *gri_work_pop(struct gri_work_queue *queue)
{
    if (gri_work_queue_is_empty(queue)) return NULL;
    struct gri_work *work = queue->head;
    queue->head = work->next;
    if (queue->end == &work->next) {
        queue->end = &queue->head;
    } else {
        /* Anything if there is none, so it is but a number. */
        uintptr_t second = (uintptr_t)queue->head->next;
        __builtin_prefetch((const void *)second);
        __builtin_prefetch((const void *)(second + offsetof(struct gri_work, run)));
    }
    return work;
}

#endif
