/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends probes, and reports outages. */
#include "dns/dns_outage_watch.h"

#include "base/log.h"
#include "base/stats.h"
#include "base/strbuf.h"
#include "dns/dns_upstream.h"

#include <inttypes.h>

void dns_outage_watch_init(struct dns_outage_watch *watch, int64_t now_ms)
{
    *watch = (struct dns_outage_watch){.upstream = NULL};
    dns_outage_init(&watch->outage, now_ms);
}

static void report_begin(struct dns_outage_watch *watch, int64_t now_ms)
{
    struct strbuf servers = STRBUF_INIT;

    stats_add(STATS_DNS_OUTAGES, 1);
    watch->has_outage = true;
    dns_upstream_describe(watch->upstream, &servers);
    log_warning("DNS: no server has replied for %" PRId64 " ms (%s); until one does, lookups wait %d ms at most",
                now_ms - watch->outage.began_ms, strbuf_text(&servers), DNS_CLIENT_RESPONSE_MS);
    strbuf_free(&servers);
}

bool dns_outage_watch_expired(struct dns_outage_watch *watch, int64_t sent_ms, int64_t now_ms)
{
    if (!dns_outage_expired(&watch->outage, sent_ms))
        return false;
    report_begin(watch, now_ms);
    return true;
}

bool dns_outage_watch_heard(struct dns_outage_watch *watch, int64_t now_ms)
{
    int64_t began_ms = watch->outage.began_ms;

    if (!dns_outage_heard(&watch->outage, now_ms))
        return false;
    watch->has_outage = false;
    watch->has_ended = true;
    log_notice("DNS: recovered after %" PRId64 " ms", now_ms - began_ms);
    return true;
}

int64_t dns_outage_watch_probe(struct dns_outage_watch *watch, bool has_waiters, int64_t now_ms, bool *begins)
{
    int64_t at_ms = dns_outage_probe_at(&watch->outage), silent_ms;

    *begins = false;
    if (now_ms < at_ms || !has_waiters) {
        dns_upstream_end_probe(watch->upstream);
        return at_ms;
    }
    silent_ms = dns_upstream_probe_silence(watch->upstream, now_ms);
    if (silent_ms >= DNS_OUTAGE_PROBE_MS && dns_outage_probe_silent(&watch->outage)) {
        report_begin(watch, now_ms);
        *begins = true;
    }
    dns_upstream_probe(watch->upstream, now_ms);
    return now_ms + (silent_ms < DNS_OUTAGE_PROBE_MS ? DNS_OUTAGE_PROBE_MS - silent_ms : DNS_OUTAGE_PROBE_MS);
}
