/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queries that are to be sent, until there is room for them, each in the queue of its zone. Plain data of one
 * thread.
 *
 * A query that nobody answers holds its port for seconds, also when nobody waits for it any more. So half of the ports
 * are for zones that hold none: whoever fills the other half, with names that are late or silent, delays his own zones
 * alone. A zone that was silent before has no claim to that half. */
#ifndef SMF_DNS_DNS_SEND_QUEUE_H
#define SMF_DNS_DNS_SEND_QUEUE_H

#include "base/hash_table.h"

#include <stddef.h>
#include <stdint.h>

struct dns_inflight_query;

/* Queries of one zone, in their order. */
struct dns_send_list {
    struct dns_inflight_query *first, **end; /* linked by next_sent */
};

/* A zone that has queries, as dns_registrable tells zones apart. */
struct dns_send_zone {
    struct hash_link link; /* the first member; its hash is the zone's key */
    size_t references;     /* of queries, and of ports that they hold */
    size_t ports;          /* outstanding queries, dropped ones included */
    struct dns_send_list list;
    struct dns_send_turns *turns; /* where it waits for its turn; NULL: nothing of it is queued */
    struct dns_send_zone *next, **previous;
};

/* Zones that have queries to send, in the order of their turns. */
struct dns_send_turns {
    struct dns_send_zone *first, **end;
};

enum { DNS_SEND_BUCKETS = 1024 };

struct dns_send_queue {
    struct dns_send_turns idle;    /* zones that hold no port */
    struct dns_send_turns busy;    /* those that do */
    struct dns_send_list suspects; /* queries of whatever zone */
    struct hash_link *buckets[DNS_SEND_BUCKETS];
};

/* It must not be moved. */
void dns_send_queue_init(struct dns_send_queue *queue);

/* A reference to the zone of this key (a random hash, dns_inflight_hash). NULL if out of memory. */
struct dns_send_zone *dns_send_queue_zone(struct dns_send_queue *queue, uint64_t key);
/* Gives one back. Nothing of the zone is queued when its last is. */
void dns_send_queue_release(struct dns_send_queue *queue, struct dns_send_zone *zone);

/* Queues a query, which has its zone. */
void dns_send_queue_add(struct dns_send_queue *queue, struct dns_inflight_query *query);

/* Takes out a query; one that is not queued is fine. */
void dns_send_queue_remove(struct dns_send_queue *queue, struct dns_inflight_query *query);

/* Takes out what may be sent while that many queries are outstanding, of `ports` at most. NULL: nothing. */
struct dns_inflight_query *dns_send_queue_next(struct dns_send_queue *queue, size_t under_way, size_t ports);

/* A query of this zone begins to hold a port, or no longer does. Each port has a reference of its own. */
void dns_send_queue_port_taken(struct dns_send_queue *queue, struct dns_send_zone *zone);
void dns_send_queue_port_given_back(struct dns_send_queue *queue, struct dns_send_zone *zone);

#endif
