/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records for a while which zones are slow: they do answer, each name in its time, but in all so late that an
 * evaluation did not come to its end (dns_report_slow). Any thread. Locks: one for the table, a leaf; none while no
 * zone is slow.
 *
 * Apart from dns_suspects.h, as these zones are not silent: no outage follows from them, and an answer that is as late
 * as those before does not end the mark. */
#ifndef SMF_DNS_DNS_SLOW_H
#define SMF_DNS_DNS_SLOW_H

#include "dns/dns_suspects.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct dns_slow {
    _Atomic int64_t until_ms; /* when the last mark ends; 0: there was none */
    pthread_mutex_t lock;     /* covers what follows */
    struct dns_suspects marks;
    struct dns_suspects answers; /* of marked zones: the time of the last answer, as the end of an entry */
};

/* All of it is zero before. */
void dns_slow_init(struct dns_slow *slow);
void dns_slow_destroy(struct dns_slow *slow);

/* Marks a zone (its key, dns_inflight_hash) until then. True if it was not marked. */
bool dns_slow_mark(struct dns_slow *slow, uint64_t zone_key, int64_t now_ms, int64_t until_ms);

bool dns_slow_has(struct dns_slow *slow, uint64_t zone_key, int64_t now_ms);

/* True while any zone may be marked; takes no lock. */
bool dns_slow_has_any(const struct dns_slow *slow, int64_t now_ms);

/* A server has answered for a name of the zone, now and not out of a cache. */
void dns_slow_answered(struct dns_slow *slow, uint64_t zone_key, int64_t now_ms);

/* Takes the mark away if a server has answered for the zone at `since_ms` or later. */
void dns_slow_clear(struct dns_slow *slow, uint64_t zone_key, int64_t since_ms);

#endif
