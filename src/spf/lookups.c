/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the DNS for one evaluation. */
#include "spf/lookups.h"

#include "spf/trace.h"

const struct dns_answer *lookups_ask(struct lookups *lookups, const char *name, enum dns_type type)
{
    int64_t begin_ms = clock_monotonic_ms(lookups->dns->clock);
    const struct dns_answer *answer;

    if (begin_ms >= lookups->deadline_ms) { /* RFC 7208 4.6.4: a limit in time */
        answer = dns_answer_empty(DNS_TIMEOUT, 0);
        trace_question(lookups->trace, name, type, answer, false, 0);
        return answer;
    }
    answer = dns_ask(lookups->dns, name, type, lookups->deadline_ms);
    trace_question(lookups->trace, name, type, answer, true, clock_monotonic_ms(lookups->dns->clock) - begin_ms);
    if (answer->ttl_s < lookups->ttl_s)
        lookups->ttl_s = answer->ttl_s;
    return answer;
}
