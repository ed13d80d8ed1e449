/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distinguishes an outage, where no server replies to anything, from silence about some names. Plain data of one
 * thread.
 *
 * Silence about names proves nothing, however many they are: they may share a dead zone. So when no reply at all has
 * come for a while, an unrelated name is queried, the root: the probe. An outage is declared only when the probe has no
 * reply, and a query had none by its deadline. */
#ifndef SMF_DNS_DNS_OUTAGE_H
#define SMF_DNS_DNS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DNS_CLIENT_RESPONSE_MS = 500,   /* the client response timer during an outage (RFC 8767 5) */
    DNS_OUTAGE_SUSPICION_MS = 1000, /* silence after which a probe is sent */
    DNS_OUTAGE_PROBE_MS = 1000,     /* how long a probe waits at least, with several tries */
    DNS_OUTAGE_PROBE_EVERY_MS = 2000,
};

struct dns_outage {
    bool is_on;
    bool has_expired;        /* since the last reply, a query had none by its deadline */
    bool probe_is_silent;    /* since then, a probe had no reply */
    int64_t began_ms;        /* of the outage: since when no reply has come */
    int64_t heard_ms;        /* of the last reply; at first, the start */
    int64_t silent_since_ms; /* when the first query after that was sent; INT64_MAX: none was */
};

void dns_outage_init(struct dns_outage *outage, int64_t now_ms);

/* A query is sent. */
void dns_outage_query_sent(struct dns_outage *outage, int64_t now_ms);

/* A server has replied, whatever the reply. True if that ends an outage. */
bool dns_outage_heard(struct dns_outage *outage, int64_t now_ms);

/* A query that was sent at `sent_ms` had no reply by its deadline, or a probe had none for DNS_OUTAGE_PROBE_MS.
 * True if that begins an outage. */
bool dns_outage_expired(struct dns_outage *outage, int64_t sent_ms);
bool dns_outage_probe_silent(struct dns_outage *outage);

/* Whether the end of a probe, which has taken `took_ms`, means that a server has replied. A failure without an answer
 * is libunbound's word for SERVFAIL of all servers, and for silence of all, which takes it longer than
 * DNS_OUTAGE_PROBE_EVERY_MS (376 ms for the first packet to one server, twice as long for each further one). */
bool dns_outage_probe_has_reply(bool has_answer, int64_t took_ms);

/* When a probe is due; INT64_MAX: none is. */
int64_t dns_outage_probe_at(const struct dns_outage *outage);

#endif
