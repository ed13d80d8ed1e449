/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend that asks the network: by libunbound, which has the cache too, on an event loop of its own.
 *
 * - Whoever asks has a deadline of its own. All who ask the same at once share one query; what nobody waits for any
 *   more is not sent, but a reply to what was sent still goes into the cache.
 * - A name, or zone, that was silent for somebody's whole time is waited for 500 ms only, until it answers.
 * - In an outage, when no server replies to anything, everybody waits 500 ms at most. Answers that are known are given
 *   then too, those that ran out for up to an hour (RFC 8767). The end is noticed within 2 s, asked for or not.
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
    bool recurse;               /* no server is asked but the authoritative ones, from the root on */
    bool dnssec;                /* what is bogus gets DNS_FAILURE */
    size_t cache_octets;        /* bound of what is cached; 0: nothing is */
    bool serve_stale;           /* RFC 8767 */
    const char *resolv_conf;    /* for tests: another file; NULL: /etc/resolv.conf */
    const char *trust_anchor;   /* for tests: another file; NULL: where Debian has it */
};

/* Starts the backend and its thread, which blocks every signal, so only after the last fork. NULL, with a message in
 * `error`. Locks: one for the queries that are handed to the thread, a leaf; not held while callbacks run. */
struct dns *dns_resolver_create(const struct dns_resolver_config *config, const struct clock *clock, char *error,
                                size_t error_size);

#endif
