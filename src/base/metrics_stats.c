/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes tables of counters as metrics. */
#include "base/metrics_stats.h"

void metrics_stats(struct metrics_text *text, const struct metrics_stat *rows, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        if (rows[n].help != NULL)
            metrics_family(text, rows[n].name, METRICS_COUNTER, rows[n].help);
        metrics_sample(text, rows[n].label, rows[n].value, (double)stats_get(rows[n].counter));
    }
}
