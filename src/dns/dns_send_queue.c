/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues what is to be sent. */
#include "dns/dns_send_queue.h"

#include "dns/dns_inflight.h"

static void empty(struct dns_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

void dns_send_queue_init(struct dns_send_queue *queue)
{
    empty(&queue->usual);
    empty(&queue->suspects);
}

static struct dns_queue *queue_of(struct dns_send_queue *queue, const struct dns_inflight_query *query)
{
    return query->is_queued_as_suspect ? &queue->suspects : &queue->usual;
}

void dns_send_queue_add(struct dns_send_queue *queue, struct dns_inflight_query *query)
{
    struct dns_queue *own;

    query->is_queued_as_suspect = query->is_suspect;
    own = queue_of(queue, query);
    query->next_sent = NULL;
    *own->end = query;
    own->end = &query->next_sent;
}

void dns_send_queue_remove(struct dns_send_queue *queue, const struct dns_inflight_query *query)
{
    struct dns_queue *own = queue_of(queue, query);
    struct dns_inflight_query **link = &own->first;

    while (*link && *link != query)
        link = &(*link)->next_sent;
    if (!*link)
        return;
    *link = query->next_sent;
    if (!*link)
        own->end = link;
}

static struct dns_inflight_query *take_first(struct dns_queue *queue)
{
    struct dns_inflight_query *query = queue->first;

    queue->first = query->next_sent;
    if (!queue->first)
        queue->end = &queue->first;
    return query;
}

struct dns_inflight_query *dns_send_queue_next(struct dns_send_queue *queue, size_t under_way, size_t ports)
{
    if (queue->usual.first && under_way < ports)
        return take_first(&queue->usual);
    if (queue->suspects.first && under_way < ports / 2)
        return take_first(&queue->suspects);
    return NULL;
}
