/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what the caches do. */
#include "session/cache_metrics.h"

#include "base/stats.h"

static const char label[] = "cache", results[] = "results", dns[] = "dns";

static void write_lookups(struct metrics_text *text)
{
    static const char *const labels[2] = {label, "outcome"};
    const struct {
        const char *values[2];
        uint64_t count;
    } rows[] = {
        {{results, "hit"}, stats_get(STATS_CACHED)},        {{results, "miss"}, stats_get(STATS_EVALUATED)},
        {{results, "joined"}, stats_get(STATS_JOINED)},     {{dns, "hit"}, stats_get(STATS_DNS_CACHE_HITS)},
        {{dns, "miss"}, stats_get(STATS_DNS_CACHE_MISSES)}, {{dns, "joined"}, stats_get(STATS_DNS_CACHE_JOINED)},
        {{dns, "stale"}, stats_get(STATS_DNS_CACHE_STALE)}, {{dns, "failure"}, stats_get(STATS_DNS_CACHE_FAILURES)},
    };

    metrics_family(text, "cache_lookups", METRICS_COUNTER, "Lookups in a cache.");
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++)
        metrics_sample2(text, labels, rows[n].values, (double)rows[n].count);
}

static void write_results(struct metrics_text *text, const char *name, enum metrics_type type, const char *help,
                          double value)
{
    metrics_family(text, name, type, help);
    metrics_sample(text, label, results, value);
}

void cache_metrics_write(struct metrics_text *text, const struct cache_state *state)
{
    write_lookups(text);
    write_results(text, "cache_evictions", METRICS_COUNTER, "Entries that made room for others.",
                  (double)state->results.evictions);
    write_results(text, "cache_entries", METRICS_GAUGE, "Entries of a cache.", (double)state->results.entries);
    write_results(text, "cache_bytes", METRICS_GAUGE, "Memory that a cache takes.", (double)state->results.octets);
    metrics_family(text, "cache_limit_bytes", METRICS_GAUGE, "Memory that a cache may take.");
    metrics_sample(text, label, results, (double)state->results_limit);
    metrics_sample(text, label, dns, (double)state->dns_limit);
}
