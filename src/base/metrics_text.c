/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes metrics in the text formats that Prometheus reads. */
#include "base/metrics_text.h"

#include <inttypes.h>
#include <stddef.h>

static const char *prefix(const struct metrics_text *text)
{
    return text->is_unprefixed ? "" : "smf_spf_";
}

/* What a sample of the type has behind the name of its family. */
static const char *const suffixes[] = {
    [METRICS_COUNTER] = "_total", [METRICS_GAUGE] = "", [METRICS_HISTOGRAM] = "", [METRICS_INFO] = "_info"};

/* What the older format calls the type: it knows no info. */
static const char *type_name(const struct metrics_text *text)
{
    static const char *const names[] = {[METRICS_COUNTER] = "counter",
                                        [METRICS_GAUGE] = "gauge",
                                        [METRICS_HISTOGRAM] = "histogram",
                                        [METRICS_INFO] = "info"};

    return text->type == METRICS_INFO && !text->is_openmetrics ? "gauge" : names[text->type];
}

void metrics_family(struct metrics_text *text, const char *name, enum metrics_type type, const char *help)
{
    const char *suffix = text->is_openmetrics ? "" : suffixes[type];

    text->name = name;
    text->type = type;
    strbuf_addf(text->out, "# HELP %s%s%s %s\n", prefix(text), name, suffix, help);
    strbuf_addf(text->out, "# TYPE %s%s%s %s\n", prefix(text), name, suffix, type_name(text));
}

static void add_label(struct strbuf *out, const char *label, const char *value)
{
    strbuf_addf(out, "%s=\"", label);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            strbuf_add(out, "\\n");
        else if (*value == '\\' || *value == '"')
            strbuf_addf(out, "\\%c", *value);
        else
            strbuf_add_char(out, *value);
    }
    strbuf_add_char(out, '"');
}

static void add_labels(struct strbuf *out, const char *const *labels, const char *const *values, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        strbuf_add_char(out, n == 0 ? '{' : ',');
        add_label(out, labels[n], values[n]);
    }
    if (count > 0)
        strbuf_add_char(out, '}');
}

void metrics_sample_of(struct metrics_text *text, const char *const *labels, const char *const *label_values,
                       size_t count, double value)
{
    strbuf_addf(text->out, "%s%s%s", prefix(text), text->name, suffixes[text->type]);
    add_labels(text->out, labels, label_values, count);
    /* 15 digits show a fraction as it was written, and more than that only a large number has */
    strbuf_addf(text->out, value < 1e15 ? " %.15g\n" : " %.17g\n", value);
}

void metrics_sample2(struct metrics_text *text, const char *const labels[2], const char *const label_values[2],
                     double value)
{
    metrics_sample_of(text, labels, label_values, 2, value);
}

void metrics_sample(struct metrics_text *text, const char *label, const char *label_value, double value)
{
    metrics_sample_of(text, &label, &label_value, label != NULL, value);
}

static void add_bucket(struct metrics_text *text, const char *label, const char *value, const char *bound,
                       uint64_t count)
{
    const char *const labels[2] = {label != NULL ? label : "le", label != NULL ? "le" : NULL};
    const char *const values[2] = {label != NULL ? value : bound, bound};

    strbuf_addf(text->out, "%s%s_bucket", prefix(text), text->name);
    add_labels(text->out, labels, values, label != NULL ? 2 : 1);
    strbuf_addf(text->out, " %" PRIu64 "\n", count);
}

void metrics_histogram(struct metrics_text *text, const char *label, const char *label_value,
                       const struct histogram *histogram)
{
    const uint64_t sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
    uint64_t count = 0;

    for (int n = 0; n <= HISTOGRAM_BOUNDS; n++) {
        struct strbuf bound = STRBUF_INIT;

        if (n < HISTOGRAM_BOUNDS)
            strbuf_addf(&bound, text->is_openmetrics && histogram_bounds_us[n] % 1000000 == 0 ? "%.1f" : "%g",
                        (double)histogram_bounds_us[n] / 1e6);
        else
            strbuf_add(&bound, "+Inf");
        count += atomic_load_explicit(&histogram->buckets[n], memory_order_relaxed);
        add_bucket(text, label, label_value, strbuf_text(&bound), count);
        strbuf_free(&bound);
    }
    strbuf_addf(text->out, "%s%s_sum", prefix(text), text->name);
    add_labels(text->out, &label, &label_value, label != NULL);
    strbuf_addf(text->out, " %" PRIu64 ".%06" PRIu64 "\n", sum_us / 1000000, sum_us % 1000000);
    strbuf_addf(text->out, "%s%s_count", prefix(text), text->name);
    add_labels(text->out, &label, &label_value, label != NULL);
    strbuf_addf(text->out, " %" PRIu64 "\n", count);
}

void metrics_end(struct metrics_text *text)
{
    if (text->is_openmetrics)
        strbuf_add(text->out, "# EOF\n");
}
