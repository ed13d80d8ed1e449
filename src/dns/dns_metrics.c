/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts what the DNS did, and writes it as metrics. */
#include "dns/dns_metrics.h"

#include "base/histogram.h"
#include "base/metrics_stats.h"

#include <stdatomic.h>
#include <stddef.h>

static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_TXT};
enum { TYPES = sizeof types / sizeof types[0] };

static const char *const outcomes[DNS_OUTCOME_COUNT] = {
    [DNS_OUTCOME_ANSWER] = "answer",     [DNS_OUTCOME_NODATA] = "nodata",   [DNS_OUTCOME_NXDOMAIN] = "nxdomain",
    [DNS_OUTCOME_SERVFAIL] = "servfail", [DNS_OUTCOME_TIMEOUT] = "timeout", [DNS_OUTCOME_TRUNCATED] = "truncated",
    [DNS_OUTCOME_REFUSED] = "refused",
};

static _Atomic uint64_t questions[TYPES][DNS_OUTCOME_COUNT];
static struct histogram lookups;

static const struct metrics_stat rows[] = {
    {"dns_queries", "Queries sent for questions to the DNS; one may need two.", NULL, NULL, STATS_DNS_QUERIES},
    {"dns_errors", "DNS lookups without an answer.", "outcome", "timeout", STATS_DNS_TIMEOUTS},
    {"dns_errors", NULL, "outcome", "failure", STATS_DNS_FAILURES},
    {"dns_outages", "How often no name server answered any more.", NULL, NULL, STATS_DNS_OUTAGES},
    {"dns_stale_answers", "Expired answers that were used, as no server answered.", NULL, NULL, STATS_DNS_CACHE_STALE},
    {"dns_lookahead_queries", "DNS lookups that began before their term was due.", NULL, NULL, STATS_DNS_LOOKAHEAD},
    {"dns_lookahead_used", "Those of them whose term became due.", NULL, NULL, STATS_DNS_LOOKAHEAD_USED},
};

void dns_metrics_question(enum dns_type type, enum dns_outcome outcome)
{
    for (size_t n = 0; n < TYPES; n++)
        if (types[n] == type)
            atomic_fetch_add_explicit(&questions[n][outcome], 1, memory_order_relaxed);
}

void dns_metrics_lookup(uint64_t took_us)
{
    histogram_add(&lookups, took_us);
}

static void write_questions(struct metrics_text *text)
{
    static const char *const labels[2] = {"type", "outcome"};

    metrics_family(text, "dns_questions", METRICS_COUNTER,
                   "Questions to the DNS that no cache answered, by what came of them.");
    for (size_t type = 0; type < TYPES; type++)
        for (size_t outcome = 0; outcome < DNS_OUTCOME_COUNT; outcome++) {
            const char *const values[2] = {dns_type_name(types[type]), outcomes[outcome]};

            metrics_sample2(text, labels, values,
                            (double)atomic_load_explicit(&questions[type][outcome], memory_order_relaxed));
        }
}

static void write_state(struct metrics_text *text, const struct dns_state *state)
{
    metrics_family(text, "dns_up", METRICS_GAUGE, "0 while no name server replies to anything.");
    metrics_sample(text, NULL, NULL, !state->has_outage);
    metrics_family(text, "dns_server_up", METRICS_GAUGE, "1 if the name server replied to the last query to see that.");
    for (size_t n = 0; n < state->server_count; n++)
        metrics_sample(text, "server", state->servers[n].server, state->servers[n].is_up);
}

void dns_metrics_write(struct metrics_text *text, const struct dns_state *state)
{
    write_state(text, state);
    write_questions(text);
    metrics_family(text, "dns_seconds", METRICS_HISTOGRAM, "How long DNS lookups took that needed the network.");
    metrics_histogram(text, NULL, NULL, &lookups);
    metrics_stats(text, rows, sizeof rows / sizeof rows[0]);
}
