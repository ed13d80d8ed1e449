/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts SPF checks and evaluations. */
#include "spf/spf_metrics.h"

#include "base/histogram.h"

#include <stdatomic.h>
#include <stddef.h>

enum { IDENTITIES = IDENTITY_HELO + 1 };

static _Atomic uint64_t checks[IDENTITIES][RESULT_COUNT], broken[WALK_STOP_COUNT], deadlines_exceeded;
static atomic_uint in_flight;
static struct histogram durations;

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static double value_of(const _Atomic uint64_t *counter)
{
    return (double)atomic_load_explicit(counter, memory_order_relaxed);
}

void spf_metrics_checked(enum spf_identity identity, enum spf_result result, uint64_t took_us)
{
    count(&checks[identity][result]);
    histogram_add(&durations, took_us);
}

void spf_metrics_deadline_exceeded(void)
{
    count(&deadlines_exceeded);
}

void spf_metrics_evaluation_begun(void)
{
    atomic_fetch_add_explicit(&in_flight, 1, memory_order_relaxed);
}

void spf_metrics_evaluation_ended(void)
{
    atomic_fetch_sub_explicit(&in_flight, 1, memory_order_relaxed);
}

void spf_metrics_stopped(enum walk_stop why)
{
    count(&broken[why]);
}

static void write_checks(struct metrics_text *text)
{
    static const char *const labels[2] = {"identity", "result"};
    static const char *const identities[IDENTITIES] = {[IDENTITY_MAILFROM] = "mailfrom", [IDENTITY_HELO] = "helo"};

    metrics_family(text, "checks", METRICS_COUNTER, "SPF checks by identity and result.");
    for (int identity = 0; identity < IDENTITIES; identity++)
        for (int result = 0; result < RESULT_COUNT; result++) {
            const char *const values[2] = {identities[identity], result_name((enum spf_result)result)};

            metrics_sample2(text, labels, values, value_of(&checks[identity][result]));
        }
}

/* Only what is the fault of a record has a name. */
static void write_broken(struct metrics_text *text)
{
    static const char *const names[WALK_STOP_COUNT] = {
        [WALK_STOP_SYNTAX] = "syntax",     [WALK_STOP_LOOKUPS] = "lookups", [WALK_STOP_VOID] = "void",
        [WALK_STOP_MULTIPLE] = "multiple", [WALK_STOP_LOOP] = "loop",       [WALK_STOP_TARGET] = "target",
        [WALK_STOP_OCTETS] = "octets",
    };

    metrics_family(text, "records_broken", METRICS_COUNTER, "Evaluations that a broken record ended in permerror.");
    for (int why = 0; why < WALK_STOP_COUNT; why++)
        if (names[why] != NULL)
            metrics_sample(text, "why", names[why], value_of(&broken[why]));
}

void spf_metrics_write(struct metrics_text *text)
{
    write_checks(text);
    metrics_family(text, "check_seconds", METRICS_HISTOGRAM, "How long an SPF check took.");
    metrics_histogram(text, NULL, NULL, &durations);
    metrics_family(text, "evaluations_in_flight", METRICS_GAUGE, "SPF evaluations under way.");
    metrics_sample(text, NULL, NULL, (double)atomic_load_explicit(&in_flight, memory_order_relaxed));
    metrics_family(text, "deadline_exceeded", METRICS_COUNTER, "SPF evaluations without an outcome by their deadline.");
    metrics_sample(text, NULL, NULL, value_of(&deadlines_exceeded));
    write_broken(text);
}
