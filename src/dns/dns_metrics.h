/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of the dns room: what came of the questions that were sent, and how long lookups took. Lock-free. */
#ifndef SMF_DNS_DNS_METRICS_H
#define SMF_DNS_DNS_METRICS_H

#include "base/metrics_text.h"
#include "dns/dns.h"

#include <stdint.h>

/* What came of a question. */
enum dns_outcome {
    DNS_OUTCOME_ANSWER,
    DNS_OUTCOME_NODATA,
    DNS_OUTCOME_NXDOMAIN,
    DNS_OUTCOME_SERVFAIL, /* SERVFAIL, or an answer that is of no use */
    DNS_OUTCOME_TIMEOUT,
    DNS_OUTCOME_TRUNCATED, /* it came only in part, and not over TCP (RFC 1035 4.2.1) */
    DNS_OUTCOME_REFUSED,
    DNS_OUTCOME_COUNT
};

/* A question of `type` that was sent to name servers is over. Any thread. */
void dns_metrics_question(enum dns_type type, enum dns_outcome outcome);

/* A lookup that needed the network has taken so long. Any thread. */
void dns_metrics_lookup(uint64_t took_us);

/* Appends the families. */
void dns_metrics_write(struct metrics_text *text, const struct dns_state *state);

#endif
