/* SPDX-License-Identifier: Apache-2.0 */
/* The mail lane's rare paths: bounds, policies and signals. The common ones are inline in mailbox.h. */
#include "mailbox/mailbox.h"

#include "base/assert.h"
#include "messages/registry.h"
#include "messages/visit.h"

void gri_mailbox_init(struct gri_mailbox *mailbox)
{
    /* By stores: others may still read what they hold of an actor that has just ended. */
    mailbox->head = NULL;
    mailbox->end = &mailbox->head;
    gri_store(&mailbox->count, 0, GRI_RELAXED);
    gri_store(&mailbox->excess, 0, GRI_RELAXED);
    mailbox->bound_messages = GRI_MAILBOX_MESSAGES_DEFAULT;
    mailbox->bound_lines = GRI_MAILBOX_LINES_DEFAULT;
    gri_full_init(&mailbox->full, 0);
}

/* The full word that says what the queue is. */
static void store_full(struct gri_mailbox *mailbox, uint32_t bits)
{
    uint32_t policy = gri_full_read(&mailbox->full) >> GRI_FULL_POLICY_SHIFT << GRI_FULL_POLICY_SHIFT;
    gri_full_set_bits(&mailbox->full, policy | (bits & GRI_FULL_HARD));
    if (bits & GRI_FULL)
        gri_full_set(&mailbox->full);
    else
        gri_full_clear(&mailbox->full);
}

/* Whether the queue is at `times` times its bound or above. */
static bool at_bound(const struct gri_mailbox *mailbox, unsigned times)
{
    return gri_load(&mailbox->count, GRI_RELAXED) >= (uint64_t)mailbox->bound_messages * times ||
           gri_mailbox_lines(mailbox) / times >= mailbox->bound_lines;
}

/* A bound in bytes, rounded up to KiB. */
static uint32_t lines(uint64_t bytes)
{
    const uint32_t lines_of_kib = 1024 / GRI_LINE_BYTES;
    uint64_t kib = bytes / 1024 + (bytes % 1024 != 0);
    return kib < GRI_LINES_MAX / lines_of_kib ? (uint32_t)kib * lines_of_kib : GRI_LINES_MAX;
}

void gri_mailbox_configure(struct gri_mailbox *mailbox, const struct gr_mailbox_options *options)
{
    if (options->messages) mailbox->bound_messages = options->messages;
    if (options->bytes) mailbox->bound_lines = lines(options->bytes);
    gri_full_set_bits(&mailbox->full, (uint32_t)options->policy << GRI_FULL_POLICY_SHIFT);
    if (at_bound(mailbox, 1)) gri_mailbox_reached_bound(mailbox);
}

size_t gri_message_block_size(const struct gri_message *m)
{
    if (m->pool_class != GRI_POOL_LARGE) return gri_pool_class_size(m->pool_class);
    size_t size = gri_type_by_id(m->type)->size;
    if (m->flags & GRI_MAIL_ORDERED) size = ((size + 7) & ~(size_t)7) + GRI_MAIL_ORDER_BYTES;
    return sizeof *m + size;
}

uint64_t gri_message_weight_heavy(const struct gri_message *m)
{
    const struct gr_type *type = gri_type_by_id(m->type);
    uint64_t block = gri_message_block_size(m);
    if (type->flags & GRI_TYPE_COUNTED) block += gri_message_counted_bytes(type, m->payload);
    return block;
}

/* What a policy says at the bound; `hard`: at twice the bound. */
static enum gri_verdict policy_verdict(enum gr_policy policy, bool hard)
{
    switch (policy) {
    case GR_POLICY_WAIT:
        return hard ? GRI_REJECT : GRI_ACCEPT_REST;
    case GR_POLICY_DROP_NEWEST:
        return GRI_DROP_NEWEST;
    case GR_POLICY_DROP_OLDEST:
        return GRI_ACCEPT_DROP_OLDEST;
    case GR_POLICY_REJECT:
        break;
    }
    return GRI_REJECT;
}

enum gri_verdict gri_mailbox_verdict_full(const struct gri_mailbox *mailbox)
{
    return policy_verdict(gri_full_policy(gri_full_read(&mailbox->full)), at_bound(mailbox, 2));
}

enum gri_verdict gri_full_verdict(uint32_t full)
{
    enum gr_policy policy = gri_full_policy(full);
    /* The owner drops the oldest on arrival: nobody is refused for its sake. */
    if (!(full & GRI_FULL) || policy == GR_POLICY_DROP_OLDEST) return GRI_ACCEPT;
    return policy_verdict(policy, (full & GRI_FULL_HARD) != 0);
}

void gri_mailbox_reached_bound(struct gri_mailbox *mailbox)
{
    store_full(mailbox, GRI_FULL | (at_bound(mailbox, 2) ? GRI_FULL_HARD : 0));
}

bool gri_mailbox_check_room(struct gri_mailbox *mailbox)
{
    uint32_t low = mailbox->bound_messages - (mailbox->bound_messages + 3) / 4;
    uint32_t low_lines = mailbox->bound_lines / 4 * 3;
    if (gri_load(&mailbox->count, GRI_RELAXED) > low || gri_mailbox_lines(mailbox) > low_lines) {
        bool hard = (gri_full_read(&mailbox->full) & GRI_FULL_HARD) != 0;
        if (hard && !at_bound(mailbox, 2)) store_full(mailbox, GRI_FULL);
        return false;
    }
    store_full(mailbox, 0);
    return true;
}

void gri_mailbox_push_signal(struct gri_mailbox *mailbox, struct gri_message *m)
{
    GRI_ASSERT(m->kind != GRI_MAIL_USER);
    gri_mailbox_append(mailbox, m);
}

void gri_mailbox_push_start(struct gri_mailbox *mailbox, struct gri_message *m)
{
    GRI_ASSERT(m->kind == GRI_MAIL_START);
    m->next = mailbox->head;
    if (mailbox->head == NULL) mailbox->end = &m->next;
    mailbox->head = m;
}

/* It passes over the signals that wait before: no more than the watches and links that the actor has made. A place to begin
 * at would have to be kept by all that put mail in front, in a line that has no room for it. */
struct gri_message *gri_mailbox_drop_oldest(struct gri_mailbox *mailbox)
{
    struct gri_message **link = &mailbox->head;
    while (*link != NULL && (*link)->kind != GRI_MAIL_USER) link = &(*link)->next;
    struct gri_message *m = *link;
    if (m == NULL) return NULL;
    *link = m->next;
    if (mailbox->end == &m->next) mailbox->end = link;
    gri_mailbox_count(mailbox, m, -1);
    if (gri_mailbox_is_full(mailbox)) (void)gri_mailbox_check_room(mailbox);
    return m;
}
