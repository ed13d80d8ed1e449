/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolvers out of libunbound, inside the dns room: this file alone speaks to it. Each has its servers, its caches, and
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

struct unbound_config {
    const struct dns_server *servers; /* as dns_server_read writes them; asked in whatever order is fastest */
    size_t server_count;              /* 0: it asks from the root on (RFC 1034 5.3.3) */
    size_t cache_octets;              /* bound of what is cached; 0: with servers nothing is */
    bool serve_stale;                 /* RFC 8767 */
    bool dnssec;                      /* RFC 4035: what is bogus gets DNS_FAILURE */
    const char *trust_anchor;         /* a file of DS or DNSKEY records of the root; NULL: where Debian has it */
    unsigned tries;                   /* how often each server is asked before it is given up */
    size_t ports;                     /* bound of the sockets in use */
    void (*heard)(void *context);     /* called whenever a server has certainly replied */
    void *heard_context;
};

enum {
    UNBOUND_TTL_MAX_S = 24 * 3600, /* a mistake in a zone need not stay for the week that RFC 8767 4 allows */
    UNBOUND_STALE_TTL_S = 0,       /* the TTL of an answer that is given after its time */
    UNBOUND_STALE_MS = 400,        /* after which one is given, where a name is silent (RFC 8767 5) */
};

enum unbound_source {
    UNBOUND_AT_ONCE, /* out of the cache, or a local zone (RFC 6761) */
    UNBOUND_SERVERS, /* of a server, or after its time (UNBOUND_STALE_TTL_S); DNS_FAILURE: it is bogus */
    UNBOUND_NOBODY,  /* there was no reply, or it was SERVFAIL, now or a moment ago: a DNS_FAILURE */
};

/* Takes the answer's reference over. May be called before unbound_ask returns, so it must not ask on. */
typedef void (*unbound_reply)(void *context, const struct dns_answer *answer, enum unbound_source source);

/* NULL, with a message in `error`, if there is no memory or the trust anchor cannot be read. */
struct unbound *unbound_create(struct event_base *base, const struct unbound_config *config, char *error,
                               size_t error_size);

/* What is still asked is forgotten. Not from within a reply. NULL is fine. */
void unbound_destroy(struct unbound *unbound);

/* Asks; *query is set as long as there is no reply. A name is what dns_query takes. DNS_FAILURE as a fault where there
 * is no memory. */
void unbound_ask(struct unbound *unbound, const char *name, enum dns_type type, unbound_reply reply, void *context,
                 struct unbound_query **query);

/* Asks for the name servers of the root, to see whether anybody replies. */
void unbound_probe(struct unbound *unbound, unbound_reply reply, void *context, struct unbound_query **query);

/* Nobody waits for the reply any more; it only goes into the cache. Sets *query to NULL, which may be so already. */
void unbound_forget(struct unbound_query **query);

/* How many queries have had no reply, those that were forgotten too. */
size_t unbound_under_way(const struct unbound *unbound);

#endif
