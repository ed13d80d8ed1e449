/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the network backend sends its queries, inside the dns room: to a resolver, as a rule; to the servers by a plain
 * query, where the resolver gives up too early; and to another resolver that probes whether the servers reply at all.
 * On the thread of the loop.
 *
 * A resolver that saw its servers dead tries them less and less: after an outage another takes its place, as it does
 * when resolv.conf changes. */
#ifndef SMF_DNS_DNS_UPSTREAM_H
#define SMF_DNS_DNS_UPSTREAM_H

#include "base/strbuf.h"
#include "dns/dns_resolver.h"
#include "dns/dns_stub.h"
#include "dns/dns_unbound.h"

struct dns_upstream;

/* `ports` bounds the sockets in use; the events are those of all resolvers, replies to the probe included.
 * NULL, with a message in `error`. */
struct dns_upstream *dns_upstream_create(struct event_loop *loop, const struct dns_resolver_config *config,
                                         size_t ports, const struct unbound_events *events, const struct clock *clock,
                                         char *error, size_t error_size);

/* No reply is called any more. NULL is fine. */
void dns_upstream_destroy(struct dns_upstream *upstream);

/* Queries the usual resolver; as unbound_query_start. */
void dns_upstream_query(struct dns_upstream *upstream, const char *name, enum dns_type type, unbound_reply reply,
                        void *context, void *holder, struct unbound_query **query);

/* Can a query of this zone be sent plainly, too (dns_stub.h, which says what the zone is for)? Not with DNSSEC, nor
 * where no resolver is used. */
bool dns_upstream_can_query_plainly(const struct dns_upstream *upstream, const void *zone);
bool dns_upstream_query_plainly(struct dns_upstream *upstream, const char *name, enum dns_type type, const void *zone,
                                stub_reply reply, void *context, struct stub_query **query);

/* What failed a plain query, within its reply of DNS_FAILURE. */
enum stub_failure dns_upstream_plain_failure(const struct dns_upstream *upstream);

/* Appends the servers that are queried, with what was wrong with each at last (dns_stub_describe); for recursion that
 * the root's are. */
void dns_upstream_describe(const struct dns_upstream *upstream, struct strbuf *out);

/* Sends a probe instead of the last one, once that is 2 s old. Not from within a reply. */
void dns_upstream_probe(struct dns_upstream *upstream, int64_t now_ms);
/* For how long the outstanding probe has had no reply; 0: there is none. */
int64_t dns_upstream_probe_silence(const struct dns_upstream *upstream, int64_t now_ms);
/* No probe is needed any more. Not from within a reply. */
void dns_upstream_end_probe(struct dns_upstream *upstream);

/* The servers that are queried now; with recursion there are none. */
const struct dns_server *dns_upstream_servers(const struct dns_upstream *upstream, size_t *count);

/* Replaces the usual resolver with a new one; the old one completes its queries. Not from within a reply. */
void dns_upstream_renew(struct dns_upstream *upstream, int64_t now_ms);

/* Checks, at most once a second, whether resolv.conf names other servers, and frees old resolvers that have completed
 * their queries. True: call dns_upstream_change, before which the old servers can still be used. Not from within a
 * reply. */
bool dns_upstream_has_changed(struct dns_upstream *upstream, int64_t now_ms);

/* From now on the other servers are used. Not from within a reply. */
void dns_upstream_change(struct dns_upstream *upstream, int64_t now_ms);

/* How many queries of resolvers are outstanding. */
size_t dns_upstream_under_way(const struct dns_upstream *upstream);

#endif
