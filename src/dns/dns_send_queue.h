/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queries that are to be sent, until there is room for them. Plain data of one thread. */
#ifndef SMF_DNS_DNS_SEND_QUEUE_H
#define SMF_DNS_DNS_SEND_QUEUE_H

#include <stddef.h>

struct dns_inflight_query;

struct dns_send_queue {
    struct dns_queue {
        struct dns_inflight_query *first, **end; /* linked by next_sent */
    } usual, suspects;                           /* the latter leave half of the ports to the others */
};

/* Makes it empty, whatever was in it. */
void dns_send_queue_init(struct dns_send_queue *queue);

void dns_send_queue_add(struct dns_send_queue *queue, struct dns_inflight_query *query);

/* Takes out a query, which may have been taken before. */
void dns_send_queue_remove(struct dns_send_queue *queue, const struct dns_inflight_query *query);

/* Takes out what may be sent while that many queries are outstanding, of `ports` at most. NULL: nothing.
 *
 * A query that nobody answers holds its port for seconds, also when nobody waits for it any more. So what was silent
 * before gets half of them. */
struct dns_inflight_query *dns_send_queue_next(struct dns_send_queue *queue, size_t under_way, size_t ports);

#endif
