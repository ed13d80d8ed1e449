/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether each name server replies, for monitoring. A resolver that has several servers uses the others where one is
 * silent, and tells nobody. So each gets a plain query now and then, for a name that resolvers answer by themselves
 * (localhost, RFC 6761 6.3). Whatever it replies, it is up. What is seen here changes nothing about how lookups are
 * made. */
#ifndef SMF_DNS_DNS_WATCH_H
#define SMF_DNS_DNS_WATCH_H

#include "dns/dns.h"
#include "dns/dns_server.h"

#include <stddef.h>
#include <stdint.h>

struct dns_watch;
struct event_loop;

enum { DNS_WATCH_MS = 5000 }; /* how often, and how long a server has to reply, with several tries */

/* Begins as soon as the loop runs; no server counts as silent before it was. `servers` gives those in use, as often as
 * they are queried, on the loop's thread. Before the loop starts. NULL if there is no memory or no descriptor. */
struct dns_watch *dns_watch_create(struct event_loop *loop, const struct clock *clock, int64_t every_ms,
                                   const struct dns_server *(*servers)(void *context, size_t *count), void *context);

/* The loop has been stopped. NULL is fine. */
void dns_watch_destroy(struct dns_watch *watch);

/* Fills in the servers of `state`. Any thread. Locks: the watch's own, a leaf, held to copy. */
void dns_watch_state(struct dns_watch *watch, struct dns_state *state);

#endif
