/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network backend: libunbound, which has the cache too, on an event loop of its own.
 *
 * - Each caller has its own deadline. Concurrent callers with the same query share it; a query without waiters is not
 *   sent, but the reply to one that was sent still goes into the cache.
 * - A name, or zone, without a reply by some caller's deadline is waited for 500 ms only, until it answers.
 * - A zone whose slow answers used up an evaluation's time (dns_report_slow) is waited for 500 ms only, until it is
 *   quick again.
 * - During an outage, when no server replies to anything, each caller waits 500 ms at most. Cached answers are used
 *   then too, expired ones for up to an hour (RFC 8767). The end is noticed within 2 s, with queries or without.
 *
 * Callbacks run on the thread of the loop. */
#ifndef SMF_DNS_DNS_RESOLVER_H
#define SMF_DNS_DNS_RESOLVER_H

#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>

struct dns_resolver_config {
    const char *const *servers; /* as dns_server_valid takes them */
    size_t server_count;        /* 0: those of resolv.conf, now and whenever it changes */
    bool recurse;               /* only authoritative servers are queried, from the root on */
    bool dnssec;                /* what is bogus gets DNS_FAILURE */
    size_t cache_octets;        /* bound of what is cached; 0: nothing is */
    bool serve_stale;           /* RFC 8767 */
    bool watches_servers;       /* dns_watch.h */
    const char *resolv_conf;    /* for tests: another file; NULL: /etc/resolv.conf */
    size_t waiters_max;         /* for tests: lookups under way; 0: 65,536 */
    const char *trust_anchor;   /* for tests: another file; NULL: where Debian has it */
};

/* Starts the backend and its thread, which blocks every signal, so only after the last fork. NULL, with a message in
 * `error`. Locks: one for the queries that are handed to the thread, a leaf; not held while callbacks run. */
struct dns *dns_resolver_create(const struct dns_resolver_config *config, const struct clock *clock, char *error,
                                size_t error_size);

/* The version of the library behind it, libunbound. */
const char *dns_resolver_library_version(void);

#endif
