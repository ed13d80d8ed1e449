/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Families that are counters of base/stats. Each room has a table of its own. */
#ifndef SMF_BASE_METRICS_STATS_H
#define SMF_BASE_METRICS_STATS_H

#include "base/metrics_text.h"
#include "base/stats.h"

#include <stddef.h>

/* One sample. Rows of one family follow each other; only the first has its help. */
struct metrics_stat {
    const char *name, *help, *label, *value;
    enum stats_counter counter;
};

/* Appends the samples of `count` rows, each family with its head. */
void metrics_stats(struct metrics_text *text, const struct metrics_stat *rows, size_t count);

#endif
