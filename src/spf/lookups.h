/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS as one evaluation sees it: one deadline for all questions, and the smallest TTL of the answers. */
#ifndef SMF_SPF_LOOKUPS_H
#define SMF_SPF_LOOKUPS_H

#include "dns/dns.h"

#include <stdint.h>

struct ahead;
struct spf_trace;

struct lookups {
    struct dns *dns;
    int64_t deadline_ms;     /* on the clock of `dns` */
    uint32_t ttl_s;          /* smallest so far; UINT32_MAX before the first answer */
    struct ahead *ahead;     /* where questions are asked ahead (ahead.h); NULL: each is when it is due */
    struct spf_trace *trace; /* told of each question; NULL: nobody is */
};

/* Asks and waits. Past the deadline the answer is DNS_TIMEOUT without a question. Never NULL; the caller releases it.
 */
const struct dns_answer *lookups_ask(struct lookups *lookups, const char *name, enum dns_type type);

#endif
