/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The families of the metrics. */
#include "session/metrics.h"

#include "base/histogram.h"
#include "base/metrics_stats.h"
#include "base/metrics_text.h"
#include "base/process_metrics.h"
#include "dns/dns_metrics.h"
#include "dns/dns_resolver.h"
#include "session/cache_metrics.h"
#include "session/forwarding_metrics.h"
#include "session/greylist_metrics.h"
#include "session/message_fate.h"
#include "session/message_metrics.h"
#include "session/policy_metrics.h"
#include "session/reason.h"
#include "session/table_metrics.h"
#include "spf/spf2_adapter.h"
#include "spf/spf_metrics.h"

#include <stddef.h>

static struct histogram waits[METRICS_STEP_COUNT];

void metrics_waited(enum metrics_step step, uint64_t waited_us)
{
    histogram_add(&waits[step], waited_us);
}

static const struct metrics_stat rows[] = {
    {"connections", "Connections of the MTA.", NULL, NULL, STATS_CONNECTIONS},
    {"messages_begun", "Messages whose sender was given.", NULL, NULL, STATS_MESSAGES},
    {"actions", "What was done to a message or a recipient.", "action", "refused", STATS_REFUSED},
    {"actions", NULL, "action", "deferred", STATS_DEFERRED},
    {"actions", NULL, "action", "tagged", STATS_TAGGED},
    {"actions", NULL, "action", "quarantined", STATS_QUARANTINED},
    {"actions", NULL, "action", "left-to-dmarc", STATS_LEFT_TO_DMARC},
    {"checks_without_evaluation", "SPF checks that took their outcome from the cache, or from another check.", "source",
     "cache", STATS_CACHED},
    {"checks_without_evaluation", NULL, "source", "joined", STATS_JOINED},
    {"checks_shed", "SPF checks not made, for too many under way or for want of memory, descriptors or time.", NULL,
     NULL, STATS_SHED},
    {"disagreements", "Evaluations that libspf2 and the filter saw differently.", NULL, NULL, STATS_SPF_DISAGREEMENTS},
    {"log_lines_dropped", "Log lines that could not be written.", NULL, NULL, STATS_LOG_LINES_LOST},
    {"log_lines_held_back", "Repeated errors that were counted and not written.", NULL, NULL, STATS_LOG_LINES_HELD},
    {"internal_errors", "Internal errors; none of them refuses mail.", NULL, NULL, STATS_FAULTS},
};

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
    metrics_family(text, "config_last_reload_successful", METRICS_GAUGE,
                   "1, or 0 if the last reload failed: the configuration before it is in force.");
    metrics_sample(text, NULL, NULL, state->has_failed_reload ? 0 : 1);
    metrics_family(text, "config_hash", METRICS_INFO, "Hash of the effective configuration.");
    metrics_sample(text, "sha256", state->config_hash, 1);
    metrics_family(text, "config_last_success_timestamp_seconds", METRICS_GAUGE,
                   "When the effective configuration was read.");
    metrics_sample(text, NULL, NULL, (double)state->loaded_s);
}

static void write_waits(struct metrics_text *text)
{
    static const char *const steps[METRICS_STEP_COUNT] = {"mail", "rcpt", "data", "eom"};

    metrics_family(text, "wait_seconds", METRICS_HISTOGRAM, "How long the MTA waited for an answer.");
    for (int n = 0; n < METRICS_STEP_COUNT; n++)
        metrics_histogram(text, "step", steps[n], &waits[n]);
}

static void write_build(struct metrics_text *text, const struct metrics_state *state)
{
    static const char *const labels[] = {"version", "libspf2", "libunbound", "libmilter"};
    struct strbuf libspf2 = STRBUF_INIT;
    const char *values[4] = {state->version, NULL, dns_resolver_library_version(), state->libmilter};

    spf2_adapter_add_version(&libspf2);
    values[1] = strbuf_text(&libspf2);
    metrics_family(text, "build", METRICS_INFO, "The program that runs, and its libraries.");
    metrics_sample_of(text, labels, values, 4, 1);
    strbuf_free(&libspf2);
}

void metrics_write(const struct metrics_state *state, bool is_openmetrics, struct strbuf *out)
{
    struct metrics_text text = {.out = out, .is_openmetrics = is_openmetrics};

    write_build(&text, state);
    process_metrics_write(&text, state->started_s);
    write_configuration(&text, state);
    write_verdicts(&text);
    load_metrics_write(&text, &state->load);
    message_metrics_write(&text);
    spf_metrics_write(&text);
    metrics_stats(&text, rows, sizeof rows / sizeof rows[0]);
    dns_metrics_write(&text, &state->dns);
    write_reasons(&text, "skipped", REASON_KIND_EXEMPT, "Messages and recipients that were exempt.");
    write_reasons(&text, "refusals", REASON_KIND_REFUSAL, "Messages and recipients that were refused or deferred.");
    write_reasons(&text, "faults", REASON_KIND_FAULT, "Internal errors of a message.");
    greylist_metrics_write(&text, &state->greylist);
    write_waits(&text);
    policy_metrics_write(&text);
    table_metrics_write(&text);
    forwarding_metrics_write(&text);
    cache_metrics_write(&text, &state->caches);
    metrics_end(&text);
}
