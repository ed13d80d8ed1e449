/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out whether the servers reply at all, and says so in the log: the rule is in dns_outage.h, the probe is sent
 * from here. On the thread of the loop, but for what says otherwise. */
#ifndef SMF_DNS_DNS_OUTAGE_WATCH_H
#define SMF_DNS_DNS_OUTAGE_WATCH_H

#include "dns/dns_outage.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct dns_upstream;

struct dns_outage_watch {
    struct dns_upstream *upstream; /* set by the owner */
    struct dns_outage outage;
    atomic_bool has_outage; /* outage.is_on, for other threads */
    bool has_ended;         /* an outage has, and nobody has taken that up */
};

void dns_outage_watch_init(struct dns_outage_watch *watch, int64_t now_ms);

/* A query that was sent at `sent_ms` had no reply by its deadline. True if that begins an outage. */
bool dns_outage_watch_expired(struct dns_outage_watch *watch, int64_t sent_ms, int64_t now_ms);

/* A server has replied. True if that ends an outage. */
bool dns_outage_watch_heard(struct dns_outage_watch *watch, int64_t now_ms);

/* Probes whether any server replies, while that is in doubt and there are waiters. Returns when to look again;
 * INT64_MAX: never. Sets *begins to whether an outage begins. Not from within a reply. */
int64_t dns_outage_watch_probe(struct dns_outage_watch *watch, bool has_waiters, int64_t now_ms, bool *begins);

#endif
