/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plain queries (RFC 1034 5.3.1), inside the dns room: for names whose servers are slow, and for resolvers that do not
 * understand EDNS and are silent or fail where it is used (RFC 6891 6.2.2). libunbound, which learns how fast a
 * resolver is, gives such names up early, and never leaves EDNS out for these reasons.
 *
 * Such a query waits until it is forgotten. Each try leaves from a random port, with a random id, and an answer to
 * an earlier one still counts. On the thread of the loop. */
#ifndef SMF_DNS_DNS_STUB_H
#define SMF_DNS_DNS_STUB_H

#include "base/strbuf.h"
#include "dns/dns.h"
#include "dns/dns_server.h"

#include <stdbool.h>
#include <stddef.h>

struct dns_stub;
struct event_loop;
struct stub_query;

/* Takes the answer's reference over: what a server said, DNS_FAILURE where none had an answer, or a fault. Not called
 * before dns_stub_query returns. */
typedef void (*stub_reply)(void *context, const struct dns_answer *answer);

/* `heard` is called for each reply of a server. NULL if there is no memory or no descriptor. */
struct dns_stub *dns_stub_create(struct event_loop *loop, const struct clock *clock, void (*heard)(void *context),
                                 void *heard_context);

/* Drops its queries. NULL is fine. */
void dns_stub_destroy(struct dns_stub *stub);

/* Is there room for one more query of this zone? Half of the room is for zones that have no query here, as in
 * dns_send_queue.h: the send queue bounds what is outstanding at the resolver, which is several times as much as there
 * is room here, so that it could all be of one zone. NULL: a zone that has no claim to that half. */
bool dns_stub_has_room(const struct dns_stub *stub, const void *zone);

/* Queries the servers, which are copied as far as they are of use, in turn. `zone` is as above, and only compared with
 * those of other queries. *query is set as long as there is no reply;
 * false, and NULL, if there is no memory or no random number: an internal error. */
bool dns_stub_query(struct dns_stub *stub, const struct dns_server *servers, size_t count, const char *name,
                    enum dns_type type, const void *zone, stub_reply reply, void *context, struct stub_query **query);

/* Appends what was wrong with each of `servers` when it was last queried plainly: "192.0.2.1:53: connection refused,
 * 192.0.2.2:53: no reply". Within a reply of DNS_FAILURE it is about that query. `stub` NULL: nothing is known. */
void dns_stub_describe(const struct dns_stub *stub, const struct dns_server *servers, size_t count, struct strbuf *out);

/* What failed a query, within its reply of DNS_FAILURE. */
enum stub_failure { STUB_FAILED, STUB_REFUSED, STUB_TRUNCATED };
enum stub_failure dns_stub_failure(const struct dns_stub *stub);

/* Drops the query. Sets *query to NULL, which may be so already. */
void dns_stub_forget(struct stub_query **query);

#endif
