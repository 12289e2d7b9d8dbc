/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of work for a loop: whatever can be queued and run. It knows no actor. */
#ifndef GRI_SCHEDULER_WORK_H
#define GRI_SCHEDULER_WORK_H

#include <stddef.h>

struct gri_loop;

struct gri_work {
    struct gri_work *next; /* in a run queue; free for its owner's use otherwise */
    void (*run)(struct gri_loop *loop, struct gri_work *); /* one turn; may queue the work again */
};

/* First in, first out. */
struct gri_work_queue {
    struct gri_work *head; /* the next to run; NULL when empty */
    struct gri_work *tail; /* the last; undefined when empty */
};

static inline void gri_work_push(struct gri_work_queue *queue, struct gri_work *work)
{
    work->next = NULL;
    if (queue->head == NULL)
        queue->head = work;
    else
        queue->tail->next = work;
    queue->tail = work;
}

static inline struct gri_work *gri_work_pop(struct gri_work_queue *queue)
{
    struct gri_work *work = queue->head;
    if (work != NULL) queue->head = work->next;
    return work;
}

#endif
