/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells an outage, where no server replies to anything, from silence about some names. Plain data of one thread.
 *
 * Silence about names proves nothing, however many they are: they may share a dead zone. So as soon as nothing at all
 * has been heard for a while, somebody else's name is asked for, that of the root: the probe. Only where that stays
 * without a reply, and a query had none for its whole time, nobody replies at all. */
#ifndef SMF_DNS_DNS_OUTAGE_H
#define SMF_DNS_DNS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DNS_OUTAGE_WAIT_MS = 500,       /* how long anybody waits in an outage (RFC 8767 5) */
    DNS_OUTAGE_SUSPICION_MS = 1000, /* silence that calls for a probe */
    DNS_OUTAGE_PROBE_MS = 1000,     /* how long a probe has at least, with several tries */
};

struct dns_outage {
    bool is_on;
    bool has_expired;        /* since something was heard, a query had no reply for its whole time */
    bool probe_is_silent;    /* since then, a probe had none */
    int64_t began_ms;        /* of the outage: since when nothing was heard */
    int64_t heard_ms;        /* when something was heard last; at first, when all began */
    int64_t silent_since_ms; /* when the first query was asked after that; INT64_MAX: none was */
};

void dns_outage_init(struct dns_outage *outage, int64_t now_ms);

/* A query is asked. */
void dns_outage_asked(struct dns_outage *outage, int64_t now_ms);

/* A server has replied, with whatever. True if that ends an outage. */
bool dns_outage_heard(struct dns_outage *outage, int64_t now_ms);

/* A query that was asked at `asked_ms` had no reply for its whole time, or a probe had none for DNS_OUTAGE_PROBE_MS.
 * True if that begins an outage. */
bool dns_outage_expired(struct dns_outage *outage, int64_t asked_ms);
bool dns_outage_probe_silent(struct dns_outage *outage);

/* When a probe is due; INT64_MAX: never, as things are. */
int64_t dns_outage_probe_at(const struct dns_outage *outage);

#endif
