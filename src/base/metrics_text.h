/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two text formats that Prometheus reads: its own, version 0.0.4, and OpenMetrics 1.0. A family is begun once, and
 * its samples follow at once. */
#ifndef SMF_BASE_METRICS_TEXT_H
#define SMF_BASE_METRICS_TEXT_H

#include "base/histogram.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM, METRICS_INFO };

/* Where the text goes, and the family that is being written. */
struct metrics_text {
    struct strbuf *out;
    bool is_openmetrics;
    bool is_unprefixed; /* its families are not this program's alone: no `smf_spf_` before their names */
    enum metrics_type type;
    const char *name;
};

/* Begins a family. `name`: without prefix, and without the `_total` or `_info` of its samples; it must live until the
 * next family begins. `help`: plain words without `\` or a line break. */
void metrics_family(struct metrics_text *text, const char *name, enum metrics_type type, const char *help);

/* One sample of a counter, a gauge or an info. `label` NULL: no label; `value` of the label may hold anything. */
void metrics_sample(struct metrics_text *text, const char *label, const char *label_value, double value);

/* The same with a second label. */
void metrics_sample2(struct metrics_text *text, const char *const labels[2], const char *const label_values[2],
                     double value);

/* The same with `count` labels. */
void metrics_sample_of(struct metrics_text *text, const char *const *labels, const char *const *label_values,
                       size_t count, double value);

/* All samples of a histogram, in seconds. */
void metrics_histogram(struct metrics_text *text, const char *label, const char *label_value,
                       const struct histogram *histogram);

/* Ends the text. */
void metrics_end(struct metrics_text *text);

#endif
