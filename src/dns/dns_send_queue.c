/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues what is to be sent, and gives each zone its turn. */
#include "dns/dns_send_queue.h"

#include "dns/dns_inflight.h"

#include <stdlib.h>

void dns_send_queue_init(struct dns_send_queue *queue)
{
    *queue = (struct dns_send_queue){.idle = {.first = NULL}};
    queue->idle.end = &queue->idle.first;
    queue->busy.end = &queue->busy.first;
    queue->suspects.end = &queue->suspects.first;
}

/* Zones */

static struct hash_table table_of(struct dns_send_queue *queue)
{
    return (struct hash_table){queue->buckets, DNS_SEND_BUCKETS};
}

static struct dns_send_zone *create_zone(struct dns_send_queue *queue, uint64_t key)
{
    struct dns_send_zone *zone = calloc(1, sizeof(*zone));
    struct hash_table table = table_of(queue);

    if (!zone)
        return NULL;
    zone->list.end = &zone->list.first;
    zone->link.hash = key;
    hash_table_add(&table, &zone->link);
    return zone;
}

struct dns_send_zone *dns_send_queue_zone(struct dns_send_queue *queue, uint64_t key)
{
    struct hash_table table = table_of(queue);
    struct dns_send_zone *zone = (struct dns_send_zone *)hash_table_first(&table, key);

    if (!zone)
        zone = create_zone(queue, key);
    if (zone)
        zone->references++;
    return zone;
}

void dns_send_queue_release(struct dns_send_queue *queue, struct dns_send_zone *zone)
{
    struct hash_table table = table_of(queue);

    if (--zone->references > 0)
        return;
    hash_table_remove(&table, &zone->link);
    free(zone);
}

/* Turns */

static void leave_turns(struct dns_send_zone *zone)
{
    if (!zone->turns)
        return;
    *zone->previous = zone->next;
    if (zone->next)
        zone->next->previous = zone->previous;
    else
        zone->turns->end = zone->previous;
    zone->turns = NULL;
}

/* Puts a zone at the end of the turns that it belongs to, or into none. */
static void take_place(struct dns_send_queue *queue, struct dns_send_zone *zone)
{
    struct dns_send_turns *turns = zone->ports > 0 ? &queue->busy : &queue->idle;

    leave_turns(zone);
    if (!zone->list.first)
        return;
    zone->turns = turns;
    zone->next = NULL;
    zone->previous = turns->end;
    *turns->end = zone;
    turns->end = &zone->next;
}

void dns_send_queue_port_taken(struct dns_send_queue *queue, struct dns_send_zone *zone)
{
    zone->references++;
    if (zone->ports++ == 0)
        take_place(queue, zone);
}

void dns_send_queue_port_given_back(struct dns_send_queue *queue, struct dns_send_zone *zone)
{
    if (--zone->ports == 0)
        take_place(queue, zone);
    dns_send_queue_release(queue, zone);
}

/* Queries */

static void append(struct dns_send_list *list, struct dns_inflight_query *query)
{
    query->queued_in = list;
    query->next_sent = NULL;
    query->previous_sent = list->end;
    *list->end = query;
    list->end = &query->next_sent;
}

void dns_send_queue_add(struct dns_send_queue *queue, struct dns_inflight_query *query)
{
    append(query->is_suspect ? &queue->suspects : &query->zone->list, query);
    if (!query->is_suspect && !query->zone->turns)
        take_place(queue, query->zone);
}

static void unlink_query(struct dns_inflight_query *query)
{
    *query->previous_sent = query->next_sent;
    if (query->next_sent)
        query->next_sent->previous_sent = query->previous_sent;
    else
        query->queued_in->end = query->previous_sent;
    query->queued_in = NULL;
}

void dns_send_queue_remove(struct dns_send_queue *queue, struct dns_inflight_query *query)
{
    if (!query->queued_in)
        return;
    unlink_query(query);
    if (!query->zone->list.first)
        take_place(queue, query->zone);
}

/* The first query of the zone whose turn it is, which then goes to the end. */
static struct dns_inflight_query *take_turn(struct dns_send_queue *queue, const struct dns_send_turns *turns)
{
    struct dns_send_zone *zone = turns->first;
    struct dns_inflight_query *query = zone->list.first;

    unlink_query(query);
    take_place(queue, zone);
    return query;
}

struct dns_inflight_query *dns_send_queue_next(struct dns_send_queue *queue, size_t under_way, size_t ports)
{
    struct dns_inflight_query *query = queue->suspects.first;

    if (queue->idle.first && under_way < ports)
        return take_turn(queue, &queue->idle);
    if (under_way >= ports / 2)
        return NULL;
    if (queue->busy.first)
        return take_turn(queue, &queue->busy);
    if (query)
        unlink_query(query);
    return query;
}
