/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Declares an outage, and its end. */
#include "dns/dns_outage.h"

void dns_outage_init(struct dns_outage *outage, int64_t now_ms)
{
    *outage = (struct dns_outage){.heard_ms = now_ms, .silent_since_ms = INT64_MAX};
}

void dns_outage_query_sent(struct dns_outage *outage, int64_t now_ms)
{
    if (outage->silent_since_ms == INT64_MAX)
        outage->silent_since_ms = now_ms;
}

bool dns_outage_heard(struct dns_outage *outage, int64_t now_ms)
{
    bool ends = outage->is_on;

    outage->is_on = false;
    outage->has_expired = false;
    outage->probe_is_silent = false;
    outage->heard_ms = now_ms;
    outage->silent_since_ms = INT64_MAX;
    return ends;
}

static bool declare(struct dns_outage *outage)
{
    if (outage->is_on || !outage->has_expired || !outage->probe_is_silent)
        return false;
    outage->is_on = true;
    outage->began_ms = outage->silent_since_ms;
    return true;
}

bool dns_outage_expired(struct dns_outage *outage, int64_t sent_ms)
{
    if (sent_ms < outage->heard_ms)
        return false;
    outage->has_expired = true;
    return declare(outage);
}

bool dns_outage_probe_silent(struct dns_outage *outage)
{
    if (outage->silent_since_ms == INT64_MAX)
        return false;
    outage->probe_is_silent = true;
    return declare(outage);
}

bool dns_outage_probe_has_reply(bool has_answer, int64_t took_ms)
{
    return has_answer || took_ms < DNS_OUTAGE_PROBE_EVERY_MS;
}

int64_t dns_outage_probe_at(const struct dns_outage *outage)
{
    return outage->silent_since_ms == INT64_MAX ? INT64_MAX : outage->silent_since_ms + DNS_OUTAGE_SUSPICION_MS;
}
