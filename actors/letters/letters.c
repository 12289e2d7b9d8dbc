/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of dead letters; see letters.h. A report is sent only where there is room for it, and what becomes of it is
 * reported to nobody: so one dead letter makes at most one message for each subscriber.
 */
#include "actors/letters/letters.h"

#include "actors/admission.h"
#include "actors/requests/requests.h"

#include <greenroom/dead_letter.h>

/* An actor that subscribed: one of its obligations, so that it ends with the actor. */
struct subscription {
    struct gri_obligation obligation; /* at the actor; without a handle */
    struct gri_list_node node;        /* in the system's list */
    gr_ref ref;                       /* who */
};

void gri_subscribers_init(struct gri_subscribers *subscribers)
{
    gri_mutex_init(&subscribers->mutex);
    gri_list_init(&subscribers->list);
}

void gri_subscribers_fini(struct gri_subscribers *subscribers)
{
    gri_mutex_fini(&subscribers->mutex);
}

/* Counts one more or less. With the mutex held. */
static void add_to_count(struct gri_subscribers *subscribers, int by)
{
    gri_store(&subscribers->count, gri_load(&subscribers->count, GRI_RELAXED) + (uint32_t)by, GRI_RELAXED);
}

/* ---- subscribing ---- */

static void drop_subscription(struct gr_actor *owner, struct gri_obligation *obligation)
{
    struct subscription *subscription = GRI_CONTAINER_OF(obligation, struct subscription, obligation);
    struct gri_subscribers *subscribers = &gri_loop_system(owner->loop)->letters;
    gri_mutex_lock(&subscribers->mutex);
    gri_list_remove(&subscription->node);
    add_to_count(subscribers, -1);
    gri_mutex_unlock(&subscribers->mutex);
    gri_list_remove(&subscription->obligation.node);
    gri_pool_give(&owner->loop->pool, subscription, gri_pool_class(sizeof *subscription));
}

/* The actor's subscription, or NULL. */
static struct gri_obligation *find_own(const struct gri_actor_extra *extra)
{
    struct gri_list_node *node = gri_list_first(&extra->obligations);
    for (; node != NULL; node = gri_list_next(&extra->obligations, node)) {
        struct gri_obligation *obligation = GRI_CONTAINER_OF(node, struct gri_obligation, node);
        if (obligation->drop == drop_subscription) return obligation;
    }
    return NULL;
}

static int subscribe(struct gr_actor *self)
{
    struct gri_subscribers *subscribers = &gri_loop_system(self->loop)->letters;
    struct subscription *subscription = gri_pool_take(&self->loop->pool,
                                                      gri_pool_class(sizeof *subscription));
    if (subscription == NULL) return GR_ENOMEM;
    *subscription = (struct subscription){.obligation.drop = drop_subscription, .ref = gri_actor_ref(self)};
    gri_list_push_back(&self->extra->obligations, &subscription->obligation.node);
    gri_mutex_lock(&subscribers->mutex);
    gri_list_push_back(&subscribers->list, &subscription->node);
    add_to_count(subscribers, 1);
    gri_mutex_unlock(&subscribers->mutex);
    return 0;
}

int gr_subscribe_dead_letters(gr_actor *self, bool wants)
{
    if (self == NULL) return gri_fail(NULL, GR_ECONTEXT, "gr_subscribe_dead_letters: only an actor can");
    struct gri_actor_extra *extra = gri_actor_extra(self);
    int error = extra == NULL ? GR_ENOMEM : 0;
    struct gri_obligation *own = extra != NULL ? find_own(extra) : NULL;
    if (own != NULL && !wants) drop_subscription(self, own);
    if (error == 0 && own == NULL && wants) error = subscribe(self);
    if (!wants) return 0; /* without memory there was no subscription */
    return error == 0 ? 0 : gri_fail(self, error, "gr_subscribe_dead_letters: no memory");
}

/* ---- reporting ---- */

bool gri_is_report(const struct gri_message *m)
{
    return m->kind == GRI_MAIL_USER && m->type == gr_dead_letter_report_gr_type.id;
}

/* Sends a report from a loop. */
static void send_report(struct gri_loop *loop, gr_ref to, const struct gr_dead_letter_report *report)
{
    struct gri_target target;
    enum gri_verdict verdict = GRI_REJECT;
    if (gri_look(loop, to, &target, &verdict) != 0 || verdict != GRI_ACCEPT) return;
    struct gri_message *m = gri_loop_new_message(loop, sizeof *report);
    if (m == NULL) return;
    gri_fill(m, &gr_dead_letter_report_gr_type, report);
    m->sender_seat = 0;
    m->sender_slot = 0;
    m->sender_generation = 0;
    gri_put(loop, &target, to.generation, m);
}

void gri_report_dead_letter(struct gr_system *system, struct gri_loop *loop, gr_ref from, gr_ref to,
                            const struct gr_type *type, enum gr_dead_letter cause)
{
    struct gr_dead_letter_report report = {.from = from, .to = to, .cause = (uint32_t)cause};
    if (type != NULL && type->id == gr_dead_letter_report_gr_type.id) return;
    if (type != NULL) strncpy(report.type, type->name, sizeof report.type - 1);
    gri_mutex_lock(&system->letters.mutex);
    struct gri_list_node *node = gri_list_first(&system->letters.list);
    for (; node != NULL; node = gri_list_next(&system->letters.list, node)) {
        const struct subscription *subscription = GRI_CONTAINER_OF(node, struct subscription, node);
        /* The room that its own full mailbox has just made is not for reports: each would push out one more message. */
        if (cause == GR_DEAD_FULL && gr_ref_equal(to, subscription->ref)) continue;
        if (loop != NULL)
            send_report(loop, subscription->ref, &report);
        else
            gri_foreign_report(system, subscription->ref, &gr_dead_letter_report_gr_type, &report);
    }
    gri_mutex_unlock(&system->letters.mutex);
}

const char *gr_dead_letter_name(uint32_t cause)
{
    static const char *const names[] = {
#define NAME(constant, text) text,
        GR_DEAD_LETTER_TABLE(NAME)
#undef NAME
    };
    return cause < GR_DEAD_LETTER_COUNT ? names[cause] : "unknown";
}
