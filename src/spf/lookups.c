/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the DNS for one evaluation. */
#include "spf/lookups.h"

const struct dns_answer *lookups_ask(struct lookups *lookups, const char *name, enum dns_type type)
{
    const struct dns_answer *answer;

    if (clock_monotonic_ms(lookups->dns->clock) >= lookups->deadline_ms) /* RFC 7208 4.6.4: a limit in time */
        return dns_answer_empty(DNS_TIMEOUT, 0);
    answer = dns_ask(lookups->dns, name, type, lookups->deadline_ms);
    if (answer->ttl_s < lookups->ttl_s)
        lookups->ttl_s = answer->ttl_s;
    return answer;
}
