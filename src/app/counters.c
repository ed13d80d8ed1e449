/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the counters into the log. */
#include "app/counters.h"

#include "base/log.h"
#include "base/stats.h"
#include "base/strbuf.h"
#include "session/reason.h"

#include <inttypes.h>

void counters_log(struct service *service)
{
    struct ttl_cache_stats results = service_caches(service).results;
    struct strbuf line = STRBUF_INIT;

    for (int n = 0; n < STATS_COUNT; n++)
        strbuf_addf(&line, " %s=%" PRIu64, stats_name((enum stats_counter)n), stats_get((enum stats_counter)n));
    log_notice("counters:%s", strbuf_text(&line));
    strbuf_truncate(&line, 0);
    for (int n = 0; n < REASON_COUNT; n++)
        if (reason_cases((enum reason)n) > 0)
            strbuf_addf(&line, " %s=%" PRIu64, reason_name((enum reason)n), reason_cases((enum reason)n));
    log_notice("reasons:%s", strbuf_text(&line));
    log_notice("result cache: entries=%zu octets=%zu hits=%" PRIu64 " misses=%" PRIu64 " evictions=%" PRIu64,
               results.entries, results.octets, stats_get(STATS_CACHED), stats_get(STATS_EVALUATED), results.evictions);
    strbuf_free(&line);
}
