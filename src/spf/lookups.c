/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the DNS for one evaluation. */
#include "spf/lookups.h"

#include "base/stats.h"
#include "spf/ahead.h"
#include "spf/trace.h"

/* How many answers the DNS cache has given out of its memory, for all evaluations. */
static uint64_t cached_answers(void)
{
    return stats_get(STATS_DNS_CACHE_HITS) + stats_get(STATS_DNS_CACHE_STALE) + stats_get(STATS_DNS_CACHE_FAILURES);
}

/* Asks, and tells the trace, which is for an evaluation that is alone in its process. */
static const struct dns_answer *ask_traced(struct lookups *lookups, const char *name, enum dns_type type)
{
    int64_t begin_ms = clock_monotonic_ms(lookups->dns->clock);
    uint64_t cached = cached_answers();
    const struct dns_answer *answer = dns_ask(lookups->dns, name, type, lookups->deadline_ms);

    trace_question(lookups->trace, name, type, answer, cached_answers() > cached ? TRACE_CACHED : TRACE_ASKED,
                   clock_monotonic_ms(lookups->dns->clock) - begin_ms);
    return answer;
}

static const struct dns_answer *ask(struct lookups *lookups, const char *name, enum dns_type type)
{
    const struct dns_answer *answer = lookups->ahead ? ahead_ask(lookups->ahead, name, type) : NULL;

    return answer ? answer : dns_ask(lookups->dns, name, type, lookups->deadline_ms);
}

const struct dns_answer *lookups_ask(struct lookups *lookups, const char *name, enum dns_type type)
{
    const struct dns_answer *answer;

    if (clock_monotonic_ms(lookups->dns->clock) >= lookups->deadline_ms) { /* RFC 7208 4.6.4: a limit in time */
        answer = dns_answer_empty(DNS_TIMEOUT, 0);
        trace_question(lookups->trace, name, type, answer, TRACE_LATE, 0);
        return answer;
    }
    answer = lookups->trace ? ask_traced(lookups, name, type) : ask(lookups, name, type);
    if (answer->ttl_s < lookups->ttl_s)
        lookups->ttl_s = answer->ttl_s;
    return answer;
}
