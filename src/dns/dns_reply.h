/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a query that is under way, inside the dns room: its replies, silence, and its end. The scheduler
 * (dns_scheduler.h) decides when it is sent. All of it runs on the thread of the loop. */
#ifndef SMF_DNS_DNS_REPLY_H
#define SMF_DNS_DNS_REPLY_H

#include "dns/dns_scheduler.h"
#include "dns/dns_unbound.h"

enum { DNS_REPLY_FAILED = 1 }; /* added to the key of a failed name, among the suspects */

/* Ends a query without waiters. The reply to what was sent still goes into the cache. */
void dns_reply_drop(struct dns_scheduler *scheduler, struct dns_inflight_query *query);

/* Counts what came of a query that is over. */
void dns_reply_count(const struct dns_inflight_query *query, enum dns_status status);

/* Gives all waiters their answer, whose reference is taken over, and ends the query. */
void dns_reply_finish(struct dns_scheduler *scheduler, struct dns_inflight_query *query,
                      const struct dns_answer *answer);

/* Sets how long a waiter, or each one of all queries, waits, given the state of the DNS and of the name. */
void dns_reply_set_limit(struct dns_scheduler *scheduler, const struct dns_inflight_query *query,
                         struct dns_waiter *waiter, int64_t now_ms);
void dns_reply_set_limits(struct dns_scheduler *scheduler, int64_t now_ms);

/* A query had no reply for as long as a waiter or the resolver waits. `how` is for the log. */
void dns_reply_none(struct dns_scheduler *scheduler, struct dns_inflight_query *query, const char *how);

/* Sends a plain query, too, once: the name may be slow, or EDNS the obstacle. */
void dns_reply_query_plainly(struct dns_scheduler *scheduler, struct dns_inflight_query *query);

/* The reply of the resolver to what was sent with the query as `context`; as dns_upstream_query calls it. */
void dns_reply_take(void *context, const struct dns_answer *answer, enum unbound_source source);

#endif
