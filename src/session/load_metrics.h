/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the front ends have to do in this moment, for the metrics. */
#ifndef SMF_SESSION_LOAD_METRICS_H
#define SMF_SESSION_LOAD_METRICS_H

#include "base/metrics_text.h"

/* Zeroed: nothing. */
struct front_load {
    unsigned connections, messages; /* that have begun and not ended */
    unsigned threads;               /* that serve connections */
    unsigned threads_waiting;       /* that wait for the DNS, of these */
};

/* Appends the families. */
void load_metrics_write(struct metrics_text *text, const struct front_load *load);

#endif
