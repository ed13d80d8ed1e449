/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolvers made with libunbound, inside the dns room: no other file calls it. Each has its servers, its caches, and
 * what it has learnt about the servers. All calls are made before the loop starts or on its thread. */
#ifndef SMF_DNS_DNS_UNBOUND_H
#define SMF_DNS_DNS_UNBOUND_H

#include "dns/dns.h"
#include "dns/dns_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct unbound;
struct unbound_query;

/* What is called on the thread of the loop. */
struct unbound_events {
    void (*heard)(void *context);                         /* for each certain reply of a server */
    void (*port_given_back)(void *context, void *holder); /* once for each query that has a holder, when it is over,
                                                             dropped or not, before its reply is called */
    void *context;
};

struct unbound_config {
    const struct dns_server *servers; /* as dns_server_read writes them; queried in the order that is fastest */
    size_t server_count;              /* 0: it recurses from the root (RFC 1034 5.3.3) */
    size_t cache_octets;              /* bound of what is cached; 0: with servers nothing is */
    bool serve_stale;                 /* RFC 8767 */
    bool dnssec;                      /* RFC 4035: what is bogus gets DNS_FAILURE */
    const char *trust_anchor;         /* a file of DS or DNSKEY records of the root; NULL: where Debian has it */
    unsigned tries;                   /* how often each server is tried */
    size_t ports;                     /* bound of the sockets in use */
    struct unbound_events events;
};

enum {
    UNBOUND_TTL_MAX_S = 24 * 3600, /* an error in a zone need not stay for the week that RFC 8767 4 allows */
    UNBOUND_STALE_TTL_S = 0,       /* the TTL of a stale answer */
    UNBOUND_STALE_MS = 400,        /* after which a stale answer is used (RFC 8767 5) */
};

enum unbound_source {
    UNBOUND_AT_ONCE,  /* from the cache, or a local zone (RFC 6761) */
    UNBOUND_SERVERS,  /* from a server, or stale (UNBOUND_STALE_TTL_S); DNS_FAILURE: it is bogus */
    UNBOUND_NO_REPLY, /* there was no reply, or it was SERVFAIL, now or a moment ago: a DNS_FAILURE */
};

/* Takes the answer's reference over. May be called before unbound_query_start returns, so it must not start a query. */
typedef void (*unbound_reply)(void *context, const struct dns_answer *answer, enum unbound_source source);

/* NULL, with a message in `error`, if there is no memory or the trust anchor cannot be read. */
struct unbound *unbound_create(struct event_base *base, const struct unbound_config *config, char *error,
                               size_t error_size);

/* Drops its queries. Not from within a reply. NULL is fine. */
void unbound_destroy(struct unbound *unbound);

/* Sends a query; *query is set as long as there is no reply. A name is what dns_query takes; `holder` is what
 * port_given_back gets, and may be NULL. DNS_FAILURE as a fault where there is no memory. */
void unbound_query_start(struct unbound *unbound, const char *name, enum dns_type type, unbound_reply reply,
                         void *context, void *holder, struct unbound_query **query);

/* Queries the name servers of the root, to see whether a server replies. */
void unbound_probe(struct unbound *unbound, unbound_reply reply, void *context, struct unbound_query **query);

/* Drops the query: its reply only goes into the cache. Sets *query to NULL, which may be so already. */
void unbound_forget(struct unbound_query **query);

/* The version of libunbound, "1.17.1". */
const char *unbound_version(void);

/* How many queries are outstanding, dropped ones included. */
size_t unbound_under_way(const struct unbound *unbound);

#endif
