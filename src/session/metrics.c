/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The families of the metrics. */
#include "session/metrics.h"

#include "base/histogram.h"
#include "base/metrics_text.h"
#include "base/stats.h"
#include "session/message_fate.h"
#include "session/reason.h"

#include <stddef.h>

static struct histogram waits[METRICS_STEP_COUNT];

void metrics_waited(enum metrics_step step, uint64_t waited_us)
{
    histogram_add(&waits[step], waited_us);
}

/* One row per sample that is a counter of base/stats. Rows of one family follow each other; only the first has its
 * help. */
static const struct row {
    const char *name, *help, *label, *value;
    enum stats_counter counter;
} rows[] = {
    {"connections", "Connections of the MTA.", NULL, NULL, STATS_CONNECTIONS},
    {"messages_begun", "Messages whose sender was given.", NULL, NULL, STATS_MESSAGES},
    {"actions", "What was done to a message or a recipient.", "action", "refused", STATS_REFUSED},
    {"actions", NULL, "action", "deferred", STATS_DEFERRED},
    {"actions", NULL, "action", "tagged", STATS_TAGGED},
    {"actions", NULL, "action", "quarantined", STATS_QUARANTINED},
    {"actions", NULL, "action", "left-to-dmarc", STATS_LEFT_TO_DMARC},
    {"checks", "SPF checks by result.", "result", "none", STATS_NONE},
    {"checks", NULL, "result", "neutral", STATS_NEUTRAL},
    {"checks", NULL, "result", "pass", STATS_PASS},
    {"checks", NULL, "result", "fail", STATS_FAIL},
    {"checks", NULL, "result", "softfail", STATS_SOFTFAIL},
    {"checks", NULL, "result", "temperror", STATS_TEMPERROR},
    {"checks", NULL, "result", "permerror", STATS_PERMERROR},
    {"checks_without_evaluation", "SPF checks that took their outcome from the cache, or from another check.", "source",
     "cache", STATS_CACHED},
    {"checks_without_evaluation", NULL, "source", "joined", STATS_JOINED},
    {"dns_queries", "Queries that were sent to the DNS.", NULL, NULL, STATS_DNS_QUERIES},
    {"dns_errors", "DNS lookups without an answer.", "outcome", "timeout", STATS_DNS_TIMEOUTS},
    {"dns_errors", NULL, "outcome", "failure", STATS_DNS_FAILURES},
    {"dns_outages", "How often no name server answered any more.", NULL, NULL, STATS_DNS_OUTAGES},
    {"dns_lookahead_queries", "DNS lookups that began before their term was due.", NULL, NULL, STATS_DNS_LOOKAHEAD},
    {"dns_cache_answers", "DNS lookups that needed no query of their own.", "outcome", "hit", STATS_DNS_CACHE_HITS},
    {"dns_cache_answers", NULL, "outcome", "joined", STATS_DNS_CACHE_JOINED},
    {"dns_cache_answers", NULL, "outcome", "stale", STATS_DNS_CACHE_STALE},
    {"dns_cache_answers", NULL, "outcome", "failure", STATS_DNS_CACHE_FAILURES},
    {"disagreements", "Evaluations that libspf2 and the filter saw differently.", NULL, NULL, STATS_SPF_DISAGREEMENTS},
    {"log_lines_dropped", "Log lines that could not be written.", NULL, NULL, STATS_LOG_LINES_LOST},
    {"log_lines_held_back", "Repeated errors that were counted and not written.", NULL, NULL, STATS_LOG_LINES_HELD},
    {"internal_errors", "Internal errors; none of them refuses mail.", NULL, NULL, STATS_FAULTS},
};

static void write_counters(struct metrics_text *text)
{
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        if (rows[n].help != NULL)
            metrics_family(text, rows[n].name, METRICS_COUNTER, rows[n].help);
        metrics_sample(text, rows[n].label, rows[n].value, (double)stats_get(rows[n].counter));
    }
}

static void write_reasons(struct metrics_text *text, const char *name, enum reason_kind kind, const char *help)
{
    metrics_family(text, name, METRICS_COUNTER, help);
    for (int n = 0; n < REASON_COUNT; n++)
        if (reason_kind((enum reason)n) == kind)
            metrics_sample(text, "why", reason_name((enum reason)n), (double)reason_cases((enum reason)n));
}

static void write_verdicts(struct metrics_text *text)
{
    metrics_family(text, "messages", METRICS_COUNTER, "Messages by what became of them.");
    for (int n = 0; n < FATE_COUNT; n++)
        metrics_sample(text, "verdict", message_fate_name((enum message_fate)n),
                       (double)message_fate_cases((enum message_fate)n));
}

static void write_configuration(struct metrics_text *text, const struct metrics_state *state)
{
    metrics_family(text, "config_reloads", METRICS_COUNTER, "Reloads of the configuration.");
    metrics_sample(text, "outcome", "done", (double)state->reloads);
    metrics_sample(text, "outcome", "failed", (double)state->failed_reloads);
    metrics_family(text, "config_last_success_timestamp_seconds", METRICS_GAUGE,
                   "When the configuration in force was read.");
    metrics_sample(text, NULL, NULL, (double)state->loaded_s);
    metrics_family(text, "start_timestamp_seconds", METRICS_GAUGE, "When the process began.");
    metrics_sample(text, NULL, NULL, (double)state->started_s);
}

static void write_waits(struct metrics_text *text)
{
    static const char *const steps[METRICS_STEP_COUNT] = {"mail", "rcpt", "eom"};

    metrics_family(text, "wait_seconds", METRICS_HISTOGRAM, "How long the MTA waited for an answer.");
    for (int n = 0; n < METRICS_STEP_COUNT; n++)
        metrics_histogram(text, "step", steps[n], &waits[n]);
}

static void write_result_cache(struct metrics_text *text, const struct ttl_cache_stats *results)
{
    metrics_family(text, "cache_lookups", METRICS_COUNTER, "Lookups in the result cache.");
    metrics_sample(text, "outcome", "hit", (double)results->hits);
    metrics_sample(text, "outcome", "miss", (double)results->misses);
    metrics_family(text, "cache_evictions", METRICS_COUNTER, "Results that made room for others.");
    metrics_sample(text, NULL, NULL, (double)results->evictions);
    metrics_family(text, "cache_entries", METRICS_GAUGE, "Results in the cache.");
    metrics_sample(text, NULL, NULL, (double)results->entries);
    metrics_family(text, "cache_bytes", METRICS_GAUGE, "Memory that the result cache takes.");
    metrics_sample(text, NULL, NULL, (double)results->octets);
}

void metrics_write(const struct metrics_state *state, bool is_openmetrics, struct strbuf *out)
{
    struct metrics_text text = {.out = out, .is_openmetrics = is_openmetrics};

    metrics_family(&text, "build", METRICS_INFO, "The program that runs.");
    metrics_sample(&text, "version", state->version, 1);
    write_configuration(&text, state);
    write_verdicts(&text);
    write_counters(&text);
    write_reasons(&text, "skipped", REASON_KIND_EXEMPT, "Messages and recipients that were exempt.");
    write_reasons(&text, "refusals", REASON_KIND_REFUSAL, "Messages and recipients that were refused or deferred.");
    write_reasons(&text, "faults", REASON_KIND_FAULT, "Internal errors of a message.");
    write_waits(&text);
    write_result_cache(&text, &state->results);
    metrics_end(&text);
}
